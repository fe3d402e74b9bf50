/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "tests/tools/fixture.h"
#include "tools/training/recipe.h"

#define MODEL                                                                  \
  "\"model\":{\"task\":\"speech\",\"letters\":\"ab\","                         \
  "\"frontend\":{\"type\":\"log-mel\"},\"layers\":[]}"
#define DATA "\"data\":{\"train\":[{\"manifest\":\"m.tsv\"}]}"
#define REST MODEL "," DATA ",\"output\":\"x.safetensors\""

static const struct {
  const char *name;
  const char *text;
  const char *reason;
} bad[] = {
  { "not-json", "model", "bad JSON" },
  { "array", "[]", "bad JSON" },
  { "no-model", "{" DATA "}", "recipe.model: missing" },
  { "no-data", "{" MODEL "}", "recipe.data: missing" },
  { "no-output", "{" MODEL "," DATA "}", "recipe.output: missing" },
  { "unknown-key", "{" REST ",\"speed\":1}", "recipe.speed: unknown key" },
  { "unknown-training-key", "{" REST ",\"training\":{\"epoch\":1}}",
      "training.epoch: unknown key" },
  { "epochs", "{" REST ",\"training\":{\"epochs\":0}}", "training.epochs" },
  { "optimiser", "{" REST ",\"training\":{\"optimiser\":\"best\"}}",
      "training.optimiser: \"best\" is none of sgd, adam, adamw" },
  { "precision", "{" REST ",\"training\":{\"precision\":\"half\"}}",
      "training.precision: \"half\" is none of float, bfloat16" },
  { "schedule", "{" REST ",\"training\":{\"schedule\":1}}",
      "training.schedule" },
  { "empty-train", "{" MODEL ",\"data\":{\"train\":[]},\"output\":\"x\"}",
      "data.train: empty" },
  { "source-key",
      "{" MODEL ",\"data\":{\"train\":[{\"manifest\":\"m\",\"speakers\":1}]},"
      "\"output\":\"x\"}",
      "data.train[0].speakers: unknown key" },
  { "where",
      "{" MODEL ",\"data\":{\"train\":[{\"manifest\":\"m\",\"where\":"
      "{\"split\":[1]}}]},\"output\":\"x\"}",
      "data.train[0].where.split[0]: not a string" },
  { "no-data-folder",
      "{" MODEL ",\"data\":{\"train\":[{\"manifest\":\"${DATA}/m.tsv\"}]},"
      "\"output\":\"x\"}",
      "needs the folder of the data: give --data DIR" },
  { "range", "{" REST ",\"augment\":{\"speed\":[1.1,0.9]}}",
      "augment.speed: low is above high" },
  { "range-type", "{" REST ",\"augment\":{\"speed\":[1]}}",
      "augment.speed: not a number or [low, high]" },
  { "video-key", "{" REST ",\"augment\":{\"rotation\":3}}",
      "augment.rotation: unknown key" },
  { "join", "{" REST ",\"join\":{\"corpora\":[\"a\"],\"words\":[3,2]}}",
      "join.words: low is above high" },
  { "windows-key", "{" REST ",\"windows\":{\"length\":3}}",
      "windows.length: unknown key" },
  { "windows-unlike", "{" REST ",\"windows\":{\"like\":0.5,\"unlike\":0.6}}",
      "windows.unlike: above windows.like" },
  { "windows-seconds", "{" REST ",\"windows\":{\"seconds\":[1,20]}}",
      "windows.seconds" },
  { "both-labels",
      "{\"model\":{\"task\":\"speech\",\"letters\":\"ab\",\"labels\":[],"
      "\"frontend\":{},\"layers\":[]}," DATA "}",
      "exclude each other" },
  { "words-and-letters",
      "{\"model\":{\"task\":\"speech\",\"letters\":\"ab\",\"words\":[\"on\"],"
      "\"frontend\":{},\"layers\":[]}," DATA "}",
      "exclude each other" },
  { "spelling-alone",
      "{\"model\":{\"task\":\"speech\",\"letters\":\"ab\",\"spelling\":\"ab\","
      "\"frontend\":{},\"layers\":[]}," DATA "}",
      "\"spelling\" goes with \"words\"" },
  { "phones-alone",
      "{\"model\":{\"task\":\"speech\",\"letters\":\"ab\",\"phones\":\"x y\","
      "\"frontend\":{},\"layers\":[]}," DATA "}",
      "come together or not at all" },
  { "phones-of-words",
      "{\"model\":{\"task\":\"speech\",\"words\":[\"on\",\"go\"],"
      "\"phones\":\"x y\",\"pronunciations\":\"p.tsv\","
      "\"frontend\":{},\"layers\":[]}," DATA "}",
      "are learned beside \"letters\"" },
  { "two-words",
      "{\"model\":{\"task\":\"speech\",\"words\":[\"on\",\"go on\"],"
      "\"frontend\":{},\"layers\":[]}," DATA "}",
      "model.words[1]: not one word" },
  { "no-word",
      "{\"model\":{\"task\":\"speech\",\"words\":[\"a\",\"b\"],"
      "\"frontend\":{},\"layers\":[]}," DATA "}",
      "model.words: only letters" },
  { "voice-labels",
      "{\"model\":{\"task\":\"voice-activity\",\"labels\":[\"a\"],"
      "\"frontend\":{\"type\":\"log-mel\"},\"layers\":[]}," DATA "}",
      "voice activity has its own labels" },
  { "voice-frontend",
      "{\"model\":{\"task\":\"voice-activity\","
      "\"frontend\":{\"type\":\"none\"},\"layers\":[]}," DATA "}",
      "is learned with \"log-mel\"" },
};

