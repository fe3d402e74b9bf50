/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Models of two files: weights as they are, and a description as JSON. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "rnncore/rnncore.h"
#include "tests/support/raw-model.h"

typedef struct {
  char *folder;
  char *json;    /* FOLDER/net.json */
  char *weights; /* FOLDER/net.safetensors */
} Pair;

/* FOLDER/@name with @text in it. */
static char *
put (const char *folder, const char *name, const char *text)
{
  char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  return path;
}

static char *
put_weights (const char *folder, const char *name, const char *tensors)
{
  char *path = g_build_filename (folder, name, NULL);
  g_autofree char *header = g_strdup_printf ("{%s}", tensors);
  const float data[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
  g_autoptr (GBytes) bytes = raw_model_bytes (header, data, sizeof data);
  g_autoptr (GError) error = NULL;
  gsize size;
  const char *contents = g_bytes_get_data (bytes, &size);

  g_file_set_contents (path, contents, (gssize) size, &error);
  g_assert_no_error (error);
  return path;
}

static void
pair_init (Pair *pair, const char *description, const char *tensors)
{
  pair->folder = g_dir_make_tmp ("model-pair-XXXXXX", NULL);
  pair->json = put (pair->folder, "net.json", description);
  pair->weights = put_weights (pair->folder, "net.safetensors", tensors);
}

static void
pair_clear (Pair *pair)
{
  g_unlink (pair->json);
  g_unlink (pair->weights);
  g_assert_cmpint (g_rmdir (pair->folder), ==, 0);
  g_free (pair->folder);
  g_free (pair->json);
  g_free (pair->weights);
}

/* y = [1 2; 3 4; 5 6] x + [7 8 9] */
static void
expect_runs (RnncModel *model)
{
  const float input[] = { 1, -1 };
  const float expected[] = { 6, 7, 8 };
  float output[3];

  rnnc_model_forward (model, input, 1, output);
  g_assert_cmpmem (output, sizeof output, expected, sizeof expected);
}

static void
expect_loads (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncModel) model = rnnc_model_load (path, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (rnnc_model_path (model), ==, path);
  expect_runs (model);
}

static void
expect_fault (const char *path, const char *const *reasons)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (rnnc_model_load (path, &error));
  g_assert_nonnull (error);
  g_assert_true (error->domain == RNNC_ERROR);
  g_assert_null (strchr (error->message, '\n'));
  for (; *reasons != NULL; reasons++) {
    if (strstr (error->message, *reasons) == NULL)
      g_error ("\"%s\" does not say \"%s\"", error->message, *reasons);
  }
}

#define FAULT(path, ...)                                                       \
  expect_fault (path, (const char *[]){ __VA_ARGS__, NULL })

/* --- what loads
 * ---------------------------------------------------------------- */

static void
test_beside (void)
{
  Pair pair;

  pair_init (&pair, RAW_DESCRIPTION, RAW_TENSORS);
  expect_loads (pair.weights);
  expect_loads (pair.json);
  pair_clear (&pair);
}

static char *
with_weights (const char *weights)
{
  return g_strdup_printf ("{\"weights\":\"%s\",%s", weights,
      RAW_DESCRIPTION + 1);
}

static void
test_named (void)
{
  g_autofree char *relative = with_weights ("sub/other file");
  g_autofree char *folder = NULL, *other = NULL, *absolute = NULL;
  Pair pair;

  pair_init (&pair, relative,
      "\"x\":{\"dtype\":\"F32\",\"shape\":[9],"
      "\"data_offsets\":[0,36]}");
  folder = g_build_filename (pair.folder, "sub", NULL);
  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  other = put_weights (folder, "other file", RAW_TENSORS);
  expect_loads (pair.json);

  absolute = with_weights (other);
  g_free (put (pair.folder, "net.json", absolute));
  expect_loads (pair.json);
  g_unlink (other);
  g_rmdir (folder);
  pair_clear (&pair);
}

/* A description inside the weights counts, not the one beside them. */
static void
test_own_description_first (void)
{
  g_autofree char *header = raw_model_header (RAW_DESCRIPTION, RAW_TENSORS);
  g_autoptr (GBytes) bytes = raw_model_bytes (header, NULL, RAW_DATA_BYTES);
  g_autoptr (GError) error = NULL;
  RnncModel *model;
  Pair pair;

  pair_init (&pair, "{}", RAW_TENSORS);
  g_file_set_contents (pair.weights, g_bytes_get_data (bytes, NULL),
      (gssize) g_bytes_get_size (bytes), &error);
  g_assert_no_error (error);
  model = rnnc_model_load (pair.weights, &error);
  g_assert_no_error (error);
  rnnc_model_unref (model);
  pair_clear (&pair);
}

static void
test_shared (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *newer = NULL;
  RnncModel *one, *two, *three;
  Pair pair;

  pair_init (&pair, RAW_DESCRIPTION, RAW_TENSORS);
  one = rnnc_model_load (pair.json, &error);
  g_assert_no_error (error);
  two = rnnc_model_load (pair.json, &error);
  g_assert_true (one == two);

  /* other weights or another description are another model */
  newer = put_weights (pair.folder, "newer", RAW_TENSORS);
  g_assert_cmpint (g_rename (newer, pair.weights), ==, 0);
  three = rnnc_model_load (pair.json, &error);
  g_assert_no_error (error);
  g_assert_true (three != one);
  rnnc_model_unref (one);
  rnnc_model_unref (two);
  rnnc_model_unref (three);
  pair_clear (&pair);
}

