/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Vanilla RNN, GRU and LSTM, stacked, one-way and bidirectional, with
 * backpropagation through all time (Werbos 1990), or through a given number of
 * steps (Williams and Peng 1990). The products with the input
 * and all weight gradients are one matrix product over all steps; only the
 * product with the previous state is done step by step. An LSTM may have its
 * output projected to fewer numbers (Sak et al. 2014), which are then what the
 * next step sees. */
#include <math.h>

#include "rnncore/train/layer.h"
#include "rnncore/train/layers/cell.h"

enum { WEIGHT_IH, WEIGHT_HH, BIAS_IH, BIAS_HH };

/* What one direction of one layer remembers. */
typedef struct {
  RnncBuffer gates;          /* [rows, G*H] */
  RnncBuffer hidden_part;    /* GRU: [rows, G*H] */
  RnncBuffer c;              /* LSTM: [rows, H] */
  RnncPackedMatrix forward;  /* weight_hh transposed */
  RnncPackedMatrix backward; /* weight_hh */
  /* with a projection */
  RnncBuffer h;           /* [rows, H]: before it */
  RnncBuffer d_projected; /* [rows, R]: the gradient of what it gives */
  RnncPackedMatrix project;
  RnncPackedMatrix unproject;
} Run;

typedef struct {
  Run *runs; /* [n_layers * directions] */
  guint n_runs;
  RnncBuffer *outputs; /* [n_layers - 1]: h of the inner layers */
  RnncBuffer *dropped; /* [n_layers - 1]: what the layer behind sees */
  guint n_inner;
  RnncBuffer bias;       /* [G*H] */
  RnncBuffer carry;      /* [5, n_sequences, H]: dh, dh for the next, dc; with
                            a projection its gradient, and zeros */
  RnncBuffer previous_h; /* [rows, R] */
  RnncBuffer d_layer[2]; /* [rows, directions*R] */
} RecurrentState;

/* One direction of one layer in one pass. */
typedef struct {
  RnncPass *pass;
  RecurrentState *state;
  Run *run;
  const RnncRecurrentParams *params;
  const RnncPacking *packing;
  gboolean reverse;
  guint layer; /* of the stack */
  guint first_parameter;
  gsize hidden;
  gsize outputs; /* R: H, or what it is projected to */
  gsize gates;   /* G*H */
  gsize n_in;
  gsize ld; /* row length of the layer's output */
} Direction;

static guint
n_directions (const RnncRecurrentParams *params)
{
  return params->bidirectional ? 2 : 1;
}

/* Tensors of one direction of one layer; weight_hr is the last. */
static guint
run_parameters (const RnncRecurrentParams *params)
{
  return (params->bias ? 4 : 2) + (params->projection > 0 ? 1 : 0);
}

static Direction
direction_begin (RnncPass *pass, guint layer, guint index)
{
  RecurrentState *state = pass->state;
  const RnncRecurrentParams *params = &pass->layer->spec->params.recurrent;
  guint run = layer * n_directions (params) + index;
  Direction d = { pass, state, &state->runs[run], params, pass->in };
  d.reverse = index == 1;
  d.layer = layer;
  d.first_parameter = run * run_parameters (params);
  d.hidden = params->hidden;
  d.outputs = rnnc_recurrent_outputs (params);
  d.gates = rnnc_cell_gates (params->cell) * d.hidden;
  d.ld = n_directions (params) * d.outputs;
  d.n_in = layer == 0 ? rnnc_train_layer_inputs (pass->layer) : d.ld;
  return d;
}

static const real *
direction_values (const Direction *d, guint which)
{
  return rnnc_pass_values (d->pass, d->first_parameter + which);
}

static real *
direction_gradients (const Direction *d, guint which)
{
  return rnnc_pass_gradients (d->pass, d->first_parameter + which);
}

static guint
weight_hr (const Direction *d)
{
  return run_parameters (d->params) - 1;
}

