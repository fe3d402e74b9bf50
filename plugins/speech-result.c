/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugins/speech-result.h"

#include "plugins/result-message.h"

static void
clear_word (gpointer data)
{
  GstRnnWord *word = data;

  g_free (word->text);
}

static void
clear_reading (gpointer data)
{
  GstRnnReading *reading = data;

  g_free (reading->text);
  g_array_unref (reading->words);
}

/* Those of @words that are no less confident than @threshold. */
static GArray *
copy_words (const RnncWord *words, guint n_words, GstClockTime base,
    double threshold)
{
  GArray *copy = g_array_sized_new (FALSE, FALSE, sizeof (GstRnnWord), n_words);

  g_array_set_clear_func (copy, clear_word);
  for (guint i = 0; i < n_words; i++) {
    GstRnnWord kept = { NULL, base + words[i].start, base + words[i].end,
      CLAMP (words[i].confidence, 0.0, 1.0) };

    if (kept.confidence < threshold)
      continue;
    kept.text = g_strdup (words[i].text);
    g_array_append_val (copy, kept);
  }
  return copy;
}

static GArray *
copy_alternatives (const RnncTranscript *transcript, GstClockTime base)
{
  GArray *copy = g_array_new (FALSE, FALSE, sizeof (GstRnnReading));

  g_array_set_clear_func (copy, clear_reading);
  for (guint i = 0; i < transcript->n_alternatives; i++) {
    const RnncAlternative *other = &transcript->alternatives[i];
    GstRnnReading reading = {
      .text = g_strdup (other->text),
      .confidence = CLAMP (other->confidence, 0.0, 1.0),
      .words = copy_words (other->words, other->n_words, base, 0.0),
    };

    g_array_append_val (copy, reading);
  }
  return copy;
}

/* Text and confidence of the words that are left. */
static void
summarise (GstRnnTranscript *transcript)
{
  GString *text = g_string_new (NULL);
  double sum = 0, weights = 0;

  for (guint i = 0; i < transcript->words->len; i++) {
    const GstRnnWord *word = gst_rnn_transcript_word (transcript, i);
    double weight = (double) (word->end - word->start) + 1;

    if (i > 0)
      g_string_append_c (text, ' ');
    g_string_append (text, word->text);
    sum += weight * word->confidence;
    weights += weight;
  }
  transcript->text = g_string_free (text, FALSE);
  transcript->confidence = sum / weights;
}

GstRnnTranscript *
gst_rnn_transcript_new (const RnncTranscript *transcript, GstClockTime base,
    double threshold)
{
  GArray *words
      = copy_words (transcript->words, transcript->n_words, base, threshold);
  GstRnnTranscript *copy;

  if (words->len == 0) {
    g_array_unref (words);
    return NULL;
  }
  copy = g_new0 (GstRnnTranscript, 1);
  copy->is_final = transcript->is_final;
  copy->utterance_id = transcript->utterance_id;
  copy->words = words;
  copy->phrase = transcript->phrase;
  copy->alternatives = copy_alternatives (transcript, base);
  copy->start = gst_rnn_transcript_word (copy, 0)->start;
  copy->end = gst_rnn_transcript_word (copy, words->len - 1)->end;
  if (words->len < transcript->n_words) {
    summarise (copy);
  } else {
    copy->text = g_strdup (transcript->text);
    copy->confidence = transcript->confidence;
  }
  copy->confidence = CLAMP (copy->confidence, 0.0, 1.0);
  return copy;
}

void
gst_rnn_transcript_free (GstRnnTranscript *transcript)
{
  g_array_unref (transcript->words);
  g_array_unref (transcript->alternatives);
  g_free (transcript->text);
  g_free (transcript);
}

const GstRnnWord *
gst_rnn_transcript_word (const GstRnnTranscript *transcript, guint index)
{
  return &g_array_index (transcript->words, GstRnnWord, index);
}

static void
append_structure (GValue *list, GstStructure *structure)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, GST_TYPE_STRUCTURE);
  g_value_take_boxed (&value, structure);
  gst_value_list_append_and_take_value (list, &value);
}

static void
add_words (const GArray *words, GstStructure *result)
{
  GValue list = G_VALUE_INIT;

  gst_value_list_init (&list, words->len);
  for (guint i = 0; i < words->len; i++) {
    const GstRnnWord *word = &g_array_index (words, GstRnnWord, i);

    append_structure (&list,
        gst_structure_new ("word", "text", G_TYPE_STRING, word->text,
            "timestamp", G_TYPE_UINT64, word->start, "duration", G_TYPE_UINT64,
            word->end - word->start, "confidence", G_TYPE_DOUBLE,
            word->confidence, NULL));
  }
  gst_structure_take_value (result, "words", &list);
}

static void
add_alternatives (const GstRnnTranscript *transcript, GstStructure *result)
{
  GValue list = G_VALUE_INIT;

  gst_value_list_init (&list, transcript->alternatives->len);
  for (guint i = 0; i < transcript->alternatives->len; i++) {
    const GstRnnReading *reading
        = &g_array_index (transcript->alternatives, GstRnnReading, i);
    GstStructure *structure = gst_structure_new ("alternative", "text",
        G_TYPE_STRING, reading->text, "confidence", G_TYPE_DOUBLE,
        reading->confidence, NULL);

    add_words (reading->words, structure);
    append_structure (&list, structure);
  }
  gst_structure_take_value (result, "alternatives", &list);
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
  add_words (transcript->words, result);
  add_alternatives (transcript, result);
  if (transcript->phrase >= 0)
    gst_structure_set (result, "phrase", G_TYPE_INT, transcript->phrase, NULL);
  return result;
}
