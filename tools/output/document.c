/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/output/document.h"

#include <gio/gio.h>

Document *
document_new (const char *path)
{
  Document *document = g_new0 (Document, 1);

  document->path = g_strdup (path);
  document->display = document_printable (path);
  document->utterances = g_array_new (FALSE, FALSE, sizeof (DocumentUtterance));
  document->words = g_array_new (FALSE, FALSE, sizeof (DocumentWord));
  document->alternatives
      = g_array_new (FALSE, FALSE, sizeof (DocumentAlternative));
  document->gestures = g_array_new (FALSE, FALSE, sizeof (DocumentGesture));
  document->texts = g_string_chunk_new (4096);
  return document;
}

void
document_free (Document *document)
{
  if (document == NULL)
    return;
  g_free (document->path);
  g_free (document->display);
  g_free (document->model);
  g_free (document->language);
  g_array_unref (document->utterances);
  g_array_unref (document->words);
  g_array_unref (document->alternatives);
  g_array_unref (document->gestures);
  g_clear_pointer (&document->peaks, g_byte_array_unref);
  g_string_chunk_free (document->texts);
  g_free (document);
}

char *
document_printable (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *out = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    g_string_append_unichar (out, g_unichar_iscntrl (c) ? 0xfffd : c);
  }
  return g_string_free (out, FALSE);
}

char *
document_uri (const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);

  return g_file_get_uri (file);
}

static const char *
keep (Document *document, const char *text)
{
  g_autofree char *printable = document_printable (text);

  return g_string_chunk_insert (document->texts, printable);
}

void
document_add_word (Document *document, const char *text, guint64 start,
    guint64 end, double confidence)
{
  DocumentWord word
      = { keep (document, text), start, MAX (start, end), confidence };

  g_array_append_val (document->words, word);
}

void
document_add_alternative (Document *document, const char *text,
    double confidence)
{
  DocumentAlternative alternative = { keep (document, text), confidence };

  g_array_append_val (document->alternatives, alternative);
}

void
document_add_utterance (Document *document, const char *text, guint64 start,
    guint64 end, double confidence)
{
  DocumentUtterance utterance
      = { keep (document, text), start, MAX (start, end), confidence };
  guint n = document->utterances->len;

  if (n > 0) {
    const DocumentUtterance *last = document_utterance (document, n - 1);

    utterance.first_word = last->first_word + last->n_words;
    utterance.first_alternative
        = last->first_alternative + last->n_alternatives;
  }
  utterance.n_words = document->words->len - utterance.first_word;
  utterance.n_alternatives
      = document->alternatives->len - utterance.first_alternative;
  g_array_append_val (document->utterances, utterance);
}

void
document_add_gesture (Document *document, const char *label, guint64 start,
    guint64 end, double confidence)
{
  DocumentGesture gesture
      = { keep (document, label), start, MAX (start, end), confidence };

  g_array_append_val (document->gestures, gesture);
}

guint
document_n_rows (const Document *document)
{
  return document->is_speech ? document->utterances->len
                             : document->gestures->len;
}

const DocumentUtterance *
document_utterance (const Document *document, guint i)
{
  return &g_array_index (document->utterances, DocumentUtterance, i);
}

const DocumentWord *
document_word (const Document *document, guint i)
{
  return &g_array_index (document->words, DocumentWord, i);
}

const DocumentGesture *
document_gesture (const Document *document, guint i)
{
  return &g_array_index (document->gestures, DocumentGesture, i);
}
