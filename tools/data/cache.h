/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Decoded recordings of one manifest in one mapped file: samples of 16 bits at
 * the model's rate, or pictures at the network's size with their times. The
 * file's name and header carry a hash over manifest (path, size, time of
 * change) and format; a file of anything else is not touched. */
#pragma once

#include "tools/data/manifest.h"

G_BEGIN_DECLS

/* What the network's front end needs of a recording. */
typedef struct {
  gboolean is_video;
  guint n_features; /* numbers: nothing is decoded; 0: media */
  gboolean is_text; /* the manifest's own texts, letter by letter */
  guint rate;       /* audio: Hz */
  guint width, height;
  gboolean colour;
} CacheFormat;

void cache_format_from_frontend (const RnncFrontendConfig *frontend,
    CacheFormat *format);

typedef struct _Cache Cache;

/**
 * cache_open:
 * @needed: [rows of @manifest]: those that must be there
 * @n_threads: that decode what is missing
 *
 * Opens the manifest's file below @directory, decoding what is missing into a
 * new one that takes its place. Recordings that cannot be decoded are reported
 * and stay empty.
 *
 * Returns: (transfer full): or %NULL with @error
 */
Cache *cache_open (const Manifest *manifest, const CacheFormat *format,
    const gboolean *needed, const char *directory, guint n_threads,
    GError **error);
void cache_free (Cache *cache);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Cache, cache_free)

/* Samples or pictures; 0: could not be decoded. */
gsize cache_n_units (const Cache *cache, guint row);
const gint16 *cache_samples (const Cache *cache, guint row);
/* ns, one a picture. */
const guint64 *cache_times (const Cache *cache, guint row);
/* [n, height, width, 1 or 3] */
const guint8 *cache_pictures (const Cache *cache, guint row);
double cache_seconds (const Cache *cache, guint row);

/* "$XDG_CACHE_HOME/rnncore" */
char *cache_default_directory (void);

/* --- one recording (decode-recording.c) ------------------------------------
 */

/* Decodes @path to what the cache holds of it: [samples] or [times, pictures].
 * Returns: (transfer full) or %NULL with @error */
GByteArray *decode_recording (const char *path, const CacheFormat *format,
    gsize *n_units, GError **error);

G_END_DECLS
