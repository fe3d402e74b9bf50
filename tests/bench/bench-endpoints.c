/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where utterances end, with a network of voice activity and without: real
 * utterances, one speaker after the other, with pauses of 0.3 to 3 s between
 * them, clean (a quiet room) and in noise.
 * Usage: bench-endpoints [OPTION…] MANIFEST; see --help. A line a condition:
 * how many true ends there are, how many were found to half a second, how many
 * ends were told where there is none, the delay of finals behind the true ends
 * that were found, and word errors.
 *
 * A true end is the last loud sound of an utterance before noise is added
 * (voice_mark()). An end that is told is the endpoint's own: the time of the
 * final, less the network's latency and the silence that it waited for. */
#include <stdio.h>
#include <stdlib.h>

#include "rnncore/rnncore.h"
#include "tools/common/random.h"
#include "tools/data/manifest.h"
#include "tools/data/voice.h"
#include "tools/measure/error-rate.h"
#include "tools/measure/voice-activity.h"
#include "tools/media/media.h"

#define RATE 16000
#define CHUNK 480          /* samples pushed at a time: an output frame */
#define PER_STREAM 5       /* utterances */
#define SHORTEST_PAUSE 0.3 /* s */
#define LONGEST_PAUSE 3.0
#define TAIL 3.0      /* s behind the last utterance */
#define TOLERANCE 0.5 /* s that an end may be off */
#define MARGIN 0.1    /* s kept before and behind what is loud */
#define BEHIND 0.1    /* s that voice_mark() adds behind it */
#define FADE 160      /* samples */
#define ROOM 0.001    /* a quiet room: uniform, plus and minus */
#define VOICE_HOP 160

typedef struct {
  GArray *samples; /* float */
  GArray *ends;    /* double, s */
  GString *text;
  double level; /* mean square of what is said */
} Joined;

typedef struct {
  double end;   /* s: what the endpoint says */
  double heard; /* s: when it was told */
} Told;

typedef struct {
  GArray *told;
  GString *text;
  guint64 n_pushed;
  double latency; /* s */
  double silence; /* s */
} Listener;

typedef struct {
  guint n_ends;
  guint n_found;
  guint n_false;
  GArray *delays; /* double, s */
  EditCounts words;
} Result;

typedef struct {
  char *model_name;
  char *voice_name; /* (nullable) */
  char *noise;
  char *silences; /* ms */
  char *ratios;   /* dB */
  gint limit;     /* utterances of a corpus; 0: all */
  RnncModel *model;
  RnncModel *voice; /* (nullable) */
  VoiceNoise noises;
} Bench;

/* --- what is said --------------------------------------------------------- */

static void
joined_free (gpointer data)
{
  Joined *joined = data;

  g_array_unref (joined->samples);
  g_array_unref (joined->ends);
  g_string_free (joined->text, TRUE);
  g_free (joined);
}

static Joined *
joined_new (void)
{
  Joined *joined = g_new0 (Joined, 1);

  joined->samples = g_array_new (FALSE, TRUE, sizeof (float));
  joined->ends = g_array_new (FALSE, FALSE, sizeof (double));
  joined->text = g_string_new (NULL);
  return joined;
}

/* Samples from the first loud one to the last; FALSE: nothing is loud. */
static gboolean
find_speech (const GArray *samples, gsize *from, gsize *to)
{
  gsize n = samples->len / VOICE_HOP;
  g_autofree guint *marks = g_new (guint, n + 1);
  gsize first = 0, last = n;

  voice_mark ((const float *) (const void *) samples->data, samples->len,
      2 * VOICE_HOP, VOICE_HOP, RATE, n, marks);
  while (first < n && marks[first] == 0)
    first++;
  while (last > first && marks[last - 1] == 0)
    last--;
  *from = first * VOICE_HOP;
  *to = last * VOICE_HOP;
  if (last < n) /* at the very end nothing was added */
    *to -= (gsize) (BEHIND * RATE);
  return *to > *from;
}

