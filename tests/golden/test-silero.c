/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Somebody else's network: the weights of the public Silero voice-activity
 * network as they were published, with the description of
 * docs/examples/silero-vad.json, against what PyTorch and ONNX Runtime make of
 * a minute of speech. */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "rnncore/base/json-reader.h"
#include "tests/support/count-allocations.h"
#include "tests/support/output-sink.h"

#define N_OUTPUTS 1875
#define TOLERANCE 1e-5

typedef struct {
  const char *name;
  const char *weights;
  const char *expected;
} Release;

static const Release releases[] = {
  { "published", "silero_vad_16k.safetensors", "expected_published.txt" },
  { "op15", "silero_vad_16k_op15.safetensors", "expected_op15.txt" },
};

static char *folder;   /* of the weights; NULL: not here */
static float *samples; /* of the minute; NULL: no decoder */
static gsize n_samples;

/* --- what is compared --------------------------------------------------------
 */

static char *
find_folder (void)
{
  const char *data = g_getenv ("RNNC_TEST_DATA");
  g_autofree char *root = data != NULL
      ? g_strdup (data)
      : g_build_filename (RNNC_SOURCE_ROOT, "..", "shared", "data", NULL);
  char *found = g_build_filename (root, "reference", "silero", NULL);

  if (!g_file_test (found, G_FILE_TEST_IS_DIR))
    g_clear_pointer (&found, g_free);
  return found;
}

/* 16-bit samples through the ffmpeg command; without GSubprocess, whose thread
 * would allocate while allocations are counted. */
static void
decode_speech (void)
{
  g_autofree char *path = g_build_filename (folder, "speech.flac", NULL);
  g_autofree char *quoted = g_shell_quote (path);
  g_autofree char *command = g_strdup_printf ("ffmpeg -v error -i %s -f s16le "
                                              "-ac 1 -ar 16000 - 2>/dev/null",
      quoted);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  FILE *pipe = popen (command, "r");
  guint8 block[4096];
  const gint16 *numbers;
  gsize n;

  g_assert_nonnull (pipe);
  while ((n = fread (block, 1, sizeof block, pipe)) > 0)
    g_byte_array_append (bytes, block, n);
  if (pclose (pipe) != 0)
    return;
  numbers = (const gint16 *) (void *) bytes->data;
  n_samples = bytes->len / sizeof *numbers;
  samples = g_new (float, n_samples);
  for (gsize i = 0; i < n_samples; i++)
    samples[i] = (float) GINT16_FROM_LE (numbers[i]) / 32768.0f;
}

static gboolean
is_missing (void)
{
  if (folder == NULL)
    g_test_skip ("the folder reference/silero is not here");
  else if (samples == NULL)
    g_test_skip ("the ffmpeg command is not here");
  return folder == NULL || samples == NULL;
}

