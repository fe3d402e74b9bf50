/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bus messages in the form of other speech elements, for applications that read
 * those already. */
#pragma once

#include "plugins/speech-result.h"

G_BEGIN_DECLS

typedef enum {
  GST_RNN_SPEECH_COMPAT_NONE,
  GST_RNN_SPEECH_COMPAT_POCKETSPHINX,
  GST_RNN_SPEECH_COMPAT_VOSK,
  GST_RNN_SPEECH_COMPAT_COQUI,
} GstRnnSpeechCompat;

/**
 * gst_rnn_speech_compat_message:
 * @compat: not none
 * @result: what gst_rnn_transcript_to_structure() made of @transcript
 * @segment: the positions' segment
 *
 * pocketsphinx: "timestamp" u64, "final" boolean, "confidence" long (log
 * posterior to the base 1.0001), "hypothesis" string. vosk: "current-result",
 * JSON as Vosk's recogniser has it, times in seconds. coqui: "timestamp",
 * "stream-time", "running-time" u64, "text" string.
 *
 * Returns: (transfer full) (nullable): %NULL where that element says nothing
 */
GstStructure *gst_rnn_speech_compat_message (GstRnnSpeechCompat compat,
    const GstRnnTranscript *transcript, const GstStructure *result,
    const GstSegment *segment);

G_END_DECLS
