/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command and the elements hear and see the same: identical from the same
 * samples and frames; nearly so from compressed recordings, which each decodes
 * and resamples on its own. Opus made from 16 kHz is left out: of it GStreamer
 * decodes 16 kHz, libavcodec always 48 kHz, with other highest bands; and MP3,
 * whose leading padding GStreamer keeps (docs/offline.md has the figures). */
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "tests/tools/fixture.h"
#include "tools/data/manifest.h"
#include "tools/measure/error-rate.h"

#define N_RECORDINGS 130
#define MAX_DIFFERENT 0.01     /* of the words of all codecs */
#define MAX_DIFFERENT_ONE 0.02 /* of one's */

static Fixture fixture;

static gboolean
can_run (void)
{
  g_autofree char *program = g_find_program_in_path ("gst-launch-1.0");

  if (program == NULL)
    g_test_skip ("there is no gst-launch-1.0");
  return program != NULL;
}

/* Standard output of a shell command line; it must succeed. */
static char *
run_line (const char *line)
{
  g_auto (GStrv) argv = NULL;
  Outcome outcome;
  char *out;

  g_assert_true (g_shell_parse_argv (line, NULL, &argv, NULL));
  fixture_run (&fixture, &outcome, (const char *const *) argv);
  g_assert_cmpint (outcome.status, ==, 0);
  out = g_strdup (outcome.out);
  outcome_clear (&outcome);
  return out;
}

static char *
run_rnncore (const char *arguments)
{
  g_autofree char *command = g_shell_quote (g_getenv ("RNNCORE_COMMAND"));
  g_autofree char *line = g_strconcat (command, " ", arguments, NULL);

  return run_line (line);
}

static JsonArray *
words_of (JsonNode *node)
{
  return json_object_get_array_member (json_node_get_object (node), "words");
}

static void
compare_words (JsonArray *command, JsonArray *element)
{
  g_assert_cmpuint (json_array_get_length (command), >, 5);
  g_assert_cmpuint (json_array_get_length (command), ==,
      json_array_get_length (element));
  for (guint i = 0; i < json_array_get_length (command); i++) {
    JsonObject *a = json_array_get_object_element (command, i);
    JsonObject *b = json_array_get_object_element (element, i);
    double start = (double) json_object_get_int_member (b, "timestamp") / 1e9;
    double duration = (double) json_object_get_int_member (b, "duration") / 1e9;

    g_assert_cmpstr (json_object_get_string_member (a, "text"), ==,
        json_object_get_string_member (b, "text"));
    /* Written to the millisecond, and to 4 digits. */
    g_assert_cmpfloat_with_epsilon (json_object_get_double_member (a, "start"),
        start, 0.00051);
    g_assert_cmpfloat_with_epsilon (json_object_get_double_member (a, "end"),
        start + duration, 0.00051);
    g_assert_cmpfloat_with_epsilon (json_object_get_double_member (a,
                                        "confidence"),
        json_object_get_double_member (b, "confidence"), 0.000051);
  }
}

static void
test_samples (void)
{
  g_autofree char *command = NULL, *element = NULL;
  g_autoptr (JsonNode) a = NULL;
  g_autoptr (JsonNode) b = NULL;

  if (!can_run ()
      || !fixture_ffmpeg (&fixture,
          "-i sample.mkv -vn -ar 16000 -c:a pcm_s16le speech.wav"))
    return;
  command
      = run_rnncore ("transcribe -m speech-en-streaming -f jsonl speech.wav");
  element = run_line ("gst-launch-1.0 -q filesrc location=speech.wav ! "
                      "wavparse ! rnnspeech name=r partial-results-interval=-1 "
                      "! queue ! fakesink sync=false r.json_src ! queue ! "
                      "fdsink sync=false");
  a = json_from_string (command, NULL);
  b = json_from_string (element, NULL);
  g_assert_nonnull (a);
  g_assert_nonnull (b);
  compare_words (words_of (a), words_of (b));
}

static double
number_behind (const char *text, const char *name)
{
  const char *at = strstr (text, name);

  g_assert_nonnull (at);
  return g_ascii_strtod (strchr (at, ')') + 1, NULL);
}

static void
test_frames (void)
{
  g_autofree char *command = NULL, *element = NULL;
  g_autoptr (JsonNode) node = NULL;
  const char *message;
  JsonObject *gesture;

  if (!can_run ()
      || !fixture_ffmpeg (&fixture,
          "-i sample.mkv -an -c:v ffv1 -pix_fmt yuv420p frames.mkv"))
    return;
  command = run_rnncore ("label --stream -f jsonl frames.mkv");
  element = run_line ("gst-launch-1.0 -m filesrc location=frames.mkv ! "
                      "matroskademux ! avdec_ffv1 ! rnngesture ! fakesink "
                      "sync=false");
  node = json_from_string (command, NULL);
  g_assert_nonnull (node);
  gesture = json_node_get_object (node);
  message = strstr (element, "): rnngesture, ");
  g_assert_nonnull (message);
  g_assert_nonnull (strstr (message, "gesture=(string)left"));
  g_assert_cmpstr (json_object_get_string_member (gesture, "label"), ==,
      "left");
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (gesture,
                                      "start"),
      number_behind (message, "timestamp=") / 1e9, 0.00051);
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (gesture,
                                      "end"),
      (number_behind (message, "timestamp=")
          + number_behind (message, "duration="))
          / 1e9,
      0.00051);
  g_assert_cmpfloat_with_epsilon (json_object_get_double_member (gesture,
                                      "confidence"),
      number_behind (message, "confidence="), 0.000051);
}

