/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A running input: frames go through the layers a few at a time, between a few
 * buffers, with each layer's memory of time in one arena. */
#include <string.h>

#include "rnncore/layers/join.h"
#include "rnncore/model/stream-private.h"

/* Frames that go through the layers at once: enough for a matrix product to
 * pay, few enough to stay in the cache. */
#define MAX_CHUNK_FRAMES 16
#define MAX_CHUNK_FLOATS (1 << 18)

/* Frames between two layers: beyond any that memory has room for. */
#define MAX_FRAMES_BETWEEN ((gsize) 1 << 26)

static RnncLayer *
get_layer (const RnncStream *stream, guint index)
{
  return stream->model->layers[index];
}

/* Not what the first layer takes: that may be a join of several copies. */
gsize
rnnc_stream_input_floats (const RnncStream *stream)
{
  return stream->first == 0
      ? rnnc_model_input_size (stream->model)
      : rnnc_layer_outputs (get_layer (stream, stream->first - 1));
}

gsize
rnnc_stream_max_input (const RnncStream *stream)
{
  return stream->chunk + 1;
}

/* --- memory --------------------------------------------------------------- */

/* Most frames into layer @index; @most: out of those before. */
static gsize
frames_into (RnncStream *stream, guint index, const gsize *most)
{
  const RnncStep *step = &stream->model->plan.steps[index];
  gsize n = 0;

  for (guint i = 0; i < step->n_sources; i++) {
    gint source = step->sources[i];

    n = MAX (n,
        source < (gint) stream->first ? rnnc_stream_max_input (stream)
                                      : most[source]);
  }
  return n;
}

/* Lays out the layers' states; returns bytes of the largest output, or
 * %G_MAXSIZE as soon as all is too large (before any sum can overflow). */
static gsize
lay_out_states (RnncStream *stream, gboolean measuring, void **at)
{
  gsize most[RNNC_MAX_LAYERS];
  gsize largest = 0;

  for (guint i = stream->first; i < stream->last; i++) {
    RnncLayer *layer = get_layer (stream, i);
    gsize n;
    void *state;

    if (layer->identity)
      continue;
    n = frames_into (stream, i, most);
    state = rnnc_take (at, rnnc_layer_state_size (layer, n));
    if (!measuring) {
      stream->states[i] = state;
      stream->max_frames[i] = n;
    }
    most[i] = rnnc_layer_max_output (layer, n);
    largest
        = MAX (largest, most[i] * rnnc_layer_outputs (layer) * sizeof (float));
    if (measuring
        && (most[i] > MAX_FRAMES_BETWEEN
            || (guintptr) *at > RNNC_MAX_STREAM_BYTES
            || largest > RNNC_MAX_STREAM_BYTES))
      return G_MAXSIZE;
  }
  return largest;
}

/* Lays everything out from @base on; with %NULL it only measures. Returns
 * bytes; %G_MAXSIZE where a stream would be too large. */
static gsize
lay_out (RnncStream *stream, void *base)
{
  gsize n_layers = stream->model->n_layers;
  gsize n_slots = stream->model->plan.n_slots;
  gsize slot;
  void *at = base;

  stream->frames = rnnc_take (&at,
      rnnc_stream_max_input (stream) * rnnc_stream_input_floats (stream)
          * sizeof (float));
  stream->states = rnnc_take (&at, n_layers * sizeof (void *));
  stream->max_frames = rnnc_take (&at, n_layers * sizeof (gsize));
  stream->values = rnnc_take (&at, n_layers * sizeof (float *));
  stream->n_frames = rnnc_take (&at, n_layers * sizeof (gsize));
  stream->slots = rnnc_take (&at, n_slots * sizeof (float *));
  slot = lay_out_states (stream, base == NULL, &at);
  if (slot == G_MAXSIZE)
    return G_MAXSIZE;
  for (gsize i = 0; i < n_slots; i++) {
    float *memory = rnnc_take (&at, slot);

    if (base != NULL)
      stream->slots[i] = memory;
  }
  return (guintptr) at - (guintptr) base;
}

static void
make_front_end (RnncStream *stream)
{
  const RnncFrontendConfig *config = rnnc_model_frontend (stream->model);

  if (stream->first > 0)
    return;
  if (config->type == RNNC_FRONTEND_LOG_MEL) {
    stream->mel = rnnc_log_mel_new (&config->log_mel);
    stream->block = stream->chunk * config->log_mel.hop;
  } else if (config->type == RNNC_FRONTEND_WAVEFORM) {
    stream->waveform = rnnc_waveform_new (&config->waveform);
    stream->block = stream->chunk * config->waveform.hop;
  } else if (config->type == RNNC_FRONTEND_VIDEO) {
    stream->video = rnnc_video_new (&config->video);
  }
}

