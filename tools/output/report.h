/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A web page of a batch, to look at and listen to without a server: player,
 * transcript, gestures, waveform and search. */
#pragma once

#include "tools/output/format.h"

G_BEGIN_DECLS

/* Where a recording's part of the page is kept: what transcribe ("speech") and
 * label ("gestures") found, in one or several runs, comes together on the same
 * page. (transfer full) */
char *report_part_path (const char *folder, const char *path, const char *kind);

/**
 * report_write_part:
 *
 * Media are linked, not copied; where a browser cannot play them, a small copy
 * is made in FOLDER/media.
 *
 * Threads: any number at a time, for different recordings.
 */
gboolean report_write_part (const char *folder, const char *kind,
    const Document *document, const CaptionRules *rules, GError **error);

/* FOLDER/index.html of all parts that are there, everything inline. */
gboolean report_write_page (const char *folder, GError **error);

G_END_DECLS
