/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Our speed and that of others on the same work, on one thread, in one run:
 * they take turns, so that whatever else the machine does meets all of them.
 * What is measured is processor time: waiting for a core is nobody's work. One
 * JSON line a case: microseconds of ours (the least and the median of all
 * rounds), and of each peer microseconds and how many times longer it took than
 * ours in the same round (quartiles and median): above 1 we are faster.
 *
 * Usage: bench-peers PEER-TORCH.PY [CASE…]; a case by the start of its name.
 * Peers: oneDNN where it was there to build with, ONNX Runtime where
 * $RNNC_BENCH_ONNXRUNTIME names its library, PyTorch where $PYTHON (Debian's
 * python3) has it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/peer.h"
#include "tests/support/random-model.h"

#define N_ROUNDS 21
#define ROUND_SECONDS 0.004 /* of each in a round, about */
#define MAX_CONTENDERS 4

static const struct {
  const char *name;
  Work work;
} cases[] = {
  { "lstm-128-step", { WORK_LSTM, 128, 1, 1, STORAGE_F32 } },
  { "lstm-256-step", { WORK_LSTM, 256, 1, 1, STORAGE_F32 } },
  { "lstm-512-step", { WORK_LSTM, 512, 1, 1, STORAGE_F32 } },
  { "lstm-1024-step", { WORK_LSTM, 1024, 1, 1, STORAGE_F32 } },
  { "lstm-128-step-f16", { WORK_LSTM, 128, 1, 1, STORAGE_F16 } },
  { "lstm-256-step-f16", { WORK_LSTM, 256, 1, 1, STORAGE_F16 } },
  { "lstm-512-step-f16", { WORK_LSTM, 512, 1, 1, STORAGE_F16 } },
  { "lstm-1024-step-f16", { WORK_LSTM, 1024, 1, 1, STORAGE_F16 } },
  { "lstm-128-step-int8", { WORK_LSTM, 128, 1, 1, STORAGE_INT8 } },
  { "lstm-256-step-int8", { WORK_LSTM, 256, 1, 1, STORAGE_INT8 } },
  { "lstm-512-step-int8", { WORK_LSTM, 512, 1, 1, STORAGE_INT8 } },
  { "lstm-1024-step-int8", { WORK_LSTM, 1024, 1, 1, STORAGE_INT8 } },
  { "lstm-256-500-steps", { WORK_LSTM, 256, 500, 1, STORAGE_F32 } },
  { "lstm-512-500-steps", { WORK_LSTM, 512, 500, 1, STORAGE_F32 } },
  { "lstm-256-500-steps-of-16", { WORK_LSTM, 256, 500, 16, STORAGE_F32 } },
  { "lstm-512-500-steps-of-16", { WORK_LSTM, 512, 500, 16, STORAGE_F32 } },
  { "lstm-256-500-steps-f16", { WORK_LSTM, 256, 500, 1, STORAGE_F16 } },
  { "conv2d-112", { WORK_CONV2D, 0, 1, 1, STORAGE_F32 } },
  { "speech-step", { WORK_SPEECH, 0, 1, 1, STORAGE_F32 } },
  { "speech-step-f16", { WORK_SPEECH, 0, 1, 1, STORAGE_F16 } },
  { "speech-step-int8", { WORK_SPEECH, 0, 1, 1, STORAGE_INT8 } },
  { "train-lstm-256", { WORK_TRAIN, 256, 200, 16, STORAGE_F32 } },
  { "train-lstm-512", { WORK_TRAIN, 512, 200, 16, STORAGE_F32 } },
};

static const char *const storage_names[] = { "f32", "f16", "int8" };

float *
random_floats (gsize n)
{
  GRand *random = g_rand_new_with_seed (3);
  float *values = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    values[i] = (float) g_rand_double_range (random, -0.1, 0.1);
  g_rand_free (random);
  return values;
}

/* --- ours ----------------------------------------------------------------- */

typedef struct {
  RnncModel *model;
  RnncStream *stream;    /* of steps */
  gsize n_frames, batch; /* frames of input */
  gsize *lengths;
  const float **inputs;
  float **outputs;
} Ours;

static void
ignore_outputs (const float *outputs, gsize n_frames, gpointer user_data)
{
}

static void
run_ours (gpointer data)
{
  Ours *ours = data;

  if (ours->stream != NULL)
    rnnc_stream_push_features (ours->stream, ours->inputs[0], ours->n_frames);
  else
    rnnc_model_forward_batch (ours->model, ours->inputs, ours->lengths,
        ours->batch, ours->outputs);
}

