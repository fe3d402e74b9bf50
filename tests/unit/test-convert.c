/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Smaller weights: bits of each storage type, and models written again. */
#include <float.h>
#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#include "rnncore/kernels/kernels.h"
#include "rnncore/layers/linear.h"
#include "rnncore/model/safetensors.h"
#include "rnncore/rnncore.h"
#include "tests/support/random-model.h"

/* To nearest, ties to even. */
static const struct {
  float value;
  guint16 f16;
  guint16 bf16;
} bits[] = {
  { 0, 0x0000, 0x0000 }, { -0.0f, 0x8000, 0x8000 }, { 1, 0x3c00, 0x3f80 },
  { -0.5f, 0xb800, 0xbf00 },
  { 1 + 0x1p-11f, 0x3c00, 0x3f80 },            /* tie, down to even */
  { 1 + 3 * 0x1p-11f, 0x3c02, 0x3f80 },        /* tie, up to even */
  { 1 + 0x1p-11f + 0x1p-23f, 0x3c01, 0x3f80 }, /* over the tie */
  { 1 + 0x1p-8f, 0x3c04, 0x3f80 },             /* tie of bf16, down */
  { 1 + 3 * 0x1p-8f, 0x3c0c, 0x3f82 },         /* up */
  { 65504, 0x7bff, 0x4780 }, { 65519, 0x7bff, 0x4780 },
  { 0x1p-14f, 0x0400, 0x3880 },            /* smallest normal f16 */
  { 0x1p-14f - 0x1p-26f, 0x0400, 0x3880 }, /* rounds up to it */
  { 0x1p-24f, 0x0001, 0x3380 },            /* smallest subnormal */
  { 3 * 0x1p-25f, 0x0002, 0x33c0 },        /* tie, up to even */
  { 0x1p-25f, 0x0000, 0x3300 },            /* tie, down to 0 */
  { -0x1.8p-25f, 0x8001, 0xb340 }, { 0x1p-149f, 0x0000, 0x0000 },
  { 0x1p-133f, 0x0000, 0x0001 }, /* smallest subnormal bf16 */
};

static void
test_bits (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bits); i++) {
    g_autofree guint16 *f16
        = rnnc_safetensors_encode (&bits[i].value, RNNC_DTYPE_F16, 1, 1, NULL);
    g_autofree guint16 *bf16
        = rnnc_safetensors_encode (&bits[i].value, RNNC_DTYPE_BF16, 1, 1, NULL);

    g_assert_cmphex (GUINT16_FROM_LE (*f16), ==, bits[i].f16);
    g_assert_cmphex (GUINT16_FROM_LE (*bf16), ==, bits[i].bf16);
  }
}

static void
test_too_large (void)
{
  static const struct {
    float value;
    gboolean fits[4]; /* f32, f16, bf16, int8 */
  } numbers[] = {
    { NAN, { FALSE, FALSE, FALSE, FALSE } },
    { -INFINITY, { FALSE, FALSE, FALSE, FALSE } },
    { 65520, { TRUE, FALSE, TRUE, TRUE } },
    { -FLT_MAX, { TRUE, FALSE, FALSE, TRUE } },
  };
  static const RnncDType dtypes[]
      = { RNNC_DTYPE_F32, RNNC_DTYPE_F16, RNNC_DTYPE_BF16, RNNC_DTYPE_I8 };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    for (guint k = 0; k < G_N_ELEMENTS (dtypes); k++) {
      guint32 *scales = NULL;
      gpointer data = rnnc_safetensors_encode (&numbers[i].value, dtypes[k], 1,
          1, &scales);

      g_assert_cmpint (data != NULL, ==, numbers[i].fits[k]);
      g_free (data);
      g_free (scales);
    }
  }
}

/* No number moves by more than half a step of its row, whatever its size. */
static void
test_rows (void)
{
  enum { ROWS = 9, COLUMNS = 33 };
  static const float sizes[ROWS]
      = { 1, 1e-3f, 300, 0, 1e-40f, FLT_MIN, FLT_MAX, 1e30f, 127 };
  float values[ROWS * COLUMNS];
  g_autofree guint32 *scales = NULL;
  g_autofree gint8 *data = NULL;
  GRand *random = g_rand_new_with_seed (5);

  for (guint i = 0; i < ROWS * COLUMNS; i++)
    values[i] = i % COLUMNS == 7
        ? -sizes[i / COLUMNS]
        : sizes[i / COLUMNS] * (float) (2 * g_rand_double (random) - 1);
  g_rand_free (random);
  data
      = rnnc_safetensors_encode (values, RNNC_DTYPE_I8, ROWS, COLUMNS, &scales);
  for (guint i = 0; i < ROWS * COLUMNS; i++) {
    guint32 word = GUINT32_FROM_LE (scales[i / COLUMNS]);
    float scale;

    memcpy (&scale, &word, sizeof scale);
    g_assert_true (isfinite (data[i] * scale));
    g_assert_cmpfloat (fabs ((double) data[i] * scale - values[i]), <=,
        0.50001 * scale);
    g_assert_cmpint (data[i], >=, -127);
    if (i % COLUMNS == 7 && sizes[i / COLUMNS] > FLT_MIN * 127)
      g_assert_cmpint (data[i], ==, -127);
  }
}

