/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From text to the network's labels and back. */
#pragma once

#include "rnncore/rnncore.h"
#include "tools/data/pronunciations.h"

G_BEGIN_DECLS

/* What a manifest's text says where nothing is said. */
#define LABELS_SILENCE "_silence_"

typedef struct {
  GStrv names;
  guint n;
  gint blank;        /* -1: none */
  gboolean words;    /* each is one: rnnc_labels_are_words() */
  gboolean spelling; /* and some are letters of other words: "!a" */
  GHashTable *index; /* name -> index + 1 */
  Pronunciations *pronunciations; /* NULL: no phones are learned beside them */
  guint boundary; /* number of the phone between words; phone k is n + k */
} Labels;

/* Returns: %NULL with @error if a name is there twice. */
Labels *labels_new (const char *const *names, gint blank, GError **error);
void labels_free (Labels *labels);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Labels, labels_free)

/**
 * labels_set_phones:
 * @phones: the blank, the boundary between words and others
 * @pronunciations: (transfer full): in these phones
 *
 * From now on the phones of a text follow its letters.
 *
 * Returns: %FALSE with @error where a name is missing or there twice
 */
gboolean labels_set_phones (Labels *labels, const char *const *phones,
    Pronunciations *pronunciations, GError **error);

/**
 * labels_encode_text:
 * @targets: (element-type guint): appended to
 *
 * One label a letter; runs of spaces count as one, those at the ends as none.
 * Where labels are words, one label a word, and words that are no labels are
 * spelled in the letters that yield nothing ("!a") where there are such, or
 * passed over.
 *
 * Returns: %FALSE with @error naming the letter that is no label, or the word
 *   that has no pronunciation
 */
gboolean labels_encode_text (const Labels *labels, const char *text,
    GArray *targets, GError **error);
/* -1 with @error. */
gint labels_find (const Labels *labels, const char *name, GError **error);
/* What stands between two texts: appended to @targets. */
void labels_encode_space (const Labels *labels, GArray *targets);
/* (transfer full): single spaces, none at the ends; without labels that yield
 * nothing, and without phones. */
char *labels_decode_text (const Labels *labels, const guint *targets, gsize n);
/* What a model with these labels can hear of @text: where they are words, only
 * those. (transfer full) */
char *labels_known_text (const Labels *labels, const char *text);
/* Lower case a to z, apostrophe and single spaces; all else is a space. What
 * error rates compare. (transfer full) */
char *labels_normalise_text (const char *text);

G_END_DECLS
