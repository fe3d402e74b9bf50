/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Paths of a search: letters, each pointing to the one before, so that paths
 * with the same beginning share it. A letter is freed with its last user. */
#pragma once

#include "rnncore/decode/word-list.h"

G_BEGIN_DECLS

typedef struct {
  guint32 previous; /* 0: none; of a free one the next free one */
  guint32 n_users;
  guint32 start; /* frames of the search */
  guint32 end;
  float peak; /* highest posterior */
  union {
    guint16 label;
    guint32 word; /* of a search that goes from word to word */
  };
} RnncLetter;

typedef struct {
  guint32 n_free;
  guint32 first_free;
  guint32 capacity;
  RnncLetter *cells; /* [0] is no letter */
  guint32 *path;     /* of one path, for writing it forward */
  guint longest;
} RnncLetters;

/* @capacity: letters in all; @longest: in one path */
void rnnc_letters_init (RnncLetters *letters, guint32 capacity, guint longest);
void rnnc_letters_clear (RnncLetters *letters);

/* A letter like @like, with one user; a user more for what it points to. */
guint32 rnnc_letters_take (RnncLetters *letters, const RnncLetter *like);

static inline guint32
rnnc_letters_use (RnncLetters *letters, guint32 index)
{
  letters->cells[index].n_users++;
  return index;
}

void rnnc_letters_release (RnncLetters *letters, guint32 index);

/* The path that ends with @last, which need not be a cell; @origin: its frame 0
 * in the frames of words. */
void rnnc_letters_write (RnncLetters *letters, const RnncLetter *last,
    guint64 origin, RnncWordList *list);

G_END_DECLS
