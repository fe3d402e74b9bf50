/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kernels of another processor against their C twin, with libc alone, for
 * cross builds that run under an emulator (test-cross-kernels.sh). Prints TAP.
 *
 * Usage: cross-kernels TABLE */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rnncore/kernels/kernels.h"

#define MAX_LENGTH 257
#define CANARY 12345.0f

static const RnncKernels *table;
static int n_failed, n_cases;

static void
report (const char *name, int ok)
{
  printf ("%sok %d - %s\n", ok ? "" : "not ", ++n_cases, name);
  n_failed += !ok;
}

static float
random_number (float range)
{
  return range * (2.0f * (float) rand () / (float) RAND_MAX - 1.0f);
}

static void
fill (float *x, size_t n, float range)
{
  for (size_t i = 0; i < n; i++)
    x[i] = random_number (range);
}

static int
near (const float *a, const float *b, size_t n, float tolerance)
{
  for (size_t i = 0; i < n; i++) {
    if (!(fabsf (a[i] - b[i]) <= tolerance))
      return 0;
  }
  return 1;
}

/* In place, lengths 0..257, one float off any alignment. */
static void
check_map (const char *name, void (*mine) (float *x, size_t n),
    void (*twin) (float *x, size_t n))
{
  float a[MAX_LENGTH + 2], b[MAX_LENGTH + 2];
  int ok = 1;

  for (size_t n = 0; n <= MAX_LENGTH; n++) {
    fill (a + 1, n, 12);
    memcpy (b + 1, a + 1, n * sizeof *a);
    a[n + 1] = CANARY;
    mine (a + 1, n);
    twin (b + 1, n);
    ok = ok && near (a + 1, b + 1, n, 5e-7f) && a[n + 1] == CANARY;
  }
  report (name, ok);
}

/* NaN stays where it is. */
static void
check_nan (void)
{
  void (*const maps[]) (float *x, size_t n)
      = { table->sigmoid, table->tanh, table->relu };
  int ok = 1;

  for (size_t m = 0; m < sizeof maps / sizeof *maps; m++) {
    for (size_t at = 0; at < 13; at++) {
      float x[13] = { 0 };

      x[at] = NAN;
      maps[m](x, 13);
      for (size_t i = 0; i < 13; i++)
        ok = ok && !isnan (x[i]) == (i != at);
    }
  }
  report ("nan", ok);
}

static void
check_cells (void)
{
  float gates[4 * MAX_LENGTH], hidden[3 * MAX_LENGTH];
  float c[2][MAX_LENGTH + 1], h[2][MAX_LENGTH + 1];
  int lstm = 1, gru = 1;

  for (size_t n = 0; n <= MAX_LENGTH; n++) {
    fill (gates, 4 * n, 4);
    fill (hidden, 3 * n, 4);
    fill (c[0], n, 1);
    memcpy (c[1], c[0], sizeof c[0]);
    h[0][n] = c[0][n] = CANARY;
    table->lstm (gates, c[0], h[0], n);
    rnnc_kernels_c.lstm (gates, c[1], h[1], n);
    lstm = lstm && near (c[0], c[1], n, 1e-6f) && near (h[0], h[1], n, 1e-6f)
        && h[0][n] == CANARY && c[0][n] == CANARY;
    table->gru (gates, hidden, h[0], n);
    rnnc_kernels_c.gru (gates, hidden, h[1], n);
    gru = gru && near (h[0], h[1], n, 2e-6f) && h[0][n] == CANARY;
  }
  report ("lstm", lstm);
  report ("gru", gru);
}

/* Against the twin, and each row alone against all rows. */
static int
check_product (size_t m, size_t n, size_t k, int accumulate)
{
  float *w = malloc ((n * k + 1) * sizeof *w);
  float *packed = malloc ((rnnc_packed_size (n, k) + 1) * sizeof *packed);
  float *x = malloc ((m * k + 1) * sizeof *x);
  float *bias = malloc ((n + 1) * sizeof *bias);
  float *y = malloc ((m * n + 1) * sizeof *y);
  float *twin = malloc ((m * n + 1) * sizeof *twin);
  float *alone = malloc ((m * n + 1) * sizeof *alone);
  int ok;

  fill (w, n * k, 1);
  fill (x, m * k, 1);
  fill (bias, n, 1);
  fill (y, m * n, 1);
  memcpy (twin, y, m * n * sizeof *y);
  memcpy (alone, y, m * n * sizeof *y);
  y[m * n] = CANARY;
  rnnc_pack_weights (w, k, n, k, packed);
  table->matmul (packed, bias, x, k, y, n, m, n, k, accumulate);
  rnnc_kernels_c.matmul (packed, bias, x, k, twin, n, m, n, k, accumulate);
  for (size_t r = 0; r < m; r++)
    table->matmul (packed, bias, x + r * k, k, alone + r * n, n, 1, n, k,
        accumulate);
  ok = near (y, twin, m * n, 1e-6f * (float) (k + 2))
      && memcmp (y, alone, m * n * sizeof *y) == 0 && y[m * n] == CANARY;
  free (w);
  free (packed);
  free (x);
  free (bias);
  free (y);
  free (twin);
  free (alone);
  return ok;
}

