/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/measure/event-score.h"

#include <string.h>

typedef struct {
  char *name;
  EventCounts counts;
} Line;

struct _EventScore {
  double tolerance;
  GPtrArray *groups; /* Line, in order of appearance */
  GPtrArray *labels;
  Line *all;
};

static void
clear_event (gpointer data)
{
  Event *event = data;

  g_free (event->label);
}

GArray *
events_new (void)
{
  GArray *events = g_array_new (FALSE, FALSE, sizeof (Event));

  g_array_set_clear_func (events, clear_event);
  return events;
}

void
events_add (GArray *events, const char *label, double start, double end)
{
  Event event = { g_strdup (label), start, MAX (start, end) };

  g_array_append_val (events, event);
}

static Line *
line_new (const char *name)
{
  Line *line = g_new0 (Line, 1);

  line->name = g_strdup (name);
  return line;
}

static void
line_free (gpointer data)
{
  Line *line = data;

  g_free (line->name);
  g_free (line);
}

EventScore *
event_score_new (double tolerance)
{
  EventScore *score = g_new0 (EventScore, 1);

  score->tolerance = tolerance;
  score->groups = g_ptr_array_new_with_free_func (line_free);
  score->labels = g_ptr_array_new_with_free_func (line_free);
  score->all = line_new ("all");
  return score;
}

void
event_score_free (EventScore *score)
{
  if (score == NULL)
    return;
  g_ptr_array_unref (score->groups);
  g_ptr_array_unref (score->labels);
  line_free (score->all);
  g_free (score);
}

static Line *
find_line (const GPtrArray *lines, const char *name)
{
  for (guint i = 0; i < lines->len; i++) {
    Line *line = g_ptr_array_index (lines, i);

    if (g_str_equal (line->name, name))
      return line;
  }
  return NULL;
}

static EventCounts *
counts_of (GPtrArray *lines, const char *name)
{
  Line *line = find_line (lines, name);

  if (line == NULL) {
    line = line_new (name);
    g_ptr_array_add (lines, line);
  }
  return &line->counts;
}

/* s that both share once @reference is widened; below 0: apart. */
static double
overlap (const EventScore *score, const Event *reference, const Event *heard)
{
  return MIN (reference->end + score->tolerance, heard->end)
      - MAX (reference->start - score->tolerance, heard->start);
}

/* The free one that overlaps most, or -1. */
static gint
find_heard (const EventScore *score, const Event *reference,
    const GArray *heard, const gboolean *used)
{
  gint best = -1;
  double most = 0;

  for (guint i = 0; i < heard->len; i++) {
    const Event *event = &g_array_index (heard, Event, i);
    double shared = overlap (score, reference, event);

    if (used[i] || shared < most
        || !g_str_equal (event->label, reference->label))
      continue;
    best = (gint) i;
    most = shared;
  }
  return best;
}

static void
count (EventScore *score, EventCounts *group, const char *label,
    gboolean is_event, gboolean is_found)
{
  EventCounts *counts[]
      = { group, &score->all->counts, counts_of (score->labels, label) };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++) {
    counts[i]->n_events += is_event;
    counts[i]->n_found += is_event && is_found;
    counts[i]->n_false += !is_event;
  }
}

void
event_score_add (EventScore *score, const char *name, const GArray *reference,
    const GArray *heard, double seconds)
{
  EventCounts *group = counts_of (score->groups, name);
  g_autofree gboolean *used = g_new0 (gboolean, heard->len + 1);

  for (guint i = 0; i < reference->len; i++) {
    const Event *event = &g_array_index (reference, Event, i);
    gint found = find_heard (score, event, heard, used);

    if (found >= 0)
      used[found] = TRUE;
    count (score, group, event->label, TRUE, found >= 0);
  }
  for (guint i = 0; i < heard->len; i++)
    if (!used[i])
      count (score, group, g_array_index (heard, Event, i).label, FALSE, FALSE);
  group->n_recordings++;
  group->hours += seconds / 3600;
  score->all->counts.n_recordings++;
  score->all->counts.hours += seconds / 3600;
}

EventCounts
event_score_counts (const EventScore *score, const char *name)
{
  EventCounts counts = { 0 };
  const Line *line = name == NULL ? score->all
      : g_str_has_prefix (name, "label:")
      ? find_line (score->labels, name + strlen ("label:"))
      : find_line (score->groups, name);

  if (line != NULL)
    counts = line->counts;
  return counts;
}

static void
print_rates (const EventCounts *counts, double hours, FILE *file)
{
  double heard = counts->n_found + counts->n_false;

  fprintf (file, "%u\t%u\t%u\t%.2f\t%.2f\t%.2f\t%.2f\n", counts->n_events,
      counts->n_found, counts->n_false,
      heard > 0 ? 100 * counts->n_found / heard : 0,
      counts->n_events > 0 ? 100.0 * counts->n_found / counts->n_events : 0,
      counts->n_events + heard > 0
          ? 200 * counts->n_found / (counts->n_events + heard)
          : 0,
      hours > 0 ? counts->n_false / hours : 0);
}

void
event_score_print (const EventScore *score, FILE *file)
{
  fputs ("group\trecordings\thours\tevents\tfound\tfalse\tprecision\trecall\tf1"
         "\tfalse-alarms-per-hour\n",
      file);
  for (guint i = 0; i <= score->groups->len; i++) {
    const Line *line = i < score->groups->len
        ? g_ptr_array_index (score->groups, i)
        : score->all;

    if (i == score->groups->len && i == 1)
      break;
    fprintf (file, "%s\t%u\t%.4f\t", line->name, line->counts.n_recordings,
        line->counts.hours);
    print_rates (&line->counts, line->counts.hours, file);
  }
  fputs ("\nlabel\tevents\tfound\tfalse\tprecision\trecall\tf1"
         "\tfalse-alarms-per-hour\n",
      file);
  for (guint i = 0; i < score->labels->len; i++) {
    const Line *line = g_ptr_array_index (score->labels, i);

    fprintf (file, "%s\t", line->name);
    print_rates (&line->counts, score->all->counts.hours, file);
  }
}
