/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/tools/archive.h"

#include <glib/gstdio.h>

#include "tools/measure/error-rate.h"

/* What is said in the sample. */
#define SPOKEN "start seven four one stop six five two one"

static gboolean have_ffmpeg;

const ArchiveFile archive_files[ARCHIVE_FILES] = {
  { "opus.ogg", "-vn -c:a libopus -b:a 32k", ARCHIVE_SPEECH },
  { "vorbis.ogg", "-vn -c:a libvorbis -q:a 6", ARCHIVE_SPEECH },
  { "layer-3.mp3", "-vn -c:a libmp3lame -b:a 96k", ARCHIVE_SPEECH },
  { "aac.m4a", "-vn -c:a aac -b:a 96k", ARCHIVE_SPEECH },
  { "lossless.flac", "-vn -ar 44100 -c:a flac", ARCHIVE_SPEECH },
  { "8k.wav", "-vn -ar 8000 -c:a pcm_mulaw", ARCHIVE_SPEECH | ARCHIVE_LOW },
  { "16k.wav", "-vn -ar 16000 -c:a pcm_s16le", ARCHIVE_SPEECH },
  { "22k.wav", "-vn -ar 22050 -c:a pcm_s24le", ARCHIVE_SPEECH },
  { "48k stereo.wav", "-vn -ar 48000 -ac 2 -c:a pcm_f32le", ARCHIVE_SPEECH },
  { "h264.mp4", "-c:v libx264 -c:a aac -b:a 96k",
      ARCHIVE_SPEECH | ARCHIVE_GESTURES },
  { "vp9.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus",
      ARCHIVE_SPEECH | ARCHIVE_GESTURES },
  { "mpeg4.avi", "-c:v mpeg4 -q:v 3 -c:a libmp3lame -b:a 96k",
      ARCHIVE_SPEECH | ARCHIVE_GESTURES },
  { "mjpeg.avi", "-c:v mjpeg -q:v 3 -pix_fmt yuvj420p -c:a pcm_s16le",
      ARCHIVE_SPEECH | ARCHIVE_GESTURES },
  { "ffv1.mkv", "-c:v ffv1 -c:a flac", ARCHIVE_SPEECH | ARCHIVE_GESTURES },
  { "gray16.mkv", "-an -c:v ffv1 -pix_fmt gray16le",
      ARCHIVE_GESTURES | ARCHIVE_LOW },
  { "transport.ts", "-c:v libx264 -c:a mp2",
      ARCHIVE_SPEECH | ARCHIVE_GESTURES },
  { "silent film.mp4", "-an -c:v libx264", ARCHIVE_GESTURES },
};

void
archive_make (Fixture *fixture, const char *const *names)
{
  g_autofree char *folder = fixture_path (fixture, "archive");
  g_autofree char *copy = fixture_path (fixture, "sample.mkv");
  g_autofree char *text = NULL;
  gsize length;

  g_assert_true (
      g_file_get_contents (g_getenv ("RNNC_SAMPLE"), &text, &length, NULL));
  g_assert_true (g_file_set_contents (copy, text, (gssize) length, NULL));
  g_assert_cmpint (g_mkdir (folder, 0777), ==, 0);
  for (guint i = 0; i < ARCHIVE_FILES; i++) {
    g_autofree char *line = g_strdup_printf ("-i sample.mkv %s \"archive/%s\"",
        archive_files[i].options, archive_files[i].name);

    if (names != NULL && !g_strv_contains (names, archive_files[i].name))
      continue;
    have_ffmpeg = fixture_ffmpeg (fixture, line);
    if (!have_ffmpeg)
      return;
  }
}

gboolean
archive_needs_ffmpeg (void)
{
  if (!have_ffmpeg)
    g_test_skip ("there is no ffmpeg to generate media with");
  return have_ffmpeg;
}

char *
archive_words (Fixture *fixture)
{
  EditCounts counts;
  Outcome outcome;
  char *words;

  fixture_rnncore (fixture, &outcome, "transcribe", "sample.mkv", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  words = g_strdup (g_strchomp (outcome.out));
  counts = edit_counts_words (SPOKEN, words);
  g_assert_cmpuint (edit_counts_errors (&counts), <=, 2);
  outcome_clear (&outcome);
  return words;
}

void
archive_add_table (const char *prefix, guint n, const char *(*name_of) (guint),
    GTestDataFunc func)
{
  for (guint i = 0; i < n; i++) {
    g_autofree char *path = g_strconcat (prefix, name_of (i), NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), func);
  }
}
