/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ioffe and Szegedy 2015, over channels. In training the statistics are those
 * of the whole batch's valid frames, whoever of the workers has them; the
 * running ones follow as PyTorch's, with the unbiased variance. */
#include <math.h>

#include "rnncore/train/layer.h"

enum { WEIGHT, BIAS, RUNNING_MEAN, RUNNING_VAR };

typedef struct {
  RnncBuffer sums;    /* double [1 + 2 channels] */
  RnncBuffer moments; /* [5 channels]: mean, 1/deviation, scratch */
  double n_total;
} BatchNormState;

static void
batch_norm_initialise (const RnncTrainLayer *layer, real *values,
    RnncRandom *random)
{
  const guint ones[] = { WEIGHT, RUNNING_VAR };
  for (guint k = 0; k < G_N_ELEMENTS (ones); k++) {
    const RnncParameter *parameter = &layer->parameters[ones[k]];
    for (gsize i = 0; i < parameter->n_values; i++)
      values[parameter->offset + i] = 1;
  }
}

/* Rows of channels in a worker's share. */
static gsize
batch_norm_rows (const RnncPass *pass)
{
  const RnncShape *shape = &pass->layer->spec->input;
  return pass->in->n_rows * shape->height * shape->width;
}

RNNC_CLONES static void
add_rows (gsize n_rows, gsize n, const real *x, double *sums)
{
  for (gsize r = 0; r < n_rows; r++)
    for (gsize c = 0; c < n; c++)
      sums[c] += x[r * n + c];
}

RNNC_CLONES static void
add_squares (gsize n_rows, gsize n, const real *x, const double *mean,
    double *sums)
{
  for (gsize r = 0; r < n_rows; r++)
    for (gsize c = 0; c < n; c++)
      sums[c] += (x[r * n + c] - mean[c]) * (x[r * n + c] - mean[c]);
}

RNNC_CLONES static void
normalise (gsize n_rows, gsize n, const real *x, const real *mean,
    const real *scale, const real *bias, real *y)
{
  for (gsize r = 0; r < n_rows; r++)
    for (gsize c = 0; c < n; c++)
      y[r * n + c] = (x[r * n + c] - mean[c]) * scale[c] + bias[c];
}

static void
new_running_statistics (RnncPass *pass, const double *mean,
    const double *square, double n_total)
{
  gsize n = pass->layer->spec->input.channels;
  double momentum = pass->layer->spec->params.batch_norm.momentum;
  const real *old_mean = rnnc_pass_values (pass, RUNNING_MEAN);
  const real *old_var = rnnc_pass_values (pass, RUNNING_VAR);
  real *new_mean
      = pass->statistics + pass->layer->parameters[RUNNING_MEAN].offset;
  real *new_var
      = pass->statistics + pass->layer->parameters[RUNNING_VAR].offset;
  for (gsize c = 0; c < n; c++) {
    double var = square[c] / (n_total > 1 ? n_total - 1 : 1);
    new_mean[c] = (real) ((1 - momentum) * old_mean[c] + momentum * mean[c]);
    new_var[c] = (real) ((1 - momentum) * old_var[c] + momentum * var);
  }
}

/* Mean and variance over all workers' rows. */
static void
batch_statistics (RnncPass *pass, const real *x, real *mean, real *inverse)
{
  BatchNormState *state = pass->state;
  gsize n = pass->layer->spec->input.channels;
  gsize n_rows = batch_norm_rows (pass);
  double epsilon = pass->layer->spec->params.batch_norm.epsilon;
  double *sums
      = rnnc_buffer_bytes (&state->sums, (1 + 2 * n) * sizeof (double));
  double *squares = sums + 1 + n;

  memset (sums, 0, (1 + 2 * n) * sizeof (double));
  sums[0] = (double) n_rows;
  add_rows (n_rows, n, x, sums + 1);
  rnnc_workers_sum (pass->workers, pass->worker, sums, (guint) (1 + n));
  for (gsize c = 0; c < n; c++)
    sums[1 + c] /= sums[0];
  add_squares (n_rows, n, x, sums + 1, squares);
  rnnc_workers_sum (pass->workers, pass->worker, squares, (guint) n);
  for (gsize c = 0; c < n; c++) {
    mean[c] = (real) sums[1 + c];
    inverse[c] = (real) (1 / sqrt (squares[c] / sums[0] + epsilon));
  }
  state->n_total = sums[0];
  if (pass->worker == 0 && pass->statistics)
    new_running_statistics (pass, sums + 1, squares, sums[0]);
}

