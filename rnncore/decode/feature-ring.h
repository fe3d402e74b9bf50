/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The newest frames of features, always in one piece: each is kept twice, half
 * the memory apart. */
#pragma once

#include <string.h>

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  gsize n_features;
  gsize capacity;   /* frames */
  guint64 n_frames; /* since the last reset */
  float *data;      /* [2 * capacity, n_features] */
} RnncFeatureRing;

static inline void
rnnc_feature_ring_init (RnncFeatureRing *ring, gsize n_features, gsize capacity)
{
  ring->n_features = n_features;
  ring->capacity = capacity;
  ring->n_frames = 0;
  g_free (ring->data);
  ring->data = g_new0 (float, 2 * capacity * n_features);
}

static inline void
rnnc_feature_ring_push (RnncFeatureRing *ring, const float *frame)
{
  gsize at = (gsize) (ring->n_frames % ring->capacity) * ring->n_features;
  gsize n_bytes = ring->n_features * sizeof (float);

  memcpy (ring->data + at, frame, n_bytes);
  memcpy (ring->data + ring->capacity * ring->n_features + at, frame, n_bytes);
  ring->n_frames++;
}

/* The newest @n_frames, at most the capacity and those pushed. */
static inline const float *
rnnc_feature_ring_last (const RnncFeatureRing *ring, gsize n_frames)
{
  gsize end = (gsize) (ring->n_frames % ring->capacity) + ring->capacity;

  return ring->data + (end - n_frames) * ring->n_features;
}

G_END_DECLS
