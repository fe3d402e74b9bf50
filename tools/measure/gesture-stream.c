/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/measure/gesture-stream.h"

#include "tools/common/interrupt.h"
#include "tools/common/random.h"
#include "tools/measure/recognise.h"
#include "tools/media/media.h"

enum { DRAW_ORDER = 0x6f726465 };

struct _GestureStream {
  RnncModel *model;
  RnncSpotter *spotter;
  GArray *events;
  double *processor; /* while a recording is added */
  guint64 offset;    /* ns, of the recording that is added */
  guint64 first, last;
  guint n_pictures;
};

static void
take_event (const RnncGesture *gesture, gpointer user_data)
{
  GestureStream *stream = user_data;

  events_add (stream->events, rnnc_model_label (stream->model, gesture->label),
      (double) gesture->start / 1e9, (double) gesture->end / 1e9);
}

GestureStream *
gesture_stream_new (RnncModel *model, const RnncSpotterOptions *options,
    GError **error)
{
  g_autoptr (GestureStream) stream = g_new0 (GestureStream, 1);

  stream->model = rnnc_model_ref (model);
  stream->events = events_new ();
  stream->spotter
      = rnnc_spotter_new (model, options, take_event, stream, error);
  return stream->spotter != NULL ? g_steal_pointer (&stream) : NULL;
}

void
gesture_stream_free (GestureStream *stream)
{
  if (stream == NULL)
    return;
  g_clear_pointer (&stream->spotter, rnnc_spotter_free);
  g_array_unref (stream->events);
  rnnc_model_unref (stream->model);
  g_free (stream);
}

static gboolean
push_picture (const RnncVideoFrame *frame, guint64 timestamp,
    gpointer user_data, GError **error)
{
  GestureStream *stream = user_data;
  double began = processor_seconds ();

  if (stream->n_pictures++ == 0)
    stream->first = timestamp;
  stream->last = timestamp;
  rnnc_spotter_push (stream->spotter, frame,
      stream->offset + (timestamp - stream->first));
  *stream->processor += processor_seconds () - began;
  return interrupt_check (error);
}

gboolean
gesture_stream_add (GestureStream *stream, const char *path, double *start,
    double *end, double *processor, GError **error)
{
  guint64 length;

  stream->processor = processor;
  stream->n_pictures = 0;
  if (!media_decode_video (path, push_picture, stream, error))
    return FALSE;
  length = stream->last - stream->first;
  *start = (double) stream->offset / 1e9;
  *end = (double) (stream->offset + length) / 1e9;
  stream->offset += length
      + (stream->n_pictures > 1 ? length / (stream->n_pictures - 1) : 0);
  return TRUE;
}

const GArray *
gesture_stream_finish (GestureStream *stream)
{
  rnnc_spotter_flush (stream->spotter);
  return stream->events;
}

/* --- clips ---------------------------------------------------------------- */

static gboolean
add_clip (GestureStream *stream, const GestureClip *clip, GArray *reference,
    double *seconds, double *processor, GError **error)
{
  double start, end;

  if (!gesture_stream_add (stream, clip->path, &start, &end, processor, error))
    return FALSE;
  if (clip->label != NULL)
    events_add (reference, clip->label, start, end);
  *seconds = end;
  return TRUE;
}

gboolean
gesture_stream_score (RnncModel *model, const RnncSpotterOptions *options,
    const GArray *clips, const GArray *pauses, const char *group,
    EventScore *score, double *seconds, double *processor, GError **error)
{
  g_autoptr (GestureStream) stream = gesture_stream_new (model, options, error);
  g_autoptr (GArray) reference = events_new ();
  g_autofree guint *order = g_new (guint, clips->len + 1);
  guint n = clips->len > 0 ? clips->len : pauses->len;
  Random random = random_for (1, DRAW_ORDER, 0);

  if (stream == NULL)
    return FALSE;
  for (guint i = 0; i < clips->len; i++)
    order[i] = i;
  random_shuffle (&random, order, clips->len);
  for (guint i = 0; i < n; i++) {
    if (clips->len > 0
        && !add_clip (stream, &g_array_index (clips, GestureClip, order[i]),
            reference, seconds, processor, error))
      return FALSE;
    if (pauses->len > 0
        && !add_clip (stream,
            &g_array_index (pauses, GestureClip, i % pauses->len), reference,
            seconds, processor, error))
      return FALSE;
  }
  event_score_add (score, group, reference, gesture_stream_finish (stream),
      *seconds);
  return TRUE;
}
