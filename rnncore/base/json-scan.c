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

static gboolean
scan_escape (Scan *scan)
{
  int c = peek (scan);

  if (c == 'u') {
    for (guint i = 1; i <= 4; i++) {
      if (scan->at + i >= scan->length
          || !g_ascii_isxdigit (scan->text[scan->at + i]))
        return fail (scan, "bad \\u escape");
    }
    scan->at += 5;
    return TRUE;
  }
  if (c < 0 || strchr ("\"\\/bfnrt", c) == NULL)
    return fail (scan, "bad escape");
  scan->at++;
  return TRUE;
}

static gboolean
scan_string (Scan *scan)
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
    if (c == '\\' && !scan_escape (scan))
      return FALSE;
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

/* Keys that differ only by escapes are left to the reader above: two spellings
 * of one key are refused as an escaped key. */
static gboolean
scan_key (Scan *scan, GHashTable *keys)
{
  gsize first = scan->at;
  char *key;

  if (!scan_string (scan))
    return FALSE;
  key = g_strndup (scan->text + first + 1, scan->at - first - 2);
  if (strchr (key, '\\') != NULL) {
    g_free (key);
    return fail (scan, "escaped key");
  }
  if (!g_hash_table_add (keys, key))
    return fail (scan, "duplicate key");
  return TRUE;
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
    return scan_string (scan);
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
