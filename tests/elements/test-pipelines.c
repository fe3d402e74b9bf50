/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whole pipelines, as people write them: a recording in, text files out. */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/elements/running.h"
#include "tests/elements/toy-models.h"

#define SCRIPT "..ab cd...........ef.."
#define ODD_NAME "\xc3\xbc \"q\" \\ \n!"

typedef struct {
  char *folder;
  char *model;
  char *wav;
  char *out;
} Files;

/* --- files ---------------------------------------------------------------- */

static void
files_init (Files *files)
{
  files->folder = g_dir_make_tmp ("rnncore-XXXXXX", NULL);
  files->model = tone_model_write ();
  files->wav = g_build_filename (files->folder, "in.wav", NULL);
  files->out = g_build_filename (files->folder, "out", NULL);
  tone_script_write_wav (SCRIPT, files->wav);
}

static void
files_clear (Files *files)
{
  g_unlink (files->wav);
  g_unlink (files->out);
  g_rmdir (files->folder);
  toy_model_remove (files->model);
  g_free (files->folder);
  g_free (files->wav);
  g_free (files->out);
}

/* Runs "wav ! … ! rnnspeech ! TAIL ! file". */
static char *
transcribe (Files *files, const char *properties, const char *tail)
{
  g_autofree char *description
      = g_strdup_printf ("filesrc location=\"%s\" ! decodebin ! audioconvert ! "
                         "audioresample "
                         "! rnnspeech model=\"%s\" %s ! %s filesink "
                         "location=\"%s\"",
          files->wav, files->model, properties, tail, files->out);
  g_autoptr (GstElement) pipeline = parse (description);
  g_autoptr (GError) error = run_to_end (pipeline);
  char *contents = NULL;

  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (files->out, &contents, NULL, NULL));
  return contents;
}

/* --- text ----------------------------------------------------------------- */

static const struct {
  const char *name;
  const char *properties;
  const char *tail;
  const char *needs;   /* element */
  const char *pattern; /* of the whole file */
} outputs[] = {
  { "lines", "", "", "filesink", "^ab cd\nef\n$" },
  { "words", "output-unit=word", "", "filesink", "^ab cd\nef\n$" },
  { "lines-behind-queue", "", "queue ! ", "queue", "^ab cd\nef\n$" },
  { "webvtt", "", "webvttenc ! ", "webvttenc",
      "^WEBVTT\n\n"
      "00:00:00\\.[12]\\d\\d --> 00:00:00\\.[67]\\d\\d\nab cd\n\n"
      "00:00:01\\.[78]\\d\\d --> 00:00:0[12]\\.[09]\\d\\d\nef\n\n$" },
  { "srt", "", "queue ! srtenc ! ", "srtenc",
      "^1\n00:00:00,[12]\\d\\d --> 00:00:00,[67]\\d\\d\nab cd\n\n"
      "2\n00:00:01,[78]\\d\\d --> 00:00:0[12],[09]\\d\\d\nef\n\n$" },
};

static void
test_output (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  const char *const needs[]
      = { "wavparse", "decodebin", "audioresample", outputs[i].needs, NULL };
  g_autofree char *text = NULL;
  Files files;

  if (!have_elements (needs))
    return;
  files_init (&files);
  text = transcribe (&files, outputs[i].properties, outputs[i].tail);
  if (!g_regex_match_simple (outputs[i].pattern, text, 0, 0))
    g_test_message ("%s", text);
  g_assert_true (g_regex_match_simple (outputs[i].pattern, text, 0, 0));
  files_clear (&files);
}

static void
on_handoff (GstElement *sink, GstBuffer *buffer, GstPad *pad,
    gpointer user_data)
{
  ++*(guint *) user_data;
}

/* The overlay waits for text; all frames come out, GAPs tell it that there is
 * none. */
