/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "rnncore/rnncore.h"
#include "tools/command.h"
#include "tools/common/interrupt.h"
#include "tools/common/message.h"
#include "tools/media/media.h"

static const CommandUsage usage = {
  "FILE…",
  "Names the gesture in each video clip: file, label, confidence. With\n"
  "--stream, every gesture of long videos: file, start, end (seconds), label,\n"
  "confidence.",
  "  rnncore label clip1.mp4 clip2.mp4\n"
  "  rnncore label --stream kitchen.mkv",
  1,
  -1,
};

typedef struct {
  RnncModel *model;
  RnncSpotter *spotter;
  const char *path;
  gboolean stream;
  gboolean any; /* a clip's label came */
} Labeller;

static void
take_gesture (const RnncGesture *gesture, gpointer user_data)
{
  Labeller *labeller = user_data;
  const char *label = rnnc_model_label (labeller->model, gesture->label);

  labeller->any = TRUE;
  if (labeller->stream)
    printf ("%s\t%.3f\t%.3f\t%s\t%.3f\n", labeller->path,
        (double) gesture->start / 1e9, (double) gesture->end / 1e9, label,
        gesture->confidence);
  else
    printf ("%s\t%s\t%.3f\n", labeller->path, label, gesture->confidence);
}

static gboolean
push_frame (const RnncVideoFrame *frame, guint64 timestamp, gpointer user_data,
    GError **error)
{
  Labeller *labeller = user_data;

  rnnc_spotter_push (labeller->spotter, frame, timestamp);
  return interrupt_check (error);
}

/* A clip without a gesture says so too. */
static void
print_none (const Labeller *labeller)
{
  gint none = rnnc_model_blank (labeller->model);
  const float *posteriors = rnnc_spotter_posteriors (labeller->spotter);

  printf ("%s\t%s\t%.3f\n", labeller->path,
      none < 0 ? "none" : rnnc_model_label (labeller->model, (guint) none),
      none < 0 ? 0.0 : (double) posteriors[none]);
}

static gboolean
label_file (Labeller *labeller, const char *path, GError **error)
{
  labeller->path = path;
  labeller->any = FALSE;
  if (!media_decode_video (path, push_frame, labeller, error)) {
    rnnc_spotter_reset (labeller->spotter);
    return FALSE;
  }
  rnnc_spotter_flush (labeller->spotter);
  if (!labeller->any && !labeller->stream)
    print_none (labeller);
  return TRUE;
}

int
command_label (int argc, char **argv)
{
  Labeller labeller = { 0 };
  RnncSpotterOptions options;
  g_autofree char *name = NULL, *path = NULL;
  g_auto (GStrv) arguments = NULL;
  g_autoptr (RnncModel) model = NULL;
  g_autoptr (RnncSpotter) spotter = NULL;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &name,
        "A model file, or the name of an installed model", "MODEL" },
    { "stream", 's', 0, G_OPTION_ARG_NONE, &labeller.stream,
        "Spot gestures in long videos", NULL },
    { NULL },
  };

  if (!command_parse (argc, argv, entries, &usage, &arguments, &status))
    return status;
  path = rnnc_model_find (name, "gesture", &error);
  model = path ? rnnc_model_load (path, &error) : NULL;
  if (model == NULL)
    return command_fail (error);
  rnnc_spotter_options_init (&options);
  options.mode = labeller.stream ? RNNC_SPOTTER_STREAM : RNNC_SPOTTER_CLIP;
  spotter = rnnc_spotter_new (model, &options, take_gesture, &labeller, &error);
  if (spotter == NULL)
    return command_fail (error);
  labeller.model = model;
  labeller.spotter = spotter;
  interrupt_watch ();
  status = EXIT_OK;
  for (guint i = 0; arguments[i] != NULL && !interrupt_seen (); i++) {
    g_autoptr (GError) fault = NULL;

    if (label_file (&labeller, arguments[i], &fault))
      continue;
    message ("%s", fault->message);
    status = EXIT_FAILED;
  }
  return status;
}
