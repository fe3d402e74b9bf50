/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Many recordings, several at a time, each written when it is done. */
#pragma once

#include "tools/batch/job.h"

G_BEGIN_DECLS

/* One recording on its way. */
typedef struct _BatchStep BatchStep;

typedef struct {
  const char *title; /* of the progress line */
  /* What a thread needs for itself; called in the main thread. */
  gpointer (*worker_new) (gpointer user_data, GError **error);
  GDestroyNotify worker_free;
  /* Decodes @path and fills @document, in any thread. */
  gboolean (*recognise) (gpointer worker, const MediaPart *part,
      Document *document, BatchStep *step, GError **error);
  gpointer user_data;
} BatchTask;

/* From recognise: how far it is, ns since the file's start; FALSE with @error
 * set if all is to stop. */
gboolean batch_advance (BatchStep *step, guint64 position, GError **error);
/* From recognise: rows were added to the document. */
void batch_rows_added (BatchStep *step);
/* Whether the document's peaks are wanted. */
gboolean batch_wants_peaks (const BatchStep *step);

/**
 * batch_run:
 * @arguments: files and folders
 *
 * What cannot be read is reported and passed over. Results on standard output
 * are in the order of the inputs. Returns: an exit status.
 */
int batch_run (const BatchTask *task, const JobOptions *options,
    const char *const *arguments);

G_END_DECLS
