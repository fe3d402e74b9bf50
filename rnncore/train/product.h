/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The matrix products of a layer, in the precision that its trainer is told:
 * BLAS in float (or double), or numbers rounded to bfloat16. */
#pragma once

#include "rnncore/train/packed-matrix.h"

G_BEGIN_DECLS

/* One worker's. */
typedef struct {
  RnncProductKernel kernel;
  RnncBuffer panels;
  RnncBuffer rows;
} RnncProducts;

void rnnc_products_clear (RnncProducts *products);

/* C [m, n] = op (A) [m, k] op (B) [k, n], or += with @add; all row-major. */
void rnnc_product (RnncProducts *products, gboolean transpose_a,
    gboolean transpose_b, gsize m, gsize n, gsize k, const real *a, gsize lda,
    const real *b, gsize ldb, gboolean add, real *c, gsize ldc);

G_END_DECLS
