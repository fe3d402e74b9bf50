/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * rnngesture on the model of light: a picture bright on the left or the right
 * is a gesture, an even one is none. */
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <string.h>
#ifdef HAVE_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

#include "tests/elements/toy-models.h"

#define RATE 10
#define FRAME (GST_SECOND / RATE)
#define WIDTH 16
#define HEIGHT 8

typedef struct {
  GstHarness *harness;
  GstElement *element;
  GstBus *bus;
  char *model;
  GstVideoInfo info;
  guint n_frames;
} Watcher;

static Watcher *
watcher_new (const char *properties, const char *format)
{
  Watcher *watcher = g_new0 (Watcher, 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;

  watcher->model = light_model_write ();
  line = g_strdup_printf ("rnngesture model=\"%s\" %s", watcher->model,
      properties);
  watcher->element = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  gst_object_ref_sink (watcher->element);
  /* Before the harness plays it: what goes wrong may be told at once. */
  watcher->bus = gst_bus_new ();
  gst_element_set_bus (watcher->element, watcher->bus);
  watcher->harness
      = gst_harness_new_with_element (watcher->element, "sink", "src");
  gst_harness_set_live (watcher->harness, FALSE);
  gst_video_info_set_format (&watcher->info,
      gst_video_format_from_string (format), WIDTH, HEIGHT);
  watcher->info.fps_n = RATE;
  watcher->info.fps_d = 1;
  gst_harness_set_src_caps (watcher->harness,
      gst_video_info_to_caps (&watcher->info));
  return watcher;
}

static void
watcher_free (Watcher *watcher)
{
  gst_element_set_bus (watcher->element, NULL);
  gst_object_unref (watcher->element);
  gst_harness_teardown (watcher->harness);
  gst_object_unref (watcher->bus);
  toy_model_remove (watcher->model);
  g_free (watcher);
}

/* 'l', 'r' bright on the left, the right; 'n' half bright all over. */
static guint8
brightness (char side, guint x)
{
  if (side == 'n')
    return 128;
  return (side == 'l') == (x < WIDTH / 2) ? 235 : 16;
}

static GstBuffer *
draw (Watcher *watcher, char side)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL,
      GST_VIDEO_INFO_SIZE (&watcher->info), NULL);
  GstVideoFrame frame;

  gst_buffer_memset (buffer, 0, 128, gst_buffer_get_size (buffer));
  g_assert_true (
      gst_video_frame_map (&frame, &watcher->info, buffer, GST_MAP_WRITE));
  for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (&frame); c++) {
    if (c > 0 && GST_VIDEO_INFO_IS_YUV (&watcher->info))
      break;
    for (gint y = 0; y < GST_VIDEO_FRAME_HEIGHT (&frame); y++)
      for (guint x = 0; x < WIDTH; x++) {
        guint8 *pixel = (guint8 *) GST_VIDEO_FRAME_COMP_DATA (&frame, c)
            + y * GST_VIDEO_FRAME_COMP_STRIDE (&frame, c)
            + x * (guint) GST_VIDEO_FRAME_COMP_PSTRIDE (&frame, c);

        *pixel = brightness (side, x);
        if (GST_VIDEO_FRAME_COMP_DEPTH (&frame, c) == 16)
          pixel[1] = *pixel;
      }
  }
  gst_video_frame_unmap (&frame);
  return buffer;
}

static void
show (Watcher *watcher, const char *script)
{
  for (; *script != '\0'; script++) {
    GstBuffer *buffer = draw (watcher, *script);

    GST_BUFFER_PTS (buffer) = watcher->n_frames++ * FRAME;
    GST_BUFFER_DURATION (buffer) = FRAME;
    g_assert_cmpint (gst_harness_push (watcher->harness, buffer), ==,
        GST_FLOW_OK);
  }
}

/* Gestures on the bus, joined by spaces. */
static char *
take_gestures (Watcher *watcher)
{
  GString *all = g_string_new (NULL);
  GstMessage *message;

  while ((message = gst_bus_pop_filtered (watcher->bus, GST_MESSAGE_ELEMENT))
      != NULL) {
    const GstStructure *result = gst_message_get_structure (message);

    g_assert_true (gst_structure_has_name (result, "rnngesture"));
    if (all->len > 0)
      g_string_append_c (all, ' ');
    g_string_append (all, gst_structure_get_string (result, "gesture"));
    gst_message_unref (message);
  }
  return g_string_free (all, FALSE);
}

