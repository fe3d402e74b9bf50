/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>
#include <string.h>

#include "tools/output/format.h"

void
json_append_string (GString *out, const char *text)
{
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), text);
  g_autofree char *json = json_to_string (node, FALSE);

  /* "</script>" must not end one. */
  for (const char *p = json; *p != '\0'; p++)
    if (*p == '<')
      g_string_append (out, "\\u003c");
    else
      g_string_append_c (out, *p);
}

void
json_append_number (GString *out, double value, guint digits)
{
  char format[8], text[G_ASCII_DTOSTR_BUF_SIZE];

  g_snprintf (format, sizeof format, "%%.%uf", MIN (digits, 9));
  g_string_append (out, g_ascii_formatd (text, sizeof text, format, value));
}

void
json_append_seconds (GString *out, guint64 time)
{
  guint64 ms = (time + 500000) / 1000000;

  g_string_append_printf (out, "%" G_GUINT64_FORMAT ".%03u", ms / 1000,
      (guint) (ms % 1000));
}

static void
append_span (GString *out, guint64 start, guint64 end, double confidence)
{
  g_string_append (out, ",\"start\":");
  json_append_seconds (out, start);
  g_string_append (out, ",\"end\":");
  json_append_seconds (out, end);
  g_string_append (out, ",\"confidence\":");
  json_append_number (out, confidence, 4);
}

static void
append_words (const Document *document, const DocumentUtterance *utterance,
    GString *out)
{
  g_string_append (out, ",\"words\":[");
  for (guint i = 0; i < utterance->n_words; i++) {
    const DocumentWord *word
        = document_word (document, utterance->first_word + i);

    g_string_append (out, i > 0 ? ",{\"text\":" : "{\"text\":");
    json_append_string (out, word->text);
    append_span (out, word->start, word->end, word->confidence);
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

static void
append_alternatives (const Document *document,
    const DocumentUtterance *utterance, GString *out)
{
  g_string_append (out, ",\"alternatives\":[");
  for (guint i = 0; i < utterance->n_alternatives; i++) {
    const DocumentAlternative *alternative
        = &g_array_index (document->alternatives, DocumentAlternative,
            utterance->first_alternative + i);

    g_string_append (out, i > 0 ? ",{\"text\":" : "{\"text\":");
    json_append_string (out, alternative->text);
    g_string_append (out, ",\"confidence\":");
    json_append_number (out, alternative->confidence, 4);
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

void
json_append_row (const Document *document, guint row, const char *extra,
    GString *out)
{
  g_string_append_printf (out, "{%s", extra ? extra : "");
  if (document->is_speech) {
    const DocumentUtterance *utterance = document_utterance (document, row);

    g_string_append (out, "\"text\":");
    json_append_string (out, utterance->text);
    append_span (out, utterance->start, utterance->end, utterance->confidence);
    append_words (document, utterance, out);
    append_alternatives (document, utterance, out);
  } else {
    const DocumentGesture *gesture = document_gesture (document, row);

    g_string_append (out, "\"label\":");
    json_append_string (out, gesture->label);
    append_span (out, gesture->start, gesture->end, gesture->confidence);
  }
  g_string_append_c (out, '}');
}

/* JSON is UTF-8: where a file's name is not, "uri" says which file it is. */
void
json_lines_row (const Document *document, guint row, const OutputStyle *style,
    GString *out)
{
  g_autoptr (GString) file = g_string_new ("\"file\":");

  json_append_string (file, document->display);
  if (strcmp (document->display, document->path) != 0) {
    g_autofree char *uri = document_uri (document->path);

    g_string_append (file, ",\"uri\":");
    json_append_string (file, uri);
  }
  g_string_append_c (file, ',');
  json_append_row (document, row, file->str, out);
  g_string_append_c (out, '\n');
}
