/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/measure/recognise.h"

#include <string.h>
#include <time.h>

#include "tools/measure/gesture-stream.h"
#include "tools/media/media.h"

/* 100 ms of 16 kHz: what an element gets at a time, about. */
#define STREAM_CHUNK 1600

double
processor_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

Labels *
labels_from_model (RnncModel *model, GError **error)
{
  guint n = rnnc_model_n_labels (model);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;

  for (guint i = 0; i < n; i++)
    g_strv_builder_add (builder, rnnc_model_label (model, i));
  names = g_strv_builder_end (builder);
  return labels_new ((const char *const *) names, rnnc_model_blank (model),
      error);
}

typedef struct {
  GString *text;
  GArray *confidences; /* (nullable) */
} Finals;

static void
append_final (const RnncTranscript *transcript, gpointer user_data)
{
  Finals *finals = user_data;

  if (!transcript->is_final)
    return;
  if (finals->text->len > 0)
    g_string_append_c (finals->text, ' ');
  g_string_append (finals->text, transcript->text);
  for (guint i = 0; finals->confidences != NULL && i < transcript->n_words; i++)
    g_array_append_val (finals->confidences, transcript->words[i].confidence);
}

static RnncTranscriber *
make_transcriber (RnncModel *model, const DecodeOptions *decoding,
    Finals *finals, GError **error)
{
  RnncTranscriberOptions options;
  RnncTranscriber *transcriber;

  rnnc_transcriber_options_init (&options);
  decode_options_apply (decoding, &options);
  options.partial_interval = -1;
  transcriber
      = rnnc_transcriber_new (model, &options, append_final, finals, error);
  if (transcriber != NULL)
    decode_options_equip (decoding, transcriber);
  return transcriber;
}

/* Of the labels alone; those behind them are overwritten. */
static char *
best_path (const Labels *labels, float *outputs, gsize n_outputs, gsize size)
{
  g_autofree guint *heard = g_new (guint, n_outputs + 1);
  gsize n;

  for (gsize t = 1; t < n_outputs && size > labels->n; t++)
    memmove (outputs + t * labels->n, outputs + t * size,
        labels->n * sizeof *outputs);
  n = rnnc_ctc_greedy (outputs, n_outputs, labels->n, (guint) labels->blank,
      heard);
  return labels_decode_text (labels, heard, n);
}

