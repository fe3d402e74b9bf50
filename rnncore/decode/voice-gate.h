/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where somebody speaks, by a network of voice activity that hears the same
 * samples as the recogniser. */
#pragma once

#include "rnncore/rnnc-model.h"

G_BEGIN_DECLS

typedef struct _RnncVoiceGate RnncVoiceGate;

typedef enum {
  RNNC_VOICE_NONE, /* nobody speaks here */
  RNNC_VOICE_NEAR, /* nobody any more, but somebody did just before */
  RNNC_VOICE_SPEAKING,
} RnncVoice;

/**
 * rnnc_voice_gate_check:
 * @rate: Hz of the sound
 *
 * Returns: whether @model tells speech in samples of @rate; %FALSE with @error
 *   naming its file and the reason
 */
gboolean rnnc_voice_gate_check (RnncModel *model, guint rate, GError **error);

/**
 * rnnc_voice_gate_new:
 * @model: checked; a reference is taken
 * @history: samples that rnnc_voice_gate_look() goes back from the newest
 *
 * All memory is made here.
 */
RnncVoiceGate *rnnc_voice_gate_new (RnncModel *model, guint64 history);
void rnnc_voice_gate_free (RnncVoiceGate *gate);
/* Samples count from 0 again. */
void rnnc_voice_gate_reset (RnncVoiceGate *gate);
/* The core starts afresh and hears its last frames again. */
void rnnc_voice_gate_replay_core (RnncVoiceGate *gate);

void rnnc_voice_gate_push (RnncVoiceGate *gate, const float *samples,
    gsize n_samples);
/* Nothing more comes until the reset: all is known. */
void rnnc_voice_gate_flush (RnncVoiceGate *gate);

/* Samples that must have been pushed beyond one for it to be known. */
guint64 rnnc_voice_gate_latency (const RnncVoiceGate *gate);
/* Whether rnnc_voice_gate_look() can tell of the sample at @position. */
gboolean rnnc_voice_gate_knows (const RnncVoiceGate *gate, guint64 position);
/* @position: a sample that is known, and no older than the history */
RnncVoice rnnc_voice_gate_look (const RnncVoiceGate *gate, guint64 position);

G_END_DECLS
