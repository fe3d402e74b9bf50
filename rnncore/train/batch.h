/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A batch on its way to the workers: checked, and its sequences shared out. */
#pragma once

#include "rnncore/train/trainer-private.h"

G_BEGIN_DECLS

gboolean rnnc_batch_check (const RnncTrainer *trainer, const RnncBatch *batch,
    GError **error);
gboolean rnnc_targets_check (const RnncTrainer *trainer, const RnncBatch *batch,
    const RnncTargets *targets, GError **error);

/* Longest first, dealt out to the workers back and forth, so that each has as
 * much to do. */
void rnnc_batch_share (RnncTrainer *trainer, const RnncBatch *batch);

/* Fills trainer->task. */
void rnnc_batch_set_targets (RnncTrainer *trainer, const RnncBatch *batch,
    const RnncTargets *targets);

G_END_DECLS
