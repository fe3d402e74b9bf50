/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A transcriber with a network of voice activity: noise begins no utterance,
 * voice without letters ends none, and the cut of the audio changes nothing. */
#include <math.h>
#include <string.h>

#include <glib.h>

#include "rnncore/decode/voice-gate.h"
#include "tests/support/count-allocations.h"
#include "tests/support/toy-model.h"

#define MS G_GUINT64_CONSTANT (1000000)
/* Samples of a character: 100 ms. */
#define CHARACTER (TOY_SPEECH_RATE / 10)

typedef struct {
  RnncTranscriber *transcriber;
  GString *finals; /* with their times, joined by '|' */
  GString *texts;  /* the same without */
  guint64 n_pushed;
  guint64 told; /* samples pushed when the last final came */
} Session;

static void
on_transcript (const RnncTranscript *transcript, gpointer user_data)
{
  Session *session = user_data;

  if (!transcript->is_final)
    return;
  session->told = session->n_pushed;
  g_string_append_printf (session->finals,
      "%s%s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %u",
      session->finals->len ? "|" : "", transcript->text, transcript->start,
      transcript->end, transcript->utterance_id);
  g_string_append_printf (session->texts, "%s%s",
      session->texts->len ? "|" : "", transcript->text);
}

static RnncTranscriber *
make_transcriber (gboolean with_voice, RnncTranscriptFunc func, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncModel) model = toy_speech_model (NULL, &error);
  g_autoptr (RnncModel) voice = toy_voice_model (NULL, &error);
  RnncTranscriberOptions options;
  RnncTranscriber *transcriber;

  g_assert_no_error (error);
  rnnc_transcriber_options_init (&options);
  options.endpoint_silence = 400 * MS;
  transcriber = rnnc_transcriber_new (model, &options, func, data, &error);
  g_assert_no_error (error);
  if (with_voice)
    g_assert_true (
        rnnc_transcriber_set_voice_activity (transcriber, voice, &error));
  g_assert_no_error (error);
  return transcriber;
}

static void
session_init (Session *session, gboolean with_voice)
{
  session->finals = g_string_new (NULL);
  session->texts = g_string_new (NULL);
  session->n_pushed = 0;
  session->transcriber = make_transcriber (with_voice, on_transcript, session);
}

static void
session_clear (Session *session)
{
  rnnc_transcriber_free (session->transcriber);
  g_string_free (session->finals, TRUE);
  g_string_free (session->texts, TRUE);
}

/* As toy_speech_signal(), but '~' is a voice that is no letter. */
static float *
make_signal (const char *script, gsize *n_samples)
{
  g_autofree char *letters = g_strdelimit (g_strdup (script), "~", '_');
  float *samples = toy_speech_signal (letters, CHARACTER, n_samples);

  for (gsize i = 0; i < *n_samples; i++)
    if (script[i / CHARACTER] == '~')
      samples[i] = (float) (0.5
          * sin (2.0 * G_PI * (double) i / TOY_SPEECH_RATE * TOY_VOICE_HUM));
  return samples;
}

/* In pieces of @chunk samples, 0: random ones. */
static void
session_push (Session *session, const char *script, gsize chunk)
{
  gsize n;
  g_autofree float *samples = make_signal (script, &n);
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);

  for (gsize i = 0; i < n;) {
    gsize size = chunk ? chunk : (gsize) g_rand_int_range (rand, 0, 900);

    size = MIN (size, n - i);
    session->n_pushed += size;
    rnnc_transcriber_push (session->transcriber, samples + i, size);
    i += size;
  }
}

