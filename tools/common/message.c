/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/common/message.h"

#include <stdio.h>
#include <unistd.h>

#define TERMINAL_INTERVAL (G_USEC_PER_SEC / 5)
#define PLAIN_INTERVAL (30 * G_USEC_PER_SEC)

static gboolean line_is_open;

static void
close_line (void)
{
  if (line_is_open)
    fputs ("\r\033[K", stderr);
  line_is_open = FALSE;
}

void
message (const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  close_line ();
  fprintf (stderr, "rnncore: %s\n", text);
}

char *
format_seconds (double seconds)
{
  guint64 whole = (guint64) CLAMP (seconds + 0.5, 0, 1e15);

  if (whole >= 3600)
    return g_strdup_printf ("%" G_GUINT64_FORMAT " h %02u min", whole / 3600,
        (guint) (whole / 60 % 60));
  if (whole >= 60)
    return g_strdup_printf ("%u min %02u s", (guint) (whole / 60),
        (guint) (whole % 60));
  return g_strdup_printf ("%u s", (guint) whole);
}

void
progress_begin (Progress *progress, const char *title, double done)
{
  progress->title = title;
  progress->began = g_get_monotonic_time ();
  progress->shown = progress->began;
  progress->origin = done;
}

void
progress_show (Progress *progress, double done, const char *detail)
{
  gboolean terminal = isatty (STDERR_FILENO);
  gint64 now = g_get_monotonic_time ();
  double passed = (double) (now - progress->began) / G_USEC_PER_SEC;
  g_autofree char *rest = NULL;
  g_autofree char *line = NULL;

  if (now - progress->shown < (terminal ? TERMINAL_INTERVAL : PLAIN_INTERVAL))
    return;
  progress->shown = now;
  if (done > progress->origin)
    rest = format_seconds (passed * (1 - done) / (done - progress->origin));
  line = g_strdup_printf ("%s %3.0f %%%s%s%s%s", progress->title, 100 * done,
      rest ? ", " : "", rest ? rest : "", rest ? " left" : "",
      detail ? detail : "");
  if (terminal) {
    fprintf (stderr, "\r\033[K%s", line);
    line_is_open = TRUE;
  } else {
    fprintf (stderr, "%s\n", line);
  }
}

void
progress_clear (void)
{
  close_line ();
  fflush (stderr);
}

void
progress_end (Progress *progress)
{
  close_line ();
}
