/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The properties of rnnspeech. */
#include "plugins/speech-private.h"

#define MIN_UTTERANCE 1000
#define MAX_UTTERANCE 3600000
#define MAX_BATCH_WAIT 100

enum {
  PROP_LANGUAGE_CODE = GST_RNN_PROP_OWN,
  PROP_LATENCY,
  PROP_LATENESS,
  PROP_MAX_OBSERVED_DELAY,
  PROP_PARTIAL_RESULTS_INTERVAL,
  PROP_OUTPUT_UNIT,
  PROP_LINE_FEEDS,
  PROP_MESSAGE_COMPAT,
  PROP_ENDPOINT_SILENCE,
  PROP_MAX_UTTERANCE,
  PROP_CLASS_CONFIDENCE_THRESHOLD,
  PROP_BEAM_WIDTH,
  PROP_ALTERNATIVES,
  PROP_MODE,
  PROP_LANGUAGE_MODEL_WEIGHT,
  PROP_WORD_BONUS,
  PROP_PHRASE_THRESHOLD,
  PROP_BATCH_WAIT,
  PROP_FILE, /* four, as GstRnnSpeechFile */
};

static const GstRnnSpeechSettings defaults = {
  .latency = 1000,
  .lateness = 0,
  .partial_interval = 0,
  .endpoint_silence = 800,
  .max_utterance = 20000,
  .batch_wait = 0,
  .threshold = 0.0,
  .beam_width = 1,
  .alternatives = 0,
  .language_weight = 0.6,
  .word_bonus = 0.0,
  .phrase_threshold = 0.1,
  .mode = GST_RNN_SPEECH_MODE_AUTO,
  .unit = GST_RNN_SPEECH_UNIT_UTTERANCE,
  .lines = GST_RNN_SPEECH_LINES_AUTO,
  .compat = GST_RNN_SPEECH_COMPAT_NONE,
};

#define FIELD(name) G_STRUCT_OFFSET (GstRnnSpeechSettings, name)
static const GstRnnField fields[] = {
  { PROP_LATENCY, FIELD (latency), TRUE },
  { PROP_LATENESS, FIELD (lateness), FALSE },
  { PROP_PARTIAL_RESULTS_INTERVAL, FIELD (partial_interval), FALSE },
  { PROP_OUTPUT_UNIT, FIELD (unit), TRUE },
  { PROP_LINE_FEEDS, FIELD (lines), FALSE },
  { PROP_MESSAGE_COMPAT, FIELD (compat), FALSE },
  { PROP_ENDPOINT_SILENCE, FIELD (endpoint_silence), TRUE },
  { PROP_MAX_UTTERANCE, FIELD (max_utterance), FALSE },
  { PROP_CLASS_CONFIDENCE_THRESHOLD, FIELD (threshold), FALSE },
  { PROP_BEAM_WIDTH, FIELD (beam_width), FALSE },
  { PROP_ALTERNATIVES, FIELD (alternatives), FALSE },
  { PROP_MODE, FIELD (mode), FALSE },
  { PROP_LANGUAGE_MODEL_WEIGHT, FIELD (language_weight), FALSE },
  { PROP_WORD_BONUS, FIELD (word_bonus), FALSE },
  { PROP_PHRASE_THRESHOLD, FIELD (phrase_threshold), FALSE },
  { PROP_BATCH_WAIT, FIELD (batch_wait), TRUE },
  { 0 },
};

void
gst_rnn_speech_settings_init (GstRnnSpeechSettings *settings)
{
  *settings = defaults;
}

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

#define TYPE_MODE (mode_get_type ())
static GType
mode_get_type (void)
{
  static const GEnumValue values[] = {
    { GST_RNN_SPEECH_MODE_AUTO,
        "Streaming where upstream is live, else offline", "auto" },
    { GST_RNN_SPEECH_MODE_STREAMING, "In chunks with look-ahead", "streaming" },
    { GST_RNN_SPEECH_MODE_OFFLINE, "A whole utterance at its end", "offline" },
    { 0, NULL, NULL },
  };
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstRnnSpeechMode", values));
  return type;
}

