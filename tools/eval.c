/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/interrupt.h"
#include "tools/common/message.h"
#include "tools/data/manifest.h"
#include "tools/measure/language.h"
#include "tools/measure/recognise.h"
#include "tools/measure/score.h"

static const CommandUsage usage = {
  "MODEL MANIFEST",
  "Measures a model on the recordings of a manifest. Speech: word and\n"
  "character error rates (%) per corpus, with the 95 % interval that\n"
  "resampling the utterances gives. Gestures: accuracy and confusions.\n"
  "Language models: bits a character of the manifest's texts.",
  "  rnncore eval speech.safetensors manifest.tsv --where corpus=an4 \\\n"
  "    --where split=test --transcripts",
  2,
  2,
};

typedef struct {
  RnncModel *model;
  Labels *labels;
  Manifest *manifest;
  GArray *rows;
  gboolean stream;
  gboolean transcripts;
  gint truth; /* columns */
  gint corpus;
  SpeechScore *speech;
  LabelScore *gestures;
  LanguageScore *language;
  double seconds;
  double processor;
  guint n_failed;
} Evaluation;

static gboolean
eval_text (Evaluation *eval, guint row, const char *path, double *seconds,
    GError **error)
{
  const char *truth = manifest_field (eval->manifest, row, eval->truth);
  const char *corpus = eval->corpus < 0
      ? "all"
      : manifest_field (eval->manifest, row, eval->corpus);
  g_autofree char *text = eval->stream
      ? recognise_speech_stream (eval->model, path, seconds, &eval->processor,
          error)
      : recognise_speech (eval->model, eval->labels, path, seconds,
          &eval->processor, error);
  g_autofree char *reference = NULL;
  g_autofree char *heard = NULL;

  if (text == NULL)
    return FALSE;
  reference = labels_normalise_text (truth);
  heard = labels_normalise_text (text);
  speech_score_add (eval->speech, corpus, reference, heard);
  if (eval->transcripts)
    printf ("%s\t%s\t%s\n", path, reference, heard);
  return TRUE;
}

static gboolean
eval_clip (Evaluation *eval, guint row, const char *path, double *seconds,
    GError **error)
{
  const char *truth = manifest_field (eval->manifest, row, eval->truth);
  gint reference = labels_find (eval->labels, truth, error);
  gint heard;

  if (reference < 0) {
    g_prefix_error (error, "%s:%u: ", eval->manifest->path,
        eval->manifest->lines[row]);
    return FALSE;
  }
  heard = recognise_clip (eval->model, path, seconds, &eval->processor, error);
  if (heard < 0)
    return FALSE;
  label_score_add (eval->gestures, (guint) reference, (guint) heard);
  if (eval->transcripts)
    printf ("%s\t%s\t%s\n", path, truth, eval->labels->names[heard]);
  return TRUE;
}

/* Texts have no file. */
static gboolean
eval_letters (Evaluation *eval, guint row, GError **error)
{
  const char *text = manifest_field (eval->manifest, row, eval->truth);

  if (language_score_add (eval->language, eval->model, eval->labels, text,
          error))
    return TRUE;
  g_prefix_error (error, "%s:%u: ", eval->manifest->path,
      eval->manifest->lines[row]);
  return FALSE;
}

static gboolean
eval_row (Evaluation *eval, guint row, double *seconds, GError **error)
{
  g_autofree char *path = NULL;

  if (eval->language != NULL)
    return eval_letters (eval, row, error);
  path = manifest_media_path (eval->manifest, row);
  return eval->speech ? eval_text (eval, row, path, seconds, error)
                      : eval_clip (eval, row, path, seconds, error);
}

static void
eval_rows (Evaluation *eval)
{
  Progress progress;

  progress_begin (&progress, "measuring", 0);
  for (guint i = 0; i < eval->rows->len && !interrupt_seen (); i++) {
    guint row = g_array_index (eval->rows, guint, i);
    g_autoptr (GError) error = NULL;
    double seconds = 0;

    if (!eval_row (eval, row, &seconds, &error)) {
      message ("%s", error->message);
      eval->n_failed++;
    }
    eval->seconds += seconds;
    progress_show (&progress, (double) (i + 1) / eval->rows->len, NULL);
  }
  progress_end (&progress);
}

