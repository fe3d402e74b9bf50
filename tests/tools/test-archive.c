/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * transcribe and label on what archives hold: many codecs and containers,
 * broken files, awkward names, parts; what they write and how they end. */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

#include "tests/tools/archive.h"
#include "tools/measure/error-rate.h"

/* What is shown in the sample. */
#define GESTURE "left"

/* What the shipped model hears in it. */
static char *words;

/* Made once: media.folder holds "archive/" and the sample. */
static Fixture media;

/* Copies a made file, with @keep of its bytes (0: all). */
static void
copy_file (const char *from, const char *to, gsize keep)
{
  g_autofree char *path = fixture_path (&media, to);
  g_autofree char *folder = g_path_get_dirname (path);
  gsize length;
  g_autofree char *text = fixture_read (&media, from, &length);

  g_mkdir_with_parents (folder, 0777);
  g_assert_true (g_file_set_contents (path, text,
      (gssize) (keep > 0 ? MIN (keep, length) : length), NULL));
}

/* How many files are below, whatever their names. */
static guint
count_files (const char *name)
{
  g_autofree char *path = fixture_path (&media, name);
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *inner;
  guint n = 0;

  while (folder != NULL && (inner = g_dir_read_name (folder)) != NULL) {
    g_autofree char *below = g_build_filename (name, inner, NULL);
    g_autofree char *full = fixture_path (&media, below);

    n += g_file_test (full, G_FILE_TEST_IS_DIR) ? count_files (below) : 1;
  }
  return n;
}

/* "file" → the texts or labels of its lines, joined. */
static GHashTable *
read_json_lines (const char *text, const char *member)
{
  GHashTable *found
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++) {
    g_autoptr (JsonNode) node = json_from_string (lines[i], NULL);
    JsonObject *object;
    const char *file, *before;

    g_assert_nonnull (node);
    object = json_node_get_object (node);
    file = json_object_get_string_member (object, "file");
    before = g_hash_table_lookup (found, file);
    g_hash_table_insert (found, g_strdup (file),
        g_strdup_printf ("%s%s%s", before ? before : "", before ? " " : "",
            json_object_get_string_member (object, member)));
  }
  return found;
}

/* --- codecs and containers ----------------------------------------------- */

/* A codec that loses something may cost three of nine words, as this small
 * model is; the elements' test says how little differs from what they hear. */
static void
check_words (const char *heard)
{
  EditCounts counts = edit_counts_words (words, heard);

  g_assert_cmpuint (edit_counts_errors (&counts), <=, 3);
}

static void
check_results (const Outcome *outcome, const char *member, guint kind,
    const char *expected)
{
  g_autoptr (GHashTable) found = read_json_lines (outcome->out, member);

  for (guint i = 0; i < ARCHIVE_FILES; i++) {
    g_autofree char *path
        = g_build_filename ("archive", archive_files[i].name, NULL);
    const char *text = g_hash_table_lookup (found, path);

    g_test_message ("%s: %s", path, text ? text : "nothing");
    if ((archive_files[i].holds & kind) == 0) {
      g_assert_null (text);
      g_assert_nonnull (strstr (outcome->err, path));
    } else if (archive_files[i].holds & ARCHIVE_LOW) {
      g_assert_nonnull (text);
    } else if (kind == ARCHIVE_SPEECH) {
      g_assert_nonnull (text);
      check_words (text);
    } else {
      g_assert_cmpstr (text, ==, expected);
    }
  }
}

static void
test_speech (void)
{
  Outcome outcome;

  if (!archive_needs_ffmpeg ())
    return;
  fixture_rnncore (&media, &outcome, "transcribe", "-j", "2", "-f", "jsonl",
      "archive", NULL);
  /* Two have no sound. */
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "it has no audio"));
  g_assert_nonnull (strstr (outcome.err, "2 of 17 recordings"));
  check_results (&outcome, "text", ARCHIVE_SPEECH, words);
  outcome_clear (&outcome);
}

