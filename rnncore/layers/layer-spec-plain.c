/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Parsing of layers that see one frame, or a whole clip, without more ado. */
#include "rnncore/layers/layer-spec-private.h"

static gboolean
parse_dense (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncDenseParams *dense = &spec->params.dense;

  *dense = (RnncDenseParams){ .bias = TRUE };
  if (!rnnc_layer_require_vector (spec, path, error)
      || !rnnc_json_require (json, path, "units", error)
      || !rnnc_json_get_uint (json, path, "units", 1, RNNC_MAX_CHANNELS,
          &dense->units, error)
      || !rnnc_json_get_boolean (json, path, "bias", &dense->bias, error))
    return FALSE;
  rnnc_shape_set_vector (&spec->output, dense->units);
  return TRUE;
}

static gboolean
parse_embedding (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncEmbeddingParams *embedding = &spec->params.embedding;
  guint64 outputs;

  if (!rnnc_layer_require_vector (spec, path, error)
      || !rnnc_json_require (json, path, "entries", error)
      || !rnnc_json_require (json, path, "units", error)
      || !rnnc_json_get_uint (json, path, "entries", 1, 1 << 24,
          &embedding->entries, error)
      || !rnnc_json_get_uint (json, path, "units", 1, RNNC_MAX_CHANNELS,
          &embedding->units, error))
    return FALSE;
  outputs = (guint64) embedding->units * spec->input.channels;
  if (outputs > RNNC_MAX_TENSOR_ELEMENTS)
    return rnnc_layer_misfit (path, error, "its output is too large");
  rnnc_shape_set_vector (&spec->output, outputs);
  return TRUE;
}

static gboolean
parse_batch_norm (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncBatchNormParams *norm = &spec->params.batch_norm;

  *norm = (RnncBatchNormParams){ .epsilon = 1e-5, .momentum = 0.1 };
  return rnnc_json_get_double (json, path, "epsilon", 1e-12, 1, &norm->epsilon,
             error)
      && rnnc_json_get_double (json, path, "momentum", 0, 1, &norm->momentum,
          error);
}

static gboolean
parse_layer_norm (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncLayerNormParams *norm = &spec->params.layer_norm;

  *norm = (RnncLayerNormParams){ .epsilon = 1e-5, .affine = TRUE };
  if (!rnnc_json_get_double (json, path, "epsilon", 1e-12, 1, &norm->epsilon,
          error)
      || !rnnc_json_get_boolean (json, path, "affine", &norm->affine, error))
    return FALSE;
  norm->bias = norm->affine;
  if (!rnnc_json_get_boolean (json, path, "bias", &norm->bias, error))
    return FALSE;
  return norm->affine || !norm->bias
      || rnnc_layer_misfit (path, error, "has \"bias\" without \"affine\"");
}

static gboolean
parse_activation (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  spec->params.activation = variant;
  return TRUE;
}

static gboolean
parse_softmax (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  spec->params.activation = variant;
  return rnnc_json_get_uint (json, path, "split", 0, spec->input.channels - 1,
      &spec->split, error);
}

static gboolean
parse_leaky_relu (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  spec->params.activation = variant;
  spec->slope = 0.01;
  return rnnc_json_get_double (json, path, "slope", -1000, 1000, &spec->slope,
      error);
}

static gboolean
parse_magnitude (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  if (spec->input.channels % 2 != 0)
    return rnnc_layer_misfit (path, error,
        "takes real parts, then as many imaginary ones: an even number of "
        "channels");
  spec->output.channels /= 2;
  return TRUE;
}

static gboolean
parse_dropout (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  spec->params.dropout = 0.1;
  return rnnc_json_get_double (json, path, "rate", 0, 0.95,
      &spec->params.dropout, error);
}

static gboolean
parse_flatten (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  gsize size = rnnc_shape_size (&spec->input);

  if (size > RNNC_MAX_TENSOR_ELEMENTS)
    return rnnc_layer_misfit (path, error, "the image is too large");
  rnnc_shape_set_vector (&spec->output, size);
  return TRUE;
}

