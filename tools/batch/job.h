/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The options and outputs that transcribe and label share. */
#pragma once

#include "tools/batch/inputs.h"
#include "tools/media/media.h"
#include "tools/output/format.h"

G_BEGIN_DECLS

typedef struct {
  InputOptions inputs;
  MediaPart part;
  OutputStyle style;
  GPtrArray *formats;      /* const OutputFormat */
  char *output;            /* (nullable): the file of one recording */
  char *folder;            /* (nullable): of a file each recording and format */
  char *report;            /* (nullable): folder of a web page */
  const char *report_kind; /* "speech" or "gestures" */
  gboolean embed;          /* a copy of the media with subtitles */
  gboolean resume;
  gint jobs; /* recordings at a time */
} JobOptions;

/* What the command line is parsed into, before it is understood. */
typedef struct {
  JobOptions options;
  GArray *entries; /* GOptionEntry, for command_parse() */
  char **formats;
  char *from, *to, *shard;
} JobArguments;

void job_arguments_init (JobArguments *arguments, const GOptionEntry *own);
void job_arguments_clear (JobArguments *arguments);
/* What is wrong, or %NULL. (transfer full) */
char *job_arguments_check (JobArguments *arguments, guint n_inputs);

G_END_DECLS
