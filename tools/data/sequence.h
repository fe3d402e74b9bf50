/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Sequences of numbers (front end "none"): from CSV and TSV files, or made by
 * a generator, with what the network should say. */
#pragma once

#include "rnncore/rnncore-train.h"
#include "tools/data/labels.h"

G_BEGIN_DECLS

/* What targets of number sequences look like. */
typedef struct {
  RnncLoss loss;
  gboolean many_to_one;
  guint n_values; /* mean squared error: numbers in one output */
} TargetFormat;

typedef struct {
  guint n_steps;
  GArray *features; /* float [n_steps, n_features] */
  GArray *labels;   /* guint: a step, a sequence, or a CTC text */
  GArray *values;   /* float [n_steps or 1, n_values] */
} Sequence;

Sequence *sequence_new (void);
void sequence_free (Sequence *sequence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sequence, sequence_free)

/**
 * sequence_read:
 * @path: a step a line, numbers separated by commas or tabs, the first line
 *   may name the columns; the first @n_features columns go in
 * @format: (nullable): which targets stand in the columns behind: cross
 *   entropy of each step one label, mean squared error @n_values numbers (many
 *   to one: the last line's); %NULL: further columns are left alone
 * @labels: names of the labels in the file
 *
 * Returns: (transfer full): or %NULL with @error, "PATH:LINE: reason"
 */
Sequence *sequence_read (const char *path, guint n_features,
    const TargetFormat *format, const Labels *labels, GError **error);

/* --- generate.c --------------------------------------------------------------
 */

typedef enum {
  TASK_ADDING,         /* Hochreiter and Schmidhuber 1997, experiment 4 */
  TASK_TEMPORAL_ORDER, /* the same, experiment 6a */
  TASK_COPY_MEMORY,    /* Arjovsky, Shah and Bengio 2016 */
  TASK_PARITY,
  TASK_SPIRALS,
  TASK_SPELLING,
  TASK_MACKEY_GLASS, /* Mackey and Glass 1977 */
} GeneratorTask;

/* Sequences that are functions of seed, epoch and number. */
typedef struct {
  GeneratorTask task;
  guint sequences; /* in an epoch */
  guint steps[2];  /* from … to */
  guint64 seed;
  double tau; /* Mackey-Glass: delay; default 17 */
} Generator;

/* Names in recipes, NULL at the end; in the order of GeneratorTask. */
extern const char *const generator_names[];

guint generator_features (const Generator *generator);
RnncLoss generator_loss (const Generator *generator);
/* Whether there is one target for a whole sequence. */
gboolean generator_many_to_one (const Generator *generator);
/* Labels of its targets, NULL at the end; none for mean squared error. */
const char *const *generator_labels (const Generator *generator);
/* Steps of sequence @index, in every epoch. */
guint generator_steps (const Generator *generator, guint index);
void generator_make (const Generator *generator, guint epoch, guint index,
    Sequence *sequence);

G_END_DECLS
