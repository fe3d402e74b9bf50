/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Processor time of 64 streams of one model that advance together, beside the
 * same streams each for itself, per stream and 10 ms of sound. Prints a JSON
 * line a case:
 *   one thread: all streams are pushed by rnnc_stream_batch_push_features(),
 * the network alone; the least of a few rounds live: each stream has a thread
 * of its own and is given 20 ms of sound every 20 ms, at a phase of its own,
 * front end and all threads' switches with it; "wait-ms" is
 * rnnc_stream_set_batch_wait(); "late" are the ms from when a push was due to
 * when it was done
 *
 * Usage: bench-streams [MODEL…] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/random-model.h"

#define N_STREAMS 64
#define N_ROUNDS 7
#define RATE 16000

/* One thread. */
#define LENGTH 96 /* frames of a round, a multiple of every push */

/* Live. */
#define BUFFER_MS 20
#define BUFFER (RATE / 1000 * BUFFER_MS)
#define N_BUFFERS 100
#define WAIT_MS 20

#define SPEECH                                                                 \
  "[{'type':'conv1d','name':'c','channels':192,'kernel':5,'stride':2,"         \
  "'left':2,'right':2,'bias':false},{'type':'batch-norm','name':'n'},"         \
  "{'type':'relu'},{'type':'lstm','name':'r','hidden':512,'layers':2},"        \
  "{'type':'dense','name':'h','units':29},{'type':'log-softmax'}]"
#define SOUND                                                                  \
  "{'type':'log-mel','rate':16000,'window':400,'hop':160,'fft':512,"           \
  "'mels':80}"

static void
ignore_outputs (const float *outputs, gsize n_frames, gpointer user_data)
{
}

/* us of the process, all its threads. */
static double
processor_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e6 * (double) now.tv_sec + 1e-3 * (double) now.tv_nsec;
}

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
quantile (double *values, gsize n, double share)
{
  qsort (values, n, sizeof *values, compare_doubles);
  return values[(gsize) (share * (double) (n - 1) + 0.5)];
}

/* --- one thread ----------------------------------------------------------- */

static double
time_separate (RnncStream **streams, const float *input, gsize width,
    gsize push)
{
  double start = processor_time ();

  for (gsize t = 0; t < LENGTH; t += push)
    for (guint i = 0; i < N_STREAMS; i++)
      rnnc_stream_push_features (streams[i], input + t * width, push);
  return (processor_time () - start) / N_STREAMS / LENGTH;
}

static double
time_together (RnncStreamBatch *batch, RnncStream **streams, const float *input,
    gsize width, gsize push)
{
  const float *inputs[N_STREAMS];
  gsize n_frames[N_STREAMS];
  double start = processor_time ();

  for (gsize t = 0; t < LENGTH; t += push) {
    for (guint i = 0; i < N_STREAMS; i++) {
      inputs[i] = input + t * width;
      n_frames[i] = push;
    }
    rnnc_stream_batch_push_features (batch, streams, inputs, n_frames,
        N_STREAMS);
  }
  return (processor_time () - start) / N_STREAMS / LENGTH;
}

static void
bench_one_thread (const char *name, RnncModel *model, gsize push)
{
  g_autoptr (RnncStreamBatch) batch
      = rnnc_stream_batch_new (model, N_STREAMS, NULL);
  gsize width = rnnc_model_input_size (model);
  g_autofree float *input = random_input (model, LENGTH, 1);
  double separate[N_ROUNDS], together[N_ROUNDS], times[N_ROUNDS];
  RnncStream *streams[N_STREAMS];

  if (batch == NULL) {
    g_printerr ("bench-streams: %s: streams of this model cannot go together\n",
        name);
    return;
  }
  for (guint i = 0; i < N_STREAMS; i++)
    streams[i] = rnnc_stream_new (model, ignore_outputs, NULL);
  for (guint i = 0; i < N_ROUNDS; i++) {
    separate[i] = time_separate (streams, input, width, push);
    together[i] = time_together (batch, streams, input, width, push);
    times[i] = separate[i] / together[i];
  }
  printf ("{\"case\": \"%s\", \"how\": \"one thread\", \"streams\": %d, "
          "\"push-ms\": %d, \"separate-us\": %.2f, \"together-us\": %.2f, "
          "\"times\": %.2f, \"times-least\": %.2f, \"times-most\": %.2f}\n",
      name, N_STREAMS, (int) push * 10, quantile (separate, N_ROUNDS, 0.5),
      quantile (together, N_ROUNDS, 0.5), quantile (times, N_ROUNDS, 0.5),
      quantile (times, N_ROUNDS, 0), quantile (times, N_ROUNDS, 1));
  for (guint i = 0; i < N_STREAMS; i++)
    rnnc_stream_free (streams[i]);
}

