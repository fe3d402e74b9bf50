/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A whole sequence at once: layer after layer, between a few buffers. */
#include <string.h>

#include "rnncore/layers/join.h"
#include "rnncore/model/model-private.h"

/* One run over layers first..last-1. */
typedef struct {
  RnncModel *model;
  guint first;
  const float *input;
  gsize n_input;
  const float *values[RNNC_MAX_LAYERS];
  gsize n_frames[RNNC_MAX_LAYERS];
  gsize buffer; /* bytes */
  char *buffers;
} Run;

static RnncStep *
get_step (const Run *run, guint index)
{
  return &run->model->plan.steps[index];
}

/* What comes from before the range is the input. */
static gboolean
is_input (const Run *run, gint source)
{
  return source < (gint) run->first;
}

static gsize
frames_of (const Run *run, gint source)
{
  return is_input (run, source) ? run->n_input : run->n_frames[source];
}

static const float *
value_of (const Run *run, gint source)
{
  return is_input (run, source) ? run->input : run->values[source];
}

/* Frames of every layer; bytes of one buffer, and of the work of any layer. */
static void
measure (Run *run, guint last, gsize *work)
{
  *work = 0;
  run->buffer = 0;
  for (guint i = run->first; i < last; i++) {
    const RnncLayer *layer = run->model->layers[i];
    gsize n_in;

    if (layer->identity)
      continue;
    n_in = frames_of (run, get_step (run, i)->sources[0]);
    *work = MAX (*work, rnnc_layer_work_size (layer, n_in));
    run->n_frames[i] = rnnc_layer_spec_output_frames (layer->spec, n_in);
    run->buffer = MAX (run->buffer,
        rnnc_align (
            run->n_frames[i] * rnnc_layer_outputs (layer) * sizeof (float)));
  }
}

gsize
rnnc_model_range_work (RnncModel *model, guint first, guint last,
    gsize n_frames)
{
  Run run = { .model = model, .first = first, .n_input = n_frames };
  gsize work;

  measure (&run, last, &work);
  return (model->plan.n_slots * run.buffer + work) / sizeof (float);
}

static void
run_layer (Run *run, guint index, float *out, void *work)
{
  const RnncLayer *layer = run->model->layers[index];
  const RnncStep *step = get_step (run, index);
  const float *parts[RNNC_MAX_SOURCES];

  if (layer->spec->type == RNNC_LAYER_JOIN) {
    for (guint i = 0; i < step->n_sources; i++)
      parts[i] = value_of (run, step->sources[i]);
    rnnc_join_forward (layer, parts, run->n_frames[index], out);
  } else {
    rnnc_layer_forward (layer, value_of (run, step->sources[0]),
        frames_of (run, step->sources[0]), out, work);
  }
  run->values[index] = out;
}

gsize
rnnc_model_forward_range (RnncModel *model, guint first, guint last,
    const float *input, gsize n_frames, float *output, float *work)
{
  Run run = { .model = model,
    .first = first,
    .input = input,
    .n_input = n_frames,
    .buffers = (char *) work };
  gint result = rnnc_plan_output (model->layers, last - 1);
  gsize ignored;

  measure (&run, last, &ignored);
  if (is_input (&run, result)) {
    memcpy (output, input,
        n_frames * rnnc_layer_inputs (model->layers[first]) * sizeof *output);
    return n_frames;
  }
  for (guint i = first; i <= (guint) result; i++) {
    char *slot = run.buffers + get_step (&run, i)->slot * run.buffer;

    if (!model->layers[i]->identity)
      run_layer (&run, i, i == (guint) result ? output : (float *) slot,
          run.buffers + model->plan.n_slots * run.buffer);
  }
  return run.n_frames[result];
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
