/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * rnnspeech in the place of other elements: messages in their form, signals,
 * what transcriberbin asks of its transcriber. */
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "tests/elements/speech-harness.h"
#include "tests/elements/toy-models.h"

static GPtrArray *
results_of (const char *properties, const char *script)
{
  SpeechHarness *speech = speech_harness_new (properties, "F32LE");
  GPtrArray *results;

  speech_harness_say (speech, script, 0, 160);
  speech_harness_eos (speech);
  results = speech_harness_take_results (speech);
  speech_harness_free (speech);
  return results;
}

/* What a client of pocketsphinx reads: final, hypothesis, confidence. */
static void
test_pocketsphinx (void)
{
  g_autoptr (GPtrArray) results
      = results_of ("message-compat=pocketsphinx", "..ab cd..");
  guint n_finals = 0;

  g_assert_cmpuint (results->len, >, 1);
  for (guint i = 0; i < results->len; i++) {
    const GstStructure *result = g_ptr_array_index (results, i);
    gboolean final;
    glong confidence;
    guint64 timestamp;

    g_assert_true (gst_structure_has_name (result, "pocketsphinx"));
    g_assert_true (gst_structure_get (result, "final", G_TYPE_BOOLEAN, &final,
        "confidence", G_TYPE_LONG, &confidence, "timestamp", G_TYPE_UINT64,
        &timestamp, NULL));
    g_assert_cmpuint (timestamp, <, 300 * GST_MSECOND);
    if (!final)
      continue;
    n_finals++;
    g_assert_cmpstr (gst_structure_get_string (result, "hypothesis"), ==,
        "ab cd");
    /* Its log to the base 1.0001. */
    g_assert_cmpfloat (pow (1.0001, (double) confidence), >, 0.5);
    g_assert_cmpfloat (pow (1.0001, (double) confidence), <=, 1.0);
  }
  g_assert_cmpuint (n_finals, ==, 1);
}

static JsonObject *
parse_object (JsonParser *parser, const char *text)
{
  g_autoptr (GError) error = NULL;

  json_parser_load_from_data (parser, text, -1, &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (parser));
}

/* What a client of vosk reads: JSON with partial, or with text and result. */
static void
test_vosk (void)
{
  g_autoptr (GPtrArray) results
      = results_of ("message-compat=vosk", "..ab cd..");
  const char *last = "";

  for (guint i = 0; i < results->len; i++) {
    const GstStructure *result = g_ptr_array_index (results, i);
    const char *text = gst_structure_get_string (result, "current-result");
    g_autoptr (JsonParser) parser = json_parser_new ();
    JsonObject *object;

    g_assert_true (gst_structure_has_name (result, "vosk"));
    g_assert_nonnull (text);
    object = parse_object (parser, text);
    if (i + 1 < results->len) {
      const char *partial = json_object_get_string_member (object, "partial");

      g_assert_cmpuint (strlen (partial), >, strlen (last));
      last = g_intern_string (partial);
    } else {
      JsonArray *words = json_object_get_array_member (object, "result");
      JsonObject *word = json_array_get_object_element (words, 1);

      g_assert_cmpstr (json_object_get_string_member (object, "text"), ==,
          "ab cd");
      g_assert_cmpuint (json_array_get_length (words), ==, 2);
      g_assert_cmpstr (json_object_get_string_member (word, "word"), ==, "cd");
      g_assert_cmpfloat_with_epsilon (json_object_get_double_member (word,
                                          "start"),
          0.5, 0.03);
      g_assert_cmpfloat_with_epsilon (json_object_get_double_member (word,
                                          "end"),
          0.7, 0.03);
      g_assert_cmpfloat (json_object_get_double_member (word, "conf"), >, 0.5);
    }
  }
  g_assert_cmpuint (results->len, >, 1);
}

/* Finals only, with coqui's fields. */
static void
test_coqui (void)
{
  g_autoptr (GPtrArray) results
      = results_of ("message-compat=coqui", "..ab cd..........ef..");

  g_assert_cmpuint (results->len, ==, 2);
  for (guint i = 0; i < results->len; i++) {
    const GstStructure *result = g_ptr_array_index (results, i);
    guint64 timestamp, stream_time, running_time;

    g_assert_true (gst_structure_has_name (result, "coqui"));
    g_assert_cmpstr (gst_structure_get_string (result, "text"), ==,
        i == 0 ? "ab cd" : "ef");
    g_assert_true (gst_structure_get (result, "timestamp", G_TYPE_UINT64,
        &timestamp, "stream-time", G_TYPE_UINT64, &stream_time, "running-time",
        G_TYPE_UINT64, &running_time, NULL));
    g_assert_cmpuint (timestamp, ==, stream_time);
    g_assert_cmpuint (timestamp, ==, running_time);
  }
}

/* --- signals -------------------------------------------------------------- */

static void
on_result (GstElement *element, const GstStructure *result, gpointer user_data)
{
  gboolean final = FALSE;

  g_assert_true (gst_structure_has_name (result, "rnnspeech"));
  gst_structure_get_boolean (result, "final", &final);
  if (final)
    g_string_append (user_data, gst_structure_get_string (result, "text"));
}

