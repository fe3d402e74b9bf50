/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The matrix product: every table against the exact sums and its C twin, for
 * odd sizes, overlapping rows, and the same bits in a row however many rows go
 * along. */
#include <float.h>

#include "rnncore/kernels/kernels.h"
#include "tests/kernels/span.h"

static const gsize rows[] = { 0, 1, 2, 3, 5, 6, 7, 11, 12, 13, 25 };
static const gsize outputs[]
    = { 0, 1, 3, 15, 16, 17, 31, 33, 48, 64, 65, 127, 128, 130, 147 };
static const gsize inputs[] = { 0, 1, 2, 7, 16, 33, 64 };

typedef struct {
  gsize m, n, k, ldx, ldy;
  gboolean has_bias, accumulate;
  Span weights, packed, bias, x, y, before;
} Product;

static void
product_init (Product *p, GRand *random)
{
  guint offset = g_rand_int_range (random, 0, 16);

  span_random (&p->weights, p->n * p->k, offset, random, 1);
  span_init (&p->packed, rnnc_packed_size (p->n, p->k), offset / 2);
  rnnc_pack_weights (p->weights.at, p->k, p->n, p->k, p->packed.at);
  span_random (&p->bias, p->n, offset / 3, random, 1);
  span_random (&p->x, p->m == 0 ? 0 : (p->m - 1) * p->ldx + p->k, offset / 5,
      random, 2);
  /* gaps between rows of y hold canaries */
  span_init (&p->before, p->m == 0 ? 0 : (p->m - 1) * p->ldy + p->n, 0);
  for (gsize r = 0; r < p->m; r++)
    for (gsize j = 0; j < p->n; j++)
      p->before.at[r * p->ldy + j]
          = (float) g_rand_double_range (random, -1, 1);
  span_copy (&p->y, &p->before, offset / 7);
}

static void
product_clear (Product *p)
{
  span_clear (&p->weights);
  span_clear (&p->packed);
  span_clear (&p->bias);
  span_clear (&p->x);
  span_clear (&p->y);
  span_clear (&p->before);
}

static void
multiply (const RnncKernels *kernels, const Product *p, gsize first, gsize m,
    float *y)
{
  kernels->matmul (p->packed.at, p->has_bias ? p->bias.at : NULL,
      p->x.at + first * p->ldx, p->ldx, y, p->ldy, m, p->n, p->k,
      p->accumulate);
}

/* A chain of k fused or rounded steps is off by (k + 2) units at most. */
static void
check_output (const Product *p, const float *twin, gsize r, gsize j)
{
  gsize at = r * p->ldy + j;
  double sum = (p->has_bias ? p->bias.at[j] : 0.0)
      + (p->accumulate ? p->before.at[at] : 0.0);
  double size = (p->has_bias ? fabs (p->bias.at[j]) : 0.0)
      + (p->accumulate ? fabs (p->before.at[at]) : 0.0);

  for (gsize i = 0; i < p->k; i++) {
    double term
        = (double) p->x.at[r * p->ldx + i] * p->weights.at[j * p->k + i];

    sum += term;
    size += fabs (term);
  }
  assert_close (p->y.at[at], sum, (double) (p->k + 2) * FLT_EPSILON * size,
      "exact", p->n, at);
  assert_close (p->y.at[at], twin[at], 1e-6 * size, "C twin", p->n, at);
}

/* Vector tables: one chain of fused steps in order of k, to the bit, whatever
 * the compiler makes of it. */
static void
check_chain (const Product *p, gsize r, gsize j)
{
  float sum = p->has_bias ? p->bias.at[j] : 0;

  if (p->accumulate)
    sum += p->before.at[r * p->ldy + j];
  for (gsize i = 0; i < p->k; i++)
    sum = fmaf (p->weights.at[j * p->k + i], p->x.at[r * p->ldx + i], sum);
  g_assert_cmpmem (&sum, sizeof sum, &p->y.at[r * p->ldy + j], sizeof sum);
}

static void
check_gaps (const Product *p)
{
  for (gsize r = 0; r + 1 < p->m; r++)
    g_assert_cmpmem (p->y.at + r * p->ldy + p->n,
        (p->ldy - p->n) * sizeof (float), p->before.at + r * p->ldy + p->n,
        (p->ldy - p->n) * sizeof (float));
}

/* Rows alone and in groups have the same bits as all of them together. */
static void
check_rows (const RnncKernels *kernels, const Product *p)
{
  for (gsize group = 1; group < p->m; group += 2) {
    Span part;

    span_copy (&part, &p->before, 0);
    for (gsize r = 0; r < p->m; r += group)
      multiply (kernels, p, r, MIN (group, p->m - r), part.at + r * p->ldy);
    g_assert_cmpmem (part.at, part.n * sizeof (float), p->y.at,
        p->y.n * sizeof (float));
    span_clear (&part);
  }
}

static void
check_product (const RnncKernels *kernels, Product *p, GRand *random)
{
  Span twin;

  product_init (p, random);
  span_copy (&twin, &p->before, 0);
  multiply (&rnnc_kernels_c, p, 0, p->m, twin.at);
  multiply (kernels, p, 0, p->m, p->y.at);
  for (gsize r = 0; r < p->m; r++) {
    for (gsize j = 0; j < p->n; j++) {
      check_output (p, twin.at, r, j);
      if (kernels != &rnnc_kernels_c)
        check_chain (p, r, j);
    }
  }
  check_gaps (p);
  check_rows (kernels, p);
  span_clear (&twin);
  product_clear (p);
}

