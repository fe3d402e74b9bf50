/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/data/voice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* dB */
#define BELOW_LOUD 30.0
#define LEAST -65.0
#define SHARE_OF_RANGE 0.3

/* s */
#define SHORTEST_BURST 0.04
#define LONGEST_PAUSE 0.2
#define BEFORE 0.04
#define BEHIND 0.1

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
energy (const float *samples, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (double) samples[i] * samples[i];
  return 10 * log10 (sum / (double) MAX (n, 1) + 1e-10);
}

static double
find_threshold (const double *energies, gsize n)
{
  g_autofree double *sorted = g_memdup2 (energies, n * sizeof *energies);
  double quiet, loud;

  qsort (sorted, n, sizeof *sorted, compare_doubles);
  quiet = sorted[(gsize) (0.1 * (double) (n - 1))];
  loud = sorted[(gsize) (0.95 * (double) (n - 1))];
  return MAX (MAX (loud - BELOW_LOUD, LEAST),
      quiet + SHARE_OF_RANGE * (loud - quiet));
}

/* Runs of @from within, shorter than @shortest frames, change sides. */
static void
drop_short (guint *marks, gsize n, guint from, gsize shortest)
{
  gsize begin = 0;

  for (gsize t = 1; t <= n; t++) {
    if (t < n && marks[t] == marks[begin])
      continue;
    /* A pause at the ends has no speech on its other side. */
    if (marks[begin] == from && t - begin < shortest
        && (from == 1 || (begin > 0 && t < n)))
      for (gsize i = begin; i < t; i++)
        marks[i] = !from;
    begin = t;
  }
}

static void
widen (guint *marks, gsize n, gsize before, gsize behind)
{
  g_autofree guint *from = g_memdup2 (marks, n * sizeof *marks);

  for (gsize t = 0; t < n; t++) {
    gsize first = t > before ? t - before : 0;

    for (gsize i = first; from[t] != 0 && i < MIN (t + 1 + behind, n); i++)
      marks[i] = 1;
  }
}

static gsize
frames_of (double seconds, guint hop, guint rate)
{
  return (gsize) (seconds * rate / hop + 0.5);
}

void
voice_mark (const float *samples, gsize n_samples, guint window, guint hop,
    guint rate, gsize n_frames, guint *marks)
{
  g_autofree double *energies = g_new (double, n_frames + 1);
  double threshold;

  if (n_frames == 0)
    return;
  for (gsize t = 0; t < n_frames; t++) {
    gsize at = MIN (t * hop, n_samples);

    energies[t] = energy (samples + at, MIN (window, n_samples - at));
  }
  threshold = find_threshold (energies, n_frames);
  for (gsize t = 0; t < n_frames; t++)
    marks[t] = energies[t] > threshold;
  drop_short (marks, n_frames, 1, frames_of (SHORTEST_BURST, hop, rate));
  drop_short (marks, n_frames, 0, frames_of (LONGEST_PAUSE, hop, rate) + 1);
  widen (marks, n_frames, frames_of (BEFORE, hop, rate),
      frames_of (BEHIND, hop, rate));
}
