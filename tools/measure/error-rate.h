/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Word and character error rates: substitutions, insertions and deletions of
 * the cheapest way from the reference to what was heard (Levenshtein 1966),
 * over the reference's length. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  guint64 substitutions;
  guint64 insertions;
  guint64 deletions;
  guint64 reference; /* words or characters in the reference */
} EditCounts;

EditCounts edit_counts (const guint *reference, gsize n_reference,
    const guint *heard, gsize n_heard);
/* Words parted by spaces; spaces count as characters. */
EditCounts edit_counts_words (const char *reference, const char *heard);
EditCounts edit_counts_characters (const char *reference, const char *heard);

void edit_counts_add (EditCounts *sum, const EditCounts *more);
guint64 edit_counts_errors (const EditCounts *counts);
/* 0 for an empty reference and nothing heard; may be over 1. */
double edit_counts_rate (const EditCounts *counts);

/**
 * bootstrap_interval:
 * @errors: [n] of each utterance
 * @references: [n]
 *
 * The middle 95 % of the rates of 1000 resamplings of the utterances (Bisani
 * and Ney 2004), from a fixed seed.
 */
void bootstrap_interval (const double *errors, const double *references,
    gsize n, double *low, double *high);

G_END_DECLS
