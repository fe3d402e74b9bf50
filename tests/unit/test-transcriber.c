/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "tests/support/count-allocations.h"
#include "tests/support/toy-model.h"

#define MS G_GUINT64_CONSTANT (1000000)
/* Samples of a character: 100 ms. */
#define CHARACTER (TOY_SPEECH_RATE / 10)

/* --- what was said -------------------------------------------------------- */

typedef struct {
  gboolean is_final;
  guint32 id;
  guint64 start, end;
  char *text;
  double confidence;
  GArray *words;  /* RnncWord, text owned */
  guint64 pushed; /* ns of audio pushed when it came */
} Said;

typedef struct {
  RnncTranscriber *transcriber;
  GPtrArray *said;  /* Said */
  guint64 n_pushed; /* samples */
  guint64 settled;
} Session;

static void
clear_word (gpointer data)
{
  g_free ((char *) ((RnncWord *) data)->text);
}

static void
free_said (gpointer data)
{
  Said *said = data;

  g_free (said->text);
  g_array_unref (said->words);
  g_free (said);
}

static void
on_transcript (const RnncTranscript *transcript, gpointer user_data)
{
  Session *session = user_data;
  Said *said = g_new0 (Said, 1);

  g_assert_cmpuint (transcript->n_words, >, 0);
  said->is_final = transcript->is_final;
  said->id = transcript->utterance_id;
  said->start = transcript->start;
  said->end = transcript->end;
  said->text = g_strdup (transcript->text);
  said->confidence = transcript->confidence;
  said->pushed = session->n_pushed * 1000000000 / TOY_SPEECH_RATE;
  said->words = g_array_new (FALSE, FALSE, sizeof (RnncWord));
  g_array_set_clear_func (said->words, clear_word);
  for (guint i = 0; i < transcript->n_words; i++) {
    RnncWord word = transcript->words[i];

    word.text = g_strdup (word.text);
    g_array_append_val (said->words, word);
    g_assert_cmpuint (word.start, <=, word.end);
    g_assert_cmpfloat (word.confidence, >, 0.0);
    g_assert_cmpfloat (word.confidence, <=, 1.0);
  }
  /* What was said to be settled stays so. */
  g_assert_cmpuint (said->start, >=, session->settled);
  g_ptr_array_add (session->said, said);
}

static RnncTranscriberOptions
short_options (void)
{
  RnncTranscriberOptions options;

  rnnc_transcriber_options_init (&options);
  options.endpoint_silence = 300 * MS;
  return options;
}

/* @model: taken */
static Session *
session_new_for (RnncModel *model, const RnncTranscriberOptions *options)
{
  Session *session = g_new0 (Session, 1);
  GError *error = NULL;

  session->said = g_ptr_array_new_with_free_func (free_said);
  session->transcriber
      = rnnc_transcriber_new (model, options, on_transcript, session, &error);
  g_assert_no_error (error);
  rnnc_model_unref (model);
  return session;
}

static Session *
session_new (const RnncTranscriberOptions *options)
{
  GError *error = NULL;
  RnncModel *model = toy_speech_model (NULL, &error);

  g_assert_no_error (error);
  return session_new_for (model, options);
}

static void
session_free (Session *session)
{
  rnnc_transcriber_free (session->transcriber);
  g_ptr_array_unref (session->said);
  g_free (session);
}

/* In pieces of @chunk samples, 0: random ones. */
static void
session_push (Session *session, const char *script, gsize chunk)
{
  gsize n;
  float *samples = toy_speech_signal (script, CHARACTER, &n);
  GRand *rand = g_rand_new_with_seed (5);

  for (gsize i = 0; i < n;) {
    gsize size = chunk ? chunk : (gsize) g_rand_int_range (rand, 0, 900);
    guint64 settled;

    size = MIN (size, n - i);
    session->n_pushed += size;
    rnnc_transcriber_push (session->transcriber, samples + i, size);
    settled = rnnc_transcriber_settled (session->transcriber);
    g_assert_cmpuint (settled, >=, session->settled);
    session->settled = settled;
    i += size;
  }
  g_rand_free (rand);
  g_free (samples);
}

static void
session_flush (Session *session)
{
  rnnc_transcriber_flush (session->transcriber);
  session->n_pushed = 0;
  session->settled = 0;
}

