/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The search for words by how they sound, against all paths there are; and the
 * lexicon that it is held to. */
#include "tests/support/count-allocations.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#include "rnncore/decode/recogniser.h"
#include "rnncore/decode/word-search.h"
#include "tests/support/random-model.h"
#include "tests/support/sounding-models.h"

#define N_LETTERS SOUNDING_N_LETTERS
#define N_PHONES SOUNDING_N_PHONES
#define N_FRAMES 6
#define N_OUTPUTS (N_LETTERS + N_PHONES)
#define N_BEST 8

enum { BLANK, BOUNDARY };

/* Two words sound alike, one sounds in two ways. */
static const struct {
  const char *word;
  const char *phones; /* as numbers */
} lexicon[] = {
  { "a", "2" },
  { "b", "3" },
  { "ab", "23" },
  { "ba", "23" },
  { "bb", "33" },
  { "b", "32" },
};

#define LINES "a\\tx\\nb\\ty\\nab\\tx y\\nba\\tx y\\nbb\\ty  y\\nb\\ty x\\n"

/* --- all paths ------------------------------------------------------------ */

typedef struct {
  char text[3 * N_FRAMES];
  double probability;
  double score;
} Text;

/* Repeats merged, blanks dropped; boundaries at the ends and behind others too.
 */
static void
collapse (guint code, char *phones)
{
  guint last = BLANK, n = 0;

  for (guint t = 0; t < N_FRAMES; t++, code /= N_PHONES) {
    guint phone = code % N_PHONES;

    if (phone != last && phone != BLANK
        && (phone != BOUNDARY || (n > 0 && phones[n - 1] != '|')))
      phones[n++] = phone == BOUNDARY ? '|' : (char) ('0' + phone);
    last = phone;
  }
  if (n > 0 && phones[n - 1] == '|')
    n--;
  phones[n] = '\0';
}

static void
add_probability (GArray *texts, const char *text, double probability)
{
  Text new = { "", probability, 0 };

  for (guint i = 0; i < texts->len; i++) {
    Text *old = &g_array_index (texts, Text, i);

    if (strcmp (old->text, text) == 0) {
      old->probability += probability;
      return;
    }
  }
  g_strlcpy (new.text, text, sizeof new.text);
  g_array_append_val (texts, new);
}

/* All ways to read what is left of the phones as words, behind @text. */
static void
read_words (GArray *texts, const char *phones, const char *text,
    double probability)
{
  gsize n = strcspn (phones, "|");

  if (*phones == '\0') {
    add_probability (texts, text, probability);
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (lexicon); i++) {
    g_autofree char *longer
        = g_strconcat (text, *text == '\0' ? "" : " ", lexicon[i].word, NULL);

    if (strlen (lexicon[i].phones) == n
        && strncmp (lexicon[i].phones, phones, n) == 0)
      read_words (texts, phones + n + (phones[n] == '|'), longer, probability);
  }
}

static gint
compare_texts (gconstpointer a, gconstpointer b)
{
  double x = ((const Text *) a)->score, y = ((const Text *) b)->score;

  return x < y ? 1 : x > y ? -1 : 0;
}

static guint
count_words (const char *text)
{
  guint n = *text != '\0';

  for (; *text != '\0'; text++)
    n += *text == ' ';
  return n;
}

/* ln of the best path whose letters are the text, spaces around it left out. */
static double
spelling_of (const float *frames, const char *text)
{
  double best = -1000;
  guint n_paths = 1;

  for (guint t = 0; t < N_FRAMES; t++)
    n_paths *= N_LETTERS;
  for (guint code = 0; code < n_paths; code++) {
    char letters[N_FRAMES + 1];
    guint last = BLANK, n = 0, rest = code;
    double score = 0;

    for (guint t = 0; t < N_FRAMES; t++, rest /= N_LETTERS) {
      guint letter = rest % N_LETTERS;

      score += (double) MIN (frames[t * N_OUTPUTS + letter], 0.0f);
      if (letter != last && letter != BLANK)
        letters[n++] = "_ ab"[letter];
      last = letter;
    }
    letters[n] = '\0';
    if (strcmp (g_strstrip (letters), text) == 0)
      best = MAX (best, score);
  }
  return best;
}

/* Whether one of two that sound as good is spelled and the other is not. */
static gboolean
is_undecided (const GArray *texts)
{
  return texts->len > RNNC_WORD_SPELLED
      && g_array_index (texts, Text, RNNC_WORD_SPELLED - 1).score
          - g_array_index (texts, Text, RNNC_WORD_SPELLED).score
      < 1e-4;
}

