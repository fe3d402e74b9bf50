/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Elman 1990: h' = act (W x + U h + b). */
#include "rnncore/train/layers/cell.h"
#include "rnncore/train/vector-math.h"

RNNC_CLONES static void
tanh_row (gsize n, real *restrict gates, real *restrict h)
{
  for (gsize j = 0; j < n; j++)
    h[j] = gates[j] = rnnc_tanh (gates[j]);
}

RNNC_CLONES static void
tanh_backward_row (gsize n, real *restrict gates, const real *restrict dy,
    const real *restrict dh)
{
  for (gsize j = 0; j < n; j++)
    gates[j] = (dy[j] + dh[j]) * (1 - gates[j] * gates[j]);
}

RNNC_CLONES static void
relu_row (gsize n, real *restrict gates, real *restrict h)
{
  for (gsize j = 0; j < n; j++)
    h[j] = gates[j] = gates[j] < 0 ? 0 : gates[j];
}

RNNC_CLONES static void
relu_backward_row (gsize n, real *restrict gates, const real *restrict dy,
    const real *restrict dh)
{
  for (gsize j = 0; j < n; j++)
    gates[j] = gates[j] > 0 ? dy[j] + dh[j] : 0;
}

void
rnnc_elman_forward (const RnncCellStep *s, RnncActivation activation)
{
  gsize n = s->hidden;
  for (gsize r = 0; r < s->n_rows; r++) {
    if (activation == RNNC_ACTIVATION_RELU)
      relu_row (n, s->gates + r * n, s->h + r * s->ld);
    else
      tanh_row (n, s->gates + r * n, s->h + r * s->ld);
  }
}

void
rnnc_elman_backward (const RnncCellStep *s, RnncActivation activation)
{
  gsize n = s->hidden;
  for (gsize r = 0; r < s->n_rows; r++) {
    real *gates = s->gates + r * n;
    const real *dy = s->dy + r * s->ld, *dh = s->dh + r * n;
    if (activation == RNNC_ACTIVATION_RELU)
      relu_backward_row (n, gates, dy, dh);
    else
      tanh_backward_row (n, gates, dy, dh);
  }
}
