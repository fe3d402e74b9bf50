/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What augmentation does to a recording: rooms, channels, gain, masks,
 * changed pictures; and where a voice is in it. */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "tools/data/augment.h"
#include "tools/data/convolve.h"
#include "tools/data/voice.h"

static void
test_convolve (void)
{
  gsize sizes[][2] = { { 1, 1 }, { 100, 7 }, { 3000, 900 }, { 50, 400 } };

  for (guint k = 0; k < G_N_ELEMENTS (sizes); k++) {
    gsize n = sizes[k][0], m = sizes[k][1];
    g_autofree float *signal = g_new (float, n);
    g_autofree float *copy = g_new (float, n);
    g_autofree float *response = g_new (float, m);

    for (gsize i = 0; i < n; i++)
      copy[i] = signal[i] = (float) g_test_rand_double_range (-1, 1);
    for (gsize i = 0; i < m; i++)
      response[i] = (float) g_test_rand_double_range (-1, 1);
    convolve (signal, n, response, m);
    for (gsize i = 0; i < n; i++) {
      double sum = 0;

      for (gsize j = 0; j < m && j <= i; j++)
        sum += (double) response[j] * copy[i - j];
      g_assert_cmpfloat_with_epsilon (signal[i], sum, 1e-4);
    }
  }
}

static double
power (GArray *samples)
{
  double sum = 0;

  for (guint i = 0; i < samples->len; i++)
    sum += pow (g_array_index (samples, float, i), 2);
  return sum / samples->len;
}

static GArray *
make_tone_of (guint n, double frequency)
{
  GArray *samples = g_array_new (FALSE, FALSE, sizeof (float));

  for (guint i = 0; i < n; i++) {
    float value = 0.1f * sinf ((float) (frequency * i));

    g_array_append_val (samples, value);
  }
  return samples;
}

static GArray *
make_tone (guint n)
{
  return make_tone_of (n, 0.3);
}

/* What a changed tone of @hertz at 16 kHz is left with, of its power. */
static double
power_through (const AudioAugment *set, double hertz)
{
  AudioAugmenter augmenter = { set, 16000, NULL, NULL };
  g_autoptr (GArray) tone = make_tone_of (16000, 2 * G_PI * hertz / 16000);
  double before = power (tone);
  Random random = random_for (1, 2, 3);

  audio_augment (&augmenter, &random, tone, NULL);
  g_assert_cmpuint (tone->len, ==, 16000);
  return power (tone) / before;
}

static void
test_channel (void)
{
  const AudioAugment band = { .speed = { 1, 1 },
    .band_probability = 1,
    .band_low = { 300, 300 },
    .band_high = { 3400, 3400 } };
  const AudioAugment open = { .speed = { 1, 1 },
    .band_probability = 1,
    .band_low = { 0, 0 },
    .band_high = { 8000, 8000 } };
  const AudioAugment companding
      = { .speed = { 1, 1 }, .companding_probability = 1 };
  const AudioAugment clipping = { .speed = { 1, 1 },
    .clipping_probability = 1,
    .clipping_level = { -6, -6 } };
  AudioAugmenter augmenter = { &companding, 16000, NULL, NULL };
  g_autoptr (GArray) tone = make_tone (16000);
  g_autoptr (GArray) clean = make_tone (16000);
  Random random = random_for (1, 2, 3);
  float peak = 0;

  g_assert_cmpfloat_with_epsilon (power_through (&band, 1000), 1, 0.02);
  g_assert_cmpfloat (power_through (&band, 5000), <, 1e-4);
  g_assert_cmpfloat (power_through (&band, 40), <, 0.05);
  g_assert_cmpfloat_with_epsilon (power_through (&open, 5000), 1, 0.02);

  /* 8 bits of mu-law: some 38 dB. */
  audio_augment (&augmenter, &random, tone, NULL);
  for (guint i = 0; i < tone->len; i++)
    g_array_index (tone, float, i) -= g_array_index (clean, float, i);
  g_assert_cmpfloat (power (clean) / power (tone), >, 1e3);
  g_assert_cmpfloat (power (clean) / power (tone), <, 1e5);

  /* The same loudness with a lower peak. */
  g_assert_cmpfloat_with_epsilon (power_through (&clipping, 764), 1, 1e-3);
  augmenter.settings = &clipping;
  g_array_set_size (tone, 0);
  g_array_append_vals (tone, clean->data, clean->len);
  audio_augment (&augmenter, &random, tone, NULL);
  for (guint i = 0; i < tone->len; i++)
    peak = MAX (peak, g_array_index (tone, float, i));
  g_assert_cmpfloat (peak, <, 0.09);
}

