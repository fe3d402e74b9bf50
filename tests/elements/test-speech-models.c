/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The shipped models in rnnspeech: on real speech it says what the core says of
 * the same samples, in each mode, with a language model and with a network of
 * voice activity. */
#include <gst/check/gstharness.h>
#include <string.h>

#include "rnncore/rnncore.h"
#include "tests/elements/running.h"

#define RATE 16000
#define LANGUAGE_WEIGHT 0.2

static const struct {
  const char *name;
  const char *model; /* (nullable): the default, its language model with it */
  const char *mode;
  guint beam_width;
  const char *language; /* (nullable) */
  const char *heard;    /* of what is said: "seven four one … five two one" */
  const char *voice;    /* (nullable): network of voice activity */
} cases[] = {
  { "streaming", "speech-en-streaming", "auto", 1, NULL, "five two one" },
  { "streaming-language", "speech-en-streaming", "auto", 8, "lm-en",
      "five two one" },
  { "chunks", "speech-en", "streaming", 1, NULL, "five two one" },
  { "whole", "speech-en", "offline", 1, NULL, "seven four one" },
  { "whole-auto", "speech-en", "auto", 1, NULL, "seven four one" },
  { "whole-language", "speech-en", "offline", 8, "lm-en", "seven four one" },
  { "default", NULL, "auto", 1, "lm-en", "six five two" },
  { "default-without-language", NULL, "auto", 1, NULL, "six five two" },
  { "streaming-voice", "speech-en-streaming", "auto", 1, NULL, "five two one",
      "vad-en" },
  { "chunks-voice", "speech-en", "streaming", 1, NULL, "five two one",
      "vad-en" },
  { "whole-voice", "speech-en", "offline", 1, NULL, "seven four one",
      "vad-en" },
};

/* --- the core ------------------------------------------------------------- */

static void
append_final (const RnncTranscript *transcript, gpointer user_data)
{
  if (transcript->is_final)
    g_string_append_printf (user_data, "%s\n", transcript->text);
}

static RnncModel *
load (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *file = g_strconcat (name, ".safetensors", NULL);
  g_autofree char *path
      = g_build_filename (g_getenv ("SHIPPED_MODELS"), file, NULL);
  RnncModel *model = rnnc_model_load (path, &error);

  g_assert_no_error (error);
  return model;
}

static char *
core_text (guint i, const GByteArray *samples)
{
  g_autoptr (GError) error = NULL;
  gboolean is_default = cases[i].model == NULL;
  g_autoptr (RnncModel) model
      = load (is_default ? "speech-en-streaming" : cases[i].model);
  g_autoptr (RnncTranscriber) transcriber = NULL;
  RnncTranscriberOptions options;
  GString *text = g_string_new (NULL);

  rnnc_transcriber_options_init (&options);
  options.beam_width = cases[i].beam_width;
  if (!is_default)
    options.language_weight = LANGUAGE_WEIGHT;
  options.whole = strcmp (cases[i].mode, "streaming") != 0;
  transcriber
      = rnnc_transcriber_new (model, &options, append_final, text, &error);
  g_assert_no_error (error);
  if (cases[i].language != NULL) {
    g_autoptr (RnncModel) language = load (cases[i].language);
    g_autoptr (RnncLanguageModel) letters
        = rnnc_language_model_new (language, &error);

    g_assert_no_error (error);
    rnnc_transcriber_set_language_model (transcriber, letters);
  }
  if (cases[i].voice != NULL) {
    g_autoptr (RnncModel) voice = load (cases[i].voice);

    g_assert_true (
        rnnc_transcriber_set_voice_activity (transcriber, voice, &error));
    g_assert_no_error (error);
  }
  rnnc_transcriber_push (transcriber, (gconstpointer) samples->data,
      samples->len / sizeof (float));
  rnnc_transcriber_flush (transcriber);
  return g_string_free (text, FALSE);
}

/* --- the element ---------------------------------------------------------- */

static GstHarness *
make_harness (guint i)
{
  g_autofree char *caps = g_strdup_printf ("audio/x-raw,format=F32LE,rate=%d,"
                                           "channels=1,layout=interleaved",
      RATE);
  g_autofree char *weight = g_strdup_printf ("%.1f", LANGUAGE_WEIGHT);
  GString *line = g_string_new ("rnnspeech line-feeds=always");
  GstHarness *harness;

  g_string_append_printf (line, " mode=%s beam-width=%u", cases[i].mode,
      cases[i].beam_width);
  if (cases[i].model != NULL)
    g_string_append_printf (line, " model=%s", cases[i].model);
  else if (cases[i].language == NULL)
    g_string_append (line, " language-model=none");
  if (cases[i].model != NULL && cases[i].language != NULL)
    g_string_append_printf (line, " language-model=%s language-model-weight=%s",
        cases[i].language, weight);
  if (cases[i].voice != NULL)
    g_string_append_printf (line, " vad-model=%s", cases[i].voice);
  harness = gst_harness_new_parse (line->str);
  gst_harness_set_live (harness, FALSE);
  gst_harness_set_src_caps_str (harness, caps);
  g_string_free (line, TRUE);
  return harness;
}

static char *
element_text (guint i, const GByteArray *samples)
{
  GstHarness *harness = make_harness (i);
  GString *text = g_string_new (NULL);
  const gsize chunk = 441 * sizeof (float);
  GstBuffer *buffer;

  for (gsize at = 0; at < samples->len; at += chunk) {
    buffer = gst_buffer_new_memdup (samples->data + at,
        MIN (chunk, samples->len - at));
    GST_BUFFER_PTS (buffer)
        = gst_util_uint64_scale (at / sizeof (float), GST_SECOND, RATE);
    g_assert_cmpint (gst_harness_push (harness, buffer), ==, GST_FLOW_OK);
  }
  g_assert_true (gst_harness_push_event (harness, gst_event_new_eos ()));
  while ((buffer = gst_harness_try_pull (harness)) != NULL) {
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_READ);
    g_string_append_len (text, (const char *) map.data, (gssize) map.size);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
  }
  gst_harness_teardown (harness);
  return g_string_free (text, FALSE);
}

static void
test_equals_core (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  GByteArray *samples = decode_sample (RATE);
  g_autofree char *wanted = NULL;
  g_autofree char *found = NULL;
  g_autofree char *line = NULL;

  if (samples == NULL)
    return;
  wanted = core_text (i, samples);
  found = element_text (i, samples);
  g_test_message ("%s", found);
  g_assert_cmpstr (found, ==, wanted);
  line = g_strdelimit (g_strdup (found), "\n", ' ');
  g_assert_nonnull (strstr (line, cases[i].heard));
  g_byte_array_unref (samples);
}

int
main (int argc, char **argv)
{
  int status;

  g_setenv ("RNNCORE_MODEL_PATH", g_getenv ("SHIPPED_MODELS"), TRUE);
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path
        = g_strdup_printf ("/speech-models/equals-core/%s", cases[i].name);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_equals_core);
  }
  status = g_test_run ();
  gst_deinit (); /* the leaks tracer looks */
  return status;
}
