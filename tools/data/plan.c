/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/data/plan.h"

/* Sequences of like length stand together inside pools of this many batches:
 * little padding, yet other neighbours in every epoch. */
#define POOL_BATCHES 32

enum {
  DRAW_JOIN = 0x6a6f696e,
  DRAW_ORDER = 0x6f726472,
  DRAW_NEIGHBOUR = 0x6e656172
};

static void
add_unit (Plan *plan, const Dataset *dataset, const guint *items, guint n,
    double gap)
{
  Unit unit = { plan->members->len, n, 0, 0 };

  for (guint i = 0; i < n; i++)
    unit.seconds += dataset_item (dataset, items[i])->seconds;
  unit.seconds += (n - 1) * gap;
  g_array_append_vals (plan->members, items, n);
  g_array_append_val (plan->units, unit);
}

/* Utterances of the corpora to be joined, in random groups. */
static void
add_joined (Plan *plan, const Dataset *dataset, const Join *join, GArray *items,
    Random *random)
{
  guint *order = (guint *) (void *) items->data;
  double gap = (join->gap[0] + join->gap[1]) / 2;

  random_shuffle (random, order, items->len);
  for (guint at = 0; at < items->len;) {
    guint most = join->words[0]
        + random_index (random, join->words[1] - join->words[0] + 1);
    guint n = 1;
    double seconds = dataset_item (dataset, order[at])->seconds;

    for (; n < MIN (most, items->len - at); n++) {
      seconds += gap + dataset_item (dataset, order[at + n])->seconds;
      if (join->max_seconds > 0 && seconds > join->max_seconds)
        break;
    }
    add_unit (plan, dataset, order + at, n, gap);
    at += n;
  }
}

/* --- windows --------------------------------------------------------------
 */

/* Who may stand beside whom. */
typedef struct {
  GHashTable *groups; /* name -> GArray of guint */
  GArray *pauses;     /* guint: those that show nothing */
} Neighbours;

static void
unref_array (gpointer array)
{
  g_array_unref (array);
}

static gboolean
is_none (const Dataset *dataset, const PlanSettings *settings, guint item)
{
  guint target = dataset_item (dataset, item)->first_target;

  return settings->none >= 0
      && g_array_index (dataset->targets, guint, target)
      == (guint) settings->none;
}

static void
neighbours_begin (Neighbours *neighbours, const Dataset *dataset,
    const PlanSettings *settings)
{
  neighbours->groups
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, unref_array);
  neighbours->pauses = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < dataset->items->len; i++) {
    const char *group = dataset_item (dataset, i)->group;
    GArray *members = g_hash_table_lookup (neighbours->groups, group);

    if (members == NULL) {
      members = g_array_new (FALSE, FALSE, sizeof (guint));
      g_hash_table_insert (neighbours->groups, (gpointer) group, members);
    }
    g_array_append_val (members, i);
    if (is_none (dataset, settings, i))
      g_array_append_val (neighbours->pauses, i);
  }
}

static void
neighbours_end (Neighbours *neighbours)
{
  g_hash_table_unref (neighbours->groups);
  g_array_unref (neighbours->pauses);
}

/* Of the same group where it has others: one person in one place. */
static guint
draw_neighbour (const Neighbours *neighbours, const Dataset *dataset,
    const Windows *windows, guint item, Random *random)
{
  const GArray *members = g_hash_table_lookup (neighbours->groups,
      dataset_item (dataset, item)->group);

  if (neighbours->pauses->len > 0 && random_unit (random) < windows->pauses)
    return g_array_index (neighbours->pauses, guint,
        random_index (random, neighbours->pauses->len));
  if (members->len < 2)
    return random_index (random, dataset->items->len);
  return g_array_index (members, guint, random_index (random, members->len));
}

static void
add_windows (Plan *plan, const Dataset *dataset, const PlanSettings *settings)
{
  const Windows *windows = settings->windows;
  Random random = random_for (settings->seed, DRAW_NEIGHBOUR, plan->epoch);
  Neighbours neighbours;

  neighbours_begin (&neighbours, dataset, settings);
  for (guint i = 0; i < dataset->items->len; i++) {
    for (guint w = 1; w <= windows->count; w++) {
      guint members[3] = { i };
      Unit unit = { plan->members->len, G_N_ELEMENTS (members),
        (windows->seconds[0] + windows->seconds[1]) / 2, w };

      members[1] = draw_neighbour (&neighbours, dataset, windows, i, &random);
      members[2] = draw_neighbour (&neighbours, dataset, windows, i, &random);
      g_array_append_vals (plan->members, members, G_N_ELEMENTS (members));
      g_array_append_val (plan->units, unit);
    }
  }
  neighbours_end (&neighbours);
}

