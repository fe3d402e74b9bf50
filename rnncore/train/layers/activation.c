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
softmax_forward (gsize n_rows, gsize stride, gsize n, const real *x, real *y)
{
  for (gsize r = 0; r < n_rows; r++, x += stride, y += stride) {
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
softmax_backward (gsize n_rows, gsize stride, gsize n, const real *y,
    const real *dy, real *dx)
{
  for (gsize r = 0; r < n_rows; r++, y += stride, dy += stride, dx += stride) {
    double sum = 0;
    for (gsize i = 0; i < n; i++)
      sum += (double) y[i] * dy[i];
    real mean = (real) sum;
    for (gsize i = 0; i < n; i++)
      dx[i] = y[i] * (dy[i] - mean);
  }
}

static void
log_softmax_forward (gsize n_rows, gsize stride, gsize n, const real *x,
    real *y)
{
  for (gsize r = 0; r < n_rows; r++, x += stride, y += stride) {
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
log_softmax_backward (gsize n_rows, gsize stride, gsize n, const real *y,
    const real *dy, real *dx)
{
  for (gsize r = 0; r < n_rows; r++, y += stride, dy += stride, dx += stride) {
    double sum = 0;
    for (gsize i = 0; i < n; i++)
      sum += dy[i];
    real total = (real) sum;
    for (gsize i = 0; i < n; i++)
      dx[i] = dy[i] - rnnc_exp (y[i]) * total;
  }
}

/* Of the first of two distributions, or of the second or only one. */
typedef void (
    *ForwardRows) (gsize n_rows, gsize stride, gsize n, const real *x, real *y);
typedef void (*BackwardRows) (gsize n_rows, gsize stride, gsize n,
    const real *y, const real *dy, real *dx);

static void
forward_parts (ForwardRows rows, const RnncLayerSpec *spec, gsize n_values,
    const real *x, real *y)
{
  gsize n = spec->output.channels, split = spec->split;
  if (split > 0)
    rows (n_values / n, n, split, x, y);
  rows (n_values / n, n, n - split, x + split, y + split);
}

static void
backward_parts (BackwardRows rows, const RnncLayerSpec *spec, gsize n_values,
    const real *y, const real *dy, real *dx)
{
  gsize n = spec->output.channels, split = spec->split;
  if (split > 0)
    rows (n_values / n, n, split, y, dy, dx);
  rows (n_values / n, n, n - split, y + split, dy + split, dx + split);
}

static void
activation_forward (RnncPass *pass, const real *x, real *y)
{
  const RnncLayerSpec *spec = pass->layer->spec;
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
      forward_parts (softmax_forward, spec, n, x, y);
      break;
    case RNNC_ACTIVATION_LOG_SOFTMAX:
      forward_parts (log_softmax_forward, spec, n, x, y);
      break;
    case RNNC_ACTIVATION_LEAKY_RELU:
    case RNNC_ACTIVATION_GELU: /* rnnc_train_curve */
      g_assert_not_reached ();
  }
}

static void
activation_backward (RnncPass *pass, const real *x, const real *y,
    const real *dy, real *dx)
{
  const RnncLayerSpec *spec = pass->layer->spec;
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
      backward_parts (softmax_backward, spec, n, y, dy, dx);
      break;
    case RNNC_ACTIVATION_LOG_SOFTMAX:
      backward_parts (log_softmax_backward, spec, n, y, dy, dx);
      break;
    case RNNC_ACTIVATION_LEAKY_RELU:
    case RNNC_ACTIVATION_GELU: /* rnnc_train_curve */
      g_assert_not_reached ();
  }
}

const RnncTrainLayerClass rnnc_train_activation = {
  .elementwise = TRUE,
  .forward = activation_forward,
  .backward = activation_backward,
};

/* --- curves whose slope y does not tell ----------------------------------- */

static void
leaky_relu_forward (gsize n, real slope, const real *x, real *y)
{
  for (gsize i = 0; i < n; i++)
    y[i] = x[i] < 0 ? slope * x[i] : x[i];
}

static void
leaky_relu_backward (gsize n, real slope, const real *x, const real *dy,
    real *dx)
{
  for (gsize i = 0; i < n; i++)
    dx[i] = x[i] > 0 ? dy[i] : slope * dy[i];
}

static double
normal_distribution (double x)
{
  return 0.5 * (1 + erf (x * M_SQRT1_2));
}

static void
gelu_forward (gsize n, const real *x, real *y)
{
  for (gsize i = 0; i < n; i++)
    y[i] = (real) (x[i] * normal_distribution (x[i]));
}

static void
gelu_backward (gsize n, const real *x, const real *dy, real *dx)
{
  const double peak = 0.5 * M_2_SQRTPI * M_SQRT1_2; /* 1 / sqrt (2 pi) */
  for (gsize i = 0; i < n; i++) {
    double density = peak * exp (-0.5 * (double) x[i] * x[i]);
    dx[i] = (real) (dy[i] * (normal_distribution (x[i]) + x[i] * density));
  }
}

static gsize
curve_size (const RnncPass *pass)
{
  return pass->in->n_rows * rnnc_train_layer_outputs (pass->layer);
}

static void
curve_forward (RnncPass *pass, const real *x, real *y)
{
  const RnncLayerSpec *spec = pass->layer->spec;
  if (spec->params.activation == RNNC_ACTIVATION_GELU)
    gelu_forward (curve_size (pass), x, y);
  else
    leaky_relu_forward (curve_size (pass), (real) spec->slope, x, y);
}

static void
curve_backward (RnncPass *pass, const real *x, const real *y, const real *dy,
    real *dx)
{
  const RnncLayerSpec *spec = pass->layer->spec;
  if (!dx)
    return;
  if (spec->params.activation == RNNC_ACTIVATION_GELU)
    gelu_backward (curve_size (pass), x, dy, dx);
  else
    leaky_relu_backward (curve_size (pass), (real) spec->slope, x, dy, dx);
}

const RnncTrainLayerClass rnnc_train_curve = {
  .forgets_output = TRUE,
  .forward = curve_forward,
  .backward = curve_backward,
};

/* --- magnitude: channels re… im… to the absolute value of each pair --------
 */

static void
magnitude_forward (RnncPass *pass, const real *x, real *y)
{
  gsize n = pass->layer->spec->output.channels;
  gsize n_rows = curve_size (pass) / n;
  for (gsize r = 0; r < n_rows; r++, x += 2 * n, y += n)
    for (gsize c = 0; c < n; c++)
      y[c] = (real) sqrt ((double) x[c] * x[c] + (double) x[n + c] * x[n + c]);
}

/* At 0, where there is no slope: 0. */
static void
magnitude_backward (RnncPass *pass, const real *x, const real *y,
    const real *dy, real *dx)
{
  gsize n = pass->layer->spec->output.channels;
  gsize n_rows = dx ? curve_size (pass) / n : 0;
  for (gsize r = 0; r < n_rows; r++) {
    for (gsize c = 0; c < n; c++) {
      real scale = y[c] > 0 ? dy[c] / y[c] : 0;
      dx[c] = x[c] * scale;
      dx[n + c] = x[n + c] * scale;
    }
    x += 2 * n;
    dx += 2 * n;
    y += n;
    dy += n;
  }
}

const RnncTrainLayerClass rnnc_train_magnitude = {
  .forward = magnitude_forward,
  .backward = magnitude_backward,
};
