/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pooling over time, element by element. Frames beyond the ends are left out,
 * of the average's count too. */
#include <string.h>

#include "rnncore/kernels/kernels.h"
#include "rnncore/layers/time-window.h"

static RnncWindowShape
get_shape (const RnncLayer *layer)
{
  const RnncPool1dParams *pool = &layer->spec->params.pool1d;

  return (RnncWindowShape){ rnnc_layer_inputs (layer), pool->left, pool->right,
    pool->stride };
}

/* @frames: [n, width], n > 0 */
static void
pool_frames (const RnncLayer *layer, const float *frames, gsize n, float *out)
{
  gsize width = rnnc_layer_inputs (layer);

  memcpy (out, frames, width * sizeof *out);
  if (layer->spec->params.pool1d.average) {
    for (gsize t = 1; t < n; t++)
      rnnc_kernels ()->add (out, frames + t * width, width);
    for (gsize i = 0; i < width; i++)
      out[i] /= (float) n;
    return;
  }
  for (gsize t = 1; t < n; t++) {
    const float *frame = frames + t * width;

    for (gsize i = 0; i < width; i++)
      out[i] = rnnc_larger (frame[i], out[i]);
  }
}

static gsize
pool1d_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  const RnncPool1dParams *pool = &layer->spec->params.pool1d;
  gsize width = rnnc_layer_inputs (layer);
  gsize n_out = rnnc_layer_spec_output_frames (layer->spec, n_frames);

  for (gsize t = 0; t < n_out; t++) {
    gsize at = t * pool->stride;
    gsize first = at - MIN (at, pool->left);
    gsize last = MIN (at + pool->right, n_frames - 1);

    pool_frames (layer, in + first * width, last - first + 1, out + t * width);
  }
  return n_out;
}

static gsize
pool1d_state_size (const RnncLayer *layer, gsize max_frames)
{
  const RnncWindowShape shape = get_shape (layer);

  return rnnc_time_window_size (&shape, max_frames);
}

static void
pool1d_reset (const RnncLayer *layer, void *memory, gsize max_frames)
{
  const RnncWindowShape shape = get_shape (layer);

  rnnc_time_window_init (&shape, memory, max_frames);
}

static gsize
append (const RnncLayer *layer, RnncTimeWindow *window, const float *in,
    gsize n_frames, float *out)
{
  const RnncWindowShape shape = get_shape (layer);
  gsize n_out = rnnc_time_window_append (window, &shape, in, n_frames);
  gsize end = window->filled - MIN (window->tail, window->filled);

  for (gsize t = 0; t < n_out; t++) {
    gsize first = MAX (t * shape.stride, window->lead);
    gsize behind = MIN (t * shape.stride + shape.left + 1 + shape.right, end);

    pool_frames (layer, window->frames + first * shape.width, behind - first,
        out + t * shape.width);
  }
  rnnc_time_window_consume (window, &shape, n_out);
  return n_out;
}

static gsize
pool1d_push (const RnncLayer *layer, void *state, const float *in,
    gsize n_frames, float *out)
{
  return append (layer, state, in, n_frames, out);
}

static gsize
pool1d_flush (const RnncLayer *layer, void *window, float *out)
{
  const RnncWindowShape shape = get_shape (layer);
  gsize n_out = append (layer, window, NULL, shape.right, out);

  rnnc_time_window_reset (window, &shape);
  return n_out;
}

static gsize
pool1d_max_output (const RnncLayer *layer, gsize max_frames)
{
  const RnncWindowShape shape = get_shape (layer);

  return rnnc_time_window_max_output (&shape, max_frames);
}

const RnncLayerClass rnnc_pool1d_class = {
  .forward = pool1d_forward,
  .state_size = pool1d_state_size,
  .reset = pool1d_reset,
  .push = pool1d_push,
  .flush = pool1d_flush,
  .max_output = pool1d_max_output,
};
