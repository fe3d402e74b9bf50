/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Random damage to model files, and to weights or a description beside each
 * other: each is refused with one error or loads and runs; nothing crashes
 * (run under ASan and UBSan by ./check). RNNC_FUZZ_SECONDS sets how long each
 * case runs (default: 2000 files each). The seed is GLib's (--seed), so a
 * failure repeats. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "rnncore/rnncore.h"
#include "tests/fuzz/model-seeds.h"
#include "tests/support/random-model.h"

#define DEFAULT_FILES 2000
#define MAX_NUMBERS 65536

typedef struct {
  char *folder;
  char *weights; /* FOLDER/net.safetensors */
  char *json;    /* FOLDER/net.json */
} Files;

static void
files_init (Files *files)
{
  files->folder = g_dir_make_tmp ("rnncore-XXXXXX", NULL);
  files->weights = g_build_filename (files->folder, "net.safetensors", NULL);
  files->json = g_build_filename (files->folder, "net.json", NULL);
}

static void
files_clear (Files *files)
{
  g_unlink (files->weights);
  g_unlink (files->json);
  g_assert_cmpint (g_rmdir (files->folder), ==, 0);
  g_free (files->folder);
  g_free (files->weights);
  g_free (files->json);
}

/* A new file without GLib's sync: file systems write a replaced one out. */
static void
write_bytes (const char *path, GBytes *bytes)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  FILE *file;

  g_unlink (path);
  file = fopen (path, "wb");
  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (data, 1, size, file), ==, size);
  g_assert_cmpint (fclose (file), ==, 0);
}

static GBytes *
read_bytes (const char *path)
{
  char *text;
  gsize size;

  g_assert_true (g_file_get_contents (path, &text, &size, NULL));
  return g_bytes_new_take (text, size);
}

/* The weights file of a network, with the description in it or not. */
static GBytes *
make_seed (const Files *files, const char *description, gboolean embed)
{
  g_assert_true (
      random_model_write (files->weights, description, MAX_NUMBERS, embed));
  return read_bytes (files->weights);
}

/* One to eight faults: a byte, a digit, a run removed, repeated or swapped. */
static GBytes *
damage (GBytes *seed)
{
  GByteArray *bytes = g_byte_array_new ();
  gsize size;
  gconstpointer data = g_bytes_get_data (seed, &size);
  gint n_faults = g_test_rand_int_range (1, 9);

  g_byte_array_append (bytes, data, size);
  for (gint i = 0; i < n_faults && bytes->len > 16; i++) {
    guint at = g_test_rand_int_range (0, bytes->len);
    guint run = g_test_rand_int_range (1, 40);
    g_autofree guint8 *copy = NULL;

    run = MIN (run, bytes->len - at);
    switch (g_test_rand_int_range (0, 6)) {
      case 0:
        bytes->data[at] ^= 1 << g_test_rand_int_range (0, 8);
        break;
      case 1:
        bytes->data[at] = g_test_rand_int_range (0, 256);
        break;
      case 2:
        while (at < bytes->len && !g_ascii_isdigit (bytes->data[at]))
          at++;
        if (at < bytes->len)
          bytes->data[at] = '0' + g_test_rand_int_range (0, 10);
        break;
      case 3:
        g_byte_array_remove_range (bytes, at, run);
        break;
      case 4:
        copy = g_memdup2 (bytes->data + at, run);
        g_byte_array_append (bytes, copy, run);
        break;
      case 5:
        g_byte_array_set_size (bytes, at + 1);
        break;
    }
  }
  return g_byte_array_free_to_bytes (bytes);
}

/* Keep the header length right most times, or little else is reached. */
static GBytes *
damage_inside (GBytes *seed)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (seed, &size);
  g_autoptr (GBytes) rest = g_bytes_new (data + 8, size - 8);
  g_autoptr (GBytes) broken = damage (rest);
  GByteArray *bytes = g_byte_array_new ();
  gsize broken_size;
  const guint8 *text = g_bytes_get_data (broken, &broken_size);
  const guint8 *end
      = broken_size > 0 ? memmem (text, broken_size, "}}", 2) : NULL;
  guint64 length;

  memcpy (&length, data, sizeof length);
  while (end != NULL && (gsize) (end - text) + 4 < broken_size) {
    const guint8 *next
        = memmem (end + 2, broken_size - (end + 2 - text), "}}", 2);

    if (next == NULL)
      break;
    end = next;
  }
  if (end != NULL)
    length = GUINT64_TO_LE ((guint64) (end + 2 - text));
  g_byte_array_append (bytes, (const guint8 *) &length, sizeof length);
  g_byte_array_append (bytes, text, broken_size);
  return g_byte_array_free_to_bytes (bytes);
}