static float *
read_expected (const Release *release)
{
  g_autofree char *path = g_build_filename (folder, release->expected, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  float *expected = g_new (float, N_OUTPUTS);

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  lines = g_strsplit (g_strchomp (text), "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, N_OUTPUTS);
  for (guint i = 0; i < N_OUTPUTS; i++)
    expected[i] = (float) g_ascii_strtod (lines[i], NULL);
  return expected;
}

static void
compare (const char *what, const float *ours, const float *theirs)
{
  double worst = 0;

  for (guint i = 0; i < N_OUTPUTS; i++) {
    worst = MAX (worst, fabs ((double) ours[i] - theirs[i]));
    if (!(fabs ((double) ours[i] - theirs[i]) <= TOLERANCE))
      g_error ("%s: output %u is %.9g, should be %.9g", what, i, ours[i],
          theirs[i]);
  }
  g_test_message ("%s: largest difference %.2g", what, worst);
}

/* --- the model
 * ---------------------------------------------------------------- */

/* The description, with or without the place of the weights. */
static void
write_description (const char *path, const char *weights)
{
  g_autofree char *example = g_build_filename (RNNC_SOURCE_ROOT, "docs",
      "examples", "silero-vad.json", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autofree char *text = NULL, *changed = NULL;
  JsonObject *json;
  gsize length;

  g_file_get_contents (example, &text, &length, &error);
  g_assert_no_error (error);
  json = rnnc_json_parse (text, length, example, &error);
  g_assert_no_error (error);
  json_object_remove_member (json, "weights");
  if (weights != NULL)
    json_object_set_string_member (json, "weights", weights);
  json_node_take_object (node, json);
  changed = json_to_string (node, FALSE);
  g_file_set_contents (path, changed, -1, &error);
  g_assert_no_error (error);
}

/* By the description alone, which names the weights where they lie. */
static RnncModel *
load_by_description (const Release *release)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = g_dir_make_tmp ("silero-XXXXXX", &error);
  g_autofree char *path = g_build_filename (directory, "vad.json", NULL);
  g_autofree char *weights = g_build_filename (folder, release->weights, NULL);
  g_autofree char *absolute = g_canonicalize_filename (weights, NULL);
  RnncModel *model;

  g_assert_no_error (error);
  write_description (path, absolute);
  model = rnnc_model_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  g_rmdir (directory);
  return model;
}

/* By the weights, which have a description of the same name beside them. */
static RnncModel *
load_by_weights (const Release *release)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = g_dir_make_tmp ("silero-XXXXXX", &error);
  g_autofree char *json = g_build_filename (directory, "vad.json", NULL);
  g_autofree char *path = g_build_filename (directory, "vad.safetensors", NULL);
  g_autofree char *weights = g_build_filename (folder, release->weights, NULL);
  g_autofree char *absolute = g_canonicalize_filename (weights, NULL);
  RnncModel *model;

  g_assert_no_error (error);
  write_description (json, NULL);
  g_assert_cmpint (symlink (absolute, path), ==, 0);
  model = rnnc_model_load (path, &error);
  g_assert_no_error (error);
  g_unlink (json);
  g_unlink (path);
  g_rmdir (directory);
  return model;
}

/* --- tests
 * --------------------------------------------------------------------- */

static void
test_whole (gconstpointer data)
{
  const Release *release = data;
  g_autoptr (RnncModel) model = NULL;
  g_autofree float *expected = NULL, *frames = NULL, *output = NULL;
  RnncWaveform *waveform;
  gsize n;

  if (is_missing ())
    return;
  model = load_by_weights (release);
  expected = read_expected (release);
  waveform = rnnc_waveform_new (&rnnc_model_frontend (model)->waveform);
  n = rnnc_waveform_pending (waveform, n_samples);
  g_assert_cmpuint (n, ==, N_OUTPUTS);
  frames = g_new (float, n *rnnc_model_input_size (model));
  g_assert_cmpuint (rnnc_waveform_push (waveform, samples, n_samples, frames),
      ==, n);
  rnnc_waveform_free (waveform);

  g_assert_cmpuint (rnnc_model_output_frames (model, n), ==, N_OUTPUTS);
  output = g_new (float, N_OUTPUTS);
  rnnc_model_forward (model, frames, n, output);
  compare ("whole", output, expected);
}

static void
test_stream (gconstpointer data)
{
  static const gsize chunks[] = { 160, 511, 512, 513, 1601, 96001 };
  const Release *release = data;
  g_autoptr (RnncModel) model = NULL;
  g_autoptr (RnncStream) stream = NULL;
  g_autofree float *expected = NULL, *first = NULL;
  OutputSink sink;

  if (is_missing ())
    return;
  model = load_by_description (release);
  expected = read_expected (release);
  output_sink_init (&sink, model, N_OUTPUTS);
  stream = rnnc_stream_new (model, output_sink_take, &sink);
  for (guint i = 0; i < G_N_ELEMENTS (chunks); i++) {
    gint before = g_atomic_int_get (&n_allocations);

    sink.n_frames = 0;
    for (gsize at = 0; at < n_samples; at += chunks[i])
      rnnc_stream_push_samples (stream, samples + at,
          MIN (chunks[i], n_samples - at));
    rnnc_stream_flush (stream);
    if (COUNTS_ALLOCATIONS)
      g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, before);
    g_assert_cmpuint (sink.n_frames, ==, N_OUTPUTS);
    compare ("stream", sink.outputs, expected);
    if (first == NULL)
      first = g_memdup2 (sink.outputs, N_OUTPUTS * sizeof (float));
    assert_same_outputs (sink.outputs, first, N_OUTPUTS, 1);
  }
  output_sink_clear (&sink);
}

/* 512 samples of 16 kHz are 32 ms: nothing waits for more. */
static void
test_latency (gconstpointer data)
{
  g_autoptr (RnncModel) model = NULL;

  if (is_missing ())
    return;
  model = load_by_weights (data);
  g_assert_cmpuint (rnnc_model_latency (model), ==, 32000000);
  g_assert_cmpuint (rnnc_model_output_period (model), ==, 32000000);
  g_assert_cmpuint (rnnc_model_input_size (model), ==, 640);
  g_assert_cmpstr (rnnc_model_label (model, 0), ==, "speech");
}

int
main (int argc, char **argv)
{
  gint status;

  g_test_init (&argc, &argv, NULL);
  folder = find_folder ();
  if (folder != NULL)
    decode_speech ();
  for (guint i = 0; i < G_N_ELEMENTS (releases); i++) {
    const char *name = releases[i].name;
    g_autofree char *whole = g_strdup_printf ("/silero/whole/%s", name);
    g_autofree char *stream = g_strdup_printf ("/silero/stream/%s", name);
    g_autofree char *latency = g_strdup_printf ("/silero/latency/%s", name);

    g_test_add_data_func (whole, &releases[i], test_whole);
    g_test_add_data_func (stream, &releases[i], test_stream);
    g_test_add_data_func (latency, &releases[i], test_latency);
  }
  status = g_test_run ();
  g_free (folder);
  g_free (samples);
  return status;
}
