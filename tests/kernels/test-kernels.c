/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Element-wise kernels and cells: every table against its C twin and against
 * the exact functions in double, at all lengths 0..257 and odd places. */
#include <math.h>

#include "rnncore/kernels/kernels.h"
#include "tests/kernels/span.h"

#define MAX_LENGTH 257
#define FUNCTION_BOUND 2e-7 /* of kernels.h: sigmoid, tanh */
#define CELL_BOUND 1e-6     /* of values that are around 1 */

static const char *const tables[] = { "c", "avx2", "avx512", "avx512vnni" };

typedef void (*Test) (const RnncKernels *kernels);

/* --- exact ---------------------------------------------------------------- */

static double
exact_sigmoid (double x)
{
  return x >= 0 ? 1 / (1 + exp (-x)) : exp (x) / (1 + exp (x));
}

static double
exact_relu (double x)
{
  return x > 0 ? x : 0;
}

/* --- maps ----------------------------------------------------------------- */

typedef void (*Map) (float *x, size_t n);

static const float special[] = { 0.0f, -0.0f, 1e-30f, -1e-30f, 1e-4f, -1e-4f,
  0.5f, 1.0f, -1.0f, 8.0f, -8.0f, 9.01f, 16.6f, -16.6f, 17.4f, 43.4f, -43.6f,
  86.9f, 87.1f, -87.1f, 88.8f, -88.8f, 104.0f, -104.0f, 1e4f, -1e4f, 3e38f,
  -3e38f, INFINITY, -INFINITY };

static void
check_map (Map map, Map twin, double (*exact) (double), double bound)
{
  GRand *random = g_rand_new_with_seed (1);

  for (gsize n = 0; n <= MAX_LENGTH; n++) {
    Span input, output, other;

    span_random (&input, n, 0, random, n % 3 == 0 ? 1 : n % 3 == 1 ? 10 : 100);
    for (gsize i = n % 7; i < n; i += 7)
      input.at[i] = special[(i + n) % G_N_ELEMENTS (special)];
    span_copy (&output, &input, n % 5);
    span_copy (&other, &input, 0);
    map (output.at, n);
    twin (other.at, n);
    for (gsize i = 0; i < n; i++) {
      double wanted = exact (input.at[i]);

      if (isinf (wanted)) {
        g_assert_cmpfloat (output.at[i], ==, wanted);
        continue;
      }
      assert_close (output.at[i], wanted, bound, "exact", n, i);
      assert_close (output.at[i], other.at[i], 2 * bound, "C twin", n, i);
    }
    span_clear (&input);
    span_clear (&output);
    span_clear (&other);
  }
  g_rand_free (random);
}

/* Every 64th float of both signs up to beyond where the functions end. */
static void
check_everywhere (Map map, double (*exact) (double))
{
  float block[256];

  for (guint32 bits = 0; bits < 0x43000000u;) {
    guint32 first = bits;
    gsize n = 0;

    for (; n < G_N_ELEMENTS (block) && bits < 0x43000000u; n++, bits += 4099) {
      guint32 signed_bits = bits | (n % 2 != 0 ? 0x80000000u : 0);

      memcpy (&block[n], &signed_bits, sizeof block[n]);
    }
    map (block, n);
    for (gsize i = 0; i < n; i++) {
      guint32 from = (first + i * 4099) | (i % 2 != 0 ? 0x80000000u : 0);
      float x;

      memcpy (&x, &from, sizeof x);
      assert_close (block[i], exact (x), FUNCTION_BOUND, "at", from, i);
    }
  }
}

static void
test_sigmoid (const RnncKernels *kernels)
{
  check_map (kernels->sigmoid, rnnc_kernels_c.sigmoid, exact_sigmoid,
      FUNCTION_BOUND);
  check_everywhere (kernels->sigmoid, exact_sigmoid);
}

static void
test_tanh (const RnncKernels *kernels)
{
  check_map (kernels->tanh, rnnc_kernels_c.tanh, tanh, FUNCTION_BOUND);
  check_everywhere (kernels->tanh, tanh);
}

static void
test_relu (const RnncKernels *kernels)
{
  check_map (kernels->relu, rnnc_kernels_c.relu, exact_relu, 0);
}

/* The same number has the same result wherever it stands in a vector. */
static void
test_places (const RnncKernels *kernels)
{
  const Map maps[] = { kernels->sigmoid, kernels->tanh };

  for (guint m = 0; m < G_N_ELEMENTS (maps); m++) {
    for (guint s = 0; s < 64; s++) {
      float alone = 0.37f * (float) s - 9.0f;
      float many[37];

      for (guint i = 0; i < G_N_ELEMENTS (many); i++)
        many[i] = alone;
      maps[m](&alone, 1);
      maps[m](many, G_N_ELEMENTS (many));
      for (guint i = 0; i < G_N_ELEMENTS (many); i++)
        g_assert_cmpmem (&many[i], sizeof (float), &alone, sizeof (float));
    }
  }
}

