/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/elements/toy-models.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/raw-model.h"

#define BANDS 8
#define LABELS 8
#define VOICE_BANDS 6
/* The same of a voice: what an ending tone leaks to its neighbours is below. */
#define VOICE_LOUD 6.5f
/* Log power from which on a band is a tone, between silence and sound. */
#define LOUD 4.0f
#define SHARPNESS 2.0f

static const char letters[LABELS - 1] = { ' ', 'a', 'b', 'c', 'd', 'e', 'f' };

/* Hz of the middle of a mel band (HTK's formula). */
static double
band_centre (guint band)
{
  double low = 2595 * log10 (1 + 20.0 / 700);
  double high = 2595 * log10 (1 + 8000.0 / 700);
  double mel = low + (high - low) * (band + 1) / (BANDS + 1);

  return 700 * (pow (10, mel / 2595) - 1);
}

static char *
write_model (const char *description, const char *tensors, const float *data,
    gsize n_floats)
{
  g_autofree char *header = raw_model_header (description, tensors);
  GBytes *bytes = raw_model_bytes (header, data, n_floats * sizeof (float));
  char *path = raw_model_write (bytes);

  g_bytes_unref (bytes);
  return path;
}

char *
tone_model_write_as (const char *language, guint rate)
{
  float data[LABELS * BANDS + LABELS] = { 0 };
  g_autofree char *description
      = g_strdup_printf ("{\"format\":1,\"task\":\"speech\",\"name\":\"tones\","
                         "\"language\":\"%s\",\"frontend\":{\"type\":\"log-"
                         "mel\",\"rate\":%u,"
                         "\"mels\":%d},\"layers\":[{\"type\":\"dense\","
                         "\"name\":\"fc\","
                         "\"units\":%d},{\"type\":\"log-softmax\"}],\"labels\":"
                         "[\"<blank>\","
                         "\" "
                         "\",\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"],\"blank\":0}",
          language, rate, BANDS, LABELS);
  g_autofree char *tensors
      = g_strdup_printf ("\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[%d,%d],"
                         "\"data_offsets\":[0,%d]},\"fc.bias\":{\"dtype\":"
                         "\"F32\","
                         "\"shape\":[%d],\"data_offsets\":[%d,%d]}",
          LABELS, BANDS, LABELS * BANDS * 4, LABELS, LABELS * BANDS * 4,
          LABELS * BANDS * 4 + LABELS * 4);

  for (guint i = 1; i < LABELS; i++)
    data[i * BANDS + i - 1] = SHARPNESS;
  data[LABELS * BANDS] = SHARPNESS * LOUD;
  return write_model (description, tensors, data, G_N_ELEMENTS (data));
}

char *
tone_model_write (void)
{
  return tone_model_write_as ("en", TONE_RATE);
}

char *
voice_model_write (guint rate)
{
  /* Weights and bias of each band's loudness, then of silence and speech. */
  float data[VOICE_BANDS * BANDS + VOICE_BANDS + 2 * VOICE_BANDS + 2] = { 0 };
  float *bias = data + VOICE_BANDS * BANDS;
  float *head = bias + VOICE_BANDS;
  g_autofree char *description
      = g_strdup_printf ("{\"format\":1,\"task\":\"voice-activity\","
                         "\"frontend\":{\"type\":\"log-mel\",\"rate\":%u,"
                         "\"mels\":%d},\"layers\":[{\"type\":\"dense\","
                         "\"name\":\"bands\",\"units\":%d},"
                         "{\"type\":\"relu\"},{\"type\":\"dense\","
                         "\"name\":\"head\",\"units\":2},"
                         "{\"type\":\"log-softmax\"}],"
                         "\"labels\":[\"silence\",\"speech\"]}",
          rate, BANDS, VOICE_BANDS);
  const gsize ends[] = { 4 * VOICE_BANDS * BANDS, 4 * VOICE_BANDS * (BANDS + 1),
    4 * VOICE_BANDS * (BANDS + 3), 4 * G_N_ELEMENTS (data) };
  g_autofree char *tensors
      = g_strdup_printf ("\"bands.weight\":{\"dtype\":\"F32\",\"shape\":[%d,%d]"
                         ","
                         "\"data_offsets\":[0,%zu]},"
                         "\"bands.bias\":{\"dtype\":\"F32\",\"shape\":[%d],"
                         "\"data_offsets\":[%zu,%zu]},"
                         "\"head.weight\":{\"dtype\":\"F32\",\"shape\":[2,%d],"
                         "\"data_offsets\":[%zu,%zu]},"
                         "\"head.bias\":{\"dtype\":\"F32\",\"shape\":[2],"
                         "\"data_offsets\":[%zu,%zu]}",
          VOICE_BANDS, BANDS, ends[0], VOICE_BANDS, ends[0], ends[1],
          VOICE_BANDS, ends[1], ends[2], ends[2], ends[3]);

  for (guint i = 0; i < VOICE_BANDS; i++) {
    data[i * BANDS + i] = 1;
    bias[i] = -VOICE_LOUD;
    head[VOICE_BANDS + i] = 10 * SHARPNESS;
  }
  head[2 * VOICE_BANDS] = 1; /* silence, unless */
  return write_model (description, tensors, data, G_N_ELEMENTS (data));
}

