/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/batch/inputs.h"

#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const media_endings[] = { "3g2", "3gp", "aac", "ac3", "aif",
  "aiff", "amr", "ape", "asf", "au", "avi", "caf", "dv", "dts", "eac3", "flac",
  "flv", "m2ts", "m2v", "m4a", "m4b", "m4v", "mka", "mkv", "mov", "mp2", "mp3",
  "mp4", "mpeg", "mpg", "mts", "mxf", "nut", "oga", "ogg", "ogv", "opus", "ra",
  "rm", "rmvb", "snd", "sph", "spx", "tak", "ts", "tta", "voc", "vob", "w64",
  "wav", "weba", "webm", "wma", "wmv", "wv", "y4m" };

typedef struct {
  GPtrArray *inputs;
  GHashTable *seen; /* paths */
} Collection;

static void
input_free (gpointer data)
{
  Input *input = data;

  g_free (input->path);
  g_free (input->name);
  g_free (input);
}

static gboolean
is_media (const char *name)
{
  const char *ending = strrchr (name, '.');

  if (ending == NULL || name[0] == '.' || strstr (name, ".subtitled.") != NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (media_endings); i++)
    if (g_ascii_strcasecmp (ending + 1, media_endings[i]) == 0)
      return TRUE;
  return FALSE;
}

/* @name: as results are to be named, with the media's ending. */
static void
add (Collection *collection, const char *path, const char *name)
{
  Input *input;
  struct stat status;

  if (!g_hash_table_add (collection->seen, g_strdup (path)))
    return;
  input = g_new0 (Input, 1);
  input->path = g_strdup (path);
  input->name = g_strdup (name);
  if (stat (path, &status) == 0) {
    input->size = (guint64) status.st_size;
    input->mtime = status.st_mtime;
  }
  g_ptr_array_add (collection->inputs, input);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* @prefix: where @path is below the folder that was named, "" or "x/". */
static void
add_folder (Collection *collection, const char *path, const char *prefix)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  /* As a recording it will be reported. */
  if (folder == NULL)
    add (collection, path, path);
  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    if (name[0] != '.')
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++) {
    const char *inner = g_ptr_array_index (names, i);
    g_autofree char *full = g_build_filename (path, inner, NULL);
    g_autofree char *below = g_strconcat (prefix, inner, NULL);
    g_autofree char *deeper = g_strconcat (below, "/", NULL);

    if (!g_file_test (full, G_FILE_TEST_IS_DIR)) {
      if (is_media (inner))
        add (collection, full, below);
    } else if (!g_file_test (full, G_FILE_TEST_IS_SYMLINK)) {
      add_folder (collection, full, deeper);
    }
  }
}

static void
add_path (Collection *collection, const char *path)
{
  g_autofree char *name = g_path_get_basename (path);

  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    add_folder (collection, path, "");
  else
    add (collection, path, name);
}

/* --- lists --------------------------------------------------------------- */

static char *
read_all (const char *path, gsize *length, GError **error)
{
  g_autoptr (GInputStream) in = NULL;
  g_autoptr (GOutputStream) out = NULL;
  char *text = NULL;

  if (!g_str_equal (path, "-"))
    return g_file_get_contents (path, &text, length, error) ? text : NULL;
  in = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  out = g_memory_output_stream_new_resizable ();
  if (g_output_stream_splice (out, in, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
          NULL, error)
      < 0) {
    g_prefix_error (error, "standard input: ");
    return NULL;
  }
  *length = g_memory_output_stream_get_data_size (G_MEMORY_OUTPUT_STREAM (out));
  return g_memory_output_stream_steal_data (G_MEMORY_OUTPUT_STREAM (out));
}

