/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gestures on their way out: bus messages, the text pad, metadata of buffers.
 * Everything here runs in the streaming thread, outside the spotter's calls. */
#include "plugins/gesture-private.h"
#include "plugins/result-message.h"

#ifdef HAVE_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

#define GST_CAT_DEFAULT gst_rnn_gesture_debug

/* The text pad stays this far behind the video where times are to be exact:
 * how far back of its discovery a gesture may begin. */
#define LONGEST_WINDOW (3 * GST_SECOND)

void
gst_rnn_gesture_take_event (const RnncGesture *gesture, gpointer user_data)
{
  GstRnnGesture *self = user_data;
  GstRnnGestureEvent event = {
    .label = rnnc_model_label (self->labels, gesture->label),
    .start = gesture->start,
    .end = MAX (gesture->start, gesture->end),
    .confidence = CLAMP (gesture->confidence, 0.0, 1.0),
  };

  g_array_append_val (self->events, event);
}

/* --- bus ------------------------------------------------------------------ */

/* Boxes as opencv's handdetect has them: x and y are the centre. The network
 * looks at the whole picture, so that is the box. */
static void
set_box (GstRnnGesture *self, GstStructure *result)
{
  guint width = (guint) GST_VIDEO_INFO_WIDTH (&self->info);
  guint height = (guint) GST_VIDEO_INFO_HEIGHT (&self->info);

  gst_structure_set (result, "x", G_TYPE_UINT, width / 2, "y", G_TYPE_UINT,
      height / 2, "width", G_TYPE_UINT, width, "height", G_TYPE_UINT, height,
      NULL);
}

static void
set_result (GstRnnGesture *self, const GstRnnGestureEvent *event,
    GstStructure *result)
{
  gst_structure_set (result, "gesture", G_TYPE_STRING, event->label,
      "confidence", G_TYPE_DOUBLE, event->confidence, NULL);
  gst_rnn_result_set_times (result, &GST_BASE_TRANSFORM (self)->segment,
      event->start, event->end - event->start);
  set_box (self, result);
}

static void
publish (GstRnnGesture *self, const GstRnnGestureEvent *event)
{
  g_autoptr (GstStructure) result = gst_structure_new_empty ("rnngesture");

  set_result (self, event, result);
  gst_rnn_recogniser_publish (&self->recogniser, result,
      gst_structure_copy (result));
}

/* --- text pad ------------------------------------------------------------- */

static void
push_text (GstRnnGesture *self, const GstRnnGestureEvent *event)
{
  GstClockTime start = event->start;
  GstFlowReturn flow;
  g_autofree char *text = g_strconcat (event->label,
      gst_rnn_text_output_wants_lines (&self->text) ? "\n" : "", NULL);

  /* Live, the frames of the gesture are gone: the label follows it. */
  if (self->recogniser.is_live)
    start = MAX (start, self->text.position);
  flow = gst_rnn_text_output_push (&self->text, text, start,
      event->end - event->start);
  if (flow == GST_FLOW_ERROR)
    self->flow = flow;
}

/* Up to where no gesture can begin any more. */
static void
push_gap (GstRnnGesture *self)
{
  GstClockTime hold = rnnc_spotter_latency (self->spotter) + LONGEST_WINDOW;

  if (self->recogniser.is_live)
    gst_rnn_text_output_gap (&self->text, self->now);
  else if (!self->current.clip_mode && self->running < 0 && self->now > hold)
    gst_rnn_text_output_gap (&self->text, self->now - hold);
}

/* --- buffers -------------------------------------------------------------- */

void
gst_rnn_gesture_register_meta (void)
{
  static const gchar *tags[] = { NULL };
  static gsize registered;

  if (!g_once_init_enter (&registered))
    return;
  if (gst_meta_get_info (GST_RNN_GESTURE_META) == NULL)
    gst_meta_register_custom (GST_RNN_GESTURE_META, tags, NULL, NULL, NULL);
  g_once_init_leave (&registered, 1);
}

/* The form of GStreamer from 1.24 on: a class with its confidence. Labels are a
 * model's, few and fixed: they may be quarks. */
static void
attach_analytics (GstBuffer *buffer, const char *label, double confidence)
{
#ifdef HAVE_ANALYTICS
  GstAnalyticsRelationMeta *relations
      = gst_buffer_get_analytics_relation_meta (buffer);
  GstAnalyticsClsMtd class;

  if (relations == NULL)
    relations = gst_buffer_add_analytics_relation_meta (buffer);
  if (relations != NULL)
    gst_analytics_relation_meta_add_one_cls_mtd (relations, (gfloat) confidence,
        g_quark_from_string (label), &class);
#endif
}

/* @event: (nullable): decided with this buffer */
static void
attach_metas (GstRnnGesture *self, GstBuffer *buffer, const char *label,
    double confidence, const GstRnnGestureEvent *event)
{
  guint width = (guint) GST_VIDEO_INFO_WIDTH (&self->info);
  guint height = (guint) GST_VIDEO_INFO_HEIGHT (&self->info);
  GstCustomMeta *meta;
  GstStructure *result;

  gst_buffer_add_video_region_of_interest_meta (buffer, label, 0, 0, width,
      height);
  attach_analytics (buffer, label, confidence);
  meta = gst_buffer_add_custom_meta (buffer, GST_RNN_GESTURE_META);
  if (meta == NULL)
    return;
  result = gst_custom_meta_get_structure (meta);
  if (event != NULL)
    set_result (self, event, result);
  else
    gst_structure_set (result, "gesture", G_TYPE_STRING, label, "confidence",
        G_TYPE_DOUBLE, confidence, NULL);
  gst_structure_set (result, "final", G_TYPE_BOOLEAN, event != NULL, NULL);
}

static void
describe_buffer (GstRnnGesture *self, GstBuffer *buffer)
{
  const float *posteriors = rnnc_spotter_posteriors (self->spotter);
  gboolean is_described = FALSE;

  for (guint i = 0; i < self->events->len; i++) {
    const GstRnnGestureEvent *event
        = &g_array_index (self->events, GstRnnGestureEvent, i);

    attach_metas (self, buffer, event->label, event->confidence, event);
    is_described = TRUE;
  }
  if (!is_described && self->running >= 0)
    attach_metas (self, buffer,
        rnnc_model_label (self->labels, (guint) self->running),
        posteriors[self->running], NULL);
}

GstFlowReturn
gst_rnn_gesture_send (GstRnnGesture *self, GstBuffer *buffer)
{
  self->flow = GST_FLOW_OK;
  if (buffer != NULL) {
    self->running = rnnc_spotter_active (self->spotter);
    describe_buffer (self, buffer);
  } else {
    self->running = -1;
  }
  for (guint i = 0; i < self->events->len; i++) {
    const GstRnnGestureEvent *event
        = &g_array_index (self->events, GstRnnGestureEvent, i);

    GST_DEBUG_OBJECT (self, "%s, %.2f", event->label, event->confidence);
    publish (self, event);
    push_text (self, event);
  }
  g_array_set_size (self->events, 0);
  if (buffer == NULL)
    gst_rnn_text_output_gap (&self->text, self->now);
  else
    push_gap (self);
  gst_rnn_text_output_preroll (&self->text);
  return self->flow;
}
