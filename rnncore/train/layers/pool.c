/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Maximum and average over windows, in time and inside a frame. A maximum's
 * gradient goes to the first of the largest. */
#include "rnncore/train/layer.h"

/* --- one number out of a window's, channel by channel ----------------------
 */

/* The next element of a window joins in. */
static void
pool_add (gboolean average, gboolean first, gsize n, const real *x, real *y)
{
  if (first)
    memcpy (y, x, n * sizeof (real));
  else if (average)
    for (gsize i = 0; i < n; i++)
      y[i] += x[i];
  else
    for (gsize i = 0; i < n; i++)
      y[i] = x[i] > y[i] ? x[i] : y[i];
}

/* --- over time --------------------------------------------------------------
 */

static void
pool1d_pack (const RnncTrainLayer *layer, const RnncPacking *in,
    RnncPacking *out)
{
  guint *lengths = g_new (guint, in->n_sequences);
  for (guint b = 0; b < in->n_sequences; b++)
    lengths[b]
        = (guint) rnnc_layer_spec_output_frames (layer->spec, in->lengths[b]);
  rnnc_packing_set (out, in->n_sequences, lengths);
  g_free (lengths);
}

/* Frames first … behind - 1 that output frame @t of a sequence is made of. */
typedef struct {
  guint first;
  guint behind;
} Frames;

static Frames
pool1d_frames (const RnncPool1dParams *params, guint n_frames, guint t)
{
  guint at = t * params->stride;
  guint ahead = MIN (params->right, n_frames - 1 - at);
  return (Frames){ at - MIN (at, params->left), at + ahead + 1 };
}

static void
pool1d_forward (RnncPass *pass, const real *x, real *y)
{
  const RnncPool1dParams *params = &pass->layer->spec->params.pool1d;
  gsize n = rnnc_train_layer_outputs (pass->layer);
  for (guint t = 0; t < pass->out->n_steps; t++) {
    for (guint b = 0; b < pass->out->counts[t]; b++, y += n) {
      Frames f = pool1d_frames (params, pass->in->lengths[b], t);
      for (guint s = f.first; s < f.behind; s++)
        pool_add (params->average, s == f.first, n,
            x + rnnc_packing_row (pass->in, s, b) * n, y);
      for (gsize i = 0; params->average && i < n; i++)
        y[i] /= (real) (f.behind - f.first);
    }
  }
}

/* Of one output frame of sequence @b. */
static void
pool1d_frame_backward (const RnncPass *pass, Frames f, guint b, const real *x,
    const real *y, const real *dy, real *dx)
{
  const RnncPool1dParams *params = &pass->layer->spec->params.pool1d;
  gsize n = rnnc_train_layer_outputs (pass->layer);
  real share = 1 / (real) (f.behind - f.first);
  if (params->average) {
    for (guint s = f.first; s < f.behind; s++)
      for (gsize i = 0; i < n; i++)
        dx[rnnc_packing_row (pass->in, s, b) * n + i] += share * dy[i];
    return;
  }
  for (gsize i = 0; i < n; i++) {
    guint s = f.first;
    while (s + 1 < f.behind
        && x[rnnc_packing_row (pass->in, s, b) * n + i] != y[i])
      s++;
    dx[rnnc_packing_row (pass->in, s, b) * n + i] += dy[i];
  }
}

static void
pool1d_backward (RnncPass *pass, const real *x, const real *y, const real *dy,
    real *dx)
{
  const RnncPool1dParams *params = &pass->layer->spec->params.pool1d;
  gsize n = rnnc_train_layer_outputs (pass->layer);
  if (!dx)
    return;
  rnnc_zero (dx, pass->in->n_rows * n);
  for (guint t = 0; t < pass->out->n_steps; t++) {
    for (guint b = 0; b < pass->out->counts[t]; b++, y += n, dy += n) {
      Frames f = pool1d_frames (params, pass->in->lengths[b], t);
      pool1d_frame_backward (pass, f, b, x, y, dy, dx);
    }
  }
}

/* Of an average nothing is looked at, of a maximum the output too. */
const RnncTrainLayerClass rnnc_train_pool1d = {
  .pack = pool1d_pack,
  .forward = pool1d_forward,
  .backward = pool1d_backward,
};

/* --- inside a frame ---------------------------------------------------------
 */

/* Rows and columns first … behind - 1 of a window, and how many numbers an
 * average is taken over. */
