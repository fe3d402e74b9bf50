/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a stream is made of, for those that run several at once. */
#pragma once

#include "rnncore/model/gathering.h"
#include "rnncore/model/model-private.h"

G_BEGIN_DECLS

struct _RnncStream {
  RnncModel *model;
  guint first, last; /* layers first..last-1 */
  RnncOutputFunc func;
  gpointer user_data;

  RnncLogMel *mel;
  RnncWaveform *waveform;
  RnncVideo *video;
  gsize block; /* samples that yield at most chunk frames */

  void *arena;
  gsize arena_size;
  gsize chunk;       /* frames */
  float *frames;     /* [chunk + 1, input]: of the front end */
  float **slots;     /* [n_slots] */
  void **states;     /* one a layer */
  gsize *max_frames; /* frames into each layer, at most */

  /* Of one round through the layers. */
  const float *input;
  gsize n_input;
  const float **values; /* what each layer gave */
  gsize *n_frames;
  const float *result; /* what comes out, until the next round */
  gsize n_result;

  RnncMember member;
};

/* Floats in a frame of the input. */
gsize rnnc_stream_input_floats (const RnncStream *stream);

/* Frames that go through the layers at once, at most. */
gsize rnnc_stream_max_input (const RnncStream *stream);

/* From input and n_input to result and n_result. */
void rnnc_stream_run (RnncStream *stream);

/* What came out goes to the stream's function. */
void rnnc_stream_deliver (RnncStream *stream);

/* Up to one block of @n_samples through the front end: input and n_input.
 * Returns: samples taken */
gsize rnnc_stream_take_samples (RnncStream *stream, const float *samples,
    gsize n_samples);

/* The same of features, which stay where they are. Returns: frames taken */
gsize rnnc_stream_take_features (RnncStream *stream, const float *features,
    gsize n_frames);

G_END_DECLS
