/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/common/decode-options.h"

#include <math.h>
#include <string.h>

void
decode_options_init (DecodeOptions *options)
{
  *options = (DecodeOptions){ .language_weight = NAN,
    .word_bonus = NAN,
    .threshold = NAN };
}

void
decode_options_clear (DecodeOptions *options)
{
  g_clear_pointer (&options->language_model, rnnc_language_model_unref);
  g_clear_pointer (&options->words, rnnc_hot_words_unref);
  g_clear_pointer (&options->list, rnnc_phrase_list_unref);
  g_clear_pointer (&options->voice, rnnc_model_unref);
  g_free (options->language);
  g_free (options->hot_words);
  g_free (options->phrases);
  g_free (options->voice_activity);
}

static gboolean
out_of_range (const char *option, GError **error)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "%s: out of its range", option);
  return FALSE;
}

static gboolean
check (GOptionContext *context, GOptionGroup *group, gpointer data,
    GError **error)
{
  const DecodeOptions *options = data;

  if (options->beam < 0 || options->beam > RNNC_TRANSCRIBER_MAX_BEAM)
    return out_of_range ("--beam", error);
  if (options->alternatives < 0
      || options->alternatives > RNNC_TRANSCRIBER_MAX_ALTERNATIVES)
    return out_of_range ("--alternatives", error);
  if (options->language_weight < 0 || options->language_weight > 10)
    return out_of_range ("--lm-weight", error);
  if (fabs (options->word_bonus) > 20)
    return out_of_range ("--word-bonus", error);
  if (options->threshold < 0 || options->threshold > 1)
    return out_of_range ("--phrase-threshold", error);
  return TRUE;
}

GOptionGroup *
decode_options_group (DecodeOptions *options)
{
  const GOptionEntry entries[] = {
    { "beam", 0, 0, G_OPTION_ARG_INT, &options->beam,
        "Texts that the search keeps, 1..256; 1: the best path alone", "N" },
    { "alternatives", 0, 0, G_OPTION_ARG_INT, &options->alternatives,
        "Further readings of each utterance, 0..16", "N" },
    { "whole", 0, 0, G_OPTION_ARG_NONE, &options->whole,
        "Bidirectional models: each utterance again as a whole", NULL },
    { "lm", 0, 0, G_OPTION_ARG_FILENAME, &options->language,
        options->wants_default ? "Language model; \"none\" for none (default: "
                                 "lm-en, where it fits)"
                               : "Language model",
        "MODEL" },
    { "lm-weight", 0, 0, G_OPTION_ARG_DOUBLE, &options->language_weight,
        "Weight of the language model, 0..10 (default 0.6)", "X" },
    { "word-bonus", 0, 0, G_OPTION_ARG_DOUBLE, &options->word_bonus,
        "Added for each word beside a language model (default 0)", "X" },
    { "hotwords", 0, 0, G_OPTION_ARG_FILENAME, &options->hot_words,
        "Words that are likely, one a line", "FILE" },
    { "phrases", 0, 0, G_OPTION_ARG_FILENAME, &options->phrases,
        "Hear only these phrases, one a line", "FILE" },
    { "phrase-threshold", 0, 0, G_OPTION_ARG_DOUBLE, &options->threshold,
        "Confidence that a phrase needs, 0..1 (default 0.1)", "X" },
    { "vad", 0, 0, G_OPTION_ARG_FILENAME, &options->voice_activity,
        "A network that says where utterances begin and end", "MODEL" },
    { NULL },
  };
  GOptionGroup *group = g_option_group_new ("decoding",
      "Decoding (docs/decoding.md):", "Show the options of decoding", options,
      NULL);

  g_option_group_add_entries (group, entries);
  g_option_group_set_parse_hooks (group, NULL, check);
  return group;
}

/* Opened, and tried with @model. */
static gboolean
load_voice_activity (DecodeOptions *options, RnncModel *model, GError **error)
{
  g_autofree char *path
      = rnnc_model_find (options->voice_activity, "voice-activity", error);
  g_autoptr (RnncTranscriber) transcriber = NULL;

  if (path == NULL)
    return FALSE;
  options->voice = rnnc_model_load (path, error);
  if (options->voice == NULL)
    return FALSE;
  transcriber = rnnc_transcriber_new (model, NULL, NULL, NULL, error);
  return transcriber != NULL
      && rnnc_transcriber_set_voice_activity (transcriber, options->voice,
          error);
}

/* Those that were named, else those of the model. */
static gboolean
load_phrases (DecodeOptions *options, RnncModel *model, GError **error)
{
  if (options->phrases == NULL)
    return rnnc_phrase_list_load_own (model, &options->list, error);
  options->list = rnnc_phrase_list_load (options->phrases, model, error);
  return options->list != NULL;
}

static gboolean
load_language (DecodeOptions *options, RnncModel *model, GError **error)
{
  g_autofree char *path = NULL;

  if (options->language == NULL) {
    gboolean is_held = options->list != NULL && options->phrases == NULL;

    if (options->wants_default && !is_held && options->beam != 1)
      return rnnc_language_model_load_default (model, &options->language_model,
          error);
    return TRUE;
  }
  if (strcmp (options->language, "none") == 0)
    return TRUE;
  path = rnnc_model_find (options->language, "language-model", error);
  if (path == NULL)
    return FALSE;
  options->language_model = rnnc_language_model_load (path, error);
  return options->language_model != NULL
      && rnnc_language_model_fits (options->language_model, model, error);
}

gboolean
decode_options_load (DecodeOptions *options, RnncModel *model, GError **error)
{
  if (!load_phrases (options, model, error)
      || !load_language (options, model, error))
    return FALSE;
  if (options->hot_words != NULL) {
    options->words = rnnc_hot_words_load (options->hot_words, model, error);
    if (options->words == NULL)
      return FALSE;
  }
  return options->voice_activity == NULL
      || load_voice_activity (options, model, error);
}

void
decode_options_apply (const DecodeOptions *options,
    RnncTranscriberOptions *transcriber)
{
  if (options->beam > 0)
    transcriber->beam_width = (guint) options->beam;
  if (options->alternatives > 0)
    transcriber->alternatives = (guint) options->alternatives;
  transcriber->whole |= options->whole;
  if (!isnan (options->language_weight))
    transcriber->language_weight = options->language_weight;
  if (!isnan (options->word_bonus))
    transcriber->word_bonus = options->word_bonus;
  if (!isnan (options->threshold))
    transcriber->phrase_threshold = options->threshold;
}

void
decode_options_equip (const DecodeOptions *options,
    RnncTranscriber *transcriber)
{
  if (options->list != NULL)
    rnnc_transcriber_set_phrases (transcriber, options->list);
  if (options->words != NULL)
    rnnc_transcriber_set_hot_words (transcriber, options->words);
  if (options->language_model != NULL)
    rnnc_transcriber_set_language_model (transcriber, options->language_model);
  /* decode_options_load() has tried it. */
  if (options->voice != NULL
      && !rnnc_transcriber_set_voice_activity (transcriber, options->voice,
          NULL))
    g_assert_not_reached ();
}

gboolean
decode_options_search (const DecodeOptions *options)
{
  return options->beam > 1 || options->alternatives > 0
      || options->language_model != NULL || options->words != NULL
      || options->list != NULL;
}
