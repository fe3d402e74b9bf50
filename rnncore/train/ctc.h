/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Connectionist temporal classification (Graves et al. 2006): forward and
 * backward variables in the log domain. */
#pragma once

#include "rnncore/train/real.h"

G_BEGIN_DECLS

/**
 * rnnc_ctc_sequence:
 * @log_probabilities: step t's begin at rows[t] * stride
 * @labels: (array length=n_labels): none of them @blank
 * @scale: what the gradient is multiplied by
 * @gradient: (nullable): laid out as @log_probabilities; scale * dloss/dlogp
 *   is added
 * @memory: scratch, reused
 *
 * Returns: -log p (labels), or infinity if @n_steps are too few for them
 */
double rnnc_ctc_sequence (const real *log_probabilities, const gsize *rows,
    guint n_steps, gsize stride, const guint *labels, guint n_labels,
    guint blank, double scale, real *gradient, RnncBuffer *memory);

G_END_DECLS
