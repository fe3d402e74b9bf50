/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/data/collection-private.h"

struct _Collection {
  CacheFormat format;
  char *directory;
  guint n_threads;
  GHashTable *members; /* path -> CollectionMember */
};

static void
member_free (gpointer data)
{
  CollectionMember *member = data;

  cache_free (member->cache);
  manifest_free (member->manifest);
  g_free (member->needed);
  g_free (member);
}

Collection *
collection_new (const CacheFormat *format, const char *directory,
    guint n_threads)
{
  Collection *collection = g_new0 (Collection, 1);

  collection->format = *format;
  collection->directory = g_strdup (directory);
  collection->n_threads = n_threads;
  collection->members
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, member_free);
  return collection;
}

void
collection_free (Collection *collection)
{
  if (collection == NULL)
    return;
  g_hash_table_unref (collection->members);
  g_free (collection->directory);
  g_free (collection);
}

const CacheFormat *
collection_format (const Collection *collection)
{
  return &collection->format;
}

CollectionMember *
collection_member (Collection *collection, const char *path, GError **error)
{
  CollectionMember *member = g_hash_table_lookup (collection->members, path);

  if (member != NULL)
    return member;
  g_autoptr (Manifest) manifest = collection->format.is_text
      ? manifest_load_texts (path, error)
      : manifest_load (path, error);
  if (manifest == NULL)
    return NULL;
  member = g_new0 (CollectionMember, 1);
  member->needed = g_new0 (gboolean, manifest->n_rows + 1);
  member->manifest = g_steal_pointer (&manifest);
  g_hash_table_insert (collection->members, g_strdup (path), member);
  return member;
}

gboolean
collection_add (Collection *collection, const GPtrArray *sources,
    GError **error)
{
  for (guint i = 0; i < sources->len; i++) {
    const DataSource *source = g_ptr_array_index (sources, i);
    CollectionMember *member;
    g_autoptr (GArray) rows = NULL;

    if (source->generator != NULL)
      continue;
    member = collection_member (collection, source->manifest, error);
    if (member == NULL)
      return FALSE;
    rows = data_source_rows (source, member->manifest, error);
    if (rows == NULL)
      return FALSE;
    for (guint r = 0; r < rows->len; r++)
      member->needed[g_array_index (rows, guint, r)] = TRUE;
  }
  return TRUE;
}

gboolean
collection_add_kind (Collection *collection, const char *manifest,
    const char *kind, GError **error)
{
  CollectionMember *member = collection_member (collection, manifest, error);
  gboolean any = FALSE;
  gint column;

  if (member == NULL)
    return FALSE;
  column = manifest_require_column (member->manifest, "kind", error);
  if (column < 0)
    return FALSE;
  for (guint row = 0; row < member->manifest->n_rows; row++) {
    if (!g_str_equal (manifest_field (member->manifest, row, column), kind))
      continue;
    member->needed[row] = TRUE;
    any = TRUE;
  }
  if (!any)
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: no row of kind \"%s\"", manifest, kind);
  return any;
}

gboolean
collection_decode (Collection *collection, GError **error)
{
  GHashTableIter iter;
  gpointer value;

  if (collection->format.n_features > 0)
    return TRUE; /* numbers are read as they are */
  g_hash_table_iter_init (&iter, collection->members);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    CollectionMember *member = value;

    g_clear_pointer (&member->cache, cache_free);
    member->cache = cache_open (member->manifest, &collection->format,
        member->needed, collection->directory, collection->n_threads, error);
    if (member->cache == NULL)
      return FALSE;
  }
  return TRUE;
}

GArray *
collection_recordings (Collection *collection, const char *manifest,
    const char *kind)
{
  GArray *recordings = g_array_new (FALSE, FALSE, sizeof (Recording));
  CollectionMember *member
      = manifest ? g_hash_table_lookup (collection->members, manifest) : NULL;
  gint column;

  if (member == NULL)
    return recordings;
  column = manifest_column (member->manifest, "kind");
  for (guint row = 0; row < member->manifest->n_rows; row++) {
    Recording recording;

    if (!g_str_equal (manifest_field (member->manifest, row, column), kind)
        || cache_n_units (member->cache, row) == 0)
      continue;
    recording.samples = cache_samples (member->cache, row);
    recording.n_samples = cache_n_units (member->cache, row);
    g_array_append_val (recordings, recording);
  }
  return recordings;
}

gboolean
collection_values (Collection *collection, const GPtrArray *sources,
    const char *column, GHashTable *values, GError **error)
{
  for (guint i = 0; i < sources->len; i++) {
    const DataSource *source = g_ptr_array_index (sources, i);
    CollectionMember *member;
    g_autoptr (GArray) rows = NULL;
    gint index;

    if (source->generator != NULL) {
      const char *const *names = generator_labels (source->generator);

      for (guint n = 0; names[n] != NULL; n++)
        g_hash_table_add (values, (gpointer) names[n]);
      continue;
    }
    member = collection_member (collection, source->manifest, error);
    if (member == NULL)
      return FALSE;
    index = manifest_require_column (member->manifest, column, error);
    if (index < 0)
      return FALSE;
    rows = data_source_rows (source, member->manifest, error);
    if (rows == NULL)
      return FALSE;
    for (guint r = 0; r < rows->len; r++)
      g_hash_table_add (values,
          (gpointer) manifest_field (member->manifest,
              g_array_index (rows, guint, r), index));
  }
  return TRUE;
}
