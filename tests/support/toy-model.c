/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/toy-model.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#include "rnncore/model/safetensors.h"

#define TENSOR(NAME, DATA, RANK, ...)                                          \
  {                                                                            \
    .name = NAME, .dtype = RNNC_DTYPE_F32, .rank = RANK,                       \
    .shape = { __VA_ARGS__ }, .data = DATA, .n_bytes = sizeof (DATA)           \
  }

static RnncModel *
load_tensors (const RnncTensor *tensors, guint n_tensors,
    const char *description, GError **error)
{
  char *directory = g_dir_make_tmp ("toy-model-XXXXXX", NULL);
  char *path;
  RnncModel *model = NULL;

  g_assert_nonnull (directory);
  path = g_build_filename (directory, "toy.safetensors", NULL);
  if (rnnc_safetensors_write (path, tensors, n_tensors, "rnncore", description,
          error))
    model = rnnc_model_load (path, error);
  g_unlink (path);
  g_rmdir (directory);
  g_free (path);
  g_free (directory);
  return model;
}

/* --- speech --------------------------------------------------------------- */

#define N_TONES 5
#define N_MELS 20

static const guint tone_bands[N_TONES] = { 4, 7, 10, 13, 16 };

char *
toy_speech_description (void)
{
  return g_strdup (
      "{\"format\":1,\"task\":\"speech\",\"language\":\"en\","
      "\"frontend\":{\"type\":\"log-mel\",\"rate\":8000,\"window\":200,"
      "\"hop\":80,\"fft\":256,\"mels\":20,\"fmin\":0,\"fmax\":4000},"
      "\"layers\":["
      "{\"type\":\"conv1d\",\"name\":\"tones\",\"channels\":5,\"kernel\":3,"
      "\"stride\":2,\"left\":1,\"right\":1,\"bias\":false},"
      "{\"type\":\"rnn\",\"name\":\"core\",\"hidden\":6,"
      "\"nonlinearity\":\"relu\"},"
      "{\"type\":\"dense\",\"name\":\"head\",\"units\":6},"
      "{\"type\":\"log-softmax\"}],"
      "\"labels\":[\"<blank>\",\" \",\"a\",\"b\",\"c\",\"d\"],\"blank\":0}");
}

/* @gain: of each tone's logit; @silence: logit of the blank without a tone */
static RnncModel *
make_speech_model (const char *description, float gain, float silence,
    GError **error)
{
  static float tones[N_TONES][N_MELS][3];
  static float weight_ih[6][N_TONES], weight_hh[6][6];
  static float bias_ih[6], bias_hh[6];
  static float head[6][6], head_bias[6];
  static float late[N_TONES][N_TONES][TOY_SPEECH_LATE + 1];
  const RnncTensor tensors[] = {
    TENSOR ("tones.weight", tones, 3, N_TONES, N_MELS, 3),
    TENSOR ("core.weight_ih_l0", weight_ih, 2, 6, N_TONES),
    TENSOR ("core.weight_hh_l0", weight_hh, 2, 6, 6),
    TENSOR ("core.bias_ih_l0", bias_ih, 1, 6),
    TENSOR ("core.bias_hh_l0", bias_hh, 1, 6),
    TENSOR ("head.weight", head, 2, 6, 6),
    TENSOR ("head.bias", head_bias, 1, 6),
    TENSOR ("late.weight", late, 3, N_TONES, N_TONES, TOY_SPEECH_LATE + 1),
  };
  char *own = description ? NULL : toy_speech_description ();
  RnncModel *model;

  for (guint c = 0; c < N_TONES; c++) {
    tones[c][tone_bands[c]][1] = 0.3f;
    weight_ih[c][c] = 1.0f;
    head[1 + c][c] = gain;
    late[c][c][0] = 1.0f;
  }
  weight_hh[5][5] = 1.0f; /* counts … */
  bias_ih[5] = 0.001f;
  head[0][5] = 1.0f; /* … for the blank */
  head_bias[0] = silence;
  model = load_tensors (tensors, G_N_ELEMENTS (tensors),
      description ? description : own, error);
  g_free (own);
  return model;
}

RnncModel *
toy_speech_model (const char *description, GError **error)
{
  return make_speech_model (description, 1.0f, 1.0f, error);
}

RnncModel *
toy_speech_model_late (GError **error)
{
  g_autofree char *description = toy_speech_description ();
  g_auto (GStrv) parts = g_strsplit (description, "{\"type\":\"rnn\"", 2);
  g_autofree char *changed = g_strdup_printf ("%s{\"type\":\"conv1d\",\"name\":"
                                              "\"late\",\"channels\":%u,"
                                              "\"kernel\":%u,\"left\":%u,"
                                              "\"right\":0,\"bias\":false},"
                                              "{\"type\":\"rnn\"%s",
      parts[0], N_TONES, TOY_SPEECH_LATE + 1, TOY_SPEECH_LATE, parts[1]);

  return toy_speech_model (changed, error);
}

RnncModel *
toy_speech_model_sure (float silence, GError **error)
{
  return make_speech_model (NULL, 6.0f, silence, error);
}

static double
tone_frequency (guint tone)
{
  double step = 1127.0 * log1p (4000.0 / 700.0) / (N_MELS + 1);

  return 700.0 * expm1 ((tone_bands[tone] + 1) * step / 1127.0);
}

