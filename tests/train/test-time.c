/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gradients in time: their norm against the distance from the loss,
 * truncation, clipping by value, weight noise. Truncated gradients themselves
 * are compared with PyTorch's in test-golden.c. */
#include <math.h>

#include "tests/train/train-fixture.h"

#define HIDDEN 4
#define FEATURES 3
#define STEPS 9
#define HEAD "{'type':'dense','name':'head','units':3},{'type':'log-softmax'}]"
#define LAST "{'type':'last-step'},"

static const guint lengths[] = { 9, 5, 7 };
static const guint clip_labels[] = { 2, 0, 1 };

typedef struct {
  RnncTrainer *trainer;
  float data[STEPS * G_N_ELEMENTS (lengths) * FEATURES];
  guint labels[STEPS * G_N_ELEMENTS (lengths)];
  RnncBatch batch;
  RnncTargets targets;
} Setup;

static void
set_up (Setup *s, const char *layers, const RnncTrainerOptions *options)
{
  RnncRandom random = { 5 };
  s->trainer = fixture_trainer (FEATURES, 0, 0, layers, options);
  fixture_fill (&random, s->data, G_N_ELEMENTS (s->data));
  for (guint i = 0; i < G_N_ELEMENTS (s->labels); i++)
    s->labels[i] = (guint) (rnnc_random_next (&random) % 3);
  s->batch = (RnncBatch){ STEPS, G_N_ELEMENTS (lengths), FEATURES, s->data,
    lengths };
  s->targets = (RnncTargets){ s->labels };
}

static void
default_options (RnncTrainerOptions *options)
{
  rnnc_trainer_options_init (options);
  options->optimiser = RNNC_OPTIMISER_SGD;
  options->momentum = 0;
  options->clip_norm = 0;
}

static void
gradients (Setup *s, real *to)
{
  RnncStepStats stats;
  g_autoptr (GError) error = NULL;
  rnnc_trainer_gradients (s->trainer, &s->batch, &s->targets, &stats, &error);
  g_assert_no_error (error);
  memcpy (to, s->trainer->gradients[0],
      s->trainer->network->n_values * sizeof (real));
}

/* --- norms in time ----------------------------------------------------------
 */

static const real *
weights (const Setup *s, const char *name)
{
  const RnncNetwork *network = s->trainer->network;
  for (guint p = 0; p < network->n_parameters; p++)
    if (strcmp (network->parameters[p].name, name) == 0)
      return s->trainer->values + network->parameters[p].offset;
  g_assert_not_reached ();
}

/* Of a vanilla RNN and one sequence, written out: |dLoss/dh_t|. */
static void
expected_norms (const Setup *s, guint b, guint label, double *norms)
{
  const real *w = weights (s, "r.weight_ih_l0");
  const real *u = weights (s, "r.weight_hh_l0");
  const real *head = weights (s, "head.weight");
  const real *bias = weights (s, "head.bias");
  double h[STEPS][HIDDEN] = { { 0 } };
  double p[3], d[HIDDEN] = { 0 }, sum = 0;
  guint n = lengths[b];

  for (guint t = 0; t < n; t++) {
    const float *x = s->data + (t * s->batch.n_sequences + b) * FEATURES;
    for (guint j = 0; j < HIDDEN; j++) {
      double a = 0;
      for (guint i = 0; i < FEATURES; i++)
        a += (double) w[j * FEATURES + i] * x[i];
      for (guint i = 0; t > 0 && i < HIDDEN; i++)
        a += u[j * HIDDEN + i] * h[t - 1][i];
      h[t][j] = tanh (a);
    }
  }
  for (guint c = 0; c < 3; c++) {
    p[c] = bias[c];
    for (guint j = 0; j < HIDDEN; j++)
      p[c] += head[c * HIDDEN + j] * h[n - 1][j];
    p[c] = exp (p[c]);
    sum += p[c];
  }
  for (guint c = 0; c < 3; c++)
    for (guint j = 0; j < HIDDEN; j++)
      d[j] += (p[c] / sum - (c == label)) * head[c * HIDDEN + j];
  for (guint t = n; t-- > 0;) {
    double before[HIDDEN] = { 0 }, squares = 0;
    for (guint j = 0; j < HIDDEN; j++) {
      squares += d[j] * d[j];
      for (guint i = 0; i < HIDDEN; i++)
        before[i] += u[j * HIDDEN + i] * (1 - h[t][j] * h[t][j]) * d[j];
    }
    norms[n - 1 - t] = sqrt (squares);
    memcpy (d, before, sizeof d);
  }
}

