/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Prefix beam search for CTC (Graves 2012, section 7.5; Hannun et al. 2014,
 * "First-pass large vocabulary continuous speech recognition using
 * bi-directional recurrent DNNs"): the sum over all paths of each of the most
 * probable texts, in the log domain.
 *
 * A text is scored with ln P(sound) + what language model and hot words say of
 * it. Spaces at the beginning or behind a space change no text. */
#pragma once

#include "rnncore/decode/hot-words.h"
#include "rnncore/decode/language-model.h"
#include "rnncore/decode/search.h"

G_BEGIN_DECLS

typedef struct {
  guint width;                 /* prefixes kept, at least 1 */
  guint capacity;              /* frames of one utterance */
  RnncHotWords *hot_words;     /* (nullable) */
  RnncLanguageModel *language; /* (nullable) */
  double language_weight;
  double word_bonus;
} RnncBeamConfig;

/* Letters with a smaller posterior extend nothing in a frame, ln. */
#define RNNC_BEAM_LETTER_FLOOR -10.0
/* Prefixes so much worse than the best are dropped, ln. */
#define RNNC_BEAM_REACH 25.0

/* @model: of @alphabet, for the letters of the language model, which knows
 * them all; both are lent. References on the rest are taken. */
RnncSearch *rnnc_beam_new (const RnncBeamConfig *config,
    const RnncAlphabet *alphabet, RnncModel *model);

G_END_DECLS
