/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Convolution over time. Frames lie one after another, so that a window is one
 * row of a matrix product whose rows overlap: no copy of windows is made. */
#include <string.h>

#include "rnncore/layers/linear.h"

/* What a stream remembers: the frames that further windows need. */
typedef struct {
  float *frames; /* [capacity, in] */
  gsize filled;
  gsize skip;   /* frames to drop before the next window begins */
  gsize capacity;
} Conv1dState;

static gboolean
conv1d_load (RnncLayer *layer, const RnncTensorSource *source, GError **error)
{
  gsize kernel = layer->spec->params.conv1d.kernel;
  gsize n_in = rnnc_layer_inputs (layer);
  const gsize shape[] = { rnnc_layer_outputs (layer), n_in, kernel };
  g_autofree float *weight
      = rnnc_layer_read (layer, source, "weight", shape, 3, error);
  g_autofree float *rows = NULL;
  float *bias = NULL;
  RnncLinear *linear;

  if (weight == NULL)
    return FALSE;
  if (layer->spec->params.conv1d.bias) {
    bias = rnnc_layer_read (layer, source, "bias", shape, 1, error);
    if (bias == NULL)
      return FALSE;
  }
  /* [out, in, kernel] to [out, kernel, in] */
  rows = g_new (float, shape[0] * n_in * kernel);
  for (gsize o = 0; o < shape[0]; o++)
    for (gsize i = 0; i < n_in; i++)
      for (gsize k = 0; k < kernel; k++)
        rows[(o * kernel + k) * n_in + i] = weight[(o * n_in + i) * kernel + k];
  linear = layer->weights = g_new0 (RnncLinear, 1);
  rnnc_linear_init (linear, rows, shape[0], kernel * n_in, bias);
  return TRUE;
}

static void
conv1d_clear (RnncLayer *layer)
{
  rnnc_linear_clear (layer->weights);
  g_free (layer->weights);
}

static gsize
conv1d_work_size (const RnncLayer *layer, gsize n_frames)
{
  gsize context = layer->spec->params.conv1d.kernel - 1;

  return rnnc_align (
      (n_frames + context) * rnnc_layer_inputs (layer) * sizeof (float));
}

static gsize
conv1d_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  const RnncConv1dParams *conv = &layer->spec->params.conv1d;
  const RnncLinear *linear = layer->weights;
  gsize n_in = rnnc_layer_inputs (layer);
  gsize n_out = rnnc_layer_spec_output_frames (layer->spec, n_frames);
  float *padded = work;

  memset (padded, 0, conv->left * n_in * sizeof *padded);
  memcpy (padded + conv->left * n_in, in, n_frames * n_in * sizeof *padded);
  memset (padded + (conv->left + n_frames) * n_in, 0,
      conv->right * n_in * sizeof *padded);
  rnnc_linear_apply (linear, padded, conv->stride * n_in, out, linear->n,
      n_out, FALSE);
  return n_out;
}

static gsize
conv1d_capacity (const RnncLayer *layer, gsize max_frames)
{
  const RnncConv1dParams *conv = &layer->spec->params.conv1d;

  return conv->kernel - 1 + MAX (max_frames, conv->right);
}

static gsize
conv1d_state_size (const RnncLayer *layer, gsize max_frames)
{
  return rnnc_align (sizeof (Conv1dState))
      + rnnc_align (conv1d_capacity (layer, max_frames)
          * rnnc_layer_inputs (layer) * sizeof (float));
}

static void
conv1d_reset (const RnncLayer *layer, void *memory, gsize max_frames)
{
  Conv1dState *state = rnnc_take (&memory, sizeof *state);

  state->frames = memory;
  state->capacity = conv1d_capacity (layer, max_frames);
  state->filled = layer->spec->params.conv1d.left;
  state->skip = 0;
  memset (state->frames, 0,
      state->filled * rnnc_layer_inputs (layer) * sizeof (float));
}

/* Runs all whole windows, then keeps what the next ones need. */
static gsize
run_windows (const RnncLayer *layer, Conv1dState *state, float *out)
{
  const RnncConv1dParams *conv = &layer->spec->params.conv1d;
  const RnncLinear *linear = layer->weights;
  gsize n_in = rnnc_layer_inputs (layer);
  gsize n_out, consumed;

  if (state->filled < conv->kernel)
    return 0;
  n_out = (state->filled - conv->kernel) / conv->stride + 1;
  consumed = n_out * conv->stride;
  rnnc_linear_apply (linear, state->frames, conv->stride * n_in, out,
      linear->n, n_out, FALSE);
  if (consumed >= state->filled) {
    state->skip = consumed - state->filled;
    state->filled = 0;
  } else {
    state->filled -= consumed;
    memmove (state->frames, state->frames + consumed * n_in,
        state->filled * n_in * sizeof (float));
  }
  return n_out;
}

/* @in: %NULL for zeros */
static gsize
append (const RnncLayer *layer, Conv1dState *state, const float *in,
    gsize n_frames, float *out)
{
  gsize n_in = rnnc_layer_inputs (layer);
  gsize skipped = MIN (state->skip, n_frames);
  gsize n = n_frames - skipped;
  float *to = state->frames + state->filled * n_in;

  state->skip -= skipped;
  if (n == 0)
    return 0;
  if (in != NULL)
    memcpy (to, in + skipped * n_in, n * n_in * sizeof *to);
  else
    memset (to, 0, n * n_in * sizeof *to);
  state->filled += n;
  return run_windows (layer, state, out);
}

static gsize
conv1d_push (const RnncLayer *layer, void *state, const float *in,
    gsize n_frames, float *out)
{
  return append (layer, state, in, n_frames, out);
}

static gsize
conv1d_flush (const RnncLayer *layer, void *memory, float *out)
{
  const RnncConv1dParams *conv = &layer->spec->params.conv1d;
  Conv1dState *state = memory;
  gsize n_out = append (layer, state, NULL, conv->right, out);

  state->filled = conv->left;
  state->skip = 0;
  memset (state->frames, 0,
      conv->left * rnnc_layer_inputs (layer) * sizeof (float));
  return n_out;
}

static gsize
conv1d_max_output (const RnncLayer *layer, gsize max_frames)
{
  const RnncConv1dParams *conv = &layer->spec->params.conv1d;

  return MAX (max_frames, conv->right) / conv->stride + 1;
}

const RnncLayerClass rnnc_conv1d_class = {
  .load = conv1d_load,
  .clear = conv1d_clear,
  .forward = conv1d_forward,
  .work_size = conv1d_work_size,
  .state_size = conv1d_state_size,
  .reset = conv1d_reset,
  .push = conv1d_push,
  .flush = conv1d_flush,
  .max_output = conv1d_max_output,
};
