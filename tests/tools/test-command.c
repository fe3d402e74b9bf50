/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The program as people run it: exit statuses, messages, a small training that
 * is stopped and resumed. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/tools/fixture.h"

/* --- usage
 * ---------------------------------------------------------------------- */

static const struct {
  const char *name;
  const char *arguments[6];
  int status;
  const char *out; /* in stdout; NULL: nothing there */
  const char *err; /* in stderr; NULL: nothing there */
} usages[] = {
  { "nothing", { NULL }, 2, NULL, "Usage: rnncore COMMAND" },
  { "help", { "--help" }, 0, "Example:", NULL },
  { "version", { "--version" }, 0, "rnncore ", NULL },
  { "unknown", { "sing" }, 2, NULL, "no command \"sing\"" },
  { "train-help", { "train", "--help" }, 0, "Example:\n  rnncore train", NULL },
  { "eval-help", { "eval", "--help" }, 0, "Example:\n  rnncore eval", NULL },
  { "info-help", { "info", "--help" }, 0, "Example:\n  rnncore info", NULL },
  { "bench-help", { "bench", "--help" }, 0, "Example:\n  rnncore bench" },
  { "bench-rounds", { "bench", "m", "--rounds", "0" }, 2, NULL,
      "--rounds must be 1 to 1000" },
  { "bench-missing", { "bench", "./missing" }, 1, NULL, "./missing" },
  { "convert-help", { "convert", "--help" }, 0, "Example:\n  rnncore convert",
      NULL },
  { "convert-type", { "convert", "m", "o" }, 2, NULL, "--dtype must be f32" },
  { "convert-int4", { "convert", "m", "o", "--dtype", "int4" }, 2, NULL,
      "--dtype must be f32" },
  { "convert-missing", { "convert", "./missing", "o", "--dtype", "f16" }, 1,
      NULL, "missing" },
  { "transcribe-help", { "transcribe", "--help" }, 0,
      "Example:\n  rnncore transcribe", NULL },
  { "label-help", { "label", "--help" }, 0, "Example:\n  rnncore label", NULL },
  { "forecast-help", { "forecast", "--help" }, 0,
      "Example:\n  rnncore generate", NULL },
  { "forecast-nothing", { "forecast", "m" }, 2, NULL,
      "forecast: expected MODEL IN.csv" },
  { "forecast-steps", { "forecast", "m", "x", "-n", "0" }, 2, NULL,
      "out of range" },
  { "forecast-horizons", { "forecast", "m", "x", "--measure", "1,x" }, 2, NULL,
      "--measure 1,x: not numbers" },
  { "forecast-missing", { "forecast", "./missing", "x.csv" }, 1, NULL,
      "missing" },
  { "manifest-help", { "manifest", "--help" }, 0,
      "Example:\n  rnncore manifest", NULL },
  { "manifest-share", { "manifest", "--test=0.8", "--dev=0.3", "." }, 2, NULL,
      "--test, --dev: 0 to 1" },
  { "generate-help", { "generate", "--help" }, 0,
      "Example:\n  rnncore generate", NULL },
  { "generate-task", { "generate", "sums" }, 2, NULL, "no task \"sums\"" },
  { "generate-steps", { "generate", "parity", "-n", "2" }, 2, NULL,
      "out of range" },
  { "train-nothing", { "train" }, 2, NULL, "train: expected RECIPE.json" },
  { "train-option", { "train", "--fast", "x" }, 2, NULL, "--fast" },
  { "train-number", { "train", "-t", "-3", "x" }, 2, NULL, "out of range" },
  { "train-missing", { "train", "missing.json" }, 1, NULL,
      "missing.json: No such file" },
  { "train-both", { "train", "--resume", "--restart", "x" }, 2, NULL,
      "exclude each other" },
  { "eval-whole", { "eval", "m", "t", "--whole" }, 2, NULL,
      "--whole goes with --stream" },
  { "eval-vad", { "eval", "m", "t", "--vad", "v" }, 2, NULL,
      "--vad goes with --stream" },
  { "transcribe-vad", { "transcribe", "--vad", "./missing", "x.wav" }, 1, NULL,
      "./missing" },
  { "eval-where", { "eval", "m", "t", "--where", "split" }, 2, NULL,
      "not COLUMN=VALUE" },
  { "eval-many", { "eval", "a", "b", "c" }, 2, NULL,
      "expected MODEL MANIFEST" },
  { "info-missing", { "info", "./missing.safetensors" }, 1, NULL,
      "missing.safetensors" },
  { "transcribe-model", { "transcribe", "-m", "./missing", "x.wav" }, 1, NULL,
      "missing" },
  { "transcribe-nothing", { "transcribe" }, 2, NULL, "expected INPUT" },
  { "transcribe-output", { "transcribe", "-o", "v.vtt", "a", "b" }, 2, NULL,
      "--output is for one input" },
  { "transcribe-format", { "transcribe", "-f", "doc", "a" }, 2, NULL,
      "no format \"doc\"; there are txt, jsonl, csv, vtt, srt, ass, eaf" },
  { "transcribe-formats", { "transcribe", "-f", "srt,vtt", "a" }, 2, NULL,
      "several formats need --output-dir" },
  { "transcribe-embed", { "transcribe", "--embed", "a" }, 2, NULL,
      "--embed needs --output-dir" },
  { "transcribe-resume", { "transcribe", "--resume", "a" }, 2, NULL,
      "--resume needs" },
  { "transcribe-from", { "transcribe", "--from", "1:75", "a" }, 2, NULL,
      "--from 1:75: no time" },
  { "transcribe-to", { "transcribe", "--from=9", "--to=8.5", "a" }, 2, NULL,
      "--to is not behind --from" },
  { "transcribe-jobs", { "transcribe", "-j", "0", "a" }, 2, NULL,
      "--jobs: 1 to" },
  { "transcribe-shard", { "transcribe", "--shard", "3/2", "a" }, 2, NULL,
      "--shard 3/2: not K/N" },
  { "transcribe-lines", { "transcribe", "--lines", "0", "a" }, 2, NULL,
      "--lines: 1 to 4" },
  { "transcribe-null", { "transcribe", "-0", "a" }, 2, NULL,
      "--null needs --files-from" },
};

