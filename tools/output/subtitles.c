/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * WebVTT (W3C), SubRip as FFmpeg and players read it, Advanced SubStation. */
#include <string.h>

#include "tools/common/clock.h"
#include "tools/output/format.h"

void
web_vtt_write (const Document *document, const OutputStyle *style, GString *out)
{
  g_autoptr (GPtrArray) captions = captions_new (document, &style->captions);

  g_string_append (out, "WEBVTT\n");
  for (guint i = 0; i < captions->len; i++) {
    const Caption *caption = g_ptr_array_index (captions, i);
    g_autofree char *escaped = g_markup_escape_text (caption->text, -1);

    g_string_append_c (out, '\n');
    clock_append (out, caption->start, '.');
    g_string_append (out, " --> ");
    clock_append (out, caption->end, '.');
    g_string_append_printf (out, "\n%s\n", escaped);
  }
}

void
sub_rip_write (const Document *document, const OutputStyle *style, GString *out)
{
  g_autoptr (GPtrArray) captions = captions_new (document, &style->captions);

  for (guint i = 0; i < captions->len; i++) {
    const Caption *caption = g_ptr_array_index (captions, i);

    g_string_append_printf (out, "%s%u\n", i > 0 ? "\n" : "", i + 1);
    clock_append (out, caption->start, ',');
    g_string_append (out, " --> ");
    clock_append (out, caption->end, ',');
    g_string_append_printf (out, "\n%s\n", caption->text);
  }
}

/* H:MM:SS.cc, rounded; cues stay apart, as none is shorter than 1 cs here. */
static void
append_centiseconds (GString *out, guint64 time)
{
  guint64 cs = (time + 5000000) / 10000000;

  g_string_append_printf (out, "%" G_GUINT64_FORMAT ":%02u:%02u.%02u",
      cs / 360000, (guint) (cs / 6000 % 60), (guint) (cs / 100 % 60),
      (guint) (cs % 100));
}

/* Braces would begin an override, a backslash a control. */
void
sub_station_append_text (GString *out, const char *text)
{
  for (const char *p = text; *p != '\0'; p++) {
    if (*p == '\n')
      g_string_append (out, "\\N");
    else if (*p == '{' || *p == '}')
      g_string_append_printf (out, "\\%c", *p);
    else if (*p == '\\')
      g_string_append (out, "\\\xe2\x81\xa0"); /* word joiner */
    else
      g_string_append_c (out, *p);
  }
}

void
sub_station_header (GString *out)
{
  g_string_append (out,
      "[Script Info]\n"
      "ScriptType: v4.00+\n"
      "PlayResX: 384\n"
      "PlayResY: 288\n"
      "ScaledBorderAndShadow: yes\n"
      "WrapStyle: 2\n\n"
      "[V4+ Styles]\n"
      "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, "
      "OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, "
      "ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, "
      "MarginL, MarginR, MarginV, Encoding\n"
      "Style: Default,Sans,16,&H00FFFFFF,&H00FFFFFF,&H00000000,&H80000000,0,0,"
      "0,0,100,100,0,0,1,1,0,2,10,10,10,1\n\n"
      "[Events]\n"
      "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, "
      "Effect, Text\n");
}

void
sub_station_write (const Document *document, const OutputStyle *style,
    GString *out)
{
  g_autoptr (GPtrArray) captions = captions_new (document, &style->captions);

  sub_station_header (out);
  for (guint i = 0; i < captions->len; i++) {
    const Caption *caption = g_ptr_array_index (captions, i);

    g_string_append (out, "Dialogue: 0,");
    append_centiseconds (out, caption->start);
    g_string_append_c (out, ',');
    append_centiseconds (out, caption->end);
    g_string_append (out, ",Default,,0,0,0,,");
    sub_station_append_text (out, caption->text);
    g_string_append_c (out, '\n');
  }
}
