/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Inner loops: one table of functions per instruction set, filled from the
 * portable C twins and replaced where a processor offers more. libc only.
 *
 * All functions: any lengths (0 too), no alignment needed, inputs and outputs
 * do not overlap unless stated. A row of matmul has the same bits whatever the
 * number of rows, so that streaming equals offline exactly within one table. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Outputs that stand side by side in packed weights. */
#define RNNC_PANEL 16

/* Panels that stand side by side in packed weights: a product of one row reads
 * one long run of memory. */
#define RNNC_GROUP 8

/* Inputs of a matrix of bytes, at most. */
#define RNNC_INT8_INPUTS 16384

/* W [n, k] as scale[row] times bytes from -127 to 127, from rnnc_pack_int8().
 * scale and sums have room for whole panels, zeros there. */
typedef struct {
  const int8_t *packed;
  const float *scale;  /* [n] */
  const int32_t *sums; /* [n]: 128 times the sum of a row's bytes */
} RnncInt8;

typedef struct {
  const char *name; /* "c", "avx2", "avx512", "avx512vnni", "neon" */

  /* y[m, n] (row distance ldy) = x[m, k] (row distance ldx) W^T + bias, or
   * += where accumulate is set; bias (or NULL) is added in either case.
   * packed: rnnc_pack_weights() of W [n, k]. Each output is one chain of
   * fused multiply-adds in order of k. |a - C twin| <= 1e-6 * sum |x w|. */
  void (*matmul) (const float *packed, const float *bias, const float *x,
      size_t ldx, float *y, size_t ldy, size_t m, size_t n, size_t k,
      int accumulate);

  /* The same with W in 16 bits, from rnnc_halve(): the same bits as matmul,
   * from half the memory. NULL where the instructions for it are missing. */
  void (*matmul_half) (const uint16_t *packed, const float *bias,
      const float *x, size_t ldx, float *y, size_t ldy, size_t m, size_t n,
      size_t k, int accumulate);

  /* matmul with rows of x in @n_pieces pieces of @piece floats, @ldp floats
   * apart: the rows of a window of an image. Not accumulated. */
  void (*matmul_pieces) (const float *packed, const float *bias, const float *x,
      size_t ldx, size_t n_pieces, size_t ldp, float *y, size_t ldy, size_t m,
      size_t n, size_t piece);

  /* The same with bytes for weights, and k <= RNNC_INT8_INPUTS. Each row of x
   * becomes bytes too: its largest magnitude / 127 is their scale (at least
   * 1e-30 / 127), rounded to nearest, ties to even. Sums of products are
   * exact, y = bias (+ y) + sum * (scale of x * scale of w): all tables have
   * the same bits. A row that holds a NaN or an infinity gives NaN. */
  void (*matmul_int8) (const RnncInt8 *weights, const float *bias,
      const float *x, size_t ldx, float *y, size_t ldy, size_t m, size_t n,
      size_t k, int accumulate);

  /* In place; absolute error <= 2e-7 against the exact function. Infinities
   * have their limits, NaN is NaN; so in relu, lstm and gru. An element's NaN
   * touches no other element. */
  void (*sigmoid) (float *x, size_t n);
  void (*tanh) (float *x, size_t n);
  void (*relu) (float *x, size_t n);
  /* x[i] = x[i] * scale[i] + shift[i], in place. */
  void (*scale_shift) (float *x, const float *scale, const float *shift,
      size_t n);
  /* sum += x */
  void (*add) (float *sum, const float *x, size_t n);

  /* gates [4 * n]: i f g o before their nonlinearities; c, h [n] updated.
   * Hochreiter and Schmidhuber 1997, with forget gate (Gers et al. 2000). */
  void (*lstm) (const float *gates, float *c, float *h, size_t n);
  /* input, hidden [3 * n]: r z n, each with its bias; h [n] updated.
   * Cho et al. 2014 in PyTorch's form: n = tanh (input + r * hidden). */
  void (*gru) (const float *input, const float *hidden, float *h, size_t n);
} RnncKernels;

/**
 * rnnc_kernels:
 *
 * The best table of this processor, chosen at the first call; the environment
 * variable RNNC_CPU (none, avx2, avx512, avx512vnni, neon) holds it back.
 * Threads: any.
 */
const RnncKernels *rnnc_kernels (void);

/* A table by name, or NULL where this processor or build lacks it. For tests
 * and benchmarks. */
const RnncKernels *rnnc_kernels_by_name (const char *name);

/* Floats in the packed form of W [n, k]. */
size_t rnnc_packed_size (size_t n, size_t k);
/* W [n, k], row-major, row distance ldw, into panels [n/16][k][16], the last
 * panel filled up with zeros. */
void rnnc_pack_weights (const float *w, size_t ldw, size_t n, size_t k,
    float *packed);

/* @n floats (packed weights, say) as IEEE binary16, and 1; or 0 where 16 bits
 * hold one of them only rounded, and halves are not to be used then. */
int rnnc_halve (const float *values, size_t n, uint16_t *halves);
/* The binary16 @half, exactly; infinities and NaN too. */
float rnnc_float_of_half (uint16_t half);

/* Bytes in the packed form of bytes W [n, k]. */
size_t rnnc_packed_int8_size (size_t n, size_t k);
/* W [n, k], row-major, into groups of up to eight panels [k/4][panel][16][4],
 * zeros behind the last output and input. @sums: [n], filled up with zeros to
 * whole panels. */
void rnnc_pack_int8 (const int8_t *w, size_t n, size_t k, int8_t *packed,
    int32_t *sums);

/* In place, one row. The largest element is taken out first. */
void rnnc_softmax (float *x, size_t n);
void rnnc_log_softmax (float *x, size_t n);

/* --- for the kernels' own files ------------------------------------------- */

/* @largest: the bits of a row's largest magnitude; NaN where that is none. */
static inline float
rnnc_int8_scale_of (int32_t largest)
{
  float peak;

  if (largest >= 0x7f800000)
    largest = 0x7fc00000;
  memcpy (&peak, &largest, sizeof peak);
  return (peak < 1e-30f ? 1e-30f : peak) / 127.0f;
}

/* To nearest, ties to even; 0 where the row has no scale (@inverse 0). */
static inline int
rnnc_int8_round (float x, float inverse)
{
  const float magic = 12582912.0f; /* 1.5 * 2^23 */

  return inverse == 0 ? 0 : (int) ((x * inverse + magic) - magic);
}

/* What the files of one instruction set offer to the chooser. */
extern const RnncKernels rnnc_kernels_c;
#ifdef RNNC_HAVE_X86
extern const RnncKernels rnnc_kernels_avx2;
extern const RnncKernels rnnc_kernels_avx512;
extern const RnncKernels rnnc_kernels_avx512vnni;
void rnnc_matmul_int8_avx2 (const RnncInt8 *weights, const float *bias,
    const float *x, size_t ldx, float *y, size_t ldy, size_t m, size_t n,
    size_t k, int accumulate);
#endif
#ifdef RNNC_HAVE_ARM64
extern const RnncKernels rnnc_kernels_neon;
#endif
