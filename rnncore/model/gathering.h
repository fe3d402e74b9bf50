/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where streams of one model, each in a thread of its own, meet to go through
 * the network together. Whoever comes last, or has waited long enough, takes
 * all that wait with it, in its own thread. */
#pragma once

#include "rnncore/rnnc-stream.h"

G_BEGIN_DECLS

typedef struct _RnncGathering RnncGathering;

/* A stream's place; but for what is said, the stream's thread's alone. */
typedef struct {
  RnncStream *stream;
  RnncGathering *gathering; /* (nullable): none */
  guint place;              /* in it */
  gint64 wait;              /* us, at most */
  double frame;             /* us of a frame; 0: unknown */

  /* The gathering's lock. */
  gint64 deadline;   /* us, of the clock: starts without the others */
  gint64 last_came;  /* us, of the clock */
  gboolean is_awake; /* is pushed: others wait for it */
  gboolean is_done;  /* what it handed in has gone through */
} RnncMember;

void rnnc_member_init (RnncMember *member, RnncStream *stream);
/* Leaves. */
void rnnc_member_clear (RnncMember *member);

/* As rnnc_stream_set_batch_wait(). */
gboolean rnnc_member_set_wait (RnncMember *member, guint64 wait);

static inline gboolean
rnnc_member_is_in (const RnncMember *member)
{
  return member->gathering != NULL;
}

/* As rnnc_stream_run(), beside others. Allocates nothing. */
void rnnc_member_run (RnncMember *member);

/* Nothing more comes for now: nobody waits for it. */
void rnnc_member_rest (RnncMember *member);

G_END_DECLS
