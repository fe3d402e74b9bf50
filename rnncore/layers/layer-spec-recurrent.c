/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Parsing of recurrent cores. */
#include "rnncore/layers/layer-spec-private.h"

static gboolean
parse_nonlinearity (RnncRecurrentParams *core, JsonObject *json,
    const char *path, GError **error)
{
  const char *name = "tanh";

  if (!rnnc_json_get_string (json, path, "nonlinearity", &name, error))
    return FALSE;
  if (g_str_equal (name, "tanh")) {
    core->nonlinearity = RNNC_ACTIVATION_TANH;
  } else if (g_str_equal (name, "relu")) {
    core->nonlinearity = RNNC_ACTIVATION_RELU;
  } else {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s.nonlinearity: \"%s\" is neither \"tanh\" nor \"relu\"", path, name);
    return FALSE;
  }
  return TRUE;
}

/* As in PyTorch: smaller than hidden. */
static gboolean
parse_projection (RnncRecurrentParams *core, JsonObject *json, const char *path,
    GError **error)
{
  if (!rnnc_json_get_uint (json, path, "projection", 0, RNNC_MAX_CHANNELS / 8,
          &core->projection, error))
    return FALSE;
  return core->projection < core->hidden
      || rnnc_layer_misfit (path, error,
          "\"projection\" is not below \"hidden\"");
}

static gboolean
parse_recurrent (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncRecurrentParams *core = &spec->params.recurrent;

  *core = (RnncRecurrentParams){ .cell = variant,
    .n_layers = 1,
    .bias = TRUE,
    .chunk = 32,
    .look_ahead = 16 };
  if (!rnnc_layer_require_vector (spec, path, error)
      || !rnnc_json_require (json, path, "hidden", error)
      || !rnnc_json_get_uint (json, path, "hidden", 1, RNNC_MAX_CHANNELS / 8,
          &core->hidden, error)
      || !rnnc_json_get_uint (json, path, "layers", 1, 64, &core->n_layers,
          error)
      || !rnnc_json_get_boolean (json, path, "bidirectional",
          &core->bidirectional, error)
      || !rnnc_json_get_boolean (json, path, "bias", &core->bias, error)
      || !rnnc_json_get_uint (json, path, "chunk", 1, RNNC_MAX_CONTEXT,
          &core->chunk, error)
      || !rnnc_json_get_uint (json, path, "look-ahead", 0, RNNC_MAX_CONTEXT,
          &core->look_ahead, error)
      || !rnnc_json_get_double (json, path, "dropout", 0, 0.95, &core->dropout,
          error)
      || (variant == RNNC_CELL_RNN
          && !parse_nonlinearity (core, json, path, error))
      || (variant == RNNC_CELL_LSTM
          && !parse_projection (core, json, path, error)))
    return FALSE;
  rnnc_shape_set_vector (&spec->output,
      rnnc_recurrent_outputs (core) * (core->bidirectional ? 2 : 1));
  return TRUE;
}

#define RECURRENT_KEYS                                                         \
  RNNC_LAYER_KEYS, "hidden", "layers", "bidirectional", "bias", "chunk",       \
      "look-ahead", "dropout"
static const char *const gru_keys[] = { RECURRENT_KEYS, NULL };
static const char *const rnn_keys[] = { RECURRENT_KEYS, "nonlinearity", NULL };
static const char *const lstm_keys[] = { RECURRENT_KEYS, "projection", NULL };

const RnncLayerParser rnnc_recurrent_parsers[] = {
  { "rnn", RNNC_LAYER_RECURRENT, RNNC_CELL_RNN, rnn_keys, parse_recurrent },
  { "gru", RNNC_LAYER_RECURRENT, RNNC_CELL_GRU, gru_keys, parse_recurrent },
  { "lstm", RNNC_LAYER_RECURRENT, RNNC_CELL_LSTM, lstm_keys, parse_recurrent },
  { NULL },
};
