/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Vanilla RNN, GRU and LSTM of any depth. One-way cores run frame by frame.
 * Bidirectional ones see the whole sequence in forward; in a stream each level
 * works in chunks with a look-ahead (latency-controlled bidirectional LSTM,
 * Zhang et al. 2016): the forward state is carried from chunk to chunk, the
 * backward direction starts from zero at the end of the look-ahead. */
#include <string.h>

#include "rnncore/layers/cell.h"

typedef struct {
  guint n_levels;
  guint n_directions;
  RnncDirection *directions; /* [n_levels * n_directions] */
} Recurrent;

/* What a stream remembers of one level. */
typedef struct {
  float *h, *c;           /* [hidden]: forward */
  float *back_h, *back_c; /* [hidden]: of the backward run of one chunk */
  float *frames;          /* bidirectional: [chunk + look-ahead, in] */
  gsize filled;
  float *outputs; /* [max_frames or chunk + look-ahead, out] */
} Level;

/* One-way: the newest frames in, in one piece: each is kept twice, half the
 * memory apart. */
typedef struct {
  gsize n_frames; /* since the reset */
  float *frames;  /* [2 * RNNC_REPLAY_FRAMES, in] */
} Recent;

typedef struct {
  Level *levels;
  Recent recent;
  void *work;
} RecurrentState;

static const RnncRecurrentParams *
params (const RnncLayer *layer)
{
  return &layer->spec->params.recurrent;
}

/* Floats that one direction puts out. */
static gsize
direction_outputs (const RnncLayer *layer)
{
  return rnnc_recurrent_outputs (params (layer));
}

static const RnncDirection *
get_direction (const RnncLayer *layer, guint level, guint index)
{
  const Recurrent *core = layer->weights;

  return &core->directions[level * core->n_directions + index];
}

static gsize
level_inputs (const RnncLayer *layer, guint level)
{
  return get_direction (layer, level, 0)->input.k;
}

static void
recurrent_clear (RnncLayer *layer)
{
  Recurrent *core = layer->weights;

  for (guint i = 0; i < core->n_levels * core->n_directions; i++)
    rnnc_direction_clear (&core->directions[i]);
  g_free (core->directions);
  g_free (core);
}

static gboolean
recurrent_load (RnncLayer *layer, const RnncTensorSource *source,
    GError **error)
{
  Recurrent *core = layer->weights = g_new0 (Recurrent, 1);

  core->n_levels = params (layer)->n_layers;
  core->n_directions = params (layer)->bidirectional ? 2 : 1;
  core->directions
      = g_new0 (RnncDirection, core->n_levels * core->n_directions);
  for (guint i = 0; i < core->n_levels * core->n_directions; i++) {
    if (!rnnc_direction_load (&core->directions[i], layer,
            i / core->n_directions, i % core->n_directions == 1, source, error))
      return FALSE;
  }
  return TRUE;
}

/* Largest need of any direction. */
static gsize
direction_work (const RnncLayer *layer, gsize n_frames, gsize n_sequences)
{
  const Recurrent *core = layer->weights;
  gsize most = 0;

  for (guint i = 0; i < core->n_levels * core->n_directions; i++)
    most = MAX (most,
        rnnc_direction_work_size (&core->directions[i], n_frames, n_sequences));
  return most;
}

/* --- whole sequence ------------------------------------------------------- */

/* Sequences kept between levels: each is read while the next is written. */
static gsize
sequences_between (const RnncLayer *layer)
{
  return MIN (params (layer)->n_layers - 1, 2);
}

static gsize
count_frames (const gsize *n_frames, gsize n_sequences)
{
  gsize total = 0;

  for (gsize i = 0; i < n_sequences; i++)
    total += n_frames[i];
  return total;
}

