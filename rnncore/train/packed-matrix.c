/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/train/packed-matrix.h"

#include "rnncore/train/bfloat16.h"

/* One panel: c[r][j] (+)= sum over k of a[r][k] panel[k][j], j < n_columns. */
typedef void (*PanelFunc) (gsize n_rows, gsize depth, const real *a, gsize lda,
    const real *panel, gsize n_columns, gboolean add, real *c, gsize ldc);

#if defined(__x86_64__) && !defined(RNNC_REAL_DOUBLE)

#include <immintrin.h>

#define INLINE static inline __attribute__ ((always_inline))
#define AVX512 __attribute__ ((target ("avx512f")))
#define AVX2 __attribute__ ((target ("avx2,fma")))

INLINE AVX512 void
avx512_rows (const guint n_rows, gsize depth, const float *a, gsize lda,
    const float *panel, gsize n_columns, gboolean add, float *c, gsize ldc)
{
  __m512 sum[12][2];
  __mmask16 mask[2] = {
    (__mmask16) (n_columns >= 16 ? 0xffff : (1u << n_columns) - 1),
    (__mmask16) (n_columns >= 32 ? 0xffff
            : n_columns > 16     ? (1u << (n_columns - 16)) - 1
                                 : 0),
  };
#pragma GCC unroll 12
  for (guint r = 0; r < n_rows; r++)
    sum[r][0] = sum[r][1] = _mm512_setzero_ps ();
  for (gsize k = 0; k < depth; k++, panel += RNNC_PANEL) {
    __m512 b0 = _mm512_load_ps (panel);
    __m512 b1 = _mm512_load_ps (panel + 16);
#pragma GCC unroll 12
    for (guint r = 0; r < n_rows; r++) {
      __m512 x = _mm512_set1_ps (a[r * lda + k]);
      sum[r][0] = _mm512_fmadd_ps (x, b0, sum[r][0]);
      sum[r][1] = _mm512_fmadd_ps (x, b1, sum[r][1]);
    }
  }
#pragma GCC unroll 12
  for (guint r = 0; r < n_rows; r++) {
    for (guint v = 0; v < 2; v++) {
      float *target = c + r * ldc + v * 16;
      __m512 old = _mm512_setzero_ps ();
      if (add)
        old = _mm512_maskz_loadu_ps (mask[v], target);
      _mm512_mask_storeu_ps (target, mask[v], _mm512_add_ps (old, sum[r][v]));
    }
  }
}

#define AVX512_ROWS(n)                                                         \
  case n:                                                                      \
    avx512_rows (n, depth, a, lda, panel, n_columns, add, c, ldc);             \
    break;

AVX512 static void
avx512_panel (gsize n_rows, gsize depth, const float *a, gsize lda,
    const float *panel, gsize n_columns, gboolean add, float *c, gsize ldc)
{
  for (gsize n = 0; n_rows > 0; n_rows -= n, a += n * lda, c += n * ldc) {
    n = rnnc_rows_at_once (n_rows, 12);
    switch (n) {
      RNNC_TO_12 (AVX512_ROWS)
    }
  }
}

/* 16 columns of the panel. */
INLINE AVX2 void
avx2_rows (const guint n_rows, gsize depth, const float *a, gsize lda,
    const float *panel, gsize n_columns, gboolean add, float *c, gsize ldc)
{
  __m256 sum[6][2];
#pragma GCC unroll 6
  for (guint r = 0; r < n_rows; r++)
    sum[r][0] = sum[r][1] = _mm256_setzero_ps ();
  for (gsize k = 0; k < depth; k++, panel += RNNC_PANEL) {
    __m256 b0 = _mm256_load_ps (panel);
    __m256 b1 = _mm256_load_ps (panel + 8);
#pragma GCC unroll 6
    for (guint r = 0; r < n_rows; r++) {
      __m256 x = _mm256_set1_ps (a[r * lda + k]);
      sum[r][0] = _mm256_fmadd_ps (x, b0, sum[r][0]);
      sum[r][1] = _mm256_fmadd_ps (x, b1, sum[r][1]);
    }
  }
#pragma GCC unroll 6
  for (guint r = 0; r < n_rows; r++) {
    float values[16];
    _mm256_storeu_ps (values, sum[r][0]);
    _mm256_storeu_ps (values + 8, sum[r][1]);
    for (gsize j = 0; j < n_columns; j++)
      c[r * ldc + j] = add ? c[r * ldc + j] + values[j] : values[j];
  }
}

#define AVX2_ROWS(n)                                                           \
  case n:                                                                      \
    avx2_rows (n, depth, a, lda, panel, n_columns, add, c, ldc);               \
    break;

