/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The C twins: what each kernel means, on any processor. */
#include <math.h>

#include "rnncore/kernels/kernels.h"

static float
sigmoid (float x)
{
  return 1.0f / (1.0f + expf (-x));
}

static void
map_sigmoid (float *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    x[i] = sigmoid (x[i]);
}

static void
map_tanh (float *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    x[i] = tanhf (x[i]);
}

static void
map_relu (float *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    x[i] = x[i] <= 0 ? 0 : x[i];
}

static void
scale_shift (float *x, const float *scale, const float *shift, size_t n)
{
  for (size_t i = 0; i < n; i++)
    x[i] = x[i] * scale[i] + shift[i];
}

static void
add (float *sum, const float *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    sum[i] += x[i];
}

static void
lstm (const float *gates, float *c, float *h, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    float input = sigmoid (gates[i]);
    float forget = sigmoid (gates[n + i]);
    float cell = tanhf (gates[2 * n + i]);
    float output = sigmoid (gates[3 * n + i]);

    c[i] = forget * c[i] + input * cell;
    h[i] = output * tanhf (c[i]);
  }
}

static void
gru (const float *input, const float *hidden, float *h, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    float reset = sigmoid (input[i] + hidden[i]);
    float update = sigmoid (input[n + i] + hidden[n + i]);
    float fresh = tanhf (input[2 * n + i] + reset * hidden[2 * n + i]);

    h[i] = update * (h[i] - fresh) + fresh;
  }
}

/* One row, one panel, of which the first @n outputs are wanted. */
static void
panel (const float *packed, const float *bias, const float *x, float *y,
    size_t n, size_t k, int accumulate)
{
  float sum[RNNC_PANEL] = { 0 };

  for (size_t j = 0; j < n; j++)
    sum[j] = (bias != NULL ? bias[j] : 0) + (accumulate ? y[j] : 0);
  for (size_t i = 0; i < k; i++)
    for (size_t j = 0; j < RNNC_PANEL; j++)
      sum[j] += packed[i * RNNC_PANEL + j] * x[i];
  for (size_t j = 0; j < n; j++)
    y[j] = sum[j];
}

static void
matmul (const float *packed, const float *bias, const float *x, size_t ldx,
    float *y, size_t ldy, size_t m, size_t n, size_t k, int accumulate)
{
  for (size_t column = 0; column < n; column += RNNC_PANEL) {
    size_t width = n - column < RNNC_PANEL ? n - column : RNNC_PANEL;

    for (size_t row = 0; row < m; row++)
      panel (packed + column * k, bias != NULL ? bias + column : NULL,
          x + row * ldx, y + row * ldy + column, width, k, accumulate);
  }
}

const RnncKernels rnnc_kernels_c = {
  .name = "c",
  .matmul = matmul,
  .sigmoid = map_sigmoid,
  .tanh = map_tanh,
  .relu = map_relu,
  .scale_shift = scale_shift,
  .add = add,
  .lstm = lstm,
  .gru = gru,
};
