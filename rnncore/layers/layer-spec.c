/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/layers/layer-spec.h"

#include "rnncore/base/json-reader.h"

/* Generous for any network of the field, small enough that no product of a few
 * of them overflows 64 bits. */
#define MAX_LAYERS 256
#define MAX_CHANNELS 65536
#define MAX_KERNEL 1024
#define MAX_CONTEXT 65536
#define MAX_TENSOR_ELEMENTS ((gsize) 1 << 28)

typedef struct {
  const char *name;
  RnncLayerType type;
  guint variant; /* RnncActivation or RnncCell */
  const char *const *keys;
  gboolean (*parse) (RnncLayerSpec *spec, guint variant, JsonObject *json,
      const char *path, GError **error);
} LayerParser;

static gboolean
misfit (const char *path, GError **error, const char *reason)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE, "%s: %s", path, reason);
  return FALSE;
}

static gboolean
require_vector (const RnncLayerSpec *spec, const char *path, GError **error)
{
  return spec->input.rank == 1
      || misfit (path, error,
          "takes a vector, but the layer before gives an image; put "
          "\"flatten\" between");
}

static void
set_vector (RnncShape *shape, guint channels)
{
  *shape = (RnncShape) { 1, 1, 1, channels };
}

static gboolean
parse_conv1d (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncConv1dParams *conv = &spec->params.conv1d;

  *conv = (RnncConv1dParams) { .stride = 1, .bias = TRUE };
  if (!require_vector (spec, path, error)
      || !rnnc_json_require (json, path, "channels", error)
      || !rnnc_json_require (json, path, "kernel", error)
      || !rnnc_json_get_uint (json, path, "channels", 1, MAX_CHANNELS,
          &conv->channels, error)
      || !rnnc_json_get_uint (json, path, "kernel", 1, MAX_KERNEL,
          &conv->kernel, error)
      || !rnnc_json_get_uint (json, path, "stride", 1, MAX_KERNEL,
          &conv->stride, error)
      || !rnnc_json_get_uint (json, path, "right", 0, MAX_KERNEL, &conv->right,
          error)
      || !rnnc_json_get_boolean (json, path, "bias", &conv->bias, error))
    return FALSE;
  if (conv->right >= conv->kernel)
    return misfit (path, error, "\"right\" is not below \"kernel\"");
  conv->left = conv->kernel - 1 - conv->right;
  if (!rnnc_json_get_uint (json, path, "left", 0, MAX_KERNEL, &conv->left,
          error))
    return FALSE;
  if (conv->left + 1 + conv->right != conv->kernel)
    return misfit (path, error, "\"left\" + 1 + \"right\" is not \"kernel\"");
  set_vector (&spec->output, conv->channels);
  return TRUE;
}

static gboolean
parse_conv2d (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncConv2dParams *conv = &spec->params.conv2d;
  guint padded[2];

  *conv = (RnncConv2dParams) { .stride = { 1, 1 }, .bias = TRUE };
  if (spec->input.rank != 3)
    return misfit (path, error, "takes an image");
  if (!rnnc_json_require (json, path, "channels", error)
      || !rnnc_json_require (json, path, "kernel", error)
      || !rnnc_json_get_uint (json, path, "channels", 1, MAX_CHANNELS,
          &conv->channels, error)
      || !rnnc_json_get_uints (json, path, "kernel", 1, MAX_KERNEL, 2,
          conv->kernel, error)
      || !rnnc_json_get_uints (json, path, "stride", 1, MAX_KERNEL, 2,
          conv->stride, error)
      || !rnnc_json_get_uints (json, path, "padding", 0, MAX_KERNEL, 2,
          conv->padding, error)
      || !rnnc_json_get_boolean (json, path, "bias", &conv->bias, error))
    return FALSE;
  padded[0] = spec->input.height + 2 * conv->padding[0];
  padded[1] = spec->input.width + 2 * conv->padding[1];
  for (guint i = 0; i < 2; i++) {
    if (conv->kernel[i] > padded[i])
      return misfit (path, error, "the kernel is larger than the image");
    if (conv->padding[i] >= conv->kernel[i])
      return misfit (path, error, "\"padding\" is not below \"kernel\"");
  }
  spec->output = (RnncShape) { 3,
    (padded[0] - conv->kernel[0]) / conv->stride[0] + 1,
    (padded[1] - conv->kernel[1]) / conv->stride[1] + 1, conv->channels };
  return TRUE;
}

