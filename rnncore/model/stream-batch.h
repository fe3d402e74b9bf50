/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rnncore/model/stream-private.h"
#include "rnncore/rnnc-stream-batch.h"

G_BEGIN_DECLS

/* As rnnc_stream_run() of @n streams, at most the batch's capacity, each with
 * input; results come into the streams' own memory. Allocates nothing. */
void rnnc_stream_batch_run (RnncStreamBatch *batch, RnncStream *const *streams,
    guint n);

G_END_DECLS
