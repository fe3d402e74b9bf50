/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Number files, generated tasks, and learning from both. */
#include <math.h>
#include <string.h>

#include "tests/tools/fixture.h"
#include "tools/data/sequence.h"

/* --- files
 * ---------------------------------------------------------------------- */

#define CE RNNC_LOSS_CROSS_ENTROPY
#define CTC RNNC_LOSS_CTC
#define MSE RNNC_LOSS_MSE

static const struct {
  const char *name;
  const char *text;
  guint n_features;
  TargetFormat format;
  guint n_steps, n_labels, n_values;
  float first, last; /* features */
  const char *error;
} files[] = {
  { "csv", "1,2\n3,4\n", 2, { CTC }, 2, 0, 0, 1, 4 },
  { "tsv-names-crlf", "a\tb\r\n-1e-1\t2\r\n\r\n3\t4.5", 2, { CTC }, 2, 0, 0,
      -0.1f, 4.5f },
  { "spaces", " 1 , 2 \n", 2, { CTC }, 1, 0, 0, 1, 2 },
  { "further-columns", "1,x\n2,y\n", 1, { CTC }, 2, 0, 0, 1, 2 },
  { "labels", "x,label\n1,on\n2,off\n3,on\n", 1, { CE }, 3, 3, 0, 1, 3 },
  { "labels-a-clip", "1\n2\n", 1, { CE, TRUE }, 2, 0, 0, 1, 2 },
  { "values", "1,5,6\n2,7,8\n", 1, { MSE, FALSE, 2 }, 2, 0, 4, 1, 2 },
  { "values-a-clip", "1,5,6\n2,7,8\n", 1, { MSE, TRUE, 2 }, 2, 0, 2, 1, 2 },
  { "empty", "", 1, { CTC }, .error = "no numbers" },
  { "names-alone", "a,b\n", 1, { CTC }, .error = "no numbers" },
  { "few-columns", "1,2\n3\n", 2, { CTC },
      .error = ":2: 1 columns, 2 are needed" },
  { "no-number", "1\nx\n", 1, { CTC }, .error = ":2: column 1: \"x\"" },
  { "half-a-number", "1\n2x\n", 1, { CTC }, .error = ":2: column 1: \"2x\"" },
  { "infinite", "1\ninf\n", 1, { CTC }, .error = ":2: column 1: \"inf\"" },
  { "not-a-number", "1\nnan\n", 1, { CTC }, .error = ":2: column 1" },
  { "too-large", "1\n1e99\n", 1, { CTC }, .error = ":2: column 1" },
  { "unknown-label", "1,on\n2,up\n", 1, { CE },
      .error = ":2: \"up\" is not among" },
  { "no-target", "1\n", 1, { MSE, FALSE, 1 },
      .error = ":1: 1 columns, 2 are needed" },
  { "bytes", "1\n\xff\n", 1, { CTC }, .error = "not UTF-8" },
};

static void
test_read (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  const char *const names[] = { "on", "off", NULL };
  g_autoptr (Labels) labels = labels_new (names, -1, NULL);
  g_autoptr (Sequence) sequence = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = NULL;
  Fixture fixture;

  fixture_begin (&fixture);
  fixture_write (&fixture, "x.csv", files[i].text);
  path = fixture_path (&fixture, "x.csv");
  sequence = sequence_read (path, files[i].n_features, &files[i].format, labels,
      &error);
  if (files[i].error != NULL) {
    g_assert_null (sequence);
    g_assert_nonnull (strstr (error->message, "x.csv"));
    g_assert_nonnull (strstr (error->message, files[i].error));
  } else {
    guint n = files[i].n_steps * files[i].n_features;

    g_assert_no_error (error);
    g_assert_cmpuint (sequence->n_steps, ==, files[i].n_steps);
    g_assert_cmpuint (sequence->features->len, ==, n);
    g_assert_cmpuint (sequence->labels->len, ==, files[i].n_labels);
    g_assert_cmpuint (sequence->values->len, ==, files[i].n_values);
    g_assert_cmpfloat (g_array_index (sequence->features, float, 0), ==,
        files[i].first);
    g_assert_cmpfloat (g_array_index (sequence->features, float, n - 1), ==,
        files[i].last);
  }
  fixture_end (&fixture);
}

/* --- generated
 * ------------------------------------------------------------------ */

static float
feature (const Sequence *sequence, guint n, guint t, guint i)
{
  return g_array_index (sequence->features, float, t *n + i);
}

