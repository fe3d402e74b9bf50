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

static RnncWordScore *
find_score (const RnncWordSearch *search, guint64 text)
{
  return &search->scores[text & (search->n_scores - 1)];
}

/* From before the word on. */
static void
begin_reading (RnncWordSearch *search, RnncWordEnd *end)
{
  const RnncWordHypothesis *from = &search->beam[end->from];

  end->reading = TRUE;
  end->extra = from->extra + search->word_bonus;
  end->context = from->context;
  rnnc_language_contexts_use (&search->language, end->context);
}

static void
remember (RnncWordSearch *search, const RnncWordEnd *end, double end_extra)
{
  *find_score (search, end->text)
      = (RnncWordScore){ end->text, end->extra, end_extra };
}

/* It cannot become good enough any more: letters only cost. */
static void
give_up (RnncWordSearch *search, RnncWordEnd *end)
{
  if (end->reading)
    rnnc_language_contexts_release (&search->language, end->context);
  end->reading = FALSE;
  end->extra = end->end_extra = -INFINITY;
  end->context = RNNC_NO_PLACE;
}

/* The letter of its word at @at, or the space behind it. */
static void
read_letter (RnncWordSearch *search, RnncWordEnd *end, guint at, double least)
{
  RnncLanguageContexts *language = &search->language;
  const RnncLexiconWord *word = &search->lexicon->words[end->word];
  gboolean is_last = at == word->n_letters;
  guint label = is_last ? search->alphabet->space : word->letters[at];

  if (is_last)
    end->end_extra = end->extra
        + rnnc_language_contexts_end_score (language, end->context);
  end->extra += rnnc_language_contexts_score (language, end->context, label);
  if (is_last) {
    remember (search, end, end->end_extra);
  } else if (end->acoustic + end->extra < least) {
    remember (search, end, -INFINITY);
    give_up (search, end);
    return;
  }
  end->context = rnnc_language_contexts_extend (language, end->context, label);
}

/* All that are reading go on together, a letter a step. */
static void
read_words (RnncWordSearch *search, double least)
{
  gboolean any = TRUE;

  for (guint at = 0; any; at++) {
    any = FALSE;
    for (guint i = 0; i < search->n_ends; i++) {
      RnncWordEnd *end = &search->ends[i];

      if (!end->reading)
        continue;
      read_letter (search, end, at, least);
      any |= end->reading;
      if (at == search->lexicon->words[end->word].n_letters)
        end->reading = FALSE;
    }
    rnnc_language_contexts_step (&search->language);
  }
}

void
rnnc_words_read_ends (RnncWordSearch *search, double least)
{
  choose_ends (search);
  for (guint i = 0; i < search->n_ends; i++) {
    RnncWordEnd *end = &search->ends[i];
    const RnncWordScore *known = find_score (search, end->text);

    if (known->text != end->text) {
      begin_reading (search, end);
    } else if (known->end_extra > -INFINITY) {
      end->extra = known->extra;
      end->end_extra = known->end_extra;
      end->context = RNNC_NO_PLACE;
    } else if (end->acoustic + known->extra < least) {
      give_up (search, end);
    } else {
      begin_reading (search, end);
    }
  }
  read_words (search, least);
}

void
rnnc_words_read_survivors (RnncWordSearch *search)
{
  for (guint i = 0; i < search->best.n; i++) {
    const RnncWordCandidate *candidate
        = &search->candidates[search->best.items[i].place];

    if (candidate->end != RNNC_NO_PLACE
        && search->ends[candidate->end].context == RNNC_NO_PLACE)
      begin_reading (search, &search->ends[candidate->end]);
  }
  read_words (search, -INFINITY);
}

void
rnnc_words_release_ends (RnncWordSearch *search)
{
  for (guint i = 0; i < search->n_ends; i++)
    if (search->ends[i].context != RNNC_NO_PLACE)
      rnnc_language_contexts_release (&search->language,
          search->ends[i].context);
}
