/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Phrase lists and hot words as files, and which phrase frames are. */
#include <math.h>
#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "rnncore/decode/phrase-search.h"
#include "tests/support/phrase-paths.h"
#include "tests/support/random-model.h"

/* A path is written with one character a frame: '_' is the blank. */
static const char codes[] = "_ abcd'";
static const char *const labels[] = { "_", " ", "a", "b", "c", "d", "'", NULL };

#define N_LABELS 7

static const char description[]
    = "{'format':1,'task':'speech','frontend':{'type':'none','features':3},"
      "'layers':[{'type':'dense','name':'d','units':7},"
      "{'type':'log-softmax'}],"
      "'labels':['<blank>',' ','a','b','c','d','\\u00e7'],'blank':0}";

static RnncModel *
speech_model (void)
{
  return random_model_from_text (description);
}

/* --- files ---------------------------------------------------------------- */

#define LONG_50 "abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdab"
#define LONG_250 LONG_50 LONG_50 LONG_50 LONG_50 LONG_50

typedef struct {
  const char *name;
  const char *text;
  gssize size;       /* 0: that of the text */
  guint n;           /* phrases or words */
  const char *error; /* behind the file's name */
} File;

static const File phrase_files[] = {
  { "plain", "ab cd\nda\n", 0, 2 },
  { "comments", "# one\n\n  \n\tab  cd \r\n #x\nda", 0, 2 },
  { "byte-order-mark",
      "\xef\xbb\xbf"
      "ab\n",
      0, 1 },
  { "capitals", "AB \xc3\x87\n", 0, 1 },
  { "said-twice", "ab\nab\nba\n", 0, 2 },
  { "longest", LONG_250 "abcd", 0, 1 },
  { "list", "<x> = a | b c\n<x-2>=d\nab <x> cd\n<x><x-2>+\n", 0, 2 },
  { "unwanted", "ab\n! cd\n!da\n", 0, 3 },
  { "nothing-unwanted", "ab\n!\n", 0, 0, ":2: no phrase behind \"!\"" },
  { "empty", "", 0, 0, ": no phrases" },
  { "comments-alone", "# a\n\n", 0, 0, ": no phrases" },
  { "lists-alone", "<x> = a\n", 0, 0, ": no phrases" },
  { "unknown-letter", "ab\nab e\n", 0, 0, ":2: the model has no letter \"e\"" },
  { "unknown-sign", "ab\n\n# x\na\x01\n", 0, 0,
      ":4: the model has no letter U+0001" },
  { "too-long", "a\n" LONG_250 "abcdab", 0, 0, ":2: more than 255 letters" },
  { "too-long-in-parts", "<x> = " LONG_250 "\n<x> <x>\n", 0, 0,
      ":2: more than 255 letters" },
  { "not-utf-8", "ab\nc\xff\n", 0, 0, ":2: not UTF-8" },
  { "zero-byte", "ab\nc\0d\n", 7, 0, ":2: not UTF-8" },
  { "no-such-list", "ab <x>\n", 0, 0, ":1: <x> is not defined before" },
  { "list-twice", "<x> = a\n<x> = b\n", 0, 0, ":2: <x> is defined twice" },
  { "list-in-list", "<x> = a\n<y> = b | <x>\n", 0, 0,
      ":2: a list within a list" },
  { "empty-list", "<x> = \n", 0, 0, ":1: no letters" },
  { "empty-choice", "<x> = a | | b\n", 0, 0, ":1: no letters" },
  { "open-name", "ab <x cd\n", 0, 0, ":1: \"<\" without" },
  { "no-name", "<> = a\n", 0, 0, ":1: \"<\" without" },
};

static const File word_files[] = {
  { "plain", "ab\ncd ab\n", 0, 2 },
  { "boosts", "# x\nab\t2.5\ncd\t 0.5 \r\n", 0, 2 },
  { "largest", "ab\t20", 0, 1 },
  { "empty", "\n#\n", 0, 0, ": no words" },
  { "unknown-letter", "ab\nxy\t3\n", 0, 0,
      ":2: the model has no letter \"x\"" },
  { "boost-alone", "ab\n\t3\n", 0, 0, ":2: no letters" },
  { "no-number", "ab\tx\n", 0, 0, ":1: boost \"x\": not a number" },
  { "no-boost", "ab\t\n", 0, 0, ":1: boost \"\": not a number" },
  { "negative", "ab\t-1\n", 0, 0, ":1: boost \"-1\"" },
  { "zero", "ab\t0\n", 0, 0, ":1: boost" },
  { "too-large", "ab\t20.1\n", 0, 0, ":1: boost" },
  { "not-a-number", "ab\tnan\n", 0, 0, ":1: boost" },
  { "comma", "ab\t1,5\n", 0, 0, ":1: boost" },
  { "too-long", LONG_250 "abcdab\t3", 0, 0, ":1: more than 255 letters" },
  { "not-utf-8", "\xc3", 0, 0, ":1: not UTF-8" },
};

