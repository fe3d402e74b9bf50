/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The matrix product of bytes over vectors of RNNC_LANES sums; included once by
 * each instruction set's file, behind vector.h, which defines
 *   RNNC_INT8_OFFSET   added to each byte of x: 128 where the set multiplies
 *                      unsigned by signed bytes, else 0
 *   RNNC_INT8_SUMS     vectors of sums that the registers hold
 *   RNNC_INT8_BANDS    (f): f (rows, panels) of each tile, the tallest first,
 *                      the last of one row
 *   Four               four bytes of x, over and over, ready to multiply
 *   four (at)          loads them
 *   dot (sum, w, x)    sum + the products of four bytes each
 *   BytesVec           RNNC_LANES times four bytes of weights */
#include <stdint.h>

/* Of x, made at a time: in the cache while all panels pass over them. */
#define INT8_SCRATCH RNNC_INT8_INPUTS
#define INT8_BLOCK_ROWS 48

/* Bytes from what is multiplied to what is asked for, where weights are read
 * once and the second cache has to keep up. */
#define INT8_AHEAD 1024

typedef struct {
  const uint8_t *x; /* [rows, ldx], with the offset */
  const float *x_scale;
  size_t ldx; /* a multiple of four */
  const int8_t *packed;
  size_t stride; /* bytes from one four of inputs to the next */
  const float *scale;
  const int32_t *sums;
  const float *bias;
  float *y;
  size_t ldy;
  size_t n;
  int accumulate;
} Int8Product;

/* The scale of a row: see rnnc_int8_row_scale(). */
INLINE float
row_scale (const float *x, size_t k)
{
  const Int magnitude = (Int){ 0 } + 0x7fffffff;
  Int most = { 0 };
  int largest = 0;
  size_t i = 0;

  for (; i + RNNC_LANES <= k; i += RNNC_LANES) {
    Int bits = (Int) load (x + i) & magnitude;

    most = (Int) choose (bits > most, (Vec) bits, (Vec) most);
  }
  for (size_t lane = 0; lane < RNNC_LANES; lane++)
    largest = most[lane] > largest ? most[lane] : largest;
  for (; i < k; i++) {
    int bits;

    memcpy (&bits, x + i, sizeof bits);
    bits &= 0x7fffffff;
    largest = bits > largest ? bits : largest;
  }
  return rnnc_int8_scale_of (largest);
}

typedef int8_t Narrow __attribute__ ((vector_size (RNNC_LANES)));

/* Row @x to bytes, zeros up to a multiple of four; returns its scale. */
static float
quantise (const float *x, size_t k, uint8_t *to)
{
  const float magic = 12582912.0f; /* 1.5 * 2^23: rounds to a whole number */
  float scale = row_scale (x, k);
  float inverse = scale == scale ? 1.0f / scale : 0.0f;
  size_t i = 0;

  if (scale == scale)
    for (; i + RNNC_LANES <= k; i += RNNC_LANES) {
      Int whole = (Int) (load (x + i) * inverse + magic) - (Int) spread (magic);
      Narrow bytes = __builtin_convertvector(whole, Narrow);

      bytes ^= (int8_t) RNNC_INT8_OFFSET;
      memcpy (to + i, &bytes, sizeof bytes);
    }
  for (; i < k; i++)
    to[i] = (uint8_t) (rnnc_int8_round (x[i], inverse) + RNNC_INT8_OFFSET);
  for (; i % 4 != 0; i++)
    to[i] = RNNC_INT8_OFFSET;
  return scale;
}

INLINE void
int8_finish (const Int8Product *p, size_t row, size_t column, Int sum)
{
  size_t left = p->n - column;
  float *y = p->y + row * p->ldy + column;
  Vec value = spread (0);
  Int sums;

  memcpy (&sums, p->sums + column, sizeof sums);
  if (RNNC_INT8_OFFSET != 0)
    sum -= sums;
  if (p->bias != NULL)
    value = load_part (p->bias + column, left);
  if (p->accumulate)
    value += load_part (y, left);
  value += __builtin_convertvector(sum, Vec)
      * (spread (p->x_scale[row]) * load (p->scale + column));
  store_part (y, value, left);
}

