/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The public trainer: padding, workers, checkpoints, divergence, refusals,
 * learning, and what it exports. */
#include <glib/gstdio.h>
#include <math.h>

#include "rnncore/model/safetensors.h"
#include "tests/train/train-fixture.h"

#define SPEECH                                                                 \
  "[{'type':'conv1d','name':'conv','channels':12,'kernel':3,'left':1,"         \
  "'right':1,'stride':2,'bias':false},{'type':'batch-norm','name':'norm'},"    \
  "{'type':'relu'},{'type':'dropout','rate':0.2},"                             \
  "{'type':'lstm','name':'rnn','hidden':10,'layers':2,"                        \
  "'bidirectional':true,'dropout':0.2},"                                       \
  "{'type':'dense','name':'head','units':5},{'type':'log-softmax'}]"
#define SPEECH_FEATURES 7

#define GESTURE                                                                \
  "[{'type':'conv2d','name':'conv','channels':4,'kernel':3,'stride':2,"        \
  "'padding':1,'bias':false},{'type':'batch-norm','name':'norm'},"             \
  "{'type':'relu'},{'type':'flatten'},"                                        \
  "{'type':'gru','name':'rnn','hidden':9},"                                    \
  "{'type':'mean-over-time'},"                                                 \
  "{'type':'dense','name':'head','units':3},{'type':'log-softmax'}]"

/* Random sequences, their places filled behind their ends with @padding. */
typedef struct {
  RnncBatch batch;
  RnncTargets targets;
  float *data;
  guint *lengths;
  guint *labels;
  guint *label_lengths;
} Sample;

static void
sample_speech (Sample *s, guint64 seed, guint n_steps, float padding)
{
  const guint n_sequences = 6;
  RnncRandom random = { seed };
  gsize n = (gsize) n_steps * n_sequences * SPEECH_FEATURES;
  *s = (Sample){ .data = g_new (float, n),
    .lengths = g_new (guint, n_sequences),
    .labels = g_new (guint, n_sequences * 3),
    .label_lengths = g_new (guint, n_sequences) };
  for (guint b = 0; b < n_sequences; b++) {
    s->lengths[b] = 8 + (guint) (rnnc_random_next (&random) % 12);
    s->label_lengths[b] = b % 4;
  }
  for (guint i = 0; i < n_sequences * 3; i++)
    s->labels[i] = 1 + (guint) (rnnc_random_next (&random) % 4);
  for (gsize i = 0; i < n; i++)
    s->data[i] = padding;
  for (guint b = 0; b < n_sequences; b++)
    for (guint t = 0; t < s->lengths[b]; t++)
      fixture_fill (&random, s->data + (t * n_sequences + b) * SPEECH_FEATURES,
          SPEECH_FEATURES);
  s->batch = (RnncBatch){ n_steps, n_sequences, SPEECH_FEATURES, s->data,
    s->lengths };
  s->targets = (RnncTargets){ s->labels, s->label_lengths, NULL };
}

static void
sample_clear (Sample *s)
{
  g_free (s->data);
  g_free (s->lengths);
  g_free (s->labels);
  g_free (s->label_lengths);
}

static RnncTrainer *
speech_trainer (guint threads, RnncOptimiser optimiser)
{
  RnncTrainerOptions options;
  rnnc_trainer_options_init (&options);
  options.loss = RNNC_LOSS_CTC;
  options.threads = threads;
  options.optimiser = optimiser;
  options.weight_decay = 1e-3;
  return fixture_trainer (SPEECH_FEATURES, 0, 0, SPEECH, &options);
}

static void
train (RnncTrainer *trainer, guint first, guint n, guint n_steps, float padding)
{
  for (guint i = first; i < first + n; i++) {
    Sample s;
    g_autoptr (GError) error = NULL;
    sample_speech (&s, i, n_steps, padding);
    rnnc_trainer_step (trainer, &s.batch, &s.targets, 0.01, NULL, &error);
    g_assert_no_error (error);
    sample_clear (&s);
  }
}

static double
largest_difference (RnncTrainer *a, RnncTrainer *b)
{
  double largest = 0;
  for (gsize i = 0; i < a->network->n_values; i++)
    largest = MAX (largest, fabs ((double) a->values[i] - b->values[i]));
  return largest;
}

