/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/recogniser.h"

#include <math.h>

#include "rnncore/decode/beam.h"
#include "rnncore/decode/phrase-search.h"
#include "rnncore/decode/word-search.h"
#include "rnncore/model/model-private.h"

/* Where no utterance runs, a frame that says nothing with this probability is
 * left behind: without it, the faint letters of long silences would add up. ln.
 */
#define SILENCE -0.1f

typedef struct {
  RnncSearch *search; /* (nullable): the best path alone */
  guint n_readings;
  RnncReading *readings;
} Equipment;

struct _RnncRecogniser {
  RnncModel *model;
  RnncAlphabet alphabet;
  guint capacity; /* frames, wanted */

  /* As asked for. */
  RnncTranscriberOptions options;
  RnncPhraseList *phrases;
  RnncPhraseList *own_phrases; /* of the model; (nullable) */
  RnncHotWords *hot_words;
  RnncLanguageModel *language;

  RnncCtcDecoder *decoder;
  RnncCtcDecoder *again; /* the best path of a whole utterance */
  gboolean was_again;
  RnncReading best_path;
  Equipment now;
  Equipment next; /* from the next utterance on, if is_due */
  gboolean is_due;
  Equipment last; /* retired; freed where allocating is allowed */
};

static void
clear_equipment (Equipment *equipment)
{
  rnnc_search_free (equipment->search);
  for (guint i = 0; i < equipment->n_readings; i++)
    rnnc_word_list_free (&equipment->readings[i].list);
  g_free (equipment->readings);
  *equipment = (Equipment){ NULL };
}

/* Words are searched by how they sound, where that is known; %NULL: by letters.
 * Hot words are letters. */
static const RnncLexicon *
find_lexicon (const RnncRecogniser *recogniser)
{
  gboolean by_letters
      = recogniser->phrases == NULL && recogniser->hot_words != NULL;

  if (recogniser->language == NULL || by_letters || recogniser->alphabet.words)
    return NULL;
  return rnnc_language_model_lexicon (recogniser->language, recogniser->model);
}

/* Prefixes to keep; 1: no search is needed. */
static guint
beam_width (const RnncRecogniser *recogniser)
{
  guint width
      = CLAMP (recogniser->options.beam_width, 1, RNNC_TRANSCRIBER_MAX_BEAM);

  if (width == 1
      && (recogniser->hot_words != NULL || recogniser->language != NULL
          || recogniser->options.alternatives > 0))
    return find_lexicon (recogniser) != NULL
        ? RNNC_TRANSCRIBER_DEFAULT_WORD_BEAM
        : RNNC_TRANSCRIBER_DEFAULT_BEAM;
  return width;
}

static RnncSearch *
make_search (RnncRecogniser *recogniser)
{
  const RnncTranscriberOptions *options = &recogniser->options;
  RnncBeamConfig config = { .width = beam_width (recogniser),
    .capacity = recogniser->capacity,
    .hot_words = recogniser->hot_words,
    .language = recogniser->language,
    .language_weight = CLAMP (options->language_weight, 0.0, 10.0),
    .word_bonus = CLAMP (options->word_bonus, -20.0, 20.0) };

  if (recogniser->phrases != NULL)
    return rnnc_phrase_search_new (recogniser->phrases, &recogniser->alphabet,
        find_lexicon (recogniser), recogniser->capacity,
        options->phrase_threshold);
  if (config.width == 1)
    return NULL;
  if (find_lexicon (recogniser) != NULL)
    return rnnc_word_search_new (&(RnncWordSearchConfig){ config.width,
                                     config.capacity, config.language,
                                     config.language_weight,
                                     config.word_bonus },
        &recogniser->alphabet, recogniser->model);
  return rnnc_beam_new (&config, &recogniser->alphabet, recogniser->model);
}

static Equipment
make_equipment (RnncRecogniser *recogniser)
{
  Equipment equipment = { make_search (recogniser) };
  const RnncLexicon *lexicon = find_lexicon (recogniser);
  /* Letters in a reading: a frame may be a phone of several. */
  guint n_letters = recogniser->capacity
      * (lexicon != NULL ? lexicon->letters_per_phone : 1);

  if (equipment.search == NULL)
    return equipment;
  equipment.n_readings = 1
      + MIN (recogniser->options.alternatives,
          RNNC_TRANSCRIBER_MAX_ALTERNATIVES);
  equipment.readings = g_new0 (RnncReading, equipment.n_readings);
  for (guint i = 0; i < equipment.n_readings; i++)
    rnnc_word_list_init (&equipment.readings[i].list, &recogniser->alphabet,
        n_letters);
  return equipment;
}

static void
change_equipment (RnncRecogniser *recogniser)
{
  if (!recogniser->is_due)
    return;
  recogniser->last = recogniser->now;
  recogniser->now = recogniser->next;
  recogniser->next = (Equipment){ NULL };
  recogniser->is_due = FALSE;
}

