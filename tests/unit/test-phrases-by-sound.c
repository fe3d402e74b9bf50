/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Phrases that are sought by how their words sound, against all paths there
 * are. */
#include "tests/support/count-allocations.h"

#include <math.h>
#include <string.h>

#include "rnncore/decode/phrase-search.h"
#include "rnncore/decode/recogniser.h"
#include "tests/support/phrase-paths.h"
#include "tests/support/sounding-models.h"

/* A path is written with one character a frame. */
static const char letter_codes[] = "_ ab";
static const char phone_codes[] = "-|xy";
static const char *const labels[] = { "_", " ", "a", "b", NULL };

#define N_LETTERS SOUNDING_N_LETTERS
#define N_PHONES SOUNDING_N_PHONES
#define N_OUTPUTS (N_LETTERS + N_PHONES)
#define CAPACITY 100

/* Two words sound alike, one sounds in two ways; "aa" is not known. */
static const char lines[] = "a\tx\nb\ty\nab\tx y\nba\tx y\nbb\ty y\nb\ty x\n"
                            "bab\ty x y\nbaba\ty x y x\n";

typedef struct {
  RnncModel *model;
  RnncLexicon *lexicon;
  RnncPhraseList *phrases;
  RnncAlphabet alphabet;
  RnncSearch *search;
  RnncReading readings[4];
} Fixture;

static void
set_up (Fixture *f, const char *const *list, double threshold)
{
  GError *error = NULL;

  f->model = sounding_speech_model ();
  f->lexicon = rnnc_lexicon_new (lines, f->model, &error);
  g_assert_no_error (error);
  f->phrases = rnnc_phrase_list_new_from_strings (list, f->model, &error);
  g_assert_no_error (error);
  rnnc_alphabet_init (&f->alphabet, labels, N_LETTERS, 0);
  f->search = rnnc_phrase_search_new (f->phrases, &f->alphabet, f->lexicon,
      CAPACITY, threshold);
  for (guint i = 0; i < G_N_ELEMENTS (f->readings); i++)
    rnnc_word_list_init (&f->readings[i].list, &f->alphabet, 2 * CAPACITY);
}

static void
tear_down (Fixture *f)
{
  for (guint i = 0; i < G_N_ELEMENTS (f->readings); i++)
    rnnc_word_list_free (&f->readings[i].list);
  rnnc_search_free (f->search);
  rnnc_alphabet_clear (&f->alphabet);
  rnnc_phrase_list_unref (f->phrases);
  rnnc_lexicon_free (f->lexicon);
  rnnc_model_unref (f->model);
}

/* --- what is heard -------------------------------------------------------- */

typedef struct {
  const char *name;
  const char *list[4];
  const char *letters; /* a character a frame: its best label */
  const char *phones;
  gint phrase;
  const char *text;
  guint start; /* of the last word */
} Heard;

static const Heard heard[] = {
  { "nothing", { "ab" }, "_____", "-----", -1 },
  { "sound-alone", { "bb", "ab b" }, "________", "-xxy-|-y", 1, "ab b", 7 },
  { "spelled-otherwise", { "bb", "ab" }, "_b__b_", "-xx-y-", 1, "ab", 1 },
  { "second-way", { "b b" }, "_________", "-y-x||-y-", 0, "b b", 7 },
  { "run-together", { "ab b" }, "_____", "xy-y-", 0, "ab b", 3 },
  { "no-blank-between", { "bb" }, "____", "-yy-", -1 },
  { "among-others", { "ab a" }, "_________", "x-|-xy|x-", 0, "ab a", 7 },
  { "something-else", { "ab a" }, "ab a_____", "-y-y|y-y-", -1 },
  { "list", { "<w> = a | bb", "<w>+ ab" }, "___________", "x|x|y-y|xy-", 0,
      "a a bb ab", 8 },
  { "unknown-word", { "b aa" }, "____a_a__", "-y|------", 0, "b aa", 4 },
  { "unknown-word-first", { "aa b" }, "_a_a_____", "------|y-", 0, "aa b", 7 },
  { "no-known-word", { "aa aa", "aa" }, "a_a a_a_", "---xx---", 0, "aa aa", 4 },
  { "three-phones", { "bab" }, "_______", "-y-x-y-", 0, "bab", 1 },
  { "alike", { "ba", "ab" }, "_a_b_", "-x-y-", 0, "ba", 1 },
};

static void
fill (const char *codes, char code, float *frame)
{
  for (guint i = 0; codes[i] != '\0'; i++)
    frame[i] = logf (codes[i] == code ? 0.9f : 0.1f / 3.0f);
}

