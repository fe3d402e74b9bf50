/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/train/product.h"

#include "rnncore/train/bfloat16.h"

void
rnnc_products_clear (RnncProducts *products)
{
  rnnc_buffer_clear (&products->panels);
  rnnc_buffer_clear (&products->rows);
}

void
rnnc_product (RnncProducts *products, gboolean transpose_a,
    gboolean transpose_b, gsize m, gsize n, gsize k, const real *a, gsize lda,
    const real *b, gsize ldb, gboolean add, real *c, gsize ldc)
{
  if (products->kernel != RNNC_PRODUCT_BFLOAT16) {
    rnnc_gemm (transpose_a, transpose_b, m, n, k, a, lda, b, ldb, add ? 1 : 0,
        c, ldc);
    return;
  }
  rnnc_bfloat16_pack (&products->panels, transpose_b, k, n, b, ldb);
  rnnc_bfloat16_multiply (&products->panels, &products->rows, transpose_a, m, n,
      k, a, lda, add, c, ldc);
}
