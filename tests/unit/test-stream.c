/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Streaming equals offline: the same bits for any chunking of the input, for
 * every layer; flush, reset and reset_core; nothing allocates. */
#include "tests/support/count-allocations.h"

#include "rnncore/model/model-private.h"
#include "tests/support/output-sink.h"
#include "tests/support/random-model.h"

#define IMAGE "{'type':'video','width':6,'height':5,'colour':true}"
#define WAVEFORM "{'type':'waveform','window':20}"
#define MAX_FRAMES 130
#define N_CHUNKINGS 12

typedef struct {
  const char *name;
  const char *frontend; /* NULL: vectors */
  const char *layers;
} Case;

static const Case cases[] = {
  { "conv1d-causal", NULL,
      "[{'type':'conv1d','channels':17,'kernel':5,'left':4}]" },
  { "conv1d-centred", NULL,
      "[{'type':'conv1d','channels':17,'kernel':5,'left':2,'right':2}]" },
  { "conv1d-ahead", NULL,
      "[{'type':'conv1d','channels':3,'kernel':4,'left':0,'right':3}]" },
  { "conv1d-far-ahead", NULL,
      "[{'type':'conv1d','channels':3,'kernel':60,'left':20,'right':39}]" },
  { "conv1d-stride", NULL,
      "[{'type':'conv1d','channels':9,'kernel':5,'stride':3,'left':2,"
      "'right':2,'bias':false}]" },
  { "conv1d-stride-beyond-kernel", NULL,
      "[{'type':'conv1d','channels':4,'kernel':2,'stride':7,'left':0,"
      "'right':1}]" },
  { "conv1d-stride-beyond-chunk", NULL,
      "[{'type':'conv1d','channels':4,'kernel':3,'stride':40,'left':2}]" },
  { "conv1d-twice", NULL,
      "[{'type':'conv1d','channels':7,'kernel':3,'stride':2,'left':0,"
      "'right':2},{'type':'relu'},{'type':'conv1d','channels':6,'kernel':5,"
      "'stride':3,'left':1,'right':3}]" },
  { "conv2d", IMAGE,
      "[{'type':'conv2d','channels':18,'kernel':[3,2],'stride':2,"
      "'padding':1}]" },
  { "dense", NULL, "[{'type':'dense','units':133}]" },
  { "batch-norm", NULL, "[{'type':'batch-norm'}]" },
  { "batch-norm-folded", NULL,
      "[{'type':'dense','units':9},{'type':'batch-norm'}]" },
  { "relu", NULL, "[{'type':'relu'}]" },
  { "tanh", NULL, "[{'type':'tanh'}]" },
  { "sigmoid", NULL, "[{'type':'sigmoid'}]" },
  { "softmax", NULL, "[{'type':'softmax'}]" },
  { "log-softmax", NULL, "[{'type':'log-softmax'}]" },
  { "dropout", NULL, "[{'type':'dropout'}]" },
  { "dropout-between", NULL,
      "[{'type':'dropout'},{'type':'tanh'},{'type':'dropout'},"
      "{'type':'dense','units':3},{'type':'dropout'}]" },
  { "flatten", IMAGE, "[{'type':'flatten'}]" },
  { "rnn-tanh", NULL, "[{'type':'rnn','hidden':17}]" },
  { "rnn-relu", NULL,
      "[{'type':'rnn','hidden':5,'nonlinearity':'relu','layers':3}]" },
  { "gru", NULL, "[{'type':'gru','hidden':33}]" },
  { "gru-2-layers", NULL, "[{'type':'gru','hidden':7,'layers':2}]" },
  { "lstm", NULL, "[{'type':'lstm','hidden':33}]" },
  { "lstm-2-layers", NULL, "[{'type':'lstm','hidden':9,'layers':2}]" },
  { "lstm-wide", NULL, "[{'type':'lstm','hidden':130}]" },
  { "lstm-wide-projection", NULL,
      "[{'type':'lstm','hidden':110,'projection':90}]" },
  { "gru-wide", NULL, "[{'type':'gru','hidden':120}]" },
  { "rnn-wide", NULL, "[{'type':'rnn','hidden':260}]" },
  { "lstm-no-bias", NULL, "[{'type':'lstm','hidden':5,'bias':false}]" },
  { "conv1d-dilated", NULL,
      "[{'type':'conv1d','channels':7,'kernel':3,'dilation':5,'left':6,"
      "'right':4}]" },
  { "conv1d-groups", NULL,
      "[{'type':'dense','units':12},{'type':'conv1d','channels':20,"
      "'kernel':3,'stride':2,'groups':4,'left':1,'right':1}]" },
  { "conv1d-depthwise", NULL,
      "[{'type':'conv1d','channels':5,'kernel':4,'groups':5,'left':1,"
      "'right':2,'dilation':1},{'type':'batch-norm'}]" },
  { "conv2d-groups", IMAGE,
      "[{'type':'conv2d','channels':6,'kernel':3,'groups':3,'padding':2,"
      "'dilation':2}]" },
  { "frame-conv1d", WAVEFORM,
      "[{'type':'frame-conv1d','channels':8,'kernel':5,'stride':2,"
      "'padding':[3,1]},{'type':'magnitude'}]" },
  { "max-pool1d", NULL, "[{'type':'max-pool1d','kernel':3}]" },
  { "max-pool1d-centred", NULL,
      "[{'type':'max-pool1d','kernel':5,'stride':2,'left':2}]" },
  { "average-pool1d", NULL,
      "[{'type':'average-pool1d','kernel':6,'stride':4,'left':3}]" },
  { "average-pool1d-wide", NULL,
      "[{'type':'average-pool1d','kernel':50,'stride':1,'left':20}]" },
  { "pool1d-gaps", NULL, "[{'type':'max-pool1d','kernel':2,'stride':19}]" },
  { "max-pool2d", IMAGE,
      "[{'type':'max-pool2d','kernel':3,'stride':2,'padding':1}]" },
  { "average-pool2d", IMAGE, "[{'type':'average-pool2d','kernel':[5,2]}]" },
  { "pool1d-image", IMAGE, "[{'type':'average-pool1d','kernel':2}]" },
  { "embedding", NULL, "[{'type':'embedding','entries':3,'units':4}]" },
  { "layer-norm", NULL, "[{'type':'layer-norm'}]" },
  { "leaky-relu", NULL, "[{'type':'leaky-relu'}]" },
  { "gelu", NULL, "[{'type':'gelu'}]" },
  { "unflatten", NULL, "[{'type':'unflatten','width':5}]" },
  { "lstm-projection", NULL,
      "[{'type':'lstm','hidden':19,'projection':6,'layers':2}]" },
  { "residual", NULL,
      "[{'type':'conv1d','name':'a','channels':5,'kernel':9,'left':1,"
      "'right':7},{'type':'add','inputs':['frontend','a']}]" },
  { "residual-far", NULL,
      "[{'type':'conv1d','name':'a','channels':5,'kernel':90,'left':20,"
      "'right':69},{'type':'multiply','inputs':['frontend','a']}]" },
  { "join-first", NULL,
      "[{'type':'concatenate','inputs':['frontend','frontend','frontend']},"
      "{'type':'gru','hidden':4}]" },
  { "branches", NULL,
      "[{'type':'conv1d','name':'a','channels':3,'kernel':4,'stride':2,"
      "'left':0,'right':3},{'type':'max-pool1d','name':'b',"
      "'input':'frontend','kernel':2},{'type':'conv1d','name':'c',"
      "'input':'frontend','channels':2,'kernel':30,'left':0,'right':29,"
      "'stride':2},{'type':'concatenate','inputs':['a','b','c']},"
      "{'type':'gru','hidden':6}]" },
  { "branches-both-ended", NULL,
      "[{'type':'relu','name':'r'},{'type':'mean-over-time','name':'m'},"
      "{'type':'last-step','name':'l','input':'r'},"
      "{'type':'concatenate','inputs':['l','m']},"
      "{'type':'dense','units':3}]" },
  { "batch-norm-of-two-readers", NULL,
      "[{'type':'dense','name':'a','units':5},{'type':'batch-norm',"
      "'name':'n'},{'type':'relu','name':'r'},"
      "{'type':'add','inputs':['a','r','frontend']}]" },
  { "dropout-branches", NULL,
      "[{'type':'dropout','name':'d'},{'type':'tanh','name':'t'},"
      "{'type':'dropout','name':'e'},{'type':'add','inputs':['d','e']},"
      "{'type':'dropout'}]" },
  { "past-the-core", NULL,
      "[{'type':'conv1d','name':'a','channels':4,'kernel':5,'left':2,"
      "'right':2},{'type':'lstm','name':'b','hidden':4},"
      "{'type':'add','inputs':['a','b']},{'type':'relu'}]" },
  { "mean-over-time", NULL, "[{'type':'mean-over-time'}]" },
  { "last-step", NULL, "[{'type':'last-step'}]" },
  { "speech", NULL,
      "[{'type':'conv1d','channels':16,'kernel':5,'stride':2,'left':2,"
      "'right':2,'bias':false},{'type':'batch-norm'},{'type':'relu'},"
      "{'type':'dropout'},{'type':'lstm','hidden':17,'layers':2},"
      "{'type':'dense','units':11},{'type':'log-softmax'}]" },
  { "gesture", IMAGE,
      "[{'type':'conv2d','channels':4,'kernel':3},{'type':'relu'},"
      "{'type':'batch-norm'},{'type':'flatten'},"
      "{'type':'gru','hidden':8},{'type':'conv1d','channels':6,'kernel':3,"
      "'left':1,'right':1},{'type':'mean-over-time'},"
      "{'type':'dense','units':4},{'type':'softmax'}]" },
};

