/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/frontend/area-average.h"

#include <string.h>

/* Rows are summed in strips that stay in the first-level cache. */
#define STRIP_BYTES 2048

/* Coordinates are scaled so that everything is an integer: along an axis of
 * @length picture pixels and @n_outputs outputs, output o covers
 * o*length … (o+1)*length and sample i covers i*unit … (i+1)*unit, cut at
 * length*n_outputs. The weights of an output add up to @length. */
typedef struct {
  guint64 unit;
  guint64 length;
  guint64 total;
} Axis;

static Axis
axis_make (guint length, guint n_outputs, guint subsampling)
{
  Axis axis = {
    .unit = (guint64) subsampling * n_outputs,
    .length = length,
    .total = (guint64) length * n_outputs,
  };

  return axis;
}

static inline guint
axis_first (const Axis *axis, guint output)
{
  return (guint) (output * axis->length / axis->unit);
}

/* One beyond the last sample that @output touches. */
static inline guint
axis_end (const Axis *axis, guint output)
{
  return (guint) (((output + 1) * axis->length + axis->unit - 1) / axis->unit);
}

static inline guint32
axis_weight (const Axis *axis, guint output, guint sample)
{
  guint64 from = MAX (output * axis->length, sample * axis->unit);
  guint64 to = MIN ((output + (guint64) 1) * axis->length,
      (sample + (guint64) 1) * axis->unit);

  return (guint32) (to - from);
}

static void
add_row_8 (guint32 *sums, const guint8 *row, guint n)
{
  for (guint i = 0; i < n; i++)
    sums[i] += row[i];
}

static void
add_row_16 (guint32 *sums, const guint8 *row, guint n)
{
  for (guint i = 0; i < n; i++) {
    guint16 value;

    memcpy (&value, row + 2 * (gsize) i, sizeof (value));
    sums[i] += value;
  }
}

static void
add_weighted_8 (guint32 *sums, const guint8 *row, guint n, guint32 weight)
{
  for (guint i = 0; i < n; i++)
    sums[i] += weight * row[i];
}

static void
add_weighted_16 (guint32 *sums, const guint8 *row, guint n, guint32 weight)
{
  for (guint i = 0; i < n; i++) {
    guint16 value;

    memcpy (&value, row + 2 * (gsize) i, sizeof (value));
    sums[i] += weight * value;
  }
}

/* Vertical sums under output row @y of @n values that start @offset bytes into
 * each row. At most height * 65535, which fits. */
static void
sum_rows (const RnncAreaPlane *plane, const Axis *axis, guint y, gsize offset,
    guint n, guint32 *sums)
{
  guint first = axis_first (axis, y), end = axis_end (axis, y);
  gboolean wide = plane->depth == 16;

  memset (sums, 0, n * sizeof (*sums));
  for (guint i = first + 1; i + 1 < end; i++) {
    const guint8 *row = plane->data + (gssize) i * plane->stride + offset;

    if (wide)
      add_row_16 (sums, row, n);
    else
      add_row_8 (sums, row, n);
  }
  if (end - first > 2)
    for (guint i = 0; i < n; i++)
      sums[i] *= (guint32) axis->unit;
  for (guint edge = 0; edge < 2; edge++) {
    guint i = edge == 0 ? first : end - 1;
    const guint8 *row = plane->data + (gssize) i * plane->stride + offset;

    if (edge == 1 && end - first == 1)
      break;
    if (wide)
      add_weighted_16 (sums, row, n, axis_weight (axis, y, i));
    else
      add_weighted_8 (sums, row, n, axis_weight (axis, y, i));
  }
}

/* Where the horizontal sums of one output row stand. */
typedef struct {
  guint x; /* output that is being summed */
  guint64 sums[RNNC_AREA_MAX_CHANNELS];
  double scale;
  float *out;
  guint step;
} RowState;

/* The sums under output @state->x are complete: writes and clears them. Luma is
 * linear, so that of the means is the mean of it. */
static void
emit_output (const RnncAreaPlane *plane, RowState *state)
{
  float *out = state->out + (gsize) state->x * state->step;
  double means[RNNC_AREA_MAX_CHANNELS];

  for (guint c = 0; c < plane->n_channels; c++) {
    means[c] = (double) state->sums[c] * state->scale;
    state->sums[c] = 0;
  }
  state->x++;
  if (plane->luma) {
    *out = (float) (0.299 * means[0] + 0.587 * means[1] + 0.114 * means[2]);
    return;
  }
  for (guint c = 0; c < plane->n_channels; c++)
    out[c] = (float) means[c];
}

/* Adds the samples first … first + n - 1 of a row, whose vertical sums are
 * given, to the outputs that they lie under. */
static void
sum_columns (const RnncAreaPlane *plane, const Axis *axis, guint first, guint n,
    const guint32 *columns, RowState *state)
{
  guint bytes = plane->depth / 8;
  guint n_channels = plane->n_channels;
  guint64 sample_end = MIN ((guint64) first * axis->unit, axis->total);

  for (guint i = 0; i < n; i++) {
    const guint32 *sample = columns + (gsize) i * (plane->pixel_stride / bytes);
    guint64 from = sample_end;

    sample_end = MIN (from + axis->unit, axis->total);
    while (from < sample_end) {
      guint64 output_end = (state->x + (guint64) 1) * axis->length;
      guint64 to = MIN (sample_end, output_end);

      for (guint c = 0; c < n_channels; c++)
        state->sums[c] += (to - from) * sample[plane->offsets[c] / bytes];
      from = to;
      if (to == output_end)
        emit_output (plane, state);
    }
  }
}

void
rnnc_area_average (const RnncAreaPlane *plane, guint width, guint height,
    guint step, float *out)
{
  guint32 sums[STRIP_BYTES];
  Axis columns = axis_make (plane->width, width, plane->subsampling);
  Axis rows = axis_make (plane->height, height, plane->subsampling);
  guint bytes = plane->depth / 8;
  guint n_samples
      = (plane->width + plane->subsampling - 1) / plane->subsampling;
  guint strip = STRIP_BYTES / plane->pixel_stride;
  guint last_value = 0;

  g_assert (plane->pixel_stride <= RNNC_AREA_MAX_PIXEL_STRIDE);
  for (guint c = 0; c < plane->n_channels; c++)
    last_value = MAX (last_value, plane->offsets[c] / bytes);
  for (guint y = 0; y < height; y++) {
    RowState state = {
      .scale = 1.0 / ((double) plane->width * plane->height),
      .out = out + (gsize) y * width * step,
      .step = step,
    };

    for (guint x = 0; x < n_samples; x += strip) {
      guint n = MIN (strip, n_samples - x);

      /* Not a byte behind the last channel: a row may end there. */
      sum_rows (plane, &rows, y, (gsize) x * plane->pixel_stride,
          (n - 1) * (plane->pixel_stride / bytes) + last_value + 1, sums);
      sum_columns (plane, &columns, x, n, sums, &state);
    }
  }
}
