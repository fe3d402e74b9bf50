/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/interrupt.h"
#include "tools/common/message.h"
#include "tools/common/write-file.h"
#include "tools/data/manifest.h"
#include "tools/measure/event-score.h"
#include "tools/measure/gesture-stream.h"
#include "tools/measure/label-score.h"
#include "tools/measure/language.h"
#include "tools/measure/recognise.h"
#include "tools/measure/score.h"
#include "tools/measure/voice-activity.h"
#include "tools/measure/word-score.h"

static const CommandUsage usage = {
  "MODEL MANIFEST",
  "Measures a model on the recordings of a manifest. Speech: word and\n"
  "character error rates (%) per group, with the 95 % interval that\n"
  "resampling the utterances gives; of models of words also the share of each\n"
  "word that is heard, and false alarms an hour. Gestures: accuracy, F1 and "
  "confusions.\n"
  "Events (--events) in long videos, a row each with columns path, start, end\n"
  "(seconds) and label: F1 and false alarms per hour. A row with an empty "
  "label\n"
  "stands for a video in which nothing happens.\n"
  "Language models: bits a character of the manifest's texts.",
  "  rnncore eval speech.safetensors manifest.tsv --where corpus=an4 \\\n"
  "    --where split=test --transcripts\n"
  "  rnncore eval gestures.safetensors clips.tsv --confusion matrix.svg",
  2,
  2,
};

typedef struct {
  RnncModel *model;
  Labels *labels;
  Labels *listed; /* (nullable): words of a phrase list */
  DecodeOptions decoding;
  Manifest *manifest;
  GArray *rows;
  gboolean stream;
  gboolean transcripts;
  gboolean events;
  gboolean joined; /* clips, one behind the other */
  RnncSpotterOptions spotting;
  double window;   /* s, 0: the model's */
  double interval; /* the same */
  char *group_column;
  double tolerance;
  char *confusion; /* (nullable): path */
  char *noise;     /* (nullable): path of a manifest */
  char *snr;       /* (nullable): as given */
  VoiceNoise added;
  VoiceScore *voice;
  gint activity; /* column, -1: none */
  gint truth;    /* columns */
  gint group;
  gint start, end;
  SpeechScore *speech;
  WordScore *words; /* beside it, of a model whose labels are words */
  LabelScore *gestures;
  LanguageScore *language;
  EventScore *spotted;
  double seconds;
  double processor;
  guint n_failed;
} Evaluation;

static const char *
group_of (const Evaluation *eval, guint row)
{
  return eval->group < 0 ? "all"
                         : manifest_field (eval->manifest, row, eval->group);
}

static gboolean
eval_text (Evaluation *eval, guint row, const char *path, double *seconds,
    GError **error)
{
  const char *truth = manifest_field (eval->manifest, row, eval->truth);
  const Labels *words = eval->listed != NULL ? eval->listed : eval->labels;
  /* A model that hears but a few words is asked for no others. */
  const Labels *labels = eval->decoding.phrases == NULL ? words : eval->labels;
  g_autoptr (GArray) confidences = eval->words != NULL
      ? g_array_new (FALSE, FALSE, sizeof (double))
      : NULL;
  g_autofree char *text = eval->stream
      ? recognise_speech_stream (eval->model, &eval->decoding, path,
          confidences, seconds, &eval->processor, error)
      : recognise_speech (eval->model, eval->labels, &eval->decoding, path,
          confidences, seconds, &eval->processor, error);
  g_autofree char *known = NULL;
  g_autofree char *reference = NULL;
  g_autofree char *heard = NULL;

  if (text == NULL)
    return FALSE;
  if (eval->words != NULL)
    word_score_add (eval->words, words, truth, text,
        (const double *) (const void *) confidences->data, *seconds);
  known = labels_known_text (labels, truth);
  reference = labels_normalise_text (known);
  heard = labels_normalise_text (text);
  speech_score_add (eval->speech, group_of (eval, row), reference, heard);
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
  label_score_add (eval->gestures, group_of (eval, row), (guint) reference,
      (guint) heard);
  if (eval->transcripts)
    printf ("%s\t%s\t%s\n", path, truth, eval->labels->names[heard]);
  return TRUE;
}

