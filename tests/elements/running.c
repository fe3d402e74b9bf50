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
