/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/rnnc-transcriber.h"

#include <string.h>

#include "rnncore/decode/ctc-decoder.h"
#include "rnncore/decode/endpoint.h"
#include "rnncore/model/model-private.h"

#define NS_PER_SECOND G_GUINT64_CONSTANT (1000000000)

/* The recurrent core is reset between blocks of this many output frames,
 * counted from the first sample. Blocks make the place of a reset independent
 * of how the caller cuts the audio; several frames to a block let whoever
 * pushes whole files run several steps at a time. */
#define BLOCK_FRAMES 4

struct _RnncTranscriber {
  RnncModel *model;
  RnncStream *stream;
  RnncTranscriptFunc func;
  gpointer user_data;

  guint rate;         /* samples a second */
  guint frame_length; /* samples from one output frame to the next */
  gint64 centre;      /* middle of output frame 0, in half samples */
  guint block;        /* samples */

  RnncCtcDecoder *decoder;
  RnncEndpoint endpoint;
  gboolean partials;
  guint64 partial_interval; /* frames */

  guint64 n_samples; /* since the start */
  guint phase;       /* samples in the block */
  gboolean core_reset_due;
  guint32 utterance_id;
  guint n_reported;     /* letters of the last partial */
  guint64 next_partial; /* frame */

  guint capacity;
  RnncWord *words; /* [capacity] */
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
  options->language_weight = 0.5;
  options->word_bonus = 1.0;
  options->phrase_threshold = 0.5;
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

static guint64
frames_of_time (const RnncTranscriber *transcriber, guint64 duration)
{
  guint64 period
      = time_of_half_samples (transcriber, 2 * transcriber->frame_length);

  return (duration + period - 1) / period;
}

/* --- results -------------------------------------------------------------- */

/* @limit: no word ends later, ns */
static void
report (RnncTranscriber *transcriber, gboolean is_final, guint64 limit)
{
  const RnncCtcWord *found;
  RnncTranscript transcript = {
    .is_final = is_final,
    .utterance_id = transcriber->utterance_id,
    .text = rnnc_ctc_decoder_text (transcriber->decoder),
    .words = transcriber->words,
    .phrase = -1,
  };
  double sum = 0.0, duration = 0.0;

  transcript.n_words = rnnc_ctc_decoder_words (transcriber->decoder, &found);
  for (guint i = 0; i < transcript.n_words; i++) {
    RnncWord *word = &transcriber->words[i];
    double weight;

    word->text = found[i].text;
    word->end = MIN (frame_start (transcriber, found[i].end), limit);
    word->start = MIN (frame_start (transcriber, found[i].start), word->end);
    word->confidence = found[i].posteriors / found[i].n_letters;
    /* A word that is all in the first samples may last no time at all. */
    weight = (double) (word->end - word->start) + 1.0;
    sum += weight * word->confidence;
    duration += weight;
  }
  transcript.start = transcriber->words[0].start;
  transcript.end = transcriber->words[transcript.n_words - 1].end;
  transcript.confidence = sum / duration;
  if (transcriber->func != NULL)
    transcriber->func (&transcript, transcriber->user_data);
}

/* Ends the utterance, if there is one. */
static void
finish_utterance (RnncTranscriber *transcriber, guint64 limit)
{
  if (rnnc_ctc_decoder_n_letters (transcriber->decoder) == 0)
    return;
  report (transcriber, TRUE, limit);
  rnnc_ctc_decoder_next_utterance (transcriber->decoder);
  transcriber->utterance_id++;
  transcriber->n_reported = 0;
  transcriber->next_partial = 0;
}

static void
maybe_report_partial (RnncTranscriber *transcriber)
{
  guint64 n_frames = rnnc_ctc_decoder_n_frames (transcriber->decoder);
  guint n_letters = rnnc_ctc_decoder_n_letters (transcriber->decoder);

  if (!transcriber->partials || n_letters == transcriber->n_reported
      || n_frames < transcriber->next_partial)
    return;
  transcriber->n_reported = n_letters;
  transcriber->next_partial = n_frames + transcriber->partial_interval;
  report (transcriber, FALSE, G_MAXUINT64);
}

static void
push_frame (RnncTranscriber *transcriber, const float *log_posteriors)
{
  RnncCtcDecoder *decoder = transcriber->decoder;
  gboolean letter = rnnc_ctc_decoder_push (decoder, log_posteriors);
  RnncEndpointKind kind = rnnc_endpoint_push (&transcriber->endpoint, letter,
      rnnc_ctc_decoder_in_word (decoder));

  if (letter)
    transcriber->core_reset_due = FALSE;
  switch (kind) {
    case RNNC_ENDPOINT_NONE:
      maybe_report_partial (transcriber);
      break;
    case RNNC_ENDPOINT_LENGTH: /* in the midst of speech: no reset */
      finish_utterance (transcriber, G_MAXUINT64);
      break;
    case RNNC_ENDPOINT_SILENCE:
      finish_utterance (transcriber, G_MAXUINT64);
      transcriber->core_reset_due = TRUE;
      break;
    case RNNC_ENDPOINT_IDLE:
      transcriber->core_reset_due = TRUE;
      break;
  }
}

static void
on_outputs (const float *outputs, gsize n_frames, gpointer user_data)
{
  RnncTranscriber *transcriber = user_data;
  gsize n_labels = rnnc_model_output_size (transcriber->model);

  for (gsize t = 0; t < n_frames; t++)
    push_frame (transcriber, outputs + t * n_labels);
}

/* --- the object ----------------------------------------------------------- */

static gboolean
refuse (RnncModel *model, const char *reason, GError **error)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
      "%s: cannot transcribe with this model: %s", rnnc_model_path (model),
      reason);
  return FALSE;
}

