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

/* Bytes of work for runs of at most @n_frames. */
gsize rnnc_direction_work_size (const RnncDirection *direction, gsize n_frames);

/**
 * rnnc_direction_run:
 * @in: [n_frames, in]
 * @out: [n_frames], rows @ldo floats apart, outputs floats each
 * @h: [hidden], carried, of which outputs are used; @c: [hidden], carried
 * (LSTM; others leave it)
 * @reverse: from the last frame to the first
 */
void rnnc_direction_run (const RnncDirection *direction, const float *in,
    gsize n_frames, float *out, gsize ldo, float *h, float *c, gboolean reverse,
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