/* How many came out. */
static guint
take_frames (Watcher *watcher)
{
  GstBuffer *buffer;
  guint n = 0;

  while ((buffer = gst_harness_try_pull (watcher->harness)) != NULL) {
    gst_buffer_unref (buffer);
    n++;
  }
  return n;
}

#define NONE_2S "nnnnnnnnnnnnnnnnnnnn"
#define LEFT_2S "llllllllllllllllllll"
#define RIGHT_2S "rrrrrrrrrrrrrrrrrrrr"

static const struct {
  const char *name;
  const char *properties;
  const char *script;
  const char *gestures;
} scripts[] = {
  { "one", "", NONE_2S LEFT_2S NONE_2S, "left" },
  { "two", "", NONE_2S LEFT_2S NONE_2S RIGHT_2S NONE_2S, "left right" },
  { "none", "", NONE_2S NONE_2S, "" },
  { "running-at-eos", "", NONE_2S RIGHT_2S, "right" },
  { "clip", "clip-mode=true", RIGHT_2S, "right" },
  { "clip-of-none", "clip-mode=true", NONE_2S, "" },
  /* A gesture weakens: it goes on down to the lower threshold only. */
  { "hysteresis", "release-threshold=0.05 decision-interval=100",
      NONE_2S LEFT_2S "nnnlllnnnlllnnnlllnnn" NONE_2S, "left" },
  { "no-hysteresis",
      "release-threshold=0.99 class-confidence-threshold=0.99 "
      "refractory-time=0 decision-interval=100",
      NONE_2S LEFT_2S NONE_2S LEFT_2S NONE_2S, "left left" },
  { "refractory", "refractory-time=10000",
      NONE_2S LEFT_2S NONE_2S RIGHT_2S NONE_2S, "left" },
  { "window", "window=3000 refractory-time=0", NONE_2S "lllll" NONE_2S, "" },
  { "minimum-duration", "minimum-duration=5000 clip-mode=true", RIGHT_2S, "" },
  { "post-messages", "post-messages=false", NONE_2S LEFT_2S NONE_2S, "" },
};

static void
test_script (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  Watcher *watcher = watcher_new (scripts[i].properties, "GRAY8");
  g_autofree char *gestures = NULL;

  show (watcher, scripts[i].script);
  gst_harness_push_event (watcher->harness, gst_event_new_eos ());
  gestures = take_gestures (watcher);
  g_assert_cmpstr (gestures, ==, scripts[i].gestures);
  watcher_free (watcher);
}

static void
test_format (gconstpointer format)
{
  Watcher *watcher = watcher_new ("clip-mode=true", format);
  g_autofree char *gestures = NULL;

  show (watcher, LEFT_2S);
  gst_harness_push_event (watcher->harness, gst_event_new_eos ());
  gestures = take_gestures (watcher);
  g_assert_cmpstr (gestures, ==, "left");
  watcher_free (watcher);
}

/* Reported at once, and only above the threshold. */
static void
test_report_after (void)
{
  Watcher *watcher = watcher_new ("report-after=0", "GRAY8");
  g_autofree char *gestures = NULL;

  show (watcher, NONE_2S LEFT_2S);
  gestures = take_gestures (watcher);
  g_assert_cmpstr (gestures, ==, "left");
  watcher_free (watcher);
}

/* Each window is wholly dark on one side in turn, so the network is never as
 * sure as this. */
static void
test_threshold (void)
{
  Watcher *watcher = watcher_new ("class-confidence-threshold=1.0", "GRAY8");
  g_autofree char *gestures = NULL;

  show (watcher, NONE_2S "lnlnlnlnlnlnlnlnlnln" NONE_2S);
  gst_harness_push_event (watcher->harness, gst_event_new_eos ());
  gestures = take_gestures (watcher);
  g_assert_cmpstr (gestures, ==, "");
  watcher_free (watcher);
}