/* In noise, where there is a manifest of it. */
static gboolean
eval_voice (Evaluation *eval, guint row, const char *path, double *seconds,
    GError **error)
{
  g_autofree char *activity = NULL;

  if (eval->activity >= 0)
    activity = manifest_path (eval->manifest, row, eval->activity);
  return voice_activity_add (eval->voice, group_of (eval, row), eval->model,
      path, activity, &eval->added, row, seconds, &eval->processor, error);
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
add_reference (Evaluation *eval, guint row, GArray *events, GError **error)
{
  const Manifest *manifest = eval->manifest;
  const char *label = manifest_field (manifest, row, eval->truth);
  const char *start = manifest_field (manifest, row, eval->start);
  const char *end = manifest_field (manifest, row, eval->end);
  char *rest[2] = { NULL, NULL };
  double times[2];

  if (label[0] == '\0')
    return TRUE;
  times[0] = g_ascii_strtod (start, &rest[0]);
  times[1] = g_ascii_strtod (end, &rest[1]);
  if (rest[0] == start || *rest[0] != '\0' || rest[1] == end || *rest[1] != '\0'
      || !(times[0] >= 0 && times[1] >= times[0])) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s:%u: \"%s\" to \"%s\" is no time from start to end", manifest->path,
        manifest->lines[row], start, end);
    return FALSE;
  }
  if (labels_find (eval->labels, label, error) < 0) {
    g_prefix_error (error, "%s:%u: ", manifest->path, manifest->lines[row]);
    return FALSE;
  }
  events_add (events, label, times[0], times[1]);
  return TRUE;
}

static int
compare_events (gconstpointer a, gconstpointer b)
{
  double x = ((const Event *) a)->start, y = ((const Event *) b)->start;

  return (x > y) - (x < y);
}

/* All rows of one video count with its first. */
static gboolean
eval_stream (Evaluation *eval, guint index, const char *path, double *seconds,
    GError **error)
{
  g_autoptr (GArray) reference = events_new ();
  g_autoptr (GArray) heard = NULL;
  guint first = g_array_index (eval->rows, guint, index);

  for (guint i = 0; i < eval->rows->len; i++) {
    guint row = g_array_index (eval->rows, guint, i);
    g_autofree char *other = manifest_media_path (eval->manifest, row);

    if (!g_str_equal (other, path))
      continue;
    if (i < index)
      return TRUE;
    if (!add_reference (eval, row, reference, error))
      return FALSE;
  }
  g_array_sort (reference, compare_events);
  heard = recognise_events (eval->model, &eval->spotting, path, seconds,
      &eval->processor, error);
  if (heard == NULL)
    return FALSE;
  event_score_add (eval->spotted, group_of (eval, first), reference, heard,
      *seconds);
  for (guint i = 0; eval->transcripts && i < heard->len; i++) {
    const Event *event = &g_array_index (heard, Event, i);

    printf ("%s\t%.3f\t%.3f\t%s\n", path, event->start, event->end,
        event->label);
  }
  return TRUE;
}

/* Clips of the gesture @gestures, of @group or of all where that is NULL. */
static GArray *
choose_clips (Evaluation *eval, const char *group, gboolean gestures,
    GPtrArray *paths)
{
  GArray *clips = g_array_new (FALSE, FALSE, sizeof (GestureClip));
  gint none = rnnc_model_blank (eval->model);

  for (guint i = 0; i < eval->rows->len; i++) {
    guint row = g_array_index (eval->rows, guint, i);
    const char *label = manifest_field (eval->manifest, row, eval->truth);
    gboolean is_none
        = none >= 0 && g_str_equal (label, eval->labels->names[none]);
    GestureClip clip = { NULL, is_none ? NULL : label };

    if (is_none == gestures
        || (group != NULL && !g_str_equal (group_of (eval, row), group)))
      continue;
    clip.path = manifest_media_path (eval->manifest, row);
    g_ptr_array_add (paths, (gpointer) clip.path);
    g_array_append_val (clips, clip);
  }
  return clips;
}

/* All clips of a row's group in one stream, with its first row. */
static gboolean
eval_joined (Evaluation *eval, guint index, double *seconds, GError **error)
{
  guint row = g_array_index (eval->rows, guint, index);
  const char *group = group_of (eval, row);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) clips = NULL;
  g_autoptr (GArray) pauses = NULL;
  const char *label = manifest_field (eval->manifest, row, eval->truth);

  if (labels_find (eval->labels, label, error) < 0)
    return FALSE;
  for (guint i = 0; i < index; i++)
    if (g_str_equal (group_of (eval, g_array_index (eval->rows, guint, i)),
            group))
      return TRUE;
  clips = choose_clips (eval, group, TRUE, paths);
  pauses = choose_clips (eval, group, FALSE, paths);
  if (pauses->len == 0) {
    g_clear_pointer (&pauses, g_array_unref);
    pauses = choose_clips (eval, NULL, FALSE, paths);
  }
  return gesture_stream_score (eval->model, &eval->spotting, clips, pauses,
      group, eval->spotted, seconds, &eval->processor, error);
}

