/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The recipes of models/recipes/tasks: each begins to learn; the short ones
 * reach what they are for; forecasts. */
#include <math.h>
#include <string.h>

#include "tests/tools/fixture.h"

static char *
recipe_path (const char *name)
{
  g_autofree char *file = g_strdup_printf ("%s.json", name);

  return g_build_filename (g_getenv ("RNNC_TASK_RECIPES"), file, NULL);
}

/* The last number of the log's column @column. */
static double
last_in_log (const Fixture *fixture, guint column)
{
  g_autofree char *text = fixture_read (fixture, "t.safetensors.csv", NULL);
  g_auto (GStrv) lines = g_strsplit (g_strchomp (text), "\n", -1);
  g_auto (GStrv) fields
      = g_strsplit (lines[g_strv_length (lines) - 1], ",", -1);

  g_assert_cmpuint (g_strv_length (fields), >, column);
  return g_ascii_strtod (fields[column], NULL);
}

static void
train (const Fixture *fixture, Outcome *outcome, const char *name,
    const char *epochs)
{
  g_autofree char *path = recipe_path (name);
  g_autofree char *text = NULL;
  gsize length;

  /* Fewer sequences where one epoch is to run at all. */
  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  if (strstr (text, "\"sequences\": 6400") != NULL)
    memcpy (strstr (text, "\"sequences\": 6400"), "\"sequences\":   64", 17);
  fixture_write (fixture, "r.json", text);
  fixture_rnncore (fixture, outcome, "train", "r.json", "-o", "t.safetensors",
      "--restart", epochs ? "-e" : NULL, epochs, NULL);
}

/* All of them: one epoch, or as many as it takes to be below @error. */
static const struct {
  const char *name;
  const char *epochs;
  double error; /* of the dev data */
} tasks[] = {
  { "adding-100-rnn", "1", 3 },
  { "adding-100-gru", "1", 3 },
  { "adding-100-lstm", "1", 3 },
  { "copy-100-rnn", "1", 1 },
  { "copy-100-gru", "1", 1 },
  { "copy-100-lstm", "1", 1 },
  { "one-to-one-spirals", NULL, 0.02 },
  { "many-to-one-order", "10", 0.01 },
  { "many-to-many-parity", "4", 0.01 },
  { "many-to-many-ctc-spelling", "4", 0.2 },
  { "mackey-glass", "2", 0.2 },
};

static void
test_task (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  Fixture fixture;
  Outcome outcome;

  fixture_begin (&fixture);
  train (&fixture, &outcome, tasks[i].name, tasks[i].epochs);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpfloat (last_in_log (&fixture, 4), <, tasks[i].error);
  outcome_clear (&outcome);
  fixture_end (&fixture);
}

/* Without clipping the run ends for a number that is not finite, or is thrown
 * so far that it learns no more: which of them depends on the rounding of the
 * processor. With clipping the same run solves the task. */
static void
test_exploding (void)
{
  Fixture fixture;
  Outcome outcome;

  fixture_begin (&fixture);
  train (&fixture, &outcome, "exploding", NULL);
  if (outcome.status == 1)
    g_assert_nonnull (strstr (outcome.err, "is not finite, first in layer"));
  else
    g_assert_cmpfloat (last_in_log (&fixture, 4), >, 0.2);
  outcome_clear (&outcome);
  train (&fixture, &outcome, "exploding-clipped", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpfloat (last_in_log (&fixture, 4), <, 0.05);
  outcome_clear (&outcome);
  fixture_end (&fixture);
}

/* A step so wide that the next loss is infinite on every processor. */
static void
test_divergence (void)
{
  Fixture fixture;
  Outcome outcome;
  g_autofree char *path = recipe_path ("exploding");
  g_autofree char *text = NULL;
  char *rate;

  fixture_begin (&fixture);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  rate = strstr (text, "\"learning-rate\": 0.2");
  g_assert_nonnull (rate);
  memcpy (rate, "\"learning-rate\": 100", 20);
  fixture_write (&fixture, "r.json", text);
  fixture_rnncore (&fixture, &outcome, "train", "r.json", "-o", "t.safetensors",
      NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "is not finite, first in layer "));
  g_assert_false (fixture_has (&fixture, "t.safetensors"));
  outcome_clear (&outcome);
  fixture_end (&fixture);
}

static double
field (const char *csv, guint line, guint column)
{
  g_auto (GStrv) lines = g_strsplit (csv, "\n", -1);
  g_auto (GStrv) fields = NULL;

  g_assert_cmpuint (g_strv_length (lines), >, line);
  fields = g_strsplit (lines[line], ",", -1);
  g_assert_cmpuint (g_strv_length (fields), >, column);
  return g_ascii_strtod (fields[column], NULL);
}

/* The first forecast is what --measure calls one step ahead; further ones
 * continue from those before. */
