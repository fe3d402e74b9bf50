/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The options of decoding speech that commands share. */
#pragma once

#include "rnncore/rnncore.h"

G_BEGIN_DECLS

typedef struct {
  gint beam;         /* 0: not given */
  gint alternatives; /* the same */
  gboolean whole;
  double language_weight; /* not a number: not given */
  double word_bonus;      /* the same */
  double threshold;       /* the same */
  gboolean wants_default; /* the default language model, if none is named */
  char *language;         /* names of files (nullable) */
  char *hot_words;
  char *phrases;
  char *voice_activity;
  RnncLanguageModel *language_model; /* of decode_options_load() */
  RnncHotWords *words;
  RnncPhraseList *list;
  RnncModel *voice;
} DecodeOptions;

void decode_options_init (DecodeOptions *options);
void decode_options_clear (DecodeOptions *options);

/* (transfer full): to be added to a command's options; fills @options. */
GOptionGroup *decode_options_group (DecodeOptions *options);

/* Opens the files that were named, for @model; %FALSE with @error. */
gboolean
decode_options_load (DecodeOptions *options, RnncModel *model, GError **error);

/* What was given takes the place of what is in @transcriber. */
void decode_options_apply (const DecodeOptions *options,
    RnncTranscriberOptions *transcriber);
/* Phrases, hot words, language model and network of voice activity. */
void decode_options_equip (const DecodeOptions *options,
    RnncTranscriber *transcriber);

/* Whether more than the best path is wanted; behind decode_options_load(). */
gboolean decode_options_search (const DecodeOptions *options);

G_END_DECLS
