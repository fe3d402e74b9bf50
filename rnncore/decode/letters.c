/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/letters.h"

void
rnnc_letters_init (RnncLetters *letters, guint32 capacity, guint longest)
{
  letters->cells = g_new0 (RnncLetter, (gsize) capacity + 1);
  letters->path = g_new0 (guint32, longest);
  letters->longest = longest;
  letters->capacity = capacity;
  letters->n_free = capacity;
  letters->first_free = 1;
  for (guint32 i = 1; i < capacity; i++)
    letters->cells[i].previous = i + 1;
}

void
rnnc_letters_clear (RnncLetters *letters)
{
  g_free (letters->cells);
  g_free (letters->path);
}

guint32
rnnc_letters_take (RnncLetters *letters, const RnncLetter *like)
{
  guint32 index = letters->first_free;
  RnncLetter *cell = &letters->cells[index];

  g_assert (letters->n_free > 0);
  letters->first_free = cell->previous;
  letters->n_free--;
  *cell = *like;
  cell->n_users = 1;
  rnnc_letters_use (letters, cell->previous);
  return index;
}

void
rnnc_letters_release (RnncLetters *letters, guint32 index)
{
  while (index != 0 && --letters->cells[index].n_users == 0) {
    guint32 previous = letters->cells[index].previous;

    letters->cells[index].previous = letters->first_free;
    letters->first_free = index;
    letters->n_free++;
    index = previous;
  }
}

static void
write_letter (const RnncLetter *letter, guint64 origin, RnncWordList *list)
{
  if (list->alphabet->separates[letter->label]) {
    list->in_word = FALSE;
    return;
  }
  rnnc_word_list_add (list, letter->label, origin + letter->start);
  rnnc_word_list_sustain (list, origin + letter->end, letter->peak);
}

void
rnnc_letters_write (RnncLetters *letters, const RnncLetter *last,
    guint64 origin, RnncWordList *list)
{
  guint n = 0;

  rnnc_word_list_clear (list);
  for (guint32 i = last->previous; i != 0; i = letters->cells[i].previous) {
    g_assert (n < letters->longest);
    letters->path[n++] = i;
  }
  while (n > 0)
    write_letter (&letters->cells[letters->path[--n]], origin, list);
  write_letter (last, origin, list);
}
