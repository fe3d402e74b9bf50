/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <glib/gstdio.h>

#include "tools/training/session.h"

gboolean
log_begin (const char *path, const char *header, gint last, GError **error)
{
  g_autofree char *old = NULL;
  g_autoptr (GString) text = g_string_new (header);
  g_auto (GStrv) lines = NULL;

  if (last >= 0 && g_file_get_contents (path, &old, NULL, NULL)) {
    lines = g_strsplit (old, "\n", -1);
    for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++) {
      if (lines[i][0] != '\0' && g_ascii_strtoll (lines[i], NULL, 10) <= last)
        g_string_append_printf (text, "%s\n", lines[i]);
    }
  }
  return g_file_set_contents (path, text->str, (gssize) text->len, error);
}

gboolean
log_append (const char *path, const char *lines, GError **error)
{
  FILE *file = g_fopen (path, "a");
  gboolean ok = file != NULL && fputs (lines, file) >= 0;

  if (file != NULL)
    ok = fclose (file) == 0 && ok;
  if (!ok)
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: %s", path,
        g_strerror (errno));
  return ok;
}

void
log_add_number (GString *line, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append_printf (line, ",%s",
      g_ascii_formatd (text, sizeof text, "%.6g", value));
}
