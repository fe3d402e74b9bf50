/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Video on its way in: pixels to the spotter, when to drain. */
#include "plugins/gesture-private.h"

#define GST_CAT_DEFAULT gst_rnn_gesture_debug

void
gst_rnn_gesture_options (const GstRnnGestureSettings *settings,
    RnncSpotterOptions *options)
{
  rnnc_spotter_options_init (options);
  options->mode = settings->clip_mode ? RNNC_SPOTTER_CLIP : RNNC_SPOTTER_STREAM;
  options->threshold_on = settings->threshold;
  options->threshold_off = settings->release;
  options->refractory = settings->refractory * GST_MSECOND;
  options->minimum = settings->minimum * GST_MSECOND;
  options->window = settings->window * GST_MSECOND;
  options->hop = settings->interval * GST_MSECOND;
  options->report_after = settings->report_after < 0
      ? -1
      : settings->report_after * (gint64) GST_MSECOND;
}

void
gst_rnn_gesture_reset (GstRnnGesture *self, gboolean flush)
{
  g_array_set_size (self->events, 0);
  self->has_frames = FALSE;
  self->now = GST_CLOCK_TIME_NONE;
  self->running = -1;
  self->flow = GST_FLOW_OK;
  if (flush) {
    gst_rnn_text_output_flush (&self->text);
    return;
  }
  gst_video_info_init (&self->info);
  gst_rnn_text_output_reset (&self->text);
}

/* Ends the running gesture or clip and sends what comes of it. */
static void
drain (GstRnnGesture *self)
{
  if (!self->has_frames)
    return;
  rnnc_spotter_flush (self->spotter);
  gst_rnn_gesture_send (self, NULL);
  self->has_frames = FALSE;
}

/* --- properties and model ------------------------------------------------- */

static gboolean
same_settings (const GstRnnGestureSettings *a, const GstRnnGestureSettings *b)
{
  return a->threshold == b->threshold && a->release == b->release
      && a->refractory == b->refractory && a->minimum == b->minimum
      && a->window == b->window && a->interval == b->interval
      && a->report_after == b->report_after && a->clip_mode == b->clip_mode;
}

static void
apply_settings (GstRnnGesture *self, gboolean is_first)
{
  GstRnnGestureSettings last = self->current;
  RnncSpotterOptions options;

  GST_OBJECT_LOCK (self);
  self->current = self->settings;
  GST_OBJECT_UNLOCK (self);
  if (!is_first && same_settings (&last, &self->current))
    return;
  gst_rnn_gesture_options (&self->current, &options);
  rnnc_spotter_set_options (self->spotter, &options);
}

static GstFlowReturn
make_ready (GstRnnGesture *self)
{
  gboolean is_first;
  GstFlowReturn flow = gst_rnn_recogniser_wait (&self->recogniser, &is_first);

  if (flow == GST_FLOW_OK)
    apply_settings (self, is_first);
  return flow;
}

/* --- frames --------------------------------------------------------------- */

static RnncPixelLayout
layout_of (const GstVideoFormatInfo *format)
{
  if (GST_VIDEO_FORMAT_INFO_IS_YUV (format))
    return RNNC_PIXEL_YUV420;
  if (GST_VIDEO_FORMAT_INFO_IS_RGB (format))
    return RNNC_PIXEL_RGB;
  return GST_VIDEO_FORMAT_INFO_DEPTH (format, 0) > 8 ? RNNC_PIXEL_GRAY16
                                                     : RNNC_PIXEL_GRAY8;
}

static void
describe_frame (GstVideoFrame *frame, RnncVideoFrame *described)
{
  const GstVideoFormatInfo *format = frame->info.finfo;

  *described = (RnncVideoFrame){
    .layout = layout_of (format),
    .width = (guint) GST_VIDEO_FRAME_WIDTH (frame),
    .height = (guint) GST_VIDEO_FRAME_HEIGHT (frame),
  };
  if (described->layout == RNNC_PIXEL_YUV420) {
    described->pixel_stride = (guint) GST_VIDEO_FRAME_COMP_PSTRIDE (frame, 1);
    for (guint i = 0; i < 3; i++) {
      described->planes[i] = GST_VIDEO_FRAME_COMP_DATA (frame, i);
      described->strides[i] = GST_VIDEO_FRAME_COMP_STRIDE (frame, i);
    }
    return;
  }
  described->planes[0] = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
  described->strides[0] = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
  described->pixel_stride = (guint) GST_VIDEO_FRAME_COMP_PSTRIDE (frame, 0);
  if (described->layout == RNNC_PIXEL_RGB)
    for (guint i = 0; i < 3; i++)
      described->offsets[i] = (guint) GST_VIDEO_FRAME_COMP_POFFSET (frame, i);
}

