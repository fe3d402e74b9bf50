/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/random-model.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#include "rnncore/model/description.h"
#include "rnncore/model/safetensors.h"

static gsize
count_values (const RnncTensorSpec *spec)
{
  gsize n = 1;

  for (guint i = 0; i < spec->rank; i++)
    n *= spec->shape[i];
  return n;
}

static void
fill (float *values, const RnncTensorSpec *spec, GRand *random)
{
  gsize n = count_values (spec);
  double reach = spec->rank > 1
      ? 1.7 / sqrt ((double) n / (double) spec->shape[0])
      : 0.5;
  gboolean is_variance = g_str_has_suffix (spec->name, "running_var");

  for (gsize i = 0; i < n; i++)
    values[i]
        = (float) (is_variance ? g_rand_double_range (random, 0.5, 1.5)
                               : g_rand_double_range (random, -reach, reach));
}

/* (transfer full) (element-type RnncTensorSpec): of all layers; %NULL where
 * they have more than @limit numbers. */
static GPtrArray *
list_tensors (const RnncDescription *description, gsize limit)
{
  GPtrArray *specs
      = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  gsize total = 0;

  for (guint i = 0; i < description->layers->len; i++) {
    GPtrArray *owned = rnnc_layer_spec_tensors (description->layers->pdata[i]);

    g_ptr_array_add (specs, owned);
    for (guint k = 0; k < owned->len; k++)
      total += count_values (owned->pdata[k]);
  }
  if (total > limit)
    g_clear_pointer (&specs, g_ptr_array_unref);
  return specs;
}

/* Numbers for each; a name that two layers share is written once. */
static GArray *
fill_tensors (GPtrArray *layers)
{
  GArray *tensors = g_array_new (FALSE, TRUE, sizeof (RnncTensor));
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  GRand *random = g_rand_new_with_seed (11);

  for (guint i = 0; i < layers->len; i++) {
    GPtrArray *owned = layers->pdata[i];

    for (guint k = 0; k < owned->len; k++) {
      const RnncTensorSpec *spec = owned->pdata[k];
      RnncTensor tensor = { .name = spec->name,
        .dtype = RNNC_DTYPE_F32,
        .rank = spec->rank,
        .n_bytes = count_values (spec) * sizeof (float) };
      float *values;

      if (!g_hash_table_add (names, spec->name))
        continue;
      values = g_new (float, count_values (spec));
      fill (values, spec, random);
      memcpy (tensor.shape, spec->shape, spec->rank * sizeof (gsize));
      tensor.data = values;
      g_array_append_val (tensors, tensor);
    }
  }
  g_rand_free (random);
  return tensors;
}

gboolean
random_model_write (const char *path, const char *text, gsize limit,
    gboolean embed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncDescription) description
      = rnnc_description_parse (text, strlen (text), "test", NULL);
  g_autoptr (GPtrArray) layers
      = description != NULL ? list_tensors (description, limit) : NULL;
  g_autoptr (GArray) tensors = NULL;

  if (layers == NULL)
    return FALSE;
  tensors = fill_tensors (layers);
  rnnc_safetensors_write (path, (const RnncTensor *) (void *) tensors->data,
      tensors->len, RNNC_METADATA_KEY, embed ? text : NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < tensors->len; i++)
    g_free ((gpointer) g_array_index (tensors, RnncTensor, i).data);
  return TRUE;
}

char *
random_model_description (const char *frontend, const char *layers)
{
  char *text
      = g_strdup_printf ("{'format':1,'task':'test','frontend':%s,'layers':%s,"
                         "'labels':[]}",
          frontend, layers);

  return g_strdelimit (text, "'", '"');
}

/* @model: (transfer full): of the file at @path, which is written again */
static RnncModel *
store_as (RnncModel *model, RnncStorage storage, const char *path)
{
  g_autoptr (GError) error = NULL;
  RnncModel *stored;

  rnnc_model_convert (model, path, &(RnncConversion){ storage }, &error);
  g_assert_no_error (error);
  stored = rnnc_model_load (path, &error);
  g_assert_no_error (error);
  g_assert_true (stored != model);
  rnnc_model_unref (model);
  return stored;
}

RnncModel *
random_model_from_text (const char *description)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = g_dir_make_tmp ("random-model-XXXXXX", NULL);
  g_autofree char *path
      = g_build_filename (directory, "random.safetensors", NULL);
  g_autofree char *text = g_strdelimit (g_strdup (description), "'", '"');
  RnncModel *model;

  g_assert_true (random_model_write (path, text, G_MAXSIZE, TRUE));
  model = rnnc_model_load (path, &error);
  g_assert_no_error (error);
  if (g_strcmp0 (g_getenv ("RNNC_TEST_STORAGE"), "int8") == 0)
    model = store_as (model, RNNC_STORAGE_I8, path);
  else if (g_strcmp0 (g_getenv ("RNNC_TEST_STORAGE"), "f16") == 0)
    model = store_as (model, RNNC_STORAGE_F16, path);
  g_unlink (path);
  g_rmdir (directory);
  return model;
}

RnncModel *
random_model_new (const char *frontend, const char *layers)
{
  g_autofree char *text = random_model_description (frontend, layers);

  return random_model_from_text (text);
}

float *
random_input (RnncModel *model, gsize n_frames, guint32 seed)
{
  GRand *random = g_rand_new_with_seed (seed);
  gsize n = n_frames * rnnc_model_input_size (model);
  float *input = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_double_range (random, -1, 1);
  g_rand_free (random);
  return input;
}
