/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model written again with weights of another storage type, another
 * vocabulary, pronunciations or phrases. */
#include <string.h>

#include "rnncore/decode/lexicon.h"
#include "rnncore/decode/vocabulary.h"
#include "rnncore/layers/layer-spec.h"
#include "rnncore/model/model-files.h"
#include "rnncore/model/model-private.h"
#include "rnncore/rnnc-decoding.h"

typedef struct {
  const RnncModelFiles *files;
  RnncDType dtype;
  gboolean keep_embeddings;
  GArray *tensors;   /* RnncTensor, to be written */
  GPtrArray *memory; /* what they point to */
  GHashTable *names; /* of all of them */
  GHashTable
      *shared; /* names in the file that are done: two layers may share */
} Work;

static const RnncDType dtypes[] = {
  [RNNC_STORAGE_F32] = RNNC_DTYPE_F32,
  [RNNC_STORAGE_F16] = RNNC_DTYPE_F16,
  [RNNC_STORAGE_BF16] = RNNC_DTYPE_BF16,
  [RNNC_STORAGE_I8] = RNNC_DTYPE_I8,
};

static gboolean
fail (Work *work, const char *name, const char *reason, GError **error)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "%s: tensor \"%s\": %s",
      work->files->weights_path, name, reason);
  return FALSE;
}

/* @name and @data: (transfer full) */
static gboolean
add_tensor (Work *work, char *name, RnncTensor tensor, gpointer data,
    gsize element_size, GError **error)
{
  tensor.name = name;
  tensor.data = data;
  tensor.n_bytes = element_size;
  for (guint i = 0; i < tensor.rank; i++)
    tensor.n_bytes *= tensor.shape[i];
  g_ptr_array_add (work->memory, name);
  g_ptr_array_add (work->memory, data);
  if (!g_hash_table_add (work->names, name))
    return fail (work, name, "stands twice in the new file", error);
  g_array_append_val (work->tensors, tensor);
  return TRUE;
}

/* Matrices and kernels change; biases, norms and their statistics are few and
 * stay f32. */
static RnncDType
choose_dtype (const Work *work, const RnncLayerSpec *layer,
    const RnncTensorSpec *tensor)
{
  if (tensor->rank < 2
      || (layer->type == RNNC_LAYER_EMBEDDING && work->keep_embeddings))
    return RNNC_DTYPE_F32;
  return work->dtype;
}

static gboolean
convert_tensor (Work *work, const RnncLayerSpec *layer,
    const RnncTensorSpec *spec, GError **error)
{
  static const gsize element_sizes[] = {
    [RNNC_DTYPE_F32] = 4,
    [RNNC_DTYPE_F16] = 2,
    [RNNC_DTYPE_BF16] = 2,
    [RNNC_DTYPE_I8] = 1,
  };
  RnncTensor tensor
      = { .rank = spec->rank, .dtype = choose_dtype (work, layer, spec) };
  g_autofree float *values = rnnc_safetensors_read_f32 (work->files->weights,
      spec->name, spec->shape, spec->rank, error);
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
    return fail (work, spec->name,
        "holds a number too large for this storage type", error);
  if (!add_tensor (work, g_strdup (spec->name), tensor, data,
          element_sizes[tensor.dtype], error)) {
    g_free (scales);
    return FALSE;
  }
  if (scales == NULL)
    return TRUE;
  tensor.dtype = RNNC_DTYPE_F32;
  tensor.rank = 1;
  return add_tensor (work, g_strconcat (spec->name, ".scale", NULL), tensor,
      scales, sizeof *scales, error);
}

static gboolean
convert_tensors (Work *work, GPtrArray *layers, GError **error)
{
  for (guint i = 0; i < layers->len; i++) {
    const RnncLayerSpec *layer = g_ptr_array_index (layers, i);
    g_autoptr (GPtrArray) tensors = rnnc_layer_spec_tensors (layer);

    for (guint k = 0; k < tensors->len; k++) {
      const RnncTensorSpec *spec = g_ptr_array_index (tensors, k);

      if (g_hash_table_add (work->shared, g_strdup (spec->name))
          && !convert_tensor (work, layer, spec, error))
        return FALSE;
    }
  }
  return TRUE;
}

static gboolean
convert_files (const RnncModelFiles *files, RnncModel *model, const char *json,
    const char *output, const RnncConversion *conversion, GError **error)
{
  Work work = {
    .files = files,
    .dtype = dtypes[conversion->storage],
    .keep_embeddings = conversion->keep_embeddings,
    .tensors = g_array_new (FALSE, FALSE, sizeof (RnncTensor)),
    .memory = g_ptr_array_new_with_free_func (g_free),
    .names = g_hash_table_new (g_str_hash, g_str_equal),
    .shared = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
  };
  gboolean ok = convert_tensors (&work, model->description->layers, error)
      && rnnc_safetensors_write (output,
          (const RnncTensor *) (void *) work.tensors->data, work.tensors->len,
          "rnncore", json, error);

  g_hash_table_unref (work.shared);
  g_hash_table_unref (work.names);
  g_ptr_array_unref (work.memory);
  g_array_unref (work.tensors);
  return ok;
}

