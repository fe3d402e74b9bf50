/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/training/recipe.h"

#include <errno.h>
#include <string.h>

#include "rnncore/base/json-reader.h"

#define DATA_PREFIX "${DATA}"

gboolean
recipe_fail (GError **error, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, RNNC_ERROR, RNNC_ERROR_VALUE, text);
  return FALSE;
}

void
data_source_free (DataSource *source)
{
  g_free (source->manifest);
  g_free (source->generator);
  g_ptr_array_unref (source->conditions);
  g_free (source);
}

static void
clear_turn (VideoTurn *turn)
{
  g_clear_pointer (&turn->labels, g_hash_table_unref);
  g_clear_pointer (&turn->except, g_hash_table_unref);
}

void
recipe_free (Recipe *recipe)
{
  if (recipe == NULL)
    return;
  g_free (recipe->path);
  g_free (recipe->directory);
  g_free (recipe->output);
  g_free (recipe->pronunciations);
  g_clear_pointer (&recipe->model, json_object_unref);
  g_clear_pointer (&recipe->train, g_ptr_array_unref);
  g_clear_pointer (&recipe->dev, g_ptr_array_unref);
  g_strfreev (recipe->join.corpora);
  g_free (recipe->audio.noise);
  g_free (recipe->audio.room);
  clear_turn (&recipe->video.mirror);
  clear_turn (&recipe->video.reverse);
  g_free (recipe);
}

char *
recipe_resolve (const Recipe *recipe, const char *path, const char *data,
    GError **error)
{
  if (g_str_has_prefix (path, DATA_PREFIX)) {
    if (data == NULL) {
      recipe_fail (error,
          "\"%s\" needs the folder of the data: give --data DIR", path);
      return NULL;
    }
    return g_build_filename (data, path + strlen (DATA_PREFIX), NULL);
  }
  if (g_path_is_absolute (path) || g_str_equal (recipe->directory, "."))
    return g_strdup (path);
  return g_build_filename (recipe->directory, path, NULL);
}

gboolean
recipe_get_range (JsonObject *json, const char *path, const char *key,
    double minimum, double maximum, double range[2], GError **error)
{
  JsonNode *node = json_object_get_member (json, key);
  JsonArray *array;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node)) {
    if (!rnnc_json_get_double (json, path, key, minimum, maximum, &range[0],
            error))
      return FALSE;
    range[1] = range[0];
    return TRUE;
  }
  array = json_node_get_array (node);
  for (guint i = 0; i < 2; i++) {
    JsonNode *element = json_array_get_length (array) == 2
        ? json_array_get_element (array, i)
        : NULL;
    GType type = element ? json_node_get_value_type (element) : G_TYPE_INVALID;

    if (type != G_TYPE_DOUBLE && type != G_TYPE_INT64)
      return recipe_fail (error, "%s.%s: not a number or [low, high]", path,
          key);
    range[i] = json_node_get_double (element);
    if (!(range[i] >= minimum && range[i] <= maximum))
      return recipe_fail (error, "%s.%s: %g is not in %g to %g", path, key,
          range[i], minimum, maximum);
  }
  if (range[0] > range[1])
    return recipe_fail (error, "%s.%s: low is above high", path, key);
  return TRUE;
}

GStrv
recipe_get_strings (JsonObject *json, const char *path, const char *key,
    GError **error)
{
  JsonNode *node = json_object_get_member (json, key);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  JsonArray *array;

  if (json_node_get_value_type (node) == G_TYPE_STRING) {
    g_strv_builder_add (builder, json_node_get_string (node));
    return g_strv_builder_end (builder);
  }
  array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (array == NULL || json_array_get_length (array) == 0) {
    recipe_fail (error, "%s.%s: not a string or an array of strings", path,
        key);
    return NULL;
  }
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);

    if (json_node_get_value_type (element) != G_TYPE_STRING) {
      recipe_fail (error, "%s.%s[%u]: not a string", path, key, i);
      return NULL;
    }
    g_strv_builder_add (builder, json_node_get_string (element));
  }
  return g_strv_builder_end (builder);
}

/* --- data
 * ----------------------------------------------------------------------- */

static gboolean
parse_conditions (JsonObject *json, const char *path, const char *key,
    gboolean except, GPtrArray *conditions, GError **error)
{
  JsonObject *object = NULL;
  g_autoptr (GList) columns = NULL;
  g_autofree char *inner = g_strdup_printf ("%s.%s", path, key);

  if (!rnnc_json_get_object (json, path, key, &object, error))
    return FALSE;
  if (object == NULL)
    return TRUE;
  columns = json_object_get_members (object);
  for (GList *column = columns; column != NULL; column = column->next) {
    g_auto (GStrv) values
        = recipe_get_strings (object, inner, column->data, error);

    if (values == NULL)
      return FALSE;
    g_ptr_array_add (conditions,
        condition_new (column->data, (const char *const *) values, except));
  }
  return TRUE;
}