static const struct {
  const char *name;
  const char *script;
  const char *without;
  const char *with;
} cases[] = {
  { "speech", "__ab cd______ba c__", "ab cd|ba c", "ab cd|ba c" },
  { "from-the-first-sample", "ab c______ba", "ab c|ba", "ab c|ba" },
  { "noise-begins-none", "______d______ab______", "d|ab", "ab" },
  { "noise-alone", "____d______d_____d___", "d|d|d", "" },
  { "noise-behind", "__ab___d_d_d_d_d_____c__", "abddddd|c", "ab|c" },
  { "noise-in-speech", "__a_d_a______", "ada", "ada" },
  { "voice-holds", "__ab~~~~~~~c______a", "ab|c|a", "abc|a" },
  { "voice-alone", "__~~~~~~~~~~~______", "", "" },
};

static void
test_case (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);

  for (guint with = 0; with < 2; with++) {
    Session session;

    session_init (&session, with);
    session_push (&session, cases[i].script, 160);
    rnnc_transcriber_flush (session.transcriber);
    g_assert_cmpstr (session.texts->str, ==,
        with ? cases[i].with : cases[i].without);
    session_clear (&session);
  }
}

/* Without a network again, all is as it was. */
static void
test_taken_away (void)
{
  g_autoptr (GError) error = NULL;
  Session session;

  session_init (&session, TRUE);
  session_push (&session, "__d_", 100);
  g_assert_true (
      rnnc_transcriber_set_voice_activity (session.transcriber, NULL, &error));
  g_assert_no_error (error);
  session_push (&session, "____d____", 100);
  rnnc_transcriber_flush (session.transcriber);
  g_assert_cmpstr (session.texts->str, ==, "d");
  session_clear (&session);
}

/* Finals with their times are the same for any cut, a second time too. */
static void
test_chunks (void)
{
  static const char script[]
      = "d_ab cd__d___ba~~~~~~~b_____d_d____a b c d_____________________d___dd"
        "_____ab";
  static const gsize chunks[] = { 7, 80, 99, 100, 101, 333, 640, 5000, 0 };
  g_autofree char *expected = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
    Session session;

    session_init (&session, TRUE);
    for (guint turn = 0; turn < 2; turn++) {
      session_push (&session, script, chunks[i]);
      rnnc_transcriber_flush (session.transcriber);
    }
    if (expected == NULL)
      expected = g_strdup (session.finals->str);
    g_assert_cmpstr (session.finals->str, ==, expected);
    session_clear (&session);
  }
  g_assert_nonnull (strstr (expected, "|"));
}

/* A final comes endpoint_silence and latency behind the voice, not before. */
static void
test_delay (void)
{
  Session session;
  guint64 latest, told;

  session_init (&session, TRUE);
  session_push (&session, "_ab~~~____________", 1);
  g_assert_cmpstr (session.texts->str, ==, "ab");
  told = session.told * 1000000000 / TOY_SPEECH_RATE;
  latest = rnnc_transcriber_latency (session.transcriber) + 450 * MS;
  g_assert_cmpuint (told, >=, (600 + 350) * MS);
  g_assert_cmpuint (told, <=, 600 * MS + latest);
  session_clear (&session);
}

/* What is told of each sample, and what is asked too early. */
static void
test_look (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncModel) model = toy_voice_model (NULL, &error);
  RnncVoiceGate *gate;
  const gsize at = 20 * CHARACTER;
  gsize n;
  g_autofree float *samples
      = make_signal ("____________________a___________________", &n);

  g_assert_no_error (error);
  gate = rnnc_voice_gate_new (model, n);
  g_assert_false (rnnc_voice_gate_knows (gate, 0));
  for (gsize i = 0; i < n; i += 100) {
    rnnc_voice_gate_push (gate, samples + i, 100);
    g_assert_false (rnnc_voice_gate_knows (gate, i + 100));
    if (i + 100 >= rnnc_voice_gate_latency (gate))
      g_assert_true (rnnc_voice_gate_knows (gate,
          i + 100 - rnnc_voice_gate_latency (gate)));
  }
  rnnc_voice_gate_flush (gate);
  g_assert_cmpint (rnnc_voice_gate_look (gate, 0), ==, RNNC_VOICE_NONE);
  g_assert_cmpint (rnnc_voice_gate_look (gate, at + CHARACTER / 2), ==,
      RNNC_VOICE_SPEAKING);
  g_assert_cmpint (rnnc_voice_gate_look (gate, at + 3 * CHARACTER), ==,
      RNNC_VOICE_NEAR);
  g_assert_cmpint (rnnc_voice_gate_look (gate, at + 6 * CHARACTER), ==,
      RNNC_VOICE_NONE);
  g_assert_cmpint (rnnc_voice_gate_look (gate, at - 3 * CHARACTER), ==,
      RNNC_VOICE_NONE);
  g_assert_cmpint (rnnc_voice_gate_look (gate, n - 1), ==, RNNC_VOICE_NONE);
  rnnc_voice_gate_reset (gate);
  g_assert_false (rnnc_voice_gate_knows (gate, 0));
  rnnc_voice_gate_free (gate);
}

