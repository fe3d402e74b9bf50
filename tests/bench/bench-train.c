/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Milliseconds of one training step (forward, backward, update) of an LSTM
 * with as many inputs as units, 200 steps, 16 sequences. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/train/train-fixture.h"

#define N_STEPS 200
#define N_SEQUENCES 16

static double
bench_lstm (guint hidden, guint threads, guint n_repeats)
{
  RnncTrainerOptions options;
  RnncRandom random = { 1 };
  rnnc_trainer_options_init (&options);
  options.threads = threads;
  options.loss = RNNC_LOSS_MSE;
  g_autofree char *layers = g_strdup_printf (
      "[{'type':'lstm','name':'r','hidden':%u}]", hidden);
  RnncTrainer *trainer = fixture_trainer (hidden, 0, 0, layers, &options);
  gsize n = (gsize) N_STEPS * N_SEQUENCES * hidden;
  g_autofree float *data = g_new (float, n);
  g_autofree float *values = g_new (float, n);
  guint lengths[N_SEQUENCES];
  fixture_fill (&random, data, n);
  fixture_fill (&random, values, n);
  for (guint b = 0; b < N_SEQUENCES; b++)
    lengths[b] = N_STEPS;
  RnncBatch batch = { N_STEPS, N_SEQUENCES, hidden, data, lengths };
  RnncTargets targets = { NULL, NULL, values };

  double best = G_MAXDOUBLE;
  for (guint i = 0; i <= n_repeats; i++) {
    gint64 start = g_get_monotonic_time ();
    RnncStepStats stats;
    if (!rnnc_trainer_step (trainer, &batch, &targets, 1e-4, &stats, NULL))
      abort ();
    double milliseconds = (double) (g_get_monotonic_time () - start) / 1e3;
    if (i > 0)
      best = MIN (best, milliseconds);
  }
  rnnc_trainer_free (trainer);
  return best;
}

int
main (int argc, char **argv)
{
  guint threads = argc > 1 ? (guint) atoi (argv[1]) : 1;
  const guint sizes[] = { 256, 512 };
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    printf ("LSTM %u, %u steps, %u sequences, %u threads: %.1f ms\n",
        sizes[i], N_STEPS, N_SEQUENCES, threads,
        bench_lstm (sizes[i], threads, 5));
  return 0;
}
