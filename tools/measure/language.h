/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How well a character language model foresees texts. */
#pragma once

#include <stdio.h>

#include "rnncore/rnncore.h"
#include "tools/data/labels.h"

G_BEGIN_DECLS

typedef struct {
  guint64 n_texts;
  guint64 n_symbols; /* letters, and the end of each text */
  double bits;
} LanguageScore;

/**
 * language_score_add:
 * @model: of task "language-model": label 0 begins and ends a text, label i
 *   goes in as the number i, log probabilities come out
 *
 * Returns: %FALSE with @error naming a letter that is no label
 */
gboolean language_score_add (LanguageScore *score, RnncModel *model,
    const Labels *labels, const char *text, GError **error);
void language_score_print (const LanguageScore *score, FILE *file);

G_END_DECLS
