/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rnncore/model/safetensors.h"

static const char *const dtype_names[] = {
  [RNNC_DTYPE_F32] = "F32",
  [RNNC_DTYPE_F16] = "F16",
  [RNNC_DTYPE_BF16] = "BF16",
  [RNNC_DTYPE_I8] = "I8",
  [RNNC_DTYPE_F64] = "F64",
  [RNNC_DTYPE_I64] = "I64",
};

static void
build_tensor (JsonBuilder *builder, const RnncTensor *tensor, gsize *offset)
{
  json_builder_set_member_name (builder, tensor->name);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "dtype");
  json_builder_add_string_value (builder, dtype_names[tensor->dtype]);
  json_builder_set_member_name (builder, "shape");
  json_builder_begin_array (builder);
  for (guint i = 0; i < tensor->rank; i++)
    json_builder_add_int_value (builder, tensor->shape[i]);
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "data_offsets");
  json_builder_begin_array (builder);
  json_builder_add_int_value (builder, *offset);
  *offset += tensor->n_bytes;
  json_builder_add_int_value (builder, *offset);
  json_builder_end_array (builder);
  json_builder_end_object (builder);
}

/* Padded with spaces so that the tensors start at a multiple of 8. */
static GString *
build_header (const RnncTensor *tensors, guint n_tensors,
    const char *metadata_key, const char *metadata)
{
  g_autoptr (JsonBuilder) builder = json_builder_new_immutable ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *json = NULL;
  GString *text;
  gsize offset = 0;

  json_builder_begin_object (builder);
  if (metadata != NULL) {
    json_builder_set_member_name (builder, "__metadata__");
    json_builder_begin_object (builder);
    json_builder_set_member_name (builder, metadata_key);
    json_builder_add_string_value (builder, metadata);
    json_builder_end_object (builder);
  }
  for (guint i = 0; i < n_tensors; i++)
    build_tensor (builder, &tensors[i], &offset);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  json = json_to_string (root, FALSE);
  text = g_string_new (json);
  while (text->len % 8 != 0)
    g_string_append_c (text, ' ');
  return text;
}

static gboolean
write_all (int fd, gconstpointer data, gsize size)
{
  const guint8 *at = data;

  while (size > 0) {
    gssize n = write (fd, at, size);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return FALSE;
    at += n;
    size -= n;
  }
  return TRUE;
}

static gboolean
write_contents (int fd, const GString *header, const RnncTensor *tensors,
    guint n_tensors)
{
  guint64 length = GUINT64_TO_LE ((guint64) header->len);

  if (!write_all (fd, &length, sizeof length)
      || !write_all (fd, header->str, header->len))
    return FALSE;
  for (guint i = 0; i < n_tensors; i++) {
    if (!write_all (fd, tensors[i].data, tensors[i].n_bytes))
      return FALSE;
  }
  return fsync (fd) == 0;
}

/* The rename itself survives a power cut once the directory is synced. */
static void
sync_directory (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  int fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd >= 0) {
    (void) fsync (fd);
    close (fd);
  }
}

/* A rename would put a file in a device's place. */
static gboolean
can_be_replaced (const char *path)
{
  struct stat info;

  return stat (path, &info) != 0 || S_ISREG (info.st_mode);
}

gboolean
rnnc_safetensors_write (const char *path, const RnncTensor *tensors,
    guint n_tensors, const char *metadata_key, const char *metadata,
    GError **error)
{
  g_autofree char *aside = g_strconcat (path, ".XXXXXX", NULL);
  GString *header;
  gboolean ok = FALSE;
  int code, fd;

  if (!can_be_replaced (path)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO,
        "%s: cannot write: is not a regular file", path);
    return FALSE;
  }
  header = build_header (tensors, n_tensors, metadata_key, metadata);
  fd = g_mkstemp_full (aside, O_RDWR | O_CLOEXEC, 0644);
  code = errno;
  if (fd >= 0) {
    ok = write_contents (fd, header, tensors, n_tensors);
    code = errno;
    if (close (fd) != 0 && ok) {
      ok = FALSE;
      code = errno;
    }
    if (ok && rename (aside, path) != 0) {
      ok = FALSE;
      code = errno;
    }
    if (ok)
      sync_directory (path);
    else
      (void) unlink (aside);
  }
  if (!ok)
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: cannot write: %s", path,
        g_strerror (code));
  g_string_free (header, TRUE);
  return ok;
}
