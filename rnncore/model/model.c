/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "rnncore/model/model-files.h"
#include "rnncore/model/model-private.h"

/* What makes two paths the same file, unchanged since. */
typedef struct {
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec modified;
} FileIdentity;

typedef struct {
  FileIdentity identity; /* of the path that was given */
  gboolean is_pair;      /* of description and weights: */
  FileIdentity other;
  char *weights_name; /* (nullable) */
  RnncModel *model;   /* not owned: unref removes the entry */
} LoadedModel;

static GMutex loaded_lock;
static GSList *loaded; /* LoadedModel */

static gboolean
identify_file (const char *path, FileIdentity *identity, GError **error)
{
  struct stat info;

  if (stat (path, &info) != 0) {
    int code = errno;

    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: cannot open: %s", path,
        g_strerror (code));
    return FALSE;
  }
  memset (identity, 0, sizeof *identity);
  identity->device = info.st_dev;
  identity->inode = info.st_ino;
  identity->size = info.st_size;
  identity->modified = info.st_mtim;
  return TRUE;
}

/* The file that makes a pair with @path. */
static gboolean
identify_other (const char *path, const char *weights_name,
    FileIdentity *identity, GError **error)
{
  g_autofree char *other = rnnc_model_files_other (path, weights_name);

  return identify_file (other, identity, error);
}

static gboolean
same_file (const FileIdentity *a, const FileIdentity *b)
{
  return a->device == b->device && a->inode == b->inode && a->size == b->size
      && a->modified.tv_sec == b->modified.tv_sec
      && a->modified.tv_nsec == b->modified.tv_nsec;
}

static float *
read_tensor (gpointer file, const char *name, const gsize *shape, guint rank,
    GError **error)
{
  return rnnc_safetensors_read_f32 (file, name, shape, rank, error);
}

static gint8 *
read_bytes (gpointer file, const char *name, float **scales)
{
  return rnnc_safetensors_read_i8 (file, name, scales);
}

/* A tensor's bytes in the file, with its scales; 0 where it is missing. */
static gsize
tensor_bytes (RnncSafetensors *file, const char *name)
{
  const RnncTensor *tensor = rnnc_safetensors_lookup (file, name);
  const RnncTensor *scale = NULL;

  if (tensor != NULL && tensor->dtype == RNNC_DTYPE_I8) {
    g_autofree char *scale_name = g_strconcat (name, ".scale", NULL);

    scale = rnnc_safetensors_lookup (file, scale_name);
  }
  return (tensor != NULL ? tensor->n_bytes : 0)
      + (scale != NULL ? scale->n_bytes : 0);
}

static gsize *
count_stored_bytes (GPtrArray *specs, RnncSafetensors *file)
{
  gsize *bytes = g_new0 (gsize, specs->len);

  for (guint i = 0; i < specs->len; i++) {
    g_autoptr (GPtrArray) tensors = rnnc_layer_spec_tensors (specs->pdata[i]);

    for (guint k = 0; k < tensors->len; k++) {
      const RnncTensorSpec *tensor = g_ptr_array_index (tensors, k);

      bytes[i] += tensor_bytes (file, tensor->name);
    }
  }
  return bytes;
}

/* Before anything is read: a short description can ask for much, and a matrix
 * of one row is packed as sixteen. */
static gboolean
check_memory (GPtrArray *specs, const char *origin, GError **error)
{
  gsize bytes = 0;
  gpointer probe;

  for (guint i = 0; i < specs->len; i++)
    bytes += rnnc_layer_spec_packed_bytes (specs->pdata[i]);
  if (bytes > RNNC_MAX_WEIGHT_BYTES) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
        "%s: its weights would need over %" G_GSIZE_FORMAT " MiB of memory",
        origin, RNNC_MAX_WEIGHT_BYTES >> 20);
    return FALSE;
  }
  probe = g_try_malloc (MAX (bytes, 1));
  if (probe == NULL) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
        "%s: its weights do not fit in memory", origin);
    return FALSE;
  }
  g_free (probe);
  return TRUE;
}

static gboolean
load_contents (RnncModel *model, const RnncModelFiles *files, GError **error)
{
  RnncTensorSource source = { read_tensor, read_bytes, files->weights };

  model->json = g_strdup (files->json);
  model->description = rnnc_description_parse (files->json,
      strlen (files->json), files->origin, error);
  if (model->description == NULL
      || !check_memory (model->description->layers, files->origin, error))
    return FALSE;
  model->layers = rnnc_layers_new (model->description->layers, &source,
      &model->n_layers, error);
  if (model->layers == NULL) {
    if (error != NULL && !strstr ((*error)->message, files->weights_path))
      g_prefix_error (error, "%s: ", files->weights_path);
    return FALSE;
  }
  model->stored_bytes
      = count_stored_bytes (model->description->layers, files->weights);
  rnnc_plan_init (&model->plan, model->layers, model->n_layers);
  if (rnnc_model_stream_size (model) <= RNNC_MAX_STREAM_BYTES)
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
      "%s: a stream of it would need over %" G_GSIZE_FORMAT " MiB of memory",
      files->origin, RNNC_MAX_STREAM_BYTES >> 20);
  return FALSE;
}

