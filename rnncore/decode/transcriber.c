/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/rnnc-transcriber.h"

#include <string.h>

#include "rnncore/decode/endpoint.h"
#include "rnncore/decode/hot-words.h"
#include "rnncore/decode/phrase-list.h"
#include "rnncore/decode/recogniser.h"
#include "rnncore/decode/transcriber-model.h"
#include "rnncore/decode/voice-gate.h"
#include "rnncore/decode/whole.h"
#include "rnncore/model/model-private.h"

#define NS_PER_SECOND G_GUINT64_CONSTANT (1000000000)

/* The recurrent core is reset between blocks of this many output frames,
 * counted from the first sample. Blocks make the place of a reset independent
 * of how the caller cuts the audio; several frames to a block let whoever
 * pushes whole files run several steps at a time. */
#define BLOCK_FRAMES 4

/* Output frames by which a word may begin earlier for a network that sees the
 * whole utterance than for one that hears it in chunks. */
#define EARLIER 13

/* ms of silence behind the end: enough for the last word; at twice as much no
 * more words were found. */
#define TAIL 150

/* ns without a letter behind which a continuous model's core starts afresh. Of
 * read sentences, spelled words and both by turns, with 1.2 and 4 s between
 * them, 2 s did best (1.2, 1.6 and 3 s: docs/models.md). */
#define PAUSE (2 * NS_PER_SECOND)

/* ln of the posterior of a letter where nobody speaks. */
#define UNHEARD -50.0f

struct _RnncTranscriber {
  RnncModel *model;
  RnncStream *stream;
  RnncTranscriptFunc func;
  gpointer user_data;

  guint rate;         /* samples a second */
  guint frame_length; /* samples from one output frame to the next */
  gint64 centre;      /* middle of output frame 0, in half samples */
  guint block;        /* samples */

  RnncRecogniser *recogniser;
  RnncWhole *whole;        /* (nullable) */
  guint64 whole_utterance; /* ns; the longest that it has room for */
  guint64 utterance_begin; /* frame behind the last utterance */
  RnncEndpoint endpoint;
  gboolean partials;
  guint64 partial_interval; /* frames */

  RnncModel *voice_model; /* (nullable): of voice activity */
  RnncVoiceGate *gate;    /* (nullable) */
  guint n_pending;        /* frames whose voice is not known yet */
  guint pending_capacity;
  guint64 n_taken; /* frames out of the queue, since the start */
  float *pending;  /* [pending_capacity, labels], a ring */
  float *silence;  /* [labels]: a frame in which nobody speaks */

  guint64 n_samples;       /* since the start */
  guint64 limit;           /* ns: no word ends later */
  guint phase;             /* samples in the block */
  guint64 pause;           /* frames without a letter behind which the core of
                              a continuous model starts afresh; 0: another */
  guint64 quiet;           /* frames since the last letter */
  gboolean core_reset_due; /* after this block, if no letter comes */
  gboolean gate_reset_due;
  guint32 utterance_id;
  guint64 reported;     /* key of the last partial; 0: none */
  guint64 next_partial; /* frame */

  guint capacity;
  guint n_readings;
  RnncWord **words; /* [n_readings, capacity] */
  RnncAlternative alternatives[RNNC_TRANSCRIBER_MAX_ALTERNATIVES];
};

void
rnnc_transcriber_options_init (RnncTranscriberOptions *options)
{
  g_return_if_fail (options != NULL);

  options->endpoint_silence = 800 * NS_PER_SECOND / 1000;
  options->max_utterance = 20 * NS_PER_SECOND;
  options->partial_interval = 0;
  options->beam_width = 1;
  options->alternatives = 0;
  options->whole = FALSE;
  options->language_weight = 0.6;
  options->word_bonus = 0;
  options->phrase_threshold = 0.1;
}

/* --- time ----------------------------------------------------------------- */

/* ns of a position in half samples, without overflow for years of audio. */
static guint64
time_of_half_samples (const RnncTranscriber *transcriber, guint64 position)
{
  guint64 rate = 2 * (guint64) transcriber->rate;

  return position / rate * NS_PER_SECOND
      + position % rate * NS_PER_SECOND / rate;
}

