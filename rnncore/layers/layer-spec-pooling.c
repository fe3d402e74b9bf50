/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Parsing of pooling. */
#include "rnncore/layers/layer-spec-private.h"

static gboolean
parse_pool1d (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncPool1dParams *pool = &spec->params.pool1d;

  *pool = (RnncPool1dParams){ .average = variant };
  if (!rnnc_json_require (json, path, "kernel", error)
      || !rnnc_json_get_uint (json, path, "kernel", 1, RNNC_MAX_KERNEL,
          &pool->kernel, error))
    return FALSE;
  pool->stride = pool->kernel;
  if (!rnnc_json_get_uint (json, path, "stride", 1, RNNC_MAX_KERNEL,
          &pool->stride, error)
      || !rnnc_json_get_uint (json, path, "left", 0, pool->kernel - 1,
          &pool->left, error))
    return FALSE;
  pool->right = pool->kernel - 1 - pool->left;
  if (!rnnc_json_get_uint (json, path, "right", 0, pool->kernel - 1,
          &pool->right, error))
    return FALSE;
  return pool->left + 1 + pool->right == pool->kernel
      || rnnc_layer_misfit (path, error,
          "\"left\" + 1 + \"right\" is not \"kernel\"");
}

static gboolean
parse_pool2d (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncPool2dParams *pool = &spec->params.pool2d;
  const guint size[] = { spec->input.height, spec->input.width };
  guint out[2];

  *pool = (RnncPool2dParams){ .average = variant, .count_padding = TRUE };
  if (!rnnc_layer_require_image (spec, path, error)
      || !rnnc_json_require (json, path, "kernel", error)
      || !rnnc_json_get_uints (json, path, "kernel", 1, RNNC_MAX_KERNEL, 2,
          pool->kernel, error))
    return FALSE;
  pool->stride[0] = pool->kernel[0];
  pool->stride[1] = pool->kernel[1];
  if (!rnnc_json_get_uints (json, path, "stride", 1, RNNC_MAX_KERNEL, 2,
          pool->stride, error)
      || !rnnc_json_get_uints (json, path, "padding", 0, RNNC_MAX_KERNEL, 2,
          pool->padding, error)
      || (variant
          && !rnnc_json_get_boolean (json, path, "count-padding",
              &pool->count_padding, error)))
    return FALSE;
  for (guint i = 0; i < 2; i++) {
    if (pool->padding[i] > pool->kernel[i] / 2)
      return rnnc_layer_misfit (path, error,
          "\"padding\" is over half of \"kernel\"");
    if (pool->kernel[i] > size[i] + 2 * pool->padding[i])
      return rnnc_layer_misfit (path, error,
          "the kernel is larger than the image");
    out[i]
        = (size[i] + 2 * pool->padding[i] - pool->kernel[i]) / pool->stride[i]
        + 1;
  }
  spec->output.height = out[0];
  spec->output.width = out[1];
  return TRUE;
}

static const char *const pool1d_keys[]
    = { RNNC_LAYER_KEYS, "kernel", "stride", "left", "right", NULL };
static const char *const max_pool2d_keys[]
    = { RNNC_LAYER_KEYS, "kernel", "stride", "padding", NULL };
static const char *const average_pool2d_keys[]
    = { RNNC_LAYER_KEYS, "kernel", "stride", "padding", "count-padding", NULL };

const RnncLayerParser rnnc_pooling_parsers[] = {
  { "max-pool1d", RNNC_LAYER_POOL1D, FALSE, pool1d_keys, parse_pool1d },
  { "average-pool1d", RNNC_LAYER_POOL1D, TRUE, pool1d_keys, parse_pool1d },
  { "max-pool2d", RNNC_LAYER_POOL2D, FALSE, max_pool2d_keys, parse_pool2d },
  { "average-pool2d", RNNC_LAYER_POOL2D, TRUE, average_pool2d_keys,
      parse_pool2d },
  { NULL },
};