static void
test_overlay (gconstpointer properties)
{
  const char *const needs[]
      = { "wavparse", "videotestsrc", "textoverlay", NULL };
  g_autoptr (GstElement) pipeline = NULL, sink = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *description = NULL;
  guint n_frames = 0;
  Files files;

  if (!have_elements (needs))
    return;
  files_init (&files);
  description = g_strdup_printf ("videotestsrc num-buffers=60 ! "
                                 "video/x-raw,width=64,height=48,"
                                 "framerate=30/1 ! textoverlay name=overlay ! "
                                 "fakesink name=sink "
                                 "signal-handoffs=true filesrc location=\"%s\" "
                                 "! wavparse "
                                 "! audioconvert ! rnnspeech model=\"%s\" %s ! "
                                 "overlay.text_sink",
      files.wav, files.model, (const char *) properties);
  pipeline = parse (description);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), &n_frames);
  error = run_to_end (pipeline);
  g_assert_no_error (error);
  g_assert_cmpuint (n_frames, ==, 60);
  files_clear (&files);
}

/* A queue behind json_src is enough for both pads. */
static void
test_both_pads (void)
{
  const char *const needs[] = { "wavparse", "queue", NULL };
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *description = NULL, *contents = NULL;
  Files files;

  if (!have_elements (needs))
    return;
  files_init (&files);
  description
      = g_strdup_printf ("filesrc location=\"%s\" ! wavparse ! audioconvert "
                         "! rnnspeech name=s model=\"%s\" s.json_src ! queue "
                         "! filesink location=\"%s\" s.src ! fakesink",
          files.wav, files.model, files.out);
  pipeline = parse (description);
  error = run_to_end (pipeline);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (files.out, &contents, NULL, NULL));
  g_assert_nonnull (strstr (contents, "\"text\":\"ab cd\""));
  files_clear (&files);
}

/* A seek into the second utterance hears that one alone. */
static void
test_seek (void)
{
  const char *const needs[] = { "wavparse", "appsink", NULL };
  g_autoptr (GstElement) pipeline = NULL, sink = NULL;
  g_autofree char *description = NULL;
  GstSample *sample = NULL;
  GstBuffer *buffer;
  Files files;

  if (!have_elements (needs))
    return;
  files_init (&files);
  description
      = g_strdup_printf ("filesrc location=\"%s\" ! wavparse ! audioconvert "
                         "! rnnspeech model=\"%s\" ! appsink name=sink "
                         "sync=false",
          files.wav, files.model);
  pipeline = parse (description);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  g_assert_cmpint (gst_element_get_state (pipeline, NULL, NULL,
                       10 * GST_SECOND),
      ==, GST_STATE_CHANGE_SUCCESS);
  g_assert_true (gst_element_seek_simple (pipeline, GST_FORMAT_TIME,
      GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, 1200 * GST_MSECOND));
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_signal_emit_by_name (sink, "try-pull-sample", 10 * GST_SECOND, &sample);
  g_assert_nonnull (sample);
  buffer = gst_sample_get_buffer (sample);
  g_assert_cmpint (gst_buffer_memcmp (buffer, 0, "ef", 2), ==, 0);
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), >, 1700 * GST_MSECOND);
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), <, 1900 * GST_MSECOND);
  gst_sample_unref (sample);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  files_clear (&files);
}

/* --- scripts -------------------------------------------------------------- */

/* Runs a program or script; NULL at the end of @arguments. */
static gint
run_program (const char *program, char *const *arguments, char **out,
    char **err)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) argv = NULL;
  g_autoptr (GError) error = NULL;
  gint status;

  g_strv_builder_add (builder, program);
  g_strv_builder_addv (builder, (const char **) arguments);
  argv = g_strv_builder_end (builder);
  g_assert_true (g_spawn_sync (NULL, argv, NULL, 0, NULL, NULL, out, err,
      &status, &error));
  g_assert_no_error (error);
  return status;
}

/* Moves the recording to a name that needs quoting. */
static void
rename_wav (Files *files, const char *name)
{
  char *path = g_build_filename (files->folder, name, NULL);

  g_assert_cmpint (g_rename (files->wav, path), ==, 0);
  g_free (files->wav);
  files->wav = path;
}

