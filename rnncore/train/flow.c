/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How far back in time the loss reaches: norms of dLoss/dh_t. */
#include "rnncore/train/batch.h"
#include "rnncore/train/trainer-private.h"

void
rnnc_trainer_find_flows (RnncTrainer *trainer)
{
  const RnncNetwork *network = trainer->network;
  guint n = 0;
  trainer->flows = g_array_new (FALSE, FALSE, sizeof (RnncGradientFlow));
  trainer->layer_flows = g_new0 (RnncFlowSums *, network->n_layers);
  for (guint i = 0; i < network->n_layers; i++) {
    const RnncLayerSpec *spec = network->layers[i].spec;
    guint n_layers = spec->params.recurrent.n_layers;
    if (spec->type != RNNC_LAYER_RECURRENT)
      continue;
    for (guint k = 0; k < n_layers; k++) {
      RnncGradientFlow flow = { 0 };
      flow.name = n_layers == 1 ? g_strdup (spec->name)
                                : g_strdup_printf ("%s.%u", spec->name, k);
      g_array_append_val (trainer->flows, flow);
    }
  }
  trainer->flow_sums = g_new0 (RnncFlowSums, trainer->flows->len + 1);
  for (guint i = 0; i < network->n_layers; i++) {
    const RnncLayerSpec *spec = network->layers[i].spec;
    if (spec->type != RNNC_LAYER_RECURRENT)
      continue;
    trainer->layer_flows[i] = &trainer->flow_sums[n];
    n += spec->params.recurrent.n_layers;
  }
}

void
rnnc_trainer_clear_flows (RnncTrainer *trainer)
{
  for (guint i = 0; i < trainer->flows->len; i++) {
    g_free ((char *) g_array_index (trainer->flows, RnncGradientFlow, i).name);
    g_free (trainer->flow_sums[i].sums);
    g_free (trainer->flow_sums[i].counts);
  }
  g_array_unref (trainer->flows);
  g_free (trainer->flow_sums);
  g_free (trainer->layer_flows);
}

static void
begin_sums (RnncTrainer *trainer, guint n_steps)
{
  for (guint i = 0; i < trainer->flows->len; i++) {
    RnncFlowSums *sums = &trainer->flow_sums[i];
    g_free (sums->sums);
    g_free (sums->counts);
    sums->n = n_steps;
    sums->sums = g_new0 (double, n_steps);
    sums->counts = g_new0 (guint, n_steps);
  }
}

/* Sums into means; ends behind the longest sequence of the layer. */
static void
finish_sums (RnncTrainer *trainer)
{
  for (guint i = 0; i < trainer->flows->len; i++) {
    RnncFlowSums *sums = &trainer->flow_sums[i];
    RnncGradientFlow *flow
        = &g_array_index (trainer->flows, RnncGradientFlow, i);
    flow->n_distances = 0;
    while (flow->n_distances < sums->n && sums->counts[flow->n_distances] > 0) {
      sums->sums[flow->n_distances] /= sums->counts[flow->n_distances];
      flow->n_distances++;
    }
    flow->norms = sums->sums;
  }
}

guint
rnnc_trainer_gradient_flow (RnncTrainer *trainer, const RnncBatch *batch,
    const RnncTargets *targets, const RnncGradientFlow **flows, GError **error)
{
  guint threads = trainer->options.threads;
  RnncPassContext context = { .flows = trainer->layer_flows };
  *flows = (const RnncGradientFlow *) (const void *) trainer->flows->data;
  if (!rnnc_batch_check (trainer, batch, error)
      || !rnnc_targets_check (trainer, batch, targets, error))
    return 0;
  if (trainer->flows->len == 0)
    return 0;
  begin_sums (trainer, batch->n_steps);
  /* One worker: sums need no other's. */
  trainer->options.threads = 1;
  rnnc_batch_share (trainer, batch);
  trainer->options.threads = threads;
  rnnc_batch_set_targets (trainer, batch, targets);
  trainer->task.n_terms = 1; /* each sequence's own loss */
  trainer->last_output_only = TRUE;
  rnnc_trainer_pass (trainer, &context);
  trainer->last_output_only = FALSE;
  finish_sums (trainer);
  return trainer->flows->len;
}
