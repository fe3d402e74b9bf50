/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Many to one: mean over time, and the last step. */
#include "rnncore/train/layer.h"

static void
pooling_pack (const RnncTrainLayer *layer, const RnncPacking *in,
    RnncPacking *out)
{
  guint *ones = g_new (guint, in->n_sequences);
  for (guint b = 0; b < in->n_sequences; b++)
    ones[b] = 1;
  rnnc_packing_set (out, in->n_sequences, ones);
  g_free (ones);
}

static void
mean_forward (RnncPass *pass, const real *x, real *y)
{
  gsize n = rnnc_train_layer_outputs (pass->layer);
  rnnc_zero (y, pass->in->n_sequences * n);
  for (guint t = 0; t < pass->in->n_steps; t++)
    for (guint b = 0; b < pass->in->counts[t]; b++, x += n)
      for (gsize i = 0; i < n; i++)
        y[b * n + i] += x[i];
  for (guint b = 0; b < pass->in->n_sequences; b++)
    for (gsize i = 0; i < n; i++)
      y[b * n + i] /= (real) pass->in->lengths[b];
}

static void
mean_backward (RnncPass *pass, const real *x, const real *y, const real *dy,
    real *dx)
{
  gsize n = rnnc_train_layer_outputs (pass->layer);
  if (!dx)
    return;
  for (guint t = 0; t < pass->in->n_steps; t++)
    for (guint b = 0; b < pass->in->counts[t]; b++, dx += n)
      for (gsize i = 0; i < n; i++)
        dx[i] = dy[b * n + i] / (real) pass->in->lengths[b];
}

static void
last_forward (RnncPass *pass, const real *x, real *y)
{
  gsize n = rnnc_train_layer_outputs (pass->layer);
  for (guint b = 0; b < pass->in->n_sequences; b++) {
    gsize row = rnnc_packing_row (pass->in, pass->in->lengths[b] - 1, b);
    memcpy (y + b * n, x + row * n, n * sizeof (real));
  }
}

static void
last_backward (RnncPass *pass, const real *x, const real *y, const real *dy,
    real *dx)
{
  gsize n = rnnc_train_layer_outputs (pass->layer);
  if (!dx)
    return;
  rnnc_zero (dx, pass->in->n_rows * n);
  for (guint b = 0; b < pass->in->n_sequences; b++) {
    gsize row = rnnc_packing_row (pass->in, pass->in->lengths[b] - 1, b);
    memcpy (dx + row * n, dy + b * n, n * sizeof (real));
  }
}

const RnncTrainLayerClass rnnc_train_mean_over_time = {
  .forgets_output = TRUE,
  .pack = pooling_pack,
  .forward = mean_forward,
  .backward = mean_backward,
};

const RnncTrainLayerClass rnnc_train_last_step = {
  .forgets_output = TRUE,
  .pack = pooling_pack,
  .forward = last_forward,
  .backward = last_backward,
};
