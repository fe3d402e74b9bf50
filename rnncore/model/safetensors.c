/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/model/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rnncore/base/json-reader.h"
#include "rnncore/kernels/kernels.h"

#define HEADER_LENGTH_BYTES 8
#define MAX_TENSORS 65536

struct _RnncSafetensors {
  char *path;
  guint8 *map;
  gsize map_size;
  JsonObject *header;
  GArray *tensors;     /* RnncTensor, in file order */
  GHashTable *by_name; /* name -> index + 1 */
};

static const struct {
  const char *name;
  gsize size;
} dtypes[] = {
  [RNNC_DTYPE_F32] = { "F32", 4 },
  [RNNC_DTYPE_F16] = { "F16", 2 },
  [RNNC_DTYPE_BF16] = { "BF16", 2 },
  [RNNC_DTYPE_I8] = { "I8", 1 },
  [RNNC_DTYPE_F64] = { "F64", 8 },
  [RNNC_DTYPE_I64] = { "I64", 8 },
};

static gboolean
fail_io (GError **error, const char *path, const char *doing)
{
  int code = errno;

  g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: cannot %s: %s", path,
      doing, g_strerror (code));
  return FALSE;
}

static gboolean
fail_file (const RnncSafetensors *file, GError **error, const char *reason)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s: %s", file->path,
      reason);
  return FALSE;
}

static gboolean
fail_tensor (const RnncSafetensors *file, const char *name, GError **error,
    const char *reason)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s: tensor \"%s\": %s",
      file->path, name, reason);
  return FALSE;
}

/* Opens without blocking, so that a FIFO is refused rather than waited for. */
static gboolean
map_file (RnncSafetensors *file, GError **error)
{
  struct stat info;
  gboolean ok = FALSE;
  int fd = open (file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

  if (fd < 0)
    return fail_io (error, file->path, "open");
  if (fstat (fd, &info) != 0) {
    fail_io (error, file->path, "examine");
  } else if (!S_ISREG (info.st_mode)) {
    fail_file (file, error, "is not a regular file");
  } else if (info.st_size < HEADER_LENGTH_BYTES + 2) {
    fail_file (file, error, "is too short for a model file");
  } else {
    file->map_size = info.st_size;
    file->map = mmap (NULL, file->map_size, PROT_READ, MAP_PRIVATE, fd, 0);
    ok = file->map != MAP_FAILED || fail_io (error, file->path, "map");
    if (!ok)
      file->map = NULL;
  }
  close (fd);
  return ok;
}

static gboolean
parse_dtype (const char *name, RnncDType *dtype)
{
  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++) {
    if (g_str_equal (dtypes[i].name, name)) {
      *dtype = i;
      return TRUE;
    }
  }
  return FALSE;
}

/* A dimension or an offset: a whole number below 2^53. */
static gboolean
read_size (JsonArray *array, guint index, gsize *size)
{
  JsonNode *node = json_array_get_element (array, index);
  gint64 value;

  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  value = json_node_get_int (node);
  if (value < 0 || value >= ((gint64) 1 << 53))
    return FALSE;
  *size = value;
  return TRUE;
}

static gboolean
parse_shape (RnncSafetensors *file, RnncTensor *tensor, JsonArray *shape,
    GError **error)
{
  gsize bytes = dtypes[tensor->dtype].size;

  tensor->rank = json_array_get_length (shape);
  if (tensor->rank > RNNC_TENSOR_MAX_RANK)
    return fail_tensor (file, tensor->name, error, "has too many dimensions");
  for (guint i = 0; i < tensor->rank; i++) {
    if (!read_size (shape, i, &tensor->shape[i]))
      return fail_tensor (file, tensor->name, error, "bad dimension");
    if (!g_size_checked_mul (&bytes, bytes, tensor->shape[i]))
      return fail_tensor (file, tensor->name, error, "its size overflows");
  }
  tensor->n_bytes = bytes;
  return TRUE;
}

