/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From frames of log-posteriors to the words of one utterance: the best path
 * of CTC, repeats merged, blanks dropped (Graves et al. 2006), frame by frame.
 * The transcriber sees a decoder through these functions alone. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A word of the best path. Frames are those of the network's output, counted
 * from the decoder's reset. */
typedef struct {
  const char *text;  /* owned by the decoder, until the next utterance */
  guint64 start;     /* frame of its first letter */
  guint64 end;       /* frame behind its last letter */
  double posteriors; /* sum over its letters of the highest in their frames */
  guint n_letters;
} RnncCtcWord;

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

/* Forgets all; frames count from 0 again. */
void rnnc_ctc_decoder_reset (RnncCtcDecoder *decoder);

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
/* Letters of the utterance: grows whenever its text changes. */
guint rnnc_ctc_decoder_n_letters (const RnncCtcDecoder *decoder);
/* Whether the last word may get more letters: no boundary came behind it. */
gboolean rnnc_ctc_decoder_in_word (const RnncCtcDecoder *decoder);
/* The words so far, joined by single spaces. */
const char *rnnc_ctc_decoder_text (const RnncCtcDecoder *decoder);
guint rnnc_ctc_decoder_words (const RnncCtcDecoder *decoder,
    const RnncCtcWord **words);

G_END_DECLS
