/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long after a word's end its message comes, in a live pipeline: the
 * recording is played in real time into rnnspeech. A word's end is the end that
 * the element itself reports; its message is the first one, partial or final,
 * that has the word as it stays. "start" is the same for the first word, but
 * from when the pipeline was told to play: loading and linking are in it.
 * Prints one JSON line.
 *
 * Usage: bench-latency RECORDING [MODEL] */
#include <gst/gst.h>
#include <string.h>

typedef struct {
  GstElement *pipeline;
  GPtrArray *texts;  /* of the utterance's words so far */
  GArray *arrivals;  /* guint64: running time at which each last changed */
  GArray *delays[2]; /* double, ms: of partials, of finals */
  guint64 began;     /* clock time at which it was told to play */
  double start;      /* ms */
} Bench;

enum { PARTIAL, FINAL };

static guint64
running_time_now (Bench *bench)
{
  g_autoptr (GstClock) clock = gst_element_get_clock (bench->pipeline);

  return gst_clock_get_time (clock)
      - gst_element_get_base_time (bench->pipeline);
}

static void
note_change (Bench *bench, guint index, const char *text, guint64 now)
{
  if (index == bench->texts->len) {
    g_ptr_array_add (bench->texts, g_strdup (text));
    g_array_append_val (bench->arrivals, now);
  } else if (strcmp (g_ptr_array_index (bench->texts, index), text) != 0) {
    g_free (g_ptr_array_index (bench->texts, index));
    g_ptr_array_index (bench->texts, index) = g_strdup (text);
    g_array_index (bench->arrivals, guint64, index) = now;
  }
}

static void
note_delay (Bench *bench, guint kind, guint64 arrival, guint64 word_end)
{
  double delay = ((double) arrival - (double) word_end) / 1e6;

  g_array_append_val (bench->delays[kind], delay);
}

static void
note_words (Bench *bench, const GstStructure *result)
{
  const GValue *words = gst_structure_get_value (result, "words");
  guint n = words != NULL ? gst_value_list_get_size (words) : 0;
  guint64 now = running_time_now (bench);
  gboolean final = FALSE;

  gst_structure_get_boolean (result, "final", &final);
  for (guint i = 0; i < n; i++) {
    const GstStructure *word
        = gst_value_get_structure (gst_value_list_get_value (words, i));
    guint64 start = 0, duration = 0;

    note_change (bench, i, gst_structure_get_string (word, "text"), now);
    if (!final)
      continue;
    gst_structure_get_uint64 (word, "timestamp", &start);
    gst_structure_get_uint64 (word, "duration", &duration);
    if (bench->delays[FINAL]->len == 0)
      bench->start = ((double) g_array_index (bench->arrivals, guint64, i)
                         + (double) gst_element_get_base_time (bench->pipeline)
                         - (double) bench->began - (double) (start + duration))
          / 1e6;
    note_delay (bench, PARTIAL, g_array_index (bench->arrivals, guint64, i),
        start + duration);
    note_delay (bench, FINAL, now, start + duration);
  }
  if (final) {
    g_ptr_array_set_size (bench->texts, 0);
    g_array_set_size (bench->arrivals, 0);
  }
}

/* In the thread that posts: nothing else is measured. */
static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT
      && gst_message_has_name (message, "rnnspeech"))
    note_words (user_data, gst_message_get_structure (message));
  return GST_BUS_PASS;
}

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
percentile (GArray *values, double share)
{
  g_array_sort (values, compare_doubles);
  return values->len == 0 ? 0
                          : g_array_index (values, double,
                              (guint) (share * (values->len - 1) + 0.5));
}

static GstElement *
make_pipeline (const char *recording, const char *model)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline
      = gst_parse_launch ("filesrc name=file ! decodebin ! audioconvert ! "
                          "audioresample "
                          "! audiobuffersplit output-buffer-duration=1/100 ! "
                          "identity sync=true "
                          "! rnnspeech name=speech ! fakesink sync=false",
          &error);

  if (pipeline == NULL) {
    g_printerr ("bench-latency: %s\n", error->message);
    return NULL;
  }
  gst_child_proxy_set (GST_CHILD_PROXY (pipeline), "file::location", recording,
      NULL);
  if (model != NULL)
    gst_child_proxy_set (GST_CHILD_PROXY (pipeline), "speech::model", model,
        NULL);
  return pipeline;
}

static gboolean
run (Bench *bench)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (bench->pipeline);
  g_autoptr (GstMessage) end = NULL;
  g_autoptr (GError) error = NULL;

  gst_bus_set_sync_handler (bus, on_message, bench, NULL);
  bench->began = gst_util_get_timestamp ();
  gst_element_set_state (bench->pipeline, GST_STATE_PLAYING);
  end = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gst_element_set_state (bench->pipeline, GST_STATE_NULL);
  if (GST_MESSAGE_TYPE (end) == GST_MESSAGE_EOS)
    return TRUE;
  gst_message_parse_error (end, &error, NULL);
  g_printerr ("bench-latency: %s\n", error->message);
  return FALSE;
}

int
main (int argc, char **argv)
{
  Bench bench = { 0 };
  gboolean ok;

  gst_init (&argc, &argv);
  if (argc < 2) {
    g_printerr ("usage: bench-latency RECORDING [MODEL]\n");
    return 2;
  }
  bench.pipeline = make_pipeline (argv[1], argc > 2 ? argv[2] : NULL);
  if (bench.pipeline == NULL)
    return 1;
  bench.texts = g_ptr_array_new_with_free_func (g_free);
  bench.arrivals = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (guint i = 0; i < G_N_ELEMENTS (bench.delays); i++)
    bench.delays[i] = g_array_new (FALSE, FALSE, sizeof (double));
  ok = run (&bench);
  g_print ("{\"case\": \"word end to message\", \"words\": %u, "
           "\"partial-median-ms\": %.0f, \"partial-p99-ms\": %.0f, "
           "\"final-median-ms\": %.0f, \"final-p99-ms\": %.0f, "
           "\"start-ms\": %.0f}\n",
      bench.delays[PARTIAL]->len, percentile (bench.delays[PARTIAL], 0.5),
      percentile (bench.delays[PARTIAL], 0.99),
      percentile (bench.delays[FINAL], 0.5),
      percentile (bench.delays[FINAL], 0.99), bench.start);
  for (guint i = 0; i < G_N_ELEMENTS (bench.delays); i++)
    g_array_unref (bench.delays[i]);
  g_array_unref (bench.arrivals);
  g_ptr_array_unref (bench.texts);
  gst_object_unref (bench.pipeline);
  return ok ? 0 : 1;
}
