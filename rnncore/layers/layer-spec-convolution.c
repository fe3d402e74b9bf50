/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Parsing of convolutions. */
#include "rnncore/layers/layer-spec-private.h"

static gboolean
parse_channels (RnncLayerSpec *spec, JsonObject *json, const char *path,
    guint *channels, guint *groups, GError **error)
{
  *groups = 1;
  if (!rnnc_json_require (json, path, "channels", error)
      || !rnnc_json_require (json, path, "kernel", error)
      || !rnnc_json_get_uint (json, path, "channels", 1, RNNC_MAX_CHANNELS,
          channels, error)
      || !rnnc_json_get_uint (json, path, "groups", 1, RNNC_MAX_CHANNELS,
          groups, error))
    return FALSE;
  return (*channels % *groups == 0 && spec->input.channels % *groups == 0)
      || rnnc_layer_misfit (path, error,
          "\"groups\" divides not both the channels in and out");
}

/* left + right = reach; either may be given, "right" is 0 by default. */
static gboolean
parse_sides (JsonObject *json, const char *path, RnncConv1dParams *conv,
    GError **error)
{
  guint64 reach = (guint64) (conv->kernel - 1) * conv->dilation;

  if (reach > RNNC_MAX_CONTEXT)
    return rnnc_layer_misfit (path, error, "the kernel reaches too far");
  if (!rnnc_json_get_uint (json, path, "right", 0, RNNC_MAX_CONTEXT,
          &conv->right, error))
    return FALSE;
  if (conv->right > reach)
    return rnnc_layer_misfit (path, error,
        conv->dilation == 1
            ? "\"right\" is not below \"kernel\""
            : "\"right\" is over (\"kernel\" - 1) * \"dilation\"");
  conv->left = reach - conv->right;
  if (!rnnc_json_get_uint (json, path, "left", 0, RNNC_MAX_CONTEXT, &conv->left,
          error))
    return FALSE;
  return (guint64) conv->left + conv->right == reach
      || rnnc_layer_misfit (path, error,
          conv->dilation == 1
              ? "\"left\" + 1 + \"right\" is not \"kernel\""
              : "\"left\" + \"right\" is not (\"kernel\" - 1) * "
                "\"dilation\"");
}

static gboolean
parse_conv1d (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncConv1dParams *conv = &spec->params.conv1d;

  *conv = (RnncConv1dParams){ .stride = 1, .bias = TRUE, .dilation = 1 };
  if (!rnnc_layer_require_vector (spec, path, error)
      || !parse_channels (spec, json, path, &conv->channels, &conv->groups,
          error)
      || !rnnc_json_get_uint (json, path, "kernel", 1, RNNC_MAX_KERNEL,
          &conv->kernel, error)
      || !rnnc_json_get_uint (json, path, "stride", 1, RNNC_MAX_KERNEL,
          &conv->stride, error)
      || !rnnc_json_get_uint (json, path, "dilation", 1, RNNC_MAX_KERNEL,
          &conv->dilation, error)
      || !rnnc_json_get_boolean (json, path, "bias", &conv->bias, error)
      || !parse_sides (json, path, conv, error))
    return FALSE;
  rnnc_shape_set_vector (&spec->output, conv->channels);
  return TRUE;
}

static gboolean
set_image_output (RnncLayerSpec *spec, const char *path, GError **error)
{
  const RnncConv2dParams *conv = &spec->params.conv2d;
  const guint size[] = { spec->input.height, spec->input.width };
  guint out[2];

  for (guint i = 0; i < 2; i++) {
    guint64 span = (guint64) (conv->kernel[i] - 1) * conv->dilation[i] + 1;
    guint64 padded
        = (guint64) size[i] + conv->padding[i] + conv->padding_end[i];

    if (span > padded)
      return rnnc_layer_misfit (path, error,
          "the kernel is larger than the image");
    if (conv->padding[i] >= span || conv->padding_end[i] >= span)
      return rnnc_layer_misfit (path, error,
          conv->dilation[i] == 1 ? "\"padding\" is not below \"kernel\""
                                 : "\"padding\" is as wide as the kernel");
    out[i] = (padded - span) / conv->stride[i] + 1;
  }
  spec->output = (RnncShape){ 3, out[0], out[1], conv->channels };
  return TRUE;
}

