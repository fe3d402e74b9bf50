/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/rnnc-transcriber.h"

#include <math.h>
#include <string.h>

#include "rnncore/decode/ctc-decoder.h"

struct _RnncCtcDecoder {
  guint n_labels;
  guint blank;
  guint space;
  const char *const *labels; /* lent */
  gsize *label_bytes;
  gsize longest_label;

  guint64 frame;     /* frames since the reset */
  guint last;        /* best label of the frame before */
  gboolean sounding; /* @last is the utterance's last letter */
  float peak;        /* highest posterior of that letter so far */

  guint capacity; /* letters */
  guint n_letters;
  guint n_words;
  gboolean in_word;
  RnncCtcWord *words; /* [capacity] */
  char *word_texts;   /* one after another, each with its NUL */
  gsize word_bytes;
  char *text; /* joined by spaces */
  gsize text_bytes;
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

  decoder->n_labels = n_labels;
  decoder->blank = blank;
  decoder->space = blank;
  decoder->labels = labels;
  decoder->label_bytes = g_new0 (gsize, n_labels);
  for (guint i = 0; i < n_labels; i++) {
    decoder->label_bytes[i] = strlen (labels[i]);
    decoder->longest_label
        = MAX (decoder->longest_label, decoder->label_bytes[i]);
    if (i != blank && strcmp (labels[i], " ") == 0)
      decoder->space = i;
  }
  rnnc_ctc_decoder_grow (decoder, capacity);
  rnnc_ctc_decoder_reset (decoder);
  return decoder;
}

void
rnnc_ctc_decoder_free (RnncCtcDecoder *decoder)
{
  if (decoder == NULL)
    return;
  g_free (decoder->label_bytes);
  g_free (decoder->words);
  g_free (decoder->word_texts);
  g_free (decoder->text);
  g_free (decoder);
}

void
rnnc_ctc_decoder_grow (RnncCtcDecoder *decoder, guint capacity)
{
  char *old_texts = decoder->word_texts;
  gsize n_bytes;

  if (capacity <= decoder->capacity)
    return;
  /* Each letter and, at worst, a space or a NUL. */
  n_bytes = (gsize) capacity * (decoder->longest_label + 1) + 1;
  decoder->words = g_renew (RnncCtcWord, decoder->words, capacity);
  decoder->text = g_realloc (decoder->text, n_bytes);
  decoder->word_texts = g_malloc0 (n_bytes);
  if (old_texts != NULL)
    memcpy (decoder->word_texts, old_texts, decoder->word_bytes + 1);
  for (guint i = 0; i < decoder->n_words; i++)
    decoder->words[i].text
        = decoder->word_texts + (decoder->words[i].text - old_texts);
  g_free (old_texts);
  decoder->capacity = capacity;
}

void
rnnc_ctc_decoder_reset (RnncCtcDecoder *decoder)
{
  rnnc_ctc_decoder_next_utterance (decoder);
  decoder->frame = 0;
  decoder->last = decoder->blank;
}

void
rnnc_ctc_decoder_next_utterance (RnncCtcDecoder *decoder)
{
  decoder->sounding = FALSE;
  decoder->in_word = FALSE;
  decoder->n_letters = 0;
  decoder->n_words = 0;
  decoder->word_bytes = 0;
  decoder->text_bytes = 0;
  decoder->text[0] = '\0';
}

static void
begin_word (RnncCtcDecoder *decoder)
{
  RnncCtcWord *word = &decoder->words[decoder->n_words];

  if (decoder->n_words > 0) {
    decoder->text[decoder->text_bytes++] = ' ';
    decoder->word_bytes++; /* behind the NUL */
  }
  word->text = decoder->word_texts + decoder->word_bytes;
  word->start = decoder->frame;
  word->posteriors = 0.0;
  word->n_letters = 0;
  decoder->n_words++;
  decoder->in_word = TRUE;
}

static void
add_letter (RnncCtcDecoder *decoder, guint label)
{
  gsize n_bytes = decoder->label_bytes[label];

  if (!decoder->in_word)
    begin_word (decoder);
  memcpy (decoder->text + decoder->text_bytes, decoder->labels[label], n_bytes);
  decoder->text_bytes += n_bytes;
  decoder->text[decoder->text_bytes] = '\0';
  memcpy (decoder->word_texts + decoder->word_bytes, decoder->labels[label],
      n_bytes);
  decoder->word_bytes += n_bytes;
  decoder->word_texts[decoder->word_bytes] = '\0';
  decoder->words[decoder->n_words - 1].n_letters++;
  decoder->n_letters++;
  decoder->peak = 0.0f;
  decoder->sounding = TRUE;
}

/* The last letter sounds in this frame too. */
static void
sustain_letter (RnncCtcDecoder *decoder, float posterior)
{
  RnncCtcWord *word = &decoder->words[decoder->n_words - 1];

  word->end = decoder->frame + 1;
  if (posterior > decoder->peak) {
    word->posteriors += (double) posterior - decoder->peak;
    decoder->peak = posterior;
  }
}

gboolean
rnnc_ctc_decoder_push (RnncCtcDecoder *decoder, const float *log_posteriors)
{
  guint best = best_label (log_posteriors, decoder->n_labels);

  if (best != decoder->last) {
    decoder->sounding = FALSE;
    if (best == decoder->space) {
      decoder->in_word = FALSE;
    } else if (best != decoder->blank) {
      /* Endpointing ends an utterance before it can be full. */
      g_assert (decoder->n_letters < decoder->capacity);
      add_letter (decoder, best);
    }
  }
  if (decoder->sounding)
    sustain_letter (decoder, MIN (expf (log_posteriors[best]), 1.0f));
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
rnnc_ctc_decoder_n_letters (const RnncCtcDecoder *decoder)
{
  return decoder->n_letters;
}

gboolean
rnnc_ctc_decoder_in_word (const RnncCtcDecoder *decoder)
{
  return decoder->in_word;
}

const char *
rnnc_ctc_decoder_text (const RnncCtcDecoder *decoder)
{
  return decoder->text;
}

guint
rnnc_ctc_decoder_words (const RnncCtcDecoder *decoder,
    const RnncCtcWord **words)
{
  *words = decoder->words;
  return decoder->n_words;
}
