/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pooling inside a frame [height, width, channels]. */
#include <string.h>

#include "rnncore/kernels/kernels.h"
#include "rnncore/layers/layer.h"

/* Along one side: the inputs first … behind - 1 of a window, and how many count
 * in an average. */
typedef struct {
  gsize first;
  gsize behind;
  gsize count;
} Range;

static Range
get_range (const RnncPool2dParams *pool, guint side, gsize size, gsize at)
{
  gsize begin = at * pool->stride[side]; /* counted with the padding */
  gsize end = begin + pool->kernel[side];
  gsize padding = pool->padding[side];
  Range range;

  range.first = begin - MIN (begin, padding);
  range.behind = MIN (end - padding, size);
  range.count = pool->count_padding ? MIN (end, size + 2 * padding) - begin
                                    : range.behind - range.first;
  return range;
}

static void
pool_window (const RnncLayer *layer, const float *image, const Range *rows,
    const Range *columns, float *out)
{
  const RnncShape *input = &layer->spec->input;
  gboolean average = layer->spec->params.pool2d.average;
  gboolean first = TRUE;

  for (gsize y = rows->first; y < rows->behind; y++) {
    for (gsize x = columns->first; x < columns->behind; x++) {
      const float *pixel = image + (y * input->width + x) * input->channels;

      if (first) {
        memcpy (out, pixel, input->channels * sizeof *out);
      } else if (average) {
        rnnc_kernels ()->add (out, pixel, input->channels);
      } else {
        for (gsize i = 0; i < input->channels; i++)
          out[i] = rnnc_larger (pixel[i], out[i]);
      }
      first = FALSE;
    }
  }
  if (average) {
    for (gsize i = 0; i < input->channels; i++)
      out[i] /= (float) (rows->count * columns->count);
  }
}

static gsize
pool2d_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  const RnncPool2dParams *pool = &layer->spec->params.pool2d;
  const RnncShape *input = &layer->spec->input;
  const RnncShape *output = &layer->spec->output;

  for (gsize t = 0; t < n_frames; t++) {
    for (gsize y = 0; y < output->height; y++) {
      const Range rows = get_range (pool, 0, input->height, y);

      for (gsize x = 0; x < output->width; x++) {
        const Range columns = get_range (pool, 1, input->width, x);

        pool_window (layer, in, &rows, &columns, out);
        out += output->channels;
      }
    }
    in += rnnc_layer_inputs (layer);
  }
  return n_frames;
}

const RnncLayerClass rnnc_pool2d_class = {
  .forward = pool2d_forward,
};