static RnncModel *
case_model (const Case *one)
{
  return random_model_new (one->frontend != NULL ? one->frontend
                                                 : RANDOM_MODEL_FEATURES,
      one->layers);
}

/* --- running -------------------------------------------------------------- */

typedef struct {
  RnncModel *model;
  gsize n_features;
  OutputSink sink;
  RnncStream *stream;
} Fixture;

static void
fixture_init (Fixture *f, const Case *one)
{
  f->model = case_model (one);
  f->n_features = rnnc_model_input_size (f->model);
  output_sink_init (&f->sink, f->model, 3 * MAX_FRAMES);
  f->stream = rnnc_stream_new (f->model, output_sink_take, &f->sink);
}

static void
fixture_clear (Fixture *f)
{
  rnnc_stream_free (f->stream);
  output_sink_clear (&f->sink);
  rnnc_model_unref (f->model);
}

/* Pushes of 1..@most frames, some of 0. */
static void
push_randomly (Fixture *f, const float *input, gsize n_frames, gsize most,
    GRand *random)
{
  gsize n;

  for (gsize t = 0; t < n_frames; t += n) {
    n = g_rand_int_range (random, 0, most + 1);
    n = MIN (n, n_frames - t);
    rnnc_stream_push_features (f->stream, input + t * f->n_features, n);
  }
}

