/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include <glib.h>

#include "rnncore/rnnc-frontend.h"

static const RnncLogMelConfig speech = {
  .rate = 16000,
  .window = 400,
  .hop = 160,
  .fft = 512,
  .mels = 80,
  .fmin = 20,
  .fmax = 8000,
  .floor = 1e-6,
};

static const RnncLogMelConfig narrow = {
  .rate = 8000,
  .window = 150,
  .hop = 200,
  .fft = 180,
  .mels = 13,
  .fmin = 100,
  .fmax = 3500,
  .floor = 1e-5,
};

static const RnncLogMelConfig *const configs[] = { &speech, &narrow };

/* Noise with tones, loud and quiet parts. */
static float *
make_signal (gsize n, guint rate, guint32 seed)
{
  GRand *rand = g_rand_new_with_seed (seed);
  float *samples = g_new (float, n);

  for (gsize i = 0; i < n; i++) {
    double envelope = i / 777 % 3 == 0 ? 0.001 : 0.5;
    double t = (double) i / rate;

    samples[i] = (float) (envelope
        * (0.6 * sin (2 * G_PI * 440 * t) + 0.3 * sin (2 * G_PI * 1234 * t)
            + 0.1 * g_rand_double_range (rand, -1, 1)));
  }
  g_rand_free (rand);
  return samples;
}

static double
mel_of (double f)
{
  return 2595.0 * log10 (1.0 + f / 700.0);
}

/* The definition, slowly and in double: DFT, power, triangles, log. */
static void
reference_frame (const RnncLogMelConfig *config, const float *samples,
    gsize n_samples, gsize start, double *frame)
{
  guint n_bins = config->fft / 2 + 1;
  double *power = g_new (double, n_bins);
  double low = mel_of (config->fmin);
  double step = (mel_of (config->fmax) - low) / (config->mels + 1);

  for (guint k = 0; k < n_bins; k++) {
    double re = 0, im = 0;

    for (guint i = 0; i < config->window && start + i < n_samples; i++) {
      double hann = 0.5 - 0.5 * cos (2 * G_PI * i / config->window);
      double angle = -2 * G_PI * ((guint64) k * i % config->fft) / config->fft;

      re += hann * samples[start + i] * cos (angle);
      im += hann * samples[start + i] * sin (angle);
    }
    power[k] = re * re + im * im;
  }
  for (guint m = 0; m < config->mels; m++) {
    double sum = 0;

    for (guint k = 0; k < n_bins; k++) {
      double mel = mel_of ((double) k * config->rate / config->fft);
      double distance = fabs (mel - (low + (m + 1) * step)) / step;

      sum += MAX (0.0, 1.0 - distance) * power[k];
    }
    frame[m] = log (sum + config->floor);
    if (config->mean)
      frame[m] = (frame[m] - config->mean[m]) / config->deviation[m];
  }
  g_free (power);
}

/* Pushes in pieces of @chunk (0: random ones), checking every count. */
static gsize
run_chunked (const RnncLogMelConfig *config, const float *samples, gsize n,
    gsize chunk, float **frames)
{
  RnncLogMel *mel = rnnc_log_mel_new (config);
  GRand *rand = g_rand_new_with_seed ((guint32) n + 1);
  guint room = (guint) (n / config->hop) + 2;
  gsize total = 0;

  *frames = g_new0 (float, (gsize) room * config->mels);
  for (gsize i = 0; i < n;) {
    gsize size = chunk ? chunk : (gsize) g_rand_int_range (rand, 0, 1000);
    gsize expected, got;

    size = MIN (size, n - i);
    expected = rnnc_log_mel_pending (mel, size);
    got = rnnc_log_mel_push (mel, samples + i, size,
        *frames + total * config->mels);
    g_assert_cmpuint (got, ==, expected);
    total += got;
    i += size;
  }
  total += rnnc_log_mel_flush (mel, *frames + total * config->mels);
  g_assert_cmpuint (total, <=, room);
  g_rand_free (rand);
  rnnc_log_mel_free (mel);
  return total;
}