static Recipe *
load (const Fixture *fixture, const char *text,
    const RecipeOverrides *overrides, GError **error)
{
  g_autofree char *path = fixture_path (fixture, "r.json");

  fixture_write (fixture, "r.json", text);
  return recipe_load (path, overrides, error);
}

static void
test_bad (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  RecipeOverrides overrides = { 0 };
  Fixture fixture;
  g_autoptr (GError) error = NULL;

  fixture_begin (&fixture);
  g_assert_null (load (&fixture, bad[i].text, &overrides, &error));
  g_assert_nonnull (error);
  g_test_message ("%s", error->message);
  g_assert_true (g_str_has_prefix (error->message, fixture.folder));
  g_assert_nonnull (strstr (error->message, bad[i].reason));
  fixture_end (&fixture);
}

static void
test_good (void)
{
  RecipeOverrides overrides = { .data = "/data", .epochs = 7, .threads = 3 };
  Fixture fixture;
  g_autoptr (Recipe) recipe = NULL;
  g_autoptr (GError) error = NULL;
  const DataSource *source;

  fixture_begin (&fixture);
  recipe = load (&fixture,
      "{" MODEL ",\"data\":{\"train\":[{\"manifest\":\"${DATA}/m.tsv\","
      "\"where\":{\"split\":\"train\",\"corpus\":[\"a\",\"b\"]},\"repeat\":3,"
      "\"max-seconds\":12.5}]},\"output\":\"out/x.safetensors\","
      "\"join\":{\"corpora\":\"a\",\"words\":[2,5]},"
      "\"windows\":{\"seconds\":[1,6],\"none\":0.25},"
      "\"augment\":{\"speed\":[0.9,1.1],\"noise\":{\"manifest\":\"n.tsv\","
      "\"snr\":[5,20]},\"time-masks\":{\"count\":3,\"width\":30}},"
      "\"training\":{\"epochs\":2,\"batch-seconds\":100,"
      "\"optimiser\":\"adamw\",\"schedule\":\"plateau\",\"seed\":5}}",
      &overrides, &error);
  g_assert_no_error (error);
  source = g_ptr_array_index (recipe->train, 0);
  g_assert_cmpstr (source->manifest, ==, "/data/m.tsv");
  g_assert_cmpuint (source->conditions->len, ==, 2);
  g_assert_cmpuint (source->repeat, ==, 3);
  g_assert_cmpfloat (source->max_seconds, ==, 12.5);
  g_assert_true (g_str_has_suffix (recipe->output, "/out/x.safetensors"));
  g_assert_true (g_str_has_prefix (recipe->output, fixture.folder));
  g_assert_cmpuint (recipe->training.epochs, ==, 7);
  g_assert_cmpuint (recipe->training.options.threads, ==, 3);
  g_assert_cmpuint (recipe->training.options.seed, ==, 5);
  g_assert_cmpint (recipe->training.options.optimiser, ==,
      RNNC_OPTIMISER_ADAMW);
  g_assert_cmpint (recipe->training.schedule, ==, SCHEDULE_PLATEAU);
  g_assert_cmpint (recipe->loss, ==, RNNC_LOSS_CTC);
  g_assert_cmpfloat (recipe->audio.speed[0], ==, 0.9);
  g_assert_cmpfloat (recipe->audio.snr[1], ==, 20);
  g_assert_cmpuint (recipe->audio.time_masks.width, ==, 30);
  g_assert_cmpuint (recipe->join.words[1], ==, 5);
  g_assert_cmpuint (recipe->windows.count, ==, 1);
  g_assert_cmpfloat (recipe->windows.seconds[1], ==, 6);
  g_assert_cmpfloat (recipe->windows.none, ==, 0.25);
  g_assert_cmpfloat (recipe->windows.like, ==, 0.7);
  g_assert_cmpuint (json_array_get_length (
                        json_object_get_array_member (recipe->model, "labels")),
      ==, 3);
  fixture_end (&fixture);
}

