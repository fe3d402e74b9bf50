/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the letters that were heard say of a text that was found by its phones:
 * the best path of CTC through its spelling. */
#include "rnncore/decode/word-search-private.h"

void
rnnc_words_hear_letters (RnncWordSearch *search, const float *log_posteriors)
{
  guint n = search->alphabet->n_labels;
  float *to = search->heard + (gsize) search->base.n_frames * n;

  for (guint i = 0; i < n; i++)
    to[i] = log_posteriors[i] > RNNC_WORD_LEAST ? MIN (log_posteriors[i], 0.0f)
                                                : RNNC_WORD_LEAST;
}

static void
append_word (RnncWordSearch *search, guint32 word, guint *n)
{
  const RnncLexiconWord *spelled = &search->lexicon->words[word];

  if (*n > 0)
    search->spelling[(*n)++] = (guint16) search->alphabet->space;
  for (guint i = 0; i < spelled->n_letters; i++)
    search->spelling[(*n)++] = spelled->letters[i];
}

/* Into search->spelling; returns how many letters. */
static guint
spell (RnncWordSearch *search, const RnncWordText *text)
{
  const RnncWordPath *path = rnnc_words_better_path (&search->beam[text->from]);
  RnncLetters *cells = &search->words;
  guint n_words = 0, n = 0;

  for (guint32 i = path->words; i != 0; i = cells->cells[i].previous)
    cells->path[n_words++] = i;
  while (n_words > 0)
    append_word (search, cells->cells[cells->path[--n_words]].word, &n);
  if (text->word != RNNC_NO_WORD)
    append_word (search, text->word, &n);
  return n;
}

/* One frame more; @states: [2 n + 1] of blanks and letters by turns. A space
 * before the first letter or behind the last changes no text. */
static void
step (const RnncWordSearch *search, const float *frame, guint n, float *states)
{
  float blank = frame[search->alphabet->blank];
  float around = MAX (blank, frame[search->alphabet->space]);

  states[2 * n]
      = (n > 0 ? MAX (states[2 * n], states[2 * n - 1]) : states[0]) + around;
  for (guint i = n; i-- > 0;) {
    guint16 letter = search->spelling[i];
    float *at = &states[2 * i + 1];
    float best = MAX (at[0], at[-1]);

    if (i > 0 && search->spelling[i - 1] != letter)
      best = MAX (best, at[-2]);
    at[0] = best + frame[letter];
    at[-1] = (i > 0 ? MAX (at[-1], at[-2]) + blank : at[-1] + around);
  }
}

double
rnnc_words_spelling_score (RnncWordSearch *search, const RnncWordText *text)
{
  guint n = spell (search, text);
  guint n_labels = search->alphabet->n_labels;
  float *states = search->states;

  states[0] = 0;
  for (guint s = 1; s < 2 * n + 1; s++)
    states[s] = -INFINITY;
  for (guint t = 0; t < search->base.n_frames; t++)
    step (search, search->heard + (gsize) t * n_labels, n, states);
  /* Fewer frames than letters: as bad as can be, but a number. */
  return (
      double) MAX (n > 0 ? MAX (states[2 * n], states[2 * n - 1]) : states[0],
      RNNC_WORD_LEAST);
}
