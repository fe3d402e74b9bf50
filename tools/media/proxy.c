/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A small WebM copy: sound in a thread of its own, pictures in the caller's,
 * neither far ahead of the other, so that little waits in the muxer. */
#include <gio/gio.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include <string.h>

#include "tools/common/interrupt.h"
#include "tools/common/write-file.h"
#include "tools/media/decoder.h"
#include "tools/media/playable.h"

#define AUDIO_RATE 48000
#define AUDIO_FRAME 960 /* samples, 20 ms */
#define MAX_HEIGHT 480
#define MIN_PERIOD_MS 33
#define MAX_LEAD_MS 5000

enum { AUDIO, VIDEO, N_KINDS };

typedef struct {
  const char *path;
  AVFormatContext *out;
  AVCodecContext *encoders[N_KINDS];
  AVStream *streams[N_KINDS];
  GMutex lock; /* of the muxer and what follows */
  GCond moved;
  gint64 reached[N_KINDS]; /* ms; G_MAXINT64 where it has ended */
  gboolean failed;
  /* Of the sound's thread. */
  float samples[AUDIO_FRAME];
  guint n_waiting;
  gint64 n_encoded; /* samples */
  /* Of the pictures' thread. */
  struct SwsContext *scaler;
  AVFrame *picture;
  gint64 last; /* ms; of the last picture */
} Proxy;

static gboolean
fail (const Proxy *proxy, int code, GError **error)
{
  return decoder_fail (proxy->path, "make a copy for browsers", code, error);
}

/* --- encoding ------------------------------------------------------------ */

static int
write_packets (Proxy *proxy, guint kind, AVPacket *packet)
{
  AVCodecContext *encoder = proxy->encoders[kind];
  int code = 0;

  while (code >= 0 && (code = avcodec_receive_packet (encoder, packet)) >= 0) {
    packet->stream_index = proxy->streams[kind]->index;
    av_packet_rescale_ts (packet, encoder->time_base,
        proxy->streams[kind]->time_base);
    g_mutex_lock (&proxy->lock);
    code = av_interleaved_write_frame (proxy->out, packet);
    g_mutex_unlock (&proxy->lock);
  }
  return code == AVERROR (EAGAIN) || code == AVERROR_EOF ? 0 : code;
}

/* @frame: NULL drains the encoder. */
static gboolean
encode (Proxy *proxy, guint kind, const AVFrame *frame, GError **error)
{
  AVPacket *packet = av_packet_alloc ();
  int code = avcodec_send_frame (proxy->encoders[kind], frame);

  if (code >= 0)
    code = write_packets (proxy, kind, packet);
  av_packet_free (&packet);
  return code >= 0 || fail (proxy, code, error);
}

/* Says how far this kind is, and waits for the other where it is behind. */
static void
keep_pace (Proxy *proxy, guint kind, gint64 time)
{
  guint other = kind == AUDIO ? VIDEO : AUDIO;

  g_mutex_lock (&proxy->lock);
  proxy->reached[kind] = time;
  g_cond_broadcast (&proxy->moved);
  while (!proxy->failed && time != G_MAXINT64
      && proxy->reached[other] < time - MAX_LEAD_MS)
    g_cond_wait (&proxy->moved, &proxy->lock);
  g_mutex_unlock (&proxy->lock);
}

static void
give_up (Proxy *proxy)
{
  g_mutex_lock (&proxy->lock);
  proxy->failed = TRUE;
  g_cond_broadcast (&proxy->moved);
  g_mutex_unlock (&proxy->lock);
}

/* --- sound --------------------------------------------------------------- */

static gboolean
encode_samples (Proxy *proxy, GError **error)
{
  AVFrame *frame = av_frame_alloc ();
  gboolean ok;
  int code;

  frame->format = AV_SAMPLE_FMT_FLT;
  frame->sample_rate = AUDIO_RATE;
  frame->nb_samples = AUDIO_FRAME;
  av_channel_layout_default (&frame->ch_layout, 1);
  code = av_frame_get_buffer (frame, 0);
  if (code >= 0)
    memcpy (frame->data[0], proxy->samples, sizeof proxy->samples);
  frame->pts = proxy->n_encoded;
  proxy->n_encoded += AUDIO_FRAME;
  proxy->n_waiting = 0;
  ok = code >= 0 ? encode (proxy, AUDIO, frame, error)
                 : fail (proxy, code, error);
  av_frame_free (&frame);
  keep_pace (proxy, AUDIO, proxy->n_encoded * 1000 / AUDIO_RATE);
  return ok;
}

