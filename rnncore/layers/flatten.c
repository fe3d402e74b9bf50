/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Images [height, width, channels] and vectors in PyTorch's order, channels,
 * height, width. */
#include "rnncore/layers/layer.h"

/* Each frame, [rows, columns], to [columns, rows]. */
static void
transpose (const float *in, gsize n_frames, gsize n_rows, gsize n_columns,
    float *out)
{
  for (gsize t = 0; t < n_frames; t++) {
    for (gsize c = 0; c < n_columns; c++)
      for (gsize r = 0; r < n_rows; r++)
        out[c * n_rows + r] = in[r * n_columns + c];
    in += n_rows * n_columns;
    out += n_rows * n_columns;
  }
}

static gsize
flatten_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  gsize channels = layer->spec->input.channels;

  transpose (in, n_frames, rnnc_layer_inputs (layer) / channels, channels, out);
  return n_frames;
}

const RnncLayerClass rnnc_flatten_class = {
  .forward = flatten_forward,
};

static gsize
unflatten_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  gsize channels = layer->spec->output.channels;

  transpose (in, n_frames, channels, rnnc_layer_inputs (layer) / channels, out);
  return n_frames;
}

const RnncLayerClass rnnc_unflatten_class = {
  .forward = unflatten_forward,
};
