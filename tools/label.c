/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "rnncore/rnncore.h"
#include "tools/batch/batch.h"
#include "tools/command.h"

static const CommandUsage usage = {
  "[INPUT…]",
  "Names the gesture in each video clip: file, label, confidence. With\n"
  "--stream, every gesture of long videos: file, start, end (seconds), label,\n"
  "confidence. Inputs are files, and folders with all that is below.",
  "  rnncore label clip1.mp4 clip2.mp4\n"
  "  rnncore label --stream kitchen.mkv\n"
  "  rnncore label --stream -f eaf -d annotations videos/",
  0,
  -1,
};

typedef struct {
  RnncModel *model;
  gboolean stream;
} Settings;

/* What a thread needs. */
typedef struct {
  Settings *settings;
  RnncSpotter *spotter;
  /* Of the recording at hand. */
  Document *document;
  BatchStep *step;
  guint64 first, last; /* ns */
  gboolean any;        /* frames */
} Worker;

static void
take_gesture (const RnncGesture *gesture, gpointer user_data)
{
  Worker *worker = user_data;

  document_add_gesture (worker->document,
      rnnc_model_label (worker->settings->model, gesture->label),
      gesture->start, gesture->end, gesture->confidence);
  batch_rows_added (worker->step);
}

static gboolean
push_frame (const RnncVideoFrame *frame, guint64 timestamp, gpointer user_data,
    GError **error)
{
  Worker *worker = user_data;

  if (!worker->any)
    worker->first = timestamp;
  worker->any = TRUE;
  worker->last = timestamp;
  rnnc_spotter_push (worker->spotter, frame, timestamp);
  return batch_advance (worker->step, timestamp, error);
}

/* A clip without a gesture says so too. */
static void
add_none (Worker *worker)
{
  RnncModel *model = worker->settings->model;
  gint none = rnnc_model_blank (model);
  const float *posteriors = rnnc_spotter_posteriors (worker->spotter);

  document_add_gesture (worker->document,
      none < 0 ? "none" : rnnc_model_label (model, (guint) none), worker->first,
      worker->last, none < 0 ? 0.0 : (double) posteriors[none]);
}

static gboolean
recognise (gpointer data, const MediaPart *part, Document *document,
    BatchStep *step, GError **error)
{
  Worker *worker = data;
  RnncModel *model = worker->settings->model;

  worker->document = document;
  worker->step = step;
  worker->any = FALSE;
  document->is_clip = !worker->settings->stream;
  document->model = g_path_get_basename (rnnc_model_path (model));
  document->language = g_strdup (rnnc_model_language (model));
  if (!media_decode_video_part (document->path, part, push_frame, worker,
          error)) {
    rnnc_spotter_reset (worker->spotter);
    return FALSE;
  }
  rnnc_spotter_flush (worker->spotter);
  if (document->is_clip && document->gestures->len == 0)
    add_none (worker);
  return TRUE;
}

static void
worker_free (gpointer data)
{
  Worker *worker = data;

  rnnc_spotter_free (worker->spotter);
  g_free (worker);
}

static gpointer
worker_new (gpointer data, GError **error)
{
  Settings *settings = data;
  Worker *worker = g_new0 (Worker, 1);
  RnncSpotterOptions options;

  rnnc_spotter_options_init (&options);
  options.mode = settings->stream ? RNNC_SPOTTER_STREAM : RNNC_SPOTTER_CLIP;
  worker->settings = settings;
  worker->spotter = rnnc_spotter_new (settings->model, &options, take_gesture,
      worker, error);
  if (worker->spotter != NULL)
    return worker;
  g_free (worker);
  return NULL;
}

static int
run (Settings *settings, const JobOptions *options, const char *name,
    const char *const *inputs)
{
  GError *error = NULL;
  g_autofree char *path = rnnc_model_find (name, "gesture", &error);
  g_autoptr (RnncModel) model = path ? rnnc_model_load (path, &error) : NULL;
  const BatchTask task = {
    .title = "label",
    .worker_new = worker_new,
    .worker_free = worker_free,
    .recognise = recognise,
    .user_data = settings,
  };

  if (model == NULL)
    return command_fail (error);
  settings->model = model;
  return batch_run (&task, options, inputs);
}

int
command_label (int argc, char **argv)
{
  Settings settings = { 0 };
  g_autofree char *name = NULL, *fault = NULL;
  g_auto (GStrv) inputs = NULL;
  JobArguments arguments;
  int status;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &name,
        "A model file, or the name of an installed model", "MODEL" },
    { "stream", 's', 0, G_OPTION_ARG_NONE, &settings.stream,
        "Spot gestures in long videos", NULL },
    { NULL },
  };

  job_arguments_init (&arguments, entries);
  arguments.options.report_kind = "gestures";
  if (command_parse (argc, argv,
          (const GOptionEntry *) (const void *) arguments.entries->data, &usage,
          &inputs, &status)) {
    fault = job_arguments_check (&arguments, g_strv_length (inputs));
    status = fault != NULL ? command_misused (argv[0], "%s", fault)
                           : run (&settings, &arguments.options, name,
                               (const char *const *) inputs);
  }
  job_arguments_clear (&arguments);
  return status;
}