/* Finals (or partials) joined by '|'. */
static char *
session_texts (Session *session, gboolean finals)
{
  GString *texts = g_string_new (NULL);

  for (guint i = 0; i < session->said->len; i++) {
    const Said *said = g_ptr_array_index (session->said, i);

    if (said->is_final != finals)
      continue;
    if (texts->len > 0)
      g_string_append_c (texts, '|');
    g_string_append (texts, said->text);
  }
  return g_string_free (texts, FALSE);
}

static void
assert_texts (Session *session, gboolean finals, const char *expected)
{
  char *texts = session_texts (session, finals);

  g_assert_cmpstr (texts, ==, expected);
  g_free (texts);
}

static const Said *
nth_final (Session *session, guint n)
{
  for (guint i = 0; i < session->said->len; i++) {
    const Said *said = g_ptr_array_index (session->said, i);

    if (said->is_final && n-- == 0)
      return said;
  }
  g_assert_not_reached ();
}

static const RnncWord *
nth_word (const Said *said, guint n)
{
  g_assert_cmpuint (n, <, said->words->len);
  return &g_array_index (said->words, RnncWord, n);
}

/* --- tests ---------------------------------------------------------------- */

static const struct {
  const char *name;
  const char *script;
  const char *finals;
} texts[] = {
  { "silence", "_______", "" },
  { "boundaries-alone", "_ __ __", "" },
  { "one-letter", "__a__", "a" },
  { "from-the-first-sample", "ab cd__", "ab cd" },
  { "to-the-last-sample", "__ab cd", "ab cd" },
  { "double-letter", "a_ab_b", "aabb" },
  { "two-utterances", "ab cd____ba dc", "ab cd|ba dc" },
  { "pause-without-endpoint", "ab__cd _ab", "abcd ab" },
  { "many", "a____b____c_____d____a____b", "a|b|c|d|a|b" },
  { "boundary-before-endpoint", "ab ____cd", "ab|cd" },
};

static void
test_text (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  RnncTranscriberOptions options = short_options ();
  Session *session = session_new (&options);

  session_push (session, texts[i].script, 160);
  session_flush (session);
  assert_texts (session, TRUE, texts[i].finals);
  for (guint n = 0, id = 0; n < session->said->len; n++) {
    const Said *said = g_ptr_array_index (session->said, n);

    g_assert_cmpuint (said->id, ==, id);
    id += said->is_final ? 1 : 0;
  }
  session_free (session);
}

static void
assert_near (guint64 time, guint64 expected, guint64 tolerance)
{
  g_assert_cmpuint (time + tolerance, >=, expected);
  g_assert_cmpuint (time, <=, expected + tolerance);
}

/* Times are those of the tones, to an output frame. */
static void
test_times (void)
{
  static const guint64 spans[][2]
      = { { 200, 400 }, { 500, 700 }, { 1300, 1600 }, { 1800, 1900 } };
  RnncTranscriberOptions options = short_options ();
  Session *session = session_new (&options);

  session_push (session, "__ab cd______abc_ d", 77);
  session_flush (session);
  assert_texts (session, TRUE, "ab cd|abc d");
  for (guint i = 0; i < 4; i++) {
    const RnncWord *word = nth_word (nth_final (session, i / 2), i % 2);

    assert_near (word->start, spans[i][0] * MS, 20 * MS);
    assert_near (word->end, spans[i][1] * MS, 20 * MS);
  }
  for (guint i = 0; i < 2; i++) {
    const Said *said = nth_final (session, i);

    g_assert_cmpuint (said->start, ==, nth_word (said, 0)->start);
    g_assert_cmpuint (said->end, ==, nth_word (said, 1)->end);
  }
  /* Never behind the audio. */
  g_assert_cmpuint (nth_final (session, 1)->end, <=, 1900 * MS);
  session_free (session);
}

