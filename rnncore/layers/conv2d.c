/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Convolution inside a frame [height, width, channels]: the windows of a few
 * rows of outputs are laid side by side and multiplied at once. */
#include <string.h>

#include "rnncore/kernels/kernels.h"
#include "rnncore/layers/convolution.h"

/* Windows multiplied at once, at least (where the image has as many): enough
 * for a weight in the cache to serve many, few enough to stay there. */
#define BLOCK_WINDOWS 48

/* See reads_in_place(): rows of outputs as long, or a multiple of that. */
#define MIN_ROW_WINDOWS 24
#define TILE_WINDOWS 7

static gboolean
conv2d_load (RnncLayer *layer, const RnncTensorSource *source, GError **error)
{
  const RnncConv2dParams *conv = &layer->spec->params.conv2d;
  gsize n_in = layer->spec->input.channels / conv->groups;
  const gsize shape[]
      = { conv->channels, n_in, conv->kernel[0], conv->kernel[1] };
  const gsize flat_shape[] = { conv->channels, n_in, conv->kernel[1] };

  layer->weights
      = rnnc_convolution_load (layer, source, conv->flat ? flat_shape : shape,
          conv->flat ? 3 : 4, conv->groups, conv->bias, error);
  return layer->weights != NULL;
}

/* Floats in one window. */
static gsize
window_size (const RnncLayer *layer)
{
  const RnncConv2dParams *conv = &layer->spec->params.conv2d;

  return (gsize) conv->kernel[0] * conv->kernel[1]
      * layer->spec->input.channels;
}

static gsize
gather_size (const RnncLayer *layer)
{
  return rnnc_convolution_work_size (layer->weights,
      layer->spec->input.channels);
}

/* Rows of outputs multiplied at once. */
static guint
block_rows (const RnncLayer *layer)
{
  const RnncShape *output = &layer->spec->output;

  return MIN ((BLOCK_WINDOWS + output->width - 1) / output->width,
      output->height);
}

/* Whether windows are read where they lie, in an image with its padding around
 * it: rows of outputs long enough for a weight to serve many, or that are whole
 * tiles of the product, as those of pictures 224 and 112 wide. Others are laid
 * side by side, those of several rows. */
static gboolean
reads_in_place (const RnncLayer *layer)
{
  const RnncConv2dParams *conv = &layer->spec->params.conv2d;
  guint width = layer->spec->output.width;

  return conv->groups == 1 && conv->dilation[1] == 1
      && (width >= MIN_ROW_WINDOWS || width % TILE_WINDOWS == 0);
}

/* Floats in a row of the image with its padding. */
static gsize
padded_row (const RnncLayer *layer)
{
  const RnncConv2dParams *conv = &layer->spec->params.conv2d;

  return ((gsize) layer->spec->input.width + conv->padding[1]
             + conv->padding_end[1])
      * layer->spec->input.channels;
}

static gsize
padded_size (const RnncLayer *layer)
{
  const RnncConv2dParams *conv = &layer->spec->params.conv2d;

  return ((gsize) layer->spec->input.height + conv->padding[0]
             + conv->padding_end[0])
      * padded_row (layer);
}

static gsize
conv2d_work_size (const RnncLayer *layer, gsize n_frames)
{
  gsize windows = (gsize) block_rows (layer) * layer->spec->output.width;

  if (reads_in_place (layer))
    return rnnc_align (padded_size (layer) * sizeof (float));
  return gather_size (layer)
      + rnnc_align (windows * window_size (layer) * sizeof (float));
}

/* One row of the kernel at one place: kernel w * in floats, zeros outside the
 * image. @row: %NULL for a row outside. */
static void
copy_kernel_row (const RnncLayer *layer, const float *row, glong x, float *to)
{
  gsize n_in = layer->spec->input.channels;
  glong width = layer->spec->input.width;
  glong kernel = layer->spec->params.conv2d.kernel[1];
  glong first = MAX (0, -x);
  glong last = MIN (kernel, width - x);

  if (row != NULL && first == 0 && last == kernel) {
    memcpy (to, row + x * (glong) n_in, kernel * n_in * sizeof *to);
    return;
  }
  if (row == NULL || last <= first) {
    memset (to, 0, kernel * n_in * sizeof *to);
    return;
  }
  memset (to, 0, first * n_in * sizeof *to);
  memcpy (to + first * n_in, row + (x + first) * (glong) n_in,
      (last - first) * n_in * sizeof *to);
  memset (to + last * n_in, 0, (kernel - last) * n_in * sizeof *to);
}

/* The same for a kernel with gaps. */
static void
copy_dilated_row (const RnncLayer *layer, const float *row, glong x, float *to)
{
  const RnncConv2dParams *conv = &layer->spec->params.conv2d;
  gsize n_in = layer->spec->input.channels;
  glong width = layer->spec->input.width;

  for (guint k = 0; k < conv->kernel[1]; k++) {
    if (row != NULL && x >= 0 && x < width)
      memcpy (to, row + x * (glong) n_in, n_in * sizeof *to);
    else
      memset (to, 0, n_in * sizeof *to);
    x += conv->dilation[1];
    to += n_in;
  }
}

