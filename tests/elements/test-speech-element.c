/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * rnnspeech as an element: caps, states, models, latency, pads. */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/elements/speech-harness.h"
#include "tests/elements/toy-models.h"

/* --- caps ----------------------------------------------------------------- */

static const struct {
  const char *name;
  const char *caps;
  gboolean accepted;
} caps_cases[] = {
  { "f32",
      "audio/x-raw,format=F32LE,rate=16000,channels=1,"
      "layout=interleaved",
      TRUE },
  { "s16",
      "audio/x-raw,format=S16LE,rate=16000,channels=1,"
      "layout=interleaved",
      TRUE },
  { "rate",
      "audio/x-raw,format=S16LE,rate=44100,channels=1,"
      "layout=interleaved",
      FALSE },
  { "channels",
      "audio/x-raw,format=S16LE,rate=16000,channels=2,"
      "layout=interleaved,channel-mask=(bitmask)3",
      FALSE },
  { "format",
      "audio/x-raw,format=F64LE,rate=16000,channels=1,"
      "layout=interleaved",
      FALSE },
};

/* What is refused is explained. */
static void
test_caps (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  char *model = tone_model_write ();
  GstElement *element = gst_element_factory_make ("rnnspeech", NULL);
  GstBus *bus = gst_bus_new ();
  GstHarness *harness;
  GstMessage *message;
  g_autoptr (GError) error = NULL;

  g_object_set (element, "model", model, NULL);
  gst_element_set_bus (element, bus);
  harness = gst_harness_new_with_element (element, "sink", "src");
  gst_harness_set_src_caps_str (harness, caps_cases[i].caps);
  g_assert_cmpint (gst_harness_push (harness, gst_buffer_new_and_alloc (640)),
      ==, caps_cases[i].accepted ? GST_FLOW_OK : GST_FLOW_NOT_NEGOTIATED);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_cmpint (message == NULL, ==, caps_cases[i].accepted);
  if (message != NULL) {
    gst_message_parse_error (message, &error, NULL);
    g_assert_nonnull (strstr (error->message, "audioconvert ! audioresample"));
    gst_message_unref (message);
  }
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_harness_teardown (harness);
  gst_object_unref (bus);
  toy_model_remove (model);
}

/* --- states --------------------------------------------------------------- */

static void
test_states (void)
{
  char *model = tone_model_write ();
  const GstState states[] = { GST_STATE_READY, GST_STATE_PAUSED,
    GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_PAUSED,
    GST_STATE_READY, GST_STATE_NULL };
  GstElement *element = gst_element_factory_make ("rnnspeech", NULL);

  g_object_set (element, "model", model, NULL);
  for (guint round = 0; round < 50; round++)
    for (guint i = 0; i < G_N_ELEMENTS (states); i++)
      g_assert_cmpint (gst_element_set_state (element, states[i]), !=,
          GST_STATE_CHANGE_FAILURE);
  g_assert_cmpint (GST_OBJECT_REFCOUNT (element), ==, 1);
  gst_object_unref (element);
  toy_model_remove (model);
}

/* The stream is forgotten, the element goes on. */
static void
test_restart (void)
{
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  g_autofree char *first = NULL, *second = NULL;
  GstSegment segment;
  GstCaps *caps;

  speech_harness_say (speech, "ab", 0, 0);
  gst_element_set_state (speech->element, GST_STATE_READY);
  first = speech_harness_take_text (speech);
  g_assert_cmpstr (first, ==, "");
  gst_element_set_state (speech->element, GST_STATE_PLAYING);
  gst_harness_push_event (speech->harness,
      gst_event_new_stream_start ("again"));
  caps = gst_caps_from_string ("audio/x-raw,format=F32LE,rate=16000,"
                               "channels=1,layout=interleaved");
  gst_harness_push_event (speech->harness, gst_event_new_caps (caps));
  gst_caps_unref (caps);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (speech->harness, gst_event_new_segment (&segment));
  speech_harness_say (speech, "cd", 0, 0);
  speech_harness_eos (speech);
  second = speech_harness_take_text (speech);
  g_assert_cmpstr (second, ==, "cd");
  speech_harness_free (speech);
}

/* --- models --------------------------------------------------------------- */

static char *
broken_model (const char *kind)
{
  char *path = NULL;
  gsize length;
  g_autofree char *contents = NULL;

  if (strcmp (kind, "missing") == 0)
    return g_strdup ("/nowhere/at-all.safetensors");
  path = strcmp (kind, "wrong-rate") == 0 ? tone_model_write_as ("en", 8000)
      : strcmp (kind, "wrong-task") == 0  ? light_model_write ()
                                          : tone_model_write ();
  if (strcmp (kind, "truncated") == 0) {
    g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
    g_assert_true (g_file_set_contents (path, contents, length - 8, NULL));
  }
  return path;
}

static guint
count_messages (GstBus *bus, GstMessageType type)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop_filtered (bus, type)) != NULL) {
    gst_message_unref (message);
    n++;
  }
  return n;
}