/* Where output frame @frame begins. Frame t stands around the middle of the
 * window that its input t * stride begins with, for half a frame to each side;
 * left and right contexts of convolutions do not move it. */
static guint64
frame_start (const RnncTranscriber *transcriber, guint64 frame)
{
  gint64 position = (gint64) (2 * frame * transcriber->frame_length)
      + transcriber->centre - transcriber->frame_length;

  return time_of_half_samples (transcriber, (guint64) MAX (position, 0));
}

/* The sample in the middle of it. */
static guint64
frame_middle (const RnncTranscriber *transcriber, guint64 frame)
{
  return frame * transcriber->frame_length + (guint64) transcriber->centre / 2;
}

static guint64
frames_of_time (const RnncTranscriber *transcriber, guint64 duration)
{
  guint64 period
      = time_of_half_samples (transcriber, 2 * transcriber->frame_length);

  return (duration + period - 1) / period;
}

/* --- results -------------------------------------------------------------- */

/* Words with times; returns their mean confidence, weighted by duration. */
static double
write_words (RnncTranscriber *transcriber, const RnncWordList *list,
    RnncWord *words)
{
  double sum = 0.0, duration = 0.0;

  for (guint i = 0; i < list->n_words; i++) {
    const RnncCtcWord *found = &list->words[i];
    RnncWord *word = &words[i];
    double weight;

    word->text = found->text;
    word->end = MIN (frame_start (transcriber, found->end), transcriber->limit);
    word->start = MIN (frame_start (transcriber, found->start), word->end);
    /* Sums of floats: rounding may go beyond. */
    word->confidence = MIN (found->posteriors / found->n_letters, 1.0);
    /* A word that is all in the first samples may last no time at all. */
    weight = (double) (word->end - word->start) + 1.0;
    sum += weight * word->confidence;
    duration += weight;
  }
  return MIN (sum / duration, 1.0);
}

static RnncAlternative
write_reading (RnncTranscriber *transcriber, const RnncReading *reading,
    RnncWord *words)
{
  double confidence = write_words (transcriber, &reading->list, words);

  return (RnncAlternative){ .text = reading->list.text,
    .confidence = reading->confidence < 0 ? confidence : reading->confidence,
    .words = words,
    .n_words = reading->list.n_words,
    .phrase = reading->phrase };
}

/* Returns whether there was anything to report. */
static gboolean
report (RnncTranscriber *transcriber, gboolean is_final)
{
  const RnncReading *readings;
  guint n = rnnc_recogniser_read (transcriber->recogniser, is_final, &readings);
  RnncAlternative best;
  RnncTranscript transcript;

  if (n == 0)
    return FALSE;
  best = write_reading (transcriber, &readings[0], transcriber->words[0]);
  for (guint i = 1; i < n; i++)
    transcriber->alternatives[i - 1]
        = write_reading (transcriber, &readings[i], transcriber->words[i]);
  transcript = (RnncTranscript){ .is_final = is_final,
    .utterance_id = transcriber->utterance_id,
    .start = best.words[0].start,
    .end = best.words[best.n_words - 1].end,
    .text = best.text,
    .confidence = best.confidence,
    .words = best.words,
    .n_words = best.n_words,
    .phrase = best.phrase,
    .alternatives = transcriber->alternatives,
    .n_alternatives = n - 1 };
  if (transcriber->func != NULL)
    transcriber->func (&transcript, transcriber->user_data);
  return TRUE;
}

/* The frame before which the utterance has no words. */
static guint64
utterance_start (const RnncTranscriber *transcriber)
{
  guint64 start = rnnc_recogniser_start (transcriber->recogniser);

  if (transcriber->whole == NULL)
    return start;
  return MAX (transcriber->utterance_begin,
      start > EARLIER ? start - EARLIER : 0);
}

/* Whether somebody speaks in output frame @frame. */
static RnncVoice
look_for_voice (const RnncTranscriber *transcriber, guint64 frame)
{
  return transcriber->gate == NULL ? RNNC_VOICE_NEAR
                                   : rnnc_voice_gate_look (transcriber->gate,
                                       frame_middle (transcriber, frame));
}