static gboolean
parse_dense (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncDenseParams *dense = &spec->params.dense;

  *dense = (RnncDenseParams) { .bias = TRUE };
  if (!require_vector (spec, path, error)
      || !rnnc_json_require (json, path, "units", error)
      || !rnnc_json_get_uint (json, path, "units", 1, MAX_CHANNELS,
          &dense->units, error)
      || !rnnc_json_get_boolean (json, path, "bias", &dense->bias, error))
    return FALSE;
  set_vector (&spec->output, dense->units);
  return TRUE;
}

static gboolean
parse_batch_norm (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncBatchNormParams *norm = &spec->params.batch_norm;

  *norm = (RnncBatchNormParams) { .epsilon = 1e-5, .momentum = 0.1 };
  return rnnc_json_get_double (json, path, "epsilon", 1e-12, 1, &norm->epsilon,
             error)
      && rnnc_json_get_double (json, path, "momentum", 0, 1, &norm->momentum,
          error);
}

static gboolean
parse_activation (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  spec->params.activation = variant;
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

  if (size > MAX_TENSOR_ELEMENTS)
    return misfit (path, error, "the image is too large");
  set_vector (&spec->output, size);
  return TRUE;
}

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
        "%s.nonlinearity: \"%s\" is neither \"tanh\" nor \"relu\"", path,
        name);
    return FALSE;
  }
  return TRUE;
}

static gboolean
parse_recurrent (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncRecurrentParams *core = &spec->params.recurrent;

  *core = (RnncRecurrentParams) { .cell = variant,
    .n_layers = 1,
    .bias = TRUE,
    .chunk = 32,
    .look_ahead = 16 };
  if (!require_vector (spec, path, error)
      || !rnnc_json_require (json, path, "hidden", error)
      || !rnnc_json_get_uint (json, path, "hidden", 1, MAX_CHANNELS / 8,
          &core->hidden, error)
      || !rnnc_json_get_uint (json, path, "layers", 1, 64, &core->n_layers,
          error)
      || !rnnc_json_get_boolean (json, path, "bidirectional",
          &core->bidirectional, error)
      || !rnnc_json_get_boolean (json, path, "bias", &core->bias, error)
      || !rnnc_json_get_uint (json, path, "chunk", 1, MAX_CONTEXT,
          &core->chunk, error)
      || !rnnc_json_get_uint (json, path, "look-ahead", 0, MAX_CONTEXT,
          &core->look_ahead, error)
      || !rnnc_json_get_double (json, path, "dropout", 0, 0.95,
          &core->dropout, error)
      || (variant == RNNC_CELL_RNN
          && !parse_nonlinearity (core, json, path, error)))
    return FALSE;
  set_vector (&spec->output, core->hidden * (core->bidirectional ? 2 : 1));
  return TRUE;
}

static gboolean
parse_over_time (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  return require_vector (spec, path, error);
}

#define COMMON_KEYS "type", "name"
static const char *const plain_keys[] = { COMMON_KEYS, NULL };
static const char *const conv1d_keys[] = { COMMON_KEYS, "channels", "kernel",
  "stride", "left", "right", "bias", NULL };
static const char *const conv2d_keys[] = { COMMON_KEYS, "channels", "kernel",
  "stride", "padding", "bias", NULL };
static const char *const dense_keys[] = { COMMON_KEYS, "units", "bias", NULL };
static const char *const norm_keys[] = { COMMON_KEYS, "epsilon", "momentum",
  NULL };
static const char *const dropout_keys[] = { COMMON_KEYS, "rate", NULL };
#define RECURRENT_KEYS                                                        \
  COMMON_KEYS, "hidden", "layers", "bidirectional", "bias", "chunk",          \
      "look-ahead", "dropout"
