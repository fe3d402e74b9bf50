/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/phrase-search.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "rnncore/decode/best-few.h"
#include "rnncore/decode/letters.h"

#define NO_NODE G_MAXUINT32
#define DEAD -INFINITY
/* What endless phrases are counted with, where a limit is needed. */
#define MANY_LABELS 255

/* A path that is in one node now. */
typedef struct {
  float score;
  guint32 words; /* cell of the last word before the one at work */
  guint32 n;     /* labels so far, spaces not counted */
  guint32 start; /* of the word at work */
  guint32 end;
  float peak; /* highest posterior of its last label */
  float sum;  /* of those before it */
  guint32 n_before;
} Token;

/* In the label itself, and in the blanks behind it. */
typedef struct {
  Token label;
  Token blank;
} Tokens;

/* A phrase that was said to its end. */
typedef struct {
  Token token;
  guint32 node; /* of its last label */
  double confidence;
  gboolean accepted;
} End;

/* Outputs of the model that are a distribution of their own. */
typedef struct {
  guint first;
  guint n;
  guint blank; /* as outputs */
  guint space;
  float stray_loss; /* of a label outside of phrases */
  guint last_best;  /* of the frame before */
} Stream;

enum { LETTERS, PHONES, N_STREAMS };

typedef struct {
  RnncSearch base;
  RnncPhraseList *phrases;
  RnncPhraseNetwork *by_sound; /* (nullable) */
  const RnncPhraseNetwork *network;
  double threshold;
  double log_threshold; /* of a label */

  Stream streams[N_STREAMS];
  RnncLetters words;
  float *losses;      /* [outputs], of this frame */
  float *posteriors;  /* [outputs], of this frame */
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
  rnnc_letters_release (&search->words, token->words);
  token->words = 0;
  token->score = DEAD;
}

/* The word at work, as a cell. */
static RnncLetter
word_of (const PhraseSearch *search, const Token *token, guint32 node)
{
  return (RnncLetter){ .previous = token->words,
    .start = token->start,
    .end = token->end,
    .peak = (token->sum + token->peak) / (float) (token->n_before + 1),
    .word = search->network->nodes[node].word };
}

/* The lowest score from which a phrase can still be accepted: scores never
 * rise. */
static float
least_score (const PhraseSearch *search, guint phrase)
{
  guint n = search->network->n_labels[phrase];

  if (search->threshold <= 0.0)
    return -FLT_MAX;
  return (float) (search->log_threshold * (n > 0 ? n : MANY_LABELS));
}

/* --- one frame ------------------------------------------------------------ */

static guint
best_output (const Stream *stream, const float *posteriors)
{
  guint best = stream->first;

  for (guint i = 1; i < stream->n; i++)
    if (posteriors[stream->first + i] > posteriors[best])
      best = stream->first + i;
  return best;
}

/* Losses of all labels of a stream. Returns: that of paths outside of phrases
 */
static float
hear_stream (PhraseSearch *search, Stream *stream, const float *log_posteriors)
{
  guint best = best_output (stream, log_posteriors);
  gboolean begins = best != stream->last_best && best != stream->blank
      && best != stream->space;

  for (guint i = stream->first; i < stream->first + stream->n; i++) {
    float loss = log_posteriors[i] - log_posteriors[best];

    /* not a number neither */
    search->losses[i] = loss > RNNC_PHRASE_FRAME_LOSS ? MIN (loss, 0.0f)
                                                      : RNNC_PHRASE_FRAME_LOSS;
    search->posteriors[i] = log_posteriors[i];
  }
  stream->last_best = best;
  return begins ? stream->stray_loss : 0.0f;
}

/* The same, of what the network is made of: with phones there may be letters
 * too. */
static float
take_frame (PhraseSearch *search, const float *log_posteriors)
{
  float stray = hear_stream (search, &search->streams[LETTERS], log_posteriors);

  return search->network->has_phones
      ? hear_stream (search, &search->streams[PHONES], log_posteriors)
      : stray;
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

    /* A blank is needed between equal labels. */
    if (search->network->nodes[from].label != node->label)
      way = better (&tokens->label, &tokens->blank);
    sum = way->score + (from != sources[i] ? RNNC_PHRASE_SPACE_LOSS : 0.0f);
    if (sum > *score) {
      entry = way;
      *source = from;
      *score = sum;
    }
  }
  return entry;
}

/* What comes to node @index from another, or from the beginning; @entry: there
 * (of the beginning: without words). */
