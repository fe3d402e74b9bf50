/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is the same on every processor. */
#include <math.h>
#include <string.h>

#include "rnncore/kernels/kernels.h"

size_t
rnnc_packed_size (size_t n, size_t k)
{
  return (n + RNNC_PANEL - 1) / RNNC_PANEL * RNNC_PANEL * k;
}

void
rnnc_pack_weights (const float *w, size_t ldw, size_t n, size_t k,
    float *packed)
{
  memset (packed, 0, rnnc_packed_size (n, k) * sizeof *packed);
  for (size_t row = 0; row < n; row++) {
    float *panel = packed + row / RNNC_PANEL * RNNC_PANEL * k;

    for (size_t i = 0; i < k; i++)
      panel[i * RNNC_PANEL + row % RNNC_PANEL] = w[row * ldw + i];
  }
}

/* 1 where 16 bits hold the finite @value exactly. */
static int
half_of (float value, uint16_t *half)
{
  uint32_t bits, fraction;
  int exponent, shift = 13;

  memcpy (&bits, &value, sizeof bits);
  *half = (uint16_t) (bits >> 16 & 0x8000);
  if (value == 0)
    return 1;
  fraction = bits & 0x7fffff;
  exponent = (int) (bits >> 23 & 0xff) - 127 + 15;
  if (exponent > 30 || exponent < -9)
    return 0;
  if (exponent < 1) { /* a multiple of 2^-24 */
    fraction |= 0x800000;
    shift += 1 - exponent;
    exponent = 0;
  }
  *half |= (uint16_t) (exponent << 10) | (uint16_t) (fraction >> shift);
  return (fraction & ((1u << shift) - 1)) == 0;
}

int
rnnc_halve (const float *values, size_t n, uint16_t *halves)
{
  for (size_t i = 0; i < n; i++)
    if (!half_of (values[i], halves + i))
      return 0;
  return 1;
}

float
rnnc_float_of_half (uint16_t half)
{
  uint32_t sign = (uint32_t) (half & 0x8000) << 16;
  uint32_t exponent = half >> 10 & 0x1f, fraction = half & 0x3ff, bits;
  float value;

  if (exponent == 0) {
    value = (float) fraction * 0x1p-24f;
    return sign != 0 ? -value : value;
  }
  exponent = exponent == 31 ? 255 : exponent + 127 - 15;
  bits = sign | exponent << 23 | fraction << 13;
  memcpy (&value, &bits, sizeof value);
  return value;
}

size_t
rnnc_packed_int8_size (size_t n, size_t k)
{
  return (n + RNNC_PANEL - 1) / RNNC_PANEL * RNNC_PANEL * ((k + 3) / 4 * 4);
}

void
rnnc_pack_int8 (const int8_t *w, size_t n, size_t k, int8_t *packed,
    int32_t *sums)
{
  size_t n_panels = (n + RNNC_PANEL - 1) / RNNC_PANEL;
  size_t inputs = (k + 3) / 4 * 4;

  memset (packed, 0, rnnc_packed_int8_size (n, k));
  memset (sums, 0, n_panels * RNNC_PANEL * sizeof *sums);
  for (size_t row = 0; row < n; row++) {
    size_t panel = row / RNNC_PANEL, first = panel / RNNC_GROUP * RNNC_GROUP;
    size_t width
        = n_panels - first < RNNC_GROUP ? n_panels - first : RNNC_GROUP;
    int8_t *to = packed + first * RNNC_PANEL * inputs
        + ((panel - first) * RNNC_PANEL + row % RNNC_PANEL) * 4;

    for (size_t i = 0; i < k; i++) {
      to[i / 4 * width * RNNC_PANEL * 4 + i % 4] = w[row * k + i];
      sums[row] += 128 * w[row * k + i];
    }
  }
}

static float
largest (const float *x, size_t n)
{
  float found = x[0];

  for (size_t i = 1; i < n; i++)
    found = x[i] > found ? x[i] : found;
  return found;
}

void
rnnc_softmax (float *x, size_t n)
{
  float top, sum = 0;

  if (n == 0)
    return;
  top = largest (x, n);
  for (size_t i = 0; i < n; i++) {
    x[i] = expf (x[i] - top);
    sum += x[i];
  }
  for (size_t i = 0; i < n; i++)
    x[i] /= sum;
}

void
rnnc_log_softmax (float *x, size_t n)
{
  float top, sum = 0, shift;

  if (n == 0)
    return;
  top = largest (x, n);
  for (size_t i = 0; i < n; i++)
    sum += expf (x[i] - top);
  shift = top + logf (sum);
  for (size_t i = 0; i < n; i++)
    x[i] -= shift;
}
