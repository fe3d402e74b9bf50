/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/train/batch.h"

gboolean
rnnc_batch_check (const RnncTrainer *trainer, const RnncBatch *batch,
    GError **error)
{
  gsize expected = rnnc_network_input_size (trainer->network);
  if (batch->n_sequences == 0 || batch->n_steps == 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "the batch is empty");
    return FALSE;
  }
  if (batch->n_features != expected) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
        "the batch has %" G_GSIZE_FORMAT " features a step, the network takes "
        "%" G_GSIZE_FORMAT,
        batch->n_features, expected);
    return FALSE;
  }
  for (guint b = 0; b < batch->n_sequences; b++) {
    if (batch->lengths[b] == 0 || batch->lengths[b] > batch->n_steps) {
      g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
          "sequence %u of the batch has length %u, not 1 to %u", b,
          batch->lengths[b], batch->n_steps);
      return FALSE;
    }
  }
  return TRUE;
}

/* Labels that belong to a sequence. */
static gsize
n_labels_of (const RnncTrainer *trainer, const RnncBatch *batch,
    const RnncTargets *targets, guint sequence)
{
  if (trainer->options.loss == RNNC_LOSS_CTC)
    return targets->lengths[sequence];
  return rnnc_network_output_steps (trainer->network, batch->lengths[sequence]);
}

static gboolean
check_label (const RnncTrainer *trainer, guint label, guint sequence,
    GError **error)
{
  guint n = (guint) rnnc_network_output_size (trainer->network);
  if (label >= n) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "sequence %u of the batch has label %u, the network has %u", sequence,
        label, n);
    return FALSE;
  }
  if (trainer->options.loss == RNNC_LOSS_CTC
      && (label == trainer->blank
          || (trainer->n_phones > 0 && label == n - trainer->n_phones))) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "sequence %u of the batch has the blank among its labels", sequence);
    return FALSE;
  }
  return TRUE;
}

gboolean
rnnc_targets_check (const RnncTrainer *trainer, const RnncBatch *batch,
    const RnncTargets *targets, GError **error)
{
  gboolean ctc = trainer->options.loss == RNNC_LOSS_CTC;
  gboolean mse = trainer->options.loss == RNNC_LOSS_MSE;
  if ((mse && !targets->values) || (!mse && !targets->labels)
      || (ctc && !targets->lengths)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "the targets are not those of this loss");
    return FALSE;
  }
  if (mse)
    return TRUE;
  gsize next = 0;
  for (guint b = 0; b < batch->n_sequences; b++) {
    gsize n = n_labels_of (trainer, batch, targets, b);
    for (gsize i = 0; i < n; i++, next++)
      if (!check_label (trainer, targets->labels[next], b, error))
        return FALSE;
  }
  return TRUE;
}

static gint
compare_lengths (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const guint *lengths = user_data;
  guint first = *(const guint *) a, second = *(const guint *) b;
  if (lengths[first] != lengths[second])
    return lengths[first] > lengths[second] ? -1 : 1;
  return first < second ? -1 : first > second;
}

void
rnnc_batch_share (RnncTrainer *trainer, const RnncBatch *batch)
{
  guint n = batch->n_sequences;
  guint n_workers = MIN (trainer->options.threads, n);
  guint next = 0;

  if (n > trainer->n_order) {
    trainer->order = g_renew (guint, trainer->order, n);
    trainer->lengths = g_renew (guint, trainer->lengths, n);
    trainer->first_label = g_renew (gsize, trainer->first_label, n);
    trainer->n_letters = g_renew (guint, trainer->n_letters, n);
    trainer->n_order = n;
  }
  guint *sorted = g_new (guint, n);
  for (guint b = 0; b < n; b++)
    sorted[b] = b;
  g_qsort_with_data (sorted, (gint) n, sizeof (guint), compare_lengths,
      (gpointer) batch->lengths);
  for (guint w = 0; w < n_workers; w++) {
    trainer->first[w] = next;
    for (guint i = 0; i < n; i++) {
      guint round = i / n_workers, place = i % n_workers;
      if ((round % 2 ? n_workers - 1 - place : place) == w)
        trainer->order[next++] = sorted[i];
    }
  }
  trainer->first[n_workers] = n;
  for (guint i = 0; i < n; i++)
    trainer->lengths[i] = batch->lengths[trainer->order[i]];
  trainer->n_active = n_workers;
  trainer->batch = batch;
  g_free (sorted);
}

/* Each sequence's letters before its phones, which count from 0. */
static void
sort_labels (RnncTrainer *trainer, guint n_sequences,
    const RnncTargets *targets)
{
  guint n_letters = trainer->task.n_outputs - trainer->n_phones;
  gsize total = 0;
  guint *to;
  for (guint b = 0; b < n_sequences; b++)
    total += targets->lengths[b];
  to = rnnc_buffer_bytes (&trainer->sorted, MAX (total, 1) * sizeof (guint));
  trainer->task.labels = to;
  trainer->task.n_letters = trainer->n_letters;
  for (guint b = 0; b < n_sequences; b++) {
    const guint *from = targets->labels + trainer->first_label[b];
    const guint *begin = to;
    for (guint i = 0; i < targets->lengths[b]; i++)
      if (from[i] < n_letters)
        *to++ = from[i];
    trainer->n_letters[b] = (guint) (to - begin);
    for (guint i = 0; i < targets->lengths[b]; i++)
      if (from[i] >= n_letters)
        *to++ = from[i] - n_letters;
  }
}

void
rnnc_batch_set_targets (RnncTrainer *trainer, const RnncBatch *batch,
    const RnncTargets *targets)
{
  RnncLossTask *task = &trainer->task;
  gsize next = 0, n_steps = 0;
  task->loss = trainer->options.loss;
  task->targets = targets;
  task->labels = targets->labels;
  task->n_letters = NULL;
  task->n_phones = trainer->n_phones;
  task->first_label = trainer->first_label;
  task->n_sequences = batch->n_sequences;
  task->n_outputs = (guint) rnnc_network_output_size (trainer->network);
  task->blank = trainer->blank;
  task->label_smoothing = trainer->options.label_smoothing;
  for (guint b = 0; b < batch->n_sequences; b++) {
    trainer->first_label[b] = next;
    if (task->loss != RNNC_LOSS_MSE)
      next += n_labels_of (trainer, batch, targets, b);
    n_steps += rnnc_network_output_steps (trainer->network, batch->lengths[b]);
  }
  if (trainer->n_phones > 0)
    sort_labels (trainer, batch->n_sequences, targets);
  switch (task->loss) {
    case RNNC_LOSS_CTC:
      task->n_terms = batch->n_sequences;
      break;
    case RNNC_LOSS_CROSS_ENTROPY:
      task->n_terms = (double) n_steps;
      break;
    case RNNC_LOSS_MSE:
      task->n_terms = (double) n_steps * task->n_outputs;
      break;
  }
}
