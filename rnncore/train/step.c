/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One batch through the workers: forward, backward, update. */
#include <math.h>

#include "rnncore/train/batch.h"
#include "rnncore/train/optimiser.h"
#include "rnncore/train/trainer-private.h"

#define WEIGHT_NOISE G_GUINT64_CONSTANT (0x776e6f697365)

RNNC_CLONES double
rnnc_sum_squares (const real *values, gsize n)
{
  enum { LANES = 16 };
  double sums[LANES] = { 0 };
  double sum = 0;
  gsize i = 0;
  for (; i + LANES <= n; i += LANES)
    for (gsize j = 0; j < LANES; j++)
      sums[j] += (double) values[i + j] * values[i + j];
  for (; i < n; i++)
    sum += (double) values[i] * values[i];
  for (gsize j = 0; j < LANES; j++)
    sum += sums[j];
  return sum;
}

RNNC_CLONES static void
add_values (gsize n, const real *restrict x, real *restrict y)
{
  for (gsize i = 0; i < n; i++)
    y[i] += x[i];
}

/* Returns: whether any was beyond. */
static gboolean
clip_values (real *values, gsize n, real bound)
{
  gboolean any = FALSE;
  for (gsize i = 0; i < n; i++) {
    any |= values[i] > bound || values[i] < -bound;
    values[i] = CLAMP (values[i], -bound, bound);
  }
  return any;
}

/* Into [output steps, n_sequences, n], zeros where a sequence has ended. */
static void
scatter_output (const RnncTrainer *trainer, const RnncReplica *replica,
    const real *output)
{
  const RnncPacking *packing = rnnc_replica_output_packing (replica);
  gsize n = rnnc_network_output_size (trainer->network);
  for (guint t = 0; t < packing->n_steps; t++) {
    for (guint b = 0; b < packing->counts[t]; b++) {
      guint id = replica->sequence_ids[b];
      float *to = trainer->output
          + ((gsize) t * trainer->batch->n_sequences + id) * n;
      for (gsize i = 0; i < n; i++)
        to[i] = (float) *output++;
    }
  }
}

/* Leaves of each sequence's output gradients the last one. */
static void
keep_last_output (const RnncTrainer *trainer, const RnncPacking *packing,
    real *d_output)
{
  gsize n = rnnc_network_output_size (trainer->network);
  for (guint t = 0; t < packing->n_steps; t++)
    for (guint b = 0; b < packing->counts[t]; b++)
      if (t + 1 < packing->lengths[b])
        rnnc_zero (d_output + rnnc_packing_row (packing, t, b) * n, n);
}

static void
worker_pass (guint worker, gpointer data)
{
  RnncTrainer *trainer = data;
  RnncReplica *replica = trainer->replicas[worker];
  RnncPassContext context = trainer->context;
  guint first = trainer->first[worker];
  guint n = trainer->first[worker + 1] - first;
  real *d_output = NULL;

  rnnc_replica_set_input (replica, trainer->order + first,
      trainer->lengths + first, n, trainer->batch->data,
      trainer->batch->n_sequences);
  const real *output = rnnc_replica_forward (replica, &context);
  if (trainer->output)
    scatter_output (trainer, replica, output);
  if (!trainer->want_loss)
    return;
  if (context.gradients) {
    context.gradients = trainer->gradients[worker];
    rnnc_zero (context.gradients, trainer->network->n_values);
    d_output = rnnc_replica_d_output (replica);
  }
  trainer->results[worker]
      = rnnc_loss_share (&trainer->task, rnnc_replica_output_packing (replica),
          replica->sequence_ids, output, d_output, &trainer->memory[worker]);
  if (d_output && trainer->last_output_only)
    keep_last_output (trainer, rnnc_replica_output_packing (replica), d_output);
  if (d_output)
    rnnc_replica_backward (replica, &context);
}

/* Each worker adds a range of the gradients of all. */
static void
add_gradients (guint worker, gpointer data)
{
  RnncTrainer *trainer = data;
  gsize n = trainer->network->n_values;
  gsize first = n * worker / trainer->n_active;
  gsize last = n * (worker + 1) / trainer->n_active;
  for (guint w = 1; w < trainer->n_active; w++)
    add_values (last - first, trainer->gradients[w] + first,
        trainer->gradients[0] + first);
}

