/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gestures in an endless video: a many-to-one model over a sliding window.
 * The convolutions run once a frame; the recurrent core starts afresh on each
 * window, as it did in training, so that hours-long streams do not drift. */
#pragma once

#include "rnncore/rnnc-stream.h"

G_BEGIN_DECLS

typedef struct _RnncSpotter RnncSpotter;

/* Times are the timestamps that were pushed. */
typedef struct {
  guint label; /* of rnnc_model_label(); never "none" */
  guint64 start;
  guint64 end;
  double confidence; /* 0..1: highest window posterior */
} RnncGesture;

/* Called from push and flush in their thread. */
typedef void (*RnncGestureFunc) (const RnncGesture *gesture,
    gpointer user_data);

typedef enum {
  RNNC_SPOTTER_STREAM, /* events on an endless stream */
  RNNC_SPOTTER_CLIP,   /* one label for all between resets or flushes */
} RnncSpotterMode;

typedef struct {
  RnncSpotterMode mode; /* default stream */
  guint64 window;       /* ns; 0: the model's "window", else 2.5 s */
  guint64 hop;          /* ns between window decisions; default 200 ms */
  double threshold_on;  /* posterior that starts an event; default 0.7 */
  double threshold_off; /* posterior below which it ends; default 0.4 */
  guint64 refractory;   /* ns after an event without a new one; default 500 ms */
  guint64 minimum;      /* ns; shorter clips and streams give no decision;
                           default 500 ms */
} RnncSpotterOptions;

RNNC_API void rnnc_spotter_options_init (RnncSpotterOptions *options);

/**
 * rnnc_spotter_new:
 *
 * Returns: (transfer full): %NULL with @error if the model is not a many-to-one
 *   video model
 */
RNNC_API RnncSpotter *rnnc_spotter_new (RnncModel *model,
    const RnncSpotterOptions *options, RnncGestureFunc func,
    gpointer user_data, GError **error);
RNNC_API void rnnc_spotter_free (RnncSpotter *spotter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncSpotter, rnnc_spotter_free)

RNNC_API void rnnc_spotter_push (RnncSpotter *spotter,
    const RnncVideoFrame *frame, guint64 timestamp);
/* Ends the running event or clip, then resets. A stream shorter than one window
 * is decided as a clip. */
RNNC_API void rnnc_spotter_flush (RnncSpotter *spotter);
RNNC_API void rnnc_spotter_reset (RnncSpotter *spotter);
RNNC_API void rnnc_spotter_set_options (RnncSpotter *spotter,
    const RnncSpotterOptions *options);
/* [n labels] posteriors of the newest window; all 0 before the first. */
RNNC_API const float *rnnc_spotter_posteriors (RnncSpotter *spotter);
/* ns from a gesture's end to its event, at most. */
RNNC_API guint64 rnnc_spotter_latency (RnncSpotter *spotter);

G_END_DECLS
