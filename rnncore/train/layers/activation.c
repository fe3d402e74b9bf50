/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/train/layer.h"
#include "rnncore/train/vector-math.h"

RNNC_CLONES static void
relu_forward (gsize n, const real *x, real *y)
{
  for (gsize i = 0; i < n; i++)
    y[i] = x[i] < 0 ? 0 : x[i];
}

RNNC_CLONES static void
relu_backward (gsize n, const real *y, const real *dy, real *dx)
{
  for (gsize i = 0; i < n; i++)
    dx[i] = y[i] > 0 ? dy[i] : 0;
}

RNNC_CLONES static void
tanh_forward (gsize n, const real *x, real *y)
{
  for (gsize i = 0; i < n; i++)
    y[i] = rnnc_tanh (x[i]);
}

RNNC_CLONES static void
tanh_backward (gsize n, const real *y, const real *dy, real *dx)
{
  for (gsize i = 0; i < n; i++)
    dx[i] = dy[i] * (1 - y[i] * y[i]);
}

RNNC_CLONES static void
sigmoid_forward (gsize n, const real *x, real *y)
{
  for (gsize i = 0; i < n; i++)
    y[i] = rnnc_sigmoid (x[i]);
}

RNNC_CLONES static void
sigmoid_backward (gsize n, const real *y, const real *dy, real *dx)
{
  for (gsize i = 0; i < n; i++)
    dx[i] = dy[i] * y[i] * (1 - y[i]);
}

static real
maximum (gsize n, const real *x)
{
  real m = x[0];
  for (gsize i = 1; i < n; i++)
    m = x[i] > m ? x[i] : m;
  return m;
}

RNNC_CLONES static void
softmax_forward (gsize n_rows, gsize n, const real *x, real *y)
{
  for (gsize r = 0; r < n_rows; r++, x += n, y += n) {
    real m = maximum (n, x);
    double sum = 0;
    for (gsize i = 0; i < n; i++)
      y[i] = rnnc_exp (x[i] - m);
    for (gsize i = 0; i < n; i++)
      sum += y[i];
    real scale = (real) (1 / sum);
    for (gsize i = 0; i < n; i++)
      y[i] *= scale;
  }
}

RNNC_CLONES static void
softmax_backward (gsize n_rows, gsize n, const real *y, const real *dy,
    real *dx)
{
  for (gsize r = 0; r < n_rows; r++, y += n, dy += n, dx += n) {
    double sum = 0;
    for (gsize i = 0; i < n; i++)
      sum += (double) y[i] * dy[i];
    real mean = (real) sum;
    for (gsize i = 0; i < n; i++)
      dx[i] = y[i] * (dy[i] - mean);
  }
}

static void
log_softmax_forward (gsize n_rows, gsize n, const real *x, real *y)
{
  for (gsize r = 0; r < n_rows; r++, x += n, y += n) {
    real m = maximum (n, x);
    double sum = 0;
    for (gsize i = 0; i < n; i++)
      sum += rnnc_exp (x[i] - m);
    real shift = m + (real) log (sum);
    for (gsize i = 0; i < n; i++)
      y[i] = x[i] - shift;
  }
}

RNNC_CLONES static void
log_softmax_backward (gsize n_rows, gsize n, const real *y, const real *dy,
    real *dx)
{
  for (gsize r = 0; r < n_rows; r++, y += n, dy += n, dx += n) {
    double sum = 0;
    for (gsize i = 0; i < n; i++)
      sum += dy[i];
    real total = (real) sum;
    for (gsize i = 0; i < n; i++)
      dx[i] = dy[i] - rnnc_exp (y[i]) * total;
  }
}

static void
activation_forward (RnncPass *pass, const real *x, real *y)
{
  const RnncLayerSpec *spec = pass->layer->spec;
  gsize channels = spec->output.channels;
  gsize n = pass->in->n_rows * rnnc_train_layer_outputs (pass->layer);
  switch (spec->params.activation) {
    case RNNC_ACTIVATION_RELU:
      relu_forward (n, x, y);
      break;
    case RNNC_ACTIVATION_TANH:
      tanh_forward (n, x, y);
      break;
    case RNNC_ACTIVATION_SIGMOID:
      sigmoid_forward (n, x, y);
      break;
    case RNNC_ACTIVATION_SOFTMAX:
      softmax_forward (n / channels, channels, x, y);
      break;
    case RNNC_ACTIVATION_LOG_SOFTMAX:
      log_softmax_forward (n / channels, channels, x, y);
      break;
    case RNNC_ACTIVATION_LEAKY_RELU:
    case RNNC_ACTIVATION_GELU: /* rnnc_train_check_layers() refuses them */
      g_assert_not_reached ();
  }
}

static void
activation_backward (RnncPass *pass, const real *x, const real *y,
    const real *dy, real *dx)
{
  const RnncLayerSpec *spec = pass->layer->spec;
  gsize channels = spec->output.channels;
  gsize n = pass->in->n_rows * rnnc_train_layer_outputs (pass->layer);
  if (!dx)
    return;
  switch (spec->params.activation) {
    case RNNC_ACTIVATION_RELU:
      relu_backward (n, y, dy, dx);
      break;
    case RNNC_ACTIVATION_TANH:
      tanh_backward (n, y, dy, dx);
      break;
    case RNNC_ACTIVATION_SIGMOID:
      sigmoid_backward (n, y, dy, dx);
      break;
    case RNNC_ACTIVATION_SOFTMAX:
      softmax_backward (n / channels, channels, y, dy, dx);
      break;
    case RNNC_ACTIVATION_LOG_SOFTMAX:
      log_softmax_backward (n / channels, channels, y, dy, dx);
      break;
    case RNNC_ACTIVATION_LEAKY_RELU:
    case RNNC_ACTIVATION_GELU: /* rnnc_train_check_layers() refuses them */
      g_assert_not_reached ();
  }
}

const RnncTrainLayerClass rnnc_train_activation = {
  .elementwise = TRUE,
  .forward = activation_forward,
  .backward = activation_backward,
};
