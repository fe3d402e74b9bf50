/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/train/bfloat16.h"

#if defined(__x86_64__) && !defined(RNNC_REAL_DOUBLE)

#include <immintrin.h>

#define INLINE static inline __attribute__ ((always_inline))
#define BF16 __attribute__ ((target ("avx512f,avx512bw,avx512vl,avx512bf16")))
#define PANEL RNNC_BFLOAT16_PANEL
#define LANES 16
/* Rows of A that are rounded at a time: they stay in the second cache. */
#define BLOCK_ROWS 64
/* So that rows do not all begin at one place of the cache. */
#define ROW_PADDING 16

gboolean
rnnc_bfloat16_supported (void)
{
  return __builtin_cpu_supports ("avx512bf16")
      && __builtin_cpu_supports ("avx512bw")
      && __builtin_cpu_supports ("avx512vl");
}

static gsize
pairs_of (gsize depth)
{
  return (depth + 1) / 2;
}

/* Two rows' numbers side by side: lane j holds low[j] and high[j]. */
INLINE BF16 __m512i
interleave (__m512 low, __m512 high)
{
  __m512i l = _mm512_cvtepu16_epi32 ((__m256i) _mm512_cvtneps_pbh (low));
  __m512i h = _mm512_cvtepu16_epi32 ((__m256i) _mm512_cvtneps_pbh (high));
  return _mm512_or_si512 (l, _mm512_slli_epi32 (h, 16));
}

INLINE BF16 __mmask16
first_lanes (gsize n)
{
  return (__mmask16) (n >= LANES ? 0xffff : (1u << n) - 1);
}

/* Lanes of rows 2 @pair and 2 @pair + 1 of @source [@depth, ...], @n of them;
 * zeros where there is no such row. */
INLINE BF16 __m512i
load_pair (const float *source, gsize ld, gsize depth, gsize pair, gsize n)
{
  __mmask16 mask = first_lanes (n);
  const float *low = source + 2 * pair * ld;
  __m512 high = _mm512_setzero_ps ();
  if (2 * pair + 1 < depth)
    high = _mm512_maskz_loadu_ps (mask, low + ld);
  return interleave (_mm512_maskz_loadu_ps (mask, low), high);
}

/* Numbers 2 @pair and 2 @pair + 1 of eight rows of @source, @n of them there.
 */
INLINE BF16 __m256i
gather_pair (const float *source, gsize ld, gsize depth, gsize pair, gsize n)
{
  float values[16] = { 0 };
  if (n >= 8 && 2 * pair + 1 < depth) {
    gint64 row = (gint64) ld;
    __m512i rows = _mm512_setr_epi64 (0, row, 2 * row, 3 * row, 4 * row,
        5 * row, 6 * row, 7 * row);
    return (__m256i) _mm512_cvtneps_pbh (
        (__m512) _mm512_i64gather_epi64 (rows, source + 2 * pair, 4));
  }
  for (gsize j = 0; j < MIN (n, 8); j++)
    for (gsize k = 0; k < 2 && 2 * pair + k < depth; k++)
      values[2 * j + k] = source[j * ld + 2 * pair + k];
  return (__m256i) _mm512_cvtneps_pbh (_mm512_loadu_ps (values));
}

BF16 static void
pack_panel (gboolean transpose, gsize depth, gsize n, const float *source,
    gsize ld, gint32 *to)
{
  for (gsize pair = 0; pair < pairs_of (depth); pair++, to += PANEL) {
    if (transpose) {
      for (gsize j = 0; j < PANEL; j += 8)
        _mm256_store_si256 ((__m256i *) (void *) (to + j),
            j < n ? gather_pair (source + j * ld, ld, depth, pair, n - j)
                  : _mm256_setzero_si256 ());
    } else {
      for (gsize j = 0; j < PANEL; j += LANES)
        _mm512_store_si512 (to + j,
            j < n ? load_pair (source + j, ld, depth, pair, n - j)
                  : _mm512_setzero_si512 ());
    }
  }
}

