/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libavutil/opt.h>
#include <libswresample/swresample.h>

#include "tools/media/decoder.h"
#include "tools/media/media.h"

#define BLOCK 4096 /* samples handed out at a time */

/* Timestamps of lossy containers jitter; only more than this is a hole. */
#define MIN_HOLE_MS 40
#define MAX_HOLE_S 3600
/* Times of damaged files: no more silence than this in all, and none for times
 * so far behind the end that the file itself tells. */
#define MAX_SILENCE_S 86400
#define MAX_OVERRUN_S 60

typedef struct {
  Decoder decoder;
  guint rate;
  SwrContext *resampler;
  gboolean sought;        /* decoding began inside the file */
  AVChannelLayout layout; /* what @resampler was made for */
  int in_rate;
  int in_format;
  guint64 n_in;  /* input samples since @origin, at in_rate */
  gint64 origin; /* ns; time of input sample 0 */
  guint64 n_out; /* samples since the file's start, at @rate */
  guint64 first; /* what is handed out: samples, as @n_out */
  guint64 end;
  gboolean any;   /* was handed out */
  gint64 silence; /* ns that were put in */
  float block[BLOCK];
  MediaAudioFunc func;
  gpointer user_data;
} AudioDecoder;

static gboolean
give (AudioDecoder *audio, const float *samples, gsize n, GError **error)
{
  guint64 begin = MAX (audio->n_out, audio->first);
  guint64 end = MIN (audio->n_out + n, audio->end);
  guint64 skipped = begin - audio->n_out;

  audio->n_out += n;
  if (begin >= end)
    return TRUE;
  audio->any = TRUE;
  return audio->func (samples + skipped, end - begin, audio->user_data, error);
}

static gboolean
give_silence (AudioDecoder *audio, guint64 n, GError **error)
{
  memset (audio->block, 0, sizeof audio->block);
  while (n > 0) {
    gsize now = MIN (n, BLOCK);

    if (!give (audio, audio->block, now, error))
      return FALSE;
    n -= now;
  }
  return TRUE;
}

/* @data: NULL drains what the resampler holds back. */
static gboolean
resample (AudioDecoder *audio, const guint8 **data, int n, GError **error)
{
  int code;

  do {
    guint8 *out = (guint8 *) audio->block;

    code = swr_convert (audio->resampler, &out, BLOCK, data, n);
    if (code < 0)
      return decoder_fail (audio->decoder.path, "resample it", code, error);
    if (!give (audio, audio->block, code, error))
      return FALSE;
    if (data != NULL) {
      static const guint8 *nothing[AV_NUM_DATA_POINTERS];

      data = nothing;
      n = 0;
    }
  } while (code == BLOCK);
  return TRUE;
}

static gboolean
drain (AudioDecoder *audio, GError **error)
{
  gboolean ok = audio->resampler == NULL || resample (audio, NULL, 0, error);

  swr_free (&audio->resampler);
  return ok;
}

/* As GStreamer mixes: the mean of the channels, never louder than each. And it
 * filters as audioresample does (libswresample's own filter is 10 to 40 dB away
 * from it above 7.5 of 8 kHz), so that elements and command hear the same. */
static gboolean
make_resampler (AudioDecoder *audio, const AVFrame *frame, GError **error)
{
  AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
  AVChannelLayout layout = { 0 };
  int code;

  if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
    av_channel_layout_default (&layout, frame->ch_layout.nb_channels);
  else
    av_channel_layout_copy (&layout, &frame->ch_layout);
  code = swr_alloc_set_opts2 (&audio->resampler, &mono, AV_SAMPLE_FMT_FLT,
      (int) audio->rate, &layout, frame->format, frame->sample_rate, 0, NULL);
  av_channel_layout_uninit (&layout);
  if (code >= 0)
    code = av_opt_set_double (audio->resampler, "rematrix_maxval", 1.0, 0);
  if (code >= 0)
    code = av_opt_set_int (audio->resampler, "filter_size", 64, 0);
  if (code >= 0)
    code = av_opt_set_double (audio->resampler, "cutoff", 0.923, 0);
  if (code >= 0)
    code = swr_init (audio->resampler);
  if (code < 0)
    return decoder_fail (audio->decoder.path, "resample it", code, error);
  av_channel_layout_copy (&audio->layout, &frame->ch_layout);
  audio->in_rate = frame->sample_rate;
  audio->in_format = frame->format;
  return TRUE;
}

static gboolean
is_same_format (const AudioDecoder *audio, const AVFrame *frame)
{
  return audio->resampler != NULL && audio->in_rate == frame->sample_rate
      && audio->in_format == frame->format
      && av_channel_layout_compare (&audio->layout, &frame->ch_layout) == 0;
}

