/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the command says to people: messages and progress, on stderr. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* One line, "rnncore: …"; ends a running progress line first. */
void message (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* A line that is rewritten on a terminal; elsewhere a plain line now and then.
 * One at a time, from the main thread. */
typedef struct {
  const char *title;
  gint64 began;  /* us, monotonic */
  gint64 shown;  /* us; of the last line */
  double origin; /* share done when it began, 0..1 */
} Progress;

void progress_begin (Progress *progress, const char *title, double done);
/* @done: 0..1; @detail: (nullable) */
void progress_show (Progress *progress, double done, const char *detail);
/* Before others write to the terminal; the line comes back. */
void progress_clear (void);
/* Removes the line from a terminal. */
void progress_end (Progress *progress);

/* "1 h 02 min", "3 min 20 s", "12 s". */
char *format_seconds (double seconds);

G_END_DECLS
