/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "tools/data/loader.h"
#include "tools/data/voice.h"
#include "tools/data/window.h"

enum { DRAW_CHANGE = 0x63686e67 };

struct _ExampleMaker {
  const ExampleSettings *settings;
  RnncLogMel *mel;
  RnncVideo *video;
  gsize n_features;
  guint16 *picture; /* 16 bits, or 8 bits of colour in the same place */
  float *frame;
  Sequence *sequence; /* of a generator, or the values of a file */
};

ExampleMaker *
example_maker_new (const ExampleSettings *settings)
{
  ExampleMaker *maker = g_new0 (ExampleMaker, 1);
  const RnncFrontendConfig *frontend = settings->frontend;

  maker->settings = settings;
  if (frontend->type == RNNC_FRONTEND_LOG_MEL) {
    maker->mel = rnnc_log_mel_new (&frontend->log_mel);
    maker->n_features = frontend->log_mel.mels;
  } else if (frontend->type == RNNC_FRONTEND_NONE) {
    maker->n_features = frontend->features;
    maker->sequence = sequence_new ();
  } else {
    const RnncVideoConfig *video = &frontend->video;

    maker->video = rnnc_video_new (video);
    maker->n_features = (gsize) video->width * video->height
        * rnnc_video_config_channels (video);
    maker->picture = g_new0 (guint16, (gsize) video->width * video->height * 3);
    maker->frame = g_new0 (float, maker->n_features);
  }
  return maker;
}

void
example_maker_free (ExampleMaker *maker)
{
  if (maker == NULL)
    return;
  if (maker->mel != NULL)
    rnnc_log_mel_free (maker->mel);
  if (maker->video != NULL)
    rnnc_video_free (maker->video);
  sequence_free (maker->sequence);
  g_free (maker->picture);
  g_free (maker->frame);
  g_free (maker);
}

gsize
example_features (const ExampleMaker *maker)
{
  return maker->n_features;
}

const GArray *
example_values (const ExampleMaker *maker)
{
  return maker->sequence != NULL ? maker->sequence->values : NULL;
}

/* --- numbers
 * -------------------------------------------------------------------- */

/* Each letter's number goes in a step behind its being said; 0 is first. */
static GArray *
make_text (const Dataset *dataset, const Item *item, GArray *labels)
{
  const guint *targets
      = &g_array_index (dataset->targets, guint, item->first_target);
  GArray *features
      = g_array_sized_new (FALSE, FALSE, sizeof (float), item->n_targets);

  for (guint i = 0; i < item->n_targets; i++) {
    float before = i == 0 ? 0 : (float) targets[i - 1];

    g_array_append_val (features, before);
  }
  g_array_append_vals (labels, targets, item->n_targets);
  return features;
}

static GArray *
make_numbers (ExampleMaker *maker, const Plan *plan, const Unit *unit,
    GArray *labels)
{
  const Dataset *dataset = maker->settings->dataset;
  const Item *item = dataset_item (dataset,
      g_array_index (plan->members, guint, unit->first));
  const Sequence *from = item->sequence;

  if (dataset->format.is_text)
    return make_text (dataset, item, labels);
  if (item->generator != NULL) {
    generator_make (item->generator, plan->epoch, item->row, maker->sequence);
    g_array_append_vals (labels, maker->sequence->labels->data,
        maker->sequence->labels->len);
    return g_array_copy (maker->sequence->features);
  }
  g_array_set_size (maker->sequence->values, 0);
  g_array_append_vals (maker->sequence->values, from->values->data,
      from->values->len);
  if (item->n_targets > 0)
    g_array_append_vals (labels,
        &g_array_index (dataset->targets, guint, item->first_target),
        item->n_targets);
  return g_array_copy (from->features);
}

/* --- audio
 * ---------------------------------------------------------------------- */

static void
append_item (GArray *samples, const Item *item)
{
  const gint16 *from = cache_samples (item->cache, item->row);
  guint at = samples->len;
  float *to;

  g_array_set_size (samples, at + (guint) item->n_units);
  to = &g_array_index (samples, float, at);
  for (gsize i = 0; i < item->n_units; i++)
    to[i] = from[i] / 32768.0f;
}

static void
append_targets (ExampleMaker *maker, const Item *item, gboolean is_first,
    GArray *labels)
{
  const Dataset *dataset = maker->settings->dataset;

  if (!is_first && item->n_targets > 0)
    labels_encode_space (maker->settings->labels, labels);
  if (item->n_targets > 0)
    g_array_append_vals (labels,
        &g_array_index (dataset->targets, guint, item->first_target),
        item->n_targets);
}