static void
add_units (Plan *plan, const Dataset *dataset, const PlanSettings *settings)
{
  const Join *join = settings->join;
  Random random = random_for (settings->seed, DRAW_JOIN, plan->epoch);
  g_autoptr (GArray) joined = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < dataset->items->len; i++) {
    const char *corpus = dataset_item (dataset, i)->corpus;

    if (join != NULL && join->corpora != NULL
        && g_strv_contains ((const char *const *) join->corpora, corpus)
        && random_unit (&random) < join->share)
      g_array_append_val (joined, i);
    else
      add_unit (plan, dataset, &i, 1, 0);
  }
  if (joined->len > 0)
    add_joined (plan, dataset, join, joined, &random);
  if (settings->windows != NULL && settings->windows->count > 0)
    add_windows (plan, dataset, settings);
}

static gint
compare_units (gconstpointer a, gconstpointer b, gpointer unused)
{
  const Unit *x = a;
  const Unit *y = b;

  return (x->seconds > y->seconds) - (x->seconds < y->seconds);
}

/* By length. Equal ones stay as they were shuffled: a manifest has its labels
 * one after another, and a batch of one label teaches little. */
static void
sort_units (Unit *units, guint n)
{
  g_qsort_with_data (units, (gint) n, sizeof *units, compare_units, NULL);
}

/* Cuts units first … last - 1, sorted by length, into batches. */
static void
cut_batches (Plan *plan, const PlanSettings *settings, guint first, guint last)
{
  while (first < last) {
    PlannedBatch batch = { first, 0 };

    while (first + batch.n < last && batch.n < settings->batch_size) {
      const Unit *unit = &g_array_index (plan->units, Unit, first + batch.n);

      if (batch.n > 0 && settings->batch_seconds > 0
          && unit->seconds * (batch.n + 1) > settings->batch_seconds)
        break;
      batch.n++;
    }
    g_array_append_val (plan->batches, batch);
    first += batch.n;
  }
}

/* Units that fill a pool of batches from @first on. */
static guint
pool_size (const Plan *plan, const PlanSettings *settings, guint first)
{
  double seconds = 0;
  guint n = 0;

  while (
      first + n < plan->units->len && n < settings->batch_size * POOL_BATCHES) {
    seconds += g_array_index (plan->units, Unit, first + n).seconds;
    if (n > 0 && settings->batch_seconds > 0
        && seconds > settings->batch_seconds * POOL_BATCHES)
      break;
    n++;
  }
  return n;
}

static void
shuffle_units (Plan *plan, Random *random)
{
  guint n = plan->units->len;
  g_autofree guint *order = g_new (guint, n + 1);
  GArray *shuffled = g_array_sized_new (FALSE, FALSE, sizeof (Unit), n);

  for (guint i = 0; i < n; i++)
    order[i] = i;
  random_shuffle (random, order, n);
  for (guint i = 0; i < n; i++)
    g_array_append_val (shuffled, g_array_index (plan->units, Unit, order[i]));
  g_array_unref (plan->units);
  plan->units = shuffled;
}

static void
shuffle_batches (Plan *plan, Random *random)
{
  PlannedBatch *batches = (PlannedBatch *) (void *) plan->batches->data;

  for (guint i = plan->batches->len; i > 1; i--) {
    guint j = random_index (random, i);
    PlannedBatch batch = batches[i - 1];

    batches[i - 1] = batches[j];
    batches[j] = batch;
  }
}

Plan *
plan_new (const Dataset *dataset, const PlanSettings *settings, guint epoch)
{
  Plan *plan = g_new0 (Plan, 1);
  Random random = random_for (settings->seed, DRAW_ORDER, epoch);
  Unit *units;

  plan->epoch = epoch;
  plan->members = g_array_new (FALSE, FALSE, sizeof (guint));
  plan->units = g_array_new (FALSE, FALSE, sizeof (Unit));
  plan->batches = g_array_new (FALSE, FALSE, sizeof (PlannedBatch));
  add_units (plan, dataset, settings);
  if (settings->shuffle)
    shuffle_units (plan, &random);
  units = (Unit *) (void *) plan->units->data;
  for (guint first = 0; first < plan->units->len;) {
    guint n = settings->shuffle ? pool_size (plan, settings, first)
                                : plan->units->len;

    sort_units (units + first, n);
    cut_batches (plan, settings, first, first + n);
    first += n;
  }
  if (settings->shuffle)
    shuffle_batches (plan, &random);
  return plan;
}

void
plan_free (Plan *plan)
{
  if (plan == NULL)
    return;
  g_array_unref (plan->members);
  g_array_unref (plan->units);
  g_array_unref (plan->batches);
  g_free (plan);
}
