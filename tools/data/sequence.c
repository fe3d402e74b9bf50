/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/data/sequence.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define MAX_BYTES (G_GUINT64_CONSTANT (1) << 28)

Sequence *
sequence_new (void)
{
  Sequence *sequence = g_new0 (Sequence, 1);

  sequence->features = g_array_new (FALSE, FALSE, sizeof (float));
  sequence->labels = g_array_new (FALSE, FALSE, sizeof (guint));
  sequence->values = g_array_new (FALSE, FALSE, sizeof (float));
  return sequence;
}

void
sequence_free (Sequence *sequence)
{
  if (sequence == NULL)
    return;
  g_array_unref (sequence->features);
  g_array_unref (sequence->labels);
  g_array_unref (sequence->values);
  g_free (sequence);
}

typedef struct {
  const char *path;
  guint line;
  guint n_features;
  const TargetFormat *format;
  const Labels *labels;
  Sequence *sequence;
} Reader;

static gboolean
fail_line (const Reader *reader, GError **error, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "%s:%u: %s", reader->path,
      reader->line, text);
  return FALSE;
}

static gboolean
parse_number (const char *text, float *value)
{
  char *end = NULL;
  double number = g_ascii_strtod (text, &end);

  *value = (float) number;
  return end != text && *end == '\0' && isfinite (*value);
}

static gboolean
take_numbers (const Reader *reader, char **fields, guint first, guint n,
    GArray *to, GError **error)
{
  for (guint i = first; i < first + n; i++) {
    float value;

    if (!parse_number (fields[i], &value))
      return fail_line (reader, error, "column %u: \"%s\" is not a number",
          i + 1, fields[i]);
    g_array_append_val (to, value);
  }
  return TRUE;
}

static gboolean
take_target (const Reader *reader, char **fields, GError **error)
{
  const TargetFormat *format = reader->format;
  Sequence *sequence = reader->sequence;
  gint label;

  if (format == NULL || format->loss == RNNC_LOSS_CTC)
    return TRUE;
  if (format->loss == RNNC_LOSS_MSE) {
    if (format->many_to_one)
      g_array_set_size (sequence->values, 0);
    return take_numbers (reader, fields, reader->n_features, format->n_values,
        sequence->values, error);
  }
  if (format->many_to_one)
    return TRUE;
  label = labels_find (reader->labels, fields[reader->n_features], error);
  if (label < 0) {
    g_prefix_error (error, "%s:%u: ", reader->path, reader->line);
    return FALSE;
  }
  g_array_append_val (sequence->labels, label);
  return TRUE;
}

/* Columns that must be there. */
static guint
columns_needed (const Reader *reader)
{
  const TargetFormat *format = reader->format;

  if (format == NULL || format->loss == RNNC_LOSS_CTC)
    return reader->n_features;
  if (format->loss == RNNC_LOSS_MSE)
    return reader->n_features + format->n_values;
  return reader->n_features + (format->many_to_one ? 0 : 1);
}

static gboolean
read_line (Reader *reader, char *line, GError **error)
{
  const char *separator = strchr (line, '\t') ? "\t" : ",";
  g_auto (GStrv) fields = NULL;
  guint n;
  float value;

  g_strchomp (line);
  if (line[0] == '\0')
    return TRUE;
  fields = g_strsplit (line, separator, -1);
  n = g_strv_length (fields);
  for (guint i = 0; i < n; i++)
    g_strstrip (fields[i]);
  if (reader->line == 1 && !parse_number (fields[0], &value))
    return TRUE; /* the names */
  if (n < columns_needed (reader))
    return fail_line (reader, error, "%u columns, %u are needed", n,
        columns_needed (reader));
  if (!take_numbers (reader, fields, 0, reader->n_features,
          reader->sequence->features, error)
      || !take_target (reader, fields, error))
    return FALSE;
  reader->sequence->n_steps++;
  return TRUE;
}

static gboolean
read_text (const char *path, char **text, GError **error)
{
  g_autoptr (GError) fault = NULL;
  gsize length;

  if (!g_file_get_contents (path, text, &length, &fault)) {
    g_set_error_literal (error, RNNC_ERROR, RNNC_ERROR_IO, fault->message);
    return FALSE;
  }
  if (length <= MAX_BYTES && memchr (*text, '\0', length) == NULL
      && g_utf8_validate (*text, (gssize) length, NULL))
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s: %s", path,
      length > MAX_BYTES ? "larger than 256 MiB" : "not UTF-8 text");
  return FALSE;
}

Sequence *
sequence_read (const char *path, guint n_features, const TargetFormat *format,
    const Labels *labels, GError **error)
{
  g_autoptr (Sequence) sequence = sequence_new ();
  Reader reader = { path, 0, n_features, format, labels, sequence };
  g_autofree char *text = NULL;
  char *next;

  if (!read_text (path, &text, error))
    return NULL;
  next = text;
  while (next != NULL && *next != '\0') {
    char *line = next;

    next = strchr (line, '\n');
    if (next != NULL)
      *next++ = '\0';
    reader.line++;
    if (!read_line (&reader, line, error))
      return NULL;
  }
  if (sequence->n_steps == 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "%s: no numbers", path);
    return NULL;
  }
  return g_steal_pointer (&sequence);
}