static void
check_file (const File *file, gboolean words)
{
  g_autoptr (RnncModel) model = speech_model ();
  g_autofree char *path = NULL;
  GError *error = NULL;
  guint n = 0;
  int handle = g_file_open_tmp ("phrases-XXXXXX", &path, NULL);

  g_close (handle, NULL);
  g_assert_true (g_file_set_contents (path, file->text,
      file->size ? file->size : (gssize) strlen (file->text), NULL));
  if (words) {
    RnncHotWords *loaded = rnnc_hot_words_load (path, model, &error);

    n = loaded != NULL ? rnnc_hot_words_n_words (loaded) : 0;
    g_clear_pointer (&loaded, rnnc_hot_words_unref);
  } else {
    RnncPhraseList *loaded = rnnc_phrase_list_load (path, model, &error);

    n = loaded != NULL ? rnnc_phrase_list_n_phrases (loaded) : 0;
    g_clear_pointer (&loaded, rnnc_phrase_list_unref);
  }
  g_unlink (path);
  g_assert_cmpuint (n, ==, file->n);
  if (file->error == NULL) {
    g_assert_no_error (error);
  } else {
    g_autofree char *expected = g_strconcat (path, file->error, NULL);

    g_assert_nonnull (error);
    g_assert_true (error->domain == RNNC_ERROR);
    if (!g_str_has_prefix (error->message, expected))
      g_error ("%s: expected %s", error->message, expected);
    g_error_free (error);
  }
}

static void
test_phrase_file (gconstpointer data)
{
  check_file (data, FALSE);
}

static void
test_word_file (gconstpointer data)
{
  check_file (data, TRUE);
}

static void
test_no_file (void)
{
  static const char *const paths[]
      = { "/nowhere/phrases.txt", "/", "/dev/zero" };
  static const char *const reasons[]
      = { "No such file", "directory", "larger than 1 MiB" };
  g_autoptr (RnncModel) model = speech_model ();

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    for (guint k = 0; k < 2; k++) {
      g_autoptr (GError) error = NULL;

      if (k == 0)
        g_assert_null (rnnc_phrase_list_load (paths[i], model, &error));
      else
        g_assert_null (rnnc_hot_words_load (paths[i], model, &error));
      g_assert_nonnull (error);
      g_assert_true (g_str_has_prefix (error->message, paths[i]));
      g_assert_nonnull (strstr (error->message, reasons[i]));
    }
  }
}

static void
test_lines (void)
{
  static const char *const lines[]
      = { "# x", "<y> = a | b", "", "  ab cd", "<y> d", NULL };
  g_autoptr (RnncModel) model = speech_model ();
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncPhraseList) phrases
      = rnnc_phrase_list_new_from_strings (lines, model, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (rnnc_phrase_list_n_phrases (phrases), ==, 2);
  g_assert_cmpstr (rnnc_phrase_list_phrase (phrases, 0), ==, "ab cd");
  g_assert_cmpuint (rnnc_phrase_list_line (phrases, 0), ==, 4);
  g_assert_cmpstr (rnnc_phrase_list_phrase (phrases, 1), ==, "<y> d");
  g_assert_cmpuint (rnnc_phrase_list_line (phrases, 1), ==, 5);
}

/* Of a model whose labels are words, phrases are words. */
static void
test_words (void)
{
  g_autoptr (RnncModel) model = random_model_from_text (
      "{'format':1,'task':'speech','frontend':{'type':'none','features':3},"
      "'layers':[{'type':'dense','name':'d','units':4},"
      "{'type':'log-softmax'}],"
      "'labels':['<blank>','go','on','left'],'blank':0}");
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncPhraseList) phrases
      = rnnc_phrase_list_new_from_strings ((const char
                                                   *[]){ "<way> = left | on",
                                               "go <way>", "Left go on", NULL },
          model, &error);
  const RnncPhraseNetwork *network;

  g_assert_no_error (error);
  network = rnnc_phrase_list_network (phrases);
  /* go, left, on; left, go, on: no node is a space. */
  g_assert_cmpuint (network->n_nodes, ==, 6);
  for (guint i = 0; i < network->n_nodes; i++) {
    g_assert_cmpuint (network->nodes[i].label, <, 4);
    g_assert_true (network->nodes[i].begins_word);
  }
  g_assert_null (
      rnnc_phrase_list_new_from_strings ((const char *[]){ "go lefton", NULL },
          model, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_VALUE);
  g_assert_nonnull (
      strstr (error->message, "does not know the word \"lefton\""));
}

