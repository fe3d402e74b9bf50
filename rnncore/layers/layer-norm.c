/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Layer norm (Ba, Kiros and Hinton 2016) over the channels of a position. */
#include <math.h>
#include <string.h>

#include "rnncore/kernels/kernels.h"
#include "rnncore/layers/layer.h"

typedef struct {
  float *scale;
  float *shift;
} LayerNorm;

static void
layer_norm_clear (RnncLayer *layer)
{
  LayerNorm *norm = layer->weights;

  g_free (norm->scale);
  g_free (norm->shift);
  g_free (norm);
}

static gboolean
layer_norm_load (RnncLayer *layer, const RnncTensorSource *source,
    GError **error)
{
  const RnncLayerNormParams *params = &layer->spec->params.layer_norm;
  gsize n = layer->spec->input.channels;
  LayerNorm *norm = layer->weights = g_new0 (LayerNorm, 1);

  if (params->affine) {
    norm->scale = rnnc_layer_read (layer, source, "weight", &n, 1, error);
    if (norm->scale == NULL)
      return FALSE;
  } else {
    norm->scale = g_new (float, n);
    for (gsize i = 0; i < n; i++)
      norm->scale[i] = 1;
  }
  norm->shift = params->bias
      ? rnnc_layer_read (layer, source, "bias", &n, 1, error)
      : g_new0 (float, n);
  return norm->shift != NULL;
}

/* Mean 0, variance 1. */
static void
normalise (float *x, gsize n, double epsilon)
{
  double sum = 0, squares = 0, mean;
  float inverse;

  for (gsize i = 0; i < n; i++)
    sum += x[i];
  mean = sum / (double) n;
  for (gsize i = 0; i < n; i++)
    squares += (x[i] - mean) * (x[i] - mean);
  inverse = (float) (1 / sqrt (squares / (double) n + epsilon));
  for (gsize i = 0; i < n; i++)
    x[i] = (float) (x[i] - mean) * inverse;
}

static gsize
layer_norm_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  const LayerNorm *norm = layer->weights;
  gsize channels = layer->spec->input.channels;
  gsize n = n_frames * rnnc_layer_inputs (layer);

  if (in != out)
    memcpy (out, in, n * sizeof *out);
  for (gsize i = 0; i < n; i += channels) {
    normalise (out + i, channels, layer->spec->params.layer_norm.epsilon);
    rnnc_kernels ()->scale_shift (out + i, norm->scale, norm->shift, channels);
  }
  return n_frames;
}

const RnncLayerClass rnnc_layer_norm_class = {
  .load = layer_norm_load,
  .clear = layer_norm_clear,
  .forward = layer_norm_forward,
  .in_place = TRUE,
};
