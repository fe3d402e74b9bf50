/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/layers/layer.h"

#include <string.h>

#include "rnncore/layers/linear.h"

static const RnncLayerClass *const classes[] = {
  [RNNC_LAYER_CONV1D] = &rnnc_conv1d_class,
  [RNNC_LAYER_CONV2D] = &rnnc_conv2d_class,
  [RNNC_LAYER_POOL1D] = &rnnc_pool1d_class,
  [RNNC_LAYER_POOL2D] = &rnnc_pool2d_class,
  [RNNC_LAYER_DENSE] = &rnnc_dense_class,
  [RNNC_LAYER_EMBEDDING] = &rnnc_embedding_class,
  [RNNC_LAYER_BATCH_NORM] = &rnnc_batch_norm_class,
  [RNNC_LAYER_LAYER_NORM] = &rnnc_layer_norm_class,
  [RNNC_LAYER_ACTIVATION] = &rnnc_activation_class,
  [RNNC_LAYER_MAGNITUDE] = &rnnc_magnitude_class,
  [RNNC_LAYER_DROPOUT] = &rnnc_dropout_class,
  [RNNC_LAYER_FLATTEN] = &rnnc_flatten_class,
  [RNNC_LAYER_UNFLATTEN] = &rnnc_unflatten_class,
  [RNNC_LAYER_JOIN] = &rnnc_join_class,
  [RNNC_LAYER_RECURRENT] = &rnnc_recurrent_class,
  [RNNC_LAYER_MEAN_OVER_TIME] = &rnnc_mean_over_time_class,
  [RNNC_LAYER_LAST_STEP] = &rnnc_last_step_class,
};

/* How many inputs a layer's output is. */
static guint
count_readers (RnncLayer **layers, guint n_layers, gint index)
{
  guint n = 0;

  for (guint i = 0; i < n_layers; i++) {
    for (guint k = 0; k < layers[i]->spec->n_sources; k++)
      n += layers[i]->spec->sources[k] == index;
  }
  return n;
}

static void
fold_batch_norms (RnncLayer **layers, guint n_layers)
{
  for (guint i = 1; i < n_layers; i++) {
    gint source = layers[i]->spec->sources[0];

    if (layers[i]->spec->type != RNNC_LAYER_BATCH_NORM || source < 0
        || layers[source]->klass->fold == NULL
        || count_readers (layers, n_layers, source) > 1)
      continue;
    rnnc_batch_norm_fold (layers[i], layers[source]);
    layers[i]->identity = TRUE;
  }
}

/* What layer @index reads, past layers that do nothing; RNNC_FRONTEND_FRAME
 * where that, or what lies between, has other readers. */
static gint
sole_source (RnncLayer **layers, guint n_layers, guint index)
{
  gint source = layers[index]->spec->sources[0];

  while (source >= 0 && count_readers (layers, n_layers, source) == 1
      && layers[source]->identity)
    source = layers[source]->spec->sources[0];
  return source < 0 || count_readers (layers, n_layers, source) > 1
      ? RNNC_FRONTEND_FRAME
      : source;
}

static void
fold_relus (RnncLayer **layers, guint n_layers)
{
  for (guint i = 1; i < n_layers; i++) {
    gint source = sole_source (layers, n_layers, i);

    if (layers[i]->spec->type != RNNC_LAYER_ACTIVATION
        || layers[i]->spec->params.activation != RNNC_ACTIVATION_RELU
        || source < 0 || !layers[source]->klass->rectifies)
      continue;
    layers[source]->has_relu = TRUE;
    layers[i]->identity = TRUE;
  }
}

RnncLayer **
rnnc_layers_new (GPtrArray *specs, const RnncTensorSource *source,
    guint *n_layers, GError **error)
{
  RnncLayer **layers = g_new0 (RnncLayer *, specs->len);

  for (guint i = 0; i < specs->len; i++) {
    const RnncLayerSpec *spec = g_ptr_array_index (specs, i);

    layers[i] = g_new0 (RnncLayer, 1);
    layers[i]->spec = spec;
    layers[i]->klass = classes[spec->type];
    layers[i]->identity = spec->type == RNNC_LAYER_DROPOUT;
    if (layers[i]->klass->load != NULL
        && !layers[i]->klass->load (layers[i], source, error)) {
      rnnc_layers_free (layers, i + 1);
      return NULL;
    }
  }
  fold_batch_norms (layers, specs->len);
  fold_relus (layers, specs->len);
  *n_layers = specs->len;
  return layers;
}

void
rnnc_layers_free (RnncLayer **layers, guint n_layers)
{
  for (guint i = 0; i < n_layers; i++) {
    if (layers[i]->klass->clear != NULL && layers[i]->weights != NULL)
      layers[i]->klass->clear (layers[i]);
    g_free (layers[i]);
  }
  g_free (layers);
}

float *
rnnc_layer_read (const RnncLayer *layer, const RnncTensorSource *source,
    const char *suffix, const gsize *shape, guint rank, GError **error)
{
  g_autofree char *name = rnnc_layer_spec_tensor_name (layer->spec, suffix);

  return source->read (source->source, name, shape, rank, error);
}

