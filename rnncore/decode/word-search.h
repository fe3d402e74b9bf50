/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which words of a lexicon were said: prefix beam search for CTC over phones
 * (as in beam.h), held to the words of the lexicon, each of which a recurrent
 * language model reads letter by letter when it has been said to its end. Until
 * then the most frequent word that a path may still become speaks for it.
 *
 * A text is scored with ln P(phones) + what language model and word bonus say
 * of it. At the end of an utterance the letters that the model hears beside the
 * phones have their say on the best few, words that sound alike among them. */
#pragma once

#include "rnncore/decode/language-model.h"
#include "rnncore/decode/search.h"

G_BEGIN_DECLS

typedef struct {
  guint width;                 /* texts kept, at least 1 */
  guint capacity;              /* frames of one utterance */
  RnncLanguageModel *language; /* with a lexicon in the model's phones */
  double language_weight;
  double word_bonus;
} RnncWordSearchConfig;

/* Phones with a smaller posterior extend nothing in a frame, words end in none
 * with a smaller one of the boundary, ln. */
#define RNNC_WORD_PHONE_FLOOR -10.0f
#define RNNC_WORD_END_FLOOR -8.0f
/* Texts so much worse than the best are dropped, ln, and end no word. */
#define RNNC_WORD_REACH 25.0
#define RNNC_WORD_END_REACH 14.0
/* Weight of a word's frequency before it ends, of that of the language model.
 */
#define RNNC_WORD_FREQUENCY_WEIGHT 0.3
/* At the end the best texts are spelled: weight of ln P of their letters, and
 * how many texts, unless more are asked for. */
#define RNNC_WORD_SPELLING_WEIGHT 0.5
#define RNNC_WORD_SPELLED 16

/* @model: with phones; @alphabet: of its letters; both are lent. A reference on
 * the language model is taken. */
RnncSearch *rnnc_word_search_new (const RnncWordSearchConfig *config,
    const RnncAlphabet *alphabet, RnncModel *model);

G_END_DECLS
