/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * rnnspeech: text and times for audio as it comes: buffers of any size, ends,
 * holes, flushes. */
#include <string.h>

#include "tests/elements/speech-harness.h"
#include "tests/elements/toy-models.h"

#define MS GST_MSECOND
/* A letter begins and ends within a window of its tone. */
#define TOLERANCE (30 * MS)

#define assert_near(a, b)                                                      \
  g_assert_cmpint (ABS (GST_CLOCK_DIFF (a, b)), <=, TOLERANCE)

/* Everything from @start to @end is said once: each buffer or GAP begins where
 * the last one ended. */
static void
assert_covers (GPtrArray *said, GstClockTime start, GstClockTime end)
{
  GstClockTime position = start;

  for (guint i = 0; i < said->len; i++) {
    const Said *one = g_ptr_array_index (said, i);

    g_assert_cmpuint (one->start, ==, position);
    g_assert_true (GST_CLOCK_TIME_IS_VALID (one->duration));
    g_assert_cmpuint (one->duration, >, 0);
    position = one->start + one->duration;
  }
  g_assert_cmpuint (position, ==, end);
}

static const Said *
nth_text (GPtrArray *said, guint n)
{
  for (guint i = 0; i < said->len; i++) {
    const Said *one = g_ptr_array_index (said, i);

    if (one->text != NULL && n-- == 0)
      return one;
  }
  g_assert_not_reached ();
}

/* --- utterances and words ------------------------------------------------- */

static const struct {
  const char *name;
  const char *properties;
  const char *script;
  const char *text;
} scripts[] = {
  { "utterance", "line-feeds=never", "abc de..", "abc de" },
  { "line", "line-feeds=always", "abc de..", "abc de\n" },
  { "auto-to-any", NULL, "abc de..", "abc de\n" },
  { "two-utterances", "line-feeds=never", "ab..........cd.", "ab|cd" },
  { "endpoint-silence", "line-feeds=never endpoint-silence=300", "ab.....cd.",
      "ab|cd" },
  { "words", "output-unit=word line-feeds=never", "ab cd e..", "ab |cd |e " },
  { "words-line", "output-unit=word line-feeds=always", "ab cd e..........f..",
      "ab |cd |e\n|f\n" },
  { "words-committed-early", "output-unit=word line-feeds=always latency=100",
      "ab cd.......... ", "ab |cd |\n" },
  /* Words that went out too early lose nothing of what follows. */
  { "words-growing", "output-unit=word line-feeds=never latency=40",
      "abc def..........f", "a |b |c |d |e |f |f " },
  { "words-growing-late", "output-unit=word line-feeds=always latency=300",
      "ab......cd..........e..", "ab |cd |\n|e\n" },
  { "silence", NULL, "..........................", "" },
  { "cut-off-ending", "line-feeds=never", "ab cd", "ab cd" },
};

static void
test_script (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  SpeechHarness *speech = speech_harness_new (scripts[i].properties, "F32LE");
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) said = NULL;

  speech_harness_say (speech, scripts[i].script, 0, 800);
  speech_harness_eos (speech);
  said = speech_harness_take (speech);
  text = said_text (said);
  g_assert_cmpstr (text, ==, scripts[i].text);
  speech_harness_free (speech);
}

static void
test_times (void)
{
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  GstClockTime start = 5 * GST_SECOND;
  g_autoptr (GPtrArray) said = NULL;

  speech_harness_say (speech, "..ab cd...........ef..", start, 160);
  speech_harness_eos (speech);
  said = speech_harness_take (speech);
  assert_covers (said, 0, start + 2200 * MS);
  assert_near (nth_text (said, 0)->start, start + 200 * MS);
  assert_near (nth_text (said, 0)->duration, 500 * MS);
  assert_near (nth_text (said, 1)->start, start + 1800 * MS);
  assert_near (nth_text (said, 1)->duration, 200 * MS);
  speech_harness_free (speech);
}