static void
batch_norm_forward (RnncPass *pass, const real *x, real *y)
{
  BatchNormState *state = pass->state;
  gsize n = pass->layer->spec->input.channels;
  double epsilon = pass->layer->spec->params.batch_norm.epsilon;
  const real *weight = rnnc_pass_values (pass, WEIGHT);
  real *mean = rnnc_buffer_reals (&state->moments, 5 * n);
  real *inverse = mean + n;
  real *scale = inverse + n;

  if (pass->training) {
    batch_statistics (pass, x, mean, inverse);
  } else {
    const real *var = rnnc_pass_values (pass, RUNNING_VAR);
    memcpy (mean, rnnc_pass_values (pass, RUNNING_MEAN), n * sizeof (real));
    for (gsize c = 0; c < n; c++)
      inverse[c] = (real) (1 / sqrt (var[c] + epsilon));
  }
  for (gsize c = 0; c < n; c++)
    scale[c] = weight[c] * inverse[c];
  normalise (batch_norm_rows (pass), n, x, mean, scale,
      rnnc_pass_values (pass, BIAS), y);
}

RNNC_CLONES static void
add_gradients (gsize n_rows, gsize n, const real *x, const real *dy,
    const real *mean, const real *inverse, double *bias, double *weight)
{
  for (gsize r = 0; r < n_rows; r++) {
    for (gsize c = 0; c < n; c++) {
      real d = dy[r * n + c];
      bias[c] += d;
      weight[c] += d * ((x[r * n + c] - mean[c]) * inverse[c]);
    }
  }
}

/* dx = scale (dy - offset - (x - mean) slope) */
RNNC_CLONES static void
backward_rows (gsize n_rows, gsize n, const real *x, const real *dy,
    const real *mean, const real *scale, const real *offset, const real *slope,
    real *dx)
{
  for (gsize r = 0; r < n_rows; r++)
    for (gsize c = 0; c < n; c++)
      dx[r * n + c] = scale[c]
          * (dy[r * n + c] - offset[c] - (x[r * n + c] - mean[c]) * slope[c]);
}

static void
batch_norm_backward (RnncPass *pass, const real *x, const real *y,
    const real *dy, real *dx)
{
  BatchNormState *state = pass->state;
  gsize n = pass->layer->spec->input.channels;
  gsize n_rows = batch_norm_rows (pass);
  real *mean = state->moments.data;
  real *inverse = mean + n;
  const real *weight = rnnc_pass_values (pass, WEIGHT);
  real *weight_gradient = rnnc_pass_gradients (pass, WEIGHT);
  real *bias_gradient = rnnc_pass_gradients (pass, BIAS);
  double *sums = state->sums.data;

  memset (sums, 0, 2 * n * sizeof (double));
  add_gradients (n_rows, n, x, dy, mean, inverse, sums, sums + n);
  for (gsize c = 0; c < n; c++) {
    bias_gradient[c] += (real) sums[c];
    weight_gradient[c] += (real) sums[n + c];
  }
  rnnc_workers_sum (pass->workers, pass->worker, sums, (guint) (2 * n));
  if (!dx)
    return;
  real *scale = inverse + n;
  real *offset = scale + n;
  real *slope = offset + n;
  for (gsize c = 0; c < n; c++) {
    real projection = (real) (sums[n + c] / state->n_total);
    scale[c] = weight[c] * inverse[c];
    offset[c] = (real) (sums[c] / state->n_total);
    slope[c] = projection * inverse[c];
  }
  backward_rows (n_rows, n, x, dy, mean, scale, offset, slope, dx);
}

static void
batch_norm_clear (gpointer data)
{
  BatchNormState *state = data;
  rnnc_buffer_clear (&state->sums);
  rnnc_buffer_clear (&state->moments);
}

const RnncTrainLayerClass rnnc_train_batch_norm = {
  .state_size = sizeof (BatchNormState),
  .forgets_output = TRUE,
  .initialise = batch_norm_initialise,
  .forward = batch_norm_forward,
  .backward = batch_norm_backward,
  .clear = batch_norm_clear,
};
