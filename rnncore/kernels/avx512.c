/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AVX-512 F: sixteen floats, thirty-two registers. */
#include <immintrin.h>

#define RNNC_LANES 16
#define RNNC_TABLE rnnc_kernels_avx512
#define RNNC_TABLE_NAME "avx512"
#define RNNC_TILE_ROWS 14
#define RNNC_TILE_SUMS 16
#define RNNC_HALVES(at)                                                        \
  _mm512_cvtph_ps (_mm256_loadu_si256 ((const __m256i_u *) (at)))
#define RNNC_FUSED(a, b, c) _mm512_fmadd_ps (a, b, c)
#define RNNC_LOWER(a, b) _mm512_min_ps (a, b)
#define RNNC_HIGHER(a, b) _mm512_max_ps (a, b)
#define RNNC_SCALED(a, n) _mm512_scalef_ps (a, n)
#define RNNC_MATMUL_INT8                                                       \
  rnnc_matmul_int8_avx2 /* every such processor has it                         \
                         */
#include "rnncore/kernels/vector.h"