static void
test_forecast (void)
{
  Fixture fixture;
  Outcome outcome;
  g_autofree char *one = NULL;
  g_autofree char *series = NULL;
  double first;

  fixture_begin (&fixture);
  train (&fixture, &outcome, "mackey-glass", "3");
  g_assert_cmpint (outcome.status, ==, 0);
  outcome_clear (&outcome);
  fixture_rnncore (&fixture, &outcome, "generate", "mackey-glass", "-n", "400",
      "-s", "3", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  series = g_steal_pointer (&outcome.out);
  fixture_write (&fixture, "series.csv", series);
  outcome_clear (&outcome);

  fixture_rnncore (&fixture, &outcome, "forecast", "./t.safetensors",
      "series.csv", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_true (g_str_has_prefix (outcome.out, "step,x1\n401,"));
  first = field (outcome.out, 1, 1);
  /* The generator's last target is the truth. */
  g_assert_cmpfloat_with_epsilon (first, field (series, 400, 1), 0.1);
  outcome_clear (&outcome);

  /* A step that was forecast is a step like others. */
  one = g_strdup_printf ("%s%.9g,0\n", series, first);
  fixture_write (&fixture, "longer.csv", one);
  fixture_rnncore (&fixture, &outcome, "forecast", "./t.safetensors",
      "series.csv", "-n", "2", NULL);
  {
    Outcome longer;

    fixture_rnncore (&fixture, &longer, "forecast", "./t.safetensors",
        "longer.csv", NULL);
    g_assert_cmpfloat_with_epsilon (field (outcome.out, 2, 1),
        field (longer.out, 1, 1), 1e-5);
    outcome_clear (&longer);
  }
  outcome_clear (&outcome);

  fixture_rnncore (&fixture, &outcome, "forecast", "./t.safetensors",
      "series.csv", "--measure", "1,84", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpfloat (field (outcome.out, 1, 1), <, 0.2);
  g_assert_cmpfloat (field (outcome.out, 1, 1), <, field (outcome.out, 2, 1));
  outcome_clear (&outcome);
  fixture_rnncore (&fixture, &outcome, "forecast", "./t.safetensors",
      "series.csv", "--measure", "400", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "500 are needed"));
  outcome_clear (&outcome);
  fixture_end (&fixture);
}

/* A model of another kind is refused. */
static void
test_forecast_refused (void)
{
  Fixture fixture;
  Outcome outcome;

  fixture_begin (&fixture);
  train (&fixture, &outcome, "many-to-many-parity", "1");
  outcome_clear (&outcome);
  fixture_write (&fixture, "x.csv", "1\n-1\n");
  fixture_rnncore (&fixture, &outcome, "forecast", "./t.safetensors", "x.csv",
      NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "not a model of a series"));
  outcome_clear (&outcome);
  fixture_end (&fixture);
}

/* The report stands alone: every plot is well-formed, nothing is fetched and
 * nothing runs. */
static void
test_report (void)
{
  static const char *const plots[] = { "Loss", "Error on the dev data",
    "Learning rate", "Gradient, before clipping",
    "Gradient against distance in time: rnn" };
  Fixture fixture;
  Outcome outcome;
  g_autofree char *page = NULL;
  const char *at;
  guint n = 0;

  fixture_begin (&fixture);
  train (&fixture, &outcome, "many-to-one-order", "2");
  outcome_clear (&outcome);
  page = fixture_read (&fixture, "t.safetensors.html", NULL);
  g_assert_null (strstr (page, "<script"));
  g_assert_null (strstr (page, "src="));
  g_assert_null (strstr (page, "href="));
  for (at = strstr (page, "<svg"); at != NULL; at = strstr (at + 1, "<svg")) {
    const char *end = strstr (at, "</svg>");
    const GMarkupParser parser = { 0 };
    g_autoptr (GMarkupParseContext) context
        = g_markup_parse_context_new (&parser, 0, NULL, NULL);
    g_autoptr (GError) error = NULL;
    g_autofree char *svg = NULL;

    g_assert_nonnull (end);
    svg = g_strndup (at, (gsize) (end + 6 - at));
    g_markup_parse_context_parse (context, svg, -1, &error);
    g_assert_no_error (error);
    g_markup_parse_context_end_parse (context, &error);
    g_assert_no_error (error);
    g_assert_null (strstr (svg, "nan"));
    g_assert_null (strstr (svg, "inf"));
    g_assert_cmpuint (n, <, G_N_ELEMENTS (plots));
    g_assert_nonnull (strstr (svg, plots[n]));
    n++;
  }
  g_assert_cmpuint (n, ==, G_N_ELEMENTS (plots));
  g_assert_nonnull (strstr (page, "after 0 epochs"));
  g_assert_nonnull (strstr (page, "after 1 epochs"));
  fixture_end (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++) {
    g_autofree char *path = g_strdup_printf ("/tools/task/%s", tasks[i].name);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_task);
  }
  g_test_add_func ("/tools/task/exploding", test_exploding);
  g_test_add_func ("/tools/task/divergence", test_divergence);
  g_test_add_func ("/tools/report/html", test_report);
  g_test_add_func ("/tools/forecast/series", test_forecast);
  g_test_add_func ("/tools/forecast/refused", test_forecast_refused);
  return g_test_run ();
}
