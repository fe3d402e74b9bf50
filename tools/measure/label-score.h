/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Labels of clips: accuracy, F1, and who is taken for whom. */
#pragma once

#include <stdio.h>

#include "rnncore/rnncore.h"

G_BEGIN_DECLS

typedef struct _LabelScore LabelScore;

LabelScore *label_score_new (const char *const *labels, guint n);
void label_score_free (LabelScore *score);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabelScore, label_score_free)

void label_score_add (LabelScore *score, const char *group, guint reference,
    guint heard);

/* %, mean over the labels that occur or were given (unweighted); of all
 * groups where @group is %NULL. */
double label_score_macro_f1 (const LabelScore *score, const char *group);

/**
 * label_score_print:
 *
 * A line a group (and one of all, where there are several): accuracy with the
 * 95 % interval that resampling the clips gives, macro F1. Then a line a label:
 * precision, recall, F1 and what it is taken for.
 */
void label_score_print (const LabelScore *score, FILE *file);

/* The confusion matrix as a picture (SVG): rows are what it is, columns what
 * was said, darkness the share of the row. (transfer full) */
char *label_score_picture (const LabelScore *score);

G_END_DECLS
