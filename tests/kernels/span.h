/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Floats at an odd place in memory, between canaries: what a kernel writes
 * beside its output is seen, and what it reads there is not a number. */
#pragma once

#include <glib.h>
#include <math.h>
#include <string.h>

#define SPAN_CANARIES 24
#define SPAN_CANARY 0x7fc0beefu /* a quiet NaN with a payload of its own */

typedef struct {
  guint32 *memory;
  gsize before; /* canaries in front of the floats */
  gsize n;
  float *at;
} Span;

static inline void
span_init (Span *span, gsize n, guint offset)
{
  span->before = SPAN_CANARIES + offset;
  span->n = n;
  span->memory = g_new (guint32, span->before + n + SPAN_CANARIES);
  for (gsize i = 0; i < span->before + n + SPAN_CANARIES; i++)
    span->memory[i] = SPAN_CANARY;
  span->at = (float *) span->memory + span->before;
}

static inline void
span_random (Span *span, gsize n, guint offset, GRand *random, double scale)
{
  span_init (span, n, offset);
  for (gsize i = 0; i < n; i++)
    span->at[i] = (float) g_rand_double_range (random, -scale, scale);
}

static inline void
span_copy (Span *span, const Span *from, guint offset)
{
  span_init (span, from->n, offset);
  memcpy (span->at, from->at, from->n * sizeof (float));
}

static inline void
span_check_canaries (const Span *span)
{
  for (gsize i = 0; i < span->before; i++)
    g_assert_cmphex (span->memory[i], ==, SPAN_CANARY);
  for (gsize i = 0; i < SPAN_CANARIES; i++)
    g_assert_cmphex (span->memory[span->before + span->n + i], ==, SPAN_CANARY);
}

static inline void
span_clear (Span *span)
{
  span_check_canaries (span);
  g_free (span->memory);
}

/* |a - b| <= bound, with a message that names the place. */
static inline void
assert_close (double a, double b, double bound, const char *what, gsize n,
    gsize i)
{
  if (!(fabs (a - b) <= bound))
    g_error ("%s, length %zu, [%zu]: %.9g and %.9g differ by %.3g > %.3g", what,
        n, i, a, b, fabs (a - b), bound);
}
