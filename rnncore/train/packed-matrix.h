/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Products of a few rows with one matrix, again and again: the step of a
 * recurrent layer. BLAS would rearrange the matrix at every call; here it is
 * rearranged once, into panels of RNNC_PANEL columns. Where there is no kernel
 * for the machine (or in double) BLAS does it after all. */
#pragma once

#include "rnncore/train/real.h"

G_BEGIN_DECLS

#define RNNC_PANEL 32

/* In rising order: a machine that has one has those before it. */
typedef enum {
  RNNC_PRODUCT_BLAS,
  RNNC_PRODUCT_AVX2,
  RNNC_PRODUCT_AVX512,
  RNNC_PRODUCT_BFLOAT16, /* the others keep float's precision */
} RnncProductKernel;

/* The best this machine has; @rounded: at bfloat16's precision. */
RnncProductKernel rnnc_product_kernel (gboolean rounded);

typedef struct {
  RnncProductKernel kernel;
  gsize depth;
  gsize n_columns;
  const real *source;
  gsize ld;
  gboolean transpose;
  RnncBuffer panels; /* [panels, depth, RNNC_PANEL], zeros behind the last
                        column; unused where BLAS multiplies */
  RnncBuffer rows;   /* bfloat16: of A */
} RnncPackedMatrix;

/* @source: op (source) is [depth, n_columns]; it must live as long as it is
 * multiplied with. */
void rnnc_packed_matrix_set (RnncPackedMatrix *matrix, RnncProductKernel kernel,
    gboolean transpose, gsize depth, gsize n_columns, const real *source,
    gsize ld);

/* C [n_rows, n_columns] = A [n_rows, depth] op (source), or += with @add. */
void rnnc_packed_matrix_multiply (RnncPackedMatrix *matrix, gsize n_rows,
    const real *a, gsize lda, gboolean add, real *c, gsize ldc);

void rnnc_packed_matrix_clear (RnncPackedMatrix *matrix);

G_END_DECLS
