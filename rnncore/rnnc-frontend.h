/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Front ends: what stands between media and the network. The same code serves
 * elements, tool and training, so that live and offline agree exactly. */
#pragma once

#include "rnncore/rnnc-error.h"

G_BEGIN_DECLS

/* Log-mel: natural log of the power in mel bands, of a (periodic) Hann window
 * zero-padded to @fft points. Frame t covers samples
 * t*hop … t*hop + window - 1. Mel is 1127 ln (1 + f/700); the bands are
 * triangles on the mel axis that reach from centre to centre of their
 * neighbours, spaced evenly from fmin to fmax, peak 1 (HTK). */
typedef struct {
  guint rate;       /* Hz; default 16000 */
  guint window;     /* samples; default 400 (25 ms) */
  guint hop;        /* samples; default 160 (10 ms) */
  guint fft;        /* points, at least window; twice a product of 2s, 3s and 5s
                       (others would allocate in every transform); default 512 */
  guint mels;       /* bands, 1..256; default 80 */
  double fmin;      /* Hz; default 20 */
  double fmax;      /* Hz, at most rate/2; default rate/2 */
  double floor;     /* > 0; added to the band's power before the log;
                       default 1e-6 */
  float *mean;      /* [mels] or NULL: not normalised */
  float *deviation; /* [mels] or NULL, each > 0 */
  gboolean raise_quiet; /* soft speech is raised, by what was heard of it so
                           far: once loud words stay below -48 dB of full scale
                           (mean square), to there, by 40 dB at most; a
                           window above -42 dB stays. Default FALSE */
} RnncLogMelConfig;

/* Video: area averaging to width x height, values 0..1, sampled at @rate by
 * timestamp; channels: RGB or grey, then (optionally) the difference of each
 * to the network frame before, then normalisation (x - mean) / deviation per
 * channel, the differences' included. */
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

/* Waveform: the samples themselves. Frame t is samples
 * t*hop - context … t*hop + window - 1, zeros before the first, as an image of
 * height 1 and one channel; then reflected at both ends, without repeating the
 * sample at the end, as PyTorch's ReflectionPad1d does. */
typedef struct {
  guint rate;    /* Hz; default 16000 */
  guint window;  /* samples, 1..65536 */
  guint hop;     /* samples, at most window; default window */
  guint context; /* samples of the time before, at most 65536; default 0 */
  guint pad[2];  /* samples reflected left and right, each below
                    context + window; default 0 */
} RnncWaveformConfig;

typedef enum {
  RNNC_FRONTEND_NONE, /* the network takes feature vectors */
  RNNC_FRONTEND_LOG_MEL,
  RNNC_FRONTEND_VIDEO,
  RNNC_FRONTEND_WAVEFORM,
} RnncFrontendType;

