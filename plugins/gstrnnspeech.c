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

#define DEFAULT_LATENCY 1000
#define DEFAULT_LATENESS 0
#define DEFAULT_PARTIAL_INTERVAL 0
#define DEFAULT_ENDPOINT_SILENCE 800
#define DEFAULT_MAX_UTTERANCE 20000
#define MIN_UTTERANCE 1000
#define MAX_UTTERANCE 3600000
#define DEFAULT_THRESHOLD 0.0

#define SINK_CAPS                                                              \
  "audio/x-raw, format = (string) { " GST_AUDIO_NE (F32) ", " GST_AUDIO_NE (   \
      S16) " }, rate = (int) 16000, channels = (int) 1, "                      \
           "layout = (string) interleaved"
#define SRC_CAPS "text/x-raw, format = (string) utf8"
#define JSON_CAPS "application/x-json"

enum {
  PROP_0,
  PROP_MODEL,
  PROP_LANGUAGE_CODE,
  PROP_LATENCY,
  PROP_LATENESS,
  PROP_MAX_OBSERVED_DELAY,
  PROP_PARTIAL_RESULTS_INTERVAL,
  PROP_POST_MESSAGES,
  PROP_OUTPUT_UNIT,
  PROP_LINE_FEEDS,
  PROP_ENDPOINT_SILENCE,
  PROP_MAX_UTTERANCE,
  PROP_CLASS_CONFIDENCE_THRESHOLD,
};

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

/* --- enumerations --------------------------------------------------------- */

#define TYPE_UNIT (unit_get_type ())
static GType
unit_get_type (void)
{
  static const GEnumValue values[] = {
    { GST_RNN_SPEECH_UNIT_UTTERANCE, "One buffer an utterance", "utterance" },
    { GST_RNN_SPEECH_UNIT_WORD, "One buffer a word", "word" },
    { 0, NULL, NULL },
  };
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstRnnSpeechUnit", values));
  return type;
}

#define TYPE_LINES (lines_get_type ())
static GType
lines_get_type (void)
{
  static const GEnumValue values[] = {
    { GST_RNN_SPEECH_LINES_AUTO,
        "Where what follows takes bytes of any kind (fdsink, filesink)",
        "auto" },
    { GST_RNN_SPEECH_LINES_ALWAYS, "After each utterance", "always" },
    { GST_RNN_SPEECH_LINES_NEVER, "Nowhere", "never" },
    { 0, NULL, NULL },
  };
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstRnnSpeechLines", values));
  return type;
}

/* --- latency -------------------------------------------------------------- */