static Token
enter (PhraseSearch *search, guint32 index, guint32 source, const Token *entry)
{
  const RnncPhraseNode *node = &search->network->nodes[index];
  gboolean leaves_word = source != NO_NODE
      && search->network->nodes[source].word != RNNC_PHRASE_NO_WORD
      && (node->begins_word || node->word == RNNC_PHRASE_NO_WORD);
  Token token = { .words = entry->words,
    .n = entry->n + (node->word != RNNC_PHRASE_NO_WORD),
    .start = search->base.n_frames };

  if (leaves_word) {
    RnncLetter word = word_of (search, entry, source);

    token.words = rnnc_letters_take (&search->words, &word);
    return token;
  }
  rnnc_letters_use (&search->words, token.words);
  if (!node->begins_word && node->word != RNNC_PHRASE_NO_WORD) {
    token.start = entry->start;
    token.sum = entry->sum + entry->peak;
    token.n_before = entry->n_before + 1;
  }
  return token;
}

/* The label of node @index in this frame. */
static Token
push_label (PhraseSearch *search, guint32 index, const Token *outside,
    float least)
{
  const RnncPhraseNode *node = &search->network->nodes[index];
  const Token *stay = &search->now[index].label;
  guint32 source;
  float score;
  const Token *entry = find_entry (search, node, outside, &source, &score);
  gboolean enters = score > stay->score;
  Token token;

  score = MAX (score, stay->score) + search->losses[node->label];
  if (!(score >= least))
    return (Token){ .score = DEAD };
  if (enters) {
    token = enter (search, index, source, entry);
  } else {
    token = *stay;
    rnnc_letters_use (&search->words, token.words);
  }
  token.score = score;
  token.end = search->base.n_frames + 1;
  token.peak
      = MAX (token.peak, MIN (expf (search->posteriors[node->label]), 1.0f));
  return token;
}

static Token
push_blank (PhraseSearch *search, guint32 index, float least)
{
  const Tokens *tokens = &search->now[index];
  Token token = *better (&tokens->label, &tokens->blank);
  gboolean is_phone
      = search->network->nodes[index].label >= search->streams[PHONES].first;

  token.score += search->losses[search->streams[is_phone].blank];
  if (!(token.score >= least))
    return (Token){ .score = DEAD };
  rnnc_letters_use (&search->words, token.words);
  return token;
}

static gboolean
end_phrase (PhraseSearch *search, guint32 index)
{
  const RnncPhraseNode *node = &search->network->nodes[index];
  const Tokens *tokens = &search->next[index];
  const Token *token = better (&tokens->label, &tokens->blank);
  End *end = &search->ends[node->phrase];

  if (!(token->score > end->token.score))
    return FALSE;
  rnnc_letters_use (&search->words, token->words);
  drop (search, &end->token);
  end->token = *token;
  end->node = index;
  return TRUE;
}

static void
drop_below (PhraseSearch *search, float cut)
{
  for (guint i = 0; i < search->network->n_nodes; i++) {
    if (search->now[i].label.score < cut)
      drop (search, &search->now[i].label);
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

  for (; search->words.n_free < n_needed && cut < -1e-3f; cut /= 2)
    drop_below (search, cut);
  if (search->words.n_free < n_needed)
    drop_below (search, 1.0f);
}

/* --- what was said -------------------------------------------------------- */

/* A number that says which phrase and which of its words. */
static guint64
hash_end (const PhraseSearch *search, const End *end)
{
  const RnncPhraseNode *node = &search->network->nodes[end->node];
  guint64 hash = (node->phrase + 1) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)
      ^ node->word;

  for (guint32 i = end->token.words; i != 0;
       i = search->words.cells[i].previous) {
    hash = (hash ^ (search->words.cells[i].word + 1u))
        * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
    hash ^= hash >> 31;
  }
  return hash;
}

