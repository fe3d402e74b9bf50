/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A recogniser of strict JSON with bounded nesting, run before json-glib sees
 * the text: json-glib 1.6.6 recurses without limit and accepts comments and
 * duplicate keys. Nothing is built here but the set of keys of each object. */
#include <string.h>

#include "rnncore/base/json-reader.h"
#include "rnncore/base/json-scan.h"

typedef struct {
  const char *text;
  gsize length;
  gsize at;
  guint depth;
  const char *reason; /* set once, on the first fault */
} Scan;

static gboolean scan_value (Scan *scan);

static gboolean
fail (Scan *scan, const char *reason)
{
  if (scan->reason == NULL)
    scan->reason = reason;
  return FALSE;
}

static int
peek (const Scan *scan)
{
  return scan->at < scan->length ? (guchar) scan->text[scan->at] : -1;
}

static void
skip_space (Scan *scan)
{
  int c;

  while ((c = peek (scan)) == ' ' || c == '\t' || c == '\n' || c == '\r')
    scan->at++;
}

/* The four digits behind "\\u". */
static gboolean
scan_unit (Scan *scan, gunichar *unit)
{
  *unit = 0;
  for (guint i = 1; i <= 4; i++) {
    if (scan->at + i >= scan->length
        || !g_ascii_isxdigit (scan->text[scan->at + i]))
      return fail (scan, "bad \\u escape");
    *unit = *unit << 4 | g_ascii_xdigit_value (scan->text[scan->at + i]);
  }
  scan->at += 5;
  return TRUE;
}

/* One character, or two UTF-16 surrogates that make one: json-glib 1.6.6
 * asserts that they do. Strings end at a NUL in C. */
static gboolean
scan_unicode (Scan *scan, GString *key)
{
  gunichar unit, low;

  if (!scan_unit (scan, &unit))
    return FALSE;
  if (unit == 0)
    return fail (scan, "a NUL in a string");
  if (unit >= 0xdc00 && unit < 0xe000)
    return fail (scan, "half a surrogate pair");
  if (unit >= 0xd800 && unit < 0xdc00) {
    if (scan->length - scan->at < 2
        || memcmp (scan->text + scan->at, "\\u", 2) != 0)
      return fail (scan, "half a surrogate pair");
    scan->at++;
    if (!scan_unit (scan, &low))
      return FALSE;
    if (low < 0xdc00 || low >= 0xe000)
      return fail (scan, "half a surrogate pair");
    unit = 0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff));
  }
  if (key != NULL)
    g_string_append_unichar (key, unit);
  return TRUE;
}

static gboolean
scan_escape (Scan *scan, GString *key)
{
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  int c = peek (scan);
  const char *letter = c > 0 ? strchr (letters, c) : NULL;

  if (c == 'u')
    return scan_unicode (scan, key);
  if (letter == NULL)
    return fail (scan, "bad escape");
  if (key != NULL)
    g_string_append_c (key, meanings[letter - letters]);
  scan->at++;
  return TRUE;
}

/* @key: (nullable): what the string means is appended */
static gboolean
scan_string (Scan *scan, GString *key)
{
  int c;

  if (peek (scan) != '"')
    return fail (scan, "a string was expected");
  scan->at++;
  while ((c = peek (scan)) != '"') {
    if (c < 0)
      return fail (scan, "string without end");
    if (c < 0x20)
      return fail (scan, "control character in a string");
    scan->at++;
    if (c == '\\') {
      if (!scan_escape (scan, key))
        return FALSE;
    } else if (key != NULL) {
      g_string_append_c (key, c);
    }
  }
  scan->at++;
  return TRUE;
}

static gboolean
scan_digits (Scan *scan)
{
  gsize first = scan->at;

  while (g_ascii_isdigit (peek (scan)))
    scan->at++;
  return scan->at > first || fail (scan, "bad number");
}

static gboolean
scan_number (Scan *scan)
{
  if (peek (scan) == '-')
    scan->at++;
  if (peek (scan) == '0')
    scan->at++;
  else if (!scan_digits (scan))
    return FALSE;
  if (peek (scan) == '.') {
    scan->at++;
    if (!scan_digits (scan))
      return FALSE;
  }
  if (peek (scan) == 'e' || peek (scan) == 'E') {
    scan->at++;
    if (peek (scan) == '+' || peek (scan) == '-')
      scan->at++;
    return scan_digits (scan);
  }
  return TRUE;
}

static gboolean
scan_word (Scan *scan)
{
  static const char *const words[] = { "true", "false", "null" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    gsize n = strlen (words[i]);

    if (scan->length - scan->at >= n
        && memcmp (scan->text + scan->at, words[i], n) == 0) {
      scan->at += n;
      return TRUE;
    }
  }
  return fail (scan,
      peek (scan) == '/' ? "comments are not JSON" : "unexpected character");
}

/* Two spellings of one key are the same key. */
static gboolean
scan_key (Scan *scan, GHashTable *keys)
{
  GString *key = g_string_new (NULL);

  if (!scan_string (scan, key)) {
    g_string_free (key, TRUE);
    return FALSE;
  }
  return g_hash_table_add (keys, g_string_free (key, FALSE))
      || fail (scan, "duplicate key");
}

static gboolean
scan_members (Scan *scan, GHashTable *keys)
{
  for (;;) {
    if (keys != NULL) {
      skip_space (scan);
      if (!scan_key (scan, keys))
        return FALSE;
      skip_space (scan);
      if (peek (scan) != ':')
        return fail (scan, "':' was expected");
      scan->at++;
    }
    if (!scan_value (scan))
      return FALSE;
    skip_space (scan);
    if (peek (scan) != ',')
      return TRUE;
    scan->at++;
  }
}

static gboolean
scan_container (Scan *scan, char end)
{
  GHashTable *keys = NULL;
  gboolean ok = TRUE;

  if (++scan->depth > RNNC_JSON_MAX_DEPTH)
    return fail (scan, "nested too deeply");
  scan->at++;
  skip_space (scan);
  if (peek (scan) != end) {
    if (end == '}')
      keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    ok = scan_members (scan, keys);
    g_clear_pointer (&keys, g_hash_table_unref);
  }
  if (ok && peek (scan) != end)
    ok = fail (scan, end == '}' ? "'}' was expected" : "']' was expected");
  scan->at++;
  scan->depth--;
  return ok;
}

static gboolean
scan_value (Scan *scan)
{
  int c;

  skip_space (scan);
  c = peek (scan);
  if (c == '{')
    return scan_container (scan, '}');
  if (c == '[')
    return scan_container (scan, ']');
  if (c == '"')
    return scan_string (scan, NULL);
  if (c == '-' || g_ascii_isdigit (c))
    return scan_number (scan);
  if (c < 0)
    return fail (scan, "ends too early");
  return scan_word (scan);
}

gboolean
rnnc_json_scan (const char *text, gsize length, const char **reason,
    gsize *offset)
{
  Scan scan = { .text = text, .length = length };
  gboolean ok;

  if (length > RNNC_JSON_MAX_BYTES) {
    ok = fail (&scan, "over the size limit");
  } else if (!g_utf8_validate_len (text, length, NULL)) {
    ok = fail (&scan, "not UTF-8");
  } else {
    skip_space (&scan);
    ok = peek (&scan) == '{' || fail (&scan, "an object was expected");
    ok = ok && scan_value (&scan);
    skip_space (&scan);
    if (ok && scan.at != length)
      ok = fail (&scan, "something follows the object");
  }
  *reason = scan.reason;
  *offset = scan.at;
  return ok;
}
