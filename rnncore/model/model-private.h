/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What decoders and streams see of a model. */
#pragma once

#include "rnncore/layers/layer.h"
#include "rnncore/model/description.h"
#include "rnncore/model/plan.h"
#include "rnncore/rnnc-model.h"
#include "rnncore/rnnc-stream.h"

G_BEGIN_DECLS

struct _RnncModel {
  gatomicrefcount ref_count;
  char *path;
  char *json;
  RnncDescription *description;
  guint n_layers;
  RnncLayer **layers; /* runtime layers, weights packed; one a spec */
  RnncPlan plan;
  gsize *stored_bytes; /* [n_layers]: of its tensors in the file */
  GSList *gatherings;  /* RnncGathering: of its streams; see gathering.c */
};

/* Where the network can be cut in two, before the first layer whose outputs
 * depend on state over all time or on the whole clip (recurrent, mean, last):
 * its index, or less where other layers lead past it; n_layers if there is
 * none. */
guint rnnc_model_first_recurrent (RnncModel *model);

/* Of one stream; a model that needs more is refused. */
#define RNNC_MAX_STREAM_BYTES ((gsize) 1 << 30)

/* rnnc_model_forward_batch(): sequences that go through the layers together, at
 * most, and the memory that they may take (one alone takes what it needs): as
 * much as glibc gives without fresh pages each time. */
#define RNNC_BATCH_SEQUENCES 64
#define RNNC_BATCH_BYTES ((gsize) 30 << 20)
/* Where not all fit, a multiple of this goes together: kernels have tiles of
 * six and four rows. */
#define RNNC_BATCH_MULTIPLE 4

/* Of the weights of one model as they are computed with. */
#define RNNC_MAX_WEIGHT_BYTES ((gsize) 4 << 30)

/* Bytes of a stream's arena; over the limit where it would be too large. */
gsize rnnc_model_stream_size (RnncModel *model);

/* Layers first..last-1 alone; @first is 0 or a place to cut. */
RnncStream *rnnc_stream_new_range (RnncModel *model, guint first, guint last,
    RnncOutputFunc func, gpointer user_data);

/* As rnnc_stream_reset_core(), but one-way cores hear their last
 * RNNC_REPLAY_FRAMES again: what began shortly before is not cut. Nothing is
 * put out for them a second time. Takes as long as those frames took. */
void rnnc_stream_replay_core (RnncStream *stream);

/* Layers first..last-1 on a whole sequence; @work from
 * rnnc_model_range_work(). Allocates nothing. */
gsize rnnc_model_range_work (RnncModel *model, guint first, guint last,
    gsize n_frames);
gsize rnnc_model_forward_range (RnncModel *model, guint first, guint last,
    const float *input, gsize n_frames, float *output, float *work);

G_END_DECLS
