/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "rnncore/base/json-reader.h"

static void
test_refused (gconstpointer data)
{
  const char *const *pair = data;
  g_autoptr (GError) error = NULL;

  g_assert_null (rnnc_json_parse (pair[0], strlen (pair[0]), "here", &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT);
  g_assert_true (g_str_has_prefix (error->message, "here: "));
  if (strstr (error->message, pair[1]) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, pair[1]);
}

static void
test_deep (void)
{
  g_autoptr (GError) error = NULL;
  GString *text = g_string_new ("{\"a\":");
  JsonObject *object;

  for (guint i = 0; i < 200000; i++)
    g_string_append_c (text, '[');
  g_assert_null (rnnc_json_parse (text->str, text->len, "here", &error));
  g_assert_nonnull (strstr (error->message, "nested too deeply"));
  g_clear_error (&error);

  g_string_assign (text, "{\"a\":");
  for (guint i = 1; i < RNNC_JSON_MAX_DEPTH; i++)
    g_string_append_c (text, '[');
  for (guint i = 1; i < RNNC_JSON_MAX_DEPTH; i++)
    g_string_append_c (text, ']');
  g_string_append_c (text, '}');
  object = rnnc_json_parse (text->str, text->len, "here", &error);
  g_assert_no_error (error);
  json_object_unref (object);
  g_string_free (text, TRUE);
}

static void
test_large (void)
{
  g_autoptr (GError) error = NULL;
  gsize length = RNNC_JSON_MAX_BYTES + 1;
  g_autofree char *text = g_malloc (length);

  memset (text, ' ', length);
  g_assert_null (rnnc_json_parse (text, length, "here", &error));
  g_assert_nonnull (strstr (error->message, "size limit"));
}

static void
test_members (void)
{
  static const char text[]
      = "{\"n\": 7, \"x\": -1.5e1, \"b\": true, \"s\": \"\\u00e9\", "
        "\"pair\": [3, 4], \"one\": 5, \"f\": [0.5, 1]}";
  static const char *const allowed[]
      = { "n", "x", "b", "s", "pair", "one", NULL };
  g_autoptr (GError) error = NULL;
  JsonObject *object = rnnc_json_parse (text, strlen (text), "here", &error);
  guint n = 1, pair[2] = { 0 };
  double x = 0;
  gboolean b = FALSE;
  const char *s = NULL;
  g_autofree float *f = NULL;

  g_assert_no_error (error);
  g_assert_true (rnnc_json_get_uint (object, "p", "n", 0, 7, &n, &error));
  g_assert_cmpuint (n, ==, 7);
  g_assert_true (rnnc_json_get_uint (object, "p", "none", 0, 7, &n, &error));
  g_assert_cmpuint (n, ==, 7);
  g_assert_true (rnnc_json_get_double (object, "p", "x", -20, 0, &x, &error));
  g_assert_cmpfloat (x, ==, -15);
  g_assert_true (rnnc_json_get_boolean (object, "p", "b", &b, &error));
  g_assert_true (b);
  g_assert_true (rnnc_json_get_string (object, "p", "s", &s, &error));
  g_assert_cmpstr (s, ==, "é");
  g_assert_true (
      rnnc_json_get_uints (object, "p", "pair", 0, 9, 2, pair, &error));
  g_assert_cmpuint (pair[1], ==, 4);
  g_assert_true (
      rnnc_json_get_uints (object, "p", "one", 0, 9, 2, pair, &error));
  g_assert_cmpuint (pair[1], ==, 5);
  g_assert_true (rnnc_json_get_floats (object, "p", "f", 2, &f, &error));
  g_assert_cmpfloat (f[0], ==, 0.5f);
  g_assert_no_error (error);

  g_assert_false (rnnc_json_get_uint (object, "p", "n", 0, 6, &n, &error));
  g_assert_cmpstr (error->message, ==, "p.n: 7 is not in 0..6");
  g_clear_error (&error);
  g_assert_false (rnnc_json_get_uint (object, "p", "x", 0, 6, &n, &error));
  g_clear_error (&error);
  g_assert_false (rnnc_json_get_boolean (object, "p", "n", &b, &error));
  g_clear_error (&error);
  g_assert_false (rnnc_json_get_floats (object, "p", "f", 3, &f, &error));
  g_clear_error (&error);
  g_assert_false (rnnc_json_require (object, "p", "none", &error));
  g_assert_cmpstr (error->message, ==, "p.none: missing");
  g_clear_error (&error);
  g_assert_false (rnnc_json_check_keys (object, "p", allowed, &error));
  g_assert_cmpstr (error->message, ==, "p.f: unknown key");
  json_object_unref (object);
}

/* As Python's json writes them. */
static void
test_escapes (void)
{
  static const char text[]
      = "{\"caf\\u00e9 \\\"\\n\\ud83d\\ude00\":\"\\u00e9\\ud83d\\ude00\\\\\"}";
  g_autoptr (GError) error = NULL;
  JsonObject *object = rnnc_json_parse (text, strlen (text), "x", &error);
  const char *value = NULL;

  g_assert_no_error (error);
  g_assert_true (
      rnnc_json_get_string (object, "x", "café \"\n😀", &value, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (value, ==, "é😀\\");
  json_object_unref (object);
}

int
main (int argc, char **argv)
{
  static const char *const refused[][3] = {
    { "", "an object was expected", "empty" },
    { "[]", "an object was expected", "array" },
    { "{", "a string was expected", "open" },
    { "{\"a\":1", "'}' was expected", "no-end" },
    { "{\"a\" 1}", "':' was expected", "no-colon" },
    { "{\"a\":1,}", "a string was expected", "trailing-comma" },
    { "{\"a\":[1,]}", "unexpected character", "trailing-comma-array" },
    { "{\"a\":1} x", "follows the object", "tail" },
    { "{\"a\":1,\"a\":2}", "duplicate key", "duplicate" },
    { "{\"a\":1,\"\\u0061\":2}", "duplicate key", "duplicate-escaped" },
    { "{\"a\":\"\\ud83d\"}", "half a surrogate", "high-surrogate" },
    { "{\"a\":\"\\ud83d\\u0041\"}", "half a surrogate", "two-high" },
    { "{\"a\":\"\\udc00\\ud83d\"}", "half a surrogate", "low-first" },
    { "{\"a\":\"x\\u0000y\"}", "a NUL", "nul" },
    { "{\"x\\u0000y\":1}", "a NUL", "nul-key" },
    { "{/* c */\"a\":1}", "a string was expected", "comment-key" },
    { "{\"a\":// c\n1}", "comments are not JSON", "comment-value" },
    { "{\"a\":01}", "'}' was expected", "leading-zero" },
    { "{\"a\":1.}", "bad number", "no-fraction" },
    { "{\"a\":1e}", "bad number", "no-exponent" },
    { "{\"a\":-}", "bad number", "minus" },
    { "{\"a\":NaN}", "unexpected character", "nan" },
    { "{\"a\":\"\\x\"}", "bad escape", "escape" },
    { "{\"a\":\"\\u12g4\"}", "bad \\u escape", "unicode-escape" },
    { "{\"a\":\"\x01\"}", "control character", "control" },
    { "{\"a\":\"\xff\"}", "not UTF-8", "utf8" },
    { "{'a':1}", "a string was expected", "quotes" },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autofree char *path
        = g_strconcat ("/json-reader/refused/", refused[i][2], NULL);

    g_test_add_data_func (path, refused[i], test_refused);
  }
  g_test_add_func ("/json-reader/refused/deep", test_deep);
  g_test_add_func ("/json-reader/refused/large", test_large);
  g_test_add_func ("/json-reader/escapes", test_escapes);
  g_test_add_func ("/json-reader/members", test_members);
  return g_test_run ();
}
