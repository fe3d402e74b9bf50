/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The CTC loss and its gradient against the sum over all paths. */
#include <math.h>

#include "rnncore/train/ctc.h"
#include "rnncore/train/random.h"
#include "rnncore/train/vector-math.h"
#include "tests/train/train-fixture.h"

#ifdef RNNC_REAL_DOUBLE
#define TOLERANCE 1e-12
#else
#define TOLERANCE 2e-6
#endif

#define MAX_STEPS 7
#define MAX_CLASSES 4

typedef struct {
  const char *name;
  guint n_steps, n_classes, blank;
  guint n_labels;
  guint labels[5];
  gboolean feasible;
} Case;

static const Case cases[] = {
  { "one-step", 1, 3, 0, 1, { 2 }, TRUE },
  { "short", 3, 3, 0, 1, { 1 }, TRUE },
  { "two-labels", 5, 4, 0, 2, { 1, 3 }, TRUE },
  { "repeat", 5, 3, 0, 2, { 2, 2 }, TRUE },
  { "repeat-exact-fit", 3, 3, 0, 2, { 2, 2 }, TRUE },
  { "exact-fit", 4, 4, 0, 4, { 1, 2, 3, 1 }, TRUE },
  { "long", 7, 4, 0, 3, { 3, 1, 1 }, TRUE },
  { "blank-last", 6, 4, 3, 3, { 0, 1, 0 }, TRUE },
  { "no-labels", 4, 3, 0, 0, { 0 }, TRUE },
  { "no-labels-one-step", 1, 3, 0, 0, { 0 }, TRUE },
  { "too-short", 2, 4, 0, 3, { 1, 2, 3 }, FALSE },
  { "too-short-for-repeat", 2, 4, 0, 2, { 1, 1 }, FALSE },
};

/* Whether a path says the labels: repeats merged, blanks taken out. */
static gboolean
path_says (const Case *c, const guint *path)
{
  guint n = 0;
  for (guint t = 0; t < c->n_steps; t++) {
    if (path[t] == c->blank || (t > 0 && path[t] == path[t - 1]))
      continue;
    if (n == c->n_labels || c->labels[n] != path[t])
      return FALSE;
    n++;
  }
  return n == c->n_labels;
}

static gboolean
next_path (const Case *c, guint *path)
{
  for (guint t = 0; t < c->n_steps; t++) {
    if (++path[t] < c->n_classes)
      return TRUE;
    path[t] = 0;
  }
  return FALSE;
}

/* p (labels), and how much of it goes through each class at each step. */
static double
enumerate (const Case *c, const real *log_probabilities, double *through)
{
  guint path[MAX_STEPS] = { 0 };
  double total = 0;
  do {
    double log_p = 0;
    if (!path_says (c, path))
      continue;
    for (guint t = 0; t < c->n_steps; t++)
      log_p += log_probabilities[t * c->n_classes + path[t]];
    total += exp (log_p);
    for (guint t = 0; t < c->n_steps; t++)
      through[t * c->n_classes + path[t]] += exp (log_p);
  } while (next_path (c, path));
  return total;
}

static void
random_log_probabilities (RnncRandom *random, const Case *c, real *values)
{
  for (guint t = 0; t < c->n_steps; t++) {
    double sum = 0;
    for (guint k = 0; k < c->n_classes; k++)
      sum += values[k] = (real) exp (2 * rnnc_random_gaussian (random));
    for (guint k = 0; k < c->n_classes; k++)
      values[k] = (real) log (values[k] / sum);
    values += c->n_classes;
  }
}

static void
test_enumeration (gconstpointer data)
{
  const Case *c = data;
  RnncRandom random = { 7 };
  RnncBuffer memory = { 0 };
  gsize rows[MAX_STEPS];
  for (gsize t = 0; t < MAX_STEPS; t++)
    rows[t] = t;
  for (guint repeat = 0; repeat < 20; repeat++) {
    real log_probabilities[MAX_STEPS * MAX_CLASSES];
    real gradient[MAX_STEPS * MAX_CLASSES] = { 0 };
    double through[MAX_STEPS * MAX_CLASSES] = { 0 };
    random_log_probabilities (&random, c, log_probabilities);
    double p = enumerate (c, log_probabilities, through);
    double loss = rnnc_ctc_sequence (log_probabilities, rows, c->n_steps,
        c->n_classes, c->labels, c->n_labels, c->blank, 0.5, gradient, &memory);
    g_assert_cmpint (c->feasible, ==, p > 0);
    if (!c->feasible) {
      g_assert_true (loss == INFINITY);
      for (guint i = 0; i < c->n_steps * c->n_classes; i++)
        g_assert_cmpfloat (gradient[i], ==, 0);
      continue;
    }
    g_assert_cmpfloat_with_epsilon (loss, -log (p), TOLERANCE);
    for (guint i = 0; i < c->n_steps * c->n_classes; i++)
      g_assert_cmpfloat_with_epsilon (gradient[i], -0.5 * through[i] / p,
          TOLERANCE);
  }
  rnnc_buffer_clear (&memory);
}

