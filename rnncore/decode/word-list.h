/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Words put together letter by letter: texts, frames, posteriors. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Frames are those of the network's output, counted from the decoder's
 * reset. */
typedef struct {
  const char *text;  /* owned by the list, until it is cleared */
  guint64 start;     /* frame of its first letter */
  guint64 end;       /* frame behind its last letter */
  double posteriors; /* sum over its letters of the highest in their frames */
  guint n_letters;
} RnncCtcWord;

typedef struct {
  guint n_labels;
  guint blank;
  guint space;               /* the blank where there is none */
  const char *const *labels; /* lent */
  gsize *label_bytes;
  gsize longest_label;
  gboolean words;      /* each label is one (rnnc_labels_are_words()) */
  gboolean *separates; /* the space, and words that yield nothing */
} RnncAlphabet;

void rnnc_alphabet_init (RnncAlphabet *alphabet, const char *const *labels,
    guint n_labels, guint blank);
void rnnc_alphabet_clear (RnncAlphabet *alphabet);

typedef struct {
  const RnncAlphabet *alphabet; /* lent */
  guint capacity;               /* letters */
  guint n_letters;
  guint n_words;
  gboolean in_word;   /* the last word may get more letters */
  RnncCtcWord *words; /* [capacity] */
  char *word_texts;   /* one after another, each with its NUL */
  gsize word_bytes;
  char *text; /* joined by spaces */
  gsize text_bytes;
} RnncWordList;

void rnnc_word_list_init (RnncWordList *list, const RnncAlphabet *alphabet,
    guint capacity);
void rnnc_word_list_free (RnncWordList *list);
/* Makes room for more letters; the words stay. */
void rnnc_word_list_grow (RnncWordList *list, guint capacity);

void rnnc_word_list_clear (RnncWordList *list);
/* A letter that sounds from frame @start on; begins a word where none is
 * running. */
void rnnc_word_list_add (RnncWordList *list, guint label, guint64 start);
/* The last letter sounds until @end, its posterior grows by @posterior. */
void rnnc_word_list_sustain (RnncWordList *list, guint64 end, double posterior);

G_END_DECLS
