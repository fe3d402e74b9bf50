/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-rnngesture
 * @title: rnngesture
 *
 * Names the gestures in a video while they are made; the video passes through
 * untouched.
 *
 * ## What it says on the bus
 * |[
 * gst-launch-1.0 -m v4l2src ! videoconvert ! rnngesture ! videoconvert \
 *     ! autovideosink | grep rnngesture
 * ]|
 */
#include "plugins/gstrnngesture.h"

#include "plugins/gesture-private.h"

GST_DEBUG_CATEGORY (gst_rnn_gesture_debug);
#define GST_CAT_DEFAULT gst_rnn_gesture_debug

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define DEPTH_FORMAT "GRAY16_LE"
#else
#define DEPTH_FORMAT "GRAY16_BE"
#endif
#define VIDEO_CAPS                                                             \
  GST_VIDEO_CAPS_MAKE ("{ RGB, BGR, RGBx, xRGB, BGRx, xBGR, RGBA, ARGB, "      \
                       "BGRA, ABGR, GRAY8, " DEPTH_FORMAT ", NV12, I420 }")
#define TEXT_CAPS "text/x-raw, format = (string) utf8"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (VIDEO_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (VIDEO_CAPS));
static GstStaticPadTemplate text_template = GST_STATIC_PAD_TEMPLATE ("text_src",
    GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS (TEXT_CAPS));

G_DEFINE_FINAL_TYPE (GstRnnGesture, gst_rnn_gesture, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (rnngesture, "rnngesture", GST_RANK_NONE,
    GST_TYPE_RNN_GESTURE,
    GST_DEBUG_CATEGORY_INIT (gst_rnn_gesture_debug, "rnngesture", 0,
        "gestures in video"))

/* --- states --------------------------------------------------------------- */

/* In the loading thread. */
static gboolean
on_loaded (GstElement *element, RnncModel *model, GError **error)
{
  GstRnnGesture *self = GST_RNN_GESTURE (element);
  RnncSpotterOptions options;

  GST_OBJECT_LOCK (self);
  gst_rnn_gesture_options (&self->settings, &options);
  GST_OBJECT_UNLOCK (self);
  self->spotter = rnnc_spotter_new (model, &options, gst_rnn_gesture_take_event,
      self, error);
  if (self->spotter == NULL)
    return FALSE;
  self->labels = rnnc_model_ref (model);
  return TRUE;
}

static void
unload (GstElement *element)
{
  GstRnnGesture *self = GST_RNN_GESTURE (element);

  g_clear_pointer (&self->spotter, rnnc_spotter_free);
  g_clear_pointer (&self->labels, rnnc_model_unref);
}

static void
reset (GstElement *element)
{
  gst_rnn_gesture_reset (GST_RNN_GESTURE (element), FALSE);
}

static const GstRnnRecogniserClass recogniser_class = {
  .task = "gesture",
  .caps_advice = "rnngesture takes RGB, grey, NV12 or I420 video; put "
                 "\"videoconvert\" before it.",
  .loaded = on_loaded,
  .unload = unload,
  .reset = reset,
};

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  return gst_rnn_recogniser_change_state (&GST_RNN_GESTURE (element)
                                               ->recogniser,
      transition,
      GST_ELEMENT_CLASS (gst_rnn_gesture_parent_class)->change_state);
}

/* --- buffers -------------------------------------------------------------- */

/* The same memory, with metadata of its own. */
static GstFlowReturn
prepare_output_buffer (GstBaseTransform *transform, GstBuffer *in,
    GstBuffer **out)
{
  *out = gst_buffer_is_writable (in) ? in : gst_buffer_copy (in);
  return GST_FLOW_OK;
}

/* Memory is passed through, so downstream decides. */
static gboolean
propose_allocation (GstBaseTransform *transform, GstQuery *decided,
    GstQuery *query)
{
  return gst_pad_peer_query (GST_BASE_TRANSFORM_SRC_PAD (transform), query);
}

static gboolean
sink_event (GstBaseTransform *transform, GstEvent *event)
{
  gst_rnn_gesture_see_event (GST_RNN_GESTURE (transform), event);
  return GST_BASE_TRANSFORM_CLASS (gst_rnn_gesture_parent_class)
      ->sink_event (transform, event);
}

/* --- text_src ------------------------------------------------------------- */

static GstPad *
request_new_pad (GstElement *element, GstPadTemplate *template,
    const char *name, const GstCaps *caps)
{
  return gst_rnn_text_output_request_pad (&GST_RNN_GESTURE (element)->text,
      template, NULL);
}

static void
release_pad (GstElement *element, GstPad *pad)
{
  gst_rnn_text_output_release_pad (&GST_RNN_GESTURE (element)->text, pad);
}

/* --- class and instance --------------------------------------------------- */

static void
finalize (GObject *object)
{
  GstRnnGesture *self = GST_RNN_GESTURE (object);

  gst_rnn_recogniser_clear (&self->recogniser);
  gst_rnn_text_output_clear (&self->text);
  g_array_unref (self->events);
  G_OBJECT_CLASS (gst_rnn_gesture_parent_class)->finalize (object);
}

static void
gst_rnn_gesture_class_init (GstRnnGestureClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->finalize = finalize;
  gst_rnn_gesture_install_properties (object_class);

  element_class->change_state = GST_DEBUG_FUNCPTR (change_state);
  element_class->request_new_pad = GST_DEBUG_FUNCPTR (request_new_pad);
  element_class->release_pad = GST_DEBUG_FUNCPTR (release_pad);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_add_static_pad_template (element_class, &text_template);
  gst_element_class_set_static_metadata (element_class, "Gestures in video",
      "Filter/Analyzer/Video",
      "Names gestures with a convolutional + recurrent network",
      "gst-rnn maintainers");

  transform_class->set_caps = GST_DEBUG_FUNCPTR (gst_rnn_gesture_set_caps);
  transform_class->transform_ip
      = GST_DEBUG_FUNCPTR (gst_rnn_gesture_transform_ip);
  transform_class->sink_event = GST_DEBUG_FUNCPTR (sink_event);
  transform_class->prepare_output_buffer
      = GST_DEBUG_FUNCPTR (prepare_output_buffer);
  transform_class->propose_allocation = GST_DEBUG_FUNCPTR (propose_allocation);
  gst_rnn_gesture_register_meta ();
}

static void
gst_rnn_gesture_init (GstRnnGesture *self)
{
  gst_rnn_gesture_settings_init (&self->settings);
  self->current = self->settings;
  gst_rnn_recogniser_init (&self->recogniser, &recogniser_class,
      GST_ELEMENT (self), GST_BASE_TRANSFORM_SINK_PAD (self));
  self->events = g_array_new (FALSE, FALSE, sizeof (GstRnnGestureEvent));
  gst_rnn_text_output_init (&self->text, GST_ELEMENT (self), "text", TEXT_CAPS);
  gst_rnn_gesture_reset (self, FALSE);
  gst_base_transform_set_in_place (GST_BASE_TRANSFORM (self), TRUE);
  gst_base_transform_set_qos_enabled (GST_BASE_TRANSFORM (self), FALSE);
}