static gboolean
eval_row (Evaluation *eval, guint index, double *seconds, GError **error)
{
  guint row = g_array_index (eval->rows, guint, index);
  g_autofree char *path = NULL;

  if (eval->language != NULL)
    return eval_letters (eval, row, error);
  if (eval->joined)
    return eval_joined (eval, index, seconds, error);
  path = manifest_media_path (eval->manifest, row);
  if (eval->voice != NULL)
    return eval_voice (eval, row, path, seconds, error);
  return eval->speech ? eval_text (eval, row, path, seconds, error)
      : eval->events  ? eval_stream (eval, index, path, seconds, error)
                      : eval_clip (eval, row, path, seconds, error);
}

static void
eval_rows (Evaluation *eval)
{
  Progress progress;

  progress_begin (&progress, "measuring", 0);
  for (guint i = 0; i < eval->rows->len && !interrupt_seen (); i++) {
    g_autoptr (GError) error = NULL;
    double seconds = 0;

    if (!eval_row (eval, i, &seconds, &error)) {
      message ("%s", error->message);
      eval->n_failed++;
    }
    eval->seconds += seconds;
    progress_show (&progress, (double) (i + 1) / eval->rows->len, NULL);
  }
  progress_end (&progress);
}

static gboolean
find_columns (Evaluation *eval, GError **error)
{
  eval->group = eval->group_column != NULL
      ? manifest_require_column (eval->manifest, eval->group_column, error)
      : manifest_column (eval->manifest, eval->joined ? "group" : "corpus");
  if (eval->group_column != NULL && eval->group < 0)
    return FALSE;
  if (!eval->events)
    return TRUE;
  eval->start = manifest_require_column (eval->manifest, "start", error);
  eval->end = eval->start < 0
      ? -1
      : manifest_require_column (eval->manifest, "end", error);
  return eval->end >= 0;
}

/* A letter in, the next one's probabilities out. */
static gboolean
is_language_model (RnncModel *model)
{
  return g_str_equal (rnnc_model_task (model), "language-model")
      && rnnc_model_frontend (model)->type == RNNC_FRONTEND_NONE
      && rnnc_model_input_size (model) == 1
      && rnnc_model_output_size (model) == rnnc_model_n_labels (model)
      && rnnc_model_stride (model) == 1 && !rnnc_model_is_many_to_one (model);
}

static gboolean
check_type (const Evaluation *eval, const char *path, RnncFrontendType type,
    GError **error)
{
  if (voice_activity_is_model (eval->model))
    return TRUE;
  if (eval->noise != NULL)
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s: --noise is for models of voice activity", path);
  else if (type != RNNC_FRONTEND_VIDEO && (eval->events || eval->confusion))
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s: --events and --confusion are for gesture models", path);
  else if ((type == RNNC_FRONTEND_LOG_MEL && rnnc_model_blank (eval->model) < 0)
      || (type == RNNC_FRONTEND_NONE && !is_language_model (eval->model))
      || type == RNNC_FRONTEND_WAVEFORM
      || (type == RNNC_FRONTEND_VIDEO
          && !rnnc_model_is_many_to_one (eval->model)))
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s: neither a speech, a gesture nor a language model", path);
  else
    return TRUE;
  return FALSE;
}

/* Where single words are all that can be heard, how each is. */
static gboolean
prepare_speech (Evaluation *eval, GError **error)
{
  RnncPhraseList *phrases = eval->decoding.list;
  g_auto (GStrv) words
      = phrases != NULL ? rnnc_phrase_list_dup_words (phrases) : NULL;

  eval->speech = speech_score_new ();
  if (words != NULL) {
    eval->listed = labels_new ((const char *const *) words, -1, error);
    if (eval->listed == NULL)
      return FALSE;
  }
  if (eval->listed != NULL || eval->labels->words)
    eval->words = word_score_new ();
  return TRUE;
}

static gboolean
prepare_voice (Evaluation *eval, GError **error)
{
  guint rate = rnnc_model_frontend (eval->model)->log_mel.rate;

  eval->voice = voice_score_new ();
  eval->activity = manifest_column (eval->manifest, "activity");
  if (!find_columns (eval, error))
    return FALSE;
  return eval->noise == NULL
      || voice_noise_load (&eval->added, eval->noise, rate, error);
}