/* Which phrases are accepted, and what the best of them is. */
static void
judge (PhraseSearch *search)
{
  const End *best = NULL;

  search->key = 0;
  for (guint i = 0; i < search->network->n_phrases; i++) {
    End *end = &search->ends[i];

    end->accepted = FALSE;
    if (end->token.score == DEAD)
      continue;
    end->confidence = exp ((double) end->token.score / end->token.n);
    end->accepted = end->confidence >= search->threshold;
    if (end->accepted
        && (best == NULL || end->token.score > best->token.score)) {
      best = end;
      search->key
          = search->network->unwanted[i] ? 0 : hash_end (search, end) | 1;
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

    search->next[i].label = push_label (search, i, &outside, least);
    search->next[i].blank = push_blank (search, i, least);
    if (network->nodes[i].ends_phrase)
      changed |= end_phrase (search, i);
  }
  for (guint i = 0; i < network->n_nodes; i++) {
    drop (search, &old[i].label);
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

static float
phrase_search_silence (const RnncSearch *base, const float *log_posteriors)
{
  const PhraseSearch *search = (const PhraseSearch *) base;
  const Stream *phones = &search->streams[PHONES];

  if (!search->network->has_phones)
    return 0.0f;
  return (float) rnnc_log_add ((double) log_posteriors[phones->blank],
      (double) log_posteriors[phones->space]);
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

static void
write_word (const PhraseSearch *search, const RnncLetter *cell,
    RnncWordList *list)
{
  const RnncPhraseWord *word = &search->network->words[cell->word];
  const guint16 *letters = search->network->letters + word->first_letter;
  guint64 origin = search->base.origin;

  list->in_word = FALSE;
  for (guint i = 0; i < word->n_letters; i++) {
    if (list->alphabet->separates[letters[i]])
      continue;
    rnnc_word_list_add (list, letters[i], origin + cell->start);
    rnnc_word_list_sustain (list, origin + cell->end, (double) cell->peak);
  }
}

static void
write_end (PhraseSearch *search, const End *end, RnncWordList *list)
{
  RnncLetter last = word_of (search, &end->token, end->node);
  RnncLetters *words = &search->words;
  guint n = 0;

  rnnc_word_list_clear (list);
  for (guint32 i = last.previous; i != 0; i = words->cells[i].previous)
    words->path[n++] = i;
  while (n > 0)
    write_word (search, &words->cells[words->path[--n]], list);
  write_word (search, &last, list);
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
    write_end (search, best, &readings[n_read].list);
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
    drop (search, &search->now[i].label);
    drop (search, &search->now[i].blank);
  }
  for (guint i = 0; i < search->network->n_phrases; i++)
    drop (search, &search->ends[i].token);
  for (guint i = 0; i < N_STREAMS; i++)
    search->streams[i].last_best = search->streams[i].blank;
  if (sounding >= 0)
    search->streams[LETTERS].last_best = (guint) sounding;
  search->outside = 0.0f;
  search->key = 0;
}

static void
phrase_search_free (RnncSearch *base)
{
  PhraseSearch *search = (PhraseSearch *) base;

  rnnc_letters_clear (&search->words);
  g_free (search->losses);
  g_free (search->posteriors);
  g_free (search->now);
  g_free (search->next);
  g_free (search->ends);
  rnnc_phrase_network_free (search->by_sound);
  rnnc_phrase_list_unref (search->phrases);
  g_free (search);
}

static const RnncSearchClass phrase_search_class = {
  .free = phrase_search_free,
  .restart = phrase_search_restart,
  .push = phrase_search_push,
  .sounding = phrase_search_sounding,
  .silence = phrase_search_silence,
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

/* @lexicon: (nullable) */
static void
choose_network (PhraseSearch *search, const RnncAlphabet *alphabet,
    const RnncLexicon *lexicon)
{
  guint n = alphabet->n_labels;

  search->network = rnnc_phrase_list_network (search->phrases);
  search->streams[LETTERS] = (Stream){ 0, n, alphabet->blank, alphabet->space,
    RNNC_PHRASE_STRAY_LOSS, alphabet->blank };
  search->streams[PHONES]
      = (Stream){ n, 0, n, n, RNNC_PHRASE_STRAY_PHONE_LOSS, n };
  if (lexicon == NULL)
    return;
  search->by_sound
      = rnnc_phrase_list_network_by_sound (search->phrases, lexicon);
  if (search->by_sound == NULL)
    return;
  search->network = search->by_sound;
  search->streams[PHONES].n = lexicon->n_phones;
  search->streams[PHONES].space = n + lexicon->boundary;
}

/* Paths share their beginnings; make_room() sees to it where they do not. */
#define WORDS_PER_NODE 8

RnncSearch *
rnnc_phrase_search_new (RnncPhraseList *phrases, const RnncAlphabet *alphabet,
    const RnncLexicon *lexicon, guint capacity, double threshold)
{
  PhraseSearch *search = g_new0 (PhraseSearch, 1);
  guint n_nodes, n_outputs;

  search->base.klass = &phrase_search_class;
  search->base.capacity = capacity;
  search->phrases = rnnc_phrase_list_ref (phrases);
  choose_network (search, alphabet, lexicon);
  n_nodes = search->network->n_nodes;
  n_outputs = alphabet->n_labels + search->streams[PHONES].n;
  rnnc_phrase_search_set_threshold (&search->base, threshold);
  rnnc_letters_init (&search->words,
      WORDS_PER_NODE * (n_nodes + 16) + 4 * capacity, capacity + 1);
  search->losses = g_new0 (float, n_outputs);
  search->posteriors = g_new0 (float, n_outputs);
  search->now = g_new0 (Tokens, n_nodes);
  search->next = g_new0 (Tokens, n_nodes);
  search->ends = g_new0 (End, search->network->n_phrases);
  for (guint i = 0; i < n_nodes; i++)
    search->next[i] = (Tokens){ { .score = DEAD }, { .score = DEAD } };
  rnnc_search_restart (&search->base, 0, -1);
  return &search->base;
}
