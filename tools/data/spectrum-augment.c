/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "tools/data/augment.h"

/* --- vocal tracts --------------------------------------------------------- */

static double
mel_from_hertz (double hertz)
{
  return 1127.0 * log1p (hertz / 700.0);
}

static double
hertz_from_mel (double mel)
{
  return 700.0 * expm1 (mel / 1127.0);
}

/* Vocal tract length perturbation (Jaitly and Hinton 2013): in proportion up to
 * where most formants are below, then straight to half the rate. */
static double
warp (double hertz, double factor, double half_rate)
{
  double bend = 0.6 * half_rate * MIN (factor, 1.0);

  if (hertz <= bend / factor)
    return hertz * factor;
  return half_rate
      - (half_rate - bend) / (half_rate - bend / factor) * (half_rate - hertz);
}

/* Each band gets what a speaker with a longer or shorter vocal tract has there:
 * between two bands, linearly. */
static void
warp_bands (const RnncLogMelConfig *config, double factor, float *features,
    gsize n_frames)
{
  guint n = config->mels;
  double low = mel_from_hertz (config->fmin);
  double step = (mel_from_hertz (config->fmax) - low) / (n + 1);
  g_autofree double *from = g_new (double, n);
  g_autofree float *old = g_new (float, n);

  for (guint band = 0; band < n; band++) {
    double hertz = hertz_from_mel (low + step * (band + 1));
    double mel = mel_from_hertz (warp (hertz, factor, config->rate / 2.0));

    from[band] = CLAMP ((mel - low) / step - 1, 0, n - 1);
  }
  for (gsize t = 0; t < n_frames; t++, features += n) {
    memcpy (old, features, n * sizeof *old);
    for (guint band = 0; band < n; band++) {
      guint below = (guint) from[band];
      guint above = MIN (below + 1, n - 1);
      float share = (float) (from[band] - below);

      features[band] = old[below] + share * (old[above] - old[below]);
    }
  }
}

/* --- masks ---------------------------------------------------------------- */

static void
mask_bands (const MaskSettings *masks, Random *random, float *features,
    gsize n_frames, guint n_bands)
{
  for (guint i = 0; i < masks->count; i++) {
    guint width = random_index (random, MIN (masks->width, n_bands) + 1);
    guint first = random_index (random, n_bands - width + 1);

    for (gsize t = 0; t < n_frames; t++)
      memset (features + t * n_bands + first, 0, width * sizeof *features);
  }
}

static void
mask_frames (const MaskSettings *masks, Random *random, float *features,
    gsize n_frames, guint n_bands)
{
  for (guint i = 0; i < masks->count; i++) {
    /* Never more than a fifth of a short utterance. */
    guint most = (guint) MIN (masks->width, n_frames / 5);
    guint width = random_index (random, most + 1);
    gsize first
        = (gsize) (random_unit (random) * (double) (n_frames - width + 1));

    memset (features + first * n_bands, 0,
        (gsize) width * n_bands * sizeof *features);
  }
}

void
spectrum_augment (const AudioAugment *settings, Random *random,
    const RnncLogMelConfig *config, float *features, gsize n_frames)
{
  const double *factors = settings->vocal_tract;

  if (factors[0] != factors[1] || factors[0] != 1)
    warp_bands (config, random_between (random, factors[0], factors[1]),
        features, n_frames);
  mask_bands (&settings->frequency_masks, random, features, n_frames,
      config->mels);
  mask_frames (&settings->time_masks, random, features, n_frames, config->mels);
}