static RnncLossResult
total_result (const RnncTrainer *trainer)
{
  RnncLossResult total = { 0 };
  for (guint w = 0; w < trainer->n_active; w++) {
    total.loss += trainer->results[w].loss;
    total.n_infeasible += trainer->results[w].n_infeasible;
  }
  return total;
}

static double
layer_norm (const RnncTrainer *trainer, const real *values, guint layer)
{
  const RnncTrainLayer *l = &trainer->network->layers[layer];
  double sum = 0;
  for (guint p = 0; p < l->n_parameters; p++)
    if (l->parameters[p].trained)
      sum += rnnc_sum_squares (values + l->parameters[p].offset,
          l->parameters[p].n_values);
  return sqrt (sum);
}

static double
gradient_norm (RnncTrainer *trainer)
{
  double sum = 0;
  for (guint i = 0; i < trainer->n_norms; i++) {
    double norm
        = layer_norm (trainer, trainer->gradients[0], trainer->norm_layers[i]);
    trainer->gradient_norms[i] = norm;
    sum += norm * norm;
  }
  return sqrt (sum);
}

/* The matrices with noise, a function of seed, step and place. */
static const real *
noisy_values (RnncTrainer *trainer)
{
  const RnncNetwork *network = trainer->network;
  guint64 key = rnnc_random_key (trainer->options.seed ^ WEIGHT_NOISE,
      trainer->step_count);
  if (!trainer->noisy)
    return trainer->values;
  memcpy (trainer->noisy, trainer->values, network->n_values * sizeof (real));
  for (guint p = 0; p < network->n_parameters; p++) {
    const RnncParameter *parameter = &network->parameters[p];
    RnncRandom random = { rnnc_random_key (key, p) };
    real *to = trainer->noisy + parameter->offset;
    for (gsize i = 0; parameter->rank > 1 && i < parameter->n_values; i++)
      to[i] += (real) (trainer->options.weight_noise
          * rnnc_random_gaussian (&random));
  }
  return trainer->noisy;
}

void
rnnc_trainer_pass (RnncTrainer *trainer, RnncPassContext *context)
{
  context->values = noisy_values (trainer);
  context->gradients = trainer->gradients[0];
  context->statistics = trainer->statistics;
  context->training = TRUE;
  context->random_key
      = rnnc_random_key (trainer->options.seed, ~trainer->step_count);
  context->truncate = trainer->options.truncate;
  trainer->context = *context;
  trainer->want_loss = TRUE;
  trainer->output = NULL;
  rnnc_workers_run (trainer->workers, trainer->n_active, worker_pass, trainer);
  rnnc_workers_run (trainer->workers, trainer->n_active, add_gradients,
      trainer);
}

gboolean
rnnc_trainer_gradients (RnncTrainer *trainer, const RnncBatch *batch,
    const RnncTargets *targets, RnncStepStats *stats, GError **error)
{
  if (!rnnc_batch_check (trainer, batch, error)
      || !rnnc_targets_check (trainer, batch, targets, error))
    return FALSE;
  rnnc_batch_share (trainer, batch);
  rnnc_batch_set_targets (trainer, batch, targets);
  RnncPassContext context = { 0 };
  rnnc_trainer_pass (trainer, &context);
  RnncLossResult total = total_result (trainer);
  *stats = (RnncStepStats){
    .loss = total.loss,
    .n_infeasible = total.n_infeasible,
    .gradient_norm = gradient_norm (trainer),
  };
  return TRUE;
}

static gboolean
all_finite (const real *values, gsize n)
{
  return isfinite (rnnc_sum_squares (values, n));
}

/* The first layer of the last pass that put out a NaN or an infinity. */
static const char *
diverged_output (const RnncTrainer *trainer)
{
  for (guint i = 0; i < trainer->network->n_layers; i++) {
    const RnncTrainLayer *layer = &trainer->network->layers[i];
    for (guint w = 0; w < trainer->n_active; w++) {
      const RnncReplica *replica = trainer->replicas[w];
      gsize n
          = replica->steps[i + 1]->n_rows * rnnc_train_layer_outputs (layer);
      if (!all_finite (replica->values[i + 1], n))
        return layer->spec->name;
    }
  }
  return NULL;
}

/* The layer nearest to the loss: backward came there first. */
static const char *
diverged_gradient (const RnncTrainer *trainer)
{
  for (guint i = trainer->n_norms; i-- > 0;)
    if (!isfinite (trainer->gradient_norms[i]))
      return trainer->norm_names[i];
  return NULL;
}

