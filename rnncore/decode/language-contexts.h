/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a language model remembers of each text in a beam: contexts that texts
 * share until they differ, stepped together. Counted by their users; number 0
 * is that of a sentence that begins. Nothing but init and clear allocates. */
#pragma once

#include "rnncore/decode/language-model.h"

G_BEGIN_DECLS

/* What a word costs that the vocabulary has not, ln. */
#define RNNC_UNKNOWN_WORD_COST 4.0

typedef struct {
  RnncLanguageModel *model;         /* %NULL: none; all scores are 0 */
  const RnncVocabulary *vocabulary; /* (nullable) */
  double weight;
  guint16 *map;    /* labels of speech to its own */
  gsize size;      /* floats of a context */
  float *contexts; /* [slots, size] */
  guint32 *users;  /* [slots]; of a free one: the next free one */
  guint32 first_free;
  guint n_due;
  guint16 *labels;  /* [width]: due */
  float **stepping; /* [width]: what they are due in */
  void *work;
} RnncLanguageContexts;

/* @width: texts at a time; @speech: its letters are those of the scores */
void rnnc_language_contexts_init (RnncLanguageContexts *contexts,
    RnncLanguageModel *model, double weight, guint width, RnncModel *speech);
void rnnc_language_contexts_clear (RnncLanguageContexts *contexts);

void rnnc_language_contexts_use (RnncLanguageContexts *contexts, guint32 slot);
void
rnnc_language_contexts_release (RnncLanguageContexts *contexts, guint32 slot);

/* The context of the text of @slot, which is released, and @label, a letter of
 * speech: known after the next rnnc_language_contexts_step(). */
guint32 rnnc_language_contexts_extend (RnncLanguageContexts *contexts,
    guint32 slot, guint label);
void rnnc_language_contexts_step (RnncLanguageContexts *contexts);

/* ln P of the letter, or of the end, behind a text, weighted. */
double rnnc_language_contexts_score (const RnncLanguageContexts *contexts,
    guint32 slot, guint label);
double rnnc_language_contexts_end_score (const RnncLanguageContexts *contexts,
    guint32 slot);

/* What is added for a word that turns out with @label, or at an end, not to be
 * in the vocabulary: once a word. @word: (inout): its node */
double rnnc_language_contexts_word_score (const RnncLanguageContexts *contexts,
    guint32 *word, guint label);
double
rnnc_language_contexts_word_end_score (const RnncLanguageContexts *contexts,
    guint32 word);

G_END_DECLS
