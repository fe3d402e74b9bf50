/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/voice-gate.h"

#include <math.h>
#include <string.h>

#include "rnncore/model/model-private.h"
#include "rnncore/rnnc-stream.h"

#define SPEECH "speech"

/* Hysteresis: posteriors of speech from which on somebody speaks, and below
 * which nobody does any more. */
#define BEGIN 0.8
#define END 0.6
/* Letters come late in a network that hears little of what follows: so long
 * behind speech they are still heard. s */
#define BEHIND 0.3

struct _RnncVoiceGate {
  RnncModel *model;
  RnncStream *stream;
  guint label;         /* of speech */
  gboolean is_log;     /* outputs are logarithms */
  guint frame_length;  /* samples from one output to the next */
  guint64 first;       /* sample in the middle of output 0 */
  guint64 behind;      /* frames */
  gboolean speaking;   /* in the newest frame */
  gboolean is_flushed; /* no frame is missing */
  guint64 n_frames;    /* since the reset */
  gsize capacity;
  guint8 *voices; /* [capacity], a ring: whether somebody speaks */
};

static gboolean
refuse (RnncModel *model, const char *reason, GError **error)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
      "%s: cannot tell speech from silence with this model: %s",
      rnnc_model_path (model), reason);
  return FALSE;
}

static gint
speech_label (RnncModel *model)
{
  for (guint i = 0; i < rnnc_model_n_labels (model); i++)
    if (strcmp (rnnc_model_label (model, i), SPEECH) == 0)
      return (gint) i;
  return -1;
}

static const RnncLayerSpec *
last_layer (RnncModel *model)
{
  const GPtrArray *layers = model->description->layers;

  return g_ptr_array_index (layers, layers->len - 1);
}

/* Whether the outputs are posteriors, or their logarithms. */
static gboolean
gives_posteriors (RnncModel *model)
{
  const RnncLayerSpec *last = last_layer (model);

  return last->type == RNNC_LAYER_ACTIVATION
      && (last->params.activation == RNNC_ACTIVATION_LOG_SOFTMAX
          || last->params.activation == RNNC_ACTIVATION_SOFTMAX
          || last->params.activation == RNNC_ACTIVATION_SIGMOID);
}

static guint
sound_rate (RnncModel *model)
{
  const RnncFrontendConfig *frontend = rnnc_model_frontend (model);

  switch (frontend->type) {
    case RNNC_FRONTEND_LOG_MEL:
      return frontend->log_mel.rate;
    case RNNC_FRONTEND_WAVEFORM:
      return frontend->waveform.rate;
    default:
      return 0;
  }
}

gboolean
rnnc_voice_gate_check (RnncModel *model, guint rate, GError **error)
{
  guint own = sound_rate (model);

  if (strcmp (rnnc_model_task (model), "voice-activity") != 0)
    return refuse (model, "its task is not voice-activity", error);
  if (own == 0)
    return refuse (model, "its front end takes no sound", error);
  if (rnnc_model_is_many_to_one (model))
    return refuse (model, "it has one output for a whole clip", error);
  if (speech_label (model) < 0)
    return refuse (model, "it has no label \"" SPEECH "\"", error);
  if (rnnc_model_output_size (model) != rnnc_model_n_labels (model)
      || !gives_posteriors (model))
    return refuse (model, "its outputs are not its labels' posteriors", error);
  if (own == rate)
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
      "%s: hears %u Hz, the speech model %u Hz", rnnc_model_path (model), own,
      rate);
  return FALSE;
}

/* --- frames --------------------------------------------------------------- */

static void
on_outputs (const float *outputs, gsize n_frames, gpointer user_data)
{
  RnncVoiceGate *gate = user_data;
  gsize n_labels = rnnc_model_output_size (gate->model);

  for (gsize t = 0; t < n_frames; t++) {
    double output = outputs[t * n_labels + gate->label];
    double posterior = gate->is_log ? exp (output) : output;

    gate->speaking = posterior >= (gate->speaking ? END : BEGIN);
    gate->voices[gate->n_frames++ % gate->capacity] = gate->speaking;
  }
}