/* --- what is accepted ----------------------------------------------------- */

typedef struct {
  const char *name;
  const char *path;
  gint phrase;
  const char *text;
} Heard;

static const char *const list[] = { "ab cd", "cab", "da", "bb a",
  "<x> = a | bb | c d", "d <x>", "<x>+ b", NULL };

/* Each frame's best label has 0.9 of the probability. */
static const Heard heard[] = {
  { "nothing", "______", -1 },
  { "exact", "_ab cd_", 0, "ab cd" },
  { "drawn-out", "__aaa_bb_ _c_ddd__", 0, "ab cd" },
  { "run-together", "_abcd_", 0, "ab cd" },
  { "at-both-ends", "cab", 1, "cab" },
  { "double-letter", "b_b a", 3, "bb a" },
  { "no-double-letter", "bb a", -1 },
  { "something-else", "_dcd cdc", -1 },
  { "a-part", "_cd_", -1 },
  { "within-much", "_dcdcdabcdcd_", -1 },
  { "with-a-stray-letter", "_c_ab cd_", 0, "ab cd" },
  { "silence-first", "______________________________da", 2, "da" },
  { "list-part", "d_b_b", 4, "d bb" },
  { "list-of-words", "_d_ c d_", 4, "d c d" },
  { "list-again", "_a_ b_b _a_ b", 5, "a bb a b" },
  { "list-again-run-together", "_a c_d b_b a c_d b", 5, "a c d bb a c d b" },
};

static void
fill_frame (char code, double posterior, float *frame)
{
  for (guint i = 0; i < N_LABELS; i++)
    frame[i] = (float) log ((1.0 - posterior) / (N_LABELS - 1));
  frame[strchr (codes, code) - codes] = (float) log (posterior);
}

static RnncSearch *
make_search (const char *const *lines, double threshold, RnncAlphabet *alphabet)
{
  g_autoptr (RnncModel) model = speech_model ();
  GError *error = NULL;
  g_autoptr (RnncPhraseList) phrases
      = rnnc_phrase_list_new_from_strings (lines, model, &error);

  g_assert_no_error (error);
  rnnc_alphabet_init (alphabet, labels, N_LABELS, 0);
  return rnnc_phrase_search_new (phrases, alphabet, NULL, 200, threshold);
}

static void
test_heard (gconstpointer data)
{
  const Heard *what = data;
  RnncAlphabet alphabet;
  RnncSearch *search = make_search (list, 0.4, &alphabet);
  RnncReading reading;
  guint n = 0;

  rnnc_word_list_init (&reading.list, &alphabet, 200);
  for (guint turn = 0; turn < 2; turn++) {
    rnnc_search_restart (search, 0, -1);
    for (const char *c = what->path; *c != '\0'; c++) {
      float frame[N_LABELS];

      fill_frame (*c, 0.9, frame);
      rnnc_search_push (search, frame);
    }
    n = search->klass->read (search, TRUE, &reading, 1);
    g_assert_cmpint (n > 0 ? reading.phrase : -1, ==, what->phrase);
    g_assert_true ((search->klass->key (search) != 0) == (n > 0));
  }
  if (n > 0) {
    const RnncCtcWord *words = reading.list.words;

    g_assert_cmpstr (reading.list.text, ==, what->text);
    g_assert_cmpfloat (reading.confidence, <=, 1.0);
    for (guint i = 0; i < reading.list.n_words; i++) {
      g_assert_cmpuint (words[i].start, <, words[i].end);
      g_assert_cmpuint (words[i].end, <=, strlen (what->path));
      if (i > 0)
        g_assert_cmpuint (words[i - 1].end, <=, words[i].start);
      g_assert_cmpint (what->path[words[i].start], ==, *words[i].text);
    }
  }
  rnnc_word_list_free (&reading.list);
  rnnc_search_free (search);
  rnnc_alphabet_clear (&alphabet);
}

/* --- all paths ------------------------------------------------------------ */

#define N_FRAMES PHRASE_PATHS_FRAMES

/* Blank, a, b, c: what these phrases are made of. */
static const guint path_labels[PHRASE_PATHS_LABELS] = { 0, 2, 3, 4 };
static const PhrasePaths paths
    = { N_LABELS, 0, N_LABELS, path_labels, codes, RNNC_PHRASE_STRAY_LOSS };