/* The whole sequence at once, by the definition. */
static void
test_confidence (void)
{
  Session *session = session_new (NULL);
  GError *error = NULL;
  RnncModel *model = toy_speech_model (NULL, &error);
  RnncLogMel *mel = rnnc_log_mel_new (&rnnc_model_frontend (model)->log_mel);
  gsize n_samples, n_frames, n_outputs;
  float *samples = toy_speech_signal ("__ab", CHARACTER, &n_samples);
  float *features = g_new (float, (n_samples / 80 + 2) * 20);
  float *outputs;
  double best[2] = { 0, 0 };

  n_frames = rnnc_log_mel_push (mel, samples, n_samples, features);
  n_frames += rnnc_log_mel_flush (mel, features + n_frames * 20);
  n_outputs = rnnc_model_output_frames (model, n_frames);
  outputs = g_new (float, n_outputs * 6);
  rnnc_model_forward (model, features, n_frames, outputs);
  for (gsize t = 0; t < n_outputs; t++)
    for (guint c = 0; c < 2; c++)
      best[c] = MAX (best[c], exp (outputs[t * 6 + 2 + c]));

  session_push (session, "__ab", 0);
  session_flush (session);
  g_assert_cmpfloat_with_epsilon (nth_final (session, 0)->confidence,
      (best[0] + best[1]) / 2, 1e-4);
  g_assert_cmpfloat_with_epsilon (nth_word (nth_final (session, 0), 0)
                                      ->confidence,
      (best[0] + best[1]) / 2, 1e-4);
  g_assert_cmpfloat (best[0], >, 0.3);
  g_assert_cmpfloat (best[0], <, 0.7);
  rnnc_log_mel_free (mel);
  rnnc_model_unref (model);
  g_free (samples);
  g_free (features);
  g_free (outputs);
  session_free (session);
}

static void
assert_same_said (const Said *a, const Said *b)
{
  g_assert_cmpint (a->is_final, ==, b->is_final);
  g_assert_cmpuint (a->id, ==, b->id);
  g_assert_cmpstr (a->text, ==, b->text);
  g_assert_cmpuint (a->start, ==, b->start);
  g_assert_cmpuint (a->end, ==, b->end);
  g_assert_cmpfloat_with_epsilon (a->confidence, b->confidence, 1e-4);
  g_assert_cmpuint (a->words->len, ==, b->words->len);
  for (guint i = 0; i < a->words->len; i++) {
    g_assert_cmpstr (nth_word (a, i)->text, ==, nth_word (b, i)->text);
    g_assert_cmpuint (nth_word (a, i)->start, ==, nth_word (b, i)->start);
    g_assert_cmpuint (nth_word (a, i)->end, ==, nth_word (b, i)->end);
    g_assert_cmpfloat_with_epsilon (nth_word (a, i)->confidence,
        nth_word (b, i)->confidence, 1e-4);
  }
}

/* Endpoints and resets of the core fall on the same frames for any chunking. */
static void
test_chunks (void)
{
  static const char script[]
      = "_ab cd_____dcba ab____a b c d_____________________________dd a___";
  static const gsize chunks[] = { 1, 7, 80, 159, 160, 161, 333, 640, 5000, 0 };
  RnncTranscriberOptions options = short_options ();
  Session *whole;

  options.max_utterance = 1000 * MS;
  whole = session_new (&options);
  session_push (whole, script, sizeof (script) * CHARACTER);
  session_flush (whole);
  assert_texts (whole, TRUE, "ab cd|dcba ab|a b c d|d a");
  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
    Session *session = session_new (&options);

    session_push (session, script, chunks[i]);
    session_flush (session);
    g_assert_cmpuint (session->said->len, ==, whole->said->len);
    for (guint n = 0; n < session->said->len; n++)
      assert_same_said (g_ptr_array_index (session->said, n),
          g_ptr_array_index (whole->said, n));
    session_free (session);
  }
  session_free (whole);
}

/* The core counts frames, which lowers confidence: after each endpoint, and
 * only there, it starts anew. */
static void
test_core_reset (void)
{
  static const char script[] = "a_______________a_______________a___________"
                               "____a_______________a";
  RnncTranscriberOptions options = short_options ();
  Session *session = session_new (&options);
  double first, second;

  session_push (session, script, 100);
  session_flush (session);
  assert_texts (session, TRUE, "a|a|a|a|a");
  second = nth_final (session, 1)->confidence;
  for (guint i = 2; i < 5; i++)
    g_assert_cmpfloat_with_epsilon (nth_final (session, i)->confidence, second,
        1e-5);
  session_free (session);

  options.endpoint_silence = 100000 * MS;
  session = session_new (&options);
  session_push (session, script, 100);
  session_flush (session);
  assert_texts (session, TRUE, "aaaaa");
  first = nth_final (session, 0)->confidence;
  g_assert_cmpfloat (first, <, second - 0.005);
  session_free (session);
}

