/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The transcriber with a search: beams, hot words, a language model, phrases.
 */
#include <math.h>
#include <string.h>

#include <glib.h>

#include "tests/support/count-allocations.h"
#include "tests/support/random-model.h"
#include "tests/support/toy-model.h"

#define MS G_GUINT64_CONSTANT (1000000)
#define CHARACTER (TOY_SPEECH_RATE / 10)

/* --- what was said -------------------------------------------------------- */

typedef struct {
  RnncModel *model;
  RnncTranscriber *transcriber;
  GString *finals; /* texts joined by '|' */
  GString *all;    /* everything, a line a transcript */
  gboolean quiet;  /* counts alone */
  guint n_finals;
  guint64 settled;
} Session;

static void
write_words (GString *to, const RnncWord *words, guint n_words)
{
  for (guint i = 0; i < n_words; i++) {
    g_assert_cmpuint (words[i].start, <=, words[i].end);
    g_assert_cmpfloat (words[i].confidence, >, 0);
    g_assert_cmpfloat (words[i].confidence, <=, 1);
    g_string_append_printf (to, " %s@%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT,
        words[i].text, words[i].start / MS, words[i].end / MS);
  }
}

static void
on_transcript (const RnncTranscript *transcript, gpointer user_data)
{
  Session *session = user_data;

  session->n_finals += transcript->is_final;
  if (session->quiet)
    return;
  g_assert_cmpuint (transcript->n_words, >, 0);
  g_assert_cmpuint (transcript->start, >=, session->settled);
  g_string_append_printf (session->all, "%s %u %d",
      transcript->is_final ? "final" : "partial", transcript->utterance_id,
      transcript->phrase);
  write_words (session->all, transcript->words, transcript->n_words);
  for (guint i = 0; i < transcript->n_alternatives; i++) {
    const RnncAlternative *other = &transcript->alternatives[i];

    g_assert_cmpstr (other->text, !=, transcript->text);
    for (guint k = 0; k < i; k++)
      g_assert_cmpstr (other->text, !=, transcript->alternatives[k].text);
    g_string_append (session->all, " /");
    write_words (session->all, other->words, other->n_words);
  }
  g_string_append_c (session->all, '\n');
  if (!transcript->is_final)
    return;
  if (session->finals->len > 0)
    g_string_append_c (session->finals, '|');
  g_string_append (session->finals, transcript->text);
}

static RnncLanguageModel *
toy_language (void)
{
  g_autoptr (RnncModel) model = random_model_from_text (
      "{'format':1,'task':'language-model','frontend':{'type':'none',"
      "'features':1},'layers':[{'type':'embedding','name':'e','entries':6,"
      "'units':4},{'type':'gru','name':'r','hidden':8},"
      "{'type':'dense','name':'d','units':6},{'type':'log-softmax'}],"
      "'labels':['<end>',' ','d','c','b','a'],'blank':0}");

  return rnnc_language_model_new (model, NULL);
}

typedef struct {
  const char *name;
  guint beam;
  guint alternatives;
  const char *hot[3];
  gboolean language;
  const char *phrases[6];
} Setting;

static const Setting settings[] = {
  { "best-path", 1 },
  { "beam-2", 2 },
  { "beam-64", 64 },
  { "alternatives", 1, 3 },
  { "hot-words", 1, 0, { "bcd", "dab\t1.5" } },
  { "language", 8, 0, { NULL }, TRUE },
  { "all", 12, 2, { "cd", "ab cd" }, TRUE },
  { "phrases", 1, 2, { NULL }, FALSE,
      { "ab cd", "dcba ab", "<x> = a | b | c | d", "<x>+" } },
};

static RnncTranscriberOptions
options_of (const Setting *setting)
{
  RnncTranscriberOptions options;

  rnnc_transcriber_options_init (&options);
  options.endpoint_silence = 300 * MS;
  options.max_utterance = 1000 * MS;
  options.beam_width = setting->beam;
  options.alternatives = setting->alternatives;
  options.phrase_threshold = 0.5;
  return options;
}

