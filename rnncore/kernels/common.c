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
