/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/rnnc-transcriber.h"

#include <math.h>

#include "rnncore/decode/ctc-decoder.h"

struct _RnncCtcDecoder {
  RnncAlphabet alphabet;
  guint64 frame;     /* frames since the reset */
  guint last;        /* best label of the frame before */
  gboolean sounding; /* @last is the utterance's last letter */
  float peak;        /* highest posterior of that letter so far */
  RnncWordList list;
};

/* First of the highest; not a number never is. */
static guint
best_label (const float *posteriors, guint n_labels)
{
  guint best = 0;

  for (guint i = 1; i < n_labels; i++)
    if (posteriors[i] > posteriors[best])
      best = i;
  return best;
}

gsize
rnnc_ctc_greedy (const float *log_posteriors, gsize n_frames, guint n_labels,
    guint blank, guint *labels)
{
  gsize n = 0;
  guint last = blank;

  g_return_val_if_fail (n_labels > 0 && blank < n_labels, 0);

  for (gsize t = 0; t < n_frames; t++) {
    guint best = best_label (log_posteriors + t * n_labels, n_labels);

    if (best != last && best != blank)
      labels[n++] = best;
    last = best;
  }
  return n;
}

RnncCtcDecoder *
rnnc_ctc_decoder_new (const char *const *labels, guint n_labels, guint blank,
    guint capacity)
{
  RnncCtcDecoder *decoder = g_new0 (RnncCtcDecoder, 1);

  rnnc_alphabet_init (&decoder->alphabet, labels, n_labels, blank);
  rnnc_word_list_init (&decoder->list, &decoder->alphabet, capacity);
  rnnc_ctc_decoder_reset (decoder, 0);
  return decoder;
}

void
rnnc_ctc_decoder_free (RnncCtcDecoder *decoder)
{
  if (decoder == NULL)
    return;
  rnnc_word_list_free (&decoder->list);
  rnnc_alphabet_clear (&decoder->alphabet);
  g_free (decoder);
}

void
rnnc_ctc_decoder_grow (RnncCtcDecoder *decoder, guint capacity)
{
  rnnc_word_list_grow (&decoder->list, capacity);
}

void
rnnc_ctc_decoder_reset (RnncCtcDecoder *decoder, guint64 frame)
{
  rnnc_ctc_decoder_next_utterance (decoder);
  decoder->frame = frame;
  decoder->last = decoder->alphabet.blank;
}

void
rnnc_ctc_decoder_next_utterance (RnncCtcDecoder *decoder)
{
  decoder->sounding = FALSE;
  rnnc_word_list_clear (&decoder->list);
}

gboolean
rnnc_ctc_decoder_push (RnncCtcDecoder *decoder, const float *log_posteriors)
{
  const RnncAlphabet *alphabet = &decoder->alphabet;
  guint best = best_label (log_posteriors, alphabet->n_labels);

  if (best != decoder->last) {
    decoder->sounding = FALSE;
    if (alphabet->separates[best]) {
      decoder->list.in_word = FALSE;
    } else if (best != alphabet->blank) {
      rnnc_word_list_add (&decoder->list, best, decoder->frame);
      decoder->peak = 0.0f;
      decoder->sounding = TRUE;
    }
  }
  if (decoder->sounding) {
    float posterior = MIN (expf (log_posteriors[best]), 1.0f);
    float more = MAX (posterior - decoder->peak, 0.0f);

    rnnc_word_list_sustain (&decoder->list, decoder->frame + 1, more);
    decoder->peak = MAX (decoder->peak, posterior);
  }
  decoder->last = best;
  decoder->frame++;
  return decoder->sounding;
}

guint64
rnnc_ctc_decoder_n_frames (const RnncCtcDecoder *decoder)
{
  return decoder->frame;
}

guint
rnnc_ctc_decoder_last_label (const RnncCtcDecoder *decoder)
{
  return decoder->last;
}

const RnncWordList *
rnnc_ctc_decoder_words (const RnncCtcDecoder *decoder)
{
  return &decoder->list;
}
