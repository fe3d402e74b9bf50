/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Much of everything: pipelines at once, seeks, states from several threads,
 * hours of sound. RNNC_TEST_LONG=1 runs what takes minutes. */
#include <gst/gst.h>
#include <stdio.h>
#include <string.h>

#include "tests/elements/running.h"
#include "tests/elements/speech-harness.h"
#include "tests/elements/toy-models.h"

#define MS GST_MSECOND
#define SCRIPT "..ab cd...........ef......"

static gboolean
is_long (void)
{
  return g_getenv ("RNNC_TEST_LONG") != NULL;
}

static char *
with_model (const char *description, const char *model)
{
  GString *text = g_string_new (description);

  g_string_replace (text, "MODEL", model, 0);
  return g_string_free (text, FALSE);
}

/* --- pipelines ------------------------------------------------------------ */

/* What appsrc plays, once, and what must come out. */
typedef struct {
  const char *name;
  char *(*write_model) (void);
  const char *description; /* "MODEL" is its path */
  void (*push) (GstElement *source);
  const char *text;
} PlayerKind;

/* What came out so far is in @text. */
typedef struct {
  const PlayerKind *kind;
  GstElement *pipeline;
  GString *text;
} Player;

static void
on_text (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user_data)
{
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  g_string_append_len (user_data, (const char *) map.data, (gssize) map.size);
  gst_buffer_unmap (buffer, &map);
}

static void
push_buffer (GstElement *source, GstBuffer *buffer, GstClockTime start)
{
  GstFlowReturn flow;

  GST_BUFFER_PTS (buffer) = start;
  g_signal_emit_by_name (source, "push-buffer", buffer, &flow);
  gst_buffer_unref (buffer);
}

static void
push_tones (GstElement *source)
{
  gsize n;
  float *samples = tone_script (SCRIPT, &n);

  push_buffer (source, gst_buffer_new_wrapped (samples, n * sizeof (float)), 0);
}

/* A second and a half each of light on the left, all over, and on the right. */
static void
push_light (GstElement *source)
{
  static const guint8 pixels[3][2] = { { 235, 16 }, { 128, 128 }, { 16, 235 } };

  for (guint i = 0; i < 60; i++) {
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, 8 * 8, NULL);
    const guint8 *sides = pixels[i / 15 == 2 ? 2 : i / 15 % 2];

    for (gsize y = 0; y < 8; y++) {
      gst_buffer_memset (buffer, y * 8, sides[0], 4);
      gst_buffer_memset (buffer, y * 8 + 4, sides[1], 4);
    }
    push_buffer (source, buffer, i * 100 * MS);
  }
}

static const PlayerKind player_kinds[] = {
  { "speech", tone_model_write,
      "appsrc name=source format=time caps=audio/x-raw,format=F32LE,rate=16000,"
      "channels=1,layout=interleaved ! rnnspeech model=\"MODEL\" "
      "line-feeds=always ! fakesink name=sink signal-handoffs=true sync=false",
      push_tones, "ab cd\nef\n" },
  { "gesture", light_model_write,
      "appsrc name=source format=time caps=video/x-raw,format=GRAY8,width=8,"
      "height=8,framerate=10/1 ! rnngesture name=e model=\"MODEL\" ! fakesink "
      "sync=false e.text_src ! queue ! fakesink name=sink signal-handoffs=true "
      "sync=false",
      push_light, "left\nright\n" },
};

static void
player_init (Player *player, const PlayerKind *kind, const char *model)
{
  g_autofree char *description = with_model (kind->description, model);
  g_autoptr (GstElement) source = NULL, sink = NULL;
  GstFlowReturn flow;

  player->kind = kind;
  player->pipeline = parse (description);
  player->text = g_string_new (NULL);
  source = gst_bin_get_by_name (GST_BIN (player->pipeline), "source");
  sink = gst_bin_get_by_name (GST_BIN (player->pipeline), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (on_text), player->text);
  kind->push (source);
  g_signal_emit_by_name (source, "end-of-stream", &flow);
}

static void
player_finish (Player *player)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (player->pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  g_assert_nonnull (message);
  g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  g_assert_cmpstr (player->text->str, ==, player->kind->text);
  gst_element_set_state (player->pipeline, GST_STATE_NULL);
  gst_object_unref (player->pipeline);
  g_string_free (player->text, TRUE);
}