static gboolean
add_list (Collection *collection, const InputOptions *options, GError **error)
{
  char end = options->nulls ? '\0' : '\n';
  gsize length = 0;
  g_autofree char *text = read_all (options->list, &length, error);

  if (text == NULL && error != NULL && *error != NULL)
    return FALSE;
  for (gsize at = 0; at < length;) {
    const char *stop = memchr (text + at, end, length - at);
    gsize n = stop != NULL ? (gsize) (stop - text) - at : length - at;
    g_autofree char *path = g_strndup (text + at, n);

    /* A line may end as Windows ends it. */
    if (!options->nulls && g_str_has_suffix (path, "\r"))
      path[strlen (path) - 1] = '\0';
    if (path[0] != '\0')
      add_path (collection, path);
    at += n + 1;
  }
  return TRUE;
}

/* --- names --------------------------------------------------------------- */

static char *
without_ending (const char *name)
{
  const char *base = strrchr (name, '/');
  const char *ending = strrchr (name, '.');

  base = base != NULL ? base + 1 : name;
  return ending != NULL && ending > base
      ? g_strndup (name, (gsize) (ending - name))
      : g_strdup (name);
}

static char *
with_digest (const Input *input)
{
  g_autofree char *digest
      = g_compute_checksum_for_string (G_CHECKSUM_SHA1, input->path, -1);

  return g_strdup_printf ("%s-%.8s", input->name, digest);
}

/* Counts of each name. */
static GHashTable *
count (const GPtrArray *names)
{
  GHashTable *counts = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < names->len; i++) {
    gpointer name = g_ptr_array_index (names, i);

    g_hash_table_insert (counts, name,
        GUINT_TO_POINTER (
            GPOINTER_TO_UINT (g_hash_table_lookup (counts, name)) + 1));
  }
  return counts;
}

static gboolean
is_single (GHashTable *counts, const char *name)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (counts, name)) < 2;
}

static void
choose_names (GPtrArray *inputs)
{
  g_autoptr (GPtrArray) shorts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) fulls = g_ptr_array_new ();
  g_autoptr (GHashTable) short_counts = NULL;
  g_autoptr (GHashTable) full_counts = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < inputs->len; i++) {
    Input *input = g_ptr_array_index (inputs, i);

    g_ptr_array_add (shorts, without_ending (input->name));
    g_ptr_array_add (fulls, input->name);
  }
  short_counts = count (shorts);
  full_counts = count (fulls);
  for (guint i = 0; i < inputs->len; i++) {
    Input *input = g_ptr_array_index (inputs, i);
    const char *stem = g_ptr_array_index (shorts, i);

    g_ptr_array_add (names,
        is_single (short_counts, stem)             ? g_strdup (stem)
            : is_single (full_counts, input->name) ? g_strdup (input->name)
                                                   : with_digest (input));
  }
  for (guint i = 0; i < inputs->len; i++) {
    Input *input = g_ptr_array_index (inputs, i);

    g_free (input->name);
    input->name = g_ptr_array_index (names, i);
  }
}

static GPtrArray *
take_shard (GPtrArray *inputs, const InputOptions *options)
{
  GPtrArray *part = g_ptr_array_new_with_free_func (input_free);

  for (guint i = 0; i < inputs->len; i++) {
    Input *input = g_ptr_array_index (inputs, i);

    if (i % options->n_shards == options->shard)
      g_ptr_array_add (part, input);
    else
      input_free (input);
  }
  return part;
}

GPtrArray *
inputs_collect (const InputOptions *options, const char *const *arguments,
    GError **error)
{
  g_autoptr (GPtrArray) inputs = g_ptr_array_new ();
  g_autoptr (GHashTable) seen
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Collection collection = { inputs, seen };
  gboolean ok;

  for (guint i = 0; arguments[i] != NULL; i++)
    add_path (&collection, arguments[i]);
  ok = options->list == NULL || add_list (&collection, options, error);
  if (!ok) {
    g_ptr_array_foreach (inputs, (GFunc) (void (*) (void)) input_free, NULL);
    return NULL;
  }
  choose_names (inputs);
  return take_shard (inputs, options);
}