static void
hear_whole (RnncTranscriber *transcriber)
{
  guint64 from = utterance_start (transcriber);
  guint64 to = rnnc_recogniser_n_frames (transcriber->recogniser);
  gsize n_labels = rnnc_model_output_size (transcriber->model);
  guint n;
  float *frames;

  if (to == from)
    return;
  frames = rnnc_whole_run (transcriber->whole, from, to, &n);
  for (guint t = 0; t < n; t++)
    if (look_for_voice (transcriber, from + t) == RNNC_VOICE_NONE)
      memcpy (frames + t * n_labels, transcriber->silence,
          n_labels * sizeof (float));
  rnnc_recogniser_again (transcriber->recogniser, frames, n, from);
}

/* Ends the utterance, if there is one. @carry_on: speech goes on. */
static void
finish_utterance (RnncTranscriber *transcriber, gboolean carry_on)
{
  gboolean said;

  if (transcriber->whole != NULL
      && rnnc_recogniser_heard (transcriber->recogniser))
    hear_whole (transcriber);
  said = report (transcriber, TRUE);
  /* The number of partials that came to nothing is not used again. */
  if (said || transcriber->reported != 0)
    transcriber->utterance_id++;
  rnnc_recogniser_next_utterance (transcriber->recogniser, carry_on);
  transcriber->utterance_begin
      = rnnc_recogniser_n_frames (transcriber->recogniser);
  transcriber->reported = 0;
  transcriber->next_partial = 0;
}

static void
maybe_report_partial (RnncTranscriber *transcriber)
{
  guint64 n_frames = rnnc_recogniser_n_frames (transcriber->recogniser);
  guint64 key;

  if (!transcriber->partials || n_frames < transcriber->next_partial)
    return;
  key = rnnc_recogniser_key (transcriber->recogniser);
  if (key == transcriber->reported || key == 0)
    return;
  if (!report (transcriber, FALSE))
    return;
  transcriber->reported = key;
  transcriber->next_partial = n_frames + transcriber->partial_interval;
}

/* What is remembered of the utterance before, @core by the network and always
 * by what hears voices, has no part in what comes now. */
static void
reset_soon (RnncTranscriber *transcriber, gboolean core)
{
  transcriber->core_reset_due |= core;
  transcriber->gate_reset_due = transcriber->gate != NULL;
}

/* Letters are heard where somebody speaks or nearly does; while somebody does,
 * there is no silence. */
static void
push_frame (RnncTranscriber *transcriber, const float *log_posteriors)
{
  RnncRecogniser *recogniser = transcriber->recogniser;
  RnncVoice voice
      = look_for_voice (transcriber, rnnc_recogniser_n_frames (recogniser));
  gboolean letter = rnnc_recogniser_push (recogniser,
      voice == RNNC_VOICE_NONE ? transcriber->silence : log_posteriors,
      transcriber->endpoint.open);
  RnncEndpointKind kind = rnnc_endpoint_push (&transcriber->endpoint, letter,
      voice == RNNC_VOICE_SPEAKING, rnnc_recogniser_in_word (recogniser));

  if (kind == RNNC_ENDPOINT_NONE && rnnc_recogniser_is_full (recogniser)) {
    rnnc_endpoint_reset (&transcriber->endpoint);
    kind = RNNC_ENDPOINT_LENGTH;
  }
  transcriber->quiet = letter ? 0 : transcriber->quiet + 1;
  if (letter)
    transcriber->core_reset_due = transcriber->gate_reset_due = FALSE;
  else if (transcriber->quiet == transcriber->pause)
    transcriber->core_reset_due = TRUE;
  switch (kind) {
    case RNNC_ENDPOINT_NONE:
      if (transcriber->endpoint.open)
        maybe_report_partial (transcriber);
      break;
    case RNNC_ENDPOINT_LENGTH: /* in the midst of speech: no reset */
      finish_utterance (transcriber, TRUE);
      break;
    case RNNC_ENDPOINT_SILENCE:
      finish_utterance (transcriber, FALSE);
      reset_soon (transcriber, transcriber->pause == 0);
      break;
    case RNNC_ENDPOINT_IDLE:
      rnnc_recogniser_next_utterance (recogniser, FALSE);
      reset_soon (transcriber, TRUE);
      break;
  }
}