static void
test_usage (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  const char *const *a = usages[i].arguments;
  Fixture fixture;
  Outcome outcome;

  fixture_begin (&fixture);
  fixture_rnncore (&fixture, &outcome, a[0], a[1], a[2], a[3], a[4], NULL);
  g_assert_cmpint (outcome.status, ==, usages[i].status);
  if (usages[i].out != NULL)
    g_assert_nonnull (strstr (outcome.out, usages[i].out));
  else
    g_assert_cmpstr (outcome.out, ==, "");
  if (usages[i].err != NULL)
    g_assert_nonnull (strstr (outcome.err, usages[i].err));
  else
    g_assert_cmpstr (outcome.err, ==, "");
  outcome_clear (&outcome);
  fixture_end (&fixture);
}

/* --- training
 * ------------------------------------------------------------------- */

#define RECIPE                                                                 \
  "{\"model\":{\"task\":\"speech\",\"name\":\"tones\",\"letters\":\" ab\","    \
  "\"frontend\":{\"type\":\"log-mel\",\"mels\":12},\"layers\":["               \
  "{\"type\":\"conv1d\",\"name\":\"conv\",\"channels\":12,\"kernel\":3,"       \
  "\"stride\":2,\"left\":1,\"right\":1},{\"type\":\"batch-norm\","             \
  "\"name\":\"norm\"},{\"type\":\"relu\"},{\"type\":\"dropout\"},"             \
  "{\"type\":\"gru\",\"name\":\"rnn\",\"hidden\":12},"                         \
  "{\"type\":\"dense\",\"name\":\"head\",\"units\":\"labels\"},"               \
  "{\"type\":\"log-softmax\"}]},"                                              \
  "\"data\":{\"train\":[{\"manifest\":\"m.tsv\"}],"                            \
  "\"dev\":[{\"manifest\":\"m.tsv\",\"limit\":4}]},"                           \
  "\"augment\":{\"speed\":[0.9,1.1],\"gain\":[-3,3],"                          \
  "\"time-masks\":{\"count\":1,\"width\":3}},"                                 \
  "\"join\":{\"corpora\":[\"tones\"],\"words\":[1,2]},"                        \
  "\"training\":{\"epochs\":%u,\"batch-size\":3,\"learning-rate\":0.01,"       \
  "\"warm-up-steps\":3,\"threads\":2,\"loader-threads\":2,"                    \
  "\"average-last\":2,\"seed\":7},\"output\":\"%s\"}"

/* Low tones are "a", high ones "b"; all are higher by @above Hz. The names
 * begin with @prefix. */
static void
write_tones (const Fixture *fixture, const char *prefix, guint above)
{
  g_autoptr (GString) text = g_string_new ("path\tcorpus\tsplit\ttext\n");

  for (guint i = 0; i < 10; i++) {
    g_autofree char *name = g_strdup_printf ("%s%u.wav", prefix, i);

    fixture_write_tone (fixture, name, 16000, 0.2 + 0.03 * i,
        above + (i % 2 ? 2000 + 20 * i : 300 + 20 * i));
    g_string_append_printf (text, "%s\ttones\t%s\t%s\n", name,
        i < 4 ? "dev" : "train", i % 2 ? "b" : "a");
  }
  fixture_write (fixture, "m.tsv", text->str);
}

