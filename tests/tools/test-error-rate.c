/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <glib/gstdio.h>

#include "tools/data/labels.h"
#include "tools/measure/error-rate.h"

static const struct {
  const char *reference;
  const char *heard;
  guint substitutions, insertions, deletions, words;
} cases[] = {
  { "", "", 0, 0, 0, 0 },
  { "one two", "one two", 0, 0, 0, 2 },
  { "one two", "one too", 1, 0, 0, 2 },
  { "one two", "one", 0, 0, 1, 2 },
  { "one two", "one or two", 0, 1, 0, 2 },
  { "one two", "", 0, 0, 2, 2 },
  { "", "one two", 0, 2, 0, 0 },
  { "a b c d", "b c d e", 0, 1, 1, 4 },
  /* Of equally cheap ways the one with substitutions. */
  { "x i sixty one", "x sixty one one", 2, 0, 0, 4 },
};

static void
test_words (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    EditCounts counts = edit_counts_words (cases[i].reference, cases[i].heard);

    g_assert_cmpuint (counts.substitutions, ==, cases[i].substitutions);
    g_assert_cmpuint (counts.insertions, ==, cases[i].insertions);
    g_assert_cmpuint (counts.deletions, ==, cases[i].deletions);
    g_assert_cmpuint (counts.reference, ==, cases[i].words);
  }
}

/* The recursion as it stands in textbooks, without memory. */
static guint
slow_distance (const guint *a, gsize n_a, const guint *b, gsize n_b)
{
  guint best, other;

  if (n_a == 0 || n_b == 0)
    return (guint) (n_a + n_b);
  best = slow_distance (a + 1, n_a - 1, b + 1, n_b - 1) + (a[0] != b[0]);
  other = slow_distance (a + 1, n_a - 1, b, n_b) + 1;
  best = MIN (best, other);
  other = slow_distance (a, n_a, b + 1, n_b - 1) + 1;
  return MIN (best, other);
}

static void
test_distance (void)
{
  for (guint trial = 0; trial < 200; trial++) {
    guint a[6], b[6];
    gsize n_a = (gsize) g_test_rand_int_range (0, 7);
    gsize n_b = (gsize) g_test_rand_int_range (0, 7);
    EditCounts counts;

    for (guint i = 0; i < 6; i++) {
      a[i] = (guint) g_test_rand_int_range (0, 3);
      b[i] = (guint) g_test_rand_int_range (0, 3);
    }
    counts = edit_counts (a, n_a, b, n_b);
    g_assert_cmpuint (edit_counts_errors (&counts), ==,
        slow_distance (a, n_a, b, n_b));
    g_assert_cmpuint (n_a + counts.insertions, ==, n_b + counts.deletions);
  }
}

static void
test_characters (void)
{
  EditCounts counts = edit_counts_characters ("ab c", "ab d");

  g_assert_cmpuint (counts.substitutions, ==, 1);
  g_assert_cmpuint (counts.reference, ==, 4);
  g_assert_cmpfloat (edit_counts_rate (&counts), ==, 0.25);
}

static void
test_interval (void)
{
  double errors[100], ones[100], low, high;

  for (guint i = 0; i < 100; i++) {
    errors[i] = i % 5 == 0;
    ones[i] = 1;
  }
  bootstrap_interval (errors, ones, 100, &low, &high);
  /* Binomial, p 0.2, n 100: deviation 0.04. */
  g_assert_cmpfloat_with_epsilon (low, 0.12, 0.02);
  g_assert_cmpfloat_with_epsilon (high, 0.28, 0.02);
}

