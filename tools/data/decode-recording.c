/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/data/cache.h"
#include "tools/media/media.h"

#define MAX_RECORDING_BYTES (G_GUINT64_CONSTANT (1) << 30)

typedef struct {
  const CacheFormat *format;
  GByteArray *bytes; /* samples or pictures */
  GArray *times;
  float *picture;
} Recorder;

static gboolean
check_length (const Recorder *recorder, GError **error)
{
  if (recorder->bytes->len < MAX_RECORDING_BYTES)
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
      "a recording of more than %u MiB decoded; cut it into pieces",
      (guint) (MAX_RECORDING_BYTES >> 20));
  return FALSE;
}

static gboolean
take_samples (const float *samples, gsize n_samples, gpointer user_data,
    GError **error)
{
  Recorder *recorder = user_data;
  guint at = recorder->bytes->len;
  gint16 *out;

  g_byte_array_set_size (recorder->bytes,
      at + (guint) (n_samples * sizeof (gint16)));
  out = (gint16 *) (void *) (recorder->bytes->data + at);
  for (gsize i = 0; i < n_samples; i++) {
    float value = samples[i] * 32768.0f;

    value = value > -32768.0f ? MIN (value, 32767.0f) : -32768.0f;
    out[i] = (gint16) (value < 0 ? value - 0.5f : value + 0.5f);
    if (value <= -32768.0f)
      out[i] = G_MININT16;
  }
  return check_length (recorder, error);
}

static gboolean
take_picture (const RnncVideoFrame *frame, guint64 timestamp,
    gpointer user_data, GError **error)
{
  Recorder *recorder = user_data;
  const CacheFormat *format = recorder->format;
  gsize n = (gsize) format->width * format->height * (format->colour ? 3 : 1);
  guint at = recorder->bytes->len;

  rnnc_video_reduce (frame, format->width, format->height, format->colour,
      recorder->picture);
  g_byte_array_set_size (recorder->bytes, at + (guint) n);
  for (gsize i = 0; i < n; i++)
    recorder->bytes->data[at + i]
        = (guint8) (recorder->picture[i] * 255.0f + 0.5f);
  g_array_append_val (recorder->times, timestamp);
  return check_length (recorder, error);
}

GByteArray *
decode_recording (const char *path, const CacheFormat *format, gsize *n_units,
    GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autofree float *picture = NULL;
  Recorder recorder = { format, bytes, times };

  if (!format->is_video) {
    if (!media_decode_audio (path, format->rate, take_samples, &recorder,
            error))
      return NULL;
    *n_units = bytes->len / sizeof (gint16);
    return g_steal_pointer (&bytes);
  }
  picture = recorder.picture
      = g_new (float, (gsize) format->width * format->height * 3);
  if (!media_decode_video (path, take_picture, &recorder, error))
    return NULL;
  *n_units = times->len;
  g_byte_array_prepend (bytes, (const guint8 *) times->data,
      times->len * (guint) sizeof (guint64));
  return g_steal_pointer (&bytes);
}
