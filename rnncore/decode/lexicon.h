/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How words sound: a trie over the phones of a speech model, and how the words
 * are spelled in its letters. Immutable; any number of threads. */
#pragma once

#include "rnncore/rnnc-model.h"

G_BEGIN_DECLS

/* What stands between words where phones are heard. */
#define RNNC_LEXICON_BOUNDARY "|"
#define RNNC_LEXICON_MAX_PHONES 255

typedef struct {
  const guint16 *letters; /* labels of the speech model */
  guint n_letters;
  guint64 hash;    /* of the letters */
  float frequency; /* ln, about: of the place in the list, by Zipf's law */
} RnncLexiconWord;

/* Node 0 is before a word. */
typedef struct {
  guint32 children; /* the first; they stand side by side */
  guint32 words;    /* the first that sounds so; likewise */
  guint16 n_children;
  guint16 n_words;
  guint16 phone;
  float frequency; /* the highest of all words from here on */
} RnncLexiconNode;

typedef struct {
  RnncLexiconNode *nodes;
  RnncLexiconWord *words;
  guint n_nodes, n_words;
  guint n_phones;          /* of the speech model, the blank among them */
  guint boundary;          /* phone */
  guint letters_per_phone; /* of a word, at most, rounded up */
  guint16 *letters;        /* of all words */
  char *key;               /* labels and phones that it is written in */
} RnncLexicon;

/**
 * rnnc_lexicon_new:
 * @lines: "word<tab>ph o n e s", a line for each way to say a word, the most
 *   frequent words first
 * @speech: has phones
 *
 * Returns: (transfer full): %NULL with @error naming the line and the reason
 */
RnncLexicon *
rnnc_lexicon_new (const char *lines, RnncModel *speech, GError **error);
void rnnc_lexicon_free (RnncLexicon *lexicon);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncLexicon, rnnc_lexicon_free)

/**
 * rnnc_lexicon_find:
 * @sounds: letters of a word (GBytes of guint16): GPtrArray; each way to say it
 *   is appended (GArray of guint16, phones)
 */
void rnnc_lexicon_find (const RnncLexicon *lexicon, GHashTable *sounds);

/* Whether it is written in what @speech hears. */
gboolean rnnc_lexicon_fits (const RnncLexicon *lexicon, RnncModel *speech);

/* Whether the lines are words in the letters of @language, tabs and phones, of
 * any speech model. */
gboolean rnnc_lexicon_check_lines (const char *lines, RnncModel *language,
    GError **error);

G_END_DECLS
