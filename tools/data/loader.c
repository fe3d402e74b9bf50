/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/data/loader.h"

#include <string.h>

#define AHEAD_PER_THREAD 3

struct _Loader {
  const ExampleSettings *settings;
  const Plan *plan;
  guint n_batches;
  guint n_threads;
  GThread **threads;

  GMutex mutex;
  GCond changed;
  guint next_made;  /* the batch that the next free thread makes */
  guint next_taken; /* the batch that loader_next() gives */
  guint n_slots;
  LoadedBatch **slots; /* batch b in slot b % n_slots */
  gboolean stopping;
};

void
loaded_batch_free (LoadedBatch *batch)
{
  if (batch == NULL)
    return;
  g_free (batch->data);
  g_free (batch->values);
  g_free (batch->lengths);
  g_free (batch->target_lengths);
  g_free (batch->items);
  g_array_unref (batch->labels);
  g_free (batch);
}

/* Into time-major order, padded with zeros. */
static void
interleave (LoadedBatch *batch, GArray **examples)
{
  guint n_sequences = batch->batch.n_sequences;
  gsize n_features = batch->batch.n_features;

  batch->data
      = g_new0 (float, (gsize) batch->batch.n_steps *n_sequences *n_features);
  for (guint s = 0; s < n_sequences; s++) {
    const float *from = (const float *) (const void *) examples[s]->data;

    for (guint t = 0; t < batch->lengths[s]; t++)
      memcpy (batch->data + ((gsize) t * n_sequences + s) * n_features,
          from + t * n_features, n_features * sizeof (float));
  }
  batch->batch.data = batch->data;
}

/* Target numbers into time-major order, as interleave() does features. */
static void
interleave_values (LoadedBatch *batch, GPtrArray *targets, guint n_values)
{
  guint n_sequences = batch->batch.n_sequences;
  guint n_steps = 0;

  for (guint s = 0; s < n_sequences; s++) {
    const GArray *values = g_ptr_array_index (targets, s);

    n_steps = MAX (n_steps, values->len / n_values);
  }
  batch->values = g_new0 (float, (gsize) n_steps *n_sequences *n_values);
  for (guint s = 0; s < n_sequences; s++) {
    const GArray *values = g_ptr_array_index (targets, s);
    const float *from = (const float *) (const void *) values->data;

    for (guint t = 0; t < values->len / n_values; t++)
      memcpy (batch->values + ((gsize) t * n_sequences + s) * n_values,
          from + t * n_values, n_values * sizeof (float));
  }
  batch->targets.values = batch->values;
}

static LoadedBatch *
make_batch (Loader *loader, ExampleMaker *maker, guint index)
{
  const Plan *plan = loader->plan;
  const PlannedBatch *planned
      = &g_array_index (plan->batches, PlannedBatch, index);
  const Dataset *dataset = loader->settings->dataset;
  gboolean has_values = dataset->format.n_features > 0
      && dataset->numbers.loss == RNNC_LOSS_MSE;
  LoadedBatch *batch = g_new0 (LoadedBatch, 1);
  g_autoptr (GPtrArray) examples
      = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  g_autoptr (GPtrArray) values
      = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);

  batch->batch.n_sequences = planned->n;
  batch->batch.n_features = example_features (maker);
  batch->lengths = g_new0 (guint, planned->n);
  batch->target_lengths = g_new0 (guint, planned->n);
  batch->items = g_new0 (guint, planned->n);
  /* Never NULL inside, though nobody may say anything. */
  batch->labels = g_array_sized_new (FALSE, FALSE, sizeof (guint), planned->n);
  for (guint s = 0; s < planned->n; s++) {
    const Unit *unit = &g_array_index (plan->units, Unit, planned->first + s);
    guint n_before = batch->labels->len;
    GArray *example = example_make (maker, plan, unit, batch->labels);

    g_ptr_array_add (examples, example);
    if (has_values)
      g_ptr_array_add (values,
          g_array_copy ((GArray *) example_values (maker)));
    batch->lengths[s] = (guint) (example->len / batch->batch.n_features);
    batch->target_lengths[s] = batch->labels->len - n_before;
    batch->items[s] = g_array_index (plan->members, guint, unit->first);
    batch->batch.n_steps = MAX (batch->batch.n_steps, batch->lengths[s]);
    batch->seconds += unit->seconds;
  }
  interleave (batch, (GArray **) examples->pdata);
  batch->batch.lengths = batch->lengths;
  batch->targets.labels = (const guint *) (const void *) batch->labels->data;
  if (has_values)
    interleave_values (batch, values, dataset->numbers.n_values);
  if (dataset->has_text)
    batch->targets.lengths = batch->target_lengths;
  return batch;
}

static gpointer
work (gpointer data)
{
  Loader *loader = data;
  ExampleMaker *maker = example_maker_new (loader->settings);

  g_mutex_lock (&loader->mutex);
  for (;;) {
    guint index;
    LoadedBatch *batch;

    while (!loader->stopping && loader->next_made < loader->n_batches
        && loader->next_made >= loader->next_taken + loader->n_slots)
      g_cond_wait (&loader->changed, &loader->mutex);
    if (loader->stopping || loader->next_made >= loader->n_batches)
      break;
    index = loader->next_made++;
    g_mutex_unlock (&loader->mutex);
    batch = make_batch (loader, maker, index);
    g_mutex_lock (&loader->mutex);
    loader->slots[index % loader->n_slots] = batch;
    g_cond_broadcast (&loader->changed);
  }
  g_mutex_unlock (&loader->mutex);
  example_maker_free (maker);
  return NULL;
}

Loader *
loader_new (const ExampleSettings *settings, const Plan *plan, guint first,
    guint n_threads)
{
  Loader *loader = g_new0 (Loader, 1);

  loader->settings = settings;
  loader->plan = plan;
  loader->n_batches = plan->batches->len;
  loader->n_threads = MAX (n_threads, 1);
  loader->next_made = loader->next_taken = first;
  loader->n_slots = loader->n_threads * AHEAD_PER_THREAD;
  loader->slots = g_new0 (LoadedBatch *, loader->n_slots);
  g_mutex_init (&loader->mutex);
  g_cond_init (&loader->changed);
  loader->threads = g_new0 (GThread *, loader->n_threads);
  for (guint i = 0; i < loader->n_threads; i++)
    loader->threads[i] = g_thread_new ("loader", work, loader);
  return loader;
}

LoadedBatch *
loader_next (Loader *loader)
{
  LoadedBatch **slot;
  LoadedBatch *batch;

  if (loader->next_taken >= loader->n_batches)
    return NULL;
  slot = &loader->slots[loader->next_taken % loader->n_slots];
  g_mutex_lock (&loader->mutex);
  while (*slot == NULL)
    g_cond_wait (&loader->changed, &loader->mutex);
  batch = *slot;
  *slot = NULL;
  loader->next_taken++;
  g_cond_broadcast (&loader->changed);
  g_mutex_unlock (&loader->mutex);
  return batch;
}

void
loader_free (Loader *loader)
{
  if (loader == NULL)
    return;
  g_mutex_lock (&loader->mutex);
  loader->stopping = TRUE;
  g_cond_broadcast (&loader->changed);
  g_mutex_unlock (&loader->mutex);
  for (guint i = 0; i < loader->n_threads; i++)
    g_thread_join (loader->threads[i]);
  for (guint i = 0; i < loader->n_slots; i++)
    loaded_batch_free (loader->slots[i]);
  g_free (loader->slots);
  g_free (loader->threads);
  g_mutex_clear (&loader->mutex);
  g_cond_clear (&loader->changed);
  g_free (loader);
}
