/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Networks at random, with branches of any delay that meet again: streams give
 * the bits of the whole sequence. */
#include "rnncore/model/model-private.h"
#include "tests/support/output-sink.h"
#include "tests/support/random-model.h"

#define N_NETWORKS 100
#define MAX_DEPTH 12
#define MAX_FRAMES 90

/* Name of the front end (-1) or of a layer. */
static char *
source_name (gint index)
{
  return index < 0 ? g_strdup ("frontend") : g_strdup_printf ("l%d", index);
}

static void
append_window (GString *text, GRand *random)
{
  guint dilation = g_rand_int_range (random, 1, 4);
  guint kernel = g_rand_int_range (random, 1, 7);
  guint reach = (kernel - 1) * dilation;
  guint right = g_rand_int_range (random, 0, reach + 1);

  g_string_append_printf (text,
      "'type':'conv1d','channels':5,'kernel':%u,'dilation':%u,'left':%u,"
      "'right':%u,'groups':%u",
      kernel, dilation, reach - right, right, g_rand_boolean (random) ? 1 : 5);
}

static void
append_pool (GString *text, GRand *random)
{
  guint kernel = g_rand_int_range (random, 1, 9);

  g_string_append_printf (text,
      "'type':'%s-pool1d','kernel':%u,'stride':1,'left':%d",
      g_rand_boolean (random) ? "max" : "average", kernel,
      g_rand_int_range (random, 0, (gint) kernel));
}

/* A layer of 5 channels, that reads any from @oldest on. */
static void
append_layer (GString *text, gint index, gint oldest, gboolean *used,
    GRand *random)
{
  static const char *const plain[]
      = { "relu", "tanh", "dropout", "batch-norm", "layer-norm", "gelu" };
  gint sources[2];

  for (guint i = 0; i < 2; i++)
    sources[i] = g_rand_int_range (random, MAX (oldest, index - 4), index);
  g_string_append_printf (text, "{'name':'l%d',", index);
  switch (g_rand_int_range (random, 0, 5)) {
    case 0:
      append_window (text, random);
      break;
    case 1:
      append_pool (text, random);
      break;
    case 2: {
      g_autofree char *a = source_name (sources[0]);
      g_autofree char *b = source_name (sources[1]);

      g_string_append_printf (text, "'type':'%s','inputs':['%s','%s']},",
          g_rand_boolean (random) ? "add" : "multiply", a, b);
      used[sources[0] + 1] = used[sources[1] + 1] = TRUE;
      return;
    }
    case 3:
      g_string_append (text, "'type':'gru','hidden':5");
      break;
    default:
      g_string_append_printf (text, "'type':'%s'",
          plain[g_rand_int_range (random, 0, G_N_ELEMENTS (plain))]);
  }
  used[sources[0] + 1] = TRUE;
  {
    g_autofree char *name = source_name (sources[0]);

    g_string_append_printf (text, ",'input':'%s'},", name);
  }
}

/* All that nothing reads comes together at the end. @cuttable: only the first
 * layer reads the front end. */
static char *
random_layers (GRand *random, gboolean cuttable)
{
  GString *text = g_string_new ("[");
  gboolean used[MAX_DEPTH + 2] = { FALSE };
  gint depth = g_rand_int_range (random, 1, MAX_DEPTH + 1);

  for (gint i = 0; i < depth; i++)
    append_layer (text, i, cuttable && i > 0 ? 0 : -1, used, random);
  g_string_append_printf (text, "{'type':'concatenate','inputs':['%s'",
      cuttable ? "l0" : "frontend");
  for (gint i = cuttable ? 1 : 0; i < depth; i++) {
    if (!used[i + 1])
      g_string_append_printf (text, ",'l%d'", i);
  }
  g_string_append_printf (text, ",'%s']}%s]", cuttable ? "l0" : "frontend",
      cuttable ? ",{'type':'dropout'},{'type':'dense','units':7},"
                 "{'type':'relu'}"
               : "");
  return g_string_free (text, FALSE);
}

static void
test_streams (void)
{
  GRand *random = g_rand_new_with_seed (21);

  for (guint k = 0; k < N_NETWORKS; k++) {
    g_autofree char *layers = random_layers (random, FALSE);
    g_autoptr (RnncModel) model
        = random_model_new (RANDOM_MODEL_FEATURES, layers);
    gsize n = g_rand_int_range (random, 1, MAX_FRAMES);
    gsize size = rnnc_model_input_size (model);
    g_autofree float *input = random_input (model, n, k);
    g_autofree float *wanted = g_new (float, n *rnnc_model_output_size (model));
    g_autoptr (RnncStream) stream = NULL;
    OutputSink sink;

    output_sink_init (&sink, model, n);
    stream = rnnc_stream_new (model, output_sink_take, &sink);
    rnnc_model_forward (model, input, n, wanted);
    for (gsize most = 1; most < 64; most *= 5) {
      sink.n_frames = 0;
      for (gsize t = 0, count; t < n; t += count) {
        count = g_rand_int_range (random, 1, most + 1);
        count = MIN (count, n - t);
        rnnc_stream_push_features (stream, input + t * size, count);
      }
      rnnc_stream_flush (stream);
      g_assert_cmpuint (sink.n_frames, ==, n);
      assert_same_outputs (sink.outputs, wanted, n, sink.width);
    }
    output_sink_clear (&sink);
  }
  g_rand_free (random);
}

/* Cut in two, where that can be, a network gives the same. */
static void
test_cuts (void)
{
  GRand *random = g_rand_new_with_seed (22);
  guint n_cuts = 0;

  for (guint k = 0; k < N_NETWORKS; k++) {
    g_autofree char *layers = random_layers (random, TRUE);
    g_autoptr (RnncModel) model
        = random_model_new (RANDOM_MODEL_FEATURES, layers);
    guint cut = g_rand_int_range (random, 1, (gint) model->n_layers + 1);
    const gsize n = 30;
    gsize width = rnnc_model_output_size (model);
    g_autofree float *input = random_input (model, n, k);
    g_autofree float *wanted = g_new (float, n *width);
    g_autofree float *middle = g_new (float, n * 5 * (MAX_DEPTH + 2));
    g_autofree float *output = g_new (float, n *width);
    g_autofree float *work = NULL;

    cut = rnnc_plan_cut (model->layers, model->n_layers, cut);
    g_assert_cmpuint (cut, >, 0);
    if (cut == model->n_layers)
      continue;
    n_cuts += cut > 1;
    work = g_new (float, rnnc_model_range_work (model, 0, model->n_layers, n));
    rnnc_model_forward (model, input, n, wanted);
    rnnc_model_forward_range (model, 0, cut, input, n, middle, work);
    rnnc_model_forward_range (model, cut, model->n_layers, middle, n, output,
        work);
    assert_same_outputs (output, wanted, n, width);
  }
  g_assert_cmpuint (n_cuts, >, 0);
  g_rand_free (random);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/graphs/streams", test_streams);
  g_test_add_func ("/graphs/cuts", test_cuts);
  return g_test_run ();
}