static gboolean
is_projected (const Direction *d)
{
  return d->params->projection > 0;
}

/* The i-th step in the direction's own order. */
static guint
direction_step (const Direction *d, guint i)
{
  return d->reverse ? d->packing->n_steps - 1 - i : i;
}

/* Rows of the i-th step that have a step before. */
static gsize
rows_with_previous (const Direction *d, guint i)
{
  if (i == 0 || i >= d->packing->n_steps)
    return 0;
  return MIN (d->packing->counts[direction_step (d, i)],
      d->packing->counts[direction_step (d, i - 1)]);
}

/* @h: what the layer puts out. */
static RnncCellStep
cell_step (const Direction *d, guint i, real *h)
{
  guint t = direction_step (d, i);
  gsize row = d->packing->offsets[t];
  gsize ld = d->ld;
  real *c = d->run->c.data;
  real *part = d->run->hidden_part.data;
  if (is_projected (d)) {
    h = d->run->h.data;
    ld = d->hidden;
  }
  RnncCellStep step
      = { d->packing->counts[t], rows_with_previous (d, i), d->hidden, ld };
  step.gates = (real *) d->run->gates.data + row * d->gates;
  step.h = h + row * ld;
  if (c)
    step.c = c + row * d->hidden;
  if (part)
    step.hidden_part = part + row * d->gates;
  if (step.n_previous > 0) {
    gsize previous = d->packing->offsets[direction_step (d, i - 1)];
    step.previous_h = h + previous * ld;
    if (c)
      step.previous_c = c + previous * d->hidden;
  }
  return step;
}

static void
cell_forward (const Direction *d, const RnncCellStep *step)
{
  switch (d->params->cell) {
    case RNNC_CELL_LSTM:
      rnnc_lstm_forward (step);
      break;
    case RNNC_CELL_GRU:
      rnnc_gru_forward (step);
      break;
    case RNNC_CELL_RNN:
      rnnc_elman_forward (step, d->params->nonlinearity);
      break;
  }
}

static void
cell_backward (const Direction *d, const RnncCellStep *step)
{
  switch (d->params->cell) {
    case RNNC_CELL_LSTM:
      rnnc_lstm_backward (step);
      break;
    case RNNC_CELL_GRU:
      rnnc_gru_backward (step);
      break;
    case RNNC_CELL_RNN:
      rnnc_elman_backward (step, d->params->nonlinearity);
      break;
  }
}

/* gates = W x + biases for all steps; the GRU's hidden bias stays with its
 * hidden part. */
static void
project_input (const Direction *d, const real *x)
{
  gsize n_rows = d->packing->n_rows;
  gboolean gru = d->params->cell == RNNC_CELL_GRU;
  real *gates = rnnc_buffer_reals (&d->run->gates, n_rows * d->gates);
  real *bias = rnnc_buffer_reals (&d->state->bias, d->gates);

  rnnc_product (d->pass->products, FALSE, TRUE, n_rows, d->gates, d->n_in, x,
      d->n_in, direction_values (d, WEIGHT_IH), d->n_in, FALSE, gates,
      d->gates);
  if (gru) {
    real *part = rnnc_buffer_reals (&d->run->hidden_part, n_rows * d->gates);
    rnnc_zero (part, n_rows * d->gates);
    if (d->params->bias)
      rnnc_add_bias (n_rows, d->gates, direction_values (d, BIAS_HH), part);
  }
  if (!d->params->bias)
    return;
  memcpy (bias, direction_values (d, BIAS_IH), d->gates * sizeof (real));
  if (!gru)
    rnnc_add_bias (1, d->gates, direction_values (d, BIAS_HH), bias);
  rnnc_add_bias (n_rows, d->gates, bias, gates);
}