static void
test_audio_augment (void)
{
  gint16 noise[4000];
  Recording recording = { noise, G_N_ELEMENTS (noise) };
  g_autoptr (GArray) noises = g_array_new (FALSE, FALSE, sizeof (Recording));
  g_autoptr (GArray) samples = make_tone (16000);
  g_autoptr (GArray) clean = make_tone (16000);
  AudioAugment set = { .speed = { 1, 1 } };
  AudioAugmenter augmenter = { &set, 16000, noises, noises };
  Random random = random_for (1, 2, 3);

  for (guint i = 0; i < G_N_ELEMENTS (noise); i++)
    noise[i] = (gint16) g_test_rand_int_range (-3000, 3000);
  g_array_append_val (noises, recording);

  /* Neutral: every bit stays. */
  audio_augment (&augmenter, &random, samples, NULL);
  g_assert_cmpmem (samples->data, samples->len * sizeof (float), clean->data,
      clean->len * sizeof (float));

  /* 10 dB above the noise. */
  set.noise_probability = 1;
  set.snr[0] = set.snr[1] = 10;
  audio_augment (&augmenter, &random, samples, NULL);
  for (guint i = 0; i < samples->len; i++)
    g_array_index (samples, float, i) -= g_array_index (clean, float, i);
  g_assert_cmpfloat_with_epsilon (power (clean) / power (samples), 10, 0.2);

  /* A quarter faster, half a second of silence on both sides. */
  set.noise_probability = 0;
  set.speed[0] = set.speed[1] = 1.25;
  set.pad[0] = set.pad[1] = 0.5;
  g_array_set_size (samples, 0);
  g_array_append_vals (samples, clean->data, clean->len);
  audio_augment (&augmenter, &random, samples, NULL);
  g_assert_cmpint (ABS ((int) samples->len - 16000 - 12800), <=, 2);
  g_assert_cmpfloat (g_array_index (samples, float, 7999), ==, 0);
  g_assert_cmpfloat_with_epsilon (power (samples) * samples->len / 12800,
      power (clean), 0.0002);
}

/* Of a ramp a part in one piece is left, of short ones half at least. */
static void
test_crop (void)
{
  static const guint lengths[] = { 8000, 100, 3, 0 };
  AudioAugment set = { .speed = { 1, 1 }, .crop_probability = 1, .crop = 0.1 };
  AudioAugmenter augmenter = { &set, 16000, NULL, NULL };
  Random random = random_for (1, 2, 3);
  guint longest = 0, shortest = G_MAXUINT;

  for (guint turn = 0; turn < 100; turn++) {
    guint n = lengths[turn % G_N_ELEMENTS (lengths)];
    g_autoptr (GArray) samples = g_array_new (FALSE, FALSE, sizeof (float));

    for (guint i = 0; i < n; i++) {
      float value = (float) i / 8000.0f;

      g_array_append_val (samples, value);
    }
    audio_augment (&augmenter, &random, samples, NULL);
    g_assert_cmpuint (samples->len, >=, MAX (n - n / 4 * 2, n - MIN (n, 3200)));
    g_assert_cmpuint (samples->len, <=, n);
    for (guint i = 1; i < samples->len; i++)
      g_assert_cmpfloat_with_epsilon (g_array_index (samples, float, i)
              - g_array_index (samples, float, i - 1),
          1.0f / 8000.0f, 1e-6f);
    if (n == lengths[0]) {
      longest = MAX (longest, samples->len);
      shortest = MIN (shortest, samples->len);
    }
  }
  g_assert_cmpuint (longest, >, 7000);
  g_assert_cmpuint (shortest, <, 6000);
}

/* 2 s: a hum of the room, from 0.5 to 0.9 and from 1.0 to 1.4 a loud tone with
 * a pause that is part of it, and a click of 10 ms that is none. */
static void
test_voice (void)
{
  const guint rate = 16000, hop = 160, window = 400, n_frames = 198;
  g_autofree float *samples = g_new (float, 2 * rate);
  guint marks[198];

  for (guint i = 0; i < 2 * rate; i++) {
    double t = (double) i / rate;
    gboolean loud = (t >= 0.5 && t < 0.9) || (t >= 1.0 && t < 1.4)
        || (t >= 1.8 && t < 1.81);

    samples[i] = (float) ((loud ? 0.3 : 0.001) * sin (2 * G_PI * 300 * t));
  }
  voice_mark (samples, 2 * rate, window, hop, rate, n_frames, marks);
  for (guint i = 0; i < n_frames; i++) {
    double middle = (double) (i * hop + window / 2) / rate;

    /* Half a window, then 40 ms before and 100 ms behind. */
    if (middle < 0.5 - 0.06 || middle > 1.4 + 0.13)
      g_assert_cmpuint (marks[i], ==, 0);
    if (middle > 0.5 && middle < 1.4)
      g_assert_cmpuint (marks[i], ==, 1);
  }
  memset (samples, 0, 2 * rate * sizeof *samples);
  voice_mark (samples, 2 * rate, window, hop, rate, n_frames, marks);
  for (guint i = 0; i < n_frames; i++)
    g_assert_cmpuint (marks[i], ==, 0);
}

