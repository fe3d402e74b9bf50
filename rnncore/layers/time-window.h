/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Windows over the frames of a stream: the frames that further windows need,
 * one after another, and padding at both ends. */
#pragma once

#include "rnncore/layers/layer.h"

G_BEGIN_DECLS

/* Output t sees the frames t*stride - left … t*stride + right. */
typedef struct {
  gsize width; /* floats in a frame */
  gsize left;
  gsize right;
  gsize stride;
} RnncWindowShape;

typedef struct {
  float *frames; /* [capacity, width] */
  gsize filled;
  gsize skip; /* frames to drop before the next window begins */
  gsize lead; /* of the filled: padding at the beginning, zeros */
  gsize tail; /* of the filled: padding at the end, zeros */
  gsize capacity;
} RnncTimeWindow;

/* Bytes; @memory is as large. Pushes of at most @max_frames. */
gsize rnnc_time_window_size (const RnncWindowShape *shape, gsize max_frames);
RnncTimeWindow *rnnc_time_window_init (const RnncWindowShape *shape,
    void *memory, gsize max_frames);
void
rnnc_time_window_reset (RnncTimeWindow *window, const RnncWindowShape *shape);

/* Most windows out of one push or of the padding. */
gsize
rnnc_time_window_max_output (const RnncWindowShape *shape, gsize max_frames);

/**
 * rnnc_time_window_append:
 * @in: (nullable): %NULL for padding
 *
 * Returns: windows that are whole now; the first begins at @window->frames, the
 *   others stride frames on each
 */
gsize rnnc_time_window_append (RnncTimeWindow *window,
    const RnncWindowShape *shape, const float *in, gsize n_frames);

/* Forgets what only the first @n_windows needed. */
void rnnc_time_window_consume (RnncTimeWindow *window,
    const RnncWindowShape *shape, gsize n_windows);

G_END_DECLS
