/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * y = W x + b with W packed for the kernels: what convolutions, dense layers
 * and recurrent projections share. */
#pragma once

#include <glib.h>

#include "rnncore/layers/layer.h"

G_BEGIN_DECLS

typedef struct {
  gsize n;       /* outputs */
  gsize k;       /* inputs */
  float *packed; /* or NULL, and halves, or bytes: */
  guint16 *packed_halves;
  float *factors; /* [n], of halves that are scaled by it, or NULL */
  gint8 *packed_bytes;
  float *scales; /* [n], to whole panels */
  gint32 *sums;
  float *bias; /* [n], or NULL */
} RnncLinear;

/* @weights: [n, k], not kept; bytes stay bytes up to RNNC_INT8_INPUTS inputs.
 * @bias: (transfer full) (nullable) */
void rnnc_linear_init (RnncLinear *linear, const RnncMatrix *weights, gsize n,
    gsize k, float *bias);
void rnnc_linear_clear (RnncLinear *linear);

/* Keeps the weights in 16 bits where that changes none of them (they come from
 * a file of f16) and the kernels can: half the memory for a step to read, the
 * same results; but for the rounding of a scale that is folded in, which goes
 * into floats' weights and onto halves' outputs. */
void rnnc_linear_halve (RnncLinear *linear);

/* Afterwards y = scale * (W x + b) + shift, per output. Halves that are scaled
 * cannot be accumulated. */
void
rnnc_linear_fold (RnncLinear *linear, const float *scale, const float *shift);

/* @m rows, @ldx and @ldy floats apart; see RnncKernels.matmul and, of bytes,
 * matmul_int8. */
void rnnc_linear_apply (const RnncLinear *linear, const float *x, gsize ldx,
    float *y, gsize ldy, gsize m, gboolean accumulate);

/* One row, the last outputs first: where the weights have just been read from
 * the beginning, their end is still in the cache. The same bits. */
void rnnc_linear_apply_back (const RnncLinear *linear, const float *x, float *y,
    gboolean accumulate);

/* Puts a batch norm into the layer before it, whose class can fold. */
void rnnc_batch_norm_fold (const RnncLayer *norm, RnncLayer *before);

G_END_DECLS
