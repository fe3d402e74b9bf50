/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every backward pass against finite differences, in double: for each weight
 * of a small network (f(w-2h) - 8 f(w-h) + 8 f(w+h) - f(w+2h)) / 12h. A layer
 * stands behind another that learns, so its gradient with respect to its input
 * is checked too. Sequences have different lengths; padding is NaN.
 *
 * Compiled twice: in float, where differences would be rounding, gradients are
 * compared with those of the double twin, which prints them when it is called
 * with "--gradients NAME". */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/train/train-fixture.h"

#define N_SEQUENCES 4
#define MAX_STEPS 7
#ifdef RNNC_REAL_DOUBLE
#define TOLERANCE 1e-7
#else
#define TOLERANCE 1e-4
#endif

typedef struct {
  const char *name;
  guint features, height, width;
  RnncLoss loss;
  const char *layers;
  double label_smoothing;
  guint threads;
  guint truncate;
  guint n_phones; /* the last outputs */
} Case;

#define DENSE "{'type':'dense','name':'d','units':5},"
#define HEAD ",{'type':'dense','name':'head','units':4},{'type':'log-softmax'}]"
#define SPLIT_HEAD                                                             \
  ",{'type':'dense','name':'head','units':7},"                                 \
  "{'type':'log-softmax','split':4}]"
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
  { "conv1d-dilated", 3, 0, 0, CE,
      "[" DENSE "{'type':'conv1d','channels':3,'kernel':3,'left':4,"
      "'dilation':2}" HEAD },
  { "conv1d-groups", 3, 0, 0, CE,
      "[{'type':'dense','name':'d','units':6},{'type':'conv1d','channels':9,"
      "'kernel':3,'left':1,'right':1,'groups':3,'stride':2}" HEAD },
  { "conv1d-depthwise", 3, 0, 0, CE,
      "[" DENSE "{'type':'conv1d','channels':5,'kernel':4,'left':3,"
      "'groups':5,'bias':false}" HEAD },
  { "conv2d-dilated", 0, 7, 8, CE,
      "[{'type':'conv2d','name':'a','channels':2,'kernel':3,'padding':1},"
      "{'type':'conv2d','name':'b','channels':3,'kernel':[2,3],"
      "'stride':[1,2],'padding':[1,2],'dilation':[3,2]},{'type':'flatten'"
      "}" HEAD },
  { "conv2d-groups", 0, 5, 5, CE,
      "[{'type':'conv2d','name':'a','channels':4,'kernel':3,'padding':1},"
      "{'type':'conv2d','name':'b','channels':6,'kernel':3,'groups':2,"
      "'padding':1,'dilation':[1,2]},{'type':'tanh'},"
      "{'type':'conv2d','name':'c','channels':6,'kernel':2,'groups':6},"
      "{'type':'flatten'}" HEAD },
  { "frame-conv1d-sides", 12, 0, 0, CE,
      "[{'type':'dense','name':'d','units':12},{'type':'unflatten','height':1,'"
      "channels':2,"
      "'width':6},{'type':'frame-conv1d','name':'f','channels':4,'kernel':3,"
      "'padding':[0,2],'stride':2},{'type':'flatten'}" HEAD },
  { "unflatten", 6, 0, 0, CE,
      "[{'type':'dense','name':'d','units':24},{'type':'unflatten','height':3,'"
      "channels':2,"
      "'width':4},{'type':'conv2d','name':'a','channels':3,'kernel':2},"
      "{'type':'flatten'}" HEAD },
  { "magnitude", 4, 0, 0, CE,
      "[{'type':'dense','name':'d','units':6},{'type':'magnitude'}" HEAD },
  { "leaky-relu", 3, 0, 0, CE,
      "[" DENSE "{'type':'leaky-relu','slope':0.2}" HEAD },
  { "leaky-relu-falling", 3, 0, 0, CE,
      "[" DENSE "{'type':'leaky-relu','slope':-0.5},{'type':'dropout',"
      "'rate':0.2}" HEAD },
  { "gelu", 3, 0, 0, CE, "[" DENSE "{'type':'gelu'}" HEAD },
  { "layer-norm", 3, 0, 0, CE, "[" DENSE "{'type':'layer-norm'}" HEAD },
  { "layer-norm-plain", 3, 0, 0, CE,
      "[" DENSE "{'type':'layer-norm','affine':false}" HEAD },
  { "layer-norm-image", 0, 4, 3, CE,
      "[{'type':'conv2d','name':'a','channels':4,'kernel':2},"
      "{'type':'layer-norm','bias':false},{'type':'flatten'}" HEAD },
  { "max-pool1d", 3, 0, 0, CE,
      "[" DENSE "{'type':'max-pool1d','kernel':3,'left':1,'stride':2}" HEAD },
  { "average-pool1d", 3, 0, 0, CE,
      "[" DENSE "{'type':'average-pool1d','kernel':4,'left':2}" HEAD },
  { "max-pool2d", 0, 6, 7, CE,
      "[{'type':'conv2d','name':'a','channels':3,'kernel':2},"
      "{'type':'max-pool2d','kernel':[3,2],'stride':[2,1],'padding':1},"
      "{'type':'flatten'}" HEAD },
  { "average-pool2d", 0, 6, 7, CE,
      "[{'type':'conv2d','name':'a','channels':3,'kernel':2},"
      "{'type':'average-pool2d','kernel':3,'stride':2,'padding':1},"
      "{'type':'flatten'}" HEAD },
  { "average-pool2d-inside", 0, 6, 7, CE,
      "[{'type':'conv2d','name':'a','channels':3,'kernel':2},"
      "{'type':'average-pool2d','kernel':[3,2],'padding':[1,0],"
      "'count-padding':false},{'type':'flatten'}" HEAD },
  { "embedding", 2, 0, 0, CE,
      "[{'type':'embedding','name':'e','entries':3,'units':4},{'type':'gru',"
      "'name':'r','hidden':3}" HEAD },
  { "embedding-behind-layers", 2, 0, 0, CE,
      "[{'type':'embedding','name':'e','entries':2,'units':3},"
      "{'type':'relu','name':'a'},"
      "{'type':'dense','name':'d','units':3,'input':'frontend'},"
      "{'type':'concatenate','inputs':['a','d']}" HEAD },
  { "residual", 3, 0, 0, CE,
      "[{'type':'dense','name':'a','units':4},{'type':'relu','name':'b'},"
      "{'type':'conv1d','name':'c','channels':4,'kernel':3,'left':1,'right':1},"
      "{'type':'tanh','name':'t'},{'type':'add','name':'s','inputs':['t','b']},"
      "{'type':'relu'}" HEAD },
  { "residual-twice", 3, 0, 0, CE,
      "[{'type':'dense','name':'a','units':4},"
      "{'type':'batch-norm','name':'n'},{'type':'relu','name':'b'},"
      "{'type':'gru','name':'r','hidden':4},"
      "{'type':'add','name':'s','inputs':['r','b']},"
      "{'type':'dense','name':'c','units':4},{'type':'sigmoid','name':'g'},"
      "{'type':'multiply','name':'m','inputs':['g','s','b']}" HEAD,
      0, 2 },
  { "squared", 3, 0, 0, CE,
      "[{'type':'dense','name':'a','units':4},{'type':'multiply',"
      "'inputs':['a','a','a']}" HEAD },
  { "branches", 3, 0, 0, CE,
      "[{'type':'conv1d','name':'a','channels':3,'kernel':3,'left':2,"
      "'stride':2},"
      "{'type':'max-pool1d','name':'p','kernel':2,'left':1,'stride':2,"
      "'input':'frontend'},"
      "{'type':'lstm','name':'r','hidden':3,'input':'a'},"
      "{'type':'concatenate','inputs':['r','p','a']},{'type':'layer-norm'"
      "}" HEAD,
      0, 3 },
  { "images-side-by-side", 0, 4, 5, CE,
      "[{'type':'conv2d','name':'a','channels':2,'kernel':3,'padding':1},"
      "{'type':'conv2d','name':'b','channels':3,'kernel':1,"
      "'input':'frontend'},"
      "{'type':'concatenate','inputs':['a','frontend','b']},"
      "{'type':'flatten'}" HEAD },
  { "branches-many-to-one", 3, 0, 0, CE,
      "[{'type':'gru','name':'r','hidden':3},"
      "{'type':'mean-over-time','name':'m'},"
      "{'type':'last-step','name':'l','input':'r'},"
      "{'type':'concatenate','inputs':['m','l']}" HEAD },
  { "lstm-projection", 3, 0, 0, CE,
      "[" DENSE "{'type':'lstm','name':'r','hidden':5,'projection':3}" HEAD },
  { "lstm-projection-stacked-bidirectional", 3, 0, 0, CE,
      "[" DENSE "{'type':'lstm','name':'r','hidden':4,'layers':3,"
      "'projection':2,'bidirectional':true,'dropout':0.3}" HEAD },
  { "lstm-projection-no-bias", 3, 0, 0, CE,
      "[" DENSE "{'type':'lstm','name':'r','hidden':4,'projection':2,"
      "'bias':false}" HEAD },
  { "lstm-truncated-nowhere", 3, 0, 0, CE,
      "[" DENSE "{'type':'lstm','name':'r','hidden':4,'projection':2}" HEAD, 0,
      2, 9 },
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
  { "log-softmax-split", 3, 0, 0, CE,
      "[" DENSE "{'type':'log-softmax','split':2}" HEAD },
  { "softmax-split", 3, 0, 0, CE,
      "[" DENSE "{'type':'softmax','split':3}" HEAD },
  { "phones", 3, 0, 0, CTC, "[" DENSE "{'type':'tanh'}" SPLIT_HEAD,
      .n_phones = 3 },
  { "phones-2-workers", 3, 0, 0, CTC, "[" DENSE "{'type':'tanh'}" SPLIT_HEAD,
      .threads = 2, .n_phones = 3 },
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
/* Letters 1 … 3, phones 5 and 6. */
static const guint phones_lengths[N_SEQUENCES] = { 3, 5, 2, 0 };
static const guint phones_labels[] = { 1, 5, 2, 6, 3, 6, 3, 5, 6, 2 };

