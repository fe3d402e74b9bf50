/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How words are pronounced: a file of lines "word<tab>ph o n e s", a line for
 * each way; empty lines and comments (#) are passed over. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Between words, where phones are read as labels. */
#define PRONUNCIATIONS_BOUNDARY "|"

typedef struct {
  char *path;
  GHashTable *words;   /* word -> GArray of guint: the first way's phones */
  GHashTable *spelled; /* words of one letter -> the last way's */
} Pronunciations;

/**
 * pronunciations_load:
 * @phones: their names; a word's numbers are places in it
 *
 * Returns: %NULL with @error, "PATH:LINE: reason"
 */
Pronunciations *pronunciations_load (const char *path,
    const char *const *phones, GError **error);
void pronunciations_free (Pronunciations *pronunciations);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Pronunciations, pronunciations_free)

/**
 * pronunciations_find:
 * @words: (array zero-terminated=1): a text's
 *
 * How word number @at of them is said: in the first of its ways; a letter
 * beside another in the last, as when somebody spells a name ("k a t e").
 *
 * Returns: (element-type guint): its phones, or %NULL with @error naming word
 *   and file
 */
const GArray *pronunciations_find (const Pronunciations *pronunciations,
    const char *const *words, guint at, GError **error);

G_END_DECLS
