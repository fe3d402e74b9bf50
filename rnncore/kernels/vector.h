/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The kernels over vectors of RNNC_LANES floats, in the compiler's vector
 * extension; included once by each instruction set's file, which defines
 *   RNNC_LANES         4, 8 or 16
 *   RNNC_TABLE         the table's name
 *   RNNC_TABLE_NAME    its name for people
 *   RNNC_TILE_ROWS     rows of the tallest matmul tile: 6 or 14
 *   RNNC_TILE_SUMS     vectors of sums that the registers hold
 *   RNNC_HALVES        (at): a vector of the binary16 at @at, uint16_t
 *   RNNC_FUSED         (a, b, c): a * b + c of vectors, rounded once
 *   RNNC_LOWER, RNNC_HIGHER
 *                      (a, b): the lower, the higher; b where one is no number
 *   RNNC_SCALED        (a, n): a * 2^n of vectors; optional
 *   RNNC_MATMUL_INT8   another set's product of bytes, or what int8.h asks for
 * and is compiled with that set's flags. Fused operations are asked for by
 * name: what a compiler contracts by itself may differ from place to place. */
#include <string.h>

#include "rnncore/kernels/kernels.h"

/* exp by 2^n times a polynomial on [-ln 2 / 2, ln 2 / 2] (Cephes' expf). */
#define EXP_LIMIT 87.0f
#define EXP_LOG2E 1.44269504088896341f
#define EXP_LN2_HIGH 0.693359375f
#define EXP_LN2_LOW -2.12194440e-4f
#define EXP_C5 1.9875691500e-4f
#define EXP_C4 1.3981999507e-3f
#define EXP_C3 8.3334519073e-3f
#define EXP_C2 4.1665795894e-2f
#define EXP_C1 1.6666665459e-1f
#define EXP_C0 5.0000001201e-1f

typedef float Vec __attribute__ ((vector_size (RNNC_LANES * 4)));
typedef int Int __attribute__ ((vector_size (RNNC_LANES * 4)));
typedef float VecAnywhere
    __attribute__ ((vector_size (RNNC_LANES * 4), aligned (4), may_alias));

#define PARTS (RNNC_PANEL / RNNC_LANES) /* vectors in a panel's row */
#define INLINE static inline __attribute__ ((always_inline))
#ifdef __clang__
#define UNROLL _Pragma ("clang loop unroll(full)")
#else
#define UNROLL _Pragma ("GCC unroll 16")
#endif

INLINE Vec
load (const float *at)
{
  return *(const VecAnywhere *) at;
}

INLINE void
store (float *at, Vec value)
{
  *(VecAnywhere *) at = value;
}

INLINE Vec
spread (float value)
{
  return value - (Vec){ 0 };
}

INLINE Vec
choose (Int mask, Vec yes, Vec no)
{
  return (Vec) ((mask & (Int) yes) | (~mask & (Int) no));
}

/* exp for x in [-87, 87]; relative error below 2e-7. NaN stays NaN: whole
 * numbers are of no use for it. */
INLINE Vec
vec_exp (Vec x)
{
  const float magic = 12582912.0f; /* 1.5 * 2^23: rounds to a whole number */
  Vec t, n, r, p;

  x = RNNC_LOWER (spread (EXP_LIMIT), x);
  x = RNNC_HIGHER (spread (-EXP_LIMIT), x);
  t = RNNC_FUSED (x, spread (EXP_LOG2E), spread (magic));
  n = t - spread (magic);
  p = RNNC_FUSED (n, spread (-EXP_LN2_HIGH), x);
  p = RNNC_FUSED (n, spread (-EXP_LN2_LOW), p);
  r = spread (EXP_C5);
  r = RNNC_FUSED (r, p, spread (EXP_C4));
  r = RNNC_FUSED (r, p, spread (EXP_C3));
  r = RNNC_FUSED (r, p, spread (EXP_C2));
  r = RNNC_FUSED (r, p, spread (EXP_C1));
  r = RNNC_FUSED (r, p, spread (EXP_C0));
  r = RNNC_FUSED (r, p * p, p + spread (1));
#ifdef RNNC_SCALED
  return RNNC_SCALED (r, n);
#else
  r = (Vec) ((Int) r + (((Int) t - (Int) spread (magic)) << 23));
  return choose (x == x, r, x);
#endif
}

INLINE Vec
vec_sigmoid (Vec x)
{
  return 1.0f / (spread (1) + vec_exp (-x));
}

