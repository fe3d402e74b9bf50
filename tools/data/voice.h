/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where somebody speaks in a clean recording: the truth that voice activity is
 * learned from and measured against, before noise is added. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A model's labels, in this order. */
#define VOICE_SILENCE "silence"
#define VOICE_SPEECH "speech"

/**
 * voice_mark:
 * @window, @hop: samples of a frame, and from one to the next
 * @rate: Hz
 * @marks: (out caller-allocates): [n_frames]; 1: speech, 0: silence
 *
 * A frame is speech if its energy is less than 30 dB below the loud frames'
 * (the 95th percentile), above three tenths of the way there from the quiet
 * ones' (the 10th), in dB, and above -65 dB of full scale. Bursts shorter than
 * 40 ms are none, pauses up to 200 ms are part of it, and so are 40 ms before
 * and 100 ms behind. The constants were chosen for agreement with the public
 * Silero network on clean read speech (docs/models.md).
 */
void voice_mark (const float *samples, gsize n_samples, guint window, guint hop,
    guint rate, gsize n_frames, guint *marks);

G_END_DECLS