static GArray *
join_samples (ExampleMaker *maker, const Plan *plan, const Unit *unit,
    Random *random, GArray *labels)
{
  const ExampleSettings *settings = maker->settings;
  GArray *samples = g_array_new (FALSE, TRUE, sizeof (float));
  guint first_label = labels->len;

  for (guint i = 0; i < unit->n; i++) {
    guint index = g_array_index (plan->members, guint, unit->first + i);
    const Item *item = dataset_item (settings->dataset, index);

    if (i > 0) {
      double gap = random_between (random, settings->join->gap[0],
          settings->join->gap[1]);

      g_array_set_size (samples,
          samples->len + (guint) (gap * settings->frontend->log_mel.rate));
    }
    append_item (samples, item);
    append_targets (maker, item, labels->len == first_label, labels);
  }
  return samples;
}

/* A label for each frame: whether somebody speaks. */
static void
append_voice (const ExampleSettings *settings, const GArray *voice,
    gsize n_frames, GArray *labels)
{
  const RnncLogMelConfig *config = &settings->frontend->log_mel;
  guint first = labels->len;

  g_array_set_size (labels, first + (guint) n_frames);
  voice_mark ((const float *) (const void *) voice->data, voice->len,
      config->window, config->hop, config->rate, n_frames,
      &g_array_index (labels, guint, first));
}

static GArray *
make_audio (ExampleMaker *maker, const Plan *plan, const Unit *unit,
    Random *random, GArray *labels)
{
  const ExampleSettings *settings = maker->settings;
  const RnncLogMelConfig *config = &settings->frontend->log_mel;
  g_autoptr (GArray) samples = join_samples (maker, plan, unit, random, labels);
  g_autoptr (GArray) clean = g_array_new (FALSE, FALSE, sizeof (float));
  gboolean has_voice = settings->dataset->has_voice;
  GArray *features = g_array_new (FALSE, FALSE, sizeof (float));
  gsize n_frames;
  float *out;

  if (settings->audio != NULL)
    audio_augment (settings->audio, random, samples, has_voice ? clean : NULL);
  rnnc_log_mel_reset (maker->mel);
  n_frames = rnnc_log_mel_pending (maker->mel, samples->len) + 1;
  g_array_set_size (features, (guint) (n_frames * config->mels));
  out = (float *) (void *) features->data;
  n_frames = rnnc_log_mel_push (maker->mel,
      (const float *) (const void *) samples->data, samples->len, out);
  n_frames += rnnc_log_mel_flush (maker->mel, out + n_frames * config->mels);
  g_array_set_size (features, (guint) (n_frames * config->mels));
  if (has_voice)
    append_voice (settings, settings->audio != NULL ? clean : samples, n_frames,
        labels);
  if (settings->audio != NULL)
    spectrum_augment (settings->audio->settings, random, config, out, n_frames);
  return features;
}

/* --- video
 * ---------------------------------------------------------------------- */

/* One cached picture, changed, as a frame of exactly the network's size. */
static void
make_picture (ExampleMaker *maker, const VideoChange *change,
    const guint8 *pixels, RnncVideoFrame *frame)
{
  const RnncVideoConfig *config = &maker->settings->frontend->video;
  guint n_channels = config->colour ? 3 : 1;
  gsize n = (gsize) config->width * config->height * n_channels;

  *frame = (RnncVideoFrame){ .width = config->width, .height = config->height };
  frame->layout = n_channels == 3 ? RNNC_PIXEL_RGB : RNNC_PIXEL_GRAY8;
  frame->pixel_stride = n_channels;
  frame->offsets[1] = 1;
  frame->offsets[2] = 2;
  frame->planes[0] = pixels;
  frame->strides[0] = (gint) (config->width * n_channels);
  if (change == NULL || video_change_is_neutral (change))
    return;
  video_change_apply (change, pixels, config->width, config->height, n_channels,
      maker->picture);
  frame->planes[0] = (const guint8 *) maker->picture;
  if (n_channels == 1) {
    frame->layout = RNNC_PIXEL_GRAY16;
    frame->strides[0] *= 2;
    return;
  }
  for (gsize i = 0; i < n; i++)
    ((guint8 *) maker->picture)[i] = (guint8) (maker->picture[i] / 257);
}