static gsize
recurrent_batch_work_size (const RnncLayer *layer, const gsize *n_frames,
    gsize n_sequences)
{
  gsize between = rnnc_align (count_frames (n_frames, n_sequences)
      * rnnc_layer_outputs (layer) * sizeof (float));
  gsize state = n_sequences * params (layer)->hidden * sizeof (float);

  return direction_work (layer, n_frames[0], n_sequences)
      + 2 * rnnc_align (state)
      + rnnc_align (n_sequences * sizeof (RnncSequence))
      + sequences_between (layer) * between;
}

static gsize
recurrent_work_size (const RnncLayer *layer, gsize n_frames)
{
  return recurrent_batch_work_size (layer, &n_frames, 1);
}

/* Where each sequence lies in @in and @out, which hold them one after
 * another. */
static void
place_sequences (RnncSequence *sequences, const gsize *n_frames,
    gsize n_sequences, const float *in, gsize n_in, float *out, gsize n_out)
{
  for (gsize i = 0; i < n_sequences; i++) {
    sequences[i] = (RnncSequence){ in, n_frames[i], out };
    in += n_frames[i] * n_in;
    out += n_frames[i] * n_out;
  }
}

static void
recurrent_forward_batch (const RnncLayer *layer, const float *in,
    const gsize *n_frames, gsize n_sequences, float *out, void *work)
{
  const Recurrent *core = layer->weights;
  gsize n_out = rnnc_layer_outputs (layer);
  gsize state_size = n_sequences * params (layer)->hidden * sizeof (float);
  gsize sequence
      = count_frames (n_frames, n_sequences) * n_out * sizeof (float);
  float *h = rnnc_take (&work, state_size);
  float *c = rnnc_take (&work, state_size);
  RnncSequence *sequences
      = rnnc_take (&work, n_sequences * sizeof (RnncSequence));
  float *between[2];

  for (gsize i = 0; i < sequences_between (layer); i++)
    between[i] = rnnc_take (&work, sequence);
  for (guint level = 0; level < core->n_levels; level++) {
    float *to = level + 1 == core->n_levels ? out : between[level % 2];

    for (guint i = 0; i < core->n_directions; i++) {
      memset (h, 0, state_size);
      memset (c, 0, state_size);
      place_sequences (sequences, n_frames, n_sequences, in,
          level_inputs (layer, level), to + i * direction_outputs (layer),
          n_out);
      rnnc_direction_run (get_direction (layer, level, i), sequences,
          n_sequences, n_out, h, c, i == 1, 0, work);
    }
    in = to;
  }
}

static gsize
recurrent_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  recurrent_forward_batch (layer, in, &n_frames, 1, out, work);
  return n_frames;
}

/* --- stream --------------------------------------------------------------- */

static gsize
window_frames (const RnncLayer *layer)
{
  return (gsize) params (layer)->chunk + params (layer)->look_ahead;
}

/* Frames that a level may be given or give at a time. */
static gsize
level_frames (const RnncLayer *layer, gsize max_frames)
{
  return params (layer)->bidirectional ? window_frames (layer) : max_frames;
}

static gsize
recent_bytes (const RnncLayer *layer)
{
  return params (layer)->bidirectional
      ? 0
      : 2 * RNNC_REPLAY_FRAMES * level_inputs (layer, 0) * sizeof (float);
}

static gsize
recurrent_state_size (const RnncLayer *layer, gsize max_frames)
{
  const Recurrent *core = layer->weights;
  gsize n = level_frames (layer, max_frames);
  gsize size = rnnc_align (sizeof (RecurrentState))
      + rnnc_align (core->n_levels * sizeof (Level))
      + rnnc_align (recent_bytes (layer)) + direction_work (layer, n, 1);

  for (guint level = 0; level < core->n_levels; level++)
    size += 4 * rnnc_align (params (layer)->hidden * sizeof (float))
        + rnnc_align (n * rnnc_layer_outputs (layer) * sizeof (float))
        + rnnc_align (n * level_inputs (layer, level) * sizeof (float));
  return size;
}

