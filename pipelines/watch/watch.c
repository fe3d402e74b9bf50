/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An application that reads what rnnspeech and rnngesture say on the bus: words
 * and gestures with their times, from a recording or the microphone. It is the
 * program behind ./demo and the example of the bus messages in C. */
#include <gst/gst.h>
#include <errno.h>
#include <glib-unix.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#define AUDIO_BRANCH(properties)                                               \
  "queue max-size-time=0 max-size-bytes=0 ! audioconvert ! audioresample "     \
  "! rnnspeech name=speech output-unit=utterance " properties " ! "
#define NOTHING "fakesink sync=false"
#define SUBTITLES "webvttenc ! filesink name=subtitles sync=false"
#define VIDEO_BRANCH                                                           \
  "queue max-size-time=0 max-size-bytes=0 ! videoconvert "                     \
  "! rnngesture name=gesture ! fakesink sync=false"

typedef struct {
  GstElement *pipeline;
  GMainLoop *loop;
  const char *input;   /* a file, or "mic" */
  char *speech_model;  /* NULL: the default */
  char *gesture_model; /* NULL: the default */
  char *subtitles;     /* WebVTT file, or NULL */
  char *phrases;       /* a phrase list, or NULL */
  gboolean partials;
  gboolean have_audio, have_video;
  gboolean failed;
} Watch;

/* From any thread: the bus carries it to the main loop. */
static void
post_error (Watch *watch, const char *message)
{
  GST_ELEMENT_ERROR (watch->pipeline, STREAM, FAILED, ("%s", message), (NULL));
}

/* Names are set as properties: in a description, bytes beyond ASCII or quotes
 * would not survive. */
static void
set_name (GstElement *branch, const char *element, const char *property,
    const char *value)
{
  g_autoptr (GstElement) child
      = gst_bin_get_by_name (GST_BIN (branch), element);

  if (child != NULL && value != NULL)
    g_object_set (child, property, value, NULL);
}

/* Returns: (transfer floating) (nullable): a bin with a sink pad */
static GstElement *
make_branch (Watch *watch, const char *description, GError **error)
{
  GstElement *branch
      = gst_parse_bin_from_description (description, TRUE, error);

  if (branch == NULL)
    return NULL;
  set_name (branch, "speech", "model", watch->speech_model);
  set_name (branch, "gesture", "model", watch->gesture_model);
  set_name (branch, "subtitles", "location", watch->subtitles);
  set_name (branch, "speech", "phrases", watch->phrases);
  return branch;
}

/* Subtitles are cut to what can be read at a time; who says a command waits for
 * no long silence. */
static const char *
audio_branch (const Watch *watch)
{
  if (watch->subtitles != NULL)
    return AUDIO_BRANCH ("max-utterance=7000") SUBTITLES;
  if (watch->phrases != NULL)
    return AUDIO_BRANCH ("endpoint-silence=500") NOTHING;
  return AUDIO_BRANCH ("") NOTHING;
}

static void
link_branch (Watch *watch, GstPad *pad, const char *description)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstPad) sink = NULL;
  GstElement *branch = make_branch (watch, description, &error);

  if (branch == NULL) {
    post_error (watch, error->message);
    return;
  }
  gst_bin_add (GST_BIN (watch->pipeline), branch);
  sink = gst_element_get_static_pad (branch, "sink");
  if (GST_PAD_LINK_FAILED (gst_pad_link (pad, sink)))
    post_error (watch, "the decoder's output could not be linked");
  gst_element_sync_state_with_parent (branch);
}

/* The first audio and the first video stream are looked at; others end in
 * nothing, so that they do not stop the rest. */
static void
on_pad_added (GstElement *decoder, GstPad *pad, gpointer user_data)
{
  Watch *watch = user_data;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  const char *branch = NOTHING;
  const char *name;

  if (caps == NULL)
    caps = gst_pad_query_caps (pad, NULL);
  name = gst_structure_get_name (gst_caps_get_structure (caps, 0));
  if (g_str_has_prefix (name, "audio/") && !watch->have_audio) {
    watch->have_audio = TRUE;
    branch = audio_branch (watch);
  } else if (g_str_has_prefix (name, "video/") && !watch->have_video) {
    watch->have_video = TRUE;
    branch = VIDEO_BRANCH;
  }
  link_branch (watch, pad, branch);
}

static void
on_no_more_pads (GstElement *decoder, gpointer user_data)
{
  Watch *watch = user_data;

  if (!watch->have_audio && !watch->have_video)
    post_error (watch, "it has neither audio nor video");
}

/* From when to when, what, how sure: of a word or a whole result. */
static void
print_span (const GstStructure *span, const char *text)
{
  guint64 timestamp = 0, duration = 0;
  double confidence = 0;

  gst_structure_get_uint64 (span, "timestamp", &timestamp);
  gst_structure_get_uint64 (span, "duration", &duration);
  gst_structure_get_double (span, "confidence", &confidence);
  g_print ("%8.2f %8.2f  %-20s %3.0f %%\n", timestamp / 1e9,
      (timestamp + duration) / 1e9, text, 100 * confidence);
}

static void
print_words (const GstStructure *result)
{
  const GValue *words = gst_structure_get_value (result, "words");
  guint n = words != NULL ? gst_value_list_get_size (words) : 0;

  for (guint i = 0; i < n; i++) {
    const GstStructure *word
        = gst_value_get_structure (gst_value_list_get_value (words, i));

    print_span (word, gst_structure_get_string (word, "text"));
  }
}

static void
print_speech (Watch *watch, const GstStructure *result)
{
  gboolean final = FALSE;

  gst_structure_get_boolean (result, "final", &final);
  if (final && watch->phrases != NULL)
    print_span (result, gst_structure_get_string (result, "text"));
  else if (final)
    print_words (result);
  else if (watch->partials)
    g_print ("… %s\n", gst_structure_get_string (result, "text"));
}

