/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-rnnspeech
 * @title: rnnspeech
 *
 * Turns speech into text while it is spoken, with a convolutional + recurrent
 * network and CTC.
 *
 * ## What it prints
 * |[
 * gst-launch-1.0 -q filesrc location=speech.ogg ! decodebin ! audioconvert \
 *     ! audioresample ! rnnspeech ! fdsink
 * ]| One utterance a line.
 */
#include "plugins/gstrnnspeech.h"

#include "plugins/speech-private.h"

GST_DEBUG_CATEGORY (gst_rnn_speech_debug);
#define GST_CAT_DEFAULT gst_rnn_speech_debug

#define SINK_CAPS                                                              \
  "audio/x-raw, format = (string) { " GST_AUDIO_NE (F32) ", " GST_AUDIO_NE (   \
      S16) " }, rate = (int) 16000, channels = (int) 1, "                      \
           "layout = (string) interleaved"
#define SRC_CAPS "text/x-raw, format = (string) utf8"
#define JSON_CAPS "application/x-json"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (SINK_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (SRC_CAPS));
static GstStaticPadTemplate json_template = GST_STATIC_PAD_TEMPLATE ("json_src",
    GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS (JSON_CAPS));

G_DEFINE_FINAL_TYPE (GstRnnSpeech, gst_rnn_speech, GST_TYPE_ELEMENT)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (rnnspeech, "rnnspeech", GST_RANK_NONE,
    GST_TYPE_RNN_SPEECH,
    GST_DEBUG_CATEGORY_INIT (gst_rnn_speech_debug, "rnnspeech", 0,
        "speech to text"))

/* --- latency -------------------------------------------------------------- */

GstClockTime
gst_rnn_speech_own_latency (GstRnnSpeech *self,
    const GstRnnSpeechSettings *settings)
{
  if (settings->unit == GST_RNN_SPEECH_UNIT_WORD)
    return MAX (self->model_latency, settings->latency * GST_MSECOND);
  return self->model_latency + settings->endpoint_silence * GST_MSECOND;
}

static gboolean
answer_latency (GstRnnSpeech *self, GstQuery *query)
{
  GstRnnSpeechSettings settings;
  GstClockTime own, minimum = 0, maximum = GST_CLOCK_TIME_NONE;
  gboolean live = FALSE;

  /* Nobody upstream yet: then nobody is live. */
  if (gst_pad_peer_query (self->sink_pad, query))
    gst_query_parse_latency (query, &live, &minimum, &maximum);
  if (live) {
    /* The network's own part is known once it is loaded. */
    gst_rnn_model_loader_wait (self->recogniser.loader);
    GST_OBJECT_LOCK (self);
    settings = self->settings;
    GST_OBJECT_UNLOCK (self);
    own = gst_rnn_speech_own_latency (self, &settings)
        + settings.batch_wait * GST_MSECOND;
    minimum += own;
    if (GST_CLOCK_TIME_IS_VALID (maximum))
      maximum += own;
  }
  GST_DEBUG_OBJECT (self, "live %d, minimum %" GST_TIME_FORMAT, live,
      GST_TIME_ARGS (minimum));
  gst_query_set_latency (query, live, minimum, maximum);
  return TRUE;
}

static gboolean
src_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY)
    return answer_latency (GST_RNN_SPEECH (parent), query);
  return gst_pad_query_default (pad, parent, query);
}

/* --- states --------------------------------------------------------------- */

/* In the loading thread. */
static gboolean
on_loaded (GstElement *element, RnncModel *model, GError **error)
{
  GstRnnSpeech *self = GST_RNN_SPEECH (element);
  const RnncFrontendConfig *frontend = rnnc_model_frontend (model);

  if (frontend->type == RNNC_FRONTEND_LOG_MEL
      && frontend->log_mel.rate != GST_RNN_SPEECH_RATE) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s: hears %u Hz, rnnspeech takes %u Hz", rnnc_model_path (model),
        frontend->log_mel.rate, GST_RNN_SPEECH_RATE);
    return FALSE;
  }
  self->transcriber = rnnc_transcriber_new (model, NULL,
      gst_rnn_speech_take_transcript, self, error);
  if (self->transcriber == NULL
      || !gst_rnn_speech_load_files (self, model, error))
    return FALSE;
  self->model_latency = rnnc_transcriber_latency (self->transcriber);
  GST_OBJECT_LOCK (self);
  self->max_observed_delay = 0;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static void
