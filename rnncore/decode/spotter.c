/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/rnnc-spotter.h"

#include <math.h>
#include <string.h>

#include "rnncore/decode/feature-ring.h"
#include "rnncore/decode/gesture-events.h"
#include "rnncore/model/model-private.h"

#define NS_PER_SECOND G_GUINT64_CONSTANT (1000000000)
#define NS_PER_MS G_GUINT64_CONSTANT (1000000)

typedef enum {
  OUTPUT_POSTERIORS,
  OUTPUT_LOG_POSTERIORS,
} OutputKind;

struct _RnncSpotter {
  RnncModel *model;
  RnncSpotterOptions options;
  RnncGestureFunc func;
  gpointer user_data;

  OutputKind output_kind;
  guint n_labels;
  guint n_recurrent; /* index of the first recurrent layer */
  guint stride;      /* network frames to a feature frame */
  guint look_ahead;  /* feature frames, rounded up */
  guint64 rate_numerator;
  guint64 rate_denominator;

  RnncVideo *video;
  float *picture;     /* one network frame */
  RnncStream *stream; /* layers before @n_recurrent; NULL if there are none */
  RnncFeatureRing ring;
  float *work;
  float *posteriors; /* [n_labels] */

  guint n_windows;
  gsize windows[RNNC_SPOTTER_MAX_WINDOWS]; /* feature frames, growing */
  float *candidate; /* [n_labels] posteriors of one window */
  guint64 hop;
  guint64 minimum;
  guint64 next_decision; /* at this many feature frames */
  guint64 last_decision;
  RnncGestureEvents events;

  gboolean started;
  guint64 origin; /* timestamp of network frame 0 */
  guint64 newest; /* timestamp of the newest frame */
};

void
rnnc_spotter_options_init (RnncSpotterOptions *options)
{
  g_return_if_fail (options != NULL);

  *options = (RnncSpotterOptions){
    .mode = RNNC_SPOTTER_STREAM,
    .window = 0,
    .threshold_on = -1,
    .threshold_off = -1,
    .refractory = 500 * NS_PER_MS,
    .minimum = 500 * NS_PER_MS,
    .report_after = -1,
  };
}

/* --- time ----------------------------------------------------------------- */

/* ns from the first frame to feature frame @frame. */
static guint64
time_of_frame (const RnncSpotter *spotter, guint64 frame)
{
  guint64 units = frame * spotter->stride * spotter->rate_denominator;

  return units / spotter->rate_numerator * NS_PER_SECOND
      + units % spotter->rate_numerator * NS_PER_SECOND
      / spotter->rate_numerator;
}

/* Nearest number of feature frames, at least 1. */
static guint64
frames_of_time (const RnncSpotter *spotter, guint64 duration)
{
  double frames = (double) duration * (double) spotter->rate_numerator
      / ((double) NS_PER_SECOND * (double) spotter->rate_denominator
          * spotter->stride);

  return MAX (1, (guint64) (MIN (frames, 1e9) + 0.5));
}

/* --- decisions ------------------------------------------------------------ */

/* Posteriors from the network's output, which may be a mean over time. */
static void
normalise (const RnncSpotter *spotter, float *posteriors)
{
  double sum = 0.0;

  for (guint i = 0; i < spotter->n_labels; i++) {
    if (spotter->output_kind == OUTPUT_LOG_POSTERIORS)
      posteriors[i] = expf (MIN (posteriors[i], 0.0f));
    sum += posteriors[i];
  }
  if (!(sum > 0.0))
    return;
  for (guint i = 0; i < spotter->n_labels; i++)
    posteriors[i] = (float) (posteriors[i] / sum);
}

/* Runs the recurrent core, from nothing, over the newest @n_frames. */
static void
decide (RnncSpotter *spotter, gsize n_frames, float *posteriors)
{
  rnnc_model_forward_range (spotter->model, spotter->n_recurrent,
      spotter->model->n_layers,
      rnnc_feature_ring_last (&spotter->ring, n_frames), n_frames, posteriors,
      spotter->work);
  normalise (spotter, posteriors);
  spotter->last_decision = spotter->ring.n_frames;
}

