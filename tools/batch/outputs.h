/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where each recording's results go. */
#pragma once

#include "tools/batch/job.h"

G_BEGIN_DECLS

/* Whether results go into files rather than to standard output. */
gboolean outputs_have_files (const JobOptions *options);
/* What is wrong with @options for these inputs, or %NULL. (transfer full) */
char *outputs_check (const JobOptions *options, const GPtrArray *inputs);
/* All files are there and not older than the recording. Threads: any. */
gboolean outputs_are_there (const JobOptions *options, const Input *input);

/**
 * outputs_write:
 * @with_name: a line with the recording's name before text
 * @out: what standard output gets
 * @n_header: (out): bytes of @out that only the first recording's needs
 *
 * Threads: any number at a time, for different inputs.
 */
gboolean outputs_write (const JobOptions *options, const Input *input,
    const Document *document, gboolean with_name, GString *out, gsize *n_header,
    GError **error);
gboolean outputs_finish_report (const JobOptions *options, GError **error);

G_END_DECLS