static gboolean
find_task (const char *name, Generator *generator, GError **error)
{
  g_autofree char *all = NULL;

  for (guint i = 0; generator_names[i] != NULL; i++) {
    if (g_str_equal (generator_names[i], name)) {
      generator->task = (GeneratorTask) i;
      return TRUE;
    }
  }
  all = g_strjoinv (", ", (GStrv) generator_names);
  return recipe_fail (error, "\"%s\" is none of %s", name, all);
}

static gboolean
check_generator (const Recipe *recipe, const Generator *generator,
    const char *path, GError **error)
{
  const char *name = generator_names[generator->task];

  if (recipe->is_language)
    return recipe_fail (error, "%s: a language model learns from texts", path);
  if (generator_features (generator) != recipe->n_features)
    return recipe_fail (error,
        "%s: %s has %u numbers a step, model.frontend must be "
        "\"none\" with as many features",
        path, name, generator_features (generator));
  if (generator_loss (generator) != recipe->loss)
    return recipe_fail (error,
        "%s: %s does not fit the recipe's loss (training.loss)", path, name);
  return generator->steps[0] <= generator->steps[1]
      || recipe_fail (error, "%s.steps: low is above high", path);
}

/* "generate": numbers that no file holds. */
static gboolean
parse_generator (const Recipe *recipe, JsonObject *json, const char *parent,
    DataSource *source, GError **error)
{
  static const char *const keys[]
      = { "task", "sequences", "steps", "seed", "tau", NULL };
  g_autofree char *path = g_strdup_printf ("%s.generate", parent);
  Generator *generator = source->generator = g_new0 (Generator, 1);
  JsonObject *object = NULL;
  const char *task = NULL;
  double steps[2] = { 100, 100 };
  guint seed = 1;

  generator->sequences = 1000;
  generator->tau = 17;
  if (!rnnc_json_get_object (json, parent, "generate", &object, error)
      || !rnnc_json_check_keys (object, path, keys, error)
      || !rnnc_json_require (object, path, "task", error)
      || !rnnc_json_get_string (object, path, "task", &task, error)
      || !rnnc_json_get_uint (object, path, "sequences", 1, 10000000,
          &generator->sequences, error)
      || !recipe_get_range (object, path, "steps", 4, 1000000, steps, error)
      || !rnnc_json_get_uint (object, path, "seed", 0, G_MAXINT, &seed, error)
      || !rnnc_json_get_double (object, path, "tau", 1, 1000, &generator->tau,
          error))
    return FALSE;
  generator->seed = seed;
  generator->steps[0] = (guint) steps[0];
  generator->steps[1] = (guint) steps[1];
  if (!find_task (task, generator, error)) {
    g_prefix_error (error, "%s.task: ", path);
    return FALSE;
  }
  return check_generator (recipe, generator, path, error);
}

static DataSource *
parse_generated (Recipe *recipe, JsonObject *json, const char *path,
    GError **error)
{
  static const char *const keys[] = { "generate", NULL };
  DataSource *source = g_new0 (DataSource, 1);

  source->conditions
      = g_ptr_array_new_with_free_func ((GDestroyNotify) condition_free);
  source->repeat = 1;
  source->max_seconds = G_MAXDOUBLE;
  if (rnnc_json_check_keys (json, path, keys, error)
      && parse_generator (recipe, json, path, source, error))
    return source;
  data_source_free (source);
  return NULL;
}

static DataSource *
parse_source (Recipe *recipe, JsonObject *json, const char *path,
    const char *data, GError **error)
{
  static const char *const keys[] = { "manifest", "where", "except", "repeat",
    "min-seconds", "max-seconds", "limit", "limit-speakers", NULL };
  DataSource *source;
  const char *manifest = NULL;

  if (json_object_has_member (json, "generate"))
    return parse_generated (recipe, json, path, error);
  source = g_new0 (DataSource, 1);
  source->conditions
      = g_ptr_array_new_with_free_func ((GDestroyNotify) condition_free);
  source->repeat = 1;
  source->max_seconds = recipe->n_features > 0 ? G_MAXDOUBLE : 3600;
  if (rnnc_json_check_keys (json, path, keys, error)
      && rnnc_json_require (json, path, "manifest", error)
      && rnnc_json_get_string (json, path, "manifest", &manifest, error)
      && (source->manifest = recipe_resolve (recipe, manifest, data, error))
      && parse_conditions (json, path, "where", FALSE, source->conditions,
          error)
      && parse_conditions (json, path, "except", TRUE, source->conditions,
          error)
      && rnnc_json_get_uint (json, path, "repeat", 1, 1000, &source->repeat,
          error)
      && rnnc_json_get_double (json, path, "min-seconds", 0, 86400,
          &source->min_seconds, error)
      && rnnc_json_get_double (json, path, "max-seconds", 0, 86400,
          &source->max_seconds, error)
      && rnnc_json_get_uint (json, path, "limit", 0, G_MAXINT, &source->limit,
          error)
      && rnnc_json_get_uint (json, path, "limit-speakers", 0, G_MAXINT,
          &source->limit_speakers, error))
    return source;
  data_source_free (source);
  return NULL;
}