static void
recurrent_reset_core (const RnncLayer *layer, void *memory)
{
  const Recurrent *core = layer->weights;
  RecurrentState *state = memory;
  gsize size = params (layer)->hidden * sizeof (float);

  for (guint level = 0; level < core->n_levels; level++) {
    memset (state->levels[level].h, 0, size);
    memset (state->levels[level].c, 0, size);
  }
}

static void
recurrent_reset (const RnncLayer *layer, void *memory, gsize max_frames)
{
  const Recurrent *core = layer->weights;
  gsize n = level_frames (layer, max_frames);
  gsize vector = params (layer)->hidden * sizeof (float);
  void *at = memory;
  RecurrentState *state = rnnc_take (&at, sizeof *state);

  state->levels = rnnc_take (&at, core->n_levels * sizeof (Level));
  for (guint i = 0; i < core->n_levels; i++) {
    Level *level = &state->levels[i];

    level->h = rnnc_take (&at, vector);
    level->c = rnnc_take (&at, vector);
    level->back_h = rnnc_take (&at, vector);
    level->back_c = rnnc_take (&at, vector);
    level->outputs
        = rnnc_take (&at, n * rnnc_layer_outputs (layer) * sizeof (float));
    level->frames
        = rnnc_take (&at, n * level_inputs (layer, i) * sizeof (float));
    level->filled = 0;
  }
  state->recent.frames = rnnc_take (&at, recent_bytes (layer));
  state->recent.n_frames = 0;
  state->work = at;
  recurrent_reset_core (layer, memory);
}

static void
remember (const RnncLayer *layer, Recent *recent, const float *in,
    gsize n_frames)
{
  gsize n_in = level_inputs (layer, 0);

  for (gsize i = 0; i < n_frames; i++, recent->n_frames++) {
    gsize at = recent->n_frames % RNNC_REPLAY_FRAMES;

    memcpy (recent->frames + at * n_in, in + i * n_in, n_in * sizeof *in);
    memcpy (recent->frames + (RNNC_REPLAY_FRAMES + at) * n_in, in + i * n_in,
        n_in * sizeof *in);
  }
}

/* @n_before: frames that went in before */
static gsize
push_one_way (const RnncLayer *layer, RecurrentState *state, const float *in,
    gsize n_frames, gsize n_before, float *out)
{
  const Recurrent *core = layer->weights;
  gsize n_out = rnnc_layer_outputs (layer);

  if (core->n_levels > 1) /* other levels' weights came between */
    n_before = 0;

  for (guint i = 0; i < core->n_levels; i++) {
    Level *level = &state->levels[i];
    float *to = i + 1 == core->n_levels ? out : level->outputs;
    const RnncSequence sequence = { in, n_frames, to };

    rnnc_direction_run (get_direction (layer, i, 0), &sequence, 1, n_out,
        level->h, level->c, FALSE, n_before, state->work);
    in = to;
  }
  return n_frames;
}

/* What comes out goes nowhere: it went on when the frames came in. */
static void
recurrent_replay_core (const RnncLayer *layer, void *memory)
{
  const Recurrent *core = layer->weights;
  RecurrentState *state = memory;
  gsize n_in = level_inputs (layer, 0);
  gsize n = MIN (state->recent.n_frames, RNNC_REPLAY_FRAMES);
  const float *frames;

  recurrent_reset_core (layer, memory);
  if (params (layer)->bidirectional)
    return;
  frames = state->recent.frames
      + (state->recent.n_frames % RNNC_REPLAY_FRAMES + RNNC_REPLAY_FRAMES - n)
          * n_in;
  for (gsize i = 0; i < n; i++)
    push_one_way (layer, state, frames + i * n_in, 1, i,
        state->levels[core->n_levels - 1].outputs);
}

static gsize push_level (const RnncLayer *layer, RecurrentState *state,
    guint index, const float *in, gsize n_frames, float *out);

/* The first @n_out of a level's frames go on to the next level, or out. The
 * last level's chunk is written aside too, since the backward run gives more
 * than goes out. */