typedef struct {
  guint first[2];
  guint behind[2];
  gsize count;
} Window;

static Window
pool2d_window (const RnncLayerSpec *spec, guint y, guint x)
{
  const RnncPool2dParams *params = &spec->params.pool2d;
  const guint at[2] = { y, x };
  const guint size[2] = { spec->input.height, spec->input.width };
  Window window = { .count = 1 };
  for (guint side = 0; side < 2; side++) {
    guint padding = params->padding[side];
    guint begin = at[side] * params->stride[side]; /* with the padding */
    guint end = begin + params->kernel[side];
    window.first[side] = begin - MIN (begin, padding);
    window.behind[side] = MIN (end - padding, size[side]);
    window.count *= params->count_padding
        ? MIN (end, size[side] + 2 * padding) - begin
        : window.behind[side] - window.first[side];
  }
  return window;
}

static void
pool2d_frame_forward (const RnncLayerSpec *spec, const real *x, real *y)
{
  const RnncPool2dParams *params = &spec->params.pool2d;
  gsize n = spec->input.channels;
  for (guint oy = 0; oy < spec->output.height; oy++) {
    for (guint ox = 0; ox < spec->output.width; ox++, y += n) {
      Window w = pool2d_window (spec, oy, ox);
      for (guint iy = w.first[0]; iy < w.behind[0]; iy++)
        for (guint ix = w.first[1]; ix < w.behind[1]; ix++)
          pool_add (params->average, iy == w.first[0] && ix == w.first[1], n,
              x + ((gsize) iy * spec->input.width + ix) * n, y);
      for (gsize i = 0; params->average && i < n; i++)
        y[i] /= (real) w.count;
    }
  }
}

static void
pool2d_forward (RnncPass *pass, const real *x, real *y)
{
  gsize n_in = rnnc_train_layer_inputs (pass->layer);
  gsize n_out = rnnc_train_layer_outputs (pass->layer);
  for (gsize r = 0; r < pass->in->n_rows; r++)
    pool2d_frame_forward (pass->layer->spec, x + r * n_in, y + r * n_out);
}

static void
average_window_backward (const RnncLayerSpec *spec, const Window *w,
    const real *dy, real *dx)
{
  gsize n = spec->input.channels;
  real share = 1 / (real) w->count;
  for (guint iy = w->first[0]; iy < w->behind[0]; iy++)
    for (guint ix = w->first[1]; ix < w->behind[1]; ix++)
      for (gsize i = 0; i < n; i++)
        dx[((gsize) iy * spec->input.width + ix) * n + i] += share * dy[i];
}

/* Number of channel @channel's first pixel that is @maximum. */
static gsize
find_maximum (const RnncLayerSpec *spec, const Window *w, const real *x,
    gsize channel, real maximum)
{
  gsize n = spec->input.channels, at = 0;
  for (guint iy = w->first[0]; iy < w->behind[0]; iy++) {
    for (guint ix = w->first[1]; ix < w->behind[1]; ix++) {
      at = ((gsize) iy * spec->input.width + ix) * n + channel;
      if (x[at] == maximum)
        return at;
    }
  }
  return at;
}

static void
pool2d_frame_backward (const RnncLayerSpec *spec, const real *x, const real *y,
    const real *dy, real *dx)
{
  gsize n = spec->input.channels;
  for (guint oy = 0; oy < spec->output.height; oy++) {
    for (guint ox = 0; ox < spec->output.width; ox++, y += n, dy += n) {
      Window w = pool2d_window (spec, oy, ox);
      if (spec->params.pool2d.average)
        average_window_backward (spec, &w, dy, dx);
      else
        for (gsize i = 0; i < n; i++)
          dx[find_maximum (spec, &w, x, i, y[i])] += dy[i];
    }
  }
}

static void
pool2d_backward (RnncPass *pass, const real *x, const real *y, const real *dy,
    real *dx)
{
  gsize n_in = rnnc_train_layer_inputs (pass->layer);
  gsize n_out = rnnc_train_layer_outputs (pass->layer);
  if (!dx)
    return;
  rnnc_zero (dx, pass->in->n_rows * n_in);
  for (gsize r = 0; r < pass->in->n_rows; r++)
    pool2d_frame_backward (pass->layer->spec, x + r * n_in, y + r * n_out,
        dy + r * n_out, dx + r * n_in);
}

const RnncTrainLayerClass rnnc_train_pool2d = {
  .forward = pool2d_forward,
  .backward = pool2d_backward,
};
