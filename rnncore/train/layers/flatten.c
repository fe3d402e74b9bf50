/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * [height, width, channels] to PyTorch's channels, height, width, and back. */
#include "rnncore/train/layer.h"

/* Each of @n [rows, columns] to [columns, rows]. */
static void
transpose (gsize n, gsize n_rows, gsize n_columns, const real *x, real *y)
{
  for (gsize k = 0; k < n; k++, x += n_rows * n_columns)
    for (gsize c = 0; c < n_columns; c++)
      for (gsize r = 0; r < n_rows; r++)
        *y++ = x[r * n_columns + c];
}

static void
flatten_forward (RnncPass *pass, const real *x, real *y)
{
  const RnncShape *shape = &pass->layer->spec->input;
  transpose (pass->in->n_rows, (gsize) shape->height * shape->width,
      shape->channels, x, y);
}

static void
flatten_backward (RnncPass *pass, const real *x, const real *y, const real *dy,
    real *dx)
{
  const RnncShape *shape = &pass->layer->spec->input;
  if (dx)
    transpose (pass->in->n_rows, shape->channels,
        (gsize) shape->height * shape->width, dy, dx);
}

const RnncTrainLayerClass rnnc_train_flatten = {
  .forgets_output = TRUE,
  .forward = flatten_forward,
  .backward = flatten_backward,
};

static void
unflatten_forward (RnncPass *pass, const real *x, real *y)
{
  const RnncShape *shape = &pass->layer->spec->output;
  transpose (pass->in->n_rows, shape->channels,
      (gsize) shape->height * shape->width, x, y);
}

static void
unflatten_backward (RnncPass *pass, const real *x, const real *y,
    const real *dy, real *dx)
{
  const RnncShape *shape = &pass->layer->spec->output;
  if (dx)
    transpose (pass->in->n_rows, (gsize) shape->height * shape->width,
        shape->channels, dy, dx);
}

const RnncTrainLayerClass rnnc_train_unflatten = {
  .forgets_output = TRUE,
  .forward = unflatten_forward,
  .backward = unflatten_backward,
};