static void
test_all_paths (void)
{
  static const char *const lines[] = { "ab", "cba", "bb", "caac", NULL };
  RnncAlphabet alphabet;
  RnncSearch *search = make_search (lines, 0.0, &alphabet);
  RnncReading readings[4];

  for (guint i = 0; i < 4; i++)
    rnnc_word_list_init (&readings[i].list, &alphabet, 200);
  for (guint turn = 0; turn < 20; turn++) {
    float frames[N_FRAMES * N_LABELS];
    guint n;

    for (guint i = 0; i < N_FRAMES * N_LABELS; i++)
      frames[i] = (float) g_test_rand_double_range (-8, 0);
    rnnc_search_restart (search, 0, -1);
    for (guint t = 0; t < N_FRAMES; t++)
      rnnc_search_push (search, frames + t * N_LABELS);
    n = search->klass->read (search, TRUE, readings, 4);
    g_assert_cmpuint (n, ==, 4);
    for (guint i = 0; i < n; i++) {
      const char *phrase = lines[readings[i].phrase];

      g_assert_cmpstr (readings[i].list.text, ==, phrase);
      g_assert_cmpfloat_with_epsilon (readings[i].score,
          phrase_paths_best (&paths, frames, phrase), 1e-4);
      g_assert_cmpfloat_with_epsilon (readings[i].confidence,
          exp (readings[i].score / (double) strlen (phrase)), 1e-4);
      if (i > 0)
        g_assert_cmpfloat (readings[i].score, <=, readings[i - 1].score);
    }
  }
  for (guint i = 0; i < 4; i++)
    rnnc_word_list_free (&readings[i].list);
  rnnc_search_free (search);
  rnnc_alphabet_clear (&alphabet);
}

