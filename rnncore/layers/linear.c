/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/layers/linear.h"

#include "rnncore/kernels/kernels.h"

void
rnnc_linear_init (RnncLinear *linear, const float *weights, gsize n, gsize k,
    float *bias)
{
  gsize size = rnnc_packed_size (n, k);

  linear->n = n;
  linear->k = k;
  linear->packed = g_aligned_alloc (MAX (size, 1), sizeof (float), 64);
  linear->bias = bias;
  rnnc_pack_weights (weights, k, n, k, linear->packed);
}

void
rnnc_linear_clear (RnncLinear *linear)
{
  g_aligned_free (linear->packed);
  g_free (linear->bias);
}

void
rnnc_linear_fold (RnncLinear *linear, const float *scale, const float *shift)
{
  if (linear->bias == NULL)
    linear->bias = g_new0 (float, linear->n);
  for (gsize o = 0; o < linear->n; o++) {
    float *column = linear->packed + o / RNNC_PANEL * RNNC_PANEL * linear->k
        + o % RNNC_PANEL;

    for (gsize i = 0; i < linear->k; i++)
      column[i * RNNC_PANEL] *= scale[o];
    linear->bias[o] = linear->bias[o] * scale[o] + shift[o];
  }
}

void
rnnc_linear_apply (const RnncLinear *linear, const float *x, gsize ldx,
    float *y, gsize ldy, gsize m, gboolean accumulate)
{
  rnnc_kernels ()->matmul (linear->packed, linear->bias, x, ldx, y, ldy, m,
      linear->n, linear->k, accumulate);
}