static guint64
get_u64 (const GstStructure *result, const char *field)
{
  guint64 value = GST_CLOCK_TIME_NONE;

  g_assert_true (gst_structure_get_uint64 (result, field, &value));
  g_assert_cmpuint (value, !=, GST_CLOCK_TIME_NONE);
  return value;
}

static void
test_message (void)
{
  Watcher *watcher = watcher_new ("clip-mode=true", "GRAY8");
  GstMessage *message;
  const GstStructure *result;
  guint x, y, width, height;
  double confidence;

  show (watcher, LEFT_2S);
  gst_harness_push_event (watcher->harness, gst_event_new_eos ());
  message = gst_bus_pop_filtered (watcher->bus, GST_MESSAGE_ELEMENT);
  g_assert_nonnull (message);
  result = gst_message_get_structure (message);
  g_assert_true (gst_structure_get (result, "x", G_TYPE_UINT, &x, "y",
      G_TYPE_UINT, &y, "width", G_TYPE_UINT, &width, "height", G_TYPE_UINT,
      &height, "confidence", G_TYPE_DOUBLE, &confidence, NULL));
  g_assert_cmpuint (x, ==, WIDTH / 2);
  g_assert_cmpuint (y, ==, HEIGHT / 2);
  g_assert_cmpuint (width, ==, WIDTH);
  g_assert_cmpuint (height, ==, HEIGHT);
  g_assert_cmpfloat (confidence, >, 0.9);
  g_assert_cmpuint (get_u64 (result, "timestamp"), ==, 0);
  g_assert_cmpuint (get_u64 (result, "duration"), >=, 19 * FRAME);
  g_assert_cmpuint (get_u64 (result, "stream-time"), ==, 0);
  g_assert_cmpuint (get_u64 (result, "running-time"), ==, 0);
  g_assert_cmpuint (get_u64 (result, "endtime"), ==,
      get_u64 (result, "duration"));
  gst_message_unref (message);
  watcher_free (watcher);
}

/* One class, with its confidence, where GStreamer has such metadata. */
static void
assert_analytics (GstBuffer *buffer)
{
#ifdef HAVE_ANALYTICS
  GstAnalyticsRelationMeta *relations
      = gst_buffer_get_analytics_relation_meta (buffer);
  GstAnalyticsClsMtd class;
  gpointer state = NULL;

  g_assert_nonnull (relations);
  g_assert_true (gst_analytics_relation_meta_iterate (relations, &state,
      gst_analytics_cls_mtd_get_mtd_type (), (GstAnalyticsMtd *) &class));
  g_assert_cmpuint (gst_analytics_cls_mtd_get_length (&class), ==, 1);
  g_assert_cmpstr (g_quark_to_string (
                       gst_analytics_cls_mtd_get_quark (&class, 0)),
      ==, "left");
  g_assert_cmpfloat (gst_analytics_cls_mtd_get_level (&class, 0), >=, 0.4);
#endif
}

/* Memory, flags and times pass; while a gesture is seen, buffers say so. */
static void
test_buffers (void)
{
  Watcher *watcher = watcher_new ("", "GRAY8");
  GstBuffer *buffer;
  guint n = 0, n_described = 0;

  show (watcher, NONE_2S LEFT_2S NONE_2S);
  while ((buffer = gst_harness_try_pull (watcher->harness)) != NULL) {
    GstVideoRegionOfInterestMeta *region
        = gst_buffer_get_video_region_of_interest_meta (buffer);
    GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "rnngesture");

    g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, n++ * FRAME);
    g_assert_cmpint (region != NULL, ==, meta != NULL);
    if (region != NULL) {
      const GstStructure *result = gst_custom_meta_get_structure (meta);

      n_described++;
      g_assert_cmpstr (g_quark_to_string (region->roi_type), ==, "left");
      g_assert_cmpuint (region->w, ==, WIDTH);
      g_assert_cmpuint (region->h, ==, HEIGHT);
      g_assert_cmpstr (gst_structure_get_string (result, "gesture"), ==,
          "left");
      g_assert_true (
          gst_structure_has_field_typed (result, "confidence", G_TYPE_DOUBLE));
      assert_analytics (buffer);
    }
    gst_buffer_unref (buffer);
  }
  g_assert_cmpuint (n, ==, 60);
  g_assert_cmpuint (n_described, >=, 5);
  g_assert_cmpuint (n_described, <=, 40);
  watcher_free (watcher);
}

