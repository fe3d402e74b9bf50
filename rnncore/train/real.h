/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The number type of training. The code is compiled twice: in float for use,
 * in double (RNNC_REAL_DOUBLE) for the finite-difference tests alone. */
#pragma once

#include <cblas.h>
#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

#ifdef RNNC_REAL_DOUBLE
typedef double real;
#define RNNC_REAL_GEMM cblas_dgemm
#else
typedef float real;
#define RNNC_REAL_GEMM cblas_sgemm
#endif

/* Hot loops are compiled for several instruction sets, chosen when the library
 * is loaded. Sanitizers cannot run inside the choosing function. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)            \
    && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define RNNC_CLONES                                                            \
  __attribute__ ((                                                             \
      target_clones ("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define RNNC_CLONES
#endif

/**
 * rnnc_gemm:
 *
 * C [m, n] = op (A) [m, k] op (B) [k, n] + beta C, all row-major; lda, ldb and
 * ldc are row lengths as stored.
 */
static inline void
rnnc_gemm (gboolean transpose_a, gboolean transpose_b, gsize m, gsize n,
    gsize k, const real *a, gsize lda, const real *b, gsize ldb, real beta,
    real *c, gsize ldc)
{
  if (m == 0 || n == 0)
    return;
  RNNC_REAL_GEMM (CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
      transpose_b ? CblasTrans : CblasNoTrans, (int) m, (int) n, (int) k, 1, a,
      (int) lda, b, (int) ldb, beta, c, (int) ldc);
}

/* How many of @n_rows a kernel takes that has registers for @most: no lonely
 * row is left behind. */
static inline gsize
rnnc_rows_at_once (gsize n_rows, gsize most)
{
  return n_rows <= most ? n_rows : n_rows < 2 * most ? (n_rows + 1) / 2 : most;
}

/* A switch's case for each such number: @CASE (1) to @CASE (6) or (12). */
#define RNNC_TO_6(CASE) CASE (1) CASE (2) CASE (3) CASE (4) CASE (5) CASE (6)
#define RNNC_TO_12(CASE)                                                       \
  RNNC_TO_6 (CASE)                                                             \
  CASE (7) CASE (8) CASE (9) CASE (10) CASE (11) CASE (12)

/* Memory that only grows: after the longest batch nothing is allocated. */
typedef struct {
  void *data;
  gsize n_bytes;
} RnncBuffer;

static inline void *
rnnc_buffer_bytes (RnncBuffer *buffer, gsize n_bytes)
{
  if (n_bytes > buffer->n_bytes) {
    g_aligned_free (buffer->data);
    n_bytes += n_bytes / 8;
    buffer->data = g_aligned_alloc (n_bytes, 1, 64);
    buffer->n_bytes = n_bytes;
  }
  return buffer->data;
}

/* The contents are undefined. */
static inline real *
rnnc_buffer_reals (RnncBuffer *buffer, gsize n)
{
  return rnnc_buffer_bytes (buffer, MAX (n, 1) * sizeof (real));
}

static inline void
rnnc_buffer_clear (RnncBuffer *buffer)
{
  g_aligned_free (buffer->data);
  buffer->data = NULL;
  buffer->n_bytes = 0;
}

static inline void
rnnc_zero (real *values, gsize n)
{
  memset (values, 0, n * sizeof (real));
}

G_END_DECLS