static void
set_phrases (Session *session, const char *const *lines)
{
  GError *error = NULL;
  g_autoptr (RnncPhraseList) phrases
      = rnnc_phrase_list_new_from_strings (lines, session->model, &error);

  g_assert_no_error (error);
  rnnc_transcriber_set_phrases (session->transcriber, phrases);
}

static Session *
session_new_with (const Setting *setting, float silence, guint64 max_utterance)
{
  RnncTranscriberOptions options = options_of (setting);
  Session *session = g_new0 (Session, 1);
  GError *error = NULL;

  options.max_utterance = max_utterance;
  session->finals = g_string_new (NULL);
  session->all = g_string_new (NULL);
  session->model = toy_speech_model_sure (silence, &error);
  g_assert_no_error (error);
  session->transcriber = rnnc_transcriber_new (session->model, &options,
      on_transcript, session, &error);
  g_assert_no_error (error);
  if (setting->hot[0] != NULL) {
    g_autoptr (RnncHotWords) hot_words
        = rnnc_hot_words_new_from_strings (setting->hot, session->model,
            &error);

    g_assert_no_error (error);
    rnnc_transcriber_set_hot_words (session->transcriber, hot_words);
  }
  if (setting->language) {
    g_autoptr (RnncLanguageModel) language = toy_language ();

    rnnc_transcriber_set_language_model (session->transcriber, language);
  }
  if (setting->phrases[0] != NULL)
    set_phrases (session, setting->phrases);
  return session;
}

static Session *
session_new (const Setting *setting)
{
  return session_new_with (setting, 9.0f, 1000 * MS);
}

static void
session_free (Session *session)
{
  rnnc_transcriber_free (session->transcriber);
  rnnc_model_unref (session->model);
  g_string_free (session->finals, TRUE);
  g_string_free (session->all, TRUE);
  g_free (session);
}

/* In pieces of @chunk samples, 0: random ones. */
static void
push_samples (Session *session, const float *samples, gsize n, gsize chunk)
{
  for (gsize i = 0; i < n;) {
    gsize size = chunk ? chunk : (gsize) g_test_rand_int_range (0, 900);
    guint64 settled;

    size = MIN (size, n - i);
    rnnc_transcriber_push (session->transcriber, samples + i, size);
    settled = rnnc_transcriber_settled (session->transcriber);
    g_assert_cmpuint (settled, >=, session->settled);
    session->settled = settled;
    i += size;
  }
}

/* Loud, so that letters are sure: where they are not, two may be more probable
 * than one. */
static float *
make_signal (const char *script, gsize *n)
{
  float *samples = toy_speech_signal (script, CHARACTER, n);

  for (gsize i = 0; i < *n; i++)
    samples[i] *= 1000.0f;
  return samples;
}

static void
push (Session *session, const char *script, gsize chunk)
{
  gsize n;
  g_autofree float *samples = make_signal (script, &n);

  push_samples (session, samples, n, chunk);
}

static void
flush (Session *session)
{
  rnnc_transcriber_flush (session->transcriber);
  session->settled = 0;
}

/* --- tests ---------------------------------------------------------------- */

static const struct {
  const char *script;
  const char *finals;
} texts[] = {
  { "_______", "" },
  { "_ __ __", "" },
  { "__a__", "a" },
  { "ab cd__", "ab cd" },
  { "__ab cd", "ab cd" },
  { "a_ab_b", "aabb" },
  { "ab cd____ba dc", "ab cd|ba dc" },
  { "a____b____c_____d____a____b", "a|b|c|d|a|b" },
  { "ab ____cd", "ab|cd" },
  { "abc bcd cda dab abc", "abc bcd cda|dab abc" },
};

static void
test_texts (gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    Session *session = session_new (data);

    push (session, texts[i].script, 160);
    flush (session);
    g_assert_cmpstr (session->finals->str, ==, texts[i].finals);
    session_free (session);
  }
}

static const char long_script[]
    = "_ab cd_____dcba ab____a b c d_____________________________dd a___";

