/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/model/model-files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "rnncore/base/json-reader.h"
#include "rnncore/model/description.h"

#define WEIGHTS_ENDING ".safetensors"
#define DESCRIPTION_ENDING ".json"

static gboolean
is_description (const char *path)
{
  return g_str_has_suffix (path, DESCRIPTION_ENDING);
}

/* @path with the ending @new for @old. */
static char *
change_ending (const char *path, const char *old, const char *new)
{
  gsize length = strlen (path);

  if (g_str_has_suffix (path, old))
    length -= strlen (old);
  return g_strdup_printf ("%.*s%s", (int) length, path, new);
}

char *
rnnc_model_files_other (const char *path, const char *weights_name)
{
  g_autofree char *folder = NULL;

  if (!is_description (path))
    return change_ending (path, WEIGHTS_ENDING, DESCRIPTION_ENDING);
  if (weights_name == NULL)
    return change_ending (path, DESCRIPTION_ENDING, WEIGHTS_ENDING);
  if (g_path_is_absolute (weights_name)
      || strchr (path, G_DIR_SEPARATOR) == NULL)
    return g_strdup (weights_name);
  folder = g_path_get_dirname (path);
  return g_build_filename (folder, weights_name, NULL);
}

/* (transfer full) (nullable) */
static char *
read_text (const char *path, GError **error)
{
  g_autoptr (GError) fault = NULL;
  struct stat info;
  char *text = NULL;

  if (stat (path, &info) != 0) {
    int code = errno;

    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: cannot open: %s", path,
        g_strerror (code));
    return NULL;
  }
  if (!S_ISREG (info.st_mode)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: is not a regular file",
        path);
    return NULL;
  }
  if (info.st_size > RNNC_JSON_MAX_BYTES) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT,
        "%s: is too large for a description", path);
    return NULL;
  }
  if (!g_file_get_contents (path, &text, NULL, &fault))
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: cannot read: %s", path,
        fault->message);
  return text;
}

/* "weights" of the description; (out) (nullable) (transfer full) */
static gboolean
read_weights_name (const RnncModelFiles *files, char **name, GError **error)
{
  JsonObject *json = rnnc_json_parse (files->json, strlen (files->json),
      files->origin, error);
  const char *found = NULL;
  gboolean ok;

  if (json == NULL)
    return FALSE;
  ok = rnnc_json_get_string (json, files->origin, "weights", &found, error);
  *name = g_strdup (found);
  json_object_unref (json);
  return ok;
}

static gboolean
open_description (RnncModelFiles *files, const char *path, GError **error)
{
  files->origin = g_strdup (path);
  files->json = read_text (path, error);
  if (files->json == NULL
      || !read_weights_name (files, &files->weights_name, error))
    return FALSE;
  files->is_pair = TRUE;
  files->weights_path = rnnc_model_files_other (path, files->weights_name);
  files->weights = rnnc_safetensors_open (files->weights_path, error);
  if (files->weights == NULL)
    rnnc_model_files_name_both (files, error);
  return files->weights != NULL;
}

static gboolean
open_weights (RnncModelFiles *files, const char *path, GError **error)
{
  const char *json;

  files->weights_path = g_strdup (path);
  files->weights = rnnc_safetensors_open (path, error);
  if (files->weights == NULL)
    return FALSE;
  json = rnnc_safetensors_metadata (files->weights, RNNC_METADATA_KEY);
  if (json != NULL) {
    files->json = g_strdup (json);
    files->origin = g_strdup (path);
    return TRUE;
  }
  files->origin = rnnc_model_files_other (path, NULL);
  if (!g_file_test (files->origin, G_FILE_TEST_EXISTS)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT,
        "%s: has no \"%s\" description in its metadata, and there is no %s",
        path, RNNC_METADATA_KEY, files->origin);
    return FALSE;
  }
  files->is_pair = TRUE;
  files->json = read_text (files->origin, error);
  if (files->json == NULL)
    rnnc_model_files_name_both (files, error);
  return files->json != NULL;
}

gboolean
rnnc_model_files_open (RnncModelFiles *files, const char *path, GError **error)
{
  *files = (RnncModelFiles){ NULL };
  return is_description (path) ? open_description (files, path, error)
                               : open_weights (files, path, error);
}

void
rnnc_model_files_clear (RnncModelFiles *files)
{
  g_clear_pointer (&files->weights, rnnc_safetensors_free);
  g_free (files->json);
  g_free (files->origin);
  g_free (files->weights_path);
  g_free (files->weights_name);
}

/* @message behind "PATH: ", if it begins so. */
static const char *
skip_path (const char *message, const char *path)
{
  gsize n = strlen (path);

  return g_str_has_prefix (message, path)
          && g_str_has_prefix (message + n, ": ")
      ? message + n + 2
      : message;
}

void
rnnc_model_files_name_both (const RnncModelFiles *files, GError **error)
{
  GError *before;
  const char *reason;

  if (error == NULL || *error == NULL || !files->is_pair)
    return;
  before = *error;
  reason = skip_path (before->message, files->origin);
  reason = skip_path (reason, files->weights_path);
  *error = g_error_new (before->domain, before->code, "%s (weights %s): %s",
      files->origin, files->weights_path, reason);
  g_error_free (before);
}
