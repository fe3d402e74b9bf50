/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugins/speech-message.h"

#include <json-glib/json-glib.h>
#include <math.h>

/* PocketSphinx counts log posteriors to this base, in whole numbers. */
#define SPHINX_LOG_BASE 1.0001
#define SPHINX_LEAST_POSTERIOR 1e-10

static glong
sphinx_confidence (double confidence)
{
  return lrint (
      log (MAX (confidence, SPHINX_LEAST_POSTERIOR)) / log (SPHINX_LOG_BASE));
}

static GstStructure *
pocketsphinx_message (const GstRnnTranscript *transcript)
{
  return gst_structure_new ("pocketsphinx", "timestamp", G_TYPE_UINT64,
      transcript->start, "final", G_TYPE_BOOLEAN, transcript->is_final,
      "confidence", G_TYPE_LONG,
      transcript->is_final ? sphinx_confidence (transcript->confidence) : 0L,
      "hypothesis", G_TYPE_STRING, transcript->text, NULL);
}

/* --- Vosk ----------------------------------------------------------------- */

static double
seconds (const GstSegment *segment, GstClockTime position)
{
  guint64 time
      = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, position);

  if (!GST_CLOCK_TIME_IS_VALID (time))
    time = position;
  return (double) time / GST_SECOND;
}

static void
add_words (JsonBuilder *builder, const GArray *words, const GstSegment *segment)
{
  json_builder_set_member_name (builder, "result");
  json_builder_begin_array (builder);
  for (guint i = 0; i < words->len; i++) {
    const GstRnnWord *word = &g_array_index (words, GstRnnWord, i);

    json_builder_begin_object (builder);
    json_builder_set_member_name (builder, "conf");
    json_builder_add_double_value (builder, word->confidence);
    json_builder_set_member_name (builder, "end");
    json_builder_add_double_value (builder, seconds (segment, word->end));
    json_builder_set_member_name (builder, "start");
    json_builder_add_double_value (builder, seconds (segment, word->start));
    json_builder_set_member_name (builder, "word");
    json_builder_add_string_value (builder, word->text);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
}

static void
add_reading (JsonBuilder *builder, const char *text, double confidence,
    const GArray *words, const GstSegment *segment)
{
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "confidence");
  json_builder_add_double_value (builder, confidence);
  add_words (builder, words, segment);
  json_builder_set_member_name (builder, "text");
  json_builder_add_string_value (builder, text);
  json_builder_end_object (builder);
}

/* As Vosk has it where alternatives were asked for: the best is among them. */
static void
add_alternatives (JsonBuilder *builder, const GstRnnTranscript *transcript,
    const GstSegment *segment)
{
  json_builder_set_member_name (builder, "alternatives");
  json_builder_begin_array (builder);
  add_reading (builder, transcript->text, transcript->confidence,
      transcript->words, segment);
  for (guint i = 0; i < transcript->alternatives->len; i++) {
    const GstRnnReading *reading
        = &g_array_index (transcript->alternatives, GstRnnReading, i);

    add_reading (builder, reading->text, reading->confidence, reading->words,
        segment);
  }
  json_builder_end_array (builder);
}

static char *
vosk_json (const GstRnnTranscript *transcript, const GstSegment *segment)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  if (transcript->alternatives->len > 0) {
    add_alternatives (builder, transcript, segment);
  } else {
    if (transcript->is_final)
      add_words (builder, transcript->words, segment);
    json_builder_set_member_name (builder,
        transcript->is_final ? "text" : "partial");
    json_builder_add_string_value (builder, transcript->text);
  }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

static GstStructure *
vosk_message (const GstRnnTranscript *transcript, const GstSegment *segment)
{
  g_autofree char *json = vosk_json (transcript, segment);

  return gst_structure_new ("vosk", "current-result", G_TYPE_STRING, json,
      NULL);
}

/* --- Coqui ---------------------------------------------------------------- */

static GstStructure *
coqui_message (const GstStructure *result)
{
  const char *const fields[]
      = { "timestamp", "stream-time", "running-time", "text" };
  GstStructure *message = gst_structure_new_empty ("coqui");

  for (gsize i = 0; i < G_N_ELEMENTS (fields); i++)
    gst_structure_set_value (message, fields[i],
        gst_structure_get_value (result, fields[i]));
  return message;
}

GstStructure *
gst_rnn_speech_compat_message (GstRnnSpeechCompat compat,
    const GstRnnTranscript *transcript, const GstStructure *result,
    const GstSegment *segment)
{
  switch (compat) {
    case GST_RNN_SPEECH_COMPAT_POCKETSPHINX:
      return pocketsphinx_message (transcript);
    case GST_RNN_SPEECH_COMPAT_VOSK:
      return vosk_message (transcript, segment);
    case GST_RNN_SPEECH_COMPAT_COQUI:
      return transcript->is_final ? coqui_message (result) : NULL;
    default:
      g_return_val_if_reached (NULL);
  }
}
