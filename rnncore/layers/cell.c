/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/layers/cell.h"

#include <string.h>

#include "rnncore/kernels/kernels.h"

/* Frames of a sequence whose input part is one matrix product: enough for it
 * to pay, few enough that an hour of frames needs no more memory than a second,
 * and many sequences little more than one. */
#define MAX_BLOCK_FRAMES 48
#define MIN_BLOCK_FRAMES 8
#define BLOCK_ROWS 192 /* of all sequences */

/* The same where there are but a few steps of many sequences. */
#define STEP_ROWS 128

static char *
part_name (const char *part, guint index, gboolean reverse)
{
  return g_strdup_printf ("%s_l%u%s", part, index, reverse ? "_reverse" : "");
}

static gboolean
read_matrix (RnncLayer *layer, guint index, gboolean reverse, const char *part,
    const RnncTensorSource *source, const gsize *shape, RnncMatrix *matrix,
    GError **error)
{
  g_autofree char *suffix = part_name (part, index, reverse);

  return rnnc_layer_read_matrix (layer, source, suffix, shape, 2, matrix,
      error);
}

static float *
read_bias (RnncLayer *layer, guint index, gboolean reverse, const char *part,
    const RnncTensorSource *source, const gsize *shape, GError **error)
{
  g_autofree char *suffix = part_name (part, index, reverse);

  return rnnc_layer_read (layer, source, suffix, shape, 1, error);
}

/* Vanilla RNN and LSTM add both biases at once; the GRU's hidden bias belongs
 * inside its reset gate. */
static void
place_biases (RnncDirection *direction, float *input_bias, float *state_bias,
    gsize n, float **to_input, float **to_state)
{
  *to_input = input_bias;
  *to_state = state_bias;
  if (input_bias == NULL || direction->cell == RNNC_CELL_GRU)
    return;
  for (gsize i = 0; i < n; i++)
    input_bias[i] += state_bias[i];
  g_free (state_bias);
  *to_state = NULL;
}

static gboolean
load_projection (RnncDirection *direction, RnncLayer *layer, guint index,
    gboolean reverse, const RnncTensorSource *source, GError **error)
{
  const gsize shape[] = { direction->outputs, direction->hidden };
  g_auto (RnncMatrix) weight = { 0 };

  if (!read_matrix (layer, index, reverse, "weight_hr", source, shape, &weight,
          error))
    return FALSE;
  rnnc_linear_init (&direction->projection, &weight, shape[0], shape[1], NULL);
  rnnc_linear_halve (&direction->projection);
  return TRUE;
}

gboolean
rnnc_direction_load (RnncDirection *direction, RnncLayer *layer, guint index,
    gboolean reverse, const RnncTensorSource *source, GError **error)
{
  const RnncRecurrentParams *core = &layer->spec->params.recurrent;
  gsize rows = (gsize) rnnc_cell_gates (core->cell) * core->hidden;
  gsize n_in
      = index == 0 ? rnnc_layer_inputs (layer) : rnnc_layer_outputs (layer);
  const gsize input_shape[] = { rows, n_in };
  gsize n_state = rnnc_recurrent_outputs (core);
  const gsize state_shape[] = { rows, n_state };
  g_auto (RnncMatrix) input = { 0 };
  g_auto (RnncMatrix) state = { 0 };
  float *biases[2] = { NULL, NULL };
  float *input_bias, *state_bias;

  if (!read_matrix (layer, index, reverse, "weight_ih", source, input_shape,
          &input, error)
      || !read_matrix (layer, index, reverse, "weight_hh", source, state_shape,
          &state, error))
    return FALSE;
  for (guint i = 0; core->bias && i < 2; i++) {
    biases[i] = read_bias (layer, index, reverse,
        i == 0 ? "bias_ih" : "bias_hh", source, &rows, error);
    if (biases[i] == NULL) {
      g_free (biases[0]);
      return FALSE;
    }
  }
  direction->cell = core->cell;
  direction->nonlinearity = core->nonlinearity;
  direction->hidden = core->hidden;
  direction->outputs = n_state;
  place_biases (direction, biases[0], biases[1], rows, &input_bias,
      &state_bias);
  rnnc_linear_init (&direction->input, &input, rows, n_in, input_bias);
  rnnc_linear_init (&direction->state, &state, rows, n_state, state_bias);
  rnnc_linear_halve (&direction->input);
  rnnc_linear_halve (&direction->state);
  return core->projection == 0
      || load_projection (direction, layer, index, reverse, source, error);
}

void
rnnc_direction_clear (RnncDirection *direction)
{
  rnnc_linear_clear (&direction->input);
  rnnc_linear_clear (&direction->state);
  rnnc_linear_clear (&direction->projection);
}