/* Into a model's file and out of it; what cannot be is refused. */
static void
test_conversion (void)
{
  static const char text[] = "# own\nab\n<x> = c | d\n! <x>+\n";
  g_autofree char *folder = g_dir_make_tmp ("rnncore-phrases-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "x.safetensors", NULL);
  g_autofree char *json = g_strdelimit (g_strdup (description), "'", '"');
  g_autoptr (RnncPhraseList) own = NULL;
  g_autoptr (RnncModel) model = NULL, converted = NULL;
  g_autofree char *summary = NULL;
  RnncConversion conversion = { RNNC_STORAGE_F16, .phrases = text };
  GError *error = NULL;

  g_assert_true (random_model_write (path, json, G_MAXSIZE, TRUE));
  model = rnnc_model_load (path, &error);
  g_assert_no_error (error);
  g_assert_true (rnnc_phrase_list_load_own (model, &own, &error));
  g_assert_null (own);
  rnnc_model_convert (model, path, &conversion, &error);
  g_assert_no_error (error);
  converted = rnnc_model_load (path, &error);
  g_assert_no_error (error);
  g_assert_true (rnnc_phrase_list_load_own (converted, &own, &error));
  g_assert_cmpuint (rnnc_phrase_list_n_phrases (own), ==, 2);
  g_assert_cmpuint (rnnc_phrase_list_line (own, 0), ==, 2);
  summary = rnnc_model_summary (converted);
  g_assert_nonnull (strstr (summary, "phrases     2\n"));

  conversion.phrases = "ab\nabe\n";
  g_assert_false (rnnc_model_convert (converted, path, &conversion, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_VALUE);
  g_assert_nonnull (strstr (error->message, ":2: the model has no letter"));
  g_clear_error (&error);
  conversion.phrases = "ab\xff";
  g_assert_false (rnnc_model_convert (converted, path, &conversion, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT);
  g_clear_error (&error);
  g_unlink (path);
  g_rmdir (folder);
}

/* What can be heard, where that is single words. */
static void
test_dup_words (void)
{
  static const char *const lines[][5] = {
    { "<x> = ab | cd", "<x>+", "da", "! b", NULL },
    { "ab", "da", "! cd ab", NULL },
    { "ab cd", "da", NULL },
    { "<x> = ab | cd d", "<x>", NULL },
  };
  static const char *const words[] = { "ab cd da", "ab da", NULL, NULL };
  g_autoptr (RnncModel) model = speech_model ();

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    GError *error = NULL;
    g_autoptr (RnncPhraseList) phrases
        = rnnc_phrase_list_new_from_strings (lines[i], model, &error);
    g_auto (GStrv) found = NULL;
    g_autofree char *joined = NULL;

    g_assert_no_error (error);
    found = rnnc_phrase_list_dup_words (phrases);
    joined = found != NULL ? g_strjoinv (" ", found) : NULL;
    g_assert_cmpstr (joined, ==, words[i]);
  }
}

/* --- noise ---------------------------------------------------------------- */

/* Random letters are none of the phrases; phrases with a wrong letter in five
 * still are. */
static void
test_rates (void)
{
  static const char *const lines[]
      = { "abcd dcba", "badc cdab", "dd ab cc", "ca bd ac", NULL };
  RnncAlphabet alphabet;
  RnncSearch *search = make_search (lines, 0.5, &alphabet);
  RnncReading reading;
  guint n_false = 0, n_missed = 0;

  rnnc_word_list_init (&reading.list, &alphabet, 200);
  for (guint turn = 0; turn < 400; turn++) {
    guint which = (guint) g_test_rand_int_range (0, 4);
    const char *phrase = lines[which];
    gboolean other = turn % 2 == 0;
    guint n;

    rnnc_search_restart (search, 0, -1);
    for (; *phrase != '\0'; phrase++) {
      char letter = other ? codes[g_test_rand_int_range (1, 6)] : *phrase;
      float frame[N_LABELS];

      fill_frame (letter, g_test_rand_double_range (0.5, 0.95), frame);
      rnnc_search_push (search, frame);
      fill_frame ('_', 0.95, frame);
      for (gint i = g_test_rand_int_range (1, 4); i > 0; i--)
        rnnc_search_push (search, frame);
    }
    n = search->klass->read (search, TRUE, &reading, 1);
    n_false += other && n > 0;
    n_missed += !other && (n == 0 || reading.phrase != (gint) which);
  }
  g_test_message ("%u of 200 others accepted, %u of 200 phrases missed",
      n_false, n_missed);
  g_assert_cmpuint (n_false, <=, 2);
  g_assert_cmpuint (n_missed, ==, 0);
  rnnc_word_list_free (&reading.list);
  rnnc_search_free (search);
  rnnc_alphabet_clear (&alphabet);
}

/* Many phrases that all stay possible: memory suffices, the best stays. */
static void
test_crowd (void)
{
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  RnncAlphabet alphabet;
  RnncSearch *search;
  RnncReading reading;

  for (guint i = 0; i < 256; i++)
    g_ptr_array_add (lines,
        g_strdup_printf ("%c%c%c%c%c%c%c%c", "abcd"[i % 4], "abcd"[i / 4 % 4],
            "abcd"[i / 16 % 4], "abcd"[i / 64 % 4], "abcd"[i % 4],
            "abcd"[i / 4 % 4], "abcd"[i / 16 % 4], "abcd"[i / 64 % 4]));
  g_ptr_array_add (lines, NULL);
  search = make_search ((const char **) lines->pdata, 0.0, &alphabet);
  rnnc_word_list_init (&reading.list, &alphabet, 200);
  for (guint t = 0; t < 199; t++) {
    float frame[N_LABELS];

    for (guint i = 0; i < N_LABELS; i++)
      frame[i] = (float) g_test_rand_double_range (-3, 0);
    rnnc_search_push (search, frame);
  }
  g_assert_cmpuint (search->klass->read (search, TRUE, &reading, 1), ==, 1);
  rnnc_word_list_free (&reading.list);
  rnnc_search_free (search);
  rnnc_alphabet_clear (&alphabet);
}

static void
add_files (const char *kind, const File *files, guint n, GTestDataFunc func)
{
  for (guint i = 0; i < n; i++) {
    g_autofree char *path
        = g_strdup_printf ("/decode/%s/file/%s", kind, files[i].name);

    g_test_add_data_func (path, &files[i], func);
  }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add_files ("phrases", phrase_files, G_N_ELEMENTS (phrase_files),
      test_phrase_file);
  add_files ("hot-words", word_files, G_N_ELEMENTS (word_files),
      test_word_file);
  g_test_add_func ("/decode/phrases/no-file", test_no_file);
  g_test_add_func ("/decode/phrases/lines", test_lines);
  for (guint i = 0; i < G_N_ELEMENTS (heard); i++) {
    g_autofree char *path
        = g_strconcat ("/decode/phrases/heard/", heard[i].name, NULL);

    g_test_add_data_func (path, &heard[i], test_heard);
  }
  g_test_add_func ("/decode/phrases/all-paths", test_all_paths);
  g_test_add_func ("/decode/phrases/conversion", test_conversion);
  g_test_add_func ("/decode/phrases/dup-words", test_dup_words);
  g_test_add_func ("/decode/phrases/rates", test_rates);
  g_test_add_func ("/decode/phrases/crowd", test_crowd);
  g_test_add_func ("/decode/phrases/words", test_words);
  return g_test_run ();
}
