/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Events in endless streams: which were found, and what was made up. */
#pragma once

#include <glib.h>
#include <stdio.h>

G_BEGIN_DECLS

typedef struct {
  char *label;
  double start; /* s */
  double end;
} Event;

/* (element-type Event), with their labels. */
GArray *events_new (void);
void events_add (GArray *events, const char *label, double start, double end);

typedef struct _EventScore EventScore;

EventScore *event_score_new (double tolerance);
void event_score_free (EventScore *score);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EventScore, event_score_free)

/**
 * event_score_add:
 * @reference: in order of their starts
 * @seconds: of the recording
 *
 * An event is found by one of the same label that overlaps it, or would if it
 * were longer by the tolerance at both ends; each finds one. What finds nothing
 * is a false alarm.
 */
void event_score_add (EventScore *score, const char *group,
    const GArray *reference, const GArray *heard, double seconds);

typedef struct {
  guint n_recordings;
  guint n_events;
  guint n_found;
  guint n_false;
  double hours;
} EventCounts;

/* Of a group, a label ("label:NAME"), or all where @name is %NULL. */
EventCounts event_score_counts (const EventScore *score, const char *name);
/* A line a group: precision, recall, F1 (%), false alarms an hour; and a line a
 * label. */
void event_score_print (const EventScore *score, FILE *file);

G_END_DECLS
