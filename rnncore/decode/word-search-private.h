/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Inside the search for words: what it keeps, and what its files share. */
#pragma once

#include "rnncore/decode/best-few.h"
#include "rnncore/decode/language-contexts.h"
#include "rnncore/decode/letters.h"
#include "rnncore/decode/word-search.h"

G_BEGIN_DECLS

#define RNNC_WORDS_NONE G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)
#define RNNC_WORD_START 0u /* node before a word */
#define RNNC_NO_WORD G_MAXUINT32
/* Posteriors below are as good as this, ln. */
#define RNNC_WORD_LEAST -1000.0f

/* How a path may end: in a blank, or in the last phone. */
enum { RNNC_WORD_BLANK, RNNC_WORD_PHONE };

/* The best path of one ending (Viterbi): when the word at work sounds. */
typedef struct {
  double score;
  guint32 words; /* cell of the last word that is said to its end; 0: none */
  guint32 start; /* frame of its first phone */
  guint32 end;   /* behind its last one so far */
  float peak;    /* highest posterior of that */
  float sum;     /* of those before it */
  guint n;       /* phones before it */
} RnncWordPath;

typedef struct {
  guint64 text;     /* hash of the words that are said to their ends */
  guint32 node;     /* of the word at work */
  gint last;        /* phone; -1: none */
  double ending[2]; /* ln P of all paths that end so */
  double extra;     /* language model, word bonus */
  double end_extra; /* before a word: of the text, if it ends */
  double score;
  RnncWordPath paths[2];
  guint32 context; /* of the language model */
} RnncWordHypothesis;

/* A hypothesis that stays (node: RNNC_NO_PLACE), goes on to another node, or
 * ends a word. */
typedef struct {
  guint32 from;
  guint32 node;
  guint32 end; /* among the ends; RNNC_NO_PLACE: none */
  double acoustic;
} RnncWordCandidate;

/* A word that may end in this frame, or with the utterance. */
typedef struct {
  guint64 text; /* with it */
  guint32 from; /* of all that come to this text that with the best path */
  guint32 word;
  double acoustic; /* of all of them */
  double extra;
  double end_extra; /* without the space, if the text ends */
  guint32 context;  /* behind it and a space; RNNC_NO_PLACE: only its scores
                     * are known */
  gboolean reading; /* by the language model, now */
} RnncWordEnd;

/* What a text that ended with a word was scored with by the language model. */
typedef struct {
  guint64 text;     /* 0: none yet */
  double extra;     /* at most, if it was not read to its end */
  double end_extra; /* -INFINITY: it was not */
} RnncWordScore;

/* A text that was said, when nothing comes behind. */
typedef struct {
  guint64 text;
  double score;
  double path; /* the best one's */
  guint32 from;
  guint32 word; /* the last one; RNNC_NO_WORD: it stands in the cell */
} RnncWordText;

typedef struct {
  RnncSearch base;
  const RnncAlphabet *alphabet;
  const RnncLexicon *lexicon; /* the language model's */
  guint first_phone;          /* outputs before it are letters */
  guint n_phones;
  guint width;
  double word_bonus;
  double frequency_weight;
  RnncLanguageContexts language;

  RnncLetters words;
  guint n;
  RnncWordHypothesis *beam;  /* [width], best first */
  RnncWordHypothesis *stays; /* [width] */
  RnncWordHypothesis *next;  /* [width] */
  RnncHashPlaces places;
  float *posteriors;             /* [n_phones], of this frame */
  RnncWordCandidate *candidates; /* [width]: the best */
  RnncBestFew best;
  guint n_wanted;
  RnncWordEnd *wanted; /* [width * most words that sound alike] */
  RnncBestFew best_ends;
  guint n_ends;
  RnncWordEnd *ends;     /* [width]: the best */
  guint n_scores;        /* a power of two */
  RnncWordScore *scores; /* [n_scores], a place for each by its hash: a word
                          * that may end is there again in the next frames */
  RnncWordText *texts;   /* [2 * width] */

  float *heard;      /* [capacity, labels]: of the letters */
  guint16 *spelling; /* [letters of the longest text] */
  float *states;     /* [2 * letters + 1] */
} RnncWordSearch;

static inline guint64
rnnc_words_mix (guint64 hash, guint64 more)
{
  hash = (hash ^ more) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  hash = (hash ^ (hash >> 29)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return hash ^ (hash >> 32);
}

static inline const RnncLexiconNode *
rnnc_words_node (const RnncWordSearch *search, guint32 node)
{
  return &search->lexicon->nodes[node];
}

static inline guint64
rnnc_words_text_with (const RnncWordSearch *search, guint64 text, guint32 word)
{
  return rnnc_words_mix (text, search->lexicon->words[word].hash);
}

static inline const RnncWordPath *
rnnc_words_better_path (const RnncWordHypothesis *hypothesis)
{
  const RnncWordPath *paths = hypothesis->paths;

  return &paths[paths[RNNC_WORD_PHONE].score > paths[RNNC_WORD_BLANK].score];
}

static inline double
rnnc_words_acoustic_score (const RnncWordHypothesis *hypothesis)
{
  return rnnc_log_add (hypothesis->ending[RNNC_WORD_BLANK],
      hypothesis->ending[RNNC_WORD_PHONE]);
}

/* A word that is said to its end, as a cell. */
static inline RnncLetter
rnnc_words_cell (const RnncWordPath *path, guint32 word)
{
  return (RnncLetter){ .previous = path->words,
    .start = path->start,
    .end = path->end,
    .peak = (path->sum + path->peak) / (float) (path->n + 1),
    .word = word };
}

/* --- word-ends.c ---------------------------------------------------------- */

/* Hypothesis @index may end with @word; ways to the same text, by words that
 * sound differently, add up. */
void rnnc_words_want_end (RnncWordSearch *search, guint32 index, guint32 word,
    double acoustic);
/* Chooses the best of those that are wanted, as far as that is known before,
 * and has the language model read those that it has not read lately. Those
 * whose score falls below @least on the way get one of -INFINITY. */
void rnnc_words_read_ends (RnncWordSearch *search, double least);
/* The best candidates' ends have contexts from now on. */
void rnnc_words_read_survivors (RnncWordSearch *search);
/* Releases the contexts of all ends. */
void rnnc_words_release_ends (RnncWordSearch *search);

/* --- word-spelling.c ------------------------------------------------------ */

/* Keeps this frame's letters. */
void
rnnc_words_hear_letters (RnncWordSearch *search, const float *log_posteriors);
/* ln P of the best path through the letters of a text. */
double
rnnc_words_spelling_score (RnncWordSearch *search, const RnncWordText *text);

/* --- word-reading.c: as in RnncSearchClass -------------------------------- */

gboolean rnnc_words_sounding (const RnncSearch *base);
float rnnc_words_silence (const RnncSearch *base, const float *log_posteriors);
gboolean rnnc_words_in_word (const RnncSearch *base);
guint64 rnnc_words_key (const RnncSearch *base);
guint rnnc_words_read (RnncSearch *base, gboolean is_final,
    RnncReading *readings, guint n);

G_END_DECLS