static gsize
block_frames (gsize n_frames, gsize n_sequences)
{
  gsize block = CLAMP (BLOCK_ROWS / MAX (n_sequences, 1), MIN_BLOCK_FRAMES,
      MAX_BLOCK_FRAMES);

  return MIN (n_frames, block);
}

gsize
rnnc_direction_work_size (const RnncDirection *direction, gsize n_frames,
    gsize n_sequences)
{
  gsize block = block_frames (n_frames, n_sequences);

  /* the input's part of a block's gates, the GRU's hidden part or what an LSTM
   * projects, and a block's inputs */
  return rnnc_align (
      ((block + 1) * direction->input.n + block * direction->input.k)
      * n_sequences * sizeof (float));
}

/* Where the state's part of the gates goes: to the input's, but the GRU's by
 * itself. */
static float *
state_gates (const RnncDirection *direction, float *gates, float *hidden_part)
{
  return direction->cell == RNNC_CELL_GRU ? hidden_part : gates;
}

/* What the gates of @m independent steps make of h and c; as in step(). */
static void
finish_step (const RnncDirection *direction, gsize m, float *gates,
    float *hidden_part, float *h, float *c)
{
  const RnncKernels *kernels = rnnc_kernels ();
  gsize n = direction->hidden, n_out = direction->outputs;
  gsize rows = direction->input.n;

  for (gsize i = 0; i < m; i++) {
    float *row = gates + i * rows;

    switch (direction->cell) {
      case RNNC_CELL_LSTM:
        kernels->lstm (row, c + i * n,
            direction->projection.n == 0 ? h + i * n : hidden_part + i * n, n);
        break;
      case RNNC_CELL_GRU:
        kernels->gru (row, hidden_part + i * rows, h + i * n, n);
        break;
      case RNNC_CELL_RNN:
        if (direction->nonlinearity == RNNC_ACTIVATION_RELU)
          kernels->relu (row, n);
        else
          kernels->tanh (row, n);
        memcpy (h + i * n, row, n * sizeof *h);
        break;
    }
  }
  if (direction->projection.n > 0)
    rnnc_linear_apply (&direction->projection, hidden_part, n, h, n_out, m,
        FALSE);
}

/* The state's part of @m independent steps. @gates: [m, gates*hidden] with the
 * input's part; @hidden_part: as large; @h: [m, outputs], @c: [m, hidden]. */
static void
step (const RnncDirection *direction, gsize m, float *gates, float *hidden_part,
    float *h, float *c)
{
  rnnc_linear_apply (&direction->state, h, direction->outputs,
      state_gates (direction, gates, hidden_part), direction->input.n, m,
      direction->cell != RNNC_CELL_GRU);
  finish_step (direction, m, gates, hidden_part, h, c);
}

/* The same of one step behind another: weights that the caches do not hold all
 * are read to and fro, every other time from the end. */
static void
step_back (const RnncDirection *direction, float *gates, float *hidden_part,
    float *h, float *c)
{
  rnnc_linear_apply_back (&direction->state, h,
      state_gates (direction, gates, hidden_part),
      direction->cell != RNNC_CELL_GRU);
  finish_step (direction, 1, gates, hidden_part, h, c);
}

/* A whole step of one sequence from the end of all its weights: the state's
 * first. Sums of bytes are the same in either order, those of floats are not,
 * whose state goes second as ever. */
static void
whole_step_back (const RnncDirection *direction, const float *in, float *gates,
    float *hidden_part, float *h, float *c)
{
  gboolean is_gru = direction->cell == RNNC_CELL_GRU;
  gboolean state_first = is_gru || direction->state.packed_bytes != NULL;

  if (state_first)
    rnnc_linear_apply_back (&direction->state, h, hidden_part, FALSE);
  rnnc_linear_apply_back (&direction->input, in, gates, FALSE);
  if (!state_first) {
    step_back (direction, gates, hidden_part, h, c);
    return;
  }
  if (!is_gru)
    rnnc_kernels ()->add (gates, hidden_part, direction->input.n);
  finish_step (direction, 1, gates, hidden_part, h, c);
}

gsize
rnnc_direction_rows_work (const RnncDirection *direction, gsize m)
{
  return rnnc_align (2 * m * direction->input.n * sizeof (float));
}

void
rnnc_direction_step_rows (const RnncDirection *direction, const float *in,
    gsize m, float *h, float *c, void *work)
{
  gsize rows = direction->input.n;
  float *gates = work;

  rnnc_linear_apply (&direction->input, in, direction->input.k, gates, rows, m,
      FALSE);
  step (direction, m, gates, gates + m * rows, h, c);
}

