/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What web browsers play, and small copies of what they do not. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  gboolean has_audio;
  gboolean has_video;
  gboolean as_it_is; /* browsers play the file itself */
} Playable;

gboolean playable_look (const char *path, Playable *playable, GError **error);

/**
 * playable_make_copy:
 *
 * WebM with VP8 of at most 480 lines and 30 pictures a second, and mono Opus.
 * Whole or not at all; Ctrl-C stops it.
 */
gboolean playable_make_copy (const char *path, const Playable *playable,
    const char *copy, GError **error);

G_END_DECLS
