/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "rnncore/rnncore.h"
#include "tools/command.h"
#include "tools/common/interrupt.h"
#include "tools/common/message.h"
#include "tools/common/subtitle.h"
#include "tools/media/media.h"

static const CommandUsage usage = {
  "FILE…",
  "Writes down what is said in recordings of any format that FFmpeg reads.",
  "  rnncore transcribe interview.mp4\n"
  "  rnncore transcribe --words --model speech-en-streaming talk.opus",
  1,
  -1,
};

typedef struct {
  gboolean words;
  GString *vtt; /* NULL: none */
} Output;

static void
print_words (const RnncTranscript *transcript)
{
  for (guint i = 0; i < transcript->n_words; i++) {
    const RnncWord *word = &transcript->words[i];

    printf ("%.3f\t%.3f\t%.3f\t%s\n", (double) word->start / 1e9,
        (double) word->end / 1e9, word->confidence, word->text);
  }
}

static void
take_transcript (const RnncTranscript *transcript, gpointer user_data)
{
  Output *output = user_data;

  if (!transcript->is_final)
    return;
  if (output->words)
    print_words (transcript);
  else
    printf ("%s\n", transcript->text);
  if (output->vtt != NULL)
    subtitle_append (output->vtt, transcript->start, transcript->end,
        transcript->text);
}

static gboolean
push_samples (const float *samples, gsize n_samples, gpointer user_data,
    GError **error)
{
  rnnc_transcriber_push (user_data, samples, n_samples);
  return interrupt_check (error);
}

static gboolean
transcribe_file (RnncModel *model, RnncTranscriber *transcriber,
    const char *path, GError **error)
{
  const RnncFrontendConfig *frontend = rnnc_model_frontend (model);

  if (!media_decode_audio (path, frontend->log_mel.rate, push_samples,
          transcriber, error)) {
    rnnc_transcriber_reset (transcriber);
    return FALSE;
  }
  rnnc_transcriber_flush (transcriber);
  return TRUE;
}

/* A file that cannot be read is reported, the others finish. */
static int
transcribe_files (RnncModel *model, RnncTranscriber *transcriber, GStrv paths,
    gboolean words)
{
  int status = EXIT_OK;
  gboolean several = g_strv_length (paths) > 1;

  for (guint i = 0; paths[i] != NULL; i++) {
    g_autoptr (GError) error = NULL;

    if (several)
      printf ("%s%s\n", words ? "# " : "== ", paths[i]);
    if (transcribe_file (model, transcriber, paths[i], &error))
      continue;
    message ("%s", error->message);
    status = EXIT_FAILED;
    if (interrupt_seen ())
      break;
  }
  return status;
}

int
command_transcribe (int argc, char **argv)
{
  Output output = { 0 };
  RnncTranscriberOptions options;
  g_autofree char *name = NULL, *path = NULL, *vtt_path = NULL;
  g_auto (GStrv) arguments = NULL;
  g_autoptr (GString) vtt = NULL;
  g_autoptr (RnncModel) model = NULL;
  g_autoptr (RnncTranscriber) transcriber = NULL;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &name,
        "A model file, or the name of an installed model", "MODEL" },
    { "words", 'w', 0, G_OPTION_ARG_NONE, &output.words,
        "A line a word: start, end (seconds), confidence, word", NULL },
    { "vtt", 0, 0, G_OPTION_ARG_FILENAME, &vtt_path,
        "Also write WebVTT subtitles (one input)", "FILE" },
    { NULL },
  };

  if (!command_parse (argc, argv, entries, &usage, &arguments, &status))
    return status;
  if (vtt_path != NULL && arguments[1] != NULL)
    return command_misused (argv[0], "--vtt takes one input");
  if (vtt_path != NULL)
    output.vtt = vtt = subtitle_begin ();
  path = rnnc_model_find (name, "speech", &error);
  model = path ? rnnc_model_load (path, &error) : NULL;
  if (model == NULL)
    return command_fail (error);
  rnnc_transcriber_options_init (&options);
  options.partial_interval = -1;
  transcriber = rnnc_transcriber_new (model, &options, take_transcript, &output,
      &error);
  if (transcriber == NULL)
    return command_fail (error);
  interrupt_watch ();
  status = transcribe_files (model, transcriber, arguments, output.words);
  if (status == EXIT_OK && vtt != NULL
      && !subtitle_write (vtt, vtt_path, &error))
    return command_fail (error);
  return status;
}
