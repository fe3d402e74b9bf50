/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a model's shape says before any data: sizes, stride, look-ahead. */
#include "rnncore/model/model-private.h"

#define NS_PER_SECOND G_GUINT64_CONSTANT (1000000000)

static const RnncLayerSpec *
get_spec (RnncModel *model, guint index)
{
  return g_ptr_array_index (model->description->layers, index);
}

static gboolean
ends_time (const RnncLayerSpec *spec)
{
  return spec->type == RNNC_LAYER_MEAN_OVER_TIME
      || spec->type == RNNC_LAYER_LAST_STEP;
}

gsize
rnnc_model_input_size (RnncModel *model)
{
  return rnnc_shape_size (&model->description->input);
}

gsize
rnnc_model_output_size (RnncModel *model)
{
  return rnnc_shape_size (&get_spec (model, model->n_layers - 1)->output);
}

gboolean
rnnc_model_is_many_to_one (RnncModel *model)
{
  for (guint i = 0; i < model->n_layers; i++) {
    if (ends_time (get_spec (model, i)))
      return TRUE;
  }
  return FALSE;
}

gboolean
rnnc_model_is_bidirectional (RnncModel *model)
{
  for (guint i = 0; i < model->n_layers; i++) {
    const RnncLayerSpec *spec = get_spec (model, i);

    if (spec->type == RNNC_LAYER_RECURRENT
        && spec->params.recurrent.bidirectional)
      return TRUE;
  }
  return FALSE;
}

guint
rnnc_model_first_recurrent (RnncModel *model)
{
  for (guint i = 0; i < model->n_layers; i++) {
    const RnncLayerSpec *spec = get_spec (model, i);

    if (spec->type == RNNC_LAYER_RECURRENT || ends_time (spec))
      return i;
  }
  return model->n_layers;
}

/* A chunk's first frame waits for the chunk and its look-ahead; the last of
 * these comes out of the level before with a chunk of its own, and so on. */
static guint64
chunks_look_ahead (const RnncRecurrentParams *core)
{
  guint64 frame = 0;

  for (guint level = 0; level < core->n_layers; level++)
    frame = (frame / core->chunk + 1) * core->chunk + core->look_ahead - 1;
  return frame;
}

/* Frames of the layer's own input that it waits for beyond the current one. */
static guint64
layer_look_ahead (const RnncLayerSpec *spec)
{
  const RnncRecurrentParams *core = &spec->params.recurrent;

  if (spec->type == RNNC_LAYER_CONV1D)
    return spec->params.conv1d.right;
  if (spec->type == RNNC_LAYER_RECURRENT && core->bidirectional)
    return chunks_look_ahead (core);
  return 0;
}

static void
walk (RnncModel *model, guint64 *stride, guint64 *look_ahead)
{
  *stride = 1;
  *look_ahead = 0;
  for (guint i = 0; i < model->n_layers; i++) {
    const RnncLayerSpec *spec = get_spec (model, i);

    *look_ahead += *stride * layer_look_ahead (spec);
    if (spec->type == RNNC_LAYER_CONV1D)
      *stride = MIN (*stride * spec->params.conv1d.stride, G_MAXUINT);
  }
  *look_ahead = MIN (*look_ahead, G_MAXUINT);
}

guint
rnnc_model_stride (RnncModel *model)
{
  guint64 stride, look_ahead;

  walk (model, &stride, &look_ahead);
  return stride;
}

guint
rnnc_model_look_ahead (RnncModel *model)
{
  guint64 stride, look_ahead;

  walk (model, &stride, &look_ahead);
  return look_ahead;
}

/* @n_frames of the front end in ns, rounded down; 0 where frames have no
 * length. */
static guint64
frames_to_ns (const RnncFrontendConfig *config, guint64 n_frames)
{
  switch (config->type) {
    case RNNC_FRONTEND_LOG_MEL:
      return n_frames * config->log_mel.hop * NS_PER_SECOND
          / config->log_mel.rate;
    case RNNC_FRONTEND_VIDEO:
      return n_frames * NS_PER_SECOND * config->video.rate_denominator
          / config->video.rate_numerator;
    case RNNC_FRONTEND_NONE:
      break;
  }
  return 0;
}

guint64
rnnc_model_output_period (RnncModel *model)
{
  return frames_to_ns (&model->description->frontend,
      rnnc_model_stride (model));
}

guint64
rnnc_model_latency (RnncModel *model)
{
  const RnncFrontendConfig *config = &model->description->frontend;
  guint64 stride, look_ahead, window = 0;

  walk (model, &stride, &look_ahead);
  if (config->type == RNNC_FRONTEND_LOG_MEL)
    window = (guint64) (config->log_mel.window - config->log_mel.hop)
        * NS_PER_SECOND / config->log_mel.rate;
  return window + frames_to_ns (config, look_ahead + stride);
}

gsize
rnnc_model_output_frames (RnncModel *model, gsize n_frames)
{
  for (guint i = 0; i < model->n_layers; i++)
    n_frames
        = rnnc_layer_spec_output_frames (get_spec (model, i), n_frames);
  return n_frames;
}
