/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/data/manifest.h"

#include <errno.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_BYTES (512u << 20)
#define MAX_COLUMNS 64

void
manifest_free (Manifest *manifest)
{
  if (manifest == NULL)
    return;
  g_free (manifest->path);
  g_free (manifest->directory);
  g_free (manifest->columns);
  g_free (manifest->fields);
  g_free (manifest->lines);
  g_free (manifest->text);
  g_free (manifest);
}

static gboolean
fail_at (const Manifest *manifest, guint line, GError **error,
    const char *format, ...)
{
  va_list arguments;
  g_autofree char *reason = NULL;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s:%u: %s",
      manifest->path, line, reason);
  return FALSE;
}

static gboolean
read_text (Manifest *manifest, gsize *length, GError **error)
{
  struct stat info;
  g_autoptr (GError) fault = NULL;

  if (stat (manifest->path, &info) != 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: %s", manifest->path,
        g_strerror (errno));
    return FALSE;
  }
  if (!S_ISREG (info.st_mode) || info.st_size > MAX_BYTES) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO,
        "%s: not a regular file of at most %u MiB", manifest->path,
        MAX_BYTES >> 20);
    return FALSE;
  }
  if (!g_file_get_contents (manifest->path, &manifest->text, length, &fault)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: %s", manifest->path,
        fault->message);
    return FALSE;
  }
  manifest->size = *length;
  manifest->mtime = (gint64) info.st_mtim.tv_sec * G_USEC_PER_SEC
      + info.st_mtim.tv_nsec / 1000;
  return TRUE;
}

/* Cuts @line at its tabs. Returns: the number of fields, at most @max + 1. */
static guint
split (char *line, char **fields, guint max)
{
  guint n = 0;

  for (;;) {
    char *tab = strchr (line, '\t');

    if (n == max)
      return n + 1;
    fields[n++] = line;
    if (tab == NULL)
      return n;
    *tab = '\0';
    line = tab + 1;
  }
}

static gboolean
read_header (Manifest *manifest, char *line, GError **error)
{
  char *columns[MAX_COLUMNS];
  guint n = split (line, columns, MAX_COLUMNS);

  if (n > MAX_COLUMNS)
    return fail_at (manifest, 1, error, "more than %u columns", MAX_COLUMNS);
  for (guint i = 0; i < n; i++)
    for (guint j = 0; j < i; j++)
      if (g_str_equal (columns[i], columns[j]))
        return fail_at (manifest, 1, error, "column \"%s\" is there twice",
            columns[i]);
  manifest->n_columns = n;
  manifest->columns = g_new0 (char *, n + 1);
  memcpy (manifest->columns, columns, n * sizeof *columns);
  return TRUE;
}

static gboolean
read_row (Manifest *manifest, char *line, guint number, GPtrArray *fields,
    GArray *lines, GError **error)
{
  char *row[MAX_COLUMNS];
  guint n = split (line, row, manifest->n_columns);
  gint path = manifest_column (manifest, "path");

  if (n != manifest->n_columns)
    return fail_at (manifest, number, error, "%s%u fields, the header has %u",
        n > manifest->n_columns ? "more than " : "",
        n > manifest->n_columns ? manifest->n_columns : n, manifest->n_columns);
  if (path >= 0 && row[path][0] == '\0')
    return fail_at (manifest, number, error, "the path is empty");
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (fields, row[i]);
  g_array_append_val (lines, number);
  return TRUE;
}

static gboolean
read_lines (Manifest *manifest, gsize length, GError **error)
{
  g_autoptr (GPtrArray) fields = g_ptr_array_new ();
  g_autoptr (GArray) lines = g_array_new (FALSE, FALSE, sizeof (guint));
  char *next = manifest->text;
  const char *bad;
  guint number = 0;

  if (!g_utf8_validate (manifest->text, (gssize) length, &bad)) {
    for (const char *c = manifest->text; c < bad; c++)
      number += *c == '\n';
    return fail_at (manifest, number + 1, error, "not UTF-8 text");
  }
  if (g_str_has_prefix (next, "\xef\xbb\xbf"))
    next += 3;
  while (next != NULL && *next != '\0') {
    char *line = next;
    char *end = strchr (line, '\n');

    number++;
    next = end ? end + 1 : NULL;
    if (end == NULL)
      end = line + strlen (line);
    if (end > line && end[-1] == '\r')
      end--;
    *end = '\0';
    if (*line == '\0' && number > 1)
      continue;
    if (number == 1 ? !read_header (manifest, line, error)
                    : !read_row (manifest, line, number, fields, lines, error))
      return FALSE;
  }
  if (manifest->columns == NULL)
    return fail_at (manifest, 1, error, "no header line");
  manifest->n_rows = lines->len;
  manifest->fields
      = (char **) g_ptr_array_free (g_steal_pointer (&fields), FALSE);
  manifest->lines
      = (guint *) (void *) g_array_free (g_steal_pointer (&lines), FALSE);
  return TRUE;
}

/* --- folders ---------------------------------------------------------------
 */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* What is in @path, sorted, hidden files left out. (transfer full) */
static GPtrArray *
list_folder (const Manifest *manifest, const char *path, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) folder = NULL;
  GError *fault = NULL;
  const char *name;

  folder = g_dir_open (path, 0, &fault);
  if (folder == NULL) {
    g_set_error_literal (error, RNNC_ERROR, RNNC_ERROR_IO, fault->message);
    g_error_free (fault);
    return NULL;
  }
  while ((name = g_dir_read_name (folder)) != NULL) {
    if (name[0] == '.')
      continue;
    if (strpbrk (name, "\t\r\n") != NULL || !g_utf8_validate (name, -1, NULL)) {
      g_autofree char *shown = g_filename_display_name (name);

      g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT,
          "%s: the name of %s is not UTF-8, or has a tab or a line break",
          manifest->path, shown);
      return NULL;
    }
    g_ptr_array_add (names, g_strdup (name));
  }
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

