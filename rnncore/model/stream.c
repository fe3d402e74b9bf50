/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A running input: frames go through the layers a few at a time, between two
 * buffers, with each layer's memory of time in one arena. */
#include <string.h>

#include "rnncore/model/model-private.h"

/* Frames that go through the layers at once: enough for a matrix product to
 * pay, few enough to stay in the cache. */
#define MAX_CHUNK_FRAMES 16
#define MAX_CHUNK_FLOATS (1 << 18)

struct _RnncStream {
  RnncModel *model;
  guint first, last; /* layers first..last-1 */
  RnncOutputFunc func;
  gpointer user_data;

  RnncLogMel *mel;
  RnncVideo *video;
  gsize mel_block; /* samples that yield at most chunk frames */

  void *arena;
  gsize arena_size;
  gsize chunk;       /* frames */
  float *frames;     /* [chunk + 1, input]: of the front end */
  float *buffers[2];
  void **states;     /* one a layer */
  gsize *max_frames; /* frames into each layer, at most */
};

static RnncLayer *
get_layer (RnncStream *stream, guint index)
{
  return stream->model->layers[index];
}

static gsize
input_floats (RnncStream *stream)
{
  return rnnc_layer_inputs (get_layer (stream, stream->first));
}

/* --- memory --------------------------------------------------------------- */

/* Lays everything out from @base on; with %NULL it only measures. */
static gsize
lay_out (RnncStream *stream, void *base)
{
  void *at = base;
  gsize n = stream->chunk + 1;
  gsize buffer = n * input_floats (stream) * sizeof (float);

  stream->frames = rnnc_take (&at, buffer);
  stream->states = rnnc_take (&at, stream->model->n_layers * sizeof (void *));
  stream->max_frames
      = rnnc_take (&at, stream->model->n_layers * sizeof (gsize));
  for (guint i = stream->first; i < stream->last; i++) {
    RnncLayer *layer = get_layer (stream, i);
    void *state = rnnc_take (&at, rnnc_layer_state_size (layer, n));

    if (base != NULL) {
      stream->states[i] = state;
      stream->max_frames[i] = n;
    }
    n = rnnc_layer_max_output (layer, n);
    buffer = MAX (buffer, n * rnnc_layer_outputs (layer) * sizeof (float));
  }
  stream->buffers[0] = rnnc_take (&at, buffer);
  stream->buffers[1] = rnnc_take (&at, buffer);
  return (guintptr) at - (guintptr) base;
}

static void
make_front_end (RnncStream *stream)
{
  const RnncFrontendConfig *config = rnnc_model_frontend (stream->model);

  if (stream->first > 0)
    return;
  if (config->type == RNNC_FRONTEND_LOG_MEL) {
    stream->mel = rnnc_log_mel_new (&config->log_mel);
    stream->mel_block = stream->chunk * config->log_mel.hop;
  } else if (config->type == RNNC_FRONTEND_VIDEO) {
    stream->video = rnnc_video_new (&config->video);
  }
}

RnncStream *
rnnc_stream_new_range (RnncModel *model, guint first, guint last,
    RnncOutputFunc func, gpointer user_data)
{
  RnncStream *stream = g_new0 (RnncStream, 1);

  g_assert (first < last && last <= model->n_layers);
  stream->model = rnnc_model_ref (model);
  stream->first = first;
  stream->last = last;
  stream->func = func;
  stream->user_data = user_data;
  stream->chunk
      = CLAMP (MAX_CHUNK_FLOATS / input_floats (stream), 1, MAX_CHUNK_FRAMES);
  stream->arena_size = lay_out (stream, NULL);
  stream->arena = g_aligned_alloc0 (stream->arena_size, 1, 64);
  lay_out (stream, stream->arena);
  make_front_end (stream);
  rnnc_stream_reset (stream);
  return stream;
}

RnncStream *
rnnc_stream_new (RnncModel *model, RnncOutputFunc func, gpointer user_data)
{
  g_return_val_if_fail (model != NULL && func != NULL, NULL);
  return rnnc_stream_new_range (model, 0, model->n_layers, func, user_data);
}

