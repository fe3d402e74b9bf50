/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Indices to rows of a table. An index has no gradient. */
#include "rnncore/train/layer.h"

/* As PyTorch's: normal, deviation 1. */
static void
embedding_initialise (const RnncTrainLayer *layer, real *values,
    RnncRandom *random)
{
  const RnncParameter *weight = &layer->parameters[0];
  for (gsize i = 0; i < weight->n_values; i++)
    values[weight->offset + i] = (real) rnnc_random_gaussian (random);
}

/* Rounded and held to the table; NaN is entry 0. */
static gsize
get_entry (real number, guint n_entries)
{
  if (!(number > 0))
    return 0;
  return number >= n_entries - 1 ? n_entries - 1
                                 : (gsize) (number + (real) 0.5);
}

static void
embedding_forward (RnncPass *pass, const real *x, real *y)
{
  const RnncEmbeddingParams *params = &pass->layer->spec->params.embedding;
  const real *table = rnnc_pass_values (pass, 0);
  gsize n = pass->in->n_rows * rnnc_train_layer_inputs (pass->layer);
  for (gsize i = 0; i < n; i++, y += params->units)
    memcpy (y, table + get_entry (x[i], params->entries) * params->units,
        params->units * sizeof (real));
}

static void
embedding_backward (RnncPass *pass, const real *x, const real *y,
    const real *dy, real *dx)
{
  const RnncEmbeddingParams *params = &pass->layer->spec->params.embedding;
  real *gradient = rnnc_pass_gradients (pass, 0);
  gsize n = pass->in->n_rows * rnnc_train_layer_inputs (pass->layer);
  for (gsize i = 0; i < n; i++, dy += params->units) {
    real *row = gradient + get_entry (x[i], params->entries) * params->units;
    for (guint u = 0; u < params->units; u++)
      row[u] += dy[u];
  }
}

const RnncTrainLayerClass rnnc_train_embedding = {
  .forgets_output = TRUE,
  .stops_gradient = TRUE,
  .initialise = embedding_initialise,
  .forward = embedding_forward,
  .backward = embedding_backward,
};
