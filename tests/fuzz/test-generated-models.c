/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Descriptions changed at random, with weights that fit them: each is refused,
 * or the network runs, and gives the same bits as a stream in any pushes as at
 * once. Reaches what damaged files do not, the layers with odd parameters.
 * RNNC_FUZZ_SECONDS sets how long (default: 4000 networks); the seed is
 * GLib's (--seed). */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "rnncore/model/model-private.h"
#include "tests/fuzz/model-seeds.h"
#include "tests/support/output-sink.h"
#include "tests/support/random-model.h"

#define DEFAULT_NETWORKS 4000
#define MAX_FRAMES 40
/* A network beyond these is loaded, but not run: it would only take time. */
#define MAX_NUMBERS ((gsize) 1 << 20)
#define MAX_WORK ((gsize) 1 << 22)

/* --- descriptions ----------------------------------------------------------
 */

static const char *const numbers[] = { "0", "1", "2", "3", "4", "5", "6", "7",
  "8", "9", "12", "16", "17", "24", "33", "64", "100", "1000", "65536",
  "4294967295", "-1", "0.5", "1e3", "true", "[2,1]", "[1,3]", "[0,2]" };

static const char *const layers[] = { "'type':'relu'", "'type':'tanh'",
  "'type':'softmax'", "'type':'log-softmax'", "'type':'gelu'",
  "'type':'dropout'", "'type':'flatten'", "'type':'magnitude'",
  "'type':'unflatten','width':2,'channels':2", "'type':'last-step'",
  "'type':'mean-over-time'", "'type':'batch-norm'", "'type':'layer-norm'",
  "'type':'dense','units':4", "'type':'max-pool1d','kernel':3",
  "'type':'average-pool1d','kernel':3,'stride':2,'left':1",
  "'type':'max-pool2d','kernel':2", "'type':'average-pool2d','kernel':2",
  "'type':'conv1d','channels':4,'kernel':4,'right':2,'groups':2",
  "'type':'conv2d','channels':4,'kernel':2,'padding':1",
  "'type':'frame-conv1d','channels':4,'kernel':2,'dilation':2",
  "'type':'embedding','entries':3,'units':2", "'type':'rnn','hidden':3",
  "'type':'gru','hidden':4", "'type':'lstm','hidden':5,'projection':4",
  "'type':'lstm','hidden':2,'bidirectional':true,'chunk':2,'look-ahead':1",
  "'type':'add','inputs':['frontend','frontend']",
  "'type':'concatenate','inputs':['frontend','frontend']" };

/* The @n-th place of @what, counted over again; -1 for none. */
static gssize
find_any (const GString *text, const char *what)
{
  gsize start = (gsize) g_test_rand_int_range (0, (gint32) text->len);
  const char *at = strstr (text->str + start, what);

  if (at == NULL)
    at = strstr (text->str, what);
  return at == NULL ? -1 : at - text->str;
}

/* A number, wherever one stands behind a colon. */
static void
change_number (GString *text)
{
  gssize at = find_any (text, "':") + 2;
  gsize end;

  if (at < 2 || !g_ascii_isdigit (text->str[at]))
    return;
  for (end = (gsize) at; g_ascii_isdigit (text->str[end]);)
    end++;
  g_string_erase (text, at, (gssize) end - at);
  g_string_insert (text, at,
      numbers[g_test_rand_int_range (0, G_N_ELEMENTS (numbers))]);
}

static void
insert_layer (GString *text)
{
  g_autofree char *layer = g_strdup_printf ("{%s},",
      layers[g_test_rand_int_range (0, G_N_ELEMENTS (layers))]);
  gssize at = find_any (text, "{'type':");

  g_string_insert (text, at, layer);
}

static void
remove_layer (GString *text)
{
  gssize at = find_any (text, "{'type':");
  const char *end = strstr (text->str + at, ",{'type':");

  if (end != NULL)
    g_string_erase (text, at, end + 1 - (text->str + at));
}