static guint
label (const Sequence *sequence, guint i)
{
  return g_array_index (sequence->labels, guint, i);
}

static guint
hot (const Sequence *sequence, guint n, guint t)
{
  guint found = n, sum = 0;

  for (guint i = 0; i < n; i++) {
    if (feature (sequence, n, t, i) == 1) {
      found = i;
      sum++;
    }
  }
  g_assert_cmpuint (sum, ==, 1);
  return found;
}

/* The target is what the definition of the task says of the input. */
static void
check_adding (const Sequence *s)
{
  double sum = 0;
  guint n_marked = 0;

  for (guint t = 0; t < s->n_steps; t++) {
    float mark = feature (s, 2, t, 1);

    g_assert_true (mark == 0 || mark == 1);
    n_marked += mark == 1;
    sum += (double) mark * feature (s, 2, t, 0);
  }
  g_assert_cmpuint (n_marked, ==, 2);
  g_assert_cmpfloat_with_epsilon (g_array_index (s->values, float, 0), sum,
      1e-6);
}

static void
check_order (const Sequence *s)
{
  guint order = 0, n_marked = 0;

  for (guint t = 0; t < s->n_steps; t++) {
    guint symbol = hot (s, 6, t);

    if (symbol < 2) {
      order = 2 * order + symbol;
      n_marked++;
    }
  }
  g_assert_cmpuint (n_marked, ==, 2);
  g_assert_cmpuint (label (s, 0), ==, order);
}

static void
check_copy (const Sequence *s)
{
  guint n = s->n_steps;

  for (guint t = 0; t < n; t++)
    g_assert_cmpuint (label (s, t), ==,
        t < n - 10 ? 0 : hot (s, 10, t - (n - 10)));
  g_assert_cmpuint (hot (s, 10, n - 11), ==, 9);
}

static void
check_parity (const Sequence *s)
{
  guint ones = 0;

  for (guint t = 0; t < s->n_steps; t++) {
    ones += feature (s, 1, t, 0) > 0;
    g_assert_cmpuint (label (s, t), ==, ones % 2);
  }
}

/* The angle less the radius's turns says which arm it is. */
static void
check_spirals (const Sequence *s)
{
  double x = feature (s, 2, 0, 0), y = feature (s, 2, 0, 1);
  double turn = hypot (x, y);
  double off = cos (atan2 (y, x) - 2 * G_PI * turn);

  g_assert_cmpuint (label (s, 0), ==, off < 0);
}

/* Runs of a strong letter are the text. */
static void
check_spelling (const Sequence *s)
{
  gint last = -1;
  guint n = 0;

  for (guint t = 0; t < s->n_steps; t++) {
    gint letter = -1;

    for (gint i = 0; i < 4; i++)
      if (feature (s, 4, t, (guint) i) > 0.6)
        letter = i;
    if (letter >= 0 && last < 0 && n < s->labels->len)
      n++;
    last = letter;
  }
  g_assert_cmpuint (n, >, 0);
  g_assert_cmpuint (s->labels->len, <=, s->n_steps / 3 + 1);
}

static void
check_mackey_glass (const Sequence *s)
{
  for (guint t = 0; t < s->n_steps; t++) {
    g_assert_cmpfloat (feature (s, 1, t, 0), >, 0.1);
    g_assert_cmpfloat (feature (s, 1, t, 0), <, 1.6);
    if (t > 0)
      g_assert_cmpfloat (g_array_index (s->values, float, t - 1), ==,
          feature (s, 1, t, 0));
  }
  /* tau 17: the equation itself, by a step of central differences. */
  for (guint t = 18; t + 1 < s->n_steps; t++) {
    double late = feature (s, 1, t - 17, 0);
    double slope
        = 0.2 * late / (1 + pow (late, 10)) - 0.1 * feature (s, 1, t, 0);

    g_assert_cmpfloat_with_epsilon (slope,
        (feature (s, 1, t + 1, 0) - feature (s, 1, t - 1, 0)) / 2, 0.012);
  }
}

static void (*const checks[]) (const Sequence *) = { check_adding, check_order,
  check_copy, check_parity, check_spirals, check_spelling, check_mackey_glass };

