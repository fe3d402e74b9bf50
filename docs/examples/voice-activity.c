/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Speech or not, every 32 ms, by somebody else's network:
 *
 *   ffmpeg -i talk.mp3 -f f32le -ac 1 -ar 16000 - | voice-activity vad.json
 *
 * MODEL takes samples of a waveform and gives one number for each window. */
#include <rnncore/rnncore.h>
#include <stdio.h>

typedef struct {
  guint64 period; /* ns of one output */
  guint64 n_outputs;
} Printer;

static void
print_outputs (const float *outputs, gsize n_frames, gpointer data)
{
  Printer *printer = data;

  for (gsize i = 0; i < n_frames; i++) {
    printf ("%.3f %.6f\n",
        (double) printer->n_outputs * (double) printer->period / 1e9,
        outputs[i]);
    printer->n_outputs++;
  }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncModel) model = NULL;
  g_autoptr (RnncStream) stream = NULL;
  Printer printer = { 0 };
  float samples[1000];
  size_t n;

  if (argc != 2) {
    fprintf (stderr, "usage: voice-activity MODEL < SAMPLES\n");
    return 2;
  }
  model = rnnc_model_load (argv[1], &error);
  if (model == NULL) {
    fprintf (stderr, "voice-activity: %s\n", error->message);
    return 1;
  }
  if (rnnc_model_frontend (model)->type != RNNC_FRONTEND_WAVEFORM
      || rnnc_model_output_size (model) != 1) {
    fprintf (stderr,
        "voice-activity: %s: is not a network from a waveform to "
        "one number\n",
        argv[1]);
    return 1;
  }
  printer.period = rnnc_model_output_period (model);
  stream = rnnc_stream_new (model, print_outputs, &printer);
  while (
      (n = fread (samples, sizeof *samples, G_N_ELEMENTS (samples), stdin)) > 0)
    rnnc_stream_push_samples (stream, samples, n);
  rnnc_stream_flush (stream);
  return 0;
}
