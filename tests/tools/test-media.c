/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files that ffmpeg makes, decoded to the right samples and times. */
#include <math.h>
#include <string.h>

#include "tests/tools/fixture.h"
#include "tools/media/media.h"

#define RATE 16000

/* Silence, then a tone from 1 s to 2 s of 3 s. */
#define BEEP                                                                   \
  "-f lavfi -i "                                                               \
  "\"aevalsrc='0.5*sin(2*PI*440*t)*between(t,1,2)':d=3:s=%u:c=%s\" "

static const struct {
  const char *name;
  guint rate;
  const char *channels;
  const char *options;
  double slack; /* s, of the codec's block */
} audio[] = {
  { "plain.wav", 16000, "mono", "", 0.0005 },
  { "rate.wav", 44100, "mono", "", 0.001 },
  { "stereo.flac", 48000, "stereo", "", 0.001 },
  { "surround.wav", 48000, "5.1", "", 0.001 },
  { "eight.wav", 8000, "mono", "-c:a pcm_u8", 0.002 },
  { "voice.opus", 48000, "mono", "-c:a libopus", 0.03 },
  { "voice.mka", 48000, "mono", "-c:a libopus", 0.03 },
  { "voice.m4a", 44100, "mono", "-c:a aac", 0.03 },
  { "voice.mp3", 44100, "mono", "-c:a libmp3lame", 0.04 },
  { "float.mkv", 22050, "mono", "-c:a pcm_f32le", 0.001 },
};

/* First and last sample that is loud, s. */
static void
find_beep (GArray *samples, double *first, double *last)
{
  *first = *last = -1;
  for (guint i = 0; i < samples->len; i++) {
    if (fabsf (g_array_index (samples, float, i)) < 0.1f)
      continue;
    if (*first < 0)
      *first = (double) i / RATE;
    *last = (double) i / RATE;
  }
}

static void
test_audio (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  Fixture fixture;
  g_autofree char *source
      = g_strdup_printf (BEEP, audio[i].rate, audio[i].channels);
  g_autofree char *line
      = g_strconcat (source, audio[i].options, " ", audio[i].name, NULL);
  g_autofree char *path = NULL;
  g_autoptr (GArray) samples = NULL;
  g_autoptr (GError) error = NULL;
  double first, last;

  fixture_begin (&fixture);
  if (fixture_ffmpeg (&fixture, line)) {
    path = fixture_path (&fixture, audio[i].name);
    samples = media_load_audio (path, RATE, &error);
    g_assert_no_error (error);
    find_beep (samples, &first, &last);
    g_test_message ("%u samples, beep %.4f to %.4f", samples->len, first, last);
    g_assert_cmpfloat_with_epsilon ((double) samples->len / RATE, 3,
        audio[i].slack);
    g_assert_cmpfloat_with_epsilon (first, 1, audio[i].slack + 0.002);
    g_assert_cmpfloat_with_epsilon (last, 2, audio[i].slack + 0.002);
  }
  fixture_end (&fixture);
}

/* Mono is the mean of the channels, as GStreamer mixes. */
static void
test_stereo_level (void)
{
  Fixture fixture;
  g_autofree char *path = NULL;
  g_autoptr (GArray) samples = NULL;
  g_autoptr (GError) error = NULL;
  float most = 0;

  fixture_begin (&fixture);
  if (fixture_ffmpeg (&fixture,
          "-f lavfi -i \"aevalsrc='0.8*sin(880*t)|0':d=1:s=16000:c=stereo\" "
          "left.wav")) {
    path = fixture_path (&fixture, "left.wav");
    samples = media_load_audio (path, RATE, &error);
    g_assert_no_error (error);
    for (guint i = 0; i < samples->len; i++)
      most = MAX (most, g_array_index (samples, float, i));
    g_assert_cmpfloat_with_epsilon (most, 0.4, 0.005);
  }
  fixture_end (&fixture);
}

/* Sound that starts behind the picture keeps its place in the file. */
static void
test_late_audio (void)
{
  Fixture fixture;
  g_autofree char *path = NULL;
  g_autoptr (GArray) samples = NULL;
  g_autoptr (GError) error = NULL;
  double first, last;

  fixture_begin (&fixture);
  if (fixture_ffmpeg (&fixture,
          "-f lavfi -i testsrc=d=3:r=10:s=64x48 -itsoffset 0.75 "
          "-f lavfi -i \"aevalsrc='0.5*sin(2*PI*440*t)':d=1:s=16000\" "
          "-c:v mpeg4 -c:a pcm_s16le late.mkv")) {
    path = fixture_path (&fixture, "late.mkv");
    samples = media_load_audio (path, RATE, &error);
    g_assert_no_error (error);
    find_beep (samples, &first, &last);
    g_assert_cmpfloat_with_epsilon (first, 0.75, 0.003);
    g_assert_cmpfloat_with_epsilon (last, 1.75, 0.003);
  }
  fixture_end (&fixture);
}