/* A buffer someone else holds is not written on, nor copied. */
static void
test_shared_buffer (void)
{
  Watcher *watcher = watcher_new ("", "GRAY8");
  GstBuffer *in = draw (watcher, 'l');
  GstBuffer *out;

  GST_BUFFER_PTS (in) = 0;
  g_assert_cmpint (gst_harness_push (watcher->harness, gst_buffer_ref (in)), ==,
      GST_FLOW_OK);
  out = gst_harness_pull (watcher->harness);
  g_assert_true (
      gst_buffer_peek_memory (out, 0) == gst_buffer_peek_memory (in, 0));
  gst_buffer_unref (out);
  gst_buffer_unref (in);
  watcher_free (watcher);
}

static void
test_text_pad (void)
{
  Watcher *watcher = watcher_new ("", "GRAY8");
  GstHarness *text
      = gst_harness_new_with_element (watcher->element, NULL, "text_src");
  GstBuffer *buffer;
  GstEvent *event;
  guint n_gaps = 0;

  show (watcher, NONE_2S NONE_2S NONE_2S LEFT_2S NONE_2S);
  gst_harness_push_event (watcher->harness, gst_event_new_eos ());
  buffer = gst_harness_try_pull (text);
  g_assert_nonnull (buffer);
  g_assert_cmpint (gst_buffer_memcmp (buffer, 0, "left", 4), ==, 0);
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), >, 5 * GST_SECOND);
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), <, 7 * GST_SECOND);
  g_assert_cmpuint (GST_BUFFER_DURATION (buffer), >, 0);
  gst_buffer_unref (buffer);
  g_assert_null (gst_harness_try_pull (text));
  while ((event = gst_harness_try_pull_event (text)) != NULL) {
    if (GST_EVENT_TYPE (event) == GST_EVENT_GAP)
      n_gaps++;
    gst_event_unref (event);
  }
  g_assert_cmpuint (n_gaps, >, 10);
  gst_harness_teardown (text);
  watcher_free (watcher);
}

/* One label each segment, and one at the end. */
static void
test_clips (void)
{
  Watcher *watcher = watcher_new ("clip-mode=true", "GRAY8");
  const char *const clips[] = { LEFT_2S, RIGHT_2S, NONE_2S, LEFT_2S };
  g_autofree char *gestures = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (clips); i++) {
    GstSegment segment;

    gst_segment_init (&segment, GST_FORMAT_TIME);
    segment.start = segment.time = watcher->n_frames * FRAME;
    gst_harness_push_event (watcher->harness, gst_event_new_segment (&segment));
    show (watcher, clips[i]);
  }
  gst_harness_push_event (watcher->harness, gst_event_new_eos ());
  gestures = take_gestures (watcher);
  g_assert_cmpstr (gestures, ==, "left right left");
  watcher_free (watcher);
}

/* --- bad input ------------------------------------------------------------ */

/* A camera that changes its size: what was shown before is decided, what comes
 * after is seen. */
static void
test_size_change (void)
{
  Watcher *watcher = watcher_new ("", "GRAY8");
  g_autofree char *gestures = NULL;

  show (watcher, NONE_2S LEFT_2S);
  gst_video_info_set_format (&watcher->info, GST_VIDEO_FORMAT_GRAY8, WIDTH,
      2 * HEIGHT);
  watcher->info.fps_n = RATE;
  watcher->info.fps_d = 1;
  gst_harness_set_src_caps (watcher->harness,
      gst_video_info_to_caps (&watcher->info));
  show (watcher, NONE_2S RIGHT_2S NONE_2S);
  gst_harness_push_event (watcher->harness, gst_event_new_eos ());
  gestures = take_gestures (watcher);
  g_assert_cmpstr (gestures, ==, "left right");
  g_assert_cmpuint (take_frames (watcher), ==, 100);
  watcher_free (watcher);
}

