/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/gesture-events.h"

guint
rnnc_gesture_best (const float *posteriors, guint n_labels, gint none)
{
  guint best = none == 0 ? 1 : 0;

  for (guint i = best + 1; i < n_labels; i++)
    if ((gint) i != none && posteriors[i] > posteriors[best])
      best = i;
  return best;
}

void
rnnc_gesture_events_reset (RnncGestureEvents *events)
{
  events->active = FALSE;
  events->reported = FALSE;
  events->quiet_until = 0;
}

static void
begin (RnncGestureEvents *events, guint64 end)
{
  events->active = TRUE;
  events->reported = FALSE;
  events->gesture.confidence = 0.0;
  events->first_end = end;
}

/* The window is part of the running gesture. */
static void
extend (RnncGestureEvents *events, guint label, double posterior, guint64 start,
    guint64 end)
{
  if (posterior > events->gesture.confidence) {
    events->gesture.label = label;
    events->gesture.confidence = posterior;
    events->peak_end = end;
  }
  events->last_start = start;
  events->last_middle = start + (end - start) / 2;
}

/* @gesture as far as it is known now. */
static void
estimate (RnncGestureEvents *events, guint64 window, RnncGesture *gesture)
{
  guint64 half = MIN (window / 2, events->first_end);

  *gesture = events->gesture;
  gesture->start = MIN (events->last_start, events->first_end - half);
  gesture->end = MAX (events->first_end, events->last_middle);
}

static gboolean
finish (RnncGestureEvents *events, guint64 now, guint64 window,
    RnncGesture *gesture)
{
  gboolean fresh = !events->reported;

  if (fresh)
    estimate (events, window, gesture);
  events->active = FALSE;
  events->quiet_until = now + events->refractory;
  return fresh;
}

gboolean
rnnc_gesture_events_push (RnncGestureEvents *events, const float *posteriors,
    guint64 start, guint64 end, RnncGesture *gesture)
{
  guint best = rnnc_gesture_best (posteriors, events->n_labels, events->none);
  double posterior = posteriors[best];
  gboolean on = posterior >= events->threshold_on;
  gboolean found = FALSE;

  if (!events->active) {
    if (!on || end < events->quiet_until)
      return FALSE;
    begin (events, end);
  } else if (posterior < events->threshold_off) {
    return finish (events, end, end - start, gesture);
  } else if (on && best != events->gesture.label
      && end >= events->peak_end + (end - start) / 2) {
    found = finish (events, end, end - start, gesture);
    begin (events, end);
  }
  extend (events, best, posterior, start, end);
  if (!found && !events->reported && events->report_after >= 0
      && end - events->first_end >= (guint64) events->report_after) {
    events->reported = TRUE;
    estimate (events, end - start, gesture);
    return TRUE;
  }
  return found;
}

gboolean
rnnc_gesture_events_finish (RnncGestureEvents *events, RnncGesture *gesture)
{
  if (!events->active)
    return FALSE;
  return finish (events, 0, 2 * (events->last_middle - events->last_start),
      gesture);
}
