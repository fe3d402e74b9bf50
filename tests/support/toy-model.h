/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small models with weights chosen by hand, whose answers can be told in
 * advance: tones that are letters, bright columns that are gestures. */
#pragma once

#include "rnncore/rnncore.h"

G_BEGIN_DECLS

/* The toy speech model: 8 kHz, an output frame each 20 ms that looks 1 input
 * frame (10 ms) ahead. Labels: blank, ' ', 'a' … 'd', all but the blank a tone
 * each. A unit of its recurrent core counts frames and slowly lowers
 * confidences. */
#define TOY_SPEECH_RATE 8000
#define TOY_SPEECH_LETTERS " abcd"

/* Description to change by hand (free), or NULL for the model as it is. */
char *toy_speech_description (void);
RnncModel *toy_speech_model (const char *description, GError **error);

/* The same, but sure of loud tones, and in silence of the blank, whose logit
 * there is @silence beside five of 0: as a trained model is. */
RnncModel *toy_speech_model_sure (float silence, GError **error);

/* The same, but it says all 100 ms later than it could. */
#define TOY_SPEECH_LATE 5
RnncModel *toy_speech_model_late (GError **error);

/* Says where somebody speaks: where there is the tone of ' ', 'a', 'b' or 'c',
 * or one of TOY_VOICE_HUM Hz, that is no letter; 'd' is a noise. At the rate of
 * the speech model, an output each 12.5 ms that looks a frame ahead. Labels
 * "silence" and "speech". */
#define TOY_VOICE_HUM 220.0
char *toy_voice_description (void);
RnncModel *toy_voice_model (const char *description, GError **error);

/* One tone a character, '_' is silence. */
float *toy_speech_signal (const char *script, gsize samples_per_character,
    gsize *n_samples);

/* The toy gesture model: 4x2 grey at 10 frames a second; window 1 s. Labels:
 * "none", "left", "middle", "right": column 1, 2, 3 is bright in more than half
 * of the window. A convolution looks 1 frame ahead. */
#define TOY_GESTURE_WIDTH 4
#define TOY_GESTURE_HEIGHT 2

char *toy_gesture_description (void);
RnncModel *toy_gesture_model (const char *description, GError **error);

/* Posterior of a column that is bright in @fraction of the window, the others
 * never. */
double toy_gesture_posterior (double fraction);

G_END_DECLS