static gboolean
parse_tensor (RnncSafetensors *file, const char *name, JsonObject *json,
    gsize data_start, GError **error)
{
  static const char *const keys[] = { "dtype", "shape", "data_offsets", NULL };
  g_autofree char *path
      = g_strdup_printf ("%s: tensor \"%s\"", file->path, name);
  RnncTensor tensor = { .name = name };
  const char *dtype = NULL;
  JsonArray *shape = NULL, *offsets = NULL;
  gsize begin, end;

  for (guint i = 0; keys[i] != NULL; i++) {
    if (!rnnc_json_require (json, path, keys[i], error))
      return FALSE;
  }
  if (!rnnc_json_check_keys (json, path, keys, error)
      || !rnnc_json_get_string (json, path, "dtype", &dtype, error)
      || !rnnc_json_get_array (json, path, "shape", &shape, error)
      || !rnnc_json_get_array (json, path, "data_offsets", &offsets, error))
    return FALSE;
  if (!parse_dtype (dtype, &tensor.dtype))
    return fail_tensor (file, name, error, "unknown dtype");
  if (!parse_shape (file, &tensor, shape, error))
    return FALSE;
  if (json_array_get_length (offsets) != 2 || !read_size (offsets, 0, &begin)
      || !read_size (offsets, 1, &end) || begin > end)
    return fail_tensor (file, name, error, "bad data_offsets");
  if (end > file->map_size - data_start)
    return fail_tensor (file, name, error, "lies beyond the end of the file");
  if (end - begin != tensor.n_bytes)
    return fail_tensor (file, name, error,
        "its data_offsets do not fit its shape");
  tensor.data = file->map + data_start + begin;
  g_array_append_val (file->tensors, tensor);
  return TRUE;
}

static gint
compare_data (gconstpointer a, gconstpointer b)
{
  const RnncTensor *one = a, *other = b;

  if (one->data == other->data)
    return one->n_bytes < other->n_bytes ? -1 : one->n_bytes > other->n_bytes;
  return (const guint8 *) one->data < (const guint8 *) other->data ? -1 : 1;
}

static gboolean
check_overlaps (RnncSafetensors *file, GError **error)
{
  g_array_sort (file->tensors, compare_data);
  for (guint i = 1; i < file->tensors->len; i++) {
    const RnncTensor *before
        = &g_array_index (file->tensors, RnncTensor, i - 1);
    const RnncTensor *tensor = &g_array_index (file->tensors, RnncTensor, i);

    if ((const guint8 *) before->data + before->n_bytes
        > (const guint8 *) tensor->data)
      return fail_tensor (file, tensor->name, error, "overlaps another");
  }
  return TRUE;
}

static gboolean
check_metadata (RnncSafetensors *file, JsonObject *json, GError **error)
{
  g_autoptr (GList) keys = json_object_get_members (json);

  for (GList *key = keys; key != NULL; key = key->next) {
    const char *value;

    if (!rnnc_json_get_string (json, "__metadata__", key->data, &value, NULL))
      return fail_file (file, error,
          "__metadata__ holds something other than "
          "strings");
  }
  return TRUE;
}

static gboolean
parse_entries (RnncSafetensors *file, gsize data_start, GError **error)
{
  g_autoptr (GList) names = json_object_get_members (file->header);

  if (g_list_length (names) > MAX_TENSORS)
    return fail_file (file, error, "has too many tensors");
  for (GList *name = names; name != NULL; name = name->next) {
    JsonObject *entry = NULL;

    if (!rnnc_json_get_object (file->header, file->path, name->data, &entry,
            error))
      return FALSE;
    if (g_str_equal (name->data, "__metadata__")) {
      if (!check_metadata (file, entry, error))
        return FALSE;
    } else if (!parse_tensor (file, name->data, entry, data_start, error)) {
      return FALSE;
    }
  }
  if (!check_overlaps (file, error))
    return FALSE;
  for (guint i = 0; i < file->tensors->len; i++) {
    const RnncTensor *tensor = &g_array_index (file->tensors, RnncTensor, i);

    g_hash_table_insert (file->by_name, (gpointer) tensor->name,
        GUINT_TO_POINTER (i + 1));
  }
  return TRUE;
}

