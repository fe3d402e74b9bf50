/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small models with phones, random weights: a speech model that hears the
 * letters "_", " ", "a", "b" and the phones "-", "|", "x", "y", and a language
 * model that knows how words sound. */
#pragma once

#include "rnncore/rnncore.h"

G_BEGIN_DECLS

#define SOUNDING_N_LETTERS 4
#define SOUNDING_N_PHONES 4

RnncModel *sounding_speech_model (void);

/* @pronunciations: as in a description, JSON's "\\t" and "\\n" between them;
 * free with g_free() */
char *sounding_language_description (const char *pronunciations);
RnncLanguageModel *sounding_language_model (const char *pronunciations);

G_END_DECLS
