/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/spelling.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rnncore/model/model-private.h"
#include "rnncore/rnnc-decoding.h"

static gboolean
refuse_file (const char *path, int code, const char *reason, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);

  g_set_error (error, RNNC_ERROR, code, "%s: %s", name, reason);
  return FALSE;
}

/* A byte more than allowed is enough to know: nothing endless is read. */
static gboolean
read_file (const char *path, GString *text, GError **error)
{
  FILE *file = fopen (path, "rbe");
  int fault;

  if (file == NULL)
    return refuse_file (path, RNNC_ERROR_IO, g_strerror (errno), error);
  g_string_set_size (text, RNNC_MAX_TEXT_BYTES + 1);
  errno = 0;
  g_string_set_size (text, fread (text->str, 1, text->len, file));
  fault = ferror (file) ? errno : 0;
  fclose (file);
  if (fault != 0)
    return refuse_file (path, RNNC_ERROR_IO, g_strerror (fault), error);
  return TRUE;
}

static guint
line_of (const char *text, const char *at)
{
  guint line = 1;

  for (; text < at; text++)
    line += *text == '\n';
  return line;
}

GStrv
rnnc_text_load (const char *path, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const char *end, *from;
  GStrv lines;

  if (!read_file (path, text, error))
    return NULL;
  if (text->len > RNNC_MAX_TEXT_BYTES) {
    refuse_file (path, RNNC_ERROR_FORMAT, "larger than 1 MiB", error);
    return NULL;
  }
  if (!g_utf8_validate_len (text->str, text->len, &end)) {
    g_autofree char *name = g_filename_display_name (path);

    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s:%u: not UTF-8", name,
        line_of (text->str, end));
    return NULL;
  }
  from = g_str_has_prefix (text->str, "\xef\xbb\xbf") ? text->str + 3
                                                      : text->str;
  lines = g_strsplit (from, "\n", -1);
  for (char **line = lines; *line != NULL; line++) {
    gsize n = strlen (*line);

    if (n > 0 && (*line)[n - 1] == '\r')
      (*line)[n - 1] = '\0';
  }
  return lines;
}

gboolean
rnnc_text_is_idle (const char *line)
{
  while (g_ascii_isspace (*line))
    line++;
  return *line == '\0' || *line == '#';
}

void
rnnc_text_name_line (GError **error, const char *name, guint line)
{
  g_autofree char *display = g_filename_display_name (name);

  g_prefix_error (error, "%s:%u: ", display, line);
}

/* --- letters -------------------------------------------------------------- */

static gboolean
is_letter (RnncModel *model, guint label)
{
  const char *text = rnnc_model_label (model, label);

  return (gint) label != rnnc_model_blank (model) && *text != '\0'
      && strcmp (text, " ") != 0;
}

void
rnnc_spelling_init (RnncSpelling *spelling, RnncModel *model)
{
  *spelling = (RnncSpelling){ .model = model, .space = -1, .fold = TRUE };
  for (guint i = 0; i < rnnc_model_n_labels (model); i++) {
    const char *text = rnnc_model_label (model, i);

    if ((gint) i == rnnc_model_blank (model))
      continue;
    if (strcmp (text, " ") == 0)
      spelling->space = (gint) i;
    for (; *text != '\0'; text = g_utf8_next_char (text))
      if (g_unichar_isupper (g_utf8_get_char (text)))
        spelling->fold = FALSE;
  }
  spelling->words
      = rnnc_labels_are_words ((const char *const *) model->description->labels,
          rnnc_model_n_labels (model), rnnc_model_blank (model));
}

static gsize
bytes_of_word (const char *text)
{
  const char *end = text;

  while (*end != '\0' && !g_unichar_isspace (g_utf8_get_char (end)))
    end = g_utf8_next_char (end);
  return (gsize) (end - text);
}

/* The longest that @text begins with, or the word that it begins with; -1:
 * none. */
static gint
find_letter (const RnncSpelling *spelling, const char *text, gsize n_bytes)
{
  RnncModel *model = spelling->model;
  gsize word = spelling->words ? bytes_of_word (text) : 0;
  gsize longest = 0;
  gint found = -1;

  for (guint i = 0; i < rnnc_model_n_labels (model); i++) {
    const char *label = rnnc_model_label (model, i);
    gsize n = strlen (label);

    if (n > longest && n <= n_bytes && is_letter (model, i)
        && (word == 0 || n == word) && memcmp (label, text, n) == 0) {
      longest = n;
      found = (gint) i;
    }
  }
  return found;
}

static gboolean
refuse_letter (const RnncSpelling *spelling, const char *at, GError **error)
{
  gunichar letter = g_utf8_get_char (at);
  char text[7] = { 0 };

  g_unichar_to_utf8 (letter, text);
  if (spelling->words)
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "the model does not know the word \"%.*s\"",
        (int) MIN (bytes_of_word (at), 80), at);
  else if (g_unichar_isprint (letter))
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "the model has no letter \"%s\"", text);
  else
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "the model has no letter U+%04X", letter);
  return FALSE;
}

gboolean
rnnc_spell (const RnncSpelling *spelling, const char *text, gsize n_bytes,
    GArray *letters, GError **error)
{
  g_autofree char *folded = spelling->fold
      ? g_utf8_strdown (text, (gssize) n_bytes)
      : g_strndup (text, n_bytes);
  const char *at = folded, *end = folded + strlen (folded);
  guint first = letters->len;
  gboolean between = FALSE;

  while (at < end) {
    gint label;
    guint16 value;

    if (g_unichar_isspace (g_utf8_get_char (at))) {
      between = letters->len > first;
      at = g_utf8_next_char (at);
      continue;
    }
    label = find_letter (spelling, at, (gsize) (end - at));
    if (label < 0)
      return refuse_letter (spelling, at, error);
    if (between && spelling->space >= 0) {
      value = (guint16) spelling->space;
      g_array_append_val (letters, value);
    }
    between = FALSE;
    value = (guint16) label;
    g_array_append_val (letters, value);
    at += strlen (rnnc_model_label (spelling->model, (guint) label));
  }
  if (letters->len == first) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "no letters");
    return FALSE;
  }
  if (letters->len - first > RNNC_MAX_TEXT_LETTERS) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "more than %u letters",
        RNNC_MAX_TEXT_LETTERS);
    return FALSE;
  }
  return TRUE;
}

gboolean
rnnc_same_labels (RnncModel *a, RnncModel *b)
{
  if (a == b)
    return TRUE;
  if (rnnc_model_n_labels (a) != rnnc_model_n_labels (b)
      || rnnc_model_blank (a) != rnnc_model_blank (b))
    return FALSE;
  for (guint i = 0; i < rnnc_model_n_labels (a); i++)
    if (strcmp (rnnc_model_label (a, i), rnnc_model_label (b, i)) != 0)
      return FALSE;
  return TRUE;
}