static char *
decode_whole (RnncModel *model, const Labels *labels,
    const DecodeOptions *decoding, const float *features, gsize n_frames,
    GArray *confidences, GError **error)
{
  gsize n_outputs = rnnc_model_output_frames (model, n_frames);
  gsize size = rnnc_model_output_size (model);
  g_autofree float *outputs = g_new (float, n_outputs *size + 1);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (RnncTranscriber) transcriber = NULL;
  Finals finals = { text, confidences };

  rnnc_model_forward (model, features, n_frames, outputs);
  if (confidences == NULL && !decode_options_search (decoding))
    return best_path (labels, outputs, n_outputs, size);
  transcriber = make_transcriber (model, decoding, &finals, error);
  if (transcriber == NULL)
    return NULL;
  rnnc_transcriber_decode (transcriber, outputs, n_outputs);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* What a transcriber hears at the end. */
static void
append_tail (GArray *samples, RnncModel *model)
{
  guint n = samples->len, tail = n > 0 ? rnnc_transcriber_tail (model) : 0;

  g_array_set_size (samples, n + tail);
  memset (&g_array_index (samples, float, n), 0, tail * sizeof (float));
}

char *
recognise_speech (RnncModel *model, const Labels *labels,
    const DecodeOptions *decoding, const char *path, GArray *confidences,
    double *seconds, double *processor, GError **error)
{
  const RnncLogMelConfig *config = &rnnc_model_frontend (model)->log_mel;
  g_autoptr (GArray) samples = media_load_audio (path, config->rate, error);
  g_autofree float *features = NULL;
  RnncLogMel *mel;
  double began;
  gsize n_heard, n;
  char *text;

  if (samples == NULL)
    return NULL;
  n_heard = samples->len;
  append_tail (samples, model);
  began = processor_seconds ();
  mel = rnnc_log_mel_new (config);
  features = g_new (float,
      (rnnc_log_mel_pending (mel, samples->len) + 1) * config->mels);
  n = rnnc_log_mel_push (mel, (const float *) (const void *) samples->data,
      samples->len, features);
  n += rnnc_log_mel_flush (mel, features + n * config->mels);
  rnnc_log_mel_free (mel);
  text
      = decode_whole (model, labels, decoding, features, n, confidences, error);
  *processor += processor_seconds () - began;
  *seconds = (double) n_heard / config->rate;
  return text;
}

char *
recognise_speech_stream (RnncModel *model, const DecodeOptions *decoding,
    const char *path, GArray *confidences, double *seconds, double *processor,
    GError **error)
{
  guint rate = rnnc_model_frontend (model)->log_mel.rate;
  g_autoptr (GArray) samples = media_load_audio (path, rate, error);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (RnncTranscriber) transcriber = NULL;
  Finals finals = { text, confidences };
  double began;

  if (samples == NULL)
    return NULL;
  transcriber = make_transcriber (model, decoding, &finals, error);
  if (transcriber == NULL)
    return NULL;
  began = processor_seconds ();
  for (guint at = 0; at < samples->len; at += STREAM_CHUNK)
    rnnc_transcriber_push (transcriber, &g_array_index (samples, float, at),
        MIN (STREAM_CHUNK, samples->len - at));
  rnnc_transcriber_flush (transcriber);
  *processor += processor_seconds () - began;
  *seconds = (double) samples->len / rate;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* --- clips
 * ----------------------------------------------------------------------- */

typedef struct {
  RnncVideo *video;
  float *frame;
  gsize n_values;
  GArray *features;
  guint64 first, last;
  guint n;
} Clip;

static gboolean
push_frame (const RnncVideoFrame *frame, guint64 timestamp, gpointer user_data,
    GError **error)
{
  Clip *clip = user_data;
  guint n = rnnc_video_push (clip->video, frame, timestamp, clip->frame);

  if (clip->n++ == 0)
    clip->first = timestamp;
  clip->last = timestamp;
  for (guint i = 0; i < n; i++) {
    if (i == 1)
      rnnc_video_repeat (clip->video, clip->frame);
    g_array_append_vals (clip->features, clip->frame, (guint) clip->n_values);
  }
  return TRUE;
}

gint
recognise_clip (RnncModel *model, const char *path, double *seconds,
    double *processor, GError **error)
{
  const RnncVideoConfig *config = &rnnc_model_frontend (model)->video;
  g_autoptr (GArray) features = g_array_new (FALSE, FALSE, sizeof (float));
  gsize size = rnnc_model_output_size (model);
  g_autofree float *outputs = g_new (float, size + 1);
  Clip clip
      = { .n_values = rnnc_model_input_size (model), .features = features };
  g_autofree float *frame = g_new (float, clip.n_values + 1);
  guint best = 0;
  gboolean ok;
  double began;

  clip.frame = frame;
  clip.video = rnnc_video_new (config);
  ok = media_decode_video (path, push_frame, &clip, error);
  rnnc_video_free (clip.video);
  if (!ok)
    return -1;
  began = processor_seconds ();
  rnnc_model_forward (model, (const float *) (const void *) features->data,
      features->len / clip.n_values, outputs);
  *processor += processor_seconds () - began;
  *seconds = (double) (clip.last - clip.first) / 1e9;
  for (guint i = 1; i < size; i++)
    if (outputs[i] > outputs[best])
      best = i;
  return (gint) best;
}

/* --- streams ------------------------------------------------------------- */

GArray *
recognise_events (RnncModel *model, const RnncSpotterOptions *options,
    const char *path, double *seconds, double *processor, GError **error)
{
  g_autoptr (GestureStream) stream = gesture_stream_new (model, options, error);
  double start;

  if (stream == NULL
      || !gesture_stream_add (stream, path, &start, seconds, processor, error))
    return NULL;
  return g_array_ref ((GArray *) gesture_stream_finish (stream));
}
