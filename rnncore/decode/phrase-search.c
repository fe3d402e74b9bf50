/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/phrase-search.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "rnncore/decode/letters.h"

#define NO_NODE G_MAXUINT32
#define DEAD -INFINITY
/* What endless phrases are counted with, where a limit is needed. */
#define MANY_LETTERS 255

/* A path that is in one node now. */
typedef struct {
  float score;
  guint32 chain; /* the letters before this node's */
  guint32 start; /* of this node's letter */
  guint32 end;
  float peak;
} Token;

/* In the letter itself, and in the blanks behind it. */
typedef struct {
  Token letter;
  Token blank;
} Tokens;

/* A phrase that was said to its end. */
typedef struct {
  Token token;
  guint32 node; /* of its last letter */
  double confidence;
  gboolean accepted;
} End;

typedef struct {
  RnncSearch base;
  RnncPhraseList *phrases;
  const RnncPhraseNetwork *network;
  const RnncAlphabet *alphabet;
  double threshold;
  double log_threshold; /* of a letter */

  RnncLetters letters;
  float *losses;      /* [n_labels], of this frame */
  float *posteriors;  /* [n_labels], of this frame */
  guint last_best;    /* label of the frame before */
  float outside;      /* score of what is before any phrase */
  Tokens *now, *next; /* [n_nodes] */
  End *ends;          /* [n_phrases] */
  guint64 key;
} PhraseSearch;

/* --- tokens --------------------------------------------------------------- */

static const Token *
better (const Token *a, const Token *b)
{
  return b->score > a->score ? b : a;
}

static void
drop (PhraseSearch *search, Token *token)
{
  rnnc_letters_release (&search->letters, token->chain);
  token->chain = 0;
  token->score = DEAD;
}

static RnncLetter
letter_of (const PhraseSearch *search, const Token *token, guint32 node)
{
  const RnncPhraseNode *of = &search->network->nodes[node];

  return (RnncLetter){ .previous = token->chain,
    .start = token->start,
    .end = token->end,
    .peak = token->peak,
    .label = of->label,
    .begins_word = of->begins_word };
}

/* The lowest score from which a phrase can still be accepted: scores never
 * rise. */
static float
least_score (const PhraseSearch *search, guint phrase)
{
  guint n = search->network->n_letters[phrase];

  if (search->threshold <= 0.0)
    return -FLT_MAX;
  return (float) (search->log_threshold * (n > 0 ? n : MANY_LETTERS));
}

/* --- one frame ------------------------------------------------------------ */

static guint
best_label (const float *posteriors, guint n_labels)
{
  guint best = 0;

  for (guint i = 1; i < n_labels; i++)
    if (posteriors[i] > posteriors[best])
      best = i;
  return best;
}

/* Losses of all labels; returns that of paths outside of phrases. */
static float
take_frame (PhraseSearch *search, const float *log_posteriors)
{
  const RnncAlphabet *alphabet = search->alphabet;
  guint best = best_label (log_posteriors, alphabet->n_labels);
  gboolean begins = best != search->last_best && best != alphabet->blank
      && best != alphabet->space;

  for (guint i = 0; i < alphabet->n_labels; i++) {
    float loss = log_posteriors[i] - log_posteriors[best];

    /* not a number neither */
    search->losses[i] = loss > RNNC_PHRASE_FRAME_LOSS ? MIN (loss, 0.0f)
                                                      : RNNC_PHRASE_FRAME_LOSS;
    search->posteriors[i] = log_posteriors[i];
  }
  search->last_best = best;
  return begins ? RNNC_PHRASE_STRAY_LOSS : 0.0f;
}

/* The best way into a node; @source: NO_NODE for the beginning; @score: of the
 * token returned, and what the way costs. */
static const Token *
find_entry (const PhraseSearch *search, const RnncPhraseNode *node,
    const Token *outside, guint32 *source, float *score)
{
  const guint32 *sources = search->network->sources + node->first_source;
  const Token *entry = node->begins_phrase ? outside : NULL;

  *source = NO_NODE;
  *score = entry != NULL ? entry->score : DEAD;
  for (guint i = 0; i < node->n_sources; i++) {
    guint32 from = sources[i] & ~RNNC_PHRASE_SPACE_LEFT_OUT;
    const Tokens *tokens = &search->now[from];
    const Token *way = &tokens->blank;
    float sum;

    /* A blank is needed between equal letters. */
    if (search->network->nodes[from].label != node->label)
      way = better (&tokens->letter, &tokens->blank);
    sum = way->score + (from != sources[i] ? RNNC_PHRASE_SPACE_LOSS : 0.0f);
    if (sum > *score) {
      entry = way;
      *source = from;
      *score = sum;
    }
  }
  return entry;
}

