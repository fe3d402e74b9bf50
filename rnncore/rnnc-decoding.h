/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What helps decoding speech, or holds it to a few things: phrase lists, hot
 * words, language models (docs/decoding.md). All immutable, counted by
 * reference, shared between threads. */
#pragma once

#include "rnncore/rnnc-model.h"

G_BEGIN_DECLS

/**
 * rnnc_labels_are_words:
 * @labels: of a CTC model
 * @blank: which of them is the blank; -1: none
 *
 * Whether each label is a word: no label is " ", and one has more than one
 * character. Such a model hears these words and nothing else, save what
 * yields nothing (rnnc_label_is_silent()).
 */
RNNC_API gboolean rnnc_labels_are_words (const char *const *labels,
    guint n_labels, gint blank);
/* Whether a label of such a model is heard, so that its sound is taken for no
 * other word, but yields nothing: "!" and what it hears, as "!house", or "!h"
 * where other words are spelled. */
RNNC_API gboolean rnnc_label_is_silent (const char *label);

/* --- phrase lists --------------------------------------------------------- */

typedef struct _RnncPhraseList RnncPhraseList;

/**
 * rnnc_phrase_list_load:
 * @path: UTF-8 text, one phrase a line; empty lines and lines that begin with
 *   '#' are passed over. "<name> = a | b c" defines a list, which phrases after
 *   it may hold as a part: "<name>" once, "<name>+" once or more often. A
 *   phrase behind "!" is heard, so that it is taken for none of the others, and
 *   yields nothing.
 * @model: the speech model whose letters, or words, it is written in; upper
 *   case is taken for lower case where the model has only that
 *
 * Limits: 1 MiB, 10,000 phrases, 255 letters a phrase and 100,000 letters in
 * all, lists counted at each use.
 *
 * Returns: (transfer full): %NULL with @error naming file, line and reason
 */
RNNC_API RnncPhraseList *
rnnc_phrase_list_load (const char *path, RnncModel *model, GError **error);
/* @lines: (array zero-terminated=1): what a file's lines would be; errors count
 * them from 1. */
RNNC_API RnncPhraseList *
rnnc_phrase_list_new_from_strings (const char *const *lines, RnncModel *model,
    GError **error);
/* @phrases: (out) (transfer full): those that the model's file holds it to
 * (RnncConversion.phrases); %NULL, and %TRUE: none */
RNNC_API gboolean rnnc_phrase_list_load_own (RnncModel *model,
    RnncPhraseList **phrases, GError **error);
RNNC_API RnncPhraseList *rnnc_phrase_list_ref (RnncPhraseList *phrases);
RNNC_API void rnnc_phrase_list_unref (RnncPhraseList *phrases);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncPhraseList, rnnc_phrase_list_unref)
RNNC_API guint rnnc_phrase_list_n_phrases (RnncPhraseList *phrases);
/* Phrase @index as it is written, without the space around it. */
RNNC_API const char *
rnnc_phrase_list_phrase (RnncPhraseList *phrases, guint index);
/* (transfer full) (nullable): all that can be heard, each once, where every
 * phrase and every text of a list is one word */
RNNC_API GStrv rnnc_phrase_list_dup_words (RnncPhraseList *phrases);
/* The line it stands in, from 1. */
RNNC_API guint rnnc_phrase_list_line (RnncPhraseList *phrases, guint index);

/* --- hot words ------------------------------------------------------------ */

typedef struct _RnncHotWords RnncHotWords;

/* ln of a probability ratio, a letter. */
#define RNNC_HOT_WORD_DEFAULT_BOOST 1.0
#define RNNC_HOT_WORD_MAX_BOOST 20.0

/**
 * rnnc_hot_words_load:
 * @path: UTF-8 text, a word or phrase a line, then perhaps a tab and its boost:
 *   natural log, a letter, above 0 to 20, default 1. Empty lines and lines that
 *   begin with '#' are passed over.
 * @model: as in rnnc_phrase_list_load()
 *
 * Limits: 1 MiB, 10,000 words or phrases, 255 letters each.
 *
 * Returns: (transfer full): %NULL with @error naming file, line and reason
 */
RNNC_API RnncHotWords *
rnnc_hot_words_load (const char *path, RnncModel *model, GError **error);
RNNC_API RnncHotWords *
rnnc_hot_words_new_from_strings (const char *const *lines, RnncModel *model,
    GError **error);
RNNC_API RnncHotWords *rnnc_hot_words_ref (RnncHotWords *hot_words);
RNNC_API void rnnc_hot_words_unref (RnncHotWords *hot_words);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncHotWords, rnnc_hot_words_unref)
RNNC_API guint rnnc_hot_words_n_words (RnncHotWords *hot_words);

/* --- language models ------------------------------------------------------ */

typedef struct _RnncLanguageModel RnncLanguageModel;

/**
 * rnnc_language_model_new:
 * @model: task "language-model": the number of the letter before in (an
 *   embedding, one-way recurrent layers, any that know no time), the
 *   log-softmax over the next letter out. Its "blank" is the label that begins
 *   and ends a sentence.
 *
 * Returns: (transfer full): %NULL with @error if the model is none of these
 */
RNNC_API RnncLanguageModel *
rnnc_language_model_new (RnncModel *model, GError **error);
/* @path: a model file, as in rnnc_model_load(). All who load the same file
 * share what it holds, as long as one of them holds it. Threads: any number at
 * a time. */
RNNC_API RnncLanguageModel *
rnnc_language_model_load (const char *path, GError **error);
/**
 * rnnc_language_model_load_default:
 * @speech: the model beside which it is to stand
 * @language: (out) (transfer full) (nullable): %NULL if none is installed, or
 *   if it is of another language than @speech or does not know its letters
 *
 * The default language model (rnnc_model_find()), shared as in
 * rnnc_language_model_load(). Threads: any number at a time.
 *
 * Returns: %FALSE with @error if there is one that cannot be used
 */
RNNC_API gboolean rnnc_language_model_load_default (RnncModel *speech,
    RnncLanguageModel **language, GError **error);
RNNC_API RnncLanguageModel *
rnnc_language_model_ref (RnncLanguageModel *language);
RNNC_API void rnnc_language_model_unref (RnncLanguageModel *language);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncLanguageModel, rnnc_language_model_unref)
/* Whether it knows all letters of @speech; %FALSE with @error naming the first
 * that it does not know. */
RNNC_API gboolean rnnc_language_model_fits (RnncLanguageModel *language,
    RnncModel *speech, GError **error);
/**
 * rnnc_language_model_score:
 * @text: UTF-8, in the model's letters
 * @n_letters: (out) (nullable): letters scored, the end counted
 *
 * Natural log of the probability of a sentence, its end included. Bits a
 * character: -score / ln 2 / n_letters. Threads: any number at a time.
 *
 * Returns: NaN with @error for a letter that it does not know
 */
RNNC_API double rnnc_language_model_score (RnncLanguageModel *language,
    const char *text, guint *n_letters, GError **error);

G_END_DECLS
