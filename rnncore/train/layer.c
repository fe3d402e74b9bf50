/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/train/layer.h"

const RnncTrainLayerClass *
rnnc_train_layer_class (RnncLayerType type)
{
  switch (type) {
    case RNNC_LAYER_CONV1D:
      return &rnnc_train_conv1d;
    case RNNC_LAYER_CONV2D:
      return &rnnc_train_conv2d;
    case RNNC_LAYER_DENSE:
      return &rnnc_train_dense;
    case RNNC_LAYER_BATCH_NORM:
      return &rnnc_train_batch_norm;
    case RNNC_LAYER_ACTIVATION:
      return &rnnc_train_activation;
    case RNNC_LAYER_DROPOUT:
      return &rnnc_train_dropout;
    case RNNC_LAYER_FLATTEN:
      return &rnnc_train_flatten;
    case RNNC_LAYER_RECURRENT:
      return &rnnc_train_recurrent;
    case RNNC_LAYER_MEAN_OVER_TIME:
      return &rnnc_train_mean_over_time;
    case RNNC_LAYER_LAST_STEP:
      return &rnnc_train_last_step;
  }
  g_return_val_if_reached (NULL);
}

void
rnnc_pass_dropout (const RnncPass *pass, const RnncPacking *packing, guint part,
    double rate, gsize n_features, const real *x, real *y)
{
  guint64 use = rnnc_random_key (
      pass->random_key, ((guint64)pass->layer->index << 32) | part);
  for (guint t = 0; t < packing->n_steps; t++) {
    for (guint b = 0; b < packing->counts[t]; b++) {
      guint64 key =
          rnnc_random_key (use, ((guint64)pass->sequence_ids[b] << 32) | t);
      gsize first = rnnc_packing_row (packing, t, b) * n_features;
      rnnc_random_dropout (key, rate, n_features, x + first, y + first);
    }
  }
}

RNNC_CLONES void
rnnc_add_bias (gsize n_rows, gsize n, const real *bias, real *y)
{
  for (gsize r = 0; r < n_rows; r++)
    for (gsize i = 0; i < n; i++)
      y[r * n + i] += bias[i];
}

RNNC_CLONES void
rnnc_sum_rows (gsize n_rows, gsize n, const real *dy, gsize ld, real *bias)
{
  for (gsize r = 0; r < n_rows; r++)
    for (gsize i = 0; i < n; i++)
      bias[i] += dy[r * ld + i];
}
