/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Models with random weights for any stack of layers. */
#pragma once

#include "rnncore/rnncore.h"

G_BEGIN_DECLS

#define RANDOM_MODEL_FEATURES "{'type':'none','features':5}"

/**
 * random_model_new:
 * @frontend: JSON with single quotes for double ones
 * @layers: the same
 *
 * Weights around 1 / sqrt (inputs), the same at each call.
 */
RnncModel *random_model_new (const char *frontend, const char *layers);

/* The same, of a whole description with single quotes. */
RnncModel *random_model_from_text (const char *description);

/* [n_frames, input size], -1..1; free with g_free(). */
float *random_input (RnncModel *model, gsize n_frames, guint32 seed);

G_END_DECLS
