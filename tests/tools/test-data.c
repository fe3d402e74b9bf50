/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From manifest to batches: caches, plans, windows, loaders. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "rnncore/base/json-reader.h"
#include "tests/tools/fixture.h"
#include "tools/data/window.h"
#include "tools/data/loader.h"

#define N_TONES 24

typedef struct {
  Fixture fixture;
  char *cache; /* folder */
  char *manifest;
  GPtrArray *sources;
  Collection *collection;
  Labels *labels;
  Dataset *dataset;
  RnncFrontendConfig frontend;
} Data;

static const CacheFormat format16k = { .rate = 16000 };

/* Tones of 0.20, 0.22 … s; corpus "x" for every third. */
static void
write_tones (Data *data)
{
  g_autoptr (GString) text = g_string_new ("path\tcorpus\ttext\n");

  for (guint i = 0; i < N_TONES; i++) {
    g_autofree char *name = g_strdup_printf ("%u.wav", i);

    fixture_write_tone (&data->fixture, name, 16000, 0.2 + 0.02 * i,
        300 + 50 * i);
    g_string_append_printf (text, "%s\t%s\t%s\n", name, i % 3 ? "y" : "x",
        i % 2 ? "a" : "b a");
  }
  fixture_write (&data->fixture, "m.tsv", text->str);
}

static DataSource *
make_source (const char *manifest)
{
  DataSource *source = g_new0 (DataSource, 1);

  source->manifest = g_strdup (manifest);
  source->conditions
      = g_ptr_array_new_with_free_func ((GDestroyNotify) condition_free);
  source->repeat = 1;
  source->max_seconds = 100;
  return source;
}

static void
load_dataset (Data *data)
{
  const char *names[] = { "<blank>", " ", "a", "b", NULL };
  g_autoptr (GError) error = NULL;

  data->labels = labels_new (names, 0, &error);
  data->collection = collection_new (&format16k, data->cache, 2);
  g_assert_true (collection_add (data->collection, data->sources, &error));
  g_assert_true (collection_decode (data->collection, &error));
  g_assert_no_error (error);
  data->dataset = dataset_new (data->collection, data->sources, data->labels,
      TRUE, &error);
  g_assert_no_error (error);
}

static void
set_up (Data *data, gconstpointer unused)
{
  fixture_begin (&data->fixture);
  data->cache = fixture_path (&data->fixture, "cache");
  data->manifest = fixture_path (&data->fixture, "m.tsv");
  write_tones (data);
  data->sources
      = g_ptr_array_new_with_free_func ((GDestroyNotify) data_source_free);
  g_ptr_array_add (data->sources, make_source (data->manifest));
  data->frontend.type = RNNC_FRONTEND_LOG_MEL;
  data->frontend.log_mel = (RnncLogMelConfig){ .rate = 16000,
    .window = 400,
    .hop = 160,
    .fft = 512,
    .mels = 20,
    .fmin = 20,
    .fmax = 8000,
    .floor = 1e-6 };
  load_dataset (data);
}

static void
tear_down (Data *data, gconstpointer unused)
{
  dataset_free (data->dataset);
  collection_free (data->collection);
  labels_free (data->labels);
  g_ptr_array_unref (data->sources);
  g_free (data->cache);
  g_free (data->manifest);
  fixture_end (&data->fixture);
}

/* --- cache
 * ---------------------------------------------------------------------- */

static char *
cache_file (const Data *data)
{
  g_autoptr (GDir) folder = g_dir_open (data->cache, 0, NULL);
  const char *name = g_dir_read_name (folder);
  char *path = g_build_filename (data->cache, name, NULL);

  g_assert_null (g_dir_read_name (folder));
  return path;
}

static void
test_cache_content (Data *data, gconstpointer unused)
{
  const Item *item = dataset_item (data->dataset, 5);
  const gint16 *samples = cache_samples (item->cache, item->row);

  g_assert_cmpuint (data->dataset->items->len, ==, N_TONES);
  g_assert_cmpuint (item->n_units, ==, 4800);
  for (guint i = 0; i < item->n_units; i++)
    g_assert_cmpint (ABS (samples[i]
                         - lrint (8000 * sin (2 * G_PI * 550 * i / 16000))),
        <=, 1);
}

