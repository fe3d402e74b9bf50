/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/output/report.h"

#include <gio/gio.h>
#include <string.h>

#include "tools/common/write-file.h"
#include "tools/media/playable.h"

#define RESOURCES "/org/gst-rnn/report/"

static char *
absolute_path (const char *path)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);

  return g_file_get_path (file);
}

static char *
digest_of (const char *path)
{
  g_autofree char *absolute = absolute_path (path);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA1, absolute, -1);
}

char *
report_part_path (const char *folder, const char *path, const char *kind)
{
  g_autofree char *digest = digest_of (path);
  g_autofree char *name = g_strdup_printf ("%s.%s.json", digest, kind);

  return g_build_filename (folder, "recordings", name, NULL);
}

/* --- links --------------------------------------------------------------- */

/* From @folder to @path, relative, so that both may be moved together. */
static char *
relative_link (const char *folder, const char *path)
{
  g_autofree char *from = absolute_path (folder);
  g_autofree char *to = absolute_path (path);
  g_auto (GStrv) steps = g_strsplit (from, "/", -1);
  g_auto (GStrv) names = g_strsplit (to, "/", -1);
  GString *link = g_string_new (NULL);
  guint same = 0;

  while (steps[same] != NULL && names[same] != NULL
      && g_str_equal (steps[same], names[same]))
    same++;
  for (guint i = same; steps[i] != NULL; i++)
    g_string_append (link, "../");
  for (guint i = same; names[i] != NULL; i++) {
    g_autofree char *escaped = g_uri_escape_bytes ((const guint8 *) names[i],
        strlen (names[i]), NULL);

    g_string_append_printf (link, "%s%s", i > same ? "/" : "", escaped);
  }
  return g_string_free (link, FALSE);
}

/* What the page plays. (transfer full) */
static char *
media_link (const char *folder, const char *path, const Playable *playable,
    GError **error)
{
  g_autofree char *digest = NULL;
  g_autofree char *name = NULL;
  g_autofree char *copy = NULL;

  if (playable->as_it_is)
    return relative_link (folder, path);
  digest = digest_of (path);
  name = g_strconcat (digest, ".webm", NULL);
  copy = g_build_filename (folder, "media", name, NULL);
  if (!g_file_test (copy, G_FILE_TEST_EXISTS)
      && !playable_make_copy (path, playable, copy, error))
    return NULL;
  return g_strconcat ("media/", name, NULL);
}

/* --- parts --------------------------------------------------------------- */

static void
append_member (GString *out, const char *name, const char *value)
{
  g_string_append_printf (out, "\"%s\":", name);
  json_append_string (out, value ? value : "");
  g_string_append (out, ",\n");
}

static void
append_captions (const Document *document, const CaptionRules *rules,
    GString *out)
{
  g_autoptr (GPtrArray) captions = captions_new (document, rules);

  g_string_append (out, "\"captions\":[");
  for (guint i = 0; i < captions->len; i++) {
    const Caption *caption = g_ptr_array_index (captions, i);

    g_string_append (out, i > 0 ? ",\n{\"start\":" : "\n{\"start\":");
    json_append_seconds (out, caption->start);
    g_string_append (out, ",\"end\":");
    json_append_seconds (out, caption->end);
    g_string_append (out, ",\"text\":");
    json_append_string (out, caption->text);
    g_string_append_c (out, '}');
  }
  g_string_append (out, "],\n");
}

static void
append_peaks (const Document *document, GString *out)
{
  g_autofree char *peaks = document->peaks != NULL && document->peaks->len > 0
      ? g_base64_encode (document->peaks->data, document->peaks->len)
      : NULL;

  g_string_append_printf (out, "\"peaksPerSecond\":%d,\n",
      DOCUMENT_PEAKS_PER_SECOND);
  append_member (out, "peaks", peaks);
}

static void
append_rows (const Document *document, GString *out)
{
  g_string_append (out, "\"rows\":[");
  for (guint i = 0; i < document_n_rows (document); i++) {
    g_string_append (out, i > 0 ? ",\n" : "\n");
    json_append_row (document, i, NULL, out);
  }
  g_string_append (out, "]}\n");
}

gboolean
report_write_part (const char *folder, const char *kind,
    const Document *document, const CaptionRules *rules, GError **error)
{
  g_autofree char *path = report_part_path (folder, document->path, kind);
  g_autofree char *uri = document_uri (document->path);
  g_autoptr (GString) out = g_string_new ("{");
  g_autofree char *media = NULL;
  Playable playable;

  if (!playable_look (document->path, &playable, error))
    return FALSE;
  media = media_link (folder, document->path, &playable, error);
  if (media == NULL)
    return FALSE;
  append_member (out, "kind", kind);
  append_member (out, "name", document->display);
  append_member (out, "uri", uri);
  append_member (out, "media", media);
  append_member (out, "element", playable.has_video ? "video" : "audio");
  append_member (out, "model", document->model);
  append_member (out, "language", document->language);
  g_string_append (out, "\"duration\":");
  json_append_seconds (out, document->duration);
  g_string_append (out, ",\n");
  append_captions (document, rules, out);
  append_peaks (document, out);
  append_rows (document, out);
  return write_file (path, out->str, out->len, error);
}

/* --- the page ------------------------------------------------------------ */

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GString *
join_parts (const char *folder, GError **error)
{
  g_autofree char *parts = g_build_filename (folder, "recordings", NULL);
  g_autoptr (GDir) directory = g_dir_open (parts, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) data = g_string_new ("[");
  const char *name;

  while (directory != NULL && (name = g_dir_read_name (directory)) != NULL)
    if (name[0] != '.' && g_str_has_suffix (name, ".json"))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *path
        = g_build_filename (parts, g_ptr_array_index (names, i), NULL);
    g_autofree char *text = NULL;
    gsize length;

    if (!g_file_get_contents (path, &text, &length, error))
      return NULL;
    g_string_append (data, i > 0 ? ",\n" : "");
    g_string_append_len (data, text, (gssize) length);
  }
  g_string_append_c (data, ']');
  return g_steal_pointer (&data);
}

static void
append_resource (GString *out, const char *name)
{
  g_autofree char *path = g_strconcat (RESOURCES, name, NULL);
  g_autoptr (GBytes) bytes
      = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  gsize size;
  const char *data;

  g_assert (bytes != NULL);
  data = g_bytes_get_data (bytes, &size);
  g_string_append_len (out, data, (gssize) size);
}

gboolean
report_write_page (const char *folder, GError **error)
{
  g_autofree char *path = g_build_filename (folder, "index.html", NULL);
  g_autoptr (GString) data = join_parts (folder, error);
  g_autoptr (GString) page = g_string_new (NULL);

  if (data == NULL)
    return FALSE;
  append_resource (page, "head.html");
  g_string_append (page, "<style>\n");
  append_resource (page, "page.css");
  g_string_append (page, "</style>\n");
  append_resource (page, "body.html");
  g_string_append (page, "<script type=\"application/json\" id=\"data\">\n");
  g_string_append_len (page, data->str, (gssize) data->len);
  g_string_append (page, "</script>\n<script>\n");
  append_resource (page, "page.js");
  g_string_append (page, "</script>\n</html>\n");
  return write_file (path, page->str, page->len, error);
}
