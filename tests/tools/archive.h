/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The sample in the codecs and containers that archives hold. */
#pragma once

#include "tests/tools/fixture.h"

G_BEGIN_DECLS

#define ARCHIVE_FILES 17

enum {
  ARCHIVE_SPEECH = 1,
  ARCHIVE_GESTURES = 2,
  ARCHIVE_LOW = 4 /* too poor for all words */
};

typedef struct {
  const char *name;
  const char *options; /* of ffmpeg */
  guint holds;
} ArchiveFile;

extern const ArchiveFile archive_files[ARCHIVE_FILES];

/* "sample.mkv" (environment RNNC_SAMPLE) and, where there is ffmpeg, the files
 * of these @names, NULL at the end (@names NULL: all), below "archive/". */
void archive_make (Fixture *fixture, const char *const *names);

/* FALSE, and the test skipped, if archive_make() could not make them. */
gboolean archive_needs_ffmpeg (void);

/* What the shipped model hears in the sample, at most two words wrong: other
 * models, other mistakes (transfer full). */
char *archive_words (Fixture *fixture);

/* A test for each of @n lines of a table, its number as the test's data. */
void archive_add_table (const char *prefix, guint n,
    const char *(*name_of) (guint), GTestDataFunc func);

G_END_DECLS
