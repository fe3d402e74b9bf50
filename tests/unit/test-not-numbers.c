/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * NaN in a frame is NaN in what is made of it, as in PyTorch, and nowhere else;
 * an embedding's index is rounded and held to its table. */
#include <math.h>

#include "rnncore/rnncore.h"
#include "tests/support/random-model.h"

enum { FRAMES = 8, FEATURES = 4, AT = 3 * FEATURES + 1 };

/* Frame 3's number 1 is NaN. */
static const struct {
  const char *name;
  const char *frontend;
  const char *layers;
  guint n_outputs;
  guint64 nan; /* bits: outputs that are NaN, time by time */
} layers[] = {
  { "max-pool1d", "{'type':'none','features':4}",
      "[{'type':'max-pool1d','kernel':2}]", 16, 1 << 5 },
  { "max-pool1d-overlapping", "{'type':'none','features':4}",
      "[{'type':'max-pool1d','kernel':2,'stride':1,'left':1}]", 32,
      1 << 13 | 1 << 17 },
  { "average-pool1d", "{'type':'none','features':4}",
      "[{'type':'average-pool1d','kernel':2}]", 16, 1 << 5 },
  { "softmax", "{'type':'none','features':4}", "[{'type':'softmax'}]", 32,
      0xf << 12 },
  { "log-softmax", "{'type':'none','features':4}", "[{'type':'log-softmax'}]",
      32, 0xf << 12 },
  { "max-pool2d", "{'type':'none','features':4}",
      "[{'type':'unflatten','height':2,'width':2},{'type':'max-pool2d',"
      "'kernel':2}]",
      8, 1 << 3 },
  { "average-pool2d", "{'type':'none','features':4}",
      "[{'type':'unflatten','height':2,'width':2},{'type':'average-pool2d',"
      "'kernel':2}]",
      8, 1 << 3 },
};

static void
collect (const float *outputs, gsize n_frames, gpointer user_data)
{
  GArray *all = user_data;

  g_array_append_vals (all, outputs, n_frames);
}

static void
test_layer (gconstpointer data)
{
  const guint which = GPOINTER_TO_UINT (data);
  g_autoptr (RnncModel) model
      = random_model_new (layers[which].frontend, layers[which].layers);
  gsize width = rnnc_model_output_size (model);
  g_autoptr (GArray) streamed
      = g_array_new (FALSE, FALSE, width * sizeof (float));
  g_autofree float *whole = g_new (float, layers[which].n_outputs);
  RnncStream *stream = rnnc_stream_new (model, collect, streamed);
  float input[FRAMES * FEATURES];

  for (guint i = 0; i < G_N_ELEMENTS (input); i++)
    input[i] = i == AT ? NAN : (float) (i % 5);
  g_assert_cmpuint (rnnc_model_output_frames (model, FRAMES) * width, ==,
      layers[which].n_outputs);
  rnnc_model_forward (model, input, FRAMES, whole);
  rnnc_stream_push_features (stream, input, FRAMES);
  rnnc_stream_flush (stream);
  g_assert_cmpuint (streamed->len * width, ==, layers[which].n_outputs);
  for (guint i = 0; i < layers[which].n_outputs; i++) {
    gboolean expected = layers[which].nan >> i & 1;

    g_assert_cmpint (isnan (whole[i]) != 0, ==, expected);
    g_assert_cmpint (isnan (((float *) (void *) streamed->data)[i]) != 0, ==,
        expected);
  }
  rnnc_stream_free (stream);
}

static void
test_embedding (void)
{
  static const struct {
    float number;
    float entry;
  } indices[] = { { NAN, 0 }, { -3, 0 }, { -INFINITY, 0 }, { 1.6f, 2 },
    { 1.4f, 1 }, { 6, 6 }, { 7, 6 }, { 1e30f, 6 }, { INFINITY, 6 } };
  g_autoptr (RnncModel) model
      = random_model_new ("{'type':'none','features':1}",
          "[{'type':'embedding','name':'e','entries':7,'units':3}]");

  for (guint i = 0; i < G_N_ELEMENTS (indices); i++) {
    float got[3], expected[3];

    rnnc_model_forward (model, &indices[i].number, 1, got);
    rnnc_model_forward (model, &indices[i].entry, 1, expected);
    g_assert_cmpmem (got, sizeof got, expected, sizeof expected);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (layers); i++) {
    g_autofree char *path = g_strconcat ("/not-numbers/", layers[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_layer);
  }
  g_test_add_func ("/not-numbers/embedding", test_embedding);
  return g_test_run ();
}