void
rnnc_bfloat16_pack (RnncBuffer *panels, gboolean transpose, gsize depth,
    gsize n_columns, const real *source, gsize ld)
{
  gsize n_panels = (n_columns + PANEL - 1) / PANEL;
  gsize size = pairs_of (depth) * PANEL;
  gint32 *to
      = rnnc_buffer_bytes (panels, MAX (n_panels * size, 1) * sizeof (gint32));
  for (gsize j = 0; j < n_columns; j += PANEL, to += size)
    pack_panel (transpose, depth, MIN (PANEL, n_columns - j),
        source + (transpose ? j * ld : j), ld, to);
}

/* Sixteen vectors of sixteen: lane j of vector i becomes lane i of vector j. */
INLINE BF16 void
transpose_lanes (__m512i v[LANES])
{
  __m512i t[LANES];
#pragma GCC unroll 8
  for (guint i = 0; i < LANES; i += 2) {
    t[i] = _mm512_unpacklo_epi32 (v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32 (v[i], v[i + 1]);
  }
#pragma GCC unroll 4
  for (guint i = 0; i < LANES; i += 4) {
    v[i] = _mm512_unpacklo_epi64 (t[i], t[i + 2]);
    v[i + 1] = _mm512_unpackhi_epi64 (t[i], t[i + 2]);
    v[i + 2] = _mm512_unpacklo_epi64 (t[i + 1], t[i + 3]);
    v[i + 3] = _mm512_unpackhi_epi64 (t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 4
  for (guint j = 0; j < 4; j++) { /* v[j] has lanes j, 4 + j, … of four */
    __m512i even = _mm512_shuffle_i32x4 (v[j], v[4 + j], 0x88);
    __m512i odd = _mm512_shuffle_i32x4 (v[j], v[4 + j], 0xdd);
    __m512i even2 = _mm512_shuffle_i32x4 (v[8 + j], v[12 + j], 0x88);
    __m512i odd2 = _mm512_shuffle_i32x4 (v[8 + j], v[12 + j], 0xdd);
    v[j] = _mm512_shuffle_i32x4 (even, even2, 0x88);
    v[4 + j] = _mm512_shuffle_i32x4 (odd, odd2, 0x88);
    v[8 + j] = _mm512_shuffle_i32x4 (even, even2, 0xdd);
    v[12 + j] = _mm512_shuffle_i32x4 (odd, odd2, 0xdd);
  }
}

/* @to [@n_rows, @ld_to]: the columns of @a [@depth, @n_rows] in pairs, whole
 * vectors of them. */
BF16 static void
round_columns (gsize n_rows, gsize depth, const float *a, gsize lda, gint32 *to,
    gsize ld_to)
{
  for (gsize r = 0; r < n_rows; r += LANES) {
    gsize n = MIN (LANES, n_rows - r);
    for (gsize pair = 0; pair < pairs_of (depth); pair += LANES) {
      __m512i v[LANES];
#pragma GCC unroll 16
      for (gsize i = 0; i < LANES; i++)
        v[i] = pair + i < pairs_of (depth)
            ? load_pair (a + r, lda, depth, pair + i, n)
            : _mm512_setzero_si512 ();
      transpose_lanes (v);
#pragma GCC unroll 16
      for (gsize i = 0; i < LANES; i++)
        if (i < n)
          _mm512_storeu_si512 (to + (r + i) * ld_to + pair, v[i]);
    }
  }
}

/* @to [@n_rows, @ld_to]: the rows of @a [@n_rows, @depth] in pairs, whole
 * vectors of them. */
BF16 static void
round_rows (gsize n_rows, gsize depth, const float *a, gsize lda, gint32 *to,
    gsize ld_to)
{
  for (gsize r = 0; r < n_rows; r++) {
    for (gsize k = 0; k < depth; k += LANES) {
      __m512 x
          = _mm512_maskz_loadu_ps (first_lanes (depth - k), a + r * lda + k);
      _mm256_storeu_si256 ((__m256i_u *) (void *) (to + r * ld_to + k / 2),
          (__m256i) _mm512_cvtneps_pbh (x));
    }
  }
}

INLINE BF16 void
multiply_rows (const guint n_rows, gsize pairs, const gint32 *a, gsize lda,
    const gint32 *panel, gsize n_columns, gboolean add, float *c, gsize ldc)
{
  __m512 sum[12][2];
#pragma GCC unroll 12
  for (guint r = 0; r < n_rows; r++)
    sum[r][0] = sum[r][1] = _mm512_setzero_ps ();
  for (gsize k = 0; k < pairs; k++, panel += PANEL) {
    __m512bh b0 = (__m512bh) _mm512_load_si512 (panel);
    __m512bh b1 = (__m512bh) _mm512_load_si512 (panel + LANES);
#pragma GCC unroll 12
    for (guint r = 0; r < n_rows; r++) {
      __m512bh x = (__m512bh) _mm512_set1_epi32 (a[r * lda + k]);
      sum[r][0] = _mm512_dpbf16_ps (sum[r][0], x, b0);
      sum[r][1] = _mm512_dpbf16_ps (sum[r][1], x, b1);
    }
  }
#pragma GCC unroll 2
  for (guint v = 0; v < 2; v++) {
    __mmask16 mask
        = v * LANES < n_columns ? first_lanes (n_columns - v * LANES) : 0;
#pragma GCC unroll 12
    for (guint r = 0; r < n_rows; r++) {
      float *target = c + r * ldc + v * LANES;
      __m512 y = sum[r][v];
      if (add)
        y = _mm512_add_ps (y, _mm512_maskz_loadu_ps (mask, target));
      _mm512_mask_storeu_ps (target, mask, y);
    }
  }
}

#define BFLOAT16_ROWS(n)                                                       \
  case n:                                                                      \
    multiply_rows (n, pairs, a, lda, panel, n_columns, add, c, ldc);           \
    break;

BF16 static void
multiply_panel (gsize n_rows, gsize pairs, const gint32 *a, gsize lda,
    const gint32 *panel, gsize n_columns, gboolean add, float *c, gsize ldc)
{
  for (gsize n = 0; n_rows > 0; n_rows -= n, a += n * lda, c += n * ldc) {
    n = rnnc_rows_at_once (n_rows, 12);
    switch (n) {
      RNNC_TO_12 (BFLOAT16_ROWS)
    }
  }
}

void
rnnc_bfloat16_multiply (const RnncBuffer *panels, RnncBuffer *rows,
    gboolean transpose, gsize n_rows, gsize n_columns, gsize depth,
    const real *a, gsize lda, gboolean add, real *c, gsize ldc)
{
  gsize pairs = pairs_of (depth);
  gsize ld = (pairs + LANES - 1) / LANES * LANES + ROW_PADDING;
  gint32 *rounded = rnnc_buffer_bytes (rows, BLOCK_ROWS * ld * sizeof (gint32));
  for (gsize r = 0; r < n_rows; r += BLOCK_ROWS) {
    gsize n = MIN (BLOCK_ROWS, n_rows - r);
    const gint32 *panel = panels->data;
    if (transpose)
      round_columns (n, depth, a + r, lda, rounded, ld);
    else
      round_rows (n, depth, a + r * lda, lda, rounded, ld);
    for (gsize j = 0; j < n_columns; j += PANEL, panel += pairs * PANEL)
      multiply_panel (n, pairs, rounded, ld, panel, MIN (PANEL, n_columns - j),
          add, c + r * ldc + j, ldc);
  }
}

#else

gboolean
rnnc_bfloat16_supported (void)
{
  return FALSE;
}

void
rnnc_bfloat16_pack (RnncBuffer *panels, gboolean transpose, gsize depth,
    gsize n_columns, const real *source, gsize ld)
{
  g_assert_not_reached ();
}

void
rnnc_bfloat16_multiply (const RnncBuffer *panels, RnncBuffer *rows,
    gboolean transpose, gsize n_rows, gsize n_columns, gsize depth,
    const real *a, gsize lda, gboolean add, real *c, gsize ldc)
{
  g_assert_not_reached ();
}

#endif
