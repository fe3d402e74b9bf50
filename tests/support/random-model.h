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
 * Weights around 1 / sqrt (inputs), the same at each call; stored as
 * RNNC_TEST_STORAGE says: "f32" (or nothing), "f16" or "int8".
 */
RnncModel *random_model_new (const char *frontend, const char *layers);

/* The same as JSON, with no labels; free with g_free(). */
char *random_model_description (const char *frontend, const char *layers);

/**
 * random_model_write:
 * @text: a description
 * @limit: numbers in all tensors, at most
 * @embed: whether the file holds the description too
 *
 * Returns: whether @text is a description and its weights are within @limit
 */
gboolean random_model_write (const char *path, const char *text, gsize limit,
    gboolean embed);

/* The same, of a whole description with single quotes. */
RnncModel *random_model_from_text (const char *description);

/* [n_frames, input size], -1..1; free with g_free(). */
float *random_input (RnncModel *model, gsize n_frames, guint32 seed);

G_END_DECLS