static gboolean
has_word_boundary (RnncModel *model)
{
  for (guint i = 0; i < rnnc_model_n_labels (model); i++)
    if ((gint) i != rnnc_model_blank (model)
        && strcmp (rnnc_model_label (model, i), " ") == 0)
      return TRUE;
  return FALSE;
}

static gboolean
check_model (RnncModel *model, GError **error)
{
  const GPtrArray *layers = model->description->layers;
  const RnncLayerSpec *last = g_ptr_array_index (layers, layers->len - 1);

  if (rnnc_model_frontend (model)->type != RNNC_FRONTEND_LOG_MEL)
    return refuse (model, "its front end is not log-mel", error);
  if (rnnc_model_is_many_to_one (model))
    return refuse (model, "it has one output for a whole clip", error);
  if (rnnc_model_blank (model) < 0)
    return refuse (model, "it has no CTC blank", error);
  if (!has_word_boundary (model))
    return refuse (model, "it has no label \" \"", error);
  if (rnnc_model_output_size (model) != rnnc_model_n_labels (model))
    return refuse (model, "its outputs are not as many as its labels", error);
  if (last->type != RNNC_LAYER_ACTIVATION
      || last->params.activation != RNNC_ACTIVATION_LOG_SOFTMAX)
    return refuse (model, "its last layer is not log-softmax", error);
  return TRUE;
}

RnncTranscriber *
rnnc_transcriber_new (RnncModel *model, const RnncTranscriberOptions *options,
    RnncTranscriptFunc func, gpointer user_data, GError **error)
{
  RnncTranscriberOptions defaults;
  const RnncLogMelConfig *config;
  RnncTranscriber *transcriber;

  g_return_val_if_fail (model != NULL, NULL);

  if (!check_model (model, error))
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
  transcriber->block = BLOCK_FRAMES * transcriber->frame_length;
  transcriber->decoder
      = rnnc_ctc_decoder_new ((const char *const *) model->description->labels,
          rnnc_model_n_labels (model), (guint) rnnc_model_blank (model), 1);
  rnnc_transcriber_options_init (&defaults);
  rnnc_transcriber_set_options (transcriber, options ? options : &defaults);
  return transcriber;
}

