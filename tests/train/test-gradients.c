/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every backward pass against finite differences, in double: for each weight
 * of a small network (f(w-2h) - 8 f(w-h) + 8 f(w+h) - f(w+2h)) / 12h. A layer
 * stands behind another that learns, so its gradient with respect to its input
 * is checked too. Sequences have different lengths; padding is NaN. */
#include <math.h>

#include "tests/train/train-fixture.h"

#define N_SEQUENCES 4
#define MAX_STEPS 7
#define TOLERANCE 1e-7

typedef struct {
  const char *name;
  guint features, height, width;
  RnncLoss loss;
  const char *layers;
  double label_smoothing;
  guint threads;
} Case;

#define DENSE "{'type':'dense','name':'d','units':5},"
#define HEAD ",{'type':'dense','name':'head','units':4},{'type':'log-softmax'}]"
#define CE RNNC_LOSS_CROSS_ENTROPY
#define CTC RNNC_LOSS_CTC
#define MSE RNNC_LOSS_MSE

static const Case cases[] = {
  { "dense", 3, 0, 0, CE,
      "[{'type':'dense','units':4},{'type':'log-softmax'}]" },
  { "dense-no-bias", 3, 0, 0, CE,
      "[{'type':'dense','units':4,'bias':false},{'type':'log-softmax'}]" },
  { "relu", 3, 0, 0, CE, "[" DENSE "{'type':'relu'}" HEAD },
  { "tanh", 3, 0, 0, CE, "[" DENSE "{'type':'tanh'}" HEAD },
  { "sigmoid", 3, 0, 0, CE, "[" DENSE "{'type':'sigmoid'}" HEAD },
  { "softmax", 3, 0, 0, CE, "[" DENSE "{'type':'softmax'}" HEAD },
  { "log-softmax", 3, 0, 0, CE, "[" DENSE "{'type':'log-softmax'}" HEAD },
  { "dropout", 3, 0, 0, CE,
      "[" DENSE "{'type':'tanh'},{'type':'dropout','rate':0.4}" HEAD },
  { "dropout-in-place", 3, 0, 0, CE,
      "[" DENSE "{'type':'dropout','rate':0.4},{'type':'tanh'}" HEAD },
  { "label-smoothing", 3, 0, 0, CE, "[" DENSE "{'type':'tanh'}" HEAD, 0.2 },
  { "mse", 3, 0, 0, MSE, "[" DENSE "{'type':'tanh'}]" },
  { "batch-norm", 3, 0, 0, CE, "[" DENSE "{'type':'batch-norm'}" HEAD },
  { "batch-norm-2-workers", 3, 0, 0, CE,
      "[" DENSE "{'type':'batch-norm'},{'type':'relu'}" HEAD, 0, 2 },
  { "conv1d-causal", 3, 0, 0, CE,
      "[" DENSE "{'type':'conv1d','channels':3,'kernel':3,'left':2}" HEAD },
  { "conv1d-centred", 3, 0, 0, CE,
      "[" DENSE "{'type':'conv1d','channels':3,'kernel':5,'left':2,'right':2,"
      "'bias':false}" HEAD },
  { "conv1d-strided", 3, 0, 0, CE,
      "[" DENSE "{'type':'conv1d','channels':3,'kernel':4,'left':1,'right':2,"
      "'stride':2}" HEAD },
  { "conv1d-stride-beyond-kernel", 3, 0, 0, CE,
      "[" DENSE "{'type':'conv1d','channels':3,'kernel':2,'left':1,"
      "'stride':3}" HEAD },
  { "conv2d", 0, 5, 6, CE,
      "[{'type':'conv2d','name':'a','channels':2,'kernel':3,'padding':1},"
      "{'type':'tanh'},"
      "{'type':'conv2d','name':'b','channels':3,'kernel':[3,2],"
      "'stride':[2,1],'padding':[1,0]},{'type':'relu'},{'type':'flatten'"
      "}" HEAD },
  { "conv2d-batch-norm", 0, 6, 5, CE,
      "[{'type':'conv2d','name':'a','channels':3,'kernel':3,'stride':2,"
      "'bias':false},{'type':'batch-norm'},{'type':'relu'},"
      "{'type':'conv2d','name':'b','channels':2,'kernel':2},"
      "{'type':'flatten'}" HEAD },
  { "rnn", 3, 0, 0, CE, "[" DENSE "{'type':'rnn','name':'r','hidden':4}" HEAD },
  { "rnn-relu", 3, 0, 0, CE,
      "[" DENSE
      "{'type':'rnn','name':'r','hidden':4,'nonlinearity':'relu'}" HEAD },
  { "rnn-stacked-bidirectional", 3, 0, 0, CE,
      "[" DENSE "{'type':'rnn','name':'r','hidden':3,'layers':2,"
      "'bidirectional':true}" HEAD },
  { "gru", 3, 0, 0, CE, "[" DENSE "{'type':'gru','name':'r','hidden':4}" HEAD },
  { "gru-stacked-bidirectional", 3, 0, 0, CE,
      "[" DENSE "{'type':'gru','name':'r','hidden':3,'layers':3,"
      "'bidirectional':true,'dropout':0.3}" HEAD },
  { "gru-no-bias", 3, 0, 0, CE,
      "[" DENSE "{'type':'gru','name':'r','hidden':4,'bias':false}" HEAD },
  { "lstm", 3, 0, 0, CE,
      "[" DENSE "{'type':'lstm','name':'r','hidden':4}" HEAD },
  { "lstm-no-bias", 3, 0, 0, CE,
      "[" DENSE "{'type':'lstm','name':'r','hidden':4,'bias':false}" HEAD },
  { "lstm-stacked-bidirectional", 3, 0, 0, CE,
      "[" DENSE "{'type':'lstm','name':'r','hidden':3,'layers':3,"
      "'bidirectional':true,'dropout':0.3}" HEAD },
  { "mean-over-time", 3, 0, 0, CE,
      "[" DENSE "{'type':'gru','name':'r','hidden':4},"
      "{'type':'mean-over-time'}" HEAD },
  { "last-step", 3, 0, 0, CE,
      "[" DENSE "{'type':'lstm','name':'r','hidden':4},"
      "{'type':'last-step'}" HEAD },
  { "mse-many-to-one", 3, 0, 0, MSE,
      "[" DENSE "{'type':'gru','name':'r','hidden':4},{'type':'last-step'}]" },
  { "ctc", 3, 0, 0, CTC, "[" DENSE "{'type':'tanh'}" HEAD },
  { "speech", 3, 0, 0, CTC,
      "[{'type':'conv1d','name':'c','channels':6,'kernel':3,'left':1,"
      "'right':1,'bias':false},{'type':'batch-norm','name':'n'},"
      "{'type':'relu'},{'type':'lstm','name':'r','hidden':4,'layers':2,"
      "'bidirectional':true,'dropout':0.2}" HEAD,
      0, 2 },
  { "gesture", 0, 6, 6, CE,
      "[{'type':'conv2d','name':'a','channels':3,'kernel':3,'stride':2,"
      "'padding':1,'bias':false},{'type':'batch-norm','name':'n'},"
      "{'type':'relu'},{'type':'flatten'},{'type':'dense','name':'d',"
      "'units':5},{'type':'tanh'},{'type':'gru','name':'r','hidden':4},"
      "{'type':'mean-over-time'}" HEAD,
      0.1, 3 },
};