#define TYPE_COMPAT (compat_get_type ())
static GType
compat_get_type (void)
{
  static const GEnumValue values[] = {
    { GST_RNN_SPEECH_COMPAT_NONE, "rnnspeech's own, with all it knows",
        "none" },
    { GST_RNN_SPEECH_COMPAT_POCKETSPHINX, "As element pocketsphinx",
        "pocketsphinx" },
    { GST_RNN_SPEECH_COMPAT_VOSK, "As element vosk", "vosk" },
    { GST_RNN_SPEECH_COMPAT_COQUI, "As element coqui: finals only", "coqui" },
    { 0, NULL, NULL },
  };
  static gsize type;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type,
        g_enum_register_static ("GstRnnSpeechCompat", values));
  return type;
}

/* --- values --------------------------------------------------------------- */

static void
set_field (GstRnnSpeech *self, const GstRnnField *field, const GValue *value)
{
  gboolean changes_latency;

  GST_OBJECT_LOCK (self);
  gst_rnn_field_set (field, &self->settings, value);
  changes_latency
      = field->changes_latency && GST_STATE (self) >= GST_STATE_PAUSED;
  GST_OBJECT_UNLOCK (self);
  if (changes_latency)
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_latency (GST_OBJECT (self)));
}

static gboolean
is_file (guint id)
{
  return id >= PROP_FILE && id < PROP_FILE + GST_RNN_SPEECH_N_FILES;
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstRnnSpeech *self = GST_RNN_SPEECH (object);
  const GstRnnField *field = gst_rnn_field_find (fields, id);

  if (field != NULL) {
    set_field (self, field, value);
    return;
  }
  if (gst_rnn_recogniser_set_property (&self->recogniser, id, value))
    return;
  GST_OBJECT_LOCK (self);
  if (id == PROP_LANGUAGE_CODE) {
    g_free (self->language_code);
    self->language_code = g_value_dup_string (value);
  } else if (is_file (id)) {
    gst_rnn_speech_set_file (self, id - PROP_FILE, value);
  } else {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstRnnSpeech *self = GST_RNN_SPEECH (object);
  const GstRnnField *field = gst_rnn_field_find (fields, id);

  if (gst_rnn_recogniser_get_property (&self->recogniser, id, value))
    return;
  GST_OBJECT_LOCK (self);
  if (field != NULL)
    gst_rnn_field_get (field, &self->settings, value);
  else if (id == PROP_LANGUAGE_CODE)
    g_value_set_string (value, self->language_code);
  else if (is_file (id))
    g_value_set_string (value, self->files[id - PROP_FILE]);
  else if (id == PROP_MAX_OBSERVED_DELAY)
    g_value_set_uint (value, self->max_observed_delay);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  GST_OBJECT_UNLOCK (self);
}

/* --- specifications ------------------------------------------------------- */

static void
install_decoding_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_LANGUAGE_CODE,
      g_param_spec_string ("language-code", "Language code",
          "Language that results and tags name, BCP 47 (unset: the model's)",
          NULL, GST_RNN_PARAM_READY));
  g_object_class_install_property (klass, PROP_ENDPOINT_SILENCE,
      g_param_spec_uint ("endpoint-silence", "Endpoint silence",
          "Silence that ends an utterance, ms", 0, MAX_UTTERANCE,
          defaults.endpoint_silence, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_MAX_UTTERANCE,
      g_param_spec_uint ("max-utterance", "Longest utterance",
          "Length after which an utterance is ended at the next word boundary, "
          "ms",
          MIN_UTTERANCE, MAX_UTTERANCE, defaults.max_utterance,
          GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_FILE + GST_RNN_SPEECH_VAD_MODEL,
      g_param_spec_string ("vad-model", "Voice activity model",
          "Model file, or name, of a network that says where somebody speaks "
          "(unset: letters alone begin and end utterances)",
          NULL, GST_RNN_PARAM_READY));
  g_object_class_install_property (klass, PROP_CLASS_CONFIDENCE_THRESHOLD,
      g_param_spec_double ("class-confidence-threshold", "Confidence threshold",
          "Words less confident than this are left out", 0.0, 1.0,
          defaults.threshold, GST_RNN_PARAM_PLAYING));
}

static void
install_search_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_BEAM_WIDTH,
      g_param_spec_uint ("beam-width", "Beam width",
          "Prefixes that the search keeps (1: the best path; with a language "
          "model, hot words or alternatives, 64; 128 where words are sought by "
          "how they sound)",
          1, RNNC_TRANSCRIBER_MAX_BEAM, defaults.beam_width,
          GST_RNN_PARAM_READY));
  g_object_class_install_property (klass, PROP_ALTERNATIVES,
      g_param_spec_uint ("alternatives", "Alternatives",
          "Further readings with each final result", 0,
          RNNC_TRANSCRIBER_MAX_ALTERNATIVES, defaults.alternatives,
          GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_MODE,
      g_param_spec_enum ("mode", "Mode",
          "How a bidirectional model hears an utterance", TYPE_MODE,
          defaults.mode, GST_RNN_PARAM_READY));
}