INLINE Vec
vec_tanh (Vec x)
{
  return spread (1) - 2.0f / (vec_exp (x + x) + spread (1));
}

/* sigmoid (x) tanh (y), with one division. Beyond 15 tanh is 1 anyway: its
 * exponential stays where a product of both is finite. */
INLINE Vec
vec_gated_tanh (Vec x, Vec y)
{
  Vec e = vec_exp (RNNC_LOWER (spread (30), -(y + y)));

  return (spread (1) - e) / ((spread (1) + vec_exp (-x)) * (spread (1) + e));
}

/* --- element by element --------------------------------------------------- */

#define DEFINE_MAP(name, vector)                                               \
  static void name (float *x, size_t n)                                        \
  {                                                                            \
    size_t i = 0;                                                              \
                                                                               \
    for (; i + RNNC_LANES <= n; i += RNNC_LANES)                               \
      store (x + i, vector (load (x + i)));                                    \
    if (i < n) {                                                               \
      float rest[RNNC_LANES] = { 0 };                                          \
                                                                               \
      memcpy (rest, x + i, (n - i) * sizeof *x);                               \
      store (rest, vector (load (rest)));                                      \
      memcpy (x + i, rest, (n - i) * sizeof *x);                               \
    }                                                                          \
  }

INLINE Vec
vec_relu (Vec x)
{
  return choose (x <= spread (0), spread (0), x);
}

DEFINE_MAP (map_sigmoid, vec_sigmoid)
DEFINE_MAP (map_tanh, vec_tanh)
DEFINE_MAP (map_relu, vec_relu)

static void
scale_shift (float *x, const float *scale, const float *shift, size_t n)
{
  for (size_t i = 0; i < n; i++)
    x[i] = x[i] * scale[i] + shift[i];
}

static void
add (float *sum, const float *x, size_t n)
{
  for (size_t i = 0; i < n; i++)
    sum[i] += x[i];
}

/* --- cells ---------------------------------------------------------------- */

/* A tail shorter than a vector goes through padded copies. */
INLINE Vec
load_part (const float *at, size_t n)
{
  float copy[RNNC_LANES] = { 0 };

  if (n >= RNNC_LANES)
    return load (at);
  memcpy (copy, at, n * sizeof *at);
  return load (copy);
}

INLINE void
store_part (float *at, Vec value, size_t n)
{
  float copy[RNNC_LANES];

  if (n >= RNNC_LANES) {
    store (at, value);
    return;
  }
  store (copy, value);
  memcpy (at, copy, n * sizeof *at);
}

static void
lstm (const float *gates, float *c, float *h, size_t n)
{
  for (size_t i = 0; i < n; i += RNNC_LANES) {
    size_t left = n - i;
    Vec fresh = vec_gated_tanh (load_part (gates + i, left),
        load_part (gates + 2 * n + i, left));
    Vec forget = vec_sigmoid (load_part (gates + n + i, left));
    Vec cell = RNNC_FUSED (forget, load_part (c + i, left), fresh);

    store_part (c + i, cell, left);
    store_part (h + i,
        vec_gated_tanh (load_part (gates + 3 * n + i, left), cell), left);
  }
}

static void
gru (const float *input, const float *hidden, float *h, size_t n)
{
  for (size_t i = 0; i < n; i += RNNC_LANES) {
    size_t left = n - i;
    Vec reset = vec_sigmoid (
        load_part (input + i, left) + load_part (hidden + i, left));
    Vec update = vec_sigmoid (
        load_part (input + n + i, left) + load_part (hidden + n + i, left));
    Vec fresh
        = vec_tanh (RNNC_FUSED (reset, load_part (hidden + 2 * n + i, left),
            load_part (input + 2 * n + i, left)));

    store_part (h + i,
        RNNC_FUSED (update, load_part (h + i, left) - fresh, fresh), left);
  }
}

/* --- matrix product ------------------------------------------------------- */

/* Panels side by side in a tile of @rows rows: as many as the registers hold
 * sums for, so that the latency of a fused operation is hidden and a weight
 * serves as many rows as it can. */
#define WIDE(rows) WIDE_PANELS (RNNC_TILE_SUMS / ((rows) *PARTS))
#define WIDE_PANELS(n) ((n) >= 8 ? 8 : (n) >= 4 ? 4 : (n) >= 2 ? 2 : 1)

/* Floats of x that rows of one block take: they stay in the cache while all
 * panels pass over them. */
#define BLOCK_FLOATS 32768

