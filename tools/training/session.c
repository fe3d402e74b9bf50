/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/training/session.h"

#include <errno.h>

#include "tools/common/message.h"

/* A length that no layer takes for one step. */
#define MANY_STEPS 4096
/* One bad recording in so many is let pass. */
#define MOST_UNDECODED 20

void
session_free (Session *session)
{
  if (session == NULL)
    return;
  rnnc_trainer_free (session->trainer);
  g_clear_pointer (&session->augmenter.noises, g_array_unref);
  g_clear_pointer (&session->augmenter.rooms, g_array_unref);
  dataset_free (session->train);
  dataset_free (session->dev);
  collection_free (session->collection);
  if (session->has_frontend)
    rnnc_trainer_clear_frontend (&session->frontend);
  labels_free (session->labels);
  g_clear_pointer (&session->description, json_object_unref);
  recipe_free (session->recipe);
  g_free (session->checkpoint_path);
  g_free (session->log_path);
  g_free (session->layers_path);
  g_free (session->gradients_path);
  g_free (session->layer_sums);
  g_free (session);
}

/* The network is made before anything is decoded: mistakes show at once. */
static gboolean
make_trainer (Session *session, GError **error)
{
  const Recipe *recipe = session->recipe;
  gsize n_outputs;

  session->trainer = rnnc_trainer_new (session->description, recipe->path,
      &recipe->training.options, error);
  if (session->trainer == NULL)
    return FALSE;
  n_outputs = rnnc_trainer_output_size (session->trainer);
  if (recipe->loss != RNNC_LOSS_MSE
      && n_outputs != session->labels->n + session_n_phones (session)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
        "%s: model.layers: the last gives %" G_GSIZE_FORMAT
        " numbers, there are %u labels (\"units\": \"labels\" stands for"
        " their number)",
        recipe->path, n_outputs,
        session->labels->n + session_n_phones (session));
    return FALSE;
  }
  return TRUE;
}

static gboolean
add_noise (Session *session, GError **error)
{
  const AudioAugment *audio = &session->recipe->audio;

  return (audio->noise == NULL
             || collection_add_kind (session->collection, audio->noise,
                 "environment", error))
      && (audio->room == NULL
          || collection_add_kind (session->collection, audio->room, "room",
              error));
}

static void
report_dataset (const char *name, const Dataset *dataset)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *length = format_seconds (dataset->seconds);

  if (dataset->format.is_text)
    g_string_append_printf (text, "%s: %u texts, %.0f characters", name,
        dataset->items->len, dataset->seconds);
  else if (dataset->format.n_features > 0)
    g_string_append_printf (text, "%s: %u sequences, %.0f steps", name,
        dataset->items->len, dataset->seconds);
  else
    g_string_append_printf (text, "%s: %u recordings, %s", name,
        dataset->items->len, length);
  if (dataset->n_undecoded > 0)
    g_string_append_printf (text, ", %u could not be decoded",
        dataset->n_undecoded);
  if (dataset->n_too_short > 0)
    g_string_append_printf (text, ", %u too short", dataset->n_too_short);
  if (dataset->n_too_long > 0)
    g_string_append_printf (text, ", %u too long", dataset->n_too_long);
  message ("%s", text->str);
}

/* @sources as the loss of this network takes them. */
static Dataset *
make_dataset (Session *session, const GPtrArray *sources, GError **error)
{
  const Recipe *recipe = session->recipe;
  TargetFormat format = { .loss = recipe->loss };

  if (recipe->is_language)
    return dataset_new_texts (session->collection, sources, session->labels,
        error);
  if (recipe->is_voice)
    return dataset_new_voice (session->collection, sources, error);
  if (recipe->n_features == 0)
    return dataset_new (session->collection, sources, session->labels,
        recipe->loss == RNNC_LOSS_CTC, error);
  format.many_to_one
      = rnnc_trainer_output_steps (session->trainer, MANY_STEPS) == 1;
  format.n_values = (guint) rnnc_trainer_output_size (session->trainer);
  return dataset_new_numbers (session->collection, sources, session->labels,
      &format, error);
}

static gboolean
check_voice (Session *session, GError **error)
{
  if (rnnc_trainer_output_steps (session->trainer, MANY_STEPS) == MANY_STEPS)
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
      "%s: model.layers: voice activity needs an output for each frame; their "
      "rate is the front end's \"hop\"",
      session->recipe->path);
  return FALSE;
}

/* Windows are of clips, and some show nothing. */
static gboolean
check_windows (const Session *session, GError **error)
{
  const char *reason = NULL;

  if (session->recipe->windows.count == 0)
    return TRUE;
  if (session->frontend.type != RNNC_FRONTEND_VIDEO)
    reason = "are cut from video";
  else if (session->labels->blank < 0)
    reason = "need a label \"none\" (model.labels)";
  if (reason != NULL)
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "%s: windows: they %s",
        session->recipe->path, reason);
  return reason == NULL;
}