static gsize
run_chunk (const RnncLayer *layer, RecurrentState *state, guint index,
    gsize n_out, float *out)
{
  const Recurrent *core = layer->weights;
  Level *level = &state->levels[index];
  gsize hidden = params (layer)->hidden;
  gsize width = rnnc_layer_outputs (layer);
  const RnncSequence onwards = { level->frames, n_out, level->outputs };
  const RnncSequence back = { level->frames, level->filled,
    level->outputs + direction_outputs (layer) };

  rnnc_direction_run (get_direction (layer, index, 0), &onwards, 1, width,
      level->h, level->c, FALSE, 0, state->work);
  memset (level->back_h, 0, hidden * sizeof (float));
  memset (level->back_c, 0, hidden * sizeof (float));
  rnnc_direction_run (get_direction (layer, index, 1), &back, 1, width,
      level->back_h, level->back_c, TRUE, 0, state->work);
  level->filled -= n_out;
  memmove (level->frames, level->frames + n_out * level_inputs (layer, index),
      level->filled * level_inputs (layer, index) * sizeof (float));
  if (index + 1 < core->n_levels)
    return push_level (layer, state, index + 1, level->outputs, n_out, out);
  memcpy (out, level->outputs, n_out * width * sizeof *out);
  return n_out;
}

static gsize
push_level (const RnncLayer *layer, RecurrentState *state, guint index,
    const float *in, gsize n_frames, float *out)
{
  Level *level = &state->levels[index];
  gsize n_in = level_inputs (layer, index);
  gsize width = rnnc_layer_outputs (layer);
  gsize total = 0;

  while (n_frames > 0) {
    gsize n = MIN (n_frames, window_frames (layer) - level->filled);

    memcpy (level->frames + level->filled * n_in, in, n * n_in * sizeof *in);
    level->filled += n;
    in += n * n_in;
    n_frames -= n;
    if (level->filled == window_frames (layer))
      total += run_chunk (layer, state, index, params (layer)->chunk,
          out + total * width);
  }
  return total;
}

static gsize
recurrent_push (const RnncLayer *layer, void *state, const float *in,
    gsize n_frames, float *out)
{
  gsize n_before;

  if (params (layer)->bidirectional)
    return push_level (layer, state, 0, in, n_frames, out);
  n_before = ((RecurrentState *) state)->recent.n_frames;
  remember (layer, &((RecurrentState *) state)->recent, in, n_frames);
  return push_one_way (layer, state, in, n_frames, n_before, out);
}

static gsize
recurrent_flush (const RnncLayer *layer, void *memory, float *out)
{
  const Recurrent *core = layer->weights;
  RecurrentState *state = memory;
  gsize total = 0;

  for (guint i = 0; params (layer)->bidirectional && i < core->n_levels; i++) {
    if (state->levels[i].filled > 0)
      total += run_chunk (layer, state, i, state->levels[i].filled,
          out + total * rnnc_layer_outputs (layer));
  }
  state->recent.n_frames = 0;
  recurrent_reset_core (layer, memory);
  return total;
}

/* Each level holds back less than a window, all of which may come at once. */
static gsize
recurrent_max_output (const RnncLayer *layer, gsize max_frames)
{
  if (!params (layer)->bidirectional)
    return max_frames;
  return max_frames + params (layer)->n_layers * window_frames (layer);
}

/* --- several sequences at once -------------------------------------------- */

/* Of a sequence: h [outputs] and c [hidden] of level after level. */
static gsize
level_floats (const RnncLayer *layer)
{
  return direction_outputs (layer) + params (layer)->hidden;
}

gsize
rnnc_recurrent_sequence_floats (const RnncLayer *layer)
{
  return params (layer)->n_layers * level_floats (layer);
}

