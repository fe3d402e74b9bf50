/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * GLib's locks by pthreads, for ThreadSanitizer: Debian's GLib is not built
 * with it and locks by futexes of its own, which the sanitizer cannot see.
 * Linked into a test, these take the place of GLib's for all libraries of the
 * process that call them, GStreamer too.
 *
 * meson setup build-thread -Db_sanitize=thread -Db_lundef=false
 * meson test -C build-thread --suite elements */
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#pragma GCC visibility push(default)

/* What @place holds, made by @make where it is still empty. */
static gpointer
get (gpointer *place, gpointer (*make) (void), void (*destroy) (gpointer))
{
  gpointer found = __atomic_load_n (place, __ATOMIC_ACQUIRE);
  gpointer made;

  if (found != NULL)
    return found;
  made = make ();
  if (__atomic_compare_exchange_n (place, &found, made, FALSE, __ATOMIC_ACQ_REL,
          __ATOMIC_ACQUIRE))
    return made;
  destroy (made);
  return found;
}

/* The memory may have been another lock's, given back by code that the
 * sanitizer cannot see. */
static void
empty (gpointer *place)
{
  __atomic_store_n (place, NULL, __ATOMIC_RELEASE);
}

/* What @place held; it is empty then. */
static gpointer
take (gpointer *place)
{
  return __atomic_exchange_n (place, NULL, __ATOMIC_ACQ_REL);
}

static void
must (int result)
{
  if (result != 0)
    abort ();
}

/* --- mutexes -------------------------------------------------------------- */

static gpointer
make_mutex_of_type (int type)
{
  pthread_mutex_t *mutex = malloc (sizeof *mutex);
  pthread_mutexattr_t attributes;

  must (mutex == NULL);
  must (pthread_mutexattr_init (&attributes));
  must (pthread_mutexattr_settype (&attributes, type));
  must (pthread_mutex_init (mutex, &attributes));
  must (pthread_mutexattr_destroy (&attributes));
  return mutex;
}

static gpointer
make_mutex (void)
{
  return make_mutex_of_type (PTHREAD_MUTEX_DEFAULT);
}

static gpointer
make_recursive (void)
{
  return make_mutex_of_type (PTHREAD_MUTEX_RECURSIVE);
}

/* Whoever clears a lock knows by counts of references, which the sanitizer
 * cannot see, that nobody has it any more: what the last one did before
 * unlocking is seen here. */
static void
destroy_mutex (gpointer mutex)
{
  if (pthread_mutex_trylock (mutex) == 0)
    must (pthread_mutex_unlock (mutex));
  pthread_mutex_destroy (mutex);
  free (mutex);
}

static pthread_mutex_t *
get_mutex (GMutex *mutex)
{
  return get (&mutex->p, make_mutex, destroy_mutex);
}

static pthread_mutex_t *
get_recursive (GRecMutex *mutex)
{
  return get (&mutex->p, make_recursive, destroy_mutex);
}

void
g_mutex_init (GMutex *mutex)
{
  empty (&mutex->p);
}

void
g_mutex_clear (GMutex *mutex)
{
  gpointer found = take (&mutex->p);

  if (found != NULL)
    destroy_mutex (found);
}

void
g_mutex_lock (GMutex *mutex)
{
  must (pthread_mutex_lock (get_mutex (mutex)));
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  return pthread_mutex_trylock (get_mutex (mutex)) == 0;
}

void
g_mutex_unlock (GMutex *mutex)
{
  must (pthread_mutex_unlock (get_mutex (mutex)));
}

void
g_rec_mutex_init (GRecMutex *mutex)
{
  empty (&mutex->p);
}

void
g_rec_mutex_clear (GRecMutex *mutex)
{
  gpointer found = take (&mutex->p);

  if (found != NULL)
    destroy_mutex (found);
}

void
g_rec_mutex_lock (GRecMutex *mutex)
{
  must (pthread_mutex_lock (get_recursive (mutex)));
}

