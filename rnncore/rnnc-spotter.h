/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gestures in an endless video: a many-to-one model over a sliding window.
 * The convolutions run once a frame; the recurrent core starts afresh on each
 * window, as it did in training, so that hours-long streams do not drift.
 *
 * A model may name windows of several lengths ("spotting" in
 * docs/model-format.md), for gestures that take one second or five. Each
 * decision looks at all of them that are full, and the one that is surest of a
 * gesture counts. */
#pragma once

#include "rnncore/rnnc-stream.h"

G_BEGIN_DECLS

typedef struct _RnncSpotter RnncSpotter;

/* Times are the timestamps that were pushed. Start and end are estimates from
 * the windows in which the gesture was seen; a clip's are its own. */
typedef struct {
  guint label; /* of rnnc_model_label(); never "none" */
  guint64 start;
  guint64 end;
  double confidence; /* 0..1: highest window posterior */
} RnncGesture;

/* Called from push and flush in their thread. */
typedef void (
    *RnncGestureFunc) (const RnncGesture *gesture, gpointer user_data);

typedef enum {
  RNNC_SPOTTER_STREAM, /* events on an endless stream */
  RNNC_SPOTTER_CLIP,   /* one label for all between resets or flushes */
} RnncSpotterMode;

/* ns; of longer clips the end is looked at. No window is longer. */
#define RNNC_SPOTTER_MAX_CLIP G_GUINT64_CONSTANT (10000000000)
/* Windows of different length that one model may look at. */
#define RNNC_SPOTTER_MAX_WINDOWS 8

typedef struct {
  RnncSpotterMode mode; /* default stream */
  guint64 window;       /* ns; 0: the model's windows, else 2.5 s */
  guint64 hop;          /* ns between window decisions; 0: the model's
                           interval, else 200 ms; default 0 */
  double threshold_on;  /* posterior that starts an event; below 0: the model's,
                           else 0.7; default -1 */
  double threshold_off; /* posterior below which it ends, at most
                           threshold_on; below 0: the model's, else 0.4;
                           default -1 */
  guint64 refractory;   /* ns after an event without a new one;
                           default 500 ms */
  guint64 minimum;      /* ns; shorter clips and streams give no decision;
                           default 500 ms */
  gint64 report_after;  /* ns after its beginning was noticed that an event is
                           reported while it still goes on, start, end and
                           confidence as far as known; 0: at once; -1: when it
                           ends, which is when it has left the window;
                           default -1 */
} RnncSpotterOptions;

RNNC_API void rnnc_spotter_options_init (RnncSpotterOptions *options);

/**
 * rnnc_spotter_new:
 *
 * All memory is made here; push, flush and reset never allocate. One thread at
 * a time; @func must not call back into @spotter, but for its posteriors.
 *
 * Returns: (transfer full): %NULL with @error if the model is not a many-to-one
 *   video model that ends in softmax or log-softmax
 */
RNNC_API RnncSpotter *
rnnc_spotter_new (RnncModel *model, const RnncSpotterOptions *options,
    RnncGestureFunc func, gpointer user_data, GError **error);
RNNC_API void rnnc_spotter_free (RnncSpotter *spotter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncSpotter, rnnc_spotter_free)

/* Timestamps in ns, not going backwards (such frames are dropped). A gap of
 * more than RNNC_VIDEO_MAX_GAP is the end of a stream or clip, as flush is, and
 * the beginning of the next. */
RNNC_API void rnnc_spotter_push (RnncSpotter *spotter,
    const RnncVideoFrame *frame, guint64 timestamp);
/* Ends the running event or clip, then starts anew. A stream shorter than the
 * shortest window is decided as a clip, held to threshold_on. A clip gets the
 * label with the highest posterior, or no event if that is "none". */
RNNC_API void rnnc_spotter_flush (RnncSpotter *spotter);
/* Forgets all; yields nothing. */
RNNC_API void rnnc_spotter_reset (RnncSpotter *spotter);
/* May be called between pushes. Another mode or window resets and allocates,
 * other options take effect at once. */
RNNC_API void rnnc_spotter_set_options (RnncSpotter *spotter,
    const RnncSpotterOptions *options);
/* [n labels] posteriors of the newest window or clip, after a flush too; all 0
 * before the first. */
RNNC_API const float *rnnc_spotter_posteriors (RnncSpotter *spotter);
/* Label of the gesture that goes on in a stream, as far as it is known: from
 * the window that reached threshold_on to the one below threshold_off; -1:
 * none. */
RNNC_API gint rnnc_spotter_active (RnncSpotter *spotter);
/* ns from a gesture's end to its event, at most; 0 in clip mode, where flush
 * says when. */
RNNC_API guint64 rnnc_spotter_latency (RnncSpotter *spotter);

G_END_DECLS