float *
tone_script (const char *script, gsize *n_samples)
{
  gsize n = strlen (script);
  float *samples = g_new0 (float, n *TONE_SAMPLES);

  for (gsize i = 0; i < n; i++) {
    const char *letter = memchr (letters, script[i], sizeof letters);
    double step;

    if (letter == NULL) {
      g_assert_cmpint (script[i], ==, '.');
      continue;
    }
    step = 2 * G_PI * band_centre ((guint) (letter - letters)) / TONE_RATE;
    for (gsize k = 0; k < TONE_SAMPLES; k++)
      samples[i * TONE_SAMPLES + k] = (float) (0.5 * sin (step * (double) k));
  }
  *n_samples = n * TONE_SAMPLES;
  return samples;
}

static void
append_u32 (GByteArray *bytes, guint32 value)
{
  value = GUINT32_TO_LE (value);
  g_byte_array_append (bytes, (const guint8 *) &value, 4);
}

static void
append_text (GByteArray *bytes, const char *text)
{
  g_byte_array_append (bytes, (const guint8 *) text, strlen (text));
}

void
tone_script_write_wav (const char *script, const char *path)
{
  GByteArray *bytes = g_byte_array_new ();
  gsize n;
  g_autofree float *samples = tone_script (script, &n);

  append_text (bytes, "RIFF");
  append_u32 (bytes, (guint32) (36 + 2 * n));
  append_text (bytes, "WAVEfmt ");
  append_u32 (bytes, 16);
  append_u32 (bytes, 1 | 1 << 16); /* PCM, one channel */
  append_u32 (bytes, TONE_RATE);
  append_u32 (bytes, 2 * TONE_RATE);
  append_u32 (bytes, 2 | 16 << 16); /* bytes a frame, bits a sample */
  append_text (bytes, "data");
  append_u32 (bytes, (guint32) (2 * n));
  for (gsize i = 0; i < n; i++) {
    gint16 value = GINT16_TO_LE ((gint16) (samples[i] * 32767));

    g_byte_array_append (bytes, (const guint8 *) &value, 2);
  }
  g_assert_true (
      g_file_set_contents (path, (const char *) bytes->data, bytes->len, NULL));
  g_byte_array_unref (bytes);
}

char *
light_model_write (void)
{
  /* Brightness difference left - right, times 20: none at 10 (half). */
  const float data[] = { 0, 0, 20, -20, -20, 20, 10, 0, 0 };
  const char *description
      = "{\"format\":1,\"task\":\"gesture\",\"name\":\"light\","
        "\"window\":1.0,\"frontend\":{\"type\":\"video\",\"width\":2,"
        "\"height\":1,\"rate\":10},\"layers\":[{\"type\":\"flatten\"},"
        "{\"type\":\"mean-over-time\"},{\"type\":\"dense\",\"name\":\"fc\","
        "\"units\":3},{\"type\":\"log-softmax\"}],"
        "\"labels\":[\"none\",\"left\",\"right\"],\"blank\":0}";
  const char *tensors
      = "\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[3,2],"
        "\"data_offsets\":[0,24]},\"fc.bias\":{\"dtype\":\"F32\","
        "\"shape\":[3],\"data_offsets\":[24,36]}";

  return write_model (description, tensors, data, G_N_ELEMENTS (data));
}

char *
toy_model_folder_new (const char *path, const char *task)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("rnncore-XXXXXX", &error);
  g_autofree char *model = NULL;
  g_autofree char *file = g_strconcat ("default-", task, NULL);
  g_autofree char *choice = NULL;

  g_assert_no_error (error);
  model = g_build_filename (folder, "toy.safetensors", NULL);
  choice = g_build_filename (folder, file, NULL);
  g_assert_cmpint (symlink (path, model), ==, 0);
  g_assert_true (g_file_set_contents (choice, "toy\n", -1, NULL));
  return folder;
}

void
toy_model_folder_remove (char *folder, const char *task)
{
  g_autofree char *model = g_build_filename (folder, "toy.safetensors", NULL);
  g_autofree char *file = g_strconcat ("default-", task, NULL);
  g_autofree char *choice = g_build_filename (folder, file, NULL);

  g_unlink (model);
  g_unlink (choice);
  g_rmdir (folder);
  g_free (folder);
}

void
toy_model_remove (char *path)
{
  raw_model_remove (path);
}