/* @layers ends with one output a sequence or one a step: the last one's loss
 * is the same. */
static void
check_flow (const char *layers, gboolean many_to_one, guint threads)
{
  RnncTrainerOptions options;
  const RnncGradientFlow *flows;
  double norms[STEPS], mean[STEPS] = { 0 };
  guint n[STEPS] = { 0 };
  g_autoptr (GError) error = NULL;
  Setup s;

  default_options (&options);
  options.threads = threads;
  set_up (&s, layers, &options);
  for (guint b = 0, at = 0; b < G_N_ELEMENTS (lengths); b++) {
    at += lengths[b];
    if (many_to_one)
      s.labels[b] = clip_labels[b];
    else
      s.labels[at - 1] = clip_labels[b];
    expected_norms (&s, b, clip_labels[b], norms);
    for (guint i = 0; i < lengths[b]; i++, n[i - 1]++)
      mean[i] += norms[i];
  }
  g_assert_cmpuint (rnnc_trainer_gradient_flow (s.trainer, &s.batch, &s.targets,
                        &flows, &error),
      ==, 1);
  g_assert_no_error (error);
  g_assert_cmpstr (flows[0].name, ==, "r");
  g_assert_cmpuint (flows[0].n_distances, ==, STEPS);
  for (guint i = 0; i < STEPS; i++)
    g_assert_cmpfloat_with_epsilon (flows[0].norms[i], mean[i] / n[i],
        1e-5 * mean[0]);
  rnnc_trainer_free (s.trainer);
}

static void
test_flow (void)
{
  const char *one = "[{'type':'rnn','name':'r','hidden':4}," LAST HEAD;
  const char *many = "[{'type':'rnn','name':'r','hidden':4}," HEAD;
  check_flow (one, TRUE, 1);
  check_flow (one, TRUE, 2);
  check_flow (many, FALSE, 1);
}

/* Measuring changes nothing of what is learned. */
static void
test_flow_apart (void)
{
  const char *layers = "[{'type':'lstm','name':'r','hidden':4,'layers':2,"
                       "'dropout':0.2},{'type':'batch-norm'}," HEAD;
  RnncTrainerOptions options;
  const RnncGradientFlow *flows;
  RnncStepStats a_stats, b_stats;
  Setup a, b;

  default_options (&options);
  options.weight_noise = 0.1;
  set_up (&a, layers, &options);
  set_up (&b, layers, &options);
  for (guint i = 0; i < 3; i++) {
    guint n = rnnc_trainer_gradient_flow (a.trainer, &a.batch, &a.targets,
        &flows, NULL);
    g_assert_cmpuint (n, ==, 2);
    g_assert_cmpstr (flows[0].name, ==, "r.0");
    g_assert_cmpstr (flows[1].name, ==, "r.1");
    rnnc_trainer_step (a.trainer, &a.batch, &a.targets, 0.1, &a_stats, NULL);
    rnnc_trainer_step (b.trainer, &b.batch, &b.targets, 0.1, &b_stats, NULL);
    g_assert_cmpfloat (a_stats.loss, ==, b_stats.loss);
  }
  gsize n_bytes = a.trainer->network->n_values * sizeof (real);
  g_assert_cmpmem (a.trainer->values, n_bytes, b.trainer->values, n_bytes);
  rnnc_trainer_free (a.trainer);
  rnnc_trainer_free (b.trainer);
}

static void
test_flow_none (void)
{
  const RnncGradientFlow *flows;
  RnncTrainerOptions options;
  g_autoptr (GError) error = NULL;
  Setup s;

  default_options (&options);
  set_up (&s, "[" HEAD, &options);
  g_assert_cmpuint (rnnc_trainer_gradient_flow (s.trainer, &s.batch, &s.targets,
                        &flows, &error),
      ==, 0);
  g_assert_no_error (error);
  s.labels[0] = 3;
  g_assert_cmpuint (rnnc_trainer_gradient_flow (s.trainer, &s.batch, &s.targets,
                        &flows, &error),
      ==, 0);
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_VALUE);
  rnnc_trainer_free (s.trainer);
}

/* --- truncation -------------------------------------------------------------
 */

static const char *const cells[] = { "rnn", "gru", "lstm" };