static gboolean
parse_header (RnncSafetensors *file, GError **error)
{
  guint64 length;

  memcpy (&length, file->map, sizeof length);
  length = GUINT64_FROM_LE (length);
  if (length > RNNC_JSON_MAX_BYTES)
    return fail_file (file, error,
        "is not a model file: its header length is over the limit");
  if (length > file->map_size - HEADER_LENGTH_BYTES)
    return fail_file (file, error, "is truncated inside its header");
  file->header
      = rnnc_json_parse ((const char *) file->map + HEADER_LENGTH_BYTES, length,
          file->path, error);
  return file->header != NULL
      && parse_entries (file, HEADER_LENGTH_BYTES + length, error);
}

RnncSafetensors *
rnnc_safetensors_open (const char *path, GError **error)
{
  RnncSafetensors *file = g_new0 (RnncSafetensors, 1);

  file->path = g_strdup (path);
  file->tensors = g_array_new (FALSE, TRUE, sizeof (RnncTensor));
  file->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  if (!map_file (file, error) || !parse_header (file, error)) {
    rnnc_safetensors_free (file);
    return NULL;
  }
  return file;
}

void
rnnc_safetensors_free (RnncSafetensors *file)
{
  if (file == NULL)
    return;
  if (file->map != NULL)
    munmap (file->map, file->map_size);
  g_hash_table_unref (file->by_name);
  g_array_unref (file->tensors);
  g_clear_pointer (&file->header, json_object_unref);
  g_free (file->path);
  g_free (file);
}

const char *
rnnc_safetensors_metadata (RnncSafetensors *file, const char *key)
{
  JsonObject *metadata;

  if (!json_object_has_member (file->header, "__metadata__"))
    return NULL;
  metadata = json_object_get_object_member (file->header, "__metadata__");
  return json_object_has_member (metadata, key)
      ? json_object_get_string_member (metadata, key)
      : NULL;
}

const RnncTensor *
rnnc_safetensors_lookup (RnncSafetensors *file, const char *name)
{
  guint index = GPOINTER_TO_UINT (g_hash_table_lookup (file->by_name, name));

  return index == 0 ? NULL
                    : &g_array_index (file->tensors, RnncTensor, index - 1);
}

guint
rnnc_safetensors_n_tensors (RnncSafetensors *file)
{
  return file->tensors->len;
}

const RnncTensor *
rnnc_safetensors_tensor (RnncSafetensors *file, guint index)
{
  return &g_array_index (file->tensors, RnncTensor, index);
}

static float
f32_from_bits (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

/* Tensors start at any byte, hence the copies. */
static float
decode_element (const RnncTensor *tensor, gsize index)
{
  const guint8 *at
      = (const guint8 *) tensor->data + index * dtypes[tensor->dtype].size;
  guint16 half;
  guint32 word;
  guint64 long_word;
  double number;

  switch (tensor->dtype) {
    case RNNC_DTYPE_F32:
      memcpy (&word, at, sizeof word);
      return f32_from_bits (GUINT32_FROM_LE (word));
    case RNNC_DTYPE_F16:
      memcpy (&half, at, sizeof half);
      return rnnc_float_of_half (GUINT16_FROM_LE (half));
    case RNNC_DTYPE_BF16:
      memcpy (&half, at, sizeof half);
      return f32_from_bits ((guint32) GUINT16_FROM_LE (half) << 16);
    case RNNC_DTYPE_I8:
      return (gint8) *at;
    case RNNC_DTYPE_F64:
      memcpy (&long_word, at, sizeof long_word);
      long_word = GUINT64_FROM_LE (long_word);
      memcpy (&number, &long_word, sizeof number);
      return (float) number;
    case RNNC_DTYPE_I64:
      memcpy (&long_word, at, sizeof long_word);
      return (float) (gint64) GUINT64_FROM_LE (long_word);
  }
  g_assert_not_reached ();
}

static char *
describe_shape (const gsize *shape, guint rank)
{
  GString *text = g_string_new ("[");

  for (guint i = 0; i < rank; i++)
    g_string_append_printf (text, "%s%" G_GSIZE_FORMAT, i > 0 ? ", " : "",
        shape[i]);
  return g_string_free (g_string_append_c (text, ']'), FALSE);
}

static gboolean
check_shape (RnncSafetensors *file, const RnncTensor *tensor,
    const gsize *shape, guint rank, GError **error)
{
  g_autofree char *wanted = NULL;
  g_autofree char *found = NULL;

  if (tensor->rank == rank
      && memcmp (tensor->shape, shape, rank * sizeof *shape) == 0)
    return TRUE;
  wanted = describe_shape (shape, rank);
  found = describe_shape (tensor->shape, tensor->rank);
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
      "%s: tensor \"%s\": shape %s, the layer needs %s", file->path,
      tensor->name, found, wanted);
  return FALSE;
}