/* One that has learned to goes on, until nothing was said for 2 s. */
static void
test_continuous_core (void)
{
  static const char script[]
      = "a_______________a_______________a_________________________a";
  g_autofree char *description = toy_speech_description ();
  g_auto (GStrv) parts = g_strsplit (description, "\"labels\"", 2);
  g_autofree char *continuous = g_strconcat (parts[0],
      "\"continuous\":true,\"labels\"", parts[1], NULL);
  RnncTranscriberOptions options = short_options ();
  GError *error = NULL;
  RnncModel *model = toy_speech_model (continuous, &error);
  Session *session;
  double confidences[4];

  g_assert_no_error (error);
  session = session_new_for (model, &options);
  session_push (session, script, 100);
  session_flush (session);
  assert_texts (session, TRUE, "a|a|a|a");
  for (guint i = 0; i < 4; i++)
    confidences[i] = nth_final (session, i)->confidence;
  g_assert_cmpfloat (confidences[1], <, confidences[0] - 0.001);
  g_assert_cmpfloat (confidences[2], <, confidences[1] - 0.001);
  g_assert_cmpfloat (confidences[3], >, confidences[1]);
  session_free (session);

  /* An endpoint in the same frame takes nothing of it. */
  options.endpoint_silence = 2000 * MS;
  model = toy_speech_model (continuous, &error);
  g_assert_no_error (error);
  session = session_new_for (model, &options);
  session_push (session, script, 100);
  session_flush (session);
  assert_texts (session, TRUE, "aaa|a");
  g_assert_cmpfloat (nth_final (session, 1)->confidence, >,
      nth_final (session, 0)->confidence);
  session_free (session);
}

static void
test_max_utterance (void)
{
  RnncTranscriberOptions options = short_options ();
  Session *session;
  char *joined;

  options.max_utterance = 1000 * MS;
  /* At the boundary behind 1 s. */
  session = session_new (&options);
  session_push (session, "abc bcd cda dab abc", 64);
  session_flush (session);
  assert_texts (session, TRUE, "abc bcd cda|dab abc");
  session_free (session);

  /* No boundary: in the midst of the 13th letter, which is not heard twice. */
  session = session_new (&options);
  session_push (session, "abcdabcdabcdabcdab", 64);
  session_flush (session);
  assert_texts (session, TRUE, "abcdabcdabcda|bcdab");
  joined = session_texts (session, TRUE);
  g_assert_cmpuint (nth_final (session, 0)->end - nth_final (session, 0)->start,
      ==, 1260 * MS);
  g_assert_cmpuint (nth_final (session, 1)->start, >=,
      nth_final (session, 0)->end);
  g_free (joined);
  session_free (session);
}

static void
test_partials (void)
{
  RnncTranscriberOptions options = short_options ();
  Session *session = session_new (&options);

  session_push (session, "_ab c____d", 0);
  session_flush (session);
  assert_texts (session, FALSE, "a|ab|ab c|d");
  session_free (session);

  options.partial_interval = 250 * MS;
  session = session_new (&options);
  session_push (session, "_abcdabcd___", 40);
  session_flush (session);
  assert_texts (session, FALSE, "a|abc|abcdab|abcdabcd");
  for (guint i = 1; i < 4; i++)
    g_assert_cmpuint (((Said *) session->said->pdata[i])->pushed
            - ((Said *) session->said->pdata[i - 1])->pushed,
        >=, 250 * MS);
  session_free (session);

  options.partial_interval = -1;
  session = session_new (&options);
  session_push (session, "_abcd", 0);
  session_flush (session);
  assert_texts (session, FALSE, "");
  assert_texts (session, TRUE, "abcd");
  session_free (session);
}

/* The letters of a partial are there in time. */
static void
test_latency (void)
{
  Session *session = session_new (NULL);
  guint64 latency = rnnc_transcriber_latency (session->transcriber);

  g_assert_cmpuint (latency, >, 10 * MS);
  g_assert_cmpuint (latency, <, 100 * MS);
  session_push (session, "__abcd__", 1);
  g_assert_cmpuint (session->said->len, ==, 4);
  for (guint i = 0; i < 4; i++) {
    const Said *said = g_ptr_array_index (session->said, i);

    g_assert_cmpuint (said->pushed, <=, (300 + i * 100) * MS + latency);
  }
  session_free (session);
}

