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

/* The place of a layer's input. */
static guint
source_place (const RnncTrainLayer *layer, guint part)
{
  return (guint) (layer->spec->sources[part] + 1);
}

/* Who takes what, and what of it leads back to weights. */
static void
find_gradients (RnncNetwork *network)
{
  network->n_consumers = g_new0 (guint, network->n_layers + 1);
  network->needs_gradient = g_new0 (gboolean, network->n_layers + 1);
  for (guint i = 0; i < network->n_layers; i++) {
    const RnncTrainLayer *layer = &network->layers[i];
    network->needs_gradient[i + 1] = layer->n_parameters > 0;
    for (guint k = 0; k < layer->spec->n_sources; k++) {
      guint place = source_place (layer, k);
      network->n_consumers[place]++;
      network->needs_gradient[i + 1] |= network->needs_gradient[place];
    }
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
    layer->klass = rnnc_train_layer_class (layer->spec);
    layer->index = i;
    layer->parameters = network->parameters + next;
    while (
        next < network->n_parameters && network->parameters[next].layer == i) {
      layer->n_parameters++;
      next++;
    }
  }
  find_gradients (network);
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
  g_free (network->n_consumers);
  g_free (network->needs_gradient);
  g_ptr_array_unref (network->specs);
  g_free (network);
}

void
rnnc_network_initialise (const RnncNetwork *network, real *values, guint memory,
    guint64 seed)
{
  rnnc_zero (values, network->n_values);
  for (guint i = 0; i < network->n_layers; i++) {
    const RnncTrainLayer *layer = &network->layers[i];
    RnncRandom random = { rnnc_random_key (seed, i) };
    if (layer->klass->initialise)
      layer->klass->initialise (layer, values, &random);
    if (memory > 0 && layer->spec->type == RNNC_LAYER_RECURRENT)
      rnnc_recurrent_initialise_memory (layer, values, memory, &random);
  }
}