static gboolean
choose_rows (Evaluation *eval, const char *manifest,
    const GPtrArray *conditions, GError **error)
{
  eval->rows = manifest_select (eval->manifest, conditions, error);
  if (eval->rows == NULL)
    return FALSE;
  if (eval->rows->len > 0)
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
      "%s: no row fulfils the conditions", manifest);
  return FALSE;
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
  language = is_language_model (eval->model);
  if (!check_type (eval, path, type, error))
    return FALSE;
  eval->labels = labels_from_model (eval->model, error);
  eval->manifest = language ? manifest_load_texts (manifest, error)
                            : manifest_load (manifest, error);
  if (eval->labels == NULL || eval->manifest == NULL)
    return FALSE;
  if (type != RNNC_FRONTEND_VIDEO
      && !decode_options_load (&eval->decoding, eval->model, error))
    return FALSE;
  if (voice_activity_is_model (eval->model))
    return prepare_voice (eval, error)
        && choose_rows (eval, manifest, conditions, error);
  eval->truth = manifest_require_column (eval->manifest,
      type == RNNC_FRONTEND_VIDEO ? "label" : "text", error);
  if (eval->truth < 0)
    return FALSE;
  eval->joined = eval->stream && type == RNNC_FRONTEND_VIDEO && !eval->events;
  if (!find_columns (eval, error)
      || !choose_rows (eval, manifest, conditions, error))
    return FALSE;
  if (!language && type != RNNC_FRONTEND_VIDEO)
    return prepare_speech (eval, error);
  if (language)
    eval->language = g_new0 (LanguageScore, 1);
  else if (eval->events || eval->joined)
    eval->spotted = event_score_new (eval->tolerance);
  else
    eval->gestures = label_score_new ((const char *const *) eval->labels->names,
        eval->labels->n);
  return TRUE;
}

