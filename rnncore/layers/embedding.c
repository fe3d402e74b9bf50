/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Rows of a table, by number. */
#include <string.h>

#include "rnncore/layers/layer.h"

static gboolean
embedding_load (RnncLayer *layer, const RnncTensorSource *source,
    GError **error)
{
  const RnncEmbeddingParams *embedding = &layer->spec->params.embedding;
  const gsize shape[] = { embedding->entries, embedding->units };

  layer->weights = rnnc_layer_read (layer, source, "weight", shape, 2, error);
  return layer->weights != NULL;
}

static void
embedding_clear (RnncLayer *layer)
{
  g_free (layer->weights);
}

/* NaN is entry 0. */
static gsize
get_entry (float number, guint n_entries)
{
  if (!(number > 0))
    return 0;
  return number >= n_entries - 1 ? n_entries - 1 : (gsize) (number + 0.5f);
}

static gsize
embedding_forward (const RnncLayer *layer, const float *in, gsize n_frames,
    float *out, void *work)
{
  const RnncEmbeddingParams *embedding = &layer->spec->params.embedding;
  const float *table = layer->weights;
  gsize n = n_frames * rnnc_layer_inputs (layer);

  for (gsize i = 0; i < n; i++) {
    gsize entry = get_entry (in[i], embedding->entries);

    memcpy (out, table + entry * embedding->units,
        embedding->units * sizeof *out);
    out += embedding->units;
  }
  return n_frames;
}

const RnncLayerClass rnnc_embedding_class = {
  .load = embedding_load,
  .clear = embedding_clear,
  .forward = embedding_forward,
};