static Cache *
open_again (Data *data, const CacheFormat *format)
{
  g_autoptr (Manifest) manifest = manifest_load (data->manifest, NULL);
  g_autofree gboolean *needed = g_new0 (gboolean, manifest->n_rows);
  g_autoptr (GError) error = NULL;
  Cache *cache;

  for (guint i = 0; i < manifest->n_rows; i++)
    needed[i] = TRUE;
  cache = cache_open (manifest, format, needed, data->cache, 1, &error);
  g_assert_no_error (error);
  return cache;
}

/* Not decoded again: the recordings may be gone. */
static void
test_cache_reused (Data *data, gconstpointer unused)
{
  g_autofree char *tone = fixture_path (&data->fixture, "5.wav");
  g_autoptr (Cache) cache = NULL;

  g_unlink (tone);
  cache = open_again (data, &format16k);
  g_assert_cmpuint (cache_n_units (cache, 5), ==, 4800);
}

/* Another rate has another file. */
static void
test_cache_other_format (Data *data, gconstpointer unused)
{
  CacheFormat format = { .rate = 8000 };
  g_autoptr (Cache) cache = open_again (data, &format);

  g_assert_cmpuint (cache_n_units (cache, 5), ==, 2400);
  g_clear_pointer (&cache, cache_free);
  cache = open_again (data, &format16k);
  g_assert_cmpuint (cache_n_units (cache, 5), ==, 4800);
}

/* A changed manifest, a cut file, flipped bytes in the table: made anew. */
static void
test_cache_damaged (Data *data, gconstpointer unused)
{
  g_autofree char *path = cache_file (data);
  g_autofree char *whole = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (path, &whole, &length, NULL));
  for (guint trial = 0; trial < 12; trial++) {
    g_autofree char *bad = g_memdup2 (whole, length);
    gsize bad_length = trial % 2 ? length / (trial + 1) : length;
    g_autoptr (Cache) cache = NULL;

    if (trial % 2 == 0)
      memset (bad + 8 * trial, 0xee, 8);
    g_assert_true (g_file_set_contents (path, bad, (gssize) bad_length, NULL));
    cache = open_again (data, &format16k);
    for (guint row = 0; row < N_TONES; row++)
      g_assert_cmpuint (cache_n_units (cache, row), ==, 3200 + 320 * row);
  }
}

/* A recording that cannot be read is passed over and counted. */
static void
test_cache_bad_recording (void)
{
  Data data = { 0 };

  fixture_begin (&data.fixture);
  data.cache = fixture_path (&data.fixture, "cache");
  data.manifest = fixture_path (&data.fixture, "m.tsv");
  write_tones (&data);
  fixture_write (&data.fixture, "3.wav", "no recording");
  data.sources
      = g_ptr_array_new_with_free_func ((GDestroyNotify) data_source_free);
  g_ptr_array_add (data.sources, make_source (data.manifest));
  load_dataset (&data);
  g_assert_cmpuint (data.dataset->items->len, ==, N_TONES - 1);
  g_assert_cmpuint (data.dataset->n_undecoded, ==, 1);
  tear_down (&data, NULL);
}

/* --- selection
 * ------------------------------------------------------------------- */

