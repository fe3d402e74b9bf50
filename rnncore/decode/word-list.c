/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/word-list.h"

#include <string.h>

#include "rnncore/rnnc-decoding.h"

gboolean
rnnc_labels_are_words (const char *const *labels, guint n_labels, gint blank)
{
  gboolean any = FALSE;

  for (guint i = 0; i < n_labels; i++) {
    if ((gint) i == blank)
      continue;
    if (strcmp (labels[i], " ") == 0)
      return FALSE;
    any |= g_utf8_strlen (labels[i], -1) > 1;
  }
  return any;
}

gboolean
rnnc_label_is_silent (const char *label)
{
  return label[0] == '!' && label[1] != '\0';
}

void
rnnc_alphabet_init (RnncAlphabet *alphabet, const char *const *labels,
    guint n_labels, guint blank)
{
  *alphabet = (RnncAlphabet){ n_labels, blank, blank, labels };
  alphabet->words = rnnc_labels_are_words (labels, n_labels, (gint) blank);
  alphabet->label_bytes = g_new0 (gsize, n_labels);
  alphabet->separates = g_new0 (gboolean, n_labels);
  for (guint i = 0; i < n_labels; i++) {
    alphabet->label_bytes[i] = strlen (labels[i]);
    alphabet->longest_label
        = MAX (alphabet->longest_label, alphabet->label_bytes[i]);
    if (i != blank && strcmp (labels[i], " ") == 0)
      alphabet->space = i;
    alphabet->separates[i] = i != blank
        && (i == alphabet->space
            || (alphabet->words && rnnc_label_is_silent (labels[i])));
  }
}

void
rnnc_alphabet_clear (RnncAlphabet *alphabet)
{
  g_free (alphabet->label_bytes);
  g_free (alphabet->separates);
}

void
rnnc_word_list_init (RnncWordList *list, const RnncAlphabet *alphabet,
    guint capacity)
{
  *list = (RnncWordList){ .alphabet = alphabet };
  rnnc_word_list_grow (list, capacity);
  rnnc_word_list_clear (list);
}

void
rnnc_word_list_free (RnncWordList *list)
{
  g_free (list->words);
  g_free (list->word_texts);
  g_free (list->text);
}

void
rnnc_word_list_grow (RnncWordList *list, guint capacity)
{
  char *old_texts = list->word_texts;
  gsize n_bytes;

  if (capacity <= list->capacity)
    return;
  /* Each letter and, at worst, a space or a NUL. */
  n_bytes = (gsize) capacity * (list->alphabet->longest_label + 1) + 1;
  list->words = g_renew (RnncCtcWord, list->words, capacity);
  list->text = g_realloc (list->text, n_bytes);
  list->word_texts = g_malloc0 (n_bytes);
  if (old_texts != NULL)
    memcpy (list->word_texts, old_texts, list->word_bytes + 1);
  for (guint i = 0; i < list->n_words; i++)
    list->words[i].text = list->word_texts + (list->words[i].text - old_texts);
  g_free (old_texts);
  list->capacity = capacity;
}

void
rnnc_word_list_clear (RnncWordList *list)
{
  list->in_word = FALSE;
  list->n_letters = 0;
  list->n_words = 0;
  list->word_bytes = 0;
  list->text_bytes = 0;
  list->text[0] = '\0';
}

static void
begin_word (RnncWordList *list, guint64 start)
{
  RnncCtcWord *word = &list->words[list->n_words];

  if (list->n_words > 0) {
    list->text[list->text_bytes++] = ' ';
    list->word_bytes++; /* behind the NUL */
  }
  word->text = list->word_texts + list->word_bytes;
  word->start = start;
  word->end = start;
  word->posteriors = 0.0;
  word->n_letters = 0;
  list->n_words++;
  list->in_word = TRUE;
}

void
rnnc_word_list_add (RnncWordList *list, guint label, guint64 start)
{
  gsize n_bytes = list->alphabet->label_bytes[label];
  const char *letter = list->alphabet->labels[label];

  /* Endpointing ends an utterance before it can be full. */
  g_assert (list->n_letters < list->capacity);
  if (!list->in_word)
    begin_word (list, start);
  memcpy (list->text + list->text_bytes, letter, n_bytes);
  list->text_bytes += n_bytes;
  list->text[list->text_bytes] = '\0';
  memcpy (list->word_texts + list->word_bytes, letter, n_bytes);
  list->word_bytes += n_bytes;
  list->word_texts[list->word_bytes] = '\0';
  list->words[list->n_words - 1].n_letters++;
  list->n_letters++;
  if (list->alphabet->words)
    list->in_word = FALSE;
}

void
rnnc_word_list_sustain (RnncWordList *list, guint64 end, double posterior)
{
  RnncCtcWord *word = &list->words[list->n_words - 1];

  word->end = end;
  word->posteriors += posterior;
}
