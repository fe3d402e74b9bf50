/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugins/recogniser.h"

void
gst_rnn_recogniser_init (GstRnnRecogniser *recogniser,
    const GstRnnRecogniserClass *klass, GstElement *element, GstPad *sink_pad)
{
  recogniser->klass = klass;
  recogniser->element = element;
  recogniser->sink_pad = sink_pad;
  recogniser->loader
      = gst_rnn_model_loader_new (element, klass->task, klass->loaded);
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

void
gst_rnn_recogniser_set_model (GstRnnRecogniser *recogniser, const GValue *value)
{
  g_free (recogniser->model);
  recogniser->model = g_value_dup_string (value);
}