static void
test_word_times (void)
{
  SpeechHarness *speech
      = speech_harness_new ("output-unit=word line-feeds=never", "F32LE");
  g_autoptr (GPtrArray) said = NULL;

  speech_harness_say (speech, "..ab cd..", 0, 160);
  speech_harness_eos (speech);
  said = speech_harness_take (speech);
  assert_covers (said, 0, 900 * MS);
  assert_near (nth_text (said, 0)->start, 200 * MS);
  assert_near (nth_text (said, 0)->duration, 200 * MS);
  assert_near (nth_text (said, 1)->start, 500 * MS);
  assert_near (nth_text (said, 1)->duration, 200 * MS);
  speech_harness_free (speech);
}

/* A word is out the latency after its end, before its utterance has ended. */
static void
test_word_latency (void)
{
  SpeechHarness *speech
      = speech_harness_new ("output-unit=word line-feeds=never latency=300",
          "F32LE");
  g_autofree char *before = NULL, *after = NULL;

  speech_harness_say (speech, "ab cd", 0, 160);
  before = speech_harness_take_text (speech);
  g_assert_cmpstr (before, ==, "ab ");
  speech_harness_say (speech, "....", 500 * MS, 160);
  after = speech_harness_take_text (speech);
  g_assert_cmpstr (after, ==, "cd ");
  speech_harness_free (speech);
}

/* While nobody speaks, GAPs follow the audio. */
static void
test_gaps (void)
{
  SpeechHarness *speech = speech_harness_new (NULL, "F32LE");
  g_autoptr (GPtrArray) said = NULL;

  speech_harness_say (speech, "....................", 0, 1600);
  said = speech_harness_take (speech);
  assert_covers (said, 0,
      ((const Said *) g_ptr_array_index (said, said->len - 1))->start
          + ((const Said *) g_ptr_array_index (said, said->len - 1))->duration);
  g_assert_cmpuint (said->len, >=, 15);
  g_assert_cmpuint (((const Said *) g_ptr_array_index (said, said->len - 1))
                        ->start,
      >, 1800 * MS);
  speech_harness_free (speech);
}

/* --- buffers of any size -------------------------------------------------- */

static char *
transcript_of (const char *properties, gsize chunk)
{
  SpeechHarness *speech = speech_harness_new (properties, "F32LE");
  g_autoptr (GPtrArray) said = NULL;
  GString *all = g_string_new (NULL);

  speech_harness_say (speech, "..ab cd e..........f a..........bc d", 0, chunk);
  speech_harness_eos (speech);
  said = speech_harness_take (speech);
  for (guint i = 0; i < said->len; i++) {
    const Said *one = g_ptr_array_index (said, i);

    if (one->text != NULL)
      g_string_append_printf (all,
          "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %s|", one->start,
          one->duration, one->text);
  }
  speech_harness_free (speech);
  return g_string_free (all, FALSE);
}

static void
test_chunks (gconstpointer data)
{
  const char *properties = data;
  const gsize chunks[] = { 1, 7, 160, 441, 1600, 4096, 16000 };
  g_autofree char *whole = transcript_of (properties, 0);

  g_assert_nonnull (strstr (whole, "e"));
  for (gsize i = 0; i < G_N_ELEMENTS (chunks); i++) {
    g_autofree char *text = transcript_of (properties, chunks[i]);

    g_assert_cmpstr (text, ==, whole);
  }
}

static void
test_int16 (void)
{
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "S16LE");
  gsize n;
  g_autofree float *samples = tone_script ("ab cd..", &n);
  gint16 *integers = g_new (gint16, n);
  GstBuffer *buffer;
  g_autofree char *text = NULL;

  for (gsize i = 0; i < n; i++)
    integers[i] = (gint16) (samples[i] * 32767);
  buffer = gst_buffer_new_wrapped (integers, n * sizeof (gint16));
  GST_BUFFER_PTS (buffer) = 0;
  gst_harness_push (speech->harness, buffer);
  speech_harness_eos (speech);
  text = speech_harness_take_text (speech);
  g_assert_cmpstr (text, ==, "ab cd");
  speech_harness_free (speech);
}

/* --- breaks --------------------------------------------------------------- */

