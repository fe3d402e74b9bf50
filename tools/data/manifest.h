/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A list of recordings: tab-separated, UTF-8, one a line, the first line names
 * the columns. "path" is relative to the manifest's folder. Or a folder with a
 * folder for each label: "path" and "label" of the files inside. */
#pragma once

#include "rnncore/rnncore.h"

G_BEGIN_DECLS

typedef struct {
  char *path;
  char *directory;
  GStrv columns;
  guint n_columns;
  guint n_rows;
  char **fields; /* [n_rows, n_columns], inside @text */
  guint *lines;  /* [n_rows], from 1 */
  char *text;
  guint64 size; /* bytes */
  gint64 mtime; /* us; of a folder a hash of its files' sizes and times */
} Manifest;

/* Returns: (transfer full): or %NULL with @error, "PATH:LINE: reason" */
Manifest *manifest_load (const char *path, GError **error);
/* The same of texts alone: there may be no "path". */
Manifest *manifest_load_texts (const char *path, GError **error);
void manifest_free (Manifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Manifest, manifest_free)

/* -1 if there is none. */
gint manifest_column (const Manifest *manifest, const char *name);
/* As above, with @error. */
gint manifest_require_column (const Manifest *manifest, const char *name,
    GError **error);
const char *manifest_field (const Manifest *manifest, guint row, gint column);
/* (transfer full) */
char *manifest_media_path (const Manifest *manifest, guint row);
/* The same of another column. */
char *manifest_path (const Manifest *manifest, guint row, gint column);

/* One condition on a column. */
typedef struct {
  char *column;
  GStrv values;
  gboolean except; /* none of the values, rather than one of them */
} Condition;

Condition *
condition_new (const char *column, const char *const *values, gboolean except);
void condition_free (Condition *condition);

/**
 * manifest_select:
 * @conditions: (element-type Condition) (nullable): all must hold
 *
 * Returns: (transfer full) (element-type guint): rows, or %NULL with @error if
 * a column is missing
 */
GArray *manifest_select (const Manifest *manifest, const GPtrArray *conditions,
    GError **error);

G_END_DECLS