static gboolean
push_samples (const float *samples, gsize n_samples, gpointer user_data,
    GError **error)
{
  Proxy *proxy = user_data;

  while (n_samples > 0) {
    gsize n = MIN (n_samples, AUDIO_FRAME - proxy->n_waiting);

    memcpy (proxy->samples + proxy->n_waiting, samples, n * sizeof *samples);
    proxy->n_waiting += (guint) n;
    samples += n;
    n_samples -= n;
    if (proxy->n_waiting == AUDIO_FRAME && !encode_samples (proxy, error))
      return FALSE;
  }
  if (proxy->failed) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "stopped");
    return FALSE;
  }
  return interrupt_check (error);
}

static gboolean
encode_sound (Proxy *proxy, GError **error)
{
  gboolean ok = media_decode_audio (proxy->path, AUDIO_RATE, push_samples,
      proxy, error);

  if (ok && proxy->n_waiting > 0) {
    memset (proxy->samples + proxy->n_waiting, 0,
        (AUDIO_FRAME - proxy->n_waiting) * sizeof *proxy->samples);
    ok = encode_samples (proxy, error);
  }
  ok = ok && encode (proxy, AUDIO, NULL, error);
  if (!ok)
    give_up (proxy);
  keep_pace (proxy, AUDIO, G_MAXINT64);
  return ok;
}

static gpointer
run_sound (gpointer data)
{
  GError *error = NULL;

  encode_sound (data, &error);
  return error;
}

/* --- pictures ------------------------------------------------------------ */

static gboolean
encode_picture (Proxy *proxy, const AVFrame *frame, gint64 time, GError **error)
{
  AVFrame *picture = proxy->picture;
  int code;

  if (time < proxy->last + MIN_PERIOD_MS)
    return TRUE;
  proxy->scaler = sws_getCachedContext (proxy->scaler, frame->width,
      frame->height, frame->format, picture->width, picture->height,
      AV_PIX_FMT_YUV420P, SWS_BILINEAR, NULL, NULL, NULL);
  code = proxy->scaler == NULL ? AVERROR (EINVAL)
                               : av_frame_make_writable (picture);
  if (code >= 0)
    code = sws_scale (proxy->scaler, (const guint8 *const *) frame->data,
        frame->linesize, 0, frame->height, picture->data, picture->linesize);
  if (code < 0)
    return fail (proxy, code, error);
  picture->pts = proxy->last = time;
  return encode (proxy, VIDEO, picture, error);
}

static gboolean
encode_pictures (Proxy *proxy, Decoder *decoder, GError **error)
{
  int more = 1;
  gboolean ok = TRUE;

  while (ok && !proxy->failed && (more = decoder_next (decoder, error)) > 0) {
    gint64 time = decoder_time (decoder);

    time = time == AV_NOPTS_VALUE ? proxy->last : time / 1000000;
    ok = encode_picture (proxy, decoder->frame, time, error)
        && interrupt_check (error);
    keep_pace (proxy, VIDEO, time);
  }
  ok = ok && more >= 0 && encode (proxy, VIDEO, NULL, error);
  if (!ok)
    give_up (proxy);
  keep_pace (proxy, VIDEO, G_MAXINT64);
  return ok;
}

/* --- all ----------------------------------------------------------------- */

static int
add_encoder (Proxy *proxy, guint kind, const char *name, int width, int height)
{
  const AVCodec *codec = avcodec_find_encoder_by_name (name);
  AVCodecContext *encoder;
  int code;

  if (codec == NULL)
    return AVERROR_ENCODER_NOT_FOUND;
  encoder = proxy->encoders[kind] = avcodec_alloc_context3 (codec);
  proxy->streams[kind] = avformat_new_stream (proxy->out, codec);
  if (encoder == NULL || proxy->streams[kind] == NULL)
    return AVERROR (ENOMEM);
  if (kind == AUDIO) {
    encoder->sample_fmt = AV_SAMPLE_FMT_FLT;
    encoder->sample_rate = AUDIO_RATE;
    av_channel_layout_default (&encoder->ch_layout, 1);
    encoder->bit_rate = 32000;
    encoder->time_base = (AVRational){ 1, AUDIO_RATE };
  } else {
    encoder->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder->width = width;
    encoder->height = height;
    encoder->bit_rate = 400000;
    encoder->gop_size = 60;
    encoder->time_base = (AVRational){ 1, 1000 };
    av_opt_set (encoder->priv_data, "deadline", "realtime", 0);
    av_opt_set (encoder->priv_data, "cpu-used", "8", 0);
  }
  if (proxy->out->oformat->flags & AVFMT_GLOBALHEADER)
    encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  code = avcodec_open2 (encoder, codec, NULL);
  return code < 0
      ? code
      : avcodec_parameters_from_context (proxy->streams[kind]->codecpar,
          encoder);
}

