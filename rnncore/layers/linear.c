/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/layers/linear.h"

#include <string.h>
#include <sys/mman.h>

#include "rnncore/kernels/kernels.h"

/* Weights that do not fit the caches go into large pages, where the system has
 * them: fewer translations to look up, and the third cache holds more of them.
 */
#define LARGE_PAGE (2 * 1024 * 1024)
#define LARGE_BYTES (4 * 1024 * 1024)

/* Freed with g_aligned_free(). */
static void *
allocate (gsize bytes)
{
  void *memory;

  if (bytes < LARGE_BYTES)
    return g_aligned_alloc (MAX (bytes, 1), 1, 64);
  memory = g_aligned_alloc (bytes, 1, LARGE_PAGE);
#ifdef MADV_HUGEPAGE
  madvise (memory, bytes, MADV_HUGEPAGE); /* a wish: errors change nothing */
#endif
  return memory;
}

static void
init_bytes (RnncLinear *linear, const gint8 *bytes, const float *scales)
{
  gsize n = linear->n, k = linear->k;
  gsize whole = (n + RNNC_PANEL - 1) / RNNC_PANEL * RNNC_PANEL;

  linear->packed_bytes = allocate (rnnc_packed_int8_size (n, k));
  linear->sums = g_new (gint32, whole);
  linear->scales = g_new0 (float, whole);
  memcpy (linear->scales, scales, n * sizeof *scales);
  rnnc_pack_int8 (bytes, n, k, linear->packed_bytes, linear->sums);
}

static void
init_floats (RnncLinear *linear, const float *weights)
{
  gsize size = rnnc_packed_size (linear->n, linear->k);

  linear->packed = allocate (size * sizeof (float));
  rnnc_pack_weights (weights, linear->k, linear->n, linear->k, linear->packed);
}

void
rnnc_linear_init (RnncLinear *linear, const RnncMatrix *weights, gsize n,
    gsize k, float *bias)
{
  linear->n = n;
  linear->k = k;
  linear->bias = bias;
  if (weights->bytes == NULL) {
    init_floats (linear, weights->values);
  } else if (k <= RNNC_INT8_INPUTS) {
    init_bytes (linear, weights->bytes, weights->scales);
  } else {
    g_autofree float *values = g_new (float, n *k);

    for (gsize i = 0; i < n * k; i++)
      values[i] = (float) weights->bytes[i] * weights->scales[i / k];
    init_floats (linear, values);
  }
}

void
rnnc_linear_halve (RnncLinear *linear)
{
  gsize size = rnnc_packed_size (linear->n, linear->k);

  if (linear->packed == NULL || rnnc_kernels ()->matmul_half == NULL)
    return;
  linear->packed_halves = allocate (size * sizeof (guint16));
  if (rnnc_halve (linear->packed, size, linear->packed_halves))
    g_clear_pointer (&linear->packed, g_aligned_free);
  else
    g_clear_pointer (&linear->packed_halves, g_aligned_free);
}

void
rnnc_linear_clear (RnncLinear *linear)
{
  g_aligned_free (linear->packed);
  g_aligned_free (linear->packed_halves);
  g_aligned_free (linear->packed_bytes);
  g_free (linear->factors);
  g_free (linear->scales);
  g_free (linear->sums);
  g_free (linear->bias);
}

/* Output @o of the weights times @scale. */
static void
scale_output (RnncLinear *linear, gsize o, float scale)
{
  float *column;

  if (linear->packed_bytes != NULL) {
    linear->scales[o] *= scale;
    return;
  }
  if (linear->packed_halves != NULL) {
    linear->factors[o] *= scale;
    return;
  }
  column = linear->packed + o / RNNC_PANEL * RNNC_PANEL * linear->k
      + o % RNNC_PANEL;
  for (gsize i = 0; i < linear->k; i++)
    column[i * RNNC_PANEL] *= scale;
}

void
rnnc_linear_fold (RnncLinear *linear, const float *scale, const float *shift)
{
  if (linear->bias == NULL)
    linear->bias = g_new0 (float, linear->n);
  if (linear->packed_halves != NULL && linear->factors == NULL) {
    linear->factors = g_new (float, linear->n);
    for (gsize o = 0; o < linear->n; o++)
      linear->factors[o] = 1.0f;
  }
  for (gsize o = 0; o < linear->n; o++) {
    scale_output (linear, o, scale[o]);
    linear->bias[o] = linear->bias[o] * scale[o] + shift[o];
  }
}

static void
apply_halves (const RnncLinear *linear, const float *x, gsize ldx, float *y,
    gsize ldy, gsize m, gboolean accumulate)
{
  const RnncKernels *kernels = rnnc_kernels ();

  g_assert (linear->factors == NULL || !accumulate);
  kernels->matmul_half (linear->packed_halves,
      linear->factors == NULL ? linear->bias : NULL, x, ldx, y, ldy, m,
      linear->n, linear->k, accumulate);
  for (gsize i = 0; linear->factors != NULL && i < m; i++)
    kernels->scale_shift (y + i * ldy, linear->factors, linear->bias,
        linear->n);
}

void
rnnc_linear_apply (const RnncLinear *linear, const float *x, gsize ldx,
    float *y, gsize ldy, gsize m, gboolean accumulate)
{
  const RnncInt8 bytes = { linear->packed_bytes, linear->scales, linear->sums };

  if (linear->packed_bytes != NULL)
    rnnc_kernels ()->matmul_int8 (&bytes, linear->bias, x, ldx, y, ldy, m,
        linear->n, linear->k, accumulate);
  else if (linear->packed_halves != NULL)
    apply_halves (linear, x, ldx, y, ldy, m, accumulate);
  else
    rnnc_kernels ()->matmul (linear->packed, linear->bias, x, ldx, y, ldy, m,
        linear->n, linear->k, accumulate);
}

/* Bytes of weights that are read onwards before those in front of them: many
 * enough for a call to pay, few enough to be in the cache still. */
#define PART_BYTES (128 * 1024)

/* Outputs in a part: whole groups of panels. */
static gsize
part_outputs (const RnncLinear *linear)
{
  gsize size = linear->packed_bytes != NULL ? sizeof (gint8)
      : linear->packed_halves != NULL       ? sizeof (guint16)
                                            : sizeof (float);
  gsize group = RNNC_GROUP * RNNC_PANEL;

  return MAX (PART_BYTES / (group * MAX (linear->k, 1) * size), 1) * group;
}

/* The outputs from @first on, @n of them; @first: a multiple of a group. */
static RnncLinear
slice (const RnncLinear *linear, gsize first, gsize n)
{
  RnncLinear part = *linear;

  part.n = n;
  if (part.bias != NULL)
    part.bias += first;
  if (part.packed != NULL)
    part.packed += first * linear->k;
  if (part.packed_halves != NULL)
    part.packed_halves += first * linear->k;
  if (part.factors != NULL)
    part.factors += first;
  if (part.packed_bytes != NULL) {
    part.packed_bytes += rnnc_packed_int8_size (first, linear->k);
    part.scales += first;
    part.sums += first;
  }
  return part;
}

void
rnnc_linear_apply_back (const RnncLinear *linear, const float *x, float *y,
    gboolean accumulate)
{
  gsize n = part_outputs (linear);

  for (gsize end = linear->n; end > 0;) {
    gsize first = (end - 1) / n * n;
    RnncLinear part = slice (linear, first, end - first);

    rnnc_linear_apply (&part, x, linear->k, y + first, end - first, 1,
        accumulate);
    end = first;
  }
}
