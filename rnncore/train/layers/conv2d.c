/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Convolution inside each frame, [height, width, channels]: blocks of output
 * pixels are gathered into rows of [kernel h, kernel w, in], one matrix
 * product each and group. */
#include "rnncore/train/layer.h"

/* Floats of gathered rows in one block: stays in the second-level cache. */
#define BLOCK_VALUES (64 * 1024)

typedef struct {
  RnncBuffer weight; /* [out, kernel h, kernel w, in / groups] */
  RnncBuffer weight_gradient;
  RnncBuffer columns; /* [block rows, kernel h, kernel w, in / groups] */
} Conv2dState;

typedef struct {
  const RnncConv2dParams *params;
  const RnncShape *in;
  const RnncShape *out;
  gsize n_in;       /* channels in of a group */
  gsize n_out;      /* channels out of a group */
  guint group;      /* at work */
  gsize depth;      /* kernel h * kernel w * n_in */
  gsize block_rows; /* output pixels in a block */
  gsize n_pixels;   /* output pixels of all frames */
} Geometry;

static Geometry
conv2d_geometry (const RnncPass *pass)
{
  const RnncLayerSpec *spec = pass->layer->spec;
  Geometry g = { &spec->params.conv2d, &spec->input, &spec->output };
  g.n_in = g.in->channels / g.params->groups;
  g.n_out = g.out->channels / g.params->groups;
  g.depth = (gsize) g.params->kernel[0] * g.params->kernel[1] * g.n_in;
  g.block_rows = MAX (BLOCK_VALUES / g.depth, 64);
  g.n_pixels = pass->in->n_rows * g.out->height * g.out->width;
  return g;
}

static void
conv2d_initialise (const RnncTrainLayer *layer, real *values,
    RnncRandom *random)
{
  const RnncParameter *weight = &layer->parameters[0];
  rnnc_initialise_kaiming (values + weight->offset, weight->n_values,
      weight->n_values / weight->shape[0], random);
}

/* [out, in, taps] to [out, taps, in], or back and added. */
static void
repack_weight (const Geometry *g, const real *weight, real *packed)
{
  gsize n_in = g->n_in;
  gsize taps = g->depth / n_in;
  for (gsize o = 0; o < g->out->channels; o++, weight += g->depth)
    for (gsize k = 0; k < taps; k++)
      for (gsize i = 0; i < n_in; i++)
        *packed++ = weight[i * taps + k];
}

static void
add_repacked_gradient (const Geometry *g, const real *packed, real *gradient)
{
  gsize n_in = g->n_in;
  gsize taps = g->depth / n_in;
  for (gsize o = 0; o < g->out->channels; o++, gradient += g->depth)
    for (gsize k = 0; k < taps; k++)
      for (gsize i = 0; i < n_in; i++)
        gradient[i * taps + k] += *packed++;
}

/* Where a kernel's row meets the image: taps first … last-1 are inside. */
typedef struct {
  gsize pixel; /* of the first tap inside, in the whole array */
  guint first;
  guint last;
} Span;

/* The least k >= 0 with k * step >= n. */
static inline gint
steps_to (gint n, gint step)
{
  return n <= 0 ? 0 : (n + step - 1) / step;
}

static inline Span
kernel_row_span (const Geometry *g, gsize frame, guint oy, guint ox, guint ky)
{
  const RnncConv2dParams *p = g->params;
  gint step = (gint) p->dilation[1];
  gint y
      = (gint) (oy * p->stride[0] + ky * p->dilation[0]) - (gint) p->padding[0];
  gint x = (gint) (ox * p->stride[1]) - (gint) p->padding[1];
  gint width = (gint) g->in->width;
  Span span = { 0, 0, 0 };
  if (y < 0 || y >= (gint) g->in->height)
    return span;
  gint first = steps_to (-x, step);
  gint last = MIN ((gint) p->kernel[1], steps_to (width - x, step));
  if (last <= first)
    return span;
  span.first = (guint) first;
  span.last = (guint) last;
  span.pixel = (frame * g->in->height + (gsize) y) * g->in->width
      + (gsize) (x + first * step);
  return span;
}

/* Taps of a span that lie side by side in the image, and how far apart such
 * runs are there. */
typedef struct {
  gsize n_runs;
  gsize length;
  gsize step;
} Runs;

static inline Runs
span_runs (const Geometry *g, const Span *span)
{
  gsize n_taps = span->last - span->first;
  if (g->params->groups == 1 && g->params->dilation[1] == 1)
    return (Runs){ 1, n_taps * g->n_in, 0 };
  return (Runs){ n_taps, g->n_in, g->params->dilation[1] * g->in->channels };
}

typedef struct {
  gsize frame;
  guint y;
  guint x;
} Pixel;

static inline Pixel
first_pixel (const Geometry *g, gsize index)
{
  gsize area = (gsize) g->out->height * g->out->width;
  gsize rest = index % area;
  return (Pixel){ index / area, (guint) (rest / g->out->width),
    (guint) (rest % g->out->width) };
}

static inline void
next_pixel (const Geometry *g, Pixel *pixel)
{
  if (++pixel->x < g->out->width)
    return;
  pixel->x = 0;
  if (++pixel->y < g->out->height)
    return;
  pixel->y = 0;
  pixel->frame++;
}

/* Numbers of @span's first tap that are the group's. */
static inline gsize
span_offset (const Geometry *g, const Span *span)
{
  return span->pixel * g->in->channels + g->group * g->n_in;
}