static void
set_range (RnncStream *stream, RnncModel *model, guint first, guint last)
{
  g_assert (first < last && last <= model->n_layers);
  stream->model = model;
  stream->first = first;
  stream->last = last;
  stream->chunk = CLAMP (MAX_CHUNK_FLOATS / rnnc_stream_input_floats (stream),
      1, MAX_CHUNK_FRAMES);
  stream->arena_size = lay_out (stream, NULL);
}

gsize
rnnc_model_stream_size (RnncModel *model)
{
  RnncStream stream = { NULL };

  set_range (&stream, model, 0, model->n_layers);
  return stream.arena_size;
}

RnncStream *
rnnc_stream_new_range (RnncModel *model, guint first, guint last,
    RnncOutputFunc func, gpointer user_data)
{
  RnncStream *stream = g_new0 (RnncStream, 1);

  set_range (stream, rnnc_model_ref (model), first, last);
  stream->func = func;
  stream->user_data = user_data;
  stream->arena = g_aligned_alloc0 (stream->arena_size, 1, 64);
  lay_out (stream, stream->arena);
  make_front_end (stream);
  rnnc_member_init (&stream->member, stream);
  rnnc_stream_reset (stream);
  return stream;
}

RnncStream *
rnnc_stream_new (RnncModel *model, RnncOutputFunc func, gpointer user_data)
{
  g_return_val_if_fail (model != NULL && func != NULL, NULL);
  return rnnc_stream_new_range (model, 0, model->n_layers, func, user_data);
}

void
rnnc_stream_free (RnncStream *stream)
{
  if (stream == NULL)
    return;
  rnnc_member_clear (&stream->member);
  rnnc_log_mel_free (stream->mel);
  rnnc_waveform_free (stream->waveform);
  rnnc_video_free (stream->video);
  g_aligned_free (stream->arena);
  rnnc_model_unref (stream->model);
  g_free (stream);
}

gboolean
rnnc_stream_set_batch_wait (RnncStream *stream, guint64 wait)
{
  g_return_val_if_fail (stream != NULL, FALSE);
  return rnnc_member_set_wait (&stream->member, wait);
}

gsize
rnnc_stream_memory (RnncStream *stream)
{
  return sizeof *stream + stream->arena_size;
}

/* --- frames through the layers -------------------------------------------- */

/* What layer or input @source gave in this round; returns frames. */
static gsize
get_value (RnncStream *stream, gint source, const float **value)
{
  if (source < (gint) stream->first) {
    *value = stream->input;
    return stream->n_input;
  }
  *value = stream->values[source];
  return stream->n_frames[source];
}

static gsize
run_join (RnncStream *stream, guint index, float *out)
{
  const RnncStep *step = &stream->model->plan.steps[index];
  RnncLayer *layer = get_layer (stream, index);

  for (guint i = 0; i < step->n_sources; i++) {
    const float *in;
    gsize n = get_value (stream, step->sources[i], &in);

    if (n > 0)
      rnnc_join_push (layer, stream->states[index], i, in, n);
  }
  return rnnc_join_pull (layer, stream->states[index], out);
}

static void
run_layer (RnncStream *stream, guint index)
{
  const RnncStep *step = &stream->model->plan.steps[index];
  RnncLayer *layer = get_layer (stream, index);
  float *out;
  const float *in;
  gsize n;

  if (layer->identity)
    return;
  out = stream->slots[step->slot];
  if (layer->spec->type == RNNC_LAYER_JOIN) {
    n = run_join (stream, index, out);
  } else {
    n = get_value (stream, step->sources[0], &in);
    if (n > 0)
      n = rnnc_layer_push (layer, stream->states[index], in, n, out);
  }
  stream->values[index] = out;
  stream->n_frames[index] = n;
}

/* From layer @index on. */
static void
run_layers (RnncStream *stream, guint index)
{
  gint result = rnnc_plan_output (stream->model->layers, stream->last - 1);

  for (; index < stream->last; index++)
    run_layer (stream, index);
  stream->n_result = get_value (stream, result, &stream->result);
}

void
rnnc_stream_run (RnncStream *stream)
{
  run_layers (stream, stream->first);
}

void
rnnc_stream_deliver (RnncStream *stream)
{
  if (stream->n_result > 0)
    stream->func (stream->result, stream->n_result, stream->user_data);
}

/* What was taken goes through the layers, perhaps beside other streams'. */
static void
push_input (RnncStream *stream)
{
  if (stream->n_input == 0)
    return;
  if (rnnc_member_is_in (&stream->member))
    rnnc_member_run (&stream->member);
  else
    rnnc_stream_run (stream);
  rnnc_stream_deliver (stream);
}