AVX2 static void
avx2_half (gsize n_rows, gsize depth, const float *a, gsize lda,
    const float *panel, gsize n_columns, gboolean add, float *c, gsize ldc)
{
  for (gsize n = 0; n_rows > 0; n_rows -= n, a += n * lda, c += n * ldc) {
    n = rnnc_rows_at_once (n_rows, 6);
    switch (n) {
      RNNC_TO_6 (AVX2_ROWS)
    }
  }
}

AVX2 static void
avx2_panel (gsize n_rows, gsize depth, const float *a, gsize lda,
    const float *panel, gsize n_columns, gboolean add, float *c, gsize ldc)
{
  avx2_half (n_rows, depth, a, lda, panel, MIN (n_columns, 16), add, c, ldc);
  if (n_columns > 16)
    avx2_half (n_rows, depth, a, lda, panel + 16, n_columns - 16, add, c + 16,
        ldc);
}

RnncProductKernel
rnnc_product_kernel (gboolean rounded)
{
  if (rounded && rnnc_bfloat16_supported ())
    return RNNC_PRODUCT_BFLOAT16;
  if (__builtin_cpu_supports ("avx512f"))
    return RNNC_PRODUCT_AVX512;
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    return RNNC_PRODUCT_AVX2;
  return RNNC_PRODUCT_BLAS;
}

static const PanelFunc panel_funcs[] = {
  [RNNC_PRODUCT_BLAS] = NULL,
  [RNNC_PRODUCT_AVX2] = avx2_panel,
  [RNNC_PRODUCT_AVX512] = avx512_panel,
  [RNNC_PRODUCT_BFLOAT16] = NULL, /* in bfloat16.c */
};

#else

RnncProductKernel
rnnc_product_kernel (gboolean rounded)
{
  return RNNC_PRODUCT_BLAS;
}

static const PanelFunc panel_funcs[] = {
  [RNNC_PRODUCT_BLAS] = NULL,
  [RNNC_PRODUCT_BFLOAT16] = NULL,
};

#endif

static void
pack_panels (RnncPackedMatrix *m)
{
  gsize n_panels = (m->n_columns + RNNC_PANEL - 1) / RNNC_PANEL;
  real *to = rnnc_buffer_reals (&m->panels, n_panels * m->depth * RNNC_PANEL);
  for (gsize first = 0; first < m->n_columns; first += RNNC_PANEL) {
    gsize n = MIN (RNNC_PANEL, m->n_columns - first);
    for (gsize k = 0; k < m->depth; k++, to += RNNC_PANEL) {
      for (gsize j = 0; j < n; j++)
        to[j] = m->transpose ? m->source[(first + j) * m->ld + k]
                             : m->source[k * m->ld + first + j];
      for (gsize j = n; j < RNNC_PANEL; j++)
        to[j] = 0;
    }
  }
}

void
rnnc_packed_matrix_set (RnncPackedMatrix *matrix, RnncProductKernel kernel,
    gboolean transpose, gsize depth, gsize n_columns, const real *source,
    gsize ld)
{
  matrix->kernel = kernel;
  matrix->depth = depth;
  matrix->n_columns = n_columns;
  matrix->source = source;
  matrix->ld = ld;
  matrix->transpose = transpose;
  if (kernel == RNNC_PRODUCT_BFLOAT16)
    rnnc_bfloat16_pack (&matrix->panels, transpose, depth, n_columns, source,
        ld);
  else if (panel_funcs[kernel])
    pack_panels (matrix);
}

void
rnnc_packed_matrix_multiply (RnncPackedMatrix *matrix, gsize n_rows,
    const real *a, gsize lda, gboolean add, real *c, gsize ldc)
{
  PanelFunc func = panel_funcs[matrix->kernel];
  const real *panel = matrix->panels.data;
  if (matrix->kernel == RNNC_PRODUCT_BFLOAT16) {
    rnnc_bfloat16_multiply (&matrix->panels, &matrix->rows, FALSE, n_rows,
        matrix->n_columns, matrix->depth, a, lda, add, c, ldc);
    return;
  }
  if (!func) {
    rnnc_gemm (FALSE, matrix->transpose, n_rows, matrix->n_columns,
        matrix->depth, a, lda, matrix->source, matrix->ld, add, c, ldc);
    return;
  }
  for (gsize first = 0; first < matrix->n_columns; first += RNNC_PANEL) {
    func (n_rows, matrix->depth, a, lda, panel,
        MIN (RNNC_PANEL, matrix->n_columns - first), add, c + first, ldc);
    panel += matrix->depth * RNNC_PANEL;
  }
}

void
rnnc_packed_matrix_clear (RnncPackedMatrix *matrix)
{
  rnnc_buffer_clear (&matrix->panels);
  rnnc_buffer_clear (&matrix->rows);
}
