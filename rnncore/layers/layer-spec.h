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

#define RNNC_MAX_LAYERS 256
#define RNNC_MAX_SOURCES 64 /* of one layer */

typedef enum {
  RNNC_LAYER_CONV1D,
  RNNC_LAYER_CONV2D,
  RNNC_LAYER_POOL1D,
  RNNC_LAYER_POOL2D,
  RNNC_LAYER_DENSE,
  RNNC_LAYER_EMBEDDING,
  RNNC_LAYER_BATCH_NORM,
  RNNC_LAYER_LAYER_NORM,
  RNNC_LAYER_ACTIVATION,
  RNNC_LAYER_MAGNITUDE,
  RNNC_LAYER_DROPOUT,
  RNNC_LAYER_FLATTEN,
  RNNC_LAYER_UNFLATTEN,
  RNNC_LAYER_JOIN,
  RNNC_LAYER_RECURRENT,
  RNNC_LAYER_MEAN_OVER_TIME,
  RNNC_LAYER_LAST_STEP,
} RnncLayerType;

/* "conv1d": over time. Output frame t sees input frames
 * t*stride - left … t*stride + right, every dilation-th of them, zeros outside;
 * left + right = (kernel - 1) * dilation.
 * Out frames of T in frames: floor((T - 1) / stride) + 1.
 * Tensor NAME.weight [channels, in / groups, kernel]; the input must be a
 * vector. */
typedef struct {
  guint channels;
  guint kernel;
  guint stride;
  guint left;
  guint right;
  gboolean bias;
  guint dilation;
  guint groups;
} RnncConv1dParams;

/* "conv2d": inside a frame, [height, width]. Zero padding on all four sides.
 * Tensor NAME.weight [channels, in / groups, kernel h, kernel w].
 * "frame-conv1d": the same on an image of height 1, with PyTorch's Conv1d
 * weight [channels, in / groups, kernel]. */
typedef struct {
  guint channels;
  guint kernel[2];
  guint stride[2];
  guint padding[2];     /* above, left */
  guint padding_end[2]; /* below, right */
  gboolean bias;
  guint dilation[2];
  guint groups;
  gboolean flat; /* "frame-conv1d" */
} RnncConv2dParams;

/* "max-pool1d", "average-pool1d": over time, element by element. Output frame
 * t is made of those of the input frames t*stride - left … t*stride + right
 * that there are; kernel = left + 1 + right. */
typedef struct {
  gboolean average;
  guint kernel;
  guint stride;
  guint left;
  guint right;
} RnncPool1dParams;

/* "max-pool2d", "average-pool2d": inside a frame. */
typedef struct {
  gboolean average;
  guint kernel[2];
  guint stride[2];
  guint padding[2];
  gboolean count_padding; /* of averages: as zeros (PyTorch's
                             count_include_pad) */
} RnncPool2dParams;

/* "embedding": each number of a vector is an index into NAME.weight
 * [entries, units]; the rows found stand side by side. Numbers are rounded and
 * held to 0 … entries - 1. */
typedef struct {
  guint entries;
  guint units;
} RnncEmbeddingParams;

/* "layer-norm" (Ba et al. 2016): over the channels of each position.
 * NAME.weight, NAME.bias [channels]. */
typedef struct {
  double epsilon;  /* default 1e-5 */
  gboolean affine; /* has weight */
  gboolean bias;
} RnncLayerNormParams;

/* Of layers with several inputs, all of one stride. */
typedef enum {
  RNNC_JOIN_ADD,
  RNNC_JOIN_MULTIPLY,
  RNNC_JOIN_CONCATENATE, /* channels one after another */
} RnncJoin;

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
  RNNC_ACTIVATION_LEAKY_RELU, /* x < 0: slope * x */
  RNNC_ACTIVATION_GELU, /* x * Phi (x), exact (Hendrycks and Gimpel 2016) */
} RnncActivation;