static void
push_paths (RnncSearch *search, const char *letters, const char *phones)
{
  g_assert_cmpuint (strlen (letters), ==, strlen (phones));
  for (guint t = 0; letters[t] != '\0'; t++) {
    float frame[N_OUTPUTS];

    fill (letter_codes, letters[t], frame);
    fill (phone_codes, phones[t], frame + N_LETTERS);
    rnnc_search_push (search, frame);
  }
}

static void
test_heard (gconstpointer data)
{
  const Heard *what = data;
  const RnncWordList *list;
  Fixture f;
  guint n = 0;

  set_up (&f, what->list, 0.4);
  list = &f.readings[0].list;
  for (guint turn = 0; turn < 2; turn++) {
    rnnc_search_restart (f.search, 0, -1);
    push_paths (f.search, what->letters, what->phones);
    n = f.search->klass->read (f.search, TRUE, f.readings, 1);
    g_assert_cmpint (n > 0 ? f.readings[0].phrase : -1, ==, what->phrase);
    g_assert_true ((f.search->klass->key (f.search) != 0) == (n > 0));
  }
  if (n > 0) {
    g_assert_cmpstr (list->text, ==, what->text);
    g_assert_cmpuint (list->words[list->n_words - 1].start, ==, what->start);
    for (guint i = 0; i < list->n_words; i++) {
      const RnncCtcWord *word = &list->words[i];

      g_assert_cmpuint (word->start, <, word->end);
      g_assert_true (i == 0 || list->words[i - 1].end <= word->start);
      g_assert_cmpfloat_with_epsilon (word->posteriors / word->n_letters, 0.9,
          1e-5);
    }
  }
  tear_down (&f);
}

/* A phone of four that is hardly heard leaves 0.44, two of them less than is
 * asked for. */
static void
test_mistakes (void)
{
  static const char *const list[] = { "baba", NULL };
  static const struct {
    const char *phones;
    gboolean accepted;
  } paths[] = { { "-y-x-y-x-", TRUE }, { "-y-x-x-x-", TRUE },
    { "-y-x-x-y-", FALSE } };
  Fixture f;

  set_up (&f, list, 0.4);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    rnnc_search_restart (f.search, 0, -1);
    push_paths (f.search, "_________", paths[i].phones);
    g_assert_cmpuint (f.search->klass->read (f.search, TRUE, f.readings, 1), ==,
        paths[i].accepted);
  }
  tear_down (&f);
}

/* --- all paths ------------------------------------------------------------ */

#define N_FRAMES PHRASE_PATHS_FRAMES

/* What each phrase may sound like. */
static const struct {
  const char *phrase;
  const char *ways[2];
} ways[] = {
  { "ab", { "xy" } },
  { "b", { "y", "yx" } },
  { "bb", { "yy" } },
};

static const guint path_labels[PHRASE_PATHS_LABELS] = { 0, 1, 2, 3 };
static const PhrasePaths paths = { N_OUTPUTS, N_LETTERS, N_PHONES, path_labels,
  phone_codes, RNNC_PHRASE_STRAY_PHONE_LOSS };

static void
check_reading (const float *frames, const RnncReading *reading)
{
  gint phrase = reading->phrase;
  double best = -INFINITY;
  gsize n = 0;

  for (guint i = 0; i < 2 && ways[phrase].ways[i] != NULL; i++) {
    double score = phrase_paths_best (&paths, frames, ways[phrase].ways[i]);

    if (score > best) {
      best = score;
      n = strlen (ways[phrase].ways[i]);
    }
  }
  g_assert_cmpstr (reading->list.text, ==, ways[phrase].phrase);
  g_assert_cmpfloat_with_epsilon (reading->score, best, 1e-4);
  g_assert_cmpfloat_with_epsilon (reading->confidence, exp (best / (double) n),
      1e-4);
}

static void
test_all_paths (void)
{
  const char *list[G_N_ELEMENTS (ways) + 1] = { NULL };
  Fixture f;

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    list[i] = ways[i].phrase;
  set_up (&f, list, 0.0);
  for (guint turn = 0; turn < 30; turn++) {
    float frames[N_FRAMES * N_OUTPUTS];
    guint n;

    for (guint i = 0; i < N_FRAMES * N_OUTPUTS; i++)
      frames[i] = (float) g_test_rand_double_range (-8, 0);
    rnnc_search_restart (f.search, 0, -1);
    for (guint t = 0; t < N_FRAMES; t++)
      rnnc_search_push (f.search, frames + t * N_OUTPUTS);
    n = f.search->klass->read (f.search, TRUE, f.readings, 4);
    g_assert_cmpuint (n, ==, G_N_ELEMENTS (ways));
    for (guint i = 0; i < n; i++) {
      check_reading (frames, &f.readings[i]);
      g_assert_true (i == 0 || f.readings[i].score <= f.readings[i - 1].score);
    }
  }
  tear_down (&f);
}

