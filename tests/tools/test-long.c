/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A recording of ten hours takes no more memory than one of ten minutes, but
 * for its text. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/raw-model.h"
#include "tests/tools/fixture.h"

#define RATE 16000

/* KiB that text and chance may take. */
#define ROOM 8192

/* Hears one long "a" in anything, ten frames a second. */
static char *
make_model (void)
{
  static const char description[]
      = "{\"format\":1,\"task\":\"speech\",\"language\":\"en\",\"frontend\":"
        "{\"type\":\"log-mel\",\"window\":1600,\"hop\":1600,\"fft\":1600,"
        "\"mels\":4},\"layers\":[{\"type\":\"dense\",\"name\":\"d\","
        "\"units\":3},{\"type\":\"log-softmax\"}],\"labels\":[\"<b>\",\" \","
        "\"a\"],\"blank\":0}";
  static const char tensors[]
      = "\"d.weight\":{\"dtype\":\"F32\",\"shape\":[3,4],"
        "\"data_offsets\":[0,48]},\"d.bias\":{\"dtype\":\"F32\",\"shape\":[3],"
        "\"data_offsets\":[48,60]}";
  float data[15] = { [14] = 5 };
  g_autofree char *header = raw_model_header (description, tensors);
  g_autoptr (GBytes) bytes = raw_model_bytes (header, data, sizeof data);

  return raw_model_write (bytes);
}

/* Silence, most of it not on any disk. */
static void
make_recording (const Fixture *fixture, const char *name, guint64 seconds)
{
  g_autofree char *path = fixture_path (fixture, name);
  guint32 bytes = GUINT32_TO_LE ((guint32) (seconds * RATE * 2));
  g_autofree char *text = NULL;
  gsize length;

  fixture_write_tone (fixture, name, RATE, 0, 1);
  text = fixture_read (fixture, name, &length);
  g_assert_cmpuint (length, ==, 44);
  memcpy (text + 40, &bytes, 4);
  bytes = GUINT32_TO_LE (GUINT32_FROM_LE (bytes) + 36);
  memcpy (text + 4, &bytes, 4);
  g_assert_true (g_file_set_contents (path, text, 44, NULL));
  g_assert_cmpint (truncate (path, (off_t) (44 + seconds * RATE * 2)), ==, 0);
}

/* KiB; of all programs that have run so far the largest. */
static glong
transcribe (const Fixture *fixture, const char *model, const char *recording,
    guint n_lines)
{
  Outcome outcome;
  struct rusage usage;
  guint n = 0;

  fixture_rnncore (fixture, &outcome, "transcribe", "-m", model, recording,
      NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  for (const char *p = outcome.out; *p != '\0'; p++)
    n += *p == '\n';
  g_test_message ("%u utterances", n);
  g_assert_cmpuint (n, >=, n_lines);
  outcome_clear (&outcome);
  g_assert_cmpint (getrusage (RUSAGE_CHILDREN, &usage), ==, 0);
  return usage.ru_maxrss;
}

static void
test_ten_hours (void)
{
  Fixture fixture;
  g_autofree char *model = make_model ();
  glong minutes, hours;

  fixture_begin (&fixture);
  make_recording (&fixture, "short.wav", 600);
  make_recording (&fixture, "long.wav", 36000);
  minutes = transcribe (&fixture, model, "short.wav", 1);
  hours = transcribe (&fixture, model, "long.wav", 1);
  g_test_message ("ten minutes %ld KiB, ten hours %ld KiB", minutes, hours);
  g_assert_cmpint (hours, <, minutes + ROOM);
  g_unlink (model);
  fixture_end (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/long/ten-hours", test_ten_hours);
  return g_test_run ();
}
