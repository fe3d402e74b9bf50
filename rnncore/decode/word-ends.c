/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Words that may end, and what the language model says of them. */
#include "rnncore/decode/word-search-private.h"

void
rnnc_words_want_end (RnncWordSearch *search, guint32 index, guint32 word,
    double acoustic)
{
  const RnncWordHypothesis *from = &search->beam[index];
  guint64 text = rnnc_words_text_with (search, from->text, word);
  guint i = 0;

  while (i < search->n_wanted && search->wanted[i].text != text)
    i++;
  if (i == search->n_wanted) {
    search->wanted[search->n_wanted++] = (RnncWordEnd){ text, index, word,
      acoustic, from->extra + search->word_bonus };
    return;
  }
  search->wanted[i].acoustic
      = rnnc_log_add (search->wanted[i].acoustic, acoustic);
  if (rnnc_words_better_path (from)->score
      > rnnc_words_better_path (&search->beam[search->wanted[i].from])->score) {
    search->wanted[i].from = index;
    search->wanted[i].word = word;
  }
}

/* The best of those that are wanted, as far as that is known before the
 * language model has read them. */
static void
choose_ends (RnncWordSearch *search)
{
  rnnc_best_few_clear (&search->best_ends);
  for (guint i = 0; i < search->n_wanted; i++) {
    const RnncWordEnd *end = &search->wanted[i];
    float frequency = search->lexicon->words[end->word].frequency;
    guint32 place = rnnc_best_few_offer (&search->best_ends,
        end->acoustic + end->extra
            + search->frequency_weight * (double) frequency);

    if (place != RNNC_NO_PLACE)
      search->ends[place] = *end;
  }
  search->n_ends = search->best_ends.n;
  search->n_wanted = 0;
}

/* The language model reads a letter of each end's word, or the space behind it.
 * Returns: how many words had one */
static guint
read_letters (RnncWordSearch *search, guint at)
{
  RnncLanguageContexts *language = &search->language;
  guint n_reading = 0;

  for (guint i = 0; i < search->n_ends; i++) {
    RnncWordEnd *end = &search->ends[i];
    const RnncLexiconWord *word = &search->lexicon->words[end->word];
    guint label = search->alphabet->space;

    if (at > word->n_letters)
      continue;
    if (at == word->n_letters)
      end->end_extra = end->extra
          + rnnc_language_contexts_end_score (language, end->context);
    else
      label = word->letters[at];
    end->extra += rnnc_language_contexts_score (language, end->context, label);
    end->context
        = rnnc_language_contexts_extend (language, end->context, label);
    n_reading++;
  }
  rnnc_language_contexts_step (language);
  return n_reading;
}

/* All of them go on together, a letter a step. */
void
rnnc_words_read_ends (RnncWordSearch *search)
{
  choose_ends (search);
  for (guint i = 0; i < search->n_ends; i++) {
    search->ends[i].context = search->beam[search->ends[i].from].context;
    rnnc_language_contexts_use (&search->language, search->ends[i].context);
  }
  for (guint at = 0; read_letters (search, at) > 0; at++)
    continue;
}