typedef struct {
  RnncTrainer *trainer;
  float *data;
  RnncBatch batch;
  guint *labels;
  float *values;
  RnncTargets targets;
} Fixture;

static const guint lengths[N_SEQUENCES] = { 5, 7, 1, 6 };
static const guint target_lengths[N_SEQUENCES] = { 2, 3, 1, 0 };
static const guint ctc_labels[] = { 1, 2, 3, 3, 1, 2 };

static void
fixture_set_up (Fixture *f, const Case *c)
{
  RnncTrainerOptions options;
  RnncRandom random = { 42 };
  rnnc_trainer_options_init (&options);
  options.loss = c->loss;
  options.label_smoothing = c->label_smoothing;
  options.threads = MAX (c->threads, 1);
  f->trainer
      = fixture_trainer (c->features, c->height, c->width, c->layers, &options);
  const RnncNetwork *network = f->trainer->network;
  for (guint p = 0; p < network->n_parameters; p++)
    if (network->parameters[p].trained)
      for (gsize i = 0; i < network->parameters[p].n_values; i++)
        f->trainer->values[network->parameters[p].offset + i]
            += 0.3 * fixture_random (&random);

  gsize n = rnnc_network_input_size (network);
  f->data = g_new (float, N_SEQUENCES *MAX_STEPS *n);
  fixture_fill (&random, f->data, N_SEQUENCES * MAX_STEPS * n);
  for (guint t = 0; t < MAX_STEPS; t++)
    for (guint b = 0; b < N_SEQUENCES; b++)
      for (gsize i = 0; t >= lengths[b] && i < n; i++)
        f->data[(t * N_SEQUENCES + b) * n + i] = NAN;
  f->batch = (RnncBatch){ MAX_STEPS, N_SEQUENCES, n, f->data, lengths };

  gsize n_values = N_SEQUENCES * MAX_STEPS * rnnc_network_output_size (network);
  f->values = g_new (float, n_values);
  fixture_fill (&random, f->values, n_values);
  f->labels = g_new (guint, N_SEQUENCES * MAX_STEPS);
  for (guint i = 0; i < N_SEQUENCES * MAX_STEPS; i++)
    f->labels[i] = (guint) (rnnc_random_next (&random) % 4);
  f->targets = (RnncTargets){ f->labels, NULL, f->values };
  if (c->loss == RNNC_LOSS_CTC)
    f->targets = (RnncTargets){ ctc_labels, target_lengths, NULL };
}

