/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/batch/outputs.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/common/write-file.h"
#include "tools/media/embed.h"
#include "tools/output/report.h"

gboolean
outputs_have_files (const JobOptions *options)
{
  return options->output != NULL || options->folder != NULL
      || options->report != NULL || options->embed;
}

char *
outputs_check (const JobOptions *options, const GPtrArray *inputs)
{
  const OutputFormat *format;

  if (inputs->len <= 1)
    return NULL;
  if (options->output != NULL)
    return g_strdup ("--output is for one recording; see --output-dir");
  if (options->folder != NULL || options->formats->len == 0)
    return NULL;
  format = g_ptr_array_index (options->formats, 0);
  return format->whole == NULL
      ? NULL
      : g_strdup_printf ("%s of several recordings needs --output-dir",
          format->name);
}

/* (transfer full): NULL where it is standard output. */
static char *
format_path (const JobOptions *options, const Input *input,
    const OutputFormat *format)
{
  g_autofree char *name = NULL;

  if (options->output != NULL)
    return g_strdup (options->output);
  if (options->folder == NULL)
    return NULL;
  name = g_strconcat (input->name, ".", format->name, NULL);
  return g_build_filename (options->folder, name, NULL);
}

static gboolean
is_newer (const char *path, const Input *input)
{
  struct stat status;

  return stat (path, &status) == 0 && S_ISREG (status.st_mode)
      && status.st_mtime >= input->mtime;
}

static gboolean
embedded_is_there (const JobOptions *options, const Input *input)
{
  for (guint i = 0; embed_endings[i] != NULL; i++) {
    g_autofree char *path
        = embed_path (options->folder, input->name, embed_endings[i]);

    if (is_newer (path, input))
      return TRUE;
  }
  return FALSE;
}

gboolean
outputs_are_there (const JobOptions *options, const Input *input)
{
  for (guint i = 0; i < options->formats->len; i++) {
    g_autofree char *path
        = format_path (options, input, g_ptr_array_index (options->formats, i));

    if (path == NULL || !is_newer (path, input))
      return FALSE;
  }
  if (options->embed && !embedded_is_there (options, input))
    return FALSE;
  if (options->report != NULL) {
    g_autofree char *path
        = report_part_path (options->report, input->path, options->report_kind);

    return is_newer (path, input);
  }
  return TRUE;
}

/* --- writing ------------------------------------------------------------- */

static gboolean
is_same_file (const char *a, const char *b)
{
  struct stat one, other;

  return stat (a, &one) == 0 && stat (b, &other) == 0
      && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static gboolean
write_format (const JobOptions *options, const Input *input,
    const OutputFormat *format, const Document *document, gboolean with_name,
    GString *out, gsize *n_header, GError **error)
{
  g_autofree char *path = format_path (options, input, format);
  g_autoptr (GString) text = NULL;

  if (path == NULL) {
    if (with_name && g_str_equal (format->name, "txt") && document->is_speech)
      g_string_append_printf (out, "%s%s\n",
          options->style.words ? "# " : "== ", document->display);
    if (format->begin != NULL)
      format->begin (document, &options->style, out);
    *n_header = format->begin != NULL ? out->len : 0;
    for (guint i = 0; format->row && i < document_n_rows (document); i++)
      format->row (document, i, &options->style, out);
    if (format->whole != NULL)
      format->whole (document, &options->style, out);
    return TRUE;
  }
  if (is_same_file (path, input->path)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS,
        "%s: it is the recording itself", path);
    return FALSE;
  }
  text = g_string_new (NULL);
  output_format_write (format, document, &options->style, text);
  return write_file (path, text->str, text->len, error);
}

gboolean
outputs_write (const JobOptions *options, const Input *input,
    const Document *document, gboolean with_name, GString *out, gsize *n_header,
    GError **error)
{
  for (guint i = 0; i < options->formats->len; i++)
    if (!write_format (options, input, g_ptr_array_index (options->formats, i),
            document, with_name, out, n_header, error))
      return FALSE;
  if (options->embed) {
    g_autoptr (GPtrArray) captions
        = captions_new (document, &options->style.captions);

    if (!embed_subtitles (input->path, captions, document->language,
            options->folder, input->name, error))
      return FALSE;
  }
  return options->report == NULL
      || report_write_part (options->report, options->report_kind, document,
          &options->style.captions, error);
}

gboolean
outputs_finish_report (const JobOptions *options, GError **error)
{
  return report_write_page (options->report, error);
}
