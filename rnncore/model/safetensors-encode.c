/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * f32 into the smaller storage types, all little-endian. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "rnncore/model/safetensors.h"

#define I8_STEPS 127
#define F16_INFINITY 0x7c00
#define BF16_INFINITY 0x7f80

static guint32
f32_bits (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return bits;
}

/* IEEE 754 binary16, to nearest, ties to even. */
static guint16
f16_from_f32 (float value)
{
  guint32 bits = f32_bits (value);
  guint32 sign = bits >> 16 & 0x8000;

  bits &= 0x7fffffff;
  if (bits >= 0x477ff000) /* 65520 and more */
    return sign | F16_INFINITY;
  if (bits < 0x38800000) /* below 2^-14: whole multiples of 2^-24 */
    return sign | (guint16) lrintf (fabsf (value) * 0x1p24f);
  bits += 0xfff + (bits >> 13 & 1);
  return sign | (bits - (112u << 23)) >> 13;
}

/* The upper half of an f32, to nearest, ties to even. */
static guint16
bf16_from_f32 (float value)
{
  guint32 bits = f32_bits (value);

  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

static gboolean
encode_halves (const float *values, gsize n, guint16 (*encode) (float value),
    guint16 infinity, guint16 *out)
{
  for (gsize i = 0; i < n; i++) {
    guint16 half = encode (values[i]);

    if ((half & 0x7fff) >= infinity)
      return FALSE;
    out[i] = GUINT16_TO_LE (half);
  }
  return TRUE;
}

/* What @row's largest number is 127 of; normal, so that quotients are finite,
 * and small enough for 127 of it to be finite. */
static float
row_scale (const float *row, gsize n)
{
  float largest = 0, scale;

  for (gsize i = 0; i < n; i++)
    largest = fmaxf (largest, fabsf (row[i]));
  scale = fmaxf (largest / I8_STEPS, FLT_MIN);
  return isfinite (scale * I8_STEPS) ? scale : nextafterf (scale, 0);
}

static gboolean
all_finite (const float *values, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    if (!isfinite (values[i]))
      return FALSE;
  }
  return TRUE;
}

static void
encode_rows (const float *values, gsize rows, gsize columns, gint8 *out,
    guint32 *scales)
{
  for (gsize row = 0; row < rows; row++) {
    float scale = row_scale (values + row * columns, columns);

    scales[row] = GUINT32_TO_LE (f32_bits (scale));
    for (gsize i = row * columns; i < (row + 1) * columns; i++)
      out[i] = (gint8) CLAMP (lrintf (values[i] / scale), -I8_STEPS, I8_STEPS);
  }
}

gpointer
rnnc_safetensors_encode (const float *values, RnncDType dtype, gsize rows,
    gsize columns, guint32 **scales)
{
  gsize n = rows * columns;
  g_autofree guint8 *data = g_malloc (MAX (n, 1) * sizeof (float));
  gboolean ok = all_finite (values, n);

  if (scales != NULL)
    *scales = NULL;
  switch (dtype) {
    case RNNC_DTYPE_F32:
      for (gsize i = 0; i < n; i++)
        ((guint32 *) (void *) data)[i] = GUINT32_TO_LE (f32_bits (values[i]));
      break;
    case RNNC_DTYPE_F16:
      ok = ok
          && encode_halves (values, n, f16_from_f32, F16_INFINITY,
              (guint16 *) (void *) data);
      break;
    case RNNC_DTYPE_BF16:
      ok = ok
          && encode_halves (values, n, bf16_from_f32, BF16_INFINITY,
              (guint16 *) (void *) data);
      break;
    case RNNC_DTYPE_I8:
      if (ok) {
        *scales = g_new (guint32, MAX (rows, 1));
        encode_rows (values, rows, columns, (gint8 *) data, *scales);
      }
      break;
    case RNNC_DTYPE_F64:
    case RNNC_DTYPE_I64:
      g_assert_not_reached ();
  }
  return ok ? g_steal_pointer (&data) : NULL;
}