static void
append_speech (GString *layers)
{
  g_string_append_printf (layers,
      "{'type':'conv1d','channels':%u,'kernel':%u,'stride':%u,'right':3},"
      "{'type':'relu'},"
      "{'type':'conv1d','channels':%u,'kernel':%u,'right':2},{'type':'relu'},"
      "{'type':'lstm','hidden':%u,'layers':%u},"
      "{'type':'dense','units':%u},{'type':'log-softmax'}",
      SPEECH_CHANNELS, SPEECH_KERNEL, SPEECH_STRIDE, SPEECH_CHANNELS,
      SPEECH_CONTEXT, SPEECH_HIDDEN, SPEECH_LAYERS, SPEECH_LABELS);
}

static RnncModel *
new_model (const Work *work)
{
  g_autofree char *frontend = work->kind == WORK_CONV2D
      ? g_strdup_printf ("{'type':'video','width':%u,'height':%u,"
                         "'colour':true}",
          CONV2D_SIZE, CONV2D_SIZE)
      : g_strdup_printf ("{'type':'none','features':%u}",
          work->kind == WORK_LSTM ? work->hidden : SPEECH_MELS);
  g_autoptr (GString) layers = g_string_new ("[");

  if (work->kind == WORK_LSTM)
    g_string_append_printf (layers, "{'type':'lstm','hidden':%u}",
        work->hidden);
  else if (work->kind == WORK_SPEECH)
    append_speech (layers);
  for (guint i = 0; work->kind == WORK_CONV2D && i < CONV2D_LAYERS; i++)
    g_string_append_printf (layers,
        "%s{'type':'conv2d','channels':%u,'kernel':3,'stride':2,'padding':1},"
        "{'type':'relu'}",
        i > 0 ? "," : "", conv2d_channels[i + 1]);
  g_string_append (layers, "]");
  g_setenv ("RNNC_TEST_STORAGE", storage_names[work->storage], TRUE);
  return random_model_new (frontend, layers->str);
}

gboolean
contender_ours (Contender *contender, const Work *work)
{
  Ours *ours;

  if (work->kind == WORK_TRAIN) {
#ifdef RNNC_HAVE_TRAIN
    return contender_ours_train (contender, work);
#else
    return FALSE;
#endif
  }
  ours = g_new0 (Ours, 1);
  ours->model = new_model (work);
  ours->n_frames
      = work->n_frames * (work->kind == WORK_SPEECH ? SPEECH_STRIDE : 1);
  ours->batch = work->batch;
  ours->lengths = g_new (gsize, work->batch);
  ours->inputs = g_new (const float *, work->batch);
  ours->outputs = g_new (float *, work->batch);
  for (guint i = 0; i < work->batch; i++) {
    ours->lengths[i] = ours->n_frames;
    ours->inputs[i] = random_input (ours->model, ours->n_frames, i);
    ours->outputs[i]
        = g_new (float, ours->n_frames *rnnc_model_output_size (ours->model));
  }
  if (work->n_frames == 1)
    ours->stream = rnnc_stream_new (ours->model, ignore_outputs, NULL);
  *contender = (Contender){ "ours", run_ours, ours };
  return TRUE;
}

/* --- PyTorch, in a process of its own ------------------------------------- */

typedef struct {
  FILE *to;
  FILE *from;
} Child;

/* Returns seconds. */
static double
ask_torch (Child *child, guint n)
{
  char answer[64];

  fprintf (child->to, "%u\n", n);
  fflush (child->to);
  if (fgets (answer, sizeof answer, child->from) == NULL)
    g_error ("PyTorch went away");
  return g_ascii_strtod (answer, NULL);
}

static gboolean
contender_torch (Contender *contender, const Work *work, const char *script)
{
  static const char *const kinds[] = { [WORK_LSTM] = "lstm",
    [WORK_CONV2D] = "conv2d",
    [WORK_TRAIN] = "train" };
  const char *python = g_getenv ("PYTHON");
  g_autofree char *hidden = g_strdup_printf ("%u", work->hidden);
  g_autofree char *n_frames = g_strdup_printf ("%u", work->n_frames);
  g_autofree char *batch = g_strdup_printf ("%u", work->batch);
  const char *argv[] = { python != NULL ? python : "/usr/bin/python3", script,
    kinds[work->kind], hidden, n_frames, batch,
    work->storage == STORAGE_INT8 ? "int8" : "f32", NULL };
  const char *probe[] = { argv[0], "-c", "import torch", NULL };
  Child *child = g_new0 (Child, 1);
  int in, out, status;

  if (work->kind == WORK_SPEECH
      || !g_spawn_sync (NULL, (char **) probe, NULL, G_SPAWN_STDERR_TO_DEV_NULL,
          NULL, NULL, NULL, NULL, &status, NULL)
      || status != 0
      || !g_spawn_async_with_pipes (NULL, (char **) argv, NULL,
          G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, &in, &out, NULL, NULL))
    return FALSE;
  child->to = fdopen (in, "w");
  child->from = fdopen (out, "r");
  *contender = (Contender){ "pytorch", NULL, child };
  return TRUE;
}