#define N_PIPELINES 64

static void
test_pipelines (gconstpointer data)
{
  const PlayerKind *kind = data;
  Player players[N_PIPELINES];
  char *model = kind->write_model ();

  for (guint i = 0; i < N_PIPELINES; i++)
    player_init (&players[i], kind, model);
  for (guint i = 0; i < N_PIPELINES; i++)
    gst_element_set_state (players[i].pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < N_PIPELINES; i++)
    player_finish (&players[i]);
  toy_model_remove (model);
}

/* --- seeks ---------------------------------------------------------------- */

#define N_SEEKS 1000

/* Sources that never end, with all pads in use. */
typedef struct {
  const char *name;
  char *(*write_model) (void);
  const char *description; /* "MODEL" is its path */
} EndlessKind;

static const EndlessKind endless_kinds[] = {
  { "speech", tone_model_write,
      "audiotestsrc wave=silence samplesperbuffer=160 "
      "! rnnspeech model=\"MODEL\" name=e ! fakesink sync=false "
      "e.json_src ! queue ! fakesink sync=false" },
  { "gesture", light_model_write,
      "videotestsrc ! video/x-raw,width=32,height=16 "
      "! rnngesture model=\"MODEL\" name=e ! fakesink sync=false "
      "e.text_src ! queue ! fakesink sync=false" },
};

