/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which phrase of a list was said, or none: the best path through the network
 * of the phrases (token passing, Young et al. 1989, with the topology of CTC)
 * beside the best path that is held to nothing.
 *
 * Labels are letters, or phones where a lexicon knows them; each is compared
 * with the best of its kind. In each frame a phrase's path loses
 * ln P (its label) - ln P (best label), held to RNNC_PHRASE_FRAME_LOSS. Frames
 * before and after the phrase lose nothing, but each letter of the best path
 * there RNNC_PHRASE_STRAY_LOSS, or, where the network has phones, each phone
 * RNNC_PHRASE_STRAY_PHONE_LOSS. The confidence is exp (sum / labels of the
 * phrase): how probable its labels are, on average, beside the best ones. */
#pragma once

#include "rnncore/decode/phrase-list.h"
#include "rnncore/decode/search.h"

G_BEGIN_DECLS

#define RNNC_PHRASE_FRAME_LOSS -6.0f
#define RNNC_PHRASE_STRAY_LOSS -1.0f
#define RNNC_PHRASE_STRAY_PHONE_LOSS -1.5f
/* Of words that are run together: else letters would be any word. */
#define RNNC_PHRASE_SPACE_LOSS -2.0f

/* @lexicon: (nullable): how words sound; @capacity: frames; @threshold:
 * confidence to accept from, 0..1; a reference on @phrases is taken, @alphabet
 * is lent. */
RnncSearch *
rnnc_phrase_search_new (RnncPhraseList *phrases, const RnncAlphabet *alphabet,
    const RnncLexicon *lexicon, guint capacity, double threshold);
void rnnc_phrase_search_set_threshold (RnncSearch *search, double threshold);

G_END_DECLS