static void
test_padding (void)
{
  RnncTrainer *a = speech_trainer (1, RNNC_OPTIMISER_ADAM);
  RnncTrainer *b = speech_trainer (1, RNNC_OPTIMISER_ADAM);
  train (a, 0, 5, 20, 0);
  train (b, 0, 5, 31, NAN);
  g_assert_cmpfloat (largest_difference (a, b), ==, 0);
  rnnc_trainer_free (a);
  rnnc_trainer_free (b);
}

static void
test_threads (void)
{
  RnncTrainer *one = speech_trainer (1, RNNC_OPTIMISER_SGD);
  for (guint threads = 2; threads <= 8; threads += 3) {
    RnncTrainer *more = speech_trainer (threads, RNNC_OPTIMISER_SGD);
    RnncTrainer *again = speech_trainer (threads, RNNC_OPTIMISER_SGD);
    if (one->step_count == 0)
      train (one, 0, 10, 20, 0);
    train (more, 0, 10, 20, 0);
    train (again, 0, 10, 20, 0);
    g_assert_cmpfloat (largest_difference (one, more), <, 2e-5);
    g_assert_cmpfloat (largest_difference (more, again), ==, 0);
    rnnc_trainer_free (more);
    rnnc_trainer_free (again);
  }
  rnnc_trainer_free (one);
}

static char *
temporary_path (const char *name)
{
  g_autofree char *folder = g_dir_make_tmp ("train-XXXXXX", NULL);
  return g_build_filename (folder, name, NULL);
}

static void
remove_temporary (char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_unlink (path);
  g_rmdir (folder);
  g_free (path);
}

