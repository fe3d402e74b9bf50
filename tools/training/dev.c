/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "tools/common/interrupt.h"
#include "tools/measure/error-rate.h"
#include "tools/training/session.h"

typedef struct {
  double loss;
  guint64 n_sequences;
  EditCounts words;
  EditCounts characters;
  guint64 n_wrong; /* labels */
  guint64 n_labels;
  double bits; /* of labels */
  /* numbers */
  double squared_error, sum, sum_squares;
  guint64 n_values;
} Tally;

/* The first @n of sequence @s of [n_steps, n_sequences, size] by themselves. */
static void
take_sequence (const float *output, guint s, guint n_sequences, gsize size,
    gsize n_steps, gsize n, float *out)
{
  for (gsize t = 0; t < n_steps; t++)
    memcpy (out + t * n, output + (t * n_sequences + s) * size,
        n * sizeof *out);
}

static void
tally_text (Session *session, const LoadedBatch *loaded, const float *output,
    Tally *tally)
{
  const RnncBatch *batch = &loaded->batch;
  gsize size = rnnc_trainer_output_size (session->trainer);
  gsize n_most = rnnc_trainer_output_steps (session->trainer, batch->n_steps);
  g_autofree float *sequence = g_new (float, n_most *size + 1);
  g_autofree guint *heard = g_new (guint, n_most + 1);
  const guint *target = loaded->targets.labels;

  for (guint s = 0; s < batch->n_sequences; s++) {
    gsize n = rnnc_trainer_output_steps (session->trainer, batch->lengths[s]);
    g_autofree char *hypothesis = NULL;
    g_autofree char *reference = labels_decode_text (session->labels, target,
        loaded->target_lengths[s]);
    EditCounts counts;

    take_sequence (output, s, batch->n_sequences, size, n, session->labels->n,
        sequence);
    n = rnnc_ctc_greedy (sequence, n, session->labels->n,
        (guint) session->labels->blank, heard);
    hypothesis = labels_decode_text (session->labels, heard, n);
    counts = edit_counts_words (reference, hypothesis);
    edit_counts_add (&tally->words, &counts);
    counts = edit_counts_characters (reference, hypothesis);
    edit_counts_add (&tally->characters, &counts);
    target += loaded->target_lengths[s];
  }
}

static gsize
most_likely (const float *output, gsize size)
{
  gsize best = 0;

  for (gsize i = 1; i < size; i++)
    if (output[i] > output[best])
      best = i;
  return best;
}

/* One a sequence, or one a step. */
static void
tally_labels (Session *session, const LoadedBatch *loaded, const float *output,
    Tally *tally)
{
  const RnncBatch *batch = &loaded->batch;
  gsize size = rnnc_trainer_output_size (session->trainer);
  const guint *target = loaded->targets.labels;

  for (guint s = 0; s < batch->n_sequences; s++) {
    gsize n = rnnc_trainer_output_steps (session->trainer, batch->lengths[s]);

    for (gsize t = 0; t < n; t++, target++) {
      const float *row = output + (t * batch->n_sequences + s) * size;

      tally->n_wrong += *target != most_likely (row, size);
      tally->bits -= (double) row[*target] / G_LN2;
    }
    tally->n_labels += n;
  }
}

static void
tally_values (Session *session, const LoadedBatch *loaded, const float *output,
    Tally *tally)
{
  const RnncBatch *batch = &loaded->batch;
  gsize size = rnnc_trainer_output_size (session->trainer);

  for (guint s = 0; s < batch->n_sequences; s++) {
    gsize n = rnnc_trainer_output_steps (session->trainer, batch->lengths[s]);

    for (gsize t = 0; t < n; t++) {
      gsize at = (t * batch->n_sequences + s) * size;

      for (gsize i = at; i < at + size; i++) {
        double target = loaded->values[i];

        tally->squared_error += (output[i] - target) * (output[i] - target);
        tally->sum += target;
        tally->sum_squares += target * target;
      }
      tally->n_values += size;
    }
  }
}

/* Root mean square error over the targets' deviation: 1 is as good as their
 * mean. */
static double
normalised_error (const Tally *tally)
{
  double n = (double) MAX (tally->n_values, 1);
  double mean = tally->sum / n;
  double variance = tally->sum_squares / n - mean * mean;

  return sqrt (tally->squared_error / n / MAX (variance, 1e-30));
}

static void
tally_batch (Session *session, const LoadedBatch *loaded, Tally *tally)
{
  const RnncBatch *batch = &loaded->batch;
  gsize n_steps = rnnc_trainer_output_steps (session->trainer, batch->n_steps);
  g_autofree float *output = g_new (float,
      n_steps * batch->n_sequences
          * rnnc_trainer_output_size (session->trainer));
  double loss = 0;

  rnnc_trainer_forward (session->trainer, batch, &loaded->targets, output,
      &loss);
  tally->loss += loss * batch->n_sequences;
  tally->n_sequences += batch->n_sequences;
  if (session->train->has_text)
    tally_text (session, loaded, output, tally);
  else if (session->recipe->loss == RNNC_LOSS_MSE)
    tally_values (session, loaded, output, tally);
  else
    tally_labels (session, loaded, output, tally);
}

char *
session_error_text (const Session *session, double error)
{
  if (session->train->has_text)
    return g_strdup_printf ("word error %.2f %%", 100 * error);
  if (session->recipe->loss == RNNC_LOSS_MSE)
    return g_strdup_printf ("normalised error %.5f", error);
  if (session->recipe->is_language)
    return g_strdup_printf ("%.4f bits a character (perplexity %.3f)", error,
        exp2 (error));
  return g_strdup_printf ("error %.2f %%", 100 * error);
}

gboolean
train_state_is_beaten (const TrainState *state, const DevResult *result)
{
  if (state->best_error < 0 || result->error != state->best_error)
    return state->best_error < 0 || result->error < state->best_error;
  return result->loss < state->best_loss;
}

gboolean
session_measure_dev (Session *session, DevResult *result, GError **error)
{
  const TrainingSettings *training = &session->recipe->training;
  PlanSettings plan_settings = { .batch_size = training->batch_size,
    .batch_seconds = training->batch_seconds };
  ExampleSettings settings = { .dataset = session->dev,
    .labels = session->labels,
    .frontend = &session->frontend,
    .join = &session->recipe->join };
  g_autoptr (Plan) plan = plan_new (session->dev, &plan_settings, 0);
  g_autoptr (Loader) loader
      = loader_new (&settings, plan, 0, training->loader_threads);
  Tally tally = { 0 };

  for (;;) {
    g_autoptr (LoadedBatch) batch = loader_next (loader);

    if (batch == NULL)
      break;
    if (!interrupt_check (error))
      return FALSE;
    tally_batch (session, batch, &tally);
  }
  result->loss = tally.loss / (double) MAX (tally.n_sequences, 1);
  result->character_error = edit_counts_rate (&tally.characters);
  if (session->train->has_text)
    result->error = edit_counts_rate (&tally.words);
  else if (session->recipe->loss == RNNC_LOSS_MSE)
    result->error = normalised_error (&tally);
  else if (session->recipe->is_language)
    result->error = tally.bits / (double) MAX (tally.n_labels, 1);
  else
    result->error = (double) tally.n_wrong / (double) MAX (tally.n_labels, 1);
  return TRUE;
}
