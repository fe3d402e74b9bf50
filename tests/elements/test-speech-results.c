/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * rnnspeech: results on the bus and on json_src, tags and events. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "tests/elements/speech-harness.h"
#include "tests/elements/toy-models.h"

#define MS GST_MSECOND

static guint64
get_u64 (const GstStructure *result, const char *field)
{
  guint64 value = GST_CLOCK_TIME_NONE;

  g_assert_true (gst_structure_get_uint64 (result, field, &value));
  g_assert_cmpuint (value, !=, GST_CLOCK_TIME_NONE);
  return value;
}

static double
get_confidence (const GstStructure *result)
{
  double value;

  g_assert_true (gst_structure_get_double (result, "confidence", &value));
  g_assert_cmpfloat (value, >, 0.5);
  g_assert_cmpfloat (value, <=, 1.0);
  return value;
}

static gboolean
is_final (const GstStructure *result)
{
  gboolean value;

  g_assert_true (gst_structure_get_boolean (result, "final", &value));
  return value;
}

static guint
get_id (const GstStructure *result)
{
  guint value;

  g_assert_true (gst_structure_get_uint (result, "utterance-id", &value));
  return value;
}

static void
assert_words (const GstStructure *result, const char *const *texts)
{
  const GValue *list = gst_structure_get_value (result, "words");

  g_assert_true (GST_VALUE_HOLDS_LIST (list));
  g_assert_cmpuint (gst_value_list_get_size (list), ==,
      g_strv_length ((GStrv) texts));
  for (guint i = 0; texts[i] != NULL; i++) {
    const GstStructure *word
        = gst_value_get_structure (gst_value_list_get_value (list, i));

    g_assert_cmpstr (gst_structure_get_string (word, "text"), ==, texts[i]);
    g_assert_cmpuint (get_u64 (word, "timestamp"), >=,
        get_u64 (result, "timestamp"));
    g_assert_cmpuint (get_u64 (word, "duration"), >, 0);
    get_confidence (word);
  }
}

/* The segment starts at 4 s of a stream and is played from 1 s on. */
static void
test_message (void)
{
  SpeechHarness *speech = speech_harness_new (NULL, "F32LE");
  const char *const words[] = { "ab", "cd", NULL };
  GstSegment segment;
  g_autoptr (GPtrArray) results = NULL;
  const GstStructure *last;
  GstClockTime start;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.position = 4 * GST_SECOND;
  segment.time = 14 * GST_SECOND;
  segment.base = GST_SECOND;
  gst_harness_push_event (speech->harness, gst_event_new_segment (&segment));
  speech_harness_say (speech, "..ab cd..", 4 * GST_SECOND, 0);
  speech_harness_eos (speech);
  results = speech_harness_take_results (speech);
  g_assert_cmpuint (results->len, >, 1);
  last = g_ptr_array_index (results, results->len - 1);
  g_assert_cmpstr (gst_structure_get_name (last), ==, "rnnspeech");
  g_assert_true (is_final (last));
  g_assert_cmpuint (get_id (last), ==, 0);
  g_assert_cmpstr (gst_structure_get_string (last, "text"), ==, "ab cd");
  g_assert_cmpstr (gst_structure_get_string (last, "language-code"), ==, "en");
  get_confidence (last);
  assert_words (last, words);
  start = get_u64 (last, "timestamp");
  g_assert_cmpuint (start, >, 4170 * MS);
  g_assert_cmpuint (start, <, 4230 * MS);
  g_assert_cmpuint (get_u64 (last, "stream-time"), ==, start + 10 * GST_SECOND);
  g_assert_cmpuint (get_u64 (last, "running-time"), ==, start - 3 * GST_SECOND);
  g_assert_cmpuint (get_u64 (last, "endtime"), ==,
      get_u64 (last, "stream-time") + get_u64 (last, "duration"));
  speech_harness_free (speech);
}

/* Partials grow into the final, with one id an utterance. */
static void
test_partials (void)
{
  SpeechHarness *speech = speech_harness_new (NULL, "F32LE");
  g_autoptr (GPtrArray) results = NULL;
  guint n_finals = 0;
  gsize length = 0;

  speech_harness_say (speech, "ab cd..........ef..", 0, 160);
  speech_harness_eos (speech);
  results = speech_harness_take_results (speech);
  for (guint i = 0; i < results->len; i++) {
    const GstStructure *result = g_ptr_array_index (results, i);
    const char *text = gst_structure_get_string (result, "text");

    g_assert_cmpuint (get_id (result), ==, n_finals);
    g_assert_cmpuint (strlen (text), >=, length);
    length = strlen (text);
    if (!is_final (result))
      continue;
    g_assert_cmpstr (text, ==, n_finals == 0 ? "ab cd" : "ef");
    n_finals++;
    length = 0;
  }
  g_assert_cmpuint (n_finals, ==, 2);
  g_assert_cmpuint (results->len, >=, 6);
  speech_harness_free (speech);
}

