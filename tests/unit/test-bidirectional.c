/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Bidirectional cores live: chunks with a look-ahead. The forward half is that
 * of the whole sequence, the backward half that of each chunk with its
 * look-ahead; the push sizes change nothing. */
#include "tests/support/count-allocations.h"

#include "tests/support/output-sink.h"
#include "tests/support/random-model.h"

#define HIDDEN 7
#define WIDTH (2 * HIDDEN)
#define MAX_FRAMES 101

typedef struct {
  const char *cell;
  guint chunk;
  guint look_ahead;
} Case;

static const Case cases[] = {
  { "rnn", 8, 4 },
  { "gru", 5, 0 },
  { "gru", 1, 6 },
  { "lstm", 8, 4 },
  { "lstm", 1, 0 },
  { "lstm", 3, 20 },
  { "lstm", 32, 16 },
  { "lstm", 50, 7 },
};

static const gsize lengths[]
    = { 0, 1, 2, 5, 8, 11, 12, 13, 20, 48, 49, MAX_FRAMES };

static RnncModel *
new_model (const Case *one, guint n_layers, const char *after)
{
  g_autofree char *layers = g_strdup_printf ("[{'type':'%s','hidden':%u,'"
                                             "layers':%u,'bidirectional':true,"
                                             "'chunk':%u,'look-ahead':%u}%s]",
      one->cell, HIDDEN, n_layers, one->chunk, one->look_ahead, after);

  return random_model_new (RANDOM_MODEL_FEATURES, layers);
}

static void
run_stream (RnncModel *model, const float *input, gsize n_frames, gsize push,
    OutputSink *sink)
{
  RnncStream *stream;

  output_sink_init (sink, model, n_frames + 1);
  stream = rnnc_stream_new (model, output_sink_take, sink);
  for (gsize t = 0; t < n_frames; t += push)
    rnnc_stream_push_features (stream,
        input + t * rnnc_model_input_size (model), MIN (push, n_frames - t));
  rnnc_stream_flush (stream);
  rnnc_stream_free (stream);
}

/* --- one level, told by forward on parts ---------------------------------- */

/* Outputs @first..@first+@n of a run over @first..@end, their backward half. */
static void
backward_half (RnncModel *model, const float *input, gsize first, gsize end,
    gsize n, float *wanted)
{
  g_autofree float *part = g_new (float, (end - first) * WIDTH);

  rnnc_model_forward (model, input + first * rnnc_model_input_size (model),
      end - first, part);
  for (gsize t = 0; t < n; t++)
    memcpy (wanted + (first + t) * WIDTH + HIDDEN, part + t * WIDTH + HIDDEN,
        HIDDEN * sizeof *part);
}

static void
test_one_level (gconstpointer data)
{
  const Case *one = data;
  g_autoptr (RnncModel) model = new_model (one, 1, "");

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    gsize n = lengths[i], first = 0;
    g_autofree float *input = random_input (model, n, i);
    g_autofree float *wanted = g_new (float, n *WIDTH);
    OutputSink sink;

    rnnc_model_forward (model, input, n, wanted);
    for (; first + one->chunk + one->look_ahead <= n; first += one->chunk)
      backward_half (model, input, first, first + one->chunk + one->look_ahead,
          one->chunk, wanted);
    if (first < n)
      backward_half (model, input, first, n, n - first, wanted);
    run_stream (model, input, n, 3, &sink);
    g_assert_cmpuint (sink.n_frames, ==, n);
    assert_same_outputs (sink.outputs, wanted, n, WIDTH);
    output_sink_clear (&sink);
  }
}

/* --- any depth ------------------------------------------------------------ */

static void
check_pushes (RnncModel *model, gsize n, gboolean equals_forward)
{
  static const gsize pushes[] = { 1, 2, 7, 16, 17, 33, MAX_FRAMES };
  g_autofree float *input = random_input (model, n, 21);
  gsize n_out = rnnc_model_output_frames (model, n);
  OutputSink wanted;

  run_stream (model, input, n, 5, &wanted);
  g_assert_cmpuint (wanted.n_frames, ==, n_out);
  if (equals_forward) {
    g_autofree float *whole = g_new (float, n_out *wanted.width + 1);

    rnnc_model_forward (model, input, n, whole);
    assert_same_outputs (wanted.outputs, whole, n_out, wanted.width);
  }
  for (guint i = 0; i < G_N_ELEMENTS (pushes); i++) {
    OutputSink sink;

    run_stream (model, input, n, pushes[i], &sink);
    g_assert_cmpuint (sink.n_frames, ==, n_out);
    assert_same_outputs (sink.outputs, wanted.outputs, n_out, sink.width);
    output_sink_clear (&sink);
  }
  output_sink_clear (&wanted);
}

#define AFTER_MEAN ",{'type':'mean-over-time'}"
#define AFTER_CONV                                                             \
  ",{'type':'conv1d','channels':4,'kernel':5,'stride':2,'left':1,'right':3}"   \
  ",{'type':'log-softmax'}"

static void
test_pushes (gconstpointer data)
{
  static const char *const after[] = { "", AFTER_CONV, AFTER_MEAN };
  const Case *one = data;

  for (guint n_layers = 1; n_layers <= 3; n_layers++) {
    g_autoptr (RnncModel) model
        = new_model (one, n_layers, after[n_layers % G_N_ELEMENTS (after)]);

    for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
      check_pushes (model, lengths[i], lengths[i] <= one->chunk);
  }
}

/* A frame's last use leaves nothing behind: a second run is like the first. */
static void
test_again (gconstpointer data)
{
  g_autoptr (RnncModel) model = new_model (data, 2, "");
  gsize n_features = rnnc_model_input_size (model);
  g_autofree float *input = random_input (model, MAX_FRAMES, 22);
  OutputSink wanted, sink;
  RnncStream *stream;

  run_stream (model, input, MAX_FRAMES, 16, &wanted);
  output_sink_init (&sink, model, MAX_FRAMES);
  stream = rnnc_stream_new (model, output_sink_take, &sink);
  for (gsize before = 0; before <= MAX_FRAMES; before += 19) {
    gint count;

    rnnc_stream_push_features (stream, input + n_features, before / 2);
    if (before % 2 == 0)
      rnnc_stream_flush (stream);
    else
      rnnc_stream_reset (stream);
    sink.n_frames = 0;
    count = g_atomic_int_get (&n_allocations);
    rnnc_stream_push_features (stream, input, MAX_FRAMES);
    rnnc_stream_flush (stream);
    g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, count);
    g_assert_cmpuint (sink.n_frames, ==, MAX_FRAMES);
    assert_same_outputs (sink.outputs, wanted.outputs, MAX_FRAMES, WIDTH);
    sink.n_frames = 0;
  }
  rnnc_stream_free (stream);
  output_sink_clear (&sink);
  output_sink_clear (&wanted);
}

static void
add_cases (const char *what, void (*test) (gconstpointer data))
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strdup_printf ("/bidirectional/%s/%s-%u+%u", what,
        cases[i].cell, cases[i].chunk, cases[i].look_ahead);

    g_test_add_data_func (path, &cases[i], test);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_cases ("one-level", test_one_level);
  add_cases ("pushes", test_pushes);
  add_cases ("again", test_again);
  return g_test_run ();
}
