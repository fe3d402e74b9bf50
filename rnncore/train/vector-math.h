/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * exp, log, sigmoid and tanh without branches, so that loops over them become
 * vector code. Relative error of exp and log below 3e-7 (range reduction and
 * polynomials of Cephes' expf and logf, S. Moshier); sigmoid and tanh have
 * that as their absolute error. In double the C library's own. */
#pragma once

#include <math.h>
#include <stdint.h>

#include "rnncore/train/real.h"

G_BEGIN_DECLS

#ifdef RNNC_REAL_DOUBLE

static inline real
rnnc_exp (real x)
{
  return exp (x);
}

static inline real
rnnc_log (real x)
{
  return log (x);
}

static inline real
rnnc_sigmoid (real x)
{
  return 1 / (1 + exp (-x));
}

static inline real
rnnc_tanh (real x)
{
  return tanh (x);
}

#else

static inline float
rnnc_float_of_bits (int32_t bits)
{
  float value;
  memcpy (&value, &bits, sizeof value);
  return value;
}

static inline int32_t
rnnc_bits_of_float (float value)
{
  int32_t bits;
  memcpy (&bits, &value, sizeof bits);
  return bits;
}

/* NaN stays NaN; results below 1e-38 become 1.2e-38. */
static inline __attribute__ ((always_inline)) real
rnnc_exp (real x)
{
  const float rounder = 12582912.0f; /* 1.5 * 2^23: adding it rounds */
  x = x > 88.0f ? 88.0f : x;
  x = x < -87.0f ? -87.0f : x;
  float shifted = x * 1.44269504088896341f + rounder;
  float n = shifted - rounder;
  float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  uint32_t exponent
      = (uint32_t) rnnc_bits_of_float (shifted) - 0x4b400000u + 127u;
  return p * rnnc_float_of_bits ((int32_t) (exponent << 23));
}

/* For normal positive numbers. */
static inline __attribute__ ((always_inline)) real
rnnc_log (real x)
{
  /* Mantissa into [sqrt (1/2), sqrt (2)). */
  int32_t bits = rnnc_bits_of_float (x);
  int32_t offset = bits - 0x3f3504f3;
  int32_t exponent = offset >> 23;
  float m = rnnc_float_of_bits ((offset & 0x7fffff) + 0x3f3504f3);
  float e = (float) exponent;
  float r = m - 1.0f;
  float z = r * r;
  float p = 7.0376836292e-2f;
  p = p * r - 1.1514610310e-1f;
  p = p * r + 1.1676998740e-1f;
  p = p * r - 1.2420140846e-1f;
  p = p * r + 1.4249322787e-1f;
  p = p * r - 1.6668057665e-1f;
  p = p * r + 2.0000714765e-1f;
  p = p * r - 2.4999993993e-1f;
  p = p * r + 3.3333331174e-1f;
  float y = p * r * z + e * -2.12194440e-4f - 0.5f * z;
  return r + y + e * 0.693359375f;
}

static inline __attribute__ ((always_inline)) real
rnnc_sigmoid (real x)
{
  return 1.0f / (1.0f + rnnc_exp (-x));
}

static inline __attribute__ ((always_inline)) real
rnnc_tanh (real x)
{
  return 1.0f - 2.0f / (1.0f + rnnc_exp (2.0f * x));
}

#endif

G_END_DECLS