/* What came since the last call is @wanted, then forgotten. */
static void
expect (Fixture *f, const float *wanted, gsize n_wanted)
{
  g_assert_cmpuint (f->sink.n_frames, ==, n_wanted);
  assert_same_outputs (f->sink.outputs, wanted, n_wanted, f->sink.width);
  f->sink.n_frames = 0;
}

static float *
forward (RnncModel *model, const float *input, gsize n_frames, gsize *n_out)
{
  float *output;

  *n_out = rnnc_model_output_frames (model, n_frames);
  output = g_new0 (float, *n_out *rnnc_model_output_size (model) + 1);
  output[*n_out * rnnc_model_output_size (model)] = 77;
  rnnc_model_forward (model, input, n_frames, output);
  g_assert_cmpfloat (output[*n_out * rnnc_model_output_size (model)], ==, 77);
  return output;
}

/* --- tests ---------------------------------------------------------------- */

static void
test_chunks (gconstpointer data)
{
  static const gsize lengths[]
      = { 0, 1, 2, 3, 4, 7, 15, 16, 17, 32, 33, 48, 61, MAX_FRAMES };
  GRand *random = g_rand_new_with_seed (12);
  Fixture f;

  fixture_init (&f, data);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    g_autofree float *input = random_input (f.model, lengths[i], i);
    gsize n_out;
    g_autofree float *wanted = forward (f.model, input, lengths[i], &n_out);

    for (guint k = 0; k < N_CHUNKINGS; k++) {
      static const gsize most[] = { 1, 2, 5, 40, MAX_FRAMES };

      push_randomly (&f, input, lengths[i], most[k % G_N_ELEMENTS (most)],
          random);
      if (rnnc_model_is_many_to_one (f.model))
        g_assert_cmpuint (f.sink.n_frames, ==, 0);
      rnnc_stream_flush (f.stream);
      expect (&f, wanted, n_out);
    }
    if (rnnc_model_is_many_to_one (f.model))
      g_assert_cmpuint (n_out, ==, lengths[i] > 0);
  }
  fixture_clear (&f);
  g_rand_free (random);
}