/* One error with the path, progress that says so, no state change undone, and
 * a stream that ends in an error. */
static void
test_broken_model (gconstpointer kind)
{
  char *path = broken_model (kind);
  GstHarness *harness;
  GstElement *element = gst_element_factory_make ("rnnspeech", NULL);
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  g_autoptr (GError) error = NULL;

  g_object_set (element, "model", path, NULL);
  gst_element_set_bus (element, bus);
  harness = gst_harness_new_with_element (element, "sink", "src");
  gst_harness_set_src_caps_str (harness,
      "audio/x-raw,format=F32LE,"
      "rate=16000,channels=1,layout=interleaved");
  g_assert_cmpint (gst_harness_push (harness, gst_buffer_new_and_alloc (640)),
      ==, GST_FLOW_ERROR);
  message = gst_bus_timed_pop_filtered (bus, GST_SECOND, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_true (error->domain == GST_RESOURCE_ERROR);
  g_assert_nonnull (strstr (error->message, path));
  gst_message_unref (message);
  g_assert_cmpuint (count_messages (bus, GST_MESSAGE_ERROR), ==, 0);
  g_assert_true (gst_harness_push_event (harness, gst_event_new_eos ()));

  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_harness_teardown (harness);
  gst_object_unref (bus);
  g_unlink (path);
  g_free (path);
}

static void
test_progress (void)
{
  const GstProgressType expected[]
      = { GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_COMPLETE };
  GstBus *bus = gst_bus_new ();
  char *model = tone_model_write ();
  GstElement *element = gst_element_factory_make ("rnnspeech", NULL);

  g_object_set (element, "model", model, NULL);
  gst_element_set_bus (element, bus);
  gst_element_set_state (element, GST_STATE_PAUSED);
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    GstMessage *message = gst_bus_timed_pop_filtered (bus, 5 * GST_SECOND,
        GST_MESSAGE_PROGRESS);
    GstProgressType type;

    g_assert_nonnull (message);
    gst_message_parse_progress (message, &type, NULL, NULL);
    g_assert_cmpint (type, ==, expected[i]);
    gst_message_unref (message);
  }
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_object_unref (bus);
  toy_model_remove (model);
}

static void
test_default_model (void)
{
  char *model = tone_model_write ();
  char *folder = toy_model_folder_new (model, "speech");
  GstHarness *harness;
  GstBuffer *buffer;
  gsize n;
  float *samples = tone_script ("ab", &n);

  g_setenv ("RNNCORE_MODEL_PATH", folder, TRUE);
  harness = gst_harness_new_parse ("rnnspeech line-feeds=never");
  gst_harness_set_src_caps_str (harness,
      "audio/x-raw,format=F32LE,"
      "rate=16000,channels=1,layout=interleaved");
  buffer = gst_buffer_new_wrapped (samples, n * sizeof (float));
  g_assert_cmpint (gst_harness_push (harness, buffer), ==, GST_FLOW_OK);
  gst_harness_push_event (harness, gst_event_new_eos ());
  buffer = gst_harness_try_pull (harness);
  g_assert_nonnull (buffer);
  g_assert_cmpint (gst_buffer_memcmp (buffer, 0, "ab", 2), ==, 0);
  gst_buffer_unref (buffer);
  gst_harness_teardown (harness);
  g_unsetenv ("RNNCORE_MODEL_PATH");
  toy_model_folder_remove (folder, "speech");
  toy_model_remove (model);
}

/* Two elements on one file, in turns. */
static void
test_shared_model (void)
{
  SpeechHarness *first = speech_harness_new ("line-feeds=never", "F32LE");
  SpeechHarness *second = speech_harness_new ("line-feeds=never", "F32LE");
  g_autofree char *one = NULL, *two = NULL;

  gst_element_set_state (second->element, GST_STATE_READY);
  g_object_set (second->element, "model", first->model, NULL);
  gst_element_set_state (second->element, GST_STATE_PLAYING);
  gst_harness_set_src_caps_str (second->harness,
      "audio/x-raw,format=F32LE,"
      "rate=16000,channels=1,layout=interleaved");
  for (guint i = 0; i < 4; i++) {
    const char first_letter[] = { "abcd"[i], '\0' };
    const char second_letter[] = { "fedc"[i], '\0' };

    speech_harness_say (first, first_letter, i * 100 * GST_MSECOND, 400);
    speech_harness_say (second, second_letter, i * 100 * GST_MSECOND, 300);
  }
  speech_harness_eos (first);
  speech_harness_eos (second);
  one = speech_harness_take_text (first);
  two = speech_harness_take_text (second);
  g_assert_cmpstr (one, ==, "abcd");
  g_assert_cmpstr (two, ==, "fedc");
  speech_harness_free (first);
  speech_harness_free (second);
}

/* --- latency -------------------------------------------------------------- */