/* Frames whose voice is known by now. */
static void
take_pending (RnncTranscriber *transcriber)
{
  gsize n_labels = rnnc_model_output_size (transcriber->model);

  while (transcriber->n_pending > 0
      && rnnc_voice_gate_knows (transcriber->gate,
          frame_middle (transcriber, transcriber->n_taken))) {
    gsize at = transcriber->n_taken % transcriber->pending_capacity;

    push_frame (transcriber, transcriber->pending + at * n_labels);
    transcriber->n_taken++;
    transcriber->n_pending--;
  }
}

static void
on_outputs (const float *outputs, gsize n_frames, gpointer user_data)
{
  RnncTranscriber *transcriber = user_data;
  gsize n_labels = rnnc_model_output_size (transcriber->model);

  for (gsize t = 0; t < n_frames; t++) {
    const float *frame = outputs + t * n_labels;
    guint64 number = transcriber->n_taken + transcriber->n_pending;

    if (transcriber->gate == NULL) {
      push_frame (transcriber, frame);
      continue;
    }
    g_assert (transcriber->n_pending < transcriber->pending_capacity);
    memcpy (transcriber->pending
            + number % transcriber->pending_capacity * n_labels,
        frame, n_labels * sizeof (float));
    transcriber->n_pending++;
    take_pending (transcriber);
  }
}

/* --- the object ----------------------------------------------------------- */

RnncTranscriber *
rnnc_transcriber_new (RnncModel *model, const RnncTranscriberOptions *options,
    RnncTranscriptFunc func, gpointer user_data, GError **error)
{
  RnncTranscriberOptions defaults;
  const RnncLogMelConfig *config;
  RnncTranscriber *transcriber;
  RnncRecogniser *recogniser;

  g_return_val_if_fail (model != NULL, NULL);

  if (!rnnc_transcriber_check_model (model, error))
    return NULL;
  recogniser = rnnc_recogniser_new (model, error);
  if (recogniser == NULL)
    return NULL;
  config = &rnnc_model_frontend (model)->log_mel;
  transcriber = g_new0 (RnncTranscriber, 1);
  transcriber->model = rnnc_model_ref (model);
  transcriber->stream = rnnc_stream_new (model, on_outputs, transcriber);
  transcriber->func = func;
  transcriber->user_data = user_data;
  transcriber->rate = config->rate;
  transcriber->frame_length = config->hop * rnnc_model_stride (model);
  transcriber->centre = config->window;
  transcriber->limit = G_MAXUINT64;
  transcriber->block = BLOCK_FRAMES * transcriber->frame_length;
  transcriber->recogniser = recogniser;
  if (model->description->continuous)
    transcriber->pause = frames_of_time (transcriber, PAUSE);
  transcriber->silence = g_new (float, rnnc_model_output_size (model));
  for (gsize i = 0; i < rnnc_model_output_size (model); i++)
    transcriber->silence[i] = (gint) i == rnnc_model_blank (model)
            || i == rnnc_model_n_labels (model)
        ? 0.0f
        : UNHEARD;
  rnnc_transcriber_options_init (&defaults);
  rnnc_transcriber_set_options (transcriber,
      options != NULL ? options : &defaults);
  return transcriber;
}

void
rnnc_transcriber_free (RnncTranscriber *transcriber)
{
  if (transcriber == NULL)
    return;
  rnnc_stream_free (transcriber->stream);
  rnnc_recogniser_free (transcriber->recogniser);
  rnnc_whole_free (transcriber->whole);
  rnnc_voice_gate_free (transcriber->gate);
  g_clear_pointer (&transcriber->voice_model, rnnc_model_unref);
  g_free (transcriber->pending);
  g_free (transcriber->silence);
  rnnc_model_unref (transcriber->model);
  for (guint i = 0; i < transcriber->n_readings; i++)
    g_free (transcriber->words[i]);
  g_free (transcriber->words);
  g_free (transcriber);
}