static const struct {
  const char *name;
  const char *properties;
  guint least, most; /* partials of a second's 8 letters */
} intervals[] = {
  { "each", "partial-results-interval=0", 7, 8 },
  { "half-second", "partial-results-interval=500", 2, 3 },
  { "none", "partial-results-interval=-1", 0, 0 },
};

static void
test_interval (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  SpeechHarness *speech = speech_harness_new (intervals[i].properties, "F32LE");
  g_autoptr (GPtrArray) results = NULL;

  speech_harness_say (speech, "abcdefab......", 0, 160);
  speech_harness_eos (speech);
  results = speech_harness_take_results (speech);
  g_assert_cmpuint (results->len, >=, 1 + intervals[i].least);
  g_assert_cmpuint (results->len, <=, 1 + intervals[i].most);
  speech_harness_free (speech);
}

static void
test_no_messages (void)
{
  SpeechHarness *speech
      = speech_harness_new ("post-messages=false line-feeds=never", "F32LE");
  g_autoptr (GPtrArray) results = NULL;
  g_autofree char *text = NULL;

  speech_harness_say (speech, "ab", 0, 0);
  speech_harness_eos (speech);
  results = speech_harness_take_results (speech);
  text = speech_harness_take_text (speech);
  g_assert_cmpuint (results->len, ==, 0);
  g_assert_cmpstr (text, ==, "ab");
  speech_harness_free (speech);
}

/* A loud "ab" and a faint "ef" that the model is unsure of. */
static void
test_threshold (void)
{
  SpeechHarness *speech
      = speech_harness_new ("class-confidence-threshold=0.9 line-feeds=never",
          "F32LE");
  gsize n;
  g_autofree float *samples = tone_script ("ab ef..", &n);
  g_autofree char *text = NULL;

  for (gsize i = 3 * TONE_SAMPLES; i < n; i++)
    samples[i] *= 0.11f;
  speech_harness_push (speech, samples, n, 0, 0);
  speech_harness_eos (speech);
  text = speech_harness_take_text (speech);
  g_assert_cmpstr (text, ==, "ab");
  speech_harness_free (speech);
}

