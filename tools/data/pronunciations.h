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
  GHashTable *words; /* word -> GArray of guint: the first way's phones */
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
 *
 * Returns: (element-type guint): the phones of a word, or %NULL with @error
 *   naming word and file
 */
const GArray *pronunciations_find (const Pronunciations *pronunciations,
    const char *word, GError **error);

G_END_DECLS
