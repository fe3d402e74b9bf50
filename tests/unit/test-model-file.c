/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The model file as untrusted input: each fault is one clear error. */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rnncore/model/safetensors.h"
#include "rnncore/rnncore.h"
#include "tests/support/raw-model.h"

typedef struct {
  const char *name;
  const char *description;
  const char *tensors;
  gsize n_data;
  const char *reason; /* part of the message */
} Fault;

#define DENSE(extra)                                                           \
  "{\"format\":1,\"task\":\"test\",\"frontend\":{\"type\":\"none\","           \
  "\"features\":2},\"layers\":[{\"type\":\"dense\",\"name\":\"fc\","           \
  "\"units\":3" extra "}],\"labels\":[\"a\",\"b\",\"c\"]}"
#define LAYERS(layers)                                                         \
  "{\"format\":1,\"task\":\"test\",\"frontend\":{\"type\":\"none\","           \
  "\"features\":2},\"layers\":[" layers "],\"labels\":[]}"
#define ONE(tensor)                                                            \
  "\"fc.weight\":{" tensor "},\"fc.bias\":{\"dtype\":\"F32\","                 \
  "\"shape\":[3],\"data_offsets\":[24,36]}"

static const Fault faults[] = {
  { "huge-packed-weights",
      "{\"format\":1,\"task\":\"x\",\"frontend\":{\"type\":\"none\","
      "\"features\":65536},\"layers\":[{\"type\":\"conv1d\","
      "\"channels\":1,\"kernel\":1024}"
      "],\"labels\":[]}",
      RAW_TENSORS, 36, "its weights would need over 4096 MiB" },
  { "no-description", "", RAW_TENSORS, 36, "bad JSON" },
  { "not-json", "{", RAW_TENSORS, 36, "bad JSON" },
  { "comment", "{\"format\":/* 1 */1}", RAW_TENSORS, 36,
      "comments are not JSON" },
  { "duplicate-key", "{\"format\":1,\"format\":1}", RAW_TENSORS, 36,
      "duplicate key" },
  { "format-0",
      "{\"format\":0,\"task\":\"x\",\"frontend\":{},\"layers\":[],"
      "\"labels\":[]}",
      RAW_TENSORS, 36, "format: 0 is not in" },
  { "huge-stream",
      "{\"format\":1,\"task\":\"x\",\"frontend\":{\"type\":\"video\","
      "\"width\":4096,\"height\":4096},\"layers\":[{\"type\":\"max-pool1d\","
      "\"kernel\":1024}],\"labels\":[]}",
      RAW_TENSORS, 36, "a stream of it would need over 1024 MiB" },
  { "huge-stream-of-pools",
      "{\"format\":1,\"task\":\"x\",\"frontend\":{\"type\":\"none\","
      "\"features\":65536},\"layers\":[{\"type\":\"average-pool1d\","
      "\"kernel\":1024,\"stride\":1,\"left\":0},{\"type\":\"average-pool1d\","
      "\"kernel\":1024,\"stride\":1},{\"type\":\"max-pool1d\",\"kernel\":1024,"
      "\"stride\":1}],\"labels\":[]}",
      RAW_TENSORS, 36, "a stream of it would need over 1024 MiB" },
  { "future",
      "{\"format\":2,\"task\":\"x\",\"frontend\":{},\"layers\":[],"
      "\"labels\":[]}",
      RAW_TENSORS, 36, "format 2 is newer" },
  { "no-task", "{\"format\":1}", RAW_TENSORS, 36, "task: missing" },
  { "unknown-front-end",
      "{\"format\":1,\"task\":\"x\",\"frontend\":{\"type\":\"smell\"},"
      "\"layers\":[],\"labels\":[]}",
      RAW_TENSORS, 36, "unknown front end \"smell\"" },
  { "front-end-key",
      "{\"format\":1,\"task\":\"x\",\"frontend\":{\"type\":\"none\","
      "\"features\":2,\"what\":1},\"layers\":[],\"labels\":[]}",
      RAW_TENSORS, 36, "frontend.what: unknown key" },
  { "no-layers", LAYERS (""), RAW_TENSORS, 36, "0 layers" },
  { "unknown-layer", LAYERS ("{\"type\":\"attention\"}"), RAW_TENSORS, 36,
      "layers[0].type: unknown layer \"attention\"" },
  { "layer-key", DENSE (",\"what\":1"), RAW_TENSORS, 36,
      "layers[0].what: unknown key" },
  { "layer-no-object", LAYERS ("7"), RAW_TENSORS, 36,
      "an object was expected" },
  { "vector-into-image",
      LAYERS ("{\"type\":\"conv2d\",\"channels\":2,\"kernel\":3}"), RAW_TENSORS,
      36, "takes an image" },
  { "time-ended",
      LAYERS ("{\"type\":\"last-step\"},{\"type\":\"lstm\",\"hidden\":2}"),
      RAW_TENSORS, 36, "has ended time" },
  { "huge-weights",
      LAYERS ("{\"type\":\"dense\",\"units\":65536},"
              "{\"type\":\"dense\",\"units\":65536}"),
      RAW_TENSORS, 36, "weights are too large" },
  { "same-name",
      LAYERS ("{\"type\":\"dense\",\"name\":\"a\",\"units\":2},"
              "{\"type\":\"dense\",\"name\":\"a\",\"units\":2}"),
      RAW_TENSORS, 36, "its name was used before" },
  { "label-count",
      "{\"format\":1,\"task\":\"x\",\"frontend\":{\"type\":\"none\","
      "\"features\":2},\"layers\":[{\"type\":\"dense\",\"name\":\"fc\","
      "\"units\":3}],\"labels\":[\"a\"]}",
      RAW_TENSORS, 36, "1 labels, but the last layer gives 3" },
  { "missing-tensor", RAW_DESCRIPTION, "", 36,
      "tensor \"fc.weight\": is missing" },
  { "wrong-shape", RAW_DESCRIPTION,
      ONE ("\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]"), 36,
      "shape [2, 3], the layer needs [3, 2]" },
  { "beyond-the-end", RAW_DESCRIPTION, RAW_TENSORS, 35, "lies beyond the end" },
  { "overlap", RAW_DESCRIPTION,
      ONE ("\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[4,28]"), 36,
      "overlaps another" },
  { "offsets-misfit", RAW_DESCRIPTION,
      ONE ("\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[0,20]"), 36,
      "do not fit its shape" },
  { "offsets-backwards", RAW_DESCRIPTION,
      ONE ("\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[24,0]"), 36,
      "bad data_offsets" },
  { "offsets-negative", RAW_DESCRIPTION,
      ONE ("\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[-24,0]"), 36,
      "bad data_offsets" },
  { "dimension-negative", RAW_DESCRIPTION,
      ONE ("\"dtype\":\"F32\",\"shape\":[-3,2],\"data_offsets\":[0,24]"), 36,
      "bad dimension" },
  { "dimensions-overflow", RAW_DESCRIPTION,
      ONE ("\"dtype\":\"F32\",\"shape\":[4503599627370496,4503599627370496],"
           "\"data_offsets\":[0,24]"),
      36, "overflows" },
  { "unknown-dtype", RAW_DESCRIPTION,
      ONE ("\"dtype\":\"F8\",\"shape\":[3,2],\"data_offsets\":[0,24]"), 36,
      "unknown dtype" },
  { "int8-without-scales", RAW_DESCRIPTION,
      ONE ("\"dtype\":\"I8\",\"shape\":[3,2],\"data_offsets\":[0,6]"), 36,
      "\".scale\" is missing" },
  { "int8-scales-of-f16", RAW_DESCRIPTION,
      ONE (
          "\"dtype\":\"I8\",\"shape\":[3,2],\"data_offsets\":[0,6]") ",\"fc."
                                                                     "weight."
                                                                     "scale\":{"
                                                                     "\"dtype\""
                                                                     ":\"F16\","
                                                                     "\"shape\""
                                                                     ":[3],"
                                                                     "\"data_"
                                                                     "offsets\""
                                                                     ":[6,12]}",
      36, "tensor \"fc.weight.scale\": is not f32" },
  { "int8-too-few-scales", RAW_DESCRIPTION,
      ONE (
          "\"dtype\":\"I8\",\"shape\":[3,2],\"data_offsets\":[0,6]") ",\"fc."
                                                                     "weight."
                                                                     "scale\":{"
                                                                     "\"dtype\""
                                                                     ":\"F32\","
                                                                     "\"shape\""
                                                                     ":[2],"
                                                                     "\"data_"
                                                                     "offsets\""
                                                                     ":[6,14]}",
      36, "tensor \"fc.weight.scale\": shape [2], the layer needs [3]" },
  { "duplicate-tensor", RAW_DESCRIPTION, RAW_TENSORS "," RAW_TENSORS, 36,
      "duplicate key" },
};