#define LAYERS                                                                 \
  "[{'type':'embedding','name':'e','entries':9,'units':6},"                    \
  "{'type':'conv1d','name':'c','channels':8,'kernel':3},"                      \
  "{'type':'batch-norm','name':'n'},{'type':'relu'},"                          \
  "{'type':'lstm','name':'r','hidden':7,'projection':4},"                      \
  "{'type':'layer-norm','name':'m'},"                                          \
  "{'type':'dense','name':'d','units':3}]"

static const struct {
  RnncStorage storage;
  float tolerance;
} storages[] = {
  { RNNC_STORAGE_F32, 0 },
  { RNNC_STORAGE_F16, 4e-3f },
  { RNNC_STORAGE_BF16, 4e-2f },
  { RNNC_STORAGE_I8, 4e-2f },
};

static float *
run (RnncModel *model)
{
  enum { FRAMES = 12 };
  float input[FRAMES * 5];
  float *output = g_new (float, FRAMES *rnnc_model_output_size (model));

  for (guint i = 0; i < G_N_ELEMENTS (input); i++)
    input[i] = i * 7 % 9;
  rnnc_model_forward (model, input, FRAMES, output);
  return output;
}

static void
check_file (const char *path, guint index, gboolean keep_embeddings)
{
  static const RnncDType dtypes[]
      = { RNNC_DTYPE_F32, RNNC_DTYPE_F16, RNNC_DTYPE_BF16, RNNC_DTYPE_I8 };
  static const char *const never[] = { "c.bias", "n.weight", "n.running_var",
    "r.bias_hh_l0", "m.weight", "d.bias" };
  static const char *const always[]
      = { "c.weight", "r.weight_ih_l0", "r.weight_hr_l0", "d.weight" };
  g_autoptr (GError) error = NULL;
  RnncSafetensors *file = rnnc_safetensors_open (path, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (never); i++)
    g_assert_cmpint (rnnc_safetensors_lookup (file, never[i])->dtype, ==,
        RNNC_DTYPE_F32);
  for (guint i = 0; i < G_N_ELEMENTS (always); i++)
    g_assert_cmpint (rnnc_safetensors_lookup (file, always[i])->dtype, ==,
        dtypes[index]);
  g_assert_cmpint (rnnc_safetensors_lookup (file, "e.weight")->dtype, ==,
      keep_embeddings ? RNNC_DTYPE_F32 : dtypes[index]);
  rnnc_safetensors_free (file);
}

