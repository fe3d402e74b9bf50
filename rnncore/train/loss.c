/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "rnncore/train/ctc.h"
#include "rnncore/train/loss.h"

/* Smoothing spreads part of the target over all classes (Szegedy et al.
 * 2016). */
static double
cross_entropy_row (const RnncLossTask *task, const real *output, guint label,
    real *d_output)
{
  double spread = task->label_smoothing / task->n_outputs;
  double peak = 1 - task->label_smoothing;
  double loss = -peak * output[label];
  if (spread > 0)
    for (guint c = 0; c < task->n_outputs; c++)
      loss -= spread * output[c];
  if (d_output) {
    if (spread > 0)
      for (guint c = 0; c < task->n_outputs; c++)
        d_output[c] = (real) (-spread / task->n_terms);
    d_output[label] -= (real) (peak / task->n_terms);
  }
  return loss;
}

static double
squared_error_row (const RnncLossTask *task, const real *output,
    const float *values, real *d_output)
{
  double loss = 0;
  for (guint i = 0; i < task->n_outputs; i++) {
    double error = output[i] - values[i];
    loss += error * error;
    if (d_output)
      d_output[i] = (real) (2 * error / task->n_terms);
  }
  return loss;
}

/* Losses that are a sum over the output steps. */
static RnncLossResult
step_losses (const RnncLossTask *task, const RnncPacking *packing,
    const guint *sequence_ids, const real *output, real *d_output)
{
  RnncLossResult result = { 0 };
  for (guint t = 0; t < packing->n_steps; t++) {
    for (guint b = 0; b < packing->counts[t]; b++) {
      gsize first = rnnc_packing_row (packing, t, b) * task->n_outputs;
      guint id = sequence_ids[b];
      real *d_row = d_output ? d_output + first : NULL;
      if (task->loss == RNNC_LOSS_MSE)
        result.loss += squared_error_row (task, output + first,
            task->targets->values
                + ((gsize) t * task->n_sequences + id) * task->n_outputs,
            d_row);
      else
        result.loss += cross_entropy_row (task, output + first,
            task->labels[task->first_label[id] + t], d_row);
    }
  }
  result.loss /= task->n_terms;
  return result;
}

/* One of a sequence's texts, @sequence its place in @packing. @first: the first
 * of the outputs that are for it. Adds to @result. */
static void
add_text (const RnncLossTask *task, const RnncPacking *packing, guint sequence,
    const real *output, real *d_output, guint first, const guint *labels,
    guint n_labels, guint blank, RnncBuffer *memory, RnncLossResult *result)
{
  gsize at = (gsize) sequence * task->n_outputs + first;
  double scale = 1 / (MAX (n_labels, 1) * task->n_terms);
  double loss = rnnc_ctc_sequence (output + at, packing->offsets,
      packing->lengths[sequence], task->n_outputs, labels, n_labels, blank,
      scale, d_output ? d_output + at : NULL, memory);
  if (loss == INFINITY)
    result->n_infeasible++;
  else
    result->loss += loss * scale;
}

static RnncLossResult
ctc_losses (const RnncLossTask *task, const RnncPacking *packing,
    const guint *sequence_ids, const real *output, real *d_output,
    RnncBuffer *memory)
{
  RnncLossResult result = { 0 };
  for (guint b = 0; b < packing->n_sequences; b++) {
    guint id = sequence_ids[b];
    const guint *labels = task->labels + task->first_label[id];
    guint n_labels = task->targets->lengths[id];
    guint n_letters = task->n_letters ? task->n_letters[id] : n_labels;
    add_text (task, packing, b, output, d_output, 0, labels, n_letters,
        task->blank, memory, &result);
    if (task->n_letters)
      add_text (task, packing, b, output, d_output,
          task->n_outputs - task->n_phones, labels + n_letters,
          n_labels - n_letters, 0, memory, &result);
  }
  return result;
}

RnncLossResult
rnnc_loss_share (const RnncLossTask *task, const RnncPacking *packing,
    const guint *sequence_ids, const real *output, real *d_output,
    RnncBuffer *memory)
{
  if (task->loss == RNNC_LOSS_CTC)
    return ctc_losses (task, packing, sequence_ids, output, d_output, memory);
  return step_losses (task, packing, sequence_ids, output, d_output);
}