static void
append_frames (ExampleMaker *maker, const RnncVideoFrame *frame, guint64 time,
    GArray *features)
{
  guint n = rnnc_video_push (maker->video, frame, time, maker->frame);

  if (n == 0)
    return;
  g_array_append_vals (features, maker->frame, (guint) maker->n_features);
  if (n > 1)
    rnnc_video_repeat (maker->video, maker->frame);
  for (guint i = 1; i < n; i++)
    g_array_append_vals (features, maker->frame, (guint) maker->n_features);
}

/* Part of a stream that is made of clips. */
typedef struct {
  ExampleMaker *maker;
  const VideoChange *change;
  Random *random;
  GArray *features;
  double from, to; /* s, pictures that go in */
  double time;     /* s, of the last picture */
} Strip;

static double
clip_seconds (const Item *item)
{
  const guint64 *times = cache_times (item->cache, item->row);

  return (double) (times[item->n_units - 1] - times[0]) / 1e9;
}

/* When picture @i of those that @change shows is shown, s from the first. */
static double
shown_after (const Item *item, const VideoChange *change, gsize i)
{
  const guint64 *times = cache_times (item->cache, item->row);
  gsize last = item->n_units - 1;
  guint64 time
      = change->reverse ? times[last] - times[last - i] : times[i] - times[0];

  return (double) time / 1e9 / change->speed;
}

/* The clip's pictures, the first of them at @begin s. */
static void
append_clip (Strip *strip, const Item *item, double begin, gboolean is_last)
{
  const ExampleSettings *settings = strip->maker->settings;
  const RnncVideoConfig *config = &settings->frontend->video;
  const VideoAugment *video = settings->video;
  const guint8 *pictures = cache_pictures (item->cache, item->row);
  gsize n_bytes
      = (gsize) config->width * config->height * (config->colour ? 3 : 1);

  for (gsize i = 0; i < item->n_units; i++) {
    gsize picture = strip->change->reverse ? item->n_units - 1 - i : i;
    double time = begin + shown_after (item, strip->change, i);
    gboolean dropped
        = video != NULL && random_unit (strip->random) < video->drop;
    gboolean is_last_chance
        = is_last && i + 1 == item->n_units && strip->features->len == 0;
    RnncVideoFrame frame;

    if (!is_last_chance
        && (time < strip->from || time > strip->to
            || (dropped && strip->features->len > 0)))
      continue;
    make_picture (strip->maker, video ? strip->change : NULL,
        pictures + picture * n_bytes, &frame);
    if (video != NULL && video->jitter > 0)
      time += random_between (strip->random, -video->jitter, video->jitter)
          / strip->change->speed;
    strip->time = MAX (strip->time, time); /* never back */
    append_frames (strip->maker, &frame, (guint64) (strip->time * 1e9),
        strip->features);
  }
}

static void
append_label (ExampleMaker *maker, const VideoChange *change, guint label,
    GArray *labels)
{
  const ExampleSettings *settings = maker->settings;

  if (settings->video != NULL) {
    const char *name = video_change_label (settings->video, change,
        settings->labels->names[label]);
    gint changed = labels_find (settings->labels, name, NULL);

    if (changed >= 0)
      label = (guint) changed;
  }
  g_array_append_val (labels, label);
}

static guint
item_label (const ExampleMaker *maker, const Item *item)
{
  return g_array_index (maker->settings->dataset->targets, guint,
      item->first_target);
}

static GArray *
make_clip (ExampleMaker *maker, const Item *item, const VideoChange *change,
    Random *random, GArray *labels)
{
  double seconds = clip_seconds (item) / change->speed;
  Strip strip
      = { maker, change, random, g_array_new (FALSE, FALSE, sizeof (float)),
          change->begin * seconds, change->end * seconds, 0 };

  rnnc_video_reset (maker->video);
  append_clip (&strip, item, 0, TRUE);
  append_label (maker, change, item_label (maker, item), labels);
  return strip.features;
}

/* --- windows
 * -------------------------------------------------------------------- */

/* So long before a window the front end begins, so that the first difference
 * is one. */
#define LEAD 0.5

/* Where @n clips stand in the stream. */
static void
place_clips (const ExampleSettings *settings, const Item *const *items, guint n,
    const VideoChange *change, Random *random, WindowClip *clips)
{
  double time = 0;

  for (guint i = 0; i < n; i++) {
    double seconds = clip_seconds (items[i]) / change->speed;
    guint label = g_array_index (settings->dataset->targets, guint,
        items[i]->first_target);

    clips[i].begin = time;
    clips[i].end = time + seconds;
    clips[i].is_gesture = (gint) label != settings->labels->blank;
    time += seconds
        + (items[i]->n_units > 1 ? seconds / (double) (items[i]->n_units - 1)
                                 : 0)
        + random_between (random, settings->windows->gap[0],
            settings->windows->gap[1]);
  }
}

