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

static const RnncLayerSpec *
get_last (RnncModel *model)
{
  return get_spec (model, model->n_layers - 1);
}

gsize
rnnc_model_input_size (RnncModel *model)
{
  return rnnc_shape_size (&model->description->input);
}

gsize
rnnc_model_output_size (RnncModel *model)
{
  return rnnc_shape_size (&get_last (model)->output);
}

gboolean
rnnc_model_is_many_to_one (RnncModel *model)
{
  return get_last (model)->ended;
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
    if (rnnc_layer_spec_is_recurrent (get_spec (model, i)))
      return rnnc_plan_cut (model->layers, model->n_layers, i);
  }
  return model->n_layers;
}

guint
rnnc_model_stride (RnncModel *model)
{
  return get_last (model)->stride;
}

guint
rnnc_model_look_ahead (RnncModel *model)
{
  return get_last (model)->look_ahead;
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
    case RNNC_FRONTEND_WAVEFORM:
      return n_frames * config->waveform.hop * NS_PER_SECOND
          / config->waveform.rate;
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
rnnc_model_latency_samples (RnncModel *model)
{
  const RnncFrontendConfig *config = &model->description->frontend;
  guint64 n_frames = get_last (model)->look_ahead + get_last (model)->stride;

  switch (config->type) {
    case RNNC_FRONTEND_LOG_MEL:
      return config->log_mel.window - config->log_mel.hop
          + n_frames * config->log_mel.hop;
    case RNNC_FRONTEND_WAVEFORM:
      return config->waveform.window - config->waveform.hop
          + n_frames * config->waveform.hop;
    case RNNC_FRONTEND_VIDEO:
    case RNNC_FRONTEND_NONE:
      break;
  }
  return n_frames;
}

guint64
rnnc_model_latency (RnncModel *model)
{
  const RnncFrontendConfig *config = &model->description->frontend;
  guint64 window = 0;

  if (config->type == RNNC_FRONTEND_LOG_MEL)
    window = (guint64) (config->log_mel.window - config->log_mel.hop)
        * NS_PER_SECOND / config->log_mel.rate;
  else if (config->type == RNNC_FRONTEND_WAVEFORM)
    window = (guint64) (config->waveform.window - config->waveform.hop)
        * NS_PER_SECOND / config->waveform.rate;
  return window
      + frames_to_ns (config,
          get_last (model)->look_ahead + get_last (model)->stride);
}

gsize
rnnc_model_output_frames (RnncModel *model, gsize n_frames)
{
  const RnncLayerSpec *last = get_last (model);

  if (n_frames == 0)
    return 0;
  return last->ended ? 1 : (n_frames - 1) / last->stride + 1;
}