static void
prepare_forward (const Direction *d)
{
  gsize n_rows = d->packing->n_rows;
  if (d->params->cell == RNNC_CELL_LSTM)
    rnnc_buffer_reals (&d->run->c, n_rows * d->hidden);
  rnnc_packed_matrix_set (&d->run->forward, d->pass->products->kernel, TRUE,
      d->outputs, d->gates, direction_values (d, WEIGHT_HH), d->outputs);
  if (!is_projected (d))
    return;
  rnnc_buffer_reals (&d->run->h, n_rows * d->hidden);
  rnnc_packed_matrix_set (&d->run->project, d->pass->products->kernel, TRUE,
      d->hidden, d->outputs, direction_values (d, weight_hr (d)), d->hidden);
}

static void
direction_forward (const Direction *d, const real *x, real *h)
{
  project_input (d, x);
  prepare_forward (d);
  for (guint i = 0; i < d->packing->n_steps; i++) {
    RnncCellStep step = cell_step (d, i, h);
    gsize row = d->packing->offsets[direction_step (d, i)];
    if (step.n_previous > 0)
      rnnc_packed_matrix_multiply (&d->run->forward, step.n_previous,
          h + d->packing->offsets[direction_step (d, i - 1)] * d->ld, d->ld,
          TRUE, step.hidden_part ? step.hidden_part : step.gates, d->gates);
    cell_forward (d, &step);
    if (is_projected (d))
      rnnc_packed_matrix_multiply (&d->run->project, step.n_rows, step.h,
          d->hidden, FALSE, h + row * d->ld, d->ld);
  }
}

/* Notes |dy + dh|, [@n_rows, R], by how far each row is from its sequence's
 * last step. */
static void
note_flow (const Direction *d, RnncFlowSums *flow, guint t, gsize n_rows,
    const real *dy, const real *dh)
{
  for (gsize r = 0; r < n_rows; r++, dy += d->ld, dh += d->outputs) {
    guint distance = d->packing->lengths[r] - 1 - t;
    double sum = 0;
    for (gsize j = 0; j < d->outputs; j++)
      sum += ((double) dy[j] + dh[j]) * ((double) dy[j] + dh[j]);
    if (distance >= flow->n)
      continue;
    flow->sums[distance] += sqrt (sum);
    flow->counts[distance]++;
  }
}

/* Whether the gradient of step @i ends here rather than at the step before. */
static gboolean
ends_gradient (const Direction *d, guint i)
{
  return d->pass->truncate > 0 && i % d->pass->truncate == 0;
}

/* Vectors of one step's rows that are handed from step to step. */
typedef struct {
  real *dh;        /* [n_sequences, R] */
  real *dh_before; /* [n_sequences, R] */
  real *dc;        /* [n_sequences, H] */
  real *d_hidden;  /* [n_sequences, H]: with a projection */
  real *zeros;     /* [n_sequences, H]: with a projection */
} Carry;

static Carry
carry_begin (const Direction *d)
{
  gsize n = d->packing->n_sequences * d->hidden; /* R is never more than H */
  real *memory = rnnc_buffer_reals (&d->state->carry, 5 * n);
  rnnc_zero (memory + 4 * n, n);
  return (Carry){ memory, memory + n, memory + 2 * n, memory + 3 * n,
    memory + 4 * n };
}

/* From the gradient of the projected output, kept for weight_hr's own, to that
 * of h. */
static void
unproject (const Direction *d, gsize row, RnncCellStep *step,
    const Carry *carry)
{
  gsize n = d->outputs;
  real *projected = (real *) d->run->d_projected.data + row * n;
  for (gsize r = 0; r < step->n_rows; r++)
    for (gsize j = 0; j < n; j++)
      projected[r * n + j] = step->dy[r * d->ld + j] + carry->dh[r * n + j];
  rnnc_packed_matrix_multiply (&d->run->unproject, step->n_rows, projected, n,
      FALSE, carry->d_hidden, d->hidden);
  step->dy = carry->d_hidden;
  step->dh = carry->zeros;
}