static const struct {
  const char *name;
  gint64 jump; /* ms that the second half's timestamps are off */
  const char *text;
} breaks[] = {
  { "none", 0, "abcd" },
  { "jitter", 30, "abcd" },
  { "jitter-back", -30, "abcd" },
  { "short-hole", 150, "abcd" },
  { "short-overlap", -150, "abcd" },
  { "long-hole", 500, "ab|cd" },
  { "back", -3000, "ab|cd" },
};

static void
test_discont (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  GstClockTime start = 10 * GST_SECOND;
  gsize n;
  g_autofree float *samples = tone_script ("cd.", &n);
  g_autoptr (GPtrArray) said = NULL;
  GstBuffer *first, *second;

  speech_harness_say (speech, "ab", start, 0);
  speech_harness_push (speech, samples, n,
      start + 200 * MS + breaks[i].jump * MS, GST_BUFFER_FLAG_DISCONT);
  speech_harness_eos (speech);
  first = gst_harness_try_pull (speech->harness);
  second = gst_harness_try_pull (speech->harness);
  g_assert_nonnull (first);
  g_assert_cmpint (strlen (breaks[i].text) > 4, ==, second != NULL);
  if (second != NULL) {
    g_assert_cmpint (gst_buffer_memcmp (first, 0, "ab", 2), ==, 0);
    g_assert_cmpint (gst_buffer_memcmp (second, 0, "cd", 2), ==, 0);
    assert_near (GST_BUFFER_PTS (second),
        start + 200 * MS + breaks[i].jump * MS);
  } else {
    g_assert_cmpint (gst_buffer_memcmp (first, 0, "abcd", 4), ==, 0);
  }
  gst_clear_buffer (&first);
  gst_clear_buffer (&second);
  speech_harness_free (speech);
}

static const struct {
  const char *name;
  guint duration; /* ms */
  const char *text;
} gaps[] = {
  { "short", 200, "abcd" },
  { "long", 1500, "ab|cd" },
};

static void
test_gap_event (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  GstClockTime duration = gaps[i].duration * MS;
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  g_autoptr (GPtrArray) said = NULL;
  g_autofree char *text = NULL;

  speech_harness_say (speech, "ab", 0, 0);
  gst_harness_push_event (speech->harness,
      gst_event_new_gap (200 * MS, duration));
  speech_harness_say (speech, "cd.", 200 * MS + duration, 0);
  speech_harness_eos (speech);
  said = speech_harness_take (speech);
  text = said_text (said);
  g_assert_cmpstr (text, ==, gaps[i].text);
  assert_covers (said, 0, 500 * MS + duration);
  speech_harness_free (speech);
}

static void
push_new_segment (SpeechHarness *speech, GstClockTime start)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.position = segment.time = start;
  gst_harness_push_event (speech->harness, gst_event_new_segment (&segment));
}

static void
push_caps (SpeechHarness *speech)
{
  GstCaps *caps = gst_caps_from_string ("audio/x-raw,format=S16LE,rate=16000,"
                                        "channels=1,layout=interleaved");

  gst_harness_push_event (speech->harness, gst_event_new_caps (caps));
  gst_caps_unref (caps);
}

/* Each of these ends what was said before. */
static void
test_drain (gconstpointer data)
{
  const char *what = data;
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  g_autofree char *before = NULL, *after = NULL;

  speech_harness_say (speech, "ab", 0, 0);
  before = speech_harness_take_text (speech);
  g_assert_cmpstr (before, ==, "");
  if (strcmp (what, "segment") == 0)
    push_new_segment (speech, 3 * GST_SECOND);
  else if (strcmp (what, "caps") == 0)
    push_caps (speech);
  else if (strcmp (what, "segment-done") == 0)
    gst_harness_push_event (speech->harness,
        gst_event_new_segment_done (GST_FORMAT_TIME, GST_SECOND));
  else
    speech_harness_eos (speech);
  after = speech_harness_take_text (speech);
  g_assert_cmpstr (after, ==, "ab");
  speech_harness_free (speech);
}