static void
test_chunks (gconstpointer data)
{
  static const gsize chunks[] = { 1, 80, 161, 640, 5000, 0 };
  Session *whole = session_new (data);

  push (whole, long_script, sizeof long_script * CHARACTER);
  flush (whole);
  g_assert_cmpuint (whole->n_finals, >=, 3);
  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
    Session *session = session_new (data);

    push (session, long_script, chunks[i]);
    flush (session);
    g_assert_cmpstr (session->all->str, ==, whole->all->str);
    /* again, as new */
    g_string_truncate (session->finals, 0);
    push (session, long_script, chunks[i]);
    flush (session);
    g_assert_cmpstr (session->finals->str, ==, whole->finals->str);
    session_free (session);
  }
  session_free (whole);
}

static void
test_no_allocation (gconstpointer data)
{
  Session *session = session_new (data);
  gsize n;
  g_autofree float *samples = make_signal (long_script, &n);
  gint before = g_atomic_int_get (&n_allocations);

  session->quiet = TRUE;
  for (guint turn = 0; turn < 3; turn++) {
    for (gsize i = 0; i + 1000 <= n; i += 1000)
      rnnc_transcriber_push (session->transcriber, samples + i, 1000);
    rnnc_transcriber_push (session->transcriber, samples, n);
    if (turn == 1)
      rnnc_transcriber_reset (session->transcriber);
    else
      rnnc_transcriber_flush (session->transcriber);
  }
  g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, before);
  g_assert_cmpuint (session->n_finals, >=, 10);
  session_free (session);
#if !COUNTS_ALLOCATIONS
  g_test_skip ("a sanitizer has the allocator");
#endif
}

/* Faint letters of a long silence do not add up, and it is settled: each has 1
 * % of a frame, so that over 2 s one is more probable than none. */
static void
test_long_silence (gconstpointer data)
{
  Session *session = session_new_with (data, 4.5f, 20000 * MS);
  g_autofree float *silence = g_new0 (float, TOY_SPEECH_RATE);

  for (guint i = 0; i < 100; i++)
    push_samples (session, silence, TOY_SPEECH_RATE, 800);
  g_assert_cmpuint (session->settled, >, 99000 * MS);
  g_assert_cmpstr (session->all->str, ==, "");
  push (session, "ab cd", 160);
  flush (session);
  g_assert_cmpstr (session->finals->str, ==, "ab cd");
  session_free (session);
}

/* Words at any place: the last of the sound, the first behind an endpoint, a
 * pause as long as one. */
static void
test_places (gconstpointer data)
{
  Session *session = session_new (data);

  for (guint turn = 0; turn < 60; turn++) {
    gsize gaps[3], n[2], total;
    g_autofree float *one = make_signal ("ab cd", &n[0]);
    g_autofree float *two = make_signal ("dcba ab", &n[1]);
    g_autofree float *samples = NULL;

    gaps[0] = (gsize) g_test_rand_int_range (0, 4000);
    gaps[1] = (gsize) g_test_rand_int_range (3400, 6000);
    gaps[2] = (gsize) g_test_rand_int_range (0, 200);
    total = gaps[0] + n[0] + gaps[1] + n[1] + gaps[2];
    samples = g_new0 (float, total + 1);
    memcpy (samples + gaps[0], one, n[0] * sizeof *one);
    memcpy (samples + gaps[0] + n[0] + gaps[1], two, n[1] * sizeof *two);
    g_string_truncate (session->finals, 0);
    push_samples (session, samples, total, 0);
    flush (session);
    g_assert_cmpstr (session->finals->str, ==, "ab cd|dcba ab");
  }
  session_free (session);
}