static void
test_resume (gconstpointer data)
{
  RnncOptimiser optimiser = GPOINTER_TO_UINT (data);
  const char *place = "{\"epoch\": 3, \"file\": \"ä \\\" b\"}\n";
  g_autoptr (GError) error = NULL;
  g_autofree char *progress = NULL;
  char *path = temporary_path ("checkpoint.safetensors");
  RnncTrainer *whole = speech_trainer (2, optimiser);
  RnncTrainer *first = speech_trainer (2, optimiser);
  RnncTrainer *second = speech_trainer (2, optimiser);
  train (whole, 0, 12, 20, 0);
  train (first, 0, 5, 20, 0);
  rnnc_trainer_save_checkpoint (first, path, place, &error);
  g_assert_no_error (error);
  train (second, 50, 3, 20, 0); /* to be forgotten */
  rnnc_trainer_load_checkpoint (second, path, &progress, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (progress, ==, place);
  g_assert_cmpuint (rnnc_trainer_step_count (second), ==, 5);
  train (second, 5, 7, 20, 0);
  g_assert_cmpfloat (largest_difference (whole, second), ==, 0);
  g_assert_cmpuint (rnnc_trainer_step_count (second), ==, 12);
  remove_temporary (path);
  rnnc_trainer_free (whole);
  rnnc_trainer_free (first);
  rnnc_trainer_free (second);
}

static void
assert_refused (RnncTrainer *trainer, const char *path, gint code,
    const char *what)
{
  g_autoptr (GError) error = NULL;
  RnncTrainer *same = speech_trainer (1, RNNC_OPTIMISER_ADAM);
  g_assert_false (rnnc_trainer_load_checkpoint (trainer, path, NULL, &error));
  g_assert_error (error, RNNC_ERROR, code);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_nonnull (strstr (error->message, what));
  g_assert_null (strchr (error->message, '\n'));
  g_assert_cmpfloat (largest_difference (trainer, same), ==, 0);
  g_assert_cmpuint (rnnc_trainer_step_count (trainer), ==, 0);
  rnnc_trainer_free (same);
}

static void
test_bad_checkpoints (void)
{
  RnncTrainerOptions options;
  char *path = temporary_path ("checkpoint.safetensors");
  RnncTrainer *trainer = speech_trainer (1, RNNC_OPTIMISER_ADAM);
  RnncTrainer *sgd = speech_trainer (1, RNNC_OPTIMISER_SGD);
  assert_refused (trainer, path, RNNC_ERROR_IO, "");
  rnnc_trainer_save_checkpoint (sgd, path, NULL, NULL);
  assert_refused (trainer, path, RNNC_ERROR_VALUE, "sgd");

  rnnc_trainer_options_init (&options);
  RnncTrainer *other = fixture_trainer (3, 0, 0,
      "[{'type':'dense','name':'head','units':5},{'type':'log-softmax'}]",
      &options);
  rnnc_trainer_save_checkpoint (other, path, NULL, NULL);
  assert_refused (trainer, path, RNNC_ERROR_SHAPE, "conv.weight");

  g_autofree char *whole = NULL;
  gsize length;
  rnnc_trainer_save_checkpoint (trainer, path, NULL, NULL);
  g_assert_true (g_file_get_contents (path, &whole, &length, NULL));
  g_assert_true (g_file_set_contents (path, whole, length / 2, NULL));
  assert_refused (trainer, path, RNNC_ERROR_FORMAT, "");

  g_autoptr (JsonObject) description
      = fixture_description (SPEECH_FEATURES, 0, 0, SPEECH);
  rnnc_trainer_export (trainer, path, description, NULL);
  assert_refused (trainer, path, RNNC_ERROR_FORMAT, "no checkpoint");
  remove_temporary (path);
  rnnc_trainer_free (trainer);
  rnnc_trainer_free (sgd);
  rnnc_trainer_free (other);
}

static void
test_divergence (void)
{
  g_autoptr (GError) error = NULL;
  RnncTrainer *trainer = speech_trainer (1, RNNC_OPTIMISER_ADAM);
  RnncTrainer *same = speech_trainer (1, RNNC_OPTIMISER_ADAM);
  Sample s;
  train (trainer, 0, 2, 20, 0);
  train (same, 0, 2, 20, 0);
  sample_speech (&s, 3, 20, 0);
  s.data[0] = INFINITY;
  g_assert_false (
      rnnc_trainer_step (trainer, &s.batch, &s.targets, 0.01, NULL, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_DIVERGED);
  g_assert_nonnull (strstr (error->message, "step 3"));
  g_assert_nonnull (strstr (error->message, "layer conv"));
  g_assert_cmpfloat (largest_difference (trainer, same), ==, 0);
  g_assert_cmpuint (rnnc_trainer_step_count (trainer), ==, 2);
  /* It goes on as if nothing had been. */
  train (trainer, 4, 2, 20, 0);
  train (same, 4, 2, 20, 0);
  g_assert_cmpfloat (largest_difference (trainer, same), ==, 0);
  sample_clear (&s);
  rnnc_trainer_free (trainer);
  rnnc_trainer_free (same);
}

static void
assert_step_refused (RnncTrainer *trainer, Sample *s, gint code,
    const char *what)
{
  g_autoptr (GError) error = NULL;
  g_assert_false (
      rnnc_trainer_step (trainer, &s->batch, &s->targets, 0.01, NULL, &error));
  g_assert_error (error, RNNC_ERROR, code);
  g_assert_nonnull (strstr (error->message, what));
  sample_clear (s);
  sample_speech (s, 1, 20, 0);
}

static void
test_bad_batches (void)
{
  RnncTrainer *trainer = speech_trainer (1, RNNC_OPTIMISER_ADAM);
  Sample s;
  sample_speech (&s, 1, 20, 0);
  s.lengths[2] = 0;
  assert_step_refused (trainer, &s, RNNC_ERROR_VALUE, "sequence 2");
  s.lengths[1] = 21;
  assert_step_refused (trainer, &s, RNNC_ERROR_VALUE, "sequence 1");
  s.batch.n_features = 8;
  assert_step_refused (trainer, &s, RNNC_ERROR_SHAPE, "8 features");
  s.batch.n_sequences = 0;
  assert_step_refused (trainer, &s, RNNC_ERROR_VALUE, "empty");
  s.labels[0] = 5;
  assert_step_refused (trainer, &s, RNNC_ERROR_VALUE, "label 5");
  s.labels[0] = 0;
  assert_step_refused (trainer, &s, RNNC_ERROR_VALUE, "blank");
  s.targets.lengths = NULL;
  assert_step_refused (trainer, &s, RNNC_ERROR_VALUE, "targets");
  sample_clear (&s);
  rnnc_trainer_free (trainer);
}

typedef struct {
  const char *name;
  RnncLoss loss;
  const char *layers;
  const char *message;
} RefusedCase;

static const RefusedCase refused[] = {
  { "no-log-softmax", RNNC_LOSS_CTC, "[{'type':'dense','units':3}]",
      "log-softmax" },
  { "softmax", RNNC_LOSS_CROSS_ENTROPY,
      "[{'type':'dense','units':3},{'type':'softmax'}]", "log-softmax" },
  { "ctc-many-to-one", RNNC_LOSS_CTC,
      "[{'type':'last-step'},{'type':'log-softmax'}]", "CTC" },
  { "unknown-layer", RNNC_LOSS_MSE, "[{'type':'transformer'}]", "transformer" },
  { "no-layers", RNNC_LOSS_MSE, "[]", "layers" },
  { "names", RNNC_LOSS_MSE,
      "[{'type':'dense','units':3,'tensors':{'weight':'w'}}]",
      "with \"tensors\" cannot be trained" },
  { "blank-outside", RNNC_LOSS_CTC,
      "[{'type':'dense','units':3},{'type':'log-softmax'}],'blank':3",
      "blank" },
};

static void
test_refused_networks (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (GError) error = NULL;
    RnncTrainerOptions options;
    rnnc_trainer_options_init (&options);
    options.loss = refused[i].loss;
    g_autoptr (JsonObject) description
        = fixture_description (4, 0, 0, refused[i].layers);
    g_assert_null (rnnc_trainer_new (description, "recipe", &options, &error));
    g_assert_nonnull (error);
    g_assert_nonnull (strstr (error->message, "recipe"));
    g_assert_nonnull (strstr (error->message, refused[i].message));
  }
}

static void
test_layer_norms (void)
{
  const char *const *names;
  const double *gradients, *weights;
  RnncTrainer *trainer = speech_trainer (1, RNNC_OPTIMISER_ADAM);
  train (trainer, 0, 1, 20, 0);
  g_assert_cmpuint (rnnc_trainer_layer_norms (trainer, &names, &gradients,
                        &weights),
      ==, 4);
  g_assert_cmpstr (names[0], ==, "conv");
  g_assert_cmpstr (names[1], ==, "norm");
  g_assert_cmpstr (names[2], ==, "rnn");
  g_assert_cmpstr (names[3], ==, "head");
  for (guint i = 0; i < 4; i++) {
    g_assert_cmpfloat (gradients[i], >, 0);
    g_assert_cmpfloat (weights[i], >, 0);
  }
  rnnc_trainer_free (trainer);
}

static void
test_fine_tuning (void)
{
  g_autoptr (GError) error = NULL;
  RnncTrainerOptions options;
  char *path = temporary_path ("model.safetensors");
  RnncTrainer *trained = speech_trainer (1, RNNC_OPTIMISER_ADAM);
  g_autoptr (JsonObject) description
      = fixture_description (SPEECH_FEATURES, 0, 0, SPEECH);
  train (trained, 0, 3, 20, 0);
  rnnc_trainer_export (trained, path, description, &error);
  g_assert_no_error (error);

  RnncTrainer *same = speech_trainer (1, RNNC_OPTIMISER_ADAM);
  g_assert_cmpuint (rnnc_trainer_load_weights (same, path, &error), ==,
      trained->network->n_parameters);
  g_assert_cmpfloat (largest_difference (trained, same), ==, 0);

  /* Another head: everything else is taken. */
  rnnc_trainer_options_init (&options);
  options.loss = RNNC_LOSS_CTC;
  g_autofree char *layers = g_strdup (SPEECH);
  *strstr (layers, "'units':5") = ' ';
  memcpy (strstr (layers, " units':5"), "'units':9", 9);
  RnncTrainer *other
      = fixture_trainer (SPEECH_FEATURES, 0, 0, layers, &options);
  g_assert_cmpuint (rnnc_trainer_load_weights (other, path, &error), ==,
      trained->network->n_parameters - 2);

  /* Of the head those labels that both have. */
  const gint theirs[9] = { 0, -1, 4, -1, -1, 2, -1, -1, -1 };
  RnncLabelMap map = { 9, 5, theirs };
  g_autoptr (GPtrArray) anew = g_ptr_array_new_with_free_func (g_free);
  g_assert_cmpuint (rnnc_trainer_load_similar_weights (other, path, &map, anew,
                        &error),
      ==, trained->network->n_parameters);
  g_assert_cmpuint (anew->len, ==, 0);
  const RnncParameter *bias
      = &other->network->parameters[other->network->n_parameters - 1];
  g_assert_cmpstr (bias->name, ==, "head.bias");
  for (guint i = 0; i < 9; i++)
    if (theirs[i] >= 0)
      g_assert_cmpfloat (other->values[bias->offset + i], ==,
          trained->values[trained->network
                              ->parameters[trained->network->n_parameters - 1]
                              .offset
              + (guint) theirs[i]]);
  g_assert_cmpuint (rnnc_trainer_load_similar_weights (other, path, NULL, anew,
                        &error),
      ==, trained->network->n_parameters - 2);
  g_assert_cmpuint (anew->len, ==, 2);

  RnncTrainer *stranger = fixture_trainer (SPEECH_FEATURES, 0, 0,
      "[{'type':'dense','name':'x','units':5},{'type':'log-softmax'}]",
      &options);
  g_assert_cmpuint (rnnc_trainer_load_weights (stranger, path, &error), ==, 0);
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE);
  remove_temporary (path);
  rnnc_trainer_free (trained);
  rnnc_trainer_free (same);
  rnnc_trainer_free (other);
  rnnc_trainer_free (stranger);
}

