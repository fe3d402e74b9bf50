/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the files of rnngesture share. Video comes in (gesture-video.c), events
 * go to bus, text pad and buffers (gesture-output.c). */
#pragma once

#include <gst/video/video.h>

#include "plugins/gstrnngesture.h"
#include "plugins/recogniser.h"
#include "plugins/text-output.h"

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (gst_rnn_gesture_debug);

/* Properties, guarded by the object lock; the streaming thread has a copy. */
typedef struct {
  double threshold;
  double release;      /* threshold at a gesture's end */
  guint refractory;    /* ms */
  guint minimum;       /* ms */
  guint window;        /* ms, 0: the model's */
  guint interval;      /* ms */
  gint64 report_after; /* ms, -1: at its end */
  gboolean clip_mode;
} GstRnnGestureSettings;

/* An event of the spotter, kept beyond its call. */
typedef struct {
  const char *label; /* the model's */
  GstClockTime start;
  GstClockTime end;
  double confidence;
} GstRnnGestureEvent;

struct _GstRnnGesture {
  GstBaseTransform parent;

  GstRnnRecogniser recogniser;

  /* Object lock. */
  GstRnnGestureSettings settings;

  /* Made by the loading thread, then the streaming thread's. */
  RnncSpotter *spotter;
  RnncModel *labels;

  /* The streaming thread's. */
  GstRnnGestureSettings current;
  GstRnnTextOutput text;
  GstVideoInfo info;
  GArray *events;      /* GstRnnGestureEvent, not sent yet */
  gboolean has_frames; /* the spotter has, since it began anew */
  GstClockTime now;    /* end of the last frame, or NONE */
  gint running;        /* label seen at this moment, or -1 */
  GstFlowReturn flow;  /* of the text pad */
};

/* --- gesture-properties.c ------------------------------------------------- */

void gst_rnn_gesture_settings_init (GstRnnGestureSettings *settings);
void gst_rnn_gesture_install_properties (GObjectClass *klass);

/* --- gesture-video.c ------------------------------------------------------ */

/* @self->current from the properties, as the spotter's options. */
void gst_rnn_gesture_options (const GstRnnGestureSettings *settings,
    RnncSpotterOptions *options);
GstFlowReturn
gst_rnn_gesture_transform_ip (GstBaseTransform *transform, GstBuffer *buffer);
/* What an event on the sink pad means, before the base class has it. */
void gst_rnn_gesture_see_event (GstRnnGesture *self, GstEvent *event);
gboolean gst_rnn_gesture_set_caps (GstBaseTransform *transform, GstCaps *in,
    GstCaps *out);
/* Forgets the stream; @flush: what is to come is the same stream. */
void gst_rnn_gesture_reset (GstRnnGesture *self, gboolean flush);

/* --- gesture-output.c ----------------------------------------------------- */

/* RnncGestureFunc */
void
gst_rnn_gesture_take_event (const RnncGesture *gesture, gpointer user_data);
/* Sends the events that came with @buffer (nullable: at the end of all), and
 * writes on it what it shows. */
GstFlowReturn gst_rnn_gesture_send (GstRnnGesture *self, GstBuffer *buffer);
void gst_rnn_gesture_register_meta (void);

G_END_DECLS
