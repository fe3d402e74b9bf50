/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model written again with weights of another storage type. */
#include <string.h>

#include "rnncore/layers/layer-spec.h"
#include "rnncore/model/model-files.h"
#include "rnncore/model/model-private.h"

typedef struct {
  const RnncModelFiles *files;
  RnncDType dtype;
  gboolean keep_embeddings;
  GArray *tensors;   /* RnncTensor, to be written */
  GPtrArray *memory; /* what they point to */
  GHashTable *names; /* of all of them */
  GHashTable
      *shared; /* names in the file that are done: two layers may share */
} Conversion;

static const RnncDType dtypes[] = {
  [RNNC_STORAGE_F32] = RNNC_DTYPE_F32,
  [RNNC_STORAGE_F16] = RNNC_DTYPE_F16,
  [RNNC_STORAGE_BF16] = RNNC_DTYPE_BF16,
  [RNNC_STORAGE_I8] = RNNC_DTYPE_I8,
};

static gboolean
fail (Conversion *conversion, const char *name, const char *reason,
    GError **error)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "%s: tensor \"%s\": %s",
      conversion->files->weights_path, name, reason);
  return FALSE;
}

/* @name and @data: (transfer full) */
static gboolean
add_tensor (Conversion *conversion, char *name, RnncTensor tensor,
    gpointer data, gsize element_size, GError **error)
{
  tensor.name = name;
  tensor.data = data;
  tensor.n_bytes = element_size;
  for (guint i = 0; i < tensor.rank; i++)
    tensor.n_bytes *= tensor.shape[i];
  g_ptr_array_add (conversion->memory, name);
  g_ptr_array_add (conversion->memory, data);
  if (!g_hash_table_add (conversion->names, name))
    return fail (conversion, name, "stands twice in the new file", error);
  g_array_append_val (conversion->tensors, tensor);
  return TRUE;
}

/* Matrices and kernels change; biases, norms and their statistics are few and
 * stay f32. */
static RnncDType
choose_dtype (const Conversion *conversion, const RnncLayerSpec *layer,
    const RnncTensorSpec *tensor)
{
  if (tensor->rank < 2
      || (layer->type == RNNC_LAYER_EMBEDDING && conversion->keep_embeddings))
    return RNNC_DTYPE_F32;
  return conversion->dtype;
}

static gboolean
convert_tensor (Conversion *conversion, const RnncLayerSpec *layer,
    const RnncTensorSpec *spec, GError **error)
{
  static const gsize element_sizes[] = {
    [RNNC_DTYPE_F32] = 4,
    [RNNC_DTYPE_F16] = 2,
    [RNNC_DTYPE_BF16] = 2,
    [RNNC_DTYPE_I8] = 1,
  };
  RnncTensor tensor
      = { .rank = spec->rank, .dtype = choose_dtype (conversion, layer, spec) };
  g_autofree float *values
      = rnnc_safetensors_read_f32 (conversion->files->weights, spec->name,
          spec->shape, spec->rank, error);
  gsize columns = 1;
  gpointer data;
  guint32 *scales;

  if (values == NULL)
    return FALSE;
  for (guint i = 0; i < spec->rank; i++) {
    tensor.shape[i] = spec->shape[i];
    columns *= i > 0 ? spec->shape[i] : 1;
  }
  data = rnnc_safetensors_encode (values, tensor.dtype, spec->shape[0], columns,
      &scales);
  if (data == NULL)
    return fail (conversion, spec->name,
        "holds a number too large for this storage type", error);
  if (!add_tensor (conversion, g_strdup (spec->name), tensor, data,
          element_sizes[tensor.dtype], error)) {
    g_free (scales);
    return FALSE;
  }
  if (scales == NULL)
    return TRUE;
  tensor.dtype = RNNC_DTYPE_F32;
  tensor.rank = 1;
  return add_tensor (conversion, g_strconcat (spec->name, ".scale", NULL),
      tensor, scales, sizeof *scales, error);
}

static gboolean
convert_tensors (Conversion *conversion, GPtrArray *layers, GError **error)
{
  for (guint i = 0; i < layers->len; i++) {
    const RnncLayerSpec *layer = g_ptr_array_index (layers, i);
    g_autoptr (GPtrArray) tensors = rnnc_layer_spec_tensors (layer);

    for (guint k = 0; k < tensors->len; k++) {
      const RnncTensorSpec *spec = g_ptr_array_index (tensors, k);

      if (g_hash_table_add (conversion->shared, g_strdup (spec->name))
          && !convert_tensor (conversion, layer, spec, error))
        return FALSE;
    }
  }
  return TRUE;
}

static gboolean
convert_files (const RnncModelFiles *files, RnncModel *model,
    const char *output, RnncStorage storage, gboolean keep_embeddings,
    GError **error)
{
  Conversion conversion = {
    .files = files,
    .dtype = dtypes[storage],
    .keep_embeddings = keep_embeddings,
    .tensors = g_array_new (FALSE, FALSE, sizeof (RnncTensor)),
    .memory = g_ptr_array_new_with_free_func (g_free),
    .names = g_hash_table_new (g_str_hash, g_str_equal),
    .shared = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
  };
  gboolean ok = convert_tensors (&conversion, model->description->layers, error)
      && rnnc_safetensors_write (output,
          (const RnncTensor *) (void *) conversion.tensors->data,
          conversion.tensors->len, "rnncore", model->json, error);

  g_hash_table_unref (conversion.shared);
  g_hash_table_unref (conversion.names);
  g_ptr_array_unref (conversion.memory);
  g_array_unref (conversion.tensors);
  return ok;
}

gboolean
rnnc_model_convert (RnncModel *model, const char *output, RnncStorage storage,
    gboolean keep_embeddings, GError **error)
{
  RnncModelFiles files;
  gboolean ok = FALSE;

  g_return_val_if_fail (model != NULL && output != NULL, FALSE);
  g_return_val_if_fail ((guint) storage < G_N_ELEMENTS (dtypes), FALSE);
  if (g_str_has_suffix (output, ".json")) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: would be read as a description, not as weights", output);
    return FALSE;
  }
  if (rnnc_model_files_open (&files, model->path, error))
    ok = convert_files (&files, model, output, storage, keep_embeddings, error);
  rnnc_model_files_clear (&files);
  return ok;
}
