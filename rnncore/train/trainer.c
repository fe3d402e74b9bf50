/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "rnncore/base/json-reader.h"
#include "rnncore/model/description.h"
#include "rnncore/train/batch.h"
#include "rnncore/train/optimiser.h"
#include "rnncore/train/trainer-private.h"

#define MAX_THREADS 256

void
rnnc_trainer_options_init (RnncTrainerOptions *options)
{
  *options = (RnncTrainerOptions){
    .loss = RNNC_LOSS_CROSS_ENTROPY,
    .optimiser = RNNC_OPTIMISER_ADAM,
    .momentum = 0.9,
    .beta1 = 0.9,
    .beta2 = 0.999,
    .epsilon = 1e-8,
    .clip_norm = 1,
    .threads = 1,
    .seed = 1,
  };
}

static gboolean
check_range (const char *name, double value, double minimum, double maximum,
    GError **error)
{
  if (value >= minimum && value <= maximum)
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
      "%s is %g, it must be %g to %g", name, value, minimum, maximum);
  return FALSE;
}

static gboolean
check_options (const RnncTrainerOptions *o, GError **error)
{
  const double almost_one = 1 - 1e-9;
  return check_range ("momentum", o->momentum, 0, almost_one, error)
      && check_range ("beta1", o->beta1, 0, almost_one, error)
      && check_range ("beta2", o->beta2, 0, almost_one, error)
      && check_range ("epsilon", o->epsilon, 1e-30, 1, error)
      && check_range ("weight decay", o->weight_decay, 0, 1e3, error)
      && check_range ("clipping norm", o->clip_norm, 0, 1e30, error)
      && check_range ("clipping value", o->clip_value, 0, 1e30, error)
      && check_range ("weight noise", o->weight_noise, 0, 1e3, error)
      && check_range ("label smoothing", o->label_smoothing, 0, almost_one,
          error)
      && check_range ("threads", o->threads, 1, MAX_THREADS, error);
}

/* Cross entropy and CTC read logarithms of probabilities. */
static gboolean
check_phones (const RnncLayerSpec *last, const RnncTrainerOptions *options,
    guint n_phones, const char *origin, GError **error)
{
  if (n_phones == 0 && (last->split == 0 || options->loss != RNNC_LOSS_CTC))
    return TRUE;
  if (options->loss == RNNC_LOSS_CTC && n_phones < last->output.channels
      && last->split == last->output.channels - n_phones)
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
      "%s: \"phones\" are learned by CTC, with as many outputs behind the "
      "\"split\" of the last layer",
      origin);
  return FALSE;
}

static gboolean
check_output (const GPtrArray *specs, const RnncTrainerOptions *options,
    guint n_phones, const char *origin, GError **error)
{
  const RnncLayerSpec *last = g_ptr_array_index (specs, specs->len - 1);
  if (options->loss != RNNC_LOSS_MSE
      && (last->type != RNNC_LAYER_ACTIVATION
          || last->params.activation != RNNC_ACTIVATION_LOG_SOFTMAX)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: the last layer must be log-softmax for this loss", origin);
    return FALSE;
  }
  if (last->output.rank != 1 && options->loss != RNNC_LOSS_MSE) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
        "%s: the output is an image, this loss needs a vector", origin);
    return FALSE;
  }
  if (last->ended && options->loss == RNNC_LOSS_CTC) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: CTC needs an output at every step, the network has one a clip",
        origin);
    return FALSE;
  }
  return check_phones (last, options, n_phones, origin, error);
}

static GPtrArray *
parse_specs (JsonObject *description, const char *origin,
    const RnncTrainerOptions *options, guint *blank, guint *n_phones,
    GError **error)
{
  JsonObject *frontend_json = NULL;
  JsonArray *layers_json = NULL, *phones_json = NULL;
  RnncFrontendConfig frontend = { 0 };
  RnncShape input;
  g_autofree char *frontend_path = g_strdup_printf ("%s: frontend", origin);
  g_autofree char *layers_path = g_strdup_printf ("%s: layers", origin);

  if (!rnnc_json_require (description, origin, "frontend", error)
      || !rnnc_json_require (description, origin, "layers", error)
      || !rnnc_json_get_object (description, origin, "frontend", &frontend_json,
          error)
      || !rnnc_json_get_array (description, origin, "layers", &layers_json,
          error)
      || !rnnc_json_get_array (description, origin, "phones", &phones_json,
          error)
      || !rnnc_json_get_uint (description, origin, "blank", 0, G_MAXINT, blank,
          error)
      || !rnnc_frontend_config_parse (frontend_json, frontend_path, &frontend,
          error))
    return NULL;
  *n_phones = phones_json ? json_array_get_length (phones_json) : 0;
  rnnc_frontend_config_shape (&frontend, &input);
  rnnc_frontend_config_clear (&frontend);
  g_autoptr (GPtrArray) specs
      = rnnc_layer_specs_parse (layers_json, layers_path, &input, error);
  if (!specs)
    return NULL;
  if (specs->len == 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "%s: no layers", origin);
    return NULL;
  }
  if (!rnnc_train_check_layers (specs, layers_path, error)
      || !check_output (specs, options, *n_phones, origin, error))
    return NULL;
  return g_steal_pointer (&specs);
}

