/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/train/packing.h"

void
rnnc_packing_set (RnncPacking *packing, guint n_sequences, const guint *lengths)
{
  guint n_steps = n_sequences > 0 ? lengths[0] : 0;
  gsize n_bytes = n_steps * (sizeof (gsize) + sizeof (guint))
      + n_sequences * sizeof (guint);
  packing->offsets = rnnc_buffer_bytes (&packing->memory, n_bytes + 1);
  packing->counts = (guint *) (packing->offsets + n_steps);
  packing->lengths = packing->counts + n_steps;
  packing->n_sequences = n_sequences;
  packing->n_steps = n_steps;
  if (n_sequences > 0)
    memcpy (packing->lengths, lengths, n_sequences * sizeof (guint));

  guint count = n_sequences;
  gsize offset = 0;
  for (guint t = 0; t < n_steps; t++) {
    while (count > 0 && lengths[count - 1] <= t)
      count--;
    packing->counts[t] = count;
    packing->offsets[t] = offset;
    offset += count;
  }
  packing->n_rows = offset;
}

void
rnnc_packing_clear (RnncPacking *packing)
{
  rnnc_buffer_clear (&packing->memory);
}
