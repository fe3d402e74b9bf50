/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * librnncore-train: learning the weights of a network by backpropagation
 * through time. Plugins never link it (it needs OpenBLAS). */
#pragma once

#include <json-glib/json-glib.h>

#include "rnncore/rnncore.h"

G_BEGIN_DECLS

/* Padded sequences, time-major [n_steps, n_sequences, features]; padding may
 * hold anything and changes nothing. Images: features = [height, width,
 * channels]. */
typedef struct {
  guint n_steps;
  guint n_sequences;
  gsize n_features;
  const float *data;
  const guint *lengths; /* [n_sequences], 1..n_steps */
} RnncBatch;

/* What the network should say. */
typedef struct {
  const guint *labels;  /* CTC: all targets one after another, none of them
                           the blank; cross entropy per clip: one a sequence;
                           per step: for each sequence, one after another, as
                           many as rnnc_trainer_output_steps() of its length.
                           CTC of a network with phones: a sequence's letters
                           and its phones, each in order; phone k has the
                           number of letters + k */
  const guint *lengths; /* CTC: labels of each sequence; else NULL */
  const float *values;  /* mean squared error: [output steps, n_sequences,
                           output size], or [n_sequences, output size] */
} RnncTargets;

typedef enum {
  RNNC_LOSS_CROSS_ENTROPY, /* per clip where the network is many to one, else
                              per step; on log-softmax outputs; the mean over
                              clips, or over all steps of all sequences */
  RNNC_LOSS_CTC,           /* Graves et al. 2006, on log-softmax outputs;
                              a sequence's loss is divided by nothing, the
                              batch's is the mean over its sequences of
                              loss / target length (as PyTorch's "mean"). The
                              blank is the description's, 0 if it names none.
                              With phones beside the labels: the sum of both
                              losses, of the phones' outputs behind the labels',
                              whose first is their blank */
  RNNC_LOSS_MSE,           /* mean over all valid values */
} RnncLoss;

typedef enum {
  RNNC_OPTIMISER_SGD,   /* with momentum */
  RNNC_OPTIMISER_ADAM,  /* Kingma and Ba 2015 */
  RNNC_OPTIMISER_ADAMW, /* Loshchilov and Hutter 2019 */
} RnncOptimiser;

typedef enum {
  RNNC_PRECISION_FLOAT,
  RNNC_PRECISION_BFLOAT16, /* matrix products of numbers rounded to bfloat16,
                              their sums and all else in float (Kalamkar et al.
                              2019): with AVX512-BF16 a step is 1.2 to 1.6 times
                              as fast; without, this is float */
} RnncPrecision;

typedef struct {
  RnncLoss loss;
  RnncOptimiser optimiser; /* default Adam */
  double momentum;         /* SGD; default 0.9 */
  double beta1, beta2;     /* Adam; default 0.9, 0.999 */
  double epsilon;          /* Adam; default 1e-8 */
  double weight_decay;     /* default 0; L2 for SGD and Adam, decoupled for
                              AdamW; matrices only */
  double clip_norm;        /* global norm of the gradient; 0: no clipping;
                              default 1 */
  double clip_value;       /* each number of the gradient is held in +-this,
                              before clip_norm; 0: no clipping; default 0 */
  double weight_noise;     /* deviation of the noise that the matrices of a
                              step are used with (Graves 2011); default 0 */
  guint truncate;          /* truncated backpropagation through time: a
                              recurrent layer's gradient ends at every so many
                              of its steps, its state is carried on; one update
                              a batch all the same; 0: the whole sequence;
                              default 0 */
  guint memory;            /* steps that LSTM and GRU should remember from the
                              start: biases of their gates are drawn so
                              (Tallec and Ollivier 2018); 0: forget bias 1;
                              default 0 */
  double label_smoothing;  /* cross entropy; default 0 */
  RnncPrecision precision; /* default float */
  guint threads;           /* workers that share a batch; default 1 */
  guint64 seed;            /* initial weights and dropout; default 1 */
} RnncTrainerOptions;

/* What one step did. */
typedef struct {
  double loss;          /* of the batch, before the update */
  double gradient_norm; /* global, before any clipping */
  gboolean clipped;
  guint n_infeasible; /* CTC targets longer than their input allows: they
                         count as zero loss (PyTorch's zero_infinity) */
} RnncStepStats;

typedef struct _RnncTrainer RnncTrainer;

RNNC_API void rnnc_trainer_options_init (RnncTrainerOptions *options);

/**
 * rnnc_trainer_new:
 * @description: a model description (docs/model-format.md) without weights
 * @origin: for messages
 *
 * A network with fresh weights: orthogonal recurrent matrices, forget bias 1
 * or as "memory" says,
 * Kaiming-uniform convolutions, Xavier-uniform others. Of @description only
 * "frontend", "layers", "blank" and "phones" are read. Cross entropy and CTC
 * need log-softmax as the last layer.
 *
 * A batch's sequences are split evenly over @threads workers; gradients are
 * added in a fixed order, so a run repeats bit for bit with the same number of
 * threads, and to rounding with another: batch norm takes its statistics over
 * all workers' valid frames, dropout depends on seed, step and place in the
 * batch alone. BLAS itself is held to one thread, in the whole process.
 *
 * Threads: one at a time.
 *
 * Returns: (transfer full): or %NULL with @error
 */
RNNC_API RnncTrainer *rnnc_trainer_new (JsonObject *description,
    const char *origin, const RnncTrainerOptions *options, GError **error);
RNNC_API void rnnc_trainer_free (RnncTrainer *trainer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncTrainer, rnnc_trainer_free)