/* Buffers without a timestamp follow the one before, empty ones pass. */
static void
test_odd_buffers (void)
{
  Watcher *watcher = watcher_new ("", "GRAY8");
  g_autofree char *gestures = NULL;
  const char *script = NONE_2S LEFT_2S NONE_2S;
  GstBuffer *buffer;

  for (; *script != '\0'; script++) {
    buffer = draw (watcher, *script);
    GST_BUFFER_DURATION (buffer) = FRAME;
    g_assert_cmpint (gst_harness_push (watcher->harness, buffer), ==,
        GST_FLOW_OK);
  }
  g_assert_cmpint (gst_harness_push (watcher->harness, gst_buffer_new ()), ==,
      GST_FLOW_OK);
  gst_harness_push_event (watcher->harness, gst_event_new_eos ());
  gestures = take_gestures (watcher);
  g_assert_cmpstr (gestures, ==, "left");
  g_assert_cmpuint (take_frames (watcher), ==, 61);
  watcher_free (watcher);
}

/* Timestamps that go back and forth are none to rely on; frames pass. */
static void
test_wild_times (void)
{
  Watcher *watcher = watcher_new ("", "GRAY8");
  GstBuffer *buffer;

  for (guint i = 0; i < 100; i++) {
    buffer = draw (watcher, "lrn"[i % 3]);
    GST_BUFFER_PTS (buffer)
        = (GstClockTime) g_test_rand_int_range (0, 1000) * GST_SECOND;
    g_assert_cmpint (gst_harness_push (watcher->harness, buffer), ==,
        GST_FLOW_OK);
  }
  gst_harness_push_event (watcher->harness, gst_event_new_eos ());
  g_assert_cmpuint (take_frames (watcher), ==, 100);
  watcher_free (watcher);
}

static void
test_caps (void)
{
  char *model = light_model_write ();
  GstElement *element = gst_element_factory_make ("rnngesture", NULL);
  GstBus *bus = gst_bus_new ();
  GstHarness *harness;
  GstMessage *message;
  g_autoptr (GError) error = NULL;

  g_object_set (element, "model", model, NULL);
  gst_element_set_bus (element, bus);
  harness = gst_harness_new_with_element (element, "sink", "src");
  gst_harness_set_src_caps_str (harness,
      "video/x-raw,format=YUY2,width=16,height=8,framerate=10/1");
  g_assert_cmpint (gst_harness_push (harness, gst_buffer_new_and_alloc (256)),
      ==, GST_FLOW_NOT_NEGOTIATED);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_nonnull (strstr (error->message, "videoconvert"));
  gst_message_unref (message);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
  gst_harness_teardown (harness);
  gst_object_unref (bus);
  toy_model_remove (model);
}

static void
on_result (GstElement *element, const GstStructure *result, gpointer user_data)
{
  g_string_append (user_data, gst_structure_get_string (result, "gesture"));
}

/* Changed while playing: from the next frame on. */
static void
test_changes (void)
{
  Watcher *watcher = watcher_new ("use-signals=true", "GRAY8");
  g_autofree char *gestures = NULL;
  GString *signalled = g_string_new (NULL);

  g_signal_connect (watcher->element, "result", G_CALLBACK (on_result),
      signalled);
  show (watcher, NONE_2S LEFT_2S NONE_2S);
  g_object_set (watcher->element, "post-messages", FALSE, NULL);
  show (watcher, RIGHT_2S NONE_2S);
  g_object_set (watcher->element, "use-signals", FALSE, "post-messages", TRUE,
      "class-confidence-threshold", 1.0, NULL);
  show (watcher, "lnlnlnlnlnlnlnlnlnln" NONE_2S);
  g_object_set (watcher->element, "class-confidence-threshold", 0.7, NULL);
  show (watcher, LEFT_2S NONE_2S);
  gst_harness_push_event (watcher->harness, gst_event_new_eos ());
  gestures = take_gestures (watcher);
  g_assert_cmpstr (gestures, ==, "left left");
  g_assert_cmpstr (signalled->str, ==, "leftright");
  g_string_free (signalled, TRUE);
  watcher_free (watcher);
}

