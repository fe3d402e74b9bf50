/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Windows cut from clips that stand one behind the other, as a spotter sees
 * them on an endless video: what such a window should be called. */
#pragma once

#include "tools/common/random.h"
#include "tools/training/recipe.h"

G_BEGIN_DECLS

/* A clip's place in the stream. */
typedef struct {
  double begin, end; /* s */
  gboolean is_gesture;
} WindowClip;

typedef struct {
  double begin, end; /* s, in the stream */
  gint clip;         /* whose label it has; -1: none */
} Window;

/* Time that both have over time that either has, 0..1 (Jaccard's index). */
double window_likeness (const WindowClip *clip, double begin, double end);

/**
 * window_draw:
 * @clips: [n_clips] in order of time; the window overlaps @centre
 * @windows: which windows are drawn
 * @label_none: whether it is to be one of nothing; without effect where
 *   @centre is no gesture
 * @window: (out)
 *
 * Returns: %FALSE if these clips have no such window
 */
gboolean
window_draw (const Windows *windows, const WindowClip *clips, guint n_clips,
    guint centre, gboolean label_none, Random *random, Window *window);

G_END_DECLS
