/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include <kiss_fftr.h>

#include "rnncore/frontend/level.h"
#include "rnncore/rnnc-frontend.h"

/* Keeps power and logarithm finite whatever a caller pushes. */
#define MAX_SAMPLE 65536.0f

/* A triangle over the bins first … first + n - 1 of the power spectrum. */
typedef struct {
  guint first;
  guint n;
  const float *weights;
} MelBand;

struct _RnncLogMel {
  guint window;
  guint hop;
  guint n_mels;
  guint n_bins;
  float floor;
  gboolean normalised;
  gboolean raises_quiet;
  double hop_seconds;

  float *hann;    /* [window] */
  float *mean;    /* [mels] */
  float *inverse; /* [mels]: 1 / deviation */
  MelBand *bands; /* [mels] */
  float *weights; /* of all bands, one after another */
  kiss_fftr_cfg fft;
  float *windowed;        /* [fft], zeros behind the window */
  kiss_fft_cpx *spectrum; /* [n_bins] */
  float *power;           /* [n_bins] */

  float *samples; /* [window]: of the frame that is being filled */
  guint filled;
  guint skip;  /* to drop before the next frame, where hop > window */
  gsize fresh; /* since the last whole window */
  RnncLevel level;
};

static double
mel_from_hertz (double hertz)
{
  return 1127.0 * log1p (hertz / 700.0);
}

/* Height at @mel of the triangle from @left over @centre to @right. */
static double
triangle_weight (double mel, double left, double centre, double right)
{
  if (mel <= left || mel >= right)
    return 0.0;
  if (mel <= centre)
    return (mel - left) / (centre - left);
  return (right - mel) / (right - centre);
}

static void
make_bands (RnncLogMel *mel, const RnncLogMelConfig *config)
{
  double low = mel_from_hertz (config->fmin);
  double step = (mel_from_hertz (config->fmax) - low) / (config->mels + 1);
  double bin_width = (double) config->rate / config->fft;
  float *weights;

  /* A bin lies in two triangles at most. */
  mel->bands = g_new0 (MelBand, config->mels);
  mel->weights = g_new0 (float, 2 * (gsize) mel->n_bins);
  weights = mel->weights;
  for (guint m = 0; m < config->mels; m++) {
    MelBand *band = &mel->bands[m];
    double left = low + m * step;

    band->weights = weights;
    for (guint k = 0; k < mel->n_bins; k++) {
      double weight = triangle_weight (mel_from_hertz (k * bin_width), left,
          left + step, left + 2 * step);

      if (weight <= 0.0)
        continue;
      if (band->n == 0)
        band->first = k;
      weights[band->n++] = (float) weight;
    }
    weights += band->n;
  }
  g_assert ((gsize) (weights - mel->weights) <= 2 * (gsize) mel->n_bins);
}

static void
make_normalisation (RnncLogMel *mel, const RnncLogMelConfig *config)
{
  mel->normalised = config->mean || config->deviation;
  mel->mean = g_new0 (float, config->mels);
  mel->inverse = g_new (float, config->mels);
  for (guint m = 0; m < config->mels; m++) {
    if (config->mean)
      mel->mean[m] = config->mean[m];
    mel->inverse[m] = config->deviation ? 1.0f / config->deviation[m] : 1.0f;
  }
}

RnncLogMel *
rnnc_log_mel_new (const RnncLogMelConfig *config)
{
  RnncLogMel *mel;

  g_return_val_if_fail (config != NULL, NULL);
  g_return_val_if_fail (config->window > 0 && config->hop > 0, NULL);
  g_return_val_if_fail (config->fft >= config->window, NULL);
  g_return_val_if_fail (config->fft % 2 == 0, NULL);
  g_return_val_if_fail (config->mels > 0 && config->fmin < config->fmax, NULL);

  mel = g_new0 (RnncLogMel, 1);
  mel->window = config->window;
  mel->hop = config->hop;
  mel->n_mels = config->mels;
  mel->n_bins = config->fft / 2 + 1;
  mel->floor = (float) config->floor;
  mel->raises_quiet = config->raise_quiet;
  mel->hop_seconds = (double) config->hop / config->rate;
  rnnc_level_init (&mel->level, mel->hop_seconds);
  mel->hann = g_new (float, config->window);
  for (guint i = 0; i < config->window; i++)
    mel->hann[i] = (float) (0.5 - 0.5 * cos (2.0 * G_PI * i / config->window));
  make_normalisation (mel, config);
  make_bands (mel, config);
  mel->fft = kiss_fftr_alloc ((int) config->fft, 0, NULL, NULL);
  g_assert (mel->fft != NULL);
  mel->windowed = g_new0 (float, config->fft);
  mel->spectrum = g_new0 (kiss_fft_cpx, mel->n_bins);
  mel->power = g_new0 (float, mel->n_bins);
  mel->samples = g_new0 (float, config->window);
  return mel;
}

