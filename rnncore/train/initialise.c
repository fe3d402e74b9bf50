/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "rnncore/train/layer.h"

void
rnnc_initialise_uniform (real *values, gsize n, double bound,
    RnncRandom *random)
{
  for (gsize i = 0; i < n; i++)
    values[i] = (real) ((2.0 * rnnc_random_uniform (random) - 1.0) * bound);
}

void
rnnc_initialise_xavier (real *values, gsize fan_out, gsize fan_in,
    RnncRandom *random)
{
  double bound = sqrt (6.0 / (double) (fan_in + fan_out));
  rnnc_initialise_uniform (values, fan_in * fan_out, bound, random);
}

void
rnnc_initialise_kaiming (real *values, gsize n, gsize fan_in,
    RnncRandom *random)
{
  rnnc_initialise_uniform (values, n, sqrt (6.0 / (double) fan_in), random);
}

/* Takes the first @row rows' directions out of the next. */
static void
orthogonalise_row (double *matrix, gsize n, gsize row, double *products)
{
  double *next = matrix + row * n;
  /* Twice is enough: classical Gram-Schmidt loses half the digits, then the
   * other half is taken care of. */
  for (guint pass = 0; pass < 2 && row > 0; pass++) {
    cblas_dgemv (CblasRowMajor, CblasNoTrans, (int) row, (int) n, 1, matrix,
        (int) n, next, 1, 0, products, 1);
    cblas_dgemv (CblasRowMajor, CblasTrans, (int) row, (int) n, -1, matrix,
        (int) n, products, 1, 1, next, 1);
  }
}

void
rnnc_initialise_orthogonal (real *values, gsize n, gsize n_columns,
    RnncRandom *random)
{
  double *matrix = g_new (double, n *n);
  double *products = g_new (double, n);
  for (gsize row = 0; row < n; row++) {
    double *next = matrix + row * n;
    double norm = 0;
    while (norm < 1e-6) {
      for (gsize i = 0; i < n; i++)
        next[i] = rnnc_random_gaussian (random);
      orthogonalise_row (matrix, n, row, products);
      norm = cblas_dnrm2 ((int) n, next, 1);
    }
    cblas_dscal ((int) n, 1.0 / norm, next, 1);
  }
  for (gsize row = 0; row < n; row++)
    for (gsize i = 0; i < n_columns; i++)
      *values++ = (real) matrix[row * n + i];
  g_free (products);
  g_free (matrix);
}