static void
emit (RnncSpotter *spotter, const RnncGesture *gesture)
{
  if (spotter->func != NULL)
    spotter->func (gesture, spotter->user_data);
}

/* Frames of the window that is surest of a gesture, of those that are full;
 * its posteriors become the spotter's. */
static gsize
decide_surest (RnncSpotter *spotter)
{
  gint none = rnnc_model_blank (spotter->model);
  gsize surest = 0;
  float most = -1.0f;

  for (guint w = 0;
       w < spotter->n_windows && spotter->windows[w] <= spotter->ring.n_frames;
       w++) {
    float *posteriors = spotter->candidate;
    float best;

    decide (spotter, spotter->windows[w], posteriors);
    best = posteriors[rnnc_gesture_best (posteriors, spotter->n_labels, none)];
    if (best <= most)
      continue;
    most = best;
    surest = spotter->windows[w];
    memcpy (spotter->posteriors, posteriors,
        spotter->n_labels * sizeof *posteriors);
  }
  return surest;
}

/* The end of a stream as it is now. */
static void
decide_window (RnncSpotter *spotter)
{
  guint64 end = spotter->ring.n_frames;
  gsize window = decide_surest (spotter);
  RnncGesture gesture;

  if (rnnc_gesture_events_push (&spotter->events, spotter->posteriors,
          spotter->origin + time_of_frame (spotter, end - window),
          spotter->origin + time_of_frame (spotter, end), &gesture))
    emit (spotter, &gesture);
}

/* All that was seen as one clip; of longer ones the end. */
static void
decide_clip (RnncSpotter *spotter, double threshold)
{
  guint64 end = spotter->ring.n_frames;
  gsize n_frames = (gsize) MIN (end, spotter->ring.capacity);
  gint none = rnnc_model_blank (spotter->model);
  RnncGesture gesture;

  if (end < spotter->minimum)
    return;
  decide (spotter, n_frames, spotter->posteriors);
  gesture.label
      = rnnc_gesture_best (spotter->posteriors, spotter->n_labels, none);
  gesture.confidence = spotter->posteriors[gesture.label];
  gesture.start = spotter->origin + time_of_frame (spotter, end - n_frames);
  gesture.end = spotter->origin + time_of_frame (spotter, end);
  if (none >= 0 && spotter->posteriors[none] >= gesture.confidence)
    return;
  if (gesture.confidence >= threshold)
    emit (spotter, &gesture);
}

static void
on_features (const float *features, gsize n_frames, gpointer user_data)
{
  RnncSpotter *spotter = user_data;

  for (gsize t = 0; t < n_frames; t++) {
    rnnc_feature_ring_push (&spotter->ring,
        features + t * spotter->ring.n_features);
    if (spotter->options.mode != RNNC_SPOTTER_STREAM
        || spotter->ring.n_frames < spotter->next_decision)
      continue;
    spotter->next_decision += spotter->hop;
    decide_window (spotter);
  }
}

static void
push_picture (RnncSpotter *spotter)
{
  if (spotter->stream != NULL)
    rnnc_stream_push_features (spotter->stream, spotter->picture, 1);
  else
    on_features (spotter->picture, 1, spotter);
}

/* --- the object ----------------------------------------------------------- */

static gboolean
refuse (RnncModel *model, const char *reason, GError **error)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
      "%s: cannot spot gestures with this model: %s", rnnc_model_path (model),
      reason);
  return FALSE;
}