static void
print_gesture (const GstStructure *result)
{
  g_autofree char *text = g_strdup_printf ("[gesture: %s]",
      gst_structure_get_string (result, "gesture"));

  print_span (result, text);
}

static void
print_fault (Watch *watch, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *details = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING) {
    gst_message_parse_warning (message, &error, &details);
    g_printerr ("rnn-watch: %s: warning: %s\n", watch->input, error->message);
    return;
  }
  gst_message_parse_error (message, &error, &details);
  g_printerr ("rnn-watch: %s: %s\n", watch->input, error->message);
  watch->failed = TRUE;
  g_main_loop_quit (watch->loop);
}

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  Watch *watch = user_data;
  const GstStructure *structure = gst_message_get_structure (message);

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
      if (gst_structure_has_name (structure, "rnnspeech"))
        print_speech (watch, structure);
      else if (gst_structure_has_name (structure, "rnngesture"))
        print_gesture (structure);
      break;
    case GST_MESSAGE_WARNING:
    case GST_MESSAGE_ERROR:
      print_fault (watch, message);
      break;
    case GST_MESSAGE_EOS:
      g_main_loop_quit (watch->loop);
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

/* Ctrl-C ends the stream, so that the last words still come out. */
static gboolean
on_interrupt (gpointer user_data)
{
  Watch *watch = user_data;

  gst_element_send_event (watch->pipeline, gst_event_new_eos ());
  return G_SOURCE_REMOVE;
}

static gboolean
open_file (Watch *watch, const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *uri = gst_filename_to_uri (path, &error);
  GstElement *decoder = gst_element_factory_make ("uridecodebin", NULL);

  if (uri == NULL || decoder == NULL) {
    g_printerr ("rnn-watch: %s\n",
        uri == NULL ? error->message : "uridecodebin is missing");
    return FALSE;
  }
  g_object_set (decoder, "uri", uri, NULL);
  g_signal_connect (decoder, "pad-added", G_CALLBACK (on_pad_added), watch);
  g_signal_connect (decoder, "no-more-pads", G_CALLBACK (on_no_more_pads),
      watch);
  gst_bin_add (GST_BIN (watch->pipeline), decoder);
  return TRUE;
}

static gboolean
open_microphone (Watch *watch)
{
  g_autoptr (GError) error = NULL;
  GstElement *branch = make_branch (watch, audio_branch (watch), &error);
  GstElement *source = gst_element_factory_make ("autoaudiosrc", NULL);

  if (branch == NULL || source == NULL) {
    g_printerr ("rnn-watch: %s\n",
        branch == NULL ? error->message : "autoaudiosrc is missing");
    g_clear_pointer (&branch, gst_object_unref);
    g_clear_pointer (&source, gst_object_unref);
    return FALSE;
  }
  watch->partials = watch->phrases == NULL;
  gst_bin_add_many (GST_BIN (watch->pipeline), source, branch, NULL);
  return gst_element_link (source, branch);
}

static void
run (Watch *watch)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (watch->pipeline);
  guint bus_watch = gst_bus_add_watch (bus, on_message, watch);
  guint signal_watch = g_unix_signal_add (SIGINT, on_interrupt, watch);

  gst_element_set_state (watch->pipeline, GST_STATE_PLAYING);
  g_main_loop_run (watch->loop);
  gst_element_set_state (watch->pipeline, GST_STATE_NULL);
  g_source_remove (bus_watch);
  if (g_main_context_find_source_by_id (NULL, signal_watch) != NULL)
    g_source_remove (signal_watch);
}

int
main (int argc, char **argv)
{
  Watch watch = { 0 };
  const GOptionEntry entries[] = {
    { "subtitles", 's', 0, G_OPTION_ARG_FILENAME, &watch.subtitles,
        "Write the text to a WebVTT file", "FILE" },
    { "partials", 'p', 0, G_OPTION_ARG_NONE, &watch.partials,
        "Print what is heard so far, too", NULL },
    { "phrases", 0, 0, G_OPTION_ARG_FILENAME, &watch.phrases,
        "Hear nothing but the phrases of a file, one a line", "FILE" },
    { "speech-model", 0, 0, G_OPTION_ARG_FILENAME, &watch.speech_model,
        "Another speech model", "FILE" },
    { "gesture-model", 0, 0, G_OPTION_ARG_FILENAME, &watch.gesture_model,
        "Another gesture model", "FILE" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("FILE|mic");
  g_autoptr (GError) error = NULL;
  gboolean opened;

  setlocale (LC_ALL, "");
  g_option_context_set_summary (context,
      "Prints the words and gestures of a recording, or of the microphone: "
      "start and\nend in seconds, what it is, how sure.");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc != 2) {
    g_printerr ("rnn-watch: %s; see --help\n",
        error != NULL ? error->message : "one FILE or \"mic\" is needed");
    return 2;
  }
  watch.input = argv[1];
  watch.loop = g_main_loop_new (NULL, FALSE);
  watch.pipeline = gst_pipeline_new (NULL);
  opened = strcmp (argv[1], "mic") == 0 ? open_microphone (&watch)
                                        : open_file (&watch, argv[1]);
  if (opened)
    run (&watch);
  gst_object_unref (watch.pipeline);
  g_main_loop_unref (watch.loop);
  if (fflush (stdout) != 0 || ferror (stdout)) {
    g_printerr ("rnn-watch: standard output: %s\n", g_strerror (errno));
    watch.failed = TRUE;
  }
  return opened && !watch.failed ? 0 : 1;
}
