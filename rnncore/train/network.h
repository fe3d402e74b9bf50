/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Layers that learn: a stack, or branches that meet again. The network is
 * immutable; what a worker remembers between forward and backward is its
 * RnncReplica. */
#pragma once

#include "rnncore/train/layer.h"

G_BEGIN_DECLS

typedef struct {
  GPtrArray *specs; /* RnncLayerSpec */
  guint n_layers;
  RnncTrainLayer *layers;
  guint n_parameters;
  RnncParameter *parameters; /* layer by layer, in state_dict order */
  gsize n_values;            /* of all tensors, one flat vector */
  gsize n_trained;
  /* Of each place, 0 the front end's frame, i + 1 what layer i puts out: */
  guint *n_consumers;       /* [n_layers + 1]: layers that take it */
  gboolean *needs_gradient; /* [n_layers + 1]: something before it learns */
} RnncNetwork;

/* @specs: (transfer full) */
RnncNetwork *rnnc_network_new (GPtrArray *specs);
void rnnc_network_free (RnncNetwork *network);
/* First weights of @values [n_values]. @memory: steps; 0: forget bias 1 */
void rnnc_network_initialise (const RnncNetwork *network, real *values,
    guint memory, guint64 seed);
gsize rnnc_network_output_steps (const RnncNetwork *network, gsize n_steps);
gsize rnnc_network_input_size (const RnncNetwork *network);
gsize rnnc_network_output_size (const RnncNetwork *network);

typedef struct {
  const RnncNetwork *network;
  guint worker;
  RnncWorkers *workers;
  /* Of each place: 0 the front end's frame, i + 1 what layer i puts out */
  RnncPacking *packings;     /* [n_layers + 1], used where steps change */
  const RnncPacking **steps; /* [n_layers + 1] */
  RnncBuffer *activations;   /* [n_layers + 1], empty where in place */
  real **values;             /* [n_layers + 1]: where they are */
  /* Gradients that wait for their layer, each in a buffer of its own; a chain
   * of layers needs no more than two. */
  RnncBuffer *d_buffers; /* [n_layers + 2] */
  gboolean *d_taken;     /* [n_layers + 2] */
  gint *d_places;        /* [n_layers + 1]: buffer, -1: none yet */
  const real *parts[RNNC_MAX_SOURCES]; /* of the layer at work */
  gpointer *states;                    /* [n_layers] */
  RnncProducts products;
  guint *sequence_ids;
  gsize n_sequence_ids;
} RnncReplica;

/* @rounded: products of numbers in bfloat16, where the machine has them */
RnncReplica *rnnc_replica_new (const RnncNetwork *network, RnncWorkers *workers,
    guint worker, gboolean rounded);
void rnnc_replica_free (RnncReplica *replica);

/**
 * rnnc_replica_set_input:
 * @sequence_ids: (array length=n_sequences): which of @batch's sequences are
 *   this replica's, the longest first
 * @data: [n_steps, all sequences, features]
 */
void rnnc_replica_set_input (RnncReplica *replica, const guint *sequence_ids,
    const guint *lengths, guint n_sequences, const float *data,
    guint n_batch_sequences);

/* What a pass works with; vectors of n_values. */
typedef struct {
  const real *values;
  real *gradients;  /* (nullable): forward only */
  real *statistics; /* (nullable): new running statistics go here */
  gboolean training;
  guint64 random_key;
  guint truncate;
  RnncFlowSums **flows; /* (nullable): of each layer, NULL where it has none */
} RnncPassContext;

/* Returns: the output, packed as rnnc_replica_output_packing(). */
const real *
rnnc_replica_forward (RnncReplica *replica, const RnncPassContext *context);
/* Memory for the gradient of the output, zeroed; backward goes on from it. */
real *rnnc_replica_d_output (RnncReplica *replica);
/* Adds to the context's gradients. */
void
rnnc_replica_backward (RnncReplica *replica, const RnncPassContext *context);

static inline const RnncPacking *
rnnc_replica_output_packing (const RnncReplica *replica)
{
  return replica->steps[replica->network->n_layers];
}

G_END_DECLS
