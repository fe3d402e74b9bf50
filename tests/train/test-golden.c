/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whole trainings against PyTorch's: losses and gradient norms of every step,
 * gradients of the first, weights and running statistics after the last.
 * golden/make-golden.py made the files, in double. */
#include <math.h>

#include "rnncore/model/safetensors.h"
#include "tests/train/train-fixture.h"

#ifdef RNNC_REAL_DOUBLE
#define LOSS_TOLERANCE 1e-9
#define WEIGHT_TOLERANCE 1e-7
#define OUTPUT_TOLERANCE 1e-6 /* outputs are float */
#else
#define LOSS_TOLERANCE 2e-4
#define WEIGHT_TOLERANCE 1e-3
#define OUTPUT_TOLERANCE 5e-4
#endif

static const char *const cases[]
    = { "speech-adam", "speech-adamw", "speech-sgd", "speech-infeasible",
        "gesture-adam", "truncated-rnn", "truncated-gru", "truncated-lstm" };

typedef struct {
  char *path;
  RnncSafetensors *file;
  JsonObject *description;
  RnncTrainer *trainer;
  double rate;
  float *input;
  guint *lengths;
  guint *labels;
  guint *target_lengths;
  RnncBatch batch;
  RnncTargets targets;
} Golden;

static float *
read_floats (Golden *g, const char *name, gsize *n)
{
  g_autoptr (GError) error = NULL;
  const RnncTensor *tensor = rnnc_safetensors_lookup (g->file, name);
  if (!tensor)
    return NULL;
  float *values = rnnc_safetensors_read_f32 (g->file, name, tensor->shape,
      tensor->rank, &error);
  g_assert_no_error (error);
  *n = tensor->n_bytes / sizeof (float);
  return values;
}

static guint *
read_counts (Golden *g, const char *name)
{
  gsize n = 0;
  g_autofree float *values = read_floats (g, name, &n);
  guint *counts = values ? g_new (guint, n) : NULL;
  for (gsize i = 0; i < n; i++)
    counts[i] = (guint) values[i];
  return counts;
}

/* Doubles of "golden.PREFIX NAME". */
static const double *
expected (Golden *g, const char *prefix, const char *name, gsize *n)
{
  g_autofree char *full = g_strdup_printf ("golden.%s%s", prefix, name);
  const RnncTensor *tensor = rnnc_safetensors_lookup (g->file, full);
  g_assert_nonnull (tensor);
  g_assert_cmpint (tensor->dtype, ==, RNNC_DTYPE_F64);
  *n = tensor->n_bytes / sizeof (double);
  double *values = g_new (double, *n);
  memcpy (values, tensor->data, tensor->n_bytes);
  return values;
}

static void
golden_options (Golden *g, RnncTrainerOptions *options)
{
  const char *loss = json_object_get_string_member (g->description, "loss");
  const char *kind
      = json_object_get_string_member (g->description, "optimiser");
  rnnc_trainer_options_init (options);
  options->weight_decay = 0.01;
  options->loss = RNNC_LOSS_CTC;
  if (strcmp (loss, "ctc") != 0) {
    options->loss = RNNC_LOSS_CROSS_ENTROPY;
    options->label_smoothing = 0.1;
  }
  if (strcmp (kind, "sgd") == 0)
    options->optimiser = RNNC_OPTIMISER_SGD;
  else if (strcmp (kind, "adamw") == 0)
    options->optimiser = RNNC_OPTIMISER_ADAMW;
  options->truncate
      = (guint) json_object_get_int_member_with_default (g->description,
          "truncate", 0);
  options->clip_value
      = json_object_get_double_member_with_default (g->description,
          "clip-value", 0);
  g->rate = json_object_get_double_member (g->description, "rate");
}

