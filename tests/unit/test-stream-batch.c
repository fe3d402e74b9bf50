/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Streams that advance together have the bits that each has alone, whatever
 * they are given and whenever they come, go, are flushed or reset: pushed by
 * one thread through a batch, and by a thread each. */
#include "tests/support/count-allocations.h"

#include "rnncore/model/model-private.h"
#include "tests/support/output-sink.h"
#include "tests/support/random-model.h"

#define IMAGE "{'type':'video','width':6,'height':5}"
#define SOUND                                                                  \
  "{'type':'log-mel','rate':16000,'window':400,'hop':160,'fft':512,'mels':8}"
#define N_STREAMS 9
#define N_ROUNDS 60
#define MOST 40 /* frames of a push */
#define MS G_GUINT64_CONSTANT (1000000)

typedef struct {
  const char *name;
  const char *frontend; /* NULL: vectors */
  const char *layers;
} Case;

static const Case cases[] = {
  { "dense", NULL, "[{'type':'dense','units':7},{'type':'relu'}]" },
  { "nothing", NULL, "[{'type':'dropout'}]" },
  { "rnn", NULL,
      "[{'type':'rnn','hidden':9,'nonlinearity':'relu','layers':3}]" },
  { "gru", NULL, "[{'type':'gru','hidden':33,'layers':2}]" },
  { "lstm", NULL, "[{'type':'lstm','hidden':33}]" },
  { "lstm-projection", NULL,
      "[{'type':'lstm','hidden':19,'projection':6,'layers':2}]" },
  { "conv1d", NULL,
      "[{'type':'conv1d','channels':17,'kernel':5,'stride':3,'left':2,"
      "'right':2}]" },
  { "conv1d-stride-beyond-kernel", NULL,
      "[{'type':'conv1d','channels':4,'kernel':2,'stride':7,'left':0,"
      "'right':1},{'type':'gru','hidden':4}]" },
  { "conv1d-dilated", NULL,
      "[{'type':'conv1d','channels':7,'kernel':3,'dilation':5,'left':6,"
      "'right':4}]" },
  { "conv1d-groups", NULL,
      "[{'type':'dense','units':12},{'type':'conv1d','channels':20,"
      "'kernel':3,'stride':2,'groups':4,'left':1,'right':1}]" },
  { "pooling", NULL,
      "[{'type':'max-pool1d','kernel':4},{'type':'average-pool1d',"
      "'kernel':3,'stride':1,'left':1},{'type':'softmax'}]" },
  { "clip", IMAGE,
      "[{'type':'conv2d','channels':4,'kernel':3,'stride':2},"
      "{'type':'batch-norm'},{'type':'relu'},{'type':'flatten'},"
      "{'type':'lstm','hidden':6},{'type':'mean-over-time'},"
      "{'type':'dense','units':3},{'type':'log-softmax'}]" },
  { "branches", NULL,
      "[{'type':'conv1d','name':'a','channels':5,'kernel':9,'left':1,"
      "'right':7},{'type':'gru','name':'b','input':'frontend','hidden':5},"
      "{'type':'add','name':'c','inputs':['a','b','frontend']},"
      "{'type':'mean-over-time','name':'m'},{'type':'last-step','name':'l',"
      "'input':'c'},{'type':'concatenate','inputs':['m','l']}]" },
  { "past-the-core", NULL,
      "[{'type':'conv1d','name':'a','channels':4,'kernel':5,'left':2,"
      "'right':2},{'type':'lstm','name':'b','hidden':4},"
      "{'type':'add','inputs':['a','b']},{'type':'relu'}]" },
  { "speech", NULL,
      "[{'type':'conv1d','channels':16,'kernel':5,'stride':2,'left':2,"
      "'right':2,'bias':false},{'type':'batch-norm'},{'type':'relu'},"
      "{'type':'dropout'},{'type':'lstm','hidden':17,'layers':2},"
      "{'type':'dense','units':11},{'type':'log-softmax'}]" },
};

static RnncModel *
case_model (const Case *one)
{
  return random_model_new (one->frontend != NULL ? one->frontend
                                                 : RANDOM_MODEL_FEATURES,
      one->layers);
}

/* --- twins ---------------------------------------------------------------- */

/* A stream that goes with others, and one that does the same alone. */
typedef struct {
  RnncStream *stream;
  RnncStream *alone;
  OutputSink sink;
  OutputSink wanted;
} Twins;

static void
twins_init (Twins *twins, RnncModel *model, gsize capacity)
{
  output_sink_init (&twins->sink, model, capacity);
  output_sink_init (&twins->wanted, model, capacity);
  twins->stream = rnnc_stream_new (model, output_sink_take, &twins->sink);
  twins->alone = rnnc_stream_new (model, output_sink_take, &twins->wanted);
}

