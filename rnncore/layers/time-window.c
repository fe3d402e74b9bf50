/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/layers/time-window.h"

#include <string.h>

static gsize
get_capacity (const RnncWindowShape *shape, gsize max_frames)
{
  return shape->left + shape->right + MAX (max_frames, shape->right);
}

gsize
rnnc_time_window_size (const RnncWindowShape *shape, gsize max_frames)
{
  return rnnc_align (sizeof (RnncTimeWindow))
      + rnnc_align (
          get_capacity (shape, max_frames) * shape->width * sizeof (float));
}

RnncTimeWindow *
rnnc_time_window_init (const RnncWindowShape *shape, void *memory,
    gsize max_frames)
{
  RnncTimeWindow *window = rnnc_take (&memory, sizeof *window);

  window->frames = memory;
  window->capacity = get_capacity (shape, max_frames);
  rnnc_time_window_reset (window, shape);
  return window;
}

void
rnnc_time_window_reset (RnncTimeWindow *window, const RnncWindowShape *shape)
{
  window->filled = shape->left;
  window->lead = shape->left;
  window->skip = 0;
  window->tail = 0;
  memset (window->frames, 0, shape->left * shape->width * sizeof (float));
}

gsize
rnnc_time_window_max_output (const RnncWindowShape *shape, gsize max_frames)
{
  return MAX (max_frames, shape->right) / shape->stride + 1;
}

gsize
rnnc_time_window_append (RnncTimeWindow *window, const RnncWindowShape *shape,
    const float *in, gsize n_frames)
{
  gsize span = shape->left + 1 + shape->right;
  gsize skipped = MIN (window->skip, n_frames);
  gsize n = n_frames - skipped;
  float *to = window->frames + window->filled * shape->width;

  g_assert (window->filled + n <= window->capacity);
  window->skip -= skipped;
  if (in == NULL) {
    memset (to, 0, n * shape->width * sizeof *to);
    window->tail += n;
  } else if (n > 0) {
    memcpy (to, in + skipped * shape->width, n * shape->width * sizeof *to);
  }
  window->filled += n;
  return window->filled < span ? 0
                               : (window->filled - span) / shape->stride + 1;
}

void
rnnc_time_window_consume (RnncTimeWindow *window, const RnncWindowShape *shape,
    gsize n_windows)
{
  gsize consumed = n_windows * shape->stride;

  if (n_windows == 0)
    return;
  window->lead -= MIN (window->lead, consumed);
  if (consumed >= window->filled) {
    window->skip = consumed - window->filled;
    window->filled = 0;
  } else {
    window->filled -= consumed;
    memmove (window->frames, window->frames + consumed * shape->width,
        window->filled * shape->width * sizeof (float));
  }
}