static gboolean
scale_rows (RnncSafetensors *file, const RnncTensor *tensor, float *values,
    GError **error)
{
  g_autofree char *name = g_strconcat (tensor->name, ".scale", NULL);
  const RnncTensor *scale = rnnc_safetensors_lookup (file, name);
  gsize rows = tensor->rank > 0 ? tensor->shape[0] : 1;
  gsize columns = rows > 0 ? tensor->n_bytes / rows : 0;

  if (scale == NULL)
    return fail_tensor (file, tensor->name, error,
        "is int8, but its \".scale\" is missing");
  if (scale->dtype != RNNC_DTYPE_F32)
    return fail_tensor (file, name, error, "is not f32");
  if (!check_shape (file, scale, &rows, 1, error))
    return FALSE;
  for (gsize row = 0; row < rows; row++) {
    float factor = decode_element (scale, row);

    for (gsize column = 0; column < columns; column++)
      values[row * columns + column] *= factor;
  }
  return TRUE;
}

float *
rnnc_safetensors_read_f32 (RnncSafetensors *file, const char *name,
    const gsize *shape, guint rank, GError **error)
{
  const RnncTensor *tensor = rnnc_safetensors_lookup (file, name);
  g_autofree float *values = NULL;
  gsize n;

  if (tensor == NULL) {
    fail_tensor (file, name, error, "is missing");
    return NULL;
  }
  if (!check_shape (file, tensor, shape, rank, error))
    return NULL;
  n = tensor->n_bytes / dtypes[tensor->dtype].size;
  values = g_try_new (float, MAX (n, 1));
  if (values == NULL) {
    fail_tensor (file, name, error, "does not fit in memory");
    return NULL;
  }
  for (gsize i = 0; i < n; i++)
    values[i] = decode_element (tensor, i);
  if (tensor->dtype == RNNC_DTYPE_I8
      && !scale_rows (file, tensor, values, error))
    return NULL;
  for (gsize i = 0; i < n; i++) {
    if (!isfinite (values[i])) {
      fail_tensor (file, name, error, "holds a NaN or an infinity");
      return NULL;
    }
  }
  return g_steal_pointer (&values);
}

gint8 *
rnnc_safetensors_read_i8 (RnncSafetensors *file, const char *name,
    float **scales)
{
  const RnncTensor *tensor = rnnc_safetensors_lookup (file, name);
  g_autofree char *scale_name = g_strconcat (name, ".scale", NULL);
  const RnncTensor *scale = rnnc_safetensors_lookup (file, scale_name);
  gint8 *bytes;

  if (tensor->dtype != RNNC_DTYPE_I8 || tensor->rank < 2
      || memchr (tensor->data, 0x80, tensor->n_bytes) != NULL)
    return NULL;
  bytes = g_new (gint8, MAX (tensor->n_bytes, 1));
  memcpy (bytes, tensor->data, tensor->n_bytes);
  *scales = g_new (float, MAX (scale->shape[0], 1));
  for (gsize row = 0; row < scale->shape[0]; row++)
    (*scales)[row] = decode_element (scale, row);
  return bytes;
}