/* What is loud with a margin, faded in and out, at the end of @joined. */
static gboolean
append_utterance (Joined *joined, GArray *samples, const char *text)
{
  const gsize margin = (gsize) (MARGIN * RATE);
  gsize from, to, end;
  double sum = 0, at;

  if (!find_speech (samples, &from, &to))
    return FALSE;
  for (gsize i = from; i < to; i++)
    sum += pow (g_array_index (samples, float, i), 2);
  joined->level += sum / (double) (to - from) / PER_STREAM;
  end = MIN (to + margin, samples->len);
  from = from > margin ? from - margin : 0;
  for (guint i = 0; i < FADE; i++) {
    g_array_index (samples, float, from + i) *= (float) i / FADE;
    g_array_index (samples, float, end - 1 - i) *= (float) i / FADE;
  }
  at = (double) (joined->samples->len + to - from) / RATE;
  g_array_append_val (joined->ends, at);
  g_array_append_vals (joined->samples, &g_array_index (samples, float, from),
      (guint) (end - from));
  g_string_append_printf (joined->text, "%s%s", joined->text->len ? " " : "",
      text);
  return TRUE;
}

static void
append_pause (Joined *joined, double seconds)
{
  double rest = seconds - 2 * MARGIN;

  g_array_set_size (joined->samples,
      joined->samples->len + (guint) (rest * RATE));
}

static GArray *
choose_rows (const Bench *bench, const Manifest *manifest, const char *corpus)
{
  const char *const dev[] = { "dev", NULL }, *const name[] = { corpus, NULL };
  g_autoptr (GPtrArray) conditions
      = g_ptr_array_new_with_free_func ((GDestroyNotify) condition_free);
  Random random = random_for (1, g_str_hash (corpus), 0);
  GArray *rows;

  g_ptr_array_add (conditions, condition_new ("split", dev, FALSE));
  g_ptr_array_add (conditions, condition_new ("corpus", name, FALSE));
  rows = manifest_select (manifest, conditions, NULL);
  if (rows == NULL)
    return NULL;
  random_shuffle (&random, (guint *) (void *) rows->data, rows->len);
  if (bench->limit > 0)
    g_array_set_size (rows, MIN (rows->len, (guint) bench->limit));
  return rows;
}

/* (element-type Joined): adds streams of a corpus; FALSE with a message. */
static gboolean
join_corpus (const Bench *bench, const Manifest *manifest, const char *corpus,
    GPtrArray *streams)
{
  g_autoptr (GArray) rows = choose_rows (bench, manifest, corpus);
  Random random = random_for (2, g_str_hash (corpus), 0);
  gint text = manifest_column (manifest, "text");
  Joined *joined = NULL;

  for (guint i = 0; rows != NULL && i < rows->len; i++) {
    guint row = g_array_index (rows, guint, i);
    g_autofree char *path = manifest_media_path (manifest, row);
    g_autoptr (GError) error = NULL;
    g_autoptr (GArray) samples = media_load_audio (path, RATE, &error);

    if (samples == NULL) {
      fprintf (stderr, "bench-endpoints: %s\n", error->message);
      return FALSE;
    }
    if (joined == NULL) {
      joined = joined_new ();
      append_pause (joined, 1.0);
      g_ptr_array_add (streams, joined);
    }
    if (!append_utterance (joined, samples,
            manifest_field (manifest, row, text)))
      continue;
    if (joined->ends->len == PER_STREAM || i + 1 == rows->len) {
      append_pause (joined, TAIL);
      joined = NULL;
    } else {
      append_pause (joined,
          random_between (&random, SHORTEST_PAUSE, LONGEST_PAUSE));
    }
  }
  return TRUE;
}

/* The stream in a quiet room, and in the @index-th noise, @ratio dB below what
 * is said; not a number: without. (transfer full) */
static GArray *
add_noise (const Bench *bench, const Joined *joined, double ratio, guint index)
{
  GArray *samples = g_array_copy (joined->samples);
  Random random = random_for (3, 0, index);
  const GArray *noise;
  double sum = 0, scale;
  gsize start;

  for (guint i = 0; i < samples->len; i++)
    g_array_index (samples, float, i)
        += (float) random_between (&random, -ROOM, ROOM);
  if (isnan (ratio))
    return samples;
  noise = g_ptr_array_index (bench->noises.noises,
      random_index (&random, bench->noises.noises->len));
  for (guint i = 0; i < noise->len; i++)
    sum += pow (g_array_index (noise, gint16, i), 2);
  scale = sqrt (joined->level * noise->len / MAX (sum, 1))
      * pow (10.0, -ratio / 20.0);
  start = random_index (&random, noise->len);
  for (guint i = 0; i < samples->len; i++)
    g_array_index (samples, float, i) += (float) (scale
        * g_array_index (noise, gint16, (start + i) % noise->len));
  return samples;
}