gsize
rnnc_recurrent_rows_work (const RnncLayer *layer, gsize m)
{
  const Recurrent *core = layer->weights;
  gsize most = 0;

  for (guint i = 0; i < core->n_levels; i++)
    most
        = MAX (most, rnnc_direction_rows_work (get_direction (layer, i, 0), m));
  return most + rnnc_align (m * params (layer)->hidden * sizeof (float))
      + rnnc_align (m * direction_outputs (layer) * sizeof (float));
}

void
rnnc_recurrent_step_rows (const RnncLayer *layer, const float *in, gsize m,
    float *const *states, float *out, void *work)
{
  const Recurrent *core = layer->weights;
  gsize hidden = params (layer)->hidden, n_out = direction_outputs (layer);
  float *h = rnnc_take (&work, m * n_out * sizeof *h);
  float *c = rnnc_take (&work, m * hidden * sizeof *c);

  g_assert (core->n_directions == 1);
  for (guint level = 0; level < core->n_levels; level++) {
    gsize at = level * level_floats (layer);

    for (gsize i = 0; i < m; i++) {
      memcpy (h + i * n_out, states[i] + at, n_out * sizeof *h);
      memcpy (c + i * hidden, states[i] + at + n_out, hidden * sizeof *c);
    }
    rnnc_direction_step_rows (get_direction (layer, level, 0),
        level == 0 ? in : out, m, h, c, work);
    for (gsize i = 0; i < m; i++) {
      memcpy (states[i] + at, h + i * n_out, n_out * sizeof *h);
      memcpy (states[i] + at + n_out, c + i * hidden, hidden * sizeof *c);
    }
    memcpy (out, h, m * n_out * sizeof *out);
  }
}

/* --- several streams at once ---------------------------------------------- */

/* Streams pushed together: their frames lie step by step, those of the longest
 * first. */
typedef struct {
  gsize n; /* that have any frames */
  gsize n_steps;
  gsize *order;     /* [n]: streams, the longest first */
  gsize *first;     /* [n_streams]: frame where each lies in the input */
  gsize *running;   /* [n_steps] */
  float *values[2]; /* [frames, in or out]: of a level and the next */
  float *h, *c;     /* [n, outputs], [n, hidden] */
} Together;

/* Floats in the widest row between levels. */
static gsize
widest_row (const RnncLayer *layer)
{
  return MAX (level_inputs (layer, 0), direction_outputs (layer));
}

static void
take_together (const RnncLayer *layer, Together *together, gsize max_frames,
    gsize n_streams, void **work)
{
  gsize row = widest_row (layer) * sizeof (float);

  together->order = rnnc_take (work, n_streams * sizeof (gsize));
  together->first = rnnc_take (work, n_streams * sizeof (gsize));
  together->running = rnnc_take (work, max_frames * sizeof (gsize));
  for (guint i = 0; i < 2; i++)
    together->values[i] = rnnc_take (work, n_streams * max_frames * row);
  together->h = rnnc_take (work,
      n_streams * direction_outputs (layer) * sizeof (float));
  together->c
      = rnnc_take (work, n_streams * params (layer)->hidden * sizeof (float));
}

static gsize
recurrent_push_batch_work_size (const RnncLayer *layer, gsize max_frames,
    gsize n_streams)
{
  const Recurrent *core = layer->weights;
  Together together;
  void *work = NULL;
  gsize most = 0;

  take_together (layer, &together, max_frames, n_streams, &work);
  for (guint i = 0; i < core->n_levels; i++)
    most = MAX (most,
        rnnc_direction_steps_work (get_direction (layer, i, 0), max_frames,
            n_streams));
  return (guintptr) work + most;
}

/* Longest first; streams of equal length stay in order. */
static void
put_in_order (Together *together, const gsize *n_in, gsize n_streams)
{
  gsize first = 0;

  together->n = 0;
  for (gsize i = 0; i < n_streams; i++) {
    gsize at = together->n;

    together->first[i] = first;
    first += n_in[i];
    if (n_in[i] == 0)
      continue;
    for (; at > 0 && n_in[together->order[at - 1]] < n_in[i]; at--)
      together->order[at] = together->order[at - 1];
    together->order[at] = i;
    together->n++;
  }
}