static void
prepare_backward (const Direction *d)
{
  rnnc_packed_matrix_set (&d->run->backward, d->pass->products->kernel, FALSE,
      d->gates, d->outputs, direction_values (d, WEIGHT_HH), d->outputs);
  if (!is_projected (d))
    return;
  rnnc_buffer_reals (&d->run->d_projected, d->packing->n_rows * d->outputs);
  rnnc_packed_matrix_set (&d->run->unproject, d->pass->products->kernel, FALSE,
      d->outputs, d->hidden, direction_values (d, weight_hr (d)), d->hidden);
}

/* Turns the remembered gates into gradients, from the last step to the
 * first. */
static void
backward_through_time (const Direction *d, real *h, const real *dy)
{
  gsize n = d->outputs, n_sequences = d->packing->n_sequences;
  gboolean gru = d->params->cell == RNNC_CELL_GRU;
  RnncFlowSums *flow = d->pass->flows ? &d->pass->flows[d->layer] : NULL;
  Carry carry = carry_begin (d);

  prepare_backward (d);
  for (guint i = d->packing->n_steps; i-- > 0;) {
    RnncCellStep step = cell_step (d, i, h);
    gsize carried = rows_with_previous (d, i + 1);
    gsize row = d->packing->offsets[direction_step (d, i)];
    rnnc_zero (carry.dh + carried * n, (step.n_rows - carried) * n);
    rnnc_zero (carry.dc + carried * d->hidden,
        (step.n_rows - carried) * d->hidden);
    step.dy = dy + row * d->ld;
    step.dh = carry.dh;
    step.dc = carry.dc;
    step.dh_direct = carry.dh_before;
    if (flow && !d->reverse)
      note_flow (d, flow, i, step.n_rows, step.dy, step.dh);
    if (is_projected (d))
      unproject (d, row, &step, &carry);
    cell_backward (d, &step);
    rnnc_packed_matrix_multiply (&d->run->backward, step.n_previous,
        gru ? step.hidden_part : step.gates, d->gates, gru, carry.dh_before, n);
    if (ends_gradient (d, i)) {
      rnnc_zero (carry.dh_before, n_sequences * n);
      rnnc_zero (carry.dc, n_sequences * d->hidden);
    }
    real *swap = carry.dh;
    carry.dh = carry.dh_before;
    carry.dh_before = swap;
  }
}

/* weight_hh's gradient: over all rows that have a step before. */
static void
add_hidden_gradient (const Direction *d, const real *h)
{
  const RnncPacking *p = d->packing;
  gsize n = d->outputs;
  const real *gates = d->params->cell == RNNC_CELL_GRU
      ? d->run->hidden_part.data
      : d->run->gates.data;
  real *previous = rnnc_buffer_reals (&d->state->previous_h, p->n_rows * n);

  for (guint i = 0; i < p->n_steps; i++) {
    guint t = direction_step (d, i);
    gsize carried = rows_with_previous (d, i);
    real *to = previous + p->offsets[t] * n;
    if (carried > 0) {
      const real *from = h + p->offsets[direction_step (d, i - 1)] * d->ld;
      for (gsize r = 0; r < carried; r++)
        memcpy (to + r * n, from + r * d->ld, n * sizeof (real));
    }
    rnnc_zero (to + carried * n, (p->counts[t] - carried) * n);
  }
  rnnc_product (d->pass->products, TRUE, FALSE, d->gates, n, p->n_rows, gates,
      d->gates, previous, n, TRUE, direction_gradients (d, WEIGHT_HH), n);
}

/* @h, @dy: this direction's part of the layer's rows; @add: dx already holds
 * the other direction's. */
