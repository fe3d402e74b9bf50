/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tensors that a layer owns, and what a file calls them. */
#include "rnncore/kernels/kernels.h"
#include "rnncore/layers/layer-spec-private.h"

char *
rnnc_layer_spec_tensor_name (const RnncLayerSpec *spec, const char *suffix)
{
  const char *name = spec->tensor_names != NULL
      ? g_hash_table_lookup (spec->tensor_names, suffix)
      : NULL;

  return name != NULL ? g_strdup (name)
                      : g_strdup_printf ("%s.%s", spec->name, suffix);
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

  tensor->name = rnnc_layer_spec_tensor_name (spec, suffix);
  tensor->rank = rank;
  for (guint i = 0; i < rank; i++)
    tensor->shape[i] = shape[i];
  g_ptr_array_add (tensors, tensor);
}

static void
add_direction (GPtrArray *tensors, const RnncLayerSpec *spec, guint layer,
    gboolean reverse)
{
  const RnncRecurrentParams *core = &spec->params.recurrent;
  gsize rows = (gsize) rnnc_cell_gates (core->cell) * core->hidden;
  gsize input = layer == 0 ? spec->input.channels : spec->output.channels;
  gsize output = rnnc_recurrent_outputs (core);
  const struct {
    const char *name;
    gboolean present;
    guint rank;
    gsize shape[2];
  } parts[] = {
    { "weight_ih", TRUE, 2, { rows, input } },
    { "weight_hh", TRUE, 2, { rows, output } },
    { "bias_ih", core->bias, 1, { rows } },
    { "bias_hh", core->bias, 1, { rows } },
    { "weight_hr", core->projection > 0, 2, { output, core->hidden } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    g_autofree char *suffix = g_strdup_printf ("%s_l%u%s", parts[i].name, layer,
        reverse ? "_reverse" : "");

    if (parts[i].present)
      add_tensor (tensors, spec, suffix, parts[i].rank, parts[i].shape);
  }
}

static void
add_recurrent (GPtrArray *tensors, const RnncLayerSpec *spec)
{
  for (guint i = 0; i < spec->params.recurrent.n_layers; i++) {
    add_direction (tensors, spec, i, FALSE);
    if (spec->params.recurrent.bidirectional)
      add_direction (tensors, spec, i, TRUE);
  }
}

static void
add_convolution (GPtrArray *tensors, const RnncLayerSpec *spec, guint rank,
    guint groups, const guint *kernel)
{
  const gsize shape[4] = { spec->output.channels, spec->input.channels / groups,
    kernel[0], rank > 3 ? kernel[1] : 0 };

  add_tensor (tensors, spec, "weight", rank, shape);
}

GPtrArray *
rnnc_layer_spec_tensors (const RnncLayerSpec *spec)
{
  static const char *const norm_parts[]
      = { "weight", "bias", "running_mean", "running_var" };
  GPtrArray *tensors = g_ptr_array_new_with_free_func (tensor_spec_free);
  const RnncConv2dParams *conv2d = &spec->params.conv2d;
  gsize in = spec->input.channels;
  gsize out = spec->output.channels;
  gboolean bias = FALSE;

  switch (spec->type) {
    case RNNC_LAYER_CONV1D:
      add_convolution (tensors, spec, 3, spec->params.conv1d.groups,
          &spec->params.conv1d.kernel);
      bias = spec->params.conv1d.bias;
      break;
    case RNNC_LAYER_CONV2D:
      add_convolution (tensors, spec, conv2d->flat ? 3 : 4, conv2d->groups,
          conv2d->flat ? &conv2d->kernel[1] : conv2d->kernel);
      bias = conv2d->bias;
      break;
    case RNNC_LAYER_DENSE:
      add_tensor (tensors, spec, "weight", 2, (gsize[]){ out, in });
      bias = spec->params.dense.bias;
      break;
    case RNNC_LAYER_EMBEDDING:
      add_tensor (tensors, spec, "weight", 2,
          (gsize[]){ spec->params.embedding.entries,
              spec->params.embedding.units });
      break;
    case RNNC_LAYER_BATCH_NORM:
      for (guint i = 0; i < G_N_ELEMENTS (norm_parts); i++)
        add_tensor (tensors, spec, norm_parts[i], 1, &out);
      break;
    case RNNC_LAYER_LAYER_NORM:
      if (spec->params.layer_norm.affine)
        add_tensor (tensors, spec, "weight", 1, &out);
      bias = spec->params.layer_norm.bias;
      break;
    case RNNC_LAYER_RECURRENT:
      add_recurrent (tensors, spec);
      break;
    case RNNC_LAYER_POOL1D:
    case RNNC_LAYER_POOL2D:
    case RNNC_LAYER_ACTIVATION:
    case RNNC_LAYER_MAGNITUDE:
    case RNNC_LAYER_DROPOUT:
    case RNNC_LAYER_FLATTEN:
    case RNNC_LAYER_UNFLATTEN:
    case RNNC_LAYER_JOIN:
    case RNNC_LAYER_MEAN_OVER_TIME:
    case RNNC_LAYER_LAST_STEP:
      break;
  }
  if (bias)
    add_tensor (tensors, spec, "bias", 1, &out);
  return tensors;
}

static guint
count_groups (const RnncLayerSpec *spec)
{
  if (spec->type == RNNC_LAYER_CONV1D)
    return spec->params.conv1d.groups;
  return spec->type == RNNC_LAYER_CONV2D ? spec->params.conv2d.groups : 1;
}

gsize
rnnc_layer_spec_packed_bytes (const RnncLayerSpec *spec)
{
  g_autoptr (GPtrArray) tensors = rnnc_layer_spec_tensors (spec);
  gsize total = 0, groups = count_groups (spec);

  for (guint i = 0; i < tensors->len; i++) {
    const RnncTensorSpec *tensor = g_ptr_array_index (tensors, i);
    gsize numbers = tensor->shape[0];

    if (tensor->rank > 1 && spec->type != RNNC_LAYER_EMBEDDING)
      numbers = (numbers / groups + RNNC_PANEL - 1) / RNNC_PANEL * RNNC_PANEL
          * groups;
    for (guint axis = 1; axis < tensor->rank; axis++)
      numbers *= tensor->shape[axis];
    total += numbers * sizeof (float);
  }
  return total;
}

/* --- names of others --------------------------------------------------------
 */

/* Whether the layer has a tensor NAME.@suffix. */
static gboolean
has_tensor (const RnncLayerSpec *spec, GPtrArray *tensors, const char *suffix)
{
  g_autofree char *name = g_strdup_printf ("%s.%s", spec->name, suffix);

  for (guint i = 0; i < tensors->len; i++) {
    const RnncTensorSpec *tensor = g_ptr_array_index (tensors, i);

    if (g_str_equal (tensor->name, name))
      return TRUE;
  }
  return FALSE;
}

gboolean
rnnc_layer_parse_tensor_names (RnncLayerSpec *spec, JsonObject *json,
    const char *path, GError **error)
{
  g_autofree char *here = g_strconcat (path, ".tensors", NULL);
  g_autoptr (GPtrArray) tensors = rnnc_layer_spec_tensors (spec);
  g_autoptr (GHashTable) names
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GList) members = NULL;
  JsonObject *map = NULL;

  if (!rnnc_json_get_object (json, path, "tensors", &map, error))
    return FALSE;
  if (map == NULL)
    return TRUE;
  members = json_object_get_members (map);
  for (GList *item = members; item != NULL; item = item->next) {
    const char *suffix = item->data, *name = NULL;

    if (!has_tensor (spec, tensors, suffix)) {
      g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
          "%s.%s: the layer has no such tensor", here, suffix);
      return FALSE;
    }
    if (!rnnc_json_get_string (map, here, suffix, &name, error))
      return FALSE;
    g_hash_table_insert (names, g_strdup (suffix), g_strdup (name));
  }
  spec->tensor_names = g_steal_pointer (&names);
  return TRUE;
}
