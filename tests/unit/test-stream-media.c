/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Samples and pictures pushed into a stream: the same bits as front end and
 * whole sequence one after the other, whatever the sizes of the pieces. */
#include "tests/support/count-allocations.h"

#include "tests/support/output-sink.h"
#include "tests/support/random-model.h"

#define MAX_OUTPUTS 400

typedef struct {
  const char *name;
  const char *frontend;
  const char *layers;
} Case;

typedef struct {
  RnncModel *model;
  OutputSink sink;
  RnncStream *stream;
  float *features; /* of the front end alone */
  gsize n_frames;
  float *wanted;
  gsize n_wanted;
} Fixture;

static void
fixture_init (Fixture *f, const Case *one)
{
  f->model = random_model_new (one->frontend, one->layers);
  output_sink_init (&f->sink, f->model, MAX_OUTPUTS);
  f->stream = rnnc_stream_new (f->model, output_sink_take, &f->sink);
  f->features = g_new (float, MAX_OUTPUTS *rnnc_model_input_size (f->model));
  f->wanted = g_new (float, MAX_OUTPUTS * f->sink.width);
  f->n_frames = 0;
}

static void
fixture_clear (Fixture *f)
{
  rnnc_stream_free (f->stream);
  output_sink_clear (&f->sink);
  rnnc_model_unref (f->model);
  g_free (f->features);
  g_free (f->wanted);
}

static void
forward (Fixture *f)
{
  g_assert_cmpuint (f->n_frames, <=, MAX_OUTPUTS);
  f->n_wanted = rnnc_model_output_frames (f->model, f->n_frames);
  rnnc_model_forward (f->model, f->features, f->n_frames, f->wanted);
}

static void
expect (Fixture *f)
{
  rnnc_stream_flush (f->stream);
  g_assert_cmpuint (f->sink.n_frames, ==, f->n_wanted);
  assert_same_outputs (f->sink.outputs, f->wanted, f->n_wanted, f->sink.width);
  f->sink.n_frames = 0;
}

/* --- sound ---------------------------------------------------------------- */

#define LSTM_STACK                                                             \
  "[{'type':'conv1d','channels':8,'kernel':5,'stride':2,'left':2,'right':2},"  \
  "{'type':'tanh'},{'type':'lstm','hidden':9},{'type':'log-softmax'}]"

static const Case sounds[] = {
  { "speech",
      "{'type':'log-mel','rate':8000,'window':200,'hop':80,'fft':256,"
      "'mels':20}",
      LSTM_STACK },
  { "normalised",
      "{'type':'log-mel','rate':8000,'window':160,'hop':160,'fft':160,"
      "'mels':3,'mean':[-3,-2,-1],'deviation':[1,2,3]}",
      LSTM_STACK },
  { "hop-of-almost-a-window",
      "{'type':'log-mel','rate':8000,'window':100,'hop':99,'fft':128,"
      "'mels':5}",
      "[{'type':'gru','hidden':4},{'type':'last-step'}]" },
  { "hop-of-1",
      "{'type':'log-mel','rate':8000,'window':40,'hop':1,'fft':64,'mels':5}",
      "[{'type':'conv1d','channels':8,'kernel':90,'stride':40,'left':0,"
      "'right':89},{'type':'mean-over-time'}]" },
};

static void
sound_features (Fixture *f, const float *samples, gsize n)
{
  RnncLogMel *mel = rnnc_log_mel_new (&rnnc_model_frontend (f->model)->log_mel);

  f->n_frames = rnnc_log_mel_push (mel, samples, n, f->features);
  f->n_frames += rnnc_log_mel_flush (mel,
      f->features + f->n_frames * rnnc_model_input_size (f->model));
  rnnc_log_mel_free (mel);
}

static void
check_sound (Fixture *f, const float *samples, gsize n, GRand *random)
{
  static const gsize most[] = { 1, 7, 100, 1000, 100000 };
  gint before = g_atomic_int_get (&n_allocations);

  for (guint i = 0; i < G_N_ELEMENTS (most); i++) {
    gsize piece;

    for (gsize at = 0; at < n; at += piece) {
      piece = g_rand_int_range (random, 0, (gint) most[i] + 1);
      piece = MIN (piece, n - at);
      rnnc_stream_push_samples (f->stream, samples + at, piece);
    }
    expect (f);
    /* forgotten, the front end's part too */
    rnnc_stream_push_samples (f->stream, samples, n / 3);
    rnnc_stream_reset (f->stream);
    f->sink.n_frames = 0;
  }
  g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, before);
}

