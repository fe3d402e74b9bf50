/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/train/network.h"

static gboolean
is_running_statistic (const RnncLayerSpec *spec, const char *name)
{
  return spec->type == RNNC_LAYER_BATCH_NORM
      && (g_str_has_suffix (name, ".running_mean")
          || g_str_has_suffix (name, ".running_var"));
}

/* Tensors start on cache lines. */
static gsize
aligned_size (gsize n)
{
  return (n + 15) & ~(gsize) 15;
}

static void
add_parameters (RnncNetwork *network, GArray *parameters, guint layer)
{
  const RnncLayerSpec *spec = g_ptr_array_index (network->specs, layer);
  g_autoptr (GPtrArray) tensors = rnnc_layer_spec_tensors (spec);
  for (guint i = 0; i < tensors->len; i++) {
    const RnncTensorSpec *tensor = g_ptr_array_index (tensors, i);
    RnncParameter parameter = { g_strdup (tensor->name), tensor->rank };
    parameter.n_values = 1;
    for (guint axis = 0; axis < tensor->rank; axis++) {
      parameter.shape[axis] = tensor->shape[axis];
      parameter.n_values *= tensor->shape[axis];
    }
    parameter.offset = network->n_values;
    parameter.layer = layer;
    parameter.trained = !is_running_statistic (spec, tensor->name);
    network->n_values += aligned_size (parameter.n_values);
    if (parameter.trained)
      network->n_trained += parameter.n_values;
    g_array_append_val (parameters, parameter);
  }
}

RnncNetwork *
rnnc_network_new (GPtrArray *specs)
{
  RnncNetwork *network = g_new0 (RnncNetwork, 1);
  GArray *parameters = g_array_new (FALSE, FALSE, sizeof (RnncParameter));
  network->specs = specs;
  network->n_layers = specs->len;
  network->layers = g_new0 (RnncTrainLayer, MAX (specs->len, 1));
  for (guint i = 0; i < specs->len; i++)
    add_parameters (network, parameters, i);
  network->n_parameters = parameters->len;
  network->parameters
      = (RnncParameter *) (void *) g_array_free (parameters, FALSE);

  guint next = 0;
  for (guint i = 0; i < specs->len; i++) {
    RnncTrainLayer *layer = &network->layers[i];
    layer->spec = g_ptr_array_index (specs, i);
    layer->klass = rnnc_train_layer_class (layer->spec->type);
    layer->index = i;
    layer->parameters = network->parameters + next;
    while (
        next < network->n_parameters && network->parameters[next].layer == i) {
      layer->n_parameters++;
      next++;
    }
    if (layer->spec->type == RNNC_LAYER_MEAN_OVER_TIME
        || layer->spec->type == RNNC_LAYER_LAST_STEP)
      network->many_to_one = TRUE;
  }
  return network;
}

void
rnnc_network_free (RnncNetwork *network)
{
  if (!network)
    return;
  for (guint i = 0; i < network->n_parameters; i++)
    g_free (network->parameters[i].name);
  g_free (network->parameters);
  g_free (network->layers);
  g_ptr_array_unref (network->specs);
  g_free (network);
}

void
rnnc_network_initialise (const RnncNetwork *network, real *values, guint64 seed)
{
  rnnc_zero (values, network->n_values);
  for (guint i = 0; i < network->n_layers; i++) {
    const RnncTrainLayer *layer = &network->layers[i];
    RnncRandom random = { rnnc_random_key (seed, i) };
    if (layer->klass->initialise)
      layer->klass->initialise (layer, values, &random);
  }
}

gsize
rnnc_network_output_steps (const RnncNetwork *network, gsize n_steps)
{
  for (guint i = 0; i < network->n_layers; i++)
    n_steps = rnnc_layer_spec_output_frames (network->layers[i].spec, n_steps);
  return n_steps;
}

gsize
rnnc_network_input_size (const RnncNetwork *network)
{
  return rnnc_train_layer_inputs (&network->layers[0]);
}

gsize
rnnc_network_output_size (const RnncNetwork *network)
{
  return rnnc_train_layer_outputs (&network->layers[network->n_layers - 1]);
}

RnncReplica *
rnnc_replica_new (const RnncNetwork *network, RnncWorkers *workers,
    guint worker)
{
  RnncReplica *replica = g_new0 (RnncReplica, 1);
  guint n = network->n_layers;
  replica->network = network;
  replica->workers = workers;
  replica->worker = worker;
  replica->packings = g_new0 (RnncPacking, n + 1);
  replica->steps = g_new0 (const RnncPacking *, n + 1);
  replica->activations = g_new0 (RnncBuffer, n + 1);
  replica->values = g_new0 (real *, n + 1);
  replica->states = g_new0 (gpointer, n);
  for (guint i = 0; i < n; i++)
    replica->states[i] = g_malloc0 (network->layers[i].klass->state_size);
  return replica;
}

