/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The features of the running utterance, and the network over all of them at
 * once: what bidirectional cores are made for. */
#pragma once

#include "rnncore/rnnc-stream.h"

G_BEGIN_DECLS

typedef struct _RnncWhole RnncWhole;

/* @n_outputs: output frames of an utterance, at most. All memory is made
 * here. */
RnncWhole *rnnc_whole_new (RnncModel *model, guint n_outputs);
void rnnc_whole_free (RnncWhole *whole);
void rnnc_whole_reset (RnncWhole *whole);

/* Features of a few samples, kept and pushed into @stream. @from: the output
 * frame before which nothing is needed any more. */
void rnnc_whole_push (RnncWhole *whole, RnncStream *stream,
    const float *samples, gsize n_samples, guint64 from);
/* The last of them; @stream is flushed. */
void rnnc_whole_flush (RnncWhole *whole, RnncStream *stream, guint64 from);

/**
 * rnnc_whole_run:
 * @from, @to: output frames, counted from the last reset
 * @n_frames: (out): to - from, or less where there are no more
 *
 * The utterance at once, with what lies around it as context.
 *
 * Returns: [n_frames, output size], for the caller to change
 */
float *
rnnc_whole_run (RnncWhole *whole, guint64 from, guint64 to, guint *n_frames);

G_END_DECLS
