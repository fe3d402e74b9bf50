/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Searches for what was said in the frames of one utterance: prefix beam search
 * and phrase lists. The transcriber sees them through these functions alone.
 * Nothing but the making of one allocates. */
#pragma once

#include "rnncore/decode/word-list.h"

G_BEGIN_DECLS

typedef struct _RnncSearch RnncSearch;

/* What may have been said. */
typedef struct {
  RnncWordList list;
  double score;      /* natural log; of the search */
  double confidence; /* negative: that of its words */
  gint phrase;       /* -1: of no list */
} RnncReading;

typedef struct {
  void (*free) (RnncSearch *search);
  /* Forgets all. @sounding: a label that is still sounding from before, which
   * is not heard a second time; -1: none. */
  void (*restart) (RnncSearch *search, gint sounding);
  void (*push) (RnncSearch *search, const float *log_posteriors);
  /* The label that the best reading has in the last frame, -1: none. (nullable)
   */
  gint (*carried) (const RnncSearch *search);
  /* Whether the best reading has a letter in the last frame. */
  gboolean (*sounding) (const RnncSearch *search);
  /* ln P that a frame says nothing, as far as others than letters are heard.
   * (nullable): they are not */
  float (*silence) (const RnncSearch *search, const float *log_posteriors);
  /* Whether its last word may go on. */
  gboolean (*in_word) (const RnncSearch *search);
  /* A number that says which text is the best: 0 for none. */
  guint64 (*key) (const RnncSearch *search);
  /* The best @n readings, best first, all different and none empty; returns how
   * many there are. @is_final: nothing comes behind. */
  guint (*read) (RnncSearch *search, gboolean is_final, RnncReading *readings,
      guint n);
} RnncSearchClass;

struct _RnncSearch {
  const RnncSearchClass *klass;
  guint capacity; /* frames of one utterance */
  guint64 origin; /* frame that it began with, counted as words count */
  guint n_frames; /* since then */
};

static inline void
rnnc_search_free (RnncSearch *search)
{
  if (search != NULL)
    search->klass->free (search);
}

/* @frame: the next one's number */
static inline void
rnnc_search_restart (RnncSearch *search, guint64 frame, gint sounding)
{
  search->klass->restart (search, sounding);
  search->origin = frame;
  search->n_frames = 0;
}

static inline void
rnnc_search_push (RnncSearch *search, const float *log_posteriors)
{
  g_assert (search->n_frames < search->capacity);
  search->klass->push (search, log_posteriors);
  search->n_frames++;
}

G_END_DECLS