static const char *const gated_keys[] = { RECURRENT_KEYS, NULL };
static const char *const rnn_keys[] = { RECURRENT_KEYS, "nonlinearity", NULL };

static const LayerParser parsers[] = {
  { "conv1d", RNNC_LAYER_CONV1D, 0, conv1d_keys, parse_conv1d },
  { "conv2d", RNNC_LAYER_CONV2D, 0, conv2d_keys, parse_conv2d },
  { "dense", RNNC_LAYER_DENSE, 0, dense_keys, parse_dense },
  { "batch-norm", RNNC_LAYER_BATCH_NORM, 0, norm_keys, parse_batch_norm },
  { "relu", RNNC_LAYER_ACTIVATION, RNNC_ACTIVATION_RELU, plain_keys,
      parse_activation },
  { "tanh", RNNC_LAYER_ACTIVATION, RNNC_ACTIVATION_TANH, plain_keys,
      parse_activation },
  { "sigmoid", RNNC_LAYER_ACTIVATION, RNNC_ACTIVATION_SIGMOID, plain_keys,
      parse_activation },
  { "softmax", RNNC_LAYER_ACTIVATION, RNNC_ACTIVATION_SOFTMAX, plain_keys,
      parse_activation },
  { "log-softmax", RNNC_LAYER_ACTIVATION, RNNC_ACTIVATION_LOG_SOFTMAX,
      plain_keys, parse_activation },
  { "dropout", RNNC_LAYER_DROPOUT, 0, dropout_keys, parse_dropout },
  { "flatten", RNNC_LAYER_FLATTEN, 0, plain_keys, parse_flatten },
  { "rnn", RNNC_LAYER_RECURRENT, RNNC_CELL_RNN, rnn_keys, parse_recurrent },
  { "gru", RNNC_LAYER_RECURRENT, RNNC_CELL_GRU, gated_keys, parse_recurrent },
  { "lstm", RNNC_LAYER_RECURRENT, RNNC_CELL_LSTM, gated_keys,
      parse_recurrent },
  { "mean-over-time", RNNC_LAYER_MEAN_OVER_TIME, 0, plain_keys,
      parse_over_time },
  { "last-step", RNNC_LAYER_LAST_STEP, 0, plain_keys, parse_over_time },
};

static const LayerParser *
find_parser (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (parsers); i++) {
    if (g_str_equal (parsers[i].name, name))
      return &parsers[i];
  }
  return NULL;
}

static gboolean
check_tensor_sizes (const RnncLayerSpec *spec, const char *path,
    GError **error)
{
  g_autoptr (GPtrArray) tensors = rnnc_layer_spec_tensors (spec);

  if (rnnc_shape_size (&spec->output) > MAX_TENSOR_ELEMENTS)
    return misfit (path, error, "its output is too large");
  for (guint i = 0; i < tensors->len; i++) {
    const RnncTensorSpec *tensor = g_ptr_array_index (tensors, i);
    gsize elements = 1;

    for (guint axis = 0; axis < tensor->rank; axis++) {
      if (!g_size_checked_mul (&elements, elements, tensor->shape[axis])
          || elements > MAX_TENSOR_ELEMENTS)
        return misfit (path, error, "its weights are too large");
    }
  }
  return TRUE;
}

static RnncLayerSpec *
parse_layer (JsonNode *node, const char *path, guint index,
    const RnncShape *input, GError **error)
{
  g_autofree char *default_name = g_strdup_printf ("layer%u", index);
  const char *type = NULL;
  const char *name = default_name;
  const LayerParser *parser;
  RnncLayerSpec *spec;
  JsonObject *json;

  if (!JSON_NODE_HOLDS_OBJECT (node)) {
    misfit (path, error, "an object was expected");
    return NULL;
  }
  json = json_node_get_object (node);
  if (!rnnc_json_require (json, path, "type", error)
      || !rnnc_json_get_string (json, path, "type", &type, error)
      || !rnnc_json_get_string (json, path, "name", &name, error))
    return NULL;
  parser = find_parser (type);
  if (parser == NULL) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s.type: unknown layer \"%s\"", path, type);
    return NULL;
  }
  if (!rnnc_json_check_keys (json, path, parser->keys, error))
    return NULL;
  spec = g_new0 (RnncLayerSpec, 1);
  spec->type = parser->type;
  spec->name = g_strdup (name);
  spec->input = *input;
  spec->output = *input;
  if (!parser->parse (spec, parser->variant, json, path, error)
      || !check_tensor_sizes (spec, path, error)) {
    rnnc_layer_spec_free (spec);
    return NULL;
  }
  return spec;
}

