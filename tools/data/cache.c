/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A file: CacheHeader, CacheEntry [n_rows], then the recordings, each at a
 * multiple of 8 bytes, in any order. */
#include "tools/data/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/common/interrupt.h"
#include "tools/common/message.h"

#define MAGIC "RNNCACHE"
#define VERSION 1
#define DIGEST_BYTES 32
#define PROGRESS_INTERVAL (G_USEC_PER_SEC / 4)

typedef struct {
  char magic[8];
  guint32 version;
  guint32 n_rows;
  guint8 digest[DIGEST_BYTES];
  guint64 file_size;
} CacheHeader;

typedef struct {
  guint64 offset; /* bytes, from the file's beginning; 0: not decoded */
  guint64 n_units;
} CacheEntry;

struct _Cache {
  CacheFormat format;
  char *path;
  guint8 digest[DIGEST_BYTES];
  guint n_rows;
  GMappedFile *map;
  const CacheEntry *entries;
};

void
cache_format_from_frontend (const RnncFrontendConfig *frontend,
    CacheFormat *format)
{
  *format = (CacheFormat){ 0 };
  switch (frontend->type) {
    case RNNC_FRONTEND_LOG_MEL:
      format->rate = frontend->log_mel.rate;
      break;
    case RNNC_FRONTEND_VIDEO:
      format->is_video = TRUE;
      format->width = frontend->video.width;
      format->height = frontend->video.height;
      format->colour = frontend->video.colour;
      break;
    case RNNC_FRONTEND_WAVEFORM:
      format->rate = frontend->waveform.rate;
      break;
    case RNNC_FRONTEND_NONE:
      format->n_features = frontend->features;
      break;
  }
}

char *
cache_default_directory (void)
{
  return g_build_filename (g_get_user_cache_dir (), "rnncore", NULL);
}

/* Changes with everything that the content depends on. */
static void
name_cache (Cache *cache, const Manifest *manifest, const char *directory)
{
  const CacheFormat *format = &cache->format;
  g_autofree char *full = g_canonicalize_filename (manifest->path, NULL);
  g_autofree char *base = g_path_get_basename (full);
  g_autofree char *key = format->is_video
      ? g_strdup_printf ("video %ux%u %s", format->width, format->height,
          format->colour ? "colour" : "grey")
      : g_strdup_printf ("audio %u", format->rate);
  g_autofree char *text = g_strdup_printf ("%u\n%s\n%" G_GUINT64_FORMAT
                                           "\n%" G_GINT64_FORMAT "\n%s",
      VERSION, full, manifest->size, manifest->mtime, key);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize length = DIGEST_BYTES;
  g_autofree char *name = NULL;

  g_checksum_update (sum, (const guchar *) text, (gssize) strlen (text));
  name = g_strdup_printf ("%s-%.16s.cache", base, g_checksum_get_string (sum));
  cache->path = g_build_filename (directory, name, NULL);
  g_checksum_get_digest (sum, cache->digest, &length);
}

static gsize
unit_bytes (const CacheFormat *format)
{
  if (!format->is_video)
    return sizeof (gint16);
  return sizeof (guint64)
      + (gsize) format->width * format->height * (format->colour ? 3 : 1);
}

static gsize
table_bytes (guint n_rows)
{
  return sizeof (CacheHeader) + (gsize) n_rows * sizeof (CacheEntry);
}

/* Whether @map is a whole cache of this manifest and format. */
static gboolean
is_valid (const Cache *cache, GMappedFile *map)
{
  const CacheHeader *header = (const void *) g_mapped_file_get_contents (map);
  const CacheEntry *entries;
  guint64 size = g_mapped_file_get_length (map);

  if (header == NULL || size < table_bytes (cache->n_rows)
      || memcmp (header->magic, MAGIC, sizeof header->magic) != 0
      || header->version != VERSION || header->n_rows != cache->n_rows
      || memcmp (header->digest, cache->digest, DIGEST_BYTES) != 0
      || header->file_size != size)
    return FALSE;
  entries = (const void *) (header + 1);
  for (guint row = 0; row < cache->n_rows; row++) {
    const CacheEntry *entry = &entries[row];

    if (entry->offset == 0 && entry->n_units == 0)
      continue;
    if (entry->offset % 8 != 0 || entry->offset < table_bytes (cache->n_rows)
        || entry->offset > size
        || entry->n_units
            > (size - entry->offset) / unit_bytes (&cache->format))
      return FALSE;
  }
  return TRUE;
}