/* All windows of output row @y. */
static void
copy_windows (const RnncLayer *layer, const float *image, guint y,
    float *windows)
{
  const RnncConv2dParams *conv = &layer->spec->params.conv2d;
  const RnncShape *input = &layer->spec->input;
  gsize row_size = (gsize) input->width * input->channels;
  gsize kernel_row = (gsize) conv->kernel[1] * input->channels;

  for (guint x = 0; x < layer->spec->output.width; x++) {
    glong left = (glong) x * conv->stride[1] - conv->padding[1];

    for (guint k = 0; k < conv->kernel[0]; k++) {
      glong at = (glong) y * conv->stride[0] + (glong) k * conv->dilation[0]
          - conv->padding[0];
      gboolean inside = at >= 0 && at < (glong) input->height;
      const float *row = inside ? image + at * (glong) row_size : NULL;

      if (conv->dilation[1] == 1)
        copy_kernel_row (layer, row, left, windows);
      else
        copy_dilated_row (layer, row, left, windows);
      windows += kernel_row;
    }
  }
}

static void
pad_image (const RnncLayer *layer, const float *image, float *padded)
{
  const RnncConv2dParams *conv = &layer->spec->params.conv2d;
  const RnncShape *input = &layer->spec->input;
  gsize row = (gsize) input->width * input->channels;
  gsize to_row = padded_row (layer);
  gsize left = (gsize) conv->padding[1] * input->channels;
  gsize right = (gsize) conv->padding_end[1] * input->channels;
  gsize above = conv->padding[0] * to_row;
  gsize below = conv->padding_end[0] * to_row;

  memset (padded, 0, above * sizeof *padded);
  padded += above;
  for (guint y = 0; y < input->height; y++) {
    memset (padded, 0, left * sizeof *padded);
    memcpy (padded + left, image, row * sizeof *padded);
    memset (padded + left + row, 0, right * sizeof *padded);
    padded += to_row;
    image += row;
  }
  memset (padded, 0, below * sizeof *padded);
}

/* While they are in the nearest cache. */
static void
finish_outputs (const RnncLayer *layer, float *out, gsize n_windows)
{
  if (layer->has_relu)
    rnnc_kernels ()->relu (out, n_windows * layer->spec->output.channels);
}

static void
run_in_place (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, float *padded)
{
  const RnncConv2dParams *conv = &layer->spec->params.conv2d;
  const RnncConvolution *convolution = layer->weights;
  const RnncLinear *linear = &convolution->linears[0];
  const RnncShape *output = &layer->spec->output;
  gsize n_in = layer->spec->input.channels, row = padded_row (layer);

  for (gsize t = 0; t < n_frames; t++) {
    pad_image (layer, in, padded);
    for (guint y = 0; y < output->height; y++) {
      rnnc_kernels ()->matmul_pieces (linear->packed, linear->bias,
          padded + (gsize) y * conv->stride[0] * row, conv->stride[1] * n_in,
          conv->kernel[0], conv->dilation[0] * row, out, linear->n,
          output->width, linear->n, conv->kernel[1] * n_in);
      finish_outputs (layer, out, output->width);
      out += output->width * linear->n;
    }
    in += rnnc_layer_inputs (layer);
  }
}

static void
run_side_by_side (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  const RnncShape *output = &layer->spec->output;
  void *gathered = rnnc_take (&work, gather_size (layer));
  gsize size = window_size (layer);
  float *windows = work;

  for (gsize t = 0; t < n_frames; t++) {
    guint n_rows;

    for (guint y = 0; y < output->height; y += n_rows) {
      gsize n_windows;

      n_rows = MIN (block_rows (layer), output->height - y);
      n_windows = (gsize) n_rows * output->width;
      for (guint i = 0; i < n_rows; i++)
        copy_windows (layer, in, y + i, windows + i * output->width * size);
      rnnc_convolution_run (layer->weights, windows,
          layer->spec->input.channels, size, n_windows, out, gathered);
      finish_outputs (layer, out, n_windows);
      out += n_windows * output->channels;
    }
    in += rnnc_layer_inputs (layer);
  }
}

static gsize
conv2d_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  if (reads_in_place (layer))
    run_in_place (layer, in, n_frames, out, work);
  else
    run_side_by_side (layer, in, n_frames, out, work);
  return n_frames;
}

const RnncLayerClass rnnc_conv2d_class = {
  .load = conv2d_load,
  .clear = rnnc_convolution_clear,
  .fold = rnnc_convolution_fold,
  .forward = conv2d_forward,
  .work_size = conv2d_work_size,
  .rectifies = TRUE,
};