void
rnnc_log_mel_free (RnncLogMel *mel)
{
  if (mel == NULL)
    return;
  g_free (mel->hann);
  g_free (mel->mean);
  g_free (mel->inverse);
  g_free (mel->bands);
  g_free (mel->weights);
  kiss_fftr_free (mel->fft);
  g_free (mel->windowed);
  g_free (mel->spectrum);
  g_free (mel->power);
  g_free (mel->samples);
  g_free (mel);
}

void
rnnc_log_mel_reset (RnncLogMel *mel)
{
  g_return_if_fail (mel != NULL);

  mel->filled = 0;
  mel->skip = 0;
  mel->fresh = 0;
  rnnc_level_init (&mel->level, mel->hop_seconds);
}

gsize
rnnc_log_mel_pending (const RnncLogMel *mel, gsize n_samples)
{
  g_return_val_if_fail (mel != NULL, 0);

  if (n_samples < mel->skip)
    return 0;
  n_samples += mel->filled;
  n_samples -= mel->skip;
  if (n_samples < mel->window)
    return 0;
  return (n_samples - mel->window) / mel->hop + 1;
}

/* The frame of the window that is in @mel->samples. */
static void
compute_frame (RnncLogMel *mel, float *frame)
{
  float factor = mel->raises_quiet
      ? rnnc_level_push (&mel->level, mel->samples, mel->window)
      : 1.0f;

  for (guint i = 0; i < mel->window; i++)
    mel->windowed[i] = mel->samples[i] * mel->hann[i];
  kiss_fftr (mel->fft, mel->windowed, mel->spectrum);
  for (guint k = 0; k < mel->n_bins; k++)
    mel->power[k] = mel->spectrum[k].r * mel->spectrum[k].r
        + mel->spectrum[k].i * mel->spectrum[k].i;
  for (guint m = 0; m < mel->n_mels; m++) {
    const MelBand *band = &mel->bands[m];
    float sum = 0.0f;

    for (guint k = 0; k < band->n; k++)
      sum += band->weights[k] * mel->power[band->first + k];
    frame[m] = logf (factor * sum + mel->floor);
  }
  if (!mel->normalised)
    return;
  for (guint m = 0; m < mel->n_mels; m++)
    frame[m] = (frame[m] - mel->mean[m]) * mel->inverse[m];
}

/* Moves on by a hop after a whole window. */
static void
advance (RnncLogMel *mel)
{
  if (mel->hop < mel->window) {
    mel->filled = mel->window - mel->hop;
    memmove (mel->samples, mel->samples + mel->hop,
        mel->filled * sizeof (float));
  } else {
    mel->filled = 0;
    mel->skip = mel->hop - mel->window;
  }
  mel->fresh = 0;
}

static inline float
sane_sample (float sample)
{
  if (!isfinite (sample))
    return 0.0f;
  return CLAMP (sample, -MAX_SAMPLE, MAX_SAMPLE);
}

gsize
rnnc_log_mel_push (RnncLogMel *mel, const float *samples, gsize n_samples,
    float *frames)
{
  gsize n_frames = 0;

  g_return_val_if_fail (mel != NULL, 0);
  g_return_val_if_fail (samples != NULL || n_samples == 0, 0);

  while (n_samples > 0) {
    gsize n = mel->skip > 0 ? mel->skip : mel->window - mel->filled;

    n = MIN (n, n_samples);
    mel->fresh += n;
    if (mel->skip > 0) {
      mel->skip -= (guint) n;
    } else {
      for (gsize i = 0; i < n; i++)
        mel->samples[mel->filled + i] = sane_sample (samples[i]);
      mel->filled += (guint) n;
    }
    samples += n;
    n_samples -= n;
    if (mel->filled == mel->window) {
      compute_frame (mel, frames + n_frames * mel->n_mels);
      n_frames++;
      advance (mel);
    }
  }
  return n_frames;
}

gsize
rnnc_log_mel_flush (RnncLogMel *mel, float *frames)
{
  gsize n_frames = 0;

  g_return_val_if_fail (mel != NULL, 0);

  if (mel->fresh > 0) {
    memset (mel->samples + mel->filled, 0,
        (mel->window - mel->filled) * sizeof (float));
    compute_frame (mel, frames);
    n_frames = 1;
  }
  rnnc_log_mel_reset (mel);
  return n_frames;
}
