/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/model/gathering.h"

#include "rnncore/model/stream-batch.h"

#define LONGEST_WAIT G_TIME_SPAN_SECOND

/* Who has not come for so long is not waited for. */
#define ABSENCE G_TIME_SPAN_SECOND

/* Of what a push holds, how much of its time it may wait: as much is left to
 * run, and to catch up in. */
#define SHARE 0.5

struct _RnncGathering {
  RnncStreamBatch *batch; /* whose turn it is runs it, without the lock */

  GMutex lock; /* held for a few steps over the members, never while they run */
  guint n_members;
  RnncMember *members[RNNC_STREAM_BATCH_MAX]; /* by place; (nullable) */
  guint n_waiting;
  RnncMember *waiting[RNNC_STREAM_BATCH_MAX]; /* the first to come first */
  gboolean is_running;

  /* By place; here, since whoever led may signal one whose member is gone. */
  GCond turns[RNNC_STREAM_BATCH_MAX];
};

/* --- whose turn it is ----------------------------------------------------- */

/* Whether those that wait go now; the caller has the lock. */
static gboolean
is_time (const RnncGathering *gathering, gint64 now)
{
  guint n_expected = 0;

  if (gathering->is_running || gathering->n_waiting == 0)
    return FALSE;
  for (guint i = 0; i < gathering->n_waiting; i++)
    if (gathering->waiting[i]->deadline <= now)
      return TRUE;
  for (guint i = 0; i < RNNC_STREAM_BATCH_MAX; i++) {
    const RnncMember *member = gathering->members[i];

    n_expected += member != NULL && member->is_awake
        && now - member->last_came < ABSENCE;
  }
  return gathering->n_waiting >= n_expected;
}

/* Lets one of those that wait go, if it is time; the caller has the lock. */
static void
wake_next (RnncGathering *gathering)
{
  if (gathering->n_waiting > 0 && is_time (gathering, g_get_monotonic_time ()))
    g_cond_signal (&gathering->turns[gathering->waiting[0]->place]);
}

/* --- coming and going ----------------------------------------------------- */

/* Guards the models' lists of gatherings, and how many members each has. */
static GMutex gatherings_lock;

static RnncGathering *
gathering_new (RnncModel *model)
{
  RnncStreamBatch *batch
      = rnnc_stream_batch_new (model, RNNC_STREAM_BATCH_MAX, NULL);
  RnncGathering *gathering;

  if (batch == NULL)
    return NULL;
  gathering = g_new0 (RnncGathering, 1);
  gathering->batch = batch;
  g_mutex_init (&gathering->lock);
  for (guint i = 0; i < RNNC_STREAM_BATCH_MAX; i++)
    g_cond_init (&gathering->turns[i]);
  return gathering;
}

static void
gathering_free (RnncGathering *gathering)
{
  rnnc_stream_batch_free (gathering->batch);
  g_mutex_clear (&gathering->lock);
  for (guint i = 0; i < RNNC_STREAM_BATCH_MAX; i++)
    g_cond_clear (&gathering->turns[i]);
  g_free (gathering);
}

/* One of the model with room for a member; the caller has gatherings_lock. */
static RnncGathering *
find_gathering (RnncModel *model)
{
  RnncGathering *gathering;

  for (GSList *item = model->gatherings; item != NULL; item = item->next) {
    gathering = item->data;
    if (gathering->n_members < rnnc_stream_batch_capacity (gathering->batch))
      return gathering;
  }
  gathering = gathering_new (model);
  if (gathering != NULL)
    model->gatherings = g_slist_prepend (model->gatherings, gathering);
  return gathering;
}

static gboolean
join (RnncMember *member)
{
  RnncGathering *gathering;

  g_mutex_lock (&gatherings_lock);
  gathering = find_gathering (member->stream->model);
  if (gathering != NULL) {
    g_mutex_lock (&gathering->lock);
    member->is_awake = FALSE;
    member->place = 0;
    while (gathering->members[member->place] != NULL)
      member->place++;
    gathering->members[member->place] = member;
    gathering->n_members++;
    g_mutex_unlock (&gathering->lock);
  }
  g_mutex_unlock (&gatherings_lock);
  member->gathering = gathering;
  return gathering != NULL;
}