static gboolean
is_over_time (const RnncLayerSpec *spec)
{
  return spec->type == RNNC_LAYER_MEAN_OVER_TIME
      || spec->type == RNNC_LAYER_LAST_STEP;
}

/* Once a clip has become one output there is no time left to run over. */
static gboolean
check_order (GPtrArray *specs, const RnncLayerSpec *spec, const char *path,
    GError **error)
{
  for (guint i = 0; i < specs->len; i++) {
    const RnncLayerSpec *before = g_ptr_array_index (specs, i);

    if (is_over_time (before)
        && (is_over_time (spec) || spec->type == RNNC_LAYER_CONV1D
            || spec->type == RNNC_LAYER_RECURRENT))
      return misfit (path, error,
          "stands behind a layer that has ended time (mean-over-time or "
          "last-step)");
    if (g_str_equal (before->name, spec->name))
      return misfit (path, error, "its name was used before");
  }
  return TRUE;
}

GPtrArray *
rnnc_layer_specs_parse (JsonArray *layers, const char *path,
    const RnncShape *input, GError **error)
{
  g_autoptr (GPtrArray) specs
      = g_ptr_array_new_with_free_func ((GDestroyNotify) rnnc_layer_spec_free);
  RnncShape shape = *input;
  guint n = json_array_get_length (layers);

  if (n < 1 || n > MAX_LAYERS) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: %u layers, 1..%u are possible", path, n, MAX_LAYERS);
    return NULL;
  }
  for (guint i = 0; i < n; i++) {
    g_autofree char *here = g_strdup_printf ("%s[%u]", path, i);
    RnncLayerSpec *spec = parse_layer (json_array_get_element (layers, i),
        here, i, &shape, error);

    if (spec == NULL)
      return NULL;
    if (!check_order (specs, spec, here, error)) {
      rnnc_layer_spec_free (spec);
      return NULL;
    }
    g_ptr_array_add (specs, spec);
    shape = spec->output;
  }
  return g_steal_pointer (&specs);
}

void
rnnc_layer_spec_free (RnncLayerSpec *spec)
{
  g_free (spec->name);
  g_free (spec);
}

const char *
rnnc_layer_spec_type_name (const RnncLayerSpec *spec)
{
  guint variant = 0;

  if (spec->type == RNNC_LAYER_ACTIVATION)
    variant = spec->params.activation;
  else if (spec->type == RNNC_LAYER_RECURRENT)
    variant = spec->params.recurrent.cell;
  for (guint i = 0; i < G_N_ELEMENTS (parsers); i++) {
    if (parsers[i].type == spec->type && parsers[i].variant == variant)
      return parsers[i].name;
  }
  g_assert_not_reached ();
}

guint
rnnc_cell_gates (RnncCell cell)
{
  static const guint gates[] = {
    [RNNC_CELL_RNN] = 1,
    [RNNC_CELL_GRU] = 3,
    [RNNC_CELL_LSTM] = 4,
  };

  return gates[cell];
}

static void
tensor_spec_free (gpointer data)
{
  RnncTensorSpec *tensor = data;

  g_free (tensor->name);
  g_free (tensor);
}

static void
add_tensor (GPtrArray *tensors, const RnncLayerSpec *spec, const char *suffix,
    guint rank, const gsize *shape)
{
  RnncTensorSpec *tensor = g_new0 (RnncTensorSpec, 1);

  tensor->name = g_strdup_printf ("%s.%s", spec->name, suffix);
  tensor->rank = rank;
  for (guint i = 0; i < rank; i++)
    tensor->shape[i] = shape[i];
  g_ptr_array_add (tensors, tensor);
}

