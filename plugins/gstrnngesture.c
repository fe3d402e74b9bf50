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

#define DEFAULT_THRESHOLD 0.7
#define DEFAULT_REPORT_AFTER -1

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define DEPTH_FORMAT "GRAY16_LE"
#else
#define DEPTH_FORMAT "GRAY16_BE"
#endif
#define VIDEO_CAPS                                                             \
  GST_VIDEO_CAPS_MAKE ("{ RGB, BGR, RGBx, xRGB, BGRx, xBGR, RGBA, ARGB, "      \
                       "BGRA, ABGR, GRAY8, " DEPTH_FORMAT ", NV12, I420 }")
#define TEXT_CAPS "text/x-raw, format = (string) utf8"

enum {
  PROP_0,
  PROP_MODEL,
  PROP_CLIP_MODE,
  PROP_CLASS_CONFIDENCE_THRESHOLD,
  PROP_REPORT_AFTER,
  PROP_POST_MESSAGES,
};

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
start_loading (GstRnnGesture *self)
{
  g_autofree char *model = NULL;

  GST_OBJECT_LOCK (self);
  model = g_strdup (self->model);
  GST_OBJECT_UNLOCK (self);
  gst_rnn_gesture_reset (self, FALSE);
  gst_rnn_model_loader_start (self->loader, model);
}

static void
forget_stream (GstRnnGesture *self)
{
  gst_rnn_model_loader_stop (self->loader);
  gst_rnn_gesture_reset (self, FALSE);
  g_clear_pointer (&self->spotter, rnnc_spotter_free);
  g_clear_pointer (&self->labels, rnnc_model_unref);
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  GstRnnGesture *self = GST_RNN_GESTURE (element);
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    start_loading (self);
  else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    gst_rnn_model_loader_cancel (self->loader);

  result = GST_ELEMENT_CLASS (gst_rnn_gesture_parent_class)
               ->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED
          && result == GST_STATE_CHANGE_FAILURE))
    forget_stream (self);
  else if (transition == GST_STATE_CHANGE_READY_TO_NULL)
    gst_rnn_model_loader_release (self->loader);
  return result;
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

static gboolean
text_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS) {
    gst_event_unref (event);
    return TRUE;
  }
  return gst_pad_event_default (pad, parent, event);
}

static GstPad *
request_new_pad (GstElement *element, GstPadTemplate *template,
    const char *name, const GstCaps *caps)
{
  GstRnnGesture *self = GST_RNN_GESTURE (element);
  GstPad *pad;

  if (self->text.pad != NULL)
    return NULL;
  pad = gst_pad_new_from_template (template, "text_src");
  gst_pad_set_event_function (pad, GST_DEBUG_FUNCPTR (text_event));
  gst_pad_use_fixed_caps (pad);
  gst_rnn_text_output_set_pad (&self->text, pad);
  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (element, pad);
  return pad;
}

static void
release_pad (GstElement *element, GstPad *pad)
{
  GstRnnGesture *self = GST_RNN_GESTURE (element);

  if (pad != self->text.pad)
    return;
  gst_rnn_text_output_set_pad (&self->text, NULL);
  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (element, pad);
}

/* --- properties ----------------------------------------------------------- */

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstRnnGesture *self = GST_RNN_GESTURE (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_MODEL:
      g_free (self->model);
      self->model = g_value_dup_string (value);
      break;
    case PROP_CLIP_MODE:
      self->settings.clip_mode = g_value_get_boolean (value);
      break;
    case PROP_CLASS_CONFIDENCE_THRESHOLD:
      self->settings.threshold = g_value_get_double (value);
      break;
    case PROP_REPORT_AFTER:
      self->settings.report_after = g_value_get_int64 (value);
      break;
    case PROP_POST_MESSAGES:
      self->settings.post_messages = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstRnnGesture *self = GST_RNN_GESTURE (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_MODEL:
      g_value_set_string (value, self->model);
      break;
    case PROP_CLIP_MODE:
      g_value_set_boolean (value, self->settings.clip_mode);
      break;
    case PROP_CLASS_CONFIDENCE_THRESHOLD:
      g_value_set_double (value, self->settings.threshold);
      break;
    case PROP_REPORT_AFTER:
      g_value_set_int64 (value, self->settings.report_after);
      break;
    case PROP_POST_MESSAGES:
      g_value_set_boolean (value, self->settings.post_messages);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
  GST_OBJECT_UNLOCK (self);
}

#define STATIC_READY                                                           \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define STATIC_PLAYING                                                         \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

static void
install_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "Model file, or a model's name (unset: the default gesture model)",
          NULL, STATIC_READY));
  g_object_class_install_property (klass, PROP_CLIP_MODE,
      g_param_spec_boolean ("clip-mode", "Clip mode",
          "One label for all up to the end of the stream or segment, instead "
          "of events on an endless stream",
          FALSE, STATIC_READY));
  g_object_class_install_property (klass, PROP_CLASS_CONFIDENCE_THRESHOLD,
      g_param_spec_double ("class-confidence-threshold", "Confidence threshold",
          "Confidence from which on a gesture is seen (clip-mode has the most "
          "likely one)",
          0.0, 1.0, DEFAULT_THRESHOLD, STATIC_PLAYING));
  g_object_class_install_property (klass, PROP_REPORT_AFTER,
      g_param_spec_int64 ("report-after", "Report after",
          "How long a gesture must have been seen to be reported while it "
          "still goes on, ms (-1: when it has ended)",
          -1, G_MAXINT, DEFAULT_REPORT_AFTER, STATIC_PLAYING));
  g_object_class_install_property (klass, PROP_POST_MESSAGES,
      g_param_spec_boolean ("post-messages", "Post messages",
          "Post results on the bus", TRUE, STATIC_PLAYING));
}

/* --- class and instance --------------------------------------------------- */

static void
finalize (GObject *object)
{
  GstRnnGesture *self = GST_RNN_GESTURE (object);

  gst_rnn_model_loader_free (self->loader);
  g_clear_pointer (&self->spotter, rnnc_spotter_free);
  g_clear_pointer (&self->labels, rnnc_model_unref);
  gst_rnn_text_output_clear (&self->text);
  g_array_unref (self->events);
  g_free (self->model);
  G_OBJECT_CLASS (gst_rnn_gesture_parent_class)->finalize (object);
}

static void
gst_rnn_gesture_class_init (GstRnnGestureClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  install_properties (object_class);

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
  self->settings = (GstRnnGestureSettings){
    .threshold = DEFAULT_THRESHOLD,
    .report_after = DEFAULT_REPORT_AFTER,
    .clip_mode = FALSE,
    .post_messages = TRUE,
  };
  self->current = self->settings;
  self->loader
      = gst_rnn_model_loader_new (GST_ELEMENT (self), "gesture", on_loaded);
  self->events = g_array_new (FALSE, FALSE, sizeof (GstRnnGestureEvent));
  gst_rnn_text_output_init (&self->text, GST_ELEMENT (self), "text", TEXT_CAPS);
  gst_rnn_gesture_reset (self, FALSE);
  gst_base_transform_set_in_place (GST_BASE_TRANSFORM (self), TRUE);
  gst_base_transform_set_qos_enabled (GST_BASE_TRANSFORM (self), FALSE);
}
