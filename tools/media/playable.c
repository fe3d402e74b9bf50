/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/media/playable.h"

#include <string.h>

#include "tools/media/decoder.h"

/* Chromium and Firefox. Names of libavformat's demuxers (their first one) and
 * what may be inside. */
static const struct {
  const char *container;
  enum AVCodecID codecs[10]; /* 0 at the end */
} players[] = {
  { "mov",
      { AV_CODEC_ID_H264, AV_CODEC_ID_VP9, AV_CODEC_ID_AV1, AV_CODEC_ID_AAC,
          AV_CODEC_ID_MP3, AV_CODEC_ID_OPUS, AV_CODEC_ID_FLAC } },
  { "matroska",
      { AV_CODEC_ID_VP8, AV_CODEC_ID_VP9, AV_CODEC_ID_AV1, AV_CODEC_ID_OPUS,
          AV_CODEC_ID_VORBIS } },
  { "ogg", { AV_CODEC_ID_OPUS, AV_CODEC_ID_VORBIS } },
  { "mp3", { AV_CODEC_ID_MP3 } },
  { "flac", { AV_CODEC_ID_FLAC } },
  { "wav",
      { AV_CODEC_ID_PCM_S16LE, AV_CODEC_ID_PCM_U8, AV_CODEC_ID_PCM_F32LE } },
  { "aac", { AV_CODEC_ID_AAC } },
};

static gboolean
is_played (const AVFormatContext *format, const char *path,
    enum AVCodecID codec)
{
  g_auto (GStrv) names = g_strsplit (format->iformat->name, ",", 2);
  g_autofree char *lower = g_ascii_strdown (path, -1);

  /* Matroska is played as far as it is WebM. */
  if (g_str_equal (names[0], "matroska") && !g_str_has_suffix (lower, ".webm"))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (players); i++) {
    if (!g_str_equal (players[i].container, names[0]))
      continue;
    for (guint j = 0; players[i].codecs[j] != AV_CODEC_ID_NONE; j++)
      if (players[i].codecs[j] == codec)
        return TRUE;
  }
  return FALSE;
}

/* H.264 is played in the common profile's 4:2:0 of 8 bits. */
static gboolean
is_played_format (const AVCodecParameters *parameters)
{
  return parameters->codec_id != AV_CODEC_ID_H264
      || parameters->format == AV_PIX_FMT_YUV420P
      || parameters->format == AV_PIX_FMT_YUVJ420P;
}

gboolean
playable_look (const char *path, Playable *playable, GError **error)
{
  AVFormatContext *format = decoder_open_format (path, error);

  *playable = (Playable){ .as_it_is = TRUE };
  if (format == NULL)
    return FALSE;
  for (guint i = 0; i < format->nb_streams; i++) {
    const AVStream *stream = format->streams[i];
    const AVCodecParameters *parameters = stream->codecpar;
    gboolean is_audio = parameters->codec_type == AVMEDIA_TYPE_AUDIO;

    if ((!is_audio && parameters->codec_type != AVMEDIA_TYPE_VIDEO)
        || (stream->disposition & AV_DISPOSITION_ATTACHED_PIC))
      continue;
    if (is_audio)
      playable->has_audio = TRUE;
    else
      playable->has_video = TRUE;
    if (!is_played (format, path, parameters->codec_id)
        || !is_played_format (parameters))
      playable->as_it_is = FALSE;
  }
  avformat_close_input (&format);
  return TRUE;
}
