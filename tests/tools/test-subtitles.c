/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Subtitles of transcribe, as other programs read them: files of their own and
 * tracks in a copy of the recording. */
#include <string.h>

#include "tests/tools/archive.h"

/* What the shipped model hears in the sample. */
static char *words;

/* Made once: media.folder holds "archive/" and the sample. */
static Fixture media;

/* As FFmpeg reads them: "start end text" a line, without markup. */
static char *
parse_subtitles (const char *name)
{
  const char *argv[] = { "ffmpeg", "-nostdin", "-v", "error", "-i", name, "-f",
    "srt", "-", NULL };
  Outcome outcome;
  char *text;

  fixture_run (&media, &outcome, argv);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpstr (outcome.err, ==, "");
  text = g_strdup (outcome.out);
  outcome_clear (&outcome);
  return text;
}

static void
test_parsed_back (void)
{
  static const char *const formats[] = { "srt", "vtt", "ass" };
  Outcome outcome;

  if (!archive_needs_ffmpeg ())
    return;
  fixture_rnncore (&media, &outcome, "transcribe", "-f", "srt,vtt,ass", "-d",
      "subtitles", "--line-length", "20", "archive/16k.wav", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  outcome_clear (&outcome);
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    /* The first line has at most 20 characters; pauses may end it before. */
    g_autofree char *first = g_strndup (words, strlen ("start seven"));
    g_autofree char *name = g_strconcat ("subtitles/16k.", formats[i], NULL);
    g_autofree char *text = parse_subtitles (name);

    g_assert_nonnull (strstr (text, first));
    g_assert_nonnull (strstr (text, "00:00:00,2"));
    /* In two lines, which FFmpeg parts in its own way. */
    g_assert_nonnull (strstr (text, "five two one"));
  }
}

static const struct {
  const char *from;
  const char *copy;
  const char *codec;
} embedded[] = {
  { "archive/h264.mp4", "h264.subtitled.mp4", "mov_text" },
  { "archive/vp9.webm", "vp9.subtitled.webm", "webvtt" },
  { "archive/ffv1.mkv", "ffv1.subtitled.mkv", "subrip" },
  { "archive/mpeg4.avi", "mpeg4.subtitled.mkv", "subrip" },
  { "archive/transport.ts", "transport.subtitled.mkv", "subrip" },
  { "archive/opus.ogg", "opus.subtitled.mkv", "subrip" },
  { "late.mkv", "late.subtitled.mkv", "subrip" },
};

/* What a decoder makes of sound and pictures. */
static char *
hash_streams (const char *name)
{
  const char *argv[] = { "ffmpeg", "-nostdin", "-v", "error", "-i", name,
    "-map", "0:v?", "-map", "0:a?", "-fps_mode", "passthrough", "-f",
    "streamhash", "-", NULL };
  Outcome outcome;
  char *text;

  fixture_run (&media, &outcome, argv);
  g_assert_cmpint (outcome.status, ==, 0);
  text = g_strdup (outcome.out);
  outcome_clear (&outcome);
  return text;
}

static void
test_embedded (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *copy = g_strconcat ("embedded/", embedded[i].copy, NULL);
  g_autofree char *before = NULL, *after = NULL, *cues = NULL;
  const char *argv[] = { "ffprobe", "-v", "error", "-show_entries",
    "stream=codec_name", "-select_streams", "s", "-of", "csv=p=0", copy, NULL };
  Outcome outcome;

  if (!archive_needs_ffmpeg ())
    return;
  fixture_rnncore (&media, &outcome, "transcribe", "--embed", "-d", "embedded",
      embedded[i].from, NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  outcome_clear (&outcome);
  fixture_run (&media, &outcome, argv);
  g_strchomp (outcome.out);
  g_assert_cmpstr (outcome.out, ==, embedded[i].codec);
  outcome_clear (&outcome);
  before = hash_streams (embedded[i].from);
  after = hash_streams (copy);
  g_assert_cmpstr (before, ==, after);
  cues = parse_subtitles (copy);
  g_assert_nonnull (strstr (cues, " seven "));
  g_assert_nonnull (strstr (cues,
      g_str_has_prefix (embedded[i].from, "late") ? "00:00:01,7"
                                                  : "00:00:00,2"));
}

/* The track comes out of GStreamer's demuxers. */
static void
test_played (gconstpointer data)
{
  static const char *const pipelines[][2] = {
    { "embedded/ffv1.subtitled.mkv", "matroskademux" },
    { "embedded/vp9.subtitled.webm", "matroskademux" },
    { "embedded/h264.subtitled.mp4", "qtdemux" },
  };
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *program = g_find_program_in_path ("gst-launch-1.0");
  g_autofree char *location = g_strdup_printf ("location=%s", pipelines[i][0]);
  const char *argv[] = { "gst-launch-1.0", "-q", "filesrc", location, "!",
    pipelines[i][1], "name=d", "d.subtitle_0", "!", "queue", "!", "fdsink",
    "sync=false", NULL };
  Outcome outcome;

  if (program == NULL)
    g_test_skip ("there is no gst-launch-1.0");
  if (program == NULL || !archive_needs_ffmpeg ())
    return;
  g_assert_true (fixture_has (&media, pipelines[i][0]));
  fixture_run (&media, &outcome, argv);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_nonnull (strstr (outcome.out, " seven "));
  outcome_clear (&outcome);
}

static const char *
embedded_name (guint i)
{
  return embedded[i].copy;
}

static const char *
played_name (guint i)
{
  return embedded[(guint[]){ 2, 1, 0 }[i]].copy;
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "opus.ogg", "16k.wav", "h264.mp4",
    "vp9.webm", "mpeg4.avi", "ffv1.mkv", "transport.ts", NULL };
  int status;

  g_test_init (&argc, &argv, NULL);
  fixture_begin (&media);
  archive_make (&media, names);
  /* Its sound begins 1.5 s behind its pictures. */
  fixture_ffmpeg (&media,
      "-i sample.mkv -itsoffset 1.5 -i sample.mkv -map 0:v "
      "-map 1:a -c copy late.mkv");
  words = archive_words (&media);
  g_test_add_func ("/tools/subtitles/parsed-back", test_parsed_back);
  archive_add_table ("/tools/subtitles/embedded/", G_N_ELEMENTS (embedded),
      embedded_name, test_embedded);
  archive_add_table ("/tools/subtitles/played/", 3, played_name, test_played);
  status = g_test_run ();
  fixture_end (&media);
  g_free (words);
  return status;
}
