/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/layers/convolution.h"

#include <string.h>

/* Windows that are gathered for one matrix product. */
#define BLOCK_WINDOWS 16

static void
set_shape (RnncConvolution *convolution, const gsize *shape, guint rank,
    gsize n_groups)
{
  convolution->n_out = shape[0];
  convolution->n_in = shape[1] * n_groups;
  convolution->n_groups = n_groups;
  convolution->n_taps = 1;
  for (guint i = 2; i < rank; i++)
    convolution->n_taps *= shape[i];
}

/* @weight: [out, 1, taps]; @bias: (transfer full) (nullable) */
static void
init_depthwise (RnncConvolution *convolution, const float *weight, float *bias)
{
  gsize n_taps = convolution->n_taps, n_out = convolution->n_out;

  convolution->taps = g_new (float, n_taps *n_out);
  for (gsize o = 0; o < n_out; o++)
    for (gsize k = 0; k < n_taps; k++)
      convolution->taps[k * n_out + o] = weight[o * n_taps + k];
  convolution->bias = bias != NULL ? bias : g_new0 (float, n_out);
}

/* [out, in, taps] to rows [out, taps, in], of @T. */
#define DEFINE_TAPS_FIRST(name, T)                                             \
  static T *name (const T *weight, gsize n_out, gsize n_in, gsize n_taps)      \
  {                                                                            \
    T *rows = g_new (T, n_out * n_in * n_taps);                                \
                                                                               \
    for (gsize o = 0; o < n_out; o++)                                          \
      for (gsize i = 0; i < n_in; i++)                                         \
        for (gsize k = 0; k < n_taps; k++)                                     \
          rows[(o * n_taps + k) * n_in + i]                                    \
              = weight[(o * n_in + i) * n_taps + k];                           \
    return rows;                                                               \
  }

DEFINE_TAPS_FIRST (floats_taps_first, float)
DEFINE_TAPS_FIRST (bytes_taps_first, gint8)

/* Group @group of all. */
static void
init_group (const RnncConvolution *convolution, gsize group,
    const RnncMatrix *weight, const float *bias)
{
  gsize n_out = convolution->n_out / convolution->n_groups;
  gsize n_in = convolution->n_in / convolution->n_groups;
  gsize n_taps = convolution->n_taps;
  gsize first = group * n_out, size = n_in * n_taps;
  g_auto (RnncMatrix) rows = { 0 };

  if (weight->bytes != NULL) {
    rows.bytes
        = bytes_taps_first (weight->bytes + first * size, n_out, n_in, n_taps);
    rows.scales
        = g_memdup2 (weight->scales + first, n_out * sizeof *rows.scales);
  } else {
    rows.values = floats_taps_first (weight->values + first * size, n_out, n_in,
        n_taps);
  }
  rnnc_linear_init (&convolution->linears[group], &rows, n_out, size,
      bias != NULL ? g_memdup2 (bias + first, n_out * sizeof *bias) : NULL);
}

/* Each channel its own group; @shape: of the weight. */
static gboolean
is_depthwise (const gsize *shape, gsize n_groups)
{
  return n_groups > 1 && n_groups == shape[0] && shape[1] == 1;
}

/* Bytes stay bytes over time. Inside a frame, and channel by channel, they
 * would only lose: making bytes of windows takes as long as multiplying. */
static gboolean
read_weight (const RnncLayer *layer, const RnncTensorSource *source,
    const gsize *shape, guint rank, gsize n_groups, RnncMatrix *weight,
    GError **error)
{
  if (layer->spec->type == RNNC_LAYER_CONV1D && !is_depthwise (shape, n_groups))
    return rnnc_layer_read_matrix (layer, source, "weight", shape, rank, weight,
        error);
  weight->values
      = rnnc_layer_read (layer, source, "weight", shape, rank, error);
  return weight->values != NULL;
}

RnncConvolution *
rnnc_convolution_load (const RnncLayer *layer, const RnncTensorSource *source,
    const gsize *shape, guint rank, gsize n_groups, gboolean bias,
    GError **error)
{
  g_auto (RnncMatrix) weight = { 0 };
  g_autofree float *biases = NULL;
  RnncConvolution *convolution;

  if (!read_weight (layer, source, shape, rank, n_groups, &weight, error))
    return NULL;
  if (bias) {
    biases = rnnc_layer_read (layer, source, "bias", shape, 1, error);
    if (biases == NULL)
      return NULL;
  }
  convolution = g_new0 (RnncConvolution, 1);
  set_shape (convolution, shape, rank, n_groups);
  if (is_depthwise (shape, n_groups)) {
    init_depthwise (convolution, weight.values, g_steal_pointer (&biases));
    return convolution;
  }
  convolution->linears = g_new0 (RnncLinear, n_groups);
  for (gsize g = 0; g < n_groups; g++) {
    init_group (convolution, g, &weight, biases);
    if (layer->spec->type == RNNC_LAYER_CONV1D)
      rnnc_linear_halve (&convolution->linears[g]);
  }
  return convolution;
}

