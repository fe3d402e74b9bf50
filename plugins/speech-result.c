/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugins/speech-result.h"

#include "plugins/result-message.h"

static void
clear_word (gpointer data)
{
  GstRnnWord *word = data;

  g_free (word->text);
}

/* Text, times and confidence of the words that are left. */
static void
summarise (GstRnnTranscript *transcript)
{
  GString *text = g_string_new (NULL);
  double sum = 0, weights = 0;
  guint n = transcript->words->len;

  for (guint i = 0; i < n; i++) {
    const GstRnnWord *word = gst_rnn_transcript_word (transcript, i);
    double weight = (double) (word->end - word->start) + 1;

    if (i > 0)
      g_string_append_c (text, ' ');
    g_string_append (text, word->text);
    sum += weight * word->confidence;
    weights += weight;
  }
  transcript->text = g_string_free (text, FALSE);
  transcript->confidence = CLAMP (sum / weights, 0.0, 1.0);
  transcript->start = gst_rnn_transcript_word (transcript, 0)->start;
  transcript->end = gst_rnn_transcript_word (transcript, n - 1)->end;
}

GstRnnTranscript *
gst_rnn_transcript_new (const RnncTranscript *transcript, GstClockTime base,
    double threshold)
{
  GstRnnTranscript *copy = g_new0 (GstRnnTranscript, 1);

  copy->is_final = transcript->is_final;
  copy->utterance_id = transcript->utterance_id;
  copy->words = g_array_sized_new (FALSE, FALSE, sizeof (GstRnnWord),
      transcript->n_words);
  g_array_set_clear_func (copy->words, clear_word);
  for (guint i = 0; i < transcript->n_words; i++) {
    const RnncWord *word = &transcript->words[i];
    GstRnnWord kept = { NULL, base + word->start, base + word->end,
      CLAMP (word->confidence, 0.0, 1.0) };

    if (kept.confidence < threshold)
      continue;
    kept.text = g_strdup (word->text);
    g_array_append_val (copy->words, kept);
  }
  if (copy->words->len == 0) {
    gst_rnn_transcript_free (copy);
    return NULL;
  }
  summarise (copy);
  return copy;
}

void
gst_rnn_transcript_free (GstRnnTranscript *transcript)
{
  g_array_unref (transcript->words);
  g_free (transcript->text);
  g_free (transcript);
}

const GstRnnWord *
gst_rnn_transcript_word (const GstRnnTranscript *transcript, guint index)
{
  return &g_array_index (transcript->words, GstRnnWord, index);
}

static void
add_words (const GstRnnTranscript *transcript, GstStructure *result)
{
  GValue list = G_VALUE_INIT;

  gst_value_list_init (&list, transcript->words->len);
  for (guint i = 0; i < transcript->words->len; i++) {
    const GstRnnWord *word = gst_rnn_transcript_word (transcript, i);
    GValue value = G_VALUE_INIT;

    g_value_init (&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed (&value,
        gst_structure_new ("word", "text", G_TYPE_STRING, word->text,
            "timestamp", G_TYPE_UINT64, word->start, "duration", G_TYPE_UINT64,
            word->end - word->start, "confidence", G_TYPE_DOUBLE,
            word->confidence, NULL));
    gst_value_list_append_and_take_value (&list, &value);
  }
  gst_structure_take_value (result, "words", &list);
}

GstStructure *
gst_rnn_transcript_to_structure (const GstRnnTranscript *transcript,
    const char *name, const GstSegment *segment, const char *language)
{
  GstStructure *result = gst_structure_new_empty (name);

  gst_rnn_result_set_times (result, segment, transcript->start,
      transcript->end - transcript->start);
  gst_structure_set (result, "final", G_TYPE_BOOLEAN, transcript->is_final,
      "utterance-id", G_TYPE_UINT, transcript->utterance_id, "text",
      G_TYPE_STRING, transcript->text, "confidence", G_TYPE_DOUBLE,
      transcript->confidence, "language-code", G_TYPE_STRING, language, NULL);
  add_words (transcript, result);
  return result;
}