static void
test_models (void)
{
  g_autofree char *text
      = random_model_description (RANDOM_MODEL_FEATURES, LAYERS);
  g_autofree char *folder = g_dir_make_tmp ("convert-XXXXXX", NULL);
  g_autofree char *first = g_build_filename (folder, "first", NULL);
  g_autofree char *path = g_build_filename (folder, "second", NULL);
  g_autofree char *json = g_build_filename (folder, "x.json", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree float *expected = NULL;
  RnncModel *model;

  g_assert_true (random_model_write (first, text, G_MAXSIZE, TRUE));
  model = rnnc_model_load (first, &error);
  g_assert_no_error (error);
  expected = run (model);
  for (guint i = 0; i < 2 * G_N_ELEMENTS (storages); i++) {
    const guint which = i / 2;
    g_autoptr (RnncModel) converted = NULL;
    g_autofree float *got = NULL;
    g_autofree char *summary = NULL;

    rnnc_model_convert (model, path,
        &(RnncConversion){ storages[which].storage, .keep_embeddings = i % 2 },
        &error);
    g_assert_no_error (error);
    check_file (path, which, i % 2);
    converted = rnnc_model_load (path, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (rnnc_model_json (converted), ==, rnnc_model_json (model));
    if (which > 0)
      g_assert_cmpuint (rnnc_model_stored_bytes (converted), <,
          rnnc_model_stored_bytes (model));
    got = run (converted);
    for (gsize k = 0; k < 12 * rnnc_model_output_size (model); k++)
      g_assert_cmpfloat (fabsf (got[k] - expected[k]), <=,
          storages[which].tolerance);
    summary = rnnc_model_summary (converted);
    g_assert_nonnull (strstr (summary, "bytes as stored"));
  }
  g_assert_false (rnnc_model_convert (model, json,
      &(RnncConversion){ RNNC_STORAGE_F16 }, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_VALUE);
  rnnc_model_unref (model);
  g_unlink (first);
  g_unlink (path);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* Weights that stay 16 bits wide in memory compute as the same numbers in 32
 * do, but for the rounding of scales that were folded in. */
static void
test_halves (void)
{
  enum { OUTPUTS = 21, INPUTS = 13, ROWS = 3 };
  float weights[OUTPUTS * INPUTS], input[ROWS * INPUTS];
  float scale[OUTPUTS], shift[OUTPUTS];
  float narrow[ROWS * OUTPUTS], wide[ROWS * OUTPUTS];
  const RnncMatrix matrix = { .values = weights };
  RnncLinear halves = { 0 }, floats = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (weights); i++)
    weights[i] = (float) (gint) (i * 37 % 101 - 50) / 64;
  for (guint i = 0; i < G_N_ELEMENTS (input); i++)
    input[i] = (float) g_test_rand_double_range (-1, 1);
  for (guint o = 0; o < OUTPUTS; o++) {
    scale[o] = (float) g_test_rand_double_range (-2, 2);
    shift[o] = (float) g_test_rand_double_range (-2, 2);
  }
  rnnc_linear_init (&halves, &matrix, OUTPUTS, INPUTS,
      g_memdup2 (shift, sizeof shift));
  rnnc_linear_init (&floats, &matrix, OUTPUTS, INPUTS,
      g_memdup2 (shift, sizeof shift));
  rnnc_linear_halve (&halves);
  g_assert_true (
      (halves.packed_halves != NULL) == (rnnc_kernels ()->matmul_half != NULL));
  for (guint times = 0; times < 3; times++) {
    rnnc_linear_apply (&halves, input, INPUTS, narrow, OUTPUTS, ROWS, FALSE);
    rnnc_linear_apply (&floats, input, INPUTS, wide, OUTPUTS, ROWS, FALSE);
    for (guint i = 0; i < G_N_ELEMENTS (wide); i++)
      g_assert_cmpfloat (fabsf (narrow[i] - wide[i]), <=,
          times == 0 ? 0 : 4e-5f);
    rnnc_linear_fold (&halves, scale, shift);
    rnnc_linear_fold (&floats, scale, shift);
  }
  rnnc_linear_clear (&halves);
  rnnc_linear_clear (&floats);
}

/* One dense layer of two inputs, its weights @first and 127, scale 1. */
static float
run_bytes (gint8 first, const float *input)
{
  const gint8 bytes[2] = { first, 127 };
  const guint32 one = GUINT32_TO_LE (0x3f800000);
  const RnncTensor tensors[] = {
    { "d.weight", RNNC_DTYPE_I8, 2, { 1, 2 }, bytes, sizeof bytes },
    { "d.weight.scale", RNNC_DTYPE_F32, 1, { 1 }, &one, sizeof one },
  };
  g_autofree char *text
      = random_model_description ("{'type':'none','features':2}",
          "[{'type':'dense','name':'d','units':1,'bias':false}]");
  g_autofree char *folder = g_dir_make_tmp ("convert-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "bytes", NULL);
  g_autoptr (GError) error = NULL;
  RnncModel *model;
  float output;

  rnnc_safetensors_write (path, tensors, 2, "rnncore", text, &error);
  g_assert_no_error (error);
  model = rnnc_model_load (path, &error);
  g_assert_no_error (error);
  rnnc_model_forward (model, input, 1, &output);
  rnnc_model_unref (model);
  g_unlink (path);
  g_rmdir (folder);
  return output;
}

/* Bytes are multiplied by bytes: what is below half a 127th of the largest
 * input is lost. A file of others may hold -128, which the kernels cannot: its
 * matrix is one of numbers then. */
static void
test_arithmetic (void)
{
  static const float small[2] = { 1, 0x1p-9f }, large[2] = { 1, 1 };

  g_assert_cmpfloat (fabsf (run_bytes (-127, large)), <=, 1e-4);
  g_assert_cmpfloat (fabsf (run_bytes (-127, small) + 127), <=, 1e-4);
  g_assert_cmpfloat (run_bytes (-128, large), ==, -1);
  g_assert_cmpfloat (run_bytes (-128, small), ==, -128 + 127 * 0x1p-9f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/convert/bits", test_bits);
  g_test_add_func ("/convert/too-large", test_too_large);
  g_test_add_func ("/convert/int8-rows", test_rows);
  g_test_add_func ("/convert/int8-arithmetic", test_arithmetic);
  g_test_add_func ("/convert/models", test_models);
  g_test_add_func ("/convert/halves", test_halves);
  return g_test_run ();
}