static char *
cell_layers (const char *cell, gboolean both_ways)
{
  return g_strdup_printf ("[{'type':'%s','name':'r','hidden':4,'layers':2,"
                          "'bidirectional':%s}," HEAD,
      cell, both_ways ? "true" : "false");
}

/* Truncation at or beyond the longest sequence is none. */
static void
test_truncate_long (gconstpointer cell)
{
  g_autofree char *layers = cell_layers (cell, TRUE);
  RnncTrainerOptions options;
  real *whole, *cut;
  gsize n;

  default_options (&options);
  for (guint truncate = STEPS - 1; truncate <= STEPS + 1; truncate++) {
    Setup a, b;
    options.truncate = 0;
    set_up (&a, layers, &options);
    options.truncate = truncate;
    set_up (&b, layers, &options);
    n = a.trainer->network->n_values;
    whole = g_new (real, n);
    cut = g_new (real, n);
    gradients (&a, whole);
    gradients (&b, cut);
    if (truncate >= STEPS)
      g_assert_cmpmem (whole, n * sizeof (real), cut, n * sizeof (real));
    else
      g_assert_cmpint (memcmp (whole, cut, n * sizeof (real)), !=, 0);
    rnnc_trainer_free (a.trainer);
    rnnc_trainer_free (b.trainer);
    g_free (whole);
    g_free (cut);
  }
}

/* No gradient behind the cut; the loss, and so the state, as without. */
static void
test_truncate_flow (gconstpointer cell)
{
  g_autofree char *layers = cell_layers (cell, FALSE);
  RnncTrainerOptions options;
  const RnncGradientFlow *flows;
  RnncStepStats whole, cut;
  Setup s;

  default_options (&options);
  set_up (&s, layers, &options);
  rnnc_trainer_gradients (s.trainer, &s.batch, &s.targets, &whole, NULL);
  rnnc_trainer_free (s.trainer);
  options.truncate = 4; /* of 9 steps: the last one is alone */
  set_up (&s, layers, &options);
  rnnc_trainer_gradients (s.trainer, &s.batch, &s.targets, &cut, NULL);
  g_assert_cmpfloat (whole.loss, ==, cut.loss);
  s.batch.n_sequences = 1; /* of 9 steps */
  g_assert_cmpuint (rnnc_trainer_gradient_flow (s.trainer, &s.batch, &s.targets,
                        &flows, NULL),
      ==, 2);
  for (guint k = 0; k < 2; k++) {
    g_assert_cmpfloat (flows[k].norms[0], >, 0);
    for (guint i = 1; i < flows[k].n_distances; i++)
      g_assert_cmpfloat (flows[k].norms[i], ==, 0);
  }
  rnnc_trainer_free (s.trainer);
}

/* --- clipping by value, weight noise ----------------------------------------
 */

static void
test_clip_value (void)
{
  const char *layers = "[{'type':'rnn','name':'r','hidden':4}," HEAD;
  const double bounds[] = { 0, 0.01, 1e6 };
  RnncTrainerOptions options;
  RnncStepStats stats;

  default_options (&options);
  for (guint k = 0; k < G_N_ELEMENTS (bounds); k++) {
    gboolean any = FALSE;
    Setup s;
    options.clip_value = bounds[k];
    set_up (&s, layers, &options);
    gsize n = s.trainer->network->n_values;
    g_autofree real *before = g_new (real, n);
    g_autofree real *gradient = g_new (real, n);
    memcpy (before, s.trainer->values, n * sizeof (real));
    gradients (&s, gradient);
    rnnc_trainer_step (s.trainer, &s.batch, &s.targets, 1, &stats, NULL);
    for (gsize i = 0; i < n; i++) {
      double g = gradient[i];
      if (bounds[k] > 0 && fabs (g) > bounds[k]) {
        g = g > 0 ? bounds[k] : -bounds[k];
        any = TRUE;
      }
      g_assert_cmpfloat_with_epsilon (before[i] - s.trainer->values[i], g,
          1e-6);
    }
    g_assert_cmpint (any, ==, k == 1);
    g_assert_cmpint (stats.clipped, ==, any);
    rnnc_trainer_free (s.trainer);
  }
}

/* The gradient is that at the noisy weights, and other in each step; it is
 * taken off the weights without noise. */
