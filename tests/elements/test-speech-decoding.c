/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * rnnspeech: phrase lists, hot words, alternatives, modes, and that the
 * element's words are those of the core. */
#include <glib/gstdio.h>
#include <string.h>

#include "rnncore/rnncore.h"
#include "tests/elements/speech-harness.h"
#include "tests/elements/toy-models.h"

static char *
write_file (const char *contents)
{
  char *path = NULL;
  gint fd = g_file_open_tmp ("rnncore-XXXXXX", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  g_assert_true (g_file_set_contents (path, contents, -1, NULL));
  return path;
}

static void
remove_file (char *path)
{
  g_unlink (path);
  g_free (path);
}

/* --- phrases -------------------------------------------------------------- */

static const struct {
  const char *name;
  const char *properties;
  const char *phrases;
  const char *script;
  const char *text;
} phrase_cases[] = {
  { "one", "", "ab cd\n", "..ab cd..........", "ab cd" },
  { "of-several", "", "# commands\nab cd\n\nef\nfa\n",
      "..ef............ab cd..........", "ef|ab cd" },
  { "rejected", "", "ab cd\nef\n", "..de............", "" },
  { "rejected-between", "", "ab cd\nef\n",
      "..ef............cb............ef............", "ef|ef" },
  /* 0: the nearest always */
  { "nearest", "phrase-threshold=0", "ab cd\nfff\n", "..ab ce..........",
      "ab cd" },
};

static void
test_phrases (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  char *file = write_file (phrase_cases[i].phrases);
  g_autofree char *properties
      = g_strdup_printf ("line-feeds=never phrases=\"%s\" %s", file,
          phrase_cases[i].properties);
  SpeechHarness *speech = speech_harness_new (properties, "F32LE");
  g_autofree char *text = NULL;

  speech_harness_say (speech, phrase_cases[i].script, 0, 800);
  speech_harness_eos (speech);
  text = speech_harness_take_text (speech);
  g_assert_cmpstr (text, ==, phrase_cases[i].text);
  speech_harness_free (speech);
  remove_file (file);
}

/* The result says which phrase it was. */
static void
test_phrase_number (void)
{
  char *file = write_file ("ab cd\nef\n");
  g_autofree char *properties = g_strdup_printf ("phrases=\"%s\" "
                                                 "partial-results-interval=-1",
      file);
  SpeechHarness *speech = speech_harness_new (properties, "F32LE");
  g_autoptr (GPtrArray) results = NULL;
  gint phrase = -1;

  speech_harness_say (speech, "..ef..........", 0, 800);
  speech_harness_eos (speech);
  results = speech_harness_take_results (speech);
  g_assert_cmpuint (results->len, ==, 1);
  g_assert_true (gst_structure_get_int (g_ptr_array_index (results, 0),
      "phrase", &phrase));
  g_assert_cmpint (phrase, ==, 1);
  speech_harness_free (speech);
  remove_file (file);
}

/* Named while playing, the list holds from the next utterance on, and no
 * longer once it is named no more. */
static void
test_phrases_change (void)
{
  char *file = write_file ("ab\n");
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  g_autofree char *before = NULL, *held = NULL, *after = NULL;
  GstClockTime step = 1400 * GST_MSECOND;

  speech_harness_say (speech, "..cd..........", 0, 800);
  before = speech_harness_take_text (speech);
  g_assert_cmpstr (before, ==, "cd");
  g_object_set (speech->element, "phrases", file, NULL);
  speech_harness_say (speech, "..cd..........", step, 800);
  speech_harness_say (speech, "..ab..........", 2 * step, 800);
  held = speech_harness_take_text (speech);
  g_assert_cmpstr (held, ==, "ab");
  g_object_set (speech->element, "phrases", NULL, NULL);
  speech_harness_say (speech, "..cd..........", 3 * step, 800);
  after = speech_harness_take_text (speech);
  g_assert_cmpstr (after, ==, "cd");
  speech_harness_free (speech);
  remove_file (file);
}

static const struct {
  const char *name;
  const char *property;
  const char *contents; /* NULL: no such file */
  const char *message;
} bad_files[] = {
  { "phrases/letters", "phrases", "ab\nxyz\n", "2" },
  { "phrases/missing", "phrases", NULL, "/nowhere/list" },
  { "phrases/empty", "phrases", "# nothing\n", "" },
  { "hotwords/letters", "hotwords", "ab\ncd\nxyz\n", "3" },
  { "hotwords/boost", "hotwords", "ab\tmuch\n", "1" },
  { "language-model/missing", "language-model", NULL, "/nowhere/list" },
  { "language-model/no-model", "language-model", "ab\n", "" },
};

static GstMessage *
pop_fault (SpeechHarness *speech, GstMessageType type)
{
  return gst_bus_timed_pop_filtered (speech->bus, 10 * GST_SECOND, type);
}

static void
assert_fault (GstMessage *message, const char *file, const char *line)
{
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  else
    gst_message_parse_warning (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_true (error->domain == GST_RESOURCE_ERROR);
  g_assert_nonnull (strstr (error->message, file));
  g_assert_nonnull (strstr (error->message, line));
  gst_message_unref (message);
}

/* At the start, an error; while playing, a warning, and the stream goes on. */
static void
test_bad_file (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  char *file = bad_files[i].contents != NULL
      ? write_file (bad_files[i].contents)
      : g_strdup ("/nowhere/list");
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  g_autofree char *text = NULL;

  speech_harness_say (speech, "..", 0, 0);
  g_object_set (speech->element, bad_files[i].property, file, NULL);
  speech_harness_say (speech, "ab..........", 200 * GST_MSECOND, 0);
  assert_fault (pop_fault (speech, GST_MESSAGE_WARNING), file,
      bad_files[i].message);
  text = speech_harness_take_text (speech);
  g_assert_cmpstr (text, ==, "ab");

  gst_element_set_state (speech->element, GST_STATE_READY);
  gst_element_set_state (speech->element, GST_STATE_PAUSED);
  assert_fault (pop_fault (speech, GST_MESSAGE_ERROR), file,
      bad_files[i].message);
  g_assert_null (gst_bus_pop_filtered (speech->bus, GST_MESSAGE_ERROR));
  speech_harness_free (speech);
  remove_file (file);
}

/* --- voice activity ------------------------------------------------------- */

static char *
hear_with_voice (const char *voice, const char *script)
{
  g_autofree char *properties = g_strdup_printf ("line-feeds=never%s%s",
      voice != NULL ? " vad-model=" : "", voice != NULL ? voice : "");
  SpeechHarness *speech = speech_harness_new (properties, "F32LE");
  char *text;

  speech_harness_say (speech, script, 0, 333);
  speech_harness_eos (speech);
  text = speech_harness_take_text (speech);
  speech_harness_free (speech);
  return text;
}

/* "f" is a noise. */
static void
test_voice (void)
{
  static const char script[] = "....f..........ab c..........f..........d";
  char *voice = voice_model_write (TONE_RATE);
  g_autofree char *without = hear_with_voice (NULL, script);
  g_autofree char *with = hear_with_voice (voice, script);

  g_assert_cmpstr (without, ==, "f|ab c|f|d");
  g_assert_cmpstr (with, ==, "ab c|d");
  toy_model_remove (voice);
}

/* One error, with the file and the reason. */
static void
assert_voice_refused (const char *voice, const char *reason)
{
  g_autofree char *properties = g_strdup_printf ("vad-model=%s", voice);
  SpeechHarness *speech = speech_harness_new (properties, "F32LE");

  assert_fault (pop_fault (speech, GST_MESSAGE_ERROR), voice, reason);
  g_assert_null (gst_bus_pop_filtered (speech->bus, GST_MESSAGE_ERROR));
  speech_harness_free (speech);
}

static void
test_voice_refused (void)
{
  char *slow = voice_model_write (8000);
  char *speech = tone_model_write ();

  assert_voice_refused (slow, "hears 8000 Hz, the speech model 16000 Hz");
  assert_voice_refused (speech, "its task is not voice-activity");
  assert_voice_refused ("/nowhere/voice.safetensors", "");
  toy_model_remove (slow);
  toy_model_remove (speech);
}

/* Named while playing, it waits for the next start. */
static void
test_voice_while_playing (void)
{
  char *voice = voice_model_write (TONE_RATE);
  SpeechHarness *speech = speech_harness_new ("line-feeds=never", "F32LE");
  g_autofree char *text = NULL;

  speech_harness_say (speech, "..", 0, 0);
  g_object_set (speech->element, "vad-model", voice, NULL);
  speech_harness_say (speech, "..f..........", 200 * GST_MSECOND, 0);
  text = speech_harness_take_text (speech);
  g_assert_cmpstr (text, ==, "f");
  speech_harness_free (speech);
  toy_model_remove (voice);
}

/* --- search --------------------------------------------------------------- */

/* A faint "b" between "b" and nothing: a hot word decides. */
static char *
hear (const char *properties, float loudness)
{
  SpeechHarness *speech = speech_harness_new (properties, "F32LE");
  gsize n;
  g_autofree float *samples = tone_script ("..ab..........", &n);
  char *text;

  for (gsize i = 3 * TONE_SAMPLES; i < n; i++)
    samples[i] *= loudness;
  speech_harness_push (speech, samples, n, 0, 0);
  speech_harness_eos (speech);
  text = speech_harness_take_text (speech);
  speech_harness_free (speech);
  return text;
}

static void
test_hot_words (void)
{
  char *file = write_file ("ab\t4\n");
  g_autofree char *properties
      = g_strdup_printf ("line-feeds=never hotwords=\"%s\"", file);
  float loudness = 1.0f;
  g_autofree char *with = NULL;

  /* The loudness at which "b" is no longer heard. */
  for (;; loudness *= 0.8f) {
    g_autofree char *text = hear ("line-feeds=never beam-width=16", loudness);

    g_assert_cmpfloat (loudness, >, 1e-4f);
    if (strcmp (text, "a") == 0)
      break;
  }
  with = hear (properties, loudness);
  g_assert_cmpstr (with, ==, "ab");
  remove_file (file);
}

/* Further readings, all different, each with words of its own. */
static void
test_alternatives (void)
{
  SpeechHarness *speech
      = speech_harness_new ("alternatives=3 partial-results-interval=-1",
          "F32LE");
  g_autoptr (GPtrArray) results = NULL;
  const GstStructure *result;
  const GValue *list;

  speech_harness_say (speech, "..ab cd..........", 0, 800);
  speech_harness_eos (speech);
  results = speech_harness_take_results (speech);
  g_assert_cmpuint (results->len, ==, 1);
  result = g_ptr_array_index (results, 0);
  g_assert_cmpstr (gst_structure_get_string (result, "text"), ==, "ab cd");
  list = gst_structure_get_value (result, "alternatives");
  g_assert_cmpuint (gst_value_list_get_size (list), ==, 3);
  for (guint i = 0; i < 3; i++) {
    const GstStructure *other
        = gst_value_get_structure (gst_value_list_get_value (list, i));
    const char *text = gst_structure_get_string (other, "text");

    g_assert_cmpstr (text, !=, "ab cd");
    g_assert_true (
        gst_structure_has_field_typed (other, "confidence", G_TYPE_DOUBLE));
    g_assert_cmpuint (gst_value_list_get_size (
                          gst_structure_get_value (other, "words")),
        >, 0);
  }
  speech_harness_free (speech);
}

static void
test_beam (gconstpointer properties)
{
  SpeechHarness *speech = speech_harness_new (properties, "F32LE");
  g_autofree char *text = NULL;

  speech_harness_say (speech, "..ab cd..........ef fa..", 0, 160);
  speech_harness_eos (speech);
  text = speech_harness_take_text (speech);
  g_assert_cmpstr (text, ==, "ab cd|ef fa");
  speech_harness_free (speech);
}

/* --- the core ------------------------------------------------------------- */

static void
append_final (const RnncTranscript *transcript, gpointer user_data)
{
  if (!transcript->is_final)
    return;
  for (guint i = 0; i < transcript->n_words; i++)
    g_string_append_printf (user_data,
        "%s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n",
        transcript->words[i].text, transcript->words[i].start,
        transcript->words[i].end - transcript->words[i].start);
}

static char *
core_words (const char *path, const float *samples, gsize n)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncModel) model = rnnc_model_load (path, &error);
  g_autoptr (RnncTranscriber) transcriber = NULL;
  GString *words = g_string_new (NULL);

  g_assert_no_error (error);
  transcriber = rnnc_transcriber_new (model, NULL, append_final, words, &error);
  g_assert_no_error (error);
  rnnc_transcriber_push (transcriber, samples, n);
  rnnc_transcriber_flush (transcriber);
  return g_string_free (words, FALSE);
}

