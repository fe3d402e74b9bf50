/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Captions as captioners make them: words cut into cues that can be read. */
#pragma once

#include "tools/output/document.h"

G_BEGIN_DECLS

/* The defaults are those of Netflix' timed text style guide for English. */
typedef struct {
  gint line_length;     /* characters; default 42 */
  gint lines;           /* of a cue; default 2 */
  double reading_speed; /* characters a second; default 20 */
  double min_duration;  /* s; default 5/6 */
  double max_duration;  /* s; default 7 */
  double gap;           /* s between cues; default 1/12 (2 frames of 24) */
} CaptionRules;

void caption_rules_init (CaptionRules *rules);
/* (transfer full): what is wrong, or %NULL. */
char *caption_rules_check (const CaptionRules *rules);

typedef struct {
  guint64 start; /* ns */
  guint64 end;
  char *text; /* lines, '\n' between */
} Caption;

/**
 * captions_new:
 *
 * Where to cut is chosen for each utterance as a whole (cheapest path): at
 * pauses, not in the middle of what is said in one breath, without cues that
 * are too fast to read. Then cues are prolonged into the silence behind them as
 * far as reading needs. A cue starts with its first word, but where the one
 * before has to stay for the shortest time. They never overlap, and each lasts
 * at least the shortest time. A word longer than a line has a line of its own.
 *
 * Returns: (transfer full) (element-type Caption): of the utterances, or of the
 *   gestures where there is no speech
 */
GPtrArray *captions_new (const Document *document, const CaptionRules *rules);

G_END_DECLS
