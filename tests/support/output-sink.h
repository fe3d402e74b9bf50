/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keeps what a stream yields. */
#pragma once

#include <string.h>

#include "rnncore/rnncore.h"

G_BEGIN_DECLS

typedef struct {
  gsize width; /* floats in an output */
  gsize n_frames;
  gsize capacity; /* frames; room is made beforehand, so that nothing allocates
                     while a stream runs */
  float *outputs;
} OutputSink;

static inline void
output_sink_init (OutputSink *sink, RnncModel *model, gsize capacity)
{
  *sink = (OutputSink){ rnnc_model_output_size (model), 0, capacity,
    g_new0 (float, rnnc_model_output_size (model) * capacity) };
}

static inline void
output_sink_clear (OutputSink *sink)
{
  g_free (sink->outputs);
}

/* RnncOutputFunc */
static inline void
output_sink_take (const float *outputs, gsize n_frames, gpointer data)
{
  OutputSink *sink = data;

  g_assert_cmpuint (n_frames, >, 0);
  g_assert_cmpuint (sink->n_frames + n_frames, <=, sink->capacity);
  memcpy (sink->outputs + sink->n_frames * sink->width, outputs,
      n_frames * sink->width * sizeof (float));
  sink->n_frames += n_frames;
}

static inline float *
output_sink_at (OutputSink *sink, gsize frame)
{
  return sink->outputs + frame * sink->width;
}

/* The same outputs, bit for bit; -1 and 1 differ, 0 and -0 too. */
static inline void
assert_same_outputs (const float *a, const float *b, gsize n_frames,
    gsize width)
{
  for (gsize i = 0; i < n_frames * width; i++) {
    if (memcmp (&a[i], &b[i], sizeof *a) != 0)
      g_error ("output %zu of %zu, [%zu]: %.9g and %.9g differ", i / width,
          n_frames, i % width, a[i], b[i]);
  }
}

G_END_DECLS
