/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * WebVTT text. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

GString *subtitle_begin (void);
/* Times in ns. */
void
subtitle_append (GString *vtt, guint64 start, guint64 end, const char *text);
/* Whole or not at all, but where @path is a device, a pipe or a link: that is
 * written to, not replaced. */
gboolean subtitle_write (const GString *vtt, const char *path, GError **error);

G_END_DECLS