static void
test_reference (void)
{
  for (guint c = 0; c < G_N_ELEMENTS (configs); c++) {
    RnncLogMelConfig config = *configs[c];
    gsize n = 4321;
    float *samples = make_signal (n, config.rate, 7);
    double *expected = g_new (double, config.mels);
    float *frames;
    gsize n_frames;

    config.mean = g_new (float, config.mels);
    config.deviation = g_new (float, config.mels);
    for (guint m = 0; m < config.mels; m++) {
      config.mean[m] = -2.0f + 0.05f * (float) m;
      config.deviation[m] = 1.5f + 0.01f * (float) m;
    }
    n_frames = run_chunked (&config, samples, n, n, &frames);
    for (gsize t = 0; t < n_frames; t++) {
      reference_frame (&config, samples, n, t * config.hop, expected);
      for (guint m = 0; m < config.mels; m++)
        g_assert_cmpfloat_with_epsilon (frames[t * config.mels + m],
            expected[m], 2e-4);
    }
    g_free (config.mean);
    g_free (config.deviation);
    g_free (expected);
    g_free (frames);
    g_free (samples);
  }
}

static void
test_chunks (void)
{
  static const gsize chunks[] = { 1, 7, 159, 160, 161, 400, 401, 1000, 0 };

  for (guint c = 0; c < G_N_ELEMENTS (configs); c++) {
    gsize n = 3007;
    float *samples = make_signal (n, configs[c]->rate, 3);
    float *whole;
    gsize n_whole = run_chunked (configs[c], samples, n, n, &whole);

    for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
      float *frames;
      gsize n_frames = run_chunked (configs[c], samples, n, chunks[i], &frames);

      g_assert_cmpmem (frames, n_frames * configs[c]->mels * sizeof (float),
          whole, n_whole * configs[c]->mels * sizeof (float));
      g_free (frames);
    }
    g_free (whole);
    g_free (samples);
  }
}