/* For the words of one utterance, and of each other reading of it. */
static void
make_room (RnncTranscriber *transcriber, guint capacity, guint n_readings)
{
  guint n = MAX (n_readings, transcriber->n_readings);

  capacity = MAX (capacity, transcriber->capacity);
  transcriber->words = g_renew (RnncWord *, transcriber->words, n);
  for (guint i = 0; i < n; i++)
    transcriber->words[i] = g_renew (RnncWord,
        i < transcriber->n_readings ? transcriber->words[i] : NULL, capacity);
  transcriber->n_readings = n;
  transcriber->capacity = capacity;
}

/* What hears where somebody speaks, and the frames that wait for it. */
static void
make_gate (RnncTranscriber *transcriber)
{
  gsize n_labels = rnnc_model_output_size (transcriber->model);
  guint64 history = rnnc_model_latency_samples (transcriber->model)
      + 2 * transcriber->block;
  guint64 wait;

  g_clear_pointer (&transcriber->gate, rnnc_voice_gate_free);
  g_clear_pointer (&transcriber->pending, g_free);
  if (transcriber->voice_model == NULL)
    return;
  /* A whole utterance is looked at again at its end. */
  if (transcriber->whole_utterance > 0)
    history += (guint64) transcriber->capacity * transcriber->frame_length;
  history += rnnc_model_latency_samples (transcriber->voice_model);
  transcriber->gate = rnnc_voice_gate_new (transcriber->voice_model, history);
  wait = rnnc_voice_gate_latency (transcriber->gate);
  transcriber->pending_capacity
      = (guint) (wait / transcriber->frame_length) + 2 * BLOCK_FRAMES;
  transcriber->pending = g_new (float, transcriber->pending_capacity *n_labels);
}

static void
make_whole (RnncTranscriber *transcriber)
{
  g_clear_pointer (&transcriber->whole, rnnc_whole_free);
  if (transcriber->whole_utterance > 0)
    transcriber->whole = rnnc_whole_new (transcriber->model,
        transcriber->capacity + transcriber->pending_capacity);
}

/* The longest utterance that is heard once more as a whole, ns; 0: none is. */
static guint64
choose_whole (const RnncTranscriber *transcriber,
    const RnncTranscriberOptions *options)
{
  if (!options->whole || !rnnc_model_is_bidirectional (transcriber->model))
    return 0;
  return CLAMP (options->max_utterance, RNNC_TRANSCRIBER_MIN_UTTERANCE,
      RNNC_TRANSCRIBER_MAX_WHOLE);
}

void
rnnc_transcriber_set_options (RnncTranscriber *transcriber,
    const RnncTranscriberOptions *options)
{
  RnncEndpoint *endpoint;
  guint64 maximum, interval, whole;
  guint capacity;

  g_return_if_fail (transcriber != NULL);
  g_return_if_fail (options != NULL);

  /* In the midst of a stream the frames before are not at hand. */
  whole = transcriber->n_samples == 0 ? choose_whole (transcriber, options)
                                      : transcriber->whole_utterance;
  endpoint = &transcriber->endpoint;
  maximum = CLAMP (options->max_utterance, RNNC_TRANSCRIBER_MIN_UTTERANCE,
      RNNC_TRANSCRIBER_MAX_UTTERANCE);
  if (whole > 0)
    maximum = MIN (maximum, whole);
  endpoint->maximum = frames_of_time (transcriber, maximum);
  endpoint->latest = frames_of_time (transcriber, maximum / 4 * 5);
  endpoint->silence = MAX (1,
      frames_of_time (transcriber,
          MIN (options->endpoint_silence, RNNC_TRANSCRIBER_MAX_UTTERANCE)));
  interval = (guint64) MAX (options->partial_interval, 0);
  transcriber->partials = options->partial_interval >= 0;
  transcriber->partial_interval = frames_of_time (transcriber,
      MIN (interval, RNNC_TRANSCRIBER_MAX_UTTERANCE));

  /* Silence with faint letters may come before an utterance. */
  capacity = (guint) (endpoint->maximum + endpoint->latest)
      + RNNC_RECOGNISER_SPARE + EARLIER;
  make_room (transcriber, capacity,
      1 + MIN (options->alternatives, RNNC_TRANSCRIBER_MAX_ALTERNATIVES));
  rnnc_recogniser_set_options (transcriber->recogniser, options, capacity,
      endpoint->open);
  if (whole == transcriber->whole_utterance)
    return;
  transcriber->whole_utterance = whole;
  make_gate (transcriber);
  make_whole (transcriber);
}