static void
ignore_outputs (const float *outputs, gsize n_frames, gpointer user_data)
{
  *(gsize *) user_data += n_frames;
}

static gboolean
load_and_run (const char *path)
{
  g_autoptr (GError) error = NULL;
  RnncModel *model = rnnc_model_load (path, &error);

  if (model == NULL) {
    g_assert_nonnull (error);
    g_assert_nonnull (strstr (error->message, path));
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
  } else if (rnnc_model_input_size (model) <= 4096) {
    g_autofree float *features
        = g_new0 (float, 9 * rnnc_model_input_size (model));
    gsize n_outputs = 0;
    RnncStream *stream = rnnc_stream_new (model, ignore_outputs, &n_outputs);

    rnnc_stream_push_features (stream, features, 9);
    rnnc_stream_flush (stream);
    g_assert_cmpuint (n_outputs, ==, rnnc_model_output_frames (model, 9));
    rnnc_stream_free (stream);
  }
  g_clear_pointer (&model, rnnc_model_unref);
  return error == NULL;
}

static void
report (const FuzzTime *time, guint n_loaded)
{
  guint n_files = time->n_done - 1;

  g_test_message ("%u damaged files, %u of them loaded", n_files, n_loaded);
  g_assert_cmpuint (n_loaded, <, n_files);
}

static void
test_single (void)
{
  FuzzTime time = fuzz_time_start (DEFAULT_FILES);
  guint n_loaded = 0;
  g_autoptr (GPtrArray) seeds
      = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  Files files;

  files_init (&files);
  for (guint i = 0; i < n_model_seeds; i++) {
    g_autofree char *description
        = random_model_description (model_seeds[i].frontend,
            model_seeds[i].layers);

    g_ptr_array_add (seeds, make_seed (&files, description, TRUE));
    g_assert_true (load_and_run (files.weights));
  }
  while (fuzz_time_go_on (&time)) {
    GBytes *seed = seeds->pdata[time.n_done % seeds->len];
    g_autoptr (GBytes) bytes
        = time.n_done % 4 == 0 ? damage (seed) : damage_inside (seed);

    write_bytes (files.weights, bytes);
    n_loaded += load_and_run (files.weights);
  }
  report (&time, n_loaded);
  files_clear (&files);
}

typedef struct {
  GBytes *weights;
  GBytes *json;
} Pair;

static void
make_pair (const Files *files, const ModelSeed *seed, Pair *pair)
{
  g_autofree char *description
      = random_model_description (seed->frontend, seed->layers);

  pair->weights = make_seed (files, description, FALSE);
  pair->json = g_bytes_new (description, strlen (description));
  write_bytes (files->json, pair->json);
  g_assert_true (load_and_run (files->weights));
  g_assert_true (load_and_run (files->json));
}

/* Damage to the description, to the weights, or to both; asked for by either
 * name. */
static void
test_pairs (void)
{
  FuzzTime time = fuzz_time_start (DEFAULT_FILES);
  g_autofree Pair *pairs = g_new0 (Pair, n_model_seeds);
  guint n_loaded = 0;
  Files files;

  files_init (&files);
  for (guint i = 0; i < n_model_seeds; i++)
    make_pair (&files, &model_seeds[i], &pairs[i]);
  while (fuzz_time_go_on (&time)) {
    const Pair *pair = &pairs[time.n_done % n_model_seeds];
    gint which = g_test_rand_int_range (0, 8);
    g_autoptr (GBytes) json
        = which < 6 ? damage (pair->json) : g_bytes_ref (pair->json);
    g_autoptr (GBytes) weights = which < 5 ? g_bytes_ref (pair->weights)
                                           : damage_inside (pair->weights);

    write_bytes (files.json, json);
    write_bytes (files.weights, weights);
    n_loaded += load_and_run (g_test_rand_bit () ? files.json : files.weights);
  }
  report (&time, n_loaded);
  for (guint i = 0; i < n_model_seeds; i++) {
    g_bytes_unref (pairs[i].weights);
    g_bytes_unref (pairs[i].json);
  }
  files_clear (&files);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fuzz/damaged-models/single", test_single);
  g_test_add_func ("/fuzz/damaged-models/pairs", test_pairs);
  return g_test_run ();
}
