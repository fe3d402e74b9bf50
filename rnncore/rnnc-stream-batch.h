/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Several streams of one model that advance together: each layer reads its
 * weights once for all of them. For programs that push many streams in one
 * thread; where each has a thread of its own, see
 * rnnc_stream_set_batch_wait(). */
#pragma once

#include "rnncore/rnnc-stream.h"

G_BEGIN_DECLS

typedef struct _RnncStreamBatch RnncStreamBatch;

/* Streams that go through the layers together, at most. */
#define RNNC_STREAM_BATCH_MAX 64

/**
 * rnnc_stream_batch_new:
 * @model: one-way; a reference is taken
 * @capacity: streams that go together, at most; 2 to RNNC_STREAM_BATCH_MAX
 *
 * All memory is made here, at most 16 MiB; fewer than @capacity streams go
 * together where they would need more. Pushes allocate nothing.
 * Threads: one at a time.
 *
 * Returns: (transfer full): %NULL with @error (RNNC_ERROR_UNSUPPORTED) where
 *   the model is bidirectional, or not even two streams have room
 */
RNNC_API RnncStreamBatch *
rnnc_stream_batch_new (RnncModel *model, guint capacity, GError **error);
RNNC_API void rnnc_stream_batch_free (RnncStreamBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncStreamBatch, rnnc_stream_batch_free)

/* Streams that go together: @capacity, or what memory has room for. */
RNNC_API guint rnnc_stream_batch_capacity (RnncStreamBatch *batch);

/**
 * rnnc_stream_batch_push_features:
 * @streams: (array length=n_streams): of the batch's model, each once; any
 *   number, in any order
 * @features: (array length=n_streams): as in rnnc_stream_push_features()
 * @n_frames: (array length=n_streams): of each stream; 0 is possible
 *
 * As rnnc_stream_push_features() of each stream: outputs have the same bits,
 * and come in the same order within a stream; those of different streams may
 * come in turns. A stream can be pushed alone, flushed or reset in between, and
 * come and go from call to call.
 */
RNNC_API void rnnc_stream_batch_push_features (RnncStreamBatch *batch,
    RnncStream *const *streams, const float *const *features,
    const gsize *n_frames, gsize n_streams);

/* The same as rnnc_stream_push_samples(), for audio models. */
RNNC_API void rnnc_stream_batch_push_samples (RnncStreamBatch *batch,
    RnncStream *const *streams, const float *const *samples,
    const gsize *n_samples, gsize n_streams);

G_END_DECLS