/* The words, one space between them. */
static char *
tidy (const char *text)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \t\r\n", -1);
  GString *tidied = g_string_new (NULL);

  for (guint i = 0; words[i] != NULL; i++) {
    if (*words[i] == '\0')
      continue;
    if (tidied->len > 0)
      g_string_append_c (tidied, ' ');
    g_string_append (tidied, words[i]);
  }
  return g_string_free (tidied, FALSE);
}

static void
copy_member (JsonObject *json, const char *name, JsonNode *node, gpointer copy)
{
  json_object_set_member (copy, name, json_node_copy (node));
}

static gboolean
check_text (RnncModel *model, const char *text, const char *task,
    const char *member, GError **error)
{
  if (strcmp (rnnc_model_task (model), task) != 0)
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s: %s: only models of task \"%s\" have it, its task is \"%s\"",
        rnnc_model_path (model), member, task, rnnc_model_task (model));
  else if (!g_utf8_validate (text, -1, NULL))
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s: %s: not UTF-8",
        rnnc_model_path (model), member);
  else
    return TRUE;
  return FALSE;
}

static gboolean
set_vocabulary (JsonObject *json, RnncModel *model, const char *words,
    GError **error)
{
  g_autoptr (RnncVocabulary) vocabulary = NULL;
  g_autofree char *tidied = NULL;

  if (!check_text (model, words, "language-model", "vocabulary", error))
    return FALSE;
  vocabulary = rnnc_vocabulary_new (words, model, error);
  if (vocabulary == NULL) {
    g_prefix_error (error, "%s: ", rnnc_model_path (model));
    return FALSE;
  }
  tidied = tidy (words);
  json_object_set_string_member (json, "vocabulary", tidied);
  return TRUE;
}

static gboolean
set_pronunciations (JsonObject *json, RnncModel *model, const char *lines,
    GError **error)
{
  if (!check_text (model, lines, "language-model", "pronunciations", error))
    return FALSE;
  if (!rnnc_lexicon_check_lines (lines, model, error)) {
    g_prefix_error (error, "%s: ", rnnc_model_path (model));
    return FALSE;
  }
  json_object_set_string_member (json, "pronunciations", lines);
  return TRUE;
}

static gboolean
set_phrases (JsonObject *json, RnncModel *model, const char *text,
    GError **error)
{
  g_autoptr (RnncPhraseList) phrases = NULL;
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  if (!check_text (model, text, "speech", "phrases", error))
    return FALSE;
  phrases = rnnc_phrase_list_new_from_strings ((const char *const *) lines,
      model, error);
  if (phrases == NULL) {
    g_prefix_error (error, "%s: ", rnnc_model_path (model));
    return FALSE;
  }
  json_object_set_string_member (json, "phrases", text);
  return TRUE;
}

/* Returns: (transfer full): the description; %NULL with @error */
static char *
describe (RnncModel *model, const RnncConversion *conversion, GError **error)
{
  g_autoptr (JsonNode) node = NULL;
  JsonObject *copy;

  if (conversion->vocabulary == NULL && conversion->phrases == NULL
      && conversion->pronunciations == NULL)
    return g_strdup (model->json);
  copy = json_object_new ();
  node = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (node, copy);
  json_object_foreach_member (model->description->json, copy_member, copy);
  if ((conversion->vocabulary != NULL
          && !set_vocabulary (copy, model, conversion->vocabulary, error))
      || (conversion->pronunciations != NULL
          && !set_pronunciations (copy, model, conversion->pronunciations,
              error))
      || (conversion->phrases != NULL
          && !set_phrases (copy, model, conversion->phrases, error)))
    return NULL;
  return json_to_string (node, FALSE);
}

gboolean
rnnc_model_convert (RnncModel *model, const char *output,
    const RnncConversion *conversion, GError **error)
{
  g_autofree char *json = NULL;
  RnncModelFiles files;
  gboolean ok = FALSE;

  g_return_val_if_fail (model != NULL && output != NULL, FALSE);
  g_return_val_if_fail (conversion != NULL, FALSE);
  g_return_val_if_fail ((guint) conversion->storage < G_N_ELEMENTS (dtypes),
      FALSE);
  if (g_str_has_suffix (output, ".json")) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: would be read as a description, not as weights", output);
    return FALSE;
  }
  json = describe (model, conversion, error);
  if (json == NULL)
    return FALSE;
  if (rnnc_model_files_open (&files, model->path, error))
    ok = convert_files (&files, model, json, output, conversion, error);
  rnnc_model_files_clear (&files);
  return ok;
}
