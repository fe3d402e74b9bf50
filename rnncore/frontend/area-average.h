/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Area averaging of one plane, exact: sums are integers, so the result depends
 * on the pixels alone, not on stride, alignment or order. Sides are 1 …
 * RNNC_VIDEO_MAX_SIDE, for pictures and outputs alike. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define RNNC_AREA_MAX_PIXEL_STRIDE 16
#define RNNC_AREA_MAX_CHANNELS 3

/* Samples in the caller's memory. Sample i of a row covers the picture's
 * columns i*subsampling … (i+1)*subsampling - 1 as far as there are any; rows
 * likewise. */
typedef struct {
  const guint8 *data;
  gssize stride; /* bytes between rows */
  guint width;   /* of the picture, before subsampling */
  guint height;
  guint subsampling;  /* 1 or 2 */
  guint depth;        /* bits of a channel: 8, or 16 in native endian */
  guint pixel_stride; /* bytes between samples */
  guint n_channels;   /* to average, 1..3 */
  guint offsets[RNNC_AREA_MAX_CHANNELS]; /* bytes, of each in a sample */
  gboolean luma; /* BT.601 luma of the 3 channels instead of them */
} RnncAreaPlane;

/**
 * rnnc_area_average:
 * @out: (out caller-allocates): [height, width, @step]; the first n_channels
 *   (of luma: the first) of each @step are set, in units of the samples
 *   (0..255, 0..65535)
 *
 * Each output is the mean of the picture's area under it, pixels that lie
 * partly in it weighted by that part. Larger outputs than pictures repeat and
 * blend pixels likewise. Allocates nothing.
 */
void rnnc_area_average (const RnncAreaPlane *plane, guint width, guint height,
    guint step, float *out);

G_END_DECLS