void
rnnc_transcriber_free (RnncTranscriber *transcriber)
{
  if (transcriber == NULL)
    return;
  rnnc_stream_free (transcriber->stream);
  rnnc_ctc_decoder_free (transcriber->decoder);
  rnnc_model_unref (transcriber->model);
  g_free (transcriber->words);
  g_free (transcriber);
}

void
rnnc_transcriber_set_options (RnncTranscriber *transcriber,
    const RnncTranscriberOptions *options)
{
  RnncEndpoint *endpoint;
  guint64 maximum, interval;
  guint capacity;

  g_return_if_fail (transcriber != NULL);
  g_return_if_fail (options != NULL);

  endpoint = &transcriber->endpoint;
  maximum = CLAMP (options->max_utterance, RNNC_TRANSCRIBER_MIN_UTTERANCE,
      RNNC_TRANSCRIBER_MAX_UTTERANCE);
  endpoint->maximum = frames_of_time (transcriber, maximum);
  endpoint->latest = frames_of_time (transcriber, maximum / 4 * 5);
  endpoint->silence = MAX (1,
      frames_of_time (transcriber,
          MIN (options->endpoint_silence, RNNC_TRANSCRIBER_MAX_UTTERANCE)));
  interval = (guint64) MAX (options->partial_interval, 0);
  transcriber->partials = options->partial_interval >= 0;
  transcriber->partial_interval = frames_of_time (transcriber,
      MIN (interval, RNNC_TRANSCRIBER_MAX_UTTERANCE));

  capacity = (guint) endpoint->latest + 2;
  rnnc_ctc_decoder_grow (transcriber->decoder, capacity);
  if (capacity > transcriber->capacity) {
    transcriber->words = g_renew (RnncWord, transcriber->words, capacity);
    transcriber->capacity = capacity;
  }
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
    rnnc_stream_push_samples (transcriber->stream, samples, n);
    samples += n;
    n_samples -= n;
    transcriber->phase += n;
    if (transcriber->phase < transcriber->block)
      continue;
    transcriber->phase = 0;
    if (transcriber->core_reset_due)
      rnnc_stream_reset_core (transcriber->stream);
    transcriber->core_reset_due = FALSE;
  }
}

static void
restart (RnncTranscriber *transcriber)
{
  rnnc_ctc_decoder_reset (transcriber->decoder);
  rnnc_endpoint_reset (&transcriber->endpoint);
  transcriber->n_samples = 0;
  transcriber->phase = 0;
  transcriber->core_reset_due = FALSE;
  transcriber->n_reported = 0;
  transcriber->next_partial = 0;
}

void
rnnc_transcriber_flush (RnncTranscriber *transcriber)
{
  g_return_if_fail (transcriber != NULL);

  rnnc_stream_flush (transcriber->stream);
  finish_utterance (transcriber,
      time_of_half_samples (transcriber, 2 * transcriber->n_samples));
  restart (transcriber);
}

void
rnnc_transcriber_reset (RnncTranscriber *transcriber)
{
  g_return_if_fail (transcriber != NULL);

  rnnc_stream_reset (transcriber->stream);
  /* Its partials are out: the number is not used again. */
  if (rnnc_ctc_decoder_n_letters (transcriber->decoder) > 0)
    transcriber->utterance_id++;
  restart (transcriber);
}

guint64
rnnc_transcriber_settled (RnncTranscriber *transcriber)
{
  const RnncCtcWord *words;

  g_return_val_if_fail (transcriber != NULL, 0);

  if (rnnc_ctc_decoder_words (transcriber->decoder, &words) > 0)
    return frame_start (transcriber, words[0].start);
  return frame_start (transcriber,
      rnnc_ctc_decoder_n_frames (transcriber->decoder));
}

guint64
rnnc_transcriber_latency (RnncTranscriber *transcriber)
{
  g_return_val_if_fail (transcriber != NULL, 0);

  return rnnc_model_latency (transcriber->model);
}