/* Best first: those that sound best, by their spelling too. %NULL: which those
 * are is undecided. */
static GArray *
all_texts (const float *frames, RnncLanguageModel *model, double weight,
    double bonus)
{
  GArray *texts = g_array_new (FALSE, FALSE, sizeof (Text));
  guint n_paths = 1;

  for (guint t = 0; t < N_FRAMES; t++)
    n_paths *= N_PHONES;
  for (guint code = 0; code < n_paths; code++) {
    char phones[N_FRAMES + 1];
    double score = 0;
    guint rest = code;

    for (guint t = 0; t < N_FRAMES; t++, rest /= N_PHONES)
      score += (double) frames[t * N_OUTPUTS + N_LETTERS + rest % N_PHONES];
    collapse (code, phones);
    read_words (texts, phones, "", exp (score));
  }
  for (guint i = 0; i < texts->len; i++) {
    Text *text = &g_array_index (texts, Text, i);

    text->score = log (text->probability) + bonus * count_words (text->text)
        + weight * rnnc_language_model_score (model, text->text, NULL, NULL);
  }
  g_array_sort (texts, compare_texts);
  if (is_undecided (texts)) {
    g_array_unref (texts);
    return NULL;
  }
  g_array_set_size (texts, MIN (texts->len, RNNC_WORD_SPELLED));
  for (guint i = 0; i < texts->len; i++) {
    Text *text = &g_array_index (texts, Text, i);

    text->score += RNNC_WORD_SPELLING_WEIGHT * spelling_of (frames, text->text);
  }
  g_array_sort (texts, compare_texts);
  return texts;
}

/* --- the search ----------------------------------------------------------- */

typedef struct {
  RnncModel *speech;
  RnncLanguageModel *language;
  RnncAlphabet alphabet;
  RnncSearch *search;
  RnncReading readings[N_BEST];
} Fixture;

static void
set_up (Fixture *f, const char *pronunciations, guint width, guint capacity,
    double weight, double bonus)
{
  static const char *const labels[] = { "_", " ", "a", "b", NULL };

  f->speech = sounding_speech_model ();
  f->language = sounding_language_model (pronunciations);
  rnnc_alphabet_init (&f->alphabet, labels, N_LETTERS, 0);
  f->search = rnnc_word_search_new (&(RnncWordSearchConfig){ width, capacity,
                                        f->language, weight, bonus },
      &f->alphabet, f->speech);
  for (guint i = 0; i < N_BEST; i++)
    rnnc_word_list_init (&f->readings[i].list, &f->alphabet, 2 * capacity);
}

static void
tear_down (Fixture *f)
{
  for (guint i = 0; i < N_BEST; i++)
    rnnc_word_list_free (&f->readings[i].list);
  rnnc_search_free (f->search);
  rnnc_alphabet_clear (&f->alphabet);
  rnnc_language_model_unref (f->language);
  rnnc_model_unref (f->speech);
}

static guint
read_all (Fixture *f, gboolean is_final)
{
  return f->search->klass->read (f->search, is_final, f->readings, N_BEST);
}

static void
random_frames (float *frames, guint n, double sharpness)
{
  for (guint t = 0; t < n; t++) {
    float *phones = frames + t * N_OUTPUTS + N_LETTERS;
    double sum = 0;

    for (guint i = 0; i < N_OUTPUTS; i++)
      frames[t * N_OUTPUTS + i]
          = (float) (sharpness * g_test_rand_double_range (-1, 1));
    for (guint i = 0; i < N_PHONES; i++)
      sum += exp ((double) phones[i]);
    for (guint i = 0; i < N_PHONES; i++)
      phones[i] -= (float) log (sum);
  }
}

static const Text *
find_text (GArray *texts, const char *name)
{
  for (guint i = 0; i < texts->len; i++)
    if (strcmp (g_array_index (texts, Text, i).text, name) == 0)
      return &g_array_index (texts, Text, i);
  return NULL;
}

/* Number @n, the empty one left out. */
static const Text *
nth_text (GArray *texts, guint n)
{
  for (guint i = 0;; i++) {
    const Text *text = &g_array_index (texts, Text, i);

    if (*text->text != '\0' && n-- == 0)
      return text;
  }
}

