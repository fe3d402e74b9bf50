/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/layers/linear.h"

static gboolean
dense_load (RnncLayer *layer, const RnncTensorSource *source, GError **error)
{
  const gsize shape[]
      = { rnnc_layer_outputs (layer), rnnc_layer_inputs (layer) };
  g_auto (RnncMatrix) weight = { 0 };
  float *bias = NULL;
  RnncLinear *linear;

  if (!rnnc_layer_read_matrix (layer, source, "weight", shape, 2, &weight,
          error))
    return FALSE;
  if (layer->spec->params.dense.bias) {
    bias = rnnc_layer_read (layer, source, "bias", shape, 1, error);
    if (bias == NULL)
      return FALSE;
  }
  linear = layer->weights = g_new0 (RnncLinear, 1);
  rnnc_linear_init (linear, &weight, shape[0], shape[1], bias);
  rnnc_linear_halve (linear);
  return TRUE;
}

static void
dense_clear (RnncLayer *layer)
{
  rnnc_linear_clear (layer->weights);
  g_free (layer->weights);
}

static void
dense_fold (RnncLayer *layer, const float *scale, const float *shift)
{
  rnnc_linear_fold (layer->weights, scale, shift);
}

static gsize
dense_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  const RnncLinear *linear = layer->weights;

  rnnc_linear_apply (linear, in, linear->k, out, linear->n, n_frames, FALSE);
  return n_frames;
}

const RnncLayerClass rnnc_dense_class = {
  .load = dense_load,
  .clear = dense_clear,
  .fold = dense_fold,
  .forward = dense_forward,
};
