/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checkpoints, models out, weights in. A checkpoint is a safetensors file:
 * NAME is a tensor, moment1/NAME and moment2/NAME are its moments; the rest is
 * JSON in the metadata. Random numbers are functions of seed and step, so these
 * two are all their state. */
#include <math.h>

#include "rnncore/base/json-reader.h"
#include "rnncore/model/description.h"
#include "rnncore/model/safetensors.h"
#include "rnncore/train/optimiser.h"
#include "rnncore/train/trainer-private.h"

#define CHECKPOINT_KEY "rnncore-checkpoint"
#define CHECKPOINT_VERSION 1

#ifdef RNNC_REAL_DOUBLE
#define REAL_DTYPE RNNC_DTYPE_F64
#else
#define REAL_DTYPE RNNC_DTYPE_F32
#endif

static const char *const optimiser_names[] = {
  [RNNC_OPTIMISER_SGD] = "sgd",
  [RNNC_OPTIMISER_ADAM] = "adam",
  [RNNC_OPTIMISER_ADAMW] = "adamw",
};

static RnncTensor
describe_tensor (const RnncParameter *parameter, const char *name,
    const real *values)
{
  RnncTensor tensor = { name, REAL_DTYPE, parameter->rank };
  for (guint axis = 0; axis < parameter->rank; axis++)
    tensor.shape[axis] = parameter->shape[axis];
  tensor.data = values + parameter->offset;
  tensor.n_bytes = parameter->n_values * sizeof (real);
  return tensor;
}

static char *
moment_name (const RnncParameter *parameter, guint moment)
{
  return g_strdup_printf ("moment%u/%s", moment + 1, parameter->name);
}

static char *
json_text (JsonObject *object)
{
  JsonNode *node = json_node_init_object (json_node_alloc (), object);
  char *text = json_to_string (node, FALSE);
  json_node_unref (node);
  return text;
}

/* 64-bit counts as text: JSON's numbers are not exact there. */
static void
set_uint64 (JsonObject *object, const char *key, guint64 value)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, value);
  json_object_set_string_member (object, key, text);
}

static char *
checkpoint_metadata (const RnncTrainer *trainer, const char *progress)
{
  g_autoptr (JsonObject) object = json_object_new ();
  json_object_set_int_member (object, "version", CHECKPOINT_VERSION);
  set_uint64 (object, "step", trainer->step_count);
  set_uint64 (object, "seed", trainer->options.seed);
  json_object_set_string_member (object, "optimiser",
      optimiser_names[trainer->options.optimiser]);
  if (progress)
    json_object_set_string_member (object, "progress", progress);
  return json_text (object);
}

gboolean
rnnc_trainer_save_checkpoint (RnncTrainer *trainer, const char *path,
    const char *progress, GError **error)
{
  const RnncNetwork *network = trainer->network;
  guint n_moments = rnnc_optimiser_n_moments (trainer->options.optimiser);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) tensors = g_array_new (FALSE, FALSE, sizeof (RnncTensor));
  g_autofree char *metadata = checkpoint_metadata (trainer, progress);

  for (guint p = 0; p < network->n_parameters; p++) {
    const RnncParameter *parameter = &network->parameters[p];
    RnncTensor tensor
        = describe_tensor (parameter, parameter->name, trainer->values);
    g_array_append_val (tensors, tensor);
    for (guint m = 0; m < n_moments && parameter->trained; m++) {
      char *name = moment_name (parameter, m);
      g_ptr_array_add (names, name);
      tensor = describe_tensor (parameter, name, trainer->moments[m]);
      g_array_append_val (tensors, tensor);
    }
  }
  return rnnc_safetensors_write (path, (RnncTensor *) (void *) tensors->data,
      tensors->len, CHECKPOINT_KEY, metadata, error);
}

/* Exactly the bits of one tensor, into a vector of all values. */
static gboolean
read_exact (RnncSafetensors *file, const char *path, const char *name,
    const RnncParameter *parameter, real *values, GError **error)
{
  const RnncTensor *tensor = rnnc_safetensors_lookup (file, name);
  gboolean fits = tensor && tensor->dtype == REAL_DTYPE
      && tensor->rank == parameter->rank
      && tensor->n_bytes == parameter->n_values * sizeof (real);
  for (guint axis = 0; fits && axis < parameter->rank; axis++)
    fits = tensor->shape[axis] == parameter->shape[axis];
  if (!fits) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
        "%s: the checkpoint is of another network: tensor %s %s", path, name,
        tensor ? "has another shape" : "is missing");
    return FALSE;
  }
  memcpy (values + parameter->offset, tensor->data, tensor->n_bytes);
  if (!isfinite (
          rnnc_sum_squares (values + parameter->offset, parameter->n_values))) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: tensor %s is not finite", path, name);
    return FALSE;
  }
  return TRUE;
}