/* --- video
 * ---------------------------------------------------------------------- */

static const struct {
  const char *name;
  const char *options;
} video[] = {
  { "yuv.mp4", "-c:v libx264 -pix_fmt yuv420p" },
  { "yuv.mkv", "-c:v mpeg4" },
  { "yuv444.mkv", "-c:v libx264 -pix_fmt yuv444p" },
  { "ten-bit.mkv", "-c:v ffv1 -pix_fmt yuv422p10le" },
  { "full-range.mkv", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p" },
  { "rgb.mkv", "-c:v ffv1 -pix_fmt bgr0" },
  { "grey.mkv", "-c:v ffv1 -pix_fmt gray" },
  { "grey16.mkv", "-c:v ffv1 -pix_fmt gray16le" },
};

typedef struct {
  guint n;
  guint64 last;
  float left, right;
} Seen;

static gboolean
see (const RnncVideoFrame *frame, guint64 timestamp, gpointer user_data,
    GError **error)
{
  Seen *seen = user_data;
  float halves[2];

  g_assert_cmpuint (frame->width, ==, 64);
  g_assert_cmpuint (frame->height, ==, 48);
  /* 10 frames a second; MKV counts milliseconds. */
  g_assert_cmpfloat_with_epsilon ((double) timestamp / 1e9, seen->n / 10.0,
      0.002);
  rnnc_video_reduce (frame, 2, 1, FALSE, halves);
  seen->left = halves[0];
  seen->right = halves[1];
  seen->n++;
  seen->last = timestamp;
  return TRUE;
}

/* Left half dark (20 %), right half bright (80 %), in every pixel format. */
static void
test_video (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  Fixture fixture;
  g_autofree char *path = NULL;
  g_autofree char *line
      = g_strconcat ("-f lavfi -i color=0x333333:s=64x48:r=10:d=1 -vf "
                     "\"drawbox=x=32:y=0:w=32:h=48:color=0xcccccc:t=fill\" ",
          video[i].options, " ", video[i].name, NULL);
  g_autoptr (GError) error = NULL;
  Seen seen = { 0 };

  fixture_begin (&fixture);
  if (fixture_ffmpeg (&fixture, line)) {
    path = fixture_path (&fixture, video[i].name);
    media_decode_video (path, see, &seen, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (seen.n, ==, 10);
    g_test_message ("left %.3f right %.3f", seen.left, seen.right);
    g_assert_cmpfloat_with_epsilon (seen.left, 0.2, 0.02);
    g_assert_cmpfloat_with_epsilon (seen.right, 0.8, 0.02);
  }
  fixture_end (&fixture);
}

/* --- errors
 * --------------------------------------------------------------------- */

static gboolean
take_nothing (const float *samples, gsize n, gpointer user_data, GError **error)
{
  return TRUE;
}

static void
test_errors (void)
{
  static const struct {
    const char *name;
    const char *content;
    int code;
  } files[] = {
    { "missing.wav", NULL, RNNC_ERROR_IO },
    { "empty.wav", "", RNNC_ERROR_FORMAT },
    { "text.wav", "this is no recording at all, is it", RNNC_ERROR_FORMAT },
  };
  Fixture fixture;

  media_init ();
  fixture_begin (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree char *path = fixture_path (&fixture, files[i].name);
    g_autoptr (GError) error = NULL;

    if (files[i].content != NULL)
      fixture_write (&fixture, files[i].name, files[i].content);
    g_assert_false (
        media_decode_audio (path, RATE, take_nothing, NULL, &error));
    g_test_message ("%s", error->message);
    g_assert_error (error, RNNC_ERROR, files[i].code);
    g_assert_true (g_str_has_prefix (error->message, path));
  }
  fixture_end (&fixture);
}

static void
test_no_stream (void)
{
  Fixture fixture;
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  Seen seen = { 0 };

  fixture_begin (&fixture);
  fixture_write_tone (&fixture, "tone.wav", 16000, 0.2, 440);
  path = fixture_path (&fixture, "tone.wav");
  g_assert_false (media_decode_video (path, see, &seen, &error));
  g_assert_nonnull (strstr (error->message, "tone.wav: it has no video"));
  fixture_end (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (audio); i++) {
    g_autofree char *path
        = g_strdup_printf ("/tools/media/audio/%s", audio[i].name);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_audio);
  }
  g_test_add_func ("/tools/media/audio/stereo-level", test_stereo_level);
  g_test_add_func ("/tools/media/audio/late", test_late_audio);
  for (guint i = 0; i < G_N_ELEMENTS (video); i++) {
    g_autofree char *path
        = g_strdup_printf ("/tools/media/video/%s", video[i].name);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_video);
  }
  g_test_add_func ("/tools/media/errors", test_errors);
  g_test_add_func ("/tools/media/no-stream", test_no_stream);
  return g_test_run ();
}
