/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "rnncore/train/workers.h"

typedef struct {
  RnncWorkers *workers;
  guint index;
  GThread *thread;
} Worker;

struct _RnncWorkers {
  guint n_workers;
  Worker *threads; /* [n_workers], the first without a thread */
  GMutex mutex;
  GCond start;
  GCond done;
  guint64 run; /* counts runs */
  gboolean quit;
  guint n_active;
  guint n_busy;
  RnncWorkerFunc func;
  gpointer user_data;
  /* rnnc_workers_sum() */
  GCond summed;
  guint n_arrived;
  guint64 n_sums;
  double **shares; /* [n_workers] */
  GArray *sum;
};

static gpointer
worker_main (gpointer data)
{
  Worker *worker = data;
  RnncWorkers *workers = worker->workers;
  guint64 last_run = 0;

  g_mutex_lock (&workers->mutex);
  while (TRUE) {
    while (!workers->quit && workers->run == last_run)
      g_cond_wait (&workers->start, &workers->mutex);
    if (workers->quit)
      break;
    last_run = workers->run;
    if (worker->index >= workers->n_active)
      continue;
    g_mutex_unlock (&workers->mutex);
    workers->func (worker->index, workers->user_data);
    g_mutex_lock (&workers->mutex);
    if (--workers->n_busy == 0)
      g_cond_signal (&workers->done);
  }
  g_mutex_unlock (&workers->mutex);
  return NULL;
}

RnncWorkers *
rnnc_workers_new (guint n_workers)
{
  RnncWorkers *workers = g_new0 (RnncWorkers, 1);
  workers->n_workers = n_workers;
  g_mutex_init (&workers->mutex);
  g_cond_init (&workers->start);
  g_cond_init (&workers->done);
  g_cond_init (&workers->summed);
  workers->shares = g_new0 (double *, n_workers);
  workers->sum = g_array_new (FALSE, FALSE, sizeof (double));
  workers->threads = g_new0 (Worker, n_workers);
  for (guint i = 1; i < n_workers; i++) {
    Worker *worker = &workers->threads[i];
    worker->workers = workers;
    worker->index = i;
    worker->thread = g_thread_new ("rnncore-train", worker_main, worker);
  }
  return workers;
}

void
rnnc_workers_free (RnncWorkers *workers)
{
  g_mutex_lock (&workers->mutex);
  workers->quit = TRUE;
  g_cond_broadcast (&workers->start);
  g_mutex_unlock (&workers->mutex);
  for (guint i = 1; i < workers->n_workers; i++)
    g_thread_join (workers->threads[i].thread);
  g_mutex_clear (&workers->mutex);
  g_cond_clear (&workers->start);
  g_cond_clear (&workers->done);
  g_cond_clear (&workers->summed);
  g_array_unref (workers->sum);
  g_free (workers->shares);
  g_free (workers->threads);
  g_free (workers);
}

void
rnnc_workers_run (RnncWorkers *workers, guint n_active, RnncWorkerFunc func,
    gpointer user_data)
{
  g_assert (n_active >= 1 && n_active <= workers->n_workers);
  g_mutex_lock (&workers->mutex);
  workers->func = func;
  workers->user_data = user_data;
  workers->n_active = n_active;
  workers->n_busy = n_active - 1;
  workers->run++;
  if (n_active > 1)
    g_cond_broadcast (&workers->start);
  g_mutex_unlock (&workers->mutex);

  func (0, user_data);

  g_mutex_lock (&workers->mutex);
  while (workers->n_busy > 0)
    g_cond_wait (&workers->done, &workers->mutex);
  g_mutex_unlock (&workers->mutex);
}

void
rnnc_workers_sum (RnncWorkers *workers, guint worker, double *values, guint n)
{
  if (workers->n_active == 1)
    return;
  g_mutex_lock (&workers->mutex);
  workers->shares[worker] = values;
  if (++workers->n_arrived == workers->n_active) {
    g_array_set_size (workers->sum, n);
    double *sum = (double *) (void *) workers->sum->data;
    memset (sum, 0, n * sizeof (double));
    for (guint w = 0; w < workers->n_active; w++)
      for (guint i = 0; i < n; i++)
        sum[i] += workers->shares[w][i];
    workers->n_arrived = 0;
    workers->n_sums++;
    g_cond_broadcast (&workers->summed);
  } else {
    guint64 before = workers->n_sums;
    while (workers->n_sums == before)
      g_cond_wait (&workers->summed, &workers->mutex);
  }
  /* The next sum cannot form before everyone has come here again. */
  memcpy (values, workers->sum->data, n * sizeof (double));
  g_mutex_unlock (&workers->mutex);
}
