/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a worker's sequences lie in memory: sorted by length, the longest first,
 * and step after step without padding, as PyTorch's PackedSequence. Step t
 * holds rows offsets[t] … offsets[t] + counts[t] - 1, row b of it belonging to
 * sequence b. Padding is gone, so it can change nothing. */
#pragma once

#include "rnncore/train/real.h"

G_BEGIN_DECLS

typedef struct {
  guint n_sequences;
  guint n_steps;
  gsize n_rows;
  guint *lengths; /* [n_sequences], not increasing, >= 1 */
  guint *counts;  /* [n_steps], not increasing */
  gsize *offsets; /* [n_steps] */
  RnncBuffer memory;
} RnncPacking;

/* @lengths: not increasing, each >= 1; copied. */
void rnnc_packing_set (RnncPacking *packing, guint n_sequences,
    const guint *lengths);
void rnnc_packing_clear (RnncPacking *packing);

static inline gsize
rnnc_packing_row (const RnncPacking *packing, guint step, guint sequence)
{
  return packing->offsets[step] + sequence;
}

G_END_DECLS