/* What the last layer that is not about time alone makes. */
static gboolean
find_output_kind (RnncModel *model, OutputKind *kind)
{
  const GPtrArray *layers = model->description->layers;

  for (guint i = layers->len; i-- > 0;) {
    const RnncLayerSpec *spec = g_ptr_array_index (layers, i);

    if (spec->type == RNNC_LAYER_MEAN_OVER_TIME
        || spec->type == RNNC_LAYER_LAST_STEP
        || spec->type == RNNC_LAYER_DROPOUT)
      continue;
    if (spec->type != RNNC_LAYER_ACTIVATION)
      return FALSE;
    *kind = spec->params.activation == RNNC_ACTIVATION_LOG_SOFTMAX
        ? OUTPUT_LOG_POSTERIORS
        : OUTPUT_POSTERIORS;
    return spec->params.activation == RNNC_ACTIVATION_LOG_SOFTMAX
        || spec->params.activation == RNNC_ACTIVATION_SOFTMAX;
  }
  return FALSE;
}

static gboolean
check_model (RnncModel *model, OutputKind *kind, GError **error)
{
  guint n_gestures
      = rnnc_model_n_labels (model) - (rnnc_model_blank (model) >= 0 ? 1 : 0);

  if (rnnc_model_frontend (model)->type != RNNC_FRONTEND_VIDEO)
    return refuse (model, "its front end is not video", error);
  if (!rnnc_model_is_many_to_one (model))
    return refuse (model, "it is not many to one", error);
  if (rnnc_model_output_size (model) != rnnc_model_n_labels (model))
    return refuse (model, "its outputs are not as many as its labels", error);
  if (rnnc_model_n_labels (model) == 0 || n_gestures == 0)
    return refuse (model, "it has no labels", error);
  if (!find_output_kind (model, kind))
    return refuse (model, "it does not end in softmax or log-softmax", error);
  return TRUE;
}

/* Network frames to a feature frame, how far it looks ahead, its floats. */
static void
measure_features (RnncSpotter *spotter, gsize *n_features)
{
  const GPtrArray *layers = spotter->model->description->layers;
  const RnncLayerSpec *last;

  spotter->stride = 1;
  *n_features = rnnc_model_input_size (spotter->model);
  if (spotter->n_recurrent == 0)
    return;
  last = g_ptr_array_index (layers, spotter->n_recurrent - 1);
  *n_features = rnnc_shape_size (&last->output);
  spotter->stride = (guint) last->stride;
  spotter->look_ahead = (last->look_ahead + last->stride - 1) / last->stride;
}

RnncSpotter *
rnnc_spotter_new (RnncModel *model, const RnncSpotterOptions *options,
    RnncGestureFunc func, gpointer user_data, GError **error)
{
  RnncSpotterOptions defaults;
  const RnncVideoConfig *config;
  RnncSpotter *spotter;
  OutputKind kind = OUTPUT_POSTERIORS;
  gsize n_features;

  g_return_val_if_fail (model != NULL, NULL);

  if (!check_model (model, &kind, error))
    return NULL;
  config = &rnnc_model_frontend (model)->video;
  spotter = g_new0 (RnncSpotter, 1);
  spotter->model = rnnc_model_ref (model);
  spotter->func = func;
  spotter->user_data = user_data;
  spotter->output_kind = kind;
  spotter->n_labels = rnnc_model_n_labels (model);
  spotter->n_recurrent = rnnc_model_first_recurrent (model);
  spotter->rate_numerator = config->rate_numerator;
  spotter->rate_denominator = config->rate_denominator;
  measure_features (spotter, &n_features);
  spotter->video = rnnc_video_new (config);
  spotter->picture = g_new0 (float, rnnc_model_input_size (model));
  if (spotter->n_recurrent > 0)
    spotter->stream = rnnc_stream_new_range (model, 0, spotter->n_recurrent,
        on_features, spotter);
  spotter->posteriors = g_new0 (float, spotter->n_labels);
  spotter->candidate = g_new0 (float, spotter->n_labels);
  spotter->ring.n_features = n_features;
  rnnc_spotter_options_init (&defaults);
  rnnc_spotter_set_options (spotter, options ? options : &defaults);
  return spotter;
}