static gboolean
check_finite (const RnncTrainer *trainer, const RnncStepStats *stats,
    GError **error)
{
  gboolean loss_finite = isfinite (stats->loss);
  if (loss_finite && isfinite (stats->gradient_norm))
    return TRUE;
  const char *what = loss_finite ? "gradient" : "loss";
  const char *name = loss_finite ? NULL : diverged_output (trainer);
  if (!name)
    name = diverged_gradient (trainer);
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_DIVERGED,
      "step %" G_GUINT64_FORMAT ": the %s is not finite, first in layer %s",
      trainer->step_count + 1, what, name ? name : "(none: the loss itself)");
  return FALSE;
}

static void
take_running_statistics (RnncTrainer *trainer)
{
  for (guint p = 0; p < trainer->network->n_parameters; p++) {
    const RnncParameter *parameter = &trainer->network->parameters[p];
    if (!parameter->trained)
      memcpy (trainer->values + parameter->offset,
          trainer->statistics + parameter->offset,
          parameter->n_values * sizeof (real));
  }
}

/* By value, then by norm. Returns: what the gradient is to be multiplied with.
 */
static double
clip_gradient (RnncTrainer *trainer, RnncStepStats *stats)
{
  const RnncTrainerOptions *options = &trainer->options;
  double norm = stats->gradient_norm;
  if (options->clip_value > 0
      && clip_values (trainer->gradients[0], trainer->network->n_values,
          (real) options->clip_value)) {
    stats->clipped = TRUE;
    norm = 0;
    for (guint i = 0; i < trainer->n_norms; i++) {
      double part = layer_norm (trainer, trainer->gradients[0],
          trainer->norm_layers[i]);
      norm += part * part;
    }
    norm = sqrt (norm);
  }
  if (options->clip_norm <= 0 || norm <= options->clip_norm)
    return 1;
  stats->clipped = TRUE;
  return options->clip_norm / norm;
}

gboolean
rnnc_trainer_step (RnncTrainer *trainer, const RnncBatch *batch,
    const RnncTargets *targets, double learning_rate, RnncStepStats *stats,
    GError **error)
{
  RnncStepStats done;
  double scale;
  g_return_val_if_fail (isfinite (learning_rate), FALSE);
  if (!rnnc_trainer_gradients (trainer, batch, targets, &done, error)
      || !check_finite (trainer, &done, error))
    return FALSE;
  scale = clip_gradient (trainer, &done);
  trainer->step_count++;
  rnnc_optimiser_update (&trainer->options, trainer->network,
      trainer->step_count, learning_rate, scale, trainer->gradients[0],
      trainer->moments, trainer->values);
  take_running_statistics (trainer);
  if (stats)
    *stats = done;
  return TRUE;
}

void
rnnc_trainer_forward (RnncTrainer *trainer, const RnncBatch *batch,
    const RnncTargets *targets, float *output, double *loss)
{
  g_return_if_fail (rnnc_batch_check (trainer, batch, NULL));
  g_return_if_fail (
      !targets || rnnc_targets_check (trainer, batch, targets, NULL));
  gsize n_steps = rnnc_network_output_steps (trainer->network, batch->n_steps);
  rnnc_batch_share (trainer, batch);
  trainer->want_loss = targets != NULL && loss != NULL;
  if (trainer->want_loss)
    rnnc_batch_set_targets (trainer, batch, targets);
  trainer->context = (RnncPassContext){ .values = trainer->values };
  trainer->output = output;
  if (output)
    memset (output, 0,
        n_steps * batch->n_sequences
            * rnnc_network_output_size (trainer->network) * sizeof (float));
  rnnc_workers_run (trainer->workers, trainer->n_active, worker_pass, trainer);
  if (trainer->want_loss)
    *loss = total_result (trainer).loss;
}

guint
rnnc_trainer_layer_norms (RnncTrainer *trainer, const char *const **names,
    const double **gradients, const double **weights)
{
  for (guint i = 0; i < trainer->n_norms; i++)
    trainer->weight_norms[i]
        = layer_norm (trainer, trainer->values, trainer->norm_layers[i]);
  *names = (const char *const *) trainer->norm_names;
  *gradients = trainer->gradient_norms;
  *weights = trainer->weight_norms;
  return trainer->n_norms;
}