/* The same weights with two descriptions are two models. */
static void
test_linked_weights (void)
{
  g_autofree char *described = with_weights ("unused");
  g_autofree char *json = NULL, *weights = NULL;
  g_autoptr (GError) error = NULL;
  RnncModel *one, *two;
  Pair pair;

  pair_init (&pair, RAW_DESCRIPTION, RAW_TENSORS);
  json = put (pair.folder, "b.json", described);
  weights = g_build_filename (pair.folder, "b.safetensors", NULL);
  g_assert_cmpint (link (pair.weights, weights), ==, 0);
  one = rnnc_model_load (pair.weights, &error);
  g_assert_no_error (error);
  two = rnnc_model_load (weights, &error);
  g_assert_no_error (error);
  g_assert_true (one != two);
  g_assert_cmpstr (rnnc_model_json (two), ==, described);
  rnnc_model_unref (one);
  rnnc_model_unref (two);
  g_unlink (json);
  g_unlink (weights);
  pair_clear (&pair);
}

static void
test_found_by_name (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *found = NULL;
  Pair pair;

  pair_init (&pair, RAW_DESCRIPTION, RAW_TENSORS);
  g_unlink (pair.weights);
  g_setenv ("RNNCORE_MODEL_PATH", pair.folder, TRUE);
  found = rnnc_model_find ("net", "speech", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (found, ==, pair.json);
  g_unsetenv ("RNNCORE_MODEL_PATH");
  pair_clear (&pair);
}

/* --- what does not
 * ------------------------------------------------------------- */

static void
test_no_description (void)
{
  Pair pair;

  pair_init (&pair, RAW_DESCRIPTION, RAW_TENSORS);
  g_unlink (pair.json);
  FAULT (pair.weights, pair.weights, "no \"rnncore\" description", pair.json);
  FAULT (pair.json, pair.json, "No such file");
  pair_clear (&pair);
}

static void
test_no_weights (void)
{
  g_autofree char *named = with_weights ("gone.safetensors");
  Pair pair;

  pair_init (&pair, RAW_DESCRIPTION, RAW_TENSORS);
  g_unlink (pair.weights);
  FAULT (pair.json, pair.json, pair.weights, "No such file");
  g_free (put (pair.folder, "net.json", named));
  FAULT (pair.json, pair.json, "gone.safetensors", "No such file");
  pair_clear (&pair);
}

static void
test_bad_description (void)
{
  Pair pair;

  pair_init (&pair, "{", RAW_TENSORS);
  FAULT (pair.weights, pair.weights, pair.json, "bad JSON");
  FAULT (pair.json, pair.json, "bad JSON");
  g_free (put (pair.folder, "net.json", "{\"weights\":3}"));
  FAULT (pair.json, pair.json, "weights");
  g_free (put (pair.folder, "net.json", "{\"format\":1}"));
  FAULT (pair.weights, pair.weights, pair.json, "task: missing");
  FAULT (pair.json, pair.weights, pair.json, "task: missing");
  pair_clear (&pair);
}

static void
test_bad_tensors (void)
{
  Pair pair;

  pair_init (&pair, RAW_DESCRIPTION,
      "\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[3,2],"
      "\"data_offsets\":[0,24]}");
  FAULT (pair.json, pair.json, pair.weights, "tensor \"fc.bias\": is missing");
  FAULT (pair.weights, pair.json, pair.weights,
      "tensor \"fc.bias\": is missing");
  pair_clear (&pair);
}

static void
test_not_a_file (void)
{
  Pair pair;

  pair_init (&pair, RAW_DESCRIPTION, RAW_TENSORS);
  g_unlink (pair.json);
  g_assert_cmpint (mkfifo (pair.json, 0600), ==, 0);
  FAULT (pair.json, pair.json, "not a regular file");
  FAULT (pair.weights, pair.json, "not a regular file");
  g_unlink (pair.json);
  g_assert_cmpint (g_mkdir (pair.json, 0700), ==, 0);
  FAULT (pair.json, pair.json, "not a regular file");
  g_rmdir (pair.json);
  pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model-pair/beside", test_beside);
  g_test_add_func ("/model-pair/named", test_named);
  g_test_add_func ("/model-pair/own-description-first",
      test_own_description_first);
  g_test_add_func ("/model-pair/shared", test_shared);
  g_test_add_func ("/model-pair/linked-weights", test_linked_weights);
  g_test_add_func ("/model-pair/found-by-name", test_found_by_name);
  g_test_add_func ("/model-pair/no-description", test_no_description);
  g_test_add_func ("/model-pair/no-weights", test_no_weights);
  g_test_add_func ("/model-pair/bad-description", test_bad_description);
  g_test_add_func ("/model-pair/bad-tensors", test_bad_tensors);
  g_test_add_func ("/model-pair/not-a-file", test_not_a_file);
  return g_test_run ();
}
