/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A source pad for sparse text: its headers, its position, and the GAP events
 * that keep whoever waits for it going. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Used in the streaming thread, but for the pad, which comes and goes under the
 * element's object lock. */
typedef struct {
  GstElement *element;
  const char *stream; /* suffix of the stream id */
  GstCaps *caps;
  GstPad *pad;            /* (nullable) */
  GstEvent *stream_start; /* upstream's, or NULL */
  GstSegment segment;     /* undefined before the first */
  guint32 seqnum;         /* of the segment */
  GstClockTime position;  /* all before is said */
  gboolean overlaps; /* buffers keep their times, whatever was said before */
  gboolean discont;
  gboolean prerolled; /* something came behind the segment */
  gboolean lines;
} GstRnnTextOutput;

/* @stream, @caps: static strings */
void gst_rnn_text_output_init (GstRnnTextOutput *output, GstElement *element,
    const char *stream, const char *caps);
void gst_rnn_text_output_clear (GstRnnTextOutput *output);

/* @pad: (nullable) (transfer none): the element's pad from now on */
void gst_rnn_text_output_set_pad (GstRnnTextOutput *output, GstPad *pad);

/* A source pad of text: late text is no reason for upstream to skip media, so
 * QOS ends here; caps are fixed. */
void gst_rnn_text_output_prepare_pad (GstPad *pad);

/* A request pad, named as @template is, and its end.
 * Returns: (transfer none) (nullable): %NULL where there is one already */
GstPad *gst_rnn_text_output_request_pad (GstRnnTextOutput *output,
    GstPadTemplate *template, GstPadQueryFunction query);
void gst_rnn_text_output_release_pad (GstRnnTextOutput *output, GstPad *pad);

/* Forgets the stream: PAUSED to READY. */
void gst_rnn_text_output_reset (GstRnnTextOutput *output);
/* After a flush: position and headers are to be said again. */
void gst_rnn_text_output_flush (GstRnnTextOutput *output);

/* @event: (transfer none): upstream's STREAM_START; ours is made from it. */
void
gst_rnn_text_output_stream_start (GstRnnTextOutput *output, GstEvent *event);

/**
 * gst_rnn_text_output_segment:
 * @lateness: how much later in running time everything comes
 *
 * Pushes STREAM_START, CAPS and SEGMENT.
 */
void gst_rnn_text_output_segment (GstRnnTextOutput *output,
    const GstSegment *segment, GstClockTime lateness, guint32 seqnum);

/* Pushes those of STREAM_START, CAPS and SEGMENT that the pad has not had: it
 * may have been requested in the midst of a stream. */
void gst_rnn_text_output_headers (GstRnnTextOutput *output);

/* @event: (transfer full): pushed behind the headers. */
gboolean gst_rnn_text_output_event (GstRnnTextOutput *output, GstEvent *event);

/* @event: (transfer full): pushed as it is, even into a pad without headers:
 * flushes. */
void gst_rnn_text_output_forward (GstRnnTextOutput *output, GstEvent *event);

/* Nothing was said up to @until. */
void gst_rnn_text_output_gap (GstRnnTextOutput *output, GstClockTime until);

/* Says nothing at all, once a segment, so that a sink need not wait for the
 * first text to preroll. */
void gst_rnn_text_output_preroll (GstRnnTextOutput *output);

/* The stream goes on at @timestamp: after a GAP, or from further back. */
void
gst_rnn_text_output_go_to (GstRnnTextOutput *output, GstClockTime timestamp);

/**
 * gst_rnn_text_output_push:
 * @text: UTF-8, or JSON
 *
 * A buffer with @text, after a GAP from the position to @timestamp. A timestamp
 * before the position is moved there (unless buffers may overlap); what is
 * outside the segment is moved to its nearest end.
 *
 * Returns: %GST_FLOW_NOT_LINKED where there is no pad
 */
GstFlowReturn gst_rnn_text_output_push (GstRnnTextOutput *output,
    const char *text, GstClockTime timestamp, GstClockTime duration);

/* Whether what follows takes bytes of any kind (fdsink, filesink) rather than
 * text (overlays, subtitle encoders): there, lines end in a line feed. Found
 * out at each SEGMENT. */
gboolean gst_rnn_text_output_wants_lines (const GstRnnTextOutput *output);

G_END_DECLS
