/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000:
 * c' = f c + i g, h' = o tanh (c'). Gates i f g o. */
#include "rnncore/train/layers/cell.h"
#include "rnncore/train/vector-math.h"

RNNC_CLONES static void
forward_row (gsize n, real *restrict gates, const real *restrict previous_c,
    real *restrict c, real *restrict h)
{
  for (gsize j = 0; j < n; j++) {
    real i = rnnc_sigmoid (gates[j]);
    real f = rnnc_sigmoid (gates[n + j]);
    real g = rnnc_tanh (gates[2 * n + j]);
    real o = rnnc_sigmoid (gates[3 * n + j]);
    real state = i * g + (previous_c ? f * previous_c[j] : 0);
    gates[j] = i;
    gates[n + j] = f;
    gates[2 * n + j] = g;
    gates[3 * n + j] = o;
    c[j] = state;
    h[j] = o * rnnc_tanh (state);
  }
}

RNNC_CLONES static void
backward_row (gsize n, real *restrict gates, const real *restrict previous_c,
    const real *restrict c, const real *restrict dy, const real *restrict dh,
    real *restrict dc)
{
  for (gsize j = 0; j < n; j++) {
    real i = gates[j], f = gates[n + j];
    real g = gates[2 * n + j], o = gates[3 * n + j];
    real tanh_c = rnnc_tanh (c[j]);
    real d_h = dy[j] + dh[j];
    real d_c = dc[j] + d_h * o * (1 - tanh_c * tanh_c);
    gates[j] = d_c * g * i * (1 - i);
    gates[n + j] = previous_c ? d_c * previous_c[j] * f * (1 - f) : 0;
    gates[2 * n + j] = d_c * i * (1 - g * g);
    gates[3 * n + j] = d_h * tanh_c * o * (1 - o);
    dc[j] = d_c * f;
  }
}

void
rnnc_lstm_forward (const RnncCellStep *s)
{
  gsize n = s->hidden;
  for (gsize r = 0; r < s->n_rows; r++)
    forward_row (n, s->gates + r * 4 * n,
        r < s->n_previous ? s->previous_c + r * n : NULL, s->c + r * n,
        s->h + r * s->ld);
}

void
rnnc_lstm_backward (const RnncCellStep *s)
{
  gsize n = s->hidden;
  for (gsize r = 0; r < s->n_rows; r++)
    backward_row (n, s->gates + r * 4 * n,
        r < s->n_previous ? s->previous_c + r * n : NULL, s->c + r * n,
        s->dy + r * s->ld, s->dh + r * n, s->dc + r * n);
}
