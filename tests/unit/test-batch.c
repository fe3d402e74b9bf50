/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Many sequences at once: each has the bits that it has alone. */
#include "rnncore/model/model-private.h"
#include "tests/support/output-sink.h"
#include "tests/support/random-model.h"

#define IMAGE "{'type':'video','width':7,'height':5,'difference':true}"

typedef struct {
  const char *name;
  const char *frontend; /* NULL: vectors of 5 */
  const char *layers;
} Case;

static const Case cases[] = {
  { "dense", NULL, "[{'type':'dense','units':7}]" },
  { "nothing", NULL, "[{'type':'dropout'}]" },
  { "rnn-tanh", NULL, "[{'type':'rnn','hidden':17}]" },
  { "rnn-relu", NULL,
      "[{'type':'rnn','hidden':9,'nonlinearity':'relu','layers':2}]" },
  { "gru", NULL, "[{'type':'gru','hidden':33,'layers':3}]" },
  { "gru-both-ways", NULL, "[{'type':'gru','hidden':6,'bidirectional':true}]" },
  { "lstm", NULL, "[{'type':'lstm','hidden':33}]" },
  { "lstm-no-bias", NULL, "[{'type':'lstm','hidden':16,'bias':false}]" },
  { "lstm-projection", NULL,
      "[{'type':'lstm','hidden':19,'projection':6,'layers':2}]" },
  { "lstm-projection-both-ways", NULL,
      "[{'type':'lstm','hidden':9,'projection':4,'layers':2,"
      "'bidirectional':true}]" },
  { "conv1d", NULL,
      "[{'type':'conv1d','channels':7,'kernel':6,'stride':3,'left':2,"
      "'right':3},{'type':'lstm','hidden':8}]" },
  { "pooling", NULL,
      "[{'type':'max-pool1d','kernel':4},{'type':'average-pool1d',"
      "'kernel':3,'stride':1,'left':1},{'type':'softmax'}]" },
  { "clip", IMAGE,
      "[{'type':'conv2d','channels':4,'kernel':3,'stride':2},"
      "{'type':'batch-norm'},{'type':'relu'},{'type':'flatten'},"
      "{'type':'lstm','hidden':6,'bidirectional':true},"
      "{'type':'mean-over-time'},{'type':'dense','units':3},"
      "{'type':'log-softmax'}]" },
  { "last-step", NULL,
      "[{'type':'gru','hidden':6},{'type':'last-step'},"
      "{'type':'dense','units':3}]" },
  { "branches", NULL,
      "[{'type':'conv1d','name':'a','channels':5,'kernel':9,'left':1,"
      "'right':7},{'type':'gru','name':'b','input':'frontend','hidden':5},"
      "{'type':'add','name':'c','inputs':['a','b','frontend']},"
      "{'type':'mean-over-time','name':'m'},{'type':'last-step','name':'l',"
      "'input':'c'},{'type':'concatenate','inputs':['m','l']}]" },
};

typedef struct {
  gsize n;
  gsize *n_frames;
  float **inputs;
  float **outputs;
} Batch;

/* Lengths of all kinds, in no order: empty, one frame, around the blocks of
 * the recurrent cores, and @longest. */
static void
batch_init (Batch *batch, RnncModel *model, gsize n, gsize longest)
{
  static const gsize lengths[] = { 17, 0, 1, 48, 5, 49, 7, 8, 9, 97, 2, 48 };
  gsize width = rnnc_model_output_size (model);

  *batch
      = (Batch){ n, g_new (gsize, n), g_new (float *, n), g_new (float *, n) };
  for (gsize i = 0; i < n; i++) {
    gsize n_out;

    batch->n_frames[i]
        = i == n / 2 ? longest : lengths[i % G_N_ELEMENTS (lengths)];
    batch->inputs[i] = random_input (model, batch->n_frames[i], i);
    n_out = rnnc_model_output_frames (model, batch->n_frames[i]);
    batch->outputs[i] = g_new0 (float, n_out *width + 1);
    batch->outputs[i][n_out * width] = 77;
  }
}

static void
batch_clear (Batch *batch)
{
  for (gsize i = 0; i < batch->n; i++) {
    g_free (batch->inputs[i]);
    g_free (batch->outputs[i]);
  }
  g_free (batch->inputs);
  g_free (batch->outputs);
  g_free (batch->n_frames);
}

static void
check_batch (RnncModel *model, gsize n, gsize longest)
{
  gsize width = rnnc_model_output_size (model);
  Batch batch;

  batch_init (&batch, model, n, longest);
  rnnc_model_forward_batch (model, (const float *const *) batch.inputs,
      batch.n_frames, n, batch.outputs);
  for (gsize i = 0; i < n; i++) {
    gsize n_out = rnnc_model_output_frames (model, batch.n_frames[i]);
    g_autofree float *alone = g_new (float, n_out *width + 1);

    rnnc_model_forward (model, batch.inputs[i], batch.n_frames[i], alone);
    assert_same_outputs (batch.outputs[i], alone, n_out, width);
    g_assert_cmpfloat (batch.outputs[i][n_out * width], ==, 77);
  }
  batch_clear (&batch);
}

static void
test_case (gconstpointer data)
{
  /* more than go together, too */
  static const gsize counts[] = { 0, 1, 2, 12, RNNC_BATCH_SEQUENCES + 31 };
  const Case *one = data;
  g_autoptr (RnncModel) model
      = random_model_new (one->frontend != NULL ? one->frontend
                                                : RANDOM_MODEL_FEATURES,
          one->layers);

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    check_batch (model, counts[i], 61);
}

/* Of sequences too long to go together in the memory there is, and of one that
 * alone needs more. */
static void
test_large (void)
{
  g_autoptr (RnncModel) model = random_model_new (RANDOM_MODEL_FEATURES,
      "[{'type':'dense','units':2000},{'type':'relu'},"
      "{'type':'gru','hidden':3}]");

  check_batch (model, 3, RNNC_BATCH_BYTES / 2000 / sizeof (float) + 9);
  check_batch (model, 300, 400);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strdup_printf ("/batch/%s", cases[i].name);

    g_test_add_data_func (path, &cases[i], test_case);
  }
  g_test_add_func ("/batch/large", test_large);
  return g_test_run ();
}