static gboolean
parse_sources (Recipe *recipe, JsonObject *json, const char *key,
    const char *data, GPtrArray *sources, GError **error)
{
  JsonArray *array = NULL;

  if (!rnnc_json_get_array (json, "data", key, &array, error))
    return FALSE;
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++) {
    g_autofree char *path = g_strdup_printf ("data.%s[%u]", key, i);
    JsonNode *node = json_array_get_element (array, i);
    DataSource *source;

    if (!JSON_NODE_HOLDS_OBJECT (node))
      return recipe_fail (error, "%s: not an object", path);
    source
        = parse_source (recipe, json_node_get_object (node), path, data, error);
    if (source == NULL)
      return FALSE;
    g_ptr_array_add (sources, source);
  }
  return TRUE;
}

static gboolean
parse_join (Recipe *recipe, JsonObject *json, GError **error)
{
  static const char *const keys[]
      = { "corpora", "words", "share", "gap", "max-seconds", NULL };
  Join *join = &recipe->join;

  join->words[0] = 2;
  join->words[1] = 4;
  join->share = 1;
  join->gap[0] = 0.05;
  join->gap[1] = 0.4;
  if (json == NULL)
    return TRUE;
  if (!rnnc_json_check_keys (json, "join", keys, error)
      || !rnnc_json_require (json, "join", "corpora", error)
      || !(join->corpora = recipe_get_strings (json, "join", "corpora", error))
      || !rnnc_json_get_uints (json, "join", "words", 1, 100, 2, join->words,
          error)
      || !rnnc_json_get_double (json, "join", "share", 0, 1, &join->share,
          error)
      || !recipe_get_range (json, "join", "gap", 0, 60, join->gap, error)
      || !rnnc_json_get_double (json, "join", "max-seconds", 0, 36000,
          &join->max_seconds, error))
    return FALSE;
  return join->words[0] <= join->words[1]
      || recipe_fail (error, "join.words: low is above high");
}

/* The model's "window", else the spotter's. */
static gboolean
default_window (Recipe *recipe, double *seconds, GError **error)
{
  *seconds = 2.5;
  return rnnc_json_get_double (recipe->model, "model", "window", 0.1, 3600,
      seconds, error);
}

static gboolean
parse_windows (Recipe *recipe, JsonObject *root, GError **error)
{
  static const char *const keys[]
      = { "count", "seconds", "like", "unlike", "none", "pauses", "gap", NULL };
  const char *path = "windows";
  Windows *windows = &recipe->windows;
  JsonObject *json = NULL;

  if (!rnnc_json_get_object (root, "recipe", path, &json, error))
    return FALSE;
  if (json == NULL)
    return TRUE;
  windows->count = 1;
  windows->like = 0.7;
  windows->unlike = 0.5;
  windows->none = 0.4;
  windows->pauses = 0.5;
  if (!default_window (recipe, &windows->seconds[0], error))
    return FALSE;
  windows->seconds[1] = windows->seconds[0];
  if (!rnnc_json_check_keys (json, path, keys, error)
      || !rnnc_json_get_uint (json, path, "count", 0, 100, &windows->count,
          error)
      || !recipe_get_range (json, path, "seconds", 0.2, 10, windows->seconds,
          error)
      || !rnnc_json_get_double (json, path, "like", 0.1, 1, &windows->like,
          error)
      || !rnnc_json_get_double (json, path, "unlike", 0, 1, &windows->unlike,
          error)
      || !rnnc_json_get_double (json, path, "none", 0, 1, &windows->none, error)
      || !rnnc_json_get_double (json, path, "pauses", 0, 1, &windows->pauses,
          error)
      || !recipe_get_range (json, path, "gap", 0, 9, windows->gap, error))
    return FALSE;
  return windows->unlike <= windows->like
      || recipe_fail (error, "windows.unlike: above windows.like");
}

