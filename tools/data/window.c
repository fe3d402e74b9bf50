/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/data/window.h"

/* Draws before a window is given up. */
#define MOST_DRAWS 64

double
window_likeness (const WindowClip *clip, double begin, double end)
{
  double shared = MIN (clip->end, end) - MAX (clip->begin, begin);
  double either = MAX (clip->end, end) - MIN (clip->begin, begin);

  return shared > 0 && either > 0 ? shared / either : 0;
}

/* The clip that the window shows, -1: none, -2: it is too like one for none
 * and too unlike for that one. */
static gint
name_window (const Windows *windows, const WindowClip *clips, guint n_clips,
    double begin, double end)
{
  gint best = -1;
  double most = 0;

  for (guint i = 0; i < n_clips; i++) {
    double likeness = window_likeness (&clips[i], begin, end);

    if (!clips[i].is_gesture || likeness <= most)
      continue;
    best = (gint) i;
    most = likeness;
  }
  return most >= windows->like ? best : most < windows->unlike ? -1 : -2;
}

/* Any length, equally often in each octave. */
static double
draw_length (const Windows *windows, Random *random)
{
  return exp (random_between (random, log (windows->seconds[0]),
      log (windows->seconds[1])));
}

/* About as long as @clip, which it mostly covers. */
static void
draw_near (const Windows *windows, const WindowClip *clip, Random *random,
    Window *window)
{
  double length = clip->end - clip->begin;
  double span = CLAMP (length * exp (random_between (random, -0.35, 0.35)),
      windows->seconds[0], windows->seconds[1]);
  double middle = (clip->begin + clip->end) / 2
      + random_between (random, -0.3, 0.3) * length;

  window->begin = middle - span / 2;
  window->end = window->begin + span;
}

/* Of any length, anywhere upon @clip. */
static void
draw_anywhere (const Windows *windows, const WindowClip *clip, Random *random,
    Window *window)
{
  double span = draw_length (windows, random);

  window->begin = random_between (random, clip->begin - span, clip->end);
  window->end = window->begin + span;
}

gboolean
window_draw (const Windows *windows, const WindowClip *clips, guint n_clips,
    guint centre, gboolean label_none, Random *random, Window *window)
{
  double begin = clips[0].begin, end = clips[n_clips - 1].end;

  if (!clips[centre].is_gesture)
    label_none = TRUE;
  for (guint i = 0; i < MOST_DRAWS; i++) {
    if (label_none)
      draw_anywhere (windows, &clips[centre], random, window);
    else
      draw_near (windows, &clips[centre], random, window);
    if (window->begin < begin || window->end > end)
      continue;
    window->clip
        = name_window (windows, clips, n_clips, window->begin, window->end);
    if (window->clip == (label_none ? -1 : (gint) centre))
      return TRUE;
  }
  return FALSE;
}
