/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/word-search-private.h"
#include "rnncore/model/model-private.h"

/* --- hypotheses ----------------------------------------------------------- */

static guint64
hash_at (guint64 text, guint32 node)
{
  return rnnc_words_mix (text, node + 1u);
}

static void
use (RnncWordSearch *search, const RnncWordHypothesis *hypothesis)
{
  rnnc_letters_use (&search->words, hypothesis->paths[RNNC_WORD_BLANK].words);
  rnnc_letters_use (&search->words, hypothesis->paths[RNNC_WORD_PHONE].words);
  rnnc_language_contexts_use (&search->language, hypothesis->context);
}

static void
release (RnncWordSearch *search, const RnncWordHypothesis *hypothesis)
{
  rnnc_letters_release (&search->words,
      hypothesis->paths[RNNC_WORD_BLANK].words);
  rnnc_letters_release (&search->words,
      hypothesis->paths[RNNC_WORD_PHONE].words);
  rnnc_language_contexts_release (&search->language, hypothesis->context);
}

/* What the frequency of the word that it may become adds, until it ends. */
static double
outlook (const RnncWordSearch *search, guint32 node)
{
  return search->frequency_weight
      * (double) rnnc_words_node (search, node)->frequency;
}

/* The path that a phone continues: a blank is needed between equal ones. */
static const RnncWordPath *
path_to_phone (const RnncWordHypothesis *hypothesis, guint phone)
{
  return (gint) phone == hypothesis->last ? &hypothesis->paths[RNNC_WORD_BLANK]
                                          : rnnc_words_better_path (hypothesis);
}

/* @to is from now on what @from is. */
static void
replace_path (RnncWordSearch *search, RnncWordPath *to, RnncWordPath from)
{
  rnnc_letters_use (&search->words, from.words);
  rnnc_letters_release (&search->words, to->words);
  *to = from;
}

/* @path goes on with the phone of a node in this frame; its words are lent. */
static RnncWordPath
extend_path (const RnncWordSearch *search, const RnncWordPath *path,
    gboolean begins, guint phone)
{
  guint now = search->base.n_frames;
  float posterior = search->posteriors[phone];

  return (RnncWordPath){ path->score + (double) posterior, path->words,
    begins ? now : path->start, now + 1, MIN (expf (posterior), 1.0f),
    begins ? 0 : path->sum + path->peak, begins ? 0 : path->n + 1 };
}

/* --- staying -------------------------------------------------------------- */

/* @stay: a copy of @hypothesis, without another phone in this frame. Boundaries
 * before the first word and behind another change nothing. */
static void
let_stay (RnncWordSearch *search, const RnncWordHypothesis *hypothesis,
    RnncWordHypothesis *stay)
{
  guint boundary = search->lexicon->boundary;
  double blank = (double) search->posteriors[0];
  double between = (double) search->posteriors[boundary];
  double total = rnnc_words_acoustic_score (hypothesis);
  gboolean is_first = hypothesis->last < 0;
  RnncWordPath *phone = &stay->paths[RNNC_WORD_PHONE];

  *stay = *hypothesis;
  use (search, stay);
  stay->ending[RNNC_WORD_BLANK]
      = total + (is_first ? rnnc_log_add (blank, between) : blank);
  replace_path (search, &stay->paths[RNNC_WORD_BLANK],
      *rnnc_words_better_path (hypothesis));
  stay->paths[RNNC_WORD_BLANK].score += is_first ? MAX (blank, between) : blank;
  if (is_first)
    return;
  if (hypothesis->last == (gint) boundary) {
    stay->ending[RNNC_WORD_PHONE] = total + between;
    replace_path (search, phone, *rnnc_words_better_path (hypothesis));
    phone->score += between;
    return;
  }
  stay->ending[RNNC_WORD_PHONE]
      += (double) search->posteriors[hypothesis->last];
  phone->score += (double) search->posteriors[hypothesis->last];
  phone->end = search->base.n_frames + 1;
  phone->peak = MAX (phone->peak, expf (search->posteriors[hypothesis->last]));
}

/* --- going on ------------------------------------------------------------- */

static void
offer (RnncWordSearch *search, RnncWordCandidate candidate, double score)
{
  guint32 place = rnnc_best_few_offer (&search->best, score);

  if (place != RNNC_NO_PLACE)
    search->candidates[place] = candidate;
}

