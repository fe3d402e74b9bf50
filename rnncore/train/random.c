/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdint.h>

#include "rnncore/train/random.h"

/* Box and Muller. */
double
rnnc_random_gaussian (RnncRandom *random)
{
  double u = 1.0 - rnnc_random_uniform (random);
  double v = rnnc_random_uniform (random);
  return sqrt (-2.0 * log (u)) * cos (2.0 * G_PI * v);
}

RNNC_CLONES void
rnnc_random_dropout (guint64 key, double rate, gsize n, const real *x, real *y)
{
  uint32_t start = (uint32_t) (key ^ (key >> 32));
  uint32_t threshold = (uint32_t) MIN (rate * 4294967296.0, 4294967295.0);
  real scale = (real) (1.0 / (1.0 - rate));
  for (uint32_t i = 0; i < (uint32_t) n; i++) {
    uint32_t h = start + i * 0x9e3779b9u;
    h = (h ^ (h >> 16)) * 0x21f0aaadu;
    h = (h ^ (h >> 15)) * 0x735a2d97u;
    h ^= h >> 15;
    y[i] = h < threshold ? 0 : x[i] * scale;
  }
}
