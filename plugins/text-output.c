/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugins/text-output.h"

#include <string.h>

void
gst_rnn_text_output_init (GstRnnTextOutput *output, GstElement *element,
    const char *stream, const char *caps)
{
  memset (output, 0, sizeof *output);
  output->element = element;
  output->stream = stream;
  output->caps = gst_caps_from_string (caps);
  gst_rnn_text_output_reset (output);
}

void
gst_rnn_text_output_clear (GstRnnTextOutput *output)
{
  gst_rnn_text_output_reset (output);
  gst_rnn_text_output_set_pad (output, NULL);
  gst_clear_caps (&output->caps);
}

void
gst_rnn_text_output_set_pad (GstRnnTextOutput *output, GstPad *pad)
{
  GstPad *last;

  GST_OBJECT_LOCK (output->element);
  last = output->pad;
  output->pad = pad != NULL ? gst_object_ref (pad) : NULL;
  GST_OBJECT_UNLOCK (output->element);
  if (last != NULL)
    gst_object_unref (last);
}

static GstPad *
ref_pad (GstRnnTextOutput *output)
{
  GstPad *pad = NULL;

  GST_OBJECT_LOCK (output->element);
  if (output->pad != NULL)
    pad = gst_object_ref (output->pad);
  GST_OBJECT_UNLOCK (output->element);
  return pad;
}

static gboolean
src_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS) {
    gst_event_unref (event);
    return TRUE;
  }
  return gst_pad_event_default (pad, parent, event);
}

void
gst_rnn_text_output_prepare_pad (GstPad *pad)
{
  gst_pad_set_event_function (pad, GST_DEBUG_FUNCPTR (src_event));
  gst_pad_use_fixed_caps (pad);
}

GstPad *
gst_rnn_text_output_request_pad (GstRnnTextOutput *output,
    GstPadTemplate *template, GstPadQueryFunction query)
{
  GstPad *pad;

  if (output->pad != NULL)
    return NULL;
  pad = gst_pad_new_from_template (template,
      GST_PAD_TEMPLATE_NAME_TEMPLATE (template));
  gst_rnn_text_output_prepare_pad (pad);
  if (query != NULL)
    gst_pad_set_query_function (pad, query);
  gst_rnn_text_output_set_pad (output, pad);
  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (output->element, pad);
  return pad;
}

void
gst_rnn_text_output_release_pad (GstRnnTextOutput *output, GstPad *pad)
{
  if (pad != output->pad)
    return;
  gst_rnn_text_output_set_pad (output, NULL);
  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (output->element, pad);
}

void
gst_rnn_text_output_reset (GstRnnTextOutput *output)
{
  gst_clear_event (&output->stream_start);
  gst_rnn_text_output_flush (output);
  output->lines = FALSE;
}

void
gst_rnn_text_output_flush (GstRnnTextOutput *output)
{
  gst_segment_init (&output->segment, GST_FORMAT_UNDEFINED);
  output->position = 0;
  output->discont = TRUE;
}

/* --- headers -------------------------------------------------------------- */

static GstEvent *
make_stream_start (GstRnnTextOutput *output, GstPad *pad)
{
  g_autofree char *id
      = gst_pad_create_stream_id (pad, output->element, output->stream);
  GstEvent *event = gst_event_new_stream_start (id);
  GstStreamFlags flags = GST_STREAM_FLAG_NONE;
  guint group = GST_GROUP_ID_INVALID;

  if (output->stream_start != NULL) {
    gst_event_parse_stream_flags (output->stream_start, &flags);
    gst_event_parse_group_id (output->stream_start, &group);
    gst_event_set_seqnum (event, gst_event_get_seqnum (output->stream_start));
  }
  gst_event_set_stream_flags (event, flags | GST_STREAM_FLAG_SPARSE);
  gst_event_set_group_id (event,
      group != GST_GROUP_ID_INVALID ? group : gst_util_group_id_next ());
  return event;
}

static gboolean
has_sticky (GstPad *pad, GstEventType type)
{
  g_autoptr (GstEvent) event = gst_pad_get_sticky_event (pad, type, 0);

  return event != NULL;
}

static void
push_segment (GstRnnTextOutput *output, GstPad *pad)
{
  GstEvent *event = gst_event_new_segment (&output->segment);

  gst_event_set_seqnum (event, output->seqnum);
  gst_pad_push_event (pad, event);
}

static void
push_stream_and_caps (GstRnnTextOutput *output, GstPad *pad)
{
  if (!has_sticky (pad, GST_EVENT_STREAM_START))
    gst_pad_push_event (pad, make_stream_start (output, pad));
  if (!has_sticky (pad, GST_EVENT_CAPS))
    gst_pad_push_event (pad, gst_event_new_caps (output->caps));
}