static gboolean
parse_unflatten (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncShape *to = &spec->output;

  *to = (RnncShape){ 3, 1, 1, 1 };
  if (!rnnc_layer_require_vector (spec, path, error)
      || !rnnc_json_get_uint (json, path, "height", 1, RNNC_MAX_CHANNELS,
          &to->height, error)
      || !rnnc_json_get_uint (json, path, "width", 1, RNNC_MAX_CHANNELS,
          &to->width, error)
      || !rnnc_json_get_uint (json, path, "channels", 1, RNNC_MAX_CHANNELS,
          &to->channels, error))
    return FALSE;
  return rnnc_shape_size (to) == spec->input.channels
      || rnnc_layer_misfit (path, error,
          "\"height\" * \"width\" * \"channels\" is not what comes in");
}

static gboolean
parse_join (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  spec->params.join = variant;
  return TRUE;
}

static gboolean
parse_over_time (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  return rnnc_layer_require_vector (spec, path, error);
}

const char *const rnnc_plain_layer_keys[] = { RNNC_LAYER_KEYS, NULL };
static const char *const dense_keys[]
    = { RNNC_LAYER_KEYS, "units", "bias", NULL };
static const char *const embedding_keys[]
    = { RNNC_LAYER_KEYS, "entries", "units", NULL };
static const char *const norm_keys[]
    = { RNNC_LAYER_KEYS, "epsilon", "momentum", NULL };
static const char *const layer_norm_keys[]
    = { RNNC_LAYER_KEYS, "epsilon", "affine", "bias", NULL };
static const char *const softmax_keys[] = { RNNC_LAYER_KEYS, "split", NULL };
static const char *const leaky_keys[] = { RNNC_LAYER_KEYS, "slope", NULL };
static const char *const dropout_keys[] = { RNNC_LAYER_KEYS, "rate", NULL };
static const char *const unflatten_keys[]
    = { RNNC_LAYER_KEYS, "height", "width", "channels", NULL };
static const char *const join_keys[] = { RNNC_LAYER_KEYS, "inputs", NULL };

#define ACTIVATION(name, activation)                                           \
  {                                                                            \
    name, RNNC_LAYER_ACTIVATION, activation, rnnc_plain_layer_keys,            \
        parse_activation                                                       \
  }

const RnncLayerParser rnnc_plain_parsers[] = {
  { "dense", RNNC_LAYER_DENSE, 0, dense_keys, parse_dense },
  { "embedding", RNNC_LAYER_EMBEDDING, 0, embedding_keys, parse_embedding },
  { "batch-norm", RNNC_LAYER_BATCH_NORM, 0, norm_keys, parse_batch_norm },
  { "layer-norm", RNNC_LAYER_LAYER_NORM, 0, layer_norm_keys, parse_layer_norm },
  ACTIVATION ("relu", RNNC_ACTIVATION_RELU),
  ACTIVATION ("tanh", RNNC_ACTIVATION_TANH),
  ACTIVATION ("sigmoid", RNNC_ACTIVATION_SIGMOID),
  { "softmax", RNNC_LAYER_ACTIVATION, RNNC_ACTIVATION_SOFTMAX, softmax_keys,
      parse_softmax },
  { "log-softmax", RNNC_LAYER_ACTIVATION, RNNC_ACTIVATION_LOG_SOFTMAX,
      softmax_keys, parse_softmax },
  ACTIVATION ("gelu", RNNC_ACTIVATION_GELU),
  { "leaky-relu", RNNC_LAYER_ACTIVATION, RNNC_ACTIVATION_LEAKY_RELU, leaky_keys,
      parse_leaky_relu },
  { "magnitude", RNNC_LAYER_MAGNITUDE, 0, rnnc_plain_layer_keys,
      parse_magnitude },
  { "dropout", RNNC_LAYER_DROPOUT, 0, dropout_keys, parse_dropout },
  { "flatten", RNNC_LAYER_FLATTEN, 0, rnnc_plain_layer_keys, parse_flatten },
  { "unflatten", RNNC_LAYER_UNFLATTEN, 0, unflatten_keys, parse_unflatten },
  { "add", RNNC_LAYER_JOIN, RNNC_JOIN_ADD, join_keys, parse_join },
  { "multiply", RNNC_LAYER_JOIN, RNNC_JOIN_MULTIPLY, join_keys, parse_join },
  { "concatenate", RNNC_LAYER_JOIN, RNNC_JOIN_CONCATENATE, join_keys,
      parse_join },
  { "mean-over-time", RNNC_LAYER_MEAN_OVER_TIME, 0, rnnc_plain_layer_keys,
      parse_over_time },
  { "last-step", RNNC_LAYER_LAST_STEP, 0, rnnc_plain_layer_keys,
      parse_over_time },
  { NULL },
};