static void
expect_fault (const char *path, const char *reason)
{
  g_autoptr (GError) error = NULL;
  RnncModel *model = rnnc_model_load (path, &error);

  g_assert_null (model);
  g_assert_nonnull (error);
  g_assert_true (error->domain == RNNC_ERROR);
  g_assert_true (g_str_has_prefix (error->message, path));
  g_assert_null (strchr (error->message, '\n'));
  if (strstr (error->message, reason) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, reason);
}

static void
test_fault (gconstpointer data)
{
  const Fault *fault = data;
  g_autofree char *header
      = raw_model_header (fault->description, fault->tensors);
  g_autoptr (GBytes) bytes = raw_model_bytes (header, NULL, fault->n_data);
  char *path = raw_model_write (bytes);

  expect_fault (path, fault->reason);
  raw_model_remove (path);
}

static GBytes *
whole_model (void)
{
  g_autofree char *header = raw_model_header (RAW_DESCRIPTION, RAW_TENSORS);

  return raw_model_bytes (header, NULL, RAW_DATA_BYTES);
}

static void
test_truncated (void)
{
  g_autoptr (GBytes) whole = whole_model ();
  gsize size = g_bytes_get_size (whole);

  for (gsize n = 0; n < size; n++) {
    g_autoptr (GBytes) part = g_bytes_new_from_bytes (whole, 0, n);
    char *path = raw_model_write (part);

    expect_fault (path,
        n < 10                          ? "too short"
            : n < size - RAW_DATA_BYTES ? "truncated inside its header"
                                        : "beyond the end");
    raw_model_remove (path);
  }
}

