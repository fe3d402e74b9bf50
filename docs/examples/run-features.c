/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Runs a network on vectors of numbers, one a line:
 *
 *   run-features net.json < vectors.txt
 */
#include <rnncore/rnncore.h>
#include <stdio.h>

static void
print_outputs (const float *outputs, gsize n_frames, gpointer model)
{
  gsize width = rnnc_model_output_size (model);

  for (gsize i = 0; i < n_frames * width; i++)
    printf ("%.6f%c", outputs[i], (i + 1) % width == 0 ? '\n' : ' ');
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncModel) model = NULL;
  g_autoptr (RnncStream) stream = NULL;
  g_autofree float *vector = NULL;
  gsize n = 0;

  if (argc != 2) {
    fprintf (stderr, "usage: run-features MODEL < VECTORS\n");
    return 2;
  }
  model = rnnc_model_load (argv[1], &error);
  if (model == NULL) {
    fprintf (stderr, "run-features: %s\n", error->message);
    return 1;
  }
  vector = g_new (float, rnnc_model_input_size (model));
  stream = rnnc_stream_new (model, print_outputs, model);
  while (scanf ("%f", &vector[n]) == 1) {
    if (++n == rnnc_model_input_size (model)) {
      rnnc_stream_push_features (stream, vector, 1);
      n = 0;
    }
  }
  rnnc_stream_flush (stream);
  return 0;
}