void
rnnc_stream_free (RnncStream *stream)
{
  if (stream == NULL)
    return;
  rnnc_log_mel_free (stream->mel);
  rnnc_video_free (stream->video);
  g_aligned_free (stream->arena);
  rnnc_model_unref (stream->model);
  g_free (stream);
}

gsize
rnnc_stream_memory (RnncStream *stream)
{
  return sizeof *stream + stream->arena_size;
}

/* --- frames through the layers -------------------------------------------- */

/* From layer @index on; what comes out goes to the caller's function. */
static void
run_layers (RnncStream *stream, guint index, const float *in, gsize n_frames)
{
  for (; index < stream->last && n_frames > 0; index++) {
    RnncLayer *layer = get_layer (stream, index);
    float *out;

    if (layer->identity)
      continue;
    out = in == stream->buffers[0] ? stream->buffers[1] : stream->buffers[0];
    if (layer->klass->in_place
        && (in == stream->buffers[0] || in == stream->buffers[1]))
      out = (float *) in;
    n_frames = rnnc_layer_push (layer, stream->states[index], in, n_frames,
        out);
    in = out;
  }
  if (n_frames > 0)
    stream->func (in, n_frames, stream->user_data);
}

static void
flush_layers (RnncStream *stream)
{
  for (guint i = stream->first; i < stream->last; i++) {
    gsize n = rnnc_layer_flush (get_layer (stream, i), stream->states[i],
        stream->buffers[0]);

    if (n > 0)
      run_layers (stream, i + 1, stream->buffers[0], n);
  }
}

void
rnnc_stream_push_features (RnncStream *stream, const float *features,
    gsize n_frames)
{
  g_return_if_fail (stream != NULL);
  while (n_frames > 0) {
    gsize n = MIN (n_frames, stream->chunk);

    run_layers (stream, stream->first, features, n);
    features += n * input_floats (stream);
    n_frames -= n;
  }
}

void
rnnc_stream_push_samples (RnncStream *stream, const float *samples,
    gsize n_samples)
{
  g_return_if_fail (stream != NULL && stream->mel != NULL);
  while (n_samples > 0) {
    gsize n = MIN (n_samples, stream->mel_block);
    gsize n_frames
        = rnnc_log_mel_push (stream->mel, samples, n, stream->frames);

    run_layers (stream, stream->first, stream->frames, n_frames);
    samples += n;
    n_samples -= n;
  }
}

void
rnnc_stream_push_video (RnncStream *stream, const RnncVideoFrame *frame,
    guint64 timestamp)
{
  guint n;

  g_return_if_fail (stream != NULL && stream->video != NULL);
  n = rnnc_video_push (stream->video, frame, timestamp, stream->frames);
  for (guint i = 0; i < n; i++) {
    if (i > 0)
      rnnc_video_repeat (stream->video, stream->frames);
    run_layers (stream, stream->first, stream->frames, 1);
  }
}

void
rnnc_stream_flush (RnncStream *stream)
{
  g_return_if_fail (stream != NULL);
  if (stream->mel != NULL) {
    gsize n = rnnc_log_mel_flush (stream->mel, stream->frames);

    run_layers (stream, stream->first, stream->frames, n);
  }
  flush_layers (stream);
  rnnc_stream_reset (stream);
}

void
rnnc_stream_reset (RnncStream *stream)
{
  g_return_if_fail (stream != NULL);
  if (stream->mel != NULL)
    rnnc_log_mel_reset (stream->mel);
  if (stream->video != NULL)
    rnnc_video_reset (stream->video);
  for (guint i = stream->first; i < stream->last; i++)
    rnnc_layer_reset (get_layer (stream, i), stream->states[i],
        stream->max_frames[i]);
}

void
rnnc_stream_reset_core (RnncStream *stream)
{
  g_return_if_fail (stream != NULL);
  for (guint i = stream->first; i < stream->last; i++)
    rnnc_layer_reset_core (get_layer (stream, i), stream->states[i]);
}
