/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Front ends: what stands between media and the network. The same code serves
 * elements, tool and training, so that live and offline agree exactly. */
#pragma once

#include "rnncore/rnnc-error.h"

G_BEGIN_DECLS

/* Log-mel: natural log of the power in triangular mel bands (HTK's formula),
 * of a Hann window zero-padded to @fft points. Frame t covers samples
 * t*hop … t*hop + window - 1. */
typedef struct {
  guint rate;   /* Hz; default 16000 */
  guint window; /* samples; default 400 (25 ms) */
  guint hop;    /* samples; default 160 (10 ms) */
  guint fft;    /* points, even, at least window; default 512 */
  guint mels;   /* bands, 1..256; default 80 */
  double fmin;  /* Hz; default 20 */
  double fmax;  /* Hz, at most rate/2; default rate/2 */
  double floor; /* added to the band's power before the log; default 1e-6 */
  float *mean;      /* [mels] or NULL: not normalised */
  float *deviation; /* [mels] or NULL, each > 0 */
} RnncLogMelConfig;

/* Video: area averaging to width x height, values 0..1, sampled at @rate by
 * timestamp; channels: RGB or grey, then (optionally) the difference of each
 * to the frame before, then normalisation per channel. */
typedef struct {
  guint width;
  guint height;
  guint rate_numerator; /* frames per second; default 15/1 */
  guint rate_denominator;
  gboolean colour;     /* RGB (3 channels) rather than grey (1) */
  gboolean difference; /* append this frame minus the last (first: zeros) */
  float *mean;         /* [channels] or NULL */
  float *deviation;    /* [channels] or NULL */
} RnncVideoConfig;

typedef enum {
  RNNC_FRONTEND_NONE,    /* the network takes feature vectors */
  RNNC_FRONTEND_LOG_MEL,
  RNNC_FRONTEND_VIDEO,
} RnncFrontendType;

typedef struct {
  RnncFrontendType type;
  guint features; /* of RNNC_FRONTEND_NONE */
  RnncLogMelConfig log_mel;
  RnncVideoConfig video;
} RnncFrontendConfig;

/* --- log-mel ------------------------------------------------------------- */

typedef struct _RnncLogMel RnncLogMel;

/**
 * rnnc_log_mel_new:
 * @config: copied; a valid one (descriptions are checked when parsed)
 *
 * All memory of the front end is made here. One thread at a time.
 */
RNNC_API RnncLogMel *rnnc_log_mel_new (const RnncLogMelConfig *config);
RNNC_API void rnnc_log_mel_free (RnncLogMel *mel);
RNNC_API void rnnc_log_mel_reset (RnncLogMel *mel);

/* Frames that pushing @n_samples more would yield. */
RNNC_API gsize rnnc_log_mel_pending (const RnncLogMel *mel, gsize n_samples);

/**
 * rnnc_log_mel_push:
 * @samples: (array length=n_samples): -1..1; NaN and infinities count as 0
 * @frames: (out caller-allocates): [rnnc_log_mel_pending(), mels]
 *
 * Returns: frames written. Any chunking of the samples gives the same frames.
 */
RNNC_API gsize rnnc_log_mel_push (RnncLogMel *mel, const float *samples,
    gsize n_samples, float *frames);

/**
 * rnnc_log_mel_flush:
 * @frames: (out caller-allocates): room for rnnc_log_mel_pending (mel, window)
 *
 * Pads with zeros until every sample pushed was in some window's first hop or
 * whole window: ceil((n - window) / hop) + 1 frames in all, at least 1 if n > 0.
 *
 * Returns: frames written; resets @mel
 */
RNNC_API gsize rnnc_log_mel_flush (RnncLogMel *mel, float *frames);

/* --- video --------------------------------------------------------------- */

typedef enum {
  RNNC_PIXEL_RGB,  /* also BGR … by the offsets below */
  RNNC_PIXEL_GRAY8,
  RNNC_PIXEL_GRAY16, /* native endian */
  RNNC_PIXEL_YUV420, /* planar or semi-planar, limited range BT.601 */
} RnncPixelLayout;

/* A frame in the caller's memory. */
typedef struct {
  RnncPixelLayout layout;
  guint width;
  guint height;
  const guint8 *planes[3]; /* RGB/GRAY: planes[0]; YUV: Y, U, V */
  gint strides[3];         /* bytes */
  guint pixel_stride;      /* bytes between pixels of RGB; between chroma
                              samples of YUV420 (1 planar, 2 semi-planar) */
  guint offsets[3];        /* of R, G, B in a pixel */
} RnncVideoFrame;

typedef struct _RnncVideo RnncVideo;

RNNC_API RnncVideo *rnnc_video_new (const RnncVideoConfig *config);
RNNC_API void rnnc_video_free (RnncVideo *video);
RNNC_API void rnnc_video_reset (RnncVideo *video);
/* 1 or 3, doubled by the difference. */
RNNC_API guint rnnc_video_config_channels (const RnncVideoConfig *config);

/**
 * rnnc_video_push:
 * @timestamp: ns; must not go backwards between resets
 * @out: (out caller-allocates): [height, width, channels] of one network frame
 *
 * Network frame k stands at first timestamp + k/rate and shows the first frame
 * whose timestamp is at least that, less a quarter of a frame for jitter.
 * A slow source thus fills several k with one frame.
 *
 * Returns: how many network frames this one fills, 0 or more; @out is the
 *   first of them, the others are the same picture with zero difference
 *   (rnnc_video_repeat)
 */
RNNC_API guint rnnc_video_push (RnncVideo *video, const RnncVideoFrame *frame,
    guint64 timestamp, float *out);

/* Rewrites @out (the last network frame) as a repetition of itself. */
RNNC_API void rnnc_video_repeat (RnncVideo *video, float *out);

/* Area averaging alone: [height, width, 1 or 3] values 0..1, no difference, no
 * normalisation. What the training cache holds. */
RNNC_API void rnnc_video_reduce (const RnncVideoFrame *frame, guint width,
    guint height, gboolean colour, float *out);

G_END_DECLS