static void
twins_clear (Twins *twins)
{
  rnnc_stream_free (twins->stream);
  rnnc_stream_free (twins->alone);
  output_sink_clear (&twins->sink);
  output_sink_clear (&twins->wanted);
}

static void
twins_compare (Twins *twins)
{
  g_assert_cmpuint (twins->sink.n_frames, ==, twins->wanted.n_frames);
  assert_same_outputs (twins->sink.outputs, twins->wanted.outputs,
      twins->sink.n_frames, twins->sink.width);
}

/* Now and then something that is no push. */
static void
twins_disturb (Twins *twins, GRand *random)
{
  void (*const what[]) (RnncStream *) = { rnnc_stream_flush, rnnc_stream_reset,
    rnnc_stream_reset_core, rnnc_stream_replay_core };
  gint which = g_rand_int_range (random, 0, 24);

  if (which < (gint) G_N_ELEMENTS (what)) {
    what[which](twins->stream);
    what[which](twins->alone);
  }
}

/* --- one thread ----------------------------------------------------------- */

/* Some of the streams, each with a few frames. */
static gsize
choose_streams (Twins *twins, const float *input, gsize width, GRand *random,
    RnncStream **streams, const float **features, gsize *n_frames)
{
  gsize n = 0;

  for (guint i = 0; i < N_STREAMS; i++) {
    gsize first = (gsize) g_rand_int_range (random, 0, MOST);

    if (g_rand_int_range (random, 0, 4) == 0)
      continue;
    streams[n] = twins[i].stream;
    features[n] = input + first * width;
    n_frames[n] = (gsize) g_rand_int_range (random, 0,
        g_rand_boolean (random) ? 3 : MOST);
    rnnc_stream_push_features (twins[i].alone, features[n], n_frames[n]);
    n++;
  }
  return n;
}

static void
push_rounds (RnncModel *model, RnncStreamBatch *batch, Twins *twins,
    GRand *random)
{
  gsize width = rnnc_model_input_size (model);
  g_autofree float *input = random_input (model, 2 * MOST, 3);

  for (guint round = 0; round < N_ROUNDS; round++) {
    RnncStream *streams[N_STREAMS];
    const float *features[N_STREAMS];
    gsize n_frames[N_STREAMS];
    gsize n = choose_streams (twins, input, width, random, streams, features,
        n_frames);
    gint before = g_atomic_int_get (&n_allocations);

    rnnc_stream_batch_push_features (batch, streams, features, n_frames, n);
    if (COUNTS_ALLOCATIONS)
      g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, before);
    twins_disturb (&twins[round % N_STREAMS], random);
    if (round % 17 == 16) { /* one goes, another comes */
      twins_compare (&twins[round % N_STREAMS]);
      twins_clear (&twins[round % N_STREAMS]);
      twins_init (&twins[round % N_STREAMS], model, 2 * N_ROUNDS * MOST);
    }
  }
}

static void
test_batch (gconstpointer data)
{
  /* fewer than there are streams, too */
  static const guint capacities[] = { 2, 7, RNNC_STREAM_BATCH_MAX };
  g_autoptr (RnncModel) model = case_model (data);
  GRand *random = g_rand_new_with_seed (5);
  Twins twins[N_STREAMS];

  for (guint i = 0; i < G_N_ELEMENTS (capacities); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (RnncStreamBatch) batch
        = rnnc_stream_batch_new (model, capacities[i], &error);

    g_assert_no_error (error);
    g_assert_cmpuint (rnnc_stream_batch_capacity (batch), ==, capacities[i]);
    for (guint k = 0; k < N_STREAMS; k++)
      twins_init (&twins[k], model, 2 * N_ROUNDS * MOST);
    push_rounds (model, batch, twins, random);
    for (guint k = 0; k < N_STREAMS; k++) {
      rnnc_stream_flush (twins[k].stream);
      rnnc_stream_flush (twins[k].alone);
      twins_compare (&twins[k]);
      twins_clear (&twins[k]);
    }
  }
  g_rand_free (random);
}

