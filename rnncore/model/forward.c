/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A whole sequence at once: layer after layer, between two buffers. */
#include <string.h>

#include "rnncore/model/model-private.h"

/* Bytes of one of the two buffers, and of the work of any layer. */
static void
measure (RnncModel *model, guint first, guint last, gsize n_frames,
    gsize *buffer, gsize *work)
{
  *buffer = 0;
  *work = 0;
  for (guint i = first; i < last; i++) {
    const RnncLayer *layer = model->layers[i];

    *work = MAX (*work, rnnc_layer_work_size (layer, n_frames));
    n_frames = rnnc_layer_spec_output_frames (layer->spec, n_frames);
    *buffer = MAX (*buffer,
        rnnc_align (n_frames * rnnc_layer_outputs (layer) * sizeof (float)));
  }
}

gsize
rnnc_model_range_work (RnncModel *model, guint first, guint last,
    gsize n_frames)
{
  gsize buffer, work;

  measure (model, first, last, n_frames, &buffer, &work);
  return (2 * buffer + work) / sizeof (float);
}

static guint
last_running (RnncModel *model, guint first, guint last)
{
  while (last > first && model->layers[last - 1]->identity)
    last--;
  return last;
}

gsize
rnnc_model_forward_range (RnncModel *model, guint first, guint last,
    const float *input, gsize n_frames, float *output, float *work)
{
  guint end = last_running (model, first, last);
  gsize buffer, ignored;
  char *buffers = (char *) work;
  const float *in = input;
  guint side = 0;

  measure (model, first, last, n_frames, &buffer, &ignored);
  if (end == first)
    memcpy (output, input,
        n_frames * rnnc_layer_inputs (model->layers[first]) * sizeof *output);
  for (guint i = first; i < end; i++) {
    const RnncLayer *layer = model->layers[i];
    float *out = (float *) (buffers + side * buffer);

    if (layer->identity)
      continue;
    if (i + 1 == end)
      out = output;
    else if (layer->klass->in_place && in != input)
      out = (float *) in;
    else
      side = 1 - side;
    n_frames = rnnc_layer_forward (layer, in, n_frames, out,
        buffers + 2 * buffer);
    in = out;
  }
  return n_frames;
}

void
rnnc_model_forward (RnncModel *model, const float *input, gsize n_frames,
    float *output)
{
  gsize n = rnnc_model_range_work (model, 0, model->n_layers, n_frames);
  float *work = g_aligned_alloc (MAX (n, 1), sizeof (float), 64);

  if (n_frames > 0)
    rnnc_model_forward_range (model, 0, model->n_layers, input, n_frames,
        output, work);
  g_aligned_free (work);
}
