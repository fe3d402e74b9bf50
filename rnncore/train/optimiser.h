/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rnncore/rnncore-train.h"
#include "rnncore/train/network.h"

G_BEGIN_DECLS

/* Moments are vectors of the network's n_values: SGD's velocity is the first;
 * Adam has both. */
guint rnnc_optimiser_n_moments (RnncOptimiser optimiser);

/**
 * rnnc_optimiser_update:
 * @step: of this update, from 1
 * @scale: what gradients are multiplied by (clipping)
 */
void rnnc_optimiser_update (const RnncTrainerOptions *options,
    const RnncNetwork *network, guint64 step, double learning_rate,
    double scale, const real *gradients, real *const moments[2], real *values);

G_END_DECLS
