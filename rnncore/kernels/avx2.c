/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AVX2 + FMA: eight floats, sixteen registers. */
#include <immintrin.h>

#define RNNC_LANES 8
#define RNNC_TABLE rnnc_kernels_avx2
#define RNNC_TABLE_NAME "avx2"
#define RNNC_TILE_ROWS 6
#define RNNC_TILE_SUMS 12
#define RNNC_FUSED(a, b, c) _mm256_fmadd_ps (a, b, c)
#include "rnncore/kernels/vector.h"