/* The same word, a phone further, is in the beam already: the paths meet. */
static void
merge_phone (RnncWordSearch *search, const RnncWordHypothesis *from,
    guint phone, double acoustic, RnncWordHypothesis *stay)
{
  RnncWordPath path = extend_path (search, path_to_phone (from, phone),
      from->node == RNNC_WORD_START, phone);

  stay->ending[RNNC_WORD_PHONE]
      = rnnc_log_add (stay->ending[RNNC_WORD_PHONE], acoustic);
  if (path.score > stay->paths[RNNC_WORD_PHONE].score)
    replace_path (search, &stay->paths[RNNC_WORD_PHONE], path);
}

static void
try_phone (RnncWordSearch *search, guint32 index, double total, guint32 node)
{
  const RnncWordHypothesis *hypothesis = &search->beam[index];
  guint phone = rnnc_words_node (search, node)->phone;
  double acoustic = (double) search->posteriors[phone]
      + ((gint) phone == hypothesis->last ? hypothesis->ending[RNNC_WORD_BLANK]
                                          : total);
  guint32 place;

  if (acoustic == -INFINITY)
    return;
  place = rnnc_hash_places_find (&search->places,
      hash_at (hypothesis->text, node));
  if (place != RNNC_NO_PLACE)
    merge_phone (search, hypothesis, phone, acoustic, &search->stays[place]);
  else
    offer (search, (RnncWordCandidate){ index, node, RNNC_NO_PLACE, acoustic },
        acoustic + hypothesis->extra + outlook (search, node));
}

/* --- words that end ------------------------------------------------------- */

/* A word more than what is in the beam already: the paths meet. */
static void
merge_end (RnncWordSearch *search, const RnncWordHypothesis *from, guint32 word,
    double acoustic, RnncWordHypothesis *stay)
{
  const RnncWordPath *path = rnnc_words_better_path (from);
  double score
      = path->score + (double) search->posteriors[search->lexicon->boundary];
  RnncLetter cell = rnnc_words_cell (path, word);

  stay->ending[RNNC_WORD_PHONE]
      = rnnc_log_add (stay->ending[RNNC_WORD_PHONE], acoustic);
  if (score <= stay->paths[RNNC_WORD_PHONE].score)
    return;
  rnnc_letters_release (&search->words, stay->paths[RNNC_WORD_PHONE].words);
  stay->paths[RNNC_WORD_PHONE] = (RnncWordPath){ .score = score,
    .words = rnnc_letters_take (&search->words, &cell) };
}

static void
try_ends (RnncWordSearch *search, guint32 index, double total)
{
  const RnncWordHypothesis *hypothesis = &search->beam[index];
  const RnncLexiconNode *node = rnnc_words_node (search, hypothesis->node);
  double acoustic
      = total + (double) search->posteriors[search->lexicon->boundary];

  for (guint32 i = 0; i < node->n_words; i++) {
    guint32 word = node->words + i;
    guint64 text = rnnc_words_text_with (search, hypothesis->text, word);
    guint32 place = rnnc_hash_places_find (&search->places,
        hash_at (text, RNNC_WORD_START));

    if (place != RNNC_NO_PLACE)
      merge_end (search, hypothesis, word, acoustic, &search->stays[place]);
    else
      rnnc_words_want_end (search, index, word, acoustic);
  }
}

/* Which words may end in this frame. */
static void
find_ends (RnncWordSearch *search)
{
  double least = search->beam[0].score - RNNC_WORD_END_REACH;

  if (search->posteriors[search->lexicon->boundary] <= RNNC_WORD_END_FLOOR)
    return;
  for (guint32 i = 0; i < search->n; i++)
    if (search->beam[i].node != RNNC_WORD_START
        && search->beam[i].score >= least)
      try_ends (search, i, rnnc_words_acoustic_score (&search->beam[i]));
}

/* Those of them that may still become one of the best, when all else has been
 * offered. */
static void
offer_ends (RnncWordSearch *search)
{
  double before_word = outlook (search, RNNC_WORD_START);

  rnnc_words_read_ends (search,
      rnnc_best_few_least (&search->best) - before_word);
  for (guint32 i = 0; i < search->n_ends; i++) {
    const RnncWordEnd *end = &search->ends[i];

    if (end->extra > -INFINITY)
      offer (search,
          (RnncWordCandidate){ end->from, RNNC_WORD_START, i, end->acoustic },
          end->acoustic + end->extra + before_word);
  }
}

/* --- one frame ------------------------------------------------------------ */

static void
go_on (RnncWordSearch *search, const RnncWordCandidate *candidate,
    RnncWordHypothesis *longer)
{
  const RnncWordHypothesis *from = &search->beam[candidate->from];
  guint phone = rnnc_words_node (search, candidate->node)->phone;

  *longer = *from;
  longer->node = candidate->node;
  longer->last = (gint) phone;
  longer->paths[RNNC_WORD_BLANK] = (RnncWordPath){ .score = -INFINITY };
  longer->paths[RNNC_WORD_PHONE] = extend_path (search,
      path_to_phone (from, phone), from->node == RNNC_WORD_START, phone);
  use (search, longer);
}

