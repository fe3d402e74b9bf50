/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Any media that FFmpeg reads, as mono samples or as pictures with times.
 * Local files only. Threads: any number at a time. */
#pragma once

#include "rnncore/rnncore.h"

G_BEGIN_DECLS

/* Which part of a recording. All zero: its best stream, from start to end. */
typedef struct {
  const char *track; /* (nullable): of the kind wanted, a number from 1 or a
                        language as the file names it; NULL: the best */
  guint64 from;      /* ns since the file's start */
  guint64 to;        /* ns; 0: the end */
  guint64 *duration; /* (out) (nullable): ns of the whole file as it says
                        itself, 0 if it does not; set before any decoding */
} MediaPart;

/* Return FALSE with @error set to stop. */
typedef gboolean (*MediaAudioFunc) (const float *samples, gsize n_samples,
    gpointer user_data, GError **error);
typedef gboolean (*MediaVideoFunc) (const RnncVideoFrame *frame,
    guint64 timestamp, gpointer user_data, GError **error);

/**
 * media_decode_audio:
 * @rate: Hz
 *
 * The best audio stream, mixed to mono f32 at @rate, in blocks of bounded size.
 * Sample n is n / rate seconds behind the file's start: a late start and holes
 * of the stream are filled with silence.
 *
 * Returns: %FALSE with @error naming @path and the reason, or @func's
 */
gboolean media_decode_audio (const char *path, guint rate, MediaAudioFunc func,
    gpointer user_data, GError **error);

/**
 * media_decode_audio_part:
 * @part: (nullable): %NULL for all of it
 *
 * As media_decode_audio(); sample n is part->from + n / rate seconds behind the
 * file's start.
 */
gboolean
media_decode_audio_part (const char *path, guint rate, const MediaPart *part,
    MediaAudioFunc func, gpointer user_data, GError **error);

/* All of it at once: (element-type float). */
GArray *media_load_audio (const char *path, guint rate, GError **error);

/**
 * media_decode_video:
 *
 * The pictures of the best video stream in presentation order; times in ns
 * since the file's start, never going backwards.
 */
gboolean media_decode_video (const char *path, MediaVideoFunc func,
    gpointer user_data, GError **error);

/* Those of @part (nullable), times in ns since the file's start. */
gboolean media_decode_video_part (const char *path, const MediaPart *part,
    MediaVideoFunc func, gpointer user_data, GError **error);

/* Silences FFmpeg; once, at the start of the program. */
void media_init (void);

G_END_DECLS
