/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Streams through the layers together. What they give lies one after another
 * between a few buffers of the batch; what a stream remembers stays its own. */
#include <string.h>

#include "rnncore/layers/join.h"
#include "rnncore/model/stream-batch.h"

struct _RnncStreamBatch {
  RnncModel *model;
  guint capacity;
  void *arena;

  float *input;
  gsize *n_input;
  float **slots;        /* [n_slots] */
  const float **values; /* [n_layers]: what each layer gave */
  gsize **n_frames;     /* [n_layers, capacity] */
  void **states;        /* [capacity]: of the layer that runs */
  void *work;

  /* Of a push. */
  RnncStream **taken; /* [capacity] */
  gsize *done;        /* [capacity]: frames or samples */

  /* Of a round. */
  RnncStream *const *streams;
  guint n;
};

static RnncLayer *
get_layer (const RnncStreamBatch *batch, guint index)
{
  return batch->model->layers[index];
}

/* --- memory --------------------------------------------------------------- */

/* Bytes of one slot, and of the work of any layer; @G_MAXSIZE where one alone
 * is over the limit. @probe: a stream of the model, for what goes into it. */
static gsize
measure_layers (const RnncStreamBatch *batch, const RnncStream *probe,
    gsize *work)
{
  gsize largest = 0;

  *work = 0;
  for (guint i = 0; i < batch->model->n_layers; i++) {
    const RnncLayer *layer = get_layer (batch, i);
    gsize most = probe->max_frames[i];

    if (layer->identity)
      continue;
    largest = MAX (largest,
        rnnc_layer_max_output (layer, most) * rnnc_layer_outputs (layer)
            * sizeof (float));
    if (layer->spec->type != RNNC_LAYER_JOIN)
      *work = MAX (*work,
          rnnc_layer_push_batch_work_size (layer, most, batch->capacity));
  }
  return largest * batch->capacity;
}

/* Lays everything out from @base on; with %NULL it only measures. */
static gsize
lay_out (RnncStreamBatch *batch, const RnncStream *probe, void *base)
{
  gsize n_layers = batch->model->n_layers, capacity = batch->capacity;
  gsize n_slots = batch->model->plan.n_slots;
  gsize work, slot = measure_layers (batch, probe, &work);
  void *at = base;

  batch->input = rnnc_take (&at,
      capacity * rnnc_stream_max_input (probe)
          * rnnc_stream_input_floats (probe) * sizeof (float));
  batch->n_input = rnnc_take (&at, capacity * sizeof (gsize));
  batch->slots = rnnc_take (&at, n_slots * sizeof (float *));
  batch->values = rnnc_take (&at, n_layers * sizeof (float *));
  batch->n_frames = rnnc_take (&at, n_layers * sizeof (gsize *));
  batch->states = rnnc_take (&at, capacity * sizeof (void *));
  batch->taken = rnnc_take (&at, capacity * sizeof (RnncStream *));
  batch->done = rnnc_take (&at, capacity * sizeof (gsize));
  for (gsize i = 0; i < n_slots + n_layers; i++) {
    void *memory
        = rnnc_take (&at, i < n_slots ? slot : capacity * sizeof (gsize));

    if (base != NULL && i < n_slots)
      batch->slots[i] = memory;
    else if (base != NULL)
      batch->n_frames[i - n_slots] = memory;
  }
  batch->work = rnnc_take (&at, work);
  return (guintptr) at - (guintptr) base;
}

static void
ignore_outputs (const float *outputs, gsize n_frames, gpointer user_data)
{
}

static gboolean
refuse (RnncModel *model, const char *reason, GError **error)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
      "%s: its streams cannot go together: %s", rnnc_model_path (model),
      reason);
  return FALSE;
}