static void
test_wrong_magic (void)
{
  g_autoptr (GBytes) bytes
      = g_bytes_new_static ("RIFF\x24\x08\x00\x00WAVEfmt ", 16);
  char *path = raw_model_write (bytes);

  expect_fault (path, "is not a model file");
  raw_model_remove (path);
}

/* json-glib 1.6.6 alone would run out of stack. */
static void
test_nested (void)
{
  g_autofree char *deep = g_strnfill (200000, '[');
  g_autofree char *description = g_strdup_printf ("{\"format\":%s", deep);
  g_autofree char *inside = raw_model_header (description, RAW_TENSORS);
  g_autofree char *outside = g_strdup_printf ("{\"a\":%s", deep);
  const char *const headers[] = { inside, outside };

  for (guint i = 0; i < G_N_ELEMENTS (headers); i++) {
    g_autoptr (GBytes) bytes
        = raw_model_bytes (headers[i], NULL, RAW_DATA_BYTES);
    char *path = raw_model_write (bytes);

    expect_fault (path, "nested too deeply");
    raw_model_remove (path);
  }
}

static void
test_header_too_large (void)
{
  guint8 start[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, '{' };
  g_autoptr (GBytes) bytes = g_bytes_new_static (start, sizeof start);
  char *path = raw_model_write (bytes);

  expect_fault (path, "its header length is over the limit");
  raw_model_remove (path);
}