static void
write_task (const Fixture *fixture)
{
  write_tones (fixture, "", 0);
}

static void
write_recipe (const Fixture *fixture, const char *name, guint epochs,
    const char *output)
{
  g_autofree char *text = g_strdup_printf (RECIPE, epochs, output);

  fixture_write (fixture, name, text);
}

static void
expect (const Fixture *fixture, int status, const char *in_err,
    const char *recipe, const char *option, const char *value)
{
  Outcome outcome;

  fixture_rnncore (fixture, &outcome, "train", recipe, option, value, NULL);
  g_assert_cmpint (outcome.status, ==, status);
  g_assert_cmpstr (outcome.out, ==, "");
  g_assert_nonnull (strstr (outcome.err, in_err));
  outcome_clear (&outcome);
}

static void
assert_same_file (const Fixture *fixture, const char *a, const char *b)
{
  gsize length_a, length_b;
  g_autofree char *text_a = fixture_read (fixture, a, &length_a);
  g_autofree char *text_b = fixture_read (fixture, b, &length_b);

  g_assert_cmpmem (text_a, length_a, text_b, length_b);
}

/* The log without its last column, the seconds. */
static char *
read_log (const Fixture *fixture, const char *name)
{
  g_autofree char *text = fixture_read (fixture, name, NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (strrchr (lines[i], ',') != NULL)
      *strrchr (lines[i], ',') = '\0';
  return g_strjoinv ("\n", lines);
}

/* Stopped in the middle of epochs, twice, and resumed: the same bits as in one
 * go. The recipe's name is in the model, so both have the same. */
static void
test_resume (void)
{
  Fixture fixture;
  g_autofree char *whole = NULL, *pieces = NULL;

  fixture_begin (&fixture);
  write_task (&fixture);
  write_recipe (&fixture, "r.json", 4, "whole.safetensors");
  expect (&fixture, 0, "epoch 4:", "r.json", NULL, NULL);
  write_recipe (&fixture, "r.json", 4, "pieces.safetensors");
  expect (&fixture, 0, "the time is up in epoch 1, batch 1", "r.json",
      "--max-hours", "1e-12");
  expect (&fixture, 1, "--resume goes on from it", "r.json", NULL, NULL);
  {
    Outcome outcome;

    fixture_rnncore (&fixture, &outcome, "train", "r.json", "--resume",
        "--max-hours", "1e-12", NULL);
    g_assert_cmpint (outcome.status, ==, 0);
    g_assert_nonnull (strstr (outcome.err, "going on in epoch 1, batch 2"));
    outcome_clear (&outcome);
  }
  expect (&fixture, 0, "going on in epoch 1, batch 3", "r.json", "--resume",
      NULL);
  assert_same_file (&fixture, "whole.safetensors", "pieces.safetensors");
  assert_same_file (&fixture, "whole.safetensors.gradients.csv",
      "pieces.safetensors.gradients.csv");
  whole = read_log (&fixture, "whole.safetensors.csv");
  pieces = read_log (&fixture, "pieces.safetensors.csv");
  g_assert_cmpstr (whole, ==, pieces);
  g_assert_false (fixture_has (&fixture, "pieces.safetensors.epoch-4"));
  fixture_end (&fixture);
}

/* What another model's normalisation was stays, though the run that goes on is
 * not told of that model again. */
static void
test_resume_from_model (void)
{
  Fixture fixture;

  fixture_begin (&fixture);
  write_task (&fixture);
  write_recipe (&fixture, "r.json", 1, "first.safetensors");
  expect (&fixture, 0, "epoch 1:", "r.json", NULL, NULL);
  write_tones (&fixture, "high-", 1500);
  write_recipe (&fixture, "r.json", 2, "whole.safetensors");
  expect (&fixture, 0, "epoch 2:", "r.json", "--init", "first.safetensors");
  write_recipe (&fixture, "r.json", 2, "pieces.safetensors");
  {
    Outcome outcome;

    fixture_rnncore (&fixture, &outcome, "train", "r.json", "--init",
        "first.safetensors", "--max-hours", "1e-12", NULL);
    g_assert_cmpint (outcome.status, ==, 0);
    outcome_clear (&outcome);
  }
  expect (&fixture, 0, "going on in epoch 1, batch 2", "r.json", "--resume",
      NULL);
  assert_same_file (&fixture, "whole.safetensors", "pieces.safetensors");
  fixture_end (&fixture);
}

/* Ctrl-C: a checkpoint, status 1, and it can go on. */
static void
test_interrupt (void)
{
  Fixture fixture;
  g_autoptr (GSubprocess) process = NULL;
  g_autoptr (GError) error = NULL;

  fixture_begin (&fixture);
  write_task (&fixture);
  write_recipe (&fixture, "r.json", 90000, "x.safetensors");
  process = fixture_start_rnncore (&fixture, "train", "r.json", NULL);
  while (!fixture_has (&fixture, "x.safetensors.checkpoint"))
    g_usleep (20000);
  g_subprocess_send_signal (process, SIGINT);
  g_assert_true (g_subprocess_wait (process, NULL, &error));
  g_assert_true (g_subprocess_get_if_exited (process));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 1);
  g_assert_true (fixture_has (&fixture, "x.safetensors"));
  {
    Outcome outcome;

    fixture_rnncore (&fixture, &outcome, "train", "r.json", "--resume",
        "--max-hours", "1e-12", NULL);
    g_assert_cmpint (outcome.status, ==, 0);
    g_assert_nonnull (strstr (outcome.err, "going on in epoch"));
    outcome_clear (&outcome);
  }
  fixture_end (&fixture);
}

