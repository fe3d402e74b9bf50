/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Layers with several inputs. Of whole sequences all inputs are as long; in a
 * stream the branches come with different delays, and what comes early waits in
 * a line of its own until the others are there. */
#pragma once

#include "rnncore/layers/layer.h"

G_BEGIN_DECLS

/* @parts: (array length=n_sources): [n_frames, channels…] each */
void rnnc_join_forward (const RnncLayer *layer, const float *const *parts,
    gsize n_frames, float *out);

/* Streaming: rounds of at most @max_frames of any input. */
gsize rnnc_join_state_size (const RnncLayer *layer, gsize max_frames);
void rnnc_join_reset (const RnncLayer *layer, void *state, gsize max_frames);
void rnnc_join_push (const RnncLayer *layer, void *state, guint part,
    const float *in, gsize n_frames);
/* What all inputs have; returns frames, at most the round's most. */
gsize rnnc_join_pull (const RnncLayer *layer, void *state, float *out);

G_END_DECLS