/* As many streams as there is room for. */
static gboolean
make_memory (RnncStreamBatch *batch, GError **error)
{
  g_autoptr (RnncStream) probe
      = rnnc_stream_new (batch->model, ignore_outputs, NULL);
  gsize bytes;

  while ((bytes = lay_out (batch, probe, NULL)) > RNNC_BATCH_BYTES)
    if (--batch->capacity < 2)
      return refuse (batch->model, "its layers are too large", error);
  batch->arena = g_aligned_alloc0 (bytes, 1, 64);
  lay_out (batch, probe, batch->arena);
  return TRUE;
}

RnncStreamBatch *
rnnc_stream_batch_new (RnncModel *model, guint capacity, GError **error)
{
  RnncStreamBatch *batch;

  g_return_val_if_fail (model != NULL, NULL);
  g_return_val_if_fail (capacity >= 2 && capacity <= RNNC_STREAM_BATCH_MAX,
      NULL);

  if (rnnc_model_is_bidirectional (model)) {
    refuse (model, "it is bidirectional", error);
    return NULL;
  }
  batch = g_new0 (RnncStreamBatch, 1);
  batch->model = rnnc_model_ref (model);
  batch->capacity = capacity;
  if (!make_memory (batch, error))
    g_clear_pointer (&batch, rnnc_stream_batch_free);
  return batch;
}

void
rnnc_stream_batch_free (RnncStreamBatch *batch)
{
  if (batch == NULL)
    return;
  g_aligned_free (batch->arena);
  rnnc_model_unref (batch->model);
  g_free (batch);
}

guint
rnnc_stream_batch_capacity (RnncStreamBatch *batch)
{
  g_return_val_if_fail (batch != NULL, 0);
  return batch->capacity;
}

/* --- a round through the layers ------------------------------------------- */

/* What layer or input @source gave, of all streams. */
static const float *
get_value (const RnncStreamBatch *batch, gint source, const gsize **n_frames)
{
  *n_frames = source < 0 ? batch->n_input : batch->n_frames[source];
  return source < 0 ? batch->input : batch->values[source];
}

static void
run_join (RnncStreamBatch *batch, guint index, float *out)
{
  const RnncStep *step = &batch->model->plan.steps[index];
  RnncLayer *layer = get_layer (batch, index);

  for (guint k = 0; k < step->n_sources; k++) {
    const gsize *n;
    const float *in = get_value (batch, step->sources[k], &n);
    gsize size = rnnc_shape_size (&layer->spec->parts[k]);

    for (guint i = 0; i < batch->n; in += n[i] * size, i++)
      if (n[i] > 0)
        rnnc_join_push (layer, batch->states[i], k, in, n[i]);
  }
  for (guint i = 0; i < batch->n; i++) {
    gsize n = rnnc_join_pull (layer, batch->states[i], out);

    batch->n_frames[index][i] = n;
    out += n * rnnc_layer_outputs (layer);
  }
}

static void
run_layer (RnncStreamBatch *batch, guint index)
{
  const RnncStep *step = &batch->model->plan.steps[index];
  RnncLayer *layer = get_layer (batch, index);
  float *out;

  if (layer->identity)
    return;
  out = batch->slots[step->slot];
  for (guint i = 0; i < batch->n; i++)
    batch->states[i] = batch->streams[i]->states[index];
  if (layer->spec->type == RNNC_LAYER_JOIN) {
    run_join (batch, index, out);
  } else {
    const gsize *n;
    const float *in = get_value (batch, step->sources[0], &n);

    rnnc_layer_push_batch (layer, batch->states, in, n, batch->n, out,
        batch->n_frames[index], batch->work);
  }
  batch->values[index] = out;
}

static void
take_inputs (RnncStreamBatch *batch)
{
  float *to = batch->input;

  for (guint i = 0; i < batch->n; i++) {
    const RnncStream *stream = batch->streams[i];
    gsize size = stream->n_input * rnnc_stream_input_floats (stream);

    memcpy (to, stream->input, size * sizeof *to);
    batch->n_input[i] = stream->n_input;
    to += size;
  }
}