/* Flushes at any moment of an endless stream. */
static void
test_seeks (gconstpointer data)
{
  const EndlessKind *kind = data;
  char *model = kind->write_model ();
  g_autofree char *description = with_model (kind->description, model);
  g_autoptr (GstElement) pipeline = parse (description);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_assert_cmpint (gst_element_get_state (pipeline, NULL, NULL,
                       30 * GST_SECOND),
      ==, GST_STATE_CHANGE_SUCCESS);
  for (guint i = 0; i < N_SEEKS; i++)
    g_assert_true (gst_element_seek_simple (pipeline, GST_FORMAT_TIME,
        GST_SEEK_FLAG_FLUSH | (i % 2 == 0 ? GST_SEEK_FLAG_ACCURATE : 0),
        g_test_rand_int_range (0, 3600) * GST_SECOND));
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_null (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  toy_model_remove (model);
}

/* Each flush forgets what was said before it, and nothing after it. */
static void
test_flushes (void)
{
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");

  for (guint i = 0; i < N_SEEKS; i++) {
    GstSegment segment;
    const char lost[] = { 'a' + i % 6, '\0' };

    speech_harness_say (speech, lost, 0, 0);
    gst_harness_push_event (speech->harness, gst_event_new_flush_start ());
    gst_harness_push_event (speech->harness, gst_event_new_flush_stop (TRUE));
    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_harness_push_event (speech->harness, gst_event_new_segment (&segment));
    if (i % 100 == 99) {
      g_autofree char *text = NULL;

      speech_harness_say (speech, "fab..........", 0, 0);
      text = speech_harness_take_text (speech);
      g_assert_cmpstr (text, ==, "fab");
    }
  }
  speech_harness_free (speech);
}

typedef struct {
  GstHarness *harness;
  GMutex streaming; /* what a source's task has locked while it pushes */
} Flusher;

/* As a seek does it: FLUSH_START ends what is going on, then the task rests. */
static gpointer
flush_often (gpointer user_data)
{
  Flusher *flusher = user_data;
  GstHarness *harness = flusher->harness;

  for (guint i = 0; i < 20; i++) {
    GstSegment segment;

    gst_harness_push_event (harness, gst_event_new_flush_start ());
    g_mutex_lock (&flusher->streaming);
    gst_harness_push_event (harness, gst_event_new_flush_stop (TRUE));
    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_harness_push_event (harness, gst_event_new_segment (&segment));
    g_mutex_unlock (&flusher->streaming);
    g_usleep (500);
  }
  return NULL;
}

/* A flush while the model is loaded or a buffer decoded ends the wait. */

static void
test_flush_while_busy (void)
{
  for (guint round = 0; round < 10; round++) {
    SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
    Flusher flusher = { .harness = speech->harness };
    GThread *thread;
    GstFlowReturn flow = GST_FLOW_OK;
    gsize n;
    g_autofree float *samples = tone_script ("abcdefabcdef", &n);

    if (round % 2 == 0) { /* loading again */
      gst_element_set_state (speech->element, GST_STATE_READY);
      gst_element_set_state (speech->element, GST_STATE_PLAYING);
      gst_harness_set_src_caps_str (speech->harness,
          "audio/x-raw,format=F32LE,rate=16000,channels=1,"
          "layout=interleaved");
    }
    g_mutex_init (&flusher.streaming);
    thread = g_thread_new ("flush", flush_often, &flusher);
    for (guint i = 0; i < 20; i++) {
      g_mutex_lock (&flusher.streaming);
      flow = speech_harness_push (speech, samples, n, 0, 0);
      g_mutex_unlock (&flusher.streaming);
      g_assert_true (flow == GST_FLOW_OK || flow == GST_FLOW_FLUSHING);
    }
    g_thread_join (thread);
    g_mutex_clear (&flusher.streaming);
    speech_harness_free (speech);
  }
}

/* --- states --------------------------------------------------------------- */

typedef struct {
  GstElement *pipeline;
  guint32 seed;
  guint n_changes;
} Walker;

static gpointer
walk (gpointer user_data)
{
  Walker *walker = user_data;
  GRand *random = g_rand_new_with_seed (walker->seed);

  for (guint i = 0; i < walker->n_changes; i++) {
    gst_element_set_state (walker->pipeline,
        (GstState) g_rand_int_range (random, GST_STATE_NULL,
            GST_STATE_PLAYING + 1));
    g_usleep ((gulong) g_rand_int_range (random, 0, 1000));
  }
  g_rand_free (random);
  return NULL;
}

static void
test_states (gconstpointer data)
{
  const EndlessKind *kind = data;
  char *model = kind->write_model ();
  g_autofree char *description = with_model (kind->description, model);
  g_autoptr (GstElement) pipeline = parse (description);
  Walker walkers[4];
  GThread *threads[4];

  for (guint i = 0; i < 4; i++) {
    walkers[i] = (Walker){ pipeline, (guint32) g_test_rand_int (),
      is_long () ? 400 : 40 };
    threads[i] = g_thread_new ("walker", walk, &walkers[i]);
  }
  for (guint i = 0; i < 4; i++)
    g_thread_join (threads[i]);
  /* Still of use. */
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  g_assert_cmpint (gst_element_get_state (pipeline, NULL, NULL,
                       30 * GST_SECOND),
      ==, GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  toy_model_remove (model);
}

/* --- properties ----------------------------------------------------------- */

/* Sets any property that may change while playing to anything it may be. */
static void
set_at_random (GRand *random, GObject *object, GParamSpec *spec)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, spec->value_type);
  if (G_IS_PARAM_SPEC_UINT (spec))
    g_value_set_uint (&value,
        G_PARAM_SPEC_UINT (spec)->minimum + g_rand_int (random) % 2000);
  else if (G_IS_PARAM_SPEC_DOUBLE (spec))
    g_value_set_double (&value, g_rand_double (random));
  else if (G_IS_PARAM_SPEC_BOOLEAN (spec))
    g_value_set_boolean (&value, g_rand_boolean (random));
  else if (G_IS_PARAM_SPEC_ENUM (spec))
    g_value_set_enum (&value, g_rand_int_range (random, 0, 3));
  else
    return;
  g_param_value_validate (spec, &value);
  g_object_set_property (object, spec->name, &value);
}

typedef struct {
  GObject *object;
  gint stop; /* atomic */
} Setter;

static gpointer
set_properties (gpointer user_data)
{
  Setter *setter = user_data;
  GRand *random = g_rand_new_with_seed ((guint32) g_test_rand_int ());
  guint n;
  g_autofree GParamSpec **specs
      = g_object_class_list_properties (G_OBJECT_GET_CLASS (setter->object),
          &n);

  while (!g_atomic_int_get (&setter->stop)) {
    GParamSpec *spec = specs[g_rand_int_range (random, 0, (gint32) n)];

    if ((spec->flags & GST_PARAM_MUTABLE_PLAYING) != 0
        && (spec->flags & G_PARAM_WRITABLE) != 0)
      set_at_random (random, setter->object, spec);
    g_usleep (200);
  }
  g_rand_free (random);
  return NULL;
}

