/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/endpoint.h"

static RnncEndpointKind
classify (const RnncEndpoint *endpoint, gboolean in_word)
{
  if (!endpoint->open)
    return endpoint->silent >= endpoint->maximum ? RNNC_ENDPOINT_IDLE
                                                 : RNNC_ENDPOINT_NONE;
  if (endpoint->silent >= endpoint->silence)
    return RNNC_ENDPOINT_SILENCE;
  if (endpoint->length >= endpoint->latest)
    return RNNC_ENDPOINT_LENGTH;
  if (endpoint->length >= endpoint->maximum && !in_word)
    return RNNC_ENDPOINT_LENGTH;
  return RNNC_ENDPOINT_NONE;
}

RnncEndpointKind
rnnc_endpoint_push (RnncEndpoint *endpoint, gboolean letter, gboolean speaking,
    gboolean in_word)
{
  RnncEndpointKind kind;

  if (letter) {
    endpoint->open = TRUE;
    endpoint->silent = 0;
  } else if (speaking && endpoint->open) {
    endpoint->silent = 0;
  } else {
    endpoint->silent++;
  }
  if (endpoint->open)
    endpoint->length++;
  kind = classify (endpoint, in_word);
  if (kind != RNNC_ENDPOINT_NONE)
    rnnc_endpoint_reset (endpoint);
  return kind;
}