/* NaN is NaN wherever it stands, and harms no neighbour. */
static void
test_nan (const RnncKernels *kernels)
{
  const Map maps[] = { kernels->sigmoid, kernels->tanh, kernels->relu };
  float many[37];

  for (guint m = 0; m < G_N_ELEMENTS (maps); m++) {
    for (guint at = 0; at < G_N_ELEMENTS (many); at++) {
      for (guint i = 0; i < G_N_ELEMENTS (many); i++)
        many[i] = i == at ? (at % 2 == 0 ? NAN : -NAN) : 1.0f;
      maps[m](many, G_N_ELEMENTS (many));
      for (guint i = 0; i < G_N_ELEMENTS (many); i++)
        g_assert_true (isnan (many[i]) == (i == at));
    }
  }
}

/* The same of the cells: in any gate, and in what they carry. */
static void
test_nan_in_cells (const RnncKernels *kernels)
{
  enum { N = 19 };

  for (guint at = 0; at < 5 * N; at++) {
    float gates[5 * N] = { 0 }, h[N] = { 0 };

    gates[at] = NAN; /* the fifth part is c */
    kernels->lstm (gates, gates + 4 * N, h, N);
    for (guint i = 0; i < N; i++)
      g_assert_true (isnan (h[i]) == (i == at % N));
  }
  for (guint at = 0; at < 4 * N; at++) {
    float input[4 * N] = { 0 }, hidden[3 * N];

    for (guint i = 0; i < 3 * N; i++)
      hidden[i] = 1;
    input[at] = NAN; /* the fourth part is h */
    kernels->gru (input, hidden, input + 3 * N, N);
    for (guint i = 0; i < N; i++)
      g_assert_true (isnan (input[3 * N + i]) == (i == at % N));
  }
}

/* --- sums ----------------------------------------------------------------- */

static void
test_scale_shift (const RnncKernels *kernels)
{
  GRand *random = g_rand_new_with_seed (2);

  for (gsize n = 0; n <= MAX_LENGTH; n++) {
    Span x, scale, shift, y;

    span_random (&x, n, n % 3, random, 5);
    span_random (&scale, n, n % 4, random, 2);
    span_random (&shift, n, n % 5, random, 3);
    span_copy (&y, &x, n % 7);
    kernels->scale_shift (y.at, scale.at, shift.at, n);
    for (gsize i = 0; i < n; i++) {
      double product = (double) x.at[i] * scale.at[i];

      assert_close (y.at[i], product + shift.at[i],
          1.2e-7 * (fabs (product) + fabs (shift.at[i])), "scale-shift", n, i);
    }
    span_clear (&x);
    span_clear (&scale);
    span_clear (&shift);
    span_clear (&y);
  }
  g_rand_free (random);
}

static void
test_add (const RnncKernels *kernels)
{
  GRand *random = g_rand_new_with_seed (3);

  for (gsize n = 0; n <= MAX_LENGTH; n++) {
    Span x, sum, before;

    span_random (&x, n, n % 3, random, 5);
    span_random (&before, n, 0, random, 5);
    span_copy (&sum, &before, n % 5);
    kernels->add (sum.at, x.at, n);
    for (gsize i = 0; i < n; i++)
      g_assert_cmpfloat (sum.at[i], ==, before.at[i] + x.at[i]);
    span_clear (&x);
    span_clear (&sum);
    span_clear (&before);
  }
  g_rand_free (random);
}

/* --- cells ---------------------------------------------------------------- */

static void
check_lstm (const RnncKernels *kernels, GRand *random, gsize n, double scale)
{
  Span gates, c, h, c_before, h_twin, c_twin;

  span_random (&gates, 4 * n, n % 3, random, scale);
  span_random (&c_before, n, 0, random, 2);
  span_copy (&c, &c_before, n % 5);
  span_copy (&c_twin, &c_before, 0);
  span_init (&h, n, n % 7);
  span_init (&h_twin, n, 0);
  kernels->lstm (gates.at, c.at, h.at, n);
  rnnc_kernels_c.lstm (gates.at, c_twin.at, h_twin.at, n);
  for (gsize i = 0; i < n; i++) {
    double cell = exact_sigmoid (gates.at[n + i]) * c_before.at[i]
        + exact_sigmoid (gates.at[i]) * tanh (gates.at[2 * n + i]);

    assert_close (c.at[i], cell, CELL_BOUND, "c", n, i);
    assert_close (h.at[i], exact_sigmoid (gates.at[3 * n + i]) * tanh (cell),
        CELL_BOUND, "h", n, i);
    assert_close (c.at[i], c_twin.at[i], CELL_BOUND, "c of the twin", n, i);
    assert_close (h.at[i], h_twin.at[i], CELL_BOUND, "h of the twin", n, i);
  }
  span_clear (&gates);
  span_clear (&c_before);
  span_clear (&c);
  span_clear (&c_twin);
  span_clear (&h);
  span_clear (&h_twin);
}

static void
test_lstm (const RnncKernels *kernels)
{
  GRand *random = g_rand_new_with_seed (4);

  for (gsize n = 0; n <= MAX_LENGTH; n++)
    check_lstm (kernels, random, n, n % 4 == 3 ? 1000 : 4);
  g_rand_free (random);
}