static gboolean
parse_conv2d (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncConv2dParams *conv = &spec->params.conv2d;

  *conv = (RnncConv2dParams){ .stride = { 1, 1 },
    .dilation = { 1, 1 },
    .bias = TRUE };
  if (!rnnc_layer_require_image (spec, path, error)
      || !parse_channels (spec, json, path, &conv->channels, &conv->groups,
          error)
      || !rnnc_json_get_uints (json, path, "kernel", 1, RNNC_MAX_KERNEL, 2,
          conv->kernel, error)
      || !rnnc_json_get_uints (json, path, "stride", 1, RNNC_MAX_KERNEL, 2,
          conv->stride, error)
      || !rnnc_json_get_uints (json, path, "dilation", 1, RNNC_MAX_KERNEL, 2,
          conv->dilation, error)
      || !rnnc_json_get_uints (json, path, "padding", 0, RNNC_MAX_KERNEL, 2,
          conv->padding, error)
      || !rnnc_json_get_boolean (json, path, "bias", &conv->bias, error))
    return FALSE;
  for (guint i = 0; i < 2; i++)
    conv->padding_end[i] = conv->padding[i];
  return set_image_output (spec, path, error);
}

static gboolean
parse_frame_conv1d (RnncLayerSpec *spec, guint variant, JsonObject *json,
    const char *path, GError **error)
{
  RnncConv2dParams *conv = &spec->params.conv2d;
  guint padding[2] = { 0, 0 };

  *conv = (RnncConv2dParams){ .kernel = { 1, 1 },
    .stride = { 1, 1 },
    .dilation = { 1, 1 },
    .bias = TRUE,
    .flat = TRUE };
  if (!rnnc_layer_require_image (spec, path, error))
    return FALSE;
  if (spec->input.height != 1)
    return rnnc_layer_misfit (path, error, "takes an image of height 1");
  if (!parse_channels (spec, json, path, &conv->channels, &conv->groups, error)
      || !rnnc_json_get_uint (json, path, "kernel", 1, RNNC_MAX_KERNEL,
          &conv->kernel[1], error)
      || !rnnc_json_get_uint (json, path, "stride", 1, RNNC_MAX_KERNEL,
          &conv->stride[1], error)
      || !rnnc_json_get_uint (json, path, "dilation", 1, RNNC_MAX_KERNEL,
          &conv->dilation[1], error)
      || !rnnc_json_get_uints (json, path, "padding", 0, RNNC_MAX_KERNEL, 2,
          padding, error)
      || !rnnc_json_get_boolean (json, path, "bias", &conv->bias, error))
    return FALSE;
  conv->padding[1] = padding[0];
  conv->padding_end[1] = padding[1];
  return set_image_output (spec, path, error);
}

static const char *const conv1d_keys[] = { RNNC_LAYER_KEYS, "channels",
  "kernel", "stride", "dilation", "groups", "left", "right", "bias", NULL };
static const char *const conv2d_keys[] = { RNNC_LAYER_KEYS, "channels",
  "kernel", "stride", "dilation", "groups", "padding", "bias", NULL };

const RnncLayerParser rnnc_convolution_parsers[] = {
  { "conv1d", RNNC_LAYER_CONV1D, 0, conv1d_keys, parse_conv1d },
  { "conv2d", RNNC_LAYER_CONV2D, FALSE, conv2d_keys, parse_conv2d },
  { "frame-conv1d", RNNC_LAYER_CONV2D, TRUE, conv2d_keys, parse_frame_conv1d },
  { NULL },
};