GstClockTime
gst_rnn_speech_own_latency (GstRnnSpeech *self,
    const GstRnnSpeechSettings *settings)
{
  guint hold = settings->unit == GST_RNN_SPEECH_UNIT_WORD
      ? settings->latency
      : settings->endpoint_silence;

  return self->model_latency + hold * GST_MSECOND;
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
    own = gst_rnn_speech_own_latency (self, &settings);
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

/* --- caps ----------------------------------------------------------------- */

/* Sees CAPS before the pad refuses them, which it does without a word. */
static GstPadProbeReturn
explain_caps (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstRnnSpeech *self = user_data;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  GstCaps *caps, *ours;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;
  gst_event_parse_caps (event, &caps);
  ours = gst_pad_get_pad_template_caps (pad);
  if (!gst_caps_can_intersect (caps, ours))
    GST_ELEMENT_ERROR (self, STREAM, WRONG_TYPE,
        ("rnnspeech takes 16000 Hz mono audio; put \"audioconvert ! "
         "audioresample\" before it."),
        ("got %" GST_PTR_FORMAT, caps));
  gst_caps_unref (ours);
  return GST_PAD_PROBE_OK;
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
  if (self->transcriber == NULL)
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

static const GstRnnRecogniserClass recogniser_class
    = { "speech", on_loaded, unload, reset };

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

/* --- properties ----------------------------------------------------------- */

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstRnnSpeech *self = GST_RNN_SPEECH (object);
  GstRnnSpeechSettings *settings = &self->settings;
  gboolean changes_latency = FALSE;

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_MODEL:
      gst_rnn_recogniser_set_model (&self->recogniser, value);
      break;
    case PROP_LANGUAGE_CODE:
      g_free (self->language_code);
      self->language_code = g_value_dup_string (value);
      break;
    case PROP_LATENCY:
      settings->latency = g_value_get_uint (value);
      changes_latency = TRUE;
      break;
    case PROP_LATENESS:
      settings->lateness = g_value_get_uint (value);
      break;
    case PROP_PARTIAL_RESULTS_INTERVAL:
      settings->partial_interval = g_value_get_int64 (value);
      break;
    case PROP_POST_MESSAGES:
      settings->post_messages = g_value_get_boolean (value);
      break;
    case PROP_OUTPUT_UNIT:
      settings->unit = g_value_get_enum (value);
      changes_latency = TRUE;
      break;
    case PROP_LINE_FEEDS:
      settings->lines = g_value_get_enum (value);
      break;
    case PROP_ENDPOINT_SILENCE:
      settings->endpoint_silence = g_value_get_uint (value);
      changes_latency = TRUE;
      break;
    case PROP_MAX_UTTERANCE:
      settings->max_utterance = g_value_get_uint (value);
      break;
    case PROP_CLASS_CONFIDENCE_THRESHOLD:
      settings->threshold = g_value_get_double (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
  changes_latency = changes_latency && GST_STATE (self) >= GST_STATE_PAUSED;
  GST_OBJECT_UNLOCK (self);
  if (changes_latency)
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_latency (GST_OBJECT (self)));
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstRnnSpeech *self = GST_RNN_SPEECH (object);
  const GstRnnSpeechSettings *settings = &self->settings;

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_MODEL:
      g_value_set_string (value, self->recogniser.model);
      break;
    case PROP_LANGUAGE_CODE:
      g_value_set_string (value, self->language_code);
      break;
    case PROP_LATENCY:
      g_value_set_uint (value, settings->latency);
      break;
    case PROP_LATENESS:
      g_value_set_uint (value, settings->lateness);
      break;
    case PROP_MAX_OBSERVED_DELAY:
      g_value_set_uint (value, self->max_observed_delay);
      break;
    case PROP_PARTIAL_RESULTS_INTERVAL:
      g_value_set_int64 (value, settings->partial_interval);
      break;
    case PROP_POST_MESSAGES:
      g_value_set_boolean (value, settings->post_messages);
      break;
    case PROP_OUTPUT_UNIT:
      g_value_set_enum (value, settings->unit);
      break;
    case PROP_LINE_FEEDS:
      g_value_set_enum (value, settings->lines);
      break;
    case PROP_ENDPOINT_SILENCE:
      g_value_set_uint (value, settings->endpoint_silence);
      break;
    case PROP_MAX_UTTERANCE:
      g_value_set_uint (value, settings->max_utterance);
      break;
    case PROP_CLASS_CONFIDENCE_THRESHOLD:
      g_value_set_double (value, settings->threshold);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
install_model_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "Model file, or a model's name (unset: the default speech model)",
          NULL, GST_RNN_PARAM_READY));
  g_object_class_install_property (klass, PROP_LANGUAGE_CODE,
      g_param_spec_string ("language-code", "Language code",
          "Language that results and tags name, BCP 47 (unset: the model's)",
          NULL, GST_RNN_PARAM_READY));
  g_object_class_install_property (klass, PROP_ENDPOINT_SILENCE,
      g_param_spec_uint ("endpoint-silence", "Endpoint silence",
          "Silence that ends an utterance, ms", 0, MAX_UTTERANCE,
          DEFAULT_ENDPOINT_SILENCE, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_MAX_UTTERANCE,
      g_param_spec_uint ("max-utterance", "Longest utterance",
          "Length after which an utterance is ended at the next word boundary, "
          "ms",
          MIN_UTTERANCE, MAX_UTTERANCE, DEFAULT_MAX_UTTERANCE,
          GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_CLASS_CONFIDENCE_THRESHOLD,
      g_param_spec_double ("class-confidence-threshold", "Confidence threshold",
          "Words less confident than this are left out", 0.0, 1.0,
          DEFAULT_THRESHOLD, GST_RNN_PARAM_PLAYING));
}

static void
install_time_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_LATENCY,
      g_param_spec_uint ("latency", "Latency",
          "With output-unit=word: how long after its end a word is held at "
          "most before it is final, ms",
          0, G_MAXINT, DEFAULT_LATENCY, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_LATENESS,
      g_param_spec_uint ("lateness", "Lateness",
          "How much later than the audio the text is played, ms; from the next "
          "segment on",
          0, G_MAXINT, DEFAULT_LATENESS, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_MAX_OBSERVED_DELAY,
      g_param_spec_uint ("max-observed-delay", "Longest delay observed",
          "Longest time from an utterance's end to its final result, in audio, "
          "ms",
          0, G_MAXUINT, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static void
install_output_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_PARTIAL_RESULTS_INTERVAL,
      g_param_spec_int64 ("partial-results-interval",
          "Interval of partial results",
          "Least time between partial results, ms of audio (0: whenever the "
          "text changes, -1: none)",
          -1, G_MAXINT, DEFAULT_PARTIAL_INTERVAL, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_POST_MESSAGES,
      g_param_spec_boolean ("post-messages", "Post messages",
          "Post results on the bus", TRUE, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_OUTPUT_UNIT,
      g_param_spec_enum ("output-unit", "Output unit",
          "What one text buffer holds", TYPE_UNIT,
          GST_RNN_SPEECH_UNIT_UTTERANCE, GST_RNN_PARAM_READY));
  g_object_class_install_property (klass, PROP_LINE_FEEDS,
      g_param_spec_enum ("line-feeds", "Line feeds",
          "Whether an utterance's text ends in a line feed", TYPE_LINES,
          GST_RNN_SPEECH_LINES_AUTO, GST_RNN_PARAM_PLAYING));
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
  g_free (self->language);
  G_OBJECT_CLASS (gst_rnn_speech_parent_class)->finalize (object);
}

static void
gst_rnn_speech_class_init (GstRnnSpeechClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  install_model_properties (object_class);
  install_time_properties (object_class);
  install_output_properties (object_class);

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
  gst_type_mark_as_plugin_api (TYPE_UNIT, 0);
  gst_type_mark_as_plugin_api (TYPE_LINES, 0);
}

static void
init_settings (GstRnnSpeechSettings *settings)
{
  settings->latency = DEFAULT_LATENCY;
  settings->lateness = DEFAULT_LATENESS;
  settings->partial_interval = DEFAULT_PARTIAL_INTERVAL;
  settings->endpoint_silence = DEFAULT_ENDPOINT_SILENCE;
  settings->max_utterance = DEFAULT_MAX_UTTERANCE;
  settings->threshold = DEFAULT_THRESHOLD;
  settings->post_messages = TRUE;
  settings->unit = GST_RNN_SPEECH_UNIT_UTTERANCE;
  settings->lines = GST_RNN_SPEECH_LINES_AUTO;
}

static void
gst_rnn_speech_init (GstRnnSpeech *self)
{
  GstElement *element = GST_ELEMENT (self);

  init_settings (&self->settings);
  self->current = self->settings;
  self->sink_pad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sink_pad,
      GST_DEBUG_FUNCPTR (gst_rnn_speech_chain));
  gst_pad_set_event_function (self->sink_pad,
      GST_DEBUG_FUNCPTR (gst_rnn_speech_sink_event));
  gst_pad_add_probe (self->sink_pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      explain_caps, self, NULL);
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