static void
end_word (RnncWordSearch *search, const RnncWordCandidate *candidate,
    RnncWordHypothesis *longer)
{
  const RnncWordEnd *end = &search->ends[candidate->end];
  const RnncWordHypothesis *from = &search->beam[end->from];
  const RnncWordPath *path = rnnc_words_better_path (from);
  RnncLetter cell = rnnc_words_cell (path, end->word);

  *longer = (RnncWordHypothesis){ .text = end->text,
    .node = RNNC_WORD_START,
    .last = (gint) search->lexicon->boundary,
    .extra = end->extra,
    .end_extra = end->end_extra,
    .context = end->context };
  longer->paths[RNNC_WORD_BLANK].score = -INFINITY;
  longer->paths[RNNC_WORD_PHONE] = (RnncWordPath){ .score
    = path->score + (double) search->posteriors[search->lexicon->boundary],
    .words = rnnc_letters_take (&search->words, &cell) };
  rnnc_language_contexts_use (&search->language, end->context);
}

/* The best candidates become the beam, best first. */
static void
survive (RnncWordSearch *search)
{
  RnncWordHypothesis *old = search->beam;
  guint n_old = search->n;
  guint n = search->best.n;
  double best;

  rnnc_words_read_survivors (search);
  for (guint i = n; i-- > 0;) {
    RnncBestItem item = rnnc_best_few_take_worst (&search->best);
    const RnncWordCandidate *candidate = &search->candidates[item.place];
    RnncWordHypothesis *to = &search->next[i];

    if (candidate->node == RNNC_NO_PLACE) {
      *to = search->stays[candidate->from];
      use (search, to);
    } else {
      if (candidate->end == RNNC_NO_PLACE)
        go_on (search, candidate, to);
      else
        end_word (search, candidate, to);
      to->ending[RNNC_WORD_BLANK] = -INFINITY;
      to->ending[RNNC_WORD_PHONE] = candidate->acoustic;
    }
    to->score = item.score;
  }
  for (guint i = 0; i < n_old; i++) {
    release (search, &old[i]);
    release (search, &search->stays[i]);
  }
  rnnc_words_release_ends (search);
  search->beam = search->next;
  search->next = old;
  best = search->beam[0].score;
  while (n > 1 && search->beam[n - 1].score < best - RNNC_WORD_REACH)
    release (search, &search->beam[--n]);
  search->n = n;
}

static void
take_posteriors (RnncWordSearch *search, const float *log_posteriors)
{
  const float *phones = log_posteriors + search->first_phone;

  for (guint i = 0; i < search->n_phones; i++) /* not a number neither */
    search->posteriors[i]
        = phones[i] > RNNC_WORD_LEAST ? MIN (phones[i], 0.0f) : RNNC_WORD_LEAST;
}

static void
word_search_push (RnncSearch *base, const float *log_posteriors)
{
  RnncWordSearch *search = (RnncWordSearch *) base;

  take_posteriors (search, log_posteriors);
  rnnc_words_hear_letters (search, log_posteriors);
  /* A word a hypothesis, and a meeting of two, at most. */
  while (search->n > 1 && search->words.n_free < 4 * search->width)
    release (search, &search->beam[--search->n]);
  rnnc_hash_places_clear (&search->places);
  for (guint32 i = 0; i < search->n; i++) {
    rnnc_hash_places_add (&search->places,
        hash_at (search->beam[i].text, search->beam[i].node), i);
    let_stay (search, &search->beam[i], &search->stays[i]);
  }
  rnnc_best_few_clear (&search->best);
  for (guint32 i = 0; i < search->n; i++) {
    const RnncLexiconNode *node
        = rnnc_words_node (search, search->beam[i].node);
    double total = rnnc_words_acoustic_score (&search->beam[i]);

    for (guint32 k = 0; k < node->n_children; k++)
      if (search
              ->posteriors[rnnc_words_node (search, node->children + k)->phone]
          > RNNC_WORD_PHONE_FLOOR)
        try_phone (search, i, total, node->children + k);
  }
  find_ends (search);
  for (guint32 i = 0; i < search->n; i++)
    offer (search, (RnncWordCandidate){ i, RNNC_NO_PLACE, RNNC_NO_PLACE, 0 },
        rnnc_words_acoustic_score (&search->stays[i]) + search->stays[i].extra
            + outlook (search, search->stays[i].node));
  offer_ends (search);
  survive (search);
}

/* --- the object ----------------------------------------------------------- */