#ifdef RNNC_TEST_INFERENCE

/* A trained and exported network runs in the inference core as it did here. */
static void
compare_inference (RnncTrainer *trainer, JsonObject *description,
    const RnncBatch *batch)
{
  g_autoptr (GError) error = NULL;
  char *path = temporary_path ("model.safetensors");
  gsize n_out = rnnc_trainer_output_size (trainer);
  gsize n_steps = rnnc_trainer_output_steps (trainer, batch->n_steps);
  g_autofree float *ours = g_new (float, n_steps * batch->n_sequences * n_out);
  g_autofree float *theirs = g_new (float, n_steps *n_out);
  g_autofree float *input = g_new (float, batch->n_steps * batch->n_features);
  rnnc_trainer_forward (trainer, batch, NULL, ours, NULL);
  rnnc_trainer_export (trainer, path, description, &error);
  g_assert_no_error (error);
  RnncModel *model = rnnc_model_load (path, &error);
  g_assert_no_error (error);
  for (guint b = 0; b < batch->n_sequences; b++) {
    gsize n = rnnc_trainer_output_steps (trainer, batch->lengths[b]);
    for (guint t = 0; t < batch->lengths[b]; t++)
      memcpy (input + t * batch->n_features,
          batch->data + (t * batch->n_sequences + b) * batch->n_features,
          batch->n_features * sizeof (float));
    rnnc_model_forward (model, input, batch->lengths[b], theirs);
    for (gsize i = 0; i < n * n_out; i++) {
      gsize t = i / n_out;
      float mine = ours[(t * batch->n_sequences + b) * n_out + i % n_out];
      g_assert_cmpfloat_with_epsilon (mine, theirs[i],
          1e-5 + 1e-4 * fabs (theirs[i]));
    }
  }
  rnnc_model_unref (model);
  remove_temporary (path);
}