static void
test_decode (gconstpointer data)
{
  static const char script[] = "__ab cd___dcba ab_______________a b c d";
  Session *session = session_new (data);
  RnncLogMel *mel
      = rnnc_log_mel_new (&rnnc_model_frontend (session->model)->log_mel);
  gsize n, n_frames, n_outputs;
  g_autofree float *samples = make_signal (script, &n);
  g_autofree float *features = g_new (float, (n / 80 + 2) * 20);
  g_autofree float *outputs = NULL;

  n_frames = rnnc_log_mel_push (mel, samples, n, features);
  n_frames += rnnc_log_mel_flush (mel, features + n_frames * 20);
  n_outputs = rnnc_model_output_frames (session->model, n_frames);
  outputs = g_new (float, n_outputs * 6);
  rnnc_model_forward (session->model, features, n_frames, outputs);
  for (guint i = 0; i < 2; i++)
    rnnc_transcriber_decode (session->transcriber, outputs, n_outputs);
  rnnc_log_mel_free (mel);
  if (((const Setting *) data)->phrases[0] != NULL)
    g_assert_cmpstr (session->finals->str, ==, "");
  else
    g_assert_cmpstr (session->finals->str, ==,
        "ab cddcba aba b c d|ab cddcba aba b c d");
  session_free (session);
}

/* Finals of a bidirectional model are what the network says of the whole,
 * whether that is set at the beginning or before the first sample; amid a
 * stream it stays as it was. */
static void
test_whole (gconstpointer data)
{
  Setting setting = *(const Setting *) data;
  RnncTranscriberOptions options = options_of (&setting);
  Session *session = g_new0 (Session, 1);
  const guint n = 3 * TOY_SPEECH_RATE;
  g_autofree float *samples = g_new (float, n);
  g_autofree float *features = g_new (float, (n / 80 + 2) * 12);
  g_autofree float *outputs = NULL;
  RnncLogMel *mel;
  gsize n_frames, n_outputs;
  gint before;

  session->finals = g_string_new (NULL);
  session->all = g_string_new (NULL);
  session->model = random_model_from_text (
      "{'format':1,'task':'speech','frontend':{'type':'log-mel','rate':8000,"
      "'window':200,'hop':80,'fft':256,'mels':12,'fmin':0,'fmax':4000},"
      "'layers':[{'type':'conv1d','name':'c','channels':8,'kernel':3,"
      "'stride':2,'left':1,'right':1},{'type':'lstm','name':'r','hidden':6,"
      "'bidirectional':true,'chunk':8,'look-ahead':4},"
      "{'type':'dense','name':'d','units':6},{'type':'log-softmax'}],"
      "'labels':['<blank>',' ','a','b','c','d'],'blank':0}");
  options.max_utterance = 10000 * MS;
  options.endpoint_silence = 5000 * MS;
  options.whole = TRUE;
  session->transcriber = rnnc_transcriber_new (session->model, &options,
      on_transcript, session, NULL);
  for (guint i = 0; i < n; i++)
    samples[i]
        = (float) g_test_rand_double_range (-0.5, 0.5) * (float) (i / 700 % 3);
  mel = rnnc_log_mel_new (&rnnc_model_frontend (session->model)->log_mel);
  n_frames = rnnc_log_mel_push (mel, samples, n, features);
  n_frames += rnnc_log_mel_flush (mel, features + n_frames * 12);
  rnnc_log_mel_free (mel);
  n_outputs = rnnc_model_output_frames (session->model, n_frames);
  outputs = g_new (float, n_outputs * 6);
  rnnc_model_forward (session->model, features, n_frames, outputs);
  rnnc_transcriber_decode (session->transcriber, outputs, n_outputs);
  g_string_append_c (session->finals, '|');
  g_assert_cmpuint (session->finals->len, >, 2);
  for (guint turn = 0; turn < 2; turn++) {
    g_autofree char *expected = g_strndup (session->finals->str,
        (gsize) (strchr (session->finals->str, '|') - session->finals->str));

    g_string_assign (session->finals, expected);
    g_string_append_c (session->finals, '|');
    if (turn == 1) {
      rnnc_transcriber_free (session->transcriber);
      session->transcriber = rnnc_transcriber_new (session->model, NULL,
          on_transcript, session, NULL);
      rnnc_transcriber_set_options (session->transcriber, &options);
    }
    push_samples (session, samples, n / 2, 0);
    options.whole = FALSE;
    rnnc_transcriber_set_options (session->transcriber, &options);
    options.whole = TRUE;
    push_samples (session, samples + n / 2, n - n / 2, turn == 0 ? 0 : 333);
    flush (session);
    rnnc_transcriber_set_options (session->transcriber, &options);
    g_assert_true (g_str_has_suffix (session->finals->str, expected));
    g_assert_cmpuint (session->finals->len, ==, 2 * strlen (expected) + 2);
  }
  session->quiet = TRUE;
  before = g_atomic_int_get (&n_allocations);
  for (guint turn = 0; turn < 10; turn++)
    rnnc_transcriber_push (session->transcriber, samples, n);
  rnnc_transcriber_flush (session->transcriber);
  g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, before);
  session_free (session);
}

