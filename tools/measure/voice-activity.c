/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/measure/voice-activity.h"

#include "tools/data/augment.h"
#include "tools/data/manifest.h"
#include "tools/data/voice.h"
#include "tools/measure/recognise.h"
#include "tools/media/media.h"

enum { DRAW_NOISE = 0x766f6963 };

gboolean
voice_activity_is_model (RnncModel *model)
{
  return g_str_equal (rnnc_model_task (model), "voice-activity")
      && rnnc_model_frontend (model)->type == RNNC_FRONTEND_LOG_MEL
      && rnnc_model_n_labels (model) == 2
      && g_str_equal (rnnc_model_label (model, 0), VOICE_SILENCE)
      && g_str_equal (rnnc_model_label (model, 1), VOICE_SPEECH)
      && rnnc_model_output_size (model) == 2 && rnnc_model_stride (model) == 1
      && !rnnc_model_is_many_to_one (model);
}

/* --- noise ---------------------------------------------------------------- */

static gboolean
load_noise (VoiceNoise *noise, const char *path, guint rate, GError **error)
{
  g_autoptr (GArray) samples = media_load_audio (path, rate, error);
  GArray *kept;

  if (samples == NULL)
    return FALSE;
  kept = g_array_sized_new (FALSE, FALSE, sizeof (gint16), samples->len);
  for (guint i = 0; i < samples->len; i++) {
    float sample = g_array_index (samples, float, i) * 32768.0f;
    gint16 value = (gint16) CLAMP (sample, -32768.0f, 32767.0f);

    g_array_append_val (kept, value);
  }
  g_ptr_array_add (noise->noises, kept);
  return TRUE;
}

gboolean
voice_noise_load (VoiceNoise *noise, const char *manifest, guint rate,
    GError **error)
{
  g_autoptr (Manifest) rows = manifest_load (manifest, error);
  gint kind;

  noise->noises
      = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  if (rows == NULL
      || (kind = manifest_require_column (rows, "kind", error)) < 0)
    return FALSE;
  for (guint i = 0; i < rows->n_rows; i++) {
    g_autofree char *path = manifest_media_path (rows, i);

    if (g_str_equal (manifest_field (rows, i, kind), "environment")
        && !load_noise (noise, path, rate, error))
      return FALSE;
  }
  if (noise->noises->len > 0)
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
      "%s: no row of kind \"environment\"", manifest);
  return FALSE;
}

void
voice_noise_clear (VoiceNoise *noise)
{
  g_clear_pointer (&noise->noises, g_ptr_array_unref);
}

static void
mix (const VoiceNoise *noise, guint index, GArray *samples)
{
  Random random = random_for (DRAW_NOISE, 0, index);
  const GArray *chosen;
  Recording recording;
  double snr, start;

  if (noise == NULL || noise->noises == NULL)
    return;
  chosen = g_ptr_array_index (noise->noises,
      random_index (&random, noise->noises->len));
  recording = (Recording){ (const gint16 *) (const void *) chosen->data,
    chosen->len };
  snr = random_between (&random, noise->snr[0], noise->snr[1]);
  start = random_unit (&random) * chosen->len;
  audio_add_noise (samples, &recording, snr, (gsize) start);
}

/* --- where somebody speaks ------------------------------------------------ */

static gboolean
read_marks (const char *path, const RnncLogMelConfig *config, gsize n_samples,
    gsize n_frames, guint *marks, GError **error)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  gsize n;

  if (!g_file_get_contents (path, &text, NULL, error))
    return FALSE;
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  n = g_strv_length (lines);
  if (n == 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s: empty", path);
    return FALSE;
  }
  for (gsize t = 0; t < n_frames; t++) {
    gsize middle = t * config->hop + config->window / 2;
    gsize line = MIN (middle * n / MAX (n_samples, 1), n - 1);

    marks[t] = g_ascii_strtod (lines[line], NULL) >= 0.5;
  }
  return TRUE;
}

/* [frames, mels]; (transfer full) */
static float *
make_features (const RnncLogMelConfig *config, const GArray *samples, gsize *n)
{
  RnncLogMel *mel = rnnc_log_mel_new (config);
  float *features = g_new (float,
      (rnnc_log_mel_pending (mel, samples->len) + 1) * config->mels);

  *n = rnnc_log_mel_push (mel, (const float *) (const void *) samples->data,
      samples->len, features);
  *n += rnnc_log_mel_flush (mel, features + *n * config->mels);
  rnnc_log_mel_free (mel);
  return features;
}

gboolean
voice_activity_add (VoiceScore *score, const char *group, RnncModel *model,
    const char *path, const char *activity, const VoiceNoise *noise,
    guint index, double *seconds, double *processor, GError **error)
{
  const RnncLogMelConfig *config = &rnnc_model_frontend (model)->log_mel;
  g_autoptr (GArray) samples = media_load_audio (path, config->rate, error);
  g_autoptr (GArray) clean = NULL;
  g_autofree float *features = NULL;
  g_autofree float *outputs = NULL;
  g_autofree guint *marks = NULL;
  double began;
  gsize n;

  if (samples == NULL)
    return FALSE;
  clean = g_array_copy (samples);
  mix (noise, index, samples);
  began = processor_seconds ();
  features = make_features (config, samples, &n);
  outputs = g_new (float, 2 * n + 1);
  rnnc_model_forward (model, features, n, outputs);
  *processor += processor_seconds () - began;
  *seconds = (double) samples->len / config->rate;
  marks = g_new (guint, n + 1);
  if (activity != NULL
      && !read_marks (activity, config, samples->len, n, marks, error))
    return FALSE;
  if (activity == NULL)
    voice_mark ((const float *) (const void *) clean->data, clean->len,
        config->window, config->hop, config->rate, n, marks);
  for (gsize t = 0; t < n; t++) /* in place: the ratio of two posteriors */
    outputs[t] = outputs[2 * t + 1] - outputs[2 * t];
  voice_score_add (score, group, outputs, marks, n);
  return TRUE;
}
