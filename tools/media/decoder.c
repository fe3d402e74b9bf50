/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/media/decoder.h"

#include "rnncore/rnncore.h"
#include "tools/common/interrupt.h"

#define NS                                                                     \
  (AVRational)                                                                 \
  {                                                                            \
    1, 1000000000                                                              \
  }

/* Damaged packets in a row that are passed over. */
#define MAX_BAD_PACKETS 64

/* Of a picture: a damaged header must not ask for all memory there is. */
#define MAX_PIXELS (1 << 27)

#define SEEK_MARGIN_US 1000000

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

/* The @n-th of its kind from 1, or the first in a language; -1 if none is. */
static int
find_track (const AVFormatContext *format, enum AVMediaType type,
    const char *track)
{
  guint64 number = 0;
  gboolean is_number
      = g_ascii_string_to_unsigned (track, 10, 1, G_MAXINT, &number, NULL);

  for (guint i = 0; i < format->nb_streams; i++) {
    const AVStream *stream = format->streams[i];
    const AVDictionaryEntry *language
        = av_dict_get (stream->metadata, "language", NULL, 0);

    if (stream->codecpar->codec_type != type)
      continue;
    if (is_number ? --number == 0
                  : language && !g_ascii_strcasecmp (language->value, track))
      return (int) i;
  }
  return -1;
}

/* Returns: the stream's index, or -1 with @error. */
static int
choose_stream (const Decoder *decoder, enum AVMediaType type, const char *track,
    GError **error)
{
  const char *kind = av_get_media_type_string (type);
  int index = track != NULL
      ? find_track (decoder->format, type, track)
      : av_find_best_stream (decoder->format, type, -1, -1, NULL, 0);

  /* A cover is no film. */
  if (index >= 0 && track == NULL
      && (decoder->format->streams[index]->disposition
          & AV_DISPOSITION_ATTACHED_PIC))
    index = -1;
  if (index < 0 && track != NULL)
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT,
        "%s: it has no %s track %s", decoder->path, kind, track);
  else if (index < 0)
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s: it has no %s",
        decoder->path, kind);
  return index;
}

static gboolean
open_codec (Decoder *decoder, enum AVMediaType type, const char *track,
    GError **error)
{
  int index = choose_stream (decoder, type, track, error);
  const AVCodec *codec;
  int code;

  if (index < 0)
    return FALSE;
  for (guint i = 0; i < decoder->format->nb_streams; i++)
    decoder->format->streams[i]->discard
        = (int) i == index ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  decoder->stream = decoder->format->streams[index];
  codec = avcodec_find_decoder (decoder->stream->codecpar->codec_id);
  if (codec == NULL)
    return decoder_fail (decoder->path, "decode it", AVERROR_DECODER_NOT_FOUND,
        error);
  decoder->codec = avcodec_alloc_context3 (codec);
  if (decoder->codec == NULL)
    return decoder_fail (decoder->path, "decode it", AVERROR (ENOMEM), error);
  decoder->codec->max_pixels = MAX_PIXELS;
  decoder->codec->pkt_timebase = decoder->stream->time_base;
  code = avcodec_parameters_to_context (decoder->codec,
      decoder->stream->codecpar);
  if (code >= 0)
    code = avcodec_open2 (decoder->codec, codec, NULL);
  return code >= 0 || decoder_fail (decoder->path, "decode it", code, error);
}

static int
is_interrupted (void *user_data)
{
  return interrupt_seen ();
}

AVFormatContext *
decoder_open_format (const char *path, GError **error)
{
  /* So that no name is taken for a protocol. */
  g_autofree char *url = g_strconcat ("file:", path, NULL);
  AVFormatContext *format = avformat_alloc_context ();
  int code = AVERROR (ENOMEM);

  if (g_file_test (path, G_FILE_TEST_IS_DIR)) {
    avformat_free_context (format);
    decoder_fail (path, "read it", AVERROR (EISDIR), error);
    return NULL;
  }
  if (format != NULL) {
    format->interrupt_callback.callback = is_interrupted;
    code = avformat_open_input (&format, url, NULL, NULL);
  }
  if (code >= 0)
    code = avformat_find_stream_info (format, NULL);
  if (code >= 0)
    return format;
  avformat_close_input (&format);
  if (interrupt_check (error))
    decoder_fail (path, "read it", code, error);
  return NULL;
}

/* To the last place before @from where decoding can start, and some more: a
 * decoder's first output after a seek is not settled. Where a file cannot be
 * sought, all before is decoded and dropped. */
static void
seek (Decoder *decoder, guint64 from)
{
  const AVFormatContext *format = decoder->format;
  gint64 start = format->start_time == AV_NOPTS_VALUE ? 0 : format->start_time;
  gint64 target = (gint64) (from / 1000) - SEEK_MARGIN_US;

  if (target <= 0 || (format->iformat->flags & AVFMT_NOTIMESTAMPS))
    return;
  decoder->sought = av_seek_frame (decoder->format, decoder->stream->index,
                        av_rescale_q (start + target, AV_TIME_BASE_Q,
                            decoder->stream->time_base),
                        AVSEEK_FLAG_BACKWARD)
      >= 0;
}

gboolean
decoder_open (Decoder *decoder, const char *path, enum AVMediaType type,
    const MediaPart *part, GError **error)
{
  *decoder = (Decoder){ .path = path };
  decoder->format = decoder_open_format (path, error);
  if (decoder->format != NULL
      && open_codec (decoder, type, part ? part->track : NULL, error)) {
    decoder->packet = av_packet_alloc ();
    decoder->frame = av_frame_alloc ();
    if (part != NULL && part->duration != NULL)
      *part->duration = decoder->format->duration > 0
          ? (guint64) decoder->format->duration * 1000
          : 0;
    if (part != NULL && part->from > 0)
      seek (decoder, part->from);
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

    /* Of a place in the file that is not known nothing can be said. */
    if (code >= 0 && decoder->sought
        && decoder->frame->best_effort_timestamp == AV_NOPTS_VALUE)
      continue;
    if (code >= 0) {
      decoder->sought = FALSE;
      return 1;
    }
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
