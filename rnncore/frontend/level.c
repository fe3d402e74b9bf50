/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/frontend/level.h"

#include <math.h>

/* Softer speech is raised to this. Loud words of recordings in use have -35 to
 * -10; networks that learned from -20 dB less hear as well down to about here.
 */
#define SOFT -48.0
/* No frame is lifted above this: where somebody speaks up, all is as it was at
 * once. */
#define LOUD -42.0
#define MOST 40.0 /* dB raised */

/* Speech stands so far out of the noise, dB, and so long, s. */
#define CLEARANCE 10.0
#define LONG 0.095

/* Below 16 bits' own noise nothing is known. */
#define LEAST_NOISE -92.0

/* Softer noise and louder speech count at once, the contrary little by little;
 * dB a second. */
#define QUICK 0.3 /* of the difference, a frame */
#define NOISE_RISES 3.0
#define SPEECH_FALLS 1.0
#define RAISES 150.0
#define LOWERS 300.0

void
rnnc_level_init (RnncLevel *level, double frame_seconds)
{
  *level = (RnncLevel){ .frame_seconds = frame_seconds };
}

static double
decibels (const float *samples, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (double) samples[i] * samples[i];
  return 10 * log10 (sum / (double) n + 1e-12);
}

static void
follow_noise (RnncLevel *level, double loudness)
{
  double above = loudness - level->noise;

  level->noise += above < 0 ? QUICK * above
                            : MIN (above, NOISE_RISES * level->frame_seconds);
  level->noise = MAX (level->noise, LEAST_NOISE);
}

static void
follow_speech (RnncLevel *level, double loudness)
{
  if (loudness <= level->noise + CLEARANCE)
    return;
  if (level->spoken == 0)
    level->speech = loudness;
  level->spoken += level->frame_seconds;
  level->speech += loudness > level->speech
      ? QUICK * (loudness - level->speech)
      : -SPEECH_FALLS * level->frame_seconds;
}

float
rnnc_level_push (RnncLevel *level, const float *samples, gsize n)
{
  double loudness = decibels (samples, n);
  double wanted = 0;

  if (!level->begun)
    level->noise = MAX (loudness, LEAST_NOISE);
  level->begun = TRUE;
  follow_noise (level, loudness);
  follow_speech (level, loudness);
  if (level->spoken > LONG)
    wanted = CLAMP (SOFT - level->speech, 0, MOST);
  level->raising += CLAMP (wanted - level->raising,
      -LOWERS * level->frame_seconds, RAISES * level->frame_seconds);
  level->raising = MIN (level->raising, MAX (0, LOUD - loudness));
  return (float) pow (10, level->raising / 10);
}