static gboolean
prepare (Evaluation *eval, const char *model, const char *manifest,
    const GPtrArray *conditions, GError **error)
{
  g_autofree char *path = rnnc_model_find (model, "speech", error);
  RnncFrontendType type;
  gboolean language;

  if (path == NULL)
    return FALSE;
  eval->model = rnnc_model_load (path, error);
  if (eval->model == NULL)
    return FALSE;
  type = rnnc_model_frontend (eval->model)->type;
  language = g_str_equal (rnnc_model_task (eval->model), "language-model")
      && rnnc_model_input_size (eval->model) == 1
      && rnnc_model_output_size (eval->model)
          == rnnc_model_n_labels (eval->model)
      && rnnc_model_stride (eval->model) == 1
      && !rnnc_model_is_many_to_one (eval->model);
  if ((type == RNNC_FRONTEND_LOG_MEL && rnnc_model_blank (eval->model) < 0)
      || (type == RNNC_FRONTEND_NONE && !language)
      || type == RNNC_FRONTEND_WAVEFORM
      || (type == RNNC_FRONTEND_VIDEO
          && !rnnc_model_is_many_to_one (eval->model))) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s: neither a speech, a gesture nor a language model", path);
    return FALSE;
  }
  eval->labels = labels_from_model (eval->model, error);
  eval->manifest = language ? manifest_load_texts (manifest, error)
                            : manifest_load (manifest, error);
  if (eval->labels == NULL || eval->manifest == NULL)
    return FALSE;
  eval->truth = manifest_require_column (eval->manifest,
      type == RNNC_FRONTEND_VIDEO ? "label" : "text", error);
  if (eval->truth < 0)
    return FALSE;
  eval->corpus = manifest_column (eval->manifest, "corpus");
  eval->rows = manifest_select (eval->manifest, conditions, error);
  if (eval->rows == NULL)
    return FALSE;
  if (eval->rows->len == 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: no row fulfils the conditions", manifest);
    return FALSE;
  }
  if (language)
    eval->language = g_new0 (LanguageScore, 1);
  else if (type == RNNC_FRONTEND_VIDEO)
    eval->gestures = label_score_new (eval->model);
  else
    eval->speech = speech_score_new ();
  return TRUE;
}

static void
clear (Evaluation *eval)
{
  speech_score_free (eval->speech);
  label_score_free (eval->gestures);
  g_free (eval->language);
  g_clear_pointer (&eval->rows, g_array_unref);
  manifest_free (eval->manifest);
  labels_free (eval->labels);
  g_clear_pointer (&eval->model, rnnc_model_unref);
}

/* "column=value,value" */
static gboolean
parse_condition (const char *text, GPtrArray *conditions)
{
  const char *equals = strchr (text, '=');
  g_autofree char *column = NULL;
  g_auto (GStrv) values = NULL;

  if (equals == NULL || equals == text)
    return FALSE;
  column = g_strndup (text, (gsize) (equals - text));
  values = g_strsplit (equals + 1, ",", -1);
  g_ptr_array_add (conditions,
      condition_new (column, (const char *const *) values, FALSE));
  return TRUE;
}

static int
run (Evaluation *eval)
{
  interrupt_watch ();
  eval_rows (eval);
  if (eval->transcripts && eval->language == NULL)
    putchar ('\n');
  if (eval->language != NULL)
    language_score_print (eval->language, stdout);
  else if (eval->speech != NULL)
    speech_score_print (eval->speech, stdout);
  else
    label_score_print (eval->gestures, stdout);
  if (eval->seconds > 0)
    message ("%.4f s of processor per second of media (network and decoder)",
        eval->processor / eval->seconds);
  if (interrupt_seen ())
    message ("interrupted: not all recordings were measured");
  else if (eval->n_failed > 0)
    message ("%u of %u recordings were passed over", eval->n_failed,
        eval->rows->len);
  return eval->n_failed > 0 || interrupt_seen () ? EXIT_FAILED : EXIT_OK;
}

int
command_eval (int argc, char **argv)
{
  Evaluation eval = { 0 };
  g_auto (GStrv) arguments = NULL;
  g_auto (GStrv) where = NULL;
  g_autoptr (GPtrArray) conditions
      = g_ptr_array_new_with_free_func ((GDestroyNotify) condition_free);
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "where", 'w', 0, G_OPTION_ARG_STRING_ARRAY, &where,
        "Only rows whose COLUMN is one of the values; all must hold",
        "COLUMN=VALUE,…" },
    { "transcripts", 0, 0, G_OPTION_ARG_NONE, &eval.transcripts,
        "A line a recording: path, reference, result", NULL },
    { "stream", 0, 0, G_OPTION_ARG_NONE, &eval.stream,
        "Speech as an element hears it, in chunks with endpoints", NULL },
    { NULL },
  };

  if (!command_parse (argc, argv, entries, &usage, &arguments, &status))
    return status;
  for (guint i = 0; where != NULL && where[i] != NULL; i++)
    if (!parse_condition (where[i], conditions))
      return command_misused (argv[0], "--where %s: not COLUMN=VALUE",
          where[i]);
  status = prepare (&eval, arguments[0], arguments[1], conditions, &error)
      ? run (&eval)
      : command_fail (error);
  clear (&eval);
  return status;
}