static void
golden_open (Golden *g, const char *name)
{
  g_autoptr (GError) error = NULL;
  RnncTrainerOptions options;
  g_autofree char *base = g_strdup_printf ("%s.safetensors", name);
  *g = (Golden){ g_test_build_filename (G_TEST_DIST, "golden", base, NULL) };
  g->file = rnnc_safetensors_open (g->path, &error);
  g_assert_no_error (error);
  const char *text = rnnc_safetensors_metadata (g->file, "rnncore");
  g->description = rnnc_json_parse (text, strlen (text), g->path, &error);
  g_assert_no_error (error);
  golden_options (g, &options);
  g->trainer = rnnc_trainer_new (g->description, g->path, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (rnnc_trainer_load_weights (g->trainer, g->path, &error), ==,
      g->trainer->network->n_parameters);
  g_assert_no_error (error);

  gsize n;
  const RnncTensor *input = rnnc_safetensors_lookup (g->file, "input");
  g->input = read_floats (g, "input", &n);
  g->lengths = read_counts (g, "lengths");
  g->labels = read_counts (g, "labels");
  g->target_lengths = read_counts (g, "target-lengths");
  g->batch = (RnncBatch){ (guint) input->shape[0], (guint) input->shape[1],
    input->shape[2], g->input, g->lengths };
  g->targets = (RnncTargets){ g->labels, g->target_lengths, NULL };
}

static void
golden_close (Golden *g)
{
  rnnc_trainer_free (g->trainer);
  json_object_unref (g->description);
  rnnc_safetensors_free (g->file);
  g_free (g->input);
  g_free (g->lengths);
  g_free (g->labels);
  g_free (g->target_lengths);
  g_free (g->path);
}

/* Relative error of every tensor: |ours - theirs| / |theirs|. */
static void
compare_tensors (Golden *g, const char *prefix, const real *values,
    gboolean statistics, double floor)
{
  const RnncNetwork *network = g->trainer->network;
  for (guint p = 0; p < network->n_parameters; p++) {
    const RnncParameter *parameter = &network->parameters[p];
    double error = 0, size = 0;
    gsize n;
    if (!parameter->trained && !statistics)
      continue;
    g_autofree const double *theirs = expected (g, prefix, parameter->name, &n);
    g_assert_cmpuint (n, ==, parameter->n_values);
    for (gsize i = 0; i < n; i++) {
      double d = values[parameter->offset + i] - theirs[i];
      error += d * d;
      size += theirs[i] * theirs[i];
    }
    error = sqrt (error) / MAX (sqrt (size), floor);
    g_test_message ("%s%s: %.2e", prefix, parameter->name, error);
    if (error > WEIGHT_TOLERANCE)
      g_test_fail_printf ("%s%s: relative error %g", prefix, parameter->name,
          error);
  }
}

/* Running statistics, no dropout: what a model file will do. */
static void
compare_output (Golden *g)
{
  gsize n;
  g_autofree const double *theirs = expected (g, "output", "", &n);
  gsize n_steps = rnnc_trainer_output_steps (g->trainer, g->batch.n_steps);
  gsize width = rnnc_trainer_output_size (g->trainer);
  g_autofree float *ours = g_new (float, n);
  g_assert_cmpuint (n, ==, n_steps * g->batch.n_sequences * width);
  rnnc_trainer_forward (g->trainer, &g->batch, NULL, ours, NULL);
  for (guint b = 0; b < g->batch.n_sequences; b++) {
    gsize end = rnnc_trainer_output_steps (g->trainer, g->lengths[b]);
    for (gsize t = 0; t < n_steps; t++) {
      for (gsize i = 0; i < width; i++) {
        gsize at = (t * g->batch.n_sequences + b) * width + i;
        if (t < end)
          g_assert_cmpfloat_with_epsilon (ours[at], theirs[at],
              OUTPUT_TOLERANCE * (1 + fabs (theirs[at])));
        else
          g_assert_cmpfloat (ours[at], ==, 0);
      }
    }
  }
}

static void
test_golden (gconstpointer data)
{
  Golden g;
  gsize n_steps, n_norms;
  golden_open (&g, data);
  g_autofree const double *losses = expected (&g, "losses", "", &n_steps);
  g_autofree const double *norms = expected (&g, "norms", "", &n_norms);
  for (gsize i = 0; i < n_steps; i++) {
    RnncStepStats stats;
    g_autoptr (GError) error = NULL;
    rnnc_trainer_step (g.trainer, &g.batch, &g.targets, g.rate, &stats, &error);
    g_assert_no_error (error);
    if (i == 0 && !json_object_has_member (g.description, "clip-value"))
      compare_tensors (&g, "gradient.", g.trainer->gradients[0], FALSE, 1e-3);
    g_assert_cmpfloat_with_epsilon (stats.loss, losses[i],
        LOSS_TOLERANCE * losses[i]);
    g_assert_cmpfloat_with_epsilon (stats.gradient_norm, norms[i],
        20 * LOSS_TOLERANCE * norms[i]);
    if (!json_object_has_member (g.description, "clip-value"))
      g_assert_cmpint (stats.clipped, ==, norms[i] > 1);
    g_assert_cmpuint (stats.n_infeasible, ==,
        strcmp (data, "speech-infeasible") == 0);
  }
  compare_tensors (&g, "after.", g.trainer->values, TRUE, 1e-3);
  compare_output (&g);
  golden_close (&g);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strdup_printf ("/train/golden/%s", cases[i]);
    g_test_add_data_func (path, cases[i], test_golden);
  }
  return g_test_run ();
}