/* Root may read everything: the test is nobody while it loads. */
static void
test_no_permission (void)
{
  g_autoptr (GBytes) whole = whole_model ();
  char *path = raw_model_write (whole);
  gboolean is_root = geteuid () == 0;

  g_assert_cmpint (g_chmod (path, 0), ==, 0);
  if (is_root && seteuid (65534) != 0)
    g_test_skip ("is root and cannot be anybody else");
  else
    expect_fault (path, "Permission denied");
  if (is_root)
    g_assert_cmpint (seteuid (0), ==, 0);
  raw_model_remove (path);
}

static void
test_no_metadata (void)
{
  g_autoptr (GBytes) bytes
      = raw_model_bytes ("{" RAW_TENSORS "}", NULL, RAW_DATA_BYTES);
  char *path = raw_model_write (bytes);

  expect_fault (path, "no \"rnncore\" description");
  raw_model_remove (path);
}

static void
test_not_finite (void)
{
  const float bad[] = { NAN, INFINITY, -INFINITY };
  g_autofree char *header = raw_model_header (RAW_DESCRIPTION, RAW_TENSORS);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    float data[RAW_DATA_BYTES / sizeof (float)] = { 0 };
    g_autoptr (GBytes) bytes = NULL;
    char *path;

    data[i] = bad[i];
    bytes = raw_model_bytes (header, data, sizeof data);
    path = raw_model_write (bytes);
    expect_fault (path, "NaN or an infinity");
    raw_model_remove (path);
  }
}

static void
test_not_a_file (void)
{
  g_autofree char *folder = g_dir_make_tmp ("rnncore-XXXXXX", NULL);
  g_autofree char *fifo = g_build_filename (folder, "fifo", NULL);
  g_autofree char *absent = g_build_filename (folder, "absent", NULL);

  expect_fault (folder, "not a regular file");
  expect_fault (absent, "No such file");
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  expect_fault (fifo, "not a regular file");
  g_unlink (fifo);
  g_rmdir (folder);
}

/* Every storage type decodes to the same numbers. */
static void
test_storage_types (void)
{
  static const char header[]
      = "{\"f32\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
        "\"f16\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[16,24]},"
        "\"bf16\":{\"dtype\":\"BF16\",\"shape\":[2,2],"
        "\"data_offsets\":[24,32]},"
        "\"i8\":{\"dtype\":\"I8\",\"shape\":[2,2],\"data_offsets\":[32,36]},"
        "\"i8.scale\":{\"dtype\":\"F32\",\"shape\":[2],"
        "\"data_offsets\":[36,44]}}";
  static const char *const names[] = { "f32", "f16", "bf16", "i8" };
  const float expected[] = { 1, -0.5, 0, 3 };
  const gsize shape[] = { 2, 2 };
  struct {
    float f32[4];
    guint16 f16[4];
    guint16 bf16[4];
    gint8 i8[4];
    float scale[2];
  } data = { { 1, -0.5, 0, 3 }, { 0x3c00, 0xb800, 0, 0x4200 },
    { 0x3f80, 0xbf00, 0, 0x4040 }, { 4, -2, 0, 6 }, { 0.25, 0.5 } };
  g_autoptr (GBytes) bytes = raw_model_bytes (header, &data, sizeof data);
  char *path = raw_model_write (bytes);
  g_autoptr (GError) error = NULL;
  RnncSafetensors *file = rnnc_safetensors_open (path, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree float *values
        = rnnc_safetensors_read_f32 (file, names[i], shape, 2, &error);

    g_assert_no_error (error);
    g_assert_cmpmem (values, sizeof expected, expected, sizeof expected);
  }
  rnnc_safetensors_free (file);
  raw_model_remove (path);
}