static char *
change_layers (const char *seed)
{
  GString *text = g_string_new (seed);
  gint n = g_test_rand_int_range (1, 5);

  for (gint i = 0; i < n; i++) {
    switch (g_test_rand_int_range (0, 5)) {
      case 0:
        insert_layer (text);
        break;
      case 1:
        remove_layer (text);
        break;
      default:
        change_number (text);
    }
  }
  return g_string_free (text, FALSE);
}

/* --- running ---------------------------------------------------------------
 */

static gboolean
is_small (RnncModel *model)
{
  gsize macs = 0;

  for (guint i = 0; i < model->n_layers; i++)
    macs += rnnc_layer_spec_macs (model->layers[i]->spec);
  return macs < MAX_WORK && rnnc_model_stream_size (model) < 16 * MAX_WORK
      && rnnc_model_input_size (model) < 4096
      && rnnc_model_range_work (model, 0, model->n_layers, MAX_FRAMES)
      < MAX_WORK;
}

/* The same bits, or both not a number. */
static void
expect_same (const char *description, const float *a, const float *b, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    if (memcmp (&a[i], &b[i], sizeof *a) != 0
        && !(isnan (a[i]) && isnan (b[i])))
      g_error ("%s: number %zu: %.9g at once, %.9g in a stream", description, i,
          a[i], b[i]);
  }
}

static void
run_both_ways (RnncModel *model, const char *description)
{
  gsize n = (gsize) g_test_rand_int_range (0, MAX_FRAMES + 1);
  gsize size = rnnc_model_input_size (model);
  gsize n_out = rnnc_model_output_frames (model, n);
  g_autofree float *input = random_input (model, n, n);
  g_autofree float *whole = NULL;
  RnncStream *stream;
  OutputSink sink;

  output_sink_init (&sink, model, n_out + 1);
  whole = g_new (float, n_out *sink.width + 1);
  rnnc_model_forward (model, input, n, whole);
  stream = rnnc_stream_new (model, output_sink_take, &sink);
  for (gsize t = 0, count; t < n; t += count) {
    count = (gsize) g_test_rand_int_range (1, 20);
    count = MIN (count, n - t);
    rnnc_stream_push_features (stream, input + t * size, count);
  }
  rnnc_stream_flush (stream);
  g_assert_cmpuint (sink.n_frames, ==, n_out);
  if (!rnnc_model_is_bidirectional (model))
    expect_same (description, whole, sink.outputs, n_out * sink.width);
  rnnc_stream_free (stream);
  output_sink_clear (&sink);
}

typedef struct {
  guint n_fitting; /* that are descriptions */
  guint n_run;
} Counts;

static void
try_network (const char *path, const char *description, Counts *counts)
{
  g_autoptr (GError) error = NULL;
  RnncModel *model;

  if (!random_model_write (path, description, MAX_NUMBERS, TRUE))
    return;
  counts->n_fitting++;
  model = rnnc_model_load (path, &error);
  if (model == NULL) {
    g_assert_true (g_str_has_prefix (error->message, path));
    return;
  }
  if (is_small (model)) {
    run_both_ways (model, description);
    counts->n_run++;
  }
  rnnc_model_unref (model);
}

static void
test_generated (void)
{
  FuzzTime time = fuzz_time_start (DEFAULT_NETWORKS);
  g_autofree char *folder = g_dir_make_tmp ("rnncore-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "net.safetensors", NULL);
  Counts counts = { 0, 0 };

  while (fuzz_time_go_on (&time)) {
    const ModelSeed *seed = &model_seeds[time.n_done % n_model_seeds];
    g_autofree char *changed = change_layers (seed->layers);
    g_autofree char *description
        = random_model_description (seed->frontend, changed);

    try_network (path, description, &counts);
  }
  g_test_message ("%u networks: %u have weights, %u of them were run",
      time.n_done - 1, counts.n_fitting, counts.n_run);
  g_assert_cmpuint (counts.n_run, >, (time.n_done - 1) / 20);
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fuzz/generated-models", test_generated);
  return g_test_run ();
}
