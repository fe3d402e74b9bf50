/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A voice activity model on recordings, with noise added to them or without. */
#pragma once

#include "tools/measure/voice-score.h"

G_BEGIN_DECLS

/* A log-mel front end, an output for each frame, labels VOICE_SILENCE and
 * VOICE_SPEECH. */
gboolean voice_activity_is_model (RnncModel *model);

typedef struct {
  GPtrArray *noises; /* GArray of gint16 */
  double snr[2];     /* dB */
} VoiceNoise;

/* All recordings of kind "environment" of a manifest. %FALSE with @error. */
gboolean voice_noise_load (VoiceNoise *noise, const char *manifest, guint rate,
    GError **error);
void voice_noise_clear (VoiceNoise *noise);

/**
 * voice_activity_add:
 * @activity: (nullable): a text file of posteriors of speech, one a line, all
 * of the same duration, that say where somebody speaks; %NULL: the sound itself
 *   does, which is clean
 * @noise: added to the sound, drawn by @index; none where it has none
 * @seconds: (out): of audio
 * @processor: (inout): seconds of the network are added
 *
 * Returns: %FALSE with @error
 */
gboolean
voice_activity_add (VoiceScore *score, const char *group, RnncModel *model,
    const char *path, const char *activity, const VoiceNoise *noise,
    guint index, double *seconds, double *processor, GError **error);

G_END_DECLS
