/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Batch norm with running statistics (Ioffe and Szegedy 2015): a scale and a
 * shift a channel; mostly folded away at load. */
#include <math.h>
#include <string.h>

#include "rnncore/kernels/kernels.h"
#include "rnncore/layers/linear.h"

typedef struct {
  float *scale;
  float *shift;
} BatchNorm;

static void
batch_norm_clear (RnncLayer *layer)
{
  BatchNorm *norm = layer->weights;

  g_free (norm->scale);
  g_free (norm->shift);
  g_free (norm);
}

static gboolean
check_variance (const RnncLayer *layer, const float *variance, gsize n,
    GError **error)
{
  g_autofree char *name
      = rnnc_layer_spec_tensor_name (layer->spec, "running_var");

  for (gsize i = 0; i < n; i++) {
    if (variance[i] < 0) {
      g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
          "tensor \"%s\": holds a negative variance", name);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
batch_norm_load (RnncLayer *layer, const RnncTensorSource *source,
    GError **error)
{
  static const char *const names[]
      = { "weight", "bias", "running_mean", "running_var" };
  gsize n = layer->spec->input.channels;
  double epsilon = layer->spec->params.batch_norm.epsilon;
  float *parts[4] = { NULL };
  gboolean ok = TRUE;
  BatchNorm *norm;

  for (guint i = 0; i < G_N_ELEMENTS (names) && ok; i++) {
    parts[i] = rnnc_layer_read (layer, source, names[i], &n, 1, error);
    ok = parts[i] != NULL;
  }
  ok = ok && check_variance (layer, parts[3], n, error);
  if (ok) {
    norm = layer->weights = g_new0 (BatchNorm, 1);
    norm->scale = g_new (float, n);
    norm->shift = g_new (float, n);
    for (gsize i = 0; i < n; i++) {
      double scale = parts[0][i] / sqrt (parts[3][i] + epsilon);

      norm->scale[i] = scale;
      norm->shift[i] = parts[1][i] - parts[2][i] * scale;
    }
  }
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    g_free (parts[i]);
  return ok;
}

void
rnnc_batch_norm_fold (const RnncLayer *norm, RnncLayer *before)
{
  const BatchNorm *weights = norm->weights;

  before->klass->fold (before, weights->scale, weights->shift);
}

static gsize
batch_norm_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  const BatchNorm *norm = layer->weights;
  gsize channels = layer->spec->input.channels;
  gsize n = n_frames * rnnc_layer_inputs (layer);

  if (in != out)
    memcpy (out, in, n * sizeof *out);
  for (gsize i = 0; i < n; i += channels)
    rnnc_kernels ()->scale_shift (out + i, norm->scale, norm->shift, channels);
  return n_frames;
}

const RnncLayerClass rnnc_batch_norm_class = {
  .load = batch_norm_load,
  .clear = batch_norm_clear,
  .forward = batch_norm_forward,
  .in_place = TRUE,
};