void
rnnc_spotter_free (RnncSpotter *spotter)
{
  if (spotter == NULL)
    return;
  rnnc_stream_free (spotter->stream);
  rnnc_video_free (spotter->video);
  rnnc_model_unref (spotter->model);
  g_free (spotter->picture);
  g_free (spotter->ring.data);
  g_aligned_free (spotter->work);
  g_free (spotter->posteriors);
  g_free (spotter->candidate);
  g_free (spotter);
}

/* Lengths of the windows, in feature frames: the option's, the model's or 2.5
 * s. Two that are the same number of frames are one. */
static void
set_up_windows (RnncSpotter *spotter)
{
  const RnncDescription *description = spotter->model->description;
  const RnncSpotting *spotting = &description->spotting;
  gboolean has_several
      = spotter->options.window == 0 && spotting->n_windows > 0;
  double single = spotter->options.window > 0
      ? (double) spotter->options.window / NS_PER_SECOND
      : description->window;
  guint n = has_several ? spotting->n_windows : 1;

  spotter->n_windows = 0;
  for (guint i = 0; i < n; i++) {
    double seconds = has_several ? spotting->windows[i]
        : single > 0             ? single
                                 : 2.5;
    gsize frames = (gsize) frames_of_time (spotter,
        MIN ((guint64) (seconds * NS_PER_SECOND + 0.5), RNNC_SPOTTER_MAX_CLIP));

    if (spotter->n_windows == 0
        || frames > spotter->windows[spotter->n_windows - 1])
      spotter->windows[spotter->n_windows++] = frames;
  }
}

static gsize
longest_window (const RnncSpotter *spotter)
{
  return spotter->windows[spotter->n_windows - 1];
}

/* Memory for what the mode needs; forgets what was seen. */
static void
set_up_memory (RnncSpotter *spotter)
{
  gsize capacity = longest_window (spotter);
  gsize n_work;

  if (spotter->options.mode == RNNC_SPOTTER_CLIP)
    capacity = (gsize) frames_of_time (spotter, RNNC_SPOTTER_MAX_CLIP);
  rnnc_feature_ring_init (&spotter->ring, spotter->ring.n_features, capacity);
  g_aligned_free (spotter->work);
  n_work = rnnc_model_range_work (spotter->model, spotter->n_recurrent,
      spotter->model->n_layers, capacity);
  spotter->work = g_aligned_alloc0 (n_work + 1, sizeof (float), 64);
  rnnc_spotter_reset (spotter);
}

static void
set_up_events (RnncSpotter *spotter)
{
  const RnncSpotterOptions *options = &spotter->options;
  const RnncSpotting *spotting = &spotter->model->description->spotting;
  RnncGestureEvents *events = &spotter->events;

  events->n_labels = spotter->n_labels;
  events->none = rnnc_model_blank (spotter->model);
  events->threshold_on = options->threshold_on >= 0 ? options->threshold_on
      : spotting->threshold_on >= 0                 ? spotting->threshold_on
                                                    : 0.7;
  events->threshold_off = options->threshold_off >= 0 ? options->threshold_off
      : spotting->threshold_off >= 0                  ? spotting->threshold_off
                                                      : 0.4;
  events->threshold_off = MIN (events->threshold_off, events->threshold_on);
  events->refractory = options->refractory;
  events->report_after = options->report_after;
}

static guint64
hop_duration (const RnncSpotter *spotter)
{
  double interval = spotter->model->description->spotting.interval;

  if (spotter->options.hop > 0)
    return spotter->options.hop;
  return interval > 0 ? (guint64) (interval * NS_PER_SECOND) : 200 * NS_PER_MS;
}