unload (GstElement *element)
{
  GstRnnSpeech *self = GST_RNN_SPEECH (element);

  g_clear_pointer (&self->transcriber, rnnc_transcriber_free);
  self->model_latency = 0;
}

static void
reset (GstElement *element)
{
  gst_rnn_speech_reset (GST_RNN_SPEECH (element), FALSE);
}

static const GstRnnRecogniserClass recogniser_class = {
  .task = "speech",
  .caps_advice = "rnnspeech takes 16000 Hz mono audio; put \"audioconvert ! "
                 "audioresample\" before it.",
  .loaded = on_loaded,
  .unload = unload,
  .reset = reset,
};

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  return gst_rnn_recogniser_change_state (&GST_RNN_SPEECH (element)->recogniser,
      transition,
      GST_ELEMENT_CLASS (gst_rnn_speech_parent_class)->change_state);
}

/* --- json_src ------------------------------------------------------------- */

static GstPad *
request_new_pad (GstElement *element, GstPadTemplate *template,
    const char *name, const GstCaps *caps)
{
  return gst_rnn_text_output_request_pad (&GST_RNN_SPEECH (element)->json,
      template, GST_DEBUG_FUNCPTR (src_query));
}

static void
release_pad (GstElement *element, GstPad *pad)
{
  gst_rnn_text_output_release_pad (&GST_RNN_SPEECH (element)->json, pad);
}

/* --- class and instance --------------------------------------------------- */

static void
finalize (GObject *object)
{
  GstRnnSpeech *self = GST_RNN_SPEECH (object);

  gst_rnn_recogniser_clear (&self->recogniser);
  gst_rnn_speech_reset (self, FALSE);
  gst_rnn_text_output_clear (&self->text);
  gst_rnn_text_output_clear (&self->json);
  g_free (self->language_code);
  for (guint i = 0; i < GST_RNN_SPEECH_N_FILES; i++)
    g_free (self->files[i]);
  g_free (self->language);
  G_OBJECT_CLASS (gst_rnn_speech_parent_class)->finalize (object);
}

static void
gst_rnn_speech_class_init (GstRnnSpeechClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->finalize = finalize;
  gst_rnn_speech_install_properties (object_class);

  element_class->change_state = GST_DEBUG_FUNCPTR (change_state);
  element_class->request_new_pad = GST_DEBUG_FUNCPTR (request_new_pad);
  element_class->release_pad = GST_DEBUG_FUNCPTR (release_pad);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_add_static_pad_template (element_class, &json_template);
  gst_element_class_set_static_metadata (element_class, "Speech to text",
      "Audio/Text/Filter",
      "Turns speech into text with a convolutional + recurrent network",
      "gst-rnn maintainers");
}

static void
gst_rnn_speech_init (GstRnnSpeech *self)
{
  GstElement *element = GST_ELEMENT (self);

  gst_rnn_speech_settings_init (&self->settings);
  self->current = self->settings;
  self->sink_pad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sink_pad,
      GST_DEBUG_FUNCPTR (gst_rnn_speech_chain));
  gst_pad_set_event_function (self->sink_pad,
      GST_DEBUG_FUNCPTR (gst_rnn_speech_sink_event));
  gst_element_add_pad (element, self->sink_pad);
  gst_rnn_recogniser_init (&self->recogniser, &recogniser_class, element,
      self->sink_pad);

  self->src_pad = gst_pad_new_from_static_template (&src_template, "src");
  gst_rnn_text_output_prepare_pad (self->src_pad);
  gst_pad_set_query_function (self->src_pad, GST_DEBUG_FUNCPTR (src_query));
  gst_element_add_pad (element, self->src_pad);

  gst_rnn_text_output_init (&self->text, element, "text", SRC_CAPS);
  gst_rnn_text_output_init (&self->json, element, "json", JSON_CAPS);
  self->json.overlaps = TRUE;
  gst_rnn_text_output_set_pad (&self->text, self->src_pad);
  g_queue_init (&self->results);
  gst_rnn_speech_reset (self, FALSE);
}
