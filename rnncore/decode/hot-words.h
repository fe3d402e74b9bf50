/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hot words as an automaton over letters (Aho and Corasick 1975), entered at
 * word boundaries: each letter of a word gives its boost, which is taken back
 * where the word is not completed. */
#pragma once

#include "rnncore/rnnc-decoding.h"

G_BEGIN_DECLS

/* In no word; in the midst of one that is not hot. */
#define RNNC_HOT_BOUNDARY 0u
#define RNNC_HOT_NONE 1u

/* Whether it was made for these labels. */
gboolean rnnc_hot_words_fit (RnncHotWords *hot_words, RnncModel *model);

/**
 * rnnc_hot_words_step:
 * @state: (inout): of the letters so far
 * @label: the next letter, or the space
 *
 * Returns: what to add to the score, natural log
 */
double rnnc_hot_words_step (RnncHotWords *hot_words, guint *state, guint label);

/* What is to be added if nothing comes behind. */
double rnnc_hot_words_end (RnncHotWords *hot_words, guint state);

G_END_DECLS
