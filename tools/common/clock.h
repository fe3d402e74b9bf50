/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Times as people write them. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "90", "1:30", "01:02:03.5" → ns; FALSE if it is none of these. */
gboolean clock_parse (const char *text, guint64 *time);
/* "01:02:03.456", @point between seconds and milliseconds. */
void clock_append (GString *out, guint64 time, char point);
/* ns, rounded. */
guint64 clock_milliseconds (guint64 time);

G_END_DECLS
