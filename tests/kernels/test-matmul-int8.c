/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The matrix product of bytes: the C twin against exact sums, every table
 * against its C twin to the bit, rows alone against rows together, and rows
 * that hold what is no number. */
#include <float.h>

#include "rnncore/kernels/kernels.h"
#include "tests/kernels/span.h"

#define MAX_LENGTH 257

typedef struct {
  gsize m, n, k, ldx, ldy;
  gboolean has_bias, accumulate;
  gint8 *bytes; /* [n, k] */
  gint8 *packed;
  gint32 *sums;
  Span scale, bias, x, y, before;
} Product;

static gsize
whole_panels (gsize n)
{
  return (n + RNNC_PANEL - 1) / RNNC_PANEL * RNNC_PANEL;
}

static void
product_init (Product *p, GRand *random)
{
  guint offset = g_rand_int_range (random, 0, 16);
  gsize size = rnnc_packed_int8_size (p->n, p->k);

  p->bytes = g_new (gint8, p->n * p->k + 1);
  for (gsize i = 0; i < p->n * p->k; i++)
    p->bytes[i] = (gint8) (i % 7 == 3 ? (i % 2 == 0 ? 127 : -127)
                                      : g_rand_int_range (random, -127, 128));
  p->packed = g_aligned_alloc (MAX (size, 1), 1, 64);
  p->sums = g_new (gint32, whole_panels (p->n));
  rnnc_pack_int8 (p->bytes, p->n, p->k, p->packed, p->sums);
  span_random (&p->scale, whole_panels (p->n), offset / 2, random, 0.01);
  span_random (&p->bias, p->n, offset / 3, random, 1);
  span_random (&p->x, p->m == 0 ? 0 : (p->m - 1) * p->ldx + p->k, offset / 5,
      random, 2);
  span_random (&p->before, p->m == 0 ? 0 : (p->m - 1) * p->ldy + p->n, 0,
      random, 1);
  span_copy (&p->y, &p->before, offset / 7);
}

static void
product_clear (Product *p)
{
  g_free (p->bytes);
  g_aligned_free (p->packed);
  g_free (p->sums);
  span_clear (&p->scale);
  span_clear (&p->bias);
  span_clear (&p->x);
  span_clear (&p->y);
  span_clear (&p->before);
}

static void
multiply (const RnncKernels *kernels, const Product *p, gsize first, gsize m,
    float *y)
{
  const RnncInt8 weights = { p->packed, p->scale.at, p->sums };

  kernels->matmul_int8 (&weights, p->has_bias ? p->bias.at : NULL,
      p->x.at + first * p->ldx, p->ldx, y, p->ldy, m, p->n, p->k,
      p->accumulate);
}

/* Bytes of x are off by half of their scale at most. */
static void
check_output (const Product *p, const Span *y, gsize r, gsize j)
{
  gsize at = r * p->ldy + j;
  double sum = (p->has_bias ? p->bias.at[j] : 0.0)
      + (p->accumulate ? p->before.at[at] : 0.0);
  double size = fabs (sum) + 1, weight = 0, peak = 0;

  for (gsize i = 0; i < p->k; i++) {
    double w = (double) p->bytes[j * p->k + i] * p->scale.at[j];
    double x = p->x.at[r * p->ldx + i];

    sum += w * x;
    size += fabs (w * x);
    weight += fabs (w);
    peak = MAX (peak, fabs (x));
  }
  assert_close (y->at[at], sum,
      weight * peak / 127 * 0.5001 + 4 * FLT_EPSILON * size, "exact", p->n, at);
}

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
  /* what lies between rows of y is random too */
  g_assert_cmpmem (p->y.at, p->y.n * sizeof (float), twin.at,
      twin.n * sizeof (float));
  for (gsize r = 0; kernels == &rnnc_kernels_c && r < p->m; r++)
    for (gsize j = 0; j < p->n; j++)
      check_output (p, &twin, r, j);
  check_rows (kernels, p);
  span_clear (&twin);
  product_clear (p);
}

/* Every number of inputs and of outputs from 0 to 257. */
static void
test_lengths (const RnncKernels *kernels, GRand *random)
{
  for (gsize length = 0; length <= MAX_LENGTH; length++) {
    for (guint i = 0; i < 4; i++) {
      gsize other = (gsize) g_rand_int_range (random, 0, 40);
      gsize n = i < 2 ? length : other, k = i < 2 ? other : length;
      Product p = { .m = i % 2 == 0 ? 1 : length % 14,
        .n = n,
        .k = k,
        .ldx = i % 2 == 0 ? k + 3 : k / 2,
        .ldy = n + length % 3,
        .has_bias = (length >> 1) & 1,
        .accumulate = length & 1 };

      check_product (kernels, &p, random);
    }
  }
}

/* Several groups of panels, and more rows than become bytes at a time. */
static void
test_many (const RnncKernels *kernels, GRand *random)
{
  static const gsize sizes[][3] = { { 1, 1024, 256 }, { 16, 400, 129 },
    { 131, 33, 700 }, { 54, 147, 1000 }, { 3, 20, RNNC_INT8_INPUTS } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    Product p = { .m = sizes[i][0],
      .n = sizes[i][1],
      .k = sizes[i][2],
      .ldx = sizes[i][2] / 3,
      .ldy = sizes[i][1] + 1,
      .has_bias = TRUE };

    check_product (kernels, &p, random);
  }
}