/* Into the streams' own memory: a slot has room for what any layer gives. */
static void
give_results (RnncStreamBatch *batch)
{
  gint result
      = rnnc_plan_output (batch->model->layers, batch->model->n_layers - 1);
  gsize width = rnnc_model_output_size (batch->model);
  const gsize *n;
  const float *from = get_value (batch, result, &n);

  for (guint i = 0; i < batch->n; i++) {
    RnncStream *stream = batch->streams[i];

    stream->n_result = n[i];
    stream->result = stream->input;
    if (result >= 0 && n[i] > 0) {
      memcpy (stream->slots[0], from, n[i] * width * sizeof *from);
      stream->result = stream->slots[0];
    }
    from += n[i] * width;
  }
}

void
rnnc_stream_batch_run (RnncStreamBatch *batch, RnncStream *const *streams,
    guint n)
{
  g_assert (n <= batch->capacity);
  if (n == 0)
    return;
  if (n == 1) { /* nothing to copy */
    rnnc_stream_run (streams[0]);
    return;
  }
  batch->streams = streams;
  batch->n = n;
  take_inputs (batch);
  for (guint i = 0; i < batch->model->n_layers; i++)
    run_layer (batch, i);
  give_results (batch);
}

/* --- pushing -------------------------------------------------------------- */

typedef gsize (
    *TakeFunc) (RnncStream *stream, const float *input, gsize n_left);

/* Up to capacity streams, round by round. @width: floats in one of @n_inputs */
static void
push_group (RnncStreamBatch *batch, TakeFunc take, RnncStream *const *streams,
    const float *const *inputs, const gsize *n_inputs, gsize n_streams,
    gsize width)
{
  gboolean any = TRUE;

  memset (batch->done, 0, n_streams * sizeof *batch->done);
  while (any) {
    guint n = 0;

    any = FALSE;
    for (gsize i = 0; i < n_streams; i++) {
      gsize done = batch->done[i];

      if (done == n_inputs[i])
        continue;
      any = TRUE;
      batch->done[i]
          += take (streams[i], inputs[i] + done * width, n_inputs[i] - done);
      if (streams[i]->n_input > 0)
        batch->taken[n++] = streams[i];
    }
    rnnc_stream_batch_run (batch, batch->taken, n);
    for (guint i = 0; i < n; i++)
      rnnc_stream_deliver (batch->taken[i]);
  }
}

static void
push (RnncStreamBatch *batch, TakeFunc take, RnncStream *const *streams,
    const float *const *inputs, const gsize *n_inputs, gsize n_streams,
    gsize width)
{
  for (gsize i = 0; i < n_streams; i++)
    g_return_if_fail (streams[i] != NULL && streams[i]->model == batch->model);
  for (gsize i = 0; i < n_streams; i += batch->capacity)
    push_group (batch, take, streams + i, inputs + i, n_inputs + i,
        MIN (n_streams - i, batch->capacity), width);
}

void
rnnc_stream_batch_push_features (RnncStreamBatch *batch,
    RnncStream *const *streams, const float *const *features,
    const gsize *n_frames, gsize n_streams)
{
  g_return_if_fail (batch != NULL);
  push (batch, rnnc_stream_take_features, streams, features, n_frames,
      n_streams, rnnc_model_input_size (batch->model));
}

void
rnnc_stream_batch_push_samples (RnncStreamBatch *batch,
    RnncStream *const *streams, const float *const *samples,
    const gsize *n_samples, gsize n_streams)
{
  g_return_if_fail (batch != NULL);
  g_return_if_fail (
      rnnc_model_frontend (batch->model)->type == RNNC_FRONTEND_LOG_MEL
      || rnnc_model_frontend (batch->model)->type == RNNC_FRONTEND_WAVEFORM);
  push (batch, rnnc_stream_take_samples, streams, samples, n_samples, n_streams,
      1);
}
