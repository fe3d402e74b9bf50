/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/base/json-reader.h"

#include <math.h>

#include "rnncore/base/json-scan.h"

JsonObject *
rnnc_json_parse (const char *text, gsize length, const char *origin,
    GError **error)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (GError) fault = NULL;
  const char *reason;
  gsize offset;

  if (!rnnc_json_scan (text, length, &reason, &offset)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT,
        "%s: bad JSON at byte %" G_GSIZE_FORMAT ": %s", origin, offset, reason);
    return NULL;
  }
  parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, text, length, &fault)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s: bad JSON: %s",
        origin, fault->message);
    return NULL;
  }
  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

gboolean
rnnc_json_check_keys (JsonObject *object, const char *path,
    const char *const *allowed, GError **error)
{
  g_autoptr (GList) keys = json_object_get_members (object);

  for (GList *key = keys; key != NULL; key = key->next) {
    if (!g_strv_contains (allowed, key->data)) {
      g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "%s.%s: unknown key",
          path, (const char *) key->data);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
rnnc_json_require (JsonObject *object, const char *path, const char *key,
    GError **error)
{
  if (json_object_has_member (object, key))
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "%s.%s: missing", path,
      key);
  return FALSE;
}

static gboolean
wrong_type (const char *path, const char *key, const char *wanted,
    GError **error)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "%s.%s: %s was expected",
      path, key, wanted);
  return FALSE;
}

static gboolean
node_to_double (JsonNode *node, double *value)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node)
                                            : G_TYPE_INVALID;

  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  *value = json_node_get_double (node);
  return isfinite (*value);
}

static gboolean
node_to_uint (JsonNode *node, const char *path, const char *key, guint minimum,
    guint maximum, guint *value, GError **error)
{
  double number;

  if (!node_to_double (node, &number) || number != floor (number))
    return wrong_type (path, key, "a whole number", error);
  if (number < minimum || number > maximum) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s.%s: %.17g is not in %u..%u", path, key, number, minimum, maximum);
    return FALSE;
  }
  *value = (guint) number;
  return TRUE;
}

gboolean
rnnc_json_get_uint (JsonObject *object, const char *path, const char *key,
    guint minimum, guint maximum, guint *value, GError **error)
{
  JsonNode *node = json_object_get_member (object, key);

  return node == NULL
      || node_to_uint (node, path, key, minimum, maximum, value, error);
}

gboolean
rnnc_json_get_double (JsonObject *object, const char *path, const char *key,
    double minimum, double maximum, double *value, GError **error)
{
  JsonNode *node = json_object_get_member (object, key);
  double number;

  if (node == NULL)
    return TRUE;
  if (!node_to_double (node, &number))
    return wrong_type (path, key, "a finite number", error);
  if (number < minimum || number > maximum) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s.%s: %g is not in %g..%g", path, key, number, minimum, maximum);
    return FALSE;
  }
  *value = number;
  return TRUE;
}

gboolean
rnnc_json_get_boolean (JsonObject *object, const char *path, const char *key,
    gboolean *value, GError **error)
{
  JsonNode *node = json_object_get_member (object, key);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return wrong_type (path, key, "true or false", error);
  *value = json_node_get_boolean (node);
  return TRUE;
}

gboolean
rnnc_json_get_string (JsonObject *object, const char *path, const char *key,
    const char **value, GError **error)
{
  JsonNode *node = json_object_get_member (object, key);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return wrong_type (path, key, "a string", error);
  *value = json_node_get_string (node);
  return TRUE;
}

gboolean
rnnc_json_get_array (JsonObject *object, const char *path, const char *key,
    JsonArray **value, GError **error)
{
  JsonNode *node = json_object_get_member (object, key);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return wrong_type (path, key, "an array", error);
  *value = json_node_get_array (node);
  return TRUE;
}

gboolean
rnnc_json_get_object (JsonObject *object, const char *path, const char *key,
    JsonObject **value, GError **error)
{
  JsonNode *node = json_object_get_member (object, key);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return wrong_type (path, key, "an object", error);
  *value = json_node_get_object (node);
  return TRUE;
}

gboolean
rnnc_json_get_uints (JsonObject *object, const char *path, const char *key,
    guint minimum, guint maximum, guint n_values, guint *values, GError **error)
{
  JsonNode *node = json_object_get_member (object, key);
  JsonArray *array;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node)) {
    if (!node_to_uint (node, path, key, minimum, maximum, &values[0], error))
      return FALSE;
    for (guint i = 1; i < n_values; i++)
      values[i] = values[0];
    return TRUE;
  }
  array = json_node_get_array (node);
  if (json_array_get_length (array) != n_values) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s.%s: %u numbers were expected", path, key, n_values);
    return FALSE;
  }
  for (guint i = 0; i < n_values; i++) {
    if (!node_to_uint (json_array_get_element (array, i), path, key, minimum,
            maximum, &values[i], error))
      return FALSE;
  }
  return TRUE;
}

gboolean
rnnc_json_get_floats (JsonObject *object, const char *path, const char *key,
    guint n_values, float **values, GError **error)
{
  JsonArray *array = NULL;
  g_autofree float *numbers = NULL;

  if (!rnnc_json_get_array (object, path, key, &array, error))
    return FALSE;
  if (array == NULL)
    return TRUE;
  if (json_array_get_length (array) != n_values) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s.%s: %u numbers were expected, %u are there", path, key, n_values,
        json_array_get_length (array));
    return FALSE;
  }
  numbers = g_new (float, n_values);
  for (guint i = 0; i < n_values; i++) {
    double number;

    if (!node_to_double (json_array_get_element (array, i), &number)
        || !isfinite ((float) number))
      return wrong_type (path, key, "an array of finite numbers", error);
    numbers[i] = (float) number;
  }
  g_free (*values);
  *values = g_steal_pointer (&numbers);
  return TRUE;
}