static void
test_normalise (void)
{
  static const char *const texts[][2] = {
    { "  It's  5 O'Clock! ", "it's o'clock" },
    { "", "" },
    { "_silence_", "" },
    { "well-known\tthing", "well known thing" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *text = labels_normalise_text (texts[i][0]);

    g_assert_cmpstr (text, ==, texts[i][1]);
  }
}

static void
test_labels (void)
{
  const char *names[] = { "<blank>", " ", "a", "\xc3\xa9", NULL };
  g_autoptr (Labels) labels = labels_new (names, 0, NULL);
  g_autoptr (GArray) targets = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (
      labels_encode_text (labels, " a\xc3\xa9  a ", targets, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (targets->len, ==, 4);
  text = labels_decode_text (labels,
      (const guint *) (const void *) targets->data, targets->len);
  g_assert_cmpstr (text, ==, "a\xc3\xa9 a");
  g_assert_false (labels_encode_text (labels, "ab", targets, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_VALUE);
}

/* Words that are no labels, in the letters that yield nothing. */
static void
test_spelled_words (void)
{
  static const char *const names[]
      = { "<blank>", "go", "!g", "!o", "!n", "!\xc3\xa9", NULL };
  static const guint expected[] = { 1, 3, 4, 2, 3, 4, 5, 1 };
  g_autoptr (Labels) labels = labels_new (names, 0, NULL);
  g_autoptr (GArray) targets = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree char *text = NULL;
  g_autofree char *known = labels_known_text (labels, "go on !o go");

  g_assert_true (
      labels_encode_text (labels, "go on gone\xc3\xa9 go", targets, NULL));
  g_assert_cmpmem (targets->data, targets->len * sizeof (guint), expected,
      sizeof expected);
  text = labels_decode_text (labels,
      (const guint *) (const void *) targets->data, targets->len);
  g_assert_cmpstr (text, ==, "go go");
  g_assert_cmpstr (known, ==, "go go");
}

static Pronunciations *
load_pronunciations (const char *text, GError **error)
{
  static const char *const phones[] = { "<blank>", "|", "x", "y", NULL };
  g_autofree char *path = NULL;
  Pronunciations *loaded;
  int file = g_file_open_tmp ("rnncore-XXXXXX", &path, NULL);

  g_close (file, NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  loaded = pronunciations_load (path, phones, error);
  g_unlink (path);
  return loaded;
}

/* Phones behind the letters of a text, its words' first way to be said, of
 * spelled ones the last. */
static void
test_phones (void)
{
  static const char *const names[] = { "<blank>", " ", "a", "b", NULL };
  static const char *const phones[] = { "<blank>", "|", "x", "y", NULL };
  static const char *const twice[] = { "<blank>", "|", "x", "x", NULL };
  static const char *const lost[] = { "<blank>", "x", "y", NULL };
  static const guint expected[] = { 2, 3, 1, 2, 6, 7, 5, 6, 1, 5 };
  static const guint spelled[] = { 2, 1, 2, 1, 2, 3, 7, 5, 7, 5, 6, 7 };
  const char *lines = "# a comment\nab\tx y\r\n\na\tx\na\ty\n";
  g_autoptr (Labels) labels = labels_new (names, 0, NULL);
  g_autoptr (GArray) targets = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree char *text = NULL;
  GError *error = NULL;

  g_assert_false (labels_set_phones (labels, twice,
      load_pronunciations (lines, NULL), &error));
  g_assert_nonnull (strstr (error->message, "\"x\" is there twice"));
  g_clear_error (&error);
  g_assert_false (labels_set_phones (labels, lost,
      load_pronunciations (lines, NULL), &error));
  g_assert_nonnull (strstr (error->message, "no phone is \"|\""));
  g_clear_error (&error);
  labels_set_phones (labels, phones, load_pronunciations (lines, NULL), &error);
  g_assert_no_error (error);
  g_assert_true (labels_encode_text (labels, " ab  a", targets, &error));
  labels_encode_space (labels, targets);
  g_assert_cmpmem (targets->data, targets->len * sizeof (guint), expected,
      sizeof expected);
  text = labels_decode_text (labels,
      (const guint *) (const void *) targets->data, targets->len);
  g_assert_cmpstr (text, ==, "ab a");
  g_array_set_size (targets, 0);
  g_assert_true (labels_encode_text (labels, "a  a ab", targets, &error));
  g_assert_cmpmem (targets->data, targets->len * sizeof (guint), spelled,
      sizeof spelled);
  g_assert_false (labels_encode_text (labels, "a bab", targets, &error));
  g_assert_nonnull (strstr (error->message, "\"bab\" has no pronunciation in"));
  g_clear_error (&error);
}

static void
test_bad_pronunciations (void)
{
  static const struct {
    const char *text;
    const char *reason;
  } lines[] = {
    { "a x", ":1: not a word, a tab and its phones" },
    { "a\tx\n\tx", ":2: not a word, a tab and its phones" },
    { "a\tx z", ":1: \"z\" is none of the phones" },
    { "a\tx |", ":1: \"|\" is none of the phones" },
    { "a\t ", ":1: a word without phones" },
    { "\xe4\tx", ": not UTF-8" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (load_pronunciations (lines[i].text, &error));
    g_assert_nonnull (strstr (error->message, lines[i].reason));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/error-rate/words", test_words);
  g_test_add_func ("/tools/error-rate/distance", test_distance);
  g_test_add_func ("/tools/error-rate/characters", test_characters);
  g_test_add_func ("/tools/error-rate/interval", test_interval);
  g_test_add_func ("/tools/labels/normalise", test_normalise);
  g_test_add_func ("/tools/labels/text", test_labels);
  g_test_add_func ("/tools/labels/spelled-words", test_spelled_words);
  g_test_add_func ("/tools/labels/phones", test_phones);
  g_test_add_func ("/tools/labels/bad-pronunciations", test_bad_pronunciations);
  return g_test_run ();
}
