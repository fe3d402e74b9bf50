/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The recordings of a recipe, decoded, with what the network should say. */
#pragma once

#include "tools/data/cache.h"
#include "tools/data/labels.h"
#include "tools/training/recipe.h"

G_BEGIN_DECLS

/* Manifests that several datasets share, each with its cache. */
typedef struct _Collection Collection;

Collection *collection_new (const CacheFormat *format, const char *directory,
    guint n_threads);
void collection_free (Collection *collection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Collection, collection_free)
/* Notes what @sources (element-type DataSource) choose. */
gboolean collection_add (Collection *collection, const GPtrArray *sources,
    GError **error);
/* Notes all rows of a noise manifest with this kind. */
gboolean collection_add_kind (Collection *collection, const char *manifest,
    const char *kind, GError **error);
/* Opens the caches, decoding what is missing. */
gboolean collection_decode (Collection *collection, GError **error);
/* (element-type Recording): that kind, decoded. */
GArray *collection_recordings (Collection *collection, const char *manifest,
    const char *kind);
/* Adds the values of @column in what @sources choose to the set @values. */
gboolean collection_values (Collection *collection, const GPtrArray *sources,
    const char *column, GHashTable *values, GError **error);

typedef struct {
  const Manifest *manifest;
  const Cache *cache;
  guint row;
  const Sequence *sequence;   /* numbers of a file, else NULL */
  const Generator *generator; /* of sequence @row, else NULL */
  gsize n_units;              /* samples, pictures or steps */
  double seconds;             /* of numbers: steps */
  guint first_target;         /* of Dataset.targets */
  guint n_targets;
  const char *corpus; /* "" where the manifest has no such column */
  const char *group;  /* "" likewise */
  const char *text;   /* text or label, as in the manifest */
} Item;

typedef struct {
  CacheFormat format;
  gboolean has_text;    /* targets are letters, else one label an item */
  gboolean has_voice;   /* a target a frame: whether somebody speaks in it, told
                           from the sound (voice_mark()) */
  GArray *items;        /* Item; those of "repeat" more than once */
  GArray *targets;      /* guint */
  GPtrArray *sequences; /* Sequence: owned, what items point to */
  TargetFormat numbers; /* of number sequences */
  guint n_rows;         /* chosen, of media */
  guint n_undecoded;
  guint n_too_short;
  guint n_too_long;
  double seconds;
} Dataset;

/**
 * dataset_new:
 * @collection: decoded; must outlive the dataset
 *
 * Returns: (transfer full): or %NULL with @error naming manifest and line of a
 *   text or label that the model does not have
 */
Dataset *dataset_new (Collection *collection, const GPtrArray *sources,
    const Labels *labels, gboolean has_text, GError **error);
/* Whether the model has what all rows say that @sources choose, decoded or not:
 * the error names manifest, line and fault of the first that it has not, and
 * how many rows of that source are like it. */
gboolean dataset_check_texts (Collection *collection, const GPtrArray *sources,
    const Labels *labels, gboolean has_text, GError **error);
/* Of speech without noise, which needs neither texts nor labels. */
Dataset *dataset_new_voice (Collection *collection, const GPtrArray *sources,
    GError **error);
/* The same of numbers, which are not decoded but read; generated ones are made
 * when they are used, anew in every epoch. */
Dataset *dataset_new_numbers (Collection *collection, const GPtrArray *sources,
    const Labels *labels, const TargetFormat *format, GError **error);
/* The texts themselves, for a language model: the letter before goes in, the
 * next one is the target; label 0 stands before the first and behind the last.
 */
Dataset *dataset_new_texts (Collection *collection, const GPtrArray *sources,
    const Labels *labels, GError **error);
void dataset_free (Dataset *dataset);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Dataset, dataset_free)

static inline const Item *
dataset_item (const Dataset *dataset, guint i)
{
  return &g_array_index (dataset->items, Item, i);
}

/* Rows that @source chooses: conditions, speakers, limit. (element-type guint)
 */
GArray *data_source_rows (const DataSource *source, const Manifest *manifest,
    GError **error);

G_END_DECLS
