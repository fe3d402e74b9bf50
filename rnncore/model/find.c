/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where models are: RNNCORE_MODEL_PATH, the installed data directory, the build
 * tree. */
#include <string.h>

#include "rnncore/rnnc-model.h"

/* Of models, in the order that they are looked for. */
static const char *const endings[] = { ".safetensors", ".json" };

/* Research-only models live in a folder of their own. */
static const char *const subfolders[] = { ".", "research" };

/* A build tree names its own models in the environment (meson devenv) or, for
 * programs run in place, by the compiled-in source path. */
static GPtrArray *
search_path (void)
{
  const char *environment = g_getenv ("RNNCORE_MODEL_PATH");
  GPtrArray *folders = g_ptr_array_new_with_free_func (g_free);

  if (environment != NULL) {
    g_auto (GStrv) parts
        = g_strsplit (environment, G_SEARCHPATH_SEPARATOR_S, -1);

    for (guint i = 0; parts[i] != NULL; i++) {
      if (*parts[i] != '\0')
        g_ptr_array_add (folders, g_strdup (parts[i]));
    }
  }
  g_ptr_array_add (folders, g_strdup (RNNC_INSTALLED_MODEL_DIR));
  g_ptr_array_add (folders, g_strdup (RNNC_BUILD_MODEL_DIR));
  return folders;
}

/* (transfer full) (nullable) */
static char *
find_in_folder (const char *folder, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (subfolders); i++) {
    for (guint k = 0; k < G_N_ELEMENTS (endings); k++) {
      g_autofree char *file = g_strconcat (name, endings[k], NULL);
      char *path = g_build_filename (folder,
          *subfolders[i] == '.' ? "" : subfolders[i], file, NULL);

      if (g_file_test (path, G_FILE_TEST_EXISTS))
        return path;
      g_free (path);
    }
  }
  return NULL;
}

/* First line of FOLDER/default-TASK; (transfer full) (nullable). */
static char *
read_default (const char *folder, const char *task)
{
  g_autofree char *file = g_strconcat ("default-", task, NULL);
  g_autofree char *path = g_build_filename (folder, file, NULL);
  char *contents = NULL;

  if (!g_file_get_contents (path, &contents, NULL, NULL))
    return NULL;
  contents[strcspn (contents, "\r\n")] = '\0';
  return g_strstrip (contents);
}

static gboolean
has_ending (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (endings); i++) {
    if (g_str_has_suffix (name, endings[i]))
      return TRUE;
  }
  return FALSE;
}

char *
rnnc_model_find (const char *name, const char *task, GError **error)
{
  g_autoptr (GPtrArray) folders = NULL;
  g_autofree char *looked = NULL;

  g_return_val_if_fail (task != NULL, NULL);
  if (name != NULL
      && (strchr (name, G_DIR_SEPARATOR) != NULL || has_ending (name)
          || g_file_test (name, G_FILE_TEST_EXISTS)))
    return g_strdup (name);
  folders = search_path ();
  for (guint i = 0; i < folders->len; i++) {
    const char *folder = g_ptr_array_index (folders, i);
    g_autofree char *wanted
        = name != NULL ? g_strdup (name) : read_default (folder, task);
    char *path = wanted != NULL ? find_in_folder (folder, wanted) : NULL;

    if (path != NULL)
      return path;
  }
  g_ptr_array_add (folders, NULL);
  looked = g_strjoinv (", ", (char **) folders->pdata);
  if (name != NULL)
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO,
        "no model \"%s\" was found in %s", name, looked);
  else
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO,
        "no default %s model was found in %s", task, looked);
  return NULL;
}
