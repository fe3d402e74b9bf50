/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A layer that learns: forward that remembers, backward through time. A layer
 * is immutable and shared; what one worker remembers is its state. */
#pragma once

#include "rnncore/layers/layer-spec.h"
#include "rnncore/train/packing.h"
#include "rnncore/train/product.h"
#include "rnncore/train/random.h"
#include "rnncore/train/workers.h"

G_BEGIN_DECLS

/* A tensor inside the flat vector of all values. */
typedef struct {
  char *name;
  guint rank;
  gsize shape[4];
  gsize n_values;
  gsize offset;
  guint layer;      /* index of the layer that owns it */
  gboolean trained; /* FALSE: running statistics */
} RnncParameter;

typedef struct _RnncTrainLayer RnncTrainLayer;
typedef struct _RnncPass RnncPass;

typedef struct {
  /* Bytes of a worker's state; zeroed before first use. */
  gsize state_size;
  /* y may be x, dx may be dy, and backward looks at y alone, never at x. */
  gboolean elementwise;
  /* The input is of no kind that a gradient leads to. */
  gboolean stops_gradient;
  /* Backward never looks at y. */
  gboolean forgets_output;
  /* (nullable): the steps that come out; as many as go in by default. */
  void (*pack) (const RnncTrainLayer *layer, const RnncPacking *in,
      RnncPacking *out);
  void (*initialise) (const RnncTrainLayer *layer, real *values,
      RnncRandom *random);
  void (*forward) (RnncPass *pass, const real *x, real *y);
  /* Adds to the gradients; @dx (nullable) is written. Of a layer with several
   * inputs @dx belongs to pass->part, which backward is called for one by one.
   */
  void (*backward) (RnncPass *pass, const real *x, const real *y,
      const real *dy, real *dx);
  void (*clear) (gpointer state);
} RnncTrainLayerClass;

struct _RnncTrainLayer {
  const RnncTrainLayerClass *klass;
  const RnncLayerSpec *spec;
  guint index;
  const RnncParameter *parameters; /* [n_parameters], in state_dict order */
  guint n_parameters;
};

/* Sums of |dLoss/dh| by the distance from a sequence's last step. */
typedef struct {
  guint n; /* distances; 0: not measured */
  double *sums;
  guint *counts;
} RnncFlowSums;

/* One worker's way through one layer. */
struct _RnncPass {
  const RnncTrainLayer *layer;
  gpointer state;
  const RnncPacking *in;
  const RnncPacking *out;
  const real *values; /* of all layers */
  real *gradients;    /* of all layers; this worker's share */
  real *statistics;   /* (nullable): of all layers: new running statistics */
  gboolean training;
  guint64 random_key;        /* of this step */
  const guint *sequence_ids; /* [n_sequences]: places in the batch */
  RnncWorkers *workers;
  guint worker;
  guint truncate;           /* steps; 0: no truncation */
  RnncFlowSums *flows;      /* (nullable): one for each layer of a stack */
  const real *const *parts; /* [spec->n_sources]: what comes from each; the
                               first is x */
  RnncProducts *products;   /* this worker's */
  guint part;
};

static inline gsize
rnnc_train_layer_inputs (const RnncTrainLayer *layer)
{
  return rnnc_shape_size (&layer->spec->input);
}

static inline gsize
rnnc_train_layer_outputs (const RnncTrainLayer *layer)
{
  return rnnc_shape_size (&layer->spec->output);
}

static inline const real *
rnnc_pass_values (const RnncPass *pass, guint parameter)
{
  return pass->values + pass->layer->parameters[parameter].offset;
}

static inline real *
rnnc_pass_gradients (const RnncPass *pass, guint parameter)
{
  return pass->gradients + pass->layer->parameters[parameter].offset;
}

/* Dropout of packed rows; @part tells apart the uses within a layer. */
void rnnc_pass_dropout (const RnncPass *pass, const RnncPacking *packing,
    guint part, double rate, gsize n_features, const real *x, real *y);

const RnncTrainLayerClass *rnnc_train_layer_class (const RnncLayerSpec *spec);

/* Whether all of @specs can learn; @path: of their array, for the message. */
gboolean
rnnc_train_check_layers (GPtrArray *specs, const char *path, GError **error);

extern const RnncTrainLayerClass rnnc_train_conv1d;
extern const RnncTrainLayerClass rnnc_train_conv2d;
extern const RnncTrainLayerClass rnnc_train_dense;
extern const RnncTrainLayerClass rnnc_train_batch_norm;
extern const RnncTrainLayerClass rnnc_train_activation;
extern const RnncTrainLayerClass rnnc_train_curve; /* gelu, leaky-relu */
extern const RnncTrainLayerClass rnnc_train_pool1d;
extern const RnncTrainLayerClass rnnc_train_pool2d;
extern const RnncTrainLayerClass rnnc_train_embedding;
extern const RnncTrainLayerClass rnnc_train_layer_norm;
extern const RnncTrainLayerClass rnnc_train_magnitude;
extern const RnncTrainLayerClass rnnc_train_unflatten;
extern const RnncTrainLayerClass rnnc_train_join;
extern const RnncTrainLayerClass rnnc_train_dropout;
extern const RnncTrainLayerClass rnnc_train_flatten;
extern const RnncTrainLayerClass rnnc_train_recurrent;
extern const RnncTrainLayerClass rnnc_train_mean_over_time;
extern const RnncTrainLayerClass rnnc_train_last_step;

/* y[r] += bias for each of @n_rows rows. */
void rnnc_add_bias (gsize n_rows, gsize n, const real *bias, real *y);
/* bias += sum of the rows of dy. */
void
rnnc_sum_rows (gsize n_rows, gsize n, const real *dy, gsize ld, real *bias);

/* A recurrent layer's gates that hold what they have for 1 … @steps steps. */
void rnnc_recurrent_initialise_memory (const RnncTrainLayer *layer,
    real *values, guint steps, RnncRandom *random);

/* Uniform in ±@bound. */
void rnnc_initialise_uniform (real *values, gsize n, double bound,
    RnncRandom *random);
/* Glorot and Bengio 2010. */
void rnnc_initialise_xavier (real *values, gsize fan_out, gsize fan_in,
    RnncRandom *random);
/* He et al. 2015, for a rectified layer. */
void rnnc_initialise_kaiming (real *values, gsize n, gsize fan_in,
    RnncRandom *random);
/* The first @n_columns of a random rotation [n, n] (Saxe et al. 2013). */
void rnnc_initialise_orthogonal (real *values, gsize n, gsize n_columns,
    RnncRandom *random);

G_END_DECLS