static void
test_weight_noise (void)
{
  const char *layers = "[{'type':'gru','name':'r','hidden':4}," HEAD;
  RnncTrainerOptions options;
  Setup noisy, plain;

  default_options (&options);
  set_up (&plain, layers, &options);
  options.weight_noise = 0.2;
  set_up (&noisy, layers, &options);
  gsize n = noisy.trainer->network->n_values;
  g_autofree real *before = g_new (real, n);
  g_autofree real *first = g_new (real, n);
  g_autofree real *second = g_new (real, n);
  double sum = 0, n_matrix = 0;
  memcpy (before, noisy.trainer->values, n * sizeof (real));
  gradients (&noisy, first);
  g_assert_cmpmem (noisy.trainer->values, n * sizeof (real), before,
      n * sizeof (real));
  memcpy (plain.trainer->values, noisy.trainer->noisy, n * sizeof (real));
  gradients (&plain, second);
  g_assert_cmpmem (first, n * sizeof (real), second, n * sizeof (real));
  for (guint p = 0; p < noisy.trainer->network->n_parameters; p++) {
    const RnncParameter *parameter = &noisy.trainer->network->parameters[p];
    for (gsize i = 0; i < parameter->n_values; i++) {
      double d = noisy.trainer->noisy[parameter->offset + i]
          - before[parameter->offset + i];
      if (parameter->rank == 1)
        g_assert_cmpfloat (d, ==, 0);
      else
        n_matrix++;
      sum += d * d;
    }
  }
  g_assert_cmpfloat_with_epsilon (sqrt (sum / n_matrix), 0.2, 0.05);
  rnnc_trainer_step (noisy.trainer, &noisy.batch, &noisy.targets, 0, NULL,
      NULL);
  g_assert_cmpmem (noisy.trainer->values, n * sizeof (real), before,
      n * sizeof (real));
  gradients (&noisy, second);
  g_assert_cmpint (memcmp (first, second, n * sizeof (real)), !=, 0);
  rnnc_trainer_free (noisy.trainer);
  rnnc_trainer_free (plain.trainer);
}

/* Gradients of rounded numbers are near those of float, layer by layer, and
 * the same ones where the machine has no such products. */
static void
test_bfloat16 (void)
{
  const char *layers
      = "[{'type':'conv1d','name':'c','channels':20,'kernel':3},"
        "{'type':'lstm','name':'r','hidden':33,'layers':2,"
        "'bidirectional':true},{'type':'gru','name':'g','hidden':18}," HEAD;
  gboolean has = rnnc_product_kernel (TRUE) == RNNC_PRODUCT_BFLOAT16;
  RnncTrainerOptions options;
  Setup exact, rounded;

  default_options (&options);
  set_up (&exact, layers, &options);
  options.precision = RNNC_PRECISION_BFLOAT16;
  set_up (&rounded, layers, &options);
  const RnncNetwork *network = exact.trainer->network;
  g_autofree real *a = g_new (real, network->n_values);
  g_autofree real *b = g_new (real, network->n_values);
  gradients (&exact, a);
  gradients (&rounded, b);
  for (guint p = 0; p < network->n_parameters; p++) {
    const RnncParameter *parameter = &network->parameters[p];
    double sum = 0, apart = 0;
    for (gsize i = parameter->offset;
         i < parameter->offset + parameter->n_values; i++) {
      sum += (double) a[i] * a[i];
      apart += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
    }
    g_assert_cmpfloat (sqrt (apart), <=, 0.03 * sqrt (sum));
    g_assert_cmpint (apart > 0, ==, has);
  }
  rnnc_trainer_free (exact.trainer);
  rnnc_trainer_free (rounded.trainer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/flow/written-out", test_flow);
  g_test_add_func ("/train/flow/apart", test_flow_apart);
  g_test_add_func ("/train/flow/none", test_flow_none);
  for (guint i = 0; i < G_N_ELEMENTS (cells); i++) {
    g_autofree char *path
        = g_strdup_printf ("/train/truncate/long/%s", cells[i]);
    g_autofree char *flow
        = g_strdup_printf ("/train/truncate/flow/%s", cells[i]);
    g_test_add_data_func (path, cells[i], test_truncate_long);
    g_test_add_data_func (flow, cells[i], test_truncate_flow);
  }
  g_test_add_func ("/train/clip-value", test_clip_value);
  g_test_add_func ("/train/weight-noise", test_weight_noise);
  g_test_add_func ("/train/bfloat16", test_bfloat16);
  return g_test_run ();
}
