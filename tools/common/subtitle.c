/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/common/subtitle.h"

#include <errno.h>
#include <stdio.h>

GString *
subtitle_begin (void)
{
  return g_string_new ("WEBVTT\n");
}

static void
append_time (GString *vtt, guint64 time)
{
  guint64 ms = (time + 500000) / 1000000;

  g_string_append_printf (vtt, "%02" G_GUINT64_FORMAT ":%02u:%02u.%03u",
      ms / 3600000, (guint) (ms / 60000 % 60), (guint) (ms / 1000 % 60),
      (guint) (ms % 1000));
}

void
subtitle_append (GString *vtt, guint64 start, guint64 end, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  g_string_append_c (vtt, '\n');
  append_time (vtt, start);
  g_string_append (vtt, " --> ");
  append_time (vtt, end);
  g_string_append_printf (vtt, "\n%s\n", escaped);
}

/* Into what a rename would replace: a device, a pipe. */
static gboolean
write_through (const GString *vtt, const char *path, GError **error)
{
  FILE *file = fopen (path, "w");
  gboolean ok = file != NULL && fwrite (vtt->str, 1, vtt->len, file) == vtt->len
      && fflush (file) == 0;
  int code = errno;

  if (file != NULL)
    fclose (file);
  if (!ok)
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s",
        path, g_strerror (code));
  return ok;
}

gboolean
subtitle_write (const GString *vtt, const char *path, GError **error)
{
  if (g_file_test (path, G_FILE_TEST_EXISTS)
      && (!g_file_test (path, G_FILE_TEST_IS_REGULAR)
          || g_file_test (path, G_FILE_TEST_IS_SYMLINK)))
    return write_through (vtt, path, error);
  return g_file_set_contents (path, vtt->str, (gssize) vtt->len, error);
}