static void
fixture_set_up (Fixture *f, const Case *c)
{
  RnncTrainerOptions options;
  RnncRandom random = { 42 };
  rnnc_trainer_options_init (&options);
  options.loss = c->loss;
  options.label_smoothing = c->label_smoothing;
  options.threads = MAX (c->threads, 1);
  options.truncate = c->truncate;
  f->trainer = fixture_trainer_with_phones (c->features, c->height, c->width,
      c->layers, c->n_phones, &options);
  const RnncNetwork *network = f->trainer->network;
  for (guint p = 0; p < network->n_parameters; p++)
    if (network->parameters[p].trained)
      for (gsize i = 0; i < network->parameters[p].n_values; i++)
        f->trainer->values[network->parameters[p].offset + i]
            += (real) (0.3 * fixture_random (&random));

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
  if (c->n_phones > 0)
    f->targets = (RnncTargets){ phones_labels, phones_lengths, NULL };
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

#ifdef RNNC_REAL_DOUBLE

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

/* What each number of the gradient should be; NAN: not looked at. */
static double *
expected_gradients (Fixture *f, const Case *c)
{
  const RnncNetwork *network = f->trainer->network;
  double *expected = g_new (double, network->n_values);
  for (gsize i = 0; i < network->n_values; i++)
    expected[i] = NAN;
  for (guint p = 0; p < network->n_parameters; p++) {
    const RnncParameter *parameter = &network->parameters[p];
    gsize stride = MAX (parameter->n_values / 60, 1);
    for (gsize i = 0; parameter->trained && i < parameter->n_values;
         i += stride) {
      gsize at = parameter->offset + i;
      expected[at] = finite_difference (f, &f->trainer->values[at]);
    }
  }
  return expected;
}

#else

/* The double twin's. */
static double *
expected_gradients (Fixture *f, const Case *c)
{
  gsize n = f->trainer->network->n_values;
  double *expected = g_new (double, n);
  g_autofree char *twin
      = g_test_build_filename (G_TEST_BUILT, "test-gradients-double", NULL);
  const char *const arguments[] = { twin, "--gradients", c->name, NULL };
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;

  g_spawn_sync (NULL, (char **) arguments, NULL, G_SPAWN_DEFAULT, NULL, NULL,
      &text, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  char *next = text;
  for (gsize i = 0; i < n; i++) {
    char *end;
    expected[i] = g_ascii_strtod (next, &end);
    g_assert_true (end != next);
    next = end;
  }
  return expected;
}

#endif

/* Relative error over one tensor, against the largest gradient about. */
static void
check_parameter (const RnncParameter *parameter, const real *gradients,
    const double *expected, double norm)
{
  double error = 0, size = 0;
  for (gsize i = 0; i < parameter->n_values; i++) {
    gsize at = parameter->offset + i;
    if (isnan (expected[at]))
      continue;
    error += (expected[at] - gradients[at]) * (expected[at] - gradients[at]);
    size += expected[at] * expected[at];
  }
  /* In float a gradient that cancels out is rounding of the others. */
  error = sqrt (error)
      / MAX (sqrt (size), (TOLERANCE > 1e-5 ? 1e-2 : 1e-4) * norm);
  g_test_message ("%s: relative error %.2e", parameter->name, error);
  if (!(error <= TOLERANCE))
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
  g_autofree double *expected = expected_gradients (&f, c);
  for (guint p = 0; p < network->n_parameters; p++)
    if (network->parameters[p].trained)
      check_parameter (&network->parameters[p], gradients, expected, norm);
  fixture_tear_down (&f);
}

static int
print_gradients (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    Fixture f;
    if (!g_str_equal (cases[i].name, name))
      continue;
    fixture_set_up (&f, &cases[i]);
    loss_at (&f);
    for (gsize k = 0; k < f.trainer->network->n_values; k++)
      printf ("%.17g\n", (double) f.trainer->gradients[0][k]);
    fixture_tear_down (&f);
    return EXIT_SUCCESS;
  }
  return EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
  if (argc == 3 && g_str_equal (argv[1], "--gradients"))
    return print_gradients (argv[2]);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path
        = g_strdup_printf ("/train/gradient/%s", cases[i].name);
    g_test_add_data_func (path, &cases[i], test_gradient);
  }
  return g_test_run ();
}
