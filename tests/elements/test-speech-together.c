/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Many pipelines of one model in one process, with "batch-wait" on: each says
 * what it says without, to the last digit of its confidences, while others are
 * stopped, flushed or at their end. */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/elements/running.h"

#define RATE 16000
#define N_SOUNDS 4
#define SECONDS 2

/* Pipelines that do not just run to their end. */
enum { FLUSHED = 5, RESTARTED = 6, SHORT = 7, STOPPED = 8 };

static guint n_pipelines = 64;

typedef struct {
  char *folder;
  char *sounds[N_SOUNDS];
} Sounds;

/* Pieces of the bundled recording; %FALSE: no decoder, the test is skipped */
static gboolean
sounds_init (Sounds *sounds)
{
  g_autoptr (GByteArray) samples = decode_sample (RATE);
  gsize length = SECONDS * RATE * sizeof (float);

  if (samples == NULL)
    return FALSE;
  sounds->folder = g_dir_make_tmp ("together-XXXXXX", NULL);
  for (guint i = 0; i < N_SOUNDS; i++) {
    gsize first = i * RATE / 2 * sizeof (float);
    g_autofree char *name = g_strdup_printf ("%u.raw", i);

    g_assert_cmpuint (first + length, <=, samples->len);
    sounds->sounds[i] = g_build_filename (sounds->folder, name, NULL);
    g_assert_true (g_file_set_contents (sounds->sounds[i],
        (const char *) samples->data + first, (gssize) length, NULL));
  }
  return TRUE;
}

static void
sounds_clear (Sounds *sounds)
{
  for (guint i = 0; i < N_SOUNDS; i++) {
    g_remove (sounds->sounds[i]);
    g_free (sounds->sounds[i]);
  }
  g_rmdir (sounds->folder);
  g_free (sounds->folder);
}

/* --- pipelines ------------------------------------------------------------ */

static GstElement *
make (const Sounds *sounds, guint index, guint wait)
{
  /* samples in a buffer */
  static const guint sizes[] = { 160, 320, 1600, 333, 4096 };
  guint size = sizes[index % G_N_ELEMENTS (sizes)];
  g_autofree char *description
      = g_strdup_printf ("filesrc name=file location=\"%s\" blocksize=%zu "
                         "num-buffers=%d "
                         "! "
                         "audio/"
                         "x-raw,format=F32LE,rate=%d,channels=1,layout="
                         "interleaved "
                         "! rnnspeech "
                         "model=\"%s/speech-en-streaming.safetensors\" "
                         "batch-wait=%u "
                         "! fakesink sync=false",
          sounds->sounds[index % N_SOUNDS], size * sizeof (float),
          index == SHORT ? (gint) (RATE / size) : -1, RATE,
          g_getenv ("SHIPPED_MODELS"), wait);

  return parse (description);
}

/* All that a pipeline says up to its end. */
static char *
listen (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  GString *said = g_string_new (NULL);
  gboolean at_end = FALSE;

  while (!at_end) {
    g_autoptr (GstMessage) message
        = gst_bus_timed_pop_filtered (bus, 100 * GST_SECOND,
            GST_MESSAGE_ELEMENT | GST_MESSAGE_EOS | GST_MESSAGE_ERROR
                | GST_MESSAGE_WARNING);

    g_assert_nonnull (message);
    g_assert_cmpint (GST_MESSAGE_TYPE (message), !=, GST_MESSAGE_ERROR);
    g_assert_cmpint (GST_MESSAGE_TYPE (message), !=, GST_MESSAGE_WARNING);
    at_end = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
    if (gst_message_has_name (message, "rnnspeech")) {
      g_autofree char *text
          = gst_structure_to_string (gst_message_get_structure (message));

      g_string_append_printf (said, "%s\n", text);
    }
  }
  return g_string_free (said, FALSE);
}

static void
flush (GstElement *pipeline)
{
  g_autoptr (GstElement) file
      = gst_bin_get_by_name (GST_BIN (pipeline), "file");

  g_assert_true (
      gst_element_seek_simple (file, GST_FORMAT_BYTES, GST_SEEK_FLAG_FLUSH, 0));
}

static void
play (GstElement *pipeline)
{
  g_assert_cmpint (gst_element_set_state (pipeline, GST_STATE_PLAYING), !=,
      GST_STATE_CHANGE_FAILURE);
}