static void
test_flush_counts (void)
{
  static const struct {
    gsize n_samples;
    gsize n_frames;
  } cases[] = {
    { 0, 0 },
    { 1, 1 },
    { 159, 1 },
    { 161, 1 },
    { 399, 1 },
    { 400, 1 },
    { 401, 2 },
    { 559, 2 },
    { 560, 2 },
    { 561, 3 },
    { 719, 3 },
    { 720, 3 },
    { 721, 4 },
    { 16000, 99 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    float *samples = make_signal (cases[i].n_samples + 1, 16000, 5);
    float *frames;

    g_assert_cmpuint (run_chunked (&speech, samples, cases[i].n_samples, 100,
                          &frames),
        ==, cases[i].n_frames);
    g_free (frames);
    g_free (samples);
  }
}

/* The samples behind the last whole window count. */
static void
test_flush_keeps_the_tail (void)
{
  gsize n = 400 + 160 - 1;
  float *samples = make_signal (n, 16000, 11);
  double expected[80];
  float *frames;

  g_assert_cmpuint (run_chunked (&speech, samples, n, n, &frames), ==, 2);
  reference_frame (&speech, samples, n, 160, expected);
  for (guint m = 0; m < 80; m++)
    g_assert_cmpfloat_with_epsilon (frames[80 + m], expected[m], 2e-4);
  g_free (frames);
  g_free (samples);
}

static void
test_silence (void)
{
  float samples[960] = { 0 };
  float *frames;
  gsize n_frames = run_chunked (&speech, samples, 960, 960, &frames);

  g_assert_cmpuint (n_frames, ==, 5);
  for (gsize i = 0; i < n_frames * 80; i++)
    g_assert_cmpfloat (frames[i], ==, logf (1e-6f));
  g_free (frames);
}

static void
test_not_finite (void)
{
  gsize n = 2000;
  float *dirty = make_signal (n, 16000, 9), *clean = g_new (float, n);
  float *dirty_frames, *clean_frames;
  gsize n_dirty, n_clean;

  dirty[3] = NAN;
  dirty[500] = INFINITY;
  dirty[501] = -INFINITY;
  memcpy (clean, dirty, n * sizeof (float));
  clean[3] = clean[500] = clean[501] = 0.0f;
  n_dirty = run_chunked (&speech, dirty, n, 50, &dirty_frames);
  n_clean = run_chunked (&speech, clean, n, 50, &clean_frames);
  g_assert_cmpmem (dirty_frames, n_dirty * 80 * sizeof (float), clean_frames,
      n_clean * 80 * sizeof (float));
  g_free (dirty_frames);
  dirty[700] = 3e38f;
  dirty[701] = -3e38f;
  n_dirty = run_chunked (&speech, dirty, n, 50, &dirty_frames);
  for (gsize i = 0; i < n_dirty * 80; i++)
    g_assert_true (isfinite (dirty_frames[i]));
  g_free (dirty_frames);
  g_free (clean_frames);
  g_free (dirty);
  g_free (clean);
}

/* What was pushed before a reset or flush leaves no trace. */
static void
test_reset (void)
{
  RnncLogMel *mel = rnnc_log_mel_new (&narrow);
  float *samples = make_signal (1000, 8000, 2);
  float *expected, *frames = g_new (float, 8 * 13);
  gsize n_expected = run_chunked (&narrow, samples, 700, 700, &expected);

  for (guint i = 0; i < 2; i++) {
    gsize n = rnnc_log_mel_push (mel, samples + 40, 160 + 300 * i, frames);

    if (i == 0)
      rnnc_log_mel_reset (mel);
    else
      rnnc_log_mel_flush (mel, frames + n * 13);
    n = rnnc_log_mel_push (mel, samples, 700, frames);
    n += rnnc_log_mel_flush (mel, frames + n * 13);
    g_assert_cmpmem (frames, n * 13 * sizeof (float), expected,
        n_expected * 13 * sizeof (float));
  }
  g_free (expected);
  g_free (frames);
  g_free (samples);
  rnnc_log_mel_free (mel);
}

/* Words of 0.2 s, as long apart, of a tone of @decibels from full scale; soft
 * noise beneath. */
static float *
make_words (gsize n, double decibels)
{
  GRand *rand = g_rand_new_with_seed (7);
  float *samples = g_new (float, n);

  for (gsize i = 0; i < n; i++) {
    double word = i / 3200 % 2 * sqrt (2) * pow (10, decibels / 20);

    samples[i] = (float) (word * sin (2 * G_PI * 700 * (double) i / 16000)
        + 1e-5 * g_rand_double_range (rand, -1, 1));
  }
  g_rand_free (rand);
  return samples;
}

/* Soft words come to -48 dB, loud ones stay bit for bit, and both at once where
 * somebody speaks up. */
static void
test_raise_quiet (void)
{
  const gsize n = 8 * 16000, loud_from = 6 * 16000;
  const guint late = 550, band = 20; /* a frame within the last soft word */
  RnncLogMelConfig raising = speech;
  float *samples = make_words (n, -68), *loud = make_words (n, -20);
  float *plain, *raised, *pieces;
  gsize n_frames;

  raising.raise_quiet = TRUE;
  memcpy (samples + loud_from, loud + loud_from,
      (n - loud_from) * sizeof *samples);
  n_frames = run_chunked (&speech, samples, n, n, &plain);
  g_assert_cmpuint (run_chunked (&raising, samples, n, n, &raised), ==,
      n_frames);
  g_assert_cmpuint (run_chunked (&raising, samples, n, 0, &pieces), ==,
      n_frames);
  g_assert_cmpmem (raised, n_frames * 80 * sizeof (float), pieces,
      n_frames * 80 * sizeof (float));
  /* Not before half a word was heard. */
  g_assert_cmpmem (raised, 25 * 80 * sizeof (float), plain,
      25 * 80 * sizeof (float));
  g_assert_cmpfloat_with_epsilon ((raised[late * 80 + band]
                                      - plain[late * 80 + band])
          * 10 / log (10),
      20, 1.5);
  /* A loud word from its first frame on, after soft ones. */
  g_assert_cmpmem (raised + 620 * 80, 10 * 80 * sizeof (float),
      plain + 620 * 80, 10 * 80 * sizeof (float));
  g_free (plain);
  g_free (raised);
  g_free (pieces);

  run_chunked (&speech, loud, n, n, &plain);
  run_chunked (&raising, loud, n, n, &raised);
  g_assert_cmpmem (raised, n_frames * 80 * sizeof (float), plain,
      n_frames * 80 * sizeof (float));
  g_free (plain);
  g_free (raised);
  g_free (samples);
  g_free (loud);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/frontend/log-mel/reference", test_reference);
  g_test_add_func ("/frontend/log-mel/chunks", test_chunks);
  g_test_add_func ("/frontend/log-mel/flush-counts", test_flush_counts);
  g_test_add_func ("/frontend/log-mel/flush-keeps-the-tail",
      test_flush_keeps_the_tail);
  g_test_add_func ("/frontend/log-mel/silence", test_silence);
  g_test_add_func ("/frontend/log-mel/not-finite", test_not_finite);
  g_test_add_func ("/frontend/log-mel/reset", test_reset);
  g_test_add_func ("/frontend/log-mel/raise-quiet", test_raise_quiet);
  return g_test_run ();
}
