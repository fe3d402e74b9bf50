/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The building blocks in float: functions against the C library's in double,
 * the packed product against plain loops, packing, initial weights, dropout,
 * sums over workers. */
#include <math.h>

#include "rnncore/train/product.h"
#include "rnncore/train/vector-math.h"
#include "tests/train/train-fixture.h"

typedef struct {
  const char *name;
  real (*func) (real x);
  double (*reference) (double x);
  double first, last;
  double relative, absolute;
} FunctionCase;

static double
reference_sigmoid (double x)
{
  return 1 / (1 + exp (-x));
}

static real
call_exp (real x)
{
  return rnnc_exp (x);
}

static real
call_log (real x)
{
  return rnnc_log (x);
}

static real
call_sigmoid (real x)
{
  return rnnc_sigmoid (x);
}

static real
call_tanh (real x)
{
  return rnnc_tanh (x);
}

static const FunctionCase functions[] = {
  { "exp", call_exp, exp, -86.5, 87.5, 3e-7, 0 },
  { "exp-far-below", call_exp, exp, -1e6, -88, 0, 2e-38 },
  { "log", call_log, log, 0.01, 100, 3e-7, 1e-7 },
  { "log-near-one", call_log, log, 0.9, 3.1, 3e-7, 3e-8 },
  { "sigmoid", call_sigmoid, reference_sigmoid, -100, 100, 0, 3e-7 },
  { "sigmoid-near-zero", call_sigmoid, reference_sigmoid, -5, 5, 0, 2e-7 },
  { "tanh", call_tanh, tanh, -100, 100, 0, 3e-7 },
  { "tanh-near-zero", call_tanh, tanh, -1, 1, 0, 2e-7 },
};

static void
test_function (gconstpointer data)
{
  const FunctionCase *c = data;
  const guint n = 200000;
  for (guint i = 0; i <= n; i++) {
    float x = (float) (c->first + (c->last - c->first) * i / n);
    double y = c->reference (x);
    g_assert_cmpfloat_with_epsilon (c->func (x), y,
        c->relative * fabs (y) + c->absolute);
  }
}

static void
test_not_a_number (void)
{
  g_assert_true (isnan (call_exp (NAN)));
  g_assert_true (isnan (call_sigmoid (NAN)));
  g_assert_true (isnan (call_tanh (NAN)));
}

/* To bfloat16, nearest even. */
static double
rounded (float x)
{
  guint32 bits;
  memcpy (&bits, &x, sizeof bits);
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
  memcpy (&x, &bits, sizeof bits);
  return x;
}

static double
as_multiplied (RnncProductKernel kernel, float x)
{
  return kernel == RNNC_PRODUCT_BFLOAT16 ? rounded (x) : x;
}

static void
check_product (RnncProductKernel kernel, gsize n_rows, gsize depth, gsize n,
    gboolean transpose, gboolean add)
{
  RnncRandom random = { n_rows * 1000 + depth * 10 + n };
  RnncPackedMatrix matrix = { 0 };
  gsize lda = depth + 3, ldc = n + 5;
  gsize ld = transpose ? depth : n;
  g_autofree float *a = g_new (float, n_rows *lda);
  g_autofree float *b = g_new (float, depth *n);
  g_autofree float *c = g_new (float, n_rows *ldc + 1); /* of no rows too */
  g_autofree float *before = g_new (float, n_rows *ldc + 1);
  fixture_fill (&random, a, n_rows * lda);
  fixture_fill (&random, b, depth * n);
  fixture_fill (&random, before, n_rows * ldc);
  memcpy (c, before, n_rows * ldc * sizeof (float));
  rnnc_packed_matrix_set (&matrix, kernel, transpose, depth, n, b, ld);
  rnnc_packed_matrix_multiply (&matrix, n_rows, a, lda, add, c, ldc);
  for (gsize r = 0; r < n_rows; r++) {
    for (gsize j = 0; j < ldc; j++) {
      double sum = j >= n || add ? before[r * ldc + j] : 0;
      for (gsize k = 0; j < n && k < depth; k++)
        sum += as_multiplied (kernel, a[r * lda + k])
            * as_multiplied (kernel, b[transpose ? j * ld + k : k * ld + j]);
      g_assert_cmpfloat_with_epsilon (c[r * ldc + j], sum,
          1e-6 * (1 + (double) depth / 10));
    }
  }
  rnnc_packed_matrix_clear (&matrix);
}

/* Every kernel this machine has. */
static void
test_packed_product (void)
{
  const gsize columns[] = { 1, 7, 15, 16, 17, 31, 32, 33, 48, 64, 100 };
  RnncProductKernel best = rnnc_product_kernel (TRUE);
  for (RnncProductKernel kernel = 0; kernel <= best; kernel++)
    for (gsize n_rows = 0; n_rows <= 26; n_rows++)
      for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
        for (guint mode = 0; mode < 4; mode++)
          check_product (kernel, n_rows, 1 + (n_rows * 7 + i) % 40, columns[i],
              mode & 1, mode >> 1);
  g_test_message ("kernels up to %d", best);
}