/* Killed where it stands, again and again, and resumed: the same bits as in one
 * go. The model must be there long before a run can be killed, so an epoch is
 * behind it. */
static void
test_kill (void)
{
  Fixture fixture;
  guint n_kills = 0;

  fixture_begin (&fixture);
  write_task (&fixture);
  write_recipe (&fixture, "r.json", 60, "whole.safetensors");
  expect (&fixture, 0, "epoch 60:", "r.json", NULL, NULL);
  write_recipe (&fixture, "r.json", 60, "pieces.safetensors");
  for (guint i = 0; i < 6; i++) {
    g_autoptr (GSubprocess) process = fixture_start_rnncore (&fixture, "train",
        "r.json", i == 0 ? "--restart" : "--resume", NULL);

    while (!fixture_has (&fixture, "pieces.safetensors.checkpoint"))
      g_usleep (2000);
    g_usleep (30000 + 17000 * i);
    g_subprocess_force_exit (process);
    g_assert_true (g_subprocess_wait (process, NULL, NULL));
    n_kills += g_subprocess_get_if_signaled (process);
  }
  g_test_message ("%u of 6 runs were killed", n_kills);
  g_assert_cmpuint (n_kills, >, 0);
  expect (&fixture, 0, "going on in epoch", "r.json", "--resume", NULL);
  assert_same_file (&fixture, "whole.safetensors", "pieces.safetensors");
  fixture_end (&fixture);
}

/* No room for the model: one message, and nothing half written is left. (A
 * limit on the size of files stands for the disk's end.) */
static void
test_no_room (void)
{
  Fixture fixture;
  Outcome outcome;
  g_autoptr (GDir) folder = NULL;
  const char *name;
  const char *const limited[] = { "sh", "-c",
    "trap '' XFSZ; ulimit -f 8; exec \"$0\" train r.json --restart",
    g_getenv ("RNNCORE_COMMAND"), NULL };

  fixture_begin (&fixture);
  write_task (&fixture);
  write_recipe (&fixture, "r.json", 1, "y.safetensors"); /* fills the cache */
  expect (&fixture, 0, "epoch 1:", "r.json", NULL, NULL);
  write_recipe (&fixture, "r.json", 2, "x.safetensors");
  fixture_run (&fixture, &outcome, limited);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "x.safetensors"));
  g_assert_nonnull (strstr (outcome.err, "File too large"));
  outcome_clear (&outcome);
  folder = g_dir_open (fixture.folder, 0, NULL);
  while ((name = g_dir_read_name (folder)) != NULL) {
    if (g_str_has_prefix (name, "x.safetensors")
        && !g_str_has_suffix (name, ".csv"))
      g_test_fail_printf ("%s was left", name);
  }
  fixture_end (&fixture);
}

/* One bad recording among ten is a mistake, one among thirty is not. */
static void
test_undecodable (void)
{
  Fixture fixture;
  g_autoptr (GString) text = NULL;

  fixture_begin (&fixture);
  write_task (&fixture);
  write_recipe (&fixture, "r.json", 1, "x.safetensors");
  fixture_write (&fixture, "5.wav", "no recording");
  expect (&fixture, 1, "data.train: 1 of 10 recordings could not be decoded",
      "r.json", NULL, NULL);
  expect (&fixture, 1, "m.tsv:7: ", "r.json", NULL, NULL);
  g_assert_false (fixture_has (&fixture, "x.safetensors"));

  text = g_string_new (NULL);
  {
    g_autofree char *rows = fixture_read (&fixture, "m.tsv", NULL);
    const char *body = strchr (rows, '\n') + 1;

    g_string_append (text, rows);
    for (guint i = 0; i < 2; i++) {
      g_auto (GStrv) lines = g_strsplit (body, "\n", -1);

      for (guint k = 0; lines[k] != NULL; k++)
        if (lines[k][0] != '\0' && !g_str_has_prefix (lines[k], "5.wav"))
          g_string_append_printf (text, "%s\n", lines[k]);
    }
  }
  fixture_write (&fixture, "m.tsv", text->str);
  expect (&fixture, 0, "27 recordings, 9 s, 1 could not be decoded", "r.json",
      NULL, NULL);
  g_assert_true (fixture_has (&fixture, "x.safetensors"));
  fixture_end (&fixture);
}

