/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * [height, width, channels] to PyTorch's channels, height, width. */
#include "rnncore/train/layer.h"

static void
flatten_forward (RnncPass *pass, const real *x, real *y)
{
  const RnncShape *shape = &pass->layer->spec->input;
  gsize n_pixels = (gsize) shape->height * shape->width;
  gsize channels = shape->channels;
  for (gsize r = 0; r < pass->in->n_rows; r++, x += n_pixels * channels)
    for (gsize c = 0; c < channels; c++)
      for (gsize p = 0; p < n_pixels; p++)
        *y++ = x[p * channels + c];
}

static void
flatten_backward (RnncPass *pass, const real *x, const real *y, const real *dy,
    real *dx)
{
  const RnncShape *shape = &pass->layer->spec->input;
  gsize n_pixels = (gsize) shape->height * shape->width;
  gsize channels = shape->channels;
  if (!dx)
    return;
  for (gsize r = 0; r < pass->in->n_rows; r++, dx += n_pixels * channels)
    for (gsize c = 0; c < channels; c++)
      for (gsize p = 0; p < n_pixels; p++)
        dx[p * channels + c] = *dy++;
}

const RnncTrainLayerClass rnnc_train_flatten = {
  .forgets_output = TRUE,
  .forward = flatten_forward,
  .backward = flatten_backward,
};