static void
on_notify (GObject *object, GParamSpec *spec, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_observed_delay (void)
{
  SpeechHarness *speech = speech_harness_new ("endpoint-silence=500", "F32LE");
  guint n_notified = 0, delay;

  g_signal_connect (speech->element, "notify::max-observed-delay",
      G_CALLBACK (on_notify), &n_notified);
  speech_harness_say (speech, "ab..........", 0, 160);
  g_object_get (speech->element, "max-observed-delay", &delay, NULL);
  g_assert_cmpuint (delay, >=, 490);
  g_assert_cmpuint (delay, <=, 600);
  g_assert_cmpuint (n_notified, ==, 1);
  speech_harness_free (speech);
}

/* --- json_src ------------------------------------------------------------- */

static void
test_json (void)
{
  SpeechHarness *speech = speech_harness_new (NULL, "F32LE");
  GstHarness *json
      = gst_harness_new_with_element (speech->element, NULL, "json_src");
  guint n_finals = 0;
  GstBuffer *buffer;

  speech_harness_say (speech, "ab cd..........ef", 0, 160);
  speech_harness_eos (speech);
  while ((buffer = gst_harness_try_pull (json)) != NULL) {
    g_autoptr (JsonParser) parser = json_parser_new ();
    g_autoptr (GError) error = NULL;
    JsonObject *result;
    GstMapInfo map;

    g_assert_true (GST_BUFFER_PTS_IS_VALID (buffer));
    g_assert_true (GST_BUFFER_DURATION_IS_VALID (buffer));
    gst_buffer_map (buffer, &map, GST_MAP_READ);
    g_assert_cmpint (map.data[map.size - 1], ==, '\n');
    json_parser_load_from_data (parser, (const char *) map.data,
        (gssize) map.size, &error);
    g_assert_no_error (error);
    result = json_node_get_object (json_parser_get_root (parser));
    g_assert_cmpuint (json_object_get_int_member (result, "timestamp"), ==,
        GST_BUFFER_PTS (buffer));
    if (json_object_get_boolean_member (result, "final")) {
      g_assert_cmpstr (json_object_get_string_member (result, "text"), ==,
          n_finals++ == 0 ? "ab cd" : "ef");
      g_assert_cmpint (json_array_get_length (
                           json_object_get_array_member (result, "words")),
          ==, n_finals == 1 ? 2 : 1);
    }
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
  }
  g_assert_cmpuint (n_finals, ==, 2);
  gst_harness_teardown (json);
  speech_harness_free (speech);
}

/* --- tags and events ------------------------------------------------------ */

static char *
language_of (GstHarness *harness)
{
  GstEvent *event;
  char *language = NULL;

  while ((event = gst_harness_try_pull_event (harness)) != NULL) {
    GstTagList *tags;

    if (GST_EVENT_TYPE (event) == GST_EVENT_TAG) {
      gst_event_parse_tag (event, &tags);
      g_assert_false (
          gst_tag_list_get_string (tags, GST_TAG_AUDIO_CODEC, &language));
      g_clear_pointer (&language, g_free);
      gst_tag_list_get_string (tags, GST_TAG_LANGUAGE_CODE, &language);
    }
    gst_event_unref (event);
  }
  return language;
}

static void
test_tags (void)
{
  SpeechHarness *speech = speech_harness_new ("language-code=en-GB", "F32LE");
  g_autofree char *first = NULL, *second = NULL;

  speech_harness_say (speech, "..", 0, 0);
  first = language_of (speech->harness);
  g_assert_cmpstr (first, ==, "en-GB");
  gst_harness_push_event (speech->harness,
      gst_event_new_tag (gst_tag_list_new (GST_TAG_TITLE, "T",
          GST_TAG_AUDIO_CODEC, "Opus", NULL)));
  second = language_of (speech->harness);
  g_assert_cmpstr (second, ==, "en-GB");
  speech_harness_free (speech);
}

static void
test_foreign_language (void)
{
  SpeechHarness *speech = speech_harness_new ("language-code=de", "F32LE");
  GstMessage *message;

  speech_harness_say (speech, "..", 0, 0);
  message = speech_harness_message (speech, GST_MESSAGE_WARNING);
  g_assert_nonnull (message);
  gst_message_unref (message);
  speech_harness_free (speech);
}

static void
test_final_event (void)
{
  SpeechHarness *speech = speech_harness_new (NULL, "F32LE");
  GstEvent *event;
  guint n = 0;

  speech_harness_say (speech, "ab..........cd..........", 0, 160);
  while ((event = gst_harness_try_pull_event (speech->harness)) != NULL) {
    if (gst_event_has_name (event, "rstranscribe/final-transcript"))
      n++;
    gst_event_unref (event);
  }
  g_assert_cmpuint (n, ==, 2);
  speech_harness_free (speech);
}

/* Live, words that are too long to be in time are moved, and it is said. */
static void
test_excessive_delay (void)
{
  SpeechHarness *speech
      = speech_harness_new ("output-unit=word latency=125 line-feeds=never",
          "F32LE");
  GstMessage *message;
  g_autofree char *text = NULL;
  const GstStructure *details;

  gst_harness_set_live (speech->harness, TRUE);
  speech_harness_say (speech, "abcdef ab....", 0, 160);
  message = gst_bus_pop_filtered (speech->bus, GST_MESSAGE_WARNING);
  g_assert_nonnull (message);
  gst_message_parse_warning_details (message, &details);
  g_assert_true (gst_structure_has_name (details, "rnnspeech/excessive-delay"));
  gst_message_unref (message);
  text = speech_harness_take_text (speech);
  g_assert_cmpstr (text, ==, "abcdef |ab ");
  speech_harness_free (speech);
}

int
main (int argc, char **argv)
{
  int status;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (intervals); i++) {
    g_autofree char *path = g_strconcat ("/rnnspeech/partial-results-interval/",
        intervals[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_interval);
  }
  g_test_add_func ("/rnnspeech/message/final", test_message);
  g_test_add_func ("/rnnspeech/message/partials", test_partials);
  g_test_add_func ("/rnnspeech/message/off", test_no_messages);
  g_test_add_func ("/rnnspeech/message/threshold", test_threshold);
  g_test_add_func ("/rnnspeech/message/observed-delay", test_observed_delay);
  g_test_add_func ("/rnnspeech/message/excessive-delay", test_excessive_delay);
  g_test_add_func ("/rnnspeech/json", test_json);
  g_test_add_func ("/rnnspeech/tags/language", test_tags);
  g_test_add_func ("/rnnspeech/tags/foreign-language", test_foreign_language);
  g_test_add_func ("/rnnspeech/events/final-transcript", test_final_event);
  status = g_test_run ();
  gst_deinit (); /* the leaks tracer looks */
  return status;
}
