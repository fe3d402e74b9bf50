/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A copy of a recording with a subtitle track. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What copies may end in; NULL at the end. */
extern const char *const embed_endings[];
/* FOLDER/NAME.subtitled.ENDING. (transfer full) */
char *embed_path (const char *folder, const char *name, const char *ending);

/**
 * embed_subtitles:
 * @captions: (element-type Caption): in order, times in ns since the file's
 *   start
 * @language: (nullable): BCP 47
 *
 * Copies audio, video and subtitles as they are, with chapters and metadata,
 * and adds a track: mov_text in MP4 and QuickTime, WebVTT in WebM, SubRip in
 * Matroska, which is also taken for containers that hold no subtitles. Data
 * streams are left out. The copy appears whole or not at all.
 */
gboolean embed_subtitles (const char *path, const GPtrArray *captions,
    const char *language, const char *folder, const char *name, GError **error);

G_END_DECLS