float *
toy_speech_signal (const char *script, gsize samples_per_character,
    gsize *n_samples)
{
  gsize length = strlen (script);
  float *samples = g_new0 (float, length *samples_per_character + 1);

  *n_samples = length * samples_per_character;
  for (gsize i = 0; i < *n_samples; i++) {
    char character = script[i / samples_per_character];
    const char *at = strchr (TOY_SPEECH_LETTERS, character);

    if (character == '_')
      continue;
    g_assert_nonnull (at);
    samples[i] = (float) (0.5
        * sin (2.0 * G_PI * (double) i / TOY_SPEECH_RATE
            * tone_frequency ((guint) (at - TOY_SPEECH_LETTERS))));
  }
  return samples;
}

/* --- voice ---------------------------------------------------------------- */

#define N_VOICE_BANDS 5

char *
toy_voice_description (void)
{
  return g_strdup (
      "{\"format\":1,\"task\":\"voice-activity\","
      "\"frontend\":{\"type\":\"log-mel\",\"rate\":8000,\"window\":200,"
      "\"hop\":100,\"fft\":256,\"mels\":20,\"fmin\":0,\"fmax\":4000},"
      "\"layers\":["
      "{\"type\":\"conv1d\",\"name\":\"bands\",\"channels\":5,\"kernel\":3,"
      "\"left\":1,\"right\":1,\"bias\":false},"
      "{\"type\":\"relu\"},"
      "{\"type\":\"dense\",\"name\":\"head\",\"units\":2},"
      "{\"type\":\"log-softmax\"}],"
      "\"labels\":[\"silence\",\"speech\"]}");
}

RnncModel *
toy_voice_model (const char *description, GError **error)
{
  static const guint heard[N_VOICE_BANDS] = { 1, 4, 7, 10, 13 };
  static float bands[N_VOICE_BANDS][N_MELS][3];
  static float head[2][N_VOICE_BANDS];
  static float head_bias[2] = { 5.0f, 0.0f };
  const RnncTensor tensors[] = {
    TENSOR ("bands.weight", bands, 3, N_VOICE_BANDS, N_MELS, 3),
    TENSOR ("head.weight", head, 2, 2, N_VOICE_BANDS),
    TENSOR ("head.bias", head_bias, 1, 2),
  };
  g_autofree char *own = description ? NULL : toy_voice_description ();

  for (guint c = 0; c < N_VOICE_BANDS; c++) {
    bands[c][heard[c]][1] = 1.0f;
    head[1][c] = 5.0f;
  }
  return load_tensors (tensors, G_N_ELEMENTS (tensors),
      description ? description : own, error);
}

/* --- gestures ------------------------------------------------------------- */

#define GESTURE_GAIN 12.0f

char *
toy_gesture_description (void)
{
  return g_strdup (
      "{\"format\":1,\"task\":\"gesture\",\"window\":1,"
      "\"frontend\":{\"type\":\"video\",\"width\":4,\"height\":2,\"rate\":10},"
      "\"layers\":["
      "{\"type\":\"flatten\"},"
      "{\"type\":\"dense\",\"name\":\"columns\",\"units\":3},"
      "{\"type\":\"conv1d\",\"name\":\"now\",\"channels\":3,\"kernel\":3,"
      "\"left\":1,\"right\":1,\"bias\":false},"
      "{\"type\":\"mean-over-time\"},"
      "{\"type\":\"dense\",\"name\":\"head\",\"units\":4},"
      "{\"type\":\"log-softmax\"}],"
      "\"labels\":[\"none\",\"left\",\"middle\",\"right\"],\"blank\":0}");
}

RnncModel *
toy_gesture_model (const char *description, GError **error)
{
  static float columns[3][TOY_GESTURE_HEIGHT][TOY_GESTURE_WIDTH];
  static float columns_bias[3];
  static float now[3][3][3];
  static float head[4][3], head_bias[4];
  const RnncTensor tensors[] = {
    TENSOR ("columns.weight", columns, 2, 3,
        TOY_GESTURE_HEIGHT * TOY_GESTURE_WIDTH),
    TENSOR ("columns.bias", columns_bias, 1, 3),
    TENSOR ("now.weight", now, 3, 3, 3, 3),
    TENSOR ("head.weight", head, 2, 4, 3),
    TENSOR ("head.bias", head_bias, 1, 4),
  };
  char *own = description ? NULL : toy_gesture_description ();
  RnncModel *model;

  for (guint c = 0; c < 3; c++) {
    for (guint y = 0; y < TOY_GESTURE_HEIGHT; y++)
      columns[c][y][c + 1] = 1.0f / TOY_GESTURE_HEIGHT;
    now[c][c][1] = 1.0f;
    head[c + 1][c] = GESTURE_GAIN;
    head_bias[c + 1] = -GESTURE_GAIN / 2.0f;
  }
  model = load_tensors (tensors, G_N_ELEMENTS (tensors),
      description ? description : own, error);
  g_free (own);
  return model;
}

double
toy_gesture_posterior (double fraction)
{
  double bright = exp (GESTURE_GAIN * (fraction - 0.5));

  return bright / (bright + 1.0 + 2.0 * exp (-GESTURE_GAIN / 2.0));
}