static void
set_labels (JsonObject *description, guint n)
{
  JsonArray *labels = json_array_new ();
  for (guint i = 0; i < n; i++) {
    char name[2] = { (char) ('a' + i), 0 };
    json_array_add_string_element (labels, name);
  }
  json_object_set_array_member (description, "labels", labels);
}

static void
test_inference_speech (void)
{
  RnncTrainer *trainer = speech_trainer (2, RNNC_OPTIMISER_ADAM);
  g_autoptr (JsonObject) description
      = fixture_description (SPEECH_FEATURES, 0, 0, SPEECH);
  Sample s;
  set_labels (description, 5);
  json_object_set_int_member (description, "blank", 0);
  train (trainer, 0, 20, 20, 0);
  sample_speech (&s, 99, 20, NAN);
  compare_inference (trainer, description, &s.batch);
  sample_clear (&s);
  rnnc_trainer_free (trainer);
}

static void
test_inference_gesture (void)
{
  enum { N_STEPS = 9, N_SEQUENCES = 3, N_FEATURES = 8 * 10 };
  RnncTrainerOptions options;
  RnncRandom random = { 8 };
  const guint lengths[N_SEQUENCES] = { 9, 2, 7 };
  const guint labels[N_SEQUENCES] = { 0, 1, 2 };
  g_autofree float *data = g_new (float, N_STEPS *N_SEQUENCES *N_FEATURES);
  RnncBatch batch = { N_STEPS, N_SEQUENCES, N_FEATURES, data, lengths };
  RnncTargets targets = { labels, NULL, NULL };
  fixture_fill (&random, data, N_STEPS * N_SEQUENCES * N_FEATURES);
  rnnc_trainer_options_init (&options);
  RnncTrainer *trainer = fixture_trainer (0, 8, 10, GESTURE, &options);
  g_autoptr (JsonObject) description = fixture_description (0, 8, 10, GESTURE);
  set_labels (description, 3);
  for (guint i = 0; i < 20; i++)
    g_assert_true (
        rnnc_trainer_step (trainer, &batch, &targets, 0.01, NULL, NULL));
  compare_inference (trainer, description, &batch);
  rnnc_trainer_free (trainer);
}

