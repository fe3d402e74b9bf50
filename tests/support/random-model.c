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

static void
write_random (const char *path, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncDescription) description
      = rnnc_description_parse (text, strlen (text), "test", &error);
  g_autoptr (GPtrArray) specs = g_ptr_array_new ();
  g_autoptr (GArray) tensors = g_array_new (FALSE, TRUE, sizeof (RnncTensor));
  GRand *random = g_rand_new_with_seed (11);

  g_assert_no_error (error);
  for (guint i = 0; i < description->layers->len; i++) {
    GPtrArray *owned = rnnc_layer_spec_tensors (description->layers->pdata[i]);

    for (guint k = 0; k < owned->len; k++) {
      const RnncTensorSpec *spec = owned->pdata[k];
      RnncTensor tensor = { .name = spec->name,
        .dtype = RNNC_DTYPE_F32,
        .rank = spec->rank,
        .n_bytes = count_values (spec) * sizeof (float) };
      float *values = g_new (float, count_values (spec));

      fill (values, spec, random);
      memcpy (tensor.shape, spec->shape, spec->rank * sizeof (gsize));
      tensor.data = values;
      g_array_append_val (tensors, tensor);
    }
    g_ptr_array_add (specs, owned);
  }
  rnnc_safetensors_write (path, (const RnncTensor *) (void *) tensors->data,
      tensors->len, RNNC_METADATA_KEY, text, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < tensors->len; i++)
    g_free ((gpointer) g_array_index (tensors, RnncTensor, i).data);
  g_ptr_array_foreach (specs, (GFunc) (void *) g_ptr_array_unref, NULL);
  g_rand_free (random);
}

RnncModel *
random_model_from_text (const char *description)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *directory = g_dir_make_tmp ("random-model-XXXXXX", NULL);
  g_autofree char *path
      = g_build_filename (directory, "random.safetensors", NULL);
  g_autofree char *text = g_strdup (description);
  RnncModel *model;

  write_random (path, g_strdelimit (text, "'", '"'));
  model = rnnc_model_load (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
  g_rmdir (directory);
  return model;
}

RnncModel *
random_model_new (const char *frontend, const char *layers)
{
  g_autofree char *text
      = g_strdup_printf ("{'format':1,'task':'test','frontend':%s,'layers':%s,'"
                         "labels':[]}",
          frontend, layers);

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