void
rnnc_spotter_set_options (RnncSpotter *spotter,
    const RnncSpotterOptions *options)
{
  RnncSpotterMode old_mode;
  gsize old_windows[RNNC_SPOTTER_MAX_WINDOWS];

  g_return_if_fail (spotter != NULL);
  g_return_if_fail (options != NULL);

  old_mode = spotter->options.mode;
  memcpy (old_windows, spotter->windows, sizeof old_windows);
  memset (spotter->windows, 0, sizeof spotter->windows);
  spotter->options = *options;
  set_up_windows (spotter);
  set_up_events (spotter);
  spotter->hop = frames_of_time (spotter, hop_duration (spotter));
  spotter->minimum = frames_of_time (spotter, options->minimum);
  if (spotter->work == NULL || old_mode != options->mode
      || memcmp (old_windows, spotter->windows, sizeof old_windows) != 0)
    set_up_memory (spotter);
}

void
rnnc_spotter_push (RnncSpotter *spotter, const RnncVideoFrame *frame,
    guint64 timestamp)
{
  guint n;

  g_return_if_fail (spotter != NULL);
  g_return_if_fail (frame != NULL);

  if (spotter->started && timestamp > spotter->newest
      && timestamp - spotter->newest > RNNC_VIDEO_MAX_GAP)
    rnnc_spotter_flush (spotter);
  if (!spotter->started) {
    spotter->started = TRUE;
    spotter->origin = timestamp;
    spotter->newest = timestamp;
  }
  spotter->newest = MAX (spotter->newest, timestamp);
  n = rnnc_video_push (spotter->video, frame, timestamp, spotter->picture);
  for (guint i = 0; i < n; i++) {
    if (i == 1)
      rnnc_video_repeat (spotter->video, spotter->picture);
    push_picture (spotter);
  }
}

/* A new beginning; the last posteriors stay to be read. */
static void
restart (RnncSpotter *spotter)
{
  rnnc_video_reset (spotter->video);
  if (spotter->stream != NULL)
    rnnc_stream_reset (spotter->stream);
  spotter->ring.n_frames = 0;
  spotter->next_decision = spotter->windows[0];
  spotter->last_decision = 0;
  rnnc_gesture_events_reset (&spotter->events);
  spotter->started = FALSE;
}

void
rnnc_spotter_flush (RnncSpotter *spotter)
{
  RnncGesture gesture;

  g_return_if_fail (spotter != NULL);

  if (spotter->stream != NULL)
    rnnc_stream_flush (spotter->stream);
  if (spotter->options.mode == RNNC_SPOTTER_CLIP) {
    decide_clip (spotter, 0.0);
  } else if (spotter->ring.n_frames < spotter->windows[0]) {
    decide_clip (spotter, spotter->options.threshold_on);
  } else {
    if (spotter->last_decision < spotter->ring.n_frames)
      decide_window (spotter);
    if (rnnc_gesture_events_finish (&spotter->events, &gesture))
      emit (spotter, &gesture);
  }
  restart (spotter);
}

void
rnnc_spotter_reset (RnncSpotter *spotter)
{
  g_return_if_fail (spotter != NULL);

  restart (spotter);
  memset (spotter->posteriors, 0, spotter->n_labels * sizeof (float));
}

const float *
rnnc_spotter_posteriors (RnncSpotter *spotter)
{
  g_return_val_if_fail (spotter != NULL, NULL);

  return spotter->posteriors;
}

gint
rnnc_spotter_active (RnncSpotter *spotter)
{
  g_return_val_if_fail (spotter != NULL, -1);

  return spotter->events.active ? (gint) spotter->events.gesture.label : -1;
}

guint64
rnnc_spotter_latency (RnncSpotter *spotter)
{
  guint64 wait, shortest;

  g_return_val_if_fail (spotter != NULL, 0);

  if (spotter->options.mode == RNNC_SPOTTER_CLIP)
    return 0;
  /* The frame that is due, what its features look ahead to, the next
   * decision; then the gesture leaves the window. */
  wait = time_of_frame (spotter, 1 + spotter->look_ahead + spotter->hop);
  shortest = time_of_frame (spotter, longest_window (spotter));
  if (spotter->options.report_after >= 0)
    shortest = MIN (shortest, (guint64) spotter->options.report_after);
  return wait + shortest;
}
