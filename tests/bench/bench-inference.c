/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Microseconds of inference per input frame, on one thread: the best of five.
 * One line a case, "NAME<tab>whole|stream<tab>microseconds";
 * peer-inference.py runs this and the same work in PyTorch, and prints both. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/random-model.h"

#define N_REPEATS 5

typedef struct {
  const char *name;
  guint n_frames;
  guint push; /* frames at a time in a stream: one output frame's worth */
  const char *frontend;
  const char *layers;
} Case;

static const Case cases[] = {
  { "LSTM 256", 1000, 1, "{'type':'none','features':256}",
      "[{'type':'lstm','name':'r','hidden':256}]" },
  { "GRU 512", 1000, 1, "{'type':'none','features':512}",
      "[{'type':'gru','name':'r','hidden':512}]" },
  { "speech: conv 192, LSTM 2x256", 1000, 2, "{'type':'none','features':80}",
      "[{'type':'conv1d','name':'c','channels':192,'kernel':5,'stride':2,"
      "'left':2,'right':2,'bias':false},{'type':'batch-norm','name':'n'},"
      "{'type':'relu'},{'type':'lstm','name':'r','hidden':256,'layers':2},"
      "{'type':'dense','name':'h','units':29},{'type':'log-softmax'}]" },
  { "speech: conv 192, BiLSTM 2x256", 1000, 2, "{'type':'none','features':80}",
      "[{'type':'conv1d','name':'c','channels':192,'kernel':5,'stride':2,"
      "'left':2,'right':2,'bias':false},{'type':'batch-norm','name':'n'},"
      "{'type':'relu'},{'type':'lstm','name':'r','hidden':256,'layers':2,"
      "'bidirectional':true},{'type':'dense','name':'h','units':29},"
      "{'type':'log-softmax'}]" },
  { "gesture: 3 convs on 64x64, GRU 128", 60, 1,
      "{'type':'video','width':64,'height':64}",
      "[{'type':'conv2d','name':'a','channels':16,'kernel':3,'stride':2,"
      "'padding':1,'bias':false},{'type':'batch-norm','name':'an'},"
      "{'type':'relu'},{'type':'conv2d','name':'b','channels':32,'kernel':3,"
      "'stride':2,'padding':1,'bias':false},"
      "{'type':'batch-norm','name':'bn'},{'type':'relu'},"
      "{'type':'conv2d','name':'c','channels':64,'kernel':3,'stride':2,"
      "'padding':1,'bias':false},{'type':'batch-norm','name':'cn'},"
      "{'type':'relu'},{'type':'flatten'},"
      "{'type':'gru','name':'r','hidden':128},{'type':'mean-over-time'},"
      "{'type':'dense','name':'h','units':10},{'type':'log-softmax'}]" },
};

static void
ignore_outputs (const float *outputs, gsize n_frames, gpointer user_data)
{
  *(gsize *) user_data += n_frames;
}

static double
time_whole (RnncModel *model, const Case *c, const float *input)
{
  g_autofree float *output = g_new (float,
      rnnc_model_output_frames (model, c->n_frames)
          * rnnc_model_output_size (model));
  gint64 best = G_MAXINT64;

  for (guint i = 0; i < N_REPEATS; i++) {
    gint64 start = g_get_monotonic_time ();

    rnnc_model_forward (model, input, c->n_frames, output);
    best = MIN (best, g_get_monotonic_time () - start);
  }
  return (double) best / c->n_frames;
}

/* Of one sequence of @N_BATCH alike. */
#define N_BATCH 16

static double
time_batch (RnncModel *model, const Case *c, const float *input)
{
  const float *inputs[N_BATCH];
  float *outputs[N_BATCH];
  gsize n_frames[N_BATCH];
  gint64 best = G_MAXINT64;

  for (guint k = 0; k < N_BATCH; k++) {
    inputs[k] = input;
    n_frames[k] = c->n_frames;
    outputs[k] = g_new (float,
        rnnc_model_output_frames (model, c->n_frames)
            * rnnc_model_output_size (model));
  }
  for (guint i = 0; i < N_REPEATS; i++) {
    gint64 start = g_get_monotonic_time ();

    rnnc_model_forward_batch (model, inputs, n_frames, N_BATCH, outputs);
    best = MIN (best, g_get_monotonic_time () - start);
  }
  for (guint k = 0; k < N_BATCH; k++)
    g_free (outputs[k]);
  return (double) best / c->n_frames / N_BATCH;
}

static double
time_stream (RnncModel *model, const Case *c, const float *input)
{
  gsize n_outputs = 0, width = rnnc_model_input_size (model);
  g_autoptr (RnncStream) stream
      = rnnc_stream_new (model, ignore_outputs, &n_outputs);
  gint64 best = G_MAXINT64;

  for (guint i = 0; i < N_REPEATS; i++) {
    gint64 start = g_get_monotonic_time ();

    for (gsize t = 0; t < c->n_frames; t += c->push)
      rnnc_stream_push_features (stream, input + t * width, c->push);
    rnnc_stream_flush (stream);
    best = MIN (best, g_get_monotonic_time () - start);
  }
  g_assert (
      n_outputs == N_REPEATS * rnnc_model_output_frames (model, c->n_frames));
  return (double) best / c->n_frames;
}

int
main (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const Case *c = &cases[i];
    RnncModel *model = random_model_new (c->frontend, c->layers);
    g_autofree float *input = random_input (model, c->n_frames, 1);

    printf ("%s\twhole\t%.2f\n", c->name, time_whole (model, c, input));
    printf ("%s\tbatch\t%.2f\n", c->name, time_batch (model, c, input));
    printf ("%s\tstream\t%.2f\n", c->name, time_stream (model, c, input));
    rnnc_model_unref (model);
  }
  return EXIT_SUCCESS;
}