static void
clear (Evaluation *eval)
{
  speech_score_free (eval->speech);
  word_score_free (eval->words);
  label_score_free (eval->gestures);
  g_free (eval->language);
  event_score_free (eval->spotted);
  g_free (eval->group_column);
  g_free (eval->confusion);
  g_free (eval->noise);
  g_free (eval->snr);
  voice_noise_clear (&eval->added);
  voice_score_free (eval->voice);
  g_clear_pointer (&eval->rows, g_array_unref);
  decode_options_clear (&eval->decoding);
  manifest_free (eval->manifest);
  labels_free (eval->labels);
  labels_free (eval->listed);
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

static gboolean
parse_snr (Evaluation *eval)
{
  g_auto (GStrv) parts = g_strsplit (eval->snr ? eval->snr : "0,20", ",", -1);

  if (g_strv_length (parts) != 2)
    return FALSE;
  for (guint i = 0; i < 2; i++) {
    char *rest = NULL;

    eval->added.snr[i] = g_ascii_strtod (parts[i], &rest);
    if (rest == parts[i] || *rest != '\0'
        || !(fabs (eval->added.snr[i]) <= 200))
      return FALSE;
  }
  return eval->added.snr[0] <= eval->added.snr[1];
}

/* 0 to 1, or what stands for the model's own. */
static gboolean
is_threshold (double value)
{
  RnncSpotterOptions defaults;

  rnnc_spotter_options_init (&defaults);
  return value == defaults.threshold_on || (value >= 0 && value <= 1);
}

static gboolean
write_picture (Evaluation *eval)
{
  g_autofree char *picture = label_score_picture (eval->gestures);
  GError *error = NULL;

  if (write_file (eval->confusion, picture, strlen (picture), &error))
    return TRUE;
  command_fail (error);
  return FALSE;
}

static int
run (Evaluation *eval)
{
  interrupt_watch ();
  eval_rows (eval);
  if (eval->transcripts && eval->language == NULL && eval->voice == NULL)
    putchar ('\n');
  if (eval->language != NULL)
    language_score_print (eval->language, stdout);
  else if (eval->voice != NULL)
    voice_score_print (eval->voice, stdout);
  else if (eval->speech != NULL)
    speech_score_print (eval->speech, stdout);
  else if (eval->spotted != NULL)
    event_score_print (eval->spotted, stdout);
  else
    label_score_print (eval->gestures, stdout);
  if (eval->words != NULL) {
    putchar ('\n');
    word_score_print (eval->words, stdout);
  }
  if (eval->confusion != NULL && !write_picture (eval))
    return EXIT_FAILED;
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

/* Takes in what options say together; (transfer full) (nullable): what is wrong
 * with them. */
static char *
find_fault (Evaluation *eval, char **where, GPtrArray *conditions)
{
  for (guint i = 0; where != NULL && where[i] != NULL; i++)
    if (!parse_condition (where[i], conditions))
      return g_strdup_printf ("--where %s: not COLUMN=VALUE", where[i]);
  if (eval->events && eval->confusion != NULL)
    return g_strdup ("--events and --confusion exclude each other");
  if (eval->decoding.whole && !eval->stream)
    return g_strdup (
        "--whole goes with --stream: without it all is heard as a whole");
  if (eval->decoding.voice_activity != NULL && !eval->stream)
    return g_strdup (
        "--vad goes with --stream: without it there are no endpoints");
  if (!(eval->window >= 0 && eval->window <= 10))
    return g_strdup ("--window: 0 to 10");
  if (!(eval->interval >= 0 && eval->interval <= 10))
    return g_strdup ("--interval: 0 to 10");
  eval->spotting.window = (guint64) (eval->window * 1e9);
  eval->spotting.hop = (guint64) (eval->interval * 1e9);
  if (!is_threshold (eval->spotting.threshold_on)
      || !is_threshold (eval->spotting.threshold_off))
    return g_strdup ("--threshold-on, --threshold-off: 0 to 1");
  if (!parse_snr (eval))
    return g_strdup_printf ("--snr %s: not LOW,HIGH", eval->snr);
  if (!(eval->tolerance >= 0 && eval->tolerance <= 3600))
    return g_strdup ("--tolerance: 0 to 3600");
  return NULL;
}

int
command_eval (int argc, char **argv)
{
  Evaluation eval = { .tolerance = 0.5 };
  g_auto (GStrv) arguments = NULL;
  g_auto (GStrv) where = NULL;
  g_autoptr (GPtrArray) conditions
      = g_ptr_array_new_with_free_func ((GDestroyNotify) condition_free);
  g_autofree char *fault = NULL;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "where", 'w', 0, G_OPTION_ARG_STRING_ARRAY, &where,
        "Only rows whose COLUMN is one of the values; all must hold",
        "COLUMN=VALUE,…" },
    { "transcripts", 0, 0, G_OPTION_ARG_NONE, &eval.transcripts,
        "A line a recording: path, reference, result", NULL },
    { "stream", 0, 0, G_OPTION_ARG_NONE, &eval.stream,
        "As an element does it: speech in chunks with endpoints, the clips of "
        "a "
        "group (column group) as one endless video, with those of nothing "
        "between them",
        NULL },
    { "group", 'g', 0, G_OPTION_ARG_STRING, &eval.group_column,
        "A line for each value of this column; default: corpus, if it is there",
        "COLUMN" },
    { "confusion", 0, 0, G_OPTION_ARG_FILENAME, &eval.confusion,
        "Also the confusion matrix of clips as a picture (SVG)", "FILE" },
    { "events", 0, 0, G_OPTION_ARG_NONE, &eval.events,
        "Spot gestures in long videos", NULL },
    { "tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &eval.tolerance,
        "Events: seconds that one may be off and still count; default 0.5",
        "SECONDS" },
    { "threshold-on", 0, 0, G_OPTION_ARG_DOUBLE, &eval.spotting.threshold_on,
        "Spotting: posterior that begins a gesture, 0..1; default: the model's",
        "X" },
    { "threshold-off", 0, 0, G_OPTION_ARG_DOUBLE, &eval.spotting.threshold_off,
        "Spotting: posterior below which it has ended, 0..1; default: the "
        "model's",
        "X" },
    { "window", 0, 0, G_OPTION_ARG_DOUBLE, &eval.window,
        "Spotting: seconds that are looked at; default: the model's",
        "SECONDS" },
    { "interval", 0, 0, G_OPTION_ARG_DOUBLE, &eval.interval,
        "Spotting: seconds between two looks; default: the model's",
        "SECONDS" },
    { "noise", 0, 0, G_OPTION_ARG_FILENAME, &eval.noise,
        "Voice activity: add noise of this manifest", "MANIFEST" },
    { "snr", 0, 0, G_OPTION_ARG_STRING, &eval.snr,
        "How far below the speech, in dB; default 0,20", "LOW,HIGH" },
    { NULL },
  };

  decode_options_init (&eval.decoding);
  rnnc_spotter_options_init (&eval.spotting);
  if (!command_parse_with (argc, argv, entries,
          decode_options_group (&eval.decoding), &usage, &arguments, &status)) {
    clear (&eval);
    return status;
  }
  fault = find_fault (&eval, where, conditions);
  if (fault != NULL)
    status = command_misused (argv[0], "%s", fault);
  else
    status = prepare (&eval, arguments[0], arguments[1], conditions, &error)
        ? run (&eval)
        : command_fail (error);
  clear (&eval);
  return status;
}