static void
test_settled (void)
{
  RnncTranscriberOptions options = short_options ();
  Session *session = session_new (&options);
  guint64 behind = rnnc_transcriber_latency (session->transcriber) + 20 * MS;

  session_push (session, "_____", 50);
  g_assert_cmpuint (session->settled + behind, >=, 500 * MS);
  g_assert_cmpuint (session->settled, <=, 500 * MS);
  session_push (session, "ab__", 50); /* open: up to its start */
  assert_near (session->settled, 500 * MS, 20 * MS);
  session_push (session, "___", 50);
  assert_texts (session, TRUE, "ab");
  g_assert_cmpuint (session->settled + behind, >=, 1200 * MS);
  session_free (session);
}

/* After a flush or reset all is as new, but the utterances' numbers go on. */
static void
test_flush_and_reset (void)
{
  RnncTranscriberOptions options = short_options ();
  Session *session = session_new (&options);
  const Said *first, *second, *third;

  options.partial_interval = -1;
  rnnc_transcriber_set_options (session->transcriber, &options);
  session_push (session, "__ab c", 0);
  session_flush (session);
  session_flush (session); /* nothing twice */
  session_push (session, "__ab c", 31);
  session_flush (session);
  session_push (session, "__abca", 31);
  rnnc_transcriber_reset (session->transcriber);
  session->settled = 0;
  session_push (session, "__ab c", 200);
  session_flush (session);
  assert_texts (session, TRUE, "ab c|ab c|ab c");
  first = nth_final (session, 0);
  second = nth_final (session, 1);
  third = nth_final (session, 2);
  g_assert_cmpuint (second->id, ==, 1);
  g_assert_cmpuint (third->id, >, 1);
  g_assert_cmpuint (second->start, ==, first->start);
  g_assert_cmpuint (third->start, ==, first->start);
  g_assert_cmpuint (third->end, ==, first->end);
  g_assert_cmpfloat_with_epsilon (third->confidence, first->confidence, 1e-5);
  session_free (session);
}

/* A recording that is cut close behind its last word: one that tells it only
 * then still does, and no time lies behind the recording's end, even if the
 * silence that was added ends the utterance. */
static void
test_tail (void)
{
  static const gsize chunks[] = { 7, 0, 100000 };
  RnncTranscriberOptions options = short_options ();

  options.endpoint_silence = 20 * MS;
  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
    GError *error = NULL;
    RnncModel *model = toy_speech_model_late (&error);
    Session *session;

    g_assert_no_error (error);
    g_assert_cmpuint (rnnc_transcriber_tail (model), ==, 1200);
    session = session_new_for (model, &options);
    session_push (session, "__dab", chunks[i]);
    session_flush (session);
    assert_texts (session, TRUE, "dab");
    g_assert_cmpuint (nth_final (session, 0)->end, ==, 500 * MS);
    session_flush (session); /* of nothing */
    g_assert_cmpuint (session->said->len, ==, 4);
    session_free (session);
  }
}

/* Longer utterances become possible while one is running. */
static void
test_set_options (void)
{
  RnncTranscriberOptions options = short_options ();
  Session *session;

  options.max_utterance = 0; /* the least there is: 1 s */
  session = session_new (&options);
  session_push (session, "abcdabcd", 100);
  options.max_utterance = 10000 * MS;
  rnnc_transcriber_set_options (session->transcriber, &options);
  session_push (session, "abcdabcdabcd", 100);
  session_flush (session);
  assert_texts (session, TRUE, "abcdabcdabcdabcdabcd");
  session_free (session);
}

static const struct {
  const char *name;
  const char *from;
  const char *to;
  const char *message;
} refusals[] = {
  { "no-blank", ",\"blank\":0", "", "blank" },
  { "no-boundary", "\" \"", "\"-\"", "\" \"" },
  { "not-log-softmax", "log-softmax", "softmax", "log-softmax" },
};