/* One target for each output, where each output has one. */
static gboolean
check_targets (Session *session, const Dataset *dataset, GError **error)
{
  RnncLoss loss = session->recipe->loss;
  gsize size = rnnc_trainer_output_size (session->trainer);

  if (dataset->has_voice)
    return check_voice (session, error);
  for (guint i = 0; loss != RNNC_LOSS_CTC && i < dataset->items->len; i++) {
    const Item *item = dataset_item (dataset, i);
    gsize n_steps = item->n_units;
    gsize n_targets = loss == RNNC_LOSS_MSE && item->sequence
        ? item->sequence->values->len / size
        : item->n_targets;
    gsize n_outputs;

    if (item->generator != NULL)
      n_targets = generator_many_to_one (item->generator) ? 1 : n_steps;
    /* Frames of media are not counted yet: any number beyond one will do. */
    if (session->recipe->n_features == 0)
      n_steps = MANY_STEPS;
    n_outputs = rnnc_trainer_output_steps (session->trainer, n_steps);
    if (n_targets == n_outputs)
      continue;
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
        "%s: there %s %" G_GSIZE_FORMAT " target%s for %" G_GSIZE_FORMAT
        " outputs of the network%s",
        session->recipe->path, n_targets == 1 ? "is" : "are", n_targets,
        n_targets == 1 ? "" : "s", n_outputs,
        n_targets == 1 ? ": it needs mean-over-time or last-step" : "");
    return FALSE;
  }
  return TRUE;
}

/* A few bad files are passed over; more are a mistake. */
static gboolean
check_decoded (const Session *session, const Dataset *dataset, const char *name,
    GError **error)
{
  guint n = dataset->n_rows;

  if (dataset->n_undecoded * MOST_UNDECODED <= n)
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT,
      "%s: %s: %u of %u recordings could not be decoded (named above), more "
      "than one in %u",
      session->recipe->path, name, dataset->n_undecoded, n, MOST_UNDECODED);
  return FALSE;
}

/* Before anything is decoded: mistakes show at once. */
static gboolean
check_texts (const Session *session, GError **error)
{
  const Recipe *recipe = session->recipe;
  gboolean has_text = recipe->loss == RNNC_LOSS_CTC;

  if (recipe->is_language || recipe->is_voice || recipe->n_features > 0)
    return TRUE;
  return dataset_check_texts (session->collection, recipe->train,
             session->labels, has_text, error)
      && dataset_check_texts (session->collection, recipe->dev, session->labels,
          has_text, error);
}

static gboolean
load_data (Session *session, const SessionOptions *options, GError **error)
{
  Recipe *recipe = session->recipe;

  if (!check_texts (session, error)
      || !collection_decode (session->collection, error))
    return FALSE;
  session->train = make_dataset (session, recipe->train, error);
  if (session->train == NULL)
    return FALSE;
  session->dev = make_dataset (session, recipe->dev, error);
  if (session->dev == NULL || !check_targets (session, session->train, error)
      || !check_targets (session, session->dev, error))
    return FALSE;
  if (!check_decoded (session, session->train, "data.train", error)
      || !check_decoded (session, session->dev, "data.dev", error))
    return FALSE;
  report_dataset ("training data", session->train);
  if (recipe->dev->len > 0)
    report_dataset ("dev data", session->dev);
  if (recipe->dev->len > 0 && session->dev->items->len == 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: data.dev chooses no recording that can be used", recipe->path);
    return FALSE;
  }
  if (session->train->items->len == 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: data.train chooses no recording that can be used", recipe->path);
    return FALSE;
  }
  session->augmenter.settings = &recipe->audio;
  session->augmenter.rate = session->frontend.log_mel.rate;
  session->augmenter.noises = collection_recordings (session->collection,
      recipe->audio.noise, "environment");
  session->augmenter.rooms
      = collection_recordings (session->collection, recipe->audio.room, "room");
  return TRUE;
}

/* For each label its number in @model, behind them for each phone; -1: it has
 * not. Returns: how many of them it has */
static guint
map_labels (const Session *session, RnncModel *model, gint *theirs)
{
  guint n = session->labels->n, n_shared = 0;

  for (guint i = 0; i < n + session_n_phones (session); i++)
    theirs[i] = -1;
  for (guint i = 0; i < n; i++) {
    for (guint j = 0; j < rnnc_model_n_labels (model) && theirs[i] < 0; j++)
      if (g_str_equal (rnnc_model_label (model, j), session->labels->names[i]))
        theirs[i] = (gint) j;
    n_shared += theirs[i] >= 0;
  }
  return n_shared;
}

