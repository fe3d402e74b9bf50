/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Several sequences through the layers together, so that one read of the
 * weights serves them all. They lie one after another, the longest first; as
 * many go together as a fixed amount of memory has room for. */
#include <string.h>

#include "rnncore/layers/join.h"
#include "rnncore/model/model-private.h"

typedef struct {
  const float *input;
  gsize n_frames;
  float *output;
} Item;

/* Those that go through the layers together. */
typedef struct {
  RnncModel *model;
  gsize n; /* sequences */
  gsize input_frames[RNNC_BATCH_SEQUENCES];
  gsize *frames; /* [n_layers][RNNC_BATCH_SEQUENCES], out of each layer */
  const float *input;
  const float *values[RNNC_MAX_LAYERS]; /* out of each layer */
  gsize buffer;                         /* bytes of one slot */
  gsize work;                           /* bytes, of any layer */
} Group;

static gsize *
frames_of (Group *group, gint source)
{
  return source < 0 ? group->input_frames
                    : group->frames + source * RNNC_BATCH_SEQUENCES;
}

static const float *
value_of (const Group *group, gint source)
{
  return source < 0 ? group->input : group->values[source];
}

static gsize
count (const gsize *n_frames, gsize n)
{
  gsize total = 0;

  for (gsize i = 0; i < n; i++)
    total += n_frames[i];
  return total;
}

static gsize
input_bytes (const Group *group)
{
  return rnnc_align (count (group->input_frames, group->n)
      * rnnc_model_input_size (group->model) * sizeof (float));
}

/* Frames out of every layer; returns bytes that the group needs. */
static gsize
measure (Group *group)
{
  RnncModel *model = group->model;

  group->work = group->buffer = 0;
  for (guint i = 0; i < model->n_layers; i++) {
    const RnncLayer *layer = model->layers[i];
    const gsize *in;
    gsize *out = frames_of (group, (gint) i);

    if (layer->identity)
      continue;
    in = frames_of (group, model->plan.steps[i].sources[0]);
    for (gsize k = 0; k < group->n; k++)
      out[k] = rnnc_layer_spec_output_frames (layer->spec, in[k]);
    group->buffer = MAX (group->buffer,
        rnnc_align (count (out, group->n) * rnnc_layer_outputs (layer)
            * sizeof (float)));
    if (layer->spec->type != RNNC_LAYER_JOIN)
      group->work
          = MAX (group->work, rnnc_layer_batch_work_size (layer, in, group->n));
  }
  return input_bytes (group) + model->plan.n_slots * group->buffer
      + group->work;
}

/* The first of @items that go together: at least one. Returns bytes. */
static gsize
fill_group (Group *group, const Item *items, gsize n_items)
{
  gsize most = MIN (n_items, RNNC_BATCH_SEQUENCES), bytes = 0;

  for (group->n = 0; group->n < most;) {
    gsize wider;

    group->input_frames[group->n] = items[group->n].n_frames;
    group->n++;
    wider = measure (group);
    if (group->n > 1 && wider > RNNC_BATCH_BYTES) {
      group->n--;
      if (group->n > RNNC_BATCH_MULTIPLE)
        group->n -= group->n % RNNC_BATCH_MULTIPLE;
      return measure (group);
    }
    bytes = wider;
  }
  return bytes;
}

static void
run_layer (Group *group, guint index, float *out, void *work)
{
  const RnncLayer *layer = group->model->layers[index];
  const RnncStep *step = &group->model->plan.steps[index];
  const float *parts[RNNC_MAX_SOURCES];

  if (layer->spec->type == RNNC_LAYER_JOIN) {
    for (guint i = 0; i < step->n_sources; i++)
      parts[i] = value_of (group, step->sources[i]);
    rnnc_join_forward (layer, parts,
        count (frames_of (group, (gint) index), group->n), out);
  } else {
    rnnc_layer_forward_batch (layer, value_of (group, step->sources[0]),
        frames_of (group, step->sources[0]), group->n, out, work);
  }
  group->values[index] = out;
}

static void
take_inputs (Group *group, const Item *items, float *to)
{
  gsize size = rnnc_model_input_size (group->model);

  group->input = to;
  for (gsize i = 0; i < group->n; i++) {
    memcpy (to, items[i].input, items[i].n_frames * size * sizeof *to);
    to += items[i].n_frames * size;
  }
}

static void
give_outputs (Group *group, const Item *items)
{
  gint result
      = rnnc_plan_output (group->model->layers, group->model->n_layers - 1);
  const float *from = value_of (group, result);
  const gsize *n_frames = frames_of (group, result);
  gsize size = rnnc_model_output_size (group->model);

  for (gsize i = 0; i < group->n; i++) {
    memcpy (items[i].output, from, n_frames[i] * size * sizeof *from);
    from += n_frames[i] * size;
  }
}

static void
run_group (Group *group, const Item *items, char *memory)
{
  const RnncPlan *plan = &group->model->plan;
  char *slots = memory + input_bytes (group);

  take_inputs (group, items, (float *) (void *) memory);
  for (guint i = 0; i < group->model->n_layers; i++) {
    if (!group->model->layers[i]->identity)
      run_layer (group, i,
          (float *) (void *) (slots + plan->steps[i].slot * group->buffer),
          slots + plan->n_slots * group->buffer);
  }
  give_outputs (group, items);
}

static gint
longest_first (gconstpointer a, gconstpointer b)
{
  gsize one = ((const Item *) a)->n_frames,
        other = ((const Item *) b)->n_frames;

  return one == other ? 0 : one > other ? -1 : 1;
}

void
rnnc_model_forward_batch (RnncModel *model, const float *const *inputs,
    const gsize *n_frames, gsize n_sequences, float *const *outputs)
{
  g_autoptr (GArray) items = g_array_new (FALSE, FALSE, sizeof (Item));
  g_autofree Group *group = g_new0 (Group, 1);
  const Item *next;

  g_return_if_fail (model != NULL);
  group->model = model;
  group->frames = g_new (gsize, model->n_layers * RNNC_BATCH_SEQUENCES);
  for (gsize i = 0; i < n_sequences; i++) {
    const Item item = { inputs[i], n_frames[i], outputs[i] };

    if (n_frames[i] > 0)
      g_array_append_val (items, item);
  }
  g_array_sort (items, longest_first);
  next = (const Item *) (void *) items->data;
  for (gsize done = 0; done < items->len; done += group->n) {
    gsize bytes = fill_group (group, next + done, items->len - done);
    char *memory = g_aligned_alloc (MAX (bytes, 1), 1, 64);

    run_group (group, next + done, memory);
    g_aligned_free (memory);
  }
  g_free (group->frames);
}
