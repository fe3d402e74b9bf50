/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What each layer takes its input from, and how time runs on that way. */
#include "rnncore/layers/layer-spec-private.h"

#define FRONTEND_NAME "frontend"

static gint
find_source (GPtrArray *specs, const char *name)
{
  for (guint i = 0; i < specs->len; i++) {
    const RnncLayerSpec *spec = g_ptr_array_index (specs, i);

    if (g_str_equal (spec->name, name))
      return i;
  }
  return g_str_equal (name, FRONTEND_NAME) ? RNNC_FRONTEND_FRAME : -2;
}

static gboolean
set_source (RnncLayerSpec *spec, guint index, GPtrArray *specs,
    const RnncShape *frame, const char *name, const char *path, GError **error)
{
  gint source = find_source (specs, name);

  if (source < RNNC_FRONTEND_FRAME) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: no layer before it is named \"%s\"", path, name);
    return FALSE;
  }
  spec->sources[index] = source;
  spec->parts[index] = *frame;
  if (source >= 0)
    spec->parts[index]
        = ((RnncLayerSpec *) g_ptr_array_index (specs, source))->output;
  return TRUE;
}

static void
allocate_sources (RnncLayerSpec *spec, guint n)
{
  spec->n_sources = n;
  spec->sources = g_new0 (gint, n);
  spec->parts = g_new0 (RnncShape, n);
}

/* One shape for what several inputs make together. */
static gboolean
join_parts (RnncLayerSpec *spec, RnncJoin join, const char *path,
    GError **error)
{
  guint64 channels = 0;

  spec->input = spec->parts[0];
  for (guint i = 0; i < spec->n_sources; i++) {
    const RnncShape *part = &spec->parts[i];

    if (part->rank != spec->input.rank || part->height != spec->input.height
        || part->width != spec->input.width
        || (join != RNNC_JOIN_CONCATENATE
            && part->channels != spec->parts[0].channels))
      return rnnc_layer_misfit (path, error, "its inputs are not of one shape");
    channels += part->channels;
  }
  if (join == RNNC_JOIN_CONCATENATE) {
    if (channels > RNNC_MAX_TENSOR_ELEMENTS)
      return rnnc_layer_misfit (path, error, "its output is too large");
    spec->input.channels = channels;
  }
  return TRUE;
}

static gboolean
connect_join (RnncLayerSpec *spec, GPtrArray *specs, const RnncShape *frame,
    JsonObject *json, const char *path, GError **error)
{
  JsonArray *inputs = NULL;
  guint n;

  if (json_object_has_member (json, "input"))
    return rnnc_layer_misfit (path, error,
        "takes several: \"inputs\", not \"input\"");
  if (!rnnc_json_require (json, path, "inputs", error)
      || !rnnc_json_get_array (json, path, "inputs", &inputs, error))
    return FALSE;
  n = json_array_get_length (inputs);
  if (n < 2 || n > RNNC_MAX_SOURCES) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s.inputs: names %u layers, 2..%u are possible", path, n,
        RNNC_MAX_SOURCES);
    return FALSE;
  }
  allocate_sources (spec, n);
  for (guint i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (inputs, i);

    if (!JSON_NODE_HOLDS_VALUE (node)
        || json_node_get_value_type (node) != G_TYPE_STRING)
      return rnnc_layer_misfit (path, error, "\"inputs\" are not all strings");
    if (!set_source (spec, i, specs, frame, json_node_get_string (node), path,
            error))
      return FALSE;
  }
  return TRUE;
}

gboolean
rnnc_layer_connect (RnncLayerSpec *spec, GPtrArray *specs,
    const RnncShape *frame, JsonObject *json, const char *path, GError **error)
{
  const RnncLayerSpec *before
      = specs->len == 0 ? NULL : g_ptr_array_index (specs, specs->len - 1);
  const char *name = before == NULL ? FRONTEND_NAME : before->name;

  if (spec->type == RNNC_LAYER_JOIN) {
    if (!connect_join (spec, specs, frame, json, path, error)
        || !join_parts (spec, spec->params.join, path, error))
      return FALSE;
  } else {
    if (!rnnc_json_get_string (json, path, "input", &name, error))
      return FALSE;
    allocate_sources (spec, 1);
    if (!set_source (spec, 0, specs, frame, name, path, error))
      return FALSE;
    spec->input = spec->parts[0];
  }
  spec->output = spec->input;
  return TRUE;
}

/* --- time ------------------------------------------------------------------
 */

