/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which recordings a batch is about. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  char *path;
  char *name;   /* of its results below an output folder, without ending */
  guint64 size; /* bytes; 0 if unknown */
  gint64 mtime; /* s; 0 if unknown */
} Input;

typedef struct {
  char *list;     /* (nullable): a file with a name a line; "-": stdin */
  gboolean nulls; /* names in @list end with a NUL instead */
  guint shard;    /* 0-based; of @n_shards parts each n-th is taken */
  guint n_shards; /* 1: all */
} InputOptions;

/**
 * inputs_collect:
 * @arguments: files and folders
 *
 * Folders are searched for names with the endings of audio and video, in
 * order of names; hidden ones and what rnncore made itself are passed over, as
 * are links to folders. What is named twice is taken once. Of a folder the
 * results are named as the recordings are below it, of a file as that file;
 * where two would get the same name, the media's ending is kept, and where that
 * does not help, a number that depends on the path is appended. Names do not
 * depend on the shard.
 *
 * Returns: (transfer full) (element-type Input): may be empty; or %NULL with
 *   @error if the list cannot be read. A missing file is an input too.
 */
GPtrArray *inputs_collect (const InputOptions *options,
    const char *const *arguments, GError **error);

G_END_DECLS
