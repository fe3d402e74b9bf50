/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ba et al. 2016: over the channels of each position. */
#include <math.h>

#include "rnncore/train/layer.h"

typedef struct {
  RnncBuffer moments; /* [positions, 2]: mean, 1/deviation */
} LayerNormState;

static void
layer_norm_initialise (const RnncTrainLayer *layer, real *values,
    RnncRandom *random)
{
  const RnncParameter *weight = &layer->parameters[0];
  if (!layer->spec->params.layer_norm.affine)
    return;
  for (gsize i = 0; i < weight->n_values; i++)
    values[weight->offset + i] = 1;
}

static gsize
n_positions (const RnncPass *pass)
{
  const RnncShape *shape = &pass->layer->spec->input;
  return pass->in->n_rows * shape->height * shape->width;
}

static void
row_moments (gsize n, const real *x, double epsilon, real *moments)
{
  double sum = 0, squares = 0;
  for (gsize i = 0; i < n; i++)
    sum += x[i];
  double mean = sum / (double) n;
  for (gsize i = 0; i < n; i++)
    squares += (x[i] - mean) * (x[i] - mean);
  moments[0] = (real) mean;
  moments[1] = (real) (1 / sqrt (squares / (double) n + epsilon));
}

static void
layer_norm_forward (RnncPass *pass, const real *x, real *y)
{
  LayerNormState *state = pass->state;
  const RnncLayerNormParams *params = &pass->layer->spec->params.layer_norm;
  gsize n = pass->layer->spec->input.channels;
  gsize n_rows = n_positions (pass);
  real *moments = rnnc_buffer_reals (&state->moments, 2 * n_rows);
  const real *weight = params->affine ? rnnc_pass_values (pass, 0) : NULL;
  const real *bias
      = params->bias ? rnnc_pass_values (pass, params->affine ? 1 : 0) : NULL;

  for (gsize r = 0; r < n_rows; r++, x += n, y += n, moments += 2) {
    row_moments (n, x, params->epsilon, moments);
    for (gsize i = 0; i < n; i++)
      y[i] = (x[i] - moments[0]) * moments[1];
    for (gsize i = 0; weight && i < n; i++)
      y[i] *= weight[i];
    for (gsize i = 0; bias && i < n; i++)
      y[i] += bias[i];
  }
}

/* With u = weight dy and z the normalised x:
 * dx = 1/deviation (u - mean (u) - z mean (u z)). */
static void
row_backward (gsize n, const real *x, const real *moments, const real *weight,
    const real *dy, real *dx)
{
  double sum = 0, projection = 0;
  for (gsize i = 0; i < n; i++) {
    double u = weight ? (double) weight[i] * dy[i] : dy[i];
    sum += u;
    projection += u * (x[i] - moments[0]) * moments[1];
  }
  sum /= (double) n;
  projection /= (double) n;
  for (gsize i = 0; i < n; i++) {
    double u = weight ? (double) weight[i] * dy[i] : dy[i];
    double z = (x[i] - moments[0]) * moments[1];
    dx[i] = (real) (moments[1] * (u - sum - z * projection));
  }
}

static void
layer_norm_backward (RnncPass *pass, const real *x, const real *y,
    const real *dy, real *dx)
{
  const LayerNormState *state = pass->state;
  const RnncLayerNormParams *params = &pass->layer->spec->params.layer_norm;
  gsize n = pass->layer->spec->input.channels;
  gsize n_rows = n_positions (pass);
  const real *moments = state->moments.data;
  const real *weight = params->affine ? rnnc_pass_values (pass, 0) : NULL;
  real *d_weight = params->affine ? rnnc_pass_gradients (pass, 0) : NULL;

  if (params->bias)
    rnnc_sum_rows (n_rows, n, dy, n,
        rnnc_pass_gradients (pass, params->affine ? 1 : 0));
  for (gsize r = 0; r < n_rows; r++, x += n, dy += n, moments += 2) {
    for (gsize i = 0; d_weight && i < n; i++)
      d_weight[i] += dy[i] * (x[i] - moments[0]) * moments[1];
    if (dx)
      row_backward (n, x, moments, weight, dy, dx + r * n);
  }
}

static void
layer_norm_clear (gpointer data)
{
  LayerNormState *state = data;
  rnnc_buffer_clear (&state->moments);
}

const RnncTrainLayerClass rnnc_train_layer_norm = {
  .state_size = sizeof (LayerNormState),
  .forgets_output = TRUE,
  .initialise = layer_norm_initialise,
  .forward = layer_norm_forward,
  .backward = layer_norm_backward,
  .clear = layer_norm_clear,
};
