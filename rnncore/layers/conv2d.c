/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Convolution inside a frame [height, width, channels]: the windows of a few
 * rows of outputs are laid side by side and multiplied at once. */
#include <string.h>

#include "rnncore/layers/linear.h"

/* Windows multiplied at once, at least (where the image has as many): enough
 * for a weight in the cache to serve many, few enough to stay there. */
#define BLOCK_WINDOWS 48

static gboolean
conv2d_load (RnncLayer *layer, const RnncTensorSource *source, GError **error)
{
  const RnncConv2dParams *conv = &layer->spec->params.conv2d;
  gsize n_in = layer->spec->input.channels;
  gsize area = (gsize) conv->kernel[0] * conv->kernel[1];
  const gsize shape[]
      = { conv->channels, n_in, conv->kernel[0], conv->kernel[1] };
  g_autofree float *weight
      = rnnc_layer_read (layer, source, "weight", shape, 4, error);
  g_autofree float *rows = NULL;
  float *bias = NULL;
  RnncLinear *linear;

  if (weight == NULL)
    return FALSE;
  if (conv->bias) {
    bias = rnnc_layer_read (layer, source, "bias", shape, 1, error);
    if (bias == NULL)
      return FALSE;
  }
  /* [out, in, kernel h, kernel w] to [out, kernel h, kernel w, in] */
  rows = g_new (float, shape[0] * n_in * area);
  for (gsize o = 0; o < shape[0]; o++)
    for (gsize i = 0; i < n_in; i++)
      for (gsize k = 0; k < area; k++)
        rows[(o * area + k) * n_in + i] = weight[(o * n_in + i) * area + k];
  linear = layer->weights = g_new0 (RnncLinear, 1);
  rnnc_linear_init (linear, rows, shape[0], area * n_in, bias);
  return TRUE;
}

static void
conv2d_clear (RnncLayer *layer)
{
  rnnc_linear_clear (layer->weights);
  g_free (layer->weights);
}

/* Rows of outputs multiplied at once. */
static guint
block_rows (const RnncLayer *layer)
{
  const RnncShape *output = &layer->spec->output;

  return MIN ((BLOCK_WINDOWS + output->width - 1) / output->width,
      output->height);
}

static gsize
conv2d_work_size (const RnncLayer *layer, gsize n_frames)
{
  const RnncLinear *linear = layer->weights;
  gsize windows = (gsize) block_rows (layer) * layer->spec->output.width;

  return rnnc_align (windows * linear->k * sizeof (float));
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
      glong at = (glong) y * conv->stride[0] + k - conv->padding[0];
      gboolean inside = at >= 0 && at < (glong) input->height;

      copy_kernel_row (layer, inside ? image + at * (glong) row_size : NULL,
          left, windows);
      windows += kernel_row;
    }
  }
}

static gsize
conv2d_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  const RnncLinear *linear = layer->weights;
  const RnncShape *output = &layer->spec->output;
  gsize row_size = output->width * linear->k;

  for (gsize t = 0; t < n_frames; t++) {
    guint n_rows;

    for (guint y = 0; y < output->height; y += n_rows) {
      gsize n_windows;

      n_rows = MIN (block_rows (layer), output->height - y);
      n_windows = (gsize) n_rows * output->width;
      for (guint i = 0; i < n_rows; i++)
        copy_windows (layer, in, y + i, (float *) work + i * row_size);
      rnnc_linear_apply (linear, work, linear->k, out, linear->n, n_windows,
          FALSE);
      out += n_windows * linear->n;
    }
    in += rnnc_layer_inputs (layer);
  }
  return n_frames;
}

const RnncLayerClass rnnc_conv2d_class = {
  .load = conv2d_load,
  .clear = conv2d_clear,
  .forward = conv2d_forward,
  .work_size = conv2d_work_size,
};
