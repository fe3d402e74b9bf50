/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Parsing of a whole network. */
#include "rnncore/layers/layer-spec-private.h"

static const RnncLayerParser *const parsers[] = {
  rnnc_convolution_parsers,
  rnnc_pooling_parsers,
  rnnc_plain_parsers,
  rnnc_recurrent_parsers,
};

gboolean
rnnc_layer_misfit (const char *path, GError **error, const char *reason)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE, "%s: %s", path, reason);
  return FALSE;
}

gboolean
rnnc_layer_require_vector (const RnncLayerSpec *spec, const char *path,
    GError **error)
{
  return spec->input.rank == 1
      || rnnc_layer_misfit (path, error,
          "takes a vector, but the layer before gives an image; put "
          "\"flatten\" between");
}

gboolean
rnnc_layer_require_image (const RnncLayerSpec *spec, const char *path,
    GError **error)
{
  return spec->input.rank == 3
      || rnnc_layer_misfit (path, error,
          "takes an image, but the layer before gives a vector; put "
          "\"unflatten\" between");
}

static const RnncLayerParser *
find_parser (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (parsers); i++) {
    for (const RnncLayerParser *p = parsers[i]; p->name != NULL; p++) {
      if (g_str_equal (p->name, name))
        return p;
    }
  }
  return NULL;
}

static gboolean
check_sizes (const RnncLayerSpec *spec, const char *path, GError **error)
{
  g_autoptr (GPtrArray) tensors = rnnc_layer_spec_tensors (spec);

  if (rnnc_shape_size (&spec->output) > RNNC_MAX_TENSOR_ELEMENTS)
    return rnnc_layer_misfit (path, error, "its output is too large");
  for (guint i = 0; i < tensors->len; i++) {
    const RnncTensorSpec *tensor = g_ptr_array_index (tensors, i);
    gsize elements = 1;

    for (guint axis = 0; axis < tensor->rank; axis++) {
      if (!g_size_checked_mul (&elements, elements, tensor->shape[axis])
          || elements > RNNC_MAX_TENSOR_ELEMENTS)
        return rnnc_layer_misfit (path, error, "its weights are too large");
    }
  }
  return TRUE;
}

static gboolean
check_name (GPtrArray *specs, const RnncLayerSpec *spec, const char *path,
    GError **error)
{
  for (guint i = 0; i < specs->len; i++) {
    const RnncLayerSpec *before = g_ptr_array_index (specs, i);

    if (g_str_equal (before->name, spec->name))
      return rnnc_layer_misfit (path, error, "its name was used before");
  }
  return TRUE;
}

/* @spec: with a type; the rest is filled in */
static gboolean
parse_parameters (RnncLayerSpec *spec, const RnncLayerParser *parser,
    GPtrArray *specs, const RnncShape *frame, JsonObject *json,
    const char *path, GError **error)
{
  if (parser->type == RNNC_LAYER_JOIN)
    spec->params.join = parser->variant;
  return rnnc_json_check_keys (json, path, parser->keys, error)
      && rnnc_layer_connect (spec, specs, frame, json, path, error)
      && parser->parse (spec, parser->variant, json, path, error)
      && rnnc_layer_parse_tensor_names (spec, json, path, error)
      && check_sizes (spec, path, error)
      && rnnc_layer_follow_time (spec, specs, path, error)
      && check_name (specs, spec, path, error);
}

static RnncLayerSpec *
parse_layer (JsonNode *node, GPtrArray *specs, const RnncShape *frame,
    const char *path, GError **error)
{
  g_autofree char *default_name = g_strdup_printf ("layer%u", specs->len);
  const char *type = NULL;
  const char *name = default_name;
  const RnncLayerParser *parser;
  RnncLayerSpec *spec;
  JsonObject *json;

  if (!JSON_NODE_HOLDS_OBJECT (node)) {
    rnnc_layer_misfit (path, error, "an object was expected");
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
  spec = g_new0 (RnncLayerSpec, 1);
  spec->type = parser->type;
  spec->name = g_strdup (name);
  if (!parse_parameters (spec, parser, specs, frame, json, path, error)) {
    rnnc_layer_spec_free (spec);
    return NULL;
  }
  return spec;
}

GPtrArray *
rnnc_layer_specs_parse (JsonArray *layers, const char *path,
    const RnncShape *input, GError **error)
{
  g_autoptr (GPtrArray) specs
      = g_ptr_array_new_with_free_func ((GDestroyNotify) rnnc_layer_spec_free);
  guint n = json_array_get_length (layers);

  if (n < 1 || n > RNNC_MAX_LAYERS) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: %u layers, 1..%u are possible", path, n, RNNC_MAX_LAYERS);
    return NULL;
  }
  for (guint i = 0; i < n; i++) {
    g_autofree char *here = g_strdup_printf ("%s[%u]", path, i);
    RnncLayerSpec *spec = parse_layer (json_array_get_element (layers, i),
        specs, input, here, error);

    if (spec == NULL)
      return NULL;
    g_ptr_array_add (specs, spec);
  }
  if (!rnnc_layers_check_used (specs, path, error))
    return NULL;
  return g_steal_pointer (&specs);
}

void
rnnc_layer_spec_free (RnncLayerSpec *spec)
{
  g_free (spec->name);
  g_free (spec->sources);
  g_free (spec->parts);
  g_clear_pointer (&spec->tensor_names, g_hash_table_unref);
  g_free (spec);
}

/* What tells apart the names of one type. */
static guint
get_variant (const RnncLayerSpec *spec)
{
  switch (spec->type) {
    case RNNC_LAYER_ACTIVATION:
      return spec->params.activation;
    case RNNC_LAYER_RECURRENT:
      return spec->params.recurrent.cell;
    case RNNC_LAYER_CONV2D:
      return spec->params.conv2d.flat;
    case RNNC_LAYER_POOL1D:
      return spec->params.pool1d.average;
    case RNNC_LAYER_POOL2D:
      return spec->params.pool2d.average;
    case RNNC_LAYER_JOIN:
      return spec->params.join;
    default:
      return 0;
  }
}

const char *
rnnc_layer_spec_type_name (const RnncLayerSpec *spec)
{
  guint variant = get_variant (spec);

  for (guint i = 0; i < G_N_ELEMENTS (parsers); i++) {
    for (const RnncLayerParser *p = parsers[i]; p->name != NULL; p++) {
      if (p->type == spec->type && p->variant == variant)
        return p->name;
    }
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

gsize
rnnc_layer_spec_output_frames (const RnncLayerSpec *spec, gsize n_frames)
{
  if (n_frames == 0)
    return 0;
  if (spec->type == RNNC_LAYER_MEAN_OVER_TIME
      || spec->type == RNNC_LAYER_LAST_STEP)
    return 1;
  return (n_frames - 1) / rnnc_layer_spec_own_stride (spec) + 1;
}

gsize
rnnc_layer_spec_macs (const RnncLayerSpec *spec)
{
  g_autoptr (GPtrArray) tensors = rnnc_layer_spec_tensors (spec);
  gsize positions = (gsize) spec->output.height * spec->output.width;
  gsize macs = 0;

  if (spec->type == RNNC_LAYER_EMBEDDING)
    return 0;
  for (guint i = 0; i < tensors->len; i++) {
    const RnncTensorSpec *tensor = g_ptr_array_index (tensors, i);
    gsize elements = tensor->rank > 1 ? 1 : 0;

    for (guint axis = 0; axis < tensor->rank; axis++)
      elements *= tensor->shape[axis];
    macs += elements * positions;
  }
  return macs;
}
