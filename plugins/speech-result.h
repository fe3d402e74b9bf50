/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A transcript in the stream's own time, kept beyond the transcriber's call. */
#pragma once

#include <gst/gst.h>

#include "rnncore/rnncore.h"

G_BEGIN_DECLS

typedef struct {
  char *text;
  GstClockTime start; /* position in the segment */
  GstClockTime end;
  double confidence;
} GstRnnWord;

/* Another reading of an utterance. */
typedef struct {
  char *text;
  double confidence;
  GArray *words; /* GstRnnWord */
} GstRnnReading;

typedef struct {
  gboolean is_final;
  guint32 utterance_id;
  char *text;
  GstClockTime start;
  GstClockTime end;
  double confidence;
  GArray *words;        /* GstRnnWord */
  gint phrase;          /* of the phrase list, or -1 */
  GArray *alternatives; /* GstRnnReading */
} GstRnnTranscript;

/**
 * gst_rnn_transcript_new:
 * @base: position of the transcriber's time 0
 * @threshold: words less confident than this are left out
 *
 * Returns: (transfer full) (nullable): %NULL where no word is left
 */
GstRnnTranscript *gst_rnn_transcript_new (const RnncTranscript *transcript,
    GstClockTime base, double threshold);
void gst_rnn_transcript_free (GstRnnTranscript *transcript);

const GstRnnWord *
gst_rnn_transcript_word (const GstRnnTranscript *transcript, guint index);

/**
 * gst_rnn_transcript_to_structure:
 * @name: of the structure: the element's factory
 * @language: BCP 47, or ""
 *
 * Returns: (transfer full): the bus message's structure
 */
GstStructure *
gst_rnn_transcript_to_structure (const GstRnnTranscript *transcript,
    const char *name, const GstSegment *segment, const char *language);

G_END_DECLS