static gboolean
map_cache (Cache *cache)
{
  g_autoptr (GMappedFile) map = g_mapped_file_new (cache->path, FALSE, NULL);

  if (map == NULL || !is_valid (cache, map))
    return FALSE;
  g_clear_pointer (&cache->map, g_mapped_file_unref);
  cache->map = g_steal_pointer (&map);
  cache->entries = (const void *) (g_mapped_file_get_contents (cache->map)
      + sizeof (CacheHeader));
  return TRUE;
}

/* --- building ---------------------------------------------------------------
 */

typedef struct {
  Cache *cache;
  const Manifest *manifest;
  int fd;
  GMutex mutex;
  GCond changed;
  guint64 end; /* of the file so far */
  CacheEntry *entries;
  guint n_done;
  int code; /* errno of the first failed write */
  GPtrArray *complaints;
} Builder;

static int
write_at (int fd, gconstpointer data, gsize size, guint64 offset)
{
  const char *from = data;

  while (size > 0) {
    ssize_t n = pwrite (fd, from, size, (off_t) offset);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n < 0 ? errno : ENOSPC;
    from += n;
    size -= (gsize) n;
    offset += (guint64) n;
  }
  return 0;
}

static void
store (Builder *builder, guint row, gconstpointer data, gsize size,
    gsize n_units)
{
  guint64 offset;
  int code;

  g_mutex_lock (&builder->mutex);
  offset = builder->end;
  builder->end = (offset + size + 7) & ~G_GUINT64_CONSTANT (7);
  g_mutex_unlock (&builder->mutex);
  code = write_at (builder->fd, data, size, offset);
  g_mutex_lock (&builder->mutex);
  if (code == 0)
    builder->entries[row] = (CacheEntry){ offset, n_units };
  else if (builder->code == 0)
    builder->code = code;
  g_mutex_unlock (&builder->mutex);
}

static void
decode_row (gpointer data, gpointer user_data)
{
  Builder *builder = user_data;
  guint row = GPOINTER_TO_UINT (data) - 1;
  g_autoptr (GError) error = NULL;

  if (!interrupt_seen () && g_atomic_int_get (&builder->code) == 0) {
    g_autofree char *path = manifest_media_path (builder->manifest, row);
    gsize n_units = 0;
    g_autoptr (GByteArray) bytes
        = decode_recording (path, &builder->cache->format, &n_units, &error);

    if (bytes != NULL)
      store (builder, row, bytes->data, bytes->len, n_units);
  }
  g_mutex_lock (&builder->mutex);
  builder->n_done++;
  if (error != NULL)
    g_ptr_array_add (builder->complaints,
        g_strdup_printf ("%s:%u: %s; passed over", builder->manifest->path,
            builder->manifest->lines[row], error->message));
  g_cond_signal (&builder->changed);
  g_mutex_unlock (&builder->mutex);
}

/* What the old file has is copied. Returns: rows still to be decoded. */
static GArray *
keep_old (Builder *builder, const gboolean *needed)
{
  Cache *cache = builder->cache;
  GArray *missing = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint row = 0; row < cache->n_rows; row++) {
    if (cache->entries != NULL && cache->entries[row].n_units > 0) {
      const CacheEntry *entry = &cache->entries[row];

      store (builder, row,
          g_mapped_file_get_contents (cache->map) + entry->offset,
          entry->n_units * unit_bytes (&cache->format), entry->n_units);
    } else if (needed[row]) {
      g_array_append_val (missing, row);
    }
  }
  return missing;
}

static void
decode_missing (Builder *builder, const GArray *missing, guint n_threads)
{
  GThreadPool *pool
      = g_thread_pool_new (decode_row, builder, (gint) n_threads, FALSE, NULL);
  g_autofree char *title
      = g_strdup_printf ("decoding %s", builder->manifest->path);
  Progress progress;

  progress_begin (&progress, title, 0);
  for (guint i = 0; i < missing->len; i++)
    g_thread_pool_push (pool,
        GUINT_TO_POINTER (g_array_index (missing, guint, i) + 1), NULL);
  g_mutex_lock (&builder->mutex);
  while (builder->n_done < missing->len) {
    g_cond_wait_until (&builder->changed, &builder->mutex,
        g_get_monotonic_time () + PROGRESS_INTERVAL);
    progress_show (&progress, (double) builder->n_done / missing->len, NULL);
  }
  g_mutex_unlock (&builder->mutex);
  progress_end (&progress);
  g_thread_pool_free (pool, FALSE, TRUE);
  for (guint i = 0; i < builder->complaints->len; i++)
    message ("%s", (const char *) g_ptr_array_index (builder->complaints, i));
}

