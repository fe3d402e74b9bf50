/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Latency is a closed form of the architecture: what it claims before any data
 * is held against when outputs come. */
#include "tests/support/output-sink.h"
#include "tests/support/random-model.h"

#define MS 1000000

#define SPEECH                                                                 \
  "{'type':'log-mel','rate':8000,'window':200,'hop':80,'fft':256,'mels':4}"
#define WAVEFORM                                                               \
  "{'type':'waveform','rate':8000,'window':120,'hop':80,'context':30,"         \
  "'pad-reflect':[7,20]}"
#define VIDEO "{'type':'video','width':2,'height':2,'rate':10}"
#define FILM "{'type':'video','width':2,'height':2,'rate':[30000,1001]}"
#define BOTH_WAYS "'type':'lstm','hidden':3,'bidirectional':true"

typedef struct {
  const char *name;
  const char *frontend;
  const char *layers;
  guint stride;
  guint look_ahead;
  guint64 latency; /* ns */
  guint64 period;
  gboolean exact; /* some output really comes that late */
} Case;

static const Case cases[] = {
  { "dense", SPEECH, "[{'type':'dense','units':3}]", 1, 0, 25 * MS, 10 * MS,
      TRUE },
  { "no-time", RANDOM_MODEL_FEATURES,
      "[{'type':'conv1d','channels':3,'kernel':3,'left':1,'right':1}]", 1, 1, 0,
      0, TRUE },
  { "causal", SPEECH,
      "[{'type':'conv1d','channels':3,'kernel':7,'left':6},"
      "{'type':'gru','hidden':3}]",
      1, 0, 25 * MS, 10 * MS, TRUE },
  { "stride", SPEECH,
      "[{'type':'conv1d','channels':3,'kernel':5,'stride':2,'left':2,"
      "'right':2},{'type':'lstm','hidden':4}]",
      2, 2, 55 * MS, 20 * MS, TRUE },
  { "stride-twice", SPEECH,
      "[{'type':'conv1d','channels':3,'kernel':5,'stride':2,'left':2,"
      "'right':2},{'type':'conv1d','channels':3,'kernel':3,'stride':3,"
      "'left':0,'right':2}]",
      6, 6, 135 * MS, 60 * MS, TRUE },
  { "chunks", SPEECH, "[{" BOTH_WAYS ",'chunk':4,'look-ahead':2}]", 1, 5,
      75 * MS, 10 * MS, TRUE },
  { "chunks-of-1", SPEECH, "[{" BOTH_WAYS ",'chunk':1,'look-ahead':0}]", 1, 0,
      25 * MS, 10 * MS, TRUE },
  { "chunks-2-layers", SPEECH,
      "[{" BOTH_WAYS ",'layers':2,'chunk':4,'look-ahead':2}]", 1, 9, 115 * MS,
      10 * MS, TRUE },
  { "chunks-2-layers-one-beyond", SPEECH,
      "[{" BOTH_WAYS ",'layers':2,'chunk':4,'look-ahead':1}]", 1, 8, 105 * MS,
      10 * MS, TRUE },
  { "chunks-2-layers-no-look-ahead", SPEECH,
      "[{" BOTH_WAYS ",'layers':2,'chunk':4,'look-ahead':0}]", 1, 3, 55 * MS,
      10 * MS, TRUE },
  { "chunks-3-layers", SPEECH,
      "[{" BOTH_WAYS ",'layers':3,'chunk':3,'look-ahead':7}]", 1, 27, 295 * MS,
      10 * MS, TRUE },
  { "stride-chunks", SPEECH,
      "[{'type':'conv1d','channels':3,'kernel':4,'stride':2,'left':2,"
      "'right':1},{" BOTH_WAYS ",'chunk':3,'look-ahead':1}]",
      2, 7, 105 * MS, 20 * MS, TRUE },
  { "chunks-stride", SPEECH,
      "[{" BOTH_WAYS ",'chunk':4,'look-ahead':2},{'type':'conv1d',"
      "'channels':3,'kernel':5,'stride':3,'left':2,'right':2}]",
      3, 7, 115 * MS, 30 * MS, FALSE },
  { "dilated", SPEECH,
      "[{'type':'conv1d','channels':3,'kernel':3,'dilation':4,'left':2,"
      "'right':6}]",
      1, 6, 85 * MS, 10 * MS, TRUE },
  { "pooling", SPEECH,
      "[{'type':'max-pool1d','kernel':3},{'type':'average-pool1d',"
      "'kernel':4,'stride':2,'left':2}]",
      6, 5, 125 * MS, 60 * MS, TRUE },
  { "residual", SPEECH,
      "[{'type':'conv1d','name':'a','channels':4,'kernel':7,'left':1,"
      "'right':5},{'type':'add','inputs':['a','frontend']}]",
      1, 5, 75 * MS, 10 * MS, TRUE },
  { "branches", SPEECH,
      "[{'type':'conv1d','name':'a','channels':4,'kernel':7,'stride':2,"
      "'left':1,'right':5},{'type':'conv1d','name':'b','input':'frontend',"
      "'channels':3,'kernel':9,'stride':2,'left':0,'right':8},"
      "{'type':'concatenate','inputs':['a','b']},"
      "{'type':'conv1d','channels':4,'kernel':2,'left':0,'right':1}]",
      2, 10, 135 * MS, 20 * MS, TRUE },
  { "waveform", WAVEFORM, "[{'type':'flatten'},{'type':'dense','units':3}]", 1,
      0, 15 * MS, 10 * MS, TRUE },
  { "video", VIDEO,
      "[{'type':'flatten'},{'type':'conv1d','channels':3,'kernel':3,'left':1,"
      "'right':1}]",
      1, 1, 200 * MS, 100 * MS, TRUE },
  { "film", FILM, "[{'type':'flatten'}]", 1, 0, 33366666, 33366666, TRUE },
};