static void
test_masks (void)
{
  AudioAugment set = { .vocal_tract = { 1, 1 },
    .time_masks = { 2, 10 },
    .frequency_masks = { 1, 5 } };
  RnncLogMelConfig config
      = { .rate = 16000, .mels = 20, .fmin = 20, .fmax = 8000 };
  float features[100 * 20];

  for (guint trial = 0; trial < 50; trial++) {
    Random random = random_for (1, 2, trial);
    guint n_masked = 0;

    for (guint i = 0; i < G_N_ELEMENTS (features); i++)
      features[i] = 1;
    spectrum_augment (&set, &random, &config, features, 100);
    for (guint i = 0; i < G_N_ELEMENTS (features); i++)
      n_masked += features[i] == 0;
    g_assert_cmpuint (n_masked, <=, 2 * 10 * 20 + 5 * 100);
  }
}

static double
hertz_of_band (const RnncLogMelConfig *config, double band)
{
  double low = 1127 * log1p (config->fmin / 700);
  double high = 1127 * log1p (config->fmax / 700);

  return 700
      * expm1 ((low + (high - low) * (band + 1) / (config->mels + 1)) / 1127);
}

/* Features that are their band's number say where each came from. */
static void
test_vocal_tract (void)
{
  RnncLogMelConfig config
      = { .rate = 16000, .mels = 80, .fmin = 20, .fmax = 8000 };
  float features[3 * 80];

  for (double factor = 0.8; factor < 1.3; factor += 0.05) {
    AudioAugment set = { .vocal_tract = { factor, factor } };
    Random random = random_for (1, 2, 3);

    for (guint i = 0; i < G_N_ELEMENTS (features); i++)
      features[i] = (float) (i % 80);
    spectrum_augment (&set, &random, &config, features, 3);
    for (guint i = 0; i < G_N_ELEMENTS (features); i++) {
      double before = hertz_of_band (&config, i % 80);
      double from = hertz_of_band (&config, (double) features[i]);

      if (before * MAX (factor, 1) < 4800 && before * factor > 60)
        g_assert_cmpfloat_with_epsilon (from / before, factor, 1e-4);
      g_assert_true (i % 80 == 0 || features[i] >= features[i - 1]);
      g_assert_cmpfloat (features[i], <=, 79);
    }
    if (fabs (factor - 1) < 1e-9)
      g_assert_cmpfloat_with_epsilon (features[79], 79, 1e-4);
  }
}

#define NEUTRAL_VIDEO                                                          \
  {                                                                            \
    .zoom = { 1, 1 }, .contrast = { 1, 1 }, .speed = { 1, 1 }                  \
  }

static void
test_video_change (void)
{
  VideoAugment set = NEUTRAL_VIDEO;
  VideoChange change;
  Random random = random_for (1, 2, 3);
  guint8 source[4 * 6];
  guint16 target[4 * 6];

  for (guint i = 0; i < G_N_ELEMENTS (source); i++)
    source[i] = (guint8) (10 * i);
  video_change_draw (&set, &random, "left", 6, 4, &change);
  g_assert_true (video_change_is_neutral (&change));
  video_change_apply (&change, source, 6, 4, 1, target);
  for (guint i = 0; i < G_N_ELEMENTS (source); i++)
    g_assert_cmpuint (target[i], ==, source[i] * 257);

  set.mirror.probability = 1;
  video_change_draw (&set, &random, "left", 6, 4, &change);
  g_assert_true (change.mirror);
  video_change_apply (&change, source, 6, 4, 1, target);
  for (guint row = 0; row < 4; row++)
    for (guint column = 0; column < 6; column++)
      g_assert_cmpuint (target[6 * row + column], ==,
          source[6 * row + 5 - column] * 257);
}

/* Labels that are exchanged by a mirror and by time run backwards, and those
 * that neither may touch. */
static void
test_turns (void)
{
  g_autoptr (GHashTable) labels = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GHashTable) except = g_hash_table_new (g_str_hash, g_str_equal);
  VideoAugment set = NEUTRAL_VIDEO;
  VideoChange change;
  Random random = random_for (1, 2, 3);

  g_hash_table_insert (labels, (gpointer) "left", (gpointer) "right");
  g_hash_table_add (except, (gpointer) "tick");
  set.mirror = (VideoTurn){ 1, labels, NULL };
  set.reverse = (VideoTurn){ 1, NULL, except };
  video_change_draw (&set, &random, "left", 6, 4, &change);
  g_assert_true (change.mirror && change.reverse);
  g_assert_cmpstr (video_change_label (&set, &change, "left"), ==, "right");
  g_assert_cmpstr (video_change_label (&set, &change, "star"), ==, "star");
  video_change_draw (&set, &random, "tick", 6, 4, &change);
  g_assert_true (change.mirror && !change.reverse);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/augment/convolve", test_convolve);
  g_test_add_func ("/tools/augment/audio", test_audio_augment);
  g_test_add_func ("/tools/augment/crop", test_crop);
  g_test_add_func ("/tools/augment/channel", test_channel);
  g_test_add_func ("/tools/augment/masks", test_masks);
  g_test_add_func ("/tools/augment/vocal-tract", test_vocal_tract);
  g_test_add_func ("/tools/voice/mark", test_voice);
  g_test_add_func ("/tools/augment/video", test_video_change);
  g_test_add_func ("/tools/augment/turns", test_turns);
  return g_test_run ();
}
