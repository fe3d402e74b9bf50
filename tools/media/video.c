/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include "tools/media/decoder.h"
#include "tools/media/media.h"

typedef struct {
  Decoder decoder;
  struct SwsContext *scaler;
  guint8 *rgb; /* what @scaler writes */
  int rgb_stride;
  gsize rgb_size;
  guint64 last; /* ns */
  gboolean any; /* was handed out */
} VideoDecoder;

void
media_init (void)
{
  av_log_set_level (AV_LOG_QUIET);
}

static gboolean
map_packed (RnncVideoFrame *out, guint pixel_stride, guint r, guint g, guint b)
{
  out->layout = RNNC_PIXEL_RGB;
  out->pixel_stride = pixel_stride;
  out->offsets[0] = r;
  out->offsets[1] = g;
  out->offsets[2] = b;
  return TRUE;
}

static gboolean
map_yuv420 (const AVFrame *frame, RnncVideoFrame *out)
{
  out->layout = RNNC_PIXEL_YUV420;
  out->pixel_stride = 1;
  if (frame->format == AV_PIX_FMT_YUV420P)
    return TRUE;
  out->pixel_stride = 2;
  if (frame->format == AV_PIX_FMT_NV21) {
    out->planes[1] = frame->data[1] + 1;
    out->planes[2] = frame->data[1];
  } else {
    out->planes[2] = frame->data[1] + 1;
  }
  out->strides[2] = frame->linesize[1];
  return TRUE;
}

/* Layouts that the front end reads as they are. */
static gboolean
map_frame (const AVFrame *frame, RnncVideoFrame *out)
{
  for (guint p = 0; p < 3; p++) {
    out->planes[p] = frame->data[p];
    out->strides[p] = frame->linesize[p];
  }
  switch (frame->format) {
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_NV12:
    case AV_PIX_FMT_NV21:
      return frame->color_range != AVCOL_RANGE_JPEG && map_yuv420 (frame, out);
    case AV_PIX_FMT_GRAY8:
      out->layout = RNNC_PIXEL_GRAY8;
      return frame->color_range != AVCOL_RANGE_MPEG;
    case AV_PIX_FMT_GRAY16:
      out->layout = RNNC_PIXEL_GRAY16;
      return TRUE;
    case AV_PIX_FMT_RGB24:
      return map_packed (out, 3, 0, 1, 2);
    case AV_PIX_FMT_BGR24:
      return map_packed (out, 3, 2, 1, 0);
    case AV_PIX_FMT_RGBA:
    case AV_PIX_FMT_RGB0:
      return map_packed (out, 4, 0, 1, 2);
    case AV_PIX_FMT_BGRA:
    case AV_PIX_FMT_BGR0:
      return map_packed (out, 4, 2, 1, 0);
    default:
      return FALSE;
  }
}

static gboolean
make_scaler (VideoDecoder *video, const AVFrame *frame, GError **error)
{
  gboolean full = frame->color_range == AVCOL_RANGE_JPEG;
  const int *bt601 = sws_getCoefficients (SWS_CS_ITU601);

  video->scaler
      = sws_getCachedContext (video->scaler, frame->width, frame->height,
          frame->format, frame->width, frame->height, AV_PIX_FMT_RGB24,
          SWS_POINT | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, NULL, NULL, NULL);
  if (video->scaler == NULL) {
    const char *name = av_get_pix_fmt_name (frame->format);

    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s: its pixel format %s cannot be converted", video->decoder.path,
        name ? name : "?");
    return FALSE;
  }
  sws_setColorspaceDetails (video->scaler, bt601, full, bt601, 1, 0, 1 << 16,
      1 << 16);
  return TRUE;
}

static gboolean
convert_frame (VideoDecoder *video, const AVFrame *frame, RnncVideoFrame *out,
    GError **error)
{
  int stride = (frame->width * 3 + 63) & ~63;
  gsize size = (gsize) stride * frame->height + 64;
  int code;

  if (!make_scaler (video, frame, error))
    return FALSE;
  if (size > video->rgb_size) {
    av_free (video->rgb);
    video->rgb = av_malloc (size);
    video->rgb_size = size;
  }
  code = sws_scale (video->scaler, (const guint8 *const *) frame->data,
      frame->linesize, 0, frame->height, &video->rgb, &stride);
  if (code < 0)
    return decoder_fail (video->decoder.path, "convert a picture", code, error);
  out->planes[0] = video->rgb;
  out->strides[0] = stride;
  return map_packed (out, 3, 0, 1, 2);
}

static gboolean
check_size (const VideoDecoder *video, const AVFrame *frame, GError **error)
{
  if (frame->width > 0 && frame->height > 0
      && frame->width <= RNNC_VIDEO_MAX_SIDE
      && frame->height <= RNNC_VIDEO_MAX_SIDE)
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
      "%s: pictures of %d x %d", video->decoder.path, frame->width,
      frame->height);
  return FALSE;
}

/* Returns: FALSE with @error, or at the end of @part without. */
static gboolean
give_frame (VideoDecoder *video, const MediaPart *part, MediaVideoFunc func,
    gpointer user_data, GError **error)
{
  const AVFrame *frame = video->decoder.frame;
  RnncVideoFrame picture = { .width = frame->width, .height = frame->height };
  gint64 time = decoder_time (&video->decoder);

  if (time != AV_NOPTS_VALUE && time > (gint64) video->last)
    video->last = time;
  if (part != NULL && video->last < part->from)
    return TRUE;
  if (part != NULL && part->to > 0 && video->last >= part->to)
    return FALSE;
  video->any = TRUE;
  return check_size (video, frame, error)
      && (map_frame (frame, &picture)
          || convert_frame (video, frame, &picture, error))
      && func (&picture, video->last, user_data, error);
}

gboolean
media_decode_video_part (const char *path, const MediaPart *part,
    MediaVideoFunc func, gpointer user_data, GError **error)
{
  VideoDecoder video = { 0 };
  GError *fault = NULL;
  gboolean ok;
  int more = 1;

  if (!decoder_open (&video.decoder, path, AVMEDIA_TYPE_VIDEO, part, error))
    return FALSE;
  while ((more = decoder_next (&video.decoder, &fault)) > 0
      && give_frame (&video, part, func, user_data, &fault))
    ;
  if (fault == NULL && !video.any)
    g_set_error (&fault, RNNC_ERROR, RNNC_ERROR_FORMAT,
        "%s: it holds no picture%s that can be decoded", path,
        part != NULL && (part->from > 0 || part->to > 0) ? " of that time"
                                                         : "");
  ok = fault == NULL;
  if (!ok)
    g_propagate_error (error, fault);
  sws_freeContext (video.scaler);
  av_free (video.rgb);
  decoder_close (&video.decoder);
  return ok;
}

gboolean
media_decode_video (const char *path, MediaVideoFunc func, gpointer user_data,
    GError **error)
{
  return media_decode_video_part (path, NULL, func, user_data, error);
}