/* rows x panels outputs; both are constants where this is inlined. */
INLINE void
int8_tile (const Int8Product *p, const size_t rows, const size_t panels)
{
  const size_t width = panels * PARTS;
  const int8_t *packed = p->packed;
  Int sum[RNNC_INT8_SUMS];

  UNROLL for (size_t i = 0; i < rows * width; i++) sum[i] = (Int){ 0 };
  for (size_t i = 0; i < p->ldx; i += 4) {
    BytesVec w[8 * PARTS];

    UNROLL for (size_t j = 0; j < width; j++) w[j]
        = *(const BytesVec *) (packed + j * RNNC_LANES * 4);
    if (rows == 1)
      UNROLL for (size_t j = 0; j < panels; j++)
          __builtin_prefetch (packed + INT8_AHEAD + j * RNNC_PANEL * 4);
    UNROLL for (size_t r = 0; r < rows; r++)
    {
      Four x = four (p->x + r * p->ldx + i);

      UNROLL for (size_t j = 0; j < width; j++) sum[r * width + j]
          = dot (sum[r * width + j], w[j], x);
    }
    packed += p->stride;
  }
  UNROLL for (size_t r = 0; r < rows; r++)
      UNROLL for (size_t j = 0; j < width; j++) if (j * RNNC_LANES < p->n)
          int8_finish (p, r, j * RNNC_LANES, sum[r * width + j]);
}

/* Tiles of @rows x @panels down @m rows (a multiple of @rows), of one group. */
INLINE void
int8_strip (Int8Product *p, size_t m, const size_t rows, const size_t panels)
{
  const size_t columns = panels * RNNC_PANEL;
  Int8Product down = *p;

  for (size_t row = 0; row < m; row += rows) {
    int8_tile (&down, rows, panels);
    down.x += rows * p->ldx;
    down.x_scale += rows;
    down.y += rows * p->ldy;
  }
  p->packed += columns * 4;
  p->scale += columns;
  p->sums += columns;
  p->y += columns;
  if (p->bias != NULL)
    p->bias += columns;
  p->n -= columns < p->n ? columns : p->n;
}

/* All outputs of @m rows, group after group. */
INLINE void
int8_band (Int8Product p, size_t m, const size_t rows, const size_t panels)
{
  while (p.n > 0) {
    size_t left = (p.n + RNNC_PANEL - 1) / RNNC_PANEL;
    size_t width = left < RNNC_GROUP ? left : RNNC_GROUP;
    const int8_t *next = p.packed + width * RNNC_PANEL * p.ldx;

    p.stride = width * RNNC_PANEL * 4;
    for (; width >= panels; width -= panels)
      int8_strip (&p, m, rows, panels);
    if (panels > 4 && width >= 4) {
      int8_strip (&p, m, rows, 4);
      width -= 4;
    }
    if (panels > 2 && width >= 2) {
      int8_strip (&p, m, rows, 2);
      width -= 2;
    }
    if (width > 0)
      int8_strip (&p, m, rows, 1);
    p.packed = next;
  }
}

#define DEFINE_INT8_BAND(rows, panels)                                         \
  static void int8_band_##rows (Int8Product p, size_t m)                       \
  {                                                                            \
    int8_band (p, m, rows, panels);                                            \
  }                                                                            \
  _Static_assert((rows) * (panels) *PARTS <= RNNC_INT8_SUMS, "too many sums");

RNNC_INT8_BANDS (DEFINE_INT8_BAND)

#define LIST_INT8_BAND(rows, panels) { rows, int8_band_##rows },

/* Tallest first. */
static const struct {
  size_t rows;
  void (*run) (Int8Product p, size_t m);
} int8_bands[] = { RNNC_INT8_BANDS (LIST_INT8_BAND) };

/* All outputs of @m rows of bytes. */
static void
int8_rows (Int8Product p, size_t m)
{
  for (size_t i = 0; m > 0; i++) {
    size_t rows = m - m % int8_bands[i].rows;

    if (rows == 0)
      continue;
    int8_bands[i].run (p, rows);
    p.x += rows * p.ldx;
    p.x_scale += rows;
    p.y += rows * p.ldy;
    m -= rows;
  }
}

static void
matmul_int8 (const RnncInt8 *weights, const float *bias, const float *x,
    size_t ldx, float *y, size_t ldy, size_t m, size_t n, size_t k,
    int accumulate)
{
  _Alignas(64) uint8_t bytes[INT8_SCRATCH];
  float scales[INT8_BLOCK_ROWS];
  size_t ldq = (k + 3) / 4 * 4;
  size_t block = INT8_SCRATCH / (ldq + 1);

  block = block < 1 ? 1 : block > INT8_BLOCK_ROWS ? INT8_BLOCK_ROWS : block;
  for (size_t row = 0; row < m; row += block) {
    size_t rows = m - row < block ? m - row : block;
    Int8Product p = { .x = bytes,
      .x_scale = scales,
      .ldx = ldq,
      .packed = weights->packed,
      .scale = weights->scale,
      .sums = weights->sums,
      .bias = bias,
      .y = y + row * ldy,
      .ldy = ldy,
      .n = n,
      .accumulate = accumulate };

    for (size_t r = 0; r < rows; r++)
      scales[r] = quantise (x + (row + r) * ldx, k, bytes + r * ldq);
    int8_rows (p, rows);
  }
}
