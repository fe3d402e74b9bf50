/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every layer and some stacks against PyTorch, whole and as a stream.
 * generate.py made the files. */
#include <math.h>

#include "rnncore/model/safetensors.h"
#include "tests/support/output-sink.h"

/* How many generate.py makes: none is lost unseen. */
#define N_CASES 118

/* Numbers to rounding, as the core's contract has it. @bytes: what rounding
 * inputs to bytes adds. */
static gboolean
is_close (float ours, float theirs, float bytes)
{
  return fabsf (ours - theirs) <= 1e-5f + 1e-4f * fabsf (theirs) + bytes;
}

static void
compare (const char *what, const float *ours, const float *theirs,
    gsize n_frames, gsize width, float bytes)
{
  double worst = 0;

  for (gsize i = 0; i < n_frames * width; i++) {
    if (!is_close (ours[i], theirs[i], bytes))
      g_error ("%s: output %zu of %zu, [%zu]: %.9g, should be %.9g", what,
          i / width, n_frames, i % width, ours[i], theirs[i]);
    worst = MAX (worst, fabs ((double) ours[i] - theirs[i]));
  }
  g_test_message ("%s: largest difference %.2g", what, worst);
}

static float *
read_numbers (RnncSafetensors *file, const char *name, gsize *n_frames,
    gsize *width)
{
  g_autoptr (GError) error = NULL;
  const RnncTensor *tensor = rnnc_safetensors_lookup (file, name);
  float *numbers;

  g_assert_nonnull (tensor);
  numbers = rnnc_safetensors_read_f32 (file, name, tensor->shape, tensor->rank,
      &error);
  g_assert_no_error (error);
  *n_frames = tensor->shape[0];
  *width = tensor->n_bytes / sizeof (float) / tensor->shape[0];
  return numbers;
}

static void
run_stream (RnncModel *model, const float *input, gsize n_in, gsize push,
    const float *wanted, gsize n_out, float bytes)
{
  gsize n_features = rnnc_model_input_size (model);
  OutputSink sink;
  RnncStream *stream;

  output_sink_init (&sink, model, n_out + 1);
  stream = rnnc_stream_new (model, output_sink_take, &sink);
  for (gsize t = 0; t < n_in; t += push)
    rnnc_stream_push_features (stream, input + t * n_features,
        MIN (push, n_in - t));
  rnnc_stream_flush (stream);
  g_assert_cmpuint (sink.n_frames, ==, n_out);
  compare ("stream", sink.outputs, wanted, n_out, sink.width, bytes);
  rnnc_stream_free (stream);
  output_sink_clear (&sink);
}

/* Of a dense layer stored as bytes, what multiplies inputs that became bytes
 * too: each is off by half their scale, its row's largest magnitude / 127. 0
 * for other files. */
static float
byte_rounding (RnncSafetensors *file, const float *input, gsize n)
{
  const RnncTensor *tensor = rnnc_safetensors_lookup (file, "fc.weight");
  g_autofree float *weight = NULL;
  float peak = 0, most = 0;

  if (tensor == NULL || tensor->dtype != RNNC_DTYPE_I8)
    return 0;
  weight
      = rnnc_safetensors_read_f32 (file, "fc.weight", tensor->shape, 2, NULL);
  for (gsize i = 0; i < n; i++)
    peak = MAX (peak, fabsf (input[i]));
  for (gsize row = 0; row < tensor->shape[0]; row++) {
    float sum = 0;

    for (gsize i = 0; i < tensor->shape[1]; i++)
      sum += fabsf (weight[row * tensor->shape[1] + i]);
    most = MAX (most, sum);
  }
  return most * peak / 127 / 2;
}

static void
test_golden (gconstpointer path)
{
  g_autoptr (GError) error = NULL;
  RnncSafetensors *file = rnnc_safetensors_open (path, &error);
  g_autoptr (RnncModel) model = rnnc_model_load (path, &error);
  g_autofree float *input = NULL, *wanted = NULL, *output = NULL;
  gsize n_in, n_out, n_features, width;
  float bytes;

  g_assert_no_error (error);
  input = read_numbers (file, "golden.input", &n_in, &n_features);
  wanted = read_numbers (file, "golden.output", &n_out, &width);
  g_assert_cmpuint (rnnc_model_input_size (model), ==, n_features);
  g_assert_cmpuint (rnnc_model_output_size (model), ==, width);
  g_assert_cmpuint (rnnc_model_output_frames (model, n_in), ==, n_out);

  bytes = byte_rounding (file, input, n_in * n_features);
  output = g_new0 (float, n_out *width);
  rnnc_model_forward (model, input, n_in, output);
  compare ("forward", output, wanted, n_out, width, bytes);
  for (gsize push = 1; push <= n_in + 1; push += 6)
    run_stream (model, input, n_in, push, wanted, n_out, bytes);
  rnnc_safetensors_free (file);
}

static gint
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static GPtrArray *
find_cases (const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) directory = g_dir_open (folder, 0, &error);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (directory)) != NULL) {
    if (g_str_has_suffix (name, ".safetensors"))
      g_ptr_array_add (names,
          g_strndup (name, strlen (name) - strlen (".safetensors")));
  }
  g_ptr_array_sort (names, by_name);
  return names;
}

static void
test_all_there (gconstpointer n_cases)
{
  g_assert_cmpuint (GPOINTER_TO_UINT (n_cases), ==, N_CASES);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = NULL;
  g_autoptr (GPtrArray) cases = NULL;

  g_test_init (&argc, &argv, NULL);
  folder = g_test_build_filename (G_TEST_DIST, ".", NULL);
  cases = find_cases (folder);
  g_test_add_data_func ("/golden/all-there", GUINT_TO_POINTER (cases->len),
      test_all_there);
  for (guint i = 0; i < cases->len; i++) {
    const char *name = cases->pdata[i];
    g_autofree char *path = g_strdup_printf ("/golden/%s", name);

    g_test_add_data_func_full (path,
        g_strdup_printf ("%s/%s.safetensors", folder, name), test_golden,
        g_free);
  }
  return g_test_run ();
}
