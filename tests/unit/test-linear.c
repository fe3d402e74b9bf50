/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Weights read from their end give the bits that they give from their
 * beginning, however they are kept. */
#include "rnncore/layers/linear.h"

#include <string.h>

typedef enum { FLOATS, HALVES, BYTES, N_STORAGES } Storage;

static const char *const storage_names[N_STORAGES]
    = { "floats", "halves", "bytes" };

/* Halves hold them exactly, as bytes with a scale too. */
static void
make_linear (RnncLinear *linear, Storage storage, gsize n, gsize k)
{
  g_autofree float *values = g_new (float, n *k);
  g_autofree gint8 *bytes = g_new (gint8, n * k);
  g_autofree float *scales = g_new (float, n);
  float *bias = g_new (float, n);
  const RnncMatrix matrix = { .values = storage == BYTES ? NULL : values,
    .bytes = storage == BYTES ? bytes : NULL,
    .scales = storage == BYTES ? scales : NULL };

  for (gsize i = 0; i < n * k; i++) {
    bytes[i] = (gint8) g_test_rand_int_range (-127, 128);
    values[i] = (float) bytes[i] / 64;
  }
  for (gsize i = 0; i < n; i++) {
    scales[i] = 1.0f / (float) (i % 50 + 1);
    bias[i] = (float) g_test_rand_double_range (-1, 1);
  }
  rnnc_linear_init (linear, &matrix, n, k, bias);
  if (storage == HALVES)
    rnnc_linear_halve (linear);
}

static void
check (Storage storage, gsize n, gsize k, gboolean fold)
{
  RnncLinear linear = { 0 };
  g_autofree float *x = g_new (float, k);
  g_autofree float *expected = g_new (float, n);
  g_autofree float *got = g_new (float, n);

  make_linear (&linear, storage, n, k);
  for (gsize i = 0; i < k; i++)
    x[i] = (float) g_test_rand_double_range (-1, 1);
  for (gsize i = 0; i < n; i++)
    expected[i] = got[i] = (float) g_test_rand_double_range (-1, 1);
  if (fold) {
    g_autofree float *scale = g_memdup2 (expected, n * sizeof (float));

    rnnc_linear_fold (&linear, scale, scale);
  }
  for (guint times = 0; times < 2; times++) {
    gboolean accumulate = !fold && times == 1;

    rnnc_linear_apply (&linear, x, k, expected, n, 1, accumulate);
    rnnc_linear_apply_back (&linear, x, got, accumulate);
    g_assert_cmpmem (got, n * sizeof (float), expected, n * sizeof (float));
  }
  rnnc_linear_clear (&linear);
}

/* Of one part and of many, the last one short; more than a large page. */
static void
test_back (gconstpointer data)
{
  static const struct {
    gsize n, k;
  } shapes[]
      = { { 1, 1 }, { 128, 7 }, { 129, 300 }, { 1040, 512 }, { 4100, 1030 } };
  Storage storage = (Storage) GPOINTER_TO_UINT (data);

  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++) {
    check (storage, shapes[i].n, shapes[i].k, FALSE);
    check (storage, shapes[i].n, shapes[i].k, TRUE);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < N_STORAGES; i++) {
    g_autofree char *path
        = g_strconcat ("/linear/back/", storage_names[i], NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_back);
  }
  return g_test_run ();
}