/* Long sequences of small probabilities: nothing underflows, and the states'
 * shares of every step add up to one. */
static void
test_long (void)
{
  enum { N_STEPS = 2000, N_CLASSES = 30, N_LABELS = 300 };
  RnncRandom random = { 3 };
  RnncBuffer memory = { 0 };
  g_autofree real *values = g_new (real, N_STEPS * N_CLASSES);
  g_autofree real *gradient = g_new0 (real, N_STEPS * N_CLASSES);
  g_autofree gsize *rows = g_new (gsize, N_STEPS);
  guint labels[N_LABELS];
  Case c = { "long", N_STEPS, N_CLASSES };
  random_log_probabilities (&random, &c, values);
  for (gsize t = 0; t < N_STEPS; t++)
    rows[t] = t;
  for (guint i = 0; i < N_LABELS; i++)
    labels[i] = 1 + (guint) (rnnc_random_next (&random) % (N_CLASSES - 1));
  double loss = rnnc_ctc_sequence (values, rows, N_STEPS, N_CLASSES, labels,
      N_LABELS, 0, 1, gradient, &memory);
  g_assert_true (isfinite (loss));
  g_assert_cmpfloat (loss, >, 1000);
  for (guint t = 0; t < N_STEPS; t++) {
    double sum = 0;
    for (guint k = 0; k < N_CLASSES; k++)
      sum -= gradient[t * N_CLASSES + k];
    g_assert_cmpfloat_with_epsilon (sum, 1, 500 * TOLERANCE);
  }
  rnnc_buffer_clear (&memory);
}

/* -log p of a text in some of the outputs, over its length. */
static double
loss_of (const float *output, guint n_steps, guint first, guint n_classes,
    const guint *labels, guint n_labels)
{
  enum { N_OUTPUTS = 7 };
  real part[MAX_STEPS * MAX_CLASSES];
  gsize rows[MAX_STEPS];
  RnncBuffer memory = { 0 };
  for (guint t = 0; t < n_steps; t++) {
    rows[t] = t;
    for (guint k = 0; k < n_classes; k++)
      part[t * n_classes + k] = output[t * N_OUTPUTS + first + k];
  }
  double loss = rnnc_ctc_sequence (part, rows, n_steps, n_classes, labels,
      n_labels, 0, 1, NULL, &memory);
  rnnc_buffer_clear (&memory);
  return loss / n_labels;
}

/* A network with phones: what letters lose and what phones lose, whatever the
 * order in which they are told. */
static void
test_phones (void)
{
  enum { N_STEPS = 4, N_FEATURES = 3 };
  const guint letters[] = { 1, 3 }, phones[] = { 2, 1, 2 };
  const guint mixed[] = { 6, 1, 5, 6, 3 };
  const guint length = N_STEPS, target_length = G_N_ELEMENTS (mixed);
  const RnncTargets targets = { mixed, &target_length, NULL };
  float data[N_STEPS * N_FEATURES], output[N_STEPS * 7];
  const RnncBatch batch = { N_STEPS, 1, N_FEATURES, data, &length };
  RnncTrainerOptions options;
  RnncRandom random = { 5 };
  double loss;
  rnnc_trainer_options_init (&options);
  options.loss = RNNC_LOSS_CTC;
  RnncTrainer *trainer = fixture_trainer_with_phones (N_FEATURES, 0, 0,
      "[{'type':'dense','name':'d','units':7},"
      "{'type':'log-softmax','split':4}]",
      3, &options);
  fixture_fill (&random, data, G_N_ELEMENTS (data));
  rnnc_trainer_forward (trainer, &batch, &targets, output, &loss);
  g_assert_cmpfloat_with_epsilon (loss,
      loss_of (output, N_STEPS, 0, 4, letters, 2)
          + loss_of (output, N_STEPS, 4, 3, phones, 3),
      1e-5);
  rnnc_trainer_free (trainer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path
        = g_strdup_printf ("/train/ctc/enumeration/%s", cases[i].name);
    g_test_add_data_func (path, &cases[i], test_enumeration);
  }
  g_test_add_func ("/train/ctc/long", test_long);
  g_test_add_func ("/train/ctc/phones", test_phones);
  return g_test_run ();
}