/* What sounds from before is a letter, and no phone. */
static void
word_search_restart (RnncSearch *base, gint sounding)
{
  RnncWordSearch *search = (RnncWordSearch *) base;

  for (guint i = 0; i < search->n; i++)
    release (search, &search->beam[i]);
  search->beam[0] = (RnncWordHypothesis){ .text = RNNC_WORDS_NONE,
    .node = RNNC_WORD_START,
    .last = -1,
    .ending = { 0, -INFINITY } };
  search->beam[0].paths[RNNC_WORD_PHONE].score = -INFINITY;
  search->beam[0].score = outlook (search, RNNC_WORD_START);
  search->beam[0].end_extra
      = rnnc_language_contexts_end_score (&search->language, 0);
  rnnc_language_contexts_use (&search->language, 0);
  search->n = 1;
}

static void
word_search_free (RnncSearch *base)
{
  RnncWordSearch *search = (RnncWordSearch *) base;

  rnnc_language_contexts_clear (&search->language);
  rnnc_letters_clear (&search->words);
  g_free (search->beam);
  g_free (search->stays);
  g_free (search->next);
  g_free (search->places.slots);
  g_free (search->posteriors);
  g_free (search->candidates);
  g_free (search->best.items);
  g_free (search->wanted);
  g_free (search->best_ends.items);
  g_free (search->ends);
  g_free (search->scores);
  g_free (search->texts);
  g_free (search->heard);
  g_free (search->spelling);
  g_free (search->states);
  g_free (search);
}

static const RnncSearchClass word_search_class = {
  .free = word_search_free,
  .restart = word_search_restart,
  .push = word_search_push,
  .sounding = rnnc_words_sounding,
  .silence = rnnc_words_silence,
  .in_word = rnnc_words_in_word,
  .key = rnnc_words_key,
  .read = rnnc_words_read,
};

/* Paths share the words that they begin with; word_search_push() drops some
 * where they do not. */
#define WORDS_PER_HYPOTHESIS 64
#define SCORES_PER_HYPOTHESIS 64

static guint
most_alike (const RnncLexicon *lexicon)
{
  guint most = 0;

  for (guint i = 0; i < lexicon->n_nodes; i++)
    most = MAX (most, lexicon->nodes[i].n_words);
  return most;
}

RnncSearch *
rnnc_word_search_new (const RnncWordSearchConfig *config,
    const RnncAlphabet *alphabet, RnncModel *model)
{
  RnncWordSearch *search = g_new0 (RnncWordSearch, 1);
  guint width = config->width;
  gsize n_letters;

  search->base.klass = &word_search_class;
  search->base.capacity = config->capacity;
  search->alphabet = alphabet;
  search->lexicon = rnnc_language_model_lexicon (config->language, model);
  search->first_phone = rnnc_model_n_labels (model);
  search->n_phones = model->description->n_phones;
  search->width = width;
  search->word_bonus = config->word_bonus;
  search->frequency_weight
      = RNNC_WORD_FREQUENCY_WEIGHT * config->language_weight;
  rnnc_language_contexts_init (&search->language, config->language,
      config->language_weight, width, model);
  rnnc_letters_init (&search->words,
      config->capacity + WORDS_PER_HYPOTHESIS * width, config->capacity + 1);
  search->beam = g_new0 (RnncWordHypothesis, width);
  search->stays = g_new0 (RnncWordHypothesis, width);
  search->next = g_new0 (RnncWordHypothesis, width);
  rnnc_hash_places_init (&search->places, width);
  search->posteriors = g_new0 (float, search->n_phones);
  search->candidates = g_new (RnncWordCandidate, width);
  rnnc_best_few_init (&search->best, width);
  search->wanted = g_new (RnncWordEnd,
      (gsize) width * MAX (most_alike (search->lexicon), 1));
  rnnc_best_few_init (&search->best_ends, width);
  search->ends = g_new (RnncWordEnd, width);
  search->n_scores = 1;
  while (search->n_scores < SCORES_PER_HYPOTHESIS * width)
    search->n_scores *= 2;
  search->scores = g_new0 (RnncWordScore, search->n_scores);
  search->texts = g_new (RnncWordText, 2 * (gsize) width);
  search->heard = g_new (float, (gsize) config->capacity * alphabet->n_labels);
  /* A phone a frame, and a space behind each word. */
  n_letters
      = (gsize) config->capacity * (search->lexicon->letters_per_phone + 1);
  search->spelling = g_new (guint16, n_letters);
  search->states = g_new (float, 2 * n_letters + 1);
  rnnc_search_restart (&search->base, 0, -1);
  return &search->base;
}
