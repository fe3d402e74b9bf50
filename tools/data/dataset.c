/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/data/dataset.h"

#include "tools/data/collection-private.h"

/* The rows of the first @limit speakers. */
static void
keep_speakers (GArray *rows, const Manifest *manifest, gint column, guint limit)
{
  g_autoptr (GHashTable) speakers = g_hash_table_new (g_str_hash, g_str_equal);
  guint n = 0;

  for (guint i = 0; i < rows->len; i++) {
    guint row = g_array_index (rows, guint, i);
    const char *speaker = manifest_field (manifest, row, column);

    if (!g_hash_table_contains (speakers, speaker)) {
      if (g_hash_table_size (speakers) == limit)
        continue;
      g_hash_table_add (speakers, (gpointer) speaker);
    }
    g_array_index (rows, guint, n++) = row;
  }
  g_array_set_size (rows, n);
}

GArray *
data_source_rows (const DataSource *source, const Manifest *manifest,
    GError **error)
{
  g_autoptr (GArray) rows
      = manifest_select (manifest, source->conditions, error);

  if (rows == NULL)
    return NULL;
  if (source->limit_speakers > 0) {
    gint column = manifest_column (manifest, "speaker");

    if (column < 0)
      column = manifest_column (manifest, "group");
    if (column < 0)
      column = manifest_require_column (manifest, "speaker", error);
    if (column < 0)
      return NULL;
    keep_speakers (rows, manifest, column, source->limit_speakers);
  }
  if (source->limit > 0 && source->limit < rows->len) {
    for (guint i = 0; i < source->limit; i++)
      g_array_index (rows, guint, i) = g_array_index (rows, guint,
          (guint) ((guint64) i * rows->len / source->limit));
    g_array_set_size (rows, source->limit);
  }
  return g_steal_pointer (&rows);
}

/* @value is a text, or the name of one label. */
static gboolean
encode_value (const Labels *labels, const char *value, gboolean is_text,
    GArray *targets, GError **error)
{
  gint label;

  if (is_text)
    return labels_encode_text (labels, value, targets, error);
  label = labels_find (labels, value, error);
  g_array_append_val (targets, label);
  return label >= 0;
}

static gboolean
encode (Dataset *dataset, Item *item, const Labels *labels, GError **error)
{
  gboolean ok;

  item->first_target = dataset->targets->len;
  ok = encode_value (labels, item->text, dataset->has_text, dataset->targets,
      error);
  item->n_targets = dataset->targets->len - item->first_target;
  if (!ok)
    g_prefix_error (error, "%s:%u: ", item->manifest->path,
        item->manifest->lines[item->row]);
  return ok;
}

static gboolean
add_row (Dataset *dataset, const DataSource *source,
    const CollectionMember *member, guint row, const Labels *labels,
    const gint columns[3], GError **error)
{
  Item item = { member->manifest, member->cache, row };

  item.n_units = cache_n_units (member->cache, row);
  item.seconds = cache_seconds (member->cache, row);
  item.text = columns[0] < 0
      ? ""
      : manifest_field (member->manifest, row, columns[0]);
  item.corpus = columns[1] < 0
      ? ""
      : manifest_field (member->manifest, row, columns[1]);
  item.group = columns[2] < 0
      ? ""
      : manifest_field (member->manifest, row, columns[2]);
  dataset->n_rows++;
  if (item.n_units == 0) {
    dataset->n_undecoded++;
    return TRUE;
  }
  if (item.seconds < source->min_seconds) {
    dataset->n_too_short++;
    return TRUE;
  }
  if (item.seconds > source->max_seconds) {
    dataset->n_too_long++;
    return TRUE;
  }
  if (!dataset->has_voice && !encode (dataset, &item, labels, error))
    return FALSE;
  for (guint i = 0; i < source->repeat; i++) {
    g_array_append_val (dataset->items, item);
    dataset->seconds += item.seconds;
  }
  return TRUE;
}

/* --- numbers
 * -------------------------------------------------------------------- */

static void
add_item (Dataset *dataset, const DataSource *source, Item *item)
{
  item->seconds = (double) item->n_units;
  if (item->seconds < source->min_seconds) {
    dataset->n_too_short++;
    return;
  }
  if (item->seconds > source->max_seconds) {
    dataset->n_too_long++;
    return;
  }
  for (guint i = 0; i < source->repeat; i++) {
    g_array_append_val (dataset->items, *item);
    dataset->seconds += item->seconds;
  }
}

