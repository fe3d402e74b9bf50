/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A recurrent language model, several sentences a step. */
#pragma once

#include "rnncore/decode/lexicon.h"
#include "rnncore/decode/vocabulary.h"
#include "rnncore/rnnc-decoding.h"

G_BEGIN_DECLS

/* Floats that a sentence so far is: what the layers remember, then the natural
 * log of the probability of each label to come next. */
gsize rnnc_language_model_context_floats (RnncLanguageModel *language);
/* The second part of them. */
const float *
rnnc_language_model_next (RnncLanguageModel *language, const float *context);

/* The label that begins and ends a sentence. */
guint rnnc_language_model_end (RnncLanguageModel *language);

/* The words that it knows; %NULL: it was not told. */
const RnncVocabulary *
rnnc_language_model_vocabulary (RnncLanguageModel *language);

/**
 * rnnc_language_model_lexicon:
 *
 * How the words sound that it knows, in letters and phones of @speech. Made at
 * the first call, for all that share the language model.
 *
 * Threads: any.
 *
 * Returns: as long as @language is there: %NULL where it was not told, or
 *   @speech has no phones or others
 */
const RnncLexicon *
rnnc_language_model_lexicon (RnncLanguageModel *language, RnncModel *speech);

/* Bytes of work, for @m sentences a step. */
gsize rnnc_language_model_work (RnncLanguageModel *language, gsize m);

/**
 * rnnc_language_model_step:
 * @labels: [m] next letters
 * @contexts: [m], read and written; zeros are before the beginning
 * @work: aligned to 64 bytes
 *
 * The weights are read once for all. Allocates nothing.
 */
void rnnc_language_model_step (RnncLanguageModel *language, gsize m,
    const guint16 *labels, float *const *contexts, void *work);

/**
 * rnnc_language_model_map:
 * @map: (out caller-allocates): [labels of @speech], the blank's is not set
 *
 * Which label each letter of a speech model is here.
 *
 * Returns: %FALSE with @error
 */
gboolean rnnc_language_model_map (RnncLanguageModel *language,
    RnncModel *speech, guint16 *map, GError **error);

G_END_DECLS
