/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/elements/running.h"

gboolean
have_elements (const char *const *names)
{
  for (; *names != NULL; names++) {
    g_autoptr (GstElementFactory) factory = gst_element_factory_find (*names);

    if (factory == NULL) {
      g_autofree char *reason
          = g_strdup_printf ("element %s is not installed", *names);

      g_test_skip (reason);
      return FALSE;
    }
  }
  return TRUE;
}

GstElement *
parse (const char *description)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (description, &error);

  g_assert_no_error (error);
  return pipeline;
}

GError *
run_to_end (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;
  GError *error = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 30 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return error;
}

static void
on_samples (GstElement *sink, GstBuffer *buffer, GstPad *pad,
    gpointer user_data)
{
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  g_byte_array_append (user_data, map.data, (guint) map.size);
  gst_buffer_unmap (buffer, &map);
}

GByteArray *
decode_sample (guint rate)
{
  const char *const needs[]
      = { "matroskademux", "opusdec", "audioresample", NULL };
  g_autofree char *description = NULL;
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GError) error = NULL;
  GByteArray *samples;

  if (!have_elements (needs))
    return NULL;
  description = g_strdup_printf ("filesrc location=\"%s\" ! matroskademux "
                                 "! opusdec ! audioconvert ! audioresample "
                                 "! audio/x-raw,format=F32LE,rate=%u,"
                                 "channels=1 ! fakesink name=sink "
                                 "signal-handoffs=true",
      g_getenv ("SAMPLE"), rate);
  pipeline = parse (description);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  samples = g_byte_array_new ();
  g_signal_connect (sink, "handoff", G_CALLBACK (on_samples), samples);
  error = run_to_end (pipeline);
  g_assert_no_error (error);
  g_assert_cmpuint (samples->len, >, rate * sizeof (float));
  return samples;
}
