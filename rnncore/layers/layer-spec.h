/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a layer is, before any weights: type, parameters, shapes, tensors.
 * Parsed from the "layers" of a model description or of a training recipe;
 * inference (layers/), training (train/layers/) and `rnncore info` all start
 * from here. */
#pragma once

#include <json-glib/json-glib.h>

#include "rnncore/rnnc-error.h"

G_BEGIN_DECLS

/* One frame: a vector (rank 1: channels alone, height = width = 1) or an image
 * (rank 3: [height, width, channels], row-major). */
typedef struct {
  guint rank;
  guint height;
  guint width;
  guint channels;
} RnncShape;

static inline gsize
rnnc_shape_size (const RnncShape *shape)
{
  return (gsize) shape->height * shape->width * shape->channels;
}

typedef enum {
  RNNC_LAYER_CONV1D,
  RNNC_LAYER_CONV2D,
  RNNC_LAYER_DENSE,
  RNNC_LAYER_BATCH_NORM,
  RNNC_LAYER_ACTIVATION,
  RNNC_LAYER_DROPOUT,
  RNNC_LAYER_FLATTEN,
  RNNC_LAYER_RECURRENT,
  RNNC_LAYER_MEAN_OVER_TIME,
  RNNC_LAYER_LAST_STEP,
} RnncLayerType;

/* "conv1d": over time. Output frame t sees input frames
 * t*stride - left … t*stride + right, zeros outside; kernel = left + 1 + right.
 * Out frames of T in frames: floor((T - 1) / stride) + 1.
 * Tensor NAME.weight [channels, in, kernel]; the input must be a vector. */
typedef struct {
  guint channels;
  guint kernel;
  guint stride;
  guint left;
  guint right;
  gboolean bias;
} RnncConv1dParams;

/* "conv2d": inside a frame, [height, width]. Zero padding on all four sides.
 * Tensor NAME.weight [channels, in, kernel h, kernel w]. */
typedef struct {
  guint channels;
  guint kernel[2];
  guint stride[2];
  guint padding[2];
  gboolean bias;
} RnncConv2dParams;

/* "dense": NAME.weight [units, in]; the input must be a vector. */
typedef struct {
  guint units;
  gboolean bias;
} RnncDenseParams;

/* "batch-norm": over channels. NAME.weight, .bias, .running_mean,
 * .running_var, each [channels]. */
typedef struct {
  double epsilon;  /* default 1e-5 */
  double momentum; /* of the running statistics; default 0.1; training only */
} RnncBatchNormParams;

typedef enum {
  RNNC_ACTIVATION_RELU,
  RNNC_ACTIVATION_TANH,
  RNNC_ACTIVATION_SIGMOID,
  RNNC_ACTIVATION_SOFTMAX,
  RNNC_ACTIVATION_LOG_SOFTMAX,
} RnncActivation;

typedef enum {
  RNNC_CELL_RNN, /* Elman: h = act (W x + b + U h + c) */
  RNNC_CELL_GRU, /* PyTorch's form, gates r z n, separate hidden bias */
  RNNC_CELL_LSTM, /* gates i f g o */
} RnncCell;

/* "rnn" | "gru" | "lstm": tensors as PyTorch's nn.RNN / GRU / LSTM:
 * NAME.weight_ih_l{k}[_reverse] [gates*hidden, in], .weight_hh_…
 * [gates*hidden, hidden], .bias_ih_…, .bias_hh_… [gates*hidden].
 * A bidirectional layer's output is [forward, backward], 2*hidden.
 * Live, it runs in chunks: @chunk frames come out at a time, the backward
 * direction starting @look_ahead frames beyond them. */
typedef struct {
  RnncCell cell;
  RnncActivation nonlinearity; /* of the vanilla cell: tanh or relu */
  guint hidden;
  guint n_layers;
  gboolean bidirectional;
  gboolean bias;
  guint chunk;      /* default 32 frames */
  guint look_ahead; /* default 16 frames */
  double dropout;   /* between layers; training only; default 0 */
} RnncRecurrentParams;

typedef struct {
  RnncLayerType type;
  char *name; /* tensor prefix; "layerN" where the description gives none */
  RnncShape input;
  RnncShape output;
  union {
    RnncConv1dParams conv1d;
    RnncConv2dParams conv2d;
    RnncDenseParams dense;
    RnncBatchNormParams batch_norm;
    RnncActivation activation;
    RnncRecurrentParams recurrent;
    double dropout; /* probability of zeroing; training only */
  } params;
} RnncLayerSpec;

/* Number of gates: 1, 3 or 4. */
guint rnnc_cell_gates (RnncCell cell);

/**
 * rnnc_layer_specs_parse:
 * @layers: the JSON array
 * @path: of the array, for messages
 * @input: shape of a front end's frame
 *
 * Parses and shape-checks a whole stack; unknown types and keys, ranges,
 * overflowing products and misfits are refused.
 *
 * Returns: (transfer full) (element-type RnncLayerSpec): the specs with a free
 *   function set, or %NULL with @error naming "path[i].key"
 */
GPtrArray *rnnc_layer_specs_parse (JsonArray *layers, const char *path,
    const RnncShape *input, GError **error);

void rnnc_layer_spec_free (RnncLayerSpec *spec);

/* The JSON name: "conv1d", "lstm", "relu", … */
const char *rnnc_layer_spec_type_name (const RnncLayerSpec *spec);

/* One tensor that a layer owns. */
typedef struct {
  char *name; /* full: "rnn.weight_ih_l0" */
  guint rank;
  gsize shape[4];
} RnncTensorSpec;

/**
 * rnnc_layer_spec_tensors:
 *
 * Returns: (transfer full) (element-type RnncTensorSpec): what the layer owns,
 *   in state_dict order (recurrent: per layer and direction weight_ih,
 *   weight_hh, bias_ih, bias_hh); empty for layers without weights
 */
GPtrArray *rnnc_layer_spec_tensors (const RnncLayerSpec *spec);

/* Frames out for @n_frames whole-sequence frames in (0 for 0). */
gsize rnnc_layer_spec_output_frames (const RnncLayerSpec *spec, gsize n_frames);

/* Multiply-adds for one output frame. */
gsize rnnc_layer_spec_macs (const RnncLayerSpec *spec);

G_END_DECLS
