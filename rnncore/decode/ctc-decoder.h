/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From frames of log-posteriors to the words of one utterance: the best path
 * of CTC, repeats merged, blanks dropped (Graves et al. 2006), frame by frame.
 * The transcriber sees a decoder through these functions alone. */
#pragma once

#include "rnncore/decode/word-list.h"

G_BEGIN_DECLS

typedef struct _RnncCtcDecoder RnncCtcDecoder;

/**
 * rnnc_ctc_decoder_new:
 * @labels: (array length=n_labels): lent for the decoder's life; " " is the
 *   word boundary
 * @capacity: frames from the first letter to the last of one utterance
 */
RnncCtcDecoder *rnnc_ctc_decoder_new (const char *const *labels, guint n_labels,
    guint blank, guint capacity);
void rnnc_ctc_decoder_free (RnncCtcDecoder *decoder);
/* Makes room for longer utterances; what is decoded stays. */
void rnnc_ctc_decoder_grow (RnncCtcDecoder *decoder, guint capacity);

/* Forgets all; frames count from @frame on. */
void rnnc_ctc_decoder_reset (RnncCtcDecoder *decoder, guint64 frame);

/* Drops the words and goes on: a letter that is still sounding is not heard a
 * second time. */
void rnnc_ctc_decoder_next_utterance (RnncCtcDecoder *decoder);

/**
 * rnnc_ctc_decoder_push:
 * @log_posteriors: [n labels] of one frame
 *
 * Returns: whether the frame belongs to a letter of this utterance
 */
gboolean
rnnc_ctc_decoder_push (RnncCtcDecoder *decoder, const float *log_posteriors);

/* Frames since the reset. */
guint64 rnnc_ctc_decoder_n_frames (const RnncCtcDecoder *decoder);
/* The best label of the last frame. */
guint rnnc_ctc_decoder_last_label (const RnncCtcDecoder *decoder);
/* The words so far; in_word: no boundary came behind the last. Its letters grow
 * in number whenever the text changes. */
const RnncWordList *rnnc_ctc_decoder_words (const RnncCtcDecoder *decoder);

G_END_DECLS