static void
check_gru (const RnncKernels *kernels, GRand *random, gsize n, double scale)
{
  Span input, hidden, h, before, twin;

  span_random (&input, 3 * n, n % 3, random, scale);
  span_random (&hidden, 3 * n, n % 4, random, scale);
  span_random (&before, n, 0, random, 1);
  span_copy (&h, &before, n % 5);
  span_copy (&twin, &before, 0);
  kernels->gru (input.at, hidden.at, h.at, n);
  rnnc_kernels_c.gru (input.at, hidden.at, twin.at, n);
  for (gsize i = 0; i < n; i++) {
    double reset = exact_sigmoid ((double) input.at[i] + hidden.at[i]);
    double update = exact_sigmoid ((double) input.at[n + i] + hidden.at[n + i]);
    double fresh = tanh (input.at[2 * n + i] + reset * hidden.at[2 * n + i]);

    /* arguments are rounded to float: that much more in the derivatives */
    double bound = CELL_BOUND * MAX (1, scale / 4);

    assert_close (h.at[i], (1 - update) * fresh + update * before.at[i], bound,
        "h", n, i);
    assert_close (h.at[i], twin.at[i], bound, "h of the twin", n, i);
  }
  span_clear (&input);
  span_clear (&hidden);
  span_clear (&before);
  span_clear (&h);
  span_clear (&twin);
}

static void
test_gru (const RnncKernels *kernels)
{
  GRand *random = g_rand_new_with_seed (5);

  for (gsize n = 0; n <= MAX_LENGTH; n++)
    check_gru (kernels, random, n, n % 4 == 3 ? 1000 : 4);
  g_rand_free (random);
}

/* --- rows of scores: the same on every processor -------------------------- */

static void
check_softmax (const float *x, gsize n, const char *what)
{
  g_autofree float *p = g_memdup2 (x, n * sizeof *x);
  g_autofree float *log_p = g_memdup2 (x, n * sizeof *x);
  double top = -INFINITY, sum = 0;

  rnnc_softmax (p, n);
  rnnc_log_softmax (log_p, n);
  for (gsize i = 0; i < n; i++)
    top = MAX (top, (double) x[i]);
  for (gsize i = 0; i < n; i++)
    sum += exp (x[i] - top);
  for (gsize i = 0; i < n; i++) {
    double exact = x[i] - top - log (sum);

    assert_close (p[i], exp (exact), 1e-6, what, n, i);
    assert_close (log_p[i], exact, 2e-6 + 2e-7 * (fabs (exact) + fabs (top)),
        what, n, i);
  }
}

static void
test_softmax (void)
{
  static const float level[] = { 3, 3, 3, 3, 3 };
  static const float steep[] = { 1000, -1000, 999, 0 };
  static const float huge[] = { 3e37f, -3e37f, 3e37f };
  GRand *random = g_rand_new_with_seed (6);

  rnnc_softmax (NULL, 0);
  rnnc_log_softmax (NULL, 0);
  check_softmax (level, G_N_ELEMENTS (level), "level");
  check_softmax (steep, G_N_ELEMENTS (steep), "steep");
  check_softmax (huge, G_N_ELEMENTS (huge), "huge");
  for (gsize n = 1; n <= MAX_LENGTH; n++) {
    Span x;

    span_random (&x, n, n % 3, random, n % 2 == 0 ? 5 : 50);
    check_softmax (x.at, n, "random");
    rnnc_softmax (x.at, n);
    rnnc_log_softmax (x.at, n);
    span_clear (&x);
  }
  g_rand_free (random);
}

/* -------------------------------------------------------------------------- */

typedef struct {
  const char *name;
  Test run;
} Case;

static const Case cases[] = {
  { "sigmoid", test_sigmoid },
  { "tanh", test_tanh },
  { "relu", test_relu },
  { "places", test_places },
  { "nan", test_nan },
  { "nan-in-cells", test_nan_in_cells },
  { "scale-shift", test_scale_shift },
  { "add", test_add },
  { "lstm", test_lstm },
  { "gru", test_gru },
};

typedef struct {
  const char *table;
  const Case *test;
} TableCase;

static void
run_case (gconstpointer data)
{
  const TableCase *one = data;
  const RnncKernels *kernels = rnnc_kernels_by_name (one->table);

  if (kernels == NULL) {
    g_test_skip ("not on this processor");
    return;
  }
  g_assert_cmpstr (kernels->name, ==, one->table);
  one->test->run (kernels);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kernels/softmax", test_softmax);
  for (guint t = 0; t < G_N_ELEMENTS (tables); t++) {
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
      TableCase *one = g_new (TableCase, 1);
      g_autofree char *path
          = g_strdup_printf ("/kernels/%s/%s", tables[t], cases[i].name);

      *one = (TableCase){ tables[t], &cases[i] };
      g_test_add_data_func_full (path, one, run_case, g_free);
    }
  }
  return g_test_run ();
}