/* Rows for the recordings of one label. What makes a recording another one,
 * size and time, goes into @sum. */
static gboolean
add_label_folder (const Manifest *manifest, const char *label, GString *text,
    GChecksum *sum, GError **error)
{
  g_autofree char *folder = g_build_filename (manifest->path, label, NULL);
  g_autoptr (GPtrArray) names = list_folder (manifest, folder, error);

  for (guint i = 0; names != NULL && i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autofree char *state = NULL;
    struct stat info;

    if (stat (path, &info) != 0 || !S_ISREG (info.st_mode))
      continue;
    state = g_strdup_printf ("%s/%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                             ".%09ld\n",
        label, name, (gint64) info.st_size, (gint64) info.st_mtim.tv_sec,
        info.st_mtim.tv_nsec);
    g_checksum_update (sum, (const guchar *) state, (gssize) strlen (state));
    g_string_append_printf (text, "%s/%s\t%s\n", label, name, label);
  }
  return names != NULL;
}

/* A manifest of columns "path" and "label" for a folder of folders. */
static gboolean
read_folder (Manifest *manifest, gsize *length, GError **error)
{
  g_autoptr (GPtrArray) names = list_folder (manifest, manifest->path, error);
  g_autoptr (GString) text = g_string_new ("path\tlabel\n");
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *digits = NULL;

  if (names == NULL)
    return FALSE;
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);
    g_autofree char *folder = g_build_filename (manifest->path, name, NULL);

    if (g_file_test (folder, G_FILE_TEST_IS_DIR)
        && !add_label_folder (manifest, name, text, sum, error))
      return FALSE;
  }
  manifest->size = text->len;
  digits = g_strndup (g_checksum_get_string (sum), 15);
  manifest->mtime = (gint64) g_ascii_strtoull (digits, NULL, 16);
  *length = text->len;
  manifest->text = g_string_free (g_steal_pointer (&text), FALSE);
  g_free (manifest->directory);
  manifest->directory = g_strdup (manifest->path);
  return TRUE;
}

Manifest *
manifest_load_texts (const char *path, GError **error)
{
  g_autoptr (Manifest) manifest = g_new0 (Manifest, 1);
  gsize length = 0;

  manifest->path = g_strdup (path);
  manifest->directory = g_path_get_dirname (path);
  if (!(g_file_test (path, G_FILE_TEST_IS_DIR)
              ? read_folder (manifest, &length, error)
              : read_text (manifest, &length, error))
      || !read_lines (manifest, length, error))
    return NULL;
  return g_steal_pointer (&manifest);
}

Manifest *
manifest_load (const char *path, GError **error)
{
  g_autoptr (Manifest) manifest = manifest_load_texts (path, error);

  if (manifest == NULL)
    return NULL;
  if (manifest_column (manifest, "path") < 0) {
    fail_at (manifest, 1, error, "no column \"path\" in the header");
    return NULL;
  }
  return g_steal_pointer (&manifest);
}

gint
manifest_column (const Manifest *manifest, const char *name)
{
  for (guint i = 0; i < manifest->n_columns; i++)
    if (g_str_equal (manifest->columns[i], name))
      return (gint) i;
  return -1;
}

gint
manifest_require_column (const Manifest *manifest, const char *name,
    GError **error)
{
  gint column = manifest_column (manifest, name);

  if (column < 0) {
    g_autofree char *all = g_strjoinv (", ", manifest->columns);

    fail_at (manifest, 1, error, "no column \"%s\" (it has: %s)", name, all);
  }
  return column;
}

const char *
manifest_field (const Manifest *manifest, guint row, gint column)
{
  return manifest->fields[(gsize) row * manifest->n_columns + (guint) column];
}

char *
manifest_media_path (const Manifest *manifest, guint row)
{
  return manifest_path (manifest, row, manifest_column (manifest, "path"));
}

char *
manifest_path (const Manifest *manifest, guint row, gint column)
{
  const char *path = manifest_field (manifest, row, column);

  if (g_path_is_absolute (path) || g_str_equal (manifest->directory, "."))
    return g_strdup (path);
  return g_build_filename (manifest->directory, path, NULL);
}

Condition *
condition_new (const char *column, const char *const *values, gboolean except)
{
  Condition *condition = g_new0 (Condition, 1);

  condition->column = g_strdup (column);
  condition->values = g_strdupv ((GStrv) values);
  condition->except = except;
  return condition;
}

void
condition_free (Condition *condition)
{
  g_free (condition->column);
  g_strfreev (condition->values);
  g_free (condition);
}

GArray *
manifest_select (const Manifest *manifest, const GPtrArray *conditions,
    GError **error)
{
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (guint));
  guint n_conditions = conditions ? conditions->len : 0;
  g_autofree gint *columns = g_new (gint, n_conditions + 1);

  for (guint i = 0; i < n_conditions; i++) {
    const Condition *condition = g_ptr_array_index (conditions, i);

    columns[i] = manifest_require_column (manifest, condition->column, error);
    if (columns[i] < 0)
      return NULL;
  }
  for (guint row = 0; row < manifest->n_rows; row++) {
    gboolean chosen = TRUE;

    for (guint i = 0; chosen && i < n_conditions; i++) {
      const Condition *condition = g_ptr_array_index (conditions, i);
      const char *field = manifest_field (manifest, row, columns[i]);

      chosen = g_strv_contains ((const char *const *) condition->values, field)
          != condition->except;
    }
    if (chosen)
      g_array_append_val (rows, row);
  }
  return g_steal_pointer (&rows);
}
