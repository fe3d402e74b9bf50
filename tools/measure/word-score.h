/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Models whose labels are words: how many of each word are heard, and how often
 * a word is heard that nobody said. */
#pragma once

#include <stdio.h>

#include "tools/data/labels.h"

G_BEGIN_DECLS

typedef struct _WordScore WordScore;

WordScore *word_score_new (void);
void word_score_free (WordScore *score);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WordScore, word_score_free)

/**
 * word_score_add:
 * @truth: what is said, as the manifest has it
 * @heard: words joined by single spaces
 * @confidences: one a word of @heard, 0..1
 * @seconds: of the recording
 *
 * A recording of one word that is a label counts for that word; one without any
 * for "unknown", or for "silence" where nothing is said. It is right if that
 * word alone, or nothing, is heard.
 */
void word_score_add (WordScore *score, const Labels *labels, const char *truth,
    const char *heard, const double *confidences, double seconds);

typedef struct {
  double accuracy;  /* 0..1: mean over the words, unknown and silence, of
                       the share that is right */
  double low, high; /* its 95 % interval */
  guint n_classes;  /* that it is the mean of */
  double found;     /* share of the words said, in any recording */
  guint n_false;    /* words heard where none of the labels was said */
  double hours;     /* of such recordings */
} WordCounts;

/* Of words no less confident than @threshold alone. */
WordCounts word_score_counts (const WordScore *score, double threshold);

/**
 * word_score_print:
 *
 * A line a word: recordings, those that are right, accuracy, what it is taken
 * for. Then, for thresholds of confidence: accuracy with its interval, words
 * found, false alarms an hour.
 */
void word_score_print (const WordScore *score, FILE *file);

G_END_DECLS