static void
test_empty (gconstpointer data)
{
  Fixture f;

  fixture_init (&f, data);
  rnnc_stream_flush (f.stream);
  rnnc_stream_flush (f.stream);
  rnnc_stream_push_features (f.stream, NULL, 0);
  rnnc_stream_flush (f.stream);
  rnnc_stream_reset (f.stream);
  rnnc_stream_reset_core (f.stream);
  rnnc_stream_flush (f.stream);
  g_assert_cmpuint (f.sink.n_frames, ==, 0);
  fixture_clear (&f);
}

/* What went before a reset is forgotten, wherever it comes. */
static void
test_reset (gconstpointer data)
{
  GRand *random = g_rand_new_with_seed (13);
  Fixture f;

  fixture_init (&f, data);
  for (gsize before = 0; before <= 42; before += 3) {
    g_autofree float *forgotten = random_input (f.model, before, 1);
    g_autofree float *input = random_input (f.model, 45, 2);
    gsize n_out;
    g_autofree float *wanted = forward (f.model, input, 45, &n_out);

    push_randomly (&f, forgotten, before, 9, random);
    f.sink.n_frames = 0;
    rnnc_stream_reset (f.stream);
    g_assert_cmpuint (f.sink.n_frames, ==, 0);
    push_randomly (&f, input, 45, 9, random);
    rnnc_stream_flush (f.stream);
    expect (&f, wanted, n_out);
  }
  fixture_clear (&f);
  g_rand_free (random);
}

static void
test_allocations (gconstpointer data)
{
  Fixture f;
  g_autofree float *input = NULL;
  gint before;

  if (!COUNTS_ALLOCATIONS) {
    g_test_skip ("the sanitizer has an allocator of its own");
    return;
  }
  fixture_init (&f, data);
  input = random_input (f.model, MAX_FRAMES, 3);
  before = g_atomic_int_get (&n_allocations);
  for (gsize n = 1; n <= MAX_FRAMES; n += 43) {
    rnnc_stream_push_features (f.stream, input, n);
    rnnc_stream_reset_core (f.stream);
    rnnc_stream_push_features (f.stream, input, 1);
    rnnc_stream_flush (f.stream);
    rnnc_stream_push_features (f.stream, input, n);
    rnnc_stream_reset (f.stream);
    f.sink.n_frames = 0;
  }
  g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, before);
  fixture_clear (&f);
}