static void
test_samples (void)
{
  g_autoptr (RnncModel) model = random_model_new (SOUND, cases[14].layers);
  g_autoptr (RnncStreamBatch) batch = rnnc_stream_batch_new (model, 8, NULL);
  GRand *random = g_rand_new_with_seed (6);
  g_autofree float *sound = g_new (float, 9000);
  Twins twins[N_STREAMS];

  for (guint i = 0; i < 9000; i++)
    sound[i] = (float) g_rand_double_range (random, -0.5, 0.5);
  for (guint k = 0; k < N_STREAMS; k++)
    twins_init (&twins[k], model, 9000);
  for (guint round = 0; round < 40; round++) {
    RnncStream *streams[N_STREAMS];
    const float *samples[N_STREAMS];
    gsize n[N_STREAMS];

    for (guint k = 0; k < N_STREAMS; k++) {
      streams[k] = twins[k].stream;
      samples[k] = sound + g_rand_int_range (random, 0, 2000);
      n[k] = (gsize) g_rand_int_range (random, 0, k % 2 ? 200 : 6000);
      rnnc_stream_push_samples (twins[k].alone, samples[k], n[k]);
    }
    rnnc_stream_batch_push_samples (batch, streams, samples, n, N_STREAMS);
    twins_disturb (&twins[round % N_STREAMS], random);
  }
  for (guint k = 0; k < N_STREAMS; k++) {
    g_assert_cmpuint (twins[k].sink.n_frames, >, 0);
    twins_compare (&twins[k]);
    twins_clear (&twins[k]);
  }
  g_rand_free (random);
}

/* --- a thread each -------------------------------------------------------- */

typedef struct {
  RnncModel *model;
  guint seed;
  guint64 wait;
} Speaker;

/* One stream's life: pushes of all sizes, disturbed; now and then a new one. */
static gpointer
speak (gpointer data)
{
  const Speaker *speaker = data;
  RnncModel *model = speaker->model;
  gsize width = rnnc_model_input_size (model);
  GRand *random = g_rand_new_with_seed (speaker->seed);
  g_autofree float *input = random_input (model, 2 * MOST, 3);

  for (guint life = 0; life < 3; life++) {
    Twins twins;

    twins_init (&twins, model, 2 * N_ROUNDS * MOST);
    g_assert_true (rnnc_stream_set_batch_wait (twins.stream, speaker->wait));
    for (guint round = 0; round < N_ROUNDS / 2 + speaker->seed; round++) {
      gsize first = (gsize) g_rand_int_range (random, 0, MOST);
      gsize n = (gsize) g_rand_int_range (random, 0,
          g_rand_boolean (random) ? 3 : MOST);

      rnnc_stream_push_features (twins.stream, input + first * width, n);
      rnnc_stream_push_features (twins.alone, input + first * width, n);
      twins_disturb (&twins, random);
      if (round == 20)
        rnnc_stream_set_batch_wait (twins.stream, 0);
      if (round == 25)
        rnnc_stream_set_batch_wait (twins.stream, speaker->wait);
    }
    rnnc_stream_flush (twins.stream);
    rnnc_stream_flush (twins.alone);
    twins_compare (&twins);
    twins_clear (&twins);
  }
  g_rand_free (random);
  return NULL;
}

static void
speak_all (RnncModel *model, guint n, guint64 wait)
{
  g_autofree Speaker *speakers = g_new (Speaker, n);
  g_autofree GThread **threads = g_new (GThread *, n);

  for (guint i = 0; i < n; i++) {
    speakers[i] = (Speaker){ model, i, wait };
    threads[i] = g_thread_new ("speaker", speak, &speakers[i]);
  }
  for (guint i = 0; i < n; i++)
    g_thread_join (threads[i]);
  g_assert_null (model->gatherings);
}

static void
test_threads (gconstpointer data)
{
  g_autoptr (RnncModel) model = case_model (data);

  speak_all (model, 1, MS);
  speak_all (model, N_STREAMS, 1);
  speak_all (model, N_STREAMS, 2 * MS);
}

/* More than meet in one place. */
static void
test_crowd (void)
{
  g_autoptr (RnncModel) model = case_model (&cases[14]);

  speak_all (model, RNNC_STREAM_BATCH_MAX + 9, MS);
}

/* A stream that is alone, or whose neighbours have been flushed or are gone,
 * waits for nobody: a second each time would be longer than the test may be. */
static void
test_alone (void)
{
  g_autoptr (RnncModel) model = case_model (&cases[4]);
  g_autofree float *input = random_input (model, 4, 1);
  gsize n_others = 0;
  Twins twins, other;

  twins_init (&twins, model, 1000);
  twins_init (&other, model, 1000);
  rnnc_stream_set_batch_wait (twins.stream, G_MAXUINT64);
  for (guint i = 0; i < 100; i++)
    rnnc_stream_push_features (twins.stream, input, 1);
  rnnc_stream_set_batch_wait (other.stream, G_MAXUINT64);
  for (guint i = 0; i < 100; i++)
    rnnc_stream_push_features (twins.stream, input, 1);
  for (; n_others < 2; n_others++) {
    rnnc_stream_set_batch_wait (twins.stream, 0);
    rnnc_stream_push_features (other.stream, input, 1);
    rnnc_stream_set_batch_wait (twins.stream, G_MAXUINT64);
    if (n_others == 0)
      rnnc_stream_flush (other.stream);
    else
      rnnc_stream_reset (other.stream);
    for (guint i = 0; i < 100; i++)
      rnnc_stream_push_features (twins.stream, input, 1);
  }
  g_assert_cmpuint (twins.sink.n_frames, ==, 400);
  twins_clear (&other);
  twins_clear (&twins);
}