static void
check_products (void)
{
  static const size_t ns[] = { 0, 1, 15, 16, 17, 63, 64, 65, 130 };
  static const size_t ks[] = { 0, 1, 3, 16, 33 };
  int ok = 1;

  for (size_t i = 0; i < sizeof ns / sizeof *ns; i++)
    for (size_t j = 0; j < sizeof ks / sizeof *ks; j++)
      for (size_t m = 0; m < 28; m++)
        ok = ok && check_product (m, ns[i], ks[j], (int) (m % 2));
  report ("matmul", ok);
}

/* Weights in 16 bits: the bits of the same in 32. */
static int
check_product_half (size_t m, size_t n, size_t k, int accumulate)
{
  size_t size = rnnc_packed_size (n, k);
  float *w = malloc ((n * k + 1) * sizeof *w);
  float *packed = malloc ((size + 1) * sizeof *packed);
  uint16_t *halves = malloc ((size + 1) * sizeof *halves);
  float *x = malloc ((m * k + 1) * sizeof *x);
  float *y = malloc ((m * n + 1) * sizeof *y);
  float *twin = malloc ((m * n + 1) * sizeof *twin);
  int ok;

  for (size_t i = 0; i < n * k; i++)
    w[i] = (float) (rand () % 2047 - 1023) * 0x1p-20f;
  fill (x, m * k, 1);
  fill (y, m * n, 1);
  memcpy (twin, y, m * n * sizeof *y);
  y[m * n] = CANARY;
  rnnc_pack_weights (w, k, n, k, packed);
  ok = rnnc_halve (packed, size, halves);
  table->matmul (packed, NULL, x, k, twin, n, m, n, k, accumulate);
  table->matmul_half (halves, NULL, x, k, y, n, m, n, k, accumulate);
  ok = ok && memcmp (y, twin, m * n * sizeof *y) == 0 && y[m * n] == CANARY;
  free (w);
  free (packed);
  free (halves);
  free (x);
  free (y);
  free (twin);
  return ok;
}

static void
check_products_half (void)
{
  static const size_t ks[] = { 0, 1, 16, 33 };
  int ok = 1;

  for (size_t n = 0; table->matmul_half != NULL && n <= 130;
       n += n < 18 ? 1 : 14)
    for (size_t j = 0; j < sizeof ks / sizeof *ks; j++)
      for (size_t m = 0; m < 14; m++)
        ok = ok && check_product_half (m, n, ks[j], (int) (m % 2));
  report ("matmul-half", ok);
}

/* Bytes: the twin's bits, whatever the number of rows. */
static int
check_product_int8 (size_t m, size_t n, size_t k, int accumulate)
{
  size_t whole = (n + RNNC_PANEL - 1) / RNNC_PANEL * RNNC_PANEL;
  int8_t *w = malloc (n * k + 1);
  int8_t *packed = malloc (rnnc_packed_int8_size (n, k) + 1);
  int32_t *sums = malloc ((whole + 1) * sizeof *sums);
  float *scale = malloc ((whole + 1) * sizeof *scale);
  float *x = malloc ((m * k + 1) * sizeof *x);
  float *y = malloc ((m * n + 1) * sizeof *y);
  float *twin = malloc ((m * n + 1) * sizeof *twin);
  const RnncInt8 weights = { packed, scale, sums };
  int ok;

  for (size_t i = 0; i < n * k; i++)
    w[i] = (int8_t) (i % 5 == 0 ? -127 : rand () % 255 - 127);
  rnnc_pack_int8 (w, n, k, packed, sums);
  fill (scale, whole, 0.01f);
  fill (x, m * k, 1);
  fill (y, m * n, 1);
  memcpy (twin, y, m * n * sizeof *y);
  y[m * n] = CANARY;
  table->matmul_int8 (&weights, NULL, x, k, y, n, m, n, k, accumulate);
  for (size_t r = 0; r < m; r++)
    rnnc_kernels_c.matmul_int8 (&weights, NULL, x + r * k, k, twin + r * n, n,
        1, n, k, accumulate);
  ok = memcmp (y, twin, m * n * sizeof *y) == 0 && y[m * n] == CANARY;
  free (w);
  free (packed);
  free (sums);
  free (scale);
  free (x);
  free (y);
  free (twin);
  return ok;
}

static void
check_products_int8 (void)
{
  static const size_t ks[] = { 0, 1, 3, 16, 33, 257 };
  int ok = 1;

  for (size_t n = 0; n <= MAX_LENGTH; n += n < 66 ? 1 : 17)
    for (size_t j = 0; j < sizeof ks / sizeof *ks; j++)
      ok = ok && check_product_int8 (1 + (n + j) % 7, n, ks[j], (int) (n % 2));
  report ("matmul-int8", ok);
}

int
main (int argc, char **argv)
{
  table = argc == 2 ? rnnc_kernels_by_name (argv[1]) : NULL;
  if (table == NULL) {
    fprintf (stderr, "usage: cross-kernels TABLE\n");
    return 2;
  }
  printf ("1..9\n");
  check_map ("sigmoid", table->sigmoid, rnnc_kernels_c.sigmoid);
  check_map ("tanh", table->tanh, rnnc_kernels_c.tanh);
  check_map ("relu", table->relu, rnnc_kernels_c.relu);
  check_nan ();
  check_cells ();
  check_products ();
  check_products_half ();
  check_products_int8 ();
  return n_failed > 0;
}
