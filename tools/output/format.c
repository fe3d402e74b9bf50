/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/output/format.h"

#include <string.h>

static void
append_columns (GString *out, guint64 start, guint64 end, double confidence)
{
  json_append_seconds (out, start);
  g_string_append_c (out, '\t');
  json_append_seconds (out, end);
  g_string_append_c (out, '\t');
  json_append_number (out, confidence, 3);
}

/* --- text ---------------------------------------------------------------- */

static void
text_gesture (const Document *document, guint row, GString *out)
{
  const DocumentGesture *gesture = document_gesture (document, row);

  g_string_append_printf (out, "%s\t", document->display);
  if (!document->is_clip) {
    json_append_seconds (out, gesture->start);
    g_string_append_c (out, '\t');
    json_append_seconds (out, gesture->end);
    g_string_append_c (out, '\t');
  }
  g_string_append_printf (out, "%s\t", gesture->label);
  json_append_number (out, gesture->confidence, 3);
  g_string_append_c (out, '\n');
}

static void
text_row (const Document *document, guint row, const OutputStyle *style,
    GString *out)
{
  const DocumentUtterance *utterance;

  if (!document->is_speech) {
    text_gesture (document, row, out);
    return;
  }
  utterance = document_utterance (document, row);
  if (!style->words) {
    g_string_append_printf (out, "%s\n", utterance->text);
    return;
  }
  for (guint i = 0; i < utterance->n_words; i++) {
    const DocumentWord *word
        = document_word (document, utterance->first_word + i);

    append_columns (out, word->start, word->end, word->confidence);
    g_string_append_printf (out, "\t%s\n", word->text);
  }
}

/* --- CSV (RFC 4180) ------------------------------------------------------ */

static void
csv_append (GString *out, const char *text)
{
  if (strpbrk (text, ",\"\r\n") == NULL) {
    g_string_append (out, text);
    return;
  }
  g_string_append_c (out, '"');
  for (const char *p = text; *p != '\0'; p++) {
    if (*p == '"')
      g_string_append_c (out, '"');
    g_string_append_c (out, *p);
  }
  g_string_append_c (out, '"');
}

static void
csv_line (const Document *document, const char *text, guint64 start,
    guint64 end, double confidence, GString *out)
{
  csv_append (out, document->display);
  g_string_append_c (out, ',');
  json_append_seconds (out, start);
  g_string_append_c (out, ',');
  json_append_seconds (out, end);
  g_string_append_c (out, ',');
  json_append_number (out, confidence, 3);
  g_string_append_c (out, ',');
  csv_append (out, text);
  g_string_append (out, "\r\n");
}

static void
csv_begin (const Document *document, const OutputStyle *style, GString *out)
{
  g_string_append_printf (out, "file,start,end,confidence,%s\r\n",
      !document->is_speech ? "label"
          : style->words   ? "word"
                           : "text");
}

static void
csv_row (const Document *document, guint row, const OutputStyle *style,
    GString *out)
{
  const DocumentUtterance *utterance;

  if (!document->is_speech) {
    const DocumentGesture *gesture = document_gesture (document, row);

    csv_line (document, gesture->label, gesture->start, gesture->end,
        gesture->confidence, out);
    return;
  }
  utterance = document_utterance (document, row);
  if (!style->words)
    csv_line (document, utterance->text, utterance->start, utterance->end,
        utterance->confidence, out);
  for (guint i = 0; style->words && i < utterance->n_words; i++) {
    const DocumentWord *word
        = document_word (document, utterance->first_word + i);

    csv_line (document, word->text, word->start, word->end, word->confidence,
        out);
  }
}

/* --- the table ----------------------------------------------------------- */

static const OutputFormat formats[] = {
  { .name = "txt", .row = text_row },
  { .name = "jsonl", .row = json_lines_row },
  { .name = "csv", .begin = csv_begin, .row = csv_row },
  { .name = "vtt", .whole = web_vtt_write },
  { .name = "srt", .whole = sub_rip_write },
  { .name = "ass", .whole = sub_station_write },
  { .name = "eaf", .whole = elan_write },
};

const OutputFormat *
output_format_find (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_ascii_strcasecmp (formats[i].name, name) == 0)
      return &formats[i];
  return NULL;
}

const OutputFormat *
output_format_of_file (const char *path)
{
  const char *ending = strrchr (path, '.');

  return ending != NULL ? output_format_find (ending + 1) : NULL;
}

char *
output_format_names (void)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", formats[i].name);
  return g_string_free (names, FALSE);
}

void
output_format_write (const OutputFormat *format, const Document *document,
    const OutputStyle *style, GString *out)
{
  if (format->whole != NULL) {
    format->whole (document, style, out);
    return;
  }
  if (format->begin != NULL)
    format->begin (document, style, out);
  for (guint i = 0; i < document_n_rows (document); i++)
    format->row (document, i, style, out);
}