static void
test_generate (gconstpointer data)
{
  guint task = GPOINTER_TO_UINT (data);
  Generator generator = { (GeneratorTask) task, 20, { 20, 60 }, 3, 17 };
  g_autoptr (Sequence) sequence = sequence_new ();
  g_autoptr (Sequence) again = sequence_new ();

  for (guint i = 0; i < 50; i++) {
    guint n = generator_steps (&generator, i);

    generator_make (&generator, 2, i, sequence);
    g_assert_cmpuint (sequence->n_steps, ==, n);
    g_assert_cmpuint (sequence->features->len, ==,
        n * generator_features (&generator));
    checks[task](sequence);
    generator_make (&generator, 2, i, again);
    g_assert_cmpmem (sequence->features->data,
        sequence->features->len * sizeof (float), again->features->data,
        again->features->len * sizeof (float));
    /* Another epoch, another sequence. */
    generator_make (&generator, 3, i, again);
    g_assert_cmpint (memcmp (sequence->features->data, again->features->data,
                         sequence->features->len * sizeof (float)),
        !=, 0);
  }
}

/* --- learning from files
 * -------------------------------------------------------- */

#define MODEL(layers)                                                          \
  "{\"model\":{\"task\":\"sequence\",\"name\":\"n\",%s"                        \
  "\"frontend\":{\"type\":\"none\",\"features\":1},\"layers\":[" layers "]},"
#define GRU "{\"type\":\"gru\",\"name\":\"rnn\",\"hidden\":8},"
#define LAST "{\"type\":\"last-step\"},"
#define HEAD                                                                   \
  "{\"type\":\"dense\",\"name\":\"head\",\"units\":\"labels\"},"               \
  "{\"type\":\"log-softmax\"}"
#define NUMBER "{\"type\":\"dense\",\"name\":\"head\",\"units\":1}"
#define FILES                                                                  \
  "\"data\":{\"train\":[{\"manifest\":\"m.tsv\",\"repeat\":10}],"              \
  "\"dev\":[{\"manifest\":\"m.tsv\"}]},"
#define TRAINING                                                               \
  "\"training\":{\"epochs\":20,\"batch-size\":8,\"learning-rate\":0.05%s},"    \
  "\"output\":\"n.safetensors\"}"

static const struct {
  const char *name;
  const char *recipe;
  const char *labels; /* of the model */
  const char *training;
  const char *header;   /* of the files' columns */
  const char *expected; /* on stderr */
} learned[] = {
  { "tagging", MODEL (GRU HEAD) FILES TRAINING,
      "\"labels\":[\"even\",\"odd\"],", "", "x,tag,value",
      "n.safetensors: dev error 0.00 %" },
  { "clip", MODEL (GRU LAST HEAD) FILES TRAINING, "", "", "x,tag,value",
      "n.safetensors: dev error 0.00 %" },
  { "regression", MODEL (GRU NUMBER) FILES TRAINING, "",
      ",\"loss\":\"mean-squared-error\"", "x,value",
      "dev normalised error 0.0" },
  { "regression-clip", MODEL (GRU LAST NUMBER) FILES TRAINING, "",
      ",\"loss\":\"mean-squared-error\"", "x,value",
      "dev normalised error 0.0" },
  { "ctc", MODEL (GRU HEAD) FILES TRAINING, "\"letters\":\"eo\",", "", "x",
      "n.safetensors: dev word error 0.00 %" },
};

/* Each step: -1 or 1, whether it is the first or the other, half of it. */
static void
write_numbers (const Fixture *fixture, const char *header)
{
  g_autoptr (GString) manifest = g_string_new ("path\tlabel\ttext\n");

  for (guint i = 0; i < 16; i++) {
    g_autoptr (GString) text = g_string_new (NULL);
    g_autofree char *name = g_strdup_printf ("%u.csv", i);

    g_string_append_printf (text, "%s\n", header);
    for (guint t = 0; t < 6 + i % 3; t++) {
      gint x = i % 2 ? 1 : -1;

      g_string_append_printf (text, "%d", x);
      if (strstr (header, "tag"))
        g_string_append_printf (text, ",%s", x > 0 ? "odd" : "even");
      if (strstr (header, "value"))
        g_string_append_printf (text, ",%s", x > 0 ? "0.5" : "-0.5");
      g_string_append_c (text, '\n');
    }
    fixture_write (fixture, name, text->str);
    g_string_append_printf (manifest, "%s\t%s\t%s\n", name,
        i % 2 ? "odd" : "even", i % 2 ? "o" : "e");
  }
  fixture_write (fixture, "m.tsv", manifest->str);
}