/* --- live ----------------------------------------------------------------- */

typedef struct {
  RnncStream *stream;
  const float *sound;
  gint64 begin; /* us */
  double late[N_BUFFERS];
} Speaker;

static gpointer
speak (gpointer data)
{
  Speaker *speaker = data;

  for (guint i = 0; i < N_BUFFERS; i++) {
    gint64 due = speaker->begin + (gint64) i * BUFFER_MS * 1000;
    gint64 left = due - g_get_monotonic_time ();

    if (left > 0)
      g_usleep ((gulong) left);
    rnnc_stream_push_samples (speaker->stream, speaker->sound + i * BUFFER,
        BUFFER);
    speaker->late[i] = (double) (g_get_monotonic_time () - due) / 1000;
  }
  return NULL;
}

/* us a stream and 10 ms. @late: [N_STREAMS * N_BUFFERS] */
static double
time_live (RnncModel *model, const float *sound, guint64 wait, double *late)
{
  g_autofree Speaker *speakers = g_new (Speaker, N_STREAMS);
  GThread *threads[N_STREAMS];
  gint64 begin = g_get_monotonic_time () + 50000;
  double start;

  for (guint i = 0; i < N_STREAMS; i++) {
    speakers[i].stream = rnnc_stream_new (model, ignore_outputs, NULL);
    rnnc_stream_set_batch_wait (speakers[i].stream, wait);
    speakers[i].sound = sound;
    speakers[i].begin = begin + i * 7919 % (BUFFER_MS * 1000);
  }
  start = processor_time ();
  for (guint i = 0; i < N_STREAMS; i++)
    threads[i] = g_thread_new (wait > 0 ? "together" : "separate", speak,
        &speakers[i]);
  for (guint i = 0; i < N_STREAMS; i++)
    g_thread_join (threads[i]);
  start = processor_time () - start;
  for (guint i = 0; i < N_STREAMS; i++) {
    memcpy (late + i * N_BUFFERS, speakers[i].late, sizeof speakers[i].late);
    rnnc_stream_free (speakers[i].stream);
  }
  return start / N_STREAMS / N_BUFFERS / BUFFER_MS * 10;
}

#define N_LIVE 3

static void
bench_live (const char *name, RnncModel *model)
{
  gsize n_late = (gsize) N_STREAMS * N_BUFFERS;
  g_autofree float *sound = g_new (float, N_BUFFERS *BUFFER);
  g_autofree double *late = g_new (double, n_late);
  double separate[N_LIVE], together[N_LIVE], times[N_LIVE];
  double median[2], p99[2];

  for (guint i = 0; i < N_BUFFERS * BUFFER; i++)
    sound[i] = (float) ((i * 2654435761u >> 16 & 0xffff) / 65536.0 - 0.5);
  for (guint i = 0; i < N_LIVE; i++) {
    separate[i] = time_live (model, sound, 0, late);
    median[0] = quantile (late, n_late, 0.5);
    p99[0] = quantile (late, n_late, 0.99);
    together[i] = time_live (model, sound, WAIT_MS * 1000000, late);
    median[1] = quantile (late, n_late, 0.5);
    p99[1] = quantile (late, n_late, 0.99);
    times[i] = separate[i] / together[i];
  }
  printf ("{\"case\": \"%s\", \"how\": \"live\", \"streams\": %d, "
          "\"wait-ms\": %d, \"separate-us\": %.2f, \"together-us\": %.2f, "
          "\"times\": %.2f, \"times-least\": %.2f, \"times-most\": %.2f, "
          "\"separate-late-median\": %.1f, \"separate-late-p99\": %.1f, "
          "\"together-late-median\": %.1f, \"together-late-p99\": %.1f}\n",
      name, N_STREAMS, WAIT_MS, quantile (separate, N_LIVE, 0.5),
      quantile (together, N_LIVE, 0.5), quantile (times, N_LIVE, 0.5),
      quantile (times, N_LIVE, 0), quantile (times, N_LIVE, 1), median[0],
      p99[0], median[1], p99[1]);
}

static void
bench (const char *name, RnncModel *model)
{
  bench_one_thread (name, model, 2);
  bench_one_thread (name, model, 8);
  fflush (stdout);
  bench_live (name, model);
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  g_autoptr (RnncModel) model = random_model_new (SOUND, SPEECH);

  bench ("speech: conv 192, LSTM 2x512", model);
  for (int i = 1; i < argc; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (RnncModel) named = rnnc_model_load (argv[i], &error);
    g_autofree char *name = g_path_get_basename (argv[i]);

    if (named == NULL) {
      g_printerr ("bench-streams: %s\n", error->message);
      return EXIT_FAILURE;
    }
    bench (name, named);
  }
  return EXIT_SUCCESS;
}