/* Each is said before anything is learned. */
static void
test_mistakes (void)
{
  static const struct {
    const char *from;
    const char *to;
    const char *message;
  } changes[] = {
    { "m.tsv", "other.tsv", "other.tsv: No such file" },
    { "\" ab\"", "\" a\"", "m.tsv:3: \"b\" is not among" },
    { "\"units\":\"labels\"", "\"units\":3", "there are 4 labels" },
    { "\"kernel\":3", "\"kernel\":4", "layers[0]" },
    { "\"mels\":12", "\"bands\":12", "bands: unknown key" },
    { "[{\"manifest\":\"m.tsv\"}]",
        "[{\"manifest\":\"m.tsv\",\"where\":{\"corpus\":\"x\"}}]",
        "data.train chooses no recording" },
    { "\"output\":\"x.safetensors\"", "\"output\":\"m.tsv/x\"", "m.tsv: " },
  };
  Fixture fixture;
  g_autofree char *recipe = g_strdup_printf (RECIPE, 1, "x.safetensors");

  fixture_begin (&fixture);
  write_task (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++) {
    g_auto (GStrv) parts = g_strsplit (recipe, changes[i].from, 2);
    g_autofree char *text = NULL;

    g_assert_cmpuint (g_strv_length (parts), ==, 2);
    text = g_strconcat (parts[0], changes[i].to, parts[1], NULL);
    fixture_write (&fixture, "r.json", text);
    expect (&fixture, 1, changes[i].message, "r.json", NULL, NULL);
    g_assert_false (fixture_has (&fixture, "x.safetensors"));
  }
  fixture_end (&fixture);
}

/* --- a trained model
 * -------------------------------------------------------------- */