/* Largest bytes everywhere: no sum saturates. */
static void
test_largest (const RnncKernels *kernels, GRand *random)
{
  Product p = { .m = 3, .n = 18, .k = 1001, .ldx = 1001, .ldy = 18 };

  product_init (&p, random);
  for (gsize i = 0; i < p.n * p.k; i++)
    p.bytes[i] = i / p.k % 2 == 0 ? 127 : -127;
  rnnc_pack_int8 (p.bytes, p.n, p.k, p.packed, p.sums);
  for (gsize i = 0; i < p.x.n; i++)
    p.x.at[i] = i < p.k ? 127 : -127;
  for (gsize i = 0; i < p.n; i++)
    p.scale.at[i] = 1;
  multiply (kernels, &p, 0, p.m, p.y.at);
  for (gsize r = 0; r < p.m; r++)
    for (gsize j = 0; j < p.n; j++)
      g_assert_cmpfloat (p.y.at[r * p.ldy + j], ==,
          ((r == 0) == (j % 2 == 0) ? 127.0f : -127.0f) * 127.0f * (float) p.k);
  product_clear (&p);
}

/* A row with a NaN or an infinity gives NaN, its neighbours what they gave;
 * zeros and numbers too small for a scale give the bias. */
static void
test_not_numbers (const RnncKernels *kernels, GRand *random)
{
  static const float odd[] = { NAN, INFINITY, -INFINITY, 0, 1e-40f };

  for (guint i = 0; i < G_N_ELEMENTS (odd); i++) {
    for (gsize at = 0; at < 40; at++) {
      Product p = { .m = 3,
        .n = 19,
        .k = 40,
        .ldx = 40,
        .ldy = 19,
        .has_bias = TRUE };
      Span normal;

      product_init (&p, random);
      span_copy (&normal, &p.before, 0);
      multiply (kernels, &p, 0, p.m, normal.at);
      for (gsize k = 0; isfinite (odd[i]) && k < p.k; k++)
        p.x.at[p.ldx + k] = odd[i];
      p.x.at[p.ldx + at] = odd[i];
      multiply (kernels, &p, 0, p.m, p.y.at);
      for (gsize j = 0; j < p.n; j++) {
        g_assert_cmpfloat (p.y.at[j], ==, normal.at[j]);
        g_assert_cmpfloat (p.y.at[2 * p.ldy + j], ==, normal.at[2 * p.ldy + j]);
        if (isfinite (odd[i]))
          g_assert_cmpfloat (p.y.at[p.ldy + j], ==, p.bias.at[j]);
        else
          g_assert_true (isnan (p.y.at[p.ldy + j]));
      }
      span_clear (&normal);
      product_clear (&p);
    }
  }
}

/* Groups of eight panels, the last of as many as are left. */
static void
test_packing (void)
{
  enum { N = 16 * 9 + 5, K = 7 };
  gint8 bytes[N * K], packed[10 * 16 * 8];
  gint32 sums[10 * 16];

  for (guint i = 0; i < N * K; i++)
    bytes[i] = (gint8) (i % 251 - 125);
  g_assert_cmpuint (rnnc_packed_int8_size (N, K), ==, sizeof packed);
  rnnc_pack_int8 (bytes, N, K, packed, sums);
  for (gsize o = 0; o < 160; o++) {
    gsize width = o < 128 ? 8 : 2, panel = o / 16 % 8;
    gint32 sum = 0;

    for (gsize i = 0; i < 8; i++) {
      gint8 value = o < N && i < K ? bytes[o * K + i] : 0;

      sum += value;
      g_assert_cmpint (packed[(o < 128 ? 0 : 128 * 8)
                           + ((i / 4 * width + panel) * 16 + o % 16) * 4
                           + i % 4],
          ==, value);
    }
    g_assert_cmpint (sums[o], ==, 128 * sum);
  }
}

static const struct {
  const char *name;
  void (*run) (const RnncKernels *kernels, GRand *random);
} cases[] = {
  { "lengths", test_lengths },
  { "many", test_many },
  { "largest", test_largest },
  { "not-numbers", test_not_numbers },
};

typedef struct {
  const char *table;
  guint index;
} TableCase;

static void
run_case (gconstpointer data)
{
  const TableCase *one = data;
  const RnncKernels *kernels = rnnc_kernels_by_name (one->table);
  GRand *random = g_rand_new_with_seed (9);

  if (kernels == NULL)
    g_test_skip ("not on this processor");
  else
    cases[one->index].run (kernels, random);
  g_rand_free (random);
}

int
main (int argc, char **argv)
{
  static const char *const tables[] = { "c", "avx2", "avx512", "avx512vnni" };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/matmul-int8/packing", test_packing);
  for (guint t = 0; t < G_N_ELEMENTS (tables); t++) {
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
      TableCase *one = g_new (TableCase, 1);
      g_autofree char *path
          = g_strdup_printf ("/matmul-int8/%s/%s", tables[t], cases[i].name);

      *one = (TableCase){ tables[t], i };
      g_test_add_data_func_full (path, one, run_case, g_free);
    }
  }
  return g_test_run ();
}