static void
add_recurrent_tensors (GPtrArray *tensors, const RnncLayerSpec *spec,
    guint layer, gboolean reverse)
{
  const RnncRecurrentParams *core = &spec->params.recurrent;
  gsize rows = (gsize) rnnc_cell_gates (core->cell) * core->hidden;
  gsize input = layer == 0 ? spec->input.channels : spec->output.channels;
  const struct {
    const char *name;
    guint rank;
    gsize columns;
  } parts[] = {
    { "weight_ih", 2, input },
    { "weight_hh", 2, core->hidden },
    { "bias_ih", 1, 0 },
    { "bias_hh", 1, 0 },
  };

  for (guint i = 0; i < (core->bias ? 4 : 2); i++) {
    g_autofree char *suffix = g_strdup_printf ("%s_l%u%s", parts[i].name,
        layer, reverse ? "_reverse" : "");

    add_tensor (tensors, spec, suffix, parts[i].rank,
        (gsize[]) { rows, parts[i].columns });
  }
}

GPtrArray *
rnnc_layer_spec_tensors (const RnncLayerSpec *spec)
{
  static const char *const norm_parts[]
      = { "weight", "bias", "running_mean", "running_var" };
  GPtrArray *tensors = g_ptr_array_new_with_free_func (tensor_spec_free);
  gsize in = spec->input.channels;
  gsize out = spec->output.channels;
  gboolean bias = FALSE;

  switch (spec->type) {
    case RNNC_LAYER_CONV1D:
      add_tensor (tensors, spec, "weight", 3,
          (gsize[]) { out, in, spec->params.conv1d.kernel });
      bias = spec->params.conv1d.bias;
      break;
    case RNNC_LAYER_CONV2D:
      add_tensor (tensors, spec, "weight", 4,
          (gsize[]) { out, in, spec->params.conv2d.kernel[0],
              spec->params.conv2d.kernel[1] });
      bias = spec->params.conv2d.bias;
      break;
    case RNNC_LAYER_DENSE:
      add_tensor (tensors, spec, "weight", 2, (gsize[]) { out, in });
      bias = spec->params.dense.bias;
      break;
    case RNNC_LAYER_BATCH_NORM:
      for (guint i = 0; i < G_N_ELEMENTS (norm_parts); i++)
        add_tensor (tensors, spec, norm_parts[i], 1, &out);
      break;
    case RNNC_LAYER_RECURRENT:
      for (guint i = 0; i < spec->params.recurrent.n_layers; i++) {
        add_recurrent_tensors (tensors, spec, i, FALSE);
        if (spec->params.recurrent.bidirectional)
          add_recurrent_tensors (tensors, spec, i, TRUE);
      }
      break;
    case RNNC_LAYER_ACTIVATION:
    case RNNC_LAYER_DROPOUT:
    case RNNC_LAYER_FLATTEN:
    case RNNC_LAYER_MEAN_OVER_TIME:
    case RNNC_LAYER_LAST_STEP:
      break;
  }
  if (bias)
    add_tensor (tensors, spec, "bias", 1, &out);
  return tensors;
}

gsize
rnnc_layer_spec_output_frames (const RnncLayerSpec *spec, gsize n_frames)
{
  if (n_frames == 0)
    return 0;
  if (is_over_time (spec))
    return 1;
  if (spec->type == RNNC_LAYER_CONV1D)
    return (n_frames - 1) / spec->params.conv1d.stride + 1;
  return n_frames;
}

gsize
rnnc_layer_spec_macs (const RnncLayerSpec *spec)
{
  g_autoptr (GPtrArray) tensors = rnnc_layer_spec_tensors (spec);
  gsize positions = (gsize) spec->output.height * spec->output.width;
  gsize macs = 0;

  for (guint i = 0; i < tensors->len; i++) {
    const RnncTensorSpec *tensor = g_ptr_array_index (tensors, i);
    gsize elements = tensor->rank > 1 ? 1 : 0;

    for (guint axis = 0; axis < tensor->rank; axis++)
      elements *= tensor->shape[axis];
    macs += elements * positions;
  }
  return macs;
}
