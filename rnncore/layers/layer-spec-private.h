/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Between the files that parse layers. */
#pragma once

#include "rnncore/base/json-reader.h"
#include "rnncore/layers/layer-spec.h"

G_BEGIN_DECLS

/* Generous for any network of the field, small enough that no product of a few
 * of them overflows 64 bits. */
#define RNNC_MAX_CHANNELS 65536
#define RNNC_MAX_KERNEL 1024
#define RNNC_MAX_CONTEXT 65536
#define RNNC_MAX_TENSOR_ELEMENTS ((gsize) 1 << 28)

/* @spec has its name, sources and input; its output is as the input. */
typedef struct {
  const char *name;
  RnncLayerType type;
  guint variant; /* of the type: RnncActivation, RnncCell, … */
  const char *const *keys;
  gboolean (*parse) (RnncLayerSpec *spec, guint variant, JsonObject *json,
      const char *path, GError **error);
} RnncLayerParser;

/* What every layer may have. */
#define RNNC_LAYER_KEYS "type", "name", "input", "tensors"
extern const char *const rnnc_plain_layer_keys[];

/* Each ends with an entry without name. */
extern const RnncLayerParser rnnc_convolution_parsers[];
extern const RnncLayerParser rnnc_pooling_parsers[];
extern const RnncLayerParser rnnc_plain_parsers[];
extern const RnncLayerParser rnnc_recurrent_parsers[];

/* Sets an error; returns %FALSE. */
gboolean
rnnc_layer_misfit (const char *path, GError **error, const char *reason);
gboolean rnnc_layer_require_vector (const RnncLayerSpec *spec, const char *path,
    GError **error);
gboolean rnnc_layer_require_image (const RnncLayerSpec *spec, const char *path,
    GError **error);

static inline void
rnnc_shape_set_vector (RnncShape *shape, guint channels)
{
  *shape = (RnncShape){ 1, 1, 1, channels };
}

/**
 * rnnc_layer_connect:
 * @specs: the layers before
 * @frame: shape of the front end's frame
 *
 * Finds what "input" or "inputs" name, or the layer before; sets the sources
 * and the input.
 */
gboolean rnnc_layer_connect (RnncLayerSpec *spec, GPtrArray *specs,
    const RnncShape *frame, JsonObject *json, const char *path, GError **error);

/* Of a parsed layer: stride, look-ahead, ended; refuses what would run over a
 * time that has ended, and joins of different strides. */
gboolean rnnc_layer_follow_time (RnncLayerSpec *spec, GPtrArray *specs,
    const char *path, GError **error);

/* Each layer but the last is somebody's input. */
gboolean
rnnc_layers_check_used (GPtrArray *specs, const char *path, GError **error);

/* "tensors": names in the file. */
gboolean rnnc_layer_parse_tensor_names (RnncLayerSpec *spec, JsonObject *json,
    const char *path, GError **error);

G_END_DECLS