/* The best texts in their order, with their scores. */
static void
test_all_paths (void)
{
  for (guint turn = 0; turn < 60; turn++) {
    double weight = turn % 3 * 0.5, bonus = turn % 4 - 1.0;
    float frames[N_FRAMES * N_OUTPUTS];
    g_autoptr (GArray) texts = NULL;
    const Text *best;
    Fixture f;
    guint n;

    set_up (&f, LINES, 256, N_FRAMES + 2, weight, bonus);
    while (texts == NULL) {
      random_frames (frames, N_FRAMES, 2.0);
      texts = all_texts (frames, f.language, weight, bonus);
    }
    best = &g_array_index (texts, Text, 0);
    for (guint t = 0; t < N_FRAMES; t++)
      rnnc_search_push (f.search, frames + t * N_OUTPUTS);
    n = read_all (&f, TRUE);
    if (*best->text == '\0')
      g_assert_cmpuint (n, ==, 0);
    else
      g_assert_cmpuint (n, ==, N_BEST);
    for (guint i = 0; i < n; i++) {
      const Text *text = find_text (texts, f.readings[i].list.text);

      g_assert_nonnull (text);
      g_assert_cmpfloat_with_epsilon (f.readings[i].score, text->score, 1e-3);
      /* Of those that are as good, any. */
      text = nth_text (texts, i);
      g_assert_cmpfloat_with_epsilon (f.readings[i].score, text->score, 1e-3);
    }
    tear_down (&f);
  }
}

/* Frames that are sure of "-x x|yy-": words, their times, what is said of them
 * on the way. */
static void
test_times (void)
{
  static const guint said[] = { 0, 2, 2, 0, 1, 3, 3, 0 };
  Fixture f;
  guint64 key = 0;

  set_up (&f, "a\\tx\\nb\\ty\\n", 16, 20, 0.3, 0);
  rnnc_search_restart (f.search, 100, -1);
  g_assert_cmpuint (f.search->klass->key (f.search), ==, 0);
  for (guint t = 0; t < G_N_ELEMENTS (said); t++) {
    float frame[N_OUTPUTS] = { 0 };

    for (guint i = 0; i < N_PHONES; i++)
      frame[N_LETTERS + i] = i == said[t] ? -0.05f : -4.2f;
    rnnc_search_push (f.search, frame);
    g_assert_cmpint (f.search->klass->in_word (f.search), ==,
        (t >= 1 && t <= 3) || t >= 5);
    g_assert_cmpint (f.search->klass->sounding (f.search), ==, said[t] >= 2);
    if (t == 2) {
      key = f.search->klass->key (f.search);
      g_assert_cmpuint (read_all (&f, FALSE), ==, 1);
      g_assert_cmpstr (f.readings[0].list.text, ==, "a");
    }
    if (t == 3)
      g_assert_cmpuint (f.search->klass->key (f.search), ==, key);
    if (t == 5)
      g_assert_cmpuint (f.search->klass->key (f.search), !=, key);
  }
  g_assert_cmpuint (read_all (&f, TRUE), >=, 1);
  g_assert_cmpstr (f.readings[0].list.text, ==, "a b");
  g_assert_cmpuint (f.readings[0].list.n_words, ==, 2);
  for (guint i = 0; i < 2; i++) {
    const RnncCtcWord *word = &f.readings[0].list.words[i];

    g_assert_cmpuint (word->start, ==, i == 0 ? 101 : 105);
    g_assert_cmpuint (word->end, ==, i == 0 ? 103 : 107);
    g_assert_cmpfloat_with_epsilon (word->posteriors, exp (-0.05), 1e-3);
  }
  tear_down (&f);
}

/* Few texts, many frames, numbers that are none: nothing runs out, and what
 * comes behind a new beginning is as after the first, though the language
 * model need not read it again, and after another utterance. */
static void
test_wild (void)
{
  enum { LENGTH = 300 };
  g_autofree float *frames = g_new (float, LENGTH *N_OUTPUTS);
  g_autofree float *others = g_new (float, LENGTH *N_OUTPUTS);
  Fixture f;

  random_frames (others, LENGTH, 3.0);
  for (guint width = 1; width <= 9; width += 4) {
    g_autofree char *before = NULL;
    double score = 0;

    set_up (&f, LINES, width, LENGTH + 2, 0.5, 0.5);
    random_frames (frames, LENGTH, 3.0);
    for (guint round = 0; round < 4; round++) {
      for (guint t = 0; t < LENGTH; t++)
        rnnc_search_push (f.search,
            (round == 2 ? others : frames) + t * N_OUTPUTS);
      g_assert_cmpuint (read_all (&f, TRUE), >=, 1);
      if (round % 2 == 1) {
        g_assert_cmpstr (f.readings[0].list.text, ==, before);
        g_assert_cmpfloat_with_epsilon (f.readings[0].score, score, 1e-3);
      }
      if (round == 0)
        score = f.readings[0].score;
      before = before ? before : g_strdup (f.readings[0].list.text);
      rnnc_search_restart (f.search, 0, -1);
    }
    for (guint i = 0; i < LENGTH * N_OUTPUTS; i += 7)
      frames[i] = i % 2 == 0 ? NAN : INFINITY;
    for (guint t = 0; t < LENGTH; t++)
      rnnc_search_push (f.search, frames + t * N_OUTPUTS);
    read_all (&f, TRUE);
    tear_down (&f);
  }
}