/* The script says the same as the pipeline in it. */
static void
test_script_captions (void)
{
  const char *const needs[] = { "wavparse", "decodebin", NULL };
  const char *folder = g_getenv ("PIPELINES");
  g_autofree char *script = NULL, *model = NULL, *out = NULL;
  Files files;

  if (folder == NULL) {
    g_test_skip ("PIPELINES is not set");
    return;
  }
  if (!have_elements (needs))
    return;
  files_init (&files);
  rename_wav (&files, ODD_NAME);
  script = g_build_filename (folder, "file-captions", NULL);
  model = g_strconcat ("model=", files.model, NULL);
  g_assert_cmpint (run_program (script, (char *[]){ files.wav, model, NULL },
                       &out, NULL),
      ==, 0);
  g_assert_cmpstr (out, ==, "ab cd\nef\n");
  files_clear (&files);
}

/* A link, as a device, stays what it is. */
static void
test_script_webvtt (void)
{
  const char *const needs[] = { "wavparse", "decodebin", "webvttenc", NULL };
  const char *folder = g_getenv ("PIPELINES");
  g_autofree char *script = NULL, *model = NULL, *link = NULL, *text = NULL;
  Files files;

  if (folder == NULL) {
    g_test_skip ("PIPELINES is not set");
    return;
  }
  if (!have_elements (needs))
    return;
  files_init (&files);
  rename_wav (&files, ODD_NAME);
  script = g_build_filename (folder, "file-webvtt", NULL);
  model = g_strconcat ("model=", files.model, NULL);
  link = g_build_filename (files.folder, "li\"nk.vtt", NULL);
  g_assert_cmpint (symlink (files.out, link), ==, 0);
  for (guint i = 0; i < 2; i++) {
    /* To what does not exist yet, then to a file. */
    char *target = i == 0 ? files.out : link;

    g_assert_cmpint (run_program (script,
                         (char *[]){ files.wav, target, model, NULL }, NULL,
                         NULL),
        ==, 0);
    g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
    g_clear_pointer (&text, g_free);
    g_assert_true (g_file_get_contents (files.out, &text, NULL, NULL));
    g_assert_true (g_str_has_prefix (text, "WEBVTT\n"));
    g_assert_nonnull (strstr (text, "\nab cd\n"));
  }
  g_unlink (link);
  files_clear (&files);
}

/* --- rnn-watch ------------------------------------------------------------ */

static void
test_watch (void)
{
  const char *const needs[] = { "wavparse", "uridecodebin", "webvttenc", NULL };
  const char *watch = g_getenv ("RNN_WATCH");
  g_autofree char *subtitles = NULL, *model = NULL, *out = NULL, *text = NULL;
  Files files;

  if (!have_elements (needs))
    return;
  g_assert_nonnull (watch);
  files_init (&files);
  rename_wav (&files, ODD_NAME);
  subtitles = g_build_filename (files.folder, ODD_NAME ".vtt", NULL);
  model = g_build_filename (files.folder, ODD_NAME ".safetensors", NULL);
  g_assert_cmpint (symlink (files.model, model), ==, 0);
  g_assert_cmpint (run_program (watch,
                       (char *[]){ "--subtitles", subtitles, "--speech-model",
                           model, files.wav, NULL },
                       &out, NULL),
      ==, 0);
  g_assert_nonnull (strstr (out, "  ab "));
  g_assert_nonnull (strstr (out, "  ef "));
  g_assert_true (g_file_get_contents (subtitles, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "\nab cd\n"));
  g_unlink (subtitles);
  g_unlink (model);
  files_clear (&files);
}

