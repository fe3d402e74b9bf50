/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Phrases as a network: each node one letter or one phone of one phrase, with
 * the nodes that may come before it (Glushkov's automaton). */
#pragma once

#include "rnncore/decode/lexicon.h"
#include "rnncore/decode/spelling.h"

G_BEGIN_DECLS

/* A source that is no neighbour: a space between the two was left out. */
#define RNNC_PHRASE_SPACE_LEFT_OUT (1u << 31)
/* Of a node: it is a space. */
#define RNNC_PHRASE_NO_WORD G_MAXUINT32

/* --- phrases, as they are read -------------------------------------------- */

/* One of several texts, or some of them one behind the other. */
typedef struct {
  GPtrArray *texts; /* of GArray of guint16: letters, with the label " " between
                       words where there is one */
  gboolean again;
} RnncPhrasePart;

typedef struct {
  char *text;
  guint line;
  gboolean unwanted; /* heard, but not told */
  GArray *parts;     /* RnncPhrasePart */
} RnncPhrase;

/* --- the network ---------------------------------------------------------- */

typedef struct {
  guint16 label; /* of the model's outputs: phones stand behind letters */
  guint8 begins_word;
  guint8 begins_phrase; /* nothing need come before it */
  guint8 ends_phrase;
  guint32 word; /* or RNNC_PHRASE_NO_WORD */
  guint32 phrase;
  guint32 first_source; /* of RnncPhraseNetwork.sources */
  guint32 n_sources;
} RnncPhraseNode;

/* How a word is written. */
typedef struct {
  guint32 first_letter; /* of RnncPhraseNetwork.letters */
  guint32 n_letters;
} RnncPhraseWord;

typedef struct {
  guint n_nodes;
  RnncPhraseNode *nodes;
  guint32 *sources; /* nodes, or'ed with the bit above */
  guint n_phrases;
  guint *n_labels;    /* [n_phrases]: most labels of each; 0: no limit */
  gboolean *unwanted; /* [n_phrases] */
  guint n_words;
  RnncPhraseWord *words; /* each once */
  guint16 *letters;
  gboolean has_phones;
} RnncPhraseNetwork;

void rnnc_phrase_network_free (RnncPhraseNetwork *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncPhraseNetwork, rnnc_phrase_network_free)

/* --- making one ----------------------------------------------------------- */

typedef struct _RnncPhraseBuilder RnncPhraseBuilder;

/**
 * rnnc_phrase_builder_new:
 * @sounds: (nullable): how words sound, as rnnc_lexicon_find() says; words that
 *   are not there are heard by their letters. Lent.
 * @boundary: the phone between words
 */
RnncPhraseBuilder *rnnc_phrase_builder_new (const RnncSpelling *spelling,
    GHashTable *sounds, guint boundary);

/**
 * rnnc_phrase_builder_add:
 *
 * Returns: %FALSE with @error saying which limit the phrase is beyond
 */
gboolean rnnc_phrase_builder_add (RnncPhraseBuilder *builder,
    const RnncPhrase *phrase, GError **error);

/* Frees the builder. Returns: (transfer full) */
RnncPhraseNetwork *rnnc_phrase_builder_end (RnncPhraseBuilder *builder);

G_END_DECLS
