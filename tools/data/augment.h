/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Changing recordings at random, so that a network learns what does not
 * matter. A neutral setting changes nothing. */
#pragma once

#include "rnncore/rnncore.h"
#include "tools/common/random.h"

G_BEGIN_DECLS

typedef struct {
  guint count; /* per sequence; 0: none */
  guint width; /* frames or bands, at most */
} MaskSettings;

typedef struct {
  double speed[2];         /* pitch and tempo together; default 1, 1 */
  double gain[2];          /* dB; default 0, 0 */
  double crop_probability; /* of each end */
  double crop;             /* s that are cut off, at most; default 0.1 */
  double pad[2];           /* s of silence before and behind; default 0, 0 */
  char *noise;             /* manifest with kind "environment"; NULL: none */
  double noise_probability;
  double snr[2]; /* dB */
  char *room;    /* manifest with kind "room"; NULL: none */
  double room_probability;
  double band_probability;
  double band_low[2];  /* Hz; default 50, 350 */
  double band_high[2]; /* Hz; default 2800, 7000 */
  double companding_probability;
  double clipping_probability;
  double clipping_level[2]; /* dB of the peak that is cut; default -14, -2 */
  double vocal_tract[2];    /* factor of frequencies; default 1, 1 */
  MaskSettings time_masks;  /* SpecAugment (Park et al. 2019) */
  MaskSettings frequency_masks;
} AudioAugment;

/* A change that may make another gesture of one: a mirror, time run backwards.
 */
typedef struct {
  double probability;
  GHashTable *labels; /* label -> label; NULL: labels stay */
  GHashTable *except; /* set of labels that are never changed so; (nullable) */
} VideoTurn;

typedef struct {
  double shift; /* share of width and height, at most */
  double zoom[2];
  double rotation;   /* degrees, at most */
  double brightness; /* added, at most; 1 is white */
  double contrast[2];
  double speed[2];
  double crop;   /* share of a clip's time cut from its ends, at most */
  double drop;   /* probability of losing a picture */
  double jitter; /* s that a picture comes early or late, at most */
  VideoTurn mirror;
  VideoTurn reverse;
} VideoAugment;

/* A recording that lasts as long as its owner. */
typedef struct {
  const gint16 *samples;
  gsize n_samples;
} Recording;

/* --- audio ---------------------------------------------------------------- */

/* Noises and rooms to draw from; (element-type Recording). */
typedef struct {
  const AudioAugment *settings;
  guint rate;
  GArray *noises;
  GArray *rooms;
} AudioAugmenter;

/* Replaces @samples (element-type float) by a changed version. @voice:
 * (nullable): what they were before rooms, noise and microphones, in time with
 * them */
void audio_augment (const AudioAugmenter *augmenter, Random *random,
    GArray *samples, GArray *voice);
/* Adds @noise, from sample @start on and over again, @snr dB below the speech;
 * below a low level where nothing is said. */
void audio_add_noise (GArray *samples, const Recording *noise, double snr,
    gsize start);
/* On normalised features [n_frames, mels] of @config; masks are 0, the mean. */
void spectrum_augment (const AudioAugment *settings, Random *random,
    const RnncLogMelConfig *config, float *features, gsize n_frames);

/* --- video ---------------------------------------------------------------- */

/* What is drawn once for a clip. */
typedef struct {
  gboolean mirror;
  gboolean reverse; /* the last picture first */
  double matrix[4]; /* from target to source pixels, about the centre */
  double offset[2];
  float brightness;
  float contrast;
  double speed;
  double begin, end; /* share of the clip that stays */
} VideoChange;

/* @label: of the clip */
void video_change_draw (const VideoAugment *settings, Random *random,
    const char *label, guint width, guint height, VideoChange *change);
/* What @label becomes. Lives as long as it and @settings. */
const char *video_change_label (const VideoAugment *settings,
    const VideoChange *change, const char *label);
gboolean video_change_is_neutral (const VideoChange *change);

/**
 * video_change_apply:
 * @source: [height, width, n_channels]
 * @target: (out caller-allocates): the same, 16 bits: 65535 is 1
 *
 * Bilinear, the border repeated outside.
 */
void video_change_apply (const VideoChange *change, const guint8 *source,
    guint width, guint height, guint n_channels, guint16 *target);

G_END_DECLS
