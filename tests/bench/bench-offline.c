/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What offline work costs: seconds of processor per second of media (real-time
 * factor on one core), decoding and network apart. The best of three.
 * Usage: bench-offline MODEL RECORDING…, MODEL "speech" or "gesture" for the
 * defaults. One line a recording, "NAME<tab>seconds<tab>decoding<tab>network".
 * With more than one core that many recordings run at a time (-j): they share
 * nothing but the weights. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/measure/recognise.h"
#include "tools/media/media.h"

#define N_REPEATS 3

typedef struct {
  RnncModel *model;
  RnncTranscriber *transcriber;
  RnncSpotter *spotter;
  double network; /* s of processor */
  double seconds; /* of media */
} Run;

static void
ignore_transcript (const RnncTranscript *transcript, gpointer user_data)
{
}

static void
ignore_gesture (const RnncGesture *gesture, gpointer user_data)
{
}

static gboolean
push_samples (const float *samples, gsize n, gpointer user_data, GError **error)
{
  Run *run = user_data;
  double began = processor_seconds ();

  rnnc_transcriber_push (run->transcriber, samples, n);
  run->network += processor_seconds () - began;
  run->seconds += (double) n / rnnc_model_frontend (run->model)->log_mel.rate;
  return TRUE;
}

static gboolean
push_frame (const RnncVideoFrame *frame, guint64 timestamp, gpointer user_data,
    GError **error)
{
  Run *run = user_data;
  double began = processor_seconds ();

  rnnc_spotter_push (run->spotter, frame, timestamp);
  run->network += processor_seconds () - began;
  run->seconds = (double) timestamp / 1e9;
  return TRUE;
}

/* Returns: FALSE with a message. */
static gboolean
measure (Run *run, const char *path, double *decoding, double *network)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < N_REPEATS; i++) {
    double began = processor_seconds ();
    gboolean ok;

    run->network = run->seconds = 0;
    ok = run->transcriber != NULL
        ? media_decode_audio (path,
            rnnc_model_frontend (run->model)->log_mel.rate, push_samples, run,
            &error)
        : media_decode_video (path, push_frame, run, &error);
    if (!ok) {
      fprintf (stderr, "%s\n", error->message);
      return FALSE;
    }
    *decoding = MIN (*decoding, processor_seconds () - began - run->network);
    *network = MIN (*network, run->network);
    if (run->transcriber != NULL)
      rnnc_transcriber_reset (run->transcriber);
    else
      rnnc_spotter_reset (run->spotter);
  }
  return TRUE;
}

static gboolean
prepare (Run *run, const char *name, GError **error)
{
  gboolean is_default
      = g_str_equal (name, "speech") || g_str_equal (name, "gesture");
  g_autofree char *path = rnnc_model_find (is_default ? NULL : name,
      is_default ? name : "speech", error);

  run->model = path ? rnnc_model_load (path, error) : NULL;
  if (run->model == NULL)
    return FALSE;
  if (rnnc_model_frontend (run->model)->type == RNNC_FRONTEND_VIDEO)
    run->spotter
        = rnnc_spotter_new (run->model, NULL, ignore_gesture, NULL, error);
  else
    run->transcriber = rnnc_transcriber_new (run->model, NULL,
        ignore_transcript, NULL, error);
  return run->spotter != NULL || run->transcriber != NULL;
}

int
main (int argc, char **argv)
{
  Run run = { 0 };
  g_autoptr (GError) error = NULL;

  media_init ();
  if (argc < 3 || !prepare (&run, argv[1], &error)) {
    fprintf (stderr, "%s\n",
        error ? error->message : "usage: bench-offline MODEL RECORDING…");
    return EXIT_FAILURE;
  }
  for (int i = 2; i < argc; i++) {
    double decoding = G_MAXDOUBLE, network = G_MAXDOUBLE;

    if (!measure (&run, argv[i], &decoding, &network))
      return EXIT_FAILURE;
    printf ("%s\t%.1f\t%.5f\t%.5f\n", argv[i], run.seconds,
        decoding / run.seconds, network / run.seconds);
  }
  rnnc_transcriber_free (run.transcriber);
  rnnc_spotter_free (run.spotter);
  rnnc_model_unref (run.model);
  return EXIT_SUCCESS;
}