/* Frames of the front end, @n_frames of them, alone. */
static void
push_alone (RnncStream *stream, gsize n_frames)
{
  if (n_frames == 0)
    return;
  stream->input = stream->frames;
  stream->n_input = n_frames;
  rnnc_stream_run (stream);
  rnnc_stream_deliver (stream);
}

/* In the round that begins, nobody has given anything. */
static void
start_round (RnncStream *stream)
{
  stream->n_input = 0;
  for (guint i = stream->first; i < stream->last; i++)
    stream->n_frames[i] = 0;
}

/* Layer after layer; each has then seen all that those before held back. */
static void
flush_layers (RnncStream *stream)
{
  for (guint i = stream->first; i < stream->last; i++) {
    RnncLayer *layer = get_layer (stream, i);
    float *out;

    if (layer->identity || layer->klass->flush == NULL)
      continue;
    start_round (stream);
    out = stream->slots[stream->model->plan.steps[i].slot];
    stream->values[i] = out;
    stream->n_frames[i] = rnnc_layer_flush (layer, stream->states[i], out);
    if (stream->n_frames[i] == 0)
      continue;
    run_layers (stream, i + 1);
    rnnc_stream_deliver (stream);
  }
}

gsize
rnnc_stream_take_features (RnncStream *stream, const float *features,
    gsize n_frames)
{
  stream->input = features;
  stream->n_input = MIN (n_frames, stream->chunk);
  return stream->n_input;
}

void
rnnc_stream_push_features (RnncStream *stream, const float *features,
    gsize n_frames)
{
  g_return_if_fail (stream != NULL);
  while (n_frames > 0) {
    gsize n = rnnc_stream_take_features (stream, features, n_frames);

    push_input (stream);
    features += n * rnnc_stream_input_floats (stream);
    n_frames -= n;
  }
}

gsize
rnnc_stream_take_samples (RnncStream *stream, const float *samples,
    gsize n_samples)
{
  gsize n = MIN (n_samples, stream->block);

  stream->input = stream->frames;
  stream->n_input = stream->mel != NULL
      ? rnnc_log_mel_push (stream->mel, samples, n, stream->frames)
      : rnnc_waveform_push (stream->waveform, samples, n, stream->frames);
  return n;
}

void
rnnc_stream_push_samples (RnncStream *stream, const float *samples,
    gsize n_samples)
{
  g_return_if_fail (stream != NULL);
  g_return_if_fail (stream->mel != NULL || stream->waveform != NULL);
  while (n_samples > 0) {
    gsize n = rnnc_stream_take_samples (stream, samples, n_samples);

    push_input (stream);
    samples += n;
    n_samples -= n;
  }
}

void
rnnc_stream_push_video (RnncStream *stream, const RnncVideoFrame *frame,
    guint64 timestamp)
{
  guint n;

  g_return_if_fail (stream != NULL && stream->video != NULL);
  n = rnnc_video_push (stream->video, frame, timestamp, stream->frames);
  for (guint i = 0; i < n; i++) {
    if (i > 0)
      rnnc_video_repeat (stream->video, stream->frames);
    stream->input = stream->frames;
    stream->n_input = 1;
    push_input (stream);
  }
}

void
rnnc_stream_flush (RnncStream *stream)
{
  g_return_if_fail (stream != NULL);
  rnnc_member_rest (&stream->member);
  if (stream->mel != NULL)
    push_alone (stream, rnnc_log_mel_flush (stream->mel, stream->frames));
  if (stream->waveform != NULL)
    push_alone (stream, rnnc_waveform_flush (stream->waveform, stream->frames));
  flush_layers (stream);
  rnnc_stream_reset (stream);
}

void
rnnc_stream_reset (RnncStream *stream)
{
  g_return_if_fail (stream != NULL);
  rnnc_member_rest (&stream->member);
  if (stream->mel != NULL)
    rnnc_log_mel_reset (stream->mel);
  if (stream->waveform != NULL)
    rnnc_waveform_reset (stream->waveform);
  if (stream->video != NULL)
    rnnc_video_reset (stream->video);
  for (guint i = stream->first; i < stream->last; i++) {
    if (!get_layer (stream, i)->identity)
      rnnc_layer_reset (get_layer (stream, i), stream->states[i],
          stream->max_frames[i]);
  }
}

void
rnnc_stream_reset_core (RnncStream *stream)
{
  g_return_if_fail (stream != NULL);
  for (guint i = stream->first; i < stream->last; i++) {
    if (!get_layer (stream, i)->identity)
      rnnc_layer_reset_core (get_layer (stream, i), stream->states[i]);
  }
}

void
rnnc_stream_replay_core (RnncStream *stream)
{
  for (guint i = stream->first; i < stream->last; i++) {
    if (!get_layer (stream, i)->identity)
      rnnc_layer_replay_core (get_layer (stream, i), stream->states[i]);
  }
}
