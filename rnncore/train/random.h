/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Random numbers that repeat: each is a function of what it is for, so that
 * neither the number of workers nor a restart changes them, and the state of a
 * run is its seed and its step count. Mixing function: splitmix64 (Steele,
 * Lea and Flood 2014). */
#pragma once

#include <glib.h>

#include "rnncore/train/real.h"

G_BEGIN_DECLS

typedef struct {
  guint64 state;
} RnncRandom;

static inline guint64
rnnc_random_mix (guint64 x)
{
  x = (x ^ (x >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static inline guint64
rnnc_random_key (guint64 a, guint64 b)
{
  return rnnc_random_mix (
      a + rnnc_random_mix (b + G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)));
}

static inline guint64
rnnc_random_next (RnncRandom *random)
{
  random->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return rnnc_random_mix (random->state);
}

/* 0 <= x < 1 */
static inline double
rnnc_random_uniform (RnncRandom *random)
{
  return (double) (rnnc_random_next (random) >> 11) * 0x1.0p-53;
}

double rnnc_random_gaussian (RnncRandom *random);

/**
 * rnnc_random_dropout:
 * @key: what makes this row's numbers its own
 *
 * y = x / (1 - rate) or 0, with probability @rate; y may be x.
 */
void
rnnc_random_dropout (guint64 key, double rate, gsize n, const real *x, real *y);

G_END_DECLS