/* --- what is heard -------------------------------------------------------- */

static void
on_transcript (const RnncTranscript *transcript, gpointer user_data)
{
  Listener *listener = user_data;
  Told told;

  if (!transcript->is_final)
    return;
  told.heard = (double) listener->n_pushed / RATE;
  /* One that became too long ends with its last word. */
  told.end = MAX (told.heard - listener->latency - listener->silence,
      (double) transcript->end / 1e9);
  g_array_append_val (listener->told, told);
  g_string_append_printf (listener->text, "%s%s",
      listener->text->len ? " " : "", transcript->text);
}

static void
listen (const Bench *bench, const GArray *samples, guint silence,
    Listener *listener)
{
  g_autoptr (RnncTranscriber) transcriber = NULL;
  RnncTranscriberOptions options;
  GError *error = NULL;

  rnnc_transcriber_options_init (&options);
  options.endpoint_silence = silence * G_GUINT64_CONSTANT (1000000);
  options.partial_interval = -1;
  transcriber = rnnc_transcriber_new (bench->model, &options, on_transcript,
      listener, &error);
  if (transcriber == NULL
      || !rnnc_transcriber_set_voice_activity (transcriber, bench->voice,
          &error)) {
    fprintf (stderr, "bench-endpoints: %s\n", error->message);
    exit (1);
  }
  listener->told = g_array_new (FALSE, FALSE, sizeof (Told));
  listener->text = g_string_new (NULL);
  listener->n_pushed = 0;
  listener->latency = (double) rnnc_transcriber_latency (transcriber) / 1e9;
  listener->silence = silence / 1e3;
  for (guint at = 0; at < samples->len; at += CHUNK) {
    guint n = MIN (CHUNK, samples->len - at);

    listener->n_pushed += n;
    rnnc_transcriber_push (transcriber, &g_array_index (samples, float, at), n);
  }
  rnnc_transcriber_flush (transcriber);
}

/* Each true end is found by the nearest end that was told, once. */
static void
score (Result *result, const Joined *joined, const Listener *listener)
{
  g_autofree gboolean *used = g_new0 (gboolean, listener->told->len + 1);
  guint n_used = 0;
  EditCounts counts
      = edit_counts_words (joined->text->str, listener->text->str);

  for (guint i = 0; i < joined->ends->len; i++) {
    double end = g_array_index (joined->ends, double, i);
    gint best = -1;
    double least = TOLERANCE;

    for (guint k = 0; k < listener->told->len; k++) {
      double off = fabs (g_array_index (listener->told, Told, k).end - end);

      if (!used[k] && off <= least) {
        best = (gint) k;
        least = off;
      }
    }
    if (best < 0)
      continue;
    used[best] = TRUE;
    n_used++;
    end = g_array_index (listener->told, Told, best).heard - end;
    g_array_append_val (result->delays, end);
  }
  result->n_ends += joined->ends->len;
  result->n_found += n_used;
  result->n_false += listener->told->len - n_used;
  edit_counts_add (&result->words, &counts);
}

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
quantile (GArray *values, double share)
{
  if (values->len == 0)
    return NAN;
  g_array_sort (values, compare_doubles);
  return g_array_index (values, double,
      (guint) (share * (values->len - 1) + 0.5));
}

static void
print_result (Result *result, const char *ratio, guint silence,
    gboolean has_voice)
{
  printf ("%s\t%u\t%s\t%u\t%.1f\t%.1f\t%.1f\t%.2f\t%.2f\t%.2f\n", ratio,
      silence, has_voice ? "vad" : "-", result->n_ends,
      100.0 * result->n_found / result->n_ends,
      100.0 * (result->n_ends - result->n_found) / result->n_ends,
      100.0 * result->n_false / result->n_ends, quantile (result->delays, 0.5),
      quantile (result->delays, 0.9), 100 * edit_counts_rate (&result->words));
  fflush (stdout);
}

