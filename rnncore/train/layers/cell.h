/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a recurrent cell does at one step for all rows, between the matrix
 * products. G gates of H units. */
#pragma once

#include "rnncore/layers/layer-spec.h"
#include "rnncore/train/real.h"

G_BEGIN_DECLS

/* Rows of one step. Previous states exist for the first n_previous rows, the
 * others start from zero. */
typedef struct {
  gsize n_rows;
  gsize n_previous;
  gsize hidden;
  gsize ld;    /* row length of h and previous_h */
  real *gates; /* [n_rows, G*H]: W x + U h + b in, activated gates out; after
                  backward the gradient of what went in */
  real *hidden_part;      /* GRU: [n_rows, G*H]: U h + c; after backward its
                             gradient */
  const real *previous_h; /* [n_previous, ld] */
  const real *previous_c; /* LSTM: [n_previous, H] */
  real *h;                /* [n_rows, ld] */
  real *c;                /* LSTM: [n_rows, H] */
  /* backward */
  const real *dy;  /* [n_rows, ld] */
  const real *dh;  /* [n_rows, H]: from the step behind */
  real *dc;        /* LSTM: [n_rows, H], from the step behind; then for the
                      step before */
  real *dh_direct; /* GRU: [n_rows, H]: dh through z, past the matrix */
} RnncCellStep;

void rnnc_lstm_forward (const RnncCellStep *step);
void rnnc_lstm_backward (const RnncCellStep *step);
void rnnc_gru_forward (const RnncCellStep *step);
void rnnc_gru_backward (const RnncCellStep *step);
void rnnc_elman_forward (const RnncCellStep *step, RnncActivation activation);
void rnnc_elman_backward (const RnncCellStep *step, RnncActivation activation);

G_END_DECLS
