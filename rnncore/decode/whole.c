/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/whole.h"

#include <string.h>

#include "rnncore/model/model-private.h"

/* Output frames that the network sees to each side of an utterance. */
#define CONTEXT 25

struct _RnncWhole {
  RnncModel *model;
  RnncLogMel *mel;
  gsize n_mels;
  guint stride;
  guint64 first;   /* number of features[0], a multiple of the stride */
  gsize n;         /* input frames kept */
  gsize capacity;  /* of them */
  float *features; /* [capacity, n_mels] */
  float *outputs;
  float *work;
};

RnncWhole *
rnnc_whole_new (RnncModel *model, guint n_outputs)
{
  RnncWhole *whole = g_new0 (RnncWhole, 1);
  const RnncLogMelConfig *config = &rnnc_model_frontend (model)->log_mel;
  gsize work;

  whole->model = rnnc_model_ref (model);
  whole->mel = rnnc_log_mel_new (config);
  whole->n_mels = config->mels;
  whole->stride = rnnc_model_stride (model);
  /* Outputs lag behind; twice the room, for moving to be rare. */
  whole->capacity = 2
      * (((gsize) n_outputs + 3 * CONTEXT) * whole->stride
          + rnnc_model_look_ahead (model));
  whole->features = g_new0 (float, whole->capacity * whole->n_mels);
  whole->outputs = g_new0 (float,
      rnnc_model_output_frames (model, whole->capacity / 2)
          * rnnc_model_output_size (model));
  work = rnnc_model_range_work (model, 0, model->n_layers, whole->capacity / 2);
  whole->work = g_aligned_alloc0 (MAX (work, 1), sizeof (float), 64);
  return whole;
}

void
rnnc_whole_free (RnncWhole *whole)
{
  if (whole == NULL)
    return;
  rnnc_log_mel_free (whole->mel);
  rnnc_model_unref (whole->model);
  g_free (whole->features);
  g_free (whole->outputs);
  g_aligned_free (whole->work);
  g_free (whole);
}

void
rnnc_whole_reset (RnncWhole *whole)
{
  rnnc_log_mel_reset (whole->mel);
  whole->first = 0;
  whole->n = 0;
}

/* Forgets what lies far before output frame @from. */
static void
make_room (RnncWhole *whole, gsize n_frames, guint64 from)
{
  guint64 needed = (from > CONTEXT ? from - CONTEXT : 0) * whole->stride;
  gsize n_gone;

  if (whole->n + n_frames <= whole->capacity)
    return;
  n_gone = (gsize) CLAMP (needed, whole->first, whole->first + whole->n)
      - (gsize) whole->first;
  g_assert (whole->n - n_gone + n_frames <= whole->capacity);
  memmove (whole->features, whole->features + n_gone * whole->n_mels,
      (whole->n - n_gone) * whole->n_mels * sizeof (float));
  whole->first += n_gone;
  whole->n -= n_gone;
}

/* The newest @n_frames go on to the stream. */
static void
push_frames (RnncWhole *whole, RnncStream *stream, gsize n_frames)
{
  const float *frames = whole->features + whole->n * whole->n_mels;

  whole->n += n_frames;
  rnnc_stream_push_features (stream, frames, n_frames);
}

void
rnnc_whole_push (RnncWhole *whole, RnncStream *stream, const float *samples,
    gsize n_samples, guint64 from)
{
  make_room (whole, rnnc_log_mel_pending (whole->mel, n_samples), from);
  push_frames (whole, stream,
      rnnc_log_mel_push (whole->mel, samples, n_samples,
          whole->features + whole->n * whole->n_mels));
}

void
rnnc_whole_flush (RnncWhole *whole, RnncStream *stream, guint64 from)
{
  make_room (whole, 1, from);
  push_frames (whole, stream,
      rnnc_log_mel_flush (whole->mel,
          whole->features + whole->n * whole->n_mels));
  rnnc_stream_flush (stream);
}

float *
rnnc_whole_run (RnncWhole *whole, guint64 from, guint64 to, guint *n_frames)
{
  guint64 first
      = MAX (whole->first / whole->stride, from > CONTEXT ? from - CONTEXT : 0);
  gsize skipped = (gsize) (first * whole->stride - whole->first);
  gsize n = MIN (whole->n - skipped,
      (gsize) (to + CONTEXT - first) * whole->stride);
  gsize n_outputs;

  n = MIN (n, whole->capacity / 2);
  n_outputs = n == 0
      ? 0
      : rnnc_model_forward_range (whole->model, 0, whole->model->n_layers,
          whole->features + skipped * whole->n_mels, n, whole->outputs,
          whole->work);
  to = MIN (to, first + n_outputs);
  *n_frames = to > from ? (guint) (to - from) : 0;
  return whole->outputs
      + (from - first) * rnnc_model_output_size (whole->model);
}
