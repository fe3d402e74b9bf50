/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The safetensors container: 8-byte little-endian header length, JSON header,
 * raw tensors. Files are untrusted: every offset and product is checked. */
#pragma once

#include "rnncore/rnnc-error.h"

G_BEGIN_DECLS

typedef enum {
  RNNC_DTYPE_F32,
  RNNC_DTYPE_F16,
  RNNC_DTYPE_BF16,
  RNNC_DTYPE_I8,  /* per row of the first axis; "NAME.scale" holds f32 [rows] */
  RNNC_DTYPE_F64, /* training checkpoints only */
  RNNC_DTYPE_I64, /* training checkpoints; num_batches_tracked: ignored */
} RnncDType;

#define RNNC_TENSOR_MAX_RANK 8

/* A tensor inside a mapped file, or one to be written. */
typedef struct {
  const char *name;
  RnncDType dtype;
  guint rank;
  gsize shape[RNNC_TENSOR_MAX_RANK];
  gconstpointer data;
  gsize n_bytes;
} RnncTensor;

typedef struct _RnncSafetensors RnncSafetensors;

/**
 * rnnc_safetensors_open:
 *
 * Maps a regular file and checks its header: lengths, overlaps, ranges, dtypes,
 * duplicate names.
 *
 * Returns: (transfer full): the file, or %NULL with @error naming @path, the
 *   tensor and the reason
 */
RnncSafetensors *rnnc_safetensors_open (const char *path, GError **error);
void rnnc_safetensors_free (RnncSafetensors *file);

/* The string under __metadata__.@key, or %NULL; owned by @file. */
const char *rnnc_safetensors_metadata (RnncSafetensors *file, const char *key);

/* (nullable): owned by @file. */
const RnncTensor *
rnnc_safetensors_lookup (RnncSafetensors *file, const char *name);
guint rnnc_safetensors_n_tensors (RnncSafetensors *file);
/* In file order. */
const RnncTensor *rnnc_safetensors_tensor (RnncSafetensors *file, guint index);

/**
 * rnnc_safetensors_read_f32:
 * @shape: (array length=rank): what the caller needs
 *
 * Decodes a tensor of any storage type to f32 and refuses other shapes, NaN,
 * infinities and int8 without its scales.
 *
 * Returns: (transfer full): the numbers (g_free), or %NULL with @error set
 */
float *rnnc_safetensors_read_f32 (RnncSafetensors *file, const char *name,
    const gsize *shape, guint rank, GError **error);

/**
 * rnnc_safetensors_read_i8:
 * @scales: (out) (transfer full): [rows]
 *
 * Of a tensor that rnnc_safetensors_read_f32() has found good.
 *
 * Returns: (transfer full) (nullable): its bytes as they are stored (g_free),
 *   or %NULL where it is no matrix of int8 from -127 to 127
 */
gint8 *rnnc_safetensors_read_i8 (RnncSafetensors *file, const char *name,
    float **scales);

/**
 * rnnc_safetensors_encode:
 * @values: [rows, columns]
 * @dtype: any but F64 and I64
 * @scales: (out) (nullable): where @dtype is I8: [rows], transfer full, f32 in
 *   the file's byte order; else %NULL
 *
 * Rounds to nearest, ties to even. I8: a row's scale is its largest magnitude
 * / 127, at least FLT_MIN, so that no number moves by more than half a scale.
 *
 * Returns: (transfer full) (nullable): a tensor's data in the file's byte
 *   order, or %NULL where @values hold a NaN, an infinity or what would round
 *   to one
 */
gpointer rnnc_safetensors_encode (const float *values, RnncDType dtype,
    gsize rows, gsize columns, guint32 **scales);

/**
 * rnnc_safetensors_write:
 * @metadata_key: (nullable): key of one string in __metadata__
 * @metadata: (nullable): its value
 *
 * Writes aside, syncs, then renames: @path holds the old file or the whole new
 * one, whenever the machine stops.
 */
gboolean rnnc_safetensors_write (const char *path, const RnncTensor *tensors,
    guint n_tensors, const char *metadata_key, const char *metadata,
    GError **error);

G_END_DECLS