static void
direction_backward (const Direction *d, const real *x, real *h, const real *dy,
    real *dx, gboolean add)
{
  gsize n_rows = d->packing->n_rows;
  const real *gates = d->run->gates.data;
  const real *hidden_gates
      = d->params->cell == RNNC_CELL_GRU ? d->run->hidden_part.data : gates;

  backward_through_time (d, h, dy);
  add_hidden_gradient (d, h);
  rnnc_product (d->pass->products, TRUE, FALSE, d->gates, d->n_in, n_rows,
      gates, d->gates, x, d->n_in, TRUE, direction_gradients (d, WEIGHT_IH),
      d->n_in);
  if (d->params->bias) {
    rnnc_sum_rows (n_rows, d->gates, gates, d->gates,
        direction_gradients (d, BIAS_IH));
    rnnc_sum_rows (n_rows, d->gates, hidden_gates, d->gates,
        direction_gradients (d, BIAS_HH));
  }
  if (is_projected (d))
    rnnc_product (d->pass->products, TRUE, FALSE, d->outputs, d->hidden, n_rows,
        d->run->d_projected.data, d->outputs, d->run->h.data, d->hidden, TRUE,
        direction_gradients (d, weight_hr (d)), d->hidden);
  if (dx)
    rnnc_product (d->pass->products, FALSE, FALSE, n_rows, d->n_in, d->gates,
        gates, d->gates, direction_values (d, WEIGHT_IH), d->n_in, add, dx,
        d->n_in);
}

static void
recurrent_prepare (RecurrentState *state, const RnncRecurrentParams *params)
{
  if (state->runs)
    return;
  state->n_runs = params->n_layers * n_directions (params);
  state->runs = g_new0 (Run, state->n_runs);
  state->n_inner = params->n_layers - 1;
  state->outputs = g_new0 (RnncBuffer, MAX (state->n_inner, 1));
  state->dropped = g_new0 (RnncBuffer, MAX (state->n_inner, 1));
}

static gboolean
drops_between (const RnncPass *pass)
{
  return pass->training && pass->layer->spec->params.recurrent.dropout > 0;
}

/* What layer @layer of the stack sees. */
static const real *
inner_input (const RnncPass *pass, guint layer, const real *x)
{
  RecurrentState *state = pass->state;
  if (layer == 0)
    return x;
  return drops_between (pass) ? state->dropped[layer - 1].data
                              : state->outputs[layer - 1].data;
}

static void
recurrent_forward (RnncPass *pass, const real *x, real *y)
{
  RecurrentState *state = pass->state;
  const RnncRecurrentParams *params = &pass->layer->spec->params.recurrent;
  gsize outputs = rnnc_recurrent_outputs (params);
  gsize width = n_directions (params) * outputs;
  gsize n = pass->in->n_rows * width;

  recurrent_prepare (state, params);
  for (guint k = 0; k < params->n_layers; k++) {
    real *h
        = k < state->n_inner ? rnnc_buffer_reals (&state->outputs[k], n) : y;
    for (guint i = 0; i < n_directions (params); i++) {
      Direction d = direction_begin (pass, k, i);
      direction_forward (&d, inner_input (pass, k, x), h + i * outputs);
    }
    if (k < state->n_inner && drops_between (pass))
      rnnc_pass_dropout (pass, pass->in, k, params->dropout, width, h,
          rnnc_buffer_reals (&state->dropped[k], n));
  }
}

static void
recurrent_backward (RnncPass *pass, const real *x, const real *y,
    const real *dy, real *dx)
{
  RecurrentState *state = pass->state;
  const RnncRecurrentParams *params = &pass->layer->spec->params.recurrent;
  gsize outputs = rnnc_recurrent_outputs (params);
  gsize width = n_directions (params) * outputs;
  gsize n = pass->in->n_rows * width;

  for (guint k = params->n_layers; k-- > 0;) {
    const real *h = k < state->n_inner ? state->outputs[k].data : y;
    real *d_in = k > 0 ? rnnc_buffer_reals (&state->d_layer[k % 2], n) : dx;
    for (guint i = 0; i < n_directions (params); i++) {
      Direction d = direction_begin (pass, k, i);
      direction_backward (&d, inner_input (pass, k, x),
          (real *) h + i * outputs, dy + i * outputs, d_in, i > 0);
    }
    if (k > 0 && drops_between (pass))
      rnnc_pass_dropout (pass, pass->in, k - 1, params->dropout, width, d_in,
          d_in);
    dy = d_in;
  }
}