typedef struct {
  guint64 step;
  guint64 seed;
  char *progress;
} CheckpointState;

static gboolean
get_uint64 (JsonObject *object, const char *path, const char *key,
    guint64 *value, GError **error)
{
  const char *text = NULL;
  return rnnc_json_require (object, path, key, error)
      && rnnc_json_get_string (object, path, key, &text, error)
      && g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, value, error);
}

static gboolean
read_state (const RnncTrainer *trainer, RnncSafetensors *file, const char *path,
    CheckpointState *state, GError **error)
{
  const char *text = rnnc_safetensors_metadata (file, CHECKPOINT_KEY);
  const char *optimiser = "", *progress = NULL;
  const char *expected = optimiser_names[trainer->options.optimiser];
  guint version = 0;
  if (!text) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s: no checkpoint",
        path);
    return FALSE;
  }
  g_autoptr (JsonObject) json
      = rnnc_json_parse (text, strlen (text), path, error);
  if (!json || !rnnc_json_require (json, path, "version", error)
      || !rnnc_json_get_uint (json, path, "version", CHECKPOINT_VERSION,
          CHECKPOINT_VERSION, &version, error)
      || !get_uint64 (json, path, "step", &state->step, error)
      || !get_uint64 (json, path, "seed", &state->seed, error)
      || !rnnc_json_get_string (json, path, "optimiser", &optimiser, error)
      || !rnnc_json_get_string (json, path, "progress", &progress, error))
    return FALSE;
  if (g_strcmp0 (optimiser, expected) != 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: the checkpoint is of optimiser %s, not %s", path, optimiser,
        expected);
    return FALSE;
  }
  state->progress = g_strdup (progress);
  return TRUE;
}

/* Into fresh vectors, so that a bad file leaves the trainer alone. */
static gboolean
read_vectors (const RnncTrainer *trainer, RnncSafetensors *file,
    const char *path, real *values, real *const moments[2], GError **error)
{
  const RnncNetwork *network = trainer->network;
  guint n_moments = rnnc_optimiser_n_moments (trainer->options.optimiser);
  guint n_tensors = 0;
  for (guint p = 0; p < network->n_parameters; p++) {
    const RnncParameter *parameter = &network->parameters[p];
    n_tensors++;
    if (!read_exact (file, path, parameter->name, parameter, values, error))
      return FALSE;
    for (guint m = 0; m < n_moments && parameter->trained; m++) {
      g_autofree char *name = moment_name (parameter, m);
      n_tensors++;
      if (!read_exact (file, path, name, parameter, moments[m], error))
        return FALSE;
    }
  }
  if (n_tensors != rnnc_safetensors_n_tensors (file)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
        "%s: the checkpoint is of another network: %u tensors, not %u", path,
        rnnc_safetensors_n_tensors (file), n_tensors);
    return FALSE;
  }
  return TRUE;
}

gboolean
rnnc_trainer_load_checkpoint (RnncTrainer *trainer, const char *path,
    char **progress, GError **error)
{
  gsize n = trainer->network->n_values;
  CheckpointState state = { 0 };
  RnncSafetensors *file = rnnc_safetensors_open (path, error);
  if (!file)
    return FALSE;
  real *vectors = g_new0 (real, MAX (3 * n, 1));
  real *moments[2] = { vectors + n, vectors + 2 * n };
  gboolean ok = read_state (trainer, file, path, &state, error)
      && read_vectors (trainer, file, path, vectors, moments, error);
  if (ok) {
    memcpy (trainer->values, vectors, n * sizeof (real));
    for (guint m = 0; m < 2; m++)
      if (trainer->moments[m])
        memcpy (trainer->moments[m], moments[m], n * sizeof (real));
    trainer->step_count = state.step;
    trainer->options.seed = state.seed;
    if (progress)
      *progress = g_steal_pointer (&state.progress);
  }
  g_free (state.progress);
  g_free (vectors);
  rnnc_safetensors_free (file);
  return ok;
}

static gboolean
same_shape (const RnncTensor *tensor, const RnncParameter *parameter)
{
  if (!tensor || tensor->rank != parameter->rank)
    return FALSE;
  for (guint axis = 0; axis < parameter->rank; axis++)
    if (tensor->shape[axis] != parameter->shape[axis])
      return FALSE;
  return TRUE;
}

/* Whether @parameter has a row for each label: the last layer of all that have
 * weights. */
static gboolean
is_of_labels (const RnncNetwork *network, const RnncParameter *parameter,
    const RnncLabelMap *map)
{
  guint last = network->parameters[network->n_parameters - 1].layer;
  return map && parameter->layer == last
      && parameter->shape[0] == map->n_labels;
}