/* The letter of node @index in this frame. */
static Token
push_letter (PhraseSearch *search, guint32 index, const Token *outside,
    float least)
{
  const RnncPhraseNode *node = &search->network->nodes[index];
  const Token *stay = &search->now[index].letter;
  guint32 source;
  float score;
  const Token *entry = find_entry (search, node, outside, &source, &score);
  gboolean enters = score > stay->score;
  guint now = search->base.n_frames;
  Token token = { DEAD, 0, now, now + 1, 0 };
  float posterior;

  score = MAX (score, stay->score) + search->losses[node->label];
  if (!(score >= least))
    return token;
  posterior = MIN (expf (search->posteriors[node->label]), 1.0f);
  if (!enters) {
    token = *stay;
    rnnc_letters_use (&search->letters, token.chain);
    token.end = now + 1;
  } else if (source != NO_NODE) {
    RnncLetter letter = letter_of (search, entry, source);

    token.chain = rnnc_letters_take (&search->letters, &letter);
  }
  token.score = score;
  token.peak = MAX (token.peak, posterior);
  return token;
}

static Token
push_blank (PhraseSearch *search, guint32 index, float least)
{
  const Tokens *tokens = &search->now[index];
  Token token = *better (&tokens->letter, &tokens->blank);

  token.score += search->losses[search->alphabet->blank];
  if (!(token.score >= least))
    return (Token){ .score = DEAD };
  rnnc_letters_use (&search->letters, token.chain);
  return token;
}

static gboolean
end_phrase (PhraseSearch *search, guint32 index)
{
  const RnncPhraseNode *node = &search->network->nodes[index];
  const Tokens *tokens = &search->next[index];
  const Token *token = better (&tokens->letter, &tokens->blank);
  End *end = &search->ends[node->phrase];

  if (!(token->score > end->token.score))
    return FALSE;
  rnnc_letters_use (&search->letters, token->chain);
  drop (search, &end->token);
  end->token = *token;
  end->node = index;
  return TRUE;
}

static void
drop_below (PhraseSearch *search, float cut)
{
  for (guint i = 0; i < search->network->n_nodes; i++) {
    if (search->now[i].letter.score < cut)
      drop (search, &search->now[i].letter);
    if (search->now[i].blank.score < cut)
      drop (search, &search->now[i].blank);
  }
  for (guint i = 0; i < search->network->n_phrases; i++)
    if (search->ends[i].token.score < cut)
      drop (search, &search->ends[i].token);
}

/* Paths that can be spared go where memory is short: the worst first. */
static void
make_room (PhraseSearch *search)
{
  guint n_needed = search->network->n_nodes;
  float cut = -1024.0f;

  for (; search->letters.n_free < n_needed && cut < -1e-3f; cut /= 2)
    drop_below (search, cut);
  if (search->letters.n_free < n_needed)
    drop_below (search, 1.0f);
}

/* --- what was said -------------------------------------------------------- */

