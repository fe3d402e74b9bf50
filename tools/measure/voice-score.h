/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Voice activity: how well a model's posteriors part frames of speech from
 * frames without. */
#pragma once

#include <stdio.h>

#include "rnncore/rnncore.h"

G_BEGIN_DECLS

typedef struct _VoiceScore VoiceScore;

VoiceScore *voice_score_new (void);
void voice_score_free (VoiceScore *score);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VoiceScore, voice_score_free)

/* One recording: @logits: [n] ln (p / (1 - p)) of speech; @marks: [n] 1 where
 * somebody speaks, else 0. */
void voice_score_add (VoiceScore *score, const char *group, const float *logits,
    const guint *marks, gsize n);

typedef struct {
  guint n_recordings;
  guint64 n_frames;
  guint64 n_speech;
  double area;      /* under the ROC curve, 0..1: how often a frame of speech
                       is above one without; 0.5 by chance */
  double low, high; /* its 95 % interval, from resampling the recordings */
  double accuracy;  /* 0..1: frames on the right side of 0.5 */
} VoiceCounts;

/* Of a group, or of all where it is %NULL. */
VoiceCounts voice_score_counts (const VoiceScore *score, const char *group);
/* A line a group. */
void voice_score_print (const VoiceScore *score, FILE *file);

G_END_DECLS
