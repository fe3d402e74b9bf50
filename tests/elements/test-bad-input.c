/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What no source should send, and some do: one clear error or warning, and the
 * stream goes on. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "tests/elements/speech-harness.h"
#include "tests/elements/toy-models.h"

#define MS GST_MSECOND

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

/* --- timestamps ----------------------------------------------------------- */

static const struct {
  const char *name;
  gint64 times[4]; /* of buffers of 100 ms, ms; -1: none */
  const char *text;
} times[] = {
  { "all", { 0, 100, 200, 300 }, "abcd" },
  { "none", { -1, -1, -1, -1 }, "abcd" },
  { "first-only", { 5000, -1, -1, -1 }, "abcd" },
  { "last-only", { -1, -1, -1, 300 }, "abcd" },
  { "backwards", { 9000, 6000, 3000, 0 }, "a|b|c|d" },
  { "jumping", { 0, 5000, 100, 8000 }, "a|b|c|d" },
  { "repeated", { 1000, 1000, 1000, 1000 }, "abcd" },
  { "far", { 0, G_GINT64_CONSTANT (10000000000), -1, -1 }, "a|bcd" },
};

static char *
pull_text (SpeechHarness *speech)
{
  GString *text = g_string_new (NULL);
  GstBuffer *buffer;

  while ((buffer = gst_harness_try_pull (speech->harness)) != NULL) {
    GstMapInfo map;

    g_assert_true (GST_BUFFER_PTS_IS_VALID (buffer));
    g_assert_cmpuint (GST_BUFFER_DURATION (buffer), <, GST_SECOND);
    gst_buffer_map (buffer, &map, GST_MAP_READ);
    g_string_append_printf (text, "%s%.*s", text->len > 0 ? "|" : "",
        (int) map.size, (const char *) map.data);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
  }
  return g_string_free (text, FALSE);
}

/* All is heard, in the order in which it comes. */
static void
test_times (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  g_autofree char *text = NULL;
  gsize n;
  g_autofree float *samples = tone_script ("abcd", &n);

  for (guint k = 0; k < 4; k++) {
    GstBuffer *buffer = gst_buffer_new_memdup (samples + k * TONE_SAMPLES,
        TONE_SAMPLES * sizeof (float));

    if (times[i].times[k] >= 0)
      GST_BUFFER_PTS (buffer) = (GstClockTime) times[i].times[k] * MS;
    g_assert_cmpint (gst_harness_push (speech->harness, buffer), ==,
        GST_FLOW_OK);
  }
  speech_harness_eos (speech);
  text = pull_text (speech);
  g_assert_cmpstr (text, ==, times[i].text);
  g_assert_cmpuint (count_messages (speech->bus, GST_MESSAGE_ERROR), ==, 0);
  speech_harness_free (speech);
}

/* --- samples -------------------------------------------------------------- */

static void
test_empty_buffers (void)
{
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  g_autofree char *text = NULL;

  for (guint i = 0; i < 4; i++) {
    const char letter[] = { "abcd"[i], '\0' };
    GstBuffer *empty = gst_buffer_new ();

    GST_BUFFER_PTS (empty) = i * 100 * MS;
    g_assert_cmpint (gst_harness_push (speech->harness, empty), ==,
        GST_FLOW_OK);
    speech_harness_say (speech, letter, i * 100 * MS, 0);
    g_assert_cmpint (gst_harness_push (speech->harness, gst_buffer_new ()), ==,
        GST_FLOW_OK);
  }
  speech_harness_eos (speech);
  text = speech_harness_take_text (speech);
  g_assert_cmpstr (text, ==, "abcd");
  speech_harness_free (speech);
}

/* A sample cut in two is dropped, not read beyond. */
static void
test_odd_size (void)
{
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  g_autofree char *text = NULL;
  gsize n;
  float *samples = tone_script ("ab..", &n);
  GstBuffer *buffer = gst_buffer_new_wrapped (samples, n * sizeof (float));

  GST_BUFFER_PTS (buffer) = 0;
  gst_buffer_set_size (buffer, (gssize) (n * sizeof (float)) - 3);
  g_assert_cmpint (gst_harness_push (speech->harness, buffer), ==, GST_FLOW_OK);
  speech_harness_eos (speech);
  text = speech_harness_take_text (speech);
  g_assert_cmpstr (text, ==, "ab");
  speech_harness_free (speech);
}

/* One warning, silence in their place, and what follows is heard. */
static void
test_numbers (gconstpointer data)
{
  const float *number = data;
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  g_autofree char *text = NULL;
  gsize n;
  g_autofree float *samples = tone_script ("ab............cd..", &n);

  for (gsize i = 4 * TONE_SAMPLES; i < 6 * TONE_SAMPLES; i++)
    samples[i] = *number;
  for (gsize i = 0; i < n; i += 160)
    g_assert_cmpint (speech_harness_push (speech, samples + i, 160,
                         gst_util_uint64_scale (i, GST_SECOND, TONE_RATE), 0),
        ==, GST_FLOW_OK);
  speech_harness_eos (speech);
  text = speech_harness_take_text (speech);
  g_assert_nonnull (strstr (text, "ab"));
  g_assert_nonnull (strstr (text, "cd"));
  g_assert_cmpuint (count_messages (speech->bus, GST_MESSAGE_WARNING), ==,
      isfinite (*number) ? 0 : 1);
  g_assert_cmpuint (count_messages (speech->bus, GST_MESSAGE_ERROR), ==, 0);
  speech_harness_free (speech);
}

int
main (int argc, char **argv)
{
  static const float not_a_number = NAN, infinite = INFINITY, huge = 3e38f;
  int status;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    g_autofree char *path
        = g_strconcat ("/bad-input/times/", times[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_times);
  }
  g_test_add_func ("/bad-input/empty-buffers", test_empty_buffers);
  g_test_add_func ("/bad-input/odd-size", test_odd_size);
  g_test_add_data_func ("/bad-input/numbers/nan", &not_a_number, test_numbers);
  g_test_add_data_func ("/bad-input/numbers/infinite", &infinite, test_numbers);
  g_test_add_data_func ("/bad-input/numbers/huge", &huge, test_numbers);
  status = g_test_run ();
  gst_deinit (); /* the leaks tracer looks */
  return status;
}