/* Samples of a window, and from one to the next. */
static void
measure_frames (RnncModel *model, guint *window, guint *hop)
{
  const RnncFrontendConfig *frontend = rnnc_model_frontend (model);

  if (frontend->type == RNNC_FRONTEND_LOG_MEL) {
    *window = frontend->log_mel.window;
    *hop = frontend->log_mel.hop;
  } else {
    *window = frontend->waveform.window;
    *hop = frontend->waveform.hop;
  }
}

RnncVoiceGate *
rnnc_voice_gate_new (RnncModel *model, guint64 history)
{
  RnncVoiceGate *gate = g_new0 (RnncVoiceGate, 1);
  guint rate = sound_rate (model);
  guint window, hop;

  measure_frames (model, &window, &hop);
  gate->model = rnnc_model_ref (model);
  gate->stream = rnnc_stream_new (model, on_outputs, gate);
  gate->label = (guint) speech_label (model);
  gate->is_log
      = last_layer (model)->params.activation == RNNC_ACTIVATION_LOG_SOFTMAX;
  gate->frame_length = hop * rnnc_model_stride (model);
  gate->first = window / 2;
  gate->behind = (guint64) (BEHIND * rate / gate->frame_length + 0.5);
  gate->capacity = (gsize) (history / gate->frame_length + gate->behind + 2);
  gate->voices = g_new0 (guint8, gate->capacity);
  return gate;
}

void
rnnc_voice_gate_free (RnncVoiceGate *gate)
{
  if (gate == NULL)
    return;
  rnnc_stream_free (gate->stream);
  rnnc_model_unref (gate->model);
  g_free (gate->voices);
  g_free (gate);
}

void
rnnc_voice_gate_reset (RnncVoiceGate *gate)
{
  rnnc_stream_reset (gate->stream);
  gate->speaking = FALSE;
  gate->is_flushed = FALSE;
  gate->n_frames = 0;
}

void
rnnc_voice_gate_replay_core (RnncVoiceGate *gate)
{
  rnnc_stream_replay_core (gate->stream);
}

void
rnnc_voice_gate_push (RnncVoiceGate *gate, const float *samples,
    gsize n_samples)
{
  rnnc_stream_push_samples (gate->stream, samples, n_samples);
}

void
rnnc_voice_gate_flush (RnncVoiceGate *gate)
{
  rnnc_stream_flush (gate->stream);
  gate->is_flushed = TRUE;
}

/* --- questions ------------------------------------------------------------ */

/* The frame whose middle is nearest. */
static guint64
frame_of (const RnncVoiceGate *gate, guint64 position)
{
  guint64 shifted = position + gate->frame_length / 2;

  return shifted > gate->first ? (shifted - gate->first) / gate->frame_length
                               : 0;
}

guint64
rnnc_voice_gate_latency (const RnncVoiceGate *gate)
{
  return rnnc_model_latency_samples (gate->model) + gate->frame_length;
}

gboolean
rnnc_voice_gate_knows (const RnncVoiceGate *gate, guint64 position)
{
  return gate->is_flushed || frame_of (gate, position) < gate->n_frames;
}

RnncVoice
rnnc_voice_gate_look (const RnncVoiceGate *gate, guint64 position)
{
  guint64 frame = frame_of (gate, position);
  guint64 from = frame > gate->behind ? frame - gate->behind : 0;

  g_assert (from + gate->capacity >= gate->n_frames);
  if (gate->n_frames == 0)
    return RNNC_VOICE_NONE;
  /* Behind the last frame it is as in that. */
  if (gate->voices[MIN (frame, gate->n_frames - 1) % gate->capacity])
    return RNNC_VOICE_SPEAKING;
  for (guint64 i = from; i < MIN (frame, gate->n_frames); i++)
    if (gate->voices[i % gate->capacity])
      return RNNC_VOICE_NEAR;
  return RNNC_VOICE_NONE;
}