static void
test_no_allocation (void)
{
  enum { LENGTH = 200 };
  g_autofree float *frames = g_new (float, LENGTH *N_OUTPUTS);
  gint before;
  Fixture f;

  set_up (&f, LINES, 20, LENGTH + 2, 0.5, 0.5);
  random_frames (frames, LENGTH, 3.0);
  before = g_atomic_int_get (&n_allocations);
  for (guint t = 0; t < LENGTH; t++) {
    rnnc_search_push (f.search, frames + t * N_OUTPUTS);
    read_all (&f, FALSE);
  }
  read_all (&f, TRUE);
  rnnc_search_restart (f.search, 0, -1);
  g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, before);
  tear_down (&f);
#if !COUNTS_ALLOCATIONS
  g_test_skip ("a sanitizer has the allocator");
#endif
}

/* --- in a recogniser ------------------------------------------------------ */

static RnncRecogniser *
recogniser_of (RnncModel *speech, RnncLanguageModel *language, guint capacity,
    gboolean open)
{
  GError *error = NULL;
  RnncRecogniser *recogniser = rnnc_recogniser_new (speech, &error);
  RnncTranscriberOptions options;

  g_assert_no_error (error);
  rnnc_transcriber_options_init (&options);
  rnnc_recogniser_set_options (recogniser, &options, capacity, FALSE);
  rnnc_recogniser_set_language_model (recogniser, language, open);
  return recogniser;
}

/* Where no utterance runs, a phone is heard before the letter that it is
 * spelled with. */
static void
test_phones_first (void)
{
  static const guint phones[] = { 0, 0, 2, 2, 3, 3, 0, 0 };
  static const guint letters[] = { 0, 0, 0, 0, 3, 3, 0, 0 };
  RnncModel *speech = sounding_speech_model ();
  RnncLanguageModel *language = sounding_language_model ("a\\ty\\nb\\tx y\\n");
  RnncRecogniser *recogniser = recogniser_of (speech, language, 100, FALSE);
  const RnncReading *readings;
  gboolean open = FALSE;

  for (guint t = 0; t < G_N_ELEMENTS (phones); t++) {
    float frame[N_OUTPUTS];

    for (guint i = 0; i < N_LETTERS; i++) {
      frame[i] = i == letters[t] ? -0.05f : -4.2f;
      frame[N_LETTERS + i] = i == phones[t] ? -0.05f : -4.2f;
    }
    open |= rnnc_recogniser_push (recogniser, frame, open);
    g_assert_cmpint (open, ==, t >= 2);
  }
  g_assert_cmpuint (rnnc_recogniser_read (recogniser, TRUE, &readings), ==, 1);
  g_assert_cmpstr (readings[0].list.text, ==, "b");
  g_assert_cmpuint (rnnc_recogniser_start (recogniser), ==, 2);
  rnnc_recogniser_free (recogniser);
  rnnc_language_model_unref (language);
  rnnc_model_unref (speech);
}

/* Room that is asked for while a search waits for the utterance's end. */
static void
test_room_while_due (void)
{
  RnncModel *speech = sounding_speech_model ();
  RnncLanguageModel *language = sounding_language_model (LINES);
  RnncRecogniser *recogniser = recogniser_of (speech, language, 50, TRUE);
  float frame[N_OUTPUTS];

  rnnc_recogniser_grow (recogniser, 100);
  rnnc_recogniser_reset (recogniser);
  random_frames (frame, 1, 1.0);
  for (guint t = 0; t < 99; t++)
    rnnc_recogniser_push (recogniser, frame, TRUE);
  rnnc_recogniser_free (recogniser);
  rnnc_language_model_unref (language);
  rnnc_model_unref (speech);
}

/* --- the lexicon ---------------------------------------------------------- */