static GstClockTime
frame_duration (GstRnnGesture *self, GstBuffer *buffer)
{
  gint rate = GST_VIDEO_INFO_FPS_N (&self->info);

  if (GST_BUFFER_DURATION_IS_VALID (buffer))
    return GST_BUFFER_DURATION (buffer);
  if (rate <= 0)
    return 0;
  return gst_util_uint64_scale_int (GST_SECOND,
      GST_VIDEO_INFO_FPS_D (&self->info), rate);
}

/* When @buffer is shown; without a timestamp, after the one before. */
static GstClockTime
frame_time (GstRnnGesture *self, GstBuffer *buffer)
{
  const GstSegment *segment = &GST_BASE_TRANSFORM (self)->segment;

  if (segment->format == GST_FORMAT_TIME && GST_BUFFER_PTS_IS_VALID (buffer))
    return GST_BUFFER_PTS (buffer);
  if (GST_CLOCK_TIME_IS_VALID (self->now))
    return self->now;
  return segment->format == GST_FORMAT_TIME ? segment->start : 0;
}

static void
push_frame (GstRnnGesture *self, GstBuffer *buffer, GstClockTime timestamp)
{
  RnncVideoFrame described;
  GstVideoFrame frame;

  if (!gst_video_frame_map (&frame, &self->info, buffer,
          GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
    GST_WARNING_OBJECT (self, "passing on a frame that cannot be mapped");
    return;
  }
  describe_frame (&frame, &described);
  rnnc_spotter_push (self->spotter, &described, timestamp);
  self->has_frames = TRUE;
  gst_video_frame_unmap (&frame);
}

GstFlowReturn
gst_rnn_gesture_transform_ip (GstBaseTransform *transform, GstBuffer *buffer)
{
  GstRnnGesture *self = GST_RNN_GESTURE (transform);
  GstFlowReturn flow = make_ready (self);
  GstClockTime timestamp;

  if (flow != GST_FLOW_OK)
    return flow;
  if (transform->segment.rate < 0) /* a gesture backwards is another one */
    return GST_FLOW_OK;
  timestamp = frame_time (self, buffer);
  if (GST_CLOCK_TIME_IS_VALID (self->now)
      && timestamp + GST_SECOND < self->now) { /* begins anew */
    drain (self);
    gst_rnn_text_output_go_to (&self->text, timestamp);
  }
  push_frame (self, buffer, timestamp);
  self->now = timestamp + frame_duration (self, buffer);
  return gst_rnn_gesture_send (self, buffer);
}

/* --- events --------------------------------------------------------------- */

gboolean
gst_rnn_gesture_set_caps (GstBaseTransform *transform, GstCaps *in,
    GstCaps *out)
{
  GstRnnGesture *self = GST_RNN_GESTURE (transform);
  GstVideoInfo info;

  if (!gst_video_info_from_caps (&info, in))
    return FALSE;
  drain (self);
  self->info = info;
  return TRUE;
}

static void
take_segment (GstRnnGesture *self, GstEvent *event)
{
  GstSegment segment;

  drain (self);
  self->now = GST_CLOCK_TIME_NONE;
  gst_event_copy_segment (event, &segment);
  if (segment.format != GST_FORMAT_TIME)
    gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_rnn_text_output_segment (&self->text, &segment, 0,
      gst_event_get_seqnum (event));
}

static void
take_gap (GstRnnGesture *self, GstEvent *event)
{
  GstClockTime timestamp, duration;

  gst_event_parse_gap (event, &timestamp, &duration);
  if (!GST_CLOCK_TIME_IS_VALID (timestamp)
      || !GST_CLOCK_TIME_IS_VALID (duration) || self->running >= 0)
    return;
  drain (self);
  gst_rnn_text_output_gap (&self->text, timestamp + duration);
}

static void
take_flush (GstRnnGesture *self, GstEvent *event)
{
  gboolean start = GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START;

  gst_rnn_model_loader_set_flushing (self->recogniser.loader, start);
  if (!start) {
    if (self->has_frames)
      rnnc_spotter_reset (self->spotter);
    gst_rnn_gesture_reset (self, TRUE);
  }
  gst_rnn_text_output_forward (&self->text, gst_event_ref (event));
}

void
gst_rnn_gesture_see_event (GstRnnGesture *self, GstEvent *event)
{
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      drain (self);
      gst_rnn_recogniser_begin_stream (&self->recogniser);
      gst_rnn_text_output_stream_start (&self->text, event);
      break;
    case GST_EVENT_SEGMENT:
      take_segment (self, event);
      break;
    case GST_EVENT_GAP:
      take_gap (self, event);
      break;
    case GST_EVENT_EOS:
    case GST_EVENT_SEGMENT_DONE:
      drain (self);
      gst_rnn_text_output_event (&self->text, gst_event_ref (event));
      break;
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP:
      take_flush (self, event);
      break;
    default:
      break;
  }
}
