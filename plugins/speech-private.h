/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of rnnspeech share. Audio comes in (speech-input.c), results
 * are copied out of the transcriber (speech-result.c) and go to pads and bus
 * (speech-output.c). */
#pragma once

#include <gst/audio/audio.h>

#include "plugins/gstrnnspeech.h"
#include "plugins/recogniser.h"
#include "plugins/speech-message.h"
#include "plugins/text-output.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (gst_rnn_speech_debug);

#define GST_RNN_SPEECH_RATE 16000

typedef enum {
  GST_RNN_SPEECH_UNIT_UTTERANCE,
  GST_RNN_SPEECH_UNIT_WORD,
} GstRnnSpeechUnit;

typedef enum {
  GST_RNN_SPEECH_LINES_AUTO,
  GST_RNN_SPEECH_LINES_ALWAYS,
  GST_RNN_SPEECH_LINES_NEVER,
} GstRnnSpeechLines;

typedef enum {
  GST_RNN_SPEECH_MODE_AUTO,
  GST_RNN_SPEECH_MODE_STREAMING,
  GST_RNN_SPEECH_MODE_OFFLINE,
} GstRnnSpeechMode;

/* Properties, guarded by the object lock; the streaming thread has a copy. */
typedef struct {
  guint latency;           /* ms */
  guint lateness;          /* ms */
  gint64 partial_interval; /* ms, -1: none */
  guint endpoint_silence;  /* ms */
  guint max_utterance;     /* ms */
  guint batch_wait;        /* ms, 0: off */
  double threshold;
  guint beam_width;
  guint alternatives;
  double language_weight;
  double word_bonus;
  double phrase_threshold;
  gint mode;   /* GstRnnSpeechMode */
  gint unit;   /* GstRnnSpeechUnit */
  gint lines;  /* GstRnnSpeechLines */
  gint compat; /* GstRnnSpeechCompat */
} GstRnnSpeechSettings;

/* Files that decoding is helped by or held to. */
typedef enum {
  GST_RNN_SPEECH_PHRASES,
  GST_RNN_SPEECH_HOT_WORDS,
  GST_RNN_SPEECH_LANGUAGE_MODEL,
  GST_RNN_SPEECH_VAD_MODEL,
  GST_RNN_SPEECH_N_FILES,
} GstRnnSpeechFile;

struct _GstRnnSpeech {
  GstElement parent;

  GstPad *sink_pad;
  GstPad *src_pad;
  GstRnnRecogniser recogniser;

  /* Object lock. */
  char *language_code;                 /* (nullable): the model's */
  char *files[GST_RNN_SPEECH_N_FILES]; /* (nullable) */
  guint changed_files; /* bit a file: not loaded yet as it is named now */
  GstRnnSpeechSettings settings;
  guint max_observed_delay; /* ms */

  /* Made by the loading thread, then the streaming thread's. */
  RnncTranscriber *transcriber;
  guint64 model_latency; /* ns */

  /* The streaming thread's. */
  GstRnnSpeechSettings current;
  GstRnnTextOutput text;
  GstRnnTextOutput json;
  GstSegment segment;
  gboolean is_timed; /* the input's buffers have usable timestamps */
  gboolean is_float;
  gboolean warned_of_numbers; /* this stream */
  char *language;             /* in force */
  GstTagList *tags;           /* upstream's */
  GstClockTime base; /* of the transcriber's time 0; NONE: no audio yet */
  guint64 n_samples; /* the transcriber has had since */
  GstClockTime next; /* where the next buffer should begin, or NONE */
  GQueue results;    /* GstRnnTranscript, not sent yet */
  GstRnnTranscript *partial; /* newest, of the utterance now running */
  gboolean partial_is_new;
  gboolean warned;           /* of words that are too late, this utterance */
  guint n_committed;         /* words of the utterance that are out */
  char *committed;           /* the last of them, as it was then */
  GstClockTime next_partial; /* not before, or NONE */
  GstFlowReturn flow;
};

/* --- speech-properties.c -------------------------------------------------- */

void gst_rnn_speech_settings_init (GstRnnSpeechSettings *settings);
void gst_rnn_speech_install_properties (GObjectClass *klass);

/* --- speech-decoding.c ---------------------------------------------------- */

/* The transcriber's options; @is_live: what mode=auto depends on. */
void gst_rnn_speech_options (const GstRnnSpeechSettings *settings,
    gboolean is_live, RnncTranscriberOptions *options);
/* The property of @file; the caller has the object lock. */
void gst_rnn_speech_set_file (GstRnnSpeech *self, GstRnnSpeechFile file,
    const GValue *value);
/* Before the stream: loads all files that are named. The caller is the loading
 * thread. Returns: %FALSE with @error naming file, line and reason */
gboolean gst_rnn_speech_load_files (GstRnnSpeech *self, RnncModel *model,
    GError **error);
/* In the stream: loads files that were named since, but the network of voice
 * activity. One that cannot be loaded is a warning, and what was in force
 * stays. */
void gst_rnn_speech_reload_files (GstRnnSpeech *self);

/* --- gstrnnspeech.c ------------------------------------------------------- */

/* ns from a word's end to its text, as far as this element is the reason. */
GstClockTime gst_rnn_speech_own_latency (GstRnnSpeech *self,
    const GstRnnSpeechSettings *settings);

/* --- speech-input.c ------------------------------------------------------- */

GstFlowReturn
gst_rnn_speech_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer);
gboolean
gst_rnn_speech_sink_event (GstPad *pad, GstObject *parent, GstEvent *event);
/* Forgets the stream; @flush: what is to come is the same stream. */
void gst_rnn_speech_reset (GstRnnSpeech *self, gboolean flush);
/* Where the audio heard so far ends, or NONE. */
GstClockTime gst_rnn_speech_now (GstRnnSpeech *self);

/* --- speech-output.c ------------------------------------------------------ */

/* RnncTranscriptFunc */
void gst_rnn_speech_take_transcript (const RnncTranscript *transcript,
    gpointer user_data);
/* Sends what the transcriber has yielded, and GAPs up to where all is said. */
GstFlowReturn gst_rnn_speech_send (GstRnnSpeech *self);
/* After the transcriber's flush: sends the rest, and GAPs up to @end. */
GstFlowReturn gst_rnn_speech_send_end (GstRnnSpeech *self, GstClockTime end);
void gst_rnn_speech_send_tags (GstRnnSpeech *self);
void gst_rnn_speech_forget_results (GstRnnSpeech *self);

G_END_DECLS