/* What is set amid an utterance counts from the next one on, at silence at
 * once; NULL turns it off. */
static void
test_changes (void)
{
  static const char *const lines[] = { "dd", "ab", NULL };
  static const char *const others[] = { "cd", NULL };
  Session *session = session_new (&settings[0]);

  push (session, "__ab c", 160);
  set_phrases (session, lines);
  push (session, "d____ab cd_____ab_____", 160);
  set_phrases (session, others);
  push (session, "ab____cd____a", 160);
  rnnc_transcriber_set_phrases (session->transcriber, NULL);
  push (session, "a____ab cd____", 160);
  flush (session);
  g_assert_cmpstr (session->finals->str, ==, "ab cd|ab|cd|ab cd");
  g_assert_nonnull (strstr (session->all->str, "final 2 1 ab"));
  g_assert_nonnull (strstr (session->all->str, "final 3 0 cd"));
  session_free (session);
}

/* What is heard as an unwanted phrase is none of the others. */
static void
test_unwanted (void)
{
  static const char *const without[] = { "ab", "cd", NULL };
  static const char *const with[] = { "ab", "! abc", "cd", "! a", NULL };
  Session *session = session_new (&settings[0]);

  set_phrases (session, without);
  push (session, "abc____cd____ab____a____", 160);
  flush (session);
  g_assert_cmpstr (session->finals->str, ==, "ab|cd|ab");
  g_string_truncate (session->finals, 0);
  set_phrases (session, with);
  push (session, "abc____cd____ab____a____", 160);
  flush (session);
  g_assert_cmpstr (session->finals->str, ==, "cd|ab");
  session_free (session);
}

/* (transfer full): of the toy model, with phrases */
static char *
describe_with (const char *phrases)
{
  g_autofree char *description = toy_speech_description ();
  g_auto (GStrv) parts = g_strsplit (description, "\"labels\"", 2);

  return g_strconcat (parts[0], "\"phrases\":\"", phrases, "\",\"labels\"",
      parts[1], NULL);
}

/* The model's own phrases, those of a list in their place, its own again. */
static void
test_own_phrases (void)
{
  static const char *const others[] = { "da", NULL };
  g_autofree char *description = describe_with ("# own\\n! bc\\nab\\ncd");
  RnncTranscriberOptions options = options_of (&settings[0]);
  Session *session = session_new (&settings[0]);
  GError *error = NULL;

  rnnc_model_unref (session->model);
  session->model = toy_speech_model (description, &error);
  g_assert_no_error (error);
  rnnc_transcriber_free (session->transcriber);
  session->transcriber = rnnc_transcriber_new (session->model, &options,
      on_transcript, session, &error);
  g_assert_no_error (error);
  push (session, "ab____bc____cd____da____", 160);
  set_phrases (session, others);
  push (session, "ab____cd____da____", 160);
  rnnc_transcriber_set_phrases (session->transcriber, NULL);
  push (session, "da____ab____", 160);
  flush (session);
  g_assert_cmpstr (session->finals->str, ==, "ab|cd|da|ab");
  g_assert_nonnull (strstr (session->all->str, "final 0 1 ab"));
  session_free (session);
}

/* A description by hand may hold what convert refuses. */
static void
test_bad_own_phrases (void)
{
  g_autofree char *bad = describe_with ("ab\\nxy");
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncModel) model = toy_speech_model (bad, &error);

  g_assert_no_error (error);
  g_assert_null (rnnc_transcriber_new (model, NULL, NULL, NULL, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_VALUE);
  g_assert_nonnull (strstr (error->message, ":2: the model has no letter"));
}

/* Options change while an utterance is running; it may be longer than what the
 * search has room for. */
