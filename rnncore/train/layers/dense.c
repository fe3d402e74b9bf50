/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/train/layer.h"

static void
dense_initialise (const RnncTrainLayer *layer, real *values, RnncRandom *random)
{
  const RnncParameter *weight = &layer->parameters[0];
  rnnc_initialise_xavier (values + weight->offset, weight->shape[0],
      weight->shape[1], random);
}

static void
dense_forward (RnncPass *pass, const real *x, real *y)
{
  gsize n_in = rnnc_train_layer_inputs (pass->layer);
  gsize n_out = rnnc_train_layer_outputs (pass->layer);
  gsize n_rows = pass->in->n_rows;
  rnnc_product (pass->products, FALSE, TRUE, n_rows, n_out, n_in, x, n_in,
      rnnc_pass_values (pass, 0), n_in, FALSE, y, n_out);
  if (pass->layer->spec->params.dense.bias)
    rnnc_add_bias (n_rows, n_out, rnnc_pass_values (pass, 1), y);
}

static void
dense_backward (RnncPass *pass, const real *x, const real *y, const real *dy,
    real *dx)
{
  gsize n_in = rnnc_train_layer_inputs (pass->layer);
  gsize n_out = rnnc_train_layer_outputs (pass->layer);
  gsize n_rows = pass->in->n_rows;
  rnnc_product (pass->products, TRUE, FALSE, n_out, n_in, n_rows, dy, n_out, x,
      n_in, TRUE, rnnc_pass_gradients (pass, 0), n_in);
  if (pass->layer->spec->params.dense.bias)
    rnnc_sum_rows (n_rows, n_out, dy, n_out, rnnc_pass_gradients (pass, 1));
  if (dx)
    rnnc_product (pass->products, FALSE, FALSE, n_rows, n_in, n_out, dy, n_out,
        rnnc_pass_values (pass, 0), n_in, FALSE, dx, n_in);
}

const RnncTrainLayerClass rnnc_train_dense = {
  .forgets_output = TRUE,
  .initialise = dense_initialise,
  .forward = dense_forward,
  .backward = dense_backward,
};
