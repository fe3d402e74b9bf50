/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/beam.h"

#include <math.h>
#include <string.h>

#include "rnncore/decode/best-few.h"
#include "rnncore/decode/language-contexts.h"
#include "rnncore/decode/letters.h"

/* Posteriors below are as good as this, ln. */
#define LEAST -1000.0f
#define ROOT_HASH G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)

/* How a path may end: in a blank, or in the prefix's last letter. */
enum { BLANK, LETTER };

/* The best path of one ending (Viterbi): when its letters sound. */
typedef struct {
  double score;
  guint32 chain; /* the letters before the last one */
  guint32 start; /* of the last letter */
  guint32 end;
  float peak;
} Path;

typedef struct {
  guint64 hash;      /* of the letters */
  guint64 text_hash; /* without a space at the end */
  gint last;         /* label; -1: none */
  gboolean empty;    /* no letter yet; @last may sound from before */
  double ending[2];  /* ln P of all paths that end so */
  double extra;      /* language model, word bonus, hot words */
  double end_extra;  /* ends with a space: of the text before, if it ends */
  double score;
  Path paths[2];
  guint hot;
  guint32 word;    /* node of the vocabulary */
  guint32 context; /* of the language model, ... */
  gint due;        /* ... that this label is to be pushed into; -1: none */
} Prefix;

typedef struct {
  guint32 from;
  gint label; /* -1: the prefix stays as it is */
  double acoustic;
  double extra;
  guint hot;
  guint32 word;
} Candidate;

typedef struct {
  RnncSearch base;
  const RnncAlphabet *alphabet;
  guint width;
  RnncHotWords *hot_words;
  double word_bonus;
  RnncLanguageContexts language;

  RnncLetters letters;
  guint n;
  Prefix *beam;  /* [width], best first */
  Prefix *stays; /* [width] */
  Prefix *next;  /* [width] */
  RnncHashPlaces places;
  float *posteriors; /* [n_labels], of this frame */
  guint16 *possible; /* labels that may extend, of this frame */
  guint n_possible;
  Candidate *candidates; /* [width]: the best */
  RnncBestFew best;
  Prefix **rest; /* [width], for reading */
} Beam;

