/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The order of work in a network: what each layer reads, and in which of a few
 * buffers its output lies until its last reader is done. Layers that do nothing
 * are passed over. */
#pragma once

#include "rnncore/layers/layer.h"

G_BEGIN_DECLS

typedef struct {
  guint n_sources;
  gint *sources; /* layers that run, or RNNC_FRONTEND_FRAME */
  guint slot;    /* of its output; of an in-place layer its input's */
} RnncStep;

typedef struct {
  guint n_steps;
  RnncStep *steps; /* one a layer; of identities: nothing */
  guint n_slots;
} RnncPlan;

/* @plan: (out caller-allocates) */
void rnnc_plan_init (RnncPlan *plan, RnncLayer **layers, guint n_layers);
void rnnc_plan_clear (RnncPlan *plan);

/**
 * rnnc_plan_output:
 *
 * Returns: the layer that runs and whose output is that of layer @index;
 *   RNNC_FRONTEND_FRAME where all on the way do nothing
 */
gint rnnc_plan_output (RnncLayer **layers, guint index);

/**
 * rnnc_plan_cut:
 *
 * Returns: the last place up to @index where the network is one way: nothing
 *   from there on reads anything before but the layer next to it
 */
guint rnnc_plan_cut (RnncLayer **layers, guint n_layers, guint index);

G_END_DECLS
