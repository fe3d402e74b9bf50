/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One stream of a media file, decoded frame by frame. */
#pragma once

#include <glib.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "tools/media/media.h"

G_BEGIN_DECLS

typedef struct {
  const char *path;
  AVFormatContext *format;
  AVCodecContext *codec;
  AVStream *stream;
  AVPacket *packet;
  AVFrame *frame;
  gboolean draining;
  gboolean sought; /* and no frame with a time has come since */
} Decoder;

/* Messages name @path, which must outlive @decoder, as must @part (nullable).
 * Decoding begins at part->from or somewhat before. */
gboolean decoder_open (Decoder *decoder, const char *path,
    enum AVMediaType type, const MediaPart *part, GError **error);
void decoder_close (Decoder *decoder);
/* The next one into decoder->frame. Returns: 1, 0 at the end, -1 with @error.
 */
int decoder_next (Decoder *decoder, GError **error);
/* Opens a file for reading, stopped by Ctrl-C. */
AVFormatContext *decoder_open_format (const char *path, GError **error);
/* ns since the file's start, may be negative; AV_NOPTS_VALUE if unknown. */
gint64 decoder_time (const Decoder *decoder);

/* "PATH: cannot ACTION: REASON" */
gboolean
decoder_fail (const char *path, const char *action, int code, GError **error);

G_END_DECLS
