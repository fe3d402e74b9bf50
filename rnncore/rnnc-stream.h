/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One running input of a model: front end state, convolution context, h and c.
 * One thread at a time; different streams of a model are independent. */
#pragma once

#include "rnncore/rnnc-model.h"

G_BEGIN_DECLS

typedef struct _RnncStream RnncStream;

/**
 * RnncOutputFunc:
 * @outputs: [n_frames, output size]; valid during the call
 */
typedef void (
    *RnncOutputFunc) (const float *outputs, gsize n_frames, gpointer user_data);

/**
 * rnnc_stream_new:
 * @model: a reference is taken
 * @func: is called from push and flush, in their thread, as outputs come
 *
 * All memory of the stream is one arena, made here; push, flush and reset never
 * allocate.
 */
RNNC_API RnncStream *
rnnc_stream_new (RnncModel *model, RnncOutputFunc func, gpointer user_data);
RNNC_API void rnnc_stream_free (RnncStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncStream, rnnc_stream_free)

/* Audio models: mono at the model's rate, -1..1. Any @n_samples. */
RNNC_API void rnnc_stream_push_samples (RnncStream *stream,
    const float *samples, gsize n_samples);

/* Video models: timestamps in ns, not going backwards. */
RNNC_API void rnnc_stream_push_video (RnncStream *stream,
    const RnncVideoFrame *frame, guint64 timestamp);

/* Any model: [n_frames, input size] of what the front end would yield. */
RNNC_API void rnnc_stream_push_features (RnncStream *stream,
    const float *features, gsize n_frames);

/* Pads the right context, yields what is left (a many-to-one model: its one
 * output), and resets. */
RNNC_API void rnnc_stream_flush (RnncStream *stream);

/* Back to a new stream's state; yields nothing. */
RNNC_API void rnnc_stream_reset (RnncStream *stream);

/* Forgets h and c of the recurrent cores alone; timing is untouched. For long
 * streams: at a silence the core starts as training did. */
RNNC_API void rnnc_stream_reset_core (RnncStream *stream);

/**
 * rnnc_stream_set_batch_wait:
 * @wait: ns that a push may wait for other streams, at most a second; 0, the
 *   default: off
 *
 * Streams of one model for which this is on meet: each is pushed in a thread of
 * its own, and what up to 64 of them have to run goes through the network
 * together, in the thread of one of them, which reads the weights once. Outputs
 * have the same bits as without, and come in the stream's own thread. What a
 * push holds waits, in parts of at most 16 frames, until all streams that were
 * pushed within the last second have come, or for
 * @wait, or for half as long as it lasts, whichever is first: a live stream has
 * as much time again to catch up in. A stream that is alone waits for nobody;
 * flush and reset wait for nobody.
 *
 * Memory: up to 16 MiB for all streams of a model that meet, made here; pushes
 * allocate nothing.
 * Threads: as for push; from other threads' streams it is independent.
 *
 * Returns: %FALSE, and nothing has changed, where the model is bidirectional or
 *   its layers are too large for several streams at once
 */
RNNC_API gboolean rnnc_stream_set_batch_wait (RnncStream *stream, guint64 wait);

/* Bytes of the stream's own memory. */
RNNC_API gsize rnnc_stream_memory (RnncStream *stream);

G_END_DECLS
