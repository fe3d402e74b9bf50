/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Matrix products of numbers rounded to bfloat16 (eight bits of mantissa,
 * float's exponent), with sums in float: twice float's speed where a processor
 * has AVX512-BF16. Matrices stay in float in memory and are rounded, to
 * nearest even, while they are rearranged. */
#pragma once

#include "rnncore/train/real.h"

G_BEGIN_DECLS

/* Columns of a panel. */
#define RNNC_BFLOAT16_PANEL 32

gboolean rnnc_bfloat16_supported (void);

/* @panels: (out): op (source) [depth, n_columns] as [panels, pairs of depth,
 * RNNC_BFLOAT16_PANEL, 2], zeros behind the last column and an odd depth. */
void rnnc_bfloat16_pack (RnncBuffer *panels, gboolean transpose, gsize depth,
    gsize n_columns, const real *source, gsize ld);

/* C [n_rows, n_columns] = op (A) [n_rows, depth] times what was packed, or +=
 * with @add. @rows: memory for some of A's rows. */
void rnnc_bfloat16_multiply (const RnncBuffer *panels, RnncBuffer *rows,
    gboolean transpose, gsize n_rows, gsize n_columns, gsize depth,
    const real *a, gsize lda, gboolean add, real *c, gsize ldc);

G_END_DECLS