typedef struct {
  const char *packed;
  const float *bias;
  const float *x;
  size_t ldx;
  float *y;
  size_t ldy;
  size_t n; /* outputs from y on; the last panel may be part of one */
  size_t k; /* of all pieces of a row of x */
  size_t piece;
  size_t ldp; /* floats from one piece to the next */
  int accumulate;
} Product;

/* What one sum starts from. */
INLINE Vec
start (const Product *p, size_t row, size_t column)
{
  size_t left = p->n > column ? p->n - column : 0;
  Vec sum = spread (0);

  if (p->bias != NULL && left > 0)
    sum = load_part (p->bias + column, left);
  if (p->accumulate && left > 0)
    sum += load_part (p->y + row * p->ldy + column, left);
  return sum;
}

/* A vector of weights of @size bytes each. */
INLINE Vec
load_weights (const char *at, const size_t size)
{
  return size == sizeof (uint16_t) ? (Vec) RNNC_HALVES ((const uint16_t *) at)
                                   : load ((const float *) at);
}

/* Rows that are reached from one pointer, itself and its sums with a distance
 * and twice a distance: so that a tall tile's fit the registers. */
#define REACH 3

/* Hides from the compiler where a pointer comes from. */
#define OPAQUE(pointer) __asm__("" : "+r"(pointer))

/* rows x panels outputs; both and the size of a weight are constants where this
 * is inlined, so that the sums live in registers. */
INLINE void
tile (const Product *p, const size_t rows, const size_t panels,
    const size_t size)
{
  const size_t width = panels * PARTS;
  const size_t panel = p->k * RNNC_PANEL * size;
  const char *packed = p->packed;
  const size_t ldx = p->ldx;
  const size_t n_pointers = (rows + REACH - 1) / REACH;
  Vec sum[RNNC_TILE_SUMS];

  UNROLL for (size_t r = 0; r < rows; r++)
      UNROLL for (size_t j = 0; j < width; j++) sum[r * width + j]
      = start (p, r, j * RNNC_LANES);
  for (size_t done = 0; done < p->k; done += p->piece) {
    const float *x[RNNC_TILE_SUMS];

    x[0] = p->x + done / p->piece * p->ldp;
    UNROLL for (size_t g = 1; g < n_pointers; g++)
    {
      x[g] = x[g - 1] + REACH * ldx;
      OPAQUE (x[g]);
    }
    for (size_t i = 0; i < p->piece; i++, packed += RNNC_PANEL * size) {
      Vec w[8 * PARTS];

      UNROLL for (size_t j = 0; j < width; j++) w[j] = load_weights (packed
              + (j / PARTS) * panel + (j % PARTS) * RNNC_LANES * size,
          size);
      UNROLL for (size_t r = 0; r < rows; r++)
      {
        Vec value = spread (x[r / REACH][r % REACH * ldx]);

        UNROLL for (size_t j = 0; j < width; j++) sum[r * width + j]
            = RNNC_FUSED (w[j], value, sum[r * width + j]);
      }
      UNROLL for (size_t g = 0; g < n_pointers; g++)
      {
        x[g]++;
        OPAQUE (x[g]);
      }
    }
  }
  UNROLL for (size_t r = 0; r < rows; r++)
      UNROLL for (size_t j = 0; j < width; j++) if (j * RNNC_LANES < p->n)
          store_part (p->y + r * p->ldy + j * RNNC_LANES, sum[r * width + j],
              p->n - j * RNNC_LANES);
}

INLINE void
next_panels (Product *p, size_t panels, const size_t size)
{
  size_t columns = panels * RNNC_PANEL;

  p->packed += columns * p->k * size;
  p->y += columns;
  if (p->bias != NULL)
    p->bias += columns;
  p->n -= columns < p->n ? columns : p->n;
}

/* Tiles of @rows x @panels down @m rows (a multiple of @rows), for as many
 * groups of panels as there are. */
INLINE void
strips (Product *p, size_t m, const size_t rows, const size_t panels,
    const size_t size)
{
  for (; p->n > (panels - 1) * RNNC_PANEL; next_panels (p, panels, size)) {
    Product down = *p;

    for (size_t row = 0; row < m; row += rows) {
      tile (&down, rows, panels, size);
      down.x += rows * p->ldx;
      down.y += rows * p->ldy;
    }
  }
}

/* All outputs of @m rows, @rows at a time. */
INLINE void
band (Product p, size_t m, const size_t rows, const size_t size)
{
  strips (&p, m, rows, WIDE (rows), size);
  if (WIDE (rows) >= 8)
    strips (&p, m, rows, 4, size);
  if (WIDE (rows) >= 4)
    strips (&p, m, rows, 2, size);
  if (WIDE (rows) >= 2)
    strips (&p, m, rows, 1, size);
}

