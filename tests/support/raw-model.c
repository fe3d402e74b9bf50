/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/raw-model.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

char *
raw_model_header (const char *description, const char *tensors)
{
  g_autofree char *escaped = g_strescape (description, NULL);

  return g_strdup_printf ("{\"__metadata__\":{\"rnncore\":\"%s\"}%s%s}",
      escaped, *tensors != '\0' ? "," : "", tensors);
}

GBytes *
raw_model_bytes (const char *header, gconstpointer data, gsize n_data)
{
  GByteArray *bytes = g_byte_array_new ();
  guint64 length = GUINT64_TO_LE ((guint64) strlen (header));

  g_byte_array_append (bytes, (const guint8 *) &length, sizeof length);
  g_byte_array_append (bytes, (const guint8 *) header, strlen (header));
  if (data != NULL) {
    g_byte_array_append (bytes, data, n_data);
  } else {
    guint before = bytes->len;

    g_byte_array_set_size (bytes, before + n_data);
    memset (bytes->data + before, 0, n_data);
  }
  return g_byte_array_free_to_bytes (bytes);
}

char *
raw_model_write (GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  char *path = NULL;
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  int fd = g_file_open_tmp ("rnncore-XXXXXX.safetensors", &path, &error);

  g_assert_no_error (error);
  close (fd);
  g_file_set_contents (path, data, size, &error);
  g_assert_no_error (error);
  return path;
}

void
raw_model_remove (char *path)
{
  g_unlink (path);
  g_free (path);
}
