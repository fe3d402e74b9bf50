/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Holds the places of what is announced in the header and not built yet. */
#include <math.h>

#include "rnncore/rnncore.h"

static gpointer
refuse (GError **error)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED, "not built yet");
  return NULL;
}

#define COUNTED(Type, name)                                                    \
  Type *rnnc_##name##_ref (Type *object)                                       \
  {                                                                            \
    return object;                                                             \
  }                                                                            \
  void rnnc_##name##_unref (Type *object)                                      \
  {                                                                            \
  }

COUNTED (RnncPhraseList, phrase_list)
COUNTED (RnncHotWords, hot_words)
COUNTED (RnncLanguageModel, language_model)

RnncPhraseList *
rnnc_phrase_list_load (const char *path, RnncModel *model, GError **error)
{
  return refuse (error);
}

RnncPhraseList *
rnnc_phrase_list_new_from_strings (const char *const *lines, RnncModel *model,
    GError **error)
{
  return refuse (error);
}

guint
rnnc_phrase_list_n_phrases (RnncPhraseList *phrases)
{
  return 0;
}

const char *
rnnc_phrase_list_phrase (RnncPhraseList *phrases, guint index)
{
  return "";
}

guint
rnnc_phrase_list_line (RnncPhraseList *phrases, guint index)
{
  return 0;
}

RnncHotWords *
rnnc_hot_words_load (const char *path, RnncModel *model, GError **error)
{
  return refuse (error);
}

RnncHotWords *
rnnc_hot_words_new_from_strings (const char *const *lines, RnncModel *model,
    GError **error)
{
  return refuse (error);
}

guint
rnnc_hot_words_n_words (RnncHotWords *hot_words)
{
  return 0;
}

RnncLanguageModel *
rnnc_language_model_new (RnncModel *model, GError **error)
{
  return refuse (error);
}

RnncLanguageModel *
rnnc_language_model_load (const char *path, GError **error)
{
  return refuse (error);
}

gboolean
rnnc_language_model_fits (RnncLanguageModel *language, RnncModel *speech,
    GError **error)
{
  return refuse (error) != NULL;
}

double
rnnc_language_model_score (RnncLanguageModel *language, const char *text,
    guint *n_letters, GError **error)
{
  refuse (error);
  return NAN;
}

void
rnnc_transcriber_set_phrases (RnncTranscriber *transcriber,
    RnncPhraseList *phrases)
{
}

void
rnnc_transcriber_set_hot_words (RnncTranscriber *transcriber,
    RnncHotWords *hot_words)
{
}

void
rnnc_transcriber_set_language_model (RnncTranscriber *transcriber,
    RnncLanguageModel *language)
{
}
