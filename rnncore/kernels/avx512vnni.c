/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AVX-512 F with VNNI: as avx512.c, and 64 products of bytes an instruction. */
#include <immintrin.h>

#define RNNC_LANES 16
#define RNNC_TABLE rnnc_kernels_avx512vnni
#define RNNC_TABLE_NAME "avx512vnni"
#define RNNC_TILE_ROWS 14
#define RNNC_TILE_SUMS 16
#define RNNC_HALVES(at)                                                        \
  _mm512_cvtph_ps (_mm256_loadu_si256 ((const __m256i_u *) (at)))
#define RNNC_FUSED(a, b, c) _mm512_fmadd_ps (a, b, c)
#define RNNC_LOWER(a, b) _mm512_min_ps (a, b)
#define RNNC_HIGHER(a, b) _mm512_max_ps (a, b)
#define RNNC_SCALED(a, n) _mm512_scalef_ps (a, n)

#define RNNC_INT8_OFFSET 128
#define RNNC_INT8_SUMS 24
#define RNNC_INT8_BANDS(f) f (6, 4) f (4, 4) f (2, 8) f (1, 8)

typedef __m512i_u BytesVec;
typedef __m512i Four;

#define four(at) _mm512_set1_epi32 (*(const FourBytes *) (at))
#define dot(sum, w, x)                                                         \
  ((Int) _mm512_dpbusd_epi32 ((__m512i) (sum), (x), (__m512i) (w)))

typedef int FourBytes __attribute__ ((aligned (1), may_alias));

#include "rnncore/kernels/vector.h"
