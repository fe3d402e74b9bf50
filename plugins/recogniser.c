/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugins/recogniser.h"

/* Sees CAPS before the pad refuses them. */
static GstPadProbeReturn
explain_caps (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstRnnRecogniser *recogniser = user_data;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  GstCaps *caps, *ours;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;
  gst_event_parse_caps (event, &caps);
  ours = gst_pad_get_pad_template_caps (pad);
  if (!gst_caps_can_intersect (caps, ours))
    GST_ELEMENT_ERROR (recogniser->element, STREAM, WRONG_TYPE,
        ("%s", recogniser->klass->caps_advice), ("got %" GST_PTR_FORMAT, caps));
  gst_caps_unref (ours);
  return GST_PAD_PROBE_OK;
}

void
gst_rnn_recogniser_init (GstRnnRecogniser *recogniser,
    const GstRnnRecogniserClass *klass, GstElement *element, GstPad *sink_pad)
{
  recogniser->klass = klass;
  recogniser->element = element;
  recogniser->sink_pad = sink_pad;
  recogniser->post_messages = TRUE;
  recogniser->use_signals = FALSE;
  recogniser->loader
      = gst_rnn_model_loader_new (element, klass->task, klass->loaded);
  gst_pad_add_probe (sink_pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      explain_caps, recogniser, NULL);
}

void
gst_rnn_recogniser_clear (GstRnnRecogniser *recogniser)
{
  gst_rnn_model_loader_free (recogniser->loader);
  recogniser->klass->unload (recogniser->element);
  g_clear_pointer (&recogniser->model, g_free);
}

/* --- states --------------------------------------------------------------- */

static void
start_loading (GstRnnRecogniser *recogniser)
{
  g_autofree char *model = NULL;

  GST_OBJECT_LOCK (recogniser->element);
  model = g_strdup (recogniser->model);
  GST_OBJECT_UNLOCK (recogniser->element);
  recogniser->started = FALSE;
  recogniser->klass->reset (recogniser->element);
  gst_rnn_model_loader_start (recogniser->loader, model);
}

static void
forget_stream (GstRnnRecogniser *recogniser)
{
  gst_rnn_model_loader_stop (recogniser->loader);
  recogniser->started = FALSE;
  recogniser->klass->reset (recogniser->element);
  recogniser->klass->unload (recogniser->element);
}

GstStateChangeReturn
gst_rnn_recogniser_change_state (GstRnnRecogniser *recogniser,
    GstStateChange transition,
    GstStateChangeReturn (
        *chain_up) (GstElement *element, GstStateChange transition))
{
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
    start_loading (recogniser);
  else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    gst_rnn_model_loader_cancel (recogniser->loader);

  result = chain_up (recogniser->element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED
          && result == GST_STATE_CHANGE_FAILURE))
    forget_stream (recogniser);
  else if (transition == GST_STATE_CHANGE_READY_TO_NULL)
    gst_rnn_model_loader_release (recogniser->loader);
  return result;
}

/* --- streams -------------------------------------------------------------- */

static gboolean
upstream_is_live (GstRnnRecogniser *recogniser)
{
  GstQuery *query = gst_query_new_latency ();
  gboolean live = FALSE;

  if (gst_pad_peer_query (recogniser->sink_pad, query))
    gst_query_parse_latency (query, &live, NULL, NULL);
  gst_query_unref (query);
  return live;
}

GstFlowReturn
gst_rnn_recogniser_wait (GstRnnRecogniser *recogniser, gboolean *is_first)
{
  GstFlowReturn flow = gst_rnn_model_loader_wait (recogniser->loader);

  *is_first = FALSE;
  if (flow != GST_FLOW_OK || recogniser->started)
    return flow;
  *is_first = TRUE;
  recogniser->started = TRUE;
  recogniser->is_live = upstream_is_live (recogniser);
  return GST_FLOW_OK;
}

void
gst_rnn_recogniser_begin_stream (GstRnnRecogniser *recogniser)
{
  recogniser->started = FALSE;
}

/* --- properties ----------------------------------------------------------- */

void
gst_rnn_recogniser_class_init (GObjectClass *klass)
{
  g_object_class_install_property (klass, GST_RNN_PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "Model file, or a model's name (unset: the default model)", NULL,
          GST_RNN_PARAM_READY));
  g_object_class_install_property (klass, GST_RNN_PROP_POST_MESSAGES,
      g_param_spec_boolean ("post-messages", "Post messages",
          "Post results on the bus", TRUE, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, GST_RNN_PROP_USE_SIGNALS,
      g_param_spec_boolean ("use-signals", "Use signals",
          "Emit the signal \"result\" with each result, in the streaming "
          "thread",
          FALSE, GST_RNN_PARAM_PLAYING));
  /* The parameter is what a bus message holds by default. */
  g_signal_new ("result", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
      NULL, NULL, G_TYPE_NONE, 1,
      GST_TYPE_STRUCTURE | G_SIGNAL_TYPE_STATIC_SCOPE);
}

gboolean
gst_rnn_recogniser_set_property (GstRnnRecogniser *recogniser, guint id,
    const GValue *value)
{
  gboolean found = TRUE;

  GST_OBJECT_LOCK (recogniser->element);
  switch (id) {
    case GST_RNN_PROP_MODEL:
      g_free (recogniser->model);
      recogniser->model = g_value_dup_string (value);
      break;
    case GST_RNN_PROP_POST_MESSAGES:
      recogniser->post_messages = g_value_get_boolean (value);
      break;
    case GST_RNN_PROP_USE_SIGNALS:
      recogniser->use_signals = g_value_get_boolean (value);
      break;
    default:
      found = FALSE;
  }
  GST_OBJECT_UNLOCK (recogniser->element);
  return found;
}

gboolean
gst_rnn_recogniser_get_property (GstRnnRecogniser *recogniser, guint id,
    GValue *value)
{
  gboolean found = TRUE;

  GST_OBJECT_LOCK (recogniser->element);
  switch (id) {
    case GST_RNN_PROP_MODEL:
      g_value_set_string (value, recogniser->model);
      break;
    case GST_RNN_PROP_POST_MESSAGES:
      g_value_set_boolean (value, recogniser->post_messages);
      break;
    case GST_RNN_PROP_USE_SIGNALS:
      g_value_set_boolean (value, recogniser->use_signals);
      break;
    default:
      found = FALSE;
  }
  GST_OBJECT_UNLOCK (recogniser->element);
  return found;
}

/* --- results -------------------------------------------------------------- */

void
gst_rnn_recogniser_publish (GstRnnRecogniser *recogniser,
    const GstStructure *result, GstStructure *message)
{
  gboolean post, emit;

  GST_OBJECT_LOCK (recogniser->element);
  post = recogniser->post_messages;
  emit = recogniser->use_signals;
  GST_OBJECT_UNLOCK (recogniser->element);
  if (emit)
    g_signal_emit_by_name (recogniser->element, "result", result);
  if (post && message != NULL)
    gst_element_post_message (recogniser->element,
        gst_message_new_element (GST_OBJECT (recogniser->element), message));
  else if (message != NULL)
    gst_structure_free (message);
}