gboolean
rnnc_transcriber_set_voice_activity (RnncTranscriber *transcriber,
    RnncModel *model, GError **error)
{
  g_return_val_if_fail (transcriber != NULL, FALSE);

  if (model != NULL && !rnnc_voice_gate_check (model, transcriber->rate, error))
    return FALSE;
  rnnc_transcriber_reset (transcriber);
  if (model != NULL)
    rnnc_model_ref (model);
  g_clear_pointer (&transcriber->voice_model, rnnc_model_unref);
  transcriber->voice_model = model;
  make_gate (transcriber);
  make_whole (transcriber);
  return TRUE;
}

gboolean
rnnc_transcriber_set_batch_wait (RnncTranscriber *transcriber, guint64 wait)
{
  g_return_val_if_fail (transcriber != NULL, FALSE);
  return rnnc_stream_set_batch_wait (transcriber->stream, wait);
}

void
rnnc_transcriber_set_phrases (RnncTranscriber *transcriber,
    RnncPhraseList *phrases)
{
  g_return_if_fail (transcriber != NULL);
  g_return_if_fail (
      phrases == NULL || rnnc_phrase_list_fits (phrases, transcriber->model));

  rnnc_recogniser_set_phrases (transcriber->recogniser, phrases,
      transcriber->endpoint.open);
}

void
rnnc_transcriber_set_hot_words (RnncTranscriber *transcriber,
    RnncHotWords *hot_words)
{
  g_return_if_fail (transcriber != NULL);
  g_return_if_fail (
      hot_words == NULL || rnnc_hot_words_fit (hot_words, transcriber->model));

  rnnc_recogniser_set_hot_words (transcriber->recogniser, hot_words,
      transcriber->endpoint.open);
}

void
rnnc_transcriber_set_language_model (RnncTranscriber *transcriber,
    RnncLanguageModel *language)
{
  g_return_if_fail (transcriber != NULL);
  g_return_if_fail (language == NULL
      || rnnc_language_model_fits (language, transcriber->model, NULL));

  rnnc_recogniser_set_language_model (transcriber->recogniser, language,
      transcriber->endpoint.open);
}

void
rnnc_transcriber_push (RnncTranscriber *transcriber, const float *samples,
    gsize n_samples)
{
  g_return_if_fail (transcriber != NULL);
  g_return_if_fail (samples != NULL || n_samples == 0);

  while (n_samples > 0) {
    guint n = (guint) MIN (n_samples, transcriber->block - transcriber->phase);

    transcriber->n_samples += n;
    if (transcriber->gate != NULL) {
      rnnc_voice_gate_push (transcriber->gate, samples, n);
      take_pending (transcriber);
    }
    if (transcriber->whole != NULL)
      rnnc_whole_push (transcriber->whole, transcriber->stream, samples, n,
          utterance_start (transcriber));
    else
      rnnc_stream_push_samples (transcriber->stream, samples, n);
    samples += n;
    n_samples -= n;
    transcriber->phase += n;
    if (transcriber->phase < transcriber->block)
      continue;
    transcriber->phase = 0;
    if (transcriber->core_reset_due)
      rnnc_stream_replay_core (transcriber->stream);
    if (transcriber->gate_reset_due)
      rnnc_voice_gate_replay_core (transcriber->gate);
    transcriber->core_reset_due = transcriber->gate_reset_due = FALSE;
  }
}

