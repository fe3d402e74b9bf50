/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * rnnspeech with the model of tones, fed scripts, and what it says. */
#pragma once

#include <gst/check/gstharness.h>

/* One buffer or GAP out of the src pad. */
typedef struct {
  char *text; /* NULL: a GAP */
  GstClockTime start;
  GstClockTime duration;
} Said;

typedef struct {
  GstHarness *harness;
  GstElement *element;
  GstBus *bus;
  char *model;
} SpeechHarness;

/* @properties: (nullable): as gst-launch has them: "latency=100 …". Playing,
 * with caps of @format and a segment. Not live. */
SpeechHarness *speech_harness_new (const char *properties, const char *format);
void speech_harness_free (SpeechHarness *speech);

/* Audio in buffers of @chunk samples (0: one), from @start on. */
void speech_harness_say (SpeechHarness *speech, const char *script,
    GstClockTime start, gsize chunk);
GstFlowReturn speech_harness_push (SpeechHarness *speech, const float *samples,
    gsize n_samples, GstClockTime start, GstBufferFlags flags);
void speech_harness_eos (SpeechHarness *speech);

/* (element-type Said): what came out since the last call, in order. */
GPtrArray *speech_harness_take (SpeechHarness *speech);
/* Their texts, joined by "|". */
char *speech_harness_take_text (SpeechHarness *speech);
char *said_text (GPtrArray *said);

/* All element messages that wait on the bus: structures. */
GPtrArray *speech_harness_take_results (SpeechHarness *speech);
/* The next of @type, or NULL after two seconds. */
GstMessage *speech_harness_message (SpeechHarness *speech, GstMessageType type);