/* --- the rest ------------------------------------------------------------- */

/* Phones that are heard before the letters are no silence. */
static void
test_silence (void)
{
  static const char *const list[] = { "ab", NULL };
  static const struct {
    char phone;
    gboolean silent;
  } frames[] = { { '-', TRUE }, { '|', TRUE }, { 'x', FALSE }, { 'y', FALSE } };
  Fixture f;

  set_up (&f, list, 0.1);
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++) {
    float frame[N_OUTPUTS];

    fill (letter_codes, '_', frame);
    fill (phone_codes, frames[i].phone, frame + N_LETTERS);
    g_assert_true ((f.search->klass->silence (f.search, frame) > -0.1f)
        == frames[i].silent);
  }
  tear_down (&f);
}

static void
test_allocates_nothing (void)
{
  static const char *const list[]
      = { "<w> = a | b | ab | aa", "<w>+", "b <w>", "bb ab aa", NULL };
  float frames[(CAPACITY - 1) * N_OUTPUTS];
  Fixture f;
  gint before;

  set_up (&f, list, 0.0);
  for (guint i = 0; i < G_N_ELEMENTS (frames); i++)
    frames[i] = (float) g_test_rand_double_range (-4, 0);
  before = g_atomic_int_get (&n_allocations);
  for (guint t = 0; t < CAPACITY - 1; t++) {
    rnnc_search_push (f.search, frames + t * N_OUTPUTS);
    f.search->klass->read (f.search, FALSE, f.readings, 1);
  }
  f.search->klass->read (f.search, TRUE, f.readings, 4);
  rnnc_search_restart (f.search, 0, -1);
  g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, before);
  tear_down (&f);
#if !COUNTS_ALLOCATIONS
  g_test_skip ("a sanitizer has the allocator");
#endif
}

/* A language model tells how phrases sound, whenever it comes and goes; hot
 * words change nothing. */
static void
test_recogniser (void)
{
  static const char *const list[] = { "bb", "ab", NULL };
  static const char letters[] = "__bb_b_", phones[] = "-xx-yy-";
  static const struct {
    gboolean by_sound;
    const char *text;
  } turns[] = { { FALSE, "bb" }, { TRUE, "ab" }, { FALSE, "bb" } };
  RnncModel *speech = sounding_speech_model ();
  RnncLanguageModel *language
      = sounding_language_model ("a\\tx\\nab\\tx y\\nbb\\ty y\\n");
  GError *error = NULL;
  RnncRecogniser *recogniser = rnnc_recogniser_new (speech, &error);
  RnncPhraseList *phrases
      = rnnc_phrase_list_new_from_strings (list, speech, &error);
  RnncHotWords *hot_words
      = rnnc_hot_words_new_from_strings (list, speech, &error);
  RnncTranscriberOptions options;

  g_assert_no_error (error);
  rnnc_transcriber_options_init (&options);
  rnnc_recogniser_set_options (recogniser, &options, CAPACITY, FALSE);
  rnnc_recogniser_set_hot_words (recogniser, hot_words, FALSE);
  rnnc_recogniser_set_phrases (recogniser, phrases, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (turns); i++) {
    const RnncReading *readings;

    rnnc_recogniser_set_language_model (recogniser,
        turns[i].by_sound ? language : NULL, FALSE);
    rnnc_recogniser_reset (recogniser);
    for (guint t = 0; t < strlen (letters); t++) {
      float frame[N_OUTPUTS];

      fill (letter_codes, letters[t], frame);
      fill (phone_codes, phones[t], frame + N_LETTERS);
      rnnc_recogniser_push (recogniser, frame, TRUE);
    }
    g_assert_cmpuint (rnnc_recogniser_read (recogniser, TRUE, &readings), ==,
        1);
    g_assert_cmpstr (readings[0].list.text, ==, turns[i].text);
  }
  rnnc_recogniser_free (recogniser);
  rnnc_hot_words_unref (hot_words);
  rnnc_phrase_list_unref (phrases);
  rnnc_language_model_unref (language);
  rnnc_model_unref (speech);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (heard); i++) {
    g_autofree char *name
        = g_strconcat ("/decode/phrases-by-sound/heard/", heard[i].name, NULL);

    g_test_add_data_func (name, &heard[i], test_heard);
  }
  g_test_add_func ("/decode/phrases-by-sound/mistakes", test_mistakes);
  g_test_add_func ("/decode/phrases-by-sound/all-paths", test_all_paths);
  g_test_add_func ("/decode/phrases-by-sound/silence", test_silence);
  g_test_add_func ("/decode/phrases-by-sound/recogniser", test_recogniser);
  g_test_add_func ("/decode/phrases-by-sound/allocates-nothing",
      test_allocates_nothing);
  return g_test_run ();
}