/* What the cards of shipped models name is a recipe still. */
static void
test_shipped (void)
{
  RecipeOverrides overrides = { .data = "/data" };
  g_autofree char *folder = g_path_get_dirname (g_getenv ("RNNC_TASK_RECIPES"));
  g_autoptr (GDir) entries = g_dir_open (folder, 0, NULL);
  guint n = 0;
  const char *name;

  g_assert_nonnull (entries);
  while ((name = g_dir_read_name (entries)) != NULL) {
    g_autofree char *path = g_build_filename (folder, name, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (Recipe) recipe = NULL;

    if (!g_str_has_suffix (name, ".json"))
      continue;
    recipe = recipe_load (path, &overrides, &error);
    g_assert_no_error (error);
    g_assert_nonnull (recipe);
    n++;
  }
  g_assert_cmpuint (n, >, 20);
}

/* Texts are looked at before recordings are: these are not even there. */
static void
test_texts_first (void)
{
  Fixture fixture;
  Outcome outcome;

  fixture_begin (&fixture);
  fixture_write (&fixture, "m.tsv",
      "path\ttext\nnone-1.wav\tab a\nnone-2.wav\tac\nnone-3.wav\tb\n"
      "none-4.wav\td\n");
  fixture_write (&fixture, "r.json",
      "{\"model\":{\"task\":\"speech\",\"letters\":\" ab\","
      "\"frontend\":{\"type\":\"log-mel\"},\"layers\":["
      "{\"type\":\"lstm\",\"name\":\"r\",\"hidden\":4},"
      "{\"type\":\"dense\",\"name\":\"d\",\"units\":\"labels\"},"
      "{\"type\":\"log-softmax\"}]}," DATA ",\"output\":\"x.safetensors\"}");
  fixture_rnncore (&fixture, &outcome, "train", "r.json", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err,
      "m.tsv:3: \"c\" is not among the model's labels (and 1 more of its rows "
      "are like that)"));
  g_assert_null (strstr (outcome.err, "none-1.wav"));
  outcome_clear (&outcome);
  fixture_end (&fixture);
}

/* Cut anywhere or with a byte changed: an error or a recipe, never a crash. */
static void
test_damaged (void)
{
  const char *whole = "{" REST ",\"augment\":{\"speed\":[0.9,1.1]},"
                      "\"training\":{\"epochs\":2,\"seed\":5}}";
  RecipeOverrides overrides = { 0 };
  gsize length = strlen (whole);
  Fixture fixture;

  fixture_begin (&fixture);
  for (guint i = 0; i < 600; i++) {
    g_autofree char *text = g_strdup (whole);
    g_autoptr (GError) error = NULL;
    g_autoptr (Recipe) recipe = NULL;
    guint at = (guint) g_test_rand_int_range (0, (gint32) length);

    if (i % 2 == 0)
      text[at] = (char) g_test_rand_int_range (1, 128);
    else
      text[at] = '\0';
    recipe = load (&fixture, text, &overrides, &error);
    g_assert_true ((recipe == NULL) == (error != NULL));
  }
  fixture_end (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *path
        = g_strdup_printf ("/tools/recipe/bad/%s", bad[i].name);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_bad);
  }
  g_test_add_func ("/tools/recipe/good", test_good);
  g_test_add_func ("/tools/recipe/shipped", test_shipped);
  g_test_add_func ("/tools/recipe/texts-first", test_texts_first);
  g_test_add_func ("/tools/recipe/damaged", test_damaged);
  return g_test_run ();
}