void
rnnc_replica_free (RnncReplica *replica)
{
  const RnncNetwork *network;
  if (!replica)
    return;
  network = replica->network;
  for (guint i = 0; i < network->n_layers; i++) {
    if (network->layers[i].klass->clear)
      network->layers[i].klass->clear (replica->states[i]);
    g_free (replica->states[i]);
  }
  for (guint i = 0; i <= network->n_layers; i++) {
    rnnc_packing_clear (&replica->packings[i]);
    rnnc_buffer_clear (&replica->activations[i]);
  }
  rnnc_buffer_clear (&replica->d_values[0]);
  rnnc_buffer_clear (&replica->d_values[1]);
  g_free (replica->packings);
  g_free (replica->steps);
  g_free (replica->activations);
  g_free (replica->values);
  g_free (replica->states);
  g_free (replica->sequence_ids);
  g_free (replica);
}

static void
set_packings (RnncReplica *replica, const guint *lengths, guint n_sequences)
{
  const RnncNetwork *network = replica->network;
  rnnc_packing_set (&replica->packings[0], n_sequences, lengths);
  replica->steps[0] = &replica->packings[0];
  for (guint i = 0; i < network->n_layers; i++) {
    const RnncTrainLayer *layer = &network->layers[i];
    replica->steps[i + 1] = replica->steps[i];
    if (layer->klass->pack) {
      layer->klass->pack (layer, replica->steps[i], &replica->packings[i + 1]);
      replica->steps[i + 1] = &replica->packings[i + 1];
    }
  }
}

void
rnnc_replica_set_input (RnncReplica *replica, const guint *sequence_ids,
    const guint *lengths, guint n_sequences, const float *data,
    guint n_batch_sequences)
{
  gsize n = rnnc_network_input_size (replica->network);
  if (n_sequences > replica->n_sequence_ids) {
    replica->sequence_ids = g_renew (guint, replica->sequence_ids, n_sequences);
    replica->n_sequence_ids = n_sequences;
  }
  memcpy (replica->sequence_ids, sequence_ids, n_sequences * sizeof (guint));
  set_packings (replica, lengths, n_sequences);

  const RnncPacking *packing = replica->steps[0];
  real *x = rnnc_buffer_reals (&replica->activations[0], packing->n_rows * n);
  replica->values[0] = x;
  for (guint t = 0; t < packing->n_steps; t++) {
    for (guint b = 0; b < packing->counts[t]; b++) {
      const float *row
          = data + ((gsize) t * n_batch_sequences + sequence_ids[b]) * n;
      for (gsize i = 0; i < n; i++)
        *x++ = row[i];
    }
  }
}

static RnncPass
replica_pass (const RnncReplica *replica, const RnncPassContext *context,
    guint layer)
{
  RnncPass pass = { &replica->network->layers[layer], replica->states[layer],
    replica->steps[layer], replica->steps[layer + 1], context->values,
    context->gradients, context->statistics, context->training,
    context->random_key, replica->sequence_ids, replica->workers,
    replica->worker, context->truncate,
    context->flows ? context->flows[layer] : NULL };
  return pass;
}

/* Whether a layer may write over what it reads. */
static gboolean
works_in_place (const RnncNetwork *network, guint layer)
{
  return layer > 0 && network->layers[layer].klass->elementwise
      && network->layers[layer - 1].klass->forgets_output;
}

const real *
rnnc_replica_forward (RnncReplica *replica, const RnncPassContext *context)
{
  const RnncNetwork *network = replica->network;
  for (guint i = 0; i < network->n_layers; i++) {
    const RnncTrainLayer *layer = &network->layers[i];
    RnncPass pass = replica_pass (replica, context, i);
    real *y = replica->values[i];
    if (!works_in_place (network, i))
      y = rnnc_buffer_reals (&replica->activations[i + 1],
          pass.out->n_rows * rnnc_train_layer_outputs (layer));
    replica->values[i + 1] = y;
    layer->klass->forward (&pass, replica->values[i], y);
  }
  return replica->values[network->n_layers];
}

real *
rnnc_replica_d_output (RnncReplica *replica)
{
  gsize n = rnnc_replica_output_packing (replica)->n_rows
      * rnnc_network_output_size (replica->network);
  real *d_output = rnnc_buffer_reals (&replica->d_values[0], n);
  rnnc_zero (d_output, n);
  return d_output;
}

void
rnnc_replica_backward (RnncReplica *replica, const RnncPassContext *context,
    real *d_output)
{
  const RnncNetwork *network = replica->network;
  guint first = 0; /* layer with weights: nothing below learns */
  guint side = 0;
  real *dy = d_output;

  while (first < network->n_layers && network->layers[first].n_parameters == 0)
    first++;
  for (guint i = network->n_layers; i-- > first;) {
    const RnncTrainLayer *layer = &network->layers[i];
    RnncPass pass = replica_pass (replica, context, i);
    real *dx = NULL;
    if (i > first && layer->klass->elementwise) {
      dx = dy;
    } else if (i > first) {
      side = 1 - side;
      dx = rnnc_buffer_reals (&replica->d_values[side],
          pass.in->n_rows * rnnc_train_layer_inputs (layer));
    }
    layer->klass->backward (&pass, replica->values[i], replica->values[i + 1],
        dy, dx);
    dy = dx;
  }
}