static void
free_model (RnncModel *model)
{
  if (model->layers != NULL) {
    rnnc_plan_clear (&model->plan);
    rnnc_layers_free (model->layers, model->n_layers);
  }
  rnnc_description_free (model->description);
  g_free (model->stored_bytes);
  g_free (model->json);
  g_free (model->path);
  g_free (model);
}

/* @entry: of the model; its identity is the caller's */
static RnncModel *
load_model (const char *path, LoadedModel *entry, GError **error)
{
  RnncModelFiles files;
  RnncModel *model = NULL;

  if (rnnc_model_files_open (&files, path, error)) {
    model = g_new0 (RnncModel, 1);
    g_atomic_ref_count_init (&model->ref_count);
    model->path = g_strdup (path);
    if (!load_contents (model, &files, error)) {
      rnnc_model_files_name_both (&files, error);
      g_clear_pointer (&model, free_model);
    }
  }
  if (model != NULL && files.is_pair) {
    entry->is_pair = TRUE;
    entry->weights_name = g_steal_pointer (&files.weights_name);
    if (!identify_other (path, entry->weights_name, &entry->other, error))
      g_clear_pointer (&model, free_model);
  }
  rnnc_model_files_clear (&files);
  return model;
}

/* Whether @path, whose identity is @identity, is what @entry was loaded from.
 */
static gboolean
is_loaded_from (const LoadedModel *entry, const char *path,
    const FileIdentity *identity)
{
  FileIdentity other;

  return same_file (&entry->identity, identity)
      && (!entry->is_pair
          || (identify_other (path, entry->weights_name, &other, NULL)
              && same_file (&entry->other, &other)));
}

static void
free_entry (LoadedModel *entry)
{
  g_free (entry->weights_name);
  g_free (entry);
}

/* The lock is held while loading, so that two threads that ask for one file at
 * a time get one copy. */
RnncModel *
rnnc_model_load (const char *path, GError **error)
{
  FileIdentity identity;
  RnncModel *model = NULL;

  g_return_val_if_fail (path != NULL, NULL);
  if (!identify_file (path, &identity, error))
    return NULL;
  g_mutex_lock (&loaded_lock);
  for (GSList *item = loaded; item != NULL && model == NULL;
       item = item->next) {
    LoadedModel *entry = item->data;

    if (is_loaded_from (entry, path, &identity))
      model = rnnc_model_ref (entry->model);
  }
  if (model == NULL) {
    LoadedModel *entry = g_new0 (LoadedModel, 1);

    entry->identity = identity;
    model = entry->model = load_model (path, entry, error);
    if (model != NULL)
      loaded = g_slist_prepend (loaded, entry);
    else
      free_entry (entry);
  }
  g_mutex_unlock (&loaded_lock);
  return model;
}

RnncModel *
rnnc_model_ref (RnncModel *model)
{
  g_atomic_ref_count_inc (&model->ref_count);
  return model;
}

/* The last reference is dropped under the lock: a load that finds the entry
 * holds the lock too, so it never revives a model that is going away. */
void
rnnc_model_unref (RnncModel *model)
{
  gboolean last;

  g_mutex_lock (&loaded_lock);
  last = g_atomic_ref_count_dec (&model->ref_count);
  for (GSList *item = loaded; last && item != NULL; item = item->next) {
    LoadedModel *entry = item->data;

    if (entry->model == model) {
      loaded = g_slist_delete_link (loaded, item);
      free_entry (entry);
      break;
    }
  }
  g_mutex_unlock (&loaded_lock);
  if (last)
    free_model (model);
}

const char *
rnnc_model_path (RnncModel *model)
{
  return model->path;
}

const char *
rnnc_model_task (RnncModel *model)
{
  return model->description->task;
}

const char *
rnnc_model_language (RnncModel *model)
{
  return model->description->language;
}

const RnncFrontendConfig *
rnnc_model_frontend (RnncModel *model)
{
  return &model->description->frontend;
}

guint
rnnc_model_n_labels (RnncModel *model)
{
  return model->description->n_labels;
}

const char *
rnnc_model_label (RnncModel *model, guint index)
{
  g_return_val_if_fail (index < model->description->n_labels, NULL);
  return model->description->labels[index];
}

gint
rnnc_model_blank (RnncModel *model)
{
  return model->description->blank;
}

const char *
rnnc_model_json (RnncModel *model)
{
  return model->json;
}
