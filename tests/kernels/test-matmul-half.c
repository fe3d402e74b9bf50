/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Weights in 16 bits: kept only where they are exact, and products that have
 * the bits of those in 32. */
#include "rnncore/kernels/kernels.h"
#include "tests/kernels/span.h"

#define N_HALVES 65536
#define INFINITE 0x7c00

/* By definition: fraction times a power of two. */
static double
value_of (guint half)
{
  guint exponent = half >> 10 & 0x1f;
  double fraction = half & 0x3ff;
  double size = exponent == 0 ? ldexp (fraction, -24)
                              : ldexp (fraction + 1024, (int) exponent - 25);

  return half & 0x8000 ? -size : size;
}

static void
test_every_half (void)
{
  for (guint half = 0; half < N_HALVES; half++) {
    float value = rnnc_float_of_half ((uint16_t) half);
    uint16_t back = 0;

    if ((half & 0x7fff) < INFINITE) {
      g_assert_cmpfloat (value, ==, value_of (half));
      g_assert_cmpint (signbit (value) != 0, ==, half >> 15);
      g_assert_true (rnnc_halve (&value, 1, &back));
      g_assert_cmpuint (back, ==, half);
    } else {
      g_assert_true ((half & 0x3ff) == 0 ? isinf (value) : isnan (value));
      g_assert_cmpint (signbit (value) != 0, ==, half >> 15);
      g_assert_false (rnnc_halve (&value, 1, &back));
    }
  }
}

/* Halfway to the next one, and what is too large or too small. */
static void
test_between (void)
{
  static const float others[] = { 65520, 65536, 3e38f, 0x1p-25f, 0x1p-126f,
    1e-45f, 1 + 0x1p-11f, 1 + 0x1p-23f, 0x1p-14f + 0x1p-25f, 0.1f };
  uint16_t halves[3];

  for (guint half = 0; half + 1 < INFINITE; half++) {
    float middle = (float) (value_of (half) / 2 + value_of (half + 1) / 2);
    float values[] = { 1, middle, 1 };

    g_assert_false (rnnc_halve (values, 3, halves));
    values[1] = -middle;
    g_assert_false (rnnc_halve (values, 3, halves));
  }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (rnnc_halve (&others[i], 1, halves));
  g_assert_true (rnnc_halve (NULL, 0, NULL));
}

typedef struct {
  gsize m, n, k;
  gboolean has_bias, accumulate;
} Sizes;

static void
check_product (const RnncKernels *kernels, const Sizes *sizes, GRand *random)
{
  gsize m = sizes->m, n = sizes->n, k = sizes->k, ldx = k + 3, ldy = n + 2;
  gsize n_packed = rnnc_packed_size (n, k);
  guint offset = g_rand_int_range (random, 0, 16);
  g_autofree uint16_t *room = g_new (uint16_t, n_packed + 16);
  uint16_t *halves = room + offset;
  Span weights, packed, bias, x, y, expected;

  span_random (&weights, n * k, 0, random, 1);
  for (gsize i = 0; i < n * k; i++)
    weights.at[i] = (float) value_of (g_rand_int (random) & 0xbbff);
  span_init (&packed, n_packed, offset);
  rnnc_pack_weights (weights.at, k, n, k, packed.at);
  g_assert_true (rnnc_halve (packed.at, n_packed, halves));
  span_random (&bias, n, 1, random, 1);
  span_random (&x, m * ldx, offset, random, 2);
  span_random (&y, m * ldy, offset / 2, random, 1);
  span_copy (&expected, &y, 0);
  kernels->matmul (packed.at, sizes->has_bias ? bias.at : NULL, x.at, ldx,
      expected.at, ldy, m, n, k, sizes->accumulate);
  kernels->matmul_half (halves, sizes->has_bias ? bias.at : NULL, x.at, ldx,
      y.at, ldy, m, n, k, sizes->accumulate);
  g_assert_cmpmem (y.at, y.n * sizeof (float), expected.at,
      expected.n * sizeof (float));
  span_clear (&weights);
  span_clear (&packed);
  span_clear (&bias);
  span_clear (&x);
  span_clear (&y);
  span_clear (&expected);
}

static void
test_matmul_half (gconstpointer table)
{
  static const gsize outputs[] = { 0, 1, 15, 16, 17, 33, 64, 127, 130, 147 };
  static const gsize inputs[] = { 0, 1, 2, 7, 33, 64 };
  const RnncKernels *kernels = rnnc_kernels_by_name (table);
  GRand *random = g_rand_new_with_seed (10);

  for (gsize m = 0; kernels != NULL && m < 26; m++)
    for (guint i = 0; i < G_N_ELEMENTS (outputs); i++)
      for (guint j = 0; j < G_N_ELEMENTS (inputs); j++)
        check_product (kernels,
            &(Sizes){ m, outputs[i], inputs[j], (m + i) % 2, (m + j) % 3 == 0 },
            random);
  if (kernels == NULL)
    g_test_skip ("not on this processor");
  g_rand_free (random);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kernels/half/every", test_every_half);
  g_test_add_func ("/kernels/half/between", test_between);
  g_test_add_data_func ("/kernels/avx2/matmul-half", "avx2", test_matmul_half);
  g_test_add_data_func ("/kernels/avx512/matmul-half", "avx512",
      test_matmul_half);
  g_test_add_data_func ("/kernels/avx512vnni/matmul-half", "avx512vnni",
      test_matmul_half);
  return g_test_run ();
}