/* A flush says nothing of what was heard, and what follows starts anew. */
static void
test_flush (void)
{
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  g_autoptr (GPtrArray) said = NULL;
  g_autofree char *text = NULL;

  speech_harness_say (speech, "ab", 0, 0);
  gst_harness_push_event (speech->harness, gst_event_new_flush_start ());
  gst_harness_push_event (speech->harness, gst_event_new_flush_stop (TRUE));
  push_new_segment (speech, 7 * GST_SECOND);
  g_ptr_array_unref (speech_harness_take (speech));
  speech_harness_say (speech, "cd.", 7 * GST_SECOND, 0);
  speech_harness_eos (speech);
  said = speech_harness_take (speech);
  text = said_text (said);
  g_assert_cmpstr (text, ==, "cd");
  assert_covers (said, 7 * GST_SECOND, 7300 * MS);
  speech_harness_free (speech);
}

/* Bytes from a pipe: no timestamps, no TIME segment. */
static void
test_bytes (void)
{
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  GstSegment segment;
  gsize n;
  g_autofree float *samples = tone_script ("..ab..", &n);
  g_autoptr (GPtrArray) said = NULL;

  gst_segment_init (&segment, GST_FORMAT_BYTES);
  gst_harness_push_event (speech->harness, gst_event_new_segment (&segment));
  for (gsize i = 0; i < n; i += 800)
    speech_harness_push (speech, samples + i, 800, GST_CLOCK_TIME_NONE, 0);
  speech_harness_eos (speech);
  said = speech_harness_take (speech);
  assert_near (nth_text (said, 0)->start, 200 * MS);
  assert_covers (said, 0, 600 * MS);
  speech_harness_free (speech);
}

/* Audio before and after the segment is not heard. */
static void
test_clipping (void)
{
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  GstSegment segment;
  g_autofree char *text = NULL;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.position = segment.time = 200 * MS;
  segment.stop = 400 * MS;
  gst_harness_push_event (speech->harness, gst_event_new_segment (&segment));
  speech_harness_say (speech, "abcdef", 0, 800);
  speech_harness_eos (speech);
  text = speech_harness_take_text (speech);
  g_assert_cmpstr (text, ==, "cd");
  speech_harness_free (speech);
}

static void
add_table_tests (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++) {
    g_autofree char *path
        = g_strconcat ("/rnnspeech/script/", scripts[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_script);
  }
  for (guint i = 0; i < G_N_ELEMENTS (breaks); i++) {
    g_autofree char *path
        = g_strconcat ("/rnnspeech/discont/", breaks[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_discont);
  }
  for (guint i = 0; i < G_N_ELEMENTS (gaps); i++) {
    g_autofree char *path
        = g_strconcat ("/rnnspeech/gap-event/", gaps[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_gap_event);
  }
}

int
main (int argc, char **argv)
{
  int status;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);

  add_table_tests ();
  g_test_add_func ("/rnnspeech/times/utterance", test_times);
  g_test_add_func ("/rnnspeech/times/word", test_word_times);
  g_test_add_func ("/rnnspeech/times/word-latency", test_word_latency);
  g_test_add_func ("/rnnspeech/times/gaps", test_gaps);
  g_test_add_func ("/rnnspeech/times/bytes", test_bytes);
  g_test_add_func ("/rnnspeech/times/clipping", test_clipping);
  g_test_add_data_func ("/rnnspeech/chunks/utterance", "line-feeds=never",
      test_chunks);
  g_test_add_data_func ("/rnnspeech/chunks/word",
      "output-unit=word line-feeds=never", test_chunks);
  g_test_add_func ("/rnnspeech/chunks/int16", test_int16);
  g_test_add_data_func ("/rnnspeech/drain/eos", "eos", test_drain);
  g_test_add_data_func ("/rnnspeech/drain/segment", "segment", test_drain);
  g_test_add_data_func ("/rnnspeech/drain/caps", "caps", test_drain);
  g_test_add_data_func ("/rnnspeech/drain/segment-done", "segment-done",
      test_drain);
  g_test_add_func ("/rnnspeech/flush", test_flush);
  status = g_test_run ();
  gst_deinit (); /* the leaks tracer looks */
  return status;
}
