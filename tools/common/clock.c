/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/common/clock.h"

#include <string.h>

/* s; keeps times far from where 64 bits of ns end. */
#define MAX_TIME 1e8

gboolean
clock_parse (const char *text, guint64 *time)
{
  g_auto (GStrv) parts = g_strsplit (text, ":", -1);
  guint n = g_strv_length (parts);
  double seconds = 0;

  if (n < 1 || n > 3)
    return FALSE;
  for (guint i = 0; i < n; i++) {
    char *end;
    double value = g_ascii_strtod (parts[i], &end);

    /* Whole numbers but for the last; nothing over 59 behind a colon. */
    if (!g_ascii_isdigit (parts[i][0]) || *end != '\0'
        || strpbrk (parts[i], "xXeE") != NULL || (i > 0 && value >= 60)
        || (i + 1 < n && strchr (parts[i], '.') != NULL))
      return FALSE;
    seconds = seconds * 60 + value;
  }
  if (!(seconds <= MAX_TIME))
    return FALSE;
  *time = (guint64) (seconds * 1e9 + 0.5);
  return TRUE;
}

guint64
clock_milliseconds (guint64 time)
{
  return (time + 500000) / 1000000;
}

void
clock_append (GString *out, guint64 time, char point)
{
  guint64 ms = clock_milliseconds (time);

  g_string_append_printf (out, "%02" G_GUINT64_FORMAT ":%02u:%02u%c%03u",
      ms / 3600000, (guint) (ms / 60000 % 60), (guint) (ms / 1000 % 60), point,
      (guint) (ms % 1000));
}
