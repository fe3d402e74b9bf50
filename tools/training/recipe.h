/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What `rnncore train` is told: docs/recipes.md describes every key. */
#pragma once

#include "rnncore/rnncore-train.h"
#include "tools/data/augment.h"
#include "tools/data/manifest.h"
#include "tools/data/sequence.h"

G_BEGIN_DECLS

/* Rows of one manifest, or generated sequences. */
typedef struct {
  Generator *generator; /* NULL: a manifest */
  char *manifest;
  GPtrArray *conditions; /* Condition */
  guint repeat;          /* how often an epoch has each; default 1 */
  double min_seconds;    /* default 0 */
  double max_seconds;    /* default 3600; of numbers: no limit */
  guint limit;           /* rows, evenly spread; 0: all */
  guint limit_speakers;  /* the first ones; 0: all */
} DataSource;

/* Short utterances put one behind the other, anew in every epoch. */
typedef struct {
  GStrv corpora;      /* NULL: none */
  guint words[2];     /* utterances in one, from … to */
  double share;       /* of these utterances; default 1 */
  double gap[2];      /* s of silence between; default 0.05, 0.4 */
  double max_seconds; /* of all together; 0: any */
} Join;

/* Windows cut from clips that are put one behind the other, as a spotter sees
 * an endless video; beside the clips themselves. */
typedef struct {
  guint count;       /* for each clip, in an epoch; default 1, 0: none */
  double seconds[2]; /* how long they are; default: model.window */
  double like;       /* from this likeness (window_likeness()) on a window has a
                        clip's label; default 0.7 */
  double unlike;     /* below it is none's; others are not drawn; default 0.5 */
  double none;       /* share of none's; default 0.4 */
  double pauses;     /* probability that a clip's neighbour is one of none;
                        default 0.5 */
  double gap[2];     /* s that a clip's last picture stays; default 0, 0 */
} Windows;

typedef enum {
  SCHEDULE_CONSTANT,
  SCHEDULE_COSINE,
  SCHEDULE_PLATEAU,
} Schedule;

typedef struct {
  guint epochs;         /* default 10 */
  double batch_seconds; /* padded; 0: no limit */
  guint batch_size;     /* sequences; default 16 */
  RnncTrainerOptions options;
  double learning_rate;      /* default 1e-3 */
  guint warm_up_steps;       /* default 0 */
  Schedule schedule;         /* default cosine */
  double final_rate;         /* cosine: last rate as a share; default 0.01 */
  double plateau_factor;     /* default 0.5 */
  guint plateau_patience;    /* epochs without a better dev error; default 2 */
  guint loader_threads;      /* default 1 */
  double max_hours;          /* of one run; 0: no limit */
  double checkpoint_minutes; /* default 10 */
  guint curriculum_epochs;   /* shortest first; default 0 */
  guint average_last;        /* epochs averaged at the end; 0: none */
} TrainingSettings;

typedef struct {
  char *path;
  char *directory;
  char *output;
  JsonObject *model; /* as written, mutable; "letters" resolved to labels */
  RnncLoss loss;
  gboolean has_letters; /* labels are the letters of a text */
  char *pronunciations; /* file; NULL: no phones are learned */
  gboolean is_voice;    /* learns where somebody speaks */
  gboolean is_language; /* learns the next letter of a text */
  guint n_features;     /* of front end "none"; 0: another */
  GPtrArray *train;     /* DataSource */
  GPtrArray *dev;       /* DataSource, may be empty */
  Join join;
  Windows windows;
  AudioAugment audio;
  VideoAugment video;
  TrainingSettings training;
} Recipe;

/* What the command line says; takes the place of the recipe's. */
typedef struct {
  const char *data; /* for "${DATA}" in paths */
  const char *output;
  gint threads; /* 0: the recipe's */
  gint epochs;
  double max_hours;
} RecipeOverrides;

Recipe *recipe_load (const char *path, const RecipeOverrides *overrides,
    GError **error);
void recipe_free (Recipe *recipe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Recipe, recipe_free)

void data_source_free (DataSource *source);

/* Parts of recipe_load(), each with its "path" for messages. */
gboolean
recipe_fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);
gboolean recipe_parse_model (Recipe *recipe, JsonObject *root, const char *data,
    GError **error);
/* "loss" is said in "training", yet data and labels depend on it. */
gboolean
recipe_parse_loss (Recipe *recipe, JsonObject *training, GError **error);
gboolean recipe_parse_augment (Recipe *recipe, JsonObject *json,
    const char *data, GError **error);
gboolean
recipe_parse_training (Recipe *recipe, JsonObject *json, GError **error);
/* Relative to the recipe, "${DATA}" replaced. */
char *recipe_resolve (const Recipe *recipe, const char *path, const char *data,
    GError **error);
/* A string or an array of them. (transfer full), NULL with @error */
GStrv recipe_get_strings (JsonObject *json, const char *path, const char *key,
    GError **error);
/* [low, high], low <= high; a lone number is both. */
gboolean recipe_get_range (JsonObject *json, const char *path, const char *key,
    double minimum, double maximum, double range[2], GError **error);

G_END_DECLS
