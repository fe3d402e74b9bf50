/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugins/result-message.h"

#include <json-glib/json-glib.h>

void
gst_rnn_result_set_times (GstStructure *result, const GstSegment *segment,
    GstClockTime timestamp, GstClockTime duration)
{
  GstClockTime stream_time = timestamp, running_time = timestamp;

  if (segment != NULL && segment->format == GST_FORMAT_TIME) {
    GstClockTime inside = MAX (timestamp, segment->start);

    if (GST_CLOCK_TIME_IS_VALID (segment->stop))
      inside = MIN (inside, segment->stop);
    stream_time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, inside);
    running_time
        = gst_segment_to_running_time (segment, GST_FORMAT_TIME, inside);
    if (!GST_CLOCK_TIME_IS_VALID (stream_time))
      stream_time = 0;
    if (!GST_CLOCK_TIME_IS_VALID (running_time))
      running_time = 0;
  }
  gst_structure_set (result, "timestamp", G_TYPE_UINT64, timestamp,
      "stream-time", G_TYPE_UINT64, stream_time, "running-time", G_TYPE_UINT64,
      running_time, "duration", G_TYPE_UINT64, duration, "endtime",
      G_TYPE_UINT64, stream_time + duration, NULL);
}

static JsonNode *structure_to_node (const GstStructure *structure);

static JsonNode *
value_to_node (const GValue *value)
{
  JsonNode *node;

  if (GST_VALUE_HOLDS_STRUCTURE (value))
    return structure_to_node (gst_value_get_structure (value));
  if (GST_VALUE_HOLDS_LIST (value)) {
    JsonArray *array = json_array_new ();

    for (guint i = 0; i < gst_value_list_get_size (value); i++)
      json_array_add_element (array,
          value_to_node (gst_value_list_get_value (value, i)));
    node = json_node_new (JSON_NODE_ARRAY);
    json_node_take_array (node, array);
    return node;
  }
  node = json_node_new (JSON_NODE_VALUE);
  if (G_VALUE_HOLDS_UINT64 (value))
    json_node_set_int (node, (gint64) g_value_get_uint64 (value));
  else if (G_VALUE_HOLDS_UINT (value))
    json_node_set_int (node, g_value_get_uint (value));
  else
    json_node_set_value (node, value);
  return node;
}

static gboolean
add_member (GQuark field, const GValue *value, gpointer user_data)
{
  json_object_set_member (user_data, g_quark_to_string (field),
      value_to_node (value));
  return TRUE;
}

static JsonNode *
structure_to_node (const GstStructure *structure)
{
  JsonObject *object = json_object_new ();
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);

  gst_structure_foreach (structure, add_member, object);
  json_node_take_object (node, object);
  return node;
}

char *
gst_rnn_result_to_json (const GstStructure *result)
{
  JsonNode *node = structure_to_node (result);
  char *text = json_to_string (node, FALSE);

  json_node_unref (node);
  return text;
}