static void
install_help_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_FILE + GST_RNN_SPEECH_PHRASES,
      g_param_spec_string ("phrases", "Phrase list",
          "File with a phrase a line, which decoding is held to; what is none "
          "of them is rejected",
          NULL, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_PHRASE_THRESHOLD,
      g_param_spec_double ("phrase-threshold", "Phrase threshold",
          "Confidence from which a phrase is accepted (0: the nearest always)",
          0.0, 1.0, defaults.phrase_threshold, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_FILE + GST_RNN_SPEECH_HOT_WORDS,
      g_param_spec_string ("hotwords", "Hot words",
          "File with a word or phrase a line, and perhaps a tab and its boost, "
          "that are heard more easily",
          NULL, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass,
      PROP_FILE + GST_RNN_SPEECH_LANGUAGE_MODEL,
      g_param_spec_string ("language-model", "Language model",
          "Model file of a language model, or its name; \"none\" for none "
          "(unset: with the default model the default one)",
          NULL, GST_RNN_PARAM_READY));
  g_object_class_install_property (klass, PROP_LANGUAGE_MODEL_WEIGHT,
      g_param_spec_double ("language-model-weight", "Language model's weight",
          "Weight of the language model beside the sound", 0.0, 10.0,
          defaults.language_weight, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_WORD_BONUS,
      g_param_spec_double ("word-bonus", "Word bonus",
          "With a language model: what each word gains, natural log", -20.0,
          20.0, defaults.word_bonus, GST_RNN_PARAM_PLAYING));
}

static void
install_time_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_LATENCY,
      g_param_spec_uint ("latency", "Latency",
          "With output-unit=word: how long after its end a word is final at "
          "the latest, ms; no less than the model's own latency",
          0, G_MAXINT, defaults.latency, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_LATENESS,
      g_param_spec_uint ("lateness", "Lateness",
          "How much later than the audio the text is played, ms; from the next "
          "segment on",
          0, G_MAXINT, defaults.lateness, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_BATCH_WAIT,
      g_param_spec_uint ("batch-wait", "Wait for other streams",
          "How long audio may wait for that of other streams of the model in "
          "this process, to go through the network together, ms (0: off)",
          0, MAX_BATCH_WAIT, defaults.batch_wait, GST_RNN_PARAM_PLAYING));
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
          -1, G_MAXINT, defaults.partial_interval, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_OUTPUT_UNIT,
      g_param_spec_enum ("output-unit", "Output unit",
          "What one text buffer holds", TYPE_UNIT, defaults.unit,
          GST_RNN_PARAM_READY));
  g_object_class_install_property (klass, PROP_LINE_FEEDS,
      g_param_spec_enum ("line-feeds", "Line feeds",
          "Whether an utterance's text ends in a line feed", TYPE_LINES,
          defaults.lines, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_MESSAGE_COMPAT,
      g_param_spec_enum ("message-compat", "Form of messages",
          "Which element's form bus messages have", TYPE_COMPAT,
          defaults.compat, GST_RNN_PARAM_PLAYING));
}

void
gst_rnn_speech_install_properties (GObjectClass *klass)
{
  klass->set_property = set_property;
  klass->get_property = get_property;
  gst_rnn_recogniser_class_init (klass);
  install_decoding_properties (klass);
  install_search_properties (klass);
  install_help_properties (klass);
  install_time_properties (klass);
  install_output_properties (klass);
  gst_type_mark_as_plugin_api (TYPE_UNIT, 0);
  gst_type_mark_as_plugin_api (TYPE_LINES, 0);
  gst_type_mark_as_plugin_api (TYPE_MODE, 0);
  gst_type_mark_as_plugin_api (TYPE_COMPAT, 0);
}