static real *
new_values (const RnncNetwork *network)
{
  gsize n = MAX (network->n_values, 1);
  real *values = g_aligned_alloc0 (n, sizeof (real), 64);
  return values;
}

static void
find_normed_layers (RnncTrainer *trainer)
{
  const RnncNetwork *network = trainer->network;
  guint n = network->n_layers;
  trainer->norm_layers = g_new0 (guint, n);
  trainer->norm_names = g_new0 (char *, n + 1);
  trainer->gradient_norms = g_new0 (double, n);
  trainer->weight_norms = g_new0 (double, n);
  for (guint i = 0; i < n; i++) {
    if (network->layers[i].n_parameters == 0)
      continue;
    trainer->norm_layers[trainer->n_norms] = i;
    trainer->norm_names[trainer->n_norms++] = network->layers[i].spec->name;
  }
}

RnncTrainer *
rnnc_trainer_new (JsonObject *description, const char *origin,
    const RnncTrainerOptions *options, GError **error)
{
  guint blank = 0, n_phones = 0;
  if (!check_options (options, error))
    return NULL;
  GPtrArray *specs
      = parse_specs (description, origin, options, &blank, &n_phones, error);
  if (!specs)
    return NULL;
  RnncNetwork *network = rnnc_network_new (specs);
  if (options->loss == RNNC_LOSS_CTC
      && blank >= rnnc_network_output_size (network) - n_phones) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: blank is %u, the network has %" G_GSIZE_FORMAT " outputs", origin,
        blank, rnnc_network_output_size (network) - n_phones);
    rnnc_network_free (network);
    return NULL;
  }

  RnncTrainer *trainer = g_new0 (RnncTrainer, 1);
  guint n_threads = options->threads;
  openblas_set_num_threads (1);
  trainer->options = *options;
  trainer->network = network;
  trainer->blank = blank;
  trainer->n_phones = n_phones;
  trainer->workers = rnnc_workers_new (n_threads);
  trainer->replicas = g_new0 (RnncReplica *, n_threads);
  trainer->memory = g_new0 (RnncBuffer, n_threads);
  trainer->gradients = g_new0 (real *, n_threads);
  trainer->first = g_new0 (guint, n_threads + 1);
  trainer->results = g_new0 (RnncLossResult, n_threads);
  for (guint w = 0; w < n_threads; w++) {
    trainer->replicas[w] = rnnc_replica_new (network, trainer->workers, w,
        options->precision == RNNC_PRECISION_BFLOAT16);
    trainer->gradients[w] = new_values (network);
  }
  trainer->values = new_values (network);
  trainer->statistics = new_values (network);
  for (guint m = 0; m < rnnc_optimiser_n_moments (options->optimiser); m++)
    trainer->moments[m] = new_values (network);
  rnnc_network_initialise (network, trainer->values, options->memory,
      options->seed);
  if (options->weight_noise > 0)
    trainer->noisy = new_values (network);
  find_normed_layers (trainer);
  rnnc_trainer_find_flows (trainer);
  return trainer;
}

void
rnnc_trainer_free (RnncTrainer *trainer)
{
  if (!trainer)
    return;
  rnnc_workers_free (trainer->workers);
  for (guint w = 0; w < trainer->options.threads; w++) {
    rnnc_replica_free (trainer->replicas[w]);
    rnnc_buffer_clear (&trainer->memory[w]);
    g_aligned_free (trainer->gradients[w]);
  }
  g_free (trainer->replicas);
  g_free (trainer->memory);
  g_free (trainer->gradients);
  g_aligned_free (trainer->values);
  g_aligned_free (trainer->statistics);
  g_aligned_free (trainer->noisy);
  g_aligned_free (trainer->moments[0]);
  g_aligned_free (trainer->moments[1]);
  g_free (trainer->norm_layers);
  g_free (trainer->norm_names); /* the names are the layers' */
  g_free (trainer->gradient_norms);
  g_free (trainer->weight_norms);
  g_free (trainer->order);
  g_free (trainer->lengths);
  g_free (trainer->first);
  g_free (trainer->first_label);
  g_free (trainer->n_letters);
  rnnc_buffer_clear (&trainer->sorted);
  g_free (trainer->results);
  rnnc_trainer_clear_flows (trainer);
  rnnc_network_free (trainer->network);
  g_free (trainer);
}

gsize
rnnc_trainer_n_parameters (RnncTrainer *trainer)
{
  return trainer->network->n_trained;
}

guint64
rnnc_trainer_step_count (RnncTrainer *trainer)
{
  return trainer->step_count;
}

gsize
rnnc_trainer_output_steps (RnncTrainer *trainer, gsize n_steps)
{
  return rnnc_network_output_steps (trainer->network, n_steps);
}

gsize
rnnc_trainer_output_size (RnncTrainer *trainer)
{
  return rnnc_network_output_size (trainer->network);
}