/* Of step @t of each sequence; returns how many are that long. */
static gsize
count_longer (const RnncSequence *sequences, gsize n_sequences, gsize t)
{
  while (n_sequences > 0 && sequences[n_sequences - 1].n_frames <= t)
    n_sequences--;
  return n_sequences;
}

/* What the sequences that are that long give steps @done … @done + @n - 1, a
 * step behind the other: @inputs [n_rows, in], or where it lies already. */
static const float *
gather_inputs (const RnncSequence *sequences, gsize n_sequences, gsize n_in,
    gsize done, gsize n, gboolean reverse, float *inputs, gsize *n_rows)
{
  float *to = inputs;

  if (n_sequences == 1 && !reverse) {
    *n_rows = n;
    return sequences[0].in + done * n_in;
  }
  for (gsize t = done; t < done + n; t++) {
    n_sequences = count_longer (sequences, n_sequences, t);
    for (gsize k = 0; k < n_sequences; k++, to += n_in) {
      gsize frame = reverse ? sequences[k].n_frames - 1 - t : t;

      memcpy (to, sequences[k].in + frame * n_in, n_in * sizeof *to);
    }
  }
  *n_rows = (gsize) (to - inputs) / n_in;
  return inputs;
}

/* Whether step @t, behind @n_before others, reads the weights from the end;
 * those of many sequences do not wait for memory. */
static gboolean
is_back (gsize n_before, gsize t, gsize n_sequences)
{
  return n_sequences == 1 && (n_before + t) % 2 == 1;
}

void
rnnc_direction_run (const RnncDirection *direction,
    const RnncSequence *sequences, gsize n_sequences, gsize ldo, float *h,
    float *c, gboolean reverse, gsize n_before, void *work)
{
  gsize longest = sequences[0].n_frames;
  gsize rows = direction->input.n, n_in = direction->input.k;
  gsize block = block_frames (longest, n_sequences);
  float *gates = work;
  float *hidden_part = gates + block * n_sequences * rows;
  float *inputs = hidden_part + n_sequences * rows;
  gsize running = n_sequences;
  gsize n, n_rows;

  for (gsize done = 0; done < longest; done += n) {
    const float *in;
    float *at = gates;

    n = MIN (longest - done, block);
    in = gather_inputs (sequences, running, n_in, done, n, reverse, inputs,
        &n_rows);
    if (n_rows > 1 || !is_back (n_before, done, 1))
      rnnc_linear_apply (&direction->input, in, n_in, gates, rows, n_rows,
          FALSE);
    for (gsize t = done; t < done + n; t++) {
      running = count_longer (sequences, running, t);
      if (!is_back (n_before, t, running))
        step (direction, running, at, hidden_part, h, c);
      else if (n_rows > 1)
        step_back (direction, at, hidden_part, h, c);
      else
        whole_step_back (direction, in, at, hidden_part, h, c);
      at += running * rows;
      for (gsize k = 0; k < running; k++) {
        gsize frame = reverse ? sequences[k].n_frames - 1 - t : t;

        memcpy (sequences[k].out + frame * ldo, h + k * direction->outputs,
            direction->outputs * sizeof (float));
      }
    }
  }
}

/* Rows of the input's part of the gates at a time. */
static gsize
step_rows (gsize n_steps, gsize m)
{
  return MIN (n_steps * m, MAX (STEP_ROWS, m));
}

gsize
rnnc_direction_steps_work (const RnncDirection *direction, gsize n_steps,
    gsize m)
{
  return rnnc_align (
      (step_rows (n_steps, m) + m) * direction->input.n * sizeof (float));
}

void
rnnc_direction_run_steps (const RnncDirection *direction, const float *in,
    const gsize *running, gsize n_steps, float *h, float *c, float *out,
    void *work)
{
  gsize rows = direction->input.n, n_out = direction->outputs;
  gsize most = step_rows (n_steps, running[0]);
  float *gates = work;
  float *hidden_part = gates + most * rows;
  gsize n;

  for (gsize done = 0; done < n_steps; done += n) {
    float *at = gates;
    gsize total = 0;

    for (n = 0; done + n < n_steps && total + running[done + n] <= most; n++)
      total += running[done + n];
    rnnc_linear_apply (&direction->input, in, direction->input.k, gates, rows,
        total, FALSE);
    in += total * direction->input.k;
    for (gsize i = 0; i < n; i++) {
      gsize m = running[done + i];

      step (direction, m, at, hidden_part, h, c);
      memcpy (out, h, m * n_out * sizeof *out);
      at += m * rows;
      out += m * n_out;
    }
  }
}