#if COUNTS_ALLOCATIONS
static void
test_allocations (void)
{
  g_autoptr (RnncModel) model = case_model (&cases[14]);
  g_autofree float *input = random_input (model, MOST, 1);
  Twins twins;
  gint before;

  twins_init (&twins, model, 100 * MOST);
  rnnc_stream_set_batch_wait (twins.stream, MS);
  before = g_atomic_int_get (&n_allocations);
  for (guint i = 0; i < MOST; i++)
    rnnc_stream_push_features (twins.stream, input, i);
  rnnc_stream_flush (twins.stream);
  g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, before);
  twins_clear (&twins);
}
#endif

/* --- refused -------------------------------------------------------------- */

static void
expect_refusal (RnncModel *model, const char *reason)
{
  g_autoptr (GError) error = NULL;
  OutputSink sink;
  g_autoptr (RnncStream) stream = NULL;

  output_sink_init (&sink, model, 100);
  stream = rnnc_stream_new (model, output_sink_take, &sink);
  g_assert_null (rnnc_stream_batch_new (model, 4, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, reason));
  g_assert_false (rnnc_stream_set_batch_wait (stream, MS));
  g_assert_true (rnnc_stream_set_batch_wait (stream, 0));
  output_sink_clear (&sink);
}

static void
test_bidirectional (void)
{
  g_autoptr (RnncModel) model = random_model_new (RANDOM_MODEL_FEATURES,
      "[{'type':'gru','hidden':6,'bidirectional':true}]");

  expect_refusal (model, "bidirectional");
}

static void
test_too_large (void)
{
  g_autoptr (RnncModel) model = random_model_new (RANDOM_MODEL_FEATURES,
      "[{'type':'dense','name':'a','units':60000},"
      "{'type':'dense','name':'b','input':'frontend','units':60000},"
      "{'type':'dense','name':'c','input':'frontend','units':60000},"
      "{'type':'add','inputs':['a','b','c']}]");

  expect_refusal (model, "too large");
}

/* Fewer go together, and more are pushed. */
static void
test_less_room (void)
{
  g_autoptr (RnncModel) model = random_model_new (RANDOM_MODEL_FEATURES,
      "[{'type':'dense','units':40000},{'type':'relu'},"
      "{'type':'dense','units':3}]");
  g_autoptr (RnncStreamBatch) batch = rnnc_stream_batch_new (model, 64, NULL);
  g_autofree float *input = random_input (model, MOST, 1);
  Twins twins[N_STREAMS];
  RnncStream *streams[N_STREAMS];
  const float *features[N_STREAMS];
  gsize n_frames[N_STREAMS];

  g_assert_cmpuint (rnnc_stream_batch_capacity (batch), <, N_STREAMS);
  g_assert_cmpuint (rnnc_stream_batch_capacity (batch), >=, 2);
  for (guint i = 0; i < N_STREAMS; i++) {
    twins_init (&twins[i], model, MOST);
    streams[i] = twins[i].stream;
    features[i] = input;
    n_frames[i] = i + 1;
    rnnc_stream_push_features (twins[i].alone, input, i + 1);
  }
  rnnc_stream_batch_push_features (batch, streams, features, n_frames,
      N_STREAMS);
  for (guint i = 0; i < N_STREAMS; i++) {
    twins_compare (&twins[i]);
    twins_clear (&twins[i]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *batch
        = g_strdup_printf ("/stream-batch/batch/%s", cases[i].name);
    g_autofree char *threads
        = g_strdup_printf ("/stream-batch/threads/%s", cases[i].name);

    g_test_add_data_func (batch, &cases[i], test_batch);
    g_test_add_data_func (threads, &cases[i], test_threads);
  }
  g_test_add_func ("/stream-batch/samples", test_samples);
  g_test_add_func ("/stream-batch/crowd", test_crowd);
  g_test_add_func ("/stream-batch/alone", test_alone);
#if COUNTS_ALLOCATIONS
  g_test_add_func ("/stream-batch/allocations", test_allocations);
#endif
  g_test_add_func ("/stream-batch/bidirectional", test_bidirectional);
  g_test_add_func ("/stream-batch/too-large", test_too_large);
  g_test_add_func ("/stream-batch/less-room", test_less_room);
  return g_test_run ();
}
