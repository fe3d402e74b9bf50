/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/common/write-file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

static gboolean
fail (const char *path, int code, GError **error)
{
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s",
      path, g_strerror (code));
  return FALSE;
}

/* Into what a rename would replace: a device, a pipe. */
static gboolean
write_through (const char *path, const char *data, gsize size, GError **error)
{
  FILE *file = fopen (path, "w");
  gboolean ok = file != NULL && fwrite (data, 1, size, file) == size
      && fflush (file) == 0;
  int code = errno;

  if (file != NULL)
    fclose (file);
  return ok || fail (path, code, error);
}

gboolean
write_make_folder (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  return g_mkdir_with_parents (folder, 0777) == 0
      || fail (folder, errno, error);
}

gboolean
write_file (const char *path, const char *data, gsize size, GError **error)
{
  if (!write_make_folder (path, error))
    return FALSE;
  if (g_file_test (path, G_FILE_TEST_EXISTS)
      && (!g_file_test (path, G_FILE_TEST_IS_REGULAR)
          || g_file_test (path, G_FILE_TEST_IS_SYMLINK)))
    return write_through (path, data, size, error);
  return g_file_set_contents (path, data, (gssize) size, error);
}

char *
write_aside_path (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  const char *ending = strrchr (name, '.');
  g_autofree char *hidden = g_strdup_printf (".rnncore-%d-%08x%s",
      (int) getpid (), g_str_hash (path), ending ? ending : "");

  return g_build_filename (folder, hidden, NULL);
}

gboolean
write_aside_finish (const char *aside, const char *path, gboolean ok,
    GError **error)
{
  if (ok && g_rename (aside, path) == 0)
    return TRUE;
  if (ok)
    fail (path, errno, error);
  g_unlink (aside);
  return FALSE;
}
