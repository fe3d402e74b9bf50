/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One run of `rnncore train`. */
#pragma once

#include <stdio.h>

#include "tools/data/loader.h"
#include "tools/training/recipe.h"

G_BEGIN_DECLS

/* Where a run stands; all of it is in the checkpoint. */
typedef struct {
  guint epoch;     /* the running one, from 0 */
  guint batch;     /* the next one of this epoch */
  guint n_items;   /* of the training data, to notice other data */
  double loss_sum; /* this epoch, over its batches so far */
  double gradient_sum;
  guint64 n_infeasible; /* this epoch */
  double best_error;    /* of the dev data; -1: none yet */
  double best_loss;     /* decides between equal errors */
  guint best_epoch;
  guint n_not_better;   /* epochs since the best or the last lower rate */
  double rate_scale;    /* of the plateau schedule */
  double learning_rate; /* of the last step */
  double seconds;       /* of all runs */
} TrainState;

/* How well the network does on the dev data. */
typedef struct {
  double loss;  /* mean over sequences */
  double error; /* words, or labels; mean squared error: its root over the
                   deviation of the targets; of a language model bits a letter,
                   the end of a text being one */
  double character_error; /* CTC */
} DevResult;

typedef struct {
  Recipe *recipe;
  JsonObject *description;
  Labels *labels;
  RnncFrontendConfig frontend; /* normalised */
  gboolean has_frontend;
  Collection *collection;
  Dataset *train;
  Dataset *dev; /* without items: none */
  AudioAugmenter augmenter;
  RnncTrainer *trainer;
  TrainState state;
  gint64 began;          /* us; of this run */
  double seconds_before; /* of runs before */
  guint n_batches;       /* of the first epoch: the schedule's measure */
  char *checkpoint_path;
  char *log_path;
  char *layers_path;    /* norms of each layer's gradient and weights */
  char *gradients_path; /* norms of dLoss/dh against the distance in time */
  double *layer_sums;   /* of gradient norms in the running epoch */
  guint n_layer_sums;   /* steps in them */
} Session;

typedef struct {
  const char *cache; /* directory */
  const char *init;  /* model to start from; NULL: none */
  gboolean resume;
  gboolean restart;
} SessionOptions;

/* Reads, decodes, measures: everything before the first step.
 * @recipe: (transfer full) */
Session *
session_new (Recipe *recipe, const SessionOptions *options, GError **error);
void session_free (Session *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Session, session_free)

/* Returns: %FALSE with @error if it diverged, was interrupted or could not
 * write. */
gboolean session_run (Session *session, GError **error);

/* --- parts -----------------------------------------------------------------
 */

/* description.c: completes recipe->model. */
gboolean session_complete_labels (Session *session, GError **error);
/* Outputs behind those of the labels. */
guint session_n_phones (const Session *session);
gboolean session_set_normalisation (Session *session, const float *mean,
    const float *deviation, guint n, GError **error);
/* As members of @json, for a checkpoint; and from there, if they are there. */
void session_get_normalisation (const Session *session, JsonObject *json);
gboolean
session_take_normalisation (Session *session, JsonObject *json, GError **error);
/* Into description and frontend, unless the recipe has one. */
gboolean session_measure_normalisation (Session *session, GError **error);
gboolean session_export (Session *session, const char *path,
    const DevResult *result, GError **error);

/* state.c */
double session_seconds (const Session *session);
double session_learning_rate (const Session *session);
gboolean session_save (Session *session, GError **error);
gboolean session_load (Session *session, GError **error);
/* CSV, a line an epoch. */
gboolean session_log_begin (Session *session, GError **error);
gboolean
session_log_epoch (Session *session, const DevResult *result, GError **error);

/* log.c: lines of files that a resumed run goes on with. */

/* @path with @header, and of what it had the lines (all of them begin with an
 * epoch) up to @last; -1: none. */
gboolean
log_begin (const char *path, const char *header, gint last, GError **error);
gboolean log_append (const char *path, const char *lines, GError **error);
/* ",VALUE" */
void log_add_number (GString *line, double value);

/* gradients.c: OUTPUT.layers.csv and OUTPUT.gradients.csv. */
gboolean session_gradients_begin (Session *session, GError **error);
/* Before the first step of an epoch. */
gboolean session_gradients_measure (Session *session, const LoadedBatch *batch,
    GError **error);
/* Behind each step. */
void session_gradients_count (Session *session);
gboolean session_gradients_epoch (Session *session, GError **error);

/* report.c: OUTPUT.html */
gboolean session_report (const Session *session, GError **error);

/* dev.c */
/* (transfer full): "word error 12.30 %", "1.7512 bits a character", … */
char *session_error_text (const Session *session, double error);
gboolean
train_state_is_beaten (const TrainState *state, const DevResult *result);
gboolean
session_measure_dev (Session *session, DevResult *result, GError **error);

/* average.c: files of one and the same network, their mean into @path. */
gboolean average_models (const char *const *paths, guint n, const char *path,
    GError **error);

G_END_DECLS