static void
count_running (Together *together, const gsize *n_in)
{
  gsize m = together->n;

  together->n_steps = m > 0 ? n_in[together->order[0]] : 0;
  for (gsize t = 0; t < together->n_steps; t++) {
    while (n_in[together->order[m - 1]] <= t)
      m--;
    together->running[t] = m;
  }
}

/* One level of all streams. */
static void
run_level (const RnncLayer *layer, const Together *together, guint index,
    void *const *states, const float *in, float *out, void *work)
{
  gsize hidden = params (layer)->hidden, n_out = direction_outputs (layer);

  for (gsize i = 0; i < together->n; i++) {
    const RecurrentState *state = states[together->order[i]];

    memcpy (together->h + i * n_out, state->levels[index].h,
        n_out * sizeof (float));
    memcpy (together->c + i * hidden, state->levels[index].c,
        hidden * sizeof (float));
  }
  rnnc_direction_run_steps (get_direction (layer, index, 0), in,
      together->running, together->n_steps, together->h, together->c, out,
      work);
  for (gsize i = 0; i < together->n; i++) {
    RecurrentState *state = states[together->order[i]];

    memcpy (state->levels[index].h, together->h + i * n_out,
        n_out * sizeof (float));
    memcpy (state->levels[index].c, together->c + i * hidden,
        hidden * sizeof (float));
  }
}

static void
recurrent_push_batch (const RnncLayer *layer, void *const *states,
    const float *in, const gsize *n_in, gsize n_streams, float *out,
    gsize *n_out, void *work)
{
  const Recurrent *core = layer->weights;
  gsize width_in = level_inputs (layer, 0);
  gsize width_out = direction_outputs (layer);
  gsize max_frames = 0;
  Together together;
  float *row;

  g_assert (core->n_directions == 1);
  for (gsize i = 0; i < n_streams; i++)
    max_frames = MAX (max_frames, n_in[i]);
  take_together (layer, &together, max_frames, n_streams, &work);
  put_in_order (&together, n_in, n_streams);
  count_running (&together, n_in);
  memcpy (n_out, n_in, n_streams * sizeof *n_out);
  if (together.n == 0)
    return;
  for (gsize i = 0; i < together.n; i++) {
    RecurrentState *state = states[together.order[i]];

    remember (layer, &state->recent,
        in + together.first[together.order[i]] * width_in,
        n_in[together.order[i]]);
  }
  row = together.values[0];
  for (gsize t = 0; t < together.n_steps; t++)
    for (gsize i = 0; i < together.running[t]; i++, row += width_in)
      memcpy (row, in + (together.first[together.order[i]] + t) * width_in,
          width_in * sizeof *row);
  for (guint level = 0; level < core->n_levels; level++)
    run_level (layer, &together, level, states, together.values[level % 2],
        together.values[(level + 1) % 2], work);
  row = together.values[core->n_levels % 2];
  for (gsize t = 0; t < together.n_steps; t++)
    for (gsize i = 0; i < together.running[t]; i++, row += width_out)
      memcpy (out + (together.first[together.order[i]] + t) * width_out, row,
          width_out * sizeof *row);
}

const RnncLayerClass rnnc_recurrent_class = {
  .load = recurrent_load,
  .clear = recurrent_clear,
  .forward = recurrent_forward,
  .work_size = recurrent_work_size,
  .forward_batch = recurrent_forward_batch,
  .batch_work_size = recurrent_batch_work_size,
  .state_size = recurrent_state_size,
  .reset = recurrent_reset,
  .push = recurrent_push,
  .flush = recurrent_flush,
  .max_output = recurrent_max_output,
  .push_batch = recurrent_push_batch,
  .push_batch_work_size = recurrent_push_batch_work_size,
  .reset_core = recurrent_reset_core,
  .replay_core = recurrent_replay_core,
};
