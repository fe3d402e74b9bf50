/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Advanced SIMD of 64-bit Arm: four floats, thirty-two registers. Every such
 * processor has it. */
#include <arm_neon.h>

#define RNNC_LANES 4
#define RNNC_TABLE rnnc_kernels_neon
#define RNNC_TABLE_NAME "neon"
#define RNNC_TILE_ROWS 6
#define RNNC_TILE_SUMS 24
#define RNNC_FUSED(a, b, c)                                                    \
  ((Vec) vfmaq_f32 ((float32x4_t) (c), (float32x4_t) (a), (float32x4_t) (b)))
#include "rnncore/kernels/vector.h"
