/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From the recipe's "model" to a model's description. */
#include <math.h>
#include <string.h>

#include "rnncore/base/json-reader.h"
#include "tools/training/session.h"

#define NONE "none"

/* As much as is looked at for mean and deviation. */
#define NORMALISATION_SECONDS 3600.0

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* All labels of the training data, in order; where windows are cut, what lies
 * between gestures is one. */
static gboolean
collect_labels (Session *session, GError **error)
{
  g_autoptr (GHashTable) values = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) names = NULL;
  JsonArray *labels;
  GHashTableIter iter;
  gpointer name;

  if (!collection_values (session->collection, session->recipe->train, "label",
          values, error))
    return FALSE;
  names = g_ptr_array_new ();
  if (session->recipe->windows.count > 0)
    g_hash_table_add (values, (gpointer) NONE);
  g_hash_table_iter_init (&iter, values);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, name);
  g_ptr_array_sort (names, compare_strings);
  labels = json_array_new ();
  for (guint i = 0; i < names->len; i++)
    json_array_add_string_element (labels, g_ptr_array_index (names, i));
  json_object_set_array_member (session->description, "labels", labels);
  return TRUE;
}

/* Where the recipe names none. */
static gboolean
find_labels (Session *session, GError **error)
{
  const Recipe *recipe = session->recipe;
  const DataSource *first = g_ptr_array_index (recipe->train, 0);
  JsonArray *labels;

  if (first->generator == NULL && recipe->loss != RNNC_LOSS_MSE)
    return collect_labels (session, error);
  labels = json_array_new ();
  if (recipe->loss != RNNC_LOSS_MSE) {
    const char *const *names = generator_labels (first->generator);

    for (guint i = 0; names[i] != NULL; i++)
      json_array_add_string_element (labels, names[i]);
  }
  json_object_set_array_member (session->description, "labels", labels);
  return TRUE;
}

/* "units": "labels" stands for their number, that of phones with it, and
 * "split": "labels" for theirs alone. */
static void
resolve_layer (JsonObject *layer, const char *key, guint n)
{
  JsonNode *value = json_object_get_member (layer, key);

  if (value != NULL && json_node_get_value_type (value) == G_TYPE_STRING
      && g_strcmp0 (json_node_get_string (value), "labels") == 0)
    json_object_set_int_member (layer, key, n);
}

static void
resolve_layers (Session *session)
{
  JsonArray *layers
      = json_object_get_array_member (session->description, "layers");
  guint n = session->labels->n;

  for (guint i = 0; layers && i < json_array_get_length (layers); i++) {
    JsonNode *node = json_array_get_element (layers, i);

    if (!JSON_NODE_HOLDS_OBJECT (node))
      continue;
    resolve_layer (json_node_get_object (node), "units",
        n + session_n_phones (session));
    resolve_layer (json_node_get_object (node), "split", n);
  }
}

guint
session_n_phones (const Session *session)
{
  if (session->recipe->pronunciations == NULL)
    return 0;
  return json_array_get_length (
      json_object_get_array_member (session->description, "phones"));
}

static gboolean
complete_phones (Session *session, GError **error)
{
  JsonArray *array;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) phones = NULL;
  Pronunciations *pronunciations;

  if (session->recipe->pronunciations == NULL)
    return TRUE;
  array = json_object_get_array_member (session->description, "phones");
  for (guint i = 0; i < json_array_get_length (array); i++)
    g_strv_builder_add (builder, json_array_get_string_element (array, i));
  phones = g_strv_builder_end (builder);
  pronunciations = pronunciations_load (session->recipe->pronunciations,
      (const char *const *) phones, error);
  return pronunciations != NULL
      && labels_set_phones (session->labels, (const char *const *) phones,
          pronunciations, error);
}