gboolean
g_rec_mutex_trylock (GRecMutex *mutex)
{
  return pthread_mutex_trylock (get_recursive (mutex)) == 0;
}

void
g_rec_mutex_unlock (GRecMutex *mutex)
{
  must (pthread_mutex_unlock (get_recursive (mutex)));
}

/* --- readers and writers -------------------------------------------------- */

static gpointer
make_lock (void)
{
  pthread_rwlock_t *lock = malloc (sizeof *lock);

  must (lock == NULL);
  must (pthread_rwlock_init (lock, NULL));
  return lock;
}

static void
destroy_lock (gpointer lock)
{
  if (pthread_rwlock_trywrlock (lock) == 0)
    must (pthread_rwlock_unlock (lock));
  pthread_rwlock_destroy (lock);
  free (lock);
}

static pthread_rwlock_t *
get_lock (GRWLock *lock)
{
  return get (&lock->p, make_lock, destroy_lock);
}

void
g_rw_lock_init (GRWLock *lock)
{
  empty (&lock->p);
}

void
g_rw_lock_clear (GRWLock *lock)
{
  gpointer found = take (&lock->p);

  if (found != NULL)
    destroy_lock (found);
}

void
g_rw_lock_writer_lock (GRWLock *lock)
{
  must (pthread_rwlock_wrlock (get_lock (lock)));
}

gboolean
g_rw_lock_writer_trylock (GRWLock *lock)
{
  return pthread_rwlock_trywrlock (get_lock (lock)) == 0;
}

void
g_rw_lock_writer_unlock (GRWLock *lock)
{
  must (pthread_rwlock_unlock (get_lock (lock)));
}

void
g_rw_lock_reader_lock (GRWLock *lock)
{
  must (pthread_rwlock_rdlock (get_lock (lock)));
}

gboolean
g_rw_lock_reader_trylock (GRWLock *lock)
{
  return pthread_rwlock_tryrdlock (get_lock (lock)) == 0;
}

void
g_rw_lock_reader_unlock (GRWLock *lock)
{
  must (pthread_rwlock_unlock (get_lock (lock)));
}

/* --- conditions ----------------------------------------------------------- */

static gpointer
make_condition (void)
{
  pthread_cond_t *condition = malloc (sizeof *condition);
  pthread_condattr_t attributes;

  must (condition == NULL);
  must (pthread_condattr_init (&attributes));
  must (pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC));
  must (pthread_cond_init (condition, &attributes));
  must (pthread_condattr_destroy (&attributes));
  return condition;
}

static void
destroy_condition (gpointer condition)
{
  pthread_cond_destroy (condition);
  free (condition);
}

static pthread_cond_t *
get_condition (GCond *condition)
{
  return get (&condition->p, make_condition, destroy_condition);
}

void
g_cond_init (GCond *condition)
{
  empty (&condition->p);
}

void
g_cond_clear (GCond *condition)
{
  gpointer found = take (&condition->p);

  if (found != NULL)
    destroy_condition (found);
}

void
g_cond_wait (GCond *condition, GMutex *mutex)
{
  must (pthread_cond_wait (get_condition (condition), get_mutex (mutex)));
}

gboolean
g_cond_wait_until (GCond *condition, GMutex *mutex, gint64 end_time)
{
  struct timespec until = {
    .tv_sec = end_time / G_USEC_PER_SEC,
    .tv_nsec = end_time % G_USEC_PER_SEC * 1000,
  };

  return pthread_cond_timedwait (get_condition (condition), get_mutex (mutex),
             &until)
      != ETIMEDOUT;
}

void
g_cond_signal (GCond *condition)
{
  must (pthread_cond_signal (get_condition (condition)));
}

void
g_cond_broadcast (GCond *condition)
{
  must (pthread_cond_broadcast (get_condition (condition)));
}