#endif

/* Sequences of a few symbols, each shown for some frames in noise with gaps
 * between; the network shall spell them. */
#define N_SYMBOLS 4

static void
sample_spelling (Sample *s, RnncRandom *random, guint n_sequences)
{
  const guint n_steps = 40, n = N_SYMBOLS;
  *s = (Sample){ .data = g_new (float, n_steps *n_sequences *n),
    .lengths = g_new (guint, n_sequences),
    .labels = g_new (guint, n_sequences * 4),
    .label_lengths = g_new (guint, n_sequences) };
  guint next = 0;
  for (gsize i = 0; i < (gsize) n_steps * n_sequences * n; i++)
    s->data[i] = (float) (0.2 * rnnc_random_gaussian (random));
  for (guint b = 0; b < n_sequences; b++) {
    guint t = 0;
    s->label_lengths[b] = 1 + (guint) (rnnc_random_next (random) % 4);
    for (guint i = 0; i < s->label_lengths[b]; i++) {
      guint symbol = (guint) (rnnc_random_next (random) % n);
      guint end;
      t += 2 + (guint) (rnnc_random_next (random) % 3);
      end = t + 2 + (guint) (rnnc_random_next (random) % 4);
      for (; t < end; t++)
        s->data[(t * n_sequences + b) * n + symbol] += 1;
      s->labels[next++] = symbol + 1;
    }
    s->lengths[b] = t + 2;
  }
  s->batch = (RnncBatch){ n_steps, n_sequences, n, s->data, s->lengths };
  s->targets = (RnncTargets){ s->labels, s->label_lengths, NULL };
}

/* Whether the best path of one sequence spells its labels. */
static gboolean
spells (const float *output, guint n_steps, gsize stride, const guint *labels,
    guint n_labels)
{
  guint last = 0, n = 0;
  for (guint t = 0; t < n_steps; t++) {
    const float *row = output + t * stride;
    guint best = 0;
    for (guint c = 1; c <= N_SYMBOLS; c++)
      best = row[c] > row[best] ? c : best;
    if (best != 0 && best != last) {
      if (n == n_labels || labels[n] != best)
        return FALSE;
      n++;
    }
    last = best;
  }
  return n == n_labels;
}

static double
spelling_accuracy (RnncTrainer *trainer, RnncRandom *random)
{
  enum { N_TEST = 200 };
  Sample s;
  guint n_right = 0, first = 0;
  sample_spelling (&s, random, N_TEST);
  gsize stride = N_TEST * rnnc_trainer_output_size (trainer);
  g_autofree float *output = g_new (float, s.batch.n_steps *stride);
  rnnc_trainer_forward (trainer, &s.batch, NULL, output, NULL);
  for (guint b = 0; b < N_TEST; b++) {
    n_right += spells (output + b * (N_SYMBOLS + 1), s.lengths[b], stride,
        s.labels + first, s.label_lengths[b]);
    first += s.label_lengths[b];
  }
  sample_clear (&s);
  return (double) n_right / N_TEST;
}