gboolean
session_complete_labels (Session *session, GError **error)
{
  JsonObject *json = session->description;
  JsonArray *array = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;
  guint blank = G_MAXUINT;

  if (!json_object_has_member (json, "labels") && !find_labels (session, error))
    return FALSE;
  if (!rnnc_json_get_array (json, "model", "labels", &array, error)
      || !rnnc_json_get_uint (json, "model", "blank", 0, G_MAXINT, &blank,
          error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *node = json_array_get_element (array, i);

    if (json_node_get_value_type (node) != G_TYPE_STRING) {
      g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
          "model.labels[%u]: not a string", i);
      return FALSE;
    }
    g_strv_builder_add (builder, json_node_get_string (node));
    if (blank == G_MAXUINT && g_str_equal (json_node_get_string (node), NONE))
      json_object_set_int_member (json, "blank", i);
  }
  names = g_strv_builder_end (builder);
  if (session->recipe->loss == RNNC_LOSS_CTC
      && !json_object_has_member (json, "blank"))
    json_object_set_int_member (json, "blank", 0);
  json_object_set_int_member (json, "format", 1);
  session->labels = labels_new ((const char *const *) names,
      (gint) json_object_get_int_member_with_default (json, "blank", -1),
      error);
  if (session->labels == NULL) {
    g_prefix_error (error, "model.labels: ");
    return FALSE;
  }
  resolve_layers (session);
  return complete_phones (session, error);
}

/* --- normalisation
 * -------------------------------------------------------------- */

static JsonArray *
floats_to_json (const float *values, guint n)
{
  JsonArray *array = json_array_sized_new (n);

  for (guint i = 0; i < n; i++) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    /* The shortest decimals that are this float again. */
    g_ascii_formatd (text, sizeof text, "%.9g", (double) values[i]);
    json_array_add_double_element (array, g_ascii_strtod (text, NULL));
  }
  return array;
}

static gboolean
parse_again (Session *session, GError **error)
{
  rnnc_trainer_clear_frontend (&session->frontend);
  session->has_frontend = rnnc_trainer_parse_frontend (session->description,
      session->recipe->path, &session->frontend, error);
  return session->has_frontend;
}

gboolean
session_set_normalisation (Session *session, const float *mean,
    const float *deviation, guint n, GError **error)
{
  JsonObject *frontend
      = json_object_get_object_member (session->description, "frontend");

  json_object_set_array_member (frontend, "mean", floats_to_json (mean, n));
  json_object_set_array_member (frontend, "deviation",
      floats_to_json (deviation, n));
  return parse_again (session, error);
}

static const char *const normalisation_keys[] = { "mean", "deviation" };

static void
copy_normalisation (JsonObject *from, JsonObject *to)
{
  for (guint i = 0; i < G_N_ELEMENTS (normalisation_keys); i++) {
    const char *key = normalisation_keys[i];

    if (json_object_has_member (from, key))
      json_object_set_member (to, key,
          json_node_copy (json_object_get_member (from, key)));
  }
}

void
session_get_normalisation (const Session *session, JsonObject *json)
{
  copy_normalisation (json_object_get_object_member (session->description,
                          "frontend"),
      json);
}

gboolean
session_take_normalisation (Session *session, JsonObject *json, GError **error)
{
  copy_normalisation (json,
      json_object_get_object_member (session->description, "frontend"));
  return parse_again (session, error);
}

typedef struct {
  guint n; /* bands or channels, the fastest axis */
  double *sum;
  double *squares;
  guint64 count;
} Moments;

static void
add_batch (Moments *moments, const LoadedBatch *loaded)
{
  const RnncBatch *batch = &loaded->batch;
  gsize n_rows = batch->n_features / moments->n;

  for (guint s = 0; s < batch->n_sequences; s++) {
    for (guint t = 0; t < batch->lengths[s]; t++) {
      const float *row = batch->data
          + ((gsize) t * batch->n_sequences + s) * batch->n_features;

      for (gsize r = 0; r < n_rows; r++, row += moments->n) {
        for (guint i = 0; i < moments->n; i++) {
          moments->sum[i] += row[i];
          moments->squares[i] += (double) row[i] * row[i];
        }
      }
      moments->count += n_rows;
    }
  }
}