static guint64
extend_hash (guint64 hash, guint label)
{
  hash = (hash ^ (label + 1)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  hash = (hash ^ (hash >> 29)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return hash ^ (hash >> 32);
}

/* --- the language model --------------------------------------------------- */

/* Reads the letters that are due in all prefixes, in one step. */
static void
catch_up (Beam *beam)
{
  for (guint i = 0; i < beam->n; i++) {
    Prefix *prefix = &beam->beam[i];

    if (prefix->due < 0)
      continue;
    prefix->context = rnnc_language_contexts_extend (&beam->language,
        prefix->context, (guint) prefix->due);
    prefix->due = -1;
  }
  rnnc_language_contexts_step (&beam->language);
}

/* What is added if the text ends here. */
static double
end_extra (Beam *beam, const Prefix *prefix)
{
  double extra = prefix->extra
      + rnnc_language_contexts_end_score (&beam->language, prefix->context)
      + rnnc_language_contexts_word_end_score (&beam->language, prefix->word);

  if (beam->hot_words != NULL)
    extra += rnnc_hot_words_end (beam->hot_words, prefix->hot);
  return extra;
}

/* --- prefixes ------------------------------------------------------------- */

static void
use_prefix (Beam *beam, const Prefix *prefix)
{
  rnnc_letters_use (&beam->letters, prefix->paths[BLANK].chain);
  rnnc_letters_use (&beam->letters, prefix->paths[LETTER].chain);
  rnnc_language_contexts_use (&beam->language, prefix->context);
}

static void
release_prefix (Beam *beam, const Prefix *prefix)
{
  rnnc_letters_release (&beam->letters, prefix->paths[BLANK].chain);
  rnnc_letters_release (&beam->letters, prefix->paths[LETTER].chain);
  rnnc_language_contexts_release (&beam->language, prefix->context);
}

static const Path *
better_path (const Prefix *prefix)
{
  return &prefix
              ->paths[prefix->paths[LETTER].score > prefix->paths[BLANK].score];
}

static double
acoustic_score (const Prefix *prefix)
{
  return rnnc_log_add (prefix->ending[BLANK], prefix->ending[LETTER]);
}

/* The path that a letter continues: a blank is needed between equal ones. */
static const Path *
path_to_letter (const Prefix *prefix, guint label)
{
  return (gint) label == prefix->last ? &prefix->paths[BLANK]
                                      : better_path (prefix);
}

static RnncLetter
last_letter (const Prefix *prefix, const Path *path)
{
  return (RnncLetter){ .previous = path->chain,
    .start = path->start,
    .end = path->end,
    .peak = path->peak,
    .label = (guint16) prefix->last };
}

/* @path of @prefix goes on with a new letter in this frame. */
static Path
extend_path (Beam *beam, const Prefix *prefix, const Path *path, guint label)
{
  guint now = beam->base.n_frames;
  Path extended = { path->score + (double) beam->posteriors[label], 0, now,
    now + 1, expf (beam->posteriors[label]) };

  if (!prefix->empty) {
    RnncLetter letter = last_letter (prefix, path);

    extended.chain = rnnc_letters_take (&beam->letters, &letter);
  }
  return extended;
}

static void
sustain_path (Beam *beam, Path *path, const Path *from, guint label)
{
  float posterior = beam->posteriors[label];
  guint32 old = path->chain;
  Path sustained = *from;

  rnnc_letters_use (&beam->letters, sustained.chain);
  rnnc_letters_release (&beam->letters, old);
  sustained.score += (double) posterior;
  sustained.end = beam->base.n_frames + 1;
  sustained.peak = MAX (sustained.peak, expf (posterior));
  *path = sustained;
}

static void
silence_path (Beam *beam, Path *path, const Path *from, double posterior)
{
  guint32 old = path->chain;
  Path silent = *from;

  rnnc_letters_use (&beam->letters, silent.chain);
  rnnc_letters_release (&beam->letters, old);
  silent.score += posterior;
  *path = silent;
}

/* --- one frame ------------------------------------------------------------ */

/* @stay: a copy of @prefix, without another letter in this frame */
static void
let_stay (Beam *beam, const Prefix *prefix, Prefix *stay)
{
  guint space = beam->alphabet->space;
  double blank = (double) beam->posteriors[beam->alphabet->blank];
  double blank_path = blank;
  double total = acoustic_score (prefix);
  gboolean has_space = space != beam->alphabet->blank;

  *stay = *prefix;
  use_prefix (beam, stay);
  if (prefix->empty && has_space) {
    double boundary = (double) beam->posteriors[space];

    blank = rnnc_log_add (blank, boundary);
    blank_path = MAX (blank_path, boundary);
  }
  stay->ending[BLANK] = total + blank;
  silence_path (beam, &stay->paths[BLANK], better_path (prefix), blank_path);
  if (prefix->last < 0)
    return;
  if (has_space && prefix->last == (gint) space) {
    stay->ending[LETTER] = total + (double) beam->posteriors[space];
    sustain_path (beam, &stay->paths[LETTER], better_path (prefix), space);
    return;
  }
  stay->ending[LETTER] += (double) beam->posteriors[prefix->last];
  sustain_path (beam, &stay->paths[LETTER], &prefix->paths[LETTER],
      (guint) prefix->last);
}

static void
offer (Beam *beam, Candidate candidate, double score)
{
  guint32 place = rnnc_best_few_offer (&beam->best, score);

  if (place != RNNC_NO_PLACE)
    beam->candidates[place] = candidate;
}

static void
index_hashes (Beam *beam)
{
  rnnc_hash_places_clear (&beam->places);
  for (guint i = 0; i < beam->n; i++)
    rnnc_hash_places_add (&beam->places, beam->beam[i].hash, i);
}

/* The longer prefix is in the beam already: the paths meet. */
static void
merge (Beam *beam, const Prefix *from, guint label, double acoustic,
    Prefix *stay)
{
  const Path *path = path_to_letter (from, label);

  stay->ending[LETTER] = rnnc_log_add (stay->ending[LETTER], acoustic);
  if (path->score + (double) beam->posteriors[label]
      <= stay->paths[LETTER].score)
    return;
  rnnc_letters_release (&beam->letters, stay->paths[LETTER].chain);
  stay->paths[LETTER] = extend_path (beam, from, path, label);
}

static void
try_letter (Beam *beam, guint32 index, double total, guint label)
{
  const Prefix *prefix = &beam->beam[index];
  gboolean is_space = label == beam->alphabet->space;
  gboolean boundary = prefix->empty || beam->alphabet->words
      || prefix->last == (gint) beam->alphabet->space;
  Candidate candidate = { .from = index,
    .label = (gint) label,
    .extra = prefix->extra,
    .hot = prefix->hot,
    .word = prefix->word };
  guint32 found;

  if (is_space && boundary)
    return;
  candidate.acoustic = (double) beam->posteriors[label]
      + ((gint) label == prefix->last ? prefix->ending[BLANK] : total);
  if (candidate.acoustic == -INFINITY)
    return;
  found = rnnc_hash_places_find (&beam->places,
      extend_hash (prefix->hash, label));
  if (found != RNNC_NO_PLACE) {
    merge (beam, prefix, label, candidate.acoustic, &beam->stays[found]);
    return;
  }
  if (beam->language.model != NULL) {
    candidate.extra += rnnc_language_contexts_score (&beam->language,
        prefix->context, label);
    candidate.extra += rnnc_language_contexts_word_score (&beam->language,
        &candidate.word, label);
    if (boundary)
      candidate.extra += beam->word_bonus;
  }
  if (beam->hot_words != NULL)
    candidate.extra
        += rnnc_hot_words_step (beam->hot_words, &candidate.hot, label);
  offer (beam, candidate, candidate.acoustic + candidate.extra);
}

/* A letter more. */
static void
make_longer (Beam *beam, const Candidate *candidate, Prefix *longer)
{
  const Prefix *from = &beam->beam[candidate->from];
  guint label = (guint) candidate->label;

  *longer = (Prefix){ .hash = extend_hash (from->hash, label),
    .last = candidate->label,
    .ending = { -INFINITY, candidate->acoustic },
    .extra = candidate->extra,
    .hot = candidate->hot,
    .word = candidate->word,
    .context = from->context,
    .due = beam->language.model != NULL ? candidate->label : -1 };
  longer->text_hash = longer->hash;
  if (label == beam->alphabet->space) {
    longer->text_hash = from->hash;
    longer->end_extra = end_extra (beam, from);
  }
  longer->paths[BLANK].score = -INFINITY;
  longer->paths[LETTER]
      = extend_path (beam, from, path_to_letter (from, label), label);
  rnnc_language_contexts_use (&beam->language, longer->context);
}

/* The heap becomes the beam, best first. */
static void
survive (Beam *beam)
{
  Prefix *old = beam->beam;
  guint n_old = beam->n;
  guint n = beam->best.n;
  double best;

  for (guint i = n; i-- > 0;) {
    RnncBestItem item = rnnc_best_few_take_worst (&beam->best);
    const Candidate *candidate = &beam->candidates[item.place];
    Prefix *prefix = &beam->next[i];

    if (candidate->label < 0) {
      *prefix = beam->stays[candidate->from];
      use_prefix (beam, prefix);
    } else {
      make_longer (beam, candidate, prefix);
    }
    prefix->score = item.score;
  }
  for (guint i = 0; i < n_old; i++) {
    release_prefix (beam, &old[i]);
    release_prefix (beam, &beam->stays[i]);
  }
  beam->beam = beam->next;
  beam->next = old;
  best = beam->beam[0].score;
  while (n > 1 && beam->beam[n - 1].score < best - RNNC_BEAM_REACH)
    release_prefix (beam, &beam->beam[--n]);
  beam->n = n;
}

static void
take_posteriors (Beam *beam, const float *log_posteriors)
{
  beam->n_possible = 0;
  for (guint i = 0; i < beam->alphabet->n_labels; i++) {
    float value = log_posteriors[i];

    /* not a number neither */
    beam->posteriors[i] = value > LEAST ? MIN (value, 0.0f) : LEAST;
    if (i != beam->alphabet->blank
        && beam->posteriors[i] > (float) RNNC_BEAM_LETTER_FLOOR)
      beam->possible[beam->n_possible++] = (guint16) i;
  }
}

static void
beam_push (RnncSearch *search, const float *log_posteriors)
{
  Beam *beam = (Beam *) search;

  take_posteriors (beam, log_posteriors);
  /* A new letter a prefix and a meeting of two, at most. */
  while (beam->n > 1 && beam->letters.n_free < 4 * beam->width)
    release_prefix (beam, &beam->beam[--beam->n]);
  if (beam->n_possible > 0)
    catch_up (beam);
  index_hashes (beam);
  rnnc_best_few_clear (&beam->best);
  for (guint i = 0; i < beam->n; i++)
    let_stay (beam, &beam->beam[i], &beam->stays[i]);
  for (guint i = 0; i < beam->n; i++) {
    double total = acoustic_score (&beam->beam[i]);

    for (guint k = 0; k < beam->n_possible; k++)
      try_letter (beam, i, total, beam->possible[k]);
  }
  for (guint i = 0; i < beam->n; i++)
    offer (beam, (Candidate){ .from = i, .label = -1 },
        acoustic_score (&beam->stays[i]) + beam->stays[i].extra);
  survive (beam);
}

/* --- reading -------------------------------------------------------------- */

static gboolean
beam_sounding (const RnncSearch *search)
{
  const Prefix *best = ((const Beam *) search)->beam;

  return !best->empty
      && best->last != (gint) ((const Beam *) search)->alphabet->space
      && best->ending[LETTER] > best->ending[BLANK];
}

static gboolean
beam_in_word (const RnncSearch *search)
{
  const Prefix *best = ((const Beam *) search)->beam;

  return !best->empty
      && best->last != (gint) ((const Beam *) search)->alphabet->space
      && !((const Beam *) search)->alphabet->words;
}

static guint64
beam_key (const RnncSearch *search)
{
  const Prefix *best = ((const Beam *) search)->beam;

  return best->empty ? 0 : best->text_hash | 1;
}

static void
write_reading (Beam *beam, const Prefix *prefix, RnncReading *reading)
{
  RnncLetter last = last_letter (prefix, better_path (prefix));

  rnnc_letters_write (&beam->letters, &last, beam->base.origin, &reading->list);
  reading->score = prefix->score;
  reading->confidence = -1.0;
  reading->phrase = -1;
}

/* Texts that differ by the space at their end alone are one. The probability
 * of both goes to the better of them. */
static guint
gather (Beam *beam)
{
  guint n = 0;

  for (guint i = 0; i < beam->n; i++) {
    Prefix *prefix = &beam->stays[i];
    guint k = 0;

    *prefix = beam->beam[i];
    prefix->score = acoustic_score (prefix)
        + (prefix->last == (gint) beam->alphabet->space && !prefix->empty
                ? prefix->end_extra
                : end_extra (beam, prefix));
    while (k < n && beam->rest[k]->text_hash != prefix->text_hash)
      k++;
    if (k == n) {
      beam->rest[n++] = prefix;
      continue;
    }
    if (better_path (prefix)->score > better_path (beam->rest[k])->score) {
      prefix->score = rnnc_log_add (prefix->score, beam->rest[k]->score);
      beam->rest[k] = prefix;
    } else {
      beam->rest[k]->score = rnnc_log_add (prefix->score, beam->rest[k]->score);
    }
  }
  return n;
}

static guint
beam_read (RnncSearch *search, gboolean is_final, RnncReading *readings,
    guint n)
{
  Beam *beam = (Beam *) search;
  guint n_rest, n_read = 0;

  if (!is_final) {
    if (n == 0 || beam->beam[0].empty)
      return 0;
    write_reading (beam, &beam->beam[0], &readings[0]);
    return 1;
  }
  catch_up (beam);
  n_rest = gather (beam);
  while (n_read < n && n_rest > 0) {
    guint best = 0;

    for (guint i = 1; i < n_rest; i++)
      if (beam->rest[i]->score > beam->rest[best]->score)
        best = i;
    if (beam->rest[best]->empty && n_read == 0)
      return 0;
    if (!beam->rest[best]->empty)
      write_reading (beam, beam->rest[best], &readings[n_read++]);
    beam->rest[best] = beam->rest[--n_rest];
  }
  return n_read;
}

/* --- the object ----------------------------------------------------------- */

static gint
beam_carried (const RnncSearch *search)
{
  const Prefix *best = ((const Beam *) search)->beam;

  return best->ending[LETTER] > best->ending[BLANK] ? best->last : -1;
}

static void
beam_restart (RnncSearch *search, gint sounding)
{
  Beam *beam = (Beam *) search;
  gboolean sounds = sounding >= 0 && sounding != (gint) beam->alphabet->space
      && sounding != (gint) beam->alphabet->blank;
  Prefix *root = beam->beam;

  for (guint i = 0; i < beam->n; i++)
    release_prefix (beam, &beam->beam[i]);
  *root = (Prefix){ .hash = ROOT_HASH,
    .text_hash = ROOT_HASH,
    .last = sounds ? sounding : -1,
    .empty = TRUE,
    .hot = RNNC_HOT_BOUNDARY,
    .word = RNNC_VOCABULARY_START,
    .due = -1 };
  root->ending[BLANK] = root->paths[BLANK].score = sounds ? -INFINITY : 0.0;
  root->ending[LETTER] = root->paths[LETTER].score = sounds ? 0.0 : -INFINITY;
  rnnc_language_contexts_use (&beam->language, 0);
  beam->n = 1;
}

static void
beam_free (RnncSearch *search)
{
  Beam *beam = (Beam *) search;

  rnnc_language_contexts_clear (&beam->language);
  g_clear_pointer (&beam->hot_words, rnnc_hot_words_unref);
  rnnc_letters_clear (&beam->letters);
  g_free (beam->beam);
  g_free (beam->stays);
  g_free (beam->next);
  g_free (beam->places.slots);
  g_free (beam->posteriors);
  g_free (beam->possible);
  g_free (beam->candidates);
  g_free (beam->best.items);
  g_free (beam->rest);
  g_free (beam);
}

static const RnncSearchClass beam_class = {
  .free = beam_free,
  .restart = beam_restart,
  .carried = beam_carried,
  .push = beam_push,
  .sounding = beam_sounding,
  .in_word = beam_in_word,
  .key = beam_key,
  .read = beam_read,
};

/* Letters: two paths of one prefix that differ in all, and for each prefix as
 * many again as the others rarely need; beam_push() drops prefixes where they
 * need more. */
#define LETTERS_PER_PREFIX 64

RnncSearch *
rnnc_beam_new (const RnncBeamConfig *config, const RnncAlphabet *alphabet,
    RnncModel *model)
{
  Beam *beam = g_new0 (Beam, 1);
  guint width = config->width;

  beam->base.klass = &beam_class;
  beam->base.capacity = config->capacity;
  beam->alphabet = alphabet;
  beam->width = width;
  beam->word_bonus = config->word_bonus;
  if (config->hot_words != NULL)
    beam->hot_words = rnnc_hot_words_ref (config->hot_words);
  rnnc_language_contexts_init (&beam->language, config->language,
      config->language_weight, width, model);
  rnnc_letters_init (&beam->letters,
      2 * config->capacity + LETTERS_PER_PREFIX * width, config->capacity + 1);
  beam->beam = g_new0 (Prefix, width);
  beam->stays = g_new0 (Prefix, width);
  beam->next = g_new0 (Prefix, width);
  rnnc_hash_places_init (&beam->places, width);
  beam->posteriors = g_new0 (float, alphabet->n_labels);
  beam->possible = g_new0 (guint16, alphabet->n_labels);
  beam->candidates = g_new0 (Candidate, width);
  rnnc_best_few_init (&beam->best, width);
  beam->rest = g_new0 (Prefix *, width);
  rnnc_search_restart (&beam->base, 0, -1);
  return &beam->base;
}