/* By the search that ends; the next one may be another. */
static gint
sounding_label (const RnncRecogniser *recogniser)
{
  const RnncSearch *search = recogniser->now.search;
  guint last;

  if (search != NULL && search->klass->carried != NULL)
    return search->klass->carried (search);
  last = rnnc_ctc_decoder_last_label (recogniser->decoder);
  return last != recogniser->alphabet.blank ? (gint) last : -1;
}

static void
restart_search (RnncRecogniser *recogniser, gboolean carry_on)
{
  gint sounding = carry_on ? sounding_label (recogniser) : -1;

  change_equipment (recogniser);
  if (recogniser->now.search != NULL)
    rnnc_search_restart (recogniser->now.search,
        rnnc_ctc_decoder_n_frames (recogniser->decoder), sounding);
}

static void
equip (RnncRecogniser *recogniser, gboolean open)
{
  clear_equipment (&recogniser->last);
  clear_equipment (&recogniser->next);
  recogniser->next = make_equipment (recogniser);
  recogniser->is_due = TRUE;
  if (!open)
    restart_search (recogniser, FALSE);
}

/* --- the object ----------------------------------------------------------- */

RnncRecogniser *
rnnc_recogniser_new (RnncModel *model, GError **error)
{
  RnncRecogniser *recogniser;
  RnncPhraseList *own;
  const char *const *labels = (const char *const *) model->description->labels;
  guint n_labels = rnnc_model_n_labels (model);
  guint blank = (guint) rnnc_model_blank (model);

  if (!rnnc_phrase_list_load_own (model, &own, error))
    return NULL;
  recogniser = g_new0 (RnncRecogniser, 1);
  recogniser->model = rnnc_model_ref (model);
  recogniser->own_phrases = own;
  if (own != NULL)
    recogniser->phrases = rnnc_phrase_list_ref (own);
  rnnc_alphabet_init (&recogniser->alphabet, labels, n_labels, blank);
  recogniser->decoder = rnnc_ctc_decoder_new (labels, n_labels, blank, 1);
  recogniser->again = rnnc_ctc_decoder_new (labels, n_labels, blank, 1);
  rnnc_transcriber_options_init (&recogniser->options);
  return recogniser;
}

void
rnnc_recogniser_free (RnncRecogniser *recogniser)
{
  clear_equipment (&recogniser->now);
  clear_equipment (&recogniser->next);
  clear_equipment (&recogniser->last);
  rnnc_ctc_decoder_free (recogniser->decoder);
  rnnc_ctc_decoder_free (recogniser->again);
  g_clear_pointer (&recogniser->phrases, rnnc_phrase_list_unref);
  g_clear_pointer (&recogniser->own_phrases, rnnc_phrase_list_unref);
  g_clear_pointer (&recogniser->hot_words, rnnc_hot_words_unref);
  g_clear_pointer (&recogniser->language, rnnc_language_model_unref);
  rnnc_alphabet_clear (&recogniser->alphabet);
  rnnc_model_unref (recogniser->model);
  g_free (recogniser);
}

static gboolean
needs_other_search (const RnncRecogniser *recogniser,
    const RnncTranscriberOptions *options, guint capacity)
{
  const RnncTranscriberOptions *old = &recogniser->options;
  gboolean is_first = recogniser->capacity == 0 && recogniser->phrases != NULL;

  return is_first || old->beam_width != options->beam_width
      || old->alternatives != options->alternatives
      || old->language_weight != options->language_weight
      || old->word_bonus != options->word_bonus
      || (capacity > recogniser->capacity
          && (recogniser->now.search != NULL || recogniser->is_due));
}

void
rnnc_recogniser_set_options (RnncRecogniser *recogniser,
    const RnncTranscriberOptions *options, guint capacity, gboolean open)
{
  gboolean other = needs_other_search (recogniser, options, capacity);

  recogniser->options = *options;
  recogniser->capacity = MAX (capacity, recogniser->capacity);
  rnnc_ctc_decoder_grow (recogniser->decoder, recogniser->capacity);
  if (options->whole && rnnc_model_is_bidirectional (recogniser->model))
    rnnc_ctc_decoder_grow (recogniser->again, recogniser->capacity);
  if (other)
    equip (recogniser, open);
  else if (recogniser->phrases != NULL && !recogniser->is_due)
    rnnc_phrase_search_set_threshold (recogniser->now.search,
        options->phrase_threshold);
}

void
rnnc_recogniser_grow (RnncRecogniser *recogniser, guint capacity)
{
  RnncTranscriberOptions options = recogniser->options;

  rnnc_recogniser_set_options (recogniser, &options, capacity, FALSE);
}

void
rnnc_recogniser_set_phrases (RnncRecogniser *recogniser,
    RnncPhraseList *phrases, gboolean open)
{
  if (phrases == NULL)
    phrases = recogniser->own_phrases;
  g_clear_pointer (&recogniser->phrases, rnnc_phrase_list_unref);
  recogniser->phrases = phrases ? rnnc_phrase_list_ref (phrases) : NULL;
  equip (recogniser, open);
}

