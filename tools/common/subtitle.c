/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/common/subtitle.h"

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
