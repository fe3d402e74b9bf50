/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gestures spotted in endless video: long recordings, or clips that are put
 * one behind the other. */
#pragma once

#include "rnncore/rnncore.h"
#include "tools/measure/event-score.h"

G_BEGIN_DECLS

typedef struct _GestureStream GestureStream;

/* @options: (nullable): %NULL for the defaults */
GestureStream *gesture_stream_new (RnncModel *model,
    const RnncSpotterOptions *options, GError **error);
void gesture_stream_free (GestureStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GestureStream, gesture_stream_free)

/**
 * gesture_stream_add:
 * @start, @end: (out): where the recording's pictures lie in the stream, s
 * @processor: (inout): seconds of network and decoder are added
 *
 * The first picture follows the last one of the recording before by the mean
 * time between two of its own.
 *
 * Returns: %FALSE with @error
 */
gboolean gesture_stream_add (GestureStream *stream, const char *path,
    double *start, double *end, double *processor, GError **error);
/* Ends it. (element-type Event): what was spotted; owned by the stream. */
const GArray *gesture_stream_finish (GestureStream *stream);

typedef struct {
  const char *path;
  const char *label; /* (nullable): nothing happens in it */
} GestureClip;

/**
 * gesture_stream_score:
 * @clips: (element-type GestureClip)
 * @pauses: (element-type GestureClip): shown in turn, one behind each clip;
 *   may be empty
 * @seconds: (out): of the stream
 *
 * Adds a stream of all @clips, in an order that is always the same and not
 * theirs, to @score.
 *
 * Returns: %FALSE with @error
 */
gboolean
gesture_stream_score (RnncModel *model, const RnncSpotterOptions *options,
    const GArray *clips, const GArray *pauses, const char *group,
    EventScore *score, double *seconds, double *processor, GError **error);

G_END_DECLS
