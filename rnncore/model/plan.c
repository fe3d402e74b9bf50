/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/model/plan.h"

gint
rnnc_plan_output (RnncLayer **layers, guint index)
{
  gint at = (gint) index;

  while (at >= 0 && layers[at]->identity)
    at = layers[at]->spec->sources[0];
  return at;
}

static void
find_sources (RnncPlan *plan, RnncLayer **layers, guint index)
{
  const RnncLayerSpec *spec = layers[index]->spec;
  RnncStep *step = &plan->steps[index];

  step->n_sources = spec->n_sources;
  step->sources = g_new0 (gint, spec->n_sources);
  for (guint i = 0; i < spec->n_sources; i++)
    step->sources[i] = spec->sources[i] < 0
        ? RNNC_FRONTEND_FRAME
        : rnnc_plan_output (layers, spec->sources[i]);
}

/* The last reader of each layer's output; itself where there is none. */
static void
find_last_readers (const RnncPlan *plan, guint *readers)
{
  for (guint i = 0; i < plan->n_steps; i++)
    readers[i] = i;
  for (guint i = 0; i < plan->n_steps; i++) {
    for (guint k = 0; k < plan->steps[i].n_sources; k++) {
      if (plan->steps[i].sources[k] >= 0)
        readers[plan->steps[i].sources[k]] = i;
    }
  }
}

/* Slots hold the last reader of what lies in them. */
static void
choose_slot (RnncPlan *plan, RnncLayer **layers, guint index, guint reader,
    guint *slots)
{
  RnncStep *step = &plan->steps[index];
  gint source = step->sources[0];

  if (layers[index]->klass->in_place && source >= 0
      && slots[plan->steps[source].slot] == index) {
    step->slot = plan->steps[source].slot;
  } else {
    /* what this layer itself reads is still needed */
    while (step->slot < plan->n_slots && slots[step->slot] >= index)
      step->slot++;
    plan->n_slots = MAX (plan->n_slots, step->slot + 1);
  }
  slots[step->slot] = reader;
}

void
rnnc_plan_init (RnncPlan *plan, RnncLayer **layers, guint n_layers)
{
  guint readers[RNNC_MAX_LAYERS];
  guint slots[RNNC_MAX_LAYERS];

  g_assert (n_layers <= RNNC_MAX_LAYERS);
  *plan = (RnncPlan){ n_layers, g_new0 (RnncStep, n_layers), 0 };
  for (guint i = 0; i < n_layers; i++) {
    if (!layers[i]->identity)
      find_sources (plan, layers, i);
  }
  find_last_readers (plan, readers);
  for (guint i = 0; i < n_layers; i++) {
    if (!layers[i]->identity)
      choose_slot (plan, layers, i, readers[i], slots);
  }
}

void
rnnc_plan_clear (RnncPlan *plan)
{
  for (guint i = 0; i < plan->n_steps; i++)
    g_free (plan->steps[i].sources);
  g_free (plan->steps);
}

static gboolean
is_cut (RnncLayer **layers, guint n_layers, guint index)
{
  for (guint i = index; i < n_layers; i++) {
    const RnncLayerSpec *spec = layers[i]->spec;

    for (guint k = 0; k < spec->n_sources; k++) {
      if (spec->sources[k] < (gint) index - 1)
        return FALSE;
    }
  }
  return TRUE;
}

guint
rnnc_plan_cut (RnncLayer **layers, guint n_layers, guint index)
{
  while (!is_cut (layers, n_layers, index))
    index--;
  return index;
}
