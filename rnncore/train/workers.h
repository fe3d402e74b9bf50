/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Threads kept alive that share a batch. The caller is worker 0. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _RnncWorkers RnncWorkers;
typedef void (*RnncWorkerFunc) (guint worker, gpointer user_data);

RnncWorkers *rnnc_workers_new (guint n_workers);
void rnnc_workers_free (RnncWorkers *workers);

/* Runs @func (0 … n_active-1) and waits for all. */
void rnnc_workers_run (RnncWorkers *workers, guint n_active,
    RnncWorkerFunc func, gpointer user_data);

/**
 * rnnc_workers_sum:
 * @values: (array length=n): this worker's share in, the sum of all out
 *
 * To be called by every active worker of a run, in the same order: each waits
 * for the others. Shares are added in the order of the workers, so the sum
 * repeats bit for bit.
 */
void
rnnc_workers_sum (RnncWorkers *workers, guint worker, double *values, guint n);

G_END_DECLS
