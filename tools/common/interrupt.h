/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ctrl-C: long work notices, saves and ends; a second one ends at once. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* From now on SIGINT and SIGTERM are noted. */
void interrupt_watch (void);
gboolean interrupt_seen (void);
/* Sets @error ("interrupted") and returns FALSE if one was seen. */
gboolean interrupt_check (GError **error);

G_END_DECLS
