/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/layers/cell.h"

#include <string.h>

#include "rnncore/kernels/kernels.h"

/* Frames whose input part is one matrix product: enough for it to pay, few
 * enough that an hour of frames needs no more memory than a second. */
#define BLOCK_FRAMES 48

static float *
read_part (RnncLayer *layer, guint index, gboolean reverse, const char *part,
    const RnncTensorSource *source, const gsize *shape, guint rank,
    GError **error)
{
  g_autofree char *suffix
      = g_strdup_printf ("%s_l%u%s", part, index, reverse ? "_reverse" : "");

  return rnnc_layer_read (layer, source, suffix, shape, rank, error);
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
  g_autofree float *weight
      = read_part (layer, index, reverse, "weight_hr", source, shape, 2, error);

  if (weight == NULL)
    return FALSE;
  rnnc_linear_init (&direction->projection, weight, shape[0], shape[1], NULL);
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
  g_autofree float *input = read_part (layer, index, reverse, "weight_ih",
      source, input_shape, 2, error);
  g_autofree float *state = NULL;
  float *biases[2] = { NULL, NULL };
  float *input_bias, *state_bias;

  if (input == NULL)
    return FALSE;
  state = read_part (layer, index, reverse, "weight_hh", source, state_shape, 2,
      error);
  if (state == NULL)
    return FALSE;
  for (guint i = 0; core->bias && i < 2; i++) {
    biases[i] = read_part (layer, index, reverse,
        i == 0 ? "bias_ih" : "bias_hh", source, &rows, 1, error);
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
  rnnc_linear_init (&direction->input, input, rows, n_in, input_bias);
  rnnc_linear_init (&direction->state, state, rows, n_state, state_bias);
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

gsize
rnnc_direction_work_size (const RnncDirection *direction, gsize n_frames)
{
  gsize block = MIN (n_frames, BLOCK_FRAMES);

  /* the input's part of a block's gates, and the GRU's hidden part or what
   * an LSTM projects */
  return rnnc_align ((block + 1) * direction->input.n * sizeof (float));
}

/* The state's part of @m independent steps. @gates: [m, gates*hidden] with the
 * input's part; @hidden_part: as large; @h: [m, outputs], @c: [m, hidden]. */
static void
step (const RnncDirection *direction, gsize m, float *gates, float *hidden_part,
    float *h, float *c)
{
  const RnncKernels *kernels = rnnc_kernels ();
  gsize n = direction->hidden, n_out = direction->outputs;
  gsize rows = direction->input.n;

  rnnc_linear_apply (&direction->state, h, n_out,
      direction->cell == RNNC_CELL_GRU ? hidden_part : gates, rows, m,
      direction->cell != RNNC_CELL_GRU);
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

void
rnnc_direction_run (const RnncDirection *direction, const float *in,
    gsize n_frames, float *out, gsize ldo, float *h, float *c, gboolean reverse,
    void *work)
{
  gsize rows = direction->input.n, n_in = direction->input.k;
  float *gates = work;
  float *hidden_part = gates + MIN (n_frames, BLOCK_FRAMES) * rows;
  gsize n;

  for (gsize done = 0; done < n_frames; done += n) {
    gsize first;

    n = MIN (n_frames - done, BLOCK_FRAMES);
    first = reverse ? n_frames - done - n : done;
    rnnc_linear_apply (&direction->input, in + first * n_in, n_in, gates, rows,
        n, FALSE);
    for (gsize i = 0; i < n; i++) {
      gsize t = reverse ? n - 1 - i : i;

      step (direction, 1, gates + t * rows, hidden_part, h, c);
      memcpy (out + (first + t) * ldo, h, direction->outputs * sizeof *out);
    }
  }
}
