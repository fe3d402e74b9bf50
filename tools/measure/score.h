/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model's results on a set of recordings, and how they are printed. */
#pragma once

#include <stdio.h>

#include "rnncore/rnncore.h"
#include "tools/measure/error-rate.h"

G_BEGIN_DECLS

/* Texts, per group and in all. */
typedef struct _SpeechScore SpeechScore;

SpeechScore *speech_score_new (void);
void speech_score_free (SpeechScore *score);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SpeechScore, speech_score_free)
/* Both normalised (labels_normalise_text). */
void speech_score_add (SpeechScore *score, const char *corpus,
    const char *reference, const char *heard);
void speech_score_print (const SpeechScore *score, FILE *file);

G_END_DECLS