static void
test_set_options (void)
{
  RnncTranscriberOptions options = options_of (&settings[1]);
  Session *session = session_new (&settings[1]);

  push (session, "abcda", 100);
  options.max_utterance = 10000 * MS;
  options.alternatives = 2;
  options.beam_width = 8;
  rnnc_transcriber_set_options (session->transcriber, &options);
  for (guint i = 0; i < 2; i++)
    push (session, "bcdabcdabcda", 100);
  push (session, "____", 100);
  push (session, "abcdabcdabcdabcd", 100);
  flush (session);
  g_assert_cmpstr (session->finals->str, ==,
      "abcdabcdabcdabcdabcdabcdab|cda|abcdabcdabcdabcd");
  g_assert_nonnull (strstr (session->all->str, " / "));
  session_free (session);
}

/* A letter whose posterior rises to 1 step by step: rounding stays within. */
static void
test_confidence (void)
{
  Session *session = session_new (&settings[0]);
  GRand *random = g_rand_new_with_seed (3);

  for (guint turn = 0; turn < 1000; turn++) {
    float frames[6][6];
    double posterior = 0.3;

    for (guint t = 0; t < 6; t++) {
      for (guint i = 0; i < 6; i++)
        frames[t][i] = -50.0f;
      posterior = g_rand_double_range (random, posterior, 1.0);
      frames[t][2] = t < 5 ? (float) log (posterior) : 0.0f;
    }
    rnnc_transcriber_decode (session->transcriber, &frames[0][0], 6);
  }
  g_assert_cmpuint (session->n_finals, ==, 1000);
  g_rand_free (random);
  session_free (session);
}

/* Two letters at once, the second a little fainter: a hot word decides. */
static void
test_hot_words (void)
{
  static const char *const words[] = { "acd\t3", NULL };
  Session *session = session_new (&settings[0]);
  gsize n;
  g_autofree float *loud = make_signal ("__abd____", &n);
  g_autofree float *faint = make_signal ("__acd____", &n);
  g_autoptr (RnncHotWords) hot_words
      = rnnc_hot_words_new_from_strings (words, session->model, NULL);

  for (gsize i = 0; i < n; i++)
    loud[i] += 0.8f * faint[i];
  push_samples (session, loud, n, 160);
  rnnc_transcriber_set_hot_words (session->transcriber, hot_words);
  push_samples (session, loud, n, 160);
  rnnc_transcriber_set_hot_words (session->transcriber, NULL);
  push_samples (session, loud, n, 160);
  flush (session);
  g_assert_cmpstr (session->finals->str, ==, "abd|acd|abd");
  session_free (session);
}

static void
add_tests (const char *name, guint first, guint n, GTestDataFunc func)
{
  for (guint i = first; i < first + n; i++) {
    g_autofree char *path
        = g_strdup_printf ("/decode/search/%s/%s", name, settings[i].name);

    g_test_add_data_func (path, &settings[i], func);
  }
}

int
main (int argc, char *argv[])
{
  guint n = G_N_ELEMENTS (settings);

  g_test_init (&argc, &argv, NULL);
  /* With a phrase list other texts are none. */
  add_tests ("texts", 0, n - 1, test_texts);
  add_tests ("chunks", 0, n, test_chunks);
  add_tests ("no-allocation", 0, n, test_no_allocation);
  add_tests ("long-silence", 0, n, test_long_silence);
  add_tests ("places", 0, n, test_places);
  add_tests ("decode", 0, n, test_decode);
  add_tests ("whole", 0, 4, test_whole);
  g_test_add_func ("/decode/search/changes", test_changes);
  g_test_add_func ("/decode/search/unwanted-phrases", test_unwanted);
  g_test_add_func ("/decode/search/own-phrases", test_own_phrases);
  g_test_add_func ("/decode/search/bad-own-phrases", test_bad_own_phrases);
  g_test_add_func ("/decode/search/confidence", test_confidence);
  g_test_add_func ("/decode/search/hot-words", test_hot_words);
  g_test_add_func ("/decode/search/set-options", test_set_options);
  return g_test_run ();
}
