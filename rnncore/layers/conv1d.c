/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Convolution over time. Frames lie one after another, so that a window is one
 * row of a matrix product whose rows overlap: no copy of windows is made
 * (dilated and grouped ones are gathered). */
#include <string.h>

#include "rnncore/layers/convolution.h"
#include "rnncore/layers/time-window.h"

typedef struct {
  RnncTimeWindow *window;
  void *work;
} Conv1dState;

static RnncWindowShape
get_shape (const RnncLayer *layer)
{
  const RnncConv1dParams *conv = &layer->spec->params.conv1d;

  return (RnncWindowShape){ rnnc_layer_inputs (layer), conv->left, conv->right,
    conv->stride };
}

static gboolean
conv1d_load (RnncLayer *layer, const RnncTensorSource *source, GError **error)
{
  const RnncConv1dParams *conv = &layer->spec->params.conv1d;
  const gsize shape[] = { conv->channels,
    rnnc_layer_inputs (layer) / conv->groups, conv->kernel };

  layer->weights = rnnc_convolution_load (layer, source, shape, 3, conv->groups,
      conv->bias, error);
  return layer->weights != NULL;
}

static gsize
gather_size (const RnncLayer *layer)
{
  return rnnc_convolution_work_size (layer->weights,
      layer->spec->params.conv1d.dilation * rnnc_layer_inputs (layer));
}

/* @frames: of the first window */
static void
run_windows (const RnncLayer *layer, const float *frames, gsize n_windows,
    float *out, void *work)
{
  const RnncConv1dParams *conv = &layer->spec->params.conv1d;
  gsize n_in = rnnc_layer_inputs (layer);

  rnnc_convolution_run (layer->weights, frames, conv->dilation * n_in,
      conv->stride * n_in, n_windows, out, work);
}

static gsize
conv1d_work_size (const RnncLayer *layer, gsize n_frames)
{
  const RnncConv1dParams *conv = &layer->spec->params.conv1d;

  return gather_size (layer)
      + rnnc_align (((gsize) conv->left + n_frames + conv->right)
          * rnnc_layer_inputs (layer) * sizeof (float));
}

static gsize
conv1d_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  const RnncConv1dParams *conv = &layer->spec->params.conv1d;
  gsize n_in = rnnc_layer_inputs (layer);
  gsize n_out = rnnc_layer_spec_output_frames (layer->spec, n_frames);
  void *gathered = rnnc_take (&work, gather_size (layer));
  float *padded = work;

  memset (padded, 0, conv->left * n_in * sizeof *padded);
  memcpy (padded + conv->left * n_in, in, n_frames * n_in * sizeof *padded);
  memset (padded + (conv->left + n_frames) * n_in, 0,
      conv->right * n_in * sizeof *padded);
  run_windows (layer, padded, n_out, out, gathered);
  return n_out;
}

static gsize
conv1d_state_size (const RnncLayer *layer, gsize max_frames)
{
  const RnncWindowShape shape = get_shape (layer);

  return rnnc_align (sizeof (Conv1dState)) + gather_size (layer)
      + rnnc_time_window_size (&shape, max_frames);
}

static void
conv1d_reset (const RnncLayer *layer, void *memory, gsize max_frames)
{
  const RnncWindowShape shape = get_shape (layer);
  Conv1dState *state = rnnc_take (&memory, sizeof *state);

  state->work = rnnc_take (&memory, gather_size (layer));
  state->window = rnnc_time_window_init (&shape, memory, max_frames);
}

static gsize
append (const RnncLayer *layer, Conv1dState *state, const float *in,
    gsize n_frames, float *out)
{
  const RnncWindowShape shape = get_shape (layer);
  gsize n_out = rnnc_time_window_append (state->window, &shape, in, n_frames);

  if (n_out > 0)
    run_windows (layer, state->window->frames, n_out, out, state->work);
  rnnc_time_window_consume (state->window, &shape, n_out);
  return n_out;
}

