/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The recipe's "augment" and "training". */
#include "rnncore/base/json-reader.h"
#include "tools/training/recipe.h"

/* --- augment
 * -------------------------------------------------------------------- */

static gboolean
parse_masks (JsonObject *json, const char *key, MaskSettings *masks,
    GError **error)
{
  static const char *const keys[] = { "count", "width", NULL };
  g_autofree char *path = g_strdup_printf ("augment.%s", key);
  JsonObject *object = NULL;

  if (!rnnc_json_get_object (json, "augment", key, &object, error))
    return FALSE;
  if (object == NULL)
    return TRUE;
  masks->count = 2;
  masks->width = 20;
  return rnnc_json_check_keys (object, path, keys, error)
      && rnnc_json_get_uint (object, path, "count", 0, 100, &masks->count,
          error)
      && rnnc_json_get_uint (object, path, "width", 0, 10000, &masks->width,
          error);
}

/* What happens to speech on its way, telephone lines above all. */
static gboolean
parse_channel (AudioAugment *audio, JsonObject *json, GError **error)
{
  static const char *const band_keys[] = { "probability", "low", "high", NULL };
  static const char *const clipping_keys[] = { "probability", "level", NULL };
  JsonObject *band = NULL;
  JsonObject *clipping = NULL;

  if (!rnnc_json_get_object (json, "augment", "band", &band, error)
      || !rnnc_json_get_object (json, "augment", "clipping", &clipping, error)
      || !rnnc_json_get_double (json, "augment", "companding", 0, 1,
          &audio->companding_probability, error))
    return FALSE;
  if (band != NULL) {
    const char *path = "augment.band";

    audio->band_probability = 0.5;
    audio->band_low[0] = 50, audio->band_low[1] = 350;
    audio->band_high[0] = 2800, audio->band_high[1] = 7000;
    if (!rnnc_json_check_keys (band, path, band_keys, error)
        || !rnnc_json_get_double (band, path, "probability", 0, 1,
            &audio->band_probability, error)
        || !recipe_get_range (band, path, "low", 0, 1000, audio->band_low,
            error)
        || !recipe_get_range (band, path, "high", 1500, 24000, audio->band_high,
            error))
      return FALSE;
  }
  if (clipping != NULL) {
    const char *path = "augment.clipping";

    audio->clipping_probability = 0.5;
    audio->clipping_level[0] = -14, audio->clipping_level[1] = -2;
    if (!rnnc_json_check_keys (clipping, path, clipping_keys, error)
        || !rnnc_json_get_double (clipping, path, "probability", 0, 1,
            &audio->clipping_probability, error)
        || !recipe_get_range (clipping, path, "level", -60, 0,
            audio->clipping_level, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
parse_crop (AudioAugment *audio, JsonObject *json, GError **error)
{
  static const char *const keys[] = { "probability", "seconds", NULL };
  const char *path = "augment.crop";
  JsonObject *crop = NULL;

  if (!rnnc_json_get_object (json, "augment", "crop", &crop, error))
    return FALSE;
  if (crop == NULL)
    return TRUE;
  audio->crop_probability = 0.5;
  audio->crop = 0.1;
  return rnnc_json_check_keys (crop, path, keys, error)
      && rnnc_json_get_double (crop, path, "probability", 0, 1,
          &audio->crop_probability, error)
      && rnnc_json_get_double (crop, path, "seconds", 0, 10, &audio->crop,
          error);
}

/* A manifest to draw from, with a probability. */
static gboolean
parse_manifest (Recipe *recipe, JsonObject *json, const char *key,
    const char *data, char **manifest, double *probability, double snr[2],
    GError **error)
{
  static const char *const keys[] = { "manifest", "probability", "snr", NULL };
  g_autofree char *path = g_strdup_printf ("augment.%s", key);
  JsonObject *object = NULL;
  const char *name = NULL;

  if (!rnnc_json_get_object (json, "augment", key, &object, error))
    return FALSE;
  if (object == NULL)
    return TRUE;
  *probability = 0.5;
  if (!rnnc_json_check_keys (object, path, keys, error)
      || !rnnc_json_require (object, path, "manifest", error)
      || !rnnc_json_get_string (object, path, "manifest", &name, error)
      || !rnnc_json_get_double (object, path, "probability", 0, 1, probability,
          error)
      || !recipe_get_range (object, path, "snr", -30, 100, snr, error))
    return FALSE;
  *manifest = recipe_resolve (recipe, name, data, error);
  return *manifest != NULL;
}

/* @path: "augment." and @name */
static gboolean
parse_exchange (VideoTurn *turn, JsonObject *object, const char *path,
    GError **error)
{
  g_autofree char *where = g_strconcat (path, ".labels", NULL);
  JsonObject *labels = NULL;
  g_autoptr (GList) names = NULL;

  if (!rnnc_json_get_object (object, path, "labels", &labels, error))
    return FALSE;
  turn->labels
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  names = labels ? json_object_get_members (labels) : NULL;
  for (GList *name = names; name != NULL; name = name->next) {
    const char *other = NULL;

    if (!rnnc_json_get_string (labels, where, name->data, &other, error))
      return FALSE;
    /* Both ways. */
    g_hash_table_insert (turn->labels, g_strdup (name->data), g_strdup (other));
    g_hash_table_insert (turn->labels, g_strdup (other), g_strdup (name->data));
  }
  return TRUE;
}

static gboolean
parse_turn (JsonObject *json, const char *name, VideoTurn *turn, GError **error)
{
  static const char *const keys[] = { "probability", "labels", "except", NULL };
  g_autofree char *path = g_strconcat ("augment.", name, NULL);
  g_auto (GStrv) except = NULL;
  JsonObject *object = NULL;

  if (!rnnc_json_get_object (json, "augment", name, &object, error))
    return FALSE;
  if (object == NULL)
    return TRUE;
  turn->probability = 0.5;
  if (!rnnc_json_check_keys (object, path, keys, error)
      || !rnnc_json_get_double (object, path, "probability", 0, 1,
          &turn->probability, error)
      || !parse_exchange (turn, object, path, error))
    return FALSE;
  if (!json_object_has_member (object, "except"))
    return TRUE;
  except = recipe_get_strings (object, path, "except", error);
  if (except == NULL)
    return FALSE;
  turn->except = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; except[i] != NULL; i++)
    g_hash_table_add (turn->except, g_strdup (except[i]));
  return TRUE;
}

static gboolean
parse_audio_augment (Recipe *recipe, JsonObject *json, const char *data,
    GError **error)
{
  static const char *const keys[]
      = { "speed", "gain", "crop", "pad", "noise", "room", "band", "companding",
          "clipping", "vocal-tract", "time-masks", "frequency-masks", NULL };
  AudioAugment *audio = &recipe->audio;
  double unused[2];

  audio->snr[1] = 30;
  return rnnc_json_check_keys (json, "augment", keys, error)
      && recipe_get_range (json, "augment", "speed", 0.5, 2, audio->speed,
          error)
      && recipe_get_range (json, "augment", "gain", -60, 60, audio->gain, error)
      && parse_crop (audio, json, error)
      && recipe_get_range (json, "augment", "pad", 0, 10, audio->pad, error)
      && parse_manifest (recipe, json, "noise", data, &audio->noise,
          &audio->noise_probability, audio->snr, error)
      && parse_manifest (recipe, json, "room", data, &audio->room,
          &audio->room_probability, unused, error)
      && parse_channel (audio, json, error)
      && recipe_get_range (json, "augment", "vocal-tract", 0.5, 2,
          audio->vocal_tract, error)
      && parse_masks (json, "time-masks", &audio->time_masks, error)
      && parse_masks (json, "frequency-masks", &audio->frequency_masks, error);
}

static gboolean
parse_video_augment (Recipe *recipe, JsonObject *json, GError **error)
{
  static const char *const keys[] = { "shift", "zoom", "rotation", "brightness",
    "contrast", "speed", "crop", "drop", "jitter", "mirror", "reverse", NULL };
  VideoAugment *video = &recipe->video;

  return rnnc_json_check_keys (json, "augment", keys, error)
      && rnnc_json_get_double (json, "augment", "shift", 0, 1, &video->shift,
          error)
      && recipe_get_range (json, "augment", "zoom", 0.2, 5, video->zoom, error)
      && rnnc_json_get_double (json, "augment", "rotation", 0, 180,
          &video->rotation, error)
      && rnnc_json_get_double (json, "augment", "brightness", 0, 1,
          &video->brightness, error)
      && recipe_get_range (json, "augment", "contrast", 0, 5, video->contrast,
          error)
      && recipe_get_range (json, "augment", "speed", 0.2, 5, video->speed,
          error)
      && rnnc_json_get_double (json, "augment", "crop", 0, 0.9, &video->crop,
          error)
      && rnnc_json_get_double (json, "augment", "drop", 0, 0.9, &video->drop,
          error)
      && rnnc_json_get_double (json, "augment", "jitter", 0, 10, &video->jitter,
          error)
      && parse_turn (json, "mirror", &video->mirror, error)
      && parse_turn (json, "reverse", &video->reverse, error);
}

gboolean
recipe_parse_augment (Recipe *recipe, JsonObject *json, const char *data,
    GError **error)
{
  JsonObject *frontend = NULL;
  const char *type = "";

  if (!rnnc_json_get_object (recipe->model, "model", "frontend", &frontend,
          error)
      || !rnnc_json_get_string (frontend, "model.frontend", "type", &type,
          error))
    return FALSE;
  if (g_str_equal (type, "none")) {
    static const char *const none[] = { NULL };

    return rnnc_json_check_keys (json, "augment", none, error);
  }
  if (g_str_equal (type, "video"))
    return parse_video_augment (recipe, json, error);
  return parse_audio_augment (recipe, json, data, error);
}

/* --- training
 * -------------------------------------------------------------------- */

/* One of @names into its index. */
static gboolean
get_choice (JsonObject *json, const char *key, const char *const *names,
    guint *value, GError **error)
{
  const char *name = NULL;
  g_autofree char *all = NULL;

  if (!rnnc_json_get_string (json, "training", key, &name, error))
    return FALSE;
  if (name == NULL)
    return TRUE;
  for (guint i = 0; names[i] != NULL; i++) {
    if (g_str_equal (names[i], name)) {
      *value = i;
      return TRUE;
    }
  }
  all = g_strjoinv (", ", (GStrv) names);
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
      "training.%s: \"%s\" is none of %s", key, name, all);
  return FALSE;
}

static gboolean
parse_optimiser (Recipe *recipe, JsonObject *json, GError **error)
{
  static const char *const optimisers[] = { "sgd", "adam", "adamw", NULL };
  static const char *const precisions[] = { "float", "bfloat16", NULL };
  RnncTrainerOptions *options = &recipe->training.options;
  guint optimiser = options->optimiser, precision = options->precision;
  guint seed = (guint) options->seed;

  if (!get_choice (json, "optimiser", optimisers, &optimiser, error)
      || !get_choice (json, "precision", precisions, &precision, error)
      || !rnnc_json_get_double (json, "training", "momentum", 0, 1,
          &options->momentum, error)
      || !rnnc_json_get_double (json, "training", "clip-norm", 0, 1e6,
          &options->clip_norm, error)
      || !rnnc_json_get_double (json, "training", "clip-value", 0, 1e6,
          &options->clip_value, error)
      || !rnnc_json_get_double (json, "training", "weight-noise", 0, 10,
          &options->weight_noise, error)
      || !rnnc_json_get_uint (json, "training", "truncate", 0, G_MAXINT,
          &options->truncate, error)
      || !rnnc_json_get_uint (json, "training", "memory", 0, 1000000,
          &options->memory, error)
      || !rnnc_json_get_double (json, "training", "weight-decay", 0, 10,
          &options->weight_decay, error)
      || !rnnc_json_get_double (json, "training", "label-smoothing", 0, 0.99,
          &options->label_smoothing, error)
      || !rnnc_json_get_uint (json, "training", "threads", 1, 256,
          &options->threads, error)
      || !rnnc_json_get_uint (json, "training", "seed", 0, G_MAXINT, &seed,
          error))
    return FALSE;
  options->optimiser = optimiser == 0 ? RNNC_OPTIMISER_SGD
      : optimiser == 1                ? RNNC_OPTIMISER_ADAM
                                      : RNNC_OPTIMISER_ADAMW;
  options->precision
      = precision == 0 ? RNNC_PRECISION_FLOAT : RNNC_PRECISION_BFLOAT16;
  options->seed = seed;
  return TRUE;
}

static gboolean
parse_schedule (TrainingSettings *training, JsonObject *json, GError **error)
{
  static const char *const schedules[]
      = { "constant", "cosine", "plateau", NULL };
  guint schedule = training->schedule;

  if (!rnnc_json_get_double (json, "training", "learning-rate", 0, 100,
          &training->learning_rate, error)
      || !rnnc_json_get_uint (json, "training", "warm-up-steps", 0, G_MAXINT,
          &training->warm_up_steps, error)
      || !get_choice (json, "schedule", schedules, &schedule, error)
      || !rnnc_json_get_double (json, "training", "final-rate", 0, 1,
          &training->final_rate, error)
      || !rnnc_json_get_double (json, "training", "plateau-factor", 0.01, 1,
          &training->plateau_factor, error)
      || !rnnc_json_get_uint (json, "training", "plateau-patience", 1, 1000,
          &training->plateau_patience, error))
    return FALSE;
  training->schedule = (Schedule) schedule;
  return TRUE;
}

gboolean
recipe_parse_training (Recipe *recipe, JsonObject *json, GError **error)
{
  static const char *const keys[] = { "epochs", "batch-seconds", "batch-size",
    "optimiser", "learning-rate", "momentum", "warm-up-steps", "schedule",
    "final-rate", "plateau-factor", "plateau-patience", "clip-norm",
    "weight-decay", "label-smoothing", "threads", "loader-threads", "seed",
    "max-hours", "checkpoint-minutes", "curriculum-epochs", "average-last",
    "loss", "truncate", "clip-value", "weight-noise", "memory", "precision",
    NULL };
  TrainingSettings *training = &recipe->training;

  if (!rnnc_json_check_keys (json, "training", keys, error))
    return FALSE;
  /* Seconds alone: as many sequences as fit. */
  if (json_object_has_member (json, "batch-seconds"))
    training->batch_size = 1024;
  return rnnc_json_get_uint (json, "training", "epochs", 1, 100000,
             &training->epochs, error)
      && rnnc_json_get_double (json, "training", "batch-seconds", 0, 86400,
          &training->batch_seconds, error)
      && rnnc_json_get_uint (json, "training", "batch-size", 1, 65536,
          &training->batch_size, error)
      && parse_optimiser (recipe, json, error)
      && parse_schedule (training, json, error)
      && rnnc_json_get_uint (json, "training", "loader-threads", 1, 64,
          &training->loader_threads, error)
      && rnnc_json_get_double (json, "training", "max-hours", 0, 10000,
          &training->max_hours, error)
      && rnnc_json_get_double (json, "training", "checkpoint-minutes", 0, 1e5,
          &training->checkpoint_minutes, error)
      && rnnc_json_get_uint (json, "training", "curriculum-epochs", 0, 100000,
          &training->curriculum_epochs, error)
      && rnnc_json_get_uint (json, "training", "average-last", 0, 1000,
          &training->average_last, error);
}
