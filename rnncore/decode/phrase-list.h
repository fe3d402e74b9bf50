/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Phrases as a network of letters: each node one letter of one phrase, with the
 * nodes that may come before it (Glushkov's automaton). */
#pragma once

#include "rnncore/rnnc-decoding.h"

G_BEGIN_DECLS

/* A source that is no neighbour: a space between the two was left out. */
#define RNNC_PHRASE_SPACE_LEFT_OUT (1u << 31)

typedef struct {
  guint16 label;
  guint16 begins_word;
  guint16 begins_phrase; /* nothing need come before it */
  guint16 ends_phrase;
  guint32 phrase;
  guint32 first_source; /* of RnncPhraseNetwork.sources */
  guint32 n_sources;
} RnncPhraseNode;

typedef struct {
  guint n_nodes;
  const RnncPhraseNode *nodes;
  const guint32 *sources; /* nodes, or'ed with the bit above */
  guint n_phrases;
  const guint *n_letters;   /* [n_phrases]: most letters of each; 0: no limit */
  const gboolean *unwanted; /* [n_phrases]: heard, but not told */
} RnncPhraseNetwork;

const RnncPhraseNetwork *rnnc_phrase_list_network (RnncPhraseList *phrases);
gboolean rnnc_phrase_list_fits (RnncPhraseList *phrases, RnncModel *model);

G_END_DECLS