static char *
element_words (SpeechHarness *speech)
{
  g_autoptr (GPtrArray) results = speech_harness_take_results (speech);
  GString *words = g_string_new (NULL);

  for (guint i = 0; i < results->len; i++) {
    const GValue *list
        = gst_structure_get_value (g_ptr_array_index (results, i), "words");

    for (guint k = 0; k < gst_value_list_get_size (list); k++) {
      const GstStructure *word
          = gst_value_get_structure (gst_value_list_get_value (list, k));
      guint64 start, duration;

      gst_structure_get (word, "timestamp", G_TYPE_UINT64, &start, "duration",
          G_TYPE_UINT64, &duration, NULL);
      g_string_append_printf (words,
          "%s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT "\n",
          gst_structure_get_string (word, "text"), start, duration);
    }
  }
  return g_string_free (words, FALSE);
}

static void
test_equals_core (gconstpointer data)
{
  gsize chunk = GPOINTER_TO_SIZE (data);
  SpeechHarness *speech
      = speech_harness_new ("partial-results-interval=-1", "F32LE");
  /* Ten seconds and more. */
  const char *script = "ab cd..........ef ab fed...........c..........bc d"
                       "..........fa........be ca............d...e...f...";
  gsize n;
  g_autofree float *samples = tone_script (script, &n);
  g_autofree char *wanted = core_words (speech->model, samples, n);
  g_autofree char *found = NULL;

  speech_harness_say (speech, script, 0, chunk);
  speech_harness_eos (speech);
  found = element_words (speech);
  g_assert_nonnull (strstr (wanted, "fed "));
  g_assert_cmpstr (found, ==, wanted);
  speech_harness_free (speech);
}