static void
gather_columns (const Geometry *g, gsize first, gsize n_rows, const real *x,
    real *columns)
{
  gsize row = g->params->kernel[1] * g->n_in;
  Pixel pixel = first_pixel (g, first);
  for (gsize r = 0; r < n_rows; r++, next_pixel (g, &pixel)) {
    for (guint ky = 0; ky < g->params->kernel[0]; ky++, columns += row) {
      Span s = kernel_row_span (g, pixel.frame, pixel.y, pixel.x, ky);
      Runs runs = span_runs (g, &s);
      const real *source = x + span_offset (g, &s);
      real *target = columns + s.first * g->n_in;
      for (gsize i = 0; i < s.first * g->n_in; i++)
        columns[i] = 0;
      for (gsize k = 0; k < runs.n_runs; k++, target += runs.length)
        for (gsize i = 0; i < runs.length; i++)
          target[i] = source[k * runs.step + i];
      for (gsize i = s.last * g->n_in; i < row; i++)
        columns[i] = 0;
    }
  }
}

static void
scatter_columns (const Geometry *g, gsize first, gsize n_rows,
    const real *columns, real *dx)
{
  gsize row = g->params->kernel[1] * g->n_in;
  Pixel pixel = first_pixel (g, first);
  for (gsize r = 0; r < n_rows; r++, next_pixel (g, &pixel)) {
    for (guint ky = 0; ky < g->params->kernel[0]; ky++, columns += row) {
      Span s = kernel_row_span (g, pixel.frame, pixel.y, pixel.x, ky);
      Runs runs = span_runs (g, &s);
      real *target = dx + span_offset (g, &s);
      const real *source = columns + s.first * g->n_in;
      for (gsize k = 0; k < runs.n_runs; k++, source += runs.length)
        for (gsize i = 0; i < runs.length; i++)
          target[k * runs.step + i] += source[i];
    }
  }
}

static void
conv2d_forward (RnncPass *pass, const real *x, real *y)
{
  Conv2dState *state = pass->state;
  Geometry g = conv2d_geometry (pass);
  gsize n_out = g.out->channels;
  real *weight = rnnc_buffer_reals (&state->weight, n_out * g.depth);
  real *columns = rnnc_buffer_reals (&state->columns, g.block_rows * g.depth);

  repack_weight (&g, rnnc_pass_values (pass, 0), weight);
  for (gsize row = 0; row < g.n_pixels; row += g.block_rows) {
    gsize n_rows = MIN (g.block_rows, g.n_pixels - row);
    for (g.group = 0; g.group < g.params->groups; g.group++) {
      gather_columns (&g, row, n_rows, x, columns);
      rnnc_product (pass->products, FALSE, TRUE, n_rows, g.n_out, g.depth,
          columns, g.depth, weight + g.group * g.n_out * g.depth, g.depth,
          FALSE, y + row * n_out + g.group * g.n_out, n_out);
    }
  }
  if (g.params->bias)
    rnnc_add_bias (g.n_pixels, n_out, rnnc_pass_values (pass, 1), y);
}

static void
conv2d_backward (RnncPass *pass, const real *x, const real *y, const real *dy,
    real *dx)
{
  Conv2dState *state = pass->state;
  Geometry g = conv2d_geometry (pass);
  gsize n_out = g.out->channels;
  const real *weight = state->weight.data;
  real *columns = state->columns.data;
  real *gradient = rnnc_buffer_reals (&state->weight_gradient, n_out * g.depth);

  rnnc_zero (gradient, n_out * g.depth);
  if (dx)
    rnnc_zero (dx, pass->in->n_rows * rnnc_shape_size (g.in));
  for (gsize row = 0; row < g.n_pixels; row += g.block_rows) {
    gsize n_rows = MIN (g.block_rows, g.n_pixels - row);
    for (g.group = 0; g.group < g.params->groups; g.group++) {
      const real *dy_block = dy + row * n_out + g.group * g.n_out;
      gsize first = g.group * g.n_out * g.depth;
      gather_columns (&g, row, n_rows, x, columns);
      rnnc_product (pass->products, TRUE, FALSE, g.n_out, g.depth, n_rows,
          dy_block, n_out, columns, g.depth, TRUE, gradient + first, g.depth);
      if (!dx)
        continue;
      rnnc_product (pass->products, FALSE, FALSE, n_rows, g.depth, g.n_out,
          dy_block, n_out, weight + first, g.depth, FALSE, columns, g.depth);
      scatter_columns (&g, row, n_rows, columns, dx);
    }
  }
  add_repacked_gradient (&g, gradient, rnnc_pass_gradients (pass, 0));
  if (g.params->bias)
    rnnc_sum_rows (g.n_pixels, n_out, dy, n_out, rnnc_pass_gradients (pass, 1));
}

static void
conv2d_clear (gpointer data)
{
  Conv2dState *state = data;
  rnnc_buffer_clear (&state->weight);
  rnnc_buffer_clear (&state->weight_gradient);
  rnnc_buffer_clear (&state->columns);
}

const RnncTrainLayerClass rnnc_train_conv2d = {
  .state_size = sizeof (Conv2dState),
  .forgets_output = TRUE,
  .initialise = conv2d_initialise,
  .forward = conv2d_forward,
  .backward = conv2d_backward,
  .clear = conv2d_clear,
};
