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
matmul_pieces (const float *packed, const float *bias, const float *x,
    size_t ldx, size_t n_pieces, size_t ldp, float *y, size_t ldy, size_t m,
    size_t n, size_t piece)
{
  for (size_t row = 0; row < m; row++)
    for (size_t j = 0; j < n; j++) {
      const float *w = packed + j / RNNC_PANEL * RNNC_PANEL * n_pieces * piece
          + j % RNNC_PANEL;
      float sum = bias != NULL ? bias[j] : 0;

      for (size_t i = 0; i < n_pieces * piece; i++)
        sum += w[i * RNNC_PANEL] * x[row * ldx + i / piece * ldp + i % piece];
      y[row * ldy + j] = sum;
    }
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

/* One row of bytes, one panel; @stride: bytes from one four of inputs on. */
static void
panel_int8 (const int8_t *packed, size_t stride, const int8_t *x, size_t k,
    int32_t *sum)
{
  memset (sum, 0, RNNC_PANEL * sizeof *sum);
  for (size_t i = 0; i < k; i += 4, packed += stride)
    for (size_t j = 0; j < RNNC_PANEL; j++)
      for (size_t b = 0; b < 4; b++)
        sum[j] += packed[j * 4 + b] * x[i + b];
}

static float
quantise (const float *x, size_t k, int8_t *to)
{
  int32_t most = 0;
  float scale, inverse;

  for (size_t i = 0; i < k; i++) {
    int32_t bits;

    memcpy (&bits, x + i, sizeof bits);
    bits &= 0x7fffffff;
    most = bits > most ? bits : most;
  }
  scale = rnnc_int8_scale_of (most);
  inverse = isnan (scale) ? 0 : 1.0f / scale;
  for (size_t i = 0; i < k; i++)
    to[i] = (int8_t) rnnc_int8_round (x[i], inverse);
  for (size_t i = k; i % 4 != 0; i++)
    to[i] = 0;
  return scale;
}

static void
row_int8 (const RnncInt8 *weights, const float *bias, const int8_t *x,
    float x_scale, float *y, size_t n, size_t k, int accumulate)
{
  size_t n_panels = (n + RNNC_PANEL - 1) / RNNC_PANEL;
  size_t inputs = (k + 3) / 4 * 4;

  for (size_t i = 0; i < n_panels; i++) {
    size_t first = i / RNNC_GROUP * RNNC_GROUP;
    size_t width
        = n_panels - first < RNNC_GROUP ? n_panels - first : RNNC_GROUP;
    int32_t sum[RNNC_PANEL];

    panel_int8 (weights->packed + first * RNNC_PANEL * inputs
            + (i - first) * RNNC_PANEL * 4,
        width * RNNC_PANEL * 4, x, inputs, sum);
    for (size_t j = i * RNNC_PANEL; j < n && j < (i + 1) * RNNC_PANEL; j++) {
      float start = (bias != NULL ? bias[j] : 0) + (accumulate ? y[j] : 0);

      y[j]
          = start + (float) sum[j % RNNC_PANEL] * (x_scale * weights->scale[j]);
    }
  }
}

static void
matmul_int8 (const RnncInt8 *weights, const float *bias, const float *x,
    size_t ldx, float *y, size_t ldy, size_t m, size_t n, size_t k,
    int accumulate)
{
  int8_t bytes[RNNC_INT8_INPUTS];

  for (size_t row = 0; row < m; row++) {
    float scale = quantise (x + row * ldx, k, bytes);

    row_int8 (weights, bias, bytes, scale, y + row * ldy, n, k, accumulate);
  }
}

const RnncKernels rnnc_kernels_c = {
  .name = "c",
  .matmul = matmul,
  .matmul_pieces = matmul_pieces,
  .matmul_int8 = matmul_int8,
  .sigmoid = map_sigmoid,
  .tanh = map_tanh,
  .relu = map_relu,
  .scale_shift = scale_shift,
  .add = add,
  .lstm = lstm,
  .gru = gru,
};