static void
run (const Bench *bench, const GPtrArray *streams, const char *ratio,
    guint silence)
{
  Result result = { .delays = g_array_new (FALSE, FALSE, sizeof (double)) };
  double decibels = g_str_equal (ratio, "clean") ? (double) NAN
                                                 : g_ascii_strtod (ratio, NULL);

  for (guint i = 0; i < streams->len; i++) {
    const Joined *joined = g_ptr_array_index (streams, i);
    g_autoptr (GArray) samples = add_noise (bench, joined, decibels, i);
    Listener listener;

    listen (bench, samples, silence, &listener);
    score (&result, joined, &listener);
    g_array_unref (listener.told);
    g_string_free (listener.text, TRUE);
  }
  print_result (&result, ratio, silence, bench->voice != NULL);
  g_array_unref (result.delays);
}

static void
run_all (const Bench *bench, const GPtrArray *streams)
{
  g_auto (GStrv) ratios = g_strsplit (bench->ratios, ",", -1);
  g_auto (GStrv) silences = g_strsplit (bench->silences, ",", -1);

  printf ("noise (dB)\tsilence (ms)\tvoice\tends\tfound %%\tmissed %%\t"
          "false %%\tdelay median (s)\t90 %%\tword error %%\n");
  for (guint i = 0; ratios[i] != NULL; i++) {
    for (guint k = 0; silences[k] != NULL; k++) {
      guint silence = (guint) g_ascii_strtoull (silences[k], NULL, 10);

      run (bench, streams, ratios[i], silence);
    }
  }
}

static RnncModel *
load_model (const char *name, const char *task, GError **error)
{
  g_autofree char *path = rnnc_model_find (name, task, error);

  return path != NULL ? rnnc_model_load (path, error) : NULL;
}

static int
measure (Bench *bench, const char *path)
{
  static const char *const corpora[] = { "librispeech", "an4", "speechocean" };
  g_autoptr (GPtrArray) streams = g_ptr_array_new_with_free_func (joined_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (Manifest) manifest = manifest_load (path, &error);

  if (manifest != NULL)
    bench->model = load_model (bench->model_name, "speech", &error);
  if (bench->model != NULL && bench->voice_name != NULL)
    bench->voice = load_model (bench->voice_name, "voice-activity", &error);
  if (error != NULL
      || (bench->noise != NULL
          && !voice_noise_load (&bench->noises, bench->noise, RATE, &error))) {
    fprintf (stderr, "bench-endpoints: %s\n", error->message);
    return 1;
  }
  for (guint i = 0; i < G_N_ELEMENTS (corpora); i++)
    if (!join_corpus (bench, manifest, corpora[i], streams))
      return 1;
  run_all (bench, streams);
  return 0;
}

int
main (int argc, char **argv)
{
  Bench bench = { .limit = 0 };
  const GOptionEntry entries[] = {
    { "model", 'm', 0, G_OPTION_ARG_FILENAME, &bench.model_name,
        "Speech model (default: the default model)", "MODEL" },
    { "vad", 0, 0, G_OPTION_ARG_FILENAME, &bench.voice_name,
        "Network of voice activity (default: none)", "MODEL" },
    { "noise", 0, 0, G_OPTION_ARG_FILENAME, &bench.noise, "Manifest of noises",
        "MANIFEST" },
    { "silence", 0, 0, G_OPTION_ARG_STRING, &bench.silences,
        "Silence that ends an utterance (default: 800)", "MS,…" },
    { "snr", 0, 0, G_OPTION_ARG_STRING, &bench.ratios,
        "\"clean\", or how far noise is below speech (default: clean)",
        "DB,…" },
    { "limit", 0, 0, G_OPTION_ARG_INT, &bench.limit,
        "Utterances of each corpus (default: all)", "N" },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("MANIFEST");
  g_autoptr (GError) error = NULL;
  int status;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc != 2) {
    fprintf (stderr, "bench-endpoints: %s; see --help\n",
        error != NULL ? error->message : "one MANIFEST is needed");
    return 2;
  }
  if (bench.silences == NULL)
    bench.silences = g_strdup ("800");
  if (bench.ratios == NULL)
    bench.ratios = g_strdup ("clean");
  media_init ();
  status = measure (&bench, argv[1]);
  g_clear_pointer (&bench.model, rnnc_model_unref);
  g_clear_pointer (&bench.voice, rnnc_model_unref);
  voice_noise_clear (&bench.noises);
  g_free (bench.model_name);
  g_free (bench.voice_name);
  g_free (bench.noise);
  g_free (bench.silences);
  g_free (bench.ratios);
  return status;
}