/* --- compressed recordings ----------------------------------------------- */

static char *
find_manifest (void)
{
  const char *data = g_getenv ("RNNC_TEST_DATA");
  g_autofree char *folder = data != NULL
      ? g_strdup (data)
      : g_build_filename (g_getenv ("RNNC_SOURCE"), "..", "shared", "data",
          NULL);

  return g_build_filename (folder, "speech", "manifest.tsv", NULL);
}

static char *
hear_with_element (const char *path)
{
  g_autofree char *quoted = g_shell_quote (path);
  g_autofree char *line
      = g_strdup_printf ("gst-launch-1.0 -q filesrc location=%s ! decodebin ! "
                         "audioconvert ! "
                         "audioresample ! rnnspeech language-model=none ! "
                         "fdsink sync=false",
          quoted);
  char *text = run_line (line);

  g_strdelimit (text, "\n", ' ');
  return g_strstrip (text);
}

/* The first @N_RECORDINGS of an4's test, one behind the other. */
static gboolean
join_recordings (const char *path)
{
  g_autoptr (Manifest) manifest = NULL;
  g_autoptr (GString) list = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  gint corpus, split;
  guint n = 0;

  manifest = manifest_load (path, &error);
  g_assert_no_error (error);
  corpus = manifest_column (manifest, "corpus");
  split = manifest_column (manifest, "split");
  for (guint i = 0; i < manifest->n_rows && n < N_RECORDINGS; i++) {
    g_autofree char *media = manifest_media_path (manifest, i);

    if (!g_str_equal (manifest_field (manifest, i, corpus), "an4")
        || !g_str_equal (manifest_field (manifest, i, split), "test"))
      continue;
    g_string_append_printf (list, "file '%s'\n", media);
    n++;
  }
  g_assert_cmpuint (n, ==, N_RECORDINGS);
  fixture_write (&fixture, "list.txt", list->str);
  return fixture_ffmpeg (&fixture,
      "-f concat -safe 0 -i list.txt -ar 48000 -c:a flac all.flac");
}

static const struct {
  const char *name, *arguments;
} codecs[] = {
  { "flac.flac", "-c:a flac" },
  { "aac.m4a", "-c:a aac" },
  { "opus.opus", "-c:a libopus" },
};

/* The sound alone: a language model makes one wrong letter a word, or none.
 * Which words are close to another one, and so flip, is chance: some codecs
 * have one of them, some nine. */
static EditCounts
compare_recording (const char *name)
{
  g_autofree char *arguments
      = g_strconcat ("transcribe -m speech-en-streaming --lm none ", name,
          NULL);
  g_autofree char *command = run_rnncore (arguments);
  g_autofree char *element = hear_with_element (name);
  EditCounts counts;

  g_strdelimit (command, "\n", ' ');
  counts = edit_counts_words (element, g_strstrip (command));
  g_test_message ("%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                  " words differ: %s | %s",
      name, edit_counts_errors (&counts), counts.reference, element, command);
  g_assert_cmpuint (counts.reference, >, 150);
  g_assert_cmpfloat (edit_counts_rate (&counts), <=, MAX_DIFFERENT_ONE);
  return counts;
}

static void
test_recordings (void)
{
  g_autofree char *path = find_manifest ();
  guint64 errors = 0, words = 0;

  if (!can_run ())
    return;
  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_test_skip ("there are no recordings in ../shared/data");
    return;
  }
  if (!join_recordings (path))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++) {
    g_autofree char *arguments = g_strdup_printf ("-i all.flac %s %s",
        codecs[i].arguments, codecs[i].name);
    EditCounts counts;

    if (!fixture_ffmpeg (&fixture, arguments))
      return;
    counts = compare_recording (codecs[i].name);
    errors += edit_counts_errors (&counts);
    words += counts.reference;
  }
  g_assert_cmpfloat ((double) errors, <=, MAX_DIFFERENT * (double) words);
}

int
main (int argc, char **argv)
{
  g_autofree char *text = NULL;
  g_autofree char *copy = NULL;
  gsize length;
  int status;

  g_test_init (&argc, &argv, NULL);
  fixture_begin (&fixture);
  copy = fixture_path (&fixture, "sample.mkv");
  g_assert_true (
      g_file_get_contents (g_getenv ("RNNC_SAMPLE"), &text, &length, NULL));
  g_assert_true (g_file_set_contents (copy, text, (gssize) length, NULL));
  g_test_add_func ("/tools/agreement/samples", test_samples);
  g_test_add_func ("/tools/agreement/frames", test_frames);
  g_test_add_func ("/tools/agreement/recordings", test_recordings);
  status = g_test_run ();
  fixture_end (&fixture);
  return status;
}
