/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which recordings stand together in which batch of an epoch. A function of
 * the settings, the seed and the epoch alone. */
#pragma once

#include "tools/data/dataset.h"

G_BEGIN_DECLS

/* One sequence: one recording, or several joined. Of a window: the recording it
 * is about, the one before it and the one behind. */
typedef struct {
  guint first; /* of Plan.members */
  guint n;
  double seconds;
  guint window; /* its number among the recording's, from 1; 0: no window */
} Unit;

typedef struct {
  guint first; /* of Plan.units */
  guint n;
} PlannedBatch;

typedef struct {
  guint epoch;
  GArray *members; /* guint: items */
  GArray *units;   /* Unit */
  GArray *batches; /* PlannedBatch */
} Plan;

typedef struct {
  guint64 seed;
  double batch_seconds; /* padded; 0: no limit */
  guint batch_size;
  const Join *join;       /* NULL: none */
  const Windows *windows; /* NULL: none */
  gint none;              /* label of clips that show nothing; -1: no such */
  gboolean shuffle;       /* else shortest first */
} PlanSettings;

Plan *
plan_new (const Dataset *dataset, const PlanSettings *settings, guint epoch);
void plan_free (Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Plan, plan_free)

G_END_DECLS
