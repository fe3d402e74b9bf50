/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nonlinearities, and the layers that move numbers without weights. */
#include <string.h>

#include "rnncore/kernels/kernels.h"
#include "rnncore/layers/layer.h"

static void
each_position (void (*row) (float *x, size_t n), float *x, gsize n,
    gsize channels)
{
  for (gsize i = 0; i < n; i += channels)
    row (x + i, channels);
}

static gsize
activation_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  const RnncKernels *kernels = rnnc_kernels ();
  gsize n = n_frames * rnnc_layer_inputs (layer);

  if (in != out)
    memcpy (out, in, n * sizeof *out);
  switch (layer->spec->params.activation) {
    case RNNC_ACTIVATION_RELU:
      kernels->relu (out, n);
      break;
    case RNNC_ACTIVATION_TANH:
      kernels->tanh (out, n);
      break;
    case RNNC_ACTIVATION_SIGMOID:
      kernels->sigmoid (out, n);
      break;
    case RNNC_ACTIVATION_SOFTMAX:
      each_position (rnnc_softmax, out, n, layer->spec->input.channels);
      break;
    case RNNC_ACTIVATION_LOG_SOFTMAX:
      each_position (rnnc_log_softmax, out, n, layer->spec->input.channels);
      break;
  }
  return n_frames;
}

const RnncLayerClass rnnc_activation_class = {
  .forward = activation_forward,
  .in_place = TRUE,
};

static gsize
dropout_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  if (in != out)
    memcpy (out, in, n_frames * rnnc_layer_inputs (layer) * sizeof *out);
  return n_frames;
}

const RnncLayerClass rnnc_dropout_class = {
  .forward = dropout_forward,
  .in_place = TRUE,
};

/* [height, width, channels] to PyTorch's [channels, height, width]. */
static gsize
flatten_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  gsize channels = layer->spec->input.channels;
  gsize positions = rnnc_layer_inputs (layer) / channels;

  for (gsize t = 0; t < n_frames; t++) {
    for (gsize c = 0; c < channels; c++)
      for (gsize i = 0; i < positions; i++)
        out[c * positions + i] = in[i * channels + c];
    in += positions * channels;
    out += positions * channels;
  }
  return n_frames;
}

const RnncLayerClass rnnc_flatten_class = {
  .forward = flatten_forward,
};