/* Tones are learned, and then measured, written down and described. */
static void
test_use (void)
{
  Fixture fixture;
  Outcome outcome;
  g_autofree char *vtt = NULL, *link = NULL;

  fixture_begin (&fixture);
  write_task (&fixture);
  write_recipe (&fixture, "r.json", 40, "x.safetensors");
  expect (&fixture, 0, "dev word error", "r.json", NULL, NULL);

  fixture_rnncore (&fixture, &outcome, "eval", "x.safetensors", "m.tsv",
      "--where", "split=dev,train", "--transcripts", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_nonnull (strstr (outcome.out, "0.wav\ta\ta\n"));
  g_assert_nonnull (strstr (outcome.out, "\ntones\t10\t10\t0.00\t"));
  g_assert_nonnull (strstr (outcome.err, "of processor per second"));
  outcome_clear (&outcome);

  fixture_rnncore (&fixture, &outcome, "eval", "x.safetensors", "m.tsv",
      "--stream", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_nonnull (strstr (outcome.out, "\ntones\t10\t10\t0.00\t"));
  outcome_clear (&outcome);

  fixture_rnncore (&fixture, &outcome, "info", "x.safetensors", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_nonnull (strstr (outcome.out, "tones"));
  outcome_clear (&outcome);

  fixture_rnncore (&fixture, &outcome, "bench", "x.safetensors", "--rounds",
      "1", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_true (g_str_has_prefix (outcome.out, "{\"case\": \"stream\", "));
  g_assert_nonnull (strstr (outcome.out, "\n{\"case\": \"batch\", "));
  outcome_clear (&outcome);

  fixture_rnncore (&fixture, &outcome, "convert", "x.safetensors",
      "h.safetensors", "--dtype", "f16", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_nonnull (strstr (outcome.err, "h.safetensors: "));
  g_assert_nonnull (strstr (outcome.err, " bytes of weights, before "));
  outcome_clear (&outcome);
  fixture_rnncore (&fixture, &outcome, "eval", "h.safetensors", "m.tsv", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_nonnull (strstr (outcome.out, "\ntones\t10\t10\t0.00\t"));
  outcome_clear (&outcome);
  fixture_rnncore (&fixture, &outcome, "convert", "x.safetensors", "h.json",
      "--dtype", "f16", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "h.json: would be read as"));
  outcome_clear (&outcome);
  fixture_rnncore (&fixture, &outcome, "convert", "x.safetensors",
      "h.safetensors", "--dtype", "f16", "--phrases", "1.wav", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_true (
      g_str_has_prefix (outcome.err, "rnncore: 1.wav: x.safetensors: phrases"));
  outcome_clear (&outcome);

  fixture_rnncore (&fixture, &outcome, "transcribe", "-m", "x.safetensors",
      "-o", "x.vtt", "1.wav", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpstr (outcome.out, ==, "");
  g_assert_cmpstr (outcome.err, ==, "");
  outcome_clear (&outcome);
  vtt = fixture_read (&fixture, "x.vtt", NULL);
  g_assert_true (g_str_has_prefix (vtt, "WEBVTT\n\n00:00:00."));
  g_clear_pointer (&vtt, g_free);

  /* A link, as a device, stays what it is. */
  link = fixture_path (&fixture, "link.vtt");
  g_assert_cmpint (symlink ("x.vtt", link), ==, 0);
  fixture_rnncore (&fixture, &outcome, "transcribe", "-m", "x.safetensors",
      "-o", "link.vtt", "0.wav", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  outcome_clear (&outcome);
  g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
  vtt = fixture_read (&fixture, "x.vtt", NULL);
  g_assert_true (g_str_has_suffix (vtt, "\na\n"));

  /* A bad file among good ones. */
  fixture_rnncore (&fixture, &outcome, "transcribe", "-m", "x.safetensors",
      "0.wav", "r.json", "1.wav", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_cmpstr (outcome.out, ==, "== 0.wav\na\n== 1.wav\nb\n");
  g_assert_nonnull (strstr (outcome.err, "r.json: "));
  outcome_clear (&outcome);

  fixture_rnncore (&fixture, &outcome, "label", "-m", "x.safetensors", "0.wav",
      NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "x.safetensors: "));
  outcome_clear (&outcome);
  fixture_end (&fixture);
}

/* A bright bar that moves left or right: labels come from the manifest.
 * Trained on clips alone that @turn ("mirror", "reverse") made others, with
 * their labels. */
static void
test_gestures (gconstpointer turn)
{
  static const char format[]
      = "{\"model\":{\"task\":\"gesture\",\"frontend\":{\"type\":\"video\","
        "\"width\":8,\"height\":4,\"rate\":10,\"difference\":true},"
        "\"layers\":[{\"type\":\"flatten\"},{\"type\":\"gru\","
        "\"name\":\"rnn\",\"hidden\":12},{\"type\":\"last-step\"},"
        "{\"type\":\"dense\",\"name\":\"head\",\"units\":\"labels\"},"
        "{\"type\":\"log-softmax\"}]},\"data\":{\"train\":["
        "{\"manifest\":\"g.tsv\",\"where\":{\"split\":\"train\"}}]},"
        "\"augment\":{\"%s\":{\"probability\":1,"
        "\"labels\":{\"left\":\"right\"}},\"brightness\":0.05,"
        "\"jitter\":0.02},"
        "\"training\":{\"epochs\":30,\"batch-size\":2,"
        "\"learning-rate\":0.01},\"output\":\"g.safetensors\"}";
  g_autofree char *recipe = g_strdup_printf (format, (const char *) turn);
  Fixture fixture;
  Outcome outcome;

  fixture_begin (&fixture);
  if (fixture_ffmpeg (&fixture,
          "-f lavfi -i color=black:s=64x32:r=10:d=1 -vf \"geq=lum='if(between"
          "(X,56*T,56*T+12),235,16)':cb=128:cr=128\" right.mkv")
      && fixture_ffmpeg (&fixture, "-i right.mkv -vf hflip left.mkv")) {
    fixture_write (&fixture, "g.tsv",
        "path\tsplit\tgroup\tlabel\nleft.mkv\ttrain\t1\tleft\n"
        "right.mkv\ttrain\t1\tright\n");
    fixture_write (&fixture, "g.json", recipe);
    expect (&fixture, 0, "g.safetensors: written", "g.json", NULL, NULL);
    fixture_rnncore (&fixture, &outcome, "eval", "g.safetensors", "g.tsv",
        NULL);
    g_assert_cmpint (outcome.status, ==, 0);
    g_assert_nonnull (strstr (outcome.out, "\nall\t2\t2\t100.00\t"));
    outcome_clear (&outcome);
    /* Both in one stream: two events, both found. */
    fixture_rnncore (&fixture, &outcome, "eval", "g.safetensors", "g.tsv",
        "--stream", "--window", "0.9", "--threshold-on", "0.6", NULL);
    g_assert_cmpint (outcome.status, ==, 0);
    g_assert_nonnull (strstr (outcome.out, "\n1\t1\t0.0005\t2\t2\t"));
    outcome_clear (&outcome);
    fixture_rnncore (&fixture, &outcome, "label", "-m", "g.safetensors",
        "left.mkv", "right.mkv", NULL);
    g_assert_cmpint (outcome.status, ==, 0);
    g_assert_nonnull (strstr (outcome.out, "left.mkv\tleft\t"));
    g_assert_nonnull (strstr (outcome.out, "right.mkv\tright\t"));
    outcome_clear (&outcome);
  }
  fixture_end (&fixture);
}

/* The same bar; windows of its clips have a label more, and a model without it
 * is a beginning. */
static void
test_gesture_windows (void)
{
#define WINDOWED(labels, epochs)                                               \
  "{\"model\":{\"task\":\"gesture\"," labels                                   \
  "\"frontend\":{\"type\":\"video\","                                          \
  "\"width\":8,\"height\":4,\"rate\":10,\"difference\":true},"                 \
  "\"spotting\":{\"windows\":[0.7,0.9],\"threshold-on\":0.6},"                 \
  "\"layers\":[{\"type\":\"flatten\"},{\"type\":\"gru\","                      \
  "\"name\":\"rnn\",\"hidden\":12},{\"type\":\"last-step\"},"                  \
  "{\"type\":\"dense\",\"name\":\"head\",\"units\":\"labels\"},"               \
  "{\"type\":\"log-softmax\"}]},\"data\":{\"train\":["                         \
  "{\"manifest\":\"clips\"}]},"                                                \
  "\"windows\":{\"count\":3,\"seconds\":[0.6,0.95],\"gap\":[0,0.3]},"          \
  "\"training\":{\"epochs\":" epochs ",\"batch-size\":4,"                      \
  "\"learning-rate\":0.01},\"output\":\"w.safetensors\"}"
  Fixture fixture;
  Outcome outcome;
  g_autofree char *clips = NULL;

  fixture_begin (&fixture);
  clips = fixture_path (&fixture, "clips/left");
  g_assert_cmpint (g_mkdir_with_parents (clips, 0755), ==, 0);
  g_free (clips);
  clips = fixture_path (&fixture, "clips/right");
  g_assert_cmpint (g_mkdir_with_parents (clips, 0755), ==, 0);
  if (fixture_ffmpeg (&fixture,
          "-f lavfi -i color=black:s=64x32:r=10:d=1 -vf \"geq=lum='if(between"
          "(X,56*T,56*T+12),235,16)':cb=128:cr=128\" clips/right/1.mkv")
      && fixture_ffmpeg (&fixture,
          "-i clips/right/1.mkv -vf hflip clips/left/1.mkv")) {
    fixture_write (&fixture, "w.json",
        WINDOWED ("\"labels\":[\"left\",\"right\"],", "1"));
    expect (&fixture, 1, "windows: they need a label \"none\"", "w.json", NULL,
        NULL);
    fixture_write (&fixture, "w.json", WINDOWED ("", "60"));
    expect (&fixture, 0, "w.safetensors: written", "w.json", NULL, NULL);
    fixture_rnncore (&fixture, &outcome, "info", "w.safetensors", NULL);
    g_assert_nonnull (strstr (outcome.out, "3: left none right"));
    outcome_clear (&outcome);
    fixture_rnncore (&fixture, &outcome, "eval", "w.safetensors", "clips",
        NULL);
    g_assert_cmpint (outcome.status, ==, 0);
    g_assert_nonnull (strstr (outcome.out, "\nall\t2\t2\t100.00\t"));
    outcome_clear (&outcome);
    /* Of another order and number of labels what is known stays. */
    fixture_write (&fixture, "w.json",
        WINDOWED ("\"labels\":[\"none\",\"right\",\"up\",\"left\"],", "1"));
    fixture_rnncore (&fixture, &outcome, "train", "w.json", "--init",
        "w.safetensors", "--output", "v.safetensors", NULL);
    g_assert_cmpint (outcome.status, ==, 0);
    g_assert_nonnull (
        strstr (outcome.err, "3 of the 4 labels are among its 3"));
    outcome_clear (&outcome);
  }
  fixture_end (&fixture);
}

/* A folder of labelled recordings, split the same way each time. */
static void
test_manifest_command (void)
{
  Fixture fixture;
  Outcome outcome;
  g_autofree char *text = NULL, *again = NULL, *path = NULL;

  fixture_begin (&fixture);
  fixture_rnncore (&fixture, &outcome, "manifest", "missing", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "missing: not a folder"));
  outcome_clear (&outcome);
  for (guint label = 0; label < 3; label++) {
    g_autofree char *name = g_strdup_printf ("own/%c", 'a' + label);
    g_autofree char *folder = fixture_path (&fixture, name);

    g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
    for (guint i = 0; label < 2 && i < 8; i++) {
      g_autofree char *clip = g_strdup_printf ("%s/%u.mkv", name, i);

      fixture_write (&fixture, clip, "x");
    }
  }
  fixture_rnncore (&fixture, &outcome, "manifest", "own", "--dev", "0.125",
      NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpstr (outcome.out, ==,
      "label\ttrain\tdev\ttest\na\t5\t1\t2\nb\t5\t1\t2\n");
  outcome_clear (&outcome);
  path = fixture_path (&fixture, "own/manifest.tsv");
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (text, "path\tsplit\tlabel\na/0.mkv\t"));
  fixture_rnncore (&fixture, &outcome, "manifest", "own", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "--force"));
  outcome_clear (&outcome);
  fixture_rnncore (&fixture, &outcome, "manifest", "own", "--dev", "0.125",
      "--force", NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_true (g_file_get_contents (path, &again, NULL, NULL));
  g_assert_cmpstr (text, ==, again);
  outcome_clear (&outcome);
  fixture_rnncore (&fixture, &outcome, "manifest", "own/c", NULL);
  g_assert_cmpint (outcome.status, ==, 1);
  g_assert_nonnull (strstr (outcome.err, "no recordings"));
  outcome_clear (&outcome);
  fixture_end (&fixture);
}

/* Half a second of tone, half a second of nearly nothing. */
static void
test_voice (void)
{
  static const char recipe[]
      = "{\"model\":{\"task\":\"voice-activity\",\"frontend\":{"
        "\"type\":\"log-mel\",\"mels\":8,\"hop\":320},\"layers\":["
        "{\"type\":\"gru\",\"name\":\"rnn\",\"hidden\":8},"
        "{\"type\":\"dense\",\"name\":\"head\",\"units\":\"labels\"},"
        "{\"type\":\"log-softmax\"}]},\"data\":{\"train\":["
        "{\"manifest\":\"v.tsv\"}]},\"training\":{\"epochs\":40,"
        "\"learning-rate\":0.02},\"output\":\"v.safetensors\"}";
  Fixture fixture;
  Outcome outcome;

  fixture_begin (&fixture);
  if (fixture_ffmpeg (&fixture,
          "-f lavfi -i \"aevalsrc='if(lt(mod(t,1),0.5),0.3*sin(2000*t),"
          "0.0001*sin(9000*t))':s=16000:d=4\" v.wav")) {
    fixture_write (&fixture, "v.tsv", "path\tkind\nv.wav\tenvironment\n");
    fixture_write (&fixture, "v.json", recipe);
    expect (&fixture, 0, "v.safetensors: written", "v.json", NULL, NULL);
    fixture_rnncore (&fixture, &outcome, "eval", "v.safetensors", "v.tsv",
        NULL);
    g_assert_cmpint (outcome.status, ==, 0);
    if (strstr (outcome.out, "\nall\t1\t200\t") == NULL)
      g_error ("%s", outcome.out);
    {
      g_auto (GStrv) fields
          = g_strsplit (strstr (outcome.out, "\nall\t"), "\t", -1);

      g_assert_cmpfloat (g_ascii_strtod (fields[4], NULL), >, 0.9);
    }
    outcome_clear (&outcome);
    fixture_rnncore (&fixture, &outcome, "eval", "v.safetensors", "v.tsv",
        "--noise", "v.tsv", "--snr", "10,10", NULL);
    g_assert_cmpint (outcome.status, ==, 0);
    outcome_clear (&outcome);
    fixture_rnncore (&fixture, &outcome, "eval", "v.safetensors", "v.tsv",
        "--snr", "10", NULL);
    g_assert_cmpint (outcome.status, ==, 2);
    outcome_clear (&outcome);
  }
  fixture_end (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (usages); i++) {
    g_autofree char *path
        = g_strdup_printf ("/tools/command/usage/%s", usages[i].name);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_usage);
  }
  g_test_add_func ("/tools/train/resume", test_resume);
  g_test_add_func ("/tools/train/resume-from-model", test_resume_from_model);
  g_test_add_func ("/tools/train/interrupt", test_interrupt);
  g_test_add_func ("/tools/train/kill", test_kill);
  g_test_add_func ("/tools/train/no-room", test_no_room);
  g_test_add_func ("/tools/train/undecodable", test_undecodable);
  g_test_add_func ("/tools/train/mistakes", test_mistakes);
  g_test_add_func ("/tools/command/speech", test_use);
  g_test_add_data_func ("/tools/command/gestures/mirror", "mirror",
      test_gestures);
  g_test_add_data_func ("/tools/command/gestures/reverse", "reverse",
      test_gestures);
  g_test_add_func ("/tools/command/gesture-windows", test_gesture_windows);
  g_test_add_func ("/tools/command/manifest", test_manifest_command);
  g_test_add_func ("/tools/command/voice", test_voice);
  return g_test_run ();
}