/* What @pad has not had yet. */
static void
push_headers (GstRnnTextOutput *output, GstPad *pad)
{
  push_stream_and_caps (output, pad);
  if (output->segment.format == GST_FORMAT_TIME
      && !has_sticky (pad, GST_EVENT_SEGMENT))
    push_segment (output, pad);
}

void
gst_rnn_text_output_stream_start (GstRnnTextOutput *output, GstEvent *event)
{
  GstPad *pad = ref_pad (output);

  gst_event_replace (&output->stream_start, event);
  if (pad == NULL)
    return;
  gst_pad_push_event (pad, make_stream_start (output, pad));
  gst_object_unref (pad);
}

void
gst_rnn_text_output_segment (GstRnnTextOutput *output,
    const GstSegment *segment, GstClockTime lateness, guint32 seqnum)
{
  GstPad *pad = ref_pad (output);
  GstCaps *accepted;

  output->segment = *segment;
  output->segment.base += lateness;
  output->seqnum = seqnum;
  output->position = segment->start;
  output->discont = TRUE;
  output->prerolled = FALSE;
  if (pad == NULL)
    return;
  push_stream_and_caps (output, pad);
  push_segment (output, pad);
  accepted = gst_pad_peer_query_caps (pad, NULL);
  output->lines = gst_pad_is_linked (pad) && gst_caps_is_any (accepted);
  gst_caps_unref (accepted);
  gst_object_unref (pad);
}

void
gst_rnn_text_output_headers (GstRnnTextOutput *output)
{
  GstPad *pad = ref_pad (output);

  if (pad == NULL)
    return;
  push_headers (output, pad);
  gst_object_unref (pad);
}

gboolean
gst_rnn_text_output_event (GstRnnTextOutput *output, GstEvent *event)
{
  GstPad *pad = ref_pad (output);
  gboolean pushed;

  if (pad == NULL) {
    gst_event_unref (event);
    return FALSE;
  }
  push_headers (output, pad);
  pushed = gst_pad_push_event (pad, event);
  gst_object_unref (pad);
  return pushed;
}

void
gst_rnn_text_output_forward (GstRnnTextOutput *output, GstEvent *event)
{
  GstPad *pad = ref_pad (output);

  if (pad == NULL) {
    gst_event_unref (event);
    return;
  }
  gst_pad_push_event (pad, event);
  gst_object_unref (pad);
}

/* --- data ----------------------------------------------------------------- */

static GstClockTime
clip (const GstRnnTextOutput *output, GstClockTime timestamp)
{
  timestamp = MAX (timestamp, output->segment.start);
  if (GST_CLOCK_TIME_IS_VALID (output->segment.stop))
    timestamp = MIN (timestamp, output->segment.stop);
  return timestamp;
}

void
gst_rnn_text_output_gap (GstRnnTextOutput *output, GstClockTime until)
{
  GstClockTime start = output->position;

  until = clip (output, until);
  if (until <= start || output->segment.format != GST_FORMAT_TIME)
    return;
  output->position = until;
  gst_rnn_text_output_event (output, gst_event_new_gap (start, until - start));
}

void
gst_rnn_text_output_preroll (GstRnnTextOutput *output)
{
  if (output->prerolled || output->segment.format != GST_FORMAT_TIME)
    return;
  output->prerolled = TRUE;
  gst_rnn_text_output_event (output, gst_event_new_gap (output->position, 0));
}

void
gst_rnn_text_output_go_to (GstRnnTextOutput *output, GstClockTime timestamp)
{
  timestamp = clip (output, timestamp);
  if (timestamp < output->position) {
    output->position = timestamp;
    output->discont = TRUE;
  }
  gst_rnn_text_output_gap (output, timestamp);
}

GstFlowReturn
gst_rnn_text_output_push (GstRnnTextOutput *output, const char *text,
    GstClockTime timestamp, GstClockTime duration)
{
  GstPad *pad = ref_pad (output);
  GstClockTime end = clip (output, timestamp + duration);
  GstBuffer *buffer;
  GstFlowReturn result;

  if (pad == NULL)
    return GST_FLOW_NOT_LINKED;
  timestamp = clip (output, timestamp);
  if (!output->overlaps)
    timestamp = MAX (timestamp, output->position);
  gst_rnn_text_output_gap (output, timestamp);
  push_headers (output, pad);

  buffer = gst_buffer_new_memdup (text, strlen (text));
  GST_BUFFER_PTS (buffer) = timestamp;
  GST_BUFFER_DURATION (buffer) = end > timestamp ? end - timestamp : 0;
  if (output->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  output->discont = FALSE;
  output->position = MAX (output->position, MAX (end, timestamp));
  result = gst_pad_push (pad, buffer);
  gst_object_unref (pad);
  return result;
}

gboolean
gst_rnn_text_output_wants_lines (const GstRnnTextOutput *output)
{
  return output->lines;
}
