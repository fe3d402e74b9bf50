/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How fast a model is on this machine, as it is stored and as bytes. */
#include <glib/gstdio.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "rnncore/rnncore.h"
#include "tools/command.h"

#define DEFAULT_ROUNDS 21
#define MAX_ROUNDS 1000
#define N_BATCH 16

static const CommandUsage usage = {
  "MODEL",
  "Measures a model on this machine, one thread: microseconds of processor an\n"
  "input frame, streaming, whole and 16 sequences at a time, as it is stored\n"
  "and as int8. Both take turns, round by round; \"times\" is how many times\n"
  "longer the stored model took than int8 in the same round. One JSON line a\n"
  "case. The front end is not part of it. MODEL is a file, or the name of an\n"
  "installed model.",
  "  rnncore bench speech-en-streaming",
  1,
  1,
};

typedef struct {
  RnncModel *model;
  RnncStream *stream;
  gsize n_frames, push;
  const float *inputs[N_BATCH]; /* the same for all */
  gsize lengths[N_BATCH];
  float *outputs[N_BATCH];
} Bench;

static void
ignore_outputs (const float *outputs, gsize n_frames, gpointer user_data)
{
}

static void
run_stream (Bench *bench)
{
  gsize width = rnnc_model_input_size (bench->model);

  for (gsize t = 0; t < bench->n_frames; t += bench->push)
    rnnc_stream_push_features (bench->stream, bench->inputs[0] + t * width,
        MIN (bench->push, bench->n_frames - t));
}

static void
run_whole (Bench *bench)
{
  rnnc_model_forward (bench->model, bench->inputs[0], bench->n_frames,
      bench->outputs[0]);
}

static void
run_batch (Bench *bench)
{
  rnnc_model_forward_batch (bench->model, bench->inputs, bench->lengths,
      N_BATCH, bench->outputs);
}

static const struct {
  const char *name;
  void (*run) (Bench *bench);
  gsize n_sequences;
} cases[] = {
  { "stream", run_stream, 1 },
  { "whole", run_whole, 1 },
  { "batch", run_batch, N_BATCH },
};

static void
bench_init (Bench *bench, RnncModel *model, const float *input, gsize n_frames)
{
  gsize size = rnnc_model_output_frames (model, n_frames)
      * rnnc_model_output_size (model);

  bench->model = model;
  bench->stream = rnnc_stream_new (model, ignore_outputs, NULL);
  bench->n_frames = n_frames;
  bench->push = rnnc_model_stride (model);
  for (guint i = 0; i < N_BATCH; i++) {
    bench->inputs[i] = input;
    bench->lengths[i] = n_frames;
    bench->outputs[i] = g_new (float, MAX (size, 1));
  }
}

static void
bench_clear (Bench *bench)
{
  rnnc_stream_free (bench->stream);
  for (guint i = 0; i < N_BATCH; i++)
    g_free (bench->outputs[i]);
}

static double
processor_seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

/* Microseconds a frame of a sequence. */
static double
time_case (guint index, Bench *bench)
{
  double start = processor_seconds ();

  cases[index].run (bench);
  return (processor_seconds () - start) * 1e6
      / (double) (bench->n_frames * cases[index].n_sequences);
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* @values: [n], sorted afterwards */
static double
quantile (double *values, guint n, double share)
{
  qsort (values, n, sizeof *values, compare_doubles);
  return values[(guint) lround (share * (n - 1))];
}

static void
measure (guint index, Bench *stored, Bench *bytes, guint n_rounds)
{
  g_autofree double *a = g_new (double, n_rounds);
  g_autofree double *b = g_new (double, n_rounds);
  g_autofree double *ratios = g_new (double, n_rounds);

  time_case (index, stored);
  time_case (index, bytes);
  for (guint i = 0; i < n_rounds; i++) {
    a[i] = time_case (index, stored);
    b[i] = time_case (index, bytes);
    ratios[i] = a[i] / b[i];
  }
  printf ("{\"case\": \"%s\", \"frames\": %" G_GSIZE_FORMAT ", \"rounds\": %u, "
          "\"stored-us\": %.3f, \"int8-us\": %.3f, \"times\": %.2f, "
          "\"quartiles\": [%.2f, %.2f], \"stream-bytes\": %" G_GSIZE_FORMAT
          "}\n",
      cases[index].name, stored->n_frames, n_rounds,
      quantile (a, n_rounds, 0.5), quantile (b, n_rounds, 0.5),
      quantile (ratios, n_rounds, 0.5), quantile (ratios, n_rounds, 0.25),
      quantile (ratios, n_rounds, 0.75), rnnc_stream_memory (stored->stream));
  fflush (stdout);
}

/* Returns: (transfer full): the same model with bytes for weights. */
static RnncModel *
load_as_bytes (RnncModel *model, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("rnncore-bench-XXXXXX", error);
  g_autofree char *path = NULL;
  RnncModel *bytes = NULL;

  if (folder == NULL)
    return NULL;
  path = g_build_filename (folder, "int8.safetensors", NULL);
  if (rnnc_model_convert (model, path, &(RnncConversion){ RNNC_STORAGE_I8 },
          error))
    bytes = rnnc_model_load (path, error);
  g_unlink (path);
  g_rmdir (folder);
  return bytes;
}

/* Numbers as normalised features are. */
static float *
make_input (gsize n)
{
  GRand *random = g_rand_new_with_seed (1);
  float *input = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_double_range (random, -1.7, 1.7);
  g_rand_free (random);
  return input;
}

static int
run (RnncModel *model, guint n_rounds)
{
  gsize width = rnnc_model_input_size (model);
  gsize n_frames = width > 1000 ? 16 : 256;
  g_autofree float *input = make_input (n_frames * width);
  g_autoptr (RnncModel) bytes = NULL;
  GError *error = NULL;
  Bench stored, as_bytes;

  bytes = load_as_bytes (model, &error);
  if (bytes == NULL)
    return command_fail (error);
  bench_init (&stored, model, input, n_frames);
  bench_init (&as_bytes, bytes, input, n_frames);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    measure (i, &stored, &as_bytes, n_rounds);
  bench_clear (&stored);
  bench_clear (&as_bytes);
  return EXIT_OK;
}

int
command_bench (int argc, char **argv)
{
  int n_rounds = DEFAULT_ROUNDS;
  g_auto (GStrv) arguments = NULL;
  g_autofree char *path = NULL;
  g_autoptr (RnncModel) model = NULL;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "rounds", 0, 0, G_OPTION_ARG_INT, &n_rounds,
        "Times that each is measured (default: 21)", "N" },
    { NULL },
  };

  if (!command_parse (argc, argv, entries, &usage, &arguments, &status))
    return status;
  if (n_rounds < 1 || n_rounds > MAX_ROUNDS)
    return command_misused ("bench", "--rounds must be 1 to %d", MAX_ROUNDS);
  path = rnnc_model_find (arguments[0], "speech", &error);
  if (path == NULL)
    return command_fail (error);
  model = rnnc_model_load (path, &error);
  if (model == NULL)
    return command_fail (error);
  return run (model, (guint) n_rounds);
}