typedef enum {
  RNNC_CELL_RNN,  /* Elman: h = act (W x + b + U h + c) */
  RNNC_CELL_GRU,  /* PyTorch's form, gates r z n, separate hidden bias */
  RNNC_CELL_LSTM, /* gates i f g o */
} RnncCell;

/* "rnn" | "gru" | "lstm": tensors as PyTorch's nn.RNN / GRU / LSTM:
 * NAME.weight_ih_l{k}[_reverse] [gates*hidden, in], .weight_hh_…
 * [gates*hidden, hidden], .bias_ih_…, .bias_hh_… [gates*hidden].
 * With @projection (LSTM; Sak et al. 2014) a step's output is NAME.weight_hr_…
 * [projection, hidden] times h, and weight_hh_… is [gates*hidden, projection].
 * A bidirectional layer's output is [forward, backward], twice as wide.
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
  guint projection; /* 0: none */
} RnncRecurrentParams;

/* Numbers that one step of one direction puts out. */
static inline guint
rnnc_recurrent_outputs (const RnncRecurrentParams *core)
{
  return core->projection > 0 ? core->projection : core->hidden;
}

/* Stands for the front end's frame where a layer is named as a source. */
#define RNNC_FRONTEND_FRAME (-1)

typedef struct {
  RnncLayerType type;
  char *name; /* tensor prefix; "layerN" where the description gives none */
  RnncShape input; /* of a join: what its inputs make together */
  RnncShape output;
  guint n_sources;    /* 1 but for joins */
  gint *sources;      /* indices of earlier layers, or RNNC_FRONTEND_FRAME */
  RnncShape *parts;   /* [n_sources]: shapes of what comes from them */
  guint64 stride;     /* front end's frames in one of the output, up to
                         G_MAXUINT */
  guint64 look_ahead; /* front end's frames that an output waits for beyond its
                         own, up to G_MAXUINT */
  gboolean ended;     /* one output for a whole clip */
  GHashTable *tensor_names; /* (nullable): "weight" -> name in the file */
  double slope;             /* of leaky ReLU */
  guint split; /* of softmax and log-softmax: channels of the first of two
                  distributions; 0: all are one */
  union {
    RnncConv1dParams conv1d;
    RnncConv2dParams conv2d;
    RnncPool1dParams pool1d;
    RnncPool2dParams pool2d;
    RnncDenseParams dense;
    RnncEmbeddingParams embedding;
    RnncBatchNormParams batch_norm;
    RnncLayerNormParams layer_norm;
    RnncJoin join;
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
 *   weight_hh, bias_ih, bias_hh, weight_hr); empty for layers without weights
 */
GPtrArray *rnnc_layer_spec_tensors (const RnncLayerSpec *spec);

/**
 * rnnc_layer_spec_tensor_name:
 * @suffix: "weight", "bias_ih_l0", …
 *
 * Returns: (transfer full): what the file calls it: the layer's "tensors" say,
 *   or else NAME.suffix
 */
char *
rnnc_layer_spec_tensor_name (const RnncLayerSpec *spec, const char *suffix);

/* Bytes of its weights as they are packed for the kernels, at most: f32, rows
 * filled up to a multiple of 16, of convolutions those of each group. */
gsize rnnc_layer_spec_packed_bytes (const RnncLayerSpec *spec);

/* Whether outputs depend on state over all time or on the whole clip. */
gboolean rnnc_layer_spec_is_recurrent (const RnncLayerSpec *spec);

/* Its own frames in per frame out, and frames in beyond the current one that
 * it waits for; its own alone, where the members are of the whole way. */
guint rnnc_layer_spec_own_stride (const RnncLayerSpec *spec);
guint64 rnnc_layer_spec_own_look_ahead (const RnncLayerSpec *spec);

/* Frames out for @n_frames whole-sequence frames in (0 for 0). */
gsize rnnc_layer_spec_output_frames (const RnncLayerSpec *spec, gsize n_frames);

/* Multiply-adds for one output frame. */
gsize rnnc_layer_spec_macs (const RnncLayerSpec *spec);

G_END_DECLS
