/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A trainer's inside, for its own files and for tests. */
#pragma once

#include "rnncore/rnncore-train.h"
#include "rnncore/train/loss.h"
#include "rnncore/train/network.h"

G_BEGIN_DECLS

struct _RnncTrainer {
  RnncTrainerOptions options;
  RnncNetwork *network;
  guint blank;
  guint n_phones;
  guint64 step_count;
  RnncWorkers *workers;
  RnncReplica **replicas; /* [threads] */
  RnncBuffer *memory;     /* [threads]: scratch of the losses */
  real *values;           /* [n_values] */
  real *statistics;       /* [n_values]: running statistics to be */
  real **gradients;       /* [threads][n_values]; the first gets the sum */
  real *moments[2];       /* [n_values] */
  real *noisy; /* [n_values]: the weights of a step; NULL: no noise */
  /* per layer with weights */
  guint n_norms;
  guint *norm_layers;
  char **norm_names;
  double *gradient_norms;
  double *weight_norms;
  /* the batch at work */
  const RnncBatch *batch;
  RnncLossTask task;
  RnncPassContext context;
  gboolean want_loss;
  float *output;
  guint n_active;
  guint *order;       /* [n_sequences]: of the batch, worker by worker */
  guint *lengths;     /* [n_sequences]: in that order */
  guint *first;       /* [threads + 1]: where each worker's sequences begin */
  gsize *first_label; /* [n_sequences] */
  guint *n_letters;   /* [n_sequences]: of a network with phones */
  RnncBuffer sorted;  /* labels: of a network with phones */
  gsize n_order;
  RnncLossResult *results;    /* [threads] */
  gboolean last_output_only;  /* the loss of other outputs does not count */
  GArray *flows;              /* RnncGradientFlow */
  RnncFlowSums *flow_sums;    /* [flows->len] */
  RnncFlowSums **layer_flows; /* [n_layers] */
};

/* Loss and gradients (in gradients[0]) of a batch, no update; %FALSE with
 * @error where batch or targets are not what the network takes. */
gboolean rnnc_trainer_gradients (RnncTrainer *trainer, const RnncBatch *batch,
    const RnncTargets *targets, RnncStepStats *stats, GError **error);

/* One pass, forward and backward, into gradients[0], of a batch that is shared
 * out and has its targets. */
void rnnc_trainer_pass (RnncTrainer *trainer, RnncPassContext *context);
/* flow.c */
void rnnc_trainer_find_flows (RnncTrainer *trainer);
void rnnc_trainer_clear_flows (RnncTrainer *trainer);

/* Sum of squares, in double. */
double rnnc_sum_squares (const real *values, gsize n);

G_END_DECLS