static void
test_refused (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  char *description = toy_speech_description ();
  char **parts = g_strsplit (description, refusals[i].from, -1);
  char *changed = g_strjoinv (refusals[i].to, parts);
  GError *error = NULL;
  RnncModel *model = toy_speech_model (changed, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (changed, !=, description);
  g_assert_null (rnnc_transcriber_new (model, NULL, NULL, NULL, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, refusals[i].message));
  g_assert_nonnull (strstr (error->message, rnnc_model_path (model)));
  g_clear_error (&error);
  rnnc_model_unref (model);
  g_strfreev (parts);
  g_free (changed);
  g_free (description);
}

/* Labels that are words: each is one, without a boundary between them. */
static void
test_words (void)
{
  static const char path[] = "__aab_bb__c_";
  char *description = toy_speech_description ();
  char **parts = g_strsplit (description, "\" \",\"a\",\"b\",\"c\",\"d\"", 2);
  char *changed = g_strjoinv ("\"go\",\"stop\",\"on\",\"off\",\"up\"", parts);
  RnncTranscriberOptions options = short_options ();
  float frames[sizeof path - 1][6];
  GError *error = NULL;
  RnncModel *model = toy_speech_model (changed, &error);

  g_assert_no_error (error);
  for (guint t = 0; t < G_N_ELEMENTS (frames); t++) {
    guint best = path[t] == '_' ? 0 : 2 + (guint) (path[t] - 'a');

    for (guint i = 0; i < 6; i++)
      frames[t][i] = logf (i == best ? 0.9f : 0.02f);
  }
  for (guint width = 1; width <= 4; width += 3) {
    Session session = { NULL };

    options.beam_width = width;
    session.said = g_ptr_array_new_with_free_func (free_said);
    session.transcriber = rnnc_transcriber_new (model, &options, on_transcript,
        &session, &error);
    g_assert_no_error (error);
    rnnc_transcriber_decode (session.transcriber, frames[0],
        G_N_ELEMENTS (frames));
    assert_texts (&session, TRUE, "stop on on off");
    g_assert_cmpuint (nth_final (&session, 0)->words->len, ==, 4);
    rnnc_transcriber_free (session.transcriber);
    g_ptr_array_unref (session.said);
  }
  rnnc_model_unref (model);
  g_strfreev (parts);
  g_free (changed);
  g_free (description);
}

static void
test_refused_video (void)
{
  GError *error = NULL;
  RnncModel *model = toy_gesture_model (NULL, &error);

  g_assert_no_error (error);
  g_assert_null (rnnc_transcriber_new (model, NULL, NULL, NULL, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  rnnc_model_unref (model);
}

static void
count_finals (const RnncTranscript *transcript, gpointer user_data)
{
  *(guint *) user_data += transcript->is_final;
}

static void
test_no_allocation (void)
{
  static const char script[]
      = "__ab cd______dcba ab_____abcdabcd abcdabcdabcdabcdab______a";
  RnncTranscriberOptions options = short_options ();
  GError *error = NULL;
  RnncModel *model = toy_speech_model (NULL, &error);
  RnncTranscriber *transcriber;
  guint n_finals = 0;
  gsize n;
  float *samples = toy_speech_signal (script, CHARACTER, &n);
  gint before;

  options.max_utterance = 1000 * MS;
  transcriber
      = rnnc_transcriber_new (model, &options, count_finals, &n_finals, &error);
  g_assert_no_error (error);
  before = g_atomic_int_get (&n_allocations);
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
  g_assert_cmpuint (n_finals, >, 20);
  rnnc_transcriber_free (transcriber);
  rnnc_model_unref (model);
  g_free (samples);
#if COUNTS_ALLOCATIONS
  g_free (g_malloc (1));
  g_assert_cmpint (g_atomic_int_get (&n_allocations), >, before);
#else
  g_test_skip ("a sanitizer has the allocator");
#endif
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    char *path = g_strconcat ("/decode/transcriber/text/", texts[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_text);
    g_free (path);
  }
  g_test_add_func ("/decode/transcriber/times", test_times);
  g_test_add_func ("/decode/transcriber/confidence", test_confidence);
  g_test_add_func ("/decode/transcriber/chunks", test_chunks);
  g_test_add_func ("/decode/transcriber/core-reset", test_core_reset);
  g_test_add_func ("/decode/transcriber/continuous-core", test_continuous_core);
  g_test_add_func ("/decode/transcriber/max-utterance", test_max_utterance);
  g_test_add_func ("/decode/transcriber/partials", test_partials);
  g_test_add_func ("/decode/transcriber/latency", test_latency);
  g_test_add_func ("/decode/transcriber/settled", test_settled);
  g_test_add_func ("/decode/transcriber/flush-and-reset", test_flush_and_reset);
  g_test_add_func ("/decode/transcriber/tail", test_tail);
  g_test_add_func ("/decode/transcriber/set-options", test_set_options);
  g_test_add_func ("/decode/transcriber/words", test_words);
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++) {
    char *path
        = g_strconcat ("/decode/transcriber/refused/", refusals[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_refused);
    g_free (path);
  }
  g_test_add_func ("/decode/transcriber/refused/video", test_refused_video);
  g_test_add_func ("/decode/transcriber/no-allocation", test_no_allocation);
  return g_test_run ();
}