/* Says what was taken and what begins anew. */
static gboolean
take_weights (Session *session, RnncModel *model, const char *path,
    GError **error)
{
  guint n_labels = session->labels->n + session_n_phones (session);
  g_autofree gint *theirs = g_new (gint, n_labels + 1);
  RnncLabelMap map
      = { n_labels, (guint) rnnc_model_output_size (model), theirs };
  g_autoptr (GPtrArray) anew = g_ptr_array_new_with_free_func (g_free);
  guint n_shared = map_labels (session, model, theirs);
  /* A model that has the phones too has them in the same order. */
  gboolean has_labels = n_labels > 0 && rnnc_model_n_labels (model) > 0
      && (session->recipe->loss == RNNC_LOSS_CROSS_ENTROPY
          || (session_n_phones (session) > 0 && n_labels != map.n_theirs));
  guint n = rnnc_trainer_load_similar_weights (session->trainer, path,
      has_labels ? &map : NULL, anew, error);

  if (n == 0)
    return FALSE;
  message ("%u tensors from %s", n, path);
  if (has_labels && (n_shared < n_labels || n_labels != map.n_theirs))
    message ("%u of the %u labels are among its %u, what it knows of them is "
             "kept",
        n_shared, n_labels, map.n_theirs);
  if (anew->len > 0) {
    g_autofree char *names = NULL;

    g_ptr_array_add (anew, NULL);
    names = g_strjoinv (", ", (GStrv) anew->pdata);
    message ("begun anew, as it has none of that name, shape or labels: %s",
        names);
  }
  return TRUE;
}

/* Weights and, where the front end is the same, normalisation. */
static gboolean
start_from_model (Session *session, const char *path, GError **error)
{
  g_autoptr (RnncModel) model = rnnc_model_load (path, error);
  const RnncFrontendConfig *other;

  if (model == NULL || !take_weights (session, model, path, error))
    return FALSE;
  other = rnnc_model_frontend (model);
  if (other->type != session->frontend.type)
    return TRUE;
  if (other->type == RNNC_FRONTEND_LOG_MEL && other->log_mel.mean != NULL
      && other->log_mel.mels == session->frontend.log_mel.mels)
    return session_set_normalisation (session, other->log_mel.mean,
        other->log_mel.deviation, other->log_mel.mels, error);
  if (other->type == RNNC_FRONTEND_VIDEO && other->video.mean != NULL
      && rnnc_video_config_channels (&other->video)
          == rnnc_video_config_channels (&session->frontend.video))
    return session_set_normalisation (session, other->video.mean,
        other->video.deviation, rnnc_video_config_channels (&other->video),
        error);
  return TRUE;
}

static gboolean
check_output_folder (const Session *session, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (session->recipe->output);

  if (g_mkdir_with_parents (folder, 0755) == 0)
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: %s", folder,
      g_strerror (errno));
  return FALSE;
}

/* Goes on, begins, or refuses to overwrite hours of work. */
static gboolean
find_beginning (Session *session, const SessionOptions *options, GError **error)
{
  gboolean there = g_file_test (session->checkpoint_path, G_FILE_TEST_EXISTS);

  session->state = (TrainState){ .best_error = -1,
    .rate_scale = 1,
    .n_items = session->train->items->len };
  if (there && options->resume) {
    if (!session_load (session, error))
      return FALSE;
    message ("going on in epoch %u, batch %u", session->state.epoch + 1,
        session->state.batch + 1);
  } else if (there && !options->restart) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s is there: --resume goes on from it, --restart begins anew",
        session->checkpoint_path);
    return FALSE;
  } else if (options->resume) {
    message ("%s is not there: beginning anew", session->checkpoint_path);
  }
  return TRUE;
}

static gboolean
prepare (Session *session, const SessionOptions *options, GError **error)
{
  Recipe *recipe = session->recipe;
  CacheFormat format;

  session->has_frontend = rnnc_trainer_parse_frontend (session->description,
      recipe->path, &session->frontend, error);
  if (!session->has_frontend)
    return FALSE;
  if (session->frontend.type == RNNC_FRONTEND_WAVEFORM) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s: model.frontend: \"waveform\" cannot be trained with yet",
        recipe->path);
    return FALSE;
  }
  cache_format_from_frontend (&session->frontend, &format);
  format.is_text = recipe->is_language;
  session->collection = collection_new (&format, options->cache,
      recipe->training.options.threads);
  return check_output_folder (session, error)
      && collection_add (session->collection, recipe->train, error)
      && collection_add (session->collection, recipe->dev, error)
      && add_noise (session, error) && session_complete_labels (session, error)
      && check_windows (session, error) && make_trainer (session, error)
      && load_data (session, options, error)
      && (options->init == NULL
          || start_from_model (session, options->init, error))
      && session_measure_normalisation (session, error)
      && find_beginning (session, options, error);
}

Session *
session_new (Recipe *recipe, const SessionOptions *options, GError **error)
{
  g_autoptr (Session) session = g_new0 (Session, 1);

  session->recipe = recipe;
  session->description = json_object_ref (recipe->model);
  session->checkpoint_path = g_strconcat (recipe->output, ".checkpoint", NULL);
  session->log_path = g_strconcat (recipe->output, ".csv", NULL);
  session->layers_path = g_strconcat (recipe->output, ".layers.csv", NULL);
  session->gradients_path
      = g_strconcat (recipe->output, ".gradients.csv", NULL);
  if (!prepare (session, options, error))
    return NULL;
  return g_steal_pointer (&session);
}