/* Every so many batches, so that about NORMALISATION_SECONDS are seen. */
static void
measure (Session *session, Moments *moments)
{
  PlanSettings plan_settings = { .batch_size = 16, .shuffle = TRUE };
  ExampleSettings settings = { .dataset = session->train,
    .labels = session->labels,
    .frontend = &session->frontend,
    .join = &session->recipe->join };
  g_autoptr (Plan) plan = plan_new (session->train, &plan_settings, 0);
  g_autoptr (Loader) loader = NULL;
  guint n = plan->batches->len;
  guint kept = (guint) ceil (
      n * MIN (1.0, NORMALISATION_SECONDS / MAX (session->train->seconds, 1)));

  g_array_set_size (plan->batches, CLAMP (kept, 1, n));
  loader = loader_new (&settings, plan, 0,
      session->recipe->training.options.threads);
  for (;;) {
    g_autoptr (LoadedBatch) batch = loader_next (loader);

    if (batch == NULL)
      break;
    add_batch (moments, batch);
  }
}

gboolean
session_measure_normalisation (Session *session, GError **error)
{
  gboolean is_video = session->frontend.type == RNNC_FRONTEND_VIDEO;
  Moments moments = { .n = session->frontend.type == RNNC_FRONTEND_NONE ? 1
        : is_video ? rnnc_video_config_channels (&session->frontend.video)
                   : session->frontend.log_mel.mels };
  g_autofree double *sums = g_new0 (double, 2 * moments.n);
  g_autofree float *mean = g_new0 (float, moments.n);
  g_autofree float *deviation = g_new0 (float, moments.n);

  if (session->frontend.type == RNNC_FRONTEND_NONE)
    return TRUE;
  if (is_video ? session->frontend.video.mean != NULL
               : session->frontend.log_mel.mean != NULL)
    return TRUE;
  moments.sum = sums;
  moments.squares = sums + moments.n;
  measure (session, &moments);
  for (guint i = 0; i < moments.n; i++) {
    double average = moments.sum[i] / (double) moments.count;
    double variance
        = moments.squares[i] / (double) moments.count - average * average;

    mean[i] = (float) average;
    /* Of constant input: leave it as it is. */
    deviation[i] = variance > 1e-10 ? (float) sqrt (variance) : 1.0f;
  }
  return session_set_normalisation (session, mean, deviation, moments.n, error);
}

/* --- the file
 * -------------------------------------------------------------------- */

/* Rounded, for people. */
static void
set_number (JsonObject *json, const char *key, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (text, sizeof text, "%.4g", value);
  json_object_set_double_member (json, key, g_ascii_strtod (text, NULL));
}

gboolean
session_export (Session *session, const char *path, const DevResult *result,
    GError **error)
{
  JsonObject *training = json_object_new ();
  g_autofree char *recipe = g_path_get_basename (session->recipe->path);

  json_object_set_string_member (training, "recipe", recipe);
  if (session->recipe->is_language) {
    json_object_set_int_member (training, "texts", session->train->items->len);
    set_number (training, "characters", session->train->seconds);
  } else if (session->recipe->n_features > 0) {
    json_object_set_int_member (training, "sequences",
        session->train->items->len);
    set_number (training, "sequence-steps", session->train->seconds);
  } else {
    json_object_set_int_member (training, "recordings",
        session->train->items->len);
    set_number (training, "hours", session->train->seconds / 3600);
  }
  json_object_set_int_member (training, "steps",
      (gint64) rnnc_trainer_step_count (session->trainer));
  json_object_set_object_member (session->description, "training", training);
  if (result != NULL) {
    JsonObject *results = json_object_new ();

    set_number (results, "dev-loss", result->loss);
    if (session->train->has_text) {
      set_number (results, "dev-word-error", result->error);
      set_number (results, "dev-character-error", result->character_error);
    } else if (session->recipe->loss == RNNC_LOSS_MSE) {
      set_number (results, "dev-normalised-error", result->error);
    } else if (session->recipe->is_language) {
      set_number (results, "dev-bits-per-character", result->error);
    } else {
      set_number (results, "dev-accuracy", 1 - result->error);
    }
    json_object_set_object_member (session->description, "results", results);
  }
  return rnnc_trainer_export (session->trainer, path, session->description,
      error);
}