static gboolean
add_generated (Dataset *dataset, const DataSource *source, const Labels *labels,
    GError **error)
{
  const Generator *generator = source->generator;
  guint n = g_strv_length ((GStrv) generator_labels (generator));

  if (n != labels->n) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "the model has %u labels, \"%s\" has %u", labels->n,
        generator_names[generator->task], n);
    return FALSE;
  }
  if (generator->task != TASK_SPELLING
      && generator_many_to_one (generator) != dataset->numbers.many_to_one) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "\"%s\" has a target for %s: the network must%s end with "
        "mean-over-time or last-step",
        generator_names[generator->task],
        dataset->numbers.many_to_one ? "every step" : "a whole sequence",
        dataset->numbers.many_to_one ? " not" : "");
    return FALSE;
  }
  for (guint i = 0; i < generator->sequences; i++) {
    Item item = { .row = i, .generator = generator, .corpus = "", .text = "" };

    item.n_units = generator_steps (generator, i);
    add_item (dataset, source, &item);
  }
  return TRUE;
}

/* The targets that the file itself has, or those of the manifest. */
static gboolean
take_targets (Dataset *dataset, Item *item, const Labels *labels,
    GError **error)
{
  const GArray *own = item->sequence->labels;

  item->first_target = dataset->targets->len;
  if (dataset->numbers.loss == RNNC_LOSS_MSE)
    return TRUE;
  if (own->len == 0)
    return encode (dataset, item, labels, error);
  g_array_append_vals (dataset->targets, own->data, own->len);
  item->n_targets = own->len;
  return TRUE;
}

static gboolean
add_number_files (Dataset *dataset, Collection *collection,
    const DataSource *source, const Labels *labels, GError **error)
{
  CollectionMember *member
      = collection_member (collection, source->manifest, error);
  const TargetFormat *format = &dataset->numbers;
  g_autoptr (GArray) rows = NULL;
  gint column = -1;

  if (member == NULL)
    return FALSE;
  if (format->loss == RNNC_LOSS_CTC
      || (format->loss == RNNC_LOSS_CROSS_ENTROPY && format->many_to_one)) {
    column = manifest_require_column (member->manifest,
        dataset->has_text ? "text" : "label", error);
    if (column < 0)
      return FALSE;
  }
  rows = data_source_rows (source, member->manifest, error);
  for (guint i = 0; rows != NULL && i < rows->len; i++) {
    guint row = g_array_index (rows, guint, i);
    g_autofree char *path = manifest_media_path (member->manifest, row);
    Sequence *sequence = sequence_read (path, dataset->format.n_features,
        format, labels, error);
    Item item = { member->manifest, NULL, row, sequence, .corpus = "" };

    if (sequence == NULL)
      return FALSE;
    g_ptr_array_add (dataset->sequences, sequence);
    item.n_units = sequence->n_steps;
    item.text
        = column < 0 ? "" : manifest_field (member->manifest, row, column);
    if (!take_targets (dataset, &item, labels, error))
      return FALSE;
    add_item (dataset, source, &item);
  }
  return rows != NULL;
}

static Dataset *
dataset_begin (const Collection *collection, gboolean has_text)
{
  Dataset *dataset = g_new0 (Dataset, 1);

  dataset->format = *collection_format (collection);
  dataset->has_text = has_text;
  dataset->items = g_array_new (FALSE, FALSE, sizeof (Item));
  dataset->targets = g_array_new (FALSE, FALSE, sizeof (guint));
  dataset->sequences
      = g_ptr_array_new_with_free_func ((GDestroyNotify) sequence_free);
  return dataset;
}

Dataset *
dataset_new_numbers (Collection *collection, const GPtrArray *sources,
    const Labels *labels, const TargetFormat *format, GError **error)
{
  g_autoptr (Dataset) dataset
      = dataset_begin (collection, format->loss == RNNC_LOSS_CTC);

  dataset->numbers = *format;
  for (guint i = 0; i < sources->len; i++) {
    const DataSource *source = g_ptr_array_index (sources, i);
    gboolean ok = source->generator
        ? add_generated (dataset, source, labels, error)
        : add_number_files (dataset, collection, source, labels, error);

    if (!ok)
      return NULL;
  }
  return g_steal_pointer (&dataset);
}

/* --- texts
 * ---------------------------------------------------------------------- */

static gboolean
add_texts (Dataset *dataset, Collection *collection, const DataSource *source,
    const Labels *labels, GError **error)
{
  CollectionMember *member
      = collection_member (collection, source->manifest, error);
  g_autoptr (GArray) rows = NULL;
  const guint end = 0;
  gint column;

  if (member == NULL)
    return FALSE;
  column = manifest_require_column (member->manifest, "text", error);
  if (column < 0)
    return FALSE;
  rows = data_source_rows (source, member->manifest, error);
  for (guint i = 0; rows != NULL && i < rows->len; i++) {
    Item item = { member->manifest, .row = g_array_index (rows, guint, i) };

    item.corpus = "";
    item.text = manifest_field (member->manifest, item.row, column);
    item.first_target = dataset->targets->len;
    if (!labels_encode_text (labels, item.text, dataset->targets, error)) {
      g_prefix_error (error, "%s:%u: ", member->manifest->path,
          member->manifest->lines[item.row]);
      return FALSE;
    }
    g_array_append_val (dataset->targets, end);
    item.n_targets = dataset->targets->len - item.first_target;
    item.n_units = item.n_targets;
    add_item (dataset, source, &item);
  }
  return rows != NULL;
}

