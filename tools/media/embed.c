/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/media/embed.h"

#include <libavutil/mathematics.h>
#include <string.h>

#include "tools/common/interrupt.h"
#include "tools/common/write-file.h"
#include "tools/media/decoder.h"
#include "tools/output/format.h"

#define MAX_CUE_BYTES 65536

const char *const embed_endings[] = { "mp4", "mov", "webm", "mkv", NULL };

typedef struct {
  const char *muxer;
  const char *ending;
  enum AVCodecID subtitles;
} Container;

static const Container mp4 = { "mp4", "mp4", AV_CODEC_ID_MOV_TEXT };
static const Container quicktime = { "mov", "mov", AV_CODEC_ID_MOV_TEXT };
static const Container webm = { "webm", "webm", AV_CODEC_ID_WEBVTT };
static const Container matroska = { "matroska", "mkv", AV_CODEC_ID_SUBRIP };

typedef struct {
  const char *path;
  const Container *container;
  AVFormatContext *in;
  AVFormatContext *out;
  AVCodecContext *subtitles;
  AVStream *track;
  guint n_streams;
  int *map; /* [n_streams]: the out stream's index, or -1 */
  const GPtrArray *captions;
  guint next;    /* caption */
  gint64 *later; /* [n_streams]: dts where the next packet belongs, if it does
                    not say */
} Embedding;

char *
embed_path (const char *folder, const char *name, const char *ending)
{
  g_autofree char *file = g_strconcat (name, ".subtitled.", ending, NULL);

  return g_build_filename (folder, file, NULL);
}

static const Container *
choose_container (const AVFormatContext *in, const char *path)
{
  g_autofree char *lower = g_ascii_strdown (path, -1);

  if (strstr (in->iformat->name, "mp4") != NULL)
    return g_str_has_suffix (lower, ".mov") ? &quicktime : &mp4;
  if (strstr (in->iformat->name, "webm") != NULL
      && g_str_has_suffix (lower, ".webm"))
    return &webm;
  return &matroska;
}

/* Three letters, as containers want them: of the languages that are most often
 * met, else "und". */
static void
three_letters (const char *language, char three[4])
{
  static const char names[]
      = "ar ara bg bul bn ben ca cat cs ces da dan de deu el ell en eng es spa "
        "et est fa fas fi fin fr fra he heb hi hin hr hrv hu hun id ind it ita "
        "ja jpn ko kor lt lit lv lav ms msa nb nob nl nld no nor pl pol pt por "
        "ro ron ru rus sk slk sl slv sr srp sv swe sw swa ta tam th tha tr tur "
        "uk ukr ur urd vi vie zh zho ";

  g_strlcpy (three, "und", 4);
  for (const char *p = names; language != NULL && *p != '\0'; p += 7)
    if (g_ascii_strncasecmp (p, language, 2) == 0
        && (language[2] == '\0' || language[2] == '-'))
      g_snprintf (three, 4, "%.3s", p + 3);
}

/* --- streams ------------------------------------------------------------- */

static gboolean
is_copied (const Embedding *embedding, const AVStream *stream)
{
  enum AVMediaType type = stream->codecpar->codec_type;

  return type == AVMEDIA_TYPE_AUDIO || type == AVMEDIA_TYPE_VIDEO
      || (type == AVMEDIA_TYPE_SUBTITLE
          && avformat_query_codec (embedding->out->oformat,
                 stream->codecpar->codec_id, FF_COMPLIANCE_NORMAL)
              == 1);
}

static int
copy_side_data (AVStream *to, const AVStream *from)
{
#if LIBAVFORMAT_VERSION_MAJOR < 61
  for (int i = 0; i < from->nb_side_data; i++) {
    const AVPacketSideData *data = &from->side_data[i];
    guint8 *copy = av_stream_new_side_data (to, data->type, data->size);

    if (copy == NULL)
      return AVERROR (ENOMEM);
    memcpy (copy, data->data, data->size);
  }
#endif
  return 0;
}

static int
copy_stream (Embedding *embedding, const AVStream *from)
{
  AVStream *to = avformat_new_stream (embedding->out, NULL);
  int code;

  if (to == NULL)
    return AVERROR (ENOMEM);
  code = avcodec_parameters_copy (to->codecpar, from->codecpar);
  to->codecpar->codec_tag = 0;
  to->time_base = from->time_base;
  to->disposition = from->disposition;
  to->sample_aspect_ratio = from->sample_aspect_ratio;
  to->avg_frame_rate = from->avg_frame_rate;
  to->r_frame_rate = from->r_frame_rate;
  av_dict_copy (&to->metadata, from->metadata, 0);
  return code < 0 ? code : copy_side_data (to, from);
}