void
rnnc_convolution_free (RnncConvolution *convolution)
{
  for (gsize g = 0; convolution->linears != NULL && g < convolution->n_groups;
       g++)
    rnnc_linear_clear (&convolution->linears[g]);
  g_free (convolution->linears);
  g_free (convolution->taps);
  g_free (convolution->bias);
  g_free (convolution);
}

void
rnnc_convolution_clear (RnncLayer *layer)
{
  rnnc_convolution_free (layer->weights);
}

void
rnnc_convolution_fold (RnncLayer *layer, const float *scale, const float *shift)
{
  RnncConvolution *convolution = layer->weights;
  gsize n_out = convolution->n_out;

  if (convolution->linears == NULL) {
    for (gsize i = 0; i < convolution->n_taps * n_out; i++)
      convolution->taps[i] *= scale[i % n_out];
    for (gsize o = 0; o < n_out; o++)
      convolution->bias[o] = convolution->bias[o] * scale[o] + shift[o];
    return;
  }
  n_out /= convolution->n_groups;
  for (gsize g = 0; g < convolution->n_groups; g++)
    rnnc_linear_fold (&convolution->linears[g], scale + g * n_out,
        shift + g * n_out);
}

/* Whether a window is one row in memory already. */
static gboolean
is_row (const RnncConvolution *convolution, gsize tap_distance)
{
  return convolution->n_groups == 1
      && (tap_distance == convolution->n_in || convolution->n_taps == 1);
}

gsize
rnnc_convolution_work_size (const RnncConvolution *convolution,
    gsize tap_distance)
{
  if (convolution->linears == NULL || is_row (convolution, tap_distance))
    return 0;
  return rnnc_align (
      BLOCK_WINDOWS * convolution->linears[0].k * sizeof (float));
}

static void
run_depthwise (const RnncConvolution *convolution, const float *x,
    gsize tap_distance, gsize window_distance, gsize n_windows, float *out)
{
  gsize n = convolution->n_out;

  for (gsize t = 0; t < n_windows; t++) {
    memcpy (out, convolution->bias, n * sizeof *out);
    for (gsize k = 0; k < convolution->n_taps; k++) {
      const float *taps = convolution->taps + k * n;
      const float *in = x + k * tap_distance;

      for (gsize o = 0; o < n; o++)
        out[o] += taps[o] * in[o];
    }
    x += window_distance;
    out += n;
  }
}

/* The channels of one group of @n_windows windows, side by side. */
static void
gather (const RnncConvolution *convolution, const float *x, gsize tap_distance,
    gsize window_distance, gsize n_windows, float *rows)
{
  gsize n_in = convolution->n_in / convolution->n_groups;

  for (gsize t = 0; t < n_windows; t++) {
    for (gsize k = 0; k < convolution->n_taps; k++) {
      memcpy (rows, x + k * tap_distance, n_in * sizeof *rows);
      rows += n_in;
    }
    x += window_distance;
  }
}

void
rnnc_convolution_run (const RnncConvolution *convolution, const float *x,
    gsize tap_distance, gsize window_distance, gsize n_windows, float *out,
    void *work)
{
  gsize n_in = convolution->n_in / convolution->n_groups;
  gsize n_out = convolution->n_out / convolution->n_groups;

  if (convolution->linears == NULL) {
    run_depthwise (convolution, x, tap_distance, window_distance, n_windows,
        out);
    return;
  }
  if (is_row (convolution, tap_distance)) {
    rnnc_linear_apply (&convolution->linears[0], x, window_distance, out, n_out,
        n_windows, FALSE);
    return;
  }
  for (gsize t = 0; t < n_windows; t += BLOCK_WINDOWS) {
    gsize n = MIN (n_windows - t, BLOCK_WINDOWS);

    for (gsize g = 0; g < convolution->n_groups; g++) {
      const RnncLinear *linear = &convolution->linears[g];

      gather (convolution, x + t * window_distance + g * n_in, tap_distance,
          window_distance, n, work);
      rnnc_linear_apply (linear, work, linear->k,
          out + t * convolution->n_out + g * n_out, convolution->n_out, n,
          FALSE);
    }
  }
}
