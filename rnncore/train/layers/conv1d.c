/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Convolution over time: blocks of output frames are gathered into rows of
 * [kernel, in], one matrix product each and group. Frames outside a sequence
 * are zero. */
#include "rnncore/train/layer.h"

#define BLOCK_ROWS 512

typedef struct {
  RnncBuffer weight; /* [out, kernel, in / groups] */
  RnncBuffer weight_gradient;
  RnncBuffer columns; /* [BLOCK_ROWS, kernel, in / groups] */
} Conv1dState;

static void
conv1d_pack (const RnncTrainLayer *layer, const RnncPacking *in,
    RnncPacking *out)
{
  guint stride = layer->spec->params.conv1d.stride;
  guint *lengths = g_new (guint, in->n_sequences);
  for (guint b = 0; b < in->n_sequences; b++)
    lengths[b] = (in->lengths[b] - 1) / stride + 1;
  rnnc_packing_set (out, in->n_sequences, lengths);
  g_free (lengths);
}

static void
conv1d_initialise (const RnncTrainLayer *layer, real *values,
    RnncRandom *random)
{
  const RnncParameter *weight = &layer->parameters[0];
  rnnc_initialise_kaiming (values + weight->offset, weight->n_values,
      weight->shape[1] * weight->shape[2], random);
}

/* [out, in, kernel] to [out, kernel, in]. */
static void
repack_weight (const RnncTrainLayer *layer, const real *weight, real *packed)
{
  gsize n_out = layer->parameters[0].shape[0];
  gsize n_in = layer->parameters[0].shape[1];
  gsize kernel = layer->parameters[0].shape[2];
  for (gsize o = 0; o < n_out; o++, weight += n_in * kernel)
    for (gsize k = 0; k < kernel; k++)
      for (gsize i = 0; i < n_in; i++)
        *packed++ = weight[i * kernel + k];
}

static void
add_repacked_gradient (const RnncTrainLayer *layer, const real *packed,
    real *gradient)
{
  gsize n_out = layer->parameters[0].shape[0];
  gsize n_in = layer->parameters[0].shape[1];
  gsize kernel = layer->parameters[0].shape[2];
  for (gsize o = 0; o < n_out; o++, gradient += n_in * kernel)
    for (gsize k = 0; k < kernel; k++)
      for (gsize i = 0; i < n_in; i++)
        gradient[i * kernel + k] += *packed++;
}

/* A run of output rows: from row @first of step @step on. */
typedef struct {
  guint step;
  guint sequence;
  gsize n_rows;
  guint group;
} Block;

/* The next rows behind @block, at most BLOCK_ROWS; FALSE at the end. */
static gboolean
next_block (const RnncPacking *out, gsize first_row, Block *block)
{
  if (first_row >= out->n_rows)
    return FALSE;
  while (block->step + 1 < out->n_steps
      && out->offsets[block->step + 1] <= first_row)
    block->step++;
  block->sequence = (guint) (first_row - out->offsets[block->step]);
  block->n_rows = MIN (BLOCK_ROWS, out->n_rows - first_row);
  return TRUE;
}

/* Row of the input under tap @k of an output row, or -1 outside. */
static inline gssize
tap_row (const RnncConv1dParams *params, const RnncPacking *in, guint step,
    guint sequence, guint k)
{
  gssize t = (gssize) step * params->stride + (gssize) k * params->dilation
      - params->left;
  if (t < 0 || t >= (gssize) in->lengths[sequence])
    return -1;
  return (gssize) rnnc_packing_row (in, (guint) t, sequence);
}

static void
gather_columns (const RnncPass *pass, const Block *block, const real *x,
    real *columns)
{
  const RnncConv1dParams *params = &pass->layer->spec->params.conv1d;
  gsize n_in = rnnc_train_layer_inputs (pass->layer);
  gsize n = n_in / params->groups;
  guint step = block->step, sequence = block->sequence;
  x += block->group * n;
  for (gsize r = 0; r < block->n_rows; r++) {
    for (guint k = 0; k < params->kernel; k++, columns += n) {
      gssize row = tap_row (params, pass->in, step, sequence, k);
      if (row < 0)
        rnnc_zero (columns, n);
      else
        memcpy (columns, x + row * n_in, n * sizeof (real));
    }
    if (++sequence == pass->out->counts[step]) {
      sequence = 0;
      step++;
    }
  }
}

