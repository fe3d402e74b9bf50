/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Many to one: a clip becomes the mean of its steps, or its last step. */
#include <string.h>

#include "rnncore/kernels/kernels.h"
#include "rnncore/layers/layer.h"

typedef struct {
  float *sum; /* [in]; of the last step: the step itself */
  gsize count;
} OverTimeState;

static gsize
over_time_state_size (const RnncLayer *layer, gsize max_frames)
{
  return rnnc_align (sizeof (OverTimeState))
      + rnnc_align (rnnc_layer_inputs (layer) * sizeof (float));
}

static void
over_time_reset (const RnncLayer *layer, void *memory, gsize max_frames)
{
  OverTimeState *state = rnnc_take (&memory, sizeof *state);

  state->sum = memory;
  state->count = 0;
}

static gsize
one_output (const RnncLayer *layer, gsize max_frames)
{
  return 1;
}

static void
add_to_mean (OverTimeState *state, const float *in, gsize n_frames, gsize n)
{
  if (state->count == 0)
    memset (state->sum, 0, n * sizeof *state->sum);
  for (gsize t = 0; t < n_frames; t++)
    rnnc_kernels ()->add (state->sum, in + t * n, n);
  state->count += n_frames;
}

static gsize
mean_push (const RnncLayer *layer, void *state, const float *in, gsize n_frames,
    float *out)
{
  add_to_mean (state, in, n_frames, rnnc_layer_inputs (layer));
  return 0;
}

static gsize
mean_flush (const RnncLayer *layer, void *memory, float *out)
{
  OverTimeState *state = memory;
  gsize n = rnnc_layer_inputs (layer);

  if (state->count == 0)
    return 0;
  for (gsize i = 0; i < n; i++)
    out[i] = state->sum[i] / (float) state->count;
  state->count = 0;
  return 1;
}

static gsize
mean_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  OverTimeState state = { out, 0 };

  add_to_mean (&state, in, n_frames, rnnc_layer_inputs (layer));
  return mean_flush (layer, &state, out);
}

const RnncLayerClass rnnc_mean_over_time_class = {
  .forward = mean_forward,
  .state_size = over_time_state_size,
  .reset = over_time_reset,
  .push = mean_push,
  .flush = mean_flush,
  .max_output = one_output,
};

static gsize
last_push (const RnncLayer *layer, void *memory, const float *in,
    gsize n_frames, float *out)
{
  OverTimeState *state = memory;
  gsize n = rnnc_layer_inputs (layer);

  if (n_frames > 0)
    memcpy (state->sum, in + (n_frames - 1) * n, n * sizeof *in);
  state->count += n_frames;
  return 0;
}

static gsize
last_flush (const RnncLayer *layer, void *memory, float *out)
{
  OverTimeState *state = memory;

  if (state->count == 0)
    return 0;
  memcpy (out, state->sum, rnnc_layer_inputs (layer) * sizeof *out);
  state->count = 0;
  return 1;
}

static gsize
last_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  gsize n = rnnc_layer_inputs (layer);

  memcpy (out, in + (n_frames - 1) * n, n * sizeof *out);
  return 1;
}

const RnncLayerClass rnnc_last_step_class = {
  .forward = last_forward,
  .state_size = over_time_state_size,
  .reset = over_time_reset,
  .push = last_push,
  .flush = last_flush,
  .max_output = one_output,
};
