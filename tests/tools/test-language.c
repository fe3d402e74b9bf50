/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Character language models: learning from texts, and being measured. */
#include <math.h>
#include <string.h>

#include "rnncore/rnncore.h"
#include "tests/tools/fixture.h"

#define RECIPE(model, layers, source, training)                                \
  "{\"model\":{\"task\":\"language-model\"," model ",\"layers\":[" layers      \
  "{\"type\":\"dense\",\"name\":\"head\",\"units\":\"labels\"},"               \
  "{\"type\":\"log-softmax\"}]},"                                              \
  "\"data\":{\"train\":[" source "],\"dev\":[" source "]},"                    \
  "\"training\":{\"epochs\":40,\"batch-size\":4,\"learning-rate\":0."          \
  "02" training "},\"output\":\"l.safetensors\"}"
#define LETTERS                                                                \
  "\"letters\":\" abc\",\"frontend\":{\"type\":\"none\",\"features\":1}"
#define LSTM                                                                   \
  "{\"type\":\"embedding\",\"name\":\"letters\",\"entries\":5,\"units\":8},"   \
  "{\"type\":\"lstm\",\"name\":\"rnn\",\"hidden\":16},"
#define TEXTS "{\"manifest\":\"t.tsv\",\"where\":{\"source\":\"x\"}}"

/* No "path": the text is all there is. "y" holds a letter that is no label. */
static const char texts[] = "source\ttext\n"
                            "x\tabc abc abc\n"
                            "x\tabc abc\n"
                            "x\tabc\n"
                            "x\tabc  abc abc abc \n"
                            "y\tabd\n";

static double
number_behind (const char *text, const char *name)
{
  const char *at = strstr (text, name);

  if (at == NULL)
    g_error ("no \"%s\" in: %s", name, text);
  return g_ascii_strtod (at + strlen (name), NULL);
}