/* Letters of an end, and a number that says which. */
static guint
count_letters (const PhraseSearch *search, const End *end, guint64 *hash)
{
  guint n = 1;

  *hash = (search->network->nodes[end->node].phrase + 1)
      * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  for (guint32 i = end->token.chain; i != 0;
       i = search->letters.cells[i].previous) {
    guint label = search->letters.cells[i].label;

    if (label == search->alphabet->space)
      continue;
    n++;
    *hash = (*hash ^ (label + 1)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
    *hash ^= *hash >> 31;
  }
  return n;
}

/* Which phrases are accepted, and what the best of them is. */
static void
judge (PhraseSearch *search)
{
  const End *best = NULL;

  search->key = 0;
  for (guint i = 0; i < search->network->n_phrases; i++) {
    End *end = &search->ends[i];
    guint64 hash;
    guint n;

    end->accepted = FALSE;
    if (end->token.score == DEAD)
      continue;
    n = count_letters (search, end, &hash);
    end->confidence = exp ((double) end->token.score / n);
    end->accepted = end->confidence >= search->threshold;
    if (end->accepted
        && (best == NULL || end->token.score > best->token.score)) {
      best = end;
      search->key = search->network->unwanted[i] ? 0 : hash | 1;
    }
  }
}

static void
phrase_search_push (RnncSearch *base, const float *log_posteriors)
{
  PhraseSearch *search = (PhraseSearch *) base;
  const RnncPhraseNetwork *network = search->network;
  float stray = take_frame (search, log_posteriors);
  const Token outside = { .score = search->outside };
  gboolean changed = stray < 0;
  Tokens *old = search->now;

  make_room (search);
  for (guint i = 0; i < network->n_phrases; i++)
    search->ends[i].token.score += stray;
  for (guint i = 0; i < network->n_nodes; i++) {
    float least = least_score (search, network->nodes[i].phrase);

    search->next[i].letter = push_letter (search, i, &outside, least);
    search->next[i].blank = push_blank (search, i, least);
    if (network->nodes[i].ends_phrase)
      changed |= end_phrase (search, i);
  }
  for (guint i = 0; i < network->n_nodes; i++) {
    drop (search, &old[i].letter);
    drop (search, &old[i].blank);
  }
  search->now = search->next;
  search->next = old;
  search->outside += stray;
  if (changed)
    judge (search);
}

static gboolean
phrase_search_sounding (const RnncSearch *search)
{
  return FALSE; /* what is none of the phrases sounds too */
}

static guint64
phrase_search_key (const RnncSearch *search)
{
  return ((const PhraseSearch *) search)->key;
}

static gboolean
is_unwanted (const PhraseSearch *search, const End *end)
{
  return search->network->unwanted[search->network->nodes[end->node].phrase];
}

static gboolean
is_among (const RnncReading *readings, guint n, const char *text)
{
  for (guint i = 0; i < n; i++)
    if (strcmp (readings[i].list.text, text) == 0)
      return TRUE;
  return FALSE;
}

static guint
phrase_search_read (RnncSearch *base, gboolean is_final, RnncReading *readings,
    guint n)
{
  PhraseSearch *search = (PhraseSearch *) base;
  guint n_read = 0;

  judge (search);
  while (n_read < n) {
    End *best = NULL;
    RnncLetter last;

    for (guint i = 0; i < search->network->n_phrases; i++) {
      End *end = &search->ends[i];

      if (end->accepted
          && (best == NULL || end->token.score > best->token.score))
        best = end;
    }
    if (best == NULL)
      break;
    best->accepted = FALSE;
    if (is_unwanted (search, best)) {
      if (n_read == 0)
        break;
      continue;
    }
    last = letter_of (search, &best->token, best->node);
    rnnc_letters_write (&search->letters, &last, base->origin,
        &readings[n_read].list);
    if (is_among (readings, n_read, readings[n_read].list.text))
      continue;
    readings[n_read].score = (double) best->token.score;
    readings[n_read].confidence = best->confidence;
    readings[n_read].phrase = (gint) search->network->nodes[best->node].phrase;
    n_read++;
  }
  judge (search);
  return n_read;
}

/* --- the object ----------------------------------------------------------- */

static void
phrase_search_restart (RnncSearch *base, gint sounding)
{
  PhraseSearch *search = (PhraseSearch *) base;

  for (guint i = 0; i < search->network->n_nodes; i++) {
    drop (search, &search->now[i].letter);
    drop (search, &search->now[i].blank);
  }
  for (guint i = 0; i < search->network->n_phrases; i++)
    drop (search, &search->ends[i].token);
  search->last_best
      = sounding >= 0 ? (guint) sounding : search->alphabet->blank;
  search->outside = 0.0f;
  search->key = 0;
}

static void
phrase_search_free (RnncSearch *base)
{
  PhraseSearch *search = (PhraseSearch *) base;

  rnnc_letters_clear (&search->letters);
  g_free (search->losses);
  g_free (search->posteriors);
  g_free (search->now);
  g_free (search->next);
  g_free (search->ends);
  rnnc_phrase_list_unref (search->phrases);
  g_free (search);
}

static const RnncSearchClass phrase_search_class = {
  .free = phrase_search_free,
  .restart = phrase_search_restart,
  .push = phrase_search_push,
  .sounding = phrase_search_sounding,
  .key = phrase_search_key,
  .read = phrase_search_read,
};

void
rnnc_phrase_search_set_threshold (RnncSearch *base, double threshold)
{
  PhraseSearch *search = (PhraseSearch *) base;

  search->threshold = CLAMP (threshold, 0.0, 1.0);
  search->log_threshold
      = search->threshold > 0.0 ? log (search->threshold) : 0.0;
}

/* Paths share their beginnings; make_room() sees to it where they do not. */
#define LETTERS_PER_NODE 16

RnncSearch *
rnnc_phrase_search_new (RnncPhraseList *phrases, const RnncAlphabet *alphabet,
    guint capacity, double threshold)
{
  PhraseSearch *search = g_new0 (PhraseSearch, 1);
  guint n_nodes;

  search->base.klass = &phrase_search_class;
  search->base.capacity = capacity;
  search->phrases = rnnc_phrase_list_ref (phrases);
  search->network = rnnc_phrase_list_network (phrases);
  search->alphabet = alphabet;
  n_nodes = search->network->n_nodes;
  rnnc_phrase_search_set_threshold (&search->base, threshold);
  rnnc_letters_init (&search->letters,
      LETTERS_PER_NODE * (n_nodes + 16) + 4 * capacity, capacity + 1);
  search->losses = g_new0 (float, alphabet->n_labels);
  search->posteriors = g_new0 (float, alphabet->n_labels);
  search->now = g_new0 (Tokens, n_nodes);
  search->next = g_new0 (Tokens, n_nodes);
  search->ends = g_new0 (End, search->network->n_phrases);
  for (guint i = 0; i < n_nodes; i++)
    search->next[i] = (Tokens){ { .score = DEAD }, { .score = DEAD } };
  rnnc_search_restart (&search->base, 0, -1);
  return &search->base;
}
