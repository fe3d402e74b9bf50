/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdio.h>

#include "rnncore/rnncore.h"
#include "tools/batch/batch.h"
#include "tools/command.h"
#include "tools/common/decode-options.h"

static const CommandUsage usage = {
  "[INPUT…]",
  "Writes down what is said in recordings of any format that FFmpeg reads:\n"
  "files, and folders with all that is below.",
  "  rnncore transcribe interview.mp4\n"
  "  rnncore transcribe -o talk.vtt talk.opus\n"
  "  rnncore transcribe -j 4 -f srt,jsonl --resume -d out archive/",
  0,
  -1,
};

typedef struct {
  RnncModel *model;
  DecodeOptions decoding;
} Settings;

/* What a thread needs. */
typedef struct {
  RnncModel *model;
  RnncTranscriber *transcriber;
  guint rate;
  /* Of the recording at hand. */
  Document *document;
  BatchStep *step;
  guint64 from;      /* ns */
  guint64 n_samples; /* since @from */
  float peak;
} Worker;

static void
take_transcript (const RnncTranscript *transcript, gpointer user_data)
{
  Worker *worker = user_data;
  guint64 from = worker->from;

  if (!transcript->is_final)
    return;
  for (guint i = 0; i < transcript->n_words; i++) {
    const RnncWord *word = &transcript->words[i];

    document_add_word (worker->document, word->text, from + word->start,
        from + word->end, word->confidence);
  }
  for (guint i = 0; i < transcript->n_alternatives; i++)
    document_add_alternative (worker->document,
        transcript->alternatives[i].text,
        transcript->alternatives[i].confidence);
  document_add_utterance (worker->document, transcript->text,
      from + transcript->start, from + transcript->end, transcript->confidence);
  batch_rows_added (worker->step);
}

static void
add_peaks (Worker *worker, const float *samples, gsize n)
{
  guint period = worker->rate / DOCUMENT_PEAKS_PER_SECOND;

  for (gsize i = 0; i < n; i++) {
    worker->peak = MAX (worker->peak, fabsf (samples[i]));
    if ((worker->n_samples + i + 1) % period == 0) {
      guint8 value = (guint8) (255 * MIN (worker->peak, 1.0f) + 0.5f);

      g_byte_array_append (worker->document->peaks, &value, 1);
      worker->peak = 0;
    }
  }
}

static gboolean
push_samples (const float *samples, gsize n_samples, gpointer user_data,
    GError **error)
{
  Worker *worker = user_data;

  if (worker->document->peaks != NULL)
    add_peaks (worker, samples, n_samples);
  worker->n_samples += n_samples;
  rnnc_transcriber_push (worker->transcriber, samples, n_samples);
  return batch_advance (worker->step,
      worker->from + worker->n_samples * 1000000000 / worker->rate, error);
}

/* Up to where decoding begins there is nothing to see. */
static void
begin_peaks (Worker *worker)
{
  gsize n = (gsize) (worker->from * DOCUMENT_PEAKS_PER_SECOND / 1000000000);

  worker->document->peaks = g_byte_array_new ();
  g_byte_array_set_size (worker->document->peaks, (guint) n);
  if (n > 0)
    memset (worker->document->peaks->data, 0, n);
}

static gboolean
recognise (gpointer data, const MediaPart *part, Document *document,
    BatchStep *step, GError **error)
{
  Worker *worker = data;

  worker->document = document;
  worker->step = step;
  worker->from = part->from;
  worker->n_samples = 0;
  worker->peak = 0;
  document->is_speech = TRUE;
  document->model = g_path_get_basename (rnnc_model_path (worker->model));
  document->language = g_strdup (rnnc_model_language (worker->model));
  if (batch_wants_peaks (step))
    begin_peaks (worker);
  if (!media_decode_audio_part (document->path, worker->rate, part,
          push_samples, worker, error)) {
    rnnc_transcriber_reset (worker->transcriber);
    return FALSE;
  }
  rnnc_transcriber_flush (worker->transcriber);
  return TRUE;
}

static void
worker_free (gpointer data)
{
  Worker *worker = data;

  rnnc_transcriber_free (worker->transcriber);
  g_free (worker);
}

static gpointer
worker_new (gpointer data, GError **error)
{
  const Settings *settings = data;
  RnncModel *model = settings->model;
  Worker *worker = g_new0 (Worker, 1);
  RnncTranscriberOptions options;

  rnnc_transcriber_options_init (&options);
  decode_options_apply (&settings->decoding, &options);
  options.partial_interval = -1;
  worker->model = model;
  worker->rate = rnnc_model_frontend (model)->log_mel.rate;
  worker->transcriber
      = rnnc_transcriber_new (model, &options, take_transcript, worker, error);
  if (worker->transcriber == NULL) {
    g_free (worker);
    return NULL;
  }
  decode_options_equip (&settings->decoding, worker->transcriber);
  return worker;
}

/* Recordings wait for no one: the default is the model for files, where one is
 * installed, else that for microphones. (transfer full) */
static char *
find_model (const char *name, GError **error)
{
  char *path
      = name == NULL ? rnnc_model_find (NULL, "speech-offline", NULL) : NULL;

  return path != NULL ? path : rnnc_model_find (name, "speech", error);
}

static int
run (Settings *settings, const JobOptions *options, const char *name,
    const char *const *inputs)
{
  GError *error = NULL;
  g_autofree char *path = find_model (name, &error);
  g_autoptr (RnncModel) model = path ? rnnc_model_load (path, &error) : NULL;
  const BatchTask task = {
    .title = "transcribe",
    .worker_new = worker_new,
    .worker_free = worker_free,
    .recognise = recognise,
    .user_data = settings,
  };

  settings->model = model;
  if (model == NULL
      || !decode_options_load (&settings->decoding, model, &error))
    return command_fail (error);
  return batch_run (&task, options, inputs);
}

int
command_transcribe (int argc, char **argv)
{
  g_autofree char *name = NULL, *fault = NULL;
  g_auto (GStrv) inputs = NULL;
  JobArguments arguments;
  Settings settings = { 0 };
  int status;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &name,
        "A model file, or the name of an installed model", "MODEL" },
    { NULL },
  };

  job_arguments_init (&arguments, entries);
  arguments.options.report_kind = "speech";
  decode_options_init (&settings.decoding);
  settings.decoding.wants_default = TRUE;
  if (command_parse_with (argc, argv,
          (const GOptionEntry *) (const void *) arguments.entries->data,
          decode_options_group (&settings.decoding), &usage, &inputs,
          &status)) {
    fault = job_arguments_check (&arguments, g_strv_length (inputs));
    status = fault != NULL ? command_misused (argv[0], "%s", fault)
                           : run (&settings, &arguments.options, name,
                               (const char *const *) inputs);
  }
  decode_options_clear (&settings.decoding);
  job_arguments_clear (&arguments);
  return status;
}