static int
write_table (Builder *builder)
{
  const Cache *cache = builder->cache;
  CacheHeader header = { MAGIC, VERSION, cache->n_rows };
  int code;

  memcpy (header.digest, cache->digest, DIGEST_BYTES);
  header.file_size = builder->end;
  code = write_at (builder->fd, &header, sizeof header, 0);
  if (code == 0)
    code = write_at (builder->fd, builder->entries,
        cache->n_rows * sizeof (CacheEntry), sizeof header);
  if (code == 0 && ftruncate (builder->fd, (off_t) builder->end) != 0)
    code = errno;
  if (code == 0 && fsync (builder->fd) != 0)
    code = errno;
  return code;
}

/* Writes aside, then renames: another run may build the same file. */
static gboolean
build_cache (Cache *cache, const Manifest *manifest, const gboolean *needed,
    guint n_threads, GError **error)
{
  g_autofree char *aside = g_strconcat (cache->path, ".XXXXXX", NULL);
  Builder builder = { .cache = cache, .manifest = manifest };
  g_autoptr (GArray) missing = NULL;
  int code;

  builder.fd = g_mkstemp_full (aside, O_RDWR | O_CLOEXEC, 0644);
  if (builder.fd < 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: %s", cache->path,
        g_strerror (errno));
    return FALSE;
  }
  g_mutex_init (&builder.mutex);
  g_cond_init (&builder.changed);
  builder.entries = g_new0 (CacheEntry, cache->n_rows);
  builder.complaints = g_ptr_array_new_with_free_func (g_free);
  builder.end = (table_bytes (cache->n_rows) + 7) & ~G_GUINT64_CONSTANT (7);
  missing = keep_old (&builder, needed);
  decode_missing (&builder, missing, n_threads);
  code = builder.code != 0 ? builder.code : write_table (&builder);
  close (builder.fd);
  if (code == 0 && g_rename (aside, cache->path) != 0)
    code = errno;
  if (code != 0) {
    g_unlink (aside);
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: %s", cache->path,
        g_strerror (code));
  }
  g_free (builder.entries);
  g_ptr_array_unref (builder.complaints);
  g_cond_clear (&builder.changed);
  g_mutex_clear (&builder.mutex);
  return code == 0 && interrupt_check (error);
}

Cache *
cache_open (const Manifest *manifest, const CacheFormat *format,
    const gboolean *needed, const char *directory, guint n_threads,
    GError **error)
{
  g_autoptr (Cache) cache = g_new0 (Cache, 1);
  gboolean whole;

  cache->format = *format;
  cache->n_rows = manifest->n_rows;
  name_cache (cache, manifest, directory);
  whole = map_cache (cache);
  for (guint row = 0; whole && row < cache->n_rows; row++)
    whole = !needed[row] || cache->entries[row].n_units > 0;
  if (whole)
    return g_steal_pointer (&cache);
  if (g_mkdir_with_parents (directory, 0755) != 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: %s", directory,
        g_strerror (errno));
    return NULL;
  }
  if (!build_cache (cache, manifest, needed, MAX (n_threads, 1), error))
    return NULL;
  if (!map_cache (cache)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO,
        "%s: the cache cannot be read back", cache->path);
    return NULL;
  }
  return g_steal_pointer (&cache);
}

void
cache_free (Cache *cache)
{
  if (cache == NULL)
    return;
  g_clear_pointer (&cache->map, g_mapped_file_unref);
  g_free (cache->path);
  g_free (cache);
}

/* --- reading
 * ------------------------------------------------------------------ */

gsize
cache_n_units (const Cache *cache, guint row)
{
  return cache->entries[row].n_units;
}

static const char *
entry_data (const Cache *cache, guint row)
{
  return g_mapped_file_get_contents (cache->map) + cache->entries[row].offset;
}

const gint16 *
cache_samples (const Cache *cache, guint row)
{
  return (const void *) entry_data (cache, row);
}

const guint64 *
cache_times (const Cache *cache, guint row)
{
  return (const void *) entry_data (cache, row);
}

const guint8 *
cache_pictures (const Cache *cache, guint row)
{
  return (
      const guint8 *) (cache_times (cache, row) + cache_n_units (cache, row));
}

double
cache_seconds (const Cache *cache, guint row)
{
  gsize n = cache_n_units (cache, row);
  const guint64 *times;

  if (!cache->format.is_video)
    return (double) n / cache->format.rate;
  if (n < 2)
    return 0;
  times = cache_times (cache, row);
  return (double) (times[n - 1] - times[0]) / 1e9 * (double) n
      / (double) (n - 1);
}
