/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Random damage to recordings: each is refused with one error that names it or
 * yields samples, pictures and a copy with subtitles; nothing crashes, hangs or
 * is endless (run under ASan and UBSan by ./check). RNNC_FUZZ_SECONDS sets how
 * long (default: 300 files). The seed is GLib's (--seed), so a failure
 * repeats. */
#include <math.h>
#include <string.h>

#include "tests/tools/fixture.h"
#include "tools/media/embed.h"
#include "tools/media/media.h"
#include "tools/media/playable.h"
#include "tools/output/captions.h"

#define DEFAULT_FILES 300
#define RATE 16000

static const char *const seeds[][2] = {
  { "a.wav", "-map 1:a -c:a pcm_s16le" },
  { "a.flac", "-map 1:a -c:a flac" },
  { "a.mp3", "-map 1:a -c:a libmp3lame" },
  { "a.ogg", "-map 1:a -c:a libopus" },
  { "a.mp4", "-c:v libx264 -c:a aac" },
  { "a.webm", "-c:v libvpx -c:a libvorbis" },
  { "a.mkv", "-c:v mpeg4 -c:a pcm_s16le" },
  { "a.avi", "-c:v mjpeg -pix_fmt yuvj420p -c:a pcm_s16le" },
  { "a.ts", "-c:v libx264 -c:a mp2" },
};

static GBytes *contents[G_N_ELEMENTS (seeds)];
static Fixture fixture;

static gboolean
make_seeds (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (seeds); i++) {
    g_autofree char *line
        = g_strdup_printf ("-f lavfi -i testsrc=d=0.4:r=10:s=48x32 -f lavfi -i "
                           "sine=d=0.4:r=48000 %s %s",
            seeds[i][1], seeds[i][0]);
    gsize length;
    char *text;

    if (!fixture_ffmpeg (&fixture, line))
      return FALSE;
    text = fixture_read (&fixture, seeds[i][0], &length);
    contents[i] = g_bytes_new_take (text, length);
  }
  return TRUE;
}

/* One to eight faults: a bit, a byte, a run removed or repeated, the end cut
 * off. Half of them in the first kilobyte, where headers are. */
static GByteArray *
damage (GBytes *seed)
{
  GByteArray *bytes = g_byte_array_new ();
  gint n_faults = g_test_rand_int_range (1, 9);

  g_byte_array_append (bytes, g_bytes_get_data (seed, NULL),
      (guint) g_bytes_get_size (seed));
  for (gint i = 0; i < n_faults && bytes->len > 64; i++) {
    guint end = g_test_rand_bit () ? MIN (bytes->len, 1024) : bytes->len;
    guint at = (guint) g_test_rand_int_range (0, (gint) end);
    guint run = (guint) g_test_rand_int_range (1, 200);
    g_autofree guint8 *copy = NULL;

    run = MIN (run, bytes->len - at);
    switch (g_test_rand_int_range (0, 6)) {
      case 0:
      case 1:
        bytes->data[at] ^= 1 << g_test_rand_int_range (0, 8);
        break;
      case 2:
        bytes->data[at] = (guint8) g_test_rand_int_range (0, 256);
        break;
      case 3:
        g_byte_array_remove_range (bytes, at, run);
        break;
      case 4:
        copy = g_memdup2 (bytes->data + at, run);
        g_byte_array_append (bytes, copy, run);
        break;
      case 5:
        g_byte_array_set_size (bytes, at + 1);
        break;
    }
  }
  return bytes;
}

typedef struct {
  guint64 samples;
  guint64 pictures;
  guint64 last;
} Seen;

static gboolean
take_samples (const float *samples, gsize n, gpointer user_data, GError **error)
{
  Seen *seen = user_data;

  seen->samples += n;
  return TRUE;
}

static gboolean
take_picture (const RnncVideoFrame *frame, guint64 timestamp,
    gpointer user_data, GError **error)
{
  Seen *seen = user_data;
  float grey[4];

  g_assert_cmpuint (timestamp, >=, seen->last);
  seen->last = timestamp;
  seen->pictures++;
  rnnc_video_reduce (frame, 2, 2, FALSE, grey);
  for (guint i = 0; i < 4; i++)
    g_assert_true (grey[i] >= 0 && grey[i] <= 1);
  return TRUE;
}

static void
check_error (gboolean ok, const char *path, GError *error)
{
  g_assert_cmpint (ok, ==, error == NULL);
  if (error != NULL)
    g_assert_true (g_str_has_prefix (error->message, path));
  g_clear_error (&error);
}

static void
check_embedding (const char *path)
{
  g_autoptr (Document) document = document_new (path);
  g_autoptr (GPtrArray) captions = NULL;
  CaptionRules rules;
  GError *error = NULL;
  gboolean ok;

  caption_rules_init (&rules);
  document->is_speech = TRUE;
  document_add_utterance (document, "hello", 100000000, 200000000, 1);
  captions = captions_new (document, &rules);
  ok = embed_subtitles (path, captions, "en", fixture.folder, "copy", &error);
  check_error (ok, path, error);
}

static void
check_file (const char *path)
{
  Seen seen = { 0 };
  MediaPart part = { .from = 100000000, .to = 300000000 };
  Playable playable;
  GError *error = NULL;
  gboolean ok;

  ok = media_decode_audio (path, RATE, take_samples, &seen, &error);
  check_error (ok, path, error);
  /* A day of silence at most is put into holes. */
  g_assert_cmpuint (seen.samples, <, 2 * 86400 * (guint64) RATE);
  error = NULL;
  ok = media_decode_video (path, take_picture, &seen, &error);
  check_error (ok, path, error);
  seen = (Seen){ 0 };
  error = NULL;
  ok = media_decode_audio_part (path, RATE, &part, take_samples, &seen, &error);
  check_error (ok, path, error);
  g_assert_cmpuint (seen.samples, <=, RATE / 5);
  error = NULL;
  ok = playable_look (path, &playable, &error);
  check_error (ok, path, error);
  check_embedding (path);
}

static void
test_damaged (void)
{
  const char *limit = g_getenv ("RNNC_FUZZ_SECONDS");
  gint64 end = limit
      ? g_get_monotonic_time () + g_ascii_strtoll (limit, NULL, 10) * 1000000
      : 0;
  guint n = 0;

  while (limit ? g_get_monotonic_time () < end : n < DEFAULT_FILES) {
    guint seed = (guint) g_test_rand_int_range (0, G_N_ELEMENTS (seeds));
    g_autofree char *path = fixture_path (&fixture, seeds[seed][0]);
    g_autoptr (GByteArray) bytes = damage (contents[seed]);

    g_assert_true (g_file_set_contents (path, (const char *) bytes->data,
        bytes->len, NULL));
    check_file (path);
    n++;
  }
  g_test_message ("%u files", n);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  media_init ();
  fixture_begin (&fixture);
  if (make_seeds ())
    g_test_add_func ("/fuzz/media", test_damaged);
  status = g_test_run ();
  for (guint i = 0; i < G_N_ELEMENTS (seeds); i++)
    g_clear_pointer (&contents[i], g_bytes_unref);
  fixture_end (&fixture);
  return status;
}