static int
copy_chapters (Embedding *embedding)
{
  const AVFormatContext *in = embedding->in;
  AVFormatContext *out = embedding->out;

  if (in->nb_chapters == 0)
    return 0;
  out->chapters = av_calloc (in->nb_chapters, sizeof *out->chapters);
  if (out->chapters == NULL)
    return AVERROR (ENOMEM);
  for (guint i = 0; i < in->nb_chapters; i++) {
    AVChapter *chapter = av_mallocz (sizeof *chapter);

    if (chapter == NULL)
      return AVERROR (ENOMEM);
    chapter->id = in->chapters[i]->id;
    chapter->time_base = in->chapters[i]->time_base;
    chapter->start = in->chapters[i]->start;
    chapter->end = in->chapters[i]->end;
    av_dict_copy (&chapter->metadata, in->chapters[i]->metadata, 0);
    out->chapters[out->nb_chapters++] = chapter;
  }
  return 0;
}

static int
add_track (Embedding *embedding, const char *language)
{
  const AVCodec *codec = avcodec_find_encoder (embedding->container->subtitles);
  g_autoptr (GString) header = g_string_new (NULL);
  AVCodecContext *encoder;
  char three[4];
  int code;

  if (codec == NULL)
    return AVERROR_ENCODER_NOT_FOUND;
  sub_station_header (header);
  encoder = embedding->subtitles = avcodec_alloc_context3 (codec);
  embedding->track = avformat_new_stream (embedding->out, codec);
  if (encoder == NULL || embedding->track == NULL)
    return AVERROR (ENOMEM);
  encoder->time_base = (AVRational){ 1, 1000 };
  encoder->subtitle_header = (guint8 *) av_strdup (header->str);
  encoder->subtitle_header_size = (int) header->len;
  code = avcodec_open2 (encoder, codec, NULL);
  if (code >= 0)
    code
        = avcodec_parameters_from_context (embedding->track->codecpar, encoder);
  embedding->track->time_base = encoder->time_base;
  embedding->track->disposition = AV_DISPOSITION_DEFAULT;
  three_letters (language, three);
  av_dict_set (&embedding->track->metadata, "language", three, 0);
  return code;
}

static int
lay_out (Embedding *embedding, const char *language)
{
  const AVFormatContext *in = embedding->in;
  int code = avformat_alloc_output_context2 (&embedding->out, NULL,
      embedding->container->muxer, NULL);

  for (guint i = 0; code >= 0 && i < embedding->n_streams; i++) {
    embedding->map[i] = -1;
    embedding->later[i] = AV_NOPTS_VALUE;
    if (!is_copied (embedding, in->streams[i]))
      continue;
    embedding->map[i] = (int) embedding->out->nb_streams;
    code = copy_stream (embedding, in->streams[i]);
  }
  if (code < 0)
    return code;
  av_dict_copy (&embedding->out->metadata, in->metadata, 0);
  code = copy_chapters (embedding);
  return code < 0 ? code : add_track (embedding, language);
}

static void
close_output (Embedding *embedding)
{
  if (embedding->out != NULL)
    avio_closep (&embedding->out->pb);
  avformat_free_context (embedding->out);
  avcodec_free_context (&embedding->subtitles);
  embedding->out = NULL;
}

static int
begin_output (Embedding *embedding, const char *language, const char *aside)
{
  g_autofree char *url = g_strconcat ("file:", aside, NULL);
  int code = lay_out (embedding, language);

  if (code >= 0)
    code = avio_open (&embedding->out->pb, url, AVIO_FLAG_WRITE);
  if (code >= 0)
    code = avformat_write_header (embedding->out, NULL);
  if (code < 0)
    close_output (embedding);
  return code;
}

/* --- packets ------------------------------------------------------------- */

/* "ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text" */
static char *
caption_event (const Caption *caption, guint number)
{
  GString *event = g_string_new (NULL);

  g_string_append_printf (event, "%u,0,Default,,0,0,0,,", number);
  sub_station_append_text (event, caption->text);
  return g_string_free (event, FALSE);
}

static int
encode_caption (Embedding *embedding, const Caption *caption, guint8 *buffer)
{
  g_autofree char *event = caption_event (caption, embedding->next);
  AVSubtitleRect rect = { .type = SUBTITLE_ASS, .ass = event };
  AVSubtitleRect *rects[] = { &rect };
  AVSubtitle subtitle = { .num_rects = 1,
    .rects = rects,
    .end_display_time = (guint32) ((caption->end - caption->start) / 1000000) };

  return avcodec_encode_subtitle (embedding->subtitles, buffer, MAX_CUE_BYTES,
      &subtitle);
}