/* The same but for the number of rows, which are @map's labels. */
static gboolean
same_rows (const RnncTensor *tensor, const RnncParameter *parameter,
    const RnncLabelMap *map)
{
  if (!tensor || tensor->rank != parameter->rank
      || tensor->shape[0] != map->n_theirs)
    return FALSE;
  for (guint axis = 1; axis < parameter->rank; axis++)
    if (tensor->shape[axis] != parameter->shape[axis])
      return FALSE;
  return TRUE;
}

/* @values: of the network. Returns: rows taken, -1 with @error */
static gint
take_rows (RnncSafetensors *file, const RnncParameter *parameter,
    const RnncLabelMap *map, real *values, GError **error)
{
  gsize size = parameter->n_values / parameter->shape[0];
  gsize shape[4];
  gint n = 0;
  memcpy (shape, parameter->shape, sizeof shape);
  shape[0] = map->n_theirs;
  g_autofree float *read = rnnc_safetensors_read_f32 (file, parameter->name,
      shape, parameter->rank, error);
  if (!read)
    return -1;
  for (guint label = 0; label < map->n_labels; label++) {
    if (map->theirs[label] < 0)
      continue;
    const float *from = read + (gsize) map->theirs[label] * size;
    real *to = values + parameter->offset + label * size;
    for (gsize i = 0; i < size; i++)
      to[i] = from[i];
    n++;
  }
  return n;
}

/* Returns: whether it was taken, in part at least; -1 with @error */
static gint
take_tensor (RnncSafetensors *file, const RnncNetwork *network, guint index,
    const RnncLabelMap *map, real *values, GError **error)
{
  const RnncParameter *parameter = &network->parameters[index];
  const RnncTensor *tensor = rnnc_safetensors_lookup (file, parameter->name);
  if (is_of_labels (network, parameter, map)) {
    gint n = same_rows (tensor, parameter, map)
        ? take_rows (file, parameter, map, values, error)
        : 0;
    return CLAMP (n, -1, 1);
  }
  if (!same_shape (tensor, parameter))
    return 0;
  g_autofree float *read = rnnc_safetensors_read_f32 (file, parameter->name,
      parameter->shape, parameter->rank, error);
  if (!read)
    return -1;
  for (gsize i = 0; i < parameter->n_values; i++)
    values[parameter->offset + i] = read[i];
  return 1;
}

guint
rnnc_trainer_load_similar_weights (RnncTrainer *trainer, const char *path,
    const RnncLabelMap *map, GPtrArray *anew, GError **error)
{
  const RnncNetwork *network = trainer->network;
  gsize n = network->n_values;
  guint n_taken = 0;
  RnncSafetensors *file = rnnc_safetensors_open (path, error);
  if (!file)
    return 0;
  real *values = g_new (real, MAX (n, 1));
  memcpy (values, trainer->values, n * sizeof (real));
  for (guint p = 0; p < network->n_parameters; p++) {
    gint taken = take_tensor (file, network, p, map, values, error);
    if (taken < 0) {
      n_taken = 0;
      goto out;
    }
    n_taken += (guint) taken;
    if (!taken && anew)
      g_ptr_array_add (anew, g_strdup (network->parameters[p].name));
  }
  if (n_taken == 0)
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
        "%s: no tensor has a name and shape of this network", path);
  else
    memcpy (trainer->values, values, n * sizeof (real));
out:
  g_free (values);
  rnnc_safetensors_free (file);
  return n_taken;
}

guint
rnnc_trainer_load_weights (RnncTrainer *trainer, const char *path,
    GError **error)
{
  return rnnc_trainer_load_similar_weights (trainer, path, NULL, NULL, error);
}

gboolean
rnnc_trainer_export (RnncTrainer *trainer, const char *path,
    JsonObject *description, GError **error)
{
  const RnncNetwork *network = trainer->network;
  gsize n = network->n_values;
  g_autofree char *text = json_text (description);
  g_autofree RnncTensor *tensors
      = g_new0 (RnncTensor, MAX (network->n_parameters, 1));
  g_autofree float *values = g_new (float, MAX (n, 1));
  for (gsize i = 0; i < n; i++)
    values[i] = (float) trainer->values[i];
  for (guint p = 0; p < network->n_parameters; p++) {
    const RnncParameter *parameter = &network->parameters[p];
    RnncTensor *tensor = &tensors[p];
    *tensor = describe_tensor (parameter, parameter->name, trainer->values);
    tensor->dtype = RNNC_DTYPE_F32;
    tensor->data = values + parameter->offset;
    tensor->n_bytes = parameter->n_values * sizeof (float);
  }
  return rnnc_safetensors_write (path, tensors, network->n_parameters,
      RNNC_METADATA_KEY, text, error);
}
