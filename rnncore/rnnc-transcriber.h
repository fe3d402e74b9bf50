/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Speech to text: a stream of a CTC model, its decoder and its endpointing.
 * The element and the command both are thin shells around this. */
#pragma once

#include "rnncore/rnnc-stream.h"

G_BEGIN_DECLS

typedef struct _RnncTranscriber RnncTranscriber;

/* Times are ns of audio since the first sample after new, reset or flush. */
typedef struct {
  const char *text; /* UTF-8, no spaces */
  guint64 start;
  guint64 end;
  double confidence; /* 0..1: mean posterior of its letters */
} RnncWord;

typedef struct {
  gboolean is_final;    /* FALSE: a partial, may still change */
  guint32 utterance_id; /* counts from 0 */
  guint64 start;        /* of the first word */
  guint64 end;          /* of the last word */
  const char *text;     /* the words joined by single spaces */
  double confidence;    /* mean over the words, weighted by duration */
  const RnncWord *words;
  guint n_words; /* a final has at least 1 */
} RnncTranscript;

/* Valid during the call; called from push and flush in their thread. */
typedef void (*RnncTranscriptFunc) (const RnncTranscript *transcript,
    gpointer user_data);

typedef struct {
  guint64 endpoint_silence; /* ns without letters that end an utterance;
                               default 800 ms */
  guint64 max_utterance;    /* ns after which it is ended at the next word
                               boundary, at the latest at 1.25 times this;
                               default 20 s */
  gint64 partial_interval;  /* ns of audio between partials, at least; 0: as
                               soon as the text changes; -1: none. default 0 */
} RnncTranscriberOptions;

RNNC_API void rnnc_transcriber_options_init (RnncTranscriberOptions *options);

/**
 * rnnc_transcriber_new:
 * @options: (nullable): copied; %NULL for the defaults
 *
 * Returns: (transfer full): %NULL with @error if the model is not an audio
 *   model with CTC letters (a label " " for the word boundary, a blank)
 */
RNNC_API RnncTranscriber *rnnc_transcriber_new (RnncModel *model,
    const RnncTranscriberOptions *options, RnncTranscriptFunc func,
    gpointer user_data, GError **error);
RNNC_API void rnnc_transcriber_free (RnncTranscriber *transcriber);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncTranscriber, rnnc_transcriber_free)

/* Any chunking gives the same finals with the same times. */
RNNC_API void rnnc_transcriber_push (RnncTranscriber *transcriber,
    const float *samples, gsize n_samples);
/* Ends the utterance, yields its final, resets (utterance ids go on). */
RNNC_API void rnnc_transcriber_flush (RnncTranscriber *transcriber);
/* Drops what was heard; yields nothing. */
RNNC_API void rnnc_transcriber_reset (RnncTranscriber *transcriber);
/* May be called between pushes; takes effect at once. */
RNNC_API void rnnc_transcriber_set_options (RnncTranscriber *transcriber,
    const RnncTranscriberOptions *options);
/* ns up to which no further word can start: everything before is decided.
 * What an element's GAP events may cover. */
RNNC_API guint64 rnnc_transcriber_settled (RnncTranscriber *transcriber);
/* ns from a word's last sample to it being in a partial. */
RNNC_API guint64 rnnc_transcriber_latency (RnncTranscriber *transcriber);

/**
 * rnnc_ctc_greedy:
 * @log_posteriors: [n_frames, n_labels]
 * @labels: (out caller-allocates): room for @n_frames
 *
 * Best path, repeats merged, blanks dropped (Graves et al. 2006).
 *
 * Returns: labels written
 */
RNNC_API gsize rnnc_ctc_greedy (const float *log_posteriors, gsize n_frames,
    guint n_labels, guint blank, guint *labels);

G_END_DECLS