static const struct {
  const char *name;
  const char *from;
  const char *to;
  const char *message;
} refusals[] = {
  { "task", "voice-activity", "speech", "task" },
  { "rate", "\"rate\":8000", "\"rate\":16000", "16000 Hz" },
  { "label", "\"speech\"]", "\"voice\"]", "label \"speech\"" },
  { "no-posteriors", "log-softmax", "tanh", "posteriors" },
};

static void
test_refused (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *description = toy_voice_description ();
  g_auto (GStrv) parts = g_strsplit (description, refusals[i].from, -1);
  g_autofree char *changed = g_strjoinv (refusals[i].to, parts);
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncModel) voice = toy_voice_model (changed, &error);
  Session session;

  g_assert_no_error (error);
  g_assert_cmpstr (changed, !=, description);
  session_init (&session, TRUE);
  g_assert_false (
      rnnc_transcriber_set_voice_activity (session.transcriber, voice, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, refusals[i].message));
  g_assert_nonnull (strstr (error->message, rnnc_model_path (voice)));
  /* What was in force stays. */
  session_push (&session, "__d____ab________", 100);
  g_assert_cmpstr (session.texts->str, ==, "ab");
  session_clear (&session);
}

static void
count_finals (const RnncTranscript *transcript, gpointer user_data)
{
  *(guint *) user_data += transcript->is_final;
}

static void
test_no_allocation (void)
{
  gsize n;
  g_autofree float *samples
      = make_signal ("__ab cd______d___ba~~~~~~~~b_____ab "
                     "d______________a_____",
          &n);
  guint n_finals = 0;
  g_autoptr (RnncTranscriber) transcriber
      = make_transcriber (TRUE, count_finals, &n_finals);
  gint before = g_atomic_int_get (&n_allocations);

  for (guint turn = 0; turn < 3; turn++) {
    for (gsize i = 0; i + 1000 <= n; i += 1000)
      rnnc_transcriber_push (transcriber, samples + i, 1000);
    rnnc_transcriber_push (transcriber, samples, n);
    if (turn == 1)
      rnnc_transcriber_reset (transcriber);
    else
      rnnc_transcriber_flush (transcriber);
  }
  g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, before);
  g_assert_cmpuint (n_finals, >, 12);
#if !COUNTS_ALLOCATIONS
  g_test_skip ("a sanitizer has the allocator");
#endif
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path
        = g_strconcat ("/decode/voice-gate/case/", cases[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_case);
  }
  g_test_add_func ("/decode/voice-gate/taken-away", test_taken_away);
  g_test_add_func ("/decode/voice-gate/chunks", test_chunks);
  g_test_add_func ("/decode/voice-gate/delay", test_delay);
  g_test_add_func ("/decode/voice-gate/look", test_look);
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++) {
    g_autofree char *path
        = g_strconcat ("/decode/voice-gate/refused/", refusals[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_refused);
  }
  g_test_add_func ("/decode/voice-gate/no-allocation", test_no_allocation);
  return g_test_run ();
}