static int
write_caption (Embedding *embedding, const Caption *caption)
{
  g_autofree guint8 *buffer = g_malloc0 (MAX_CUE_BYTES);
  AVPacket *packet = av_packet_alloc ();
  gint64 start = embedding->in->start_time == AV_NOPTS_VALUE
      ? 0
      : av_rescale (embedding->in->start_time, 1000, AV_TIME_BASE);
  int size = encode_caption (embedding, caption, buffer);
  int code = size < 0 ? size : av_new_packet (packet, size);

  if (code >= 0) {
    memcpy (packet->data, buffer, (gsize) size);
    packet->pts = packet->dts
        = start + (gint64) ((caption->start + 500000) / 1000000);
    packet->duration
        = (gint64) ((caption->end - caption->start + 500000) / 1000000);
    packet->flags |= AV_PKT_FLAG_KEY;
    packet->stream_index = embedding->track->index;
    av_packet_rescale_ts (packet, (AVRational){ 1, 1000 },
        embedding->track->time_base);
    code = av_interleaved_write_frame (embedding->out, packet);
  }
  av_packet_free (&packet);
  return code;
}

/* Those that begin up to @time, ns since the file's start. */
static int
write_captions (Embedding *embedding, gint64 time)
{
  int code = 0;

  for (; code >= 0 && embedding->next < embedding->captions->len;
       embedding->next++) {
    const Caption *caption
        = g_ptr_array_index (embedding->captions, embedding->next);

    if ((gint64) caption->start > time)
      break;
    code = write_caption (embedding, caption);
  }
  return code;
}

/* AVI and raw streams leave times out. */
static void
complete_times (Embedding *embedding, AVPacket *packet)
{
  gint64 *later = &embedding->later[packet->stream_index];

  if (packet->dts == AV_NOPTS_VALUE)
    packet->dts = packet->pts != AV_NOPTS_VALUE ? packet->pts
        : *later != AV_NOPTS_VALUE              ? *later
                                                : 0;
  /* Going back is refused by all muxers. */
  if (*later != AV_NOPTS_VALUE && packet->dts < *later - packet->duration)
    packet->dts = *later - packet->duration;
  if (packet->pts == AV_NOPTS_VALUE || packet->pts < packet->dts)
    packet->pts = packet->dts;
  *later = packet->dts + packet->duration;
}

static int
copy_packet (Embedding *embedding, AVPacket *packet)
{
  int index = packet->stream_index;
  const AVStream *from = embedding->in->streams[index];
  gint64 start = embedding->in->start_time == AV_NOPTS_VALUE
      ? 0
      : embedding->in->start_time;
  int code;

  if (embedding->map[index] < 0)
    return 0;
  complete_times (embedding, packet);
  code = write_captions (embedding,
      (av_rescale_q (packet->dts, from->time_base, AV_TIME_BASE_Q) - start)
          * 1000);
  if (code < 0)
    return code;
  packet->stream_index = embedding->map[index];
  packet->pos = -1;
  av_packet_rescale_ts (packet, from->time_base,
      embedding->out->streams[packet->stream_index]->time_base);
  return av_interleaved_write_frame (embedding->out, packet);
}

static gboolean
copy_packets (Embedding *embedding, GError **error)
{
  AVPacket *packet = av_packet_alloc ();
  int code = 0;

  while (code >= 0 && !interrupt_seen ()
      && av_read_frame (embedding->in, packet) >= 0) {
    /* Streams that turn up late were not laid out. */
    if ((guint) packet->stream_index < embedding->n_streams)
      code = copy_packet (embedding, packet);
    av_packet_unref (packet);
  }
  av_packet_free (&packet);
  if (code >= 0)
    code = write_captions (embedding, G_MAXINT64);
  if (code >= 0)
    code = av_write_trailer (embedding->out);
  if (!interrupt_check (error))
    return FALSE;
  return code >= 0
      || decoder_fail (embedding->path, "add subtitles to a copy", code, error);
}

gboolean
embed_subtitles (const char *path, const GPtrArray *captions,
    const char *language, const char *folder, const char *name, GError **error)
{
  Embedding embedding = { .path = path, .captions = captions };
  g_autofree char *target = NULL;
  g_autofree char *aside = NULL;
  gboolean ok = FALSE;
  int code;

  embedding.in = decoder_open_format (path, error);
  if (embedding.in == NULL)
    return FALSE;
  embedding.in->flags |= AVFMT_FLAG_GENPTS;
  embedding.n_streams = embedding.in->nb_streams;
  embedding.map = g_new0 (int, embedding.n_streams + 1);
  embedding.later = g_new0 (gint64, embedding.n_streams + 1);
  embedding.container = choose_container (embedding.in, path);
  target = embed_path (folder, name, embedding.container->ending);
  if (write_make_folder (target, error)) {
    aside = write_aside_path (target);
    code = begin_output (&embedding, language, aside);
    if (code < 0 && embedding.container != &matroska) {
      embedding.container = &matroska;
      g_free (target);
      target = embed_path (folder, name, matroska.ending);
      code = begin_output (&embedding, language, aside);
    }
    ok = code >= 0
        ? copy_packets (&embedding, error)
        : decoder_fail (path, "add subtitles to a copy", code, error);
    close_output (&embedding);
    ok = write_aside_finish (aside, target, ok, error);
  }
  avformat_close_input (&embedding.in);
  g_free (embedding.map);
  g_free (embedding.later);
  return ok;
}