/* Window 25 ms, hop 10 ms: 15 ms and one frame of 10 ms. */
#define MODEL_LATENCY (25 * GST_MSECOND)
#define UPSTREAM_LATENCY (40 * GST_MSECOND)

static const struct {
  const char *name;
  const char *properties;
  gboolean live;
  GstClockTime own;
} latencies[] = {
  { "recorded", "", FALSE, 0 },
  { "utterance", "", TRUE, MODEL_LATENCY + 800 * GST_MSECOND },
  { "endpoint-silence", "endpoint-silence=500", TRUE,
      MODEL_LATENCY + 500 * GST_MSECOND },
  { "word", "output-unit=word latency=300", TRUE, 300 * GST_MSECOND },
  { "word-at-once", "output-unit=word latency=0", TRUE, MODEL_LATENCY },
};

/* Answered in PAUSED, before caps and data. */
static void
test_latency (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  char *model = tone_model_write ();
  g_autofree char *line = g_strdup_printf ("rnnspeech model=\"%s\" %s", model,
      latencies[i].properties);
  GstHarness *harness = gst_harness_new_empty ();
  GstElement *element;
  GstQuery *query = gst_query_new_latency ();
  GstClockTime minimum, maximum;
  gboolean live;

  gst_harness_add_parse (harness, line);
  element = gst_harness_find_element (harness, "rnnspeech");
  gst_element_set_state (element, GST_STATE_PAUSED);
  gst_harness_set_live (harness, latencies[i].live);
  gst_harness_set_upstream_latency (harness, UPSTREAM_LATENCY);
  g_assert_true (gst_element_query (element, query));
  gst_query_parse_latency (query, &live, &minimum, &maximum);
  g_assert_cmpint (live, ==, latencies[i].live);
  g_assert_cmpuint (minimum, ==,
      live ? UPSTREAM_LATENCY + latencies[i].own : 0);
  g_assert_cmpuint (maximum, ==, GST_CLOCK_TIME_NONE);
  gst_query_unref (query);
  gst_object_unref (element);
  gst_harness_teardown (harness);
  toy_model_remove (model);
}

static void
test_latency_message (void)
{
  SpeechHarness *speech = speech_harness_new ("output-unit=word", "F32LE");

  g_object_set (speech->element, "latency", 123u, NULL);
  g_assert_cmpuint (count_messages (speech->bus, GST_MESSAGE_LATENCY), ==, 1);
  speech_harness_free (speech);
}

/* The text is played the lateness later. */
static void
test_lateness (void)
{
  SpeechHarness *speech
      = speech_harness_new ("lateness=700 line-feeds=never", "F32LE");
  GstEvent *event;
  const GstSegment *segment;

  event = gst_pad_get_sticky_event (GST_PAD_PEER (speech->harness->sinkpad),
      GST_EVENT_SEGMENT, 0);
  g_assert_nonnull (event);
  gst_event_parse_segment (event, &segment);
  g_assert_cmpuint (segment->base, ==, 700 * GST_MSECOND);
  gst_event_unref (event);
  speech_harness_free (speech);
}

static void
test_headers (void)
{
  SpeechHarness *speech = speech_harness_new (NULL, "F32LE");
  const GstEventType order[]
      = { GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT };

  speech_harness_say (speech, "..", 0, 0);
  for (guint i = 0; i < G_N_ELEMENTS (order); i++) {
    GstEvent *event = gst_harness_try_pull_event (speech->harness);

    g_assert_nonnull (event);
    g_assert_cmpint (GST_EVENT_TYPE (event), ==, order[i]);
    gst_event_unref (event);
  }
  speech_harness_free (speech);
}

int
main (int argc, char **argv)
{
  const char *const broken[]
      = { "missing", "truncated", "wrong-rate", "wrong-task" };
  int status;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (caps_cases); i++) {
    g_autofree char *path
        = g_strconcat ("/rnnspeech/caps/", caps_cases[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_caps);
  }
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++) {
    g_autofree char *path
        = g_strconcat ("/rnnspeech/broken-model/", broken[i], NULL);

    g_test_add_data_func (path, broken[i], test_broken_model);
  }
  for (guint i = 0; i < G_N_ELEMENTS (latencies); i++) {
    g_autofree char *path
        = g_strconcat ("/rnnspeech/latency/", latencies[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_latency);
  }
  g_test_add_func ("/rnnspeech/latency/message", test_latency_message);
  g_test_add_func ("/rnnspeech/latency/lateness", test_lateness);
  g_test_add_func ("/rnnspeech/states/cycle", test_states);
  g_test_add_func ("/rnnspeech/states/restart", test_restart);
  g_test_add_func ("/rnnspeech/model/progress", test_progress);
  g_test_add_func ("/rnnspeech/model/default", test_default_model);
  g_test_add_func ("/rnnspeech/model/shared", test_shared_model);
  g_test_add_func ("/rnnspeech/headers", test_headers);
  status = g_test_run ();
  gst_deinit (); /* the leaks tracer looks */
  return status;
}
