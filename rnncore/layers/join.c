/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/layers/join.h"

#include <string.h>

#include "rnncore/kernels/kernels.h"

/* Frames of one input that wait for the others. */
typedef struct {
  float *frames; /* [capacity, part] */
  gsize filled;
} Line;

typedef struct {
  Line *lines; /* [n_sources] */
  gsize capacity;
} JoinState;

/* --- what is made of the parts ---------------------------------------------
 */

/* @out: rows of all parts; this one's channels begin at @out. */
static void
place (const RnncLayer *layer, guint part, const float *in, gsize n_frames,
    float *out)
{
  gsize n = layer->spec->parts[part].channels;
  gsize step = layer->spec->output.channels;
  gsize rows
      = n_frames * layer->spec->output.height * layer->spec->output.width;

  for (gsize i = 0; i < rows; i++)
    memcpy (out + i * step, in + i * n, n * sizeof *out);
}

static void
multiply (float *product, const float *x, gsize n)
{
  for (gsize i = 0; i < n; i++)
    product[i] *= x[i];
}

void
rnnc_join_forward (const RnncLayer *layer, const float *const *parts,
    gsize n_frames, float *out)
{
  const RnncLayerSpec *spec = layer->spec;
  gsize n = n_frames * rnnc_layer_outputs (layer);
  gsize channel = 0;

  if (spec->params.join == RNNC_JOIN_CONCATENATE) {
    for (guint i = 0; i < spec->n_sources; i++) {
      place (layer, i, parts[i], n_frames, out + channel);
      channel += spec->parts[i].channels;
    }
    return;
  }
  memcpy (out, parts[0], n * sizeof *out);
  for (guint i = 1; i < spec->n_sources; i++) {
    if (spec->params.join == RNNC_JOIN_ADD)
      rnnc_kernels ()->add (out, parts[i], n);
    else
      multiply (out, parts[i], n);
  }
}

/* --- stream ------------------------------------------------------------------
 */

/* No branch is later than the look-ahead of all says. */
static gsize
get_capacity (const RnncLayer *layer, gsize max_frames)
{
  return layer->spec->look_ahead / layer->spec->stride + 2 + max_frames;
}

static gsize
part_size (const RnncLayer *layer, guint part)
{
  return rnnc_shape_size (&layer->spec->parts[part]);
}

gsize
rnnc_join_state_size (const RnncLayer *layer, gsize max_frames)
{
  gsize n = get_capacity (layer, max_frames);
  gsize size = rnnc_align (sizeof (JoinState))
      + rnnc_align (layer->spec->n_sources * sizeof (Line));

  for (guint i = 0; i < layer->spec->n_sources; i++)
    size += rnnc_align (n * part_size (layer, i) * sizeof (float));
  return size;
}

void
rnnc_join_reset (const RnncLayer *layer, void *memory, gsize max_frames)
{
  JoinState *state = rnnc_take (&memory, sizeof *state);

  state->capacity = get_capacity (layer, max_frames);
  state->lines = rnnc_take (&memory, layer->spec->n_sources * sizeof (Line));
  for (guint i = 0; i < layer->spec->n_sources; i++) {
    state->lines[i].filled = 0;
    state->lines[i].frames = rnnc_take (&memory,
        state->capacity * part_size (layer, i) * sizeof (float));
  }
}

void
rnnc_join_push (const RnncLayer *layer, void *memory, guint part,
    const float *in, gsize n_frames)
{
  JoinState *state = memory;
  Line *line = &state->lines[part];
  gsize size = part_size (layer, part);

  g_assert (line->filled + n_frames <= state->capacity);
  memcpy (line->frames + line->filled * size, in, n_frames * size * sizeof *in);
  line->filled += n_frames;
}

gsize
rnnc_join_pull (const RnncLayer *layer, void *memory, float *out)
{
  JoinState *state = memory;
  const float *parts[RNNC_MAX_SOURCES];
  gsize n = G_MAXSIZE;

  for (guint i = 0; i < layer->spec->n_sources; i++) {
    parts[i] = state->lines[i].frames;
    n = MIN (n, state->lines[i].filled);
  }
  if (n == 0)
    return 0;
  rnnc_join_forward (layer, parts, n, out);
  for (guint i = 0; i < layer->spec->n_sources; i++) {
    Line *line = &state->lines[i];
    gsize size = part_size (layer, i);

    line->filled -= n;
    memmove (line->frames, line->frames + n * size,
        line->filled * size * sizeof *out);
  }
  return n;
}

const RnncLayerClass rnnc_join_class = {
  .state_size = rnnc_join_state_size,
  .reset = rnnc_join_reset,
};
