/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Batches made ahead of their use by background threads. What a batch holds
 * depends on the plan, the seed and its place alone. */
#pragma once

#include "rnncore/rnncore-train.h"
#include "tools/data/plan.h"

G_BEGIN_DECLS

/* Features and targets of one batch. */
typedef struct {
  RnncBatch batch;
  RnncTargets targets;
  float *data;
  guint *lengths;        /* [n_sequences] steps */
  GArray *labels;        /* guint */
  float *values;         /* mean squared error: [output steps, n_sequences,
                            numbers] */
  guint *target_lengths; /* [n_sequences] */
  guint *items;          /* [n_sequences] first item of each */
  double seconds;        /* of media, without padding */
} LoadedBatch;

void loaded_batch_free (LoadedBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LoadedBatch, loaded_batch_free)

/* How recordings become features. */
typedef struct {
  const Dataset *dataset;
  const Labels *labels;
  const RnncFrontendConfig *frontend;
  const Join *join;
  const Windows *windows; /* NULL: none */
  guint64 seed;
  const AudioAugmenter *audio; /* NULL: as recorded */
  const VideoAugment *video;   /* NULL: as recorded */
} ExampleSettings;

typedef struct _Loader Loader;

/* Batches @first … of @plan; all arguments must outlive the loader. */
Loader *loader_new (const ExampleSettings *settings, const Plan *plan,
    guint first, guint n_threads);
/* (transfer full): the next one; %NULL behind the last. */
LoadedBatch *loader_next (Loader *loader);
void loader_free (Loader *loader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Loader, loader_free)

/* --- one sequence (example.c) ----------------------------------------------
 */

/* The front end and buffers of one thread. */
typedef struct _ExampleMaker ExampleMaker;

ExampleMaker *example_maker_new (const ExampleSettings *settings);
void example_maker_free (ExampleMaker *maker);

/**
 * example_make:
 * @labels: (element-type guint): targets are appended
 *
 * Returns: (transfer full) (element-type float): [steps, features]
 */
GArray *example_make (ExampleMaker *maker, const Plan *plan, const Unit *unit,
    GArray *labels);
/* Target numbers of the last example made; empty but for mean squared error. */
const GArray *example_values (const ExampleMaker *maker);
/* Floats in one step. */
gsize example_features (const ExampleMaker *maker);

G_END_DECLS