static gboolean
ends_time (const RnncLayerSpec *spec)
{
  return spec->type == RNNC_LAYER_MEAN_OVER_TIME
      || spec->type == RNNC_LAYER_LAST_STEP;
}

gboolean
rnnc_layer_spec_is_recurrent (const RnncLayerSpec *spec)
{
  return spec->type == RNNC_LAYER_RECURRENT || ends_time (spec);
}

static gboolean
runs_over_time (const RnncLayerSpec *spec)
{
  return rnnc_layer_spec_is_recurrent (spec) || spec->type == RNNC_LAYER_CONV1D
      || spec->type == RNNC_LAYER_POOL1D;
}

guint
rnnc_layer_spec_own_stride (const RnncLayerSpec *spec)
{
  if (spec->type == RNNC_LAYER_CONV1D)
    return spec->params.conv1d.stride;
  return spec->type == RNNC_LAYER_POOL1D ? spec->params.pool1d.stride : 1;
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

guint64
rnnc_layer_spec_own_look_ahead (const RnncLayerSpec *spec)
{
  if (spec->type == RNNC_LAYER_CONV1D)
    return spec->params.conv1d.right;
  if (spec->type == RNNC_LAYER_POOL1D)
    return spec->params.pool1d.right;
  if (spec->type == RNNC_LAYER_RECURRENT
      && spec->params.recurrent.bidirectional)
    return chunks_look_ahead (&spec->params.recurrent);
  return 0;
}

static gboolean
same_time (const RnncLayerSpec *spec, guint64 stride, gboolean ended,
    const char *path, GError **error)
{
  if (spec->stride != stride) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
        "%s: joins inputs of different strides, %" G_GUINT64_FORMAT
        " and %" G_GUINT64_FORMAT " frames",
        path, spec->stride, stride);
    return FALSE;
  }
  return spec->ended == ended
      || rnnc_layer_misfit (path, error,
          "joins an input that has ended time (mean-over-time or last-step) "
          "with one that has not");
}

/* The frames that the branches of a join are apart must fit into memory. */
static gboolean
check_delay (const RnncLayerSpec *spec, const char *path, GError **error)
{
  gsize size = rnnc_shape_size (&spec->input);

  if (spec->n_sources == 1)
    return TRUE;
  return (spec->stride < G_MAXUINT && spec->look_ahead < G_MAXUINT
             && spec->look_ahead / spec->stride
                 < RNNC_MAX_TENSOR_ELEMENTS / MAX (size, 1))
      || rnnc_layer_misfit (path, error,
          "its inputs are too far apart in time");
}

gboolean
rnnc_layer_follow_time (RnncLayerSpec *spec, GPtrArray *specs, const char *path,
    GError **error)
{
  for (guint i = 0; i < spec->n_sources; i++) {
    const RnncLayerSpec *source = spec->sources[i] < 0
        ? NULL
        : g_ptr_array_index (specs, spec->sources[i]);
    guint64 stride = source != NULL ? source->stride : 1;
    gboolean ended = source != NULL && source->ended;

    if (i == 0) {
      spec->stride = stride;
      spec->ended = ended;
    } else if (!same_time (spec, stride, ended, path, error)) {
      return FALSE;
    }
    if (source != NULL)
      spec->look_ahead = MAX (spec->look_ahead, source->look_ahead);
  }
  if (spec->ended && runs_over_time (spec))
    return rnnc_layer_misfit (path, error,
        "stands behind a layer that has ended time (mean-over-time or "
        "last-step)");
  spec->look_ahead = MIN (spec->look_ahead
          + spec->stride * rnnc_layer_spec_own_look_ahead (spec),
      G_MAXUINT);
  spec->stride
      = MIN (spec->stride * rnnc_layer_spec_own_stride (spec), G_MAXUINT);
  spec->ended |= ends_time (spec);
  return check_delay (spec, path, error);
}

gboolean
rnnc_layers_check_used (GPtrArray *specs, const char *path, GError **error)
{
  gboolean used[RNNC_MAX_LAYERS] = { FALSE };

  for (guint i = 0; i < specs->len; i++) {
    const RnncLayerSpec *spec = g_ptr_array_index (specs, i);

    for (guint k = 0; k < spec->n_sources; k++) {
      if (spec->sources[k] >= 0)
        used[spec->sources[k]] = TRUE;
    }
  }
  for (guint i = 0; i + 1 < specs->len; i++) {
    if (!used[i]) {
      g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
          "%s[%u]: no layer takes what it gives", path, i);
      return FALSE;
    }
  }
  return TRUE;
}