gsize
rnnc_network_output_steps (const RnncNetwork *network, gsize n_steps)
{
  gsize at[RNNC_MAX_LAYERS + 1] = { n_steps };
  for (guint i = 0; i < network->n_layers; i++) {
    const RnncTrainLayer *layer = &network->layers[i];
    at[i + 1] = rnnc_layer_spec_output_frames (layer->spec,
        at[source_place (layer, 0)]);
  }
  return at[network->n_layers];
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
    guint worker, gboolean rounded)
{
  RnncReplica *replica = g_new0 (RnncReplica, 1);
  guint n = network->n_layers;
  replica->network = network;
  replica->workers = workers;
  replica->worker = worker;
  replica->products.kernel = rnnc_product_kernel (rounded);
  replica->packings = g_new0 (RnncPacking, n + 1);
  replica->steps = g_new0 (const RnncPacking *, n + 1);
  replica->activations = g_new0 (RnncBuffer, n + 1);
  replica->values = g_new0 (real *, n + 1);
  replica->states = g_new0 (gpointer, n);
  replica->d_buffers = g_new0 (RnncBuffer, n + 2);
  replica->d_taken = g_new0 (gboolean, n + 2);
  replica->d_places = g_new0 (gint, n + 1);
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
  for (guint i = 0; i < network->n_layers + 2; i++)
    rnnc_buffer_clear (&replica->d_buffers[i]);
  rnnc_products_clear (&replica->products);
  g_free (replica->d_buffers);
  g_free (replica->d_taken);
  g_free (replica->d_places);
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
    const RnncPacking *in = replica->steps[source_place (layer, 0)];
    replica->steps[i + 1] = in;
    if (layer->klass->pack) {
      layer->klass->pack (layer, in, &replica->packings[i + 1]);
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
replica_pass (RnncReplica *replica, const RnncPassContext *context, guint index)
{
  const RnncTrainLayer *layer = &replica->network->layers[index];
  for (guint k = 0; k < layer->spec->n_sources; k++)
    replica->parts[k] = replica->values[source_place (layer, k)];
  RnncPass pass = { layer, replica->states[index],
    replica->steps[source_place (layer, 0)], replica->steps[index + 1],
    context->values, context->gradients, context->statistics, context->training,
    context->random_key, replica->sequence_ids, replica->workers,
    replica->worker, context->truncate,
    context->flows ? context->flows[index] : NULL, replica->parts,
    &replica->products };
  return pass;
}

/* Whether a layer may write over what it reads. */
static gboolean
works_in_place (const RnncNetwork *network, guint layer)
{
  const RnncTrainLayer *self = &network->layers[layer];
  gint source = self->spec->sources[0];
  return self->klass->elementwise && source >= 0
      && network->layers[source].klass->forgets_output
      && network->n_consumers[source + 1] == 1;
}

const real *
rnnc_replica_forward (RnncReplica *replica, const RnncPassContext *context)
{
  const RnncNetwork *network = replica->network;
  for (guint i = 0; i < network->n_layers; i++) {
    const RnncTrainLayer *layer = &network->layers[i];
    RnncPass pass = replica_pass (replica, context, i);
    real *y = replica->values[source_place (layer, 0)];
    const real *x = y;
    if (!works_in_place (network, i))
      y = rnnc_buffer_reals (&replica->activations[i + 1],
          pass.out->n_rows * rnnc_train_layer_outputs (layer));
    replica->values[i + 1] = y;
    layer->klass->forward (&pass, x, y);
  }
  return replica->values[network->n_layers];
}

/* --- backward ------------------------------------------------------------- */

/* Numbers at a place. */
static gsize
place_size (const RnncReplica *replica, guint place)
{
  const RnncNetwork *network = replica->network;
  gsize n = place == 0 ? rnnc_network_input_size (network)
                       : rnnc_train_layer_outputs (&network->layers[place - 1]);
  return replica->steps[place]->n_rows * n;
}

/* A buffer for a gradient at @place. */
static gint
take_buffer (RnncReplica *replica, guint place)
{
  gint index = 0;
  while (replica->d_taken[index])
    index++;
  replica->d_taken[index] = TRUE;
  rnnc_buffer_reals (&replica->d_buffers[index], place_size (replica, place));
  return index;
}

RNNC_CLONES static void
add_values (gsize n, const real *x, real *y)
{
  for (gsize i = 0; i < n; i++)
    y[i] += x[i];
}

/* The gradient in buffer @index reaches @place, where others may have been
 * before it. */
static void
arrive (RnncReplica *replica, guint place, gint index)
{
  gint there = replica->d_places[place];
  if (there < 0) {
    replica->d_places[place] = index;
    return;
  }
  add_values (place_size (replica, place), replica->d_buffers[index].data,
      replica->d_buffers[there].data);
  replica->d_taken[index] = FALSE;
}

real *
rnnc_replica_d_output (RnncReplica *replica)
{
  guint last = replica->network->n_layers;
  for (guint i = 0; i <= last; i++)
    replica->d_places[i] = -1;
  memset (replica->d_taken, 0, (last + 2) * sizeof (gboolean));
  replica->d_places[last] = take_buffer (replica, last);
  real *d_output = replica->d_buffers[replica->d_places[last]].data;
  rnnc_zero (d_output, place_size (replica, last));
  return d_output;
}

/* One layer: from the gradient of what it puts out to those of its inputs. */
static void
layer_backward (RnncReplica *replica, RnncPass *pass, guint index)
{
  const RnncTrainLayer *layer = pass->layer;
  gint dy = replica->d_places[index + 1];
  gboolean keeps = FALSE; /* dy's buffer has become an input's */
  for (guint k = 0; k < layer->spec->n_sources; k++) {
    guint place = source_place (layer, k);
    gboolean wanted = replica->network->needs_gradient[place]
        && !layer->klass->stops_gradient;
    gint dx = -1;
    pass->part = k;
    keeps = wanted && layer->klass->elementwise;
    if (wanted)
      dx = keeps ? dy : take_buffer (replica, place);
    layer->klass->backward (pass, pass->parts[0], replica->values[index + 1],
        replica->d_buffers[dy].data,
        wanted ? replica->d_buffers[dx].data : NULL);
    if (wanted)
      arrive (replica, place, dx);
  }
  if (!keeps)
    replica->d_taken[dy] = FALSE;
}

void
rnnc_replica_backward (RnncReplica *replica, const RnncPassContext *context)
{
  for (guint i = replica->network->n_layers; i-- > 0;) {
    /* Nothing arrives where no gradient leads, behind an embedding's input. */
    if (replica->d_places[i + 1] < 0
        || !replica->network->needs_gradient[i + 1])
      continue;
    RnncPass pass = replica_pass (replica, context, i);
    layer_backward (replica, &pass, i);
  }
}
