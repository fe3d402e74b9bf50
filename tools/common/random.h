/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Random numbers that are functions of a key (SplitMix64, Steele et al. 2014):
 * what is drawn for one utterance in one epoch depends on nothing else, so
 * that the order of threads changes nothing. */
#pragma once

#include <glib.h>
#include <math.h>

typedef struct {
  guint64 state;
} Random;

static inline guint64
random_next (Random *random)
{
  guint64 z = (random->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* A generator for (seed, purpose, item). */
static inline Random
random_for (guint64 seed, guint64 purpose, guint64 item)
{
  Random random = { seed };

  random.state = random_next (&random) ^ purpose;
  random.state = random_next (&random) ^ item;
  random_next (&random);
  return random;
}

/* 0 <= x < 1 */
static inline double
random_unit (Random *random)
{
  return (double) (random_next (random) >> 11) * 0x1p-53;
}

static inline double
random_between (Random *random, double low, double high)
{
  return low + (high - low) * random_unit (random);
}

/* 0 … n - 1; n > 0 */
static inline guint
random_index (Random *random, guint n)
{
  return (guint) (random_unit (random) * n);
}

/* Mean 0, deviation 1 (Box and Muller 1958). */
static inline double
random_normal (Random *random)
{
  double u = 1.0 - random_unit (random);

  return sqrt (-2.0 * log (u)) * cos (2.0 * G_PI * random_unit (random));
}

/* Fisher and Yates. */
static inline void
random_shuffle (Random *random, guint *values, guint n)
{
  for (guint i = n; i > 1; i--) {
    guint j = random_index (random, i);
    guint value = values[i - 1];

    values[i - 1] = values[j];
    values[j] = value;
  }
}