static void
test_flush (void)
{
  Watcher *watcher = watcher_new ("clip-mode=true", "GRAY8");
  GstSegment segment;
  g_autofree char *gestures = NULL;

  show (watcher, LEFT_2S);
  gst_harness_push_event (watcher->harness, gst_event_new_flush_start ());
  gst_harness_push_event (watcher->harness, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (watcher->harness, gst_event_new_segment (&segment));
  watcher->n_frames = 0;
  show (watcher, RIGHT_2S);
  gst_harness_push_event (watcher->harness, gst_event_new_eos ());
  gestures = take_gestures (watcher);
  g_assert_cmpstr (gestures, ==, "right");
  watcher_free (watcher);
}

static void
test_qos (void)
{
  GstElement *element = gst_element_factory_make ("rnngesture", NULL);

  g_assert_false (
      gst_base_transform_is_qos_enabled (GST_BASE_TRANSFORM (element)));
  gst_object_unref (element);
}

static void
test_states (void)
{
  char *model = light_model_write ();
  const GstState states[] = { GST_STATE_READY, GST_STATE_PAUSED,
    GST_STATE_PLAYING, GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_NULL };
  GstElement *element = gst_element_factory_make ("rnngesture", NULL);

  g_object_set (element, "model", model, NULL);
  for (guint round = 0; round < 50; round++)
    for (guint i = 0; i < G_N_ELEMENTS (states); i++)
      g_assert_cmpint (gst_element_set_state (element, states[i]), !=,
          GST_STATE_CHANGE_FAILURE);
  g_assert_cmpint (GST_OBJECT_REFCOUNT (element), ==, 1);
  gst_object_unref (element);
  toy_model_remove (model);
}

static void
test_wrong_model (void)
{
  char *model = tone_model_write ();
  g_autofree char *line = g_strdup_printf ("rnngesture model=\"%s\"", model);
  GstHarness *harness = gst_harness_new_parse (line);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 64, NULL);

  gst_harness_set_src_caps_str (harness,
      "video/x-raw,format=GRAY8,width=8,height=8,framerate=10/1");
  GST_BUFFER_PTS (buffer) = 0;
  g_assert_cmpint (gst_harness_push (harness, buffer), ==, GST_FLOW_ERROR);
  gst_harness_teardown (harness);
  toy_model_remove (model);
}

int
main (int argc, char **argv)
{
  const char *const formats[] = { "RGB", "BGR", "RGBx", "xRGB", "BGRx", "xBGR",
    "RGBA", "ARGB", "BGRA", "ABGR", "GRAY8", "GRAY16_LE", "NV12", "I420" };
  int status;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++) {
    g_autofree char *path
        = g_strconcat ("/rnngesture/script/", scripts[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_script);
  }
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_autofree char *path
        = g_strconcat ("/rnngesture/format/", formats[i], NULL);

    g_test_add_data_func (path, formats[i], test_format);
  }
  g_test_add_func ("/rnngesture/message", test_message);
  g_test_add_func ("/rnngesture/report-after", test_report_after);
  g_test_add_func ("/rnngesture/threshold", test_threshold);
  g_test_add_func ("/rnngesture/buffers/metadata", test_buffers);
  g_test_add_func ("/rnngesture/buffers/shared", test_shared_buffer);
  g_test_add_func ("/rnngesture/text-pad", test_text_pad);
  g_test_add_func ("/rnngesture/clips", test_clips);
  g_test_add_func ("/rnngesture/bad-input/size-change", test_size_change);
  g_test_add_func ("/rnngesture/bad-input/odd-buffers", test_odd_buffers);
  g_test_add_func ("/rnngesture/bad-input/wild-times", test_wild_times);
  g_test_add_func ("/rnngesture/bad-input/caps", test_caps);
  g_test_add_func ("/rnngesture/changes", test_changes);
  g_test_add_func ("/rnngesture/flush", test_flush);
  g_test_add_func ("/rnngesture/qos", test_qos);
  g_test_add_func ("/rnngesture/states", test_states);
  g_test_add_func ("/rnngesture/wrong-model", test_wrong_model);
  status = g_test_run ();
  gst_deinit (); /* the leaks tracer looks */
  return status;
}