/* Number of weights. */
RNNC_API gsize rnnc_trainer_n_parameters (RnncTrainer *trainer);
/* Updates made so far. */
RNNC_API guint64 rnnc_trainer_step_count (RnncTrainer *trainer);
/* Output steps for @n_steps inputs, and floats in one. */
RNNC_API gsize rnnc_trainer_output_steps (RnncTrainer *trainer, gsize n_steps);
RNNC_API gsize rnnc_trainer_output_size (RnncTrainer *trainer);

/**
 * rnnc_trainer_step:
 *
 * Forward, backward through time, clip, update.
 *
 * @stats: (out) (nullable)
 *
 * Returns: %FALSE with %RNNC_ERROR_DIVERGED naming step and layer if the loss
 *   or a gradient is not finite, with %RNNC_ERROR_VALUE or %RNNC_ERROR_SHAPE if
 *   batch or targets are not what the network takes; weights, moments and step
 *   count are then as before the step
 */
RNNC_API gboolean rnnc_trainer_step (RnncTrainer *trainer,
    const RnncBatch *batch, const RnncTargets *targets, double learning_rate,
    RnncStepStats *stats, GError **error);

/**
 * rnnc_trainer_forward:
 * @output: (out caller-allocates): [rnnc_trainer_output_steps(), n_sequences,
 *   output size], or [n_sequences, output size] for many to one, zeros behind
 *   a sequence's end; dropout off, running statistics of batch norm; (nullable)
 * @targets: (nullable): if given, @loss is set, label smoothing included
 */
RNNC_API void
rnnc_trainer_forward (RnncTrainer *trainer, const RnncBatch *batch,
    const RnncTargets *targets, float *output, double *loss);

/* Norm of the last step's gradient, and of the weights, per layer that has
 * any: @names (element-type utf8, owned by @trainer). */
RNNC_API guint rnnc_trainer_layer_norms (RnncTrainer *trainer,
    const char *const **names, const double **gradients,
    const double **weights);

/* How much of the loss arrives where, in one recurrent layer. */
typedef struct {
  const char *name; /* of the layer; of stacked ones the first is NAME.0 */
  guint n_distances;
  const double *norms; /* [n_distances]: |dLoss/dh| so many steps before the
                          last one, the mean over the sequences that are so
                          long */
} RnncGradientFlow;

/**
 * rnnc_trainer_gradient_flow:
 * @flows: (out): owned by @trainer, until the next call or step
 *
 * The norm of dLoss/dh_t, h_t the state of a recurrent layer, against the
 * distance in time from the loss: the loss of each sequence's last output
 * alone, so that the distance is one number (a network with mean-over-time has
 * the loss at all steps; a reverse direction is not measured). Forward and
 * backward without an update; dropout and weight noise as in the next step.
 * Truncation applies. CTC: its gradient at the last output.
 *
 * Returns: how many flows, layer by layer; 0 without @error where the network
 *   has no recurrent layer, 0 with @error where batch or targets do not fit
 */
RNNC_API guint rnnc_trainer_gradient_flow (RnncTrainer *trainer,
    const RnncBatch *batch, const RnncTargets *targets,
    const RnncGradientFlow **flows, GError **error);

/**
 * rnnc_trainer_save_checkpoint:
 * @progress: (nullable): a string to get back on load (the caller's own place
 *   in its data: epoch, batch, best so far), stored as it is
 *
 * Weights, optimiser moments, random state and step count, exact; written
 * aside, synced and renamed.
 */
RNNC_API gboolean rnnc_trainer_save_checkpoint (RnncTrainer *trainer,
    const char *path, const char *progress, GError **error);
/* Refuses a checkpoint of other layers or another optimiser, with the trainer
 * left alone. The seed is the checkpoint's from then on.
 * @progress: (out) (transfer full) (nullable) */
RNNC_API gboolean rnnc_trainer_load_checkpoint (RnncTrainer *trainer,
    const char *path, char **progress, GError **error);

/* Which of a model's labels are this network's. */
typedef struct {
  guint n_labels; /* of this network */
  guint n_theirs; /* of the model */
  const gint
      *theirs; /* [n_labels] the model's number of each; -1: it has not */
} RnncLabelMap;

/**
 * rnnc_trainer_load_similar_weights:
 * @map: (nullable): the labels differ
 * @anew: (nullable) (element-type utf8): names of tensors of which nothing was
 *   taken are added
 *
 * As rnnc_trainer_load_weights(). With @map the last layer that has weights may
 * have another number of outputs, and takes those of the labels that both have.
 *
 * Returns: how many tensors, 0 with @error set if none fits
 */
RNNC_API guint rnnc_trainer_load_similar_weights (RnncTrainer *trainer,
    const char *path, const RnncLabelMap *map, GPtrArray *anew, GError **error);
/**
 * rnnc_trainer_load_weights:
 * @path: a model file
 *
 * Starts from another model's weights: tensors of the same name and shape are
 * taken, of any storage type. Optimiser and step count stay.
 *
 * Returns: how many tensors, 0 with @error set if none fits
 */
RNNC_API guint rnnc_trainer_load_weights (RnncTrainer *trainer,
    const char *path, GError **error);

/**
 * rnnc_trainer_export:
 * @description: goes into the file: what the trainer was made from, with
 *   labels, normalisation and provenance completed
 *
 * Writes a model file that rnnc_model_load() takes.
 */
RNNC_API gboolean rnnc_trainer_export (RnncTrainer *trainer, const char *path,
    JsonObject *description, GError **error);

/* The front end of a description, for who makes features before there is a
 * model. @config is filled, and emptied by the second. */
RNNC_API gboolean rnnc_trainer_parse_frontend (JsonObject *description,
    const char *origin, RnncFrontendConfig *config, GError **error);
RNNC_API void rnnc_trainer_clear_frontend (RnncFrontendConfig *config);

G_END_DECLS
