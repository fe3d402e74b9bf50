/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * AVX2 + FMA: eight floats, sixteen registers. */
#include <immintrin.h>

#define RNNC_LANES 8
#define RNNC_TABLE rnnc_kernels_avx2
#define RNNC_TABLE_NAME "avx2"
#define RNNC_TILE_ROWS 6
#define RNNC_TILE_SUMS 12
#define RNNC_HALVES(at)                                                        \
  _mm256_cvtph_ps (_mm_loadu_si128 ((const __m128i_u *) (at)))
#define RNNC_FUSED(a, b, c) _mm256_fmadd_ps (a, b, c)
#define RNNC_LOWER(a, b) _mm256_min_ps (a, b)
#define RNNC_HIGHER(a, b) _mm256_max_ps (a, b)

#define RNNC_INT8_OFFSET 0
#define RNNC_INT8_SUMS 8
#define RNNC_INT8_BANDS(f) f (2, 2) f (1, 4)

typedef int FourBytes __attribute__ ((aligned (1), may_alias));
typedef __m256i_u BytesVec;
typedef struct {
  __m256i value;
  __m256i magnitude;
} Four;

static inline __attribute__ ((always_inline)) Four
four (const void *at)
{
  __m256i value = _mm256_set1_epi32 (*(const FourBytes *) at);

  return (Four){ value, _mm256_abs_epi8 (value) };
}

/* Magnitudes of x by weights with its sign: two products are at most
 * 2 * 127 * 127, which 16 bits hold. */
#define dot(sum, w, x)                                                         \
  ((sum)                                                                       \
      + (Int) _mm256_madd_epi16 (_mm256_maddubs_epi16 ((x).magnitude,          \
                                     _mm256_sign_epi8 ((w), (x).value)),       \
          _mm256_set1_epi16 (1)))

#include "rnncore/kernels/vector.h"

void
rnnc_matmul_int8_avx2 (const RnncInt8 *weights, const float *bias,
    const float *x, size_t ldx, float *y, size_t ldy, size_t m, size_t n,
    size_t k, int accumulate)
{
  matmul_int8 (weights, bias, x, ldx, y, ldy, m, n, k, accumulate);
}
