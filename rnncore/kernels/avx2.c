/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AVX2 + FMA: eight floats, sixteen registers. */
#define RNNC_LANES 8
#define RNNC_TABLE rnnc_kernels_avx2
#define RNNC_TABLE_NAME "avx2"
#define RNNC_TILE_ROWS 6
#define RNNC_TILE_SUMS 12
#include "rnncore/kernels/vector.h"