void
rnnc_recogniser_set_hot_words (RnncRecogniser *recogniser,
    RnncHotWords *hot_words, gboolean open)
{
  g_clear_pointer (&recogniser->hot_words, rnnc_hot_words_unref);
  recogniser->hot_words = hot_words ? rnnc_hot_words_ref (hot_words) : NULL;
  equip (recogniser, open);
}

void
rnnc_recogniser_set_language_model (RnncRecogniser *recogniser,
    RnncLanguageModel *language, gboolean open)
{
  g_clear_pointer (&recogniser->language, rnnc_language_model_unref);
  recogniser->language = language ? rnnc_language_model_ref (language) : NULL;
  equip (recogniser, open);
}

gboolean
rnnc_recogniser_is_full (const RnncRecogniser *recogniser)
{
  const RnncSearch *search = recogniser->now.search;

  return search != NULL
      && search->n_frames + RNNC_RECOGNISER_SPARE >= search->capacity;
}

/* --- frames --------------------------------------------------------------- */

void
rnnc_recogniser_reset (RnncRecogniser *recogniser)
{
  rnnc_ctc_decoder_reset (recogniser->decoder, 0);
  recogniser->was_again = FALSE;
  restart_search (recogniser, FALSE);
}

void
rnnc_recogniser_next_utterance (RnncRecogniser *recogniser, gboolean carry_on)
{
  rnnc_ctc_decoder_next_utterance (recogniser->decoder);
  recogniser->was_again = FALSE;
  restart_search (recogniser, carry_on);
}

static gboolean
says_nothing (const RnncRecogniser *recogniser, const float *log_posteriors)
{
  const RnncSearch *search = recogniser->now.search;

  return log_posteriors[recogniser->alphabet.blank] > SILENCE
      && (search->klass->silence == NULL
          || search->klass->silence (search, log_posteriors) > SILENCE);
}

gboolean
rnnc_recogniser_push (RnncRecogniser *recogniser, const float *log_posteriors,
    gboolean open)
{
  RnncSearch *search = recogniser->now.search;
  gboolean letter = rnnc_ctc_decoder_push (recogniser->decoder, log_posteriors);

  if (search == NULL)
    return letter;
  if (!open && !letter && says_nothing (recogniser, log_posteriors)) {
    restart_search (recogniser, FALSE);
    return FALSE;
  }
  rnnc_search_push (search, log_posteriors);
  return letter || search->klass->sounding (search);
}

void
rnnc_recogniser_again (RnncRecogniser *recogniser, const float *frames,
    guint n_frames, guint64 first)
{
  RnncSearch *search = recogniser->now.search;
  gsize size = rnnc_model_output_size (recogniser->model);

  rnnc_ctc_decoder_reset (recogniser->again, first);
  if (search != NULL)
    rnnc_search_restart (search, first, -1);
  for (guint t = 0; t < n_frames; t++) {
    rnnc_ctc_decoder_push (recogniser->again, frames + t * size);
    if (search != NULL)
      rnnc_search_push (search, frames + t * size);
  }
  recogniser->was_again = TRUE;
}

gboolean
rnnc_recogniser_heard (const RnncRecogniser *recogniser)
{
  return rnnc_ctc_decoder_words (recogniser->decoder)->n_letters > 0
      || rnnc_recogniser_key (recogniser) != 0;
}

guint64
rnnc_recogniser_n_frames (const RnncRecogniser *recogniser)
{
  return rnnc_ctc_decoder_n_frames (recogniser->decoder);
}

gboolean
rnnc_recogniser_in_word (const RnncRecogniser *recogniser)
{
  const RnncSearch *search = recogniser->now.search;

  if (search != NULL && search->klass->in_word != NULL)
    return search->klass->in_word (search);
  return rnnc_ctc_decoder_words (recogniser->decoder)->in_word;
}

guint64
rnnc_recogniser_key (const RnncRecogniser *recogniser)
{
  const RnncSearch *search = recogniser->now.search;

  return search != NULL
      ? search->klass->key (search)
      : rnnc_ctc_decoder_words (recogniser->decoder)->n_letters;
}

guint64
rnnc_recogniser_start (const RnncRecogniser *recogniser)
{
  const RnncWordList *words = rnnc_ctc_decoder_words (recogniser->decoder);

  if (recogniser->now.search != NULL)
    return recogniser->now.search->origin;
  return words->n_words > 0 ? words->words[0].start
                            : rnnc_ctc_decoder_n_frames (recogniser->decoder);
}

guint
rnnc_recogniser_read (RnncRecogniser *recogniser, gboolean is_final,
    const RnncReading **readings)
{
  RnncSearch *search = recogniser->now.search;

  if (search != NULL) {
    *readings = recogniser->now.readings;
    return search->klass->read (search, is_final, recogniser->now.readings,
        is_final ? recogniser->now.n_readings : 1);
  }
  recogniser->best_path
      = (RnncReading){ *rnnc_ctc_decoder_words (recogniser->was_again
                               ? recogniser->again
                               : recogniser->decoder),
          0.0, -1.0, -1 };
  *readings = &recogniser->best_path;
  return recogniser->best_path.list.n_words > 0 ? 1 : 0;
}
