/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Weights of a convolution, over time or inside a frame: what conv1d and conv2d
 * share. Groups are matrix products of their own; where each channel is its own
 * group (depthwise), taps are added up channel by channel. */
#pragma once

#include "rnncore/layers/linear.h"

G_BEGIN_DECLS

typedef struct {
  gsize n_taps;
  gsize n_in; /* channels of all groups */
  gsize n_out;
  gsize n_groups;
  RnncLinear *linears; /* [n_groups]: [out, taps, in] of a group; NULL where
                          depthwise */
  float *taps;         /* depthwise: [n_taps, n_out] */
  float *bias;         /* depthwise: [n_out] */
} RnncConvolution;

/**
 * rnnc_convolution_load:
 * @shape: of NAME.weight: [out, in / groups, taps…]
 *
 * Returns: (transfer full): or %NULL with @error set
 */
RnncConvolution *rnnc_convolution_load (const RnncLayer *layer,
    const RnncTensorSource *source, const gsize *shape, guint rank,
    gsize n_groups, gboolean bias, GError **error);
void rnnc_convolution_free (RnncConvolution *convolution);

/* Layer classes' clear and fold, for weights that are an RnncConvolution. */
void rnnc_convolution_clear (RnncLayer *layer);
void rnnc_convolution_fold (RnncLayer *layer, const float *scale,
    const float *shift);

/* Bytes of work for windows whose taps are @tap_distance floats apart. */
gsize rnnc_convolution_work_size (const RnncConvolution *convolution,
    gsize tap_distance);

/**
 * rnnc_convolution_run:
 * @x: first tap of the first window, [n_in] channels; the next taps are
 *   @tap_distance, the next windows @window_distance floats on
 * @out: [n_windows, n_out]
 */
void rnnc_convolution_run (const RnncConvolution *convolution, const float *x,
    gsize tap_distance, gsize window_distance, gsize n_windows, float *out,
    void *work);

G_END_DECLS