Dataset *
dataset_new_texts (Collection *collection, const GPtrArray *sources,
    const Labels *labels, GError **error)
{
  g_autoptr (Dataset) dataset = dataset_begin (collection, FALSE);

  for (guint i = 0; i < sources->len; i++)
    if (!add_texts (dataset, collection, g_ptr_array_index (sources, i), labels,
            error))
      return NULL;
  return g_steal_pointer (&dataset);
}

/* --- media
 * ---------------------------------------------------------------------- */

static gboolean
add_source (Dataset *dataset, Collection *collection, const DataSource *source,
    const Labels *labels, GError **error)
{
  CollectionMember *member
      = collection_member (collection, source->manifest, error);
  g_autoptr (GArray) rows = NULL;
  gint columns[3];

  if (member == NULL)
    return FALSE;
  columns[0] = dataset->has_voice
      ? -1
      : manifest_require_column (member->manifest,
          dataset->has_text ? "text" : "label", error);
  if (columns[0] < 0 && !dataset->has_voice)
    return FALSE;
  columns[1] = manifest_column (member->manifest, "corpus");
  columns[2] = manifest_column (member->manifest, "group");
  rows = data_source_rows (source, member->manifest, error);
  if (rows == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    if (!add_row (dataset, source, member, g_array_index (rows, guint, i),
            labels, columns, error))
      return FALSE;
  return TRUE;
}

/* The first fault of a source, with the number of the others. */
static void
set_text_error (GError **error, const GError *first, const Manifest *manifest,
    guint row, guint n_faults)
{
  g_autofree char *others
      = g_strdup_printf (" (and %u more of its rows are like that)",
          n_faults - 1);

  g_set_error (error, first->domain, first->code, "%s:%u: %s%s", manifest->path,
      manifest->lines[row], first->message, n_faults == 1 ? "" : others);
}

static gboolean
check_source (Collection *collection, const DataSource *source,
    const Labels *labels, gboolean has_text, GError **error)
{
  CollectionMember *member
      = collection_member (collection, source->manifest, error);
  g_autoptr (GArray) targets = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GArray) rows = NULL;
  g_autoptr (GError) first = NULL;
  guint n_faults = 0, first_row = 0;
  gint column;

  if (member == NULL)
    return FALSE;
  column = manifest_require_column (member->manifest,
      has_text ? "text" : "label", error);
  rows = column < 0 ? NULL : data_source_rows (source, member->manifest, error);
  if (rows == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len; i++) {
    guint row = g_array_index (rows, guint, i);

    g_array_set_size (targets, 0);
    if (encode_value (labels, manifest_field (member->manifest, row, column),
            has_text, targets, n_faults == 0 ? &first : NULL))
      continue;
    if (n_faults++ == 0)
      first_row = row;
  }
  if (n_faults > 0)
    set_text_error (error, first, member->manifest, first_row, n_faults);
  return n_faults == 0;
}

gboolean
dataset_check_texts (Collection *collection, const GPtrArray *sources,
    const Labels *labels, gboolean has_text, GError **error)
{
  for (guint i = 0; i < sources->len; i++)
    if (!check_source (collection, g_ptr_array_index (sources, i), labels,
            has_text, error))
      return FALSE;
  return TRUE;
}

Dataset *
dataset_new (Collection *collection, const GPtrArray *sources,
    const Labels *labels, gboolean has_text, GError **error)
{
  g_autoptr (Dataset) dataset = dataset_begin (collection, has_text);

  for (guint i = 0; i < sources->len; i++)
    if (!add_source (dataset, collection, g_ptr_array_index (sources, i),
            labels, error))
      return NULL;
  return g_steal_pointer (&dataset);
}

Dataset *
dataset_new_voice (Collection *collection, const GPtrArray *sources,
    GError **error)
{
  g_autoptr (Dataset) dataset = dataset_begin (collection, FALSE);

  dataset->has_voice = TRUE;
  for (guint i = 0; i < sources->len; i++)
    if (!add_source (dataset, collection, g_ptr_array_index (sources, i), NULL,
            error))
      return NULL;
  return g_steal_pointer (&dataset);
}

void
dataset_free (Dataset *dataset)
{
  if (dataset == NULL)
    return;
  g_array_unref (dataset->items);
  g_array_unref (dataset->targets);
  g_ptr_array_unref (dataset->sequences);
  g_free (dataset);
}
