/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What makes words of the frames of one utterance after the other: the best
 * path, and a search beside it where one is asked for. The best path always
 * runs: it says where there is speech. */
#pragma once

#include "rnncore/decode/ctc-decoder.h"
#include "rnncore/decode/search.h"
#include "rnncore/rnnc-transcriber.h"

G_BEGIN_DECLS

typedef struct _RnncRecogniser RnncRecogniser;

/* Frames that an utterance ends before its search is full: for the same one
 * heard again to begin earlier. */
#define RNNC_RECOGNISER_SPARE 16

/* %NULL with @error where the phrases of the model's file are wrong. */
RnncRecogniser *rnnc_recogniser_new (RnncModel *model, GError **error);
void rnnc_recogniser_free (RnncRecogniser *recogniser);

/**
 * rnnc_recogniser_set_options:
 * @capacity: frames from an endpoint to the one after
 *
 * What changes the search waits for the next utterance, if one is @open.
 */
void rnnc_recogniser_set_options (RnncRecogniser *recogniser,
    const RnncTranscriberOptions *options, guint capacity, gboolean open);
/* At once; no utterance is running. */
void rnnc_recogniser_grow (RnncRecogniser *recogniser, guint capacity);
/* (nullable): off, phrases those of the model */
void rnnc_recogniser_set_phrases (RnncRecogniser *recogniser,
    RnncPhraseList *phrases, gboolean open);
void rnnc_recogniser_set_hot_words (RnncRecogniser *recogniser,
    RnncHotWords *hot_words, gboolean open);
void rnnc_recogniser_set_language_model (RnncRecogniser *recogniser,
    RnncLanguageModel *language, gboolean open);

/* Whether the running utterance must end now. */
gboolean rnnc_recogniser_is_full (const RnncRecogniser *recogniser);

/* Forgets all; frames count from 0. */
void rnnc_recogniser_reset (RnncRecogniser *recogniser);
/* Goes on with the next utterance. @carry_on: amid speech */
void
rnnc_recogniser_next_utterance (RnncRecogniser *recogniser, gboolean carry_on);

/**
 * rnnc_recogniser_push:
 * @open: an utterance is running; else silence is left behind
 *
 * Returns: whether the frame belongs to a letter
 */
gboolean rnnc_recogniser_push (RnncRecogniser *recogniser,
    const float *log_posteriors, gboolean open);

/* All in one: a whole utterance again, that begins with frame @first. */
void rnnc_recogniser_again (RnncRecogniser *recogniser, const float *frames,
    guint n_frames, guint64 first);

/* Whether there is anything, in the best path or in the search. */
gboolean rnnc_recogniser_heard (const RnncRecogniser *recogniser);
guint64 rnnc_recogniser_n_frames (const RnncRecogniser *recogniser);
gboolean rnnc_recogniser_in_word (const RnncRecogniser *recogniser);
/* Changes with the text; 0: none. */
guint64 rnnc_recogniser_key (const RnncRecogniser *recogniser);
/* The frame before which no word of this utterance will begin. */
guint64 rnnc_recogniser_start (const RnncRecogniser *recogniser);

/**
 * rnnc_recogniser_read:
 * @readings: (out): valid until the next call of any function but this
 *
 * Returns: how many readings of the utterance there are, the best first
 */
guint rnnc_recogniser_read (RnncRecogniser *recogniser, gboolean is_final,
    const RnncReading **readings);

G_END_DECLS