/* Leaves the window's frames of those that begin where @strip begins. */
static void
cut_frames (ExampleMaker *maker, const Window *window, double begin,
    GArray *features)
{
  const RnncVideoConfig *config = &maker->settings->frontend->video;
  double rate = (double) config->rate_numerator / config->rate_denominator;
  guint n = features->len / (guint) maker->n_features;
  guint n_before = MIN (n - 1, (guint) ((window->begin - begin) * rate + 0.5));
  guint n_frames
      = MAX (1, (guint) ((window->end - window->begin) * rate + 0.5));

  if (n > n_before + n_frames)
    g_array_set_size (features,
        (n_before + n_frames) * (guint) maker->n_features);
  if (n_before > 0)
    g_array_remove_range (features, 0, n_before * (guint) maker->n_features);
}

/* The time of the picture that is shown at @time, or before the first. */
static double
shown_at (const Item *const *items, const WindowClip *clips, guint n,
    const VideoChange *change, double time)
{
  double shown = clips[0].begin;

  for (guint c = 0; c < n; c++) {
    for (gsize i = 0; i < items[c]->n_units; i++) {
      double at = clips[c].begin + shown_after (items[c], change, i);

      if (at <= time)
        shown = at;
    }
  }
  return shown;
}

/* NULL where the clips have no such window. */
static GArray *
make_window (ExampleMaker *maker, const Item *const *members,
    const VideoChange *change, Random *random, GArray *labels)
{
  const ExampleSettings *settings = maker->settings;
  const Item *items[] = { members[1], members[0], members[2] };
  gboolean wants_none = random_unit (random) < settings->windows->none;
  WindowClip clips[G_N_ELEMENTS (items)];
  Window window;
  Strip strip = { maker, change, random };

  place_clips (settings, items, G_N_ELEMENTS (items), change, random, clips);
  if (!window_draw (settings->windows, clips, G_N_ELEMENTS (items), 1,
          wants_none, random, &window))
    return NULL;
  strip.features = g_array_new (FALSE, FALSE, sizeof (float));
  strip.from = shown_at (items, clips, G_N_ELEMENTS (items), change,
      MAX (0, window.begin - LEAD));
  strip.to = window.end + LEAD;
  rnnc_video_reset (maker->video);
  for (guint i = 0; i < G_N_ELEMENTS (items); i++)
    append_clip (&strip, items[i], clips[i].begin,
        i + 1 == G_N_ELEMENTS (items));
  cut_frames (maker, &window, strip.from, strip.features);
  append_label (maker, change,
      window.clip >= 0 ? item_label (maker, items[window.clip])
                       : (guint) settings->labels->blank,
      labels);
  return strip.features;
}

static GArray *
make_video (ExampleMaker *maker, const Plan *plan, const Unit *unit,
    Random *random, GArray *labels)
{
  const ExampleSettings *settings = maker->settings;
  const RnncVideoConfig *config = &settings->frontend->video;
  VideoChange change = { .speed = 1, .end = 1 };
  const Item *items[3] = { NULL };
  GArray *features = NULL;

  for (guint i = 0; i < MIN (unit->n, G_N_ELEMENTS (items)); i++)
    items[i] = dataset_item (settings->dataset,
        g_array_index (plan->members, guint, unit->first + i));
  if (settings->video != NULL)
    video_change_draw (settings->video, random,
        settings->labels->names[item_label (maker, items[0])], config->width,
        config->height, &change);
  if (unit->window > 0)
    features = make_window (maker, items, &change, random, labels);
  if (features == NULL)
    features = make_clip (maker, items[0], &change, random, labels);
  return features;
}

GArray *
example_make (ExampleMaker *maker, const Plan *plan, const Unit *unit,
    GArray *labels)
{
  /* The first member's place in the dataset names the unit, with the number of
   * its window. */
  guint64 id = g_array_index (plan->members, guint, unit->first)
      + (guint64) unit->window * maker->settings->dataset->items->len;
  Random random
      = random_for (maker->settings->seed ^ DRAW_CHANGE, plan->epoch, id);

  if (maker->sequence != NULL)
    return make_numbers (maker, plan, unit, labels);
  if (maker->mel != NULL)
    return make_audio (maker, plan, unit, &random, labels);
  return make_video (maker, plan, unit, &random, labels);
}