static void
test_learn (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autofree char *recipe = NULL;
  g_auto (GStrv) parts = g_strsplit (learned[i].recipe, "%s", -1);
  Fixture fixture;
  Outcome outcome;

  g_assert_cmpuint (g_strv_length (parts), ==, 3);
  recipe = g_strconcat (parts[0], learned[i].labels, parts[1],
      learned[i].training, parts[2], NULL);
  fixture_begin (&fixture);
  write_numbers (&fixture, learned[i].header);
  fixture_write (&fixture, "r.json", recipe);
  fixture_rnncore (&fixture, &outcome, "train", "r.json", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  if (strstr (outcome.err, learned[i].expected) == NULL)
    g_test_fail_printf ("no \"%s\" in: %s", learned[i].expected, outcome.err);
  outcome_clear (&outcome);
  fixture_rnncore (&fixture, &outcome, "info", "./n.safetensors", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  outcome_clear (&outcome);
  fixture_end (&fixture);
}

/* --- mistakes
 * ------------------------------------------------------------------- */

#define GENERATE(what) "\"data\":{\"train\":[{\"generate\":{" what "}}]},"

static const struct {
  const char *name;
  const char *recipe;
  const char *training;
  const char *error;
} mistakes[] = {
  { "task", MODEL (GRU HEAD) GENERATE ("\"task\":\"sums\"") TRAINING, "",
      "data.train[0].generate.task: \"sums\" is none of adding" },
  { "no-task", MODEL (GRU HEAD) GENERATE ("\"seed\":1") TRAINING, "", "task" },
  { "key", MODEL (GRU HEAD) GENERATE ("\"task\":\"parity\",\"lag\":1") TRAINING,
      "", "lag" },
  { "steps",
      MODEL (GRU HEAD) GENERATE ("\"task\":\"parity\",\"steps\":[9,5]")
          TRAINING,
      "", "low is above high" },
  { "features", MODEL (GRU HEAD) GENERATE ("\"task\":\"copy-memory\"") TRAINING,
      "", "copy-memory has 10 numbers a step" },
  { "loss", MODEL (GRU NUMBER) GENERATE ("\"task\":\"parity\"") TRAINING,
      ",\"loss\":\"mean-squared-error\"", "does not fit the recipe's loss" },
  { "loss-name", MODEL (GRU HEAD) GENERATE ("\"task\":\"parity\"") TRAINING,
      ",\"loss\":\"hinge\"", "\"hinge\" is none of" },
  { "ctc", MODEL (GRU HEAD) GENERATE ("\"task\":\"parity\"") TRAINING,
      ",\"loss\":\"ctc\"", "ctc needs them" },
  { "many-to-one",
      MODEL (GRU LAST HEAD) GENERATE ("\"task\":\"parity\"") TRAINING, "",
      "must not end with mean-over-time" },
};

static void
test_mistake (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_auto (GStrv) parts = g_strsplit (mistakes[i].recipe, "%s", -1);
  g_autofree char *recipe
      = g_strconcat (parts[0], parts[1], mistakes[i].training, parts[2], NULL);
  Fixture fixture;
  Outcome outcome;

  fixture_begin (&fixture);
  fixture_write (&fixture, "r.json", recipe);
  fixture_rnncore (&fixture, &outcome, "train", "r.json", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  if (strstr (outcome.err, mistakes[i].error) == NULL)
    g_test_fail_printf ("no \"%s\" in: %s", mistakes[i].error, outcome.err);
  g_assert_false (fixture_has (&fixture, "n.safetensors"));
  outcome_clear (&outcome);
  fixture_end (&fixture);
}

static void
add (const char *group, const char *name, guint i, void (*test) (gconstpointer))
{
  g_autofree char *path = g_strdup_printf ("/tools/%s/%s", group, name);

  g_test_add_data_func (path, GUINT_TO_POINTER (i), test);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    add ("sequence", files[i].name, i, test_read);
  for (guint i = 0; generator_names[i] != NULL; i++)
    add ("generate", generator_names[i], i, test_generate);
  for (guint i = 0; i < G_N_ELEMENTS (learned); i++)
    add ("numbers", learned[i].name, i, test_learn);
  for (guint i = 0; i < G_N_ELEMENTS (mistakes); i++)
    add ("numbers-mistake", mistakes[i].name, i, test_mistake);
  return g_test_run ();
}