static void
test_learning (gconstpointer data)
{
  RnncTrainerOptions options;
  RnncRandom random = { 2024 };
  rnnc_trainer_options_init (&options);
  options.precision = GPOINTER_TO_UINT (data);
  options.loss = RNNC_LOSS_CTC;
  options.threads = 2;
  RnncTrainer *trainer = fixture_trainer (N_SYMBOLS, 0, 0,
      "[{'type':'gru','name':'rnn','hidden':24},"
      "{'type':'dense','name':'head','units':5},{'type':'log-softmax'}]",
      &options);
  double before = spelling_accuracy (trainer, &random);
  for (guint i = 0; i < 800; i++) {
    Sample s;
    g_autoptr (GError) error = NULL;
    sample_spelling (&s, &random, 16);
    rnnc_trainer_step (trainer, &s.batch, &s.targets, 0.01, NULL, &error);
    g_assert_no_error (error);
    sample_clear (&s);
  }
  double after = spelling_accuracy (trainer, &random);
  g_test_message ("accuracy on unseen sequences: %g, untrained %g", after,
      before);
  g_assert_cmpfloat (before, <, 0.1);
  g_assert_cmpfloat (after, >, 0.95);
  rnnc_trainer_free (trainer);
}

static void
test_forward_loss (void)
{
  RnncTrainer *trainer = speech_trainer (2, RNNC_OPTIMISER_ADAM);
  Sample s;
  double first, second, only_loss;
  sample_speech (&s, 5, 20, NAN);
  gsize n = rnnc_trainer_output_steps (trainer, 20) * 6
      * rnnc_trainer_output_size (trainer);
  g_autofree float *output = g_new (float, n);
  rnnc_trainer_forward (trainer, &s.batch, &s.targets, output, &first);
  rnnc_trainer_forward (trainer, &s.batch, &s.targets, output, &second);
  rnnc_trainer_forward (trainer, &s.batch, &s.targets, NULL, &only_loss);
  g_assert_cmpfloat (first, ==, second); /* no dropout */
  g_assert_cmpfloat (first, ==, only_loss);
  for (gsize i = 0; i < n; i++)
    g_assert_true (isfinite (output[i]));
  for (guint i = 0; i < 60; i++)
    g_assert_true (
        rnnc_trainer_step (trainer, &s.batch, &s.targets, 0.01, NULL, NULL));
  rnnc_trainer_forward (trainer, &s.batch, &s.targets, NULL, &second);
  g_assert_cmpfloat (second, <, 0.5 * first);
  sample_clear (&s);
  rnnc_trainer_free (trainer);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train/trainer/padding", test_padding);
  g_test_add_func ("/train/trainer/threads", test_threads);
  g_test_add_data_func ("/train/checkpoint/resume/sgd",
      GUINT_TO_POINTER (RNNC_OPTIMISER_SGD), test_resume);
  g_test_add_data_func ("/train/checkpoint/resume/adam",
      GUINT_TO_POINTER (RNNC_OPTIMISER_ADAM), test_resume);
  g_test_add_data_func ("/train/checkpoint/resume/adamw",
      GUINT_TO_POINTER (RNNC_OPTIMISER_ADAMW), test_resume);
  g_test_add_func ("/train/checkpoint/refused", test_bad_checkpoints);
  g_test_add_func ("/train/trainer/divergence", test_divergence);
  g_test_add_func ("/train/trainer/bad-batches", test_bad_batches);
  g_test_add_func ("/train/trainer/refused-networks", test_refused_networks);
  g_test_add_func ("/train/trainer/layer-norms", test_layer_norms);
  g_test_add_func ("/train/trainer/forward-loss", test_forward_loss);
  g_test_add_func ("/train/trainer/fine-tuning", test_fine_tuning);
#ifdef RNNC_TEST_INFERENCE
  g_test_add_func ("/train/inference/speech", test_inference_speech);
  g_test_add_func ("/train/inference/gesture", test_inference_gesture);
#endif
  g_test_add_data_func ("/train/learning/spelling/float",
      GUINT_TO_POINTER (RNNC_PRECISION_FLOAT), test_learning);
  g_test_add_data_func ("/train/learning/spelling/bfloat16",
      GUINT_TO_POINTER (RNNC_PRECISION_BFLOAT16), test_learning);
  return g_test_run ();
}
