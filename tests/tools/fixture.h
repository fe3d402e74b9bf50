/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A folder of generated recordings, and running programs in it. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct {
  char *folder;
} Fixture;

void fixture_begin (Fixture *fixture);
/* Removes the folder. */
void fixture_end (Fixture *fixture);

/* (transfer full) */
char *fixture_path (const Fixture *fixture, const char *name);
void fixture_write (const Fixture *fixture, const char *name, const char *text);
char *fixture_read (const Fixture *fixture, const char *name, gsize *length);
gboolean fixture_has (const Fixture *fixture, const char *name);

/* A tone as 16-bit mono WAV. */
void fixture_write_tone (const Fixture *fixture, const char *name, guint rate,
    double seconds, double frequency);

typedef struct {
  int status;
  char *out;
  char *err;
} Outcome;

void outcome_clear (Outcome *outcome);

/* Runs a command line in the folder; fails the test if it cannot be started. */
void
fixture_run (const Fixture *fixture, Outcome *outcome, const char *const *argv);
/* "rnncore" with arguments, NULL at the end. */
void fixture_rnncore (const Fixture *fixture, Outcome *outcome,
    ...) G_GNUC_NULL_TERMINATED;
/* Without waiting; stderr and stdout are dropped. */
GSubprocess *
fixture_start_rnncore (const Fixture *fixture, ...) G_GNUC_NULL_TERMINATED;
/* ffmpeg -i lavfi…; skips the test and returns FALSE where there is none. */
gboolean fixture_ffmpeg (const Fixture *fixture, const char *arguments);

G_END_DECLS