static gboolean
parse_data (Recipe *recipe, JsonObject *root, const char *data, GError **error)
{
  static const char *const keys[] = { "train", "dev", NULL };
  JsonObject *json = NULL;
  JsonObject *join = NULL;

  if (!rnnc_json_require (root, "recipe", "data", error)
      || !rnnc_json_get_object (root, "recipe", "data", &json, error)
      || !rnnc_json_check_keys (json, "data", keys, error)
      || !rnnc_json_require (json, "data", "train", error)
      || !parse_sources (recipe, json, "train", data, recipe->train, error)
      || !parse_sources (recipe, json, "dev", data, recipe->dev, error)
      || !rnnc_json_get_object (root, "recipe", "join", &join, error))
    return FALSE;
  if (recipe->train->len == 0)
    return recipe_fail (error, "data.train: empty");
  return parse_join (recipe, join, error)
      && parse_windows (recipe, root, error);
}

/* --- all
 * ------------------------------------------------------------------------ */

static void
set_defaults (Recipe *recipe)
{
  TrainingSettings *training = &recipe->training;

  recipe->train
      = g_ptr_array_new_with_free_func ((GDestroyNotify) data_source_free);
  recipe->dev
      = g_ptr_array_new_with_free_func ((GDestroyNotify) data_source_free);
  training->epochs = 10;
  training->batch_size = 16;
  training->learning_rate = 1e-3;
  training->schedule = SCHEDULE_COSINE;
  training->final_rate = 0.01;
  training->plateau_factor = 0.5;
  training->plateau_patience = 2;
  training->loader_threads = 1;
  training->checkpoint_minutes = 10;
  rnnc_trainer_options_init (&training->options);
  recipe->audio.speed[0] = recipe->audio.speed[1] = 1;
  recipe->audio.vocal_tract[0] = recipe->audio.vocal_tract[1] = 1;
  recipe->video.speed[0] = recipe->video.speed[1] = 1;
  recipe->video.zoom[0] = recipe->video.zoom[1] = 1;
  recipe->video.contrast[0] = recipe->video.contrast[1] = 1;
}

static gboolean
parse_output (Recipe *recipe, JsonObject *root,
    const RecipeOverrides *overrides, GError **error)
{
  const char *output = NULL;

  if (!rnnc_json_get_string (root, "recipe", "output", &output, error))
    return FALSE;
  if (overrides->output != NULL)
    recipe->output = g_strdup (overrides->output);
  else if (output != NULL)
    recipe->output = recipe_resolve (recipe, output, overrides->data, error);
  else
    return recipe_fail (error,
        "recipe.output: missing, and there is no --output");
  return recipe->output != NULL;
}

static gboolean
parse_recipe (Recipe *recipe, JsonObject *root,
    const RecipeOverrides *overrides, GError **error)
{
  static const char *const keys[] = { "model", "data", "join", "windows",
    "augment", "training", "output", "comment", NULL };
  JsonObject *augment = NULL;
  JsonObject *training = NULL;

  if (!rnnc_json_check_keys (root, "recipe", keys, error)
      || !recipe_parse_model (recipe, root, overrides->data, error)
      || !rnnc_json_get_object (root, "recipe", "training", &training, error)
      || !recipe_parse_loss (recipe, training, error)
      || !parse_data (recipe, root, overrides->data, error)
      || !rnnc_json_get_object (root, "recipe", "augment", &augment, error)
      || (augment != NULL
          && !recipe_parse_augment (recipe, augment, overrides->data, error))
      || (training != NULL && !recipe_parse_training (recipe, training, error))
      || !parse_output (recipe, root, overrides, error))
    return FALSE;
  recipe->training.options.loss = recipe->loss;
  if (overrides->threads > 0)
    recipe->training.options.threads = (guint) overrides->threads;
  if (overrides->epochs > 0)
    recipe->training.epochs = (guint) overrides->epochs;
  if (overrides->max_hours > 0)
    recipe->training.max_hours = overrides->max_hours;
  return TRUE;
}

Recipe *
recipe_load (const char *path, const RecipeOverrides *overrides, GError **error)
{
  g_autoptr (Recipe) recipe = g_new0 (Recipe, 1);
  g_autoptr (JsonObject) root = NULL;
  g_autoptr (GError) fault = NULL;
  g_autofree char *text = NULL;
  gsize length;

  recipe->path = g_strdup (path);
  recipe->directory = g_path_get_dirname (path);
  set_defaults (recipe);
  if (!g_file_get_contents (path, &text, &length, &fault)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: %s", path,
        g_strerror (fault->code == G_FILE_ERROR_NOENT ? ENOENT
                : fault->code == G_FILE_ERROR_ACCES   ? EACCES
                : fault->code == G_FILE_ERROR_ISDIR   ? EISDIR
                                                      : EIO));
    return NULL;
  }
  root = rnnc_json_parse (text, length, path, error);
  if (root == NULL)
    return NULL;
  if (!parse_recipe (recipe, root, overrides, &fault)) {
    g_prefix_error (&fault, "%s: ", path);
    g_propagate_error (error, g_steal_pointer (&fault));
    return NULL;
  }
  return g_steal_pointer (&recipe);
}