static void
test_sound (gconstpointer data)
{
  GRand *random = g_rand_new_with_seed (41);
  Fixture f;
  gsize hop, window;

  fixture_init (&f, data);
  hop = rnnc_model_frontend (f.model)->log_mel.hop;
  window = rnnc_model_frontend (f.model)->log_mel.window;
  {
    const gsize lengths[] = { 0, 1, window - 1, window, window + 1,
      window + hop, window + 47 * hop + hop / 2, 300 * hop + 1 };

    for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
      g_autofree float *samples = g_new (float, lengths[i]);

      for (gsize k = 0; k < lengths[i]; k++)
        samples[k] = (float) g_rand_double_range (random, -1, 1);
      sound_features (&f, samples, lengths[i]);
      forward (&f);
      check_sound (&f, samples, lengths[i], random);
    }
  }
  fixture_clear (&f);
  g_rand_free (random);
}

/* --- pictures ------------------------------------------------------------- */

static const Case pictures[] = {
  { "grey", "{'type':'video','width':5,'height':4,'rate':10}",
      "[{'type':'conv2d','channels':4,'kernel':3},{'type':'flatten'},"
      "{'type':'lstm','hidden':5}]" },
  { "colour-difference",
      "{'type':'video','width':7,'height':3,'rate':[25,2],'colour':true,"
      "'difference':true}",
      "[{'type':'flatten'},{'type':'dense','units':6},{'type':'tanh'},"
      "{'type':'conv1d','channels':4,'kernel':3,'left':1,'right':1},"
      "{'type':'gru','hidden':5},{'type':'mean-over-time'}]" },
};

#define SOURCE_WIDTH 13
#define SOURCE_HEIGHT 9
#define N_PICTURES 60

typedef struct {
  guint8 pixels[N_PICTURES][SOURCE_HEIGHT * SOURCE_WIDTH * 3];
  guint64 timestamps[N_PICTURES];
} Film;

static RnncVideoFrame
film_frame (const Film *film, guint index)
{
  return (RnncVideoFrame){ RNNC_PIXEL_RGB, SOURCE_WIDTH, SOURCE_HEIGHT,
    { film->pixels[index] }, { SOURCE_WIDTH * 3 }, 3, { 0, 1, 2 } };
}

/* Faster than the network's rate, slower, and with gaps. */
static Film *
film_new (GRand *random)
{
  Film *film = g_new (Film, 1);
  guint64 now = 12345;

  for (guint i = 0; i < N_PICTURES; i++) {
    for (gsize k = 0; k < sizeof film->pixels[i]; k++)
      film->pixels[i][k] = (guint8) g_rand_int_range (random, 0, 256);
    film->timestamps[i] = now;
    now += g_rand_int_range (random, 0, i < N_PICTURES / 2 ? 90 : 400)
        * G_GUINT64_CONSTANT (1000000);
  }
  return film;
}

static void
film_features (Fixture *f, const Film *film)
{
  RnncVideo *video = rnnc_video_new (&rnnc_model_frontend (f->model)->video);
  gsize n_features = rnnc_model_input_size (f->model);

  f->n_frames = 0;
  for (guint i = 0; i < N_PICTURES; i++) {
    RnncVideoFrame frame = film_frame (film, i);
    float *out = f->features + f->n_frames * n_features;
    guint n = rnnc_video_push (video, &frame, film->timestamps[i], out);

    for (guint k = 1; k < n; k++) {
      memcpy (out + k * n_features, out + (k - 1) * n_features,
          n_features * sizeof *out);
      rnnc_video_repeat (video, out + k * n_features);
    }
    f->n_frames += n;
  }
  rnnc_video_free (video);
}

static void
push_film (Fixture *f, const Film *film, guint n_pictures)
{
  for (guint i = 0; i < n_pictures; i++) {
    RnncVideoFrame frame = film_frame (film, i);

    rnnc_stream_push_video (f->stream, &frame, film->timestamps[i]);
  }
}

static void
test_pictures (gconstpointer data)
{
  GRand *random = g_rand_new_with_seed (42);
  Film *film = film_new (random);
  Fixture f;
  gint before;

  fixture_init (&f, data);
  film_features (&f, film);
  g_assert_cmpuint (f.n_frames, >, N_PICTURES);
  forward (&f);
  before = g_atomic_int_get (&n_allocations);
  push_film (&f, film, N_PICTURES);
  expect (&f);
  push_film (&f, film, 20);
  rnnc_stream_reset (f.stream);
  f.sink.n_frames = 0;
  push_film (&f, film, N_PICTURES);
  expect (&f);
  g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, before);
  fixture_clear (&f);
  g_free (film);
  g_rand_free (random);
}

static void
add_cases (const char *what, const Case *cases, guint n_cases,
    void (*test) (gconstpointer data))
{
  for (guint i = 0; i < n_cases; i++) {
    g_autofree char *path
        = g_strdup_printf ("/stream-media/%s/%s", what, cases[i].name);

    g_test_add_data_func (path, &cases[i], test);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_cases ("sound", sounds, G_N_ELEMENTS (sounds), test_sound);
  add_cases ("pictures", pictures, G_N_ELEMENTS (pictures), test_pictures);
  return g_test_run ();
}