static void
add_tables (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (phrase_cases); i++) {
    g_autofree char *path
        = g_strconcat ("/rnnspeech/phrases/", phrase_cases[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_phrases);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad_files); i++) {
    g_autofree char *path
        = g_strconcat ("/rnnspeech/bad-file/", bad_files[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_bad_file);
  }
}

int
main (int argc, char **argv)
{
  const gsize chunks[] = { 1, 333, 1600, 160000 };
  int status;

  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  add_tables ();
  g_test_add_func ("/rnnspeech/phrases/number", test_phrase_number);
  g_test_add_func ("/rnnspeech/phrases/change", test_phrases_change);
  g_test_add_func ("/rnnspeech/voice/noise", test_voice);
  g_test_add_func ("/rnnspeech/voice/refused", test_voice_refused);
  g_test_add_func ("/rnnspeech/voice/while-playing", test_voice_while_playing);
  g_test_add_func ("/rnnspeech/hotwords", test_hot_words);
  g_test_add_func ("/rnnspeech/alternatives", test_alternatives);
  g_test_add_data_func ("/rnnspeech/beam-width/1",
      "line-feeds=never beam-width=1", test_beam);
  g_test_add_data_func ("/rnnspeech/beam-width/64",
      "line-feeds=never beam-width=64", test_beam);
  g_test_add_data_func ("/rnnspeech/mode/streaming",
      "line-feeds=never mode=streaming", test_beam);
  g_test_add_data_func ("/rnnspeech/mode/offline",
      "line-feeds=never mode=offline", test_beam);
  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
    g_autofree char *path
        = g_strdup_printf ("/rnnspeech/equals-core/%" G_GSIZE_FORMAT,
            chunks[i]);

    g_test_add_data_func (path, GSIZE_TO_POINTER (chunks[i]), test_equals_core);
  }
  status = g_test_run ();
  gst_deinit (); /* the leaks tracer looks */
  return status;
}