static gboolean
is_credible (const AudioDecoder *audio, gint64 time)
{
  gint64 duration = audio->decoder.format->duration;

  return time != AV_NOPTS_VALUE
      && (duration <= 0 || time / 1000 <= duration + MAX_OVERRUN_S * 1000000LL)
      && audio->silence < MAX_SILENCE_S * 1000000000LL;
}

/* Where @time lies behind what was decoded so far, silence is put in between.
 */
static gboolean
fill_hole (AudioDecoder *audio, gint64 time, GError **error)
{
  gint64 now = audio->origin
      + (audio->in_rate == 0
              ? 0
              : av_rescale (audio->n_in, 1000000000, audio->in_rate));
  gint64 hole;
  gint64 due;

  if (!is_credible (audio, time))
    return TRUE;
  hole = time - now;
  if (hole < MIN_HOLE_MS * 1000000LL)
    return TRUE;
  if (!drain (audio, error))
    return FALSE;
  hole = MIN (hole, MAX_HOLE_S * 1000000000LL);
  audio->silence += hole;
  audio->origin = now + hole;
  audio->n_in = 0;
  due = av_rescale (audio->origin, audio->rate, 1000000000);
  return due <= (gint64) audio->n_out
      || give_silence (audio, due - audio->n_out, error);
}

/* The first frame after a seek. */
static void
start_inside (AudioDecoder *audio)
{
  audio->origin = MAX (decoder_time (&audio->decoder), 0);
  audio->n_out = (guint64) av_rescale (audio->origin, audio->rate, 1000000000);
}

static gboolean
decode_frame (AudioDecoder *audio, GError **error)
{
  const AVFrame *frame = audio->decoder.frame;

  if (frame->sample_rate <= 0 || frame->nb_samples <= 0)
    return TRUE;
  if (audio->in_rate == 0 && audio->sought)
    start_inside (audio);
  if (!fill_hole (audio, decoder_time (&audio->decoder), error))
    return FALSE;
  if (!is_same_format (audio, frame)) {
    if (audio->in_rate > 0)
      audio->origin += av_rescale (audio->n_in, 1000000000, audio->in_rate);
    audio->n_in = 0;
    if (!drain (audio, error) || !make_resampler (audio, frame, error))
      return FALSE;
  }
  audio->n_in += frame->nb_samples;
  return resample (audio, (const guint8 **) frame->extended_data,
      frame->nb_samples, error);
}

static gboolean
decode_all (AudioDecoder *audio, GError **error)
{
  int more = 1;

  while (audio->n_out < audio->end
      && (more = decoder_next (&audio->decoder, error)) > 0)
    if (!decode_frame (audio, error))
      return FALSE;
  return more >= 0 && drain (audio, error);
}

gboolean
media_decode_audio_part (const char *path, guint rate, const MediaPart *part,
    MediaAudioFunc func, gpointer user_data, GError **error)
{
  g_autofree AudioDecoder *audio = g_new0 (AudioDecoder, 1);
  gboolean ok;

  audio->rate = rate;
  audio->func = func;
  audio->user_data = user_data;
  audio->end = G_MAXUINT64;
  if (!decoder_open (&audio->decoder, path, AVMEDIA_TYPE_AUDIO, part, error))
    return FALSE;
  audio->sought = audio->decoder.sought;
  if (part != NULL)
    audio->first = (guint64) av_rescale ((gint64) part->from, rate, 1000000000);
  if (part != NULL && part->to > 0)
    audio->end = (guint64) av_rescale ((gint64) part->to, rate, 1000000000);
  ok = decode_all (audio, error);
  if (ok && !audio->any) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT,
        "%s: it holds no audio%s that can be decoded", path,
        audio->first > 0 || audio->end < G_MAXUINT64 ? " of that time" : "");
    ok = FALSE;
  }
  swr_free (&audio->resampler);
  av_channel_layout_uninit (&audio->layout);
  decoder_close (&audio->decoder);
  return ok;
}

gboolean
media_decode_audio (const char *path, guint rate, MediaAudioFunc func,
    gpointer user_data, GError **error)
{
  return media_decode_audio_part (path, rate, NULL, func, user_data, error);
}

static gboolean
append_samples (const float *samples, gsize n_samples, gpointer user_data,
    GError **error)
{
  GArray *array = user_data;

  if (array->len + n_samples > G_MAXINT / sizeof (float)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "it is too long to be held in memory");
    return FALSE;
  }
  g_array_append_vals (array, samples, (guint) n_samples);
  return TRUE;
}

GArray *
media_load_audio (const char *path, guint rate, GError **error)
{
  g_autoptr (GArray) samples = g_array_new (FALSE, FALSE, sizeof (float));

  if (!media_decode_audio (path, rate, append_samples, samples, error))
    return NULL;
  return g_steal_pointer (&samples);
}