/* Samples and ns are the same time. */
static void
check_samples (RnncModel *model, const Case *one)
{
  const RnncFrontendConfig *config = rnnc_model_frontend (model);
  guint64 samples = rnnc_model_latency_samples (model);

  if (config->type == RNNC_FRONTEND_LOG_MEL
      || config->type == RNNC_FRONTEND_WAVEFORM)
    g_assert_cmpuint (samples * 1000 * MS / 8000, ==, one->latency);
  else
    g_assert_cmpuint (samples, ==, one->look_ahead + one->stride);
}

/* --- frame by frame ------------------------------------------------------- */

static void
test_frames (gconstpointer data)
{
  const Case *one = data;
  const gsize n = 120;
  g_autoptr (RnncModel) model = random_model_new (one->frontend, one->layers);
  g_autofree float *input = random_input (model, n, 31);
  gsize worst = 0;
  OutputSink sink;
  RnncStream *stream;

  g_assert_cmpuint (rnnc_model_stride (model), ==, one->stride);
  g_assert_cmpuint (rnnc_model_look_ahead (model), ==, one->look_ahead);
  g_assert_cmpuint (rnnc_model_latency (model), ==, one->latency);
  g_assert_cmpuint (rnnc_model_output_period (model), ==, one->period);
  check_samples (model, one);

  output_sink_init (&sink, model, n);
  stream = rnnc_stream_new (model, output_sink_take, &sink);
  for (gsize t = 0; t < n; t++) {
    gsize before = sink.n_frames;

    rnnc_stream_push_features (stream,
        input + t * rnnc_model_input_size (model), 1);
    for (gsize j = before; j < sink.n_frames; j++) {
      g_assert_cmpuint (t, <=, j * one->stride + one->look_ahead);
      worst = MAX (worst, t - j * one->stride);
    }
    /* and those whose time has come are there */
    if (t >= one->look_ahead)
      g_assert_cmpuint (sink.n_frames, >, (t - one->look_ahead) / one->stride);
  }
  if (one->exact)
    g_assert_cmpuint (worst, ==, one->look_ahead);
  rnnc_stream_free (stream);
  output_sink_clear (&sink);
}

/* --- by the clock --------------------------------------------------------- */

/* Output j covers input from j periods on, and is there a latency later. */
static void
check_due (RnncModel *model, const OutputSink *sink, guint64 now)
{
  guint64 latency = rnnc_model_latency (model);

  if (now >= latency)
    g_assert_cmpuint (sink->n_frames, >,
        (now - latency) / rnnc_model_output_period (model));
}

static void
test_samples (gconstpointer data)
{
  const Case *one = data;
  g_autoptr (RnncModel) model = random_model_new (one->frontend, one->layers);
  OutputSink sink;
  RnncStream *stream;

  output_sink_init (&sink, model, 200);
  stream = rnnc_stream_new (model, output_sink_take, &sink);
  for (guint64 i = 0; i < 8000; i++) {
    float sample = (float) (i % 50) / 50;

    rnnc_stream_push_samples (stream, &sample, 1);
    check_due (model, &sink, (i + 1) * 1000 * MS / 8000);
  }
  g_assert_cmpuint (sink.n_frames, >, 0);
  rnnc_stream_free (stream);
  output_sink_clear (&sink);
}

static void
test_video (gconstpointer data)
{
  const Case *one = data;
  g_autoptr (RnncModel) model = random_model_new (one->frontend, one->layers);
  guint8 pixels[4] = { 1, 2, 3, 4 };
  RnncVideoFrame frame
      = { RNNC_PIXEL_GRAY8, 2, 2, { pixels }, { 2 }, 0, { 0 } };
  const RnncVideoConfig *config = &rnnc_model_frontend (model)->video;
  OutputSink sink;
  RnncStream *stream;

  output_sink_init (&sink, model, 200);
  stream = rnnc_stream_new (model, output_sink_take, &sink);
  for (guint64 i = 0; i < 100; i++) {
    guint64 now
        = i * 1000 * MS * config->rate_denominator / config->rate_numerator;

    pixels[0]++;
    rnnc_stream_push_video (stream, &frame, now);
    check_due (model, &sink, now);
  }
  g_assert_cmpuint (sink.n_frames, >, 90);
  rnnc_stream_free (stream);
  output_sink_clear (&sink);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *frames
        = g_strdup_printf ("/latency/frames/%s", cases[i].name);
    g_autofree char *clock
        = g_strdup_printf ("/latency/clock/%s", cases[i].name);

    g_test_add_data_func (frames, &cases[i], test_frames);
    if (strstr (cases[i].frontend, "log-mel")
        || strstr (cases[i].frontend, "waveform"))
      g_test_add_data_func (clock, &cases[i], test_samples);
    else if (strstr (cases[i].frontend, "video"))
      g_test_add_data_func (clock, &cases[i], test_video);
  }
  return g_test_run ();
}
