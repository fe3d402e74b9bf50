/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Milliseconds of one training step (forward, backward, update): the best of
 * five. bench-train [THREADS [CASES [bfloat16]]]. peer-train.py does the same
 * work in PyTorch, compare-train.sh sets both side by side. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/train/train-fixture.h"

typedef struct {
  const char *name;
  guint n_steps, n_sequences;
  guint features, height, width;
  RnncLoss loss;
  const char *layers;
} Case;

static const Case cases[] = {
  { "LSTM 256", 200, 16, 256, 0, 0, RNNC_LOSS_MSE,
      "[{'type':'lstm','name':'r','hidden':256}]" },
  { "LSTM 512", 200, 16, 512, 0, 0, RNNC_LOSS_MSE,
      "[{'type':'lstm','name':'r','hidden':512}]" },
  { "BiLSTM 2x256", 200, 16, 256, 0, 0, RNNC_LOSS_MSE,
      "[{'type':'lstm','name':'r','hidden':256,'layers':2,"
      "'bidirectional':true}]" },
  { "GRU 256", 200, 16, 256, 0, 0, RNNC_LOSS_MSE,
      "[{'type':'gru','name':'r','hidden':256}]" },
  { "speech: conv 192, BiLSTM 2x256, CTC", 400, 16, 80, 0, 0, RNNC_LOSS_CTC,
      "[{'type':'conv1d','name':'c','channels':192,'kernel':5,'stride':2,"
      "'left':2,'right':2,'bias':false},{'type':'batch-norm','name':'n'},"
      "{'type':'relu'},{'type':'lstm','name':'r','hidden':256,'layers':2,"
      "'bidirectional':true},{'type':'dense','name':'h','units':29},"
      "{'type':'log-softmax'}]" },
  { "gesture: 3 convs on 64x64, GRU 128", 32, 16, 0, 64, 64,
      RNNC_LOSS_CROSS_ENTROPY,
      "[{'type':'conv2d','name':'a','channels':16,'kernel':3,'stride':2,"
      "'padding':1,'bias':false},{'type':'batch-norm','name':'an'},"
      "{'type':'relu'},{'type':'conv2d','name':'b','channels':32,'kernel':3,"
      "'stride':2,'padding':1,'bias':false},"
      "{'type':'batch-norm','name':'bn'},{'type':'relu'},"
      "{'type':'conv2d','name':'c','channels':64,'kernel':3,'stride':2,"
      "'padding':1,'bias':false},{'type':'batch-norm','name':'cn'},"
      "{'type':'relu'},{'type':'flatten'},"
      "{'type':'gru','name':'r','hidden':128},{'type':'mean-over-time'},"
      "{'type':'dense','name':'h','units':10},{'type':'log-softmax'}]" },
};

static double
bench (const Case *c, guint threads, RnncPrecision precision)
{
  const guint n_repeats = 5, n_labels = 40;
  RnncTrainerOptions options;
  RnncRandom random = { 1 };
  rnnc_trainer_options_init (&options);
  options.threads = threads;
  options.precision = precision;
  options.loss = c->loss;
  RnncTrainer *trainer
      = fixture_trainer (c->features, c->height, c->width, c->layers, &options);
  gsize width = rnnc_network_input_size (trainer->network);
  gsize n = (gsize) c->n_steps * c->n_sequences * width;
  gsize n_out = (gsize) c->n_steps * c->n_sequences
      * rnnc_trainer_output_size (trainer);
  g_autofree float *data = g_new (float, n);
  g_autofree float *values = g_new (float, n_out);
  g_autofree guint *lengths = g_new (guint, c->n_sequences);
  g_autofree guint *labels = g_new (guint, c->n_sequences * n_labels);
  g_autofree guint *label_lengths = g_new (guint, c->n_sequences);
  fixture_fill (&random, data, n);
  fixture_fill (&random, values, n_out);
  for (guint i = 0; i < c->n_sequences * n_labels; i++)
    labels[i] = 1 + i % 9;
  for (guint b = 0; b < c->n_sequences; b++) {
    lengths[b] = c->n_steps;
    label_lengths[b] = n_labels;
  }
  RnncBatch batch = { c->n_steps, c->n_sequences, width, data, lengths };
  RnncTargets targets = { labels, label_lengths, values };

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
  guint n = argc > 2 ? (guint) atoi (argv[2]) : G_N_ELEMENTS (cases);
  RnncPrecision precision = argc > 3 && g_str_equal (argv[3], "bfloat16")
      ? RNNC_PRECISION_BFLOAT16
      : RNNC_PRECISION_FLOAT;
  printf ("%u threads\n", threads);
  for (guint i = 0; i < MIN (n, G_N_ELEMENTS (cases)); i++)
    printf ("%-38s %3u steps x %u: %7.1f ms\n", cases[i].name, cases[i].n_steps,
        cases[i].n_sequences, bench (&cases[i], threads, precision));
  return 0;
}