/* --- taking turns --------------------------------------------------------- */

static double
processor_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

/* Microseconds of one time of @n. */
static double
time_runs (const Contender *contender, guint n)
{
  double start;

  if (contender->run == NULL)
    return ask_torch (contender->data, n) * 1e6 / n;
  start = processor_seconds ();
  for (guint i = 0; i < n; i++)
    contender->run (contender->data);
  return (processor_seconds () - start) * 1e6 / n;
}

/* How often in a round. */
static guint
count_runs (const Contender *contender)
{
  double once;

  time_runs (contender, 2);
  once = MIN (time_runs (contender, 4), time_runs (contender, 4));
  return (guint) CLAMP (ROUND_SECONDS * 1e6 / MAX (once, 0.1), 1, 20000);
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
quantile (double *values, double share)
{
  qsort (values, N_ROUNDS, sizeof *values, compare_doubles);
  return values[(guint) lround (share * (N_ROUNDS - 1))];
}

static void
print_peer (const char *name, double *times, const double *ours)
{
  double ratios[N_ROUNDS];

  for (guint i = 0; i < N_ROUNDS; i++)
    ratios[i] = times[i] / ours[i];
  printf (", \"%s\": {\"least-us\": %.2f, \"median-us\": %.2f, \"times\": "
          "%.2f, "
          "\"quartiles\": [%.2f, %.2f]}",
      name, quantile (times, 0), quantile (times, 0.5), quantile (ratios, 0.5),
      quantile (ratios, 0.25), quantile (ratios, 0.75));
}

static void
run_case (guint index, const char *script)
{
  const Work *work = &cases[index].work;
  Contender contenders[MAX_CONTENDERS];
  double times[MAX_CONTENDERS][N_ROUNDS];
  guint runs[MAX_CONTENDERS], n = 0;

  n += contender_ours (&contenders[n], work);
  if (n == 0)
    return;
#ifdef RNNC_HAVE_ONEDNN
  n += contender_onednn (&contenders[n], work);
#endif
  n += contender_onnxruntime (&contenders[n], work);
  n += contender_torch (&contenders[n], work, script);
  for (guint i = 0; i < n; i++)
    runs[i] = count_runs (&contenders[i]);
  for (guint round = 0; round < N_ROUNDS; round++)
    for (guint i = 0; i < n; i++)
      times[i][round] = time_runs (&contenders[i], runs[i]);
  printf ("{\"case\": \"%s\", \"rounds\": %d", cases[index].name, N_ROUNDS);
  for (guint i = 1; i < n; i++) /* ours last: sorting ends its rounds */
    print_peer (contenders[i].name, times[i], times[0]);
  printf (", \"ours\": {\"least-us\": %.2f, \"median-us\": %.2f}}\n",
      quantile (times[0], 0), quantile (times[0], 0.5));
  fflush (stdout);
  for (guint i = 0; i < n; i++) {
    if (contenders[i].run == NULL)
      fclose (((Child *) contenders[i].data)->to);
  }
}

static gboolean
is_wanted (const char *name, int argc, char **argv)
{
  for (int i = 2; i < argc; i++) {
    if (g_str_has_prefix (name, argv[i]))
      return TRUE;
  }
  return argc <= 2;
}

/* The peers' libraries read this when they are loaded. */
static void
hold_to_one_thread (char **argv)
{
  if (g_getenv ("OMP_NUM_THREADS") != NULL)
    return;
  g_setenv ("OMP_NUM_THREADS", "1", TRUE);
  execv ("/proc/self/exe", argv);
}

int
main (int argc, char **argv)
{
  if (argc < 2) {
    fprintf (stderr, "usage: bench-peers PEER-TORCH.PY [CASE...]\n");
    return 2;
  }
  hold_to_one_thread (argv);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    if (is_wanted (cases[i].name, argc, argv))
      run_case (i, argv[1]);
  }
  return EXIT_SUCCESS;
}