static void
scatter_columns (const RnncPass *pass, const Block *block, const real *columns,
    real *dx)
{
  const RnncConv1dParams *params = &pass->layer->spec->params.conv1d;
  gsize n_in = rnnc_train_layer_inputs (pass->layer);
  gsize n = n_in / params->groups;
  guint step = block->step, sequence = block->sequence;
  dx += block->group * n;
  for (gsize r = 0; r < block->n_rows; r++) {
    for (guint k = 0; k < params->kernel; k++, columns += n) {
      gssize row = tap_row (params, pass->in, step, sequence, k);
      if (row >= 0)
        for (gsize i = 0; i < n; i++)
          dx[row * n_in + i] += columns[i];
    }
    if (++sequence == pass->out->counts[step]) {
      sequence = 0;
      step++;
    }
  }
}

static void
conv1d_forward (RnncPass *pass, const real *x, real *y)
{
  Conv1dState *state = pass->state;
  const RnncTrainLayer *layer = pass->layer;
  gsize n_out = rnnc_train_layer_outputs (layer);
  gsize depth = layer->parameters[0].n_values / n_out;
  guint n_groups = layer->spec->params.conv1d.groups;
  gsize n = n_out / n_groups; /* of a group */
  real *weight = rnnc_buffer_reals (&state->weight, n_out * depth);
  real *columns = rnnc_buffer_reals (&state->columns, BLOCK_ROWS * depth);
  Block block = { 0 };

  repack_weight (layer, rnnc_pass_values (pass, 0), weight);
  for (gsize row = 0; next_block (pass->out, row, &block);
       row += block.n_rows) {
    for (guint g = 0; g < n_groups; g++) {
      block.group = g;
      gather_columns (pass, &block, x, columns);
      rnnc_product (pass->products, FALSE, TRUE, block.n_rows, n, depth,
          columns, depth, weight + g * n * depth, depth, FALSE,
          y + row * n_out + g * n, n_out);
    }
  }
  if (layer->spec->params.conv1d.bias)
    rnnc_add_bias (pass->out->n_rows, n_out, rnnc_pass_values (pass, 1), y);
}

static void
conv1d_backward (RnncPass *pass, const real *x, const real *y, const real *dy,
    real *dx)
{
  Conv1dState *state = pass->state;
  const RnncTrainLayer *layer = pass->layer;
  gsize n_in = rnnc_train_layer_inputs (layer);
  gsize n_out = rnnc_train_layer_outputs (layer);
  gsize depth = layer->parameters[0].n_values / n_out;
  guint n_groups = layer->spec->params.conv1d.groups;
  gsize n = n_out / n_groups; /* of a group */
  const real *weight = state->weight.data;
  real *columns = state->columns.data;
  real *gradient = rnnc_buffer_reals (&state->weight_gradient, n_out * depth);
  Block block = { 0 };

  rnnc_zero (gradient, n_out * depth);
  if (dx)
    rnnc_zero (dx, pass->in->n_rows * n_in);
  for (gsize row = 0; next_block (pass->out, row, &block);
       row += block.n_rows) {
    for (guint g = 0; g < n_groups; g++) {
      const real *dy_block = dy + row * n_out + g * n;
      block.group = g;
      gather_columns (pass, &block, x, columns);
      rnnc_product (pass->products, TRUE, FALSE, n, depth, block.n_rows,
          dy_block, n_out, columns, depth, TRUE, gradient + g * n * depth,
          depth);
      if (!dx)
        continue;
      rnnc_product (pass->products, FALSE, FALSE, block.n_rows, depth, n,
          dy_block, n_out, weight + g * n * depth, depth, FALSE, columns,
          depth);
      scatter_columns (pass, &block, columns, dx);
    }
  }
  add_repacked_gradient (layer, gradient, rnnc_pass_gradients (pass, 0));
  if (layer->spec->params.conv1d.bias)
    rnnc_sum_rows (pass->out->n_rows, n_out, dy, n_out,
        rnnc_pass_gradients (pass, 1));
}

static void
conv1d_clear (gpointer data)
{
  Conv1dState *state = data;
  rnnc_buffer_clear (&state->weight);
  rnnc_buffer_clear (&state->weight_gradient);
  rnnc_buffer_clear (&state->columns);
}

const RnncTrainLayerClass rnnc_train_conv1d = {
  .state_size = sizeof (Conv1dState),
  .forgets_output = TRUE,
  .pack = conv1d_pack,
  .initialise = conv1d_initialise,
  .forward = conv1d_forward,
  .backward = conv1d_backward,
  .clear = conv1d_clear,
};