static const struct {
  const char *name;
  const char *properties;
  const char *signalled;
  guint n_messages;
} signal_cases[] = {
  { "off", "partial-results-interval=-1", "", 1 },
  { "on", "partial-results-interval=-1 use-signals=true", "ab", 1 },
  { "alone", "partial-results-interval=-1 use-signals=true post-messages=false",
      "ab", 0 },
  /* Signals keep their form. */
  { "compat",
      "partial-results-interval=-1 use-signals=true message-compat=vosk", "ab",
      1 },
};

static void
test_signals (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  SpeechHarness *speech
      = speech_harness_new (signal_cases[i].properties, "F32LE");
  GString *text = g_string_new (NULL);
  g_autoptr (GPtrArray) results = NULL;

  g_signal_connect (speech->element, "result", G_CALLBACK (on_result), text);
  speech_harness_say (speech, "ab", 0, 0);
  speech_harness_eos (speech);
  results = speech_harness_take_results (speech);
  g_assert_cmpstr (text->str, ==, signal_cases[i].signalled);
  g_assert_cmpuint (results->len, ==, signal_cases[i].n_messages);
  g_string_free (text, TRUE);
  speech_harness_free (speech);
}

/* --- transcriberbin ------------------------------------------------------- */

static gboolean
has_uint (GstElement *element, const char *name)
{
  GParamSpec *spec
      = g_object_class_find_property (G_OBJECT_GET_CLASS (element), name);

  return spec != NULL && spec->value_type == G_TYPE_UINT;
}

/* As it configures its transcriber and asks for its latency: a fake live source
 * before it, no state, no caps, no data. */
static void
test_transcriberbin (void)
{
  GstElement *element = gst_element_factory_make ("rnnspeech", NULL);
  GstElement *source = gst_element_factory_make ("fakesrc", NULL);
  GstElement *bin = gst_pipeline_new (NULL);
  GstQuery *query = gst_query_new_latency ();
  g_autoptr (GstPad) src = gst_element_get_static_pad (element, "src");
  GstClockTime minimum;
  gboolean live;

  g_assert_true (has_uint (element, "latency"));
  g_assert_true (has_uint (element, "lateness"));
  g_object_set (element, "latency", 4000u, "lateness", 0u, "language-code",
      "en-US", "output-unit", 1, NULL);
  g_object_set (source, "is-live", TRUE, NULL);
  gst_bin_add_many (GST_BIN (bin), source, element, NULL);
  g_assert_true (gst_element_link (source, element));
  g_assert_true (gst_pad_query (src, query));
  gst_query_parse_latency (query, &live, &minimum, NULL);
  g_assert_true (live);
  g_assert_cmpuint (minimum, ==, 4 * GST_SECOND);
  gst_element_unlink (source, element);
  gst_query_unref (query);
  gst_object_unref (bin);
}

/* What it counts on at the end of each utterance, and before: the language. */
static void
test_transcriber_events (void)
{
  SpeechHarness *speech
      = speech_harness_new ("output-unit=word latency=300 language-code=en-US",
          "F32LE");
  g_autoptr (GString) order = g_string_new (NULL);
  GstEvent *event, *tag;
  GstTagList *tags;
  g_autofree char *language = NULL;

  speech_harness_say (speech, "ab..........cd..........", 0, 160);
  while ((event = gst_harness_try_pull_event (speech->harness)) != NULL) {
    if (gst_event_has_name (event, "rstranscribe/final-transcript"))
      g_string_append_c (order, 'F');
    else if (GST_EVENT_TYPE (event) == GST_EVENT_TAG)
      g_string_append_c (order, 'T');
    gst_event_unref (event);
  }
  g_assert_cmpstr (order->str, ==, "TFF");
  /* Sticky: whoever is linked later has it too. */
  tag = gst_pad_get_sticky_event (GST_PAD_PEER (speech->harness->sinkpad),
      GST_EVENT_TAG, 0);
  g_assert_nonnull (tag);
  gst_event_parse_tag (tag, &tags);
  g_assert_true (
      gst_tag_list_get_string (tags, GST_TAG_LANGUAGE_CODE, &language));
  g_assert_cmpstr (language, ==, "en-US");
  gst_event_unref (tag);
  speech_harness_free (speech);
}

int
main (int argc, char **argv)
{
  int status;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rnnspeech/message-compat/pocketsphinx", test_pocketsphinx);
  g_test_add_func ("/rnnspeech/message-compat/vosk", test_vosk);
  g_test_add_func ("/rnnspeech/message-compat/coqui", test_coqui);
  for (guint i = 0; i < G_N_ELEMENTS (signal_cases); i++) {
    g_autofree char *path
        = g_strconcat ("/rnnspeech/use-signals/", signal_cases[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_signals);
  }
  g_test_add_func ("/rnnspeech/transcriberbin/latency", test_transcriberbin);
  g_test_add_func ("/rnnspeech/transcriberbin/events", test_transcriber_events);
  status = g_test_run ();
  gst_deinit (); /* the leaks tracer looks */
  return status;
}
