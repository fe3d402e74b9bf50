/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Convolution inside a frame [height, width, channels]: the windows of one row
 * of outputs are laid side by side and multiplied at once. */
#include <string.h>

#include "rnncore/layers/linear.h"

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

static gsize
conv2d_work_size (const RnncLayer *layer, gsize n_frames)
{
  const RnncLinear *linear = layer->weights;

  return rnnc_align (layer->spec->output.width * linear->k * sizeof (float));
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

  for (gsize t = 0; t < n_frames; t++) {
    for (guint y = 0; y < output->height; y++) {
      copy_windows (layer, in, y, work);
      rnnc_linear_apply (linear, work, linear->k, out, linear->n,
          output->width, FALSE);
      out += output->width * linear->n;
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