gboolean
rnnc_layer_read_matrix (const RnncLayer *layer, const RnncTensorSource *source,
    const char *suffix, const gsize *shape, guint rank, RnncMatrix *matrix,
    GError **error)
{
  g_autofree char *name = rnnc_layer_spec_tensor_name (layer->spec, suffix);

  *matrix = (RnncMatrix){ 0 };
  matrix->values = source->read (source->source, name, shape, rank, error);
  if (matrix->values == NULL)
    return FALSE;
  matrix->bytes = source->read_bytes (source->source, name, &matrix->scales);
  if (matrix->bytes != NULL)
    g_clear_pointer (&matrix->values, g_free);
  return TRUE;
}

void
rnnc_matrix_clear (RnncMatrix *matrix)
{
  g_free (matrix->values);
  g_free (matrix->bytes);
  g_free (matrix->scales);
}

gsize
rnnc_layer_work_size (const RnncLayer *layer, gsize n_frames)
{
  return layer->klass->work_size != NULL
      ? layer->klass->work_size (layer, n_frames)
      : 0;
}

gsize
rnnc_layer_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  return n_frames == 0 ? 0
                       : layer->klass->forward (layer, in, n_frames, out, work);
}

/* Whether each frame of the output is made of one of the input alone. */
static gboolean
knows_no_time (const RnncLayer *layer)
{
  return layer->klass->state_size == NULL;
}

static gsize
count_frames (const gsize *n_frames, gsize n_sequences)
{
  gsize total = 0;

  for (gsize i = 0; i < n_sequences; i++)
    total += n_frames[i];
  return total;
}

gsize
rnnc_layer_batch_work_size (const RnncLayer *layer, const gsize *n_frames,
    gsize n_sequences)
{
  if (layer->klass->batch_work_size != NULL)
    return layer->klass->batch_work_size (layer, n_frames, n_sequences);
  return rnnc_layer_work_size (layer,
      knows_no_time (layer) ? count_frames (n_frames, n_sequences)
                            : n_frames[0]);
}

void
rnnc_layer_forward_batch (const RnncLayer *layer, const float *in,
    const gsize *n_frames, gsize n_sequences, float *out, void *work)
{
  if (layer->klass->forward_batch != NULL) {
    layer->klass->forward_batch (layer, in, n_frames, n_sequences, out, work);
    return;
  }
  if (knows_no_time (layer)) {
    rnnc_layer_forward (layer, in, count_frames (n_frames, n_sequences), out,
        work);
    return;
  }
  for (gsize i = 0; i < n_sequences; i++) {
    gsize n_out = rnnc_layer_forward (layer, in, n_frames[i], out, work);

    in += n_frames[i] * rnnc_layer_inputs (layer);
    out += n_out * rnnc_layer_outputs (layer);
  }
}

gsize
rnnc_layer_state_size (const RnncLayer *layer, gsize max_frames)
{
  if (layer->klass->state_size != NULL)
    return layer->klass->state_size (layer, max_frames);
  return rnnc_layer_work_size (layer, max_frames);
}

gsize
rnnc_layer_max_output (const RnncLayer *layer, gsize max_frames)
{
  return layer->klass->max_output != NULL
      ? layer->klass->max_output (layer, max_frames)
      : max_frames;
}

void
rnnc_layer_reset (const RnncLayer *layer, void *state, gsize max_frames)
{
  if (layer->klass->reset != NULL)
    layer->klass->reset (layer, state, max_frames);
}

gsize
rnnc_layer_push (const RnncLayer *layer, void *state, const float *in,
    gsize n_frames, float *out)
{
  if (layer->klass->push != NULL)
    return layer->klass->push (layer, state, in, n_frames, out);
  return rnnc_layer_forward (layer, in, n_frames, out, state);
}

gsize
rnnc_layer_flush (const RnncLayer *layer, void *state, float *out)
{
  return layer->klass->flush != NULL ? layer->klass->flush (layer, state, out)
                                     : 0;
}

gsize
rnnc_layer_push_batch_work_size (const RnncLayer *layer, gsize max_frames,
    gsize n_streams)
{
  if (knows_no_time (layer))
    return rnnc_layer_work_size (layer, n_streams * max_frames);
  return layer->klass->push_batch_work_size != NULL
      ? layer->klass->push_batch_work_size (layer, max_frames, n_streams)
      : 0;
}

void
rnnc_layer_push_batch (const RnncLayer *layer, void *const *states,
    const float *in, const gsize *n_in, gsize n_streams, float *out,
    gsize *n_out, void *work)
{
  if (knows_no_time (layer)) {
    rnnc_layer_forward (layer, in, count_frames (n_in, n_streams), out, work);
    memcpy (n_out, n_in, n_streams * sizeof *n_out);
    return;
  }
  if (layer->klass->push_batch != NULL) {
    layer->klass->push_batch (layer, states, in, n_in, n_streams, out, n_out,
        work);
    return;
  }
  for (gsize i = 0; i < n_streams; i++) {
    n_out[i] = n_in[i] > 0
        ? rnnc_layer_push (layer, states[i], in, n_in[i], out)
        : 0;
    in += n_in[i] * rnnc_layer_inputs (layer);
    out += n_out[i] * rnnc_layer_outputs (layer);
  }
}

void
rnnc_layer_reset_core (const RnncLayer *layer, void *state)
{
  if (layer->klass->reset_core != NULL)
    layer->klass->reset_core (layer, state);
}

void
rnnc_layer_replay_core (const RnncLayer *layer, void *state)
{
  if (layer->klass->replay_core != NULL)
    layer->klass->replay_core (layer, state);
}
