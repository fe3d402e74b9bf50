/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Losses over one worker's share of a batch. */
#pragma once

#include "rnncore/rnncore-train.h"
#include "rnncore/train/packing.h"

G_BEGIN_DECLS

/* The whole batch's targets. */
typedef struct {
  RnncLoss loss;
  const RnncTargets *targets;
  const guint *labels;      /* of the targets; of a network with phones sorted:
                               each sequence's letters, then its phones */
  const gsize *first_label; /* [n_sequences of the batch]: where each one's
                               labels begin */
  const guint *n_letters;   /* [n_sequences]: how many come before the phones;
                               NULL: there are none */
  guint n_phones;           /* outputs behind those of the letters */
  guint n_sequences;        /* of the batch */
  guint n_outputs;
  guint blank;
  double label_smoothing;
  double n_terms; /* what the sum is divided by: sequences, steps or values of
                     the whole batch */
} RnncLossTask;

typedef struct {
  double loss; /* this share's part of the mean */
  guint n_infeasible;
} RnncLossResult;

/**
 * rnnc_loss_share:
 * @sequence_ids: places of the packed sequences in the batch
 * @d_output: (nullable): zeroed; the gradient is written
 */
RnncLossResult rnnc_loss_share (const RnncLossTask *task,
    const RnncPacking *packing, const guint *sequence_ids, const real *output,
    real *d_output, RnncBuffer *memory);

G_END_DECLS