static void
test_refusals (void)
{
  static const struct {
    const char *lines;
    const char *message;
  } cases[] = {
    { "", "*there are none*" },
    { "a x\n", "*:1:*not a word, a tab*" },
    { "a\tx\n\tx\n", "*:2:*not a word, a tab*" },
    { "a\tx\nb\t \n", "*:2:*without phones*" },
    { "a\tx z\n", "*:1:*\"z\" is none of the phones*" },
    { "a\tx |\n", "*:1:*\"|\" is none of the phones*" },
    { "a\tx -\n", "*:1:*\"-\" is none of the phones*" },
    { "a\tx\nac\tx\n", "*:2:*" },
    { "a b\tx\n", "*:1:*a space within a word*" },
  };
  g_autoptr (RnncModel) speech = sounding_speech_model ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (rnnc_lexicon_new (cases[i].lines, speech, &error));
    g_assert_nonnull (error);
    g_assert_true (g_pattern_match_simple (cases[i].message, error->message));
  }
}

/* Another model's phones: words are searched by their letters then. */
static void
test_fits (void)
{
  g_autoptr (RnncModel) speech = sounding_speech_model ();
  g_autoptr (RnncModel) letters = random_model_from_text (
      "{'format':1,'task':'speech','frontend':{'type':'none','features':3},"
      "'layers':[{'type':'dense','name':'d','units':4},"
      "{'type':'log-softmax'}],'labels':['_',' ','a','b'],'blank':0}");
  RnncLanguageModel *good = sounding_language_model (LINES);
  RnncLanguageModel *strange = sounding_language_model ("a\\tq\\n");
  const RnncLexicon *found = rnnc_language_model_lexicon (good, speech);

  g_assert_nonnull (found);
  g_assert_true (rnnc_language_model_lexicon (good, speech) == found);
  g_assert_cmpuint (found->n_words, ==, G_N_ELEMENTS (lexicon));
  g_assert_cmpuint (found->letters_per_phone, ==, 1);
  g_assert_null (rnnc_language_model_lexicon (good, letters));
  g_assert_null (rnnc_language_model_lexicon (strange, speech));
  rnnc_language_model_unref (good);
  rnnc_language_model_unref (strange);
}

/* Into a file and out of it. */
static void
test_file (void)
{
  g_autofree char *folder = g_dir_make_tmp ("rnnc-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "l.safetensors", NULL);
  g_autoptr (RnncModel) speech = sounding_speech_model ();
  g_autofree char *text = sounding_language_description ("a\\tx\\n");
  g_autoptr (RnncModel) model = NULL;
  g_autoptr (RnncModel) converted = NULL;
  g_autofree char *summary = NULL;
  RnncLanguageModel *read;
  GError *error = NULL;

  g_assert_true (random_model_write (path, g_strdelimit (text, "'", '"'),
      G_MAXSIZE, TRUE));
  model = rnnc_model_load (path, &error);
  g_assert_no_error (error);
  g_assert_false (rnnc_model_convert (model, path,
      &(RnncConversion){ .pronunciations = "a\tx\nb" }, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT);
  g_assert_true (
      g_pattern_match_simple ("*pronunciations:2:*", error->message));
  g_clear_error (&error);
  g_assert_false (rnnc_model_convert (speech, path,
      &(RnncConversion){ .pronunciations = "a\tx\n" }, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  rnnc_model_convert (model, path,
      &(RnncConversion){ .pronunciations = "b\ty\nab\tx y\r\n" }, &error);
  g_assert_no_error (error);
  converted = rnnc_model_load (path, &error);
  g_assert_no_error (error);
  summary = rnnc_model_summary (converted);
  g_assert_nonnull (strstr (summary, "pronounced  2 words"));
  read = rnnc_language_model_new (converted, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (rnnc_language_model_lexicon (read, speech)->n_words, ==, 2);
  rnnc_language_model_unref (read);
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/decode/words/all-paths", test_all_paths);
  g_test_add_func ("/decode/words/times", test_times);
  g_test_add_func ("/decode/words/wild", test_wild);
  g_test_add_func ("/decode/words/no-allocation", test_no_allocation);
  g_test_add_func ("/decode/words/phones-first", test_phones_first);
  g_test_add_func ("/decode/words/room-while-due", test_room_while_due);
  g_test_add_func ("/decode/words/refusals", test_refusals);
  g_test_add_func ("/decode/words/fits", test_fits);
  g_test_add_func ("/decode/words/file", test_file);
  return g_test_run ();
}