static void
test_gestures (void)
{
  Outcome outcome;

  if (!archive_needs_ffmpeg ())
    return;
  fixture_rnncore (&media, &outcome, "label", "-j", "2", "-f", "jsonl",
      "archive", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "it has no video"));
  check_results (&outcome, "label", ARCHIVE_GESTURES, GESTURE);
  outcome_clear (&outcome);
}

/* --- broken files -------------------------------------------------------- */

static void
damage (const char *name, guint first, guint step)
{
  g_autofree char *path = fixture_path (&media, name);
  gsize length;
  g_autofree char *text = fixture_read (&media, name, &length);

  for (gsize i = first; i < length; i += step)
    text[i] ^= 0x5a;
  g_assert_true (g_file_set_contents (path, text, (gssize) length, NULL));
}

static void
test_broken (void)
{
  static const struct {
    const char *name;
    const char *reason; /* NULL: something is found */
  } broken[] = {
    { "empty.wav", "cannot read it" },
    { "text.mp3", "cannot read it" },
    { "no-index.mp4", "cannot read it" },
    { "cut.mkv", NULL },
    { "bytes.ogg", NULL },
    { "gone.wav", "cannot read it: No such file" },
    { "whole.wav", NULL },
  };
  Outcome outcome;

  if (!archive_needs_ffmpeg ())
    return;
  copy_file ("archive/ffv1.mkv", "broken/cut.mkv", 600000);
  copy_file ("archive/h264.mp4", "broken/no-index.mp4", 20000);
  copy_file ("archive/opus.ogg", "broken/bytes.ogg", 0);
  copy_file ("archive/16k.wav", "broken/whole.wav", 0);
  damage ("broken/bytes.ogg", 6000, 3001);
  fixture_write (&media, "broken/empty.wav", "");
  fixture_write (&media, "broken/text.mp3", "this is no recording, is it");
  fixture_rnncore (&media, &outcome, "transcribe", "-d", "broken-out", "broken",
      "broken/gone.wav", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_cmpstr (outcome.out, ==, "");
  for (guint i = 0; i < G_N_ELEMENTS (broken); i++) {
    g_autofree char *stem = g_strndup (broken[i].name,
        (gsize) (strchr (broken[i].name, '.') - broken[i].name));
    g_autofree char *out = g_strconcat ("broken-out/", stem, ".txt", NULL);
    g_autofree char *message = g_strdup_printf ("rnncore: broken/%s: %s",
        broken[i].name, broken[i].reason ? broken[i].reason : "");

    g_test_message ("%s", broken[i].name);
    g_assert_cmpint (fixture_has (&media, out), ==, broken[i].reason == NULL);
    g_assert_cmpint (strstr (outcome.err, message) != NULL, ==,
        broken[i].reason != NULL);
  }
  /* And none that is half. */
  g_assert_cmpuint (count_files ("broken-out"), ==, 3);
  outcome_clear (&outcome);
}

/* --- names --------------------------------------------------------------- */

static const char *const odd_names[] = { "with space.wav", "quo'te\".wav",
  "new\nline.wav", "b\xff\xfe.wav", "-dash.wav", "100%d.wav", "http:x.wav",
  "\xc3\xa4\xe2\x82\xac.wav", "back\\slash.wav", "<b>&amp;.wav" };

static void
test_names (void)
{
  Outcome outcome;
  g_autoptr (GString) list = g_string_new (NULL);
  g_autofree char *path = fixture_path (&media, "names.list");

  if (!archive_needs_ffmpeg ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (odd_names); i++) {
    g_autofree char *name = g_build_filename ("odd", odd_names[i], NULL);

    copy_file ("archive/16k.wav", name, 0);
    g_string_append_len (list, name, (gssize) strlen (name) + 1);
  }
  g_assert_true (
      g_file_set_contents (path, list->str, (gssize) list->len, NULL));
  fixture_rnncore (&media, &outcome, "transcribe", "-0", "-T", "names.list",
      "-f", "jsonl,eaf,csv", "--embed", "-d", "odd-out", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpstr (outcome.err, ==, "");
  outcome_clear (&outcome);
  g_assert_cmpuint (count_files ("odd-out"), ==, 4 * G_N_ELEMENTS (odd_names));
  for (guint i = 0; i < G_N_ELEMENTS (odd_names); i++) {
    g_autofree char *stem = g_strndup (odd_names[i], strlen (odd_names[i]) - 4);
    g_autofree char *json = g_strconcat ("odd-out/", stem, ".jsonl", NULL);
    g_autofree char *text = fixture_read (&media, json, NULL);

    g_assert_true (g_utf8_validate (text, -1, NULL));
    g_assert_nonnull (strstr (text, words));
  }
}

/* Two that would get the same name keep their endings; the same twice is one;
 * shards together are all, under the same names. */
static void
test_same_names (void)
{
  Outcome outcome;
  static const char *const expected[] = { "same-out/x/talk.wav.txt",
    "same-out/x/talk.ogg.txt", "same-out/y/talk.txt" };

  if (!archive_needs_ffmpeg ())
    return;
  copy_file ("archive/16k.wav", "same/x/talk.wav", 0);
  copy_file ("archive/opus.ogg", "same/x/talk.ogg", 0);
  copy_file ("archive/opus.ogg", "same/y/talk.ogg", 0);
  fixture_write (&media, "same/y/talk.srt", "not for us");
  fixture_write (&media, "same.list", "same\nsame/y/talk.ogg\n");
  for (guint i = 1; i <= 2; i++) {
    g_autofree char *shard = g_strdup_printf ("%u/2", i);

    fixture_rnncore (&media, &outcome, "transcribe", "-T", "same.list",
        "--shard", shard, "-d", "same-out", NULL);
    g_assert_cmpint (outcome.status, ==, 0);
    g_assert_cmpstr (outcome.err, ==, "");
    outcome_clear (&outcome);
    g_assert_cmpuint (count_files ("same-out"), ==, i + 1);
  }
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_true (fixture_has (&media, expected[i]));
}

static void
test_several_at_once (void)
{
  Outcome one, many;

  if (!archive_needs_ffmpeg ())
    return;
  copy_file ("archive/16k.wav", "several/1.wav", 0);
  copy_file ("archive/vorbis.ogg", "several/2.ogg", 0);
  fixture_rnncore (&media, &one, "transcribe", "-j", "1", "-w", "several",
      "archive/16k.wav", "archive/opus.ogg", NULL);
  fixture_rnncore (&media, &many, "transcribe", "-j", "4", "-w", "several",
      "archive/16k.wav", "archive/opus.ogg", NULL);
  g_assert_nonnull (strstr (many.out, "# several/2.ogg\n"));
  g_assert_cmpint (many.status, ==, 0);
  g_assert_cmpstr (one.out, ==, many.out);
  outcome_clear (&one);
  outcome_clear (&many);
}

static void
test_nothing (void)
{
  Outcome outcome;

  fixture_write (&media, "notes.txt", "x");
  fixture_rnncore (&media, &outcome, "transcribe", "-T", "notes.list", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  outcome_clear (&outcome);
  fixture_write (&media, "empty.list", "");
  fixture_rnncore (&media, &outcome, "transcribe", "-T", "empty.list", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "no recordings there"));
  outcome_clear (&outcome);
  fixture_rnncore (&media, &outcome, "transcribe", "-f", "vtt", "a", "b", NULL);
  g_assert_cmpint (outcome.status, ==, 2);
  outcome_clear (&outcome);
}

/* --- times --------------------------------------------------------------- */

typedef struct {
  double start;
  char text[32];
} Heard;

/* Of transcribe -w. */
static guint
read_words (const char *out, Heard *heard, guint room)
{
  g_auto (GStrv) lines = g_strsplit (out, "\n", -1);
  guint n = 0;

  for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++) {
    g_auto (GStrv) columns = g_strsplit (lines[i], "\t", -1);

    g_assert_cmpuint (g_strv_length (columns), ==, 4);
    g_assert_cmpuint (n, <, room);
    heard[n].start = g_ascii_strtod (columns[0], NULL);
    g_strlcpy (heard[n].text, columns[3], sizeof heard[n].text);
    n++;
  }
  return n;
}

/* Words keep their places in the file, wherever reading begins. */
static void
test_range (gconstpointer name)
{
  Heard all[32], part[32];
  Outcome outcome;
  guint n, m, n_other = 0;

  if (!archive_needs_ffmpeg ())
    return;
  fixture_rnncore (&media, &outcome, "transcribe", "-w", name, NULL);
  n = read_words (outcome.out, all, 32);
  outcome_clear (&outcome);
  g_assert_cmpuint (n, ==, 9);
  /* In the pause before "stop", and behind "five". */
  fixture_rnncore (&media, &outcome, "transcribe", "-w", "--from", "1.85",
      "--to", "0:3.3", name, NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  m = read_words (outcome.out, part, 32);
  outcome_clear (&outcome);
  g_assert_cmpuint (m, >=, 3);
  for (guint i = 0; i < 3; i++) {
    n_other += !g_str_equal (part[i].text, all[4 + i].text);
    g_assert_cmpfloat_with_epsilon (part[i].start, all[4 + i].start, 0.1);
  }
  /* With another past a lossy codec's word may come out otherwise. */
  g_assert_cmpuint (n_other, <=, 1);
  fixture_rnncore (&media, &outcome, "transcribe", "--from", "1:00", name,
      NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "it holds no audio of that time"));
  outcome_clear (&outcome);
}

static const struct {
  const char *name;
  const char *line; /* of ffmpeg */
  double shift;     /* s that words come later than in the sample */
} shifted[] = {
  { "late.mkv",
      "-i sample.mkv -itsoffset 1.5 -i sample.mkv -map 0:v -map 1:a -c copy "
      "late.mkv",
      1.5 },
  { "late.mp4",
      "-i sample.mkv -itsoffset 1.5 -i sample.mkv -map 0:v -map 1:a -c:v copy "
      "-c:a aac late.mp4",
      1.5 },
  /* Both tracks: the file's start is where they start. */
  { "offset.ts",
      "-i sample.mkv -c:v copy -c:a mp2 -output_ts_offset 100 offset.ts", 0 },
  /* An edit list cuts the first second of what the file holds. */
  { "edited.mp4", "-i archive/h264.mp4 -ss 0.7 -vn -c copy edited.mp4", -0.7 },
};

static void
test_shifted (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  Heard plain[32], moved[32];
  Outcome outcome;
  guint n, m, dropped, n_other = 0;

  if (!archive_needs_ffmpeg () || !fixture_ffmpeg (&media, shifted[i].line))
    return;
  fixture_rnncore (&media, &outcome, "transcribe", "-w", "sample.mkv", NULL);
  n = read_words (outcome.out, plain, 32);
  outcome_clear (&outcome);
  fixture_rnncore (&media, &outcome, "transcribe", "-w", shifted[i].name, NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  m = read_words (outcome.out, moved, 32);
  outcome_clear (&outcome);
  /* The first word may be lost with the cut. */
  dropped = n - m;
  g_assert_cmpuint (m, <=, n);
  g_assert_cmpuint (dropped, <=, shifted[i].shift < 0 ? 1 : 0);
  for (guint w = 1; w < m; w++) {
    n_other += !g_str_equal (moved[w].text, plain[w + dropped].text);
    g_assert_cmpfloat_with_epsilon (moved[w].start,
        plain[w + dropped].start + shifted[i].shift, 0.06);
  }
  g_assert_cmpuint (n_other, <=, 3);
}

/* Frames that are dropped here and there change when, not what. */
static void
test_variable_rate (void)
{
  Outcome plain, variable;

  if (!archive_needs_ffmpeg ()
      || !fixture_ffmpeg (&media,
          "-i sample.mkv -an -vf \"select='not(eq(mod(n,7),3))'\" "
          "-fps_mode vfr -c:v ffv1 variable.mkv"))
    return;
  fixture_rnncore (&media, &plain, "label", "--stream", "sample.mkv", NULL);
  fixture_rnncore (&media, &variable, "label", "--stream", "variable.mkv",
      NULL);
  g_assert_cmpint (variable.status, ==, 0);
  {
    g_auto (GStrv) one = g_strsplit (plain.out, "\t", -1);
    g_auto (GStrv) other = g_strsplit (variable.out, "\t", -1);

    g_assert_cmpuint (g_strv_length (one), ==, 5);
    g_assert_cmpuint (g_strv_length (other), ==, 5);
    g_assert_cmpstr (one[3], ==, other[3]);
    for (guint i = 1; i < 3; i++)
      g_assert_cmpfloat_with_epsilon (g_ascii_strtod (one[i], NULL),
          g_ascii_strtod (other[i], NULL), 0.15);
  }
  outcome_clear (&plain);
  outcome_clear (&variable);
}

static void
test_tracks (void)
{
  const struct {
    const char *track;
    const char *text; /* NULL: refused */
  } tracks[] = {
    { "1", "" },
    { "2", words },
    { "eng", words },
    { "3", NULL },
    { "fra", NULL },
  };

  if (!archive_needs_ffmpeg ()
      || !fixture_ffmpeg (&media,
          "-f lavfi -i anullsrc=r=16000:cl=mono -i sample.mkv -t 4 -map 0:a "
          "-map 1:a -c:a flac -metadata:s:a:1 language=eng tracks.mkv"))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (tracks); i++) {
    Outcome outcome;

    fixture_rnncore (&media, &outcome, "transcribe", "--track", tracks[i].track,
        "tracks.mkv", NULL);
    g_assert_cmpint (outcome.status, ==, tracks[i].text ? 0 : 1);
    g_strchomp (outcome.out);
    g_assert_cmpstr (outcome.out, ==, tracks[i].text ? tracks[i].text : "");
    if (tracks[i].text == NULL)
      g_assert_nonnull (strstr (outcome.err, "it has no audio track"));
    outcome_clear (&outcome);
  }
}

/* --- going on ------------------------------------------------------------ */

static void
test_resume (void)
{
  Outcome outcome;
  g_autofree char *old = fixture_path (&media, "again-out/a.srt");
  struct utimbuf long_ago = { 1000, 1000 };
  g_autofree char *text = NULL;

  if (!archive_needs_ffmpeg ())
    return;
  copy_file ("archive/16k.wav", "again/a.wav", 0);
  copy_file ("archive/opus.ogg", "again/b.ogg", 0);
  fixture_rnncore (&media, &outcome, "transcribe", "-f", "srt,txt", "-d",
      "again-out", "again", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  outcome_clear (&outcome);
  /* One is older than its recording, the other stays as it is. */
  fixture_write (&media, "again-out/a.srt", "old");
  g_assert_cmpint (g_utime (old, &long_ago), ==, 0);
  fixture_write (&media, "again-out/b.srt", "kept");
  fixture_rnncore (&media, &outcome, "transcribe", "-f", "srt,txt", "-d",
      "again-out", "--resume", "again", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_nonnull (strstr (outcome.err, "1 of 2 recordings were done before"));
  outcome_clear (&outcome);
  text = fixture_read (&media, "again-out/a.srt", NULL);
  g_assert_nonnull (strstr (text, "-->"));
  g_clear_pointer (&text, g_free);
  text = fixture_read (&media, "again-out/b.srt", NULL);
  g_assert_cmpstr (text, ==, "kept");
}

/* Ctrl-C: what is finished stays, nothing is half, the rest is done later. */
static void
test_interrupt (void)
{
  g_autoptr (GSubprocess) process = NULL;
  Outcome outcome;
  const guint n = 12;
  guint done;

  if (!archive_needs_ffmpeg ()
      || !fixture_ffmpeg (&media,
          "-stream_loop 9 -i archive/16k.wav -c copy long.wav"))
    return;
  for (guint i = 0; i < n; i++) {
    g_autofree char *name = g_strdup_printf ("many/%02u.wav", i);

    copy_file (i == 0 ? "archive/16k.wav" : "long.wav", name, 0);
  }
  process = fixture_start_rnncore (&media, "transcribe", "-j", "1", "--embed",
      "-f", "txt", "-d", "many-out", "many", NULL);
  while (!fixture_has (&media, "many-out/00.subtitled.mkv"))
    g_usleep (2000);
  g_subprocess_send_signal (process, SIGINT);
  g_assert_true (g_subprocess_wait (process, NULL, NULL));
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 1);
  done = count_files ("many-out");
  /* A text may be there whose copy is not; hidden files are not. */
  g_assert_cmpuint (done, <, 2 * n);
  for (guint i = 0; i < n; i++) {
    g_autofree char *text = g_strdup_printf ("many-out/%02u.txt", i);
    g_autofree char *copy = g_strdup_printf ("many-out/%02u.subtitled.mkv", i);

    done -= fixture_has (&media, text) + fixture_has (&media, copy);
  }
  g_assert_cmpuint (done, ==, 0);
  fixture_rnncore (&media, &outcome, "transcribe", "--embed", "-f", "txt", "-d",
      "many-out", "--resume", "many", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  outcome_clear (&outcome);
  g_assert_cmpuint (count_files ("many-out"), ==, 2 * n);
}

/* --- writing ------------------------------------------------------------- */

static void
test_unwritable (void)
{
  Outcome outcome;

  if (!archive_needs_ffmpeg ())
    return;
  /* A file where a folder is needed; the recording itself. */
  fixture_write (&media, "blocked", "x");
  fixture_rnncore (&media, &outcome, "transcribe", "-d", "blocked/out",
      "archive/16k.wav", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "blocked"));
  outcome_clear (&outcome);
  copy_file ("archive/16k.wav", "self.wav", 0);
  fixture_rnncore (&media, &outcome, "transcribe", "-o", "self.wav", "self.wav",
      NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "it is the recording itself"));
  outcome_clear (&outcome);
}

static const char *
shifted_name (guint i)
{
  return shifted[i].name;
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("KEEP"))
    g_test_set_nonfatal_assertions ();
  fixture_begin (&media);
  archive_make (&media, NULL);
  words = archive_words (&media);
  g_test_add_func ("/tools/archive/speech", test_speech);
  g_test_add_func ("/tools/archive/gestures", test_gestures);
  g_test_add_func ("/tools/archive/broken", test_broken);
  g_test_add_func ("/tools/archive/names/odd", test_names);
  g_test_add_func ("/tools/archive/names/same", test_same_names);
  g_test_add_func ("/tools/archive/several-at-once", test_several_at_once);
  g_test_add_func ("/tools/archive/nothing", test_nothing);
  g_test_add_data_func ("/tools/archive/range/wav", "archive/16k.wav",
      test_range);
  g_test_add_data_func ("/tools/archive/range/mp4", "archive/h264.mp4",
      test_range);
  g_test_add_data_func ("/tools/archive/range/ogg", "archive/opus.ogg",
      test_range);
  g_test_add_data_func ("/tools/archive/range/ts", "archive/transport.ts",
      test_range);
  archive_add_table ("/tools/archive/times/", G_N_ELEMENTS (shifted),
      shifted_name, test_shifted);
  g_test_add_func ("/tools/archive/times/variable-rate", test_variable_rate);
  g_test_add_func ("/tools/archive/tracks", test_tracks);
  g_test_add_func ("/tools/archive/resume", test_resume);
  g_test_add_func ("/tools/archive/interrupt", test_interrupt);
  g_test_add_func ("/tools/archive/unwritable", test_unwritable);
  status = g_test_run ();
  fixture_end (&media);
  g_free (words);
  return status;
}
