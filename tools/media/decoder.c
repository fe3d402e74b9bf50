/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/media/decoder.h"

#include "rnncore/rnncore.h"

#define NS                                                                     \
  (AVRational)                                                                 \
  {                                                                            \
    1, 1000000000                                                              \
  }

/* Damaged packets in a row that are passed over. */
#define MAX_BAD_PACKETS 64

gboolean
decoder_fail (const char *path, const char *action, int code, GError **error)
{
  char reason[AV_ERROR_MAX_STRING_SIZE] = "";

  av_strerror (code, reason, sizeof reason);
  g_set_error (error, RNNC_ERROR,
      code == AVERROR (ENOENT) || code == AVERROR (EACCES)
              || code == AVERROR (EISDIR)
          ? RNNC_ERROR_IO
          : RNNC_ERROR_FORMAT,
      "%s: cannot %s: %s", path, action, reason);
  return FALSE;
}

static gboolean
open_codec (Decoder *decoder, enum AVMediaType type, GError **error)
{
  const AVCodec *codec = NULL;
  int index = av_find_best_stream (decoder->format, type, -1, -1, &codec, 0);
  int code;

  if (index == AVERROR_DECODER_NOT_FOUND)
    return decoder_fail (decoder->path, "decode it", index, error);
  if (index < 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s: it has no %s",
        decoder->path, av_get_media_type_string (type));
    return FALSE;
  }
  for (guint i = 0; i < decoder->format->nb_streams; i++)
    decoder->format->streams[i]->discard
        = (int) i == index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  decoder->stream = decoder->format->streams[index];
  decoder->codec = avcodec_alloc_context3 (codec);
  if (decoder->codec == NULL)
    return decoder_fail (decoder->path, "decode it", AVERROR (ENOMEM), error);
  decoder->codec->pkt_timebase = decoder->stream->time_base;
  code = avcodec_parameters_to_context (decoder->codec,
      decoder->stream->codecpar);
  if (code >= 0)
    code = avcodec_open2 (decoder->codec, codec, NULL);
  return code >= 0 || decoder_fail (decoder->path, "decode it", code, error);
}

gboolean
decoder_open (Decoder *decoder, const char *path, enum AVMediaType type,
    GError **error)
{
  /* So that no name is taken for a protocol. */
  g_autofree char *url = g_strconcat ("file:", path, NULL);
  int code;

  *decoder = (Decoder){ .path = path };
  if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
    decoder_fail (path, "read it", AVERROR (EISDIR), error);
    return FALSE;
  }
  code = avformat_open_input (&decoder->format, url, NULL, NULL);
  if (code < 0)
    return decoder_fail (path, "read it", code, error);
  code = avformat_find_stream_info (decoder->format, NULL);
  if (code < 0)
    decoder_fail (path, "read it", code, error);
  else if (open_codec (decoder, type, error)) {
    decoder->packet = av_packet_alloc ();
    decoder->frame = av_frame_alloc ();
    return TRUE;
  }
  decoder_close (decoder);
  return FALSE;
}

void
decoder_close (Decoder *decoder)
{
  av_frame_free (&decoder->frame);
  av_packet_free (&decoder->packet);
  avcodec_free_context (&decoder->codec);
  avformat_close_input (&decoder->format);
}

/* Feeds one packet of the stream, or the end. */
static int
feed (Decoder *decoder)
{
  int code;

  do {
    av_packet_unref (decoder->packet);
    code = av_read_frame (decoder->format, decoder->packet);
    if (code < 0) {
      decoder->draining = TRUE;
      code = avcodec_send_packet (decoder->codec, NULL);
      return code == AVERROR_EOF ? 0 : code;
    }
  } while (decoder->packet->stream_index != decoder->stream->index);
  code = avcodec_send_packet (decoder->codec, decoder->packet);
  av_packet_unref (decoder->packet);
  return code;
}

int
decoder_next (Decoder *decoder, GError **error)
{
  guint n_bad = 0;

  for (;;) {
    int code = avcodec_receive_frame (decoder->codec, decoder->frame);

    if (code >= 0)
      return 1;
    if (code == AVERROR_EOF)
      return 0;
    if (code == AVERROR (EAGAIN) && !decoder->draining)
      code = feed (decoder);
    if (code >= 0)
      continue;
    if (decoder->draining)
      return 0;
    /* A damaged packet: players go on, so do we. */
    if (code != AVERROR_INVALIDDATA || ++n_bad > MAX_BAD_PACKETS) {
      decoder_fail (decoder->path, "decode it", code, error);
      return -1;
    }
  }
}

gint64
decoder_time (const Decoder *decoder)
{
  gint64 time = decoder->frame->best_effort_timestamp;
  gint64 start = decoder->format->start_time;

  if (time == AV_NOPTS_VALUE)
    return AV_NOPTS_VALUE;
  time = av_rescale_q (time, decoder->stream->time_base, NS);
  if (start != AV_NOPTS_VALUE)
    time -= av_rescale_q (start, AV_TIME_BASE_Q, NS);
  return time;
}