typedef struct {
  RnncFrontendType type;
  guint features; /* of RNNC_FRONTEND_NONE */
  RnncLogMelConfig log_mel;
  RnncVideoConfig video;
  RnncWaveformConfig waveform;
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
 * @samples: (array length=n_samples): -1..1; NaN and infinities count as 0,
 *   and what is beyond ±65536 as that
 * @frames: (out caller-allocates): [rnnc_log_mel_pending(), mels]
 *
 * Returns: frames written. Any chunking of the samples gives the same frames.
 */
RNNC_API gsize rnnc_log_mel_push (RnncLogMel *mel, const float *samples,
    gsize n_samples, float *frames);

/**
 * rnnc_log_mel_flush:
 * @frames: (out caller-allocates): room for one frame, [mels]
 *
 * Pads with zeros, so that no sample behind the last whole window is lost. Of n
 * samples there were then ceil ((n - window) / hop) + 1 frames in all; 1 if
 * 0 < n <= window, none if n = 0. Resets @mel.
 *
 * Returns: frames written, 0 or 1
 */
RNNC_API gsize rnnc_log_mel_flush (RnncLogMel *mel, float *frames);

/* --- waveform ------------------------------------------------------------ */

typedef struct _RnncWaveform RnncWaveform;

/**
 * rnnc_waveform_new:
 * @config: copied; a valid one (descriptions are checked when parsed)
 *
 * All memory of the front end is made here. One thread at a time.
 */
RNNC_API RnncWaveform *rnnc_waveform_new (const RnncWaveformConfig *config);
RNNC_API void rnnc_waveform_free (RnncWaveform *waveform);
RNNC_API void rnnc_waveform_reset (RnncWaveform *waveform);

/* Floats in a frame: context + window + both pads. */
RNNC_API guint rnnc_waveform_config_size (const RnncWaveformConfig *config);

/* Frames that pushing @n_samples more would yield. */
RNNC_API gsize rnnc_waveform_pending (const RnncWaveform *waveform,
    gsize n_samples);

/**
 * rnnc_waveform_push:
 * @samples: (array length=n_samples): -1..1; NaN and infinities count as 0,
 *   and what is beyond ±65536 as that
 * @frames: (out caller-allocates): [rnnc_waveform_pending(), frame size]
 *
 * Returns: frames written. Any chunking of the samples gives the same frames.
 */
RNNC_API gsize rnnc_waveform_push (RnncWaveform *waveform, const float *samples,
    gsize n_samples, float *frames);

/**
 * rnnc_waveform_flush:
 * @frames: (out caller-allocates): room for one frame
 *
 * Pads with zeros, so that no sample behind the last whole window is lost. Of n
 * samples there were then ceil ((n - window) / hop) + 1 frames in all; 1 if
 * 0 < n <= window, none if n = 0. Resets @waveform.
 *
 * Returns: frames written, 0 or 1
 */
RNNC_API gsize rnnc_waveform_flush (RnncWaveform *waveform, float *frames);

/* --- video --------------------------------------------------------------- */

/* Of a picture, and of what it is reduced to. */
#define RNNC_VIDEO_MAX_SIDE 65535

typedef enum {
  RNNC_PIXEL_RGB, /* 8 bits a channel; also BGR, xRGB … by the offsets below;
                     BT.601 luma where the network wants grey */
  RNNC_PIXEL_GRAY8,
  RNNC_PIXEL_GRAY16, /* native endian; 65535 becomes 1 */
  RNNC_PIXEL_YUV420, /* 8 bits, planar or semi-planar, limited range, BT.601;
                        odd sides have (side + 1) / 2 chroma samples; Y alone
                        is read where the network wants grey */
} RnncPixelLayout;

/* A frame in the caller's memory. The result depends on the pixels alone: rows
 * may be padded and unaligned, and no byte behind a row's last sample is
 * read. */
typedef struct {
  RnncPixelLayout layout;
  guint width;
  guint height;
  const guint8 *planes[3]; /* RGB/GRAY: planes[0]; YUV: Y, U, V */
  gint strides[3];         /* bytes */
  guint pixel_stride;      /* bytes between pixels of RGB; between chroma
                              samples of YUV420 (1 planar, 2 semi-planar);
                              at most 16; unused for GRAY */
  guint offsets[3];        /* bytes, of R, G, B in a pixel; RGB only */
} RnncVideoFrame;

typedef struct _RnncVideo RnncVideo;

/* All memory is made here. One thread at a time. */
RNNC_API RnncVideo *rnnc_video_new (const RnncVideoConfig *config);
RNNC_API void rnnc_video_free (RnncVideo *video);
RNNC_API void rnnc_video_reset (RnncVideo *video);
/* 1 or 3, doubled by the difference. */
RNNC_API guint rnnc_video_config_channels (const RnncVideoConfig *config);

/* ns of one gap in the timestamps that are filled with repetitions. */
#define RNNC_VIDEO_MAX_GAP G_GUINT64_CONSTANT (10000000000)

/**
 * rnnc_video_push:
 * @timestamp: ns; must not go backwards between resets
 * @out: (out caller-allocates): [height, width, channels] of one network frame
 *
 * Network frame k is due at first timestamp + k/rate and shows the first frame
 * whose timestamp is at least that, less a quarter of a network frame for
 * jitter. A fast source's other frames are dropped, unread; a frame of a slow
 * source fills several k. After a gap of more than %RNNC_VIDEO_MAX_GAP the k in
 * excess are left out, so that a wild timestamp costs nothing.
 *
 * Returns: how many network frames this one fills, 0 (@out untouched) or more;
 *   @out is the first of them, the others are the same picture with zero
 *   difference (rnnc_video_repeat)
 */
RNNC_API guint rnnc_video_push (RnncVideo *video, const RnncVideoFrame *frame,
    guint64 timestamp, float *out);

/* Rewrites @out (the last network frame) as a repetition of itself. */
RNNC_API void rnnc_video_repeat (RnncVideo *video, float *out);

/**
 * rnnc_video_push_picture:
 * @picture: [height, width, 1 or 3] of rnnc_video_reduce(), the network's size
 * @out: (out caller-allocates): [height, width, channels], the next network
 *   frame
 *
 * The second half of rnnc_video_push(), difference and normalisation, for
 * pictures that were reduced and sampled before (training caches).
 */
RNNC_API void
rnnc_video_push_picture (RnncVideo *video, const float *picture, float *out);

/**
 * rnnc_video_reduce:
 * @out: (out caller-allocates): [height, width, 1 or 3], 0..1
 *
 * Area averaging alone: no sampling, no difference, no normalisation. What the
 * training cache holds. Each output is the mean of the picture under it, pixels
 * that lie partly there counting by that part; exact integer sums. Grey
 * pictures fill all channels of a colour network.
 */
RNNC_API void rnnc_video_reduce (const RnncVideoFrame *frame, guint width,
    guint height, gboolean colour, float *out);

G_END_DECLS
