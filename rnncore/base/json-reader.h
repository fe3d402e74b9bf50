/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading untrusted JSON: a scan that refuses what json-glib would choke on,
 * and typed, range-checked members with errors that name the path. */
#pragma once

#include <json-glib/json-glib.h>

#include "rnncore/rnnc-error.h"

G_BEGIN_DECLS

#define RNNC_JSON_MAX_DEPTH 32
#define RNNC_JSON_MAX_BYTES (16u << 20)

/**
 * rnnc_json_parse:
 * @text: (array length=length): UTF-8, need not end in NUL
 * @length: bytes of @text
 * @origin: what the text is, for messages ("models/x.safetensors", …)
 *
 * Parses one strict JSON object. Refused before json-glib sees the text: more
 * than %RNNC_JSON_MAX_BYTES, nesting over %RNNC_JSON_MAX_DEPTH, comments,
 * duplicate keys, anything behind the object, invalid UTF-8.
 *
 * Returns: (transfer full): the object, or %NULL with @error set
 */
JsonObject *rnnc_json_parse (const char *text, gsize length, const char *origin,
    GError **error);

/**
 * rnnc_json_check_keys:
 * @allowed: (array zero-terminated=1): the members that may be present
 *
 * Returns: %FALSE with @error naming @path and the key, if another is there
 */
gboolean rnnc_json_check_keys (JsonObject *object, const char *path,
    const char *const *allowed, GError **error);

/* The members below: absent ones leave *@value as it was (its default) and
 * return %TRUE; wrong type or range sets @error, which names "path.key".
 * Strings, arrays and objects returned belong to @object. */
gboolean
rnnc_json_get_uint (JsonObject *object, const char *path, const char *key,
    guint minimum, guint maximum, guint *value, GError **error);
gboolean
rnnc_json_get_double (JsonObject *object, const char *path, const char *key,
    double minimum, double maximum, double *value, GError **error);
gboolean rnnc_json_get_boolean (JsonObject *object, const char *path,
    const char *key, gboolean *value, GError **error);
gboolean rnnc_json_get_string (JsonObject *object, const char *path,
    const char *key, const char **value, GError **error);
gboolean rnnc_json_get_array (JsonObject *object, const char *path,
    const char *key, JsonArray **value, GError **error);
gboolean rnnc_json_get_object (JsonObject *object, const char *path,
    const char *key, JsonObject **value, GError **error);

/**
 * rnnc_json_get_uints:
 * @n_values: how many the array must have; a lone number fills them all
 *
 * [a, b] or a, as in "kernel": [3, 5] or "kernel": 3.
 */
gboolean rnnc_json_get_uints (JsonObject *object, const char *path,
    const char *key, guint minimum, guint maximum, guint n_values,
    guint *values, GError **error);

/**
 * rnnc_json_get_floats:
 * @values: (out) (transfer full): @n_values finite numbers, or left alone
 */
gboolean rnnc_json_get_floats (JsonObject *object, const char *path,
    const char *key, guint n_values, float **values, GError **error);

/**
 * rnnc_json_require:
 *
 * Returns: %FALSE with @error naming "path.key", if the member is absent
 */
gboolean rnnc_json_require (JsonObject *object, const char *path,
    const char *key, GError **error);

G_END_DECLS