/* Square pixels, even sides. */
static int
add_video (Proxy *proxy, const Decoder *decoder)
{
  AVRational aspect
      = av_guess_sample_aspect_ratio (decoder->format, decoder->stream, NULL);
  int height = MIN (decoder->codec->height, MAX_HEIGHT);
  double width = (double) decoder->codec->width * height
      / MAX (decoder->codec->height, 1);
  AVFrame *picture = proxy->picture = av_frame_alloc ();

  if (aspect.num > 0 && aspect.den > 0)
    width *= av_q2d (aspect);
  picture->format = AV_PIX_FMT_YUV420P;
  picture->height = MAX (height & ~1, 2);
  picture->width = (int) CLAMP (width + 0.5, 2, 4096) & ~1;
  if (av_frame_get_buffer (picture, 0) < 0)
    return AVERROR (ENOMEM);
  return add_encoder (proxy, VIDEO, "libvpx", picture->width, picture->height);
}

static int
begin (Proxy *proxy, const Playable *playable, const Decoder *decoder,
    const char *aside)
{
  g_autofree char *url = g_strconcat ("file:", aside, NULL);
  int code = avformat_alloc_output_context2 (&proxy->out, NULL, "webm", NULL);

  if (code >= 0 && playable->has_audio)
    code = add_encoder (proxy, AUDIO, "libopus", 0, 0);
  if (code >= 0 && decoder != NULL)
    code = add_video (proxy, decoder);
  if (code >= 0)
    code = avio_open (&proxy->out->pb, url, AVIO_FLAG_WRITE);
  return code < 0 ? code : avformat_write_header (proxy->out, NULL);
}

static gboolean
encode_all (Proxy *proxy, const Playable *playable, Decoder *decoder,
    GError **error)
{
  GThread *thread;
  GError *fault = NULL;
  gboolean ok;
  int code;

  if (decoder == NULL)
    ok = encode_sound (proxy, error);
  else if (!playable->has_audio)
    ok = encode_pictures (proxy, decoder, error);
  else {
    thread = g_thread_new ("proxy", run_sound, proxy);
    ok = encode_pictures (proxy, decoder, error);
    fault = g_thread_join (thread);
    if (fault != NULL && ok)
      g_propagate_error (error, fault);
    else
      g_clear_error (&fault);
    ok = ok && !proxy->failed;
  }
  code = ok ? av_write_trailer (proxy->out) : 0;
  return ok && (code >= 0 || fail (proxy, code, error));
}

static void
clear (Proxy *proxy)
{
  for (guint kind = 0; kind < N_KINDS; kind++)
    avcodec_free_context (&proxy->encoders[kind]);
  if (proxy->out != NULL)
    avio_closep (&proxy->out->pb);
  avformat_free_context (proxy->out);
  sws_freeContext (proxy->scaler);
  av_frame_free (&proxy->picture);
  g_mutex_clear (&proxy->lock);
  g_cond_clear (&proxy->moved);
}

gboolean
playable_make_copy (const char *path, const Playable *playable,
    const char *copy, GError **error)
{
  Proxy proxy = { .path = path, .last = -MIN_PERIOD_MS };
  g_autofree char *aside = write_aside_path (copy);
  Decoder decoder;
  gboolean ok;
  int code;

  if (!write_make_folder (copy, error)
      || (playable->has_video
          && !decoder_open (&decoder, path, AVMEDIA_TYPE_VIDEO, NULL, error)))
    return FALSE;
  g_mutex_init (&proxy.lock);
  g_cond_init (&proxy.moved);
  proxy.reached[AUDIO] = playable->has_audio ? 0 : G_MAXINT64;
  proxy.reached[VIDEO] = playable->has_video ? 0 : G_MAXINT64;
  code = begin (&proxy, playable, playable->has_video ? &decoder : NULL, aside);
  ok = code >= 0 ? encode_all (&proxy, playable,
           playable->has_video ? &decoder : NULL, error)
                 : fail (&proxy, code, error);
  clear (&proxy);
  if (playable->has_video)
    decoder_close (&decoder);
  return write_aside_finish (aside, copy, ok, error);
}
