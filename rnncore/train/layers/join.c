/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where branches meet: sum, product, or channels side by side. */
#include "rnncore/train/layer.h"

/* Rows of channels in a worker's share. */
static gsize
n_positions (const RnncPass *pass)
{
  const RnncShape *shape = &pass->layer->spec->output;
  return pass->in->n_rows * shape->height * shape->width;
}

/* The first of @part's channels in the output. */
static gsize
first_channel (const RnncLayerSpec *spec, guint part)
{
  gsize first = 0;
  for (guint k = 0; k < part; k++)
    first += spec->parts[k].channels;
  return first;
}

static void
concatenate (const RnncPass *pass, real *y)
{
  const RnncLayerSpec *spec = pass->layer->spec;
  for (gsize r = 0; r < n_positions (pass); r++) {
    for (guint k = 0; k < spec->n_sources; k++) {
      gsize n = spec->parts[k].channels;
      memcpy (y, pass->parts[k] + r * n, n * sizeof (real));
      y += n;
    }
  }
}

static void
join_forward (RnncPass *pass, const real *x, real *y)
{
  const RnncLayerSpec *spec = pass->layer->spec;
  gsize n = n_positions (pass) * spec->output.channels;
  if (spec->params.join == RNNC_JOIN_CONCATENATE) {
    concatenate (pass, y);
    return;
  }
  memcpy (y, x, n * sizeof (real));
  for (guint k = 1; k < spec->n_sources; k++) {
    const real *part = pass->parts[k];
    if (spec->params.join == RNNC_JOIN_ADD)
      for (gsize i = 0; i < n; i++)
        y[i] += part[i];
    else
      for (gsize i = 0; i < n; i++)
        y[i] *= part[i];
  }
}

static void
take_channels (const RnncPass *pass, const real *dy, real *dx)
{
  const RnncLayerSpec *spec = pass->layer->spec;
  gsize n = spec->parts[pass->part].channels;
  dy += first_channel (spec, pass->part);
  for (gsize r = 0; r < n_positions (pass); r++)
    memcpy (dx + r * n, dy + r * spec->output.channels, n * sizeof (real));
}

static void
join_backward (RnncPass *pass, const real *x, const real *y, const real *dy,
    real *dx)
{
  const RnncLayerSpec *spec = pass->layer->spec;
  gsize n = n_positions (pass) * spec->output.channels;
  if (!dx)
    return;
  if (spec->params.join == RNNC_JOIN_CONCATENATE) {
    take_channels (pass, dy, dx);
    return;
  }
  memcpy (dx, dy, n * sizeof (real));
  if (spec->params.join == RNNC_JOIN_ADD)
    return;
  for (guint k = 0; k < spec->n_sources; k++)
    for (gsize i = 0; k != pass->part && i < n; i++)
      dx[i] *= pass->parts[k][i];
}

const RnncTrainLayerClass rnnc_train_join = {
  .forgets_output = TRUE,
  .forward = join_forward,
  .backward = join_backward,
};
