/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Srivastava et al. 2014, scaled in training so that nothing is left to do
 * outside it. The mask is computed again in backward, not kept. */
#include "rnncore/train/layer.h"

static void
dropout_apply (const RnncPass *pass, const real *x, real *y)
{
  gsize n = rnnc_train_layer_outputs (pass->layer);
  double rate = pass->layer->spec->params.dropout;
  if (pass->training && rate > 0)
    rnnc_pass_dropout (pass, pass->in, 0, rate, n, x, y);
  else if (x != y)
    memcpy (y, x, pass->in->n_rows * n * sizeof (real));
}

static void
dropout_forward (RnncPass *pass, const real *x, real *y)
{
  dropout_apply (pass, x, y);
}

static void
dropout_backward (RnncPass *pass, const real *x, const real *y, const real *dy,
    real *dx)
{
  if (dx)
    dropout_apply (pass, dy, dx);
}

const RnncTrainLayerClass rnnc_train_dropout = {
  .elementwise = TRUE,
  .forgets_output = TRUE,
  .forward = dropout_forward,
  .backward = dropout_backward,
};
