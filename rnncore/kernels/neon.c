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
#define RNNC_HALVES(at) vcvt_f32_f16 (vreinterpret_f16_u16 (vld1_u16 (at)))
#define RNNC_FUSED(a, b, c)                                                    \
  ((Vec) vfmaq_f32 ((float32x4_t) (c), (float32x4_t) (a), (float32x4_t) (b)))
#define RNNC_LOWER(a, b)                                                       \
  ((Vec) vminq_f32 ((float32x4_t) (a), (float32x4_t) (b)))
#define RNNC_HIGHER(a, b)                                                      \
  ((Vec) vmaxq_f32 ((float32x4_t) (a), (float32x4_t) (b)))

#define RNNC_INT8_OFFSET 0
#define RNNC_INT8_SUMS 16
#define RNNC_INT8_BANDS(f) f (2, 2) f (1, 4)

typedef int FourBytes __attribute__ ((aligned (1), may_alias));
typedef int8x16_t BytesVec __attribute__ ((aligned (1), may_alias));
typedef int8x16_t Four;

#define four(at) vreinterpretq_s8_s32 (vdupq_n_s32 (*(const FourBytes *) (at)))

/* Two products are at most 2 * 127 * 127, which 16 bits hold. */
static inline int32x4_t
dot_of (int32x4_t sum, int8x16_t w, int8x16_t x)
{
  int16x8_t low = vmull_s8 (vget_low_s8 (w), vget_low_s8 (x));
  int16x8_t high = vmull_high_s8 (w, x);

  return vaddq_s32 (sum, vpaddq_s32 (vpaddlq_s16 (low), vpaddlq_s16 (high)));
}

#define dot(sum, w, x) ((Int) dot_of ((int32x4_t) (sum), (w), (x)))

#include "rnncore/kernels/vector.h"