static void
leave (RnncMember *member)
{
  RnncGathering *gathering = g_steal_pointer (&member->gathering);
  GSList **gatherings = &member->stream->model->gatherings;

  g_mutex_lock (&gatherings_lock);
  g_mutex_lock (&gathering->lock);
  gathering->members[member->place] = NULL;
  gathering->n_members--;
  wake_next (gathering);
  g_mutex_unlock (&gathering->lock);
  if (gathering->n_members > 0)
    gathering = NULL;
  else
    *gatherings = g_slist_remove (*gatherings, gathering);
  g_mutex_unlock (&gatherings_lock);
  g_clear_pointer (&gathering, gathering_free);
}

void
rnnc_member_init (RnncMember *member, RnncStream *stream)
{
  RnncModel *model = stream->model;

  member->stream = stream;
  member->frame = (double) rnnc_model_output_period (model)
      / rnnc_model_stride (model) / 1000.0;
}

void
rnnc_member_clear (RnncMember *member)
{
  if (member->gathering != NULL)
    leave (member);
}

gboolean
rnnc_member_set_wait (RnncMember *member, guint64 wait)
{
  member->wait = (gint64) MIN (wait / 1000 + (wait % 1000 > 0), LONGEST_WAIT);
  if (wait == 0 && member->gathering != NULL)
    leave (member);
  else if (wait > 0 && member->gathering == NULL)
    return join (member);
  return TRUE;
}

/* --- meeting -------------------------------------------------------------- */

/* Takes all that wait through the network, the caller too, which has the lock;
 * afterwards it has not. Those that are woken then find the lock free. */
static void
lead (RnncGathering *gathering)
{
  RnncMember *going[RNNC_STREAM_BATCH_MAX];
  RnncStream *streams[RNNC_STREAM_BATCH_MAX];
  guint places[RNNC_STREAM_BATCH_MAX];
  guint n = gathering->n_waiting;

  for (guint i = 0; i < n; i++) {
    going[i] = gathering->waiting[i];
    streams[i] = going[i]->stream;
    places[i] = going[i]->place;
  }
  gathering->n_waiting = 0;
  gathering->is_running = TRUE;
  g_mutex_unlock (&gathering->lock);
  rnnc_stream_batch_run (gathering->batch, streams, n);
  g_mutex_lock (&gathering->lock);
  gathering->is_running = FALSE;
  for (guint i = 0; i < n; i++)
    going[i]->is_done = TRUE;
  wake_next (gathering);
  g_mutex_unlock (&gathering->lock);
  for (guint i = 0; i < n; i++)
    g_cond_signal (&gathering->turns[places[i]]);
}

/* us that what was handed in may wait. */
static gint64
longest_wait (const RnncMember *member)
{
  double length = member->frame * (double) member->stream->n_input;

  if (length <= 0)
    return member->wait;
  return MIN (member->wait, (gint64) (SHARE * length));
}

/* Whether none of those that wait loses patience before @member: one timer is
 * enough for all. The caller has the lock. */
static gboolean
is_first_to_go (const RnncGathering *gathering, const RnncMember *member)
{
  for (guint i = 0; i < gathering->n_waiting; i++)
    if (gathering->waiting[i]->deadline < member->deadline)
      return FALSE;
  return TRUE;
}

/* Until it is signalled, or perhaps @member's time is up. */
static void
wait_for_turn (RnncGathering *gathering, const RnncMember *member, gint64 now)
{
  GCond *turn = &gathering->turns[member->place];

  /* While others run, whoever runs them wakes the next. */
  if (member->deadline > now && is_first_to_go (gathering, member))
    g_cond_wait_until (turn, &gathering->lock, member->deadline);
  else
    g_cond_wait (turn, &gathering->lock);
}

void
rnnc_member_run (RnncMember *member)
{
  RnncGathering *gathering = member->gathering;

  g_mutex_lock (&gathering->lock);
  member->is_awake = TRUE;
  member->is_done = FALSE;
  member->last_came = g_get_monotonic_time ();
  member->deadline = member->last_came + longest_wait (member);
  gathering->waiting[gathering->n_waiting++] = member;
  while (!member->is_done) {
    gint64 now = g_get_monotonic_time ();

    if (is_time (gathering, now)) {
      lead (gathering);
      return;
    }
    wait_for_turn (gathering, member, now);
  }
  g_mutex_unlock (&gathering->lock);
}

void
rnnc_member_rest (RnncMember *member)
{
  RnncGathering *gathering = member->gathering;

  if (gathering == NULL)
    return;
  g_mutex_lock (&gathering->lock);
  member->is_awake = FALSE;
  wake_next (gathering);
  g_mutex_unlock (&gathering->lock);
}
