/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One direction of one recurrent layer: its weights and its steps. */
#pragma once

#include "rnncore/layers/linear.h"

G_BEGIN_DECLS

typedef struct {
  RnncCell cell;
  RnncActivation nonlinearity;
  gsize hidden;
  gsize outputs;    /* floats in h: hidden, or projection */
  RnncLinear input; /* [gates*hidden, in], with the bias */
  RnncLinear state; /* [gates*hidden, outputs]; the GRU's has its own bias */
  RnncLinear projection; /* [outputs, hidden], where outputs < hidden */
} RnncDirection;

gboolean
rnnc_direction_load (RnncDirection *direction, RnncLayer *layer, guint index,
    gboolean reverse, const RnncTensorSource *source, GError **error);
void rnnc_direction_clear (RnncDirection *direction);

/* One of the sequences that a direction runs over together. */
typedef struct {
  const float *in; /* [n_frames, in] */
  gsize n_frames;
  float *out; /* [n_frames, outputs], rows some distance apart */
} RnncSequence;

/* Bytes of work for runs of at most @n_frames. */
gsize rnnc_direction_work_size (const RnncDirection *direction, gsize n_frames,
    gsize n_sequences);

/**
 * rnnc_direction_run:
 * @sequences: the longest first
 * @ldo: floats between the rows of out
 * @h: [n_sequences, outputs], carried
 * @c: [n_sequences, hidden], carried (LSTM; others leave it)
 * @reverse: from the last frame to the first
 * @n_before: steps that ran right before, of which the caches may still hold
 *   weights; 0: none, or others have run since
 *
 * Step by step, all sequences at a time: one read of the state's weights serves
 * them all. Each has the bits that it has alone.
 */
void rnnc_direction_run (const RnncDirection *direction,
    const RnncSequence *sequences, gsize n_sequences, gsize ldo, float *h,
    float *c, gboolean reverse, gsize n_before, void *work);

/* Bytes of work for at most @n_steps steps of at most @m sequences. */
gsize rnnc_direction_steps_work (const RnncDirection *direction, gsize n_steps,
    gsize m);

/**
 * rnnc_direction_run_steps:
 * @in: a row of in for each sequence that has a first step, then those of the
 *   second, …
 * @running: [n_steps]: how many sequences each step has, at least 1; those that
 *   end are the last of them, so that no step has more than the one before
 * @h, @c: as in rnnc_direction_run(), of @running[0] sequences
 * @out: rows as in @in
 *
 * As rnnc_direction_run() onwards, with the input's weights read once for a few
 * steps of all sequences.
 */
void rnnc_direction_run_steps (const RnncDirection *direction, const float *in,
    const gsize *running, gsize n_steps, float *h, float *c, float *out,
    void *work);

/* Bytes of work for @m steps at once. */
gsize rnnc_direction_rows_work (const RnncDirection *direction, gsize m);

/**
 * rnnc_direction_step_rows:
 * @in: [m, in]
 * @h: [m, outputs], of which the new ones are also the outputs; @c: [m, hidden]
 *
 * One step of @m independent sequences; the weights are read once.
 */
void rnnc_direction_step_rows (const RnncDirection *direction, const float *in,
    gsize m, float *h, float *c, void *work);

G_END_DECLS
