/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the search for words has heard. */
#include "rnncore/decode/word-search-private.h"

gboolean
rnnc_words_sounding (const RnncSearch *base)
{
  const RnncWordSearch *search = (const RnncWordSearch *) base;
  const RnncWordHypothesis *best = search->beam;

  return best->node != RNNC_WORD_START
      && best->ending[RNNC_WORD_PHONE] > best->ending[RNNC_WORD_BLANK];
}

float
rnnc_words_silence (const RnncSearch *base, const float *log_posteriors)
{
  const RnncWordSearch *search = (const RnncWordSearch *) base;
  const float *phones = log_posteriors + search->first_phone;

  return (float) rnnc_log_add ((double) phones[0],
      (double) phones[search->lexicon->boundary]);
}

gboolean
rnnc_words_in_word (const RnncSearch *base)
{
  return ((const RnncWordSearch *) base)->beam[0].node != RNNC_WORD_START;
}

/* The most frequent of the words that may end here; RNNC_NO_WORD: there is
 * none. */
static guint32
word_at (const RnncWordSearch *search, guint32 node)
{
  return rnnc_words_node (search, node)->n_words > 0
      ? rnnc_words_node (search, node)->words
      : RNNC_NO_WORD;
}

guint64
rnnc_words_key (const RnncSearch *base)
{
  const RnncWordSearch *search = (const RnncWordSearch *) base;
  const RnncWordHypothesis *best = search->beam;
  guint32 word = word_at (search, best->node);

  if (word != RNNC_NO_WORD)
    return rnnc_words_text_with (search, best->text, word) | 1;
  return best->text == RNNC_WORDS_NONE ? 0 : best->text | 1;
}

static void
write_word (const RnncWordSearch *search, const RnncLetter *cell,
    RnncWordList *list)
{
  const RnncLexiconWord *word = &search->lexicon->words[cell->word];
  guint64 origin = search->base.origin;

  list->in_word = FALSE;
  for (guint i = 0; i < word->n_letters; i++) {
    rnnc_word_list_add (list, word->letters[i], origin + cell->start);
    rnnc_word_list_sustain (list, origin + cell->end, (double) cell->peak);
  }
}

/* @word: behind those of the cells; RNNC_NO_WORD: none */
static void
write_reading (RnncWordSearch *search, const RnncWordHypothesis *from,
    guint32 word, double score, RnncReading *reading)
{
  const RnncWordPath *path = rnnc_words_better_path (from);
  RnncLetters *cells = &search->words;
  guint n = 0;

  rnnc_word_list_clear (&reading->list);
  for (guint32 i = path->words; i != 0; i = cells->cells[i].previous)
    cells->path[n++] = i;
  while (n > 0)
    write_word (search, &cells->cells[cells->path[--n]], &reading->list);
  if (word != RNNC_NO_WORD) {
    RnncLetter last = rnnc_words_cell (path, word);

    write_word (search, &last, &reading->list);
  }
  reading->score = score;
  reading->confidence = -1.0;
  reading->phrase = -1;
}

/* Another way to a text; equal ones add up. */
static void
add_text (RnncWordSearch *search, guint *n, RnncWordText text)
{
  for (guint i = 0; i < *n; i++) {
    RnncWordText *other = &search->texts[i];
    double sum;

    if (other->text != text.text)
      continue;
    sum = rnnc_log_add (other->score, text.score);
    if (text.path > other->path)
      *other = text;
    other->score = sum;
    return;
  }
  search->texts[(*n)++] = text;
}

/* All that may have been said; returns how many texts. */
static guint
gather (RnncWordSearch *search)
{
  guint n = 0;

  for (guint32 i = 0; i < search->n; i++) {
    const RnncWordHypothesis *hypothesis = &search->beam[i];
    const RnncLexiconNode *node = rnnc_words_node (search, hypothesis->node);
    double acoustic = rnnc_words_acoustic_score (hypothesis);

    if (hypothesis->node == RNNC_WORD_START)
      add_text (search, &n,
          (RnncWordText){ hypothesis->text, acoustic + hypothesis->end_extra,
              rnnc_words_better_path (hypothesis)->score, i, RNNC_NO_WORD });
    for (guint32 k = 0; k < node->n_words; k++)
      rnnc_words_want_end (search, i, node->words + k, acoustic);
  }
  rnnc_words_read_ends (search, -INFINITY);
  for (guint i = 0; i < search->n_ends; i++) {
    const RnncWordEnd *end = &search->ends[i];
    const RnncWordHypothesis *from = &search->beam[end->from];

    add_text (search, &n,
        (RnncWordText){ end->text, end->acoustic + end->end_extra,
            rnnc_words_better_path (from)->score, end->from, end->word });
  }
  rnnc_words_release_ends (search);
  return n;
}

/* Takes the best of @n_texts to their front. */
static void
put_best_first (RnncWordText *texts, guint n_texts)
{
  guint best = 0;
  RnncWordText first = texts[0];

  for (guint i = 1; i < n_texts; i++)
    if (texts[i].score > texts[best].score)
      best = i;
  texts[0] = texts[best];
  texts[best] = first;
}

/* The best @n texts, or as many as there are, best first by how they sound and
 * how they are spelled; returns how many. */
static guint
choose_texts (RnncWordSearch *search, guint n)
{
  guint n_texts = gather (search);

  n = MIN (MAX (n, RNNC_WORD_SPELLED), n_texts);
  for (guint i = 0; i < n; i++)
    put_best_first (search->texts + i, n_texts - i);
  for (guint i = 0; i < n; i++)
    search->texts[i].score += RNNC_WORD_SPELLING_WEIGHT
        * rnnc_words_spelling_score (search, &search->texts[i]);
  for (guint i = 0; i < n; i++)
    put_best_first (search->texts + i, n - i);
  return n;
}

guint
rnnc_words_read (RnncSearch *base, gboolean is_final, RnncReading *readings,
    guint n)
{
  RnncWordSearch *search = (RnncWordSearch *) base;
  guint n_texts, n_read = 0;

  if (!is_final) {
    if (n == 0 || rnnc_words_key (base) == 0)
      return 0;
    write_reading (search, &search->beam[0],
        word_at (search, search->beam[0].node), search->beam[0].score,
        &readings[0]);
    return 1;
  }
  n_texts = choose_texts (search, n + 1); /* one may be empty */
  for (guint i = 0; i < n_texts && n_read < n; i++) {
    const RnncWordText *text = &search->texts[i];

    if (text->text != RNNC_WORDS_NONE)
      write_reading (search, &search->beam[text->from], text->word, text->score,
          &readings[n_read++]);
    else if (i == 0)
      return 0;
  }
  return n_read;
}
