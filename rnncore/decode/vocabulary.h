/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words that a language model knows, as a trie over its letters. Immutable;
 * any number of threads. */
#pragma once

#include "rnncore/rnnc-model.h"

G_BEGIN_DECLS

typedef struct _RnncVocabulary RnncVocabulary;

/* Before a word; in one that is not known. */
#define RNNC_VOCABULARY_START 0u
#define RNNC_VOCABULARY_UNKNOWN G_MAXUINT32

/**
 * rnnc_vocabulary_new:
 * @words: with white space between them, in the letters of @model, which has
 *   the label " "
 *
 * Returns: (transfer full): %NULL with @error naming the word and the reason
 */
RnncVocabulary *
rnnc_vocabulary_new (const char *words, RnncModel *model, GError **error);
void rnnc_vocabulary_free (RnncVocabulary *vocabulary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncVocabulary, rnnc_vocabulary_free)
guint rnnc_vocabulary_n_words (const RnncVocabulary *vocabulary);

/**
 * rnnc_vocabulary_step:
 * @node: (inout): of the letters of the word so far
 * @label: the next letter, or the space
 *
 * Returns: whether with this the word has turned out to be unknown; said once a
 *   word
 */
gboolean rnnc_vocabulary_step (const RnncVocabulary *vocabulary, guint32 *node,
    guint label);

/* The same, if nothing comes behind. */
gboolean rnnc_vocabulary_end (const RnncVocabulary *vocabulary, guint32 node);

G_END_DECLS
