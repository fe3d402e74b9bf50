/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Cho et al. 2014 in PyTorch's form, the reset gate behind the matrix:
 * n = tanh (W x + b + r (U h + c)), h' = (1 - z) n + z h. Gates r z n. */
#include "rnncore/train/layers/cell.h"
#include "rnncore/train/vector-math.h"

RNNC_CLONES static void
forward_row (gsize n, real *restrict gates, const real *restrict part,
    const real *restrict previous_h, real *restrict h)
{
  for (gsize j = 0; j < n; j++) {
    real r = rnnc_sigmoid (gates[j] + part[j]);
    real z = rnnc_sigmoid (gates[n + j] + part[n + j]);
    real candidate = rnnc_tanh (gates[2 * n + j] + r * part[2 * n + j]);
    gates[j] = r;
    gates[n + j] = z;
    gates[2 * n + j] = candidate;
    h[j] = (1 - z) * candidate + (previous_h ? z * previous_h[j] : 0);
  }
}

RNNC_CLONES static void
backward_row (gsize n, real *restrict gates, real *restrict part,
    const real *restrict previous_h, const real *restrict dy,
    const real *restrict dh, real *restrict dh_direct)
{
  for (gsize j = 0; j < n; j++) {
    real r = gates[j], z = gates[n + j], candidate = gates[2 * n + j];
    real before = previous_h ? previous_h[j] : 0;
    real d_h = dy[j] + dh[j];
    real d_n = d_h * (1 - z) * (1 - candidate * candidate);
    real d_r = d_n * part[2 * n + j] * r * (1 - r);
    real d_z = d_h * (before - candidate) * z * (1 - z);
    gates[j] = part[j] = d_r;
    gates[n + j] = part[n + j] = d_z;
    gates[2 * n + j] = d_n;
    part[2 * n + j] = d_n * r;
    dh_direct[j] = d_h * z;
  }
}

void
rnnc_gru_forward (const RnncCellStep *s)
{
  gsize n = s->hidden;
  for (gsize r = 0; r < s->n_rows; r++)
    forward_row (n, s->gates + r * 3 * n, s->hidden_part + r * 3 * n,
        r < s->n_previous ? s->previous_h + r * s->ld : NULL, s->h + r * s->ld);
}

void
rnnc_gru_backward (const RnncCellStep *s)
{
  gsize n = s->hidden;
  for (gsize r = 0; r < s->n_rows; r++)
    backward_row (n, s->gates + r * 3 * n, s->hidden_part + r * 3 * n,
        r < s->n_previous ? s->previous_h + r * s->ld : NULL, s->dy + r * s->ld,
        s->dh + r * n, s->dh_direct + r * n);
}
