/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where an utterance ends, decided frame by frame from what the decoder
 * hears. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  RNNC_ENDPOINT_NONE,
  RNNC_ENDPOINT_SILENCE, /* enough silence behind the last letter, and voice */
  RNNC_ENDPOINT_LENGTH,  /* too long; speech may go on */
  RNNC_ENDPOINT_IDLE,    /* no utterance, and silence as long as the longest */
} RnncEndpointKind;

typedef struct {
  /* Rules, in frames. */
  guint64 silence; /* at least 1 */
  guint64 maximum; /* from the first letter; then at the next boundary */
  guint64 latest;  /* then at once */
  /* State. */
  gboolean open;  /* a letter was heard since the last endpoint */
  guint64 length; /* frames since that letter */
  guint64 silent; /* frames since the last letter, voice or endpoint */
} RnncEndpoint;

static inline void
rnnc_endpoint_reset (RnncEndpoint *endpoint)
{
  endpoint->open = FALSE;
  endpoint->length = 0;
  endpoint->silent = 0;
}

/**
 * rnnc_endpoint_push:
 * @letter: whether the frame belongs to a letter
 * @speaking: whether somebody is known to speak; ends no utterance by silence
 *   and begins none
 * @in_word: whether the last word may go on
 *
 * Returns: what ends with this frame; the next frame begins anew
 */
RnncEndpointKind rnnc_endpoint_push (RnncEndpoint *endpoint, gboolean letter,
    gboolean speaking, gboolean in_word);

G_END_DECLS
