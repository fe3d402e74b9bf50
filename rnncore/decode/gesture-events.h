/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the posteriors of windows that slide over a video to gestures:
 * hysteresis, refractory time, estimates of start and end. */
#pragma once

#include "rnncore/rnnc-spotter.h"

G_BEGIN_DECLS

typedef struct {
  /* Rules. */
  guint n_labels;
  gint none; /* label that never is a gesture; -1: there is none */
  double threshold_on;
  double threshold_off;
  guint64 refractory;  /* ns */
  gint64 report_after; /* ns; -1: when it ends */
  /* State. */
  gboolean active;
  gboolean reported;
  RnncGesture gesture; /* while active: label and confidence of the peak */
  guint64 first_end;   /* end of the window that began it */
  guint64 peak_end;    /* of the one with the highest posterior */
  guint64 last_start;  /* of the newest that is above threshold_off */
  guint64 last_middle;
  guint64 quiet_until; /* refractory */
} RnncGestureEvents;

void rnnc_gesture_events_reset (RnncGestureEvents *events);

/**
 * rnnc_gesture_events_push:
 * @posteriors: [n_labels] of the window @start … @end, ns
 * @gesture: (out caller-allocates): what is to be reported
 *
 * A gesture begins where a label reaches threshold_on and ends where all are
 * below threshold_off. Its label is the one with the highest posterior in
 * between; another that reaches threshold_on half a window or more behind that
 * peak is the next gesture.
 *
 * A model that was trained on clips knows a gesture while all of it is in the
 * window: from the window that ends with it to the window that starts with it.
 * So it ends where the first such window ends and starts where the last starts;
 * where that is shorter than what the middles of those windows say (a gesture
 * that goes on and on), the middles count.
 *
 * Returns: whether there is one
 */
gboolean rnnc_gesture_events_push (RnncGestureEvents *events,
    const float *posteriors, guint64 start, guint64 end, RnncGesture *gesture);

/* The video ends: yields the gesture that is running. */
gboolean
rnnc_gesture_events_finish (RnncGestureEvents *events, RnncGesture *gesture);

/* Highest posterior but that of none. */
guint rnnc_gesture_best (const float *posteriors, guint n_labels, gint none);

G_END_DECLS