static gsize
conv1d_push (const RnncLayer *layer, void *state, const float *in,
    gsize n_frames, float *out)
{
  return append (layer, state, in, n_frames, out);
}

/* Windows of several streams are laid side by side, where one is a run of
 * frames; others take their turns. */
static gboolean
lies_together (const RnncLayer *layer)
{
  const RnncConv1dParams *conv = &layer->spec->params.conv1d;

  return conv->dilation == 1 && conv->groups == 1;
}

static gsize
window_floats (const RnncLayer *layer)
{
  return layer->spec->params.conv1d.kernel * rnnc_layer_inputs (layer);
}

static gsize
conv1d_push_batch_work_size (const RnncLayer *layer, gsize max_frames,
    gsize n_streams)
{
  const RnncWindowShape shape = get_shape (layer);

  if (!lies_together (layer))
    return 0;
  return gather_size (layer)
      + rnnc_align (n_streams * rnnc_time_window_max_output (&shape, max_frames)
          * window_floats (layer) * sizeof (float));
}

/* Takes @n_frames; writes the windows that are whole one after another. */
static gsize
append_windows (const RnncLayer *layer, Conv1dState *state, const float *in,
    gsize n_frames, float *windows)
{
  const RnncWindowShape shape = get_shape (layer);
  gsize size = window_floats (layer);
  gsize n = rnnc_time_window_append (state->window, &shape, in, n_frames);

  for (gsize i = 0; i < n; i++)
    memcpy (windows + i * size,
        state->window->frames + i * shape.stride * shape.width,
        size * sizeof *windows);
  rnnc_time_window_consume (state->window, &shape, n);
  return n;
}

static void
conv1d_push_batch (const RnncLayer *layer, void *const *states, const float *in,
    const gsize *n_in, gsize n_streams, float *out, gsize *n_out, void *work)
{
  gsize width = rnnc_layer_inputs (layer);
  gsize total = 0;
  void *gathered = NULL;
  float *windows = NULL;

  if (lies_together (layer)) {
    gathered = rnnc_take (&work, gather_size (layer));
    windows = work;
  }
  for (gsize i = 0; i < n_streams; in += n_in[i] * width, i++) {
    n_out[i] = 0;
    if (n_in[i] > 0 && windows != NULL)
      n_out[i] = append_windows (layer, states[i], in, n_in[i],
          windows + total * window_floats (layer));
    else if (n_in[i] > 0)
      n_out[i] = append (layer, states[i], in, n_in[i],
          out + total * rnnc_layer_outputs (layer));
    total += n_out[i];
  }
  if (total > 0 && windows != NULL)
    rnnc_convolution_run (layer->weights, windows, width, window_floats (layer),
        total, out, gathered);
}

static gsize
conv1d_flush (const RnncLayer *layer, void *memory, float *out)
{
  const RnncWindowShape shape = get_shape (layer);
  Conv1dState *state = memory;
  gsize n_out = append (layer, state, NULL, shape.right, out);

  rnnc_time_window_reset (state->window, &shape);
  return n_out;
}

static gsize
conv1d_max_output (const RnncLayer *layer, gsize max_frames)
{
  const RnncWindowShape shape = get_shape (layer);

  return rnnc_time_window_max_output (&shape, max_frames);
}

const RnncLayerClass rnnc_conv1d_class = {
  .load = conv1d_load,
  .clear = rnnc_convolution_clear,
  .fold = rnnc_convolution_fold,
  .forward = conv1d_forward,
  .work_size = conv1d_work_size,
  .state_size = conv1d_state_size,
  .reset = conv1d_reset,
  .push = conv1d_push,
  .flush = conv1d_flush,
  .max_output = conv1d_max_output,
  .push_batch = conv1d_push_batch,
  .push_batch_work_size = conv1d_push_batch_work_size,
};