/* The counter counts. */
static void
test_allocations_counted (void)
{
  gint before = g_atomic_int_get (&n_allocations);

  g_free (g_malloc (1));
  g_aligned_free (g_aligned_alloc (1, 64, 64));
  if (COUNTS_ALLOCATIONS)
    g_assert_cmpint (g_atomic_int_get (&n_allocations), >=, before + 2);
}

/* Layers before the core and the core itself as streams of their own. */
static void
test_range (gconstpointer data)
{
  Fixture f;
  guint split;
  OutputSink sink;
  RnncStream *front;
  g_autofree float *input = NULL, *wanted = NULL, *work = NULL;
  gsize n_out, n_middle;

  fixture_init (&f, data);
  split = rnnc_model_first_recurrent (f.model);
  input = random_input (f.model, 50, 4);
  wanted = forward (f.model, input, 50, &n_out);
  sink = (OutputSink){ rnnc_layer_outputs (f.model->layers[split - 1]), 0, 60,
    NULL };
  sink.outputs = g_new0 (float, sink.width *sink.capacity);
  front = rnnc_stream_new_range (f.model, 0, split, output_sink_take, &sink);
  rnnc_stream_push_features (front, input, 50);
  rnnc_stream_flush (front);
  n_middle = sink.n_frames;
  work = g_new (float,
      rnnc_model_range_work (f.model, split, f.model->n_layers, n_middle));
  g_assert_cmpuint (rnnc_model_forward_range (f.model, split, f.model->n_layers,
                        sink.outputs, n_middle, f.sink.outputs, work),
      ==, n_out);
  f.sink.n_frames = n_out;
  expect (&f, wanted, n_out);

  rnnc_stream_free (front);
  output_sink_clear (&sink);
  fixture_clear (&f);
}

/* h and c start again; a convolution before the core goes on as it was. */
static void
test_reset_core (gconstpointer kind)
{
  g_autofree char *layers
      = g_strdup_printf ("[{'type':'conv1d','channels':6,'kernel':3,'left':1,'"
                         "right':1},"
                         "{'type':'%s','hidden':7,'layers':2}]",
          (const char *) kind);
  const Case one = { "", NULL, layers };
  const gsize n = 40, at = 17;
  Fixture f;
  g_autofree float *input = NULL, *wanted = NULL, *middle = NULL, *work = NULL;

  fixture_init (&f, &one);
  input = random_input (f.model, n, 5);
  middle = g_new (float, n * 6);
  wanted = g_new (float, n * 7);
  work = g_new (float, rnnc_model_range_work (f.model, 0, 2, n));
  rnnc_model_forward_range (f.model, 0, 1, input, n, middle, work);
  /* the convolution is one frame behind */
  rnnc_model_forward_range (f.model, 1, 2, middle, at - 1, wanted, work);
  rnnc_model_forward_range (f.model, 1, 2, middle + (at - 1) * 6, n - at + 1,
      wanted + (at - 1) * 7, work);

  rnnc_stream_push_features (f.stream, input, at);
  rnnc_stream_reset_core (f.stream);
  rnnc_stream_push_features (f.stream, input + at * f.n_features, n - at);
  rnnc_stream_flush (f.stream);
  expect (&f, wanted, n);
  fixture_clear (&f);
}

/* The same with the last frames before heard again, few or many, and again
 * behind a flush, where there are none. */