/* From another thread, all the time; put back, all is as it was. */
static void
test_properties (void)
{
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  Setter setter = { G_OBJECT (speech->element), 0 };
  GThread *thread = g_thread_new ("setter", set_properties, &setter);
  GstClockTime step = strlen (SCRIPT) * 100 * MS;
  guint rounds = g_getenv ("RNNC_TEST_SANITIZED") != NULL ? 20 : 100;
  g_autofree char *text = NULL;

  for (guint i = 0; i < rounds; i++) {
    speech_harness_say (speech, SCRIPT, i * step, 1600);
    g_ptr_array_unref (speech_harness_take_results (speech));
  }
  g_atomic_int_set (&setter.stop, 1);
  g_thread_join (thread);
  g_object_set (speech->element, "endpoint-silence", 800u, "max-utterance",
      20000u, "class-confidence-threshold", 0.0, "alternatives", 0u,
      "line-feeds", 2, NULL);
  speech_harness_say (speech, "..........", rounds * step, 1600);
  g_free (speech_harness_take_text (speech));
  speech_harness_say (speech, "ab cd..........", rounds * step + GST_SECOND,
      1600);
  text = speech_harness_take_text (speech);
  g_assert_cmpstr (text, ==, "ab cd");
  speech_harness_free (speech);
}

/* --- an hour -------------------------------------------------------------- */

static gsize
resident_bytes (void)
{
  unsigned long pages = 0, resident = 0;
  FILE *file = fopen ("/proc/self/statm", "r");

  if (file == NULL)
    return 0;
  if (fscanf (file, "%lu %lu", &pages, &resident) != 2)
    resident = 0;
  fclose (file);
  return (gsize) resident * 4096;
}

/* Says the script over and over; what is said at the end is what was said at
 * the beginning, and memory is what it was after the first minutes. */
static void
test_hour (void)
{
  GstClockTime length = (is_long () ? 3600 : 600) * GST_SECOND;
  GstClockTime step = strlen (SCRIPT) * 100 * MS;
  SpeechHarness *speech
      = speech_harness_new ("line-feeds=never output-unit=word latency=300",
          "F32LE");
  gsize settled = 0, now;
  guint n = 0;

  for (GstClockTime t = 0; t < length; t += step, n++) {
    g_autofree char *text = NULL;

    speech_harness_say (speech, SCRIPT, t, 1600);
    text = speech_harness_take_text (speech);
    /* The end of an utterance is seen in the next round's silence. */
    if (strcmp (text, "ab |cd |ef ") != 0)
      g_error ("round %u: \"%s\"", n, text);
    g_ptr_array_unref (speech_harness_take_results (speech));
    if (t > length / 4 && settled == 0)
      settled = resident_bytes ();
  }
  now = resident_bytes ();
  g_test_message ("%u rounds; resident: %" G_GSIZE_FORMAT
                  " KiB after a quarter, %" G_GSIZE_FORMAT " KiB at the end",
      n, settled / 1024, now / 1024);
  if (g_getenv ("RNNC_TEST_SANITIZED") == NULL)
    g_assert_cmpuint (now, <, settled + (1 << 20));
  speech_harness_free (speech);
}

static void
add (const char *what, const char *name, gconstpointer data,
    GTestDataFunc function)
{
  g_autofree char *path = g_strdup_printf ("/stress/%s/%s", what, name);

  g_test_add_data_func (path, data, function);
}

int
main (int argc, char **argv)
{
  int status;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (player_kinds); i++)
    add ("pipelines", player_kinds[i].name, &player_kinds[i], test_pipelines);
  for (guint i = 0; i < G_N_ELEMENTS (endless_kinds); i++) {
    add ("seeks", endless_kinds[i].name, &endless_kinds[i], test_seeks);
    add ("states", endless_kinds[i].name, &endless_kinds[i], test_states);
  }
  g_test_add_func ("/stress/flushes", test_flushes);
  g_test_add_func ("/stress/flush-while-busy", test_flush_while_busy);
  g_test_add_func ("/stress/properties", test_properties);
  g_test_add_func ("/stress/hour", test_hour);
  status = g_test_run ();
  gst_deinit (); /* the leaks tracer looks */
  return status;
}