/* What comes next is sure but for whether the text goes on behind a word. */
static void
test_learn (void)
{
  Fixture fixture;
  Outcome outcome;
  double bits;

  fixture_begin (&fixture);
  fixture_write (&fixture, "t.tsv", texts);
  fixture_write (&fixture, "r.json", RECIPE (LETTERS, LSTM, TEXTS, ""));
  fixture_rnncore (&fixture, &outcome, "train", "r.json", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_nonnull (strstr (outcome.err, "4 texts, 40 characters"));
  bits = number_behind (outcome.err, "l.safetensors: dev ");
  g_assert_cmpfloat (bits, <, 0.5);
  g_assert_cmpfloat (fabs (number_behind (outcome.err,
                         "bits a character (perplexity ")),
      >, 1);
  outcome_clear (&outcome);

  fixture_rnncore (&fixture, &outcome, "eval", "./l.safetensors", "t.tsv",
      "--where", "source=x", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_nonnull (strstr (outcome.out, "texts\t4\ncharacters\t40\n"));
  g_assert_cmpfloat (fabs (number_behind (outcome.out, "bits per character\t")
                         - bits),
      <, 2e-3);
  outcome_clear (&outcome);

  fixture_rnncore (&fixture, &outcome, "eval", "./l.safetensors", "t.tsv",
      NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (
      strstr (outcome.err, "t.tsv:6: \"d\" is not among the model's labels"));
  outcome_clear (&outcome);
  fixture_end (&fixture);
}

/* The file says how it is to be used: label 0 is the end, the others letters,
 * the text goes in letter by letter. */
static void
test_file (void)
{
  Fixture fixture;
  Outcome outcome;
  g_autofree char *path = NULL;
  g_autoptr (RnncModel) model = NULL;
  g_autoptr (GError) error = NULL;
  const char *const labels[] = { "<end>", " ", "a", "b", "c" };
  /* behind "abc": the end or a space; behind "ab": "c" */
  const float input[] = { 0, 2, 3, 4 };
  float output[4 * 5];

  fixture_begin (&fixture);
  fixture_write (&fixture, "t.tsv", texts);
  fixture_write (&fixture, "r.json", RECIPE (LETTERS, LSTM, TEXTS, ""));
  fixture_rnncore (&fixture, &outcome, "train", "r.json", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  outcome_clear (&outcome);
  path = fixture_path (&fixture, "l.safetensors");
  model = rnnc_model_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (rnnc_model_task (model), ==, "language-model");
  g_assert_cmpint (rnnc_model_blank (model), ==, -1);
  g_assert_cmpuint (rnnc_model_n_labels (model), ==, G_N_ELEMENTS (labels));
  for (guint i = 0; i < G_N_ELEMENTS (labels); i++)
    g_assert_cmpstr (rnnc_model_label (model, i), ==, labels[i]);
  g_assert_nonnull (strstr (rnnc_model_json (model), "dev-bits-per-character"));
  rnnc_model_forward (model, input, 4, output);
  g_assert_cmpfloat (expf (output[0 * 5 + 2]), >, 0.7); /* "a" begins */
  g_assert_cmpfloat (expf (output[2 * 5 + 4]), >, 0.7);
  g_assert_cmpfloat (expf (output[3 * 5 + 0]) + expf (output[3 * 5 + 1]), >,
      0.7);
  fixture_end (&fixture);
}

static const struct {
  const char *name;
  const char *recipe;
  const char *error;
} mistakes[] = {
  { "letter", RECIPE (LETTERS, LSTM, "{\"manifest\":\"t.tsv\"}", ""),
      "t.tsv:6: \"d\" is not among" },
  { "no-letters",
      RECIPE ("\"labels\":[\"a\"],\"frontend\":{\"type\":\"none\","
              "\"features\":1}",
          LSTM, TEXTS, ""),
      "a language model needs \"letters\"" },
  { "features",
      RECIPE ("\"letters\":\" abc\",\"frontend\":{\"type\":\"none\","
              "\"features\":2}",
          LSTM, TEXTS, ""),
      "the letter before" },
  { "front-end",
      RECIPE ("\"letters\":\" abc\",\"frontend\":{\"type\":\"log-mel\"}", LSTM,
          TEXTS, ""),
      "the letter before" },
  { "bidirectional",
      RECIPE (LETTERS,
          "{\"type\":\"gru\",\"hidden\":4,\"bidirectional\":true},", TEXTS, ""),
      "model.layers[0]: a language model must not see" },
  { "ahead",
      RECIPE (LETTERS,
          LSTM "{\"type\":\"conv1d\",\"channels\":4,\"kernel\":3,\"left\":1,"
               "\"right\":1},",
          TEXTS, ""),
      "model.layers[2]: a language model must not see" },
  { "loss", RECIPE (LETTERS, LSTM, TEXTS, ",\"loss\":\"ctc\""),
      "learned by cross-entropy" },
  { "column", RECIPE (LETTERS, LSTM, "{\"manifest\":\"n.tsv\"}", ""),
      "n.tsv:1: no column \"text\"" },
  { "generated",
      RECIPE (LETTERS, LSTM, "{\"generate\":{\"task\":\"parity\"}}", ""),
      "learns from texts" },
  { "clip", RECIPE (LETTERS, LSTM "{\"type\":\"last-step\"},", TEXTS, ""),
      "for 1 outputs" },
};

static void
test_mistake (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  Fixture fixture;
  Outcome outcome;

  fixture_begin (&fixture);
  fixture_write (&fixture, "t.tsv", texts);
  fixture_write (&fixture, "n.tsv", "path\tlabel\nx\ta\n");
  fixture_write (&fixture, "r.json", mistakes[i].recipe);
  fixture_rnncore (&fixture, &outcome, "train", "r.json", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  if (strstr (outcome.err, mistakes[i].error) == NULL)
    g_test_fail_printf ("no \"%s\" in: %s", mistakes[i].error, outcome.err);
  g_assert_false (fixture_has (&fixture, "l.safetensors"));
  outcome_clear (&outcome);
  fixture_end (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/language/learn", test_learn);
  g_test_add_func ("/tools/language/file", test_file);
  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++) {
    g_autofree char *path
        = g_strdup_printf ("/tools/language-mistake/%s", mistakes[i].name);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_mistake);
  }
  return g_test_run ();
}
