/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From rnnspeech's properties to the transcriber: options, and the files that
 * decoding is helped by or held to. */
#include "plugins/speech-private.h"

#define GST_CAT_DEFAULT gst_rnn_speech_debug

/* What may change while audio comes in: a network of voice activity would begin
 * in its midst. */
#define LIVE_FILES                                                             \
  (((1u << GST_RNN_SPEECH_N_FILES) - 1) & ~(1u << GST_RNN_SPEECH_VAD_MODEL))

void
gst_rnn_speech_options (const GstRnnSpeechSettings *settings, gboolean is_live,
    RnncTranscriberOptions *options)
{
  rnnc_transcriber_options_init (options);
  options->endpoint_silence = settings->endpoint_silence * GST_MSECOND;
  options->max_utterance = settings->max_utterance * GST_MSECOND;
  options->partial_interval = 0; /* ours is applied on the way out */
  options->beam_width = settings->beam_width;
  options->alternatives = settings->alternatives;
  options->language_weight = settings->language_weight;
  options->word_bonus = settings->word_bonus;
  options->phrase_threshold = settings->phrase_threshold;
  options->whole = settings->mode == GST_RNN_SPEECH_MODE_OFFLINE
      || (settings->mode == GST_RNN_SPEECH_MODE_AUTO && !is_live);
}

void
gst_rnn_speech_set_file (GstRnnSpeech *self, GstRnnSpeechFile file,
    const GValue *value)
{
  g_free (self->files[file]);
  self->files[file] = g_value_dup_string (value);
  if (self->files[file] != NULL && *self->files[file] == '\0')
    g_clear_pointer (&self->files[file], g_free);
  self->changed_files |= 1u << file;
}

/* --- one file ------------------------------------------------------------- */

static gboolean
load_phrases (GstRnnSpeech *self, const char *path, RnncModel *model,
    GError **error)
{
  g_autoptr (RnncPhraseList) phrases = NULL;

  if (path != NULL) {
    phrases = rnnc_phrase_list_load (path, model, error);
    if (phrases == NULL)
      return FALSE;
  }
  rnnc_transcriber_set_phrases (self->transcriber, phrases);
  return TRUE;
}

static gboolean
load_hot_words (GstRnnSpeech *self, const char *path, RnncModel *model,
    GError **error)
{
  g_autoptr (RnncHotWords) hot_words = NULL;

  if (path != NULL) {
    hot_words = rnnc_hot_words_load (path, model, error);
    if (hot_words == NULL)
      return FALSE;
  }
  rnnc_transcriber_set_hot_words (self->transcriber, hot_words);
  return TRUE;
}

/* The default model has its language model beside it. */
static gboolean
hears_by_default_model (GstRnnSpeech *self)
{
  gboolean is_default;

  GST_OBJECT_LOCK (self);
  is_default = self->recogniser.model == NULL;
  GST_OBJECT_UNLOCK (self);
  return is_default;
}

static gboolean
load_language_model (GstRnnSpeech *self, const char *name, RnncModel *model,
    GError **error)
{
  g_autoptr (RnncLanguageModel) language = NULL;
  g_autofree char *path = NULL;

  if (name == NULL) {
    if (hears_by_default_model (self)
        && !rnnc_language_model_load_default (model, &language, error))
      return FALSE;
  } else if (strcmp (name, "none") != 0) {
    path = rnnc_model_find (name, "language-model", error);
    if (path == NULL)
      return FALSE;
    language = rnnc_language_model_load (path, error);
    if (language == NULL || !rnnc_language_model_fits (language, model, error))
      return FALSE;
  }
  rnnc_transcriber_set_language_model (self->transcriber, language);
  return TRUE;
}

static gboolean
load_voice_activity (GstRnnSpeech *self, const char *name, GError **error)
{
  g_autoptr (RnncModel) voice = NULL;
  g_autofree char *path = NULL;

  if (name != NULL) {
    path = rnnc_model_find (name, "voice-activity", error);
    voice = path != NULL ? rnnc_model_load (path, error) : NULL;
    if (voice == NULL)
      return FALSE;
  }
  return rnnc_transcriber_set_voice_activity (self->transcriber, voice, error);
}

static gboolean
load_file (GstRnnSpeech *self, GstRnnSpeechFile file, const char *name,
    RnncModel *model, GError **error)
{
  GST_DEBUG_OBJECT (self, "file %d: %s", file, name != NULL ? name : "none");
  switch (file) {
    case GST_RNN_SPEECH_PHRASES:
      return load_phrases (self, name, model, error);
    case GST_RNN_SPEECH_HOT_WORDS:
      return load_hot_words (self, name, model, error);
    case GST_RNN_SPEECH_VAD_MODEL:
      return load_voice_activity (self, name, error);
    default:
      return load_language_model (self, name, model, error);
  }
}

/* --- all files ------------------------------------------------------------ */

static char *
take_name (GstRnnSpeech *self, GstRnnSpeechFile file)
{
  char *name;

  GST_OBJECT_LOCK (self);
  name = g_strdup (self->files[file]);
  self->changed_files &= ~(1u << file);
  GST_OBJECT_UNLOCK (self);
  return name;
}

gboolean
gst_rnn_speech_load_files (GstRnnSpeech *self, RnncModel *model, GError **error)
{
  for (guint i = 0; i < GST_RNN_SPEECH_N_FILES; i++) {
    g_autofree char *name = take_name (self, i);

    if ((name != NULL || i == GST_RNN_SPEECH_LANGUAGE_MODEL)
        && !load_file (self, i, name, model, error))
      return FALSE;
  }
  return TRUE;
}

void
gst_rnn_speech_reload_files (GstRnnSpeech *self)
{
  g_autoptr (RnncModel) model = NULL;
  guint changed;

  GST_OBJECT_LOCK (self);
  changed = self->changed_files & LIVE_FILES;
  GST_OBJECT_UNLOCK (self);
  if (changed == 0)
    return;
  model = gst_rnn_model_loader_get_model (self->recogniser.loader);
  for (guint i = 0; model != NULL && i < GST_RNN_SPEECH_N_FILES; i++) {
    g_autoptr (GError) error = NULL;
    g_autofree char *name = NULL;

    if ((changed & 1u << i) == 0)
      continue;
    name = take_name (self, i);
    if (!load_file (self, i, name, model, &error))
      GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS, ("%s", error->message),
          ("what was in force stays"));
  }
}
