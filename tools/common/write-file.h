/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Results that appear whole or not at all. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Written aside, then renamed; but where @path is a device, a pipe or a link,
 * that is written to, not replaced. Folders in the way are made. */
gboolean
write_file (const char *path, const char *data, gsize size, GError **error);

/* For writers that want a path of their own: a hidden name in the same folder
 * with the same ending. (transfer full) */
char *write_aside_path (const char *path);
/* Ends that: renames @aside to @path, or removes it where @ok is %FALSE, which
 * is also what is returned then. */
gboolean write_aside_finish (const char *aside, const char *path, gboolean ok,
    GError **error);
/* The folder of @path, with those above it. */
gboolean write_make_folder (const char *path, GError **error);

G_END_DECLS