#define DEFINE_BAND(rows)                                                      \
  static void band_##rows (Product p, size_t m)                                \
  {                                                                            \
    band (p, m, rows, sizeof (float));                                         \
  }                                                                            \
  static void half_band_##rows (Product p, size_t m)                           \
  {                                                                            \
    band (p, m, rows, sizeof (uint16_t));                                      \
  }

DEFINE_BAND (1)
DEFINE_BAND (2)
DEFINE_BAND (3)
DEFINE_BAND (4)
DEFINE_BAND (6)
#if RNNC_TILE_ROWS == 14
DEFINE_BAND (7)
DEFINE_BAND (8)
DEFINE_BAND (12)
DEFINE_BAND (14)
#endif

typedef struct {
  size_t rows;
  void (*run) (Product p, size_t m);
  void (*run_halves) (Product p, size_t m);
} Band;

/* Tallest first. */
static const Band bands[] = {
#if RNNC_TILE_ROWS == 14
  { 14, band_14, half_band_14 },
  { 12, band_12, half_band_12 },
  { 8, band_8, half_band_8 },
  { 7, band_7, half_band_7 },
#endif
  { 6, band_6, half_band_6 },
  { 4, band_4, half_band_4 },
  { 3, band_3, half_band_3 },
  { 2, band_2, half_band_2 },
  { 1, band_1, half_band_1 },
};

/* Rows that pass through the panels together: whole tiles of the tallest. */
static size_t
block_rows (size_t m, size_t k, size_t tallest)
{
  size_t fitting = BLOCK_FLOATS / (k + 1);
  size_t rows = m < fitting ? m : fitting;

  return rows < tallest ? tallest : rows - rows % tallest;
}

/* Where there is more than one panel, half as many rows by two panels are
 * faster. Of two heights the one that leaves no row over. */
static const Band *
tallest_band (const Product *p, size_t m)
{
  const Band *tall = bands;

  if (RNNC_TILE_ROWS == 14) {
    tall += p->n > RNNC_PANEL ? 2 : 0;
    tall += m % tall[0].rows > 0 && m % tall[1].rows == 0;
  }
  return tall;
}

static void
run_bands (Product p, size_t m, const int halves)
{
  const Band *tallest = tallest_band (&p, m), *b = tallest;

  while (m > 0) {
    size_t rows;

    while (b->rows > m)
      b++;
    rows = b == tallest ? block_rows (m, p.k, b->rows) : b->rows;
    (halves ? b->run_halves : b->run) (p, rows);
    p.x += rows * p.ldx;
    p.y += rows * p.ldy;
    m -= rows;
  }
}

static void
matmul (const float *packed, const float *bias, const float *x, size_t ldx,
    float *y, size_t ldy, size_t m, size_t n, size_t k, int accumulate)
{
  run_bands ((Product){ (const char *) packed, bias, x, ldx, y, ldy, n, k, k, 0,
                 accumulate },
      m, 0);
}

static void
matmul_half (const uint16_t *packed, const float *bias, const float *x,
    size_t ldx, float *y, size_t ldy, size_t m, size_t n, size_t k,
    int accumulate)
{
  run_bands ((Product){ (const char *) packed, bias, x, ldx, y, ldy, n, k, k, 0,
                 accumulate },
      m, 1);
}

static void
matmul_pieces (const float *packed, const float *bias, const float *x,
    size_t ldx, size_t n_pieces, size_t ldp, float *y, size_t ldy, size_t m,
    size_t n, size_t piece)
{
  run_bands ((Product){ (const char *) packed, bias, x, ldx, y, ldy, n,
                 n_pieces * piece, piece, ldp, 0 },
      m, 0);
}

#ifndef RNNC_MATMUL_INT8
#include "rnncore/kernels/int8.h"
#define RNNC_MATMUL_INT8 matmul_int8
#endif

const RnncKernels RNNC_TABLE = {
  .name = RNNC_TABLE_NAME,
  .matmul = matmul,
  .matmul_half = matmul_half,
  .matmul_pieces = matmul_pieces,
  .matmul_int8 = RNNC_MATMUL_INT8,
  .sigmoid = map_sigmoid,
  .tanh = map_tanh,
  .relu = map_relu,
  .scale_shift = scale_shift,
  .add = add,
  .lstm = lstm,
  .gru = gru,
};