static const struct {
  const char *name;
  char *arguments[3];
  gint status;
  const char *message;
} watch_faults[] = {
  { "usage", { NULL }, 2, "see --help" },
  { "missing", { "/nowhere/x.wav" }, 1, "rnn-watch: /nowhere/x.wav: " },
  { "folder", { "/" }, 1, "rnn-watch: " },
  { "not-media", { "/dev/null" }, 1, "rnn-watch: /dev/null: " },
};

static void
test_watch_fault (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  const char *const needs[] = { "uridecodebin", NULL };
  g_autofree char *out = NULL, *err = NULL;
  gint status;

  if (!have_elements (needs))
    return;
  status = run_program (g_getenv ("RNN_WATCH"), watch_faults[i].arguments, &out,
      &err);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, watch_faults[i].status);
  g_assert_cmpstr (out, ==, "");
  g_assert_nonnull (strstr (err, watch_faults[i].message));
}

/* --- what goes wrong ------------------------------------------------------ */

static void
test_wrong_rate (void)
{
  const char *const needs[] = { "audiotestsrc", NULL };
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GError) error = NULL;
  Files files;
  g_autofree char *description = NULL;

  if (!have_elements (needs))
    return;
  files_init (&files);
  tone_script_write_wav (SCRIPT, files.wav);
  description
      = g_strdup_printf ("filesrc location=\"%s\" ! rawaudioparse "
                         "use-sink-caps=false "
                         "sample-rate=44100 num-channels=2 pcm-format=s16le "
                         "! rnnspeech model=\"%s\" ! fakesink",
          files.wav, files.model);
  pipeline = parse (description);
  error = run_to_end (pipeline);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "audioconvert ! audioresample"));
  files_clear (&files);
}

/* The model's error comes first, before the source's "stream error". */
static void
test_missing_model (void)
{
  const char *const needs[] = { "audiotestsrc", NULL };
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GError) error = NULL;

  if (!have_elements (needs))
    return;
  pipeline = parse ("audiotestsrc ! rnnspeech model=/nowhere/x.safetensors "
                    "! fakesink");
  error = run_to_end (pipeline);
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, "/nowhere/x.safetensors"));
}

/* Stopped at any moment, a pipeline stops. */
static void
test_stop_early (void)
{
  const char *const needs[] = { "audiotestsrc", NULL };
  g_autofree char *description = NULL;
  Files files;

  if (!have_elements (needs))
    return;
  files_init (&files);
  description = g_strdup_printf ("audiotestsrc is-live=true "
                                 "! rnnspeech model=\"%s\" ! fakesink",
      files.model);
  for (guint i = 0; i < 20; i++) {
    g_autoptr (GstElement) pipeline = parse (description);

    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    g_usleep (i * 500);
    gst_element_set_state (pipeline, GST_STATE_NULL);
  }
  files_clear (&files);
}

int
main (int argc, char **argv)
{
  int status;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (outputs); i++) {
    g_autofree char *path
        = g_strconcat ("/pipelines/output/", outputs[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_output);
  }
  g_test_add_data_func ("/pipelines/overlay/utterance", "", test_overlay);
  g_test_add_data_func ("/pipelines/overlay/word",
      "output-unit=word latency=200", test_overlay);
  g_test_add_func ("/pipelines/script/file-captions", test_script_captions);
  g_test_add_func ("/pipelines/script/file-webvtt", test_script_webvtt);
  g_test_add_func ("/pipelines/watch/odd-names", test_watch);
  for (guint i = 0; i < G_N_ELEMENTS (watch_faults); i++) {
    g_autofree char *path
        = g_strconcat ("/pipelines/watch/", watch_faults[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_watch_fault);
  }
  g_test_add_func ("/pipelines/both-pads", test_both_pads);
  g_test_add_func ("/pipelines/seek", test_seek);
  g_test_add_func ("/pipelines/wrong-rate", test_wrong_rate);
  g_test_add_func ("/pipelines/missing-model", test_missing_model);
  g_test_add_func ("/pipelines/stop-early", test_stop_early);
  status = g_test_run ();
  gst_deinit (); /* the leaks tracer looks */
  return status;
}