/* What it has said until then is forgotten. */
static void
restart (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_element_set_state (pipeline, GST_STATE_READY);
  gst_bus_set_flushing (bus, TRUE);
  gst_bus_set_flushing (bus, FALSE);
  play (pipeline);
}

/* Until it has loaded its model, and is amid its audio. */
static void
wait_until_prerolled (GstElement *pipeline)
{
  g_assert_cmpint (gst_element_get_state (pipeline, NULL, NULL,
                       100 * GST_SECOND),
      ==, GST_STATE_CHANGE_SUCCESS);
}

/* What each says; of those that are stopped or flushed, that they end. */
static GPtrArray *
run_all (const Sounds *sounds, guint wait, gboolean disturb)
{
  g_autofree GstElement **pipelines = g_new (GstElement *, n_pipelines);
  GPtrArray *said = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < n_pipelines; i++) {
    pipelines[i] = make (sounds, i, wait);
    play (pipelines[i]);
  }
  if (disturb) {
    wait_until_prerolled (pipelines[FLUSHED]);
    flush (pipelines[FLUSHED]);
    gst_element_set_state (pipelines[STOPPED], GST_STATE_NULL);
    restart (pipelines[RESTARTED]);
  }
  for (guint i = 0; i < n_pipelines; i++) {
    g_ptr_array_add (said,
        disturb && i == STOPPED ? NULL : listen (pipelines[i]));
    gst_element_set_state (pipelines[i], GST_STATE_NULL);
    gst_object_unref (pipelines[i]);
  }
  return said;
}

/* --- tests ---------------------------------------------------------------- */

static void
compare (GPtrArray *said, GPtrArray *wanted, gboolean disturbed)
{
  for (guint i = 0; i < n_pipelines; i++)
    if (!disturbed || (i != FLUSHED && i != STOPPED))
      g_assert_cmpstr (g_ptr_array_index (said, i), ==,
          g_ptr_array_index (wanted, i));
}

static void
test_same_messages (void)
{
  g_autoptr (GPtrArray) wanted = NULL;
  g_autoptr (GPtrArray) said = NULL;
  g_autoptr (GPtrArray) disturbed = NULL;
  Sounds sounds;

  if (!sounds_init (&sounds))
    return;
  wanted = run_all (&sounds, 0, FALSE);
  g_assert_nonnull (strstr (g_ptr_array_index (wanted, 0), "final=(boolean)"));
  g_assert_cmpstr (g_ptr_array_index (wanted, 0), !=,
      g_ptr_array_index (wanted, 1));
  said = run_all (&sounds, 20, FALSE);
  compare (said, wanted, FALSE);
  disturbed = run_all (&sounds, 20, TRUE);
  compare (disturbed, wanted, TRUE);
  sounds_clear (&sounds);
}

/* A model that hears both ways cannot: one warning, and all is heard. */
static void
test_bidirectional (void)
{
  g_autofree char *description
      = g_strdup_printf ("audiotestsrc num-buffers=5 ! audio/x-raw,rate=%d ! "
                         "rnnspeech "
                         "model=\"%s/speech-en.safetensors\" batch-wait=20 ! "
                         "fakesink",
          RATE, g_getenv ("SHIPPED_MODELS"));
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) warning = NULL;
  g_autoptr (GstMessage) end = NULL;
  g_autoptr (GError) error = NULL;
  const char *const needs[] = { "audiotestsrc", NULL };

  if (!have_elements (needs))
    return;
  pipeline = parse (description);
  bus = gst_element_get_bus (pipeline);
  play (pipeline);
  warning = gst_bus_timed_pop_filtered (bus, 100 * GST_SECOND,
      GST_MESSAGE_WARNING | GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (warning);
  g_assert_cmpint (GST_MESSAGE_TYPE (warning), ==, GST_MESSAGE_WARNING);
  gst_message_parse_warning (warning, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "batch-wait"));
  end = gst_bus_timed_pop_filtered (bus, 100 * GST_SECOND,
      GST_MESSAGE_WARNING | GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (end);
  g_assert_cmpint (GST_MESSAGE_TYPE (end), ==, GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("RNNC_TEST_SANITIZED") != NULL)
    n_pipelines = 16;
  g_test_add_func ("/speech-together/same-messages", test_same_messages);
  g_test_add_func ("/speech-together/bidirectional", test_bidirectional);
  return g_test_run ();
}