static void
test_unknown_letter (Data *data, gconstpointer unused)
{
  const char *names[] = { "<blank>", " ", "a", NULL };
  g_autoptr (Labels) labels = labels_new (names, 0, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (
      dataset_new (data->collection, data->sources, labels, TRUE, &error));
  g_assert_nonnull (strstr (error->message, "m.tsv:2: \"b\" is not among"));
}

static void
test_limits (Data *data, gconstpointer unused)
{
  DataSource *source = g_ptr_array_index (data->sources, 0);
  g_autoptr (Dataset) dataset = NULL;

  source->min_seconds = 0.25;
  source->max_seconds = 0.45;
  source->repeat = 2;
  dataset
      = dataset_new (data->collection, data->sources, data->labels, TRUE, NULL);
  /* 0.26 … 0.44 s, twice. */
  g_assert_cmpuint (dataset->items->len, ==, 20);
  g_assert_cmpuint (dataset->n_too_short, ==, 3);
  source->repeat = 1;
  source->limit = 6;
  source->min_seconds = 0;
  source->max_seconds = 100;
  g_clear_pointer (&dataset, dataset_free);
  dataset
      = dataset_new (data->collection, data->sources, data->labels, TRUE, NULL);
  g_assert_cmpuint (dataset->items->len, ==, 6);
  g_assert_cmpuint (dataset_item (dataset, 1)->row, ==, 4);
}

/* --- plan
 * ------------------------------------------------------------------------- */

static void
test_plan (Data *data, gconstpointer unused)
{
  PlanSettings settings
      = { .seed = 3, .batch_size = 5, .batch_seconds = 2, .shuffle = TRUE };

  for (guint epoch = 0; epoch < 5; epoch++) {
    g_autoptr (Plan) plan = plan_new (data->dataset, &settings, epoch);
    g_autoptr (Plan) again = plan_new (data->dataset, &settings, epoch);
    guint seen[N_TONES] = { 0 };

    g_assert_cmpmem (plan->members->data, plan->members->len * sizeof (guint),
        again->members->data, again->members->len * sizeof (guint));
    g_assert_cmpmem (plan->batches->data,
        plan->batches->len * sizeof (PlannedBatch), again->batches->data,
        again->batches->len * sizeof (PlannedBatch));
    for (guint b = 0; b < plan->batches->len; b++) {
      PlannedBatch batch = g_array_index (plan->batches, PlannedBatch, b);
      double longest = 0;

      g_assert_cmpuint (batch.n, <=, 5);
      for (guint u = batch.first; u < batch.first + batch.n; u++) {
        const Unit *unit = &g_array_index (plan->units, Unit, u);

        g_assert_cmpuint (unit->n, ==, 1);
        seen[g_array_index (plan->members, guint, unit->first)]++;
        longest = MAX (longest, unit->seconds);
      }
      g_assert_cmpfloat (longest * batch.n, <=, 2);
    }
    for (guint i = 0; i < N_TONES; i++)
      g_assert_cmpuint (seen[i], ==, 1);
  }
}

/* Recordings of one length, as videos often are, with their labels one after
 * another: batches do not hold neighbours. */
static void
test_plan_equal_lengths (Data *data, gconstpointer unused)
{
  PlanSettings settings = { .seed = 3, .batch_size = 5, .shuffle = TRUE };
  guint n_mixed = 0;

  for (guint i = 0; i < N_TONES; i++)
    g_array_index (data->dataset->items, Item, i).seconds = 0.5;
  for (guint epoch = 0; epoch < 5; epoch++) {
    g_autoptr (Plan) plan = plan_new (data->dataset, &settings, epoch);

    for (guint b = 0; b < plan->batches->len; b++) {
      PlannedBatch batch = g_array_index (plan->batches, PlannedBatch, b);
      guint least = G_MAXUINT, most = 0;

      for (guint u = batch.first; u < batch.first + batch.n; u++) {
        const Unit *unit = &g_array_index (plan->units, Unit, u);
        guint item = g_array_index (plan->members, guint, unit->first);

        least = MIN (least, item);
        most = MAX (most, item);
      }
      n_mixed += most - least >= batch.n;
    }
  }
  g_assert_cmpuint (n_mixed, >, 5);
}

static void
test_join (Data *data, gconstpointer unused)
{
  char *corpora[] = { (char *) "x", NULL };
  Join join = { corpora, { 2, 3 }, 1, { 0.1, 0.1 }, 0 };
  PlanSettings settings
      = { .seed = 3, .batch_size = 4, .join = &join, .shuffle = TRUE };
  g_autoptr (Plan) plan = plan_new (data->dataset, &settings, 1);
  ExampleSettings examples = { .dataset = data->dataset,
    .labels = data->labels,
    .frontend = &data->frontend,
    .join = &join };
  ExampleMaker *maker = example_maker_new (&examples);
  guint n_members = 0;

  for (guint u = 0; u < plan->units->len; u++) {
    const Unit *unit = &g_array_index (plan->units, Unit, u);
    g_autoptr (GArray) labels = g_array_new (FALSE, FALSE, sizeof (guint));
    g_autoptr (GArray) features = NULL;
    guint n_labels = unit->n - 1; /* the spaces */
    gsize n_samples = (unit->n - 1) * 1600;

    n_members += unit->n;
    g_assert_cmpuint (unit->n, <=, 3);
    for (guint i = 0; i < unit->n; i++) {
      const Item *item = dataset_item (data->dataset,
          g_array_index (plan->members, guint, unit->first + i));

      g_assert_true (unit->n == 1 || g_str_equal (item->corpus, "x"));
      n_labels += item->n_targets;
      n_samples += item->n_units;
    }
    features = example_make (maker, plan, unit, labels);
    g_assert_cmpuint (labels->len, ==, n_labels);
    g_assert_cmpuint (features->len / 20, ==,
        (n_samples - 400 + 159) / 160 + 1);
  }
  g_assert_cmpuint (n_members, ==, N_TONES);
  example_maker_free (maker);
}

static void
test_join_seconds (Data *data, gconstpointer unused)
{
  char *corpora[] = { (char *) "x", NULL };
  Join join = { corpora, { 1, 100 }, 1, { 0.1, 0.3 }, 1.5 };
  PlanSettings settings
      = { .seed = 3, .batch_size = 4, .join = &join, .shuffle = TRUE };
  g_autoptr (Plan) plan = plan_new (data->dataset, &settings, 1);
  guint n_members = 0, n_joined = 0;

  for (guint u = 0; u < plan->units->len; u++) {
    const Unit *unit = &g_array_index (plan->units, Unit, u);

    n_members += unit->n;
    n_joined += unit->n > 1;
    if (unit->n > 1)
      g_assert_cmpfloat (unit->seconds, <=, 1.5);
  }
  g_assert_cmpuint (n_members, ==, N_TONES);
  g_assert_cmpuint (n_joined, >, 0);
}

/* --- windows
 * ----------------------------------------------------------------------- */

static const Windows all_windows = { .count = 2,
  .seconds = { 1, 4 },
  .like = 0.7,
  .unlike = 0.5,
  .none = 0.5,
  .pauses = 0 };

static void
test_likeness (void)
{
  const WindowClip clip = { 2, 4, TRUE };
  const struct {
    double begin, end, likeness;
  } cases[] = { { 2, 4, 1 }, { 2, 3, 0.5 }, { 1, 5, 0.5 }, { 3, 5, 1.0 / 3 },
    { 4, 5, 0 }, { 0, 1, 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpfloat_with_epsilon (window_likeness (&clip, cases[i].begin,
                                        cases[i].end),
        cases[i].likeness, 1e-9);
}

/* Each window is called what it holds, and stays inside the stream. */
static void
test_window_draw (void)
{
  const WindowClip clips[]
      = { { 0, 2, TRUE }, { 2, 4, TRUE }, { 4, 7, FALSE } };
  guint n_drawn[2] = { 0, 0 };

  for (guint i = 0; i < 400; i++) {
    Random random = random_for (1, 2, i);
    gboolean wants_none = i % 2;
    double most = 0;
    Window window;

    if (!window_draw (&all_windows, clips, 3, 1, wants_none, &random, &window))
      continue;
    n_drawn[wants_none]++;
    g_assert_cmpfloat (window.begin, >=, 0);
    g_assert_cmpfloat (window.end, <=, 7);
    g_assert_cmpfloat (window.end - window.begin, >=, 1 - 1e-9);
    g_assert_cmpfloat (window.end - window.begin, <=, 4 + 1e-9);
    for (guint c = 0; c < 2; c++)
      most = MAX (most, window_likeness (&clips[c], window.begin, window.end));
    g_assert_cmpint (window.clip, ==, wants_none ? -1 : 1);
    if (wants_none)
      g_assert_cmpfloat (most, <, 0.5);
    else
      g_assert_cmpfloat (window_likeness (&clips[1], window.begin, window.end),
          >=, 0.7);
  }
  g_assert_cmpuint (n_drawn[0], >, 190);
  g_assert_cmpuint (n_drawn[1], >, 190);
}

/* About a clip of nothing there are windows of nothing alone; a stream that is
 * shorter than every window has none. */
static void
test_window_refused (void)
{
  const WindowClip pause[] = { { 0, 3, TRUE }, { 3, 5, FALSE } };
  const WindowClip brief[] = { { 0, 0.5, TRUE } };
  Random random = random_for (1, 2, 3);
  Window window;

  g_assert_true (
      window_draw (&all_windows, pause, 2, 1, FALSE, &random, &window));
  g_assert_cmpint (window.clip, ==, -1);
  g_assert_false (
      window_draw (&all_windows, brief, 1, 0, FALSE, &random, &window));
}

/* Beside each recording so many windows, of it and two others of its group. */
static void
test_plan_windows (Data *data, gconstpointer unused)
{
  PlanSettings settings = { .seed = 3,
    .batch_size = 4,
    .windows = &all_windows,
    .none = -1,
    .shuffle = TRUE };
  g_autoptr (Plan) plan = NULL;
  guint n_windows[N_TONES] = { 0 };

  for (guint i = 0; i < N_TONES; i++)
    g_array_index (data->dataset->items, Item, i).group
        = i % 2 ? "odd" : "even";
  plan = plan_new (data->dataset, &settings, 1);
  g_assert_cmpuint (plan->units->len, ==, 3 * N_TONES);
  for (guint u = 0; u < plan->units->len; u++) {
    const Unit *unit = &g_array_index (plan->units, Unit, u);
    guint item = g_array_index (plan->members, guint, unit->first);

    g_assert_cmpuint (unit->n, ==, unit->window ? 3 : 1);
    n_windows[item] += unit->window;
    for (guint i = 1; i < unit->n; i++)
      g_assert_cmpuint (g_array_index (plan->members, guint, unit->first + i)
              % 2,
          ==, item % 2);
  }
  for (guint i = 0; i < N_TONES; i++)
    g_assert_cmpuint (n_windows[i], ==, 1 + 2);
}

/* --- loader
 * ------------------------------------------------------------------------ */

static const AudioAugment all_augment = { .speed = { 0.9, 1.1 },
  .gain = { -6, 6 },
  .pad = { 0, 0.1 },
  .noise_probability = 0.7,
  .snr = { 0, 20 },
  .room_probability = 0.7,
  .vocal_tract = { 0.9, 1.1 },
  .time_masks = { 2, 10 },
  .frequency_masks = { 2, 5 } };

static GArray *
recordings_of (const Data *data)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (Recording));

  for (guint i = 0; i < 3; i++) {
    const Item *item = dataset_item (data->dataset, i);
    Recording recording
        = { cache_samples (item->cache, item->row), item->n_units };

    g_array_append_val (array, recording);
  }
  return array;
}

/* All features of an epoch, in the order of the batches. */
static GByteArray *
load_epoch (Data *data, const Plan *plan, guint first, guint n_threads)
{
  g_autoptr (GArray) recordings = recordings_of (data);
  AudioAugmenter augmenter = { &all_augment, 16000, recordings, recordings };
  ExampleSettings settings = { .dataset = data->dataset,
    .labels = data->labels,
    .frontend = &data->frontend,
    .seed = 9,
    .audio = &augmenter };
  g_autoptr (Loader) loader = loader_new (&settings, plan, first, n_threads);
  GByteArray *bytes = g_byte_array_new ();

  for (;;) {
    g_autoptr (LoadedBatch) batch = loader_next (loader);

    if (batch == NULL)
      return bytes;
    g_byte_array_append (bytes, (const guint8 *) batch->data,
        (guint) (batch->batch.n_steps * batch->batch.n_sequences
            * batch->batch.n_features * sizeof (float)));
    g_byte_array_append (bytes, (const guint8 *) batch->labels->data,
        batch->labels->len * (guint) sizeof (guint));
  }
}

/* The same bits for any number of threads, and from the middle of an epoch. */
static void
test_loader (Data *data, gconstpointer unused)
{
  PlanSettings settings = { .seed = 3, .batch_size = 4, .shuffle = TRUE };
  g_autoptr (Plan) plan = plan_new (data->dataset, &settings, 2);
  g_autoptr (GByteArray) one = load_epoch (data, plan, 0, 1);
  g_autoptr (GByteArray) three = load_epoch (data, plan, 0, 3);
  g_autoptr (GByteArray) rest = load_epoch (data, plan, 2, 2);
  g_autoptr (Plan) other = plan_new (data->dataset, &settings, 3);
  g_autoptr (GByteArray) next = load_epoch (data, other, 0, 1);

  g_assert_cmpmem (one->data, one->len, three->data, three->len);
  g_assert_cmpuint (rest->len, <, one->len);
  g_assert_cmpmem (one->data + one->len - rest->len, rest->len, rest->data,
      rest->len);
  g_assert_false (
      one->len == next->len && memcmp (one->data, next->data, one->len) == 0);
}

/* Freed before its end: no thread stays behind, nothing leaks. */
static void
test_loader_stopped (Data *data, gconstpointer unused)
{
  PlanSettings settings = { .seed = 3, .batch_size = 1, .shuffle = TRUE };
  g_autoptr (Plan) plan = plan_new (data->dataset, &settings, 0);
  ExampleSettings examples = { .dataset = data->dataset,
    .labels = data->labels,
    .frontend = &data->frontend };
  g_autoptr (Loader) loader = loader_new (&examples, plan, 0, 3);
  g_autoptr (LoadedBatch) batch = loader_next (loader);

  g_assert_cmpuint (batch->batch.n_sequences, ==, 1);
}

/* Nobody says anything in the whole batch: the network learns that from it. */
static void
test_loader_nobody (Data *data, gconstpointer unused)
{
  static const char description[]
      = "{\"format\":1,\"task\":\"test\",\"frontend\":{\"type\":\"none\","
        "\"features\":20},\"layers\":[{\"type\":\"lstm\",\"name\":\"rnn\","
        "\"hidden\":4},{\"type\":\"dense\",\"name\":\"head\",\"units\":4},"
        "{\"type\":\"log-softmax\"}],\"labels\":[]}";
  PlanSettings settings = { .seed = 3, .batch_size = N_TONES };
  g_autoptr (Plan) plan = plan_new (data->dataset, &settings, 0);
  ExampleSettings examples = { .dataset = data->dataset,
    .labels = data->labels,
    .frontend = &data->frontend };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) json
      = rnnc_json_parse (description, strlen (description), "test", &error);
  g_autoptr (RnncTrainer) trainer = NULL;
  g_autoptr (Loader) loader = NULL;
  g_autoptr (LoadedBatch) batch = NULL;
  RnncTrainerOptions options;
  double before, after;

  for (guint i = 0; i < N_TONES; i++)
    g_array_index (data->dataset->items, Item, i).n_targets = 0;
  rnnc_trainer_options_init (&options);
  options.loss = RNNC_LOSS_CTC;
  trainer = rnnc_trainer_new (json, "test", &options, &error);
  g_assert_no_error (error);
  loader = loader_new (&examples, plan, 0, 1);
  batch = loader_next (loader);
  g_assert_cmpuint (batch->batch.n_sequences, ==, N_TONES);
  g_assert_cmpuint (batch->labels->len, ==, 0);
  rnnc_trainer_forward (trainer, &batch->batch, &batch->targets, NULL, &before);
  for (guint i = 0; i < 20; i++) {
    RnncStepStats stats;

    rnnc_trainer_step (trainer, &batch->batch, &batch->targets, 0.02, &stats,
        &error);
    g_assert_no_error (error);
    g_assert_true (isfinite (stats.loss) && isfinite (stats.gradient_norm));
    g_assert_cmpuint (stats.n_infeasible, ==, 0);
  }
  rnnc_trainer_forward (trainer, &batch->batch, &batch->targets, NULL, &after);
  g_assert_cmpfloat (before, >, 0);
  g_assert_cmpfloat (after, <, 0.5 * before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                    \
  g_test_add ("/tools/" path, Data, NULL, set_up, function, tear_down)
  ADD ("cache/content", test_cache_content);
  ADD ("cache/reused", test_cache_reused);
  ADD ("cache/other-format", test_cache_other_format);
  ADD ("cache/damaged", test_cache_damaged);
  g_test_add_func ("/tools/cache/bad-recording", test_cache_bad_recording);
  ADD ("dataset/unknown-letter", test_unknown_letter);
  ADD ("dataset/limits", test_limits);
  ADD ("plan/each-once", test_plan);
  ADD ("plan/equal-lengths", test_plan_equal_lengths);
  ADD ("plan/join", test_join);
  ADD ("plan/join-seconds", test_join_seconds);
  ADD ("plan/windows", test_plan_windows);
  g_test_add_func ("/tools/window/likeness", test_likeness);
  g_test_add_func ("/tools/window/draw", test_window_draw);
  g_test_add_func ("/tools/window/refused", test_window_refused);
  ADD ("loader/threads", test_loader);
  ADD ("loader/stopped", test_loader_stopped);
  ADD ("loader/nobody-speaks", test_loader_nobody);
  return g_test_run ();
}