static void
test_matmul (gconstpointer table)
{
  const RnncKernels *kernels = rnnc_kernels_by_name (table);
  GRand *random = g_rand_new_with_seed (7);

  if (kernels == NULL) {
    g_test_skip ("not on this processor");
    g_rand_free (random);
    return;
  }
  for (guint a = 0; a < G_N_ELEMENTS (rows); a++) {
    for (guint b = 0; b < G_N_ELEMENTS (outputs); b++) {
      for (guint c = 0; c < G_N_ELEMENTS (inputs); c++) {
        gsize k = inputs[c];
        const gsize distances[] = { k, k + 3, k / 2, 1 };

        for (guint flags = 0; flags < 4; flags++) {
          Product p = { .m = rows[a],
            .n = outputs[b],
            .k = k,
            .ldx = distances[(a + b + flags) % G_N_ELEMENTS (distances)],
            .ldy = outputs[b] + (a + c) % 3,
            .has_bias = flags & 1,
            .accumulate = flags >> 1 };

          check_product (kernels, &p, random);
        }
      }
    }
  }
  g_rand_free (random);
}

/* More rows than pass through the panels at a time, which is less the longer
 * they are; and tiles of each height behind whole blocks. */
static void
test_many_rows (gconstpointer table)
{
  static const gsize sizes[][3]
      = { { 131, 33, 700 }, { 54, 147, 3000 }, { 23, 20, 33000 } };
  const RnncKernels *kernels = rnnc_kernels_by_name (table);
  GRand *random = g_rand_new_with_seed (8);

  for (guint i = 0; kernels != NULL && i < G_N_ELEMENTS (sizes); i++) {
    Product p = { .m = sizes[i][0],
      .n = sizes[i][1],
      .k = sizes[i][2],
      .ldx = 5,
      .ldy = sizes[i][1] + 1,
      .has_bias = TRUE };

    check_product (kernels, &p, random);
  }
  if (kernels == NULL)
    g_test_skip ("not on this processor");
  g_rand_free (random);
}

/* Rows of x in pieces: the bits of the same rows in one. */
static void
test_pieces (gconstpointer table)
{
  const RnncKernels *kernels = rnnc_kernels_by_name (table);
  GRand *random = g_rand_new_with_seed (9);

  for (guint i = 0; kernels != NULL && i < 200; i++) {
    gsize n_pieces = 1 + i % 5, piece = i * 7 % 20, ldp = piece + i % 11;
    gsize row = (n_pieces - 1) * ldp + piece, ldx = i % 13;
    Product p = { .m = i * 3 % 29,
      .n = i * 11 % 150,
      .k = n_pieces * piece,
      .ldx = n_pieces * piece,
      .ldy = i * 11 % 150 + 1,
      .has_bias = i % 2 };
    Span from, y;

    product_init (&p, random);
    span_random (&from, p.m * ldx + row, i % 4, random, 2);
    for (gsize at = 0; at < p.x.n; at++)
      p.x.at[at]
          = from.at[at / p.k * ldx + at % p.k / piece * ldp + at % p.k % piece];
    span_copy (&y, &p.before, 1);
    multiply (kernels, &p, 0, p.m, p.y.at);
    kernels->matmul_pieces (p.packed.at, p.has_bias ? p.bias.at : NULL, from.at,
        ldx, n_pieces, ldp, y.at, p.ldy, p.m, p.n, piece);
    g_assert_cmpmem (y.at, y.n * sizeof (float), p.y.at,
        p.y.n * sizeof (float));
    span_clear (&from);
    span_clear (&y);
    product_clear (&p);
  }
  if (kernels == NULL)
    g_test_skip ("not on this processor");
  g_rand_free (random);
}

/* W [n, k] in panels of 16 outputs, zeros behind the last one. */
static void
test_packing (void)
{
  for (gsize n = 0; n <= 50; n++) {
    for (gsize k = 0; k <= 9; k += 3) {
      gsize ldw = k + n % 3;
      gsize panels = (n + 15) / 16;
      Span weights, packed;

      span_init (&weights, n * ldw, 1);
      for (gsize i = 0; i < n * ldw; i++)
        weights.at[i] = (float) (i + 1);
      g_assert_cmpuint (rnnc_packed_size (n, k), ==, panels * 16 * k);
      span_init (&packed, panels * 16 * k, 3);
      rnnc_pack_weights (weights.at, ldw, n, k, packed.at);
      for (gsize o = 0; o < panels * 16; o++)
        for (gsize i = 0; i < k; i++)
          g_assert_cmpfloat (packed.at[(o / 16 * k + i) * 16 + o % 16], ==,
              o < n ? (float) (o * ldw + i + 1) : 0);
      span_clear (&weights);
      span_clear (&packed);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kernels/packing", test_packing);
  g_test_add_data_func ("/kernels/c/matmul", "c", test_matmul);
  g_test_add_data_func ("/kernels/c/many-rows", "c", test_many_rows);
  g_test_add_data_func ("/kernels/avx2/matmul", "avx2", test_matmul);
  g_test_add_data_func ("/kernels/avx2/many-rows", "avx2", test_many_rows);
  g_test_add_data_func ("/kernels/avx512/matmul", "avx512", test_matmul);
  g_test_add_data_func ("/kernels/avx512/many-rows", "avx512", test_many_rows);
  g_test_add_data_func ("/kernels/avx512vnni/matmul", "avx512vnni",
      test_matmul);
  g_test_add_data_func ("/kernels/c/pieces", "c", test_pieces);
  g_test_add_data_func ("/kernels/avx2/pieces", "avx2", test_pieces);
  g_test_add_data_func ("/kernels/avx512/pieces", "avx512", test_pieces);
  return g_test_run ();
}
