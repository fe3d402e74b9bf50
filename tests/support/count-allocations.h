/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Counts calls of the allocator in the whole process, by standing in for it.
 * Included by one source file of a test. Under a sanitizer, which has its own
 * allocator, nothing is counted and COUNTS_ALLOCATIONS is 0. */
#pragma once

#include <errno.h>
#include <stddef.h>

#include <glib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)              \
    || !defined(__GLIBC__)
#define COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef COUNTS_ALLOCATIONS
#define COUNTS_ALLOCATIONS 1
#endif

static gint n_allocations;

#if COUNTS_ALLOCATIONS
/* Seen by the libraries too, whatever visibility the build has. */
#define STANDS_IN __attribute__ ((visibility ("default")))

void *__libc_malloc (size_t size);
void *__libc_calloc (size_t n, size_t size);
void *__libc_realloc (void *memory, size_t size);
void *__libc_memalign (size_t alignment, size_t size);

STANDS_IN void *
malloc (size_t size)
{
  g_atomic_int_inc (&n_allocations);
  return __libc_malloc (size);
}

STANDS_IN void *
calloc (size_t n, size_t size)
{
  g_atomic_int_inc (&n_allocations);
  return __libc_calloc (n, size);
}

STANDS_IN void *
realloc (void *memory, size_t size)
{
  g_atomic_int_inc (&n_allocations);
  return __libc_realloc (memory, size);
}

STANDS_IN void *
aligned_alloc (size_t alignment, size_t size)
{
  g_atomic_int_inc (&n_allocations);
  return __libc_memalign (alignment, size);
}

STANDS_IN int
posix_memalign (void **memory, size_t alignment, size_t size)
{
  g_atomic_int_inc (&n_allocations);
  *memory = __libc_memalign (alignment, size);
  return *memory != NULL ? 0 : ENOMEM;
}
#endif
