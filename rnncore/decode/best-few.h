/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What beam searches need in each frame, without allocating: the best few of
 * many candidates, and where a hash is among those kept. */
#pragma once

#include <glib.h>
#include <math.h>
#include <string.h>

G_BEGIN_DECLS

/* ln (e^a + e^b) */
static inline double
rnnc_log_add (double a, double b)
{
  double high = MAX (a, b), low = MIN (a, b);

  return low == -INFINITY ? high : high + log1p (exp (low - high));
}

#define RNNC_NO_PLACE G_MAXUINT32

/* --- the best few --------------------------------------------------------- */

typedef struct {
  double score;
  guint32 order; /* of equal scores the earlier one wins */
  guint32 place; /* where the caller keeps what it is of, below capacity */
} RnncBestItem;

/* A heap, the worst first. */
typedef struct {
  guint capacity;
  guint n;
  guint32 n_offered;
  RnncBestItem *items; /* [capacity] */
} RnncBestFew;

static inline void
rnnc_best_few_init (RnncBestFew *few, guint capacity)
{
  *few = (RnncBestFew){ .capacity = capacity,
    .items = g_new (RnncBestItem, capacity) };
}

static inline void
rnnc_best_few_clear (RnncBestFew *few)
{
  few->n = 0;
  few->n_offered = 0;
}

static inline gboolean
rnnc_best_few_is_worse (const RnncBestItem *a, const RnncBestItem *b)
{
  return a->score < b->score || (a->score == b->score && a->order > b->order);
}

/* @moved goes from the top to where it belongs. */
static inline void
rnnc_best_few_sink (RnncBestFew *few, RnncBestItem moved)
{
  RnncBestItem *items = few->items;
  guint at = 0;

  for (;;) {
    guint child = 2 * at + 1;

    if (child >= few->n)
      break;
    if (child + 1 < few->n
        && rnnc_best_few_is_worse (&items[child + 1], &items[child]))
      child++;
    if (!rnnc_best_few_is_worse (&items[child], &moved))
      break;
    items[at] = items[child];
    at = child;
  }
  items[at] = moved;
}

/* Returns: where to keep it, RNNC_NO_PLACE if it is none of the best so far */
static inline guint32
rnnc_best_few_offer (RnncBestFew *few, double score)
{
  RnncBestItem item = { score, few->n_offered++, few->n };
  guint at = few->n;

  if (few->n == few->capacity) {
    if (rnnc_best_few_is_worse (&item, &few->items[0]))
      return RNNC_NO_PLACE;
    item.place = few->items[0].place;
    rnnc_best_few_sink (few, item);
    return item.place;
  }
  few->n++;
  while (at > 0 && rnnc_best_few_is_worse (&item, &few->items[(at - 1) / 2])) {
    few->items[at] = few->items[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  few->items[at] = item;
  return item.place;
}

/* What a score must not be below to be one of the best so far. */
static inline double
rnnc_best_few_least (const RnncBestFew *few)
{
  return few->n == few->capacity ? few->items[0].score : -INFINITY;
}

/* Takes the worst out; nothing is offered any more. */
static inline RnncBestItem
rnnc_best_few_take_worst (RnncBestFew *few)
{
  RnncBestItem worst = few->items[0];

  few->n--;
  if (few->n > 0)
    rnnc_best_few_sink (few, few->items[few->n]);
  return worst;
}

/* --- places of hashes ----------------------------------------------------- */

typedef struct {
  guint64 hash;
  guint32 place; /* RNNC_NO_PLACE: free */
} RnncHashSlot;

/* Open addressing; the number of slots is a power of two. */
typedef struct {
  guint n_slots;
  RnncHashSlot *slots;
} RnncHashPlaces;

static inline void
rnnc_hash_places_init (RnncHashPlaces *places, guint most)
{
  places->n_slots = 4;
  while (places->n_slots < 4 * most)
    places->n_slots *= 2;
  places->slots = g_new (RnncHashSlot, places->n_slots);
}

static inline void
rnnc_hash_places_clear (RnncHashPlaces *places)
{
  for (guint i = 0; i < places->n_slots; i++)
    places->slots[i].place = RNNC_NO_PLACE;
}

static inline void
rnnc_hash_places_add (RnncHashPlaces *places, guint64 hash, guint32 place)
{
  guint at = (guint) hash & (places->n_slots - 1);

  while (places->slots[at].place != RNNC_NO_PLACE)
    at = (at + 1) & (places->n_slots - 1);
  places->slots[at] = (RnncHashSlot){ hash, place };
}

static inline guint32
rnnc_hash_places_find (const RnncHashPlaces *places, guint64 hash)
{
  guint at = (guint) hash & (places->n_slots - 1);

  for (; places->slots[at].place != RNNC_NO_PLACE;
       at = (at + 1) & (places->n_slots - 1))
    if (places->slots[at].hash == hash)
      return places->slots[at].place;
  return RNNC_NO_PLACE;
}

G_END_DECLS