/* A layer's products: both matrices as they are or transposed, in the best
 * kernel of either precision, with memory that is used again. */
static void
check_whole_product (RnncProducts *products, gsize m, gsize n, gsize k,
    gboolean transpose_a, gboolean transpose_b, gboolean add)
{
  RnncRandom random = { m * 1000 + n * 10 + k };
  gsize lda = (transpose_a ? m : k) + 3, ldb = (transpose_b ? k : n) + 2;
  gsize ldc = n + 1;
  g_autofree float *a = g_new (float, (transpose_a ? k : m) * lda);
  g_autofree float *b = g_new (float, (transpose_b ? n : k) * ldb);
  g_autofree float *c = g_new (float, m *ldc);
  g_autofree float *before = g_new (float, m *ldc);
  fixture_fill (&random, a, (transpose_a ? k : m) * lda);
  fixture_fill (&random, b, (transpose_b ? n : k) * ldb);
  fixture_fill (&random, before, m * ldc);
  memcpy (c, before, m * ldc * sizeof (float));
  rnnc_product (products, transpose_a, transpose_b, m, n, k, a, lda, b, ldb,
      add, c, ldc);
  for (gsize r = 0; r < m; r++) {
    for (gsize j = 0; j < ldc; j++) {
      double sum = j >= n || add ? before[r * ldc + j] : 0;
      for (gsize i = 0; j < n && i < k; i++)
        sum += as_multiplied (products->kernel,
                   a[transpose_a ? i * lda + r : r * lda + i])
            * as_multiplied (products->kernel,
                b[transpose_b ? j * ldb + i : i * ldb + j]);
      g_assert_cmpfloat_with_epsilon (c[r * ldc + j], sum,
          1e-6 * (1 + (double) k / 10));
    }
  }
}

static void
test_whole_product (void)
{
  const gsize sizes[][3] = { { 1, 1, 1 }, { 3, 33, 2 }, { 64, 32, 16 },
    { 65, 40, 31 }, { 130, 31, 70 }, { 17, 100, 129 }, { 16, 8, 200 } };
  for (guint precision = 0; precision < 2; precision++) {
    RnncProducts products = { rnnc_product_kernel (precision == 1) };
    for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
      for (guint mode = 0; mode < 8; mode++)
        check_whole_product (&products, sizes[i][0], sizes[i][1], sizes[i][2],
            mode & 1, mode >> 1 & 1, mode >> 2);
    g_test_message ("kernel %d", products.kernel);
    rnnc_products_clear (&products);
  }
}

static void
test_packing (void)
{
  const guint lengths[] = { 4, 4, 2, 1 };
  const guint counts[] = { 4, 3, 2, 2 };
  const gsize offsets[] = { 0, 4, 7, 9 };
  RnncPacking packing = { 0 };
  rnnc_packing_set (&packing, 4, lengths);
  g_assert_cmpuint (packing.n_steps, ==, 4);
  g_assert_cmpuint (packing.n_rows, ==, 11);
  for (guint t = 0; t < 4; t++) {
    g_assert_cmpuint (packing.counts[t], ==, counts[t]);
    g_assert_cmpuint (packing.offsets[t], ==, offsets[t]);
  }
  rnnc_packing_clear (&packing);
}

static void
test_orthogonal (void)
{
  const gsize n = 37;
  RnncRandom random = { 5 };
  g_autofree real *m = g_new (real, n * n);
  rnnc_initialise_orthogonal (m, n, n, &random);
  for (gsize i = 0; i < n; i++) {
    for (gsize j = 0; j < n; j++) {
      double sum = 0;
      for (gsize k = 0; k < n; k++)
        sum += (double) m[i * n + k] * m[j * n + k];
      g_assert_cmpfloat_with_epsilon (sum, i == j, 1e-6);
    }
  }
}

/* Gates that hold for 1 … steps steps: sigmoid (bias) = 1 - 1 / (u + 1). */
static void
test_initial_memory (void)
{
  const struct {
    const char *layers;
    guint keeping; /* gate */
    gboolean opposite;
  } cases[] = {
    { "[{'type':'lstm','name':'r','hidden':64,'layers':2}]", 1, TRUE },
    { "[{'type':'gru','name':'r','hidden':64,'bidirectional':true}]", 1,
        FALSE },
  };
  RnncTrainerOptions options;
  rnnc_trainer_options_init (&options);
  options.loss = RNNC_LOSS_MSE;
  options.memory = 200;
  for (guint c = 0; c < G_N_ELEMENTS (cases); c++) {
    RnncTrainer *trainer = fixture_trainer (3, 0, 0, cases[c].layers, &options);
    for (guint layer = 0; layer < 2; layer++) {
      const RnncParameter *p = &trainer->network->parameters[4 * layer + 2];
      const real *bias = trainer->values + p->offset;
      double least = 1e9, most = 0;
      for (guint j = 0; j < 64; j++) {
        double u = exp (bias[cases[c].keeping * 64 + j]);
        least = MIN (least, u);
        most = MAX (most, u);
        g_assert_cmpfloat (bias[j], ==, cases[c].opposite ? -bias[64 + j] : 0);
      }
      g_assert_cmpfloat (least, >=, 0.999);
      g_assert_cmpfloat (least, <, 30);
      g_assert_cmpfloat (most, >, 150);
      g_assert_cmpfloat (most, <, 199.001);
    }
    rnnc_trainer_free (trainer);
  }
}