static void
recurrent_initialise (const RnncTrainLayer *layer, real *values,
    RnncRandom *random)
{
  const RnncRecurrentParams *params = &layer->spec->params.recurrent;
  gsize n = params->hidden;
  guint n_gates = rnnc_cell_gates (params->cell);
  guint step = run_parameters (params);

  for (guint p = 0; p < layer->n_parameters; p += step) {
    const RnncParameter *ih = &layer->parameters[p + WEIGHT_IH];
    const RnncParameter *hh = &layer->parameters[p + WEIGHT_HH];
    gsize n_in = ih->shape[1];
    for (guint g = 0; g < n_gates; g++) {
      rnnc_initialise_xavier (values + ih->offset + g * n * n_in, n, n_in,
          random);
      rnnc_initialise_orthogonal (values + hh->offset + g * n * hh->shape[1], n,
          hh->shape[1], random);
    }
    if (params->projection > 0)
      rnnc_initialise_xavier (values + layer->parameters[p + step - 1].offset,
          params->projection, n, random);
    if (params->bias && params->cell == RNNC_CELL_LSTM)
      for (gsize j = 0; j < n; j++)
        values[layer->parameters[p + BIAS_IH].offset + n + j] = 1;
  }
}

/* Tallec and Ollivier 2018: the forget gate's bias is log (u), u uniform in
 * 1 … steps - 1, the input gate's the opposite; the GRU's update gate, which
 * keeps, is as the forget gate. */
void
rnnc_recurrent_initialise_memory (const RnncTrainLayer *layer, real *values,
    guint steps, RnncRandom *random)
{
  const RnncRecurrentParams *params = &layer->spec->params.recurrent;
  gboolean lstm = params->cell == RNNC_CELL_LSTM;
  gsize n = params->hidden;
  guint step = run_parameters (params);

  if (!params->bias || params->cell == RNNC_CELL_RNN)
    return;
  for (guint p = 0; p < layer->n_parameters; p += step) {
    real *bias = values + layer->parameters[p + BIAS_IH].offset;
    for (gsize j = 0; j < n; j++) {
      double u = 1 + rnnc_random_uniform (random) * (MAX (steps, 2) - 2);
      bias[n + j] = (real) log (u);
      if (lstm)
        bias[j] = -bias[n + j];
    }
  }
}

static void
recurrent_clear (gpointer data)
{
  RecurrentState *state = data;
  for (guint i = 0; i < state->n_runs; i++) {
    Run *run = &state->runs[i];
    rnnc_buffer_clear (&run->gates);
    rnnc_buffer_clear (&run->hidden_part);
    rnnc_buffer_clear (&run->c);
    rnnc_packed_matrix_clear (&run->forward);
    rnnc_packed_matrix_clear (&run->backward);
    rnnc_buffer_clear (&run->h);
    rnnc_buffer_clear (&run->d_projected);
    rnnc_packed_matrix_clear (&run->project);
    rnnc_packed_matrix_clear (&run->unproject);
  }
  for (guint i = 0; i < state->n_inner; i++) {
    rnnc_buffer_clear (&state->outputs[i]);
    rnnc_buffer_clear (&state->dropped[i]);
  }
  g_free (state->runs);
  g_free (state->outputs);
  g_free (state->dropped);
  rnnc_buffer_clear (&state->bias);
  rnnc_buffer_clear (&state->carry);
  rnnc_buffer_clear (&state->previous_h);
  rnnc_buffer_clear (&state->d_layer[0]);
  rnnc_buffer_clear (&state->d_layer[1]);
}

const RnncTrainLayerClass rnnc_train_recurrent = {
  .state_size = sizeof (RecurrentState),
  .initialise = recurrent_initialise,
  .forward = recurrent_forward,
  .backward = recurrent_backward,
  .clear = recurrent_clear,
};
