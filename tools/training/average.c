/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The mean of the weights of several epochs is often better than any of them
 * (Polyak and Juditsky 1992). Files that one trainer exported have their
 * tensors, all f32, at the same places. */
#include <errno.h>
#include <string.h>

#include "tools/training/session.h"

#define LENGTH_BYTES 8

static gboolean
fail (const char *path, const char *reason, GError **error)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s: %s", path, reason);
  return FALSE;
}

/* Where the tensors begin; 0 with @error. */
static gsize
find_tensors (const char *path, const char *data, gsize size, GError **error)
{
  guint64 length;

  if (size >= LENGTH_BYTES) {
    memcpy (&length, data, LENGTH_BYTES);
    length = GUINT64_FROM_LE (length);
    if (length <= size - LENGTH_BYTES
        && (size - LENGTH_BYTES - length) % sizeof (float) == 0)
      return LENGTH_BYTES + (gsize) length;
  }
  fail (path, "not a model file", error);
  return 0;
}

static gboolean
add_file (const char *path, GArray *sum, GError **error)
{
  g_autofree char *data = NULL;
  gsize size, begin, n;

  if (!g_file_get_contents (path, &data, &size, error))
    return FALSE;
  begin = find_tensors (path, data, size, error);
  if (begin == 0)
    return FALSE;
  n = (size - begin) / sizeof (float);
  if (sum->len == 0)
    g_array_set_size (sum, (guint) n);
  if (sum->len != n)
    return fail (path, "of another network than the epoch before", error);
  for (gsize i = 0; i < n; i++) {
    float value;

    memcpy (&value, data + begin + i * sizeof value, sizeof value);
    g_array_index (sum, double, i) += value;
  }
  return TRUE;
}

gboolean
average_models (const char *const *paths, guint n, const char *path,
    GError **error)
{
  g_autoptr (GArray) sum = g_array_new (FALSE, TRUE, sizeof (double));
  g_autofree char *data = NULL;
  gsize size, begin;

  for (guint i = 0; i < n; i++)
    if (!add_file (paths[i], sum, error))
      return FALSE;
  /* The last one's header, with the mean behind it. */
  if (!g_file_get_contents (paths[n - 1], &data, &size, error))
    return FALSE;
  begin = find_tensors (paths[n - 1], data, size, error);
  if (begin == 0 || (size - begin) / sizeof (float) != sum->len)
    return FALSE;
  for (guint i = 0; i < sum->len; i++) {
    float value = (float) (g_array_index (sum, double, i) / n);

    memcpy (data + begin + i * sizeof value, &value, sizeof value);
  }
  return g_file_set_contents (path, data, (gssize) size, error);
}
