/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/phrase-paths.h"

#include <math.h>

#include "rnncore/decode/phrase-search.h"

#define N_FRAMES PHRASE_PATHS_FRAMES

/* Whether frames @from … @to - 1 of a path are exactly the phrase, from its
 * first label on. */
static gboolean
is_phrase (const PhrasePaths *paths, const guint *path, guint from, guint to,
    const char *phrase)
{
  guint last = 0;

  if (path[from] == 0)
    return FALSE;
  for (guint t = from; t < to; t++) {
    if (path[t] != last && path[t] != 0) {
      if (*phrase == '\0' || paths->codes[path[t]] != *phrase)
        return FALSE;
      phrase++;
    }
    last = path[t];
  }
  return *phrase == '\0';
}

/* @best: the best label of each frame */
static double
score (const PhrasePaths *paths, const float *frames, const guint *path,
    guint from, guint to, const guint *best)
{
  double sum = 0;

  for (guint t = 0; t < N_FRAMES; t++) {
    const float *frame = frames + t * paths->n_outputs + paths->first;

    if (t >= from && t < to)
      sum += (double) MAX (frame[path[t]] - frame[best[t]],
          RNNC_PHRASE_FRAME_LOSS);
    else if (best[t] > 1 && best[t] != (t > 0 ? best[t - 1] : 0))
      sum += paths->stray_loss;
  }
  return sum;
}

double
phrase_paths_best (const PhrasePaths *paths, const float *frames,
    const char *phrase)
{
  guint best[N_FRAMES] = { 0 };
  guint n_paths = 1;
  double most = -INFINITY;

  for (guint t = 0; t < N_FRAMES; t++) {
    const float *frame = frames + t * paths->n_outputs + paths->first;

    for (guint i = 1; i < paths->n_labels; i++)
      if (frame[i] > frame[best[t]])
        best[t] = i;
    n_paths *= PHRASE_PATHS_LABELS;
  }
  for (guint code = 0; code < n_paths; code++) {
    guint path[N_FRAMES];

    for (guint t = 0, rest = code; t < N_FRAMES;
         t++, rest /= PHRASE_PATHS_LABELS)
      path[t] = paths->labels[rest % PHRASE_PATHS_LABELS];
    for (guint from = 0; from < N_FRAMES; from++)
      for (guint to = from + 1; to <= N_FRAMES; to++)
        if (is_phrase (paths, path, from, to, phrase))
          most = MAX (most, score (paths, frames, path, from, to, best));
  }
  return most;
}