static void
test_shared (void)
{
  g_autoptr (GBytes) whole = whole_model ();
  char *path = raw_model_write (whole);
  g_autofree char *other = g_strconcat (path, ".link", NULL);
  g_autoptr (GError) error = NULL;
  RnncModel *one = rnnc_model_load (path, &error);
  RnncModel *two;

  g_assert_no_error (error);
  g_assert_cmpint (link (path, other), ==, 0);
  two = rnnc_model_load (other, &error);
  g_assert_no_error (error);
  g_assert_true (one == two);
  g_assert_cmpuint (rnnc_model_n_labels (one), ==, 3);
  g_assert_cmpstr (rnnc_model_label (one, 2), ==, "c");
  rnnc_model_unref (one);
  g_assert_cmpstr (rnnc_model_task (two), ==, "test");
  rnnc_model_unref (two);
  g_unlink (other);
  raw_model_remove (path);
}

static void
test_write_and_read (void)
{
  const float values[] = { 0.1f, -2, 3e-20f };
  const RnncTensor tensor = { .name = "x",
    .dtype = RNNC_DTYPE_F32,
    .rank = 1,
    .shape = { 3 },
    .data = values,
    .n_bytes = sizeof values };
  g_autofree char *folder = g_dir_make_tmp ("rnncore-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "a b", NULL);
  g_autofree char *nowhere = g_build_filename (folder, "no", "b", NULL);
  g_autofree char *fifo = g_build_filename (folder, "fifo", NULL);
  g_autofree float *back = NULL;
  g_autoptr (GError) error = NULL;
  RnncSafetensors *file;

  g_assert_true (
      rnnc_safetensors_write (path, &tensor, 1, "k", "\"quoted\" é", &error));
  g_assert_no_error (error);
  file = rnnc_safetensors_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (rnnc_safetensors_metadata (file, "k"), ==, "\"quoted\" é");
  back = rnnc_safetensors_read_f32 (file, "x", tensor.shape, 1, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (back, sizeof values, values, sizeof values);
  rnnc_safetensors_free (file);
  g_assert_false (
      rnnc_safetensors_write (nowhere, &tensor, 1, NULL, NULL, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_IO);
  g_assert_true (g_str_has_prefix (error->message, nowhere));
  g_clear_error (&error);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_assert_false (
      rnnc_safetensors_write (fifo, &tensor, 1, NULL, NULL, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_IO);
  g_assert_true (g_str_has_prefix (error->message, fifo));
  g_assert_false (g_file_test (fifo, G_FILE_TEST_IS_REGULAR));
  g_unlink (fifo);
  g_unlink (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0); /* nothing else was left */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++) {
    g_autofree char *path
        = g_strconcat ("/model-file/fault/", faults[i].name, NULL);

    g_test_add_data_func (path, &faults[i], test_fault);
  }
  g_test_add_func ("/model-file/fault/truncated", test_truncated);
  g_test_add_func ("/model-file/fault/wrong-magic", test_wrong_magic);
  g_test_add_func ("/model-file/fault/nested", test_nested);
  g_test_add_func ("/model-file/fault/header-too-large", test_header_too_large);
  g_test_add_func ("/model-file/fault/no-permission", test_no_permission);
  g_test_add_func ("/model-file/fault/no-metadata", test_no_metadata);
  g_test_add_func ("/model-file/fault/not-finite", test_not_finite);
  g_test_add_func ("/model-file/fault/not-a-file", test_not_a_file);
  g_test_add_func ("/model-file/storage-types", test_storage_types);
  g_test_add_func ("/model-file/shared", test_shared);
  g_test_add_func ("/model-file/write-and-read", test_write_and_read);
  return g_test_run ();
}
