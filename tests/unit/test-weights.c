/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Each tensor of every layer type in turn is left out, has another shape or a
 * number that is none: one error names the file, the tensor and the reason. */
#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#include "rnncore/model/safetensors.h"
#include "rnncore/rnncore.h"
#include "tests/fuzz/model-seeds.h"
#include "tests/support/random-model.h"

typedef struct {
  char *folder;
  char *path; /* of the broken file */
  char *description;
  RnncSafetensors *whole;
} Fixture;

static void
fixture_init (Fixture *f, const ModelSeed *seed)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  f->folder = g_dir_make_tmp ("weights-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "broken.safetensors", NULL);
  f->description = random_model_description (seed->frontend, seed->layers);
  path = g_build_filename (f->folder, "whole.safetensors", NULL);
  g_assert_true (random_model_write (path, f->description, G_MAXSIZE, FALSE));
  f->whole = rnnc_safetensors_open (path, &error);
  g_assert_no_error (error);
  g_unlink (path);
}

static void
fixture_clear (Fixture *f)
{
  rnnc_safetensors_free (f->whole);
  g_unlink (f->path);
  g_assert_cmpint (g_rmdir (f->folder), ==, 0);
  g_free (f->folder);
  g_free (f->path);
  g_free (f->description);
}

/* The file with @changed for its tensor @index (NULL: without it). */
static void
expect_fault (Fixture *f, guint index, const RnncTensor *changed,
    const char *reason)
{
  g_autoptr (GArray) tensors = g_array_new (FALSE, FALSE, sizeof (RnncTensor));
  const char *name = rnnc_safetensors_tensor (f->whole, index)->name;
  g_autofree char *named = g_strdup_printf ("tensor \"%s\"", name);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < rnnc_safetensors_n_tensors (f->whole); i++) {
    if (i != index)
      g_array_append_vals (tensors, rnnc_safetensors_tensor (f->whole, i), 1);
    else if (changed != NULL)
      g_array_append_vals (tensors, changed, 1);
  }
  rnnc_safetensors_write (f->path, (const RnncTensor *) (void *) tensors->data,
      tensors->len, "rnncore", f->description, &error);
  g_assert_no_error (error);
  g_assert_null (rnnc_model_load (f->path, &error));
  g_assert_nonnull (error);
  g_assert_true (g_str_has_prefix (error->message, f->path));
  if (strstr (error->message, named) == NULL
      || strstr (error->message, reason) == NULL)
    g_error ("\"%s\" does not say \"%s\" and \"%s\"", error->message, named,
        reason);
}

static void
check_shapes (Fixture *f, guint index)
{
  const RnncTensor *tensor = rnnc_safetensors_tensor (f->whole, index);

  for (guint axis = 0; axis <= tensor->rank; axis++) {
    RnncTensor changed = *tensor;
    g_autofree float *data = NULL;

    if (axis == tensor->rank)
      changed.shape[changed.rank++] = 1; /* the same numbers */
    else
      changed.shape[axis]++;
    changed.n_bytes = sizeof (float);
    for (guint i = 0; i < changed.rank; i++)
      changed.n_bytes *= changed.shape[i];
    changed.data = data = g_malloc0 (changed.n_bytes);
    expect_fault (f, index, &changed, "the layer needs [");
  }
}

static void
check_numbers (Fixture *f, guint index)
{
  const RnncTensor *tensor = rnnc_safetensors_tensor (f->whole, index);
  g_autofree float *data = g_memdup2 (tensor->data, tensor->n_bytes);
  RnncTensor changed = *tensor;

  changed.data = data;
  data[tensor->n_bytes / sizeof (float) - 1] = index % 2 ? NAN : -INFINITY;
  expect_fault (f, index, &changed, "holds a NaN or an infinity");
}

static void
test_seed (gconstpointer seed)
{
  Fixture f;

  fixture_init (&f, seed);
  for (guint i = 0; i < rnnc_safetensors_n_tensors (f.whole); i++) {
    expect_fault (&f, i, NULL, "is missing");
    check_shapes (&f, i);
    check_numbers (&f, i);
  }
  fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < n_model_seeds; i++) {
    g_autofree char *path
        = g_strdup_printf ("/weights/%s", model_seeds[i].name);

    if (strcmp (model_seeds[i].name, "pooling") != 0) /* has none */
      g_test_add_data_func (path, &model_seeds[i], test_seed);
  }
  return g_test_run ();
}