static void
test_initial_weights (void)
{
  RnncTrainerOptions options;
  rnnc_trainer_options_init (&options);
  options.loss = RNNC_LOSS_MSE;
  RnncTrainer *trainer = fixture_trainer (3, 0, 0,
      "[{'type':'conv1d','name':'c','channels':6,'kernel':5,'left':4},"
      "{'type':'lstm','name':'r','hidden':8}]",
      &options);
  const RnncParameter *p = trainer->network->parameters;
  double bound = sqrt (6.0 / (3 * 5)), largest = 0;
  for (gsize i = 0; i < p[0].n_values; i++)
    largest = MAX (largest, fabs (trainer->values[p[0].offset + i]));
  g_assert_cmpfloat (largest, <=, bound);
  g_assert_cmpfloat (largest, >, 0.9 * bound);
  /* c.weight, c.bias, r.weight_ih, r.weight_hh, r.bias_ih, r.bias_hh */
  for (gsize i = 0; i < 32; i++) {
    g_assert_cmpfloat (trainer->values[p[4].offset + i], ==,
        i >= 8 && i < 16 ? 1 : 0);
    g_assert_cmpfloat (trainer->values[p[5].offset + i], ==, 0);
  }
  rnnc_trainer_free (trainer);
}

static void
test_dropout (void)
{
  enum { N = 100000 };
  g_autofree real *x = g_new (real, N);
  g_autofree real *y = g_new (real, N);
  guint n_zero = 0, n_pairs = 0;
  for (guint i = 0; i < N; i++)
    x[i] = 1;
  rnnc_random_dropout (77, 0.3, N, x, y);
  for (guint i = 0; i < N; i++) {
    n_zero += y[i] == 0;
    n_pairs += i > 0 && y[i] == 0 && y[i - 1] == 0;
    g_assert_true (y[i] == 0 || fabs (y[i] - 1 / 0.7) < 1e-6);
  }
  /* Four standard deviations. */
  g_assert_cmpfloat_with_epsilon (n_zero, 0.3 * N, 4 * sqrt (0.21 * N));
  g_assert_cmpfloat_with_epsilon (n_pairs, 0.09 * N, 6 * sqrt (0.09 * N));
}

#define N_WORKERS 3

typedef struct {
  RnncWorkers *workers;
  double sums[N_WORKERS][2];
} SumTest;

static void
sum_worker (guint worker, gpointer data)
{
  SumTest *test = data;
  for (guint round = 0; round < 100; round++) {
    double share[2] = { worker + 1, round };
    rnnc_workers_sum (test->workers, worker, share, 2);
    test->sums[worker][0] += share[0];
    test->sums[worker][1] += share[1];
  }
}

static void
test_workers (void)
{
  SumTest test = { rnnc_workers_new (N_WORKERS) };
  for (guint n = 1; n <= N_WORKERS; n++) {
    memset (test.sums, 0, sizeof test.sums);
    rnnc_workers_run (test.workers, n, sum_worker, &test);
    for (guint w = 0; w < N_WORKERS; w++) {
      double each = w < n ? 100.0 * n * (n + 1) / 2 : 0;
      g_assert_cmpfloat (test.sums[w][0], ==, each);
      g_assert_cmpfloat (test.sums[w][1], ==, w < n ? 4950.0 * n : 0);
    }
  }
  rnnc_workers_free (test.workers);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++) {
    g_autofree char *path
        = g_strdup_printf ("/train/math/%s", functions[i].name);
    g_test_add_data_func (path, &functions[i], test_function);
  }
  g_test_add_func ("/train/math/not-a-number", test_not_a_number);
  g_test_add_func ("/train/packed-matrix/product", test_packed_product);
  g_test_add_func ("/train/math/whole-product", test_whole_product);
  g_test_add_func ("/train/packing/counts", test_packing);
  g_test_add_func ("/train/initialise/orthogonal", test_orthogonal);
  g_test_add_func ("/train/initialise/network", test_initial_weights);
  g_test_add_func ("/train/initial/memory", test_initial_memory);
  g_test_add_func ("/train/dropout/rate", test_dropout);
  g_test_add_func ("/train/workers/sum", test_workers);
  return g_test_run ();
}