static void
test_replay_core (gconstpointer kind)
{
  g_autofree char *layers
      = g_strdup_printf ("[{'type':'%s','hidden':7,'layers':2}]",
          (const char *) kind);
  const Case one = { "", NULL, layers };
  static const gsize places[] = { 0, 5, 16, 17, 37 };
  const gsize n = 40;
  Fixture f;
  g_autofree float *input = NULL, *wanted = NULL, *work = NULL;

  fixture_init (&f, &one);
  input = random_input (f.model, n, 5);
  wanted = g_new (float, n * 7);
  work = g_new (float, rnnc_model_range_work (f.model, 0, 1, n));
  for (guint i = 0; i < G_N_ELEMENTS (places); i++) {
    gsize at = places[i], from = at - MIN (at, RNNC_REPLAY_FRAMES);

    rnnc_model_forward_range (f.model, 0, 1, input + from * f.n_features,
        n - from, wanted + from * 7, work);
    rnnc_model_forward_range (f.model, 0, 1, input, at, wanted, work);
    rnnc_stream_push_features (f.stream, input, at);
    rnnc_stream_replay_core (f.stream);
    rnnc_stream_push_features (f.stream, input + at * f.n_features, n - at);
    rnnc_stream_flush (f.stream);
    expect (&f, wanted, n);
    f.sink.n_frames = 0;
  }
  fixture_clear (&f);
}

/* Several streams of one model know nothing of each other. */
static void
test_independent (void)
{
  Fixture f;
  OutputSink other_sink;
  RnncStream *other;
  g_autofree float *a = NULL, *b = NULL, *wanted_a = NULL, *wanted_b = NULL;
  gsize n_out;

  fixture_init (&f, &cases[G_N_ELEMENTS (cases) - 2]);
  output_sink_init (&other_sink, f.model, MAX_FRAMES);
  other = rnnc_stream_new (f.model, output_sink_take, &other_sink);
  a = random_input (f.model, 30, 6);
  b = random_input (f.model, 30, 7);
  wanted_a = forward (f.model, a, 30, &n_out);
  wanted_b = forward (f.model, b, 30, &n_out);
  for (gsize t = 0; t < 30; t += 5) {
    rnnc_stream_push_features (f.stream, a + t * f.n_features, 5);
    rnnc_stream_push_features (other, b + t * f.n_features, 5);
  }
  rnnc_stream_flush (other);
  rnnc_stream_flush (f.stream);
  expect (&f, wanted_a, n_out);
  assert_same_outputs (other_sink.outputs, wanted_b, n_out, other_sink.width);
  rnnc_stream_free (other);
  output_sink_clear (&other_sink);
  fixture_clear (&f);
}

/* Layers before the recurrent core, and the core. */
static gboolean
has_two_parts (const Case *one)
{
  g_autoptr (RnncModel) model = case_model (one);
  guint split = rnnc_model_first_recurrent (model);

  return split > 0 && split < model->n_layers;
}

static gboolean
is_any (const Case *one)
{
  return TRUE;
}

static void
add_cases (const char *what, void (*test) (gconstpointer data),
    gboolean (*fits) (const Case *one))
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path
        = g_strdup_printf ("/stream/%s/%s", what, cases[i].name);

    if (fits (&cases[i]))
      g_test_add_data_func (path, &cases[i], test);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_cases ("chunks", test_chunks, is_any);
  add_cases ("empty", test_empty, is_any);
  add_cases ("reset", test_reset, is_any);
  add_cases ("allocations", test_allocations, is_any);
  add_cases ("range", test_range, has_two_parts);
  g_test_add_data_func ("/stream/reset-core/rnn", "rnn", test_reset_core);
  g_test_add_data_func ("/stream/replay-core/rnn", "rnn", test_replay_core);
  g_test_add_data_func ("/stream/reset-core/gru", "gru", test_reset_core);
  g_test_add_data_func ("/stream/replay-core/gru", "gru", test_replay_core);
  g_test_add_data_func ("/stream/reset-core/lstm", "lstm", test_reset_core);
  g_test_add_data_func ("/stream/replay-core/lstm", "lstm", test_replay_core);
  g_test_add_func ("/stream/allocations-counted", test_allocations_counted);
  g_test_add_func ("/stream/independent", test_independent);
  return g_test_run ();
}
