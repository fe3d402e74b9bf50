/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The best path with a phrase in it, among all paths there are: what the search
 * for phrases must find. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PHRASE_PATHS_FRAMES 6
#define PHRASE_PATHS_LABELS 4

typedef struct {
  guint n_outputs; /* of a frame */
  guint first;     /* of the labels that count: a blank, a space, others */
  guint n_labels;
  const guint *labels; /* [PHRASE_PATHS_LABELS]: of paths; the blank first */
  const char *codes;   /* a character a label */
  double stray_loss;   /* of a label outside of the phrase */
} PhrasePaths;

/**
 * phrase_paths_best:
 * @frames: [PHRASE_PATHS_FRAMES, n_outputs], ln P
 * @phrase: the codes of its labels
 *
 * Returns: the score, as in rnncore/decode/phrase-search.h
 */
double phrase_paths_best (const PhrasePaths *paths, const float *frames,
    const char *phrase);

G_END_DECLS
