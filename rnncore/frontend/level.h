/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How loud somebody speaks, for raising what a microphone gives too softly. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* dB of full scale, mean square. */
typedef struct {
  double frame_seconds; /* from one frame to the next */
  gboolean begun;
  double noise;   /* between words */
  double speech;  /* of loud words */
  double spoken;  /* s that stood out of the noise */
  double raising; /* dB, from 0 */
} RnncLevel;

void rnnc_level_init (RnncLevel *level, double frame_seconds);
/* What the power of a frame of @samples [n] is to be multiplied by: 1 unless
 * speech so far was soft. It depends on the frames until then alone. */
float rnnc_level_push (RnncLevel *level, const float *samples, gsize n);

G_END_DECLS