static void
restart (RnncTranscriber *transcriber)
{
  rnnc_endpoint_reset (&transcriber->endpoint);
  rnnc_recogniser_reset (transcriber->recogniser);
  transcriber->n_samples = 0;
  transcriber->limit = G_MAXUINT64;
  transcriber->phase = 0;
  transcriber->quiet = 0;
  transcriber->core_reset_due = transcriber->gate_reset_due = FALSE;
  transcriber->reported = 0;
  transcriber->next_partial = 0;
  transcriber->utterance_begin = 0;
  transcriber->n_pending = 0;
  transcriber->n_taken = 0;
  if (transcriber->gate != NULL)
    rnnc_voice_gate_reset (transcriber->gate);
  if (transcriber->whole != NULL)
    rnnc_whole_reset (transcriber->whole);
}

guint
rnnc_transcriber_tail (RnncModel *model)
{
  g_return_val_if_fail (model != NULL, 0);

  if (rnnc_model_is_bidirectional (model))
    return 0;
  return rnnc_model_frontend (model)->log_mel.rate * TAIL / 1000;
}

static void
push_tail (RnncTranscriber *transcriber)
{
  static const float silence[256];

  for (guint left = rnnc_transcriber_tail (transcriber->model); left > 0;) {
    guint n = MIN (left, G_N_ELEMENTS (silence));

    rnnc_transcriber_push (transcriber, silence, n);
    left -= n;
  }
}

void
rnnc_transcriber_flush (RnncTranscriber *transcriber)
{
  g_return_if_fail (transcriber != NULL);

  transcriber->limit
      = time_of_half_samples (transcriber, 2 * transcriber->n_samples);
  if (transcriber->n_samples > 0)
    push_tail (transcriber);

  if (transcriber->gate != NULL) {
    rnnc_voice_gate_flush (transcriber->gate);
    take_pending (transcriber);
  }
  if (transcriber->whole != NULL)
    rnnc_whole_flush (transcriber->whole, transcriber->stream,
        utterance_start (transcriber));
  else
    rnnc_stream_flush (transcriber->stream);
  /* Faint letters that no frame belongs to are silence. */
  if (transcriber->endpoint.open)
    finish_utterance (transcriber, FALSE);
  restart (transcriber);
}

void
rnnc_transcriber_reset (RnncTranscriber *transcriber)
{
  g_return_if_fail (transcriber != NULL);

  rnnc_stream_reset (transcriber->stream);
  /* Its partials may be out: the number is not used again. */
  if (transcriber->reported != 0
      || rnnc_recogniser_heard (transcriber->recogniser))
    transcriber->utterance_id++;
  restart (transcriber);
}

void
rnnc_transcriber_decode (RnncTranscriber *transcriber,
    const float *log_posteriors, gsize n_frames)
{
  RnncWhole *whole;
  gsize n_labels;

  g_return_if_fail (transcriber != NULL);
  g_return_if_fail (n_frames < G_MAXUINT32 / 8);

  n_labels = rnnc_model_output_size (transcriber->model);
  rnnc_transcriber_reset (transcriber);
  whole = g_steal_pointer (&transcriber->whole);
  make_room (transcriber, (guint) n_frames + 2, 1);
  rnnc_recogniser_grow (transcriber->recogniser, (guint) n_frames + 2);
  for (gsize t = 0; t < n_frames; t++)
    rnnc_recogniser_push (transcriber->recogniser,
        log_posteriors + t * n_labels, TRUE);
  finish_utterance (transcriber, FALSE);
  restart (transcriber);
  transcriber->whole = whole;
}

guint64
rnnc_transcriber_settled (RnncTranscriber *transcriber)
{
  g_return_val_if_fail (transcriber != NULL, 0);

  return frame_start (transcriber, utterance_start (transcriber));
}

guint64
rnnc_transcriber_latency (RnncTranscriber *transcriber)
{
  guint64 own, voice;

  g_return_val_if_fail (transcriber != NULL, 0);

  own = rnnc_model_latency (transcriber->model);
  if (transcriber->gate == NULL)
    return own;
  voice = time_of_half_samples (transcriber,
      2 * rnnc_voice_gate_latency (transcriber->gate)
          + transcriber->frame_length);
  return MAX (own, voice);
}
