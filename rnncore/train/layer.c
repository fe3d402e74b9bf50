/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/train/layer.h"

const RnncTrainLayerClass *
rnnc_train_layer_class (const RnncLayerSpec *spec)
{
  switch (spec->type) {
    case RNNC_LAYER_CONV1D:
      return &rnnc_train_conv1d;
    case RNNC_LAYER_CONV2D:
      return &rnnc_train_conv2d;
    case RNNC_LAYER_POOL1D:
      return &rnnc_train_pool1d;
    case RNNC_LAYER_POOL2D:
      return &rnnc_train_pool2d;
    case RNNC_LAYER_DENSE:
      return &rnnc_train_dense;
    case RNNC_LAYER_EMBEDDING:
      return &rnnc_train_embedding;
    case RNNC_LAYER_BATCH_NORM:
      return &rnnc_train_batch_norm;
    case RNNC_LAYER_LAYER_NORM:
      return &rnnc_train_layer_norm;
    case RNNC_LAYER_ACTIVATION:
      return spec->params.activation == RNNC_ACTIVATION_GELU
              || spec->params.activation == RNNC_ACTIVATION_LEAKY_RELU
          ? &rnnc_train_curve
          : &rnnc_train_activation;
    case RNNC_LAYER_MAGNITUDE:
      return &rnnc_train_magnitude;
    case RNNC_LAYER_DROPOUT:
      return &rnnc_train_dropout;
    case RNNC_LAYER_FLATTEN:
      return &rnnc_train_flatten;
    case RNNC_LAYER_UNFLATTEN:
      return &rnnc_train_unflatten;
    case RNNC_LAYER_JOIN:
      return &rnnc_train_join;
    case RNNC_LAYER_RECURRENT:
      return &rnnc_train_recurrent;
    case RNNC_LAYER_MEAN_OVER_TIME:
      return &rnnc_train_mean_over_time;
    case RNNC_LAYER_LAST_STEP:
      return &rnnc_train_last_step;
  }
  g_return_val_if_reached (NULL);
}

/* A file's own names may be shared by layers, and are nobody's to write. */
gboolean
rnnc_train_check_layers (GPtrArray *specs, const char *path, GError **error)
{
  for (guint i = 0; i < specs->len; i++) {
    const RnncLayerSpec *spec = g_ptr_array_index (specs, i);
    if (spec->tensor_names == NULL)
      continue;
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s[%u]: \"%s\" layers with \"tensors\" cannot be trained", path, i,
        rnnc_layer_spec_type_name (spec));
    return FALSE;
  }
  return TRUE;
}

void
rnnc_pass_dropout (const RnncPass *pass, const RnncPacking *packing, guint part,
    double rate, gsize n_features, const real *x, real *y)
{
  guint64 use = rnnc_random_key (pass->random_key,
      ((guint64) pass->layer->index << 32) | part);
  for (guint t = 0; t < packing->n_steps; t++) {
    for (guint b = 0; b < packing->counts[t]; b++) {
      guint64 key
          = rnnc_random_key (use, ((guint64) pass->sequence_ids[b] << 32) | t);
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
