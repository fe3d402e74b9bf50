/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Nonlinearities, and the layers that move numbers without weights. */
#include <math.h>
#include <string.h>

#include "rnncore/kernels/kernels.h"
#include "rnncore/layers/layer.h"

static void
each_position (void (*row) (float *x, size_t n), float *x, gsize n,
    const RnncLayerSpec *spec)
{
  gsize channels = spec->input.channels;

  for (gsize i = 0; i < n; i += channels) {
    if (spec->split > 0)
      row (x + i, spec->split);
    row (x + i + spec->split, channels - spec->split);
  }
}

static void
leaky_relu (float *x, gsize n, float slope)
{
  for (gsize i = 0; i < n; i++)
    x[i] = x[i] < 0 ? slope * x[i] : x[i];
}

static void
gelu (float *x, gsize n)
{
  for (gsize i = 0; i < n; i++)
    x[i] = 0.5f * x[i] * (1 + erff (x[i] * (float) M_SQRT1_2));
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
      each_position (rnnc_softmax, out, n, layer->spec);
      break;
    case RNNC_ACTIVATION_LOG_SOFTMAX:
      each_position (rnnc_log_softmax, out, n, layer->spec);
      break;
    case RNNC_ACTIVATION_LEAKY_RELU:
      leaky_relu (out, n, (float) layer->spec->slope);
      break;
    case RNNC_ACTIVATION_GELU:
      gelu (out, n);
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

/* Channels re… im… to the absolute value of each pair. */
static gsize
magnitude_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  gsize n = layer->spec->output.channels;
  gsize positions = n_frames * rnnc_layer_outputs (layer) / n;

  for (gsize i = 0; i < positions; i++) {
    for (gsize c = 0; c < n; c++)
      out[c] = sqrtf (in[c] * in[c] + in[n + c] * in[n + c]);
    in += 2 * n;
    out += n;
  }
  return n_frames;
}

const RnncLayerClass rnnc_magnitude_class = {
  .forward = magnitude_forward,
};