static void
fixture_tear_down (Fixture *f)
{
  rnnc_trainer_free (f->trainer);
  g_free (f->data);
  g_free (f->values);
  g_free (f->labels);
}

static double
loss_at (Fixture *f)
{
  RnncStepStats stats;
  g_autoptr (GError) error = NULL;
  rnnc_trainer_gradients (f->trainer, &f->batch, &f->targets, &stats, &error);
  g_assert_no_error (error);
  return stats.loss;
}

static double
finite_difference (Fixture *f, real *value)
{
  const double h = 2e-4;
  const double weights[] = { 1, -8, 0, 8, -1 };
  double sum = 0;
  real before = *value;
  for (int i = -2; i <= 2; i++) {
    if (i == 0)
      continue;
    *value = before + i * h;
    sum += weights[i + 2] * loss_at (f);
  }
  *value = before;
  return sum / (12 * h);
}

/* Relative error over one tensor, against the largest gradient about. */
static void
check_parameter (Fixture *f, const RnncParameter *parameter,
    const real *gradients, double norm)
{
  double error = 0, size = 0;
  gsize stride = MAX (parameter->n_values / 60, 1);
  for (gsize i = 0; i < parameter->n_values; i += stride) {
    gsize at = parameter->offset + i;
    double numeric = finite_difference (f, &f->trainer->values[at]);
    error += (numeric - gradients[at]) * (numeric - gradients[at]);
    size += numeric * numeric;
  }
  error = sqrt (error) / MAX (sqrt (size), 1e-4 * norm);
  g_test_message ("%s: relative error %.2e", parameter->name, error);
  if (error > TOLERANCE)
    g_test_fail_printf ("%s: relative error %g", parameter->name, error);
}

static void
test_gradient (gconstpointer data)
{
  const Case *c = data;
  Fixture f;
  fixture_set_up (&f, c);
  const RnncNetwork *network = f.trainer->network;
  double loss = loss_at (&f);
  double norm
      = sqrt (rnnc_sum_squares (f.trainer->gradients[0], network->n_values));
  g_autofree real *gradients = g_new (real, network->n_values);
  memcpy (gradients, f.trainer->gradients[0],
      network->n_values * sizeof (real));
  g_assert_true (isfinite (loss));
  g_assert_cmpfloat (norm, >, 1e-3);
  for (guint p = 0; p < network->n_parameters; p++)
    if (network->parameters[p].trained)
      check_parameter (&f, &network->parameters[p], gradients, norm);
  fixture_tear_down (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path
        = g_strdup_printf ("/train/gradient/%s", cases[i].name);
    g_test_add_data_func (path, &cases[i], test_gradient);
  }
  return g_test_run ();
}
