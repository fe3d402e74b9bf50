/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/data/pronunciations.h"

#include <string.h>

#include "rnncore/rnncore.h"

static gboolean
read_phones (const char *text, GHashTable *numbers, GArray *phones,
    GError **error)
{
  g_auto (GStrv) names = g_strsplit (text, " ", -1);

  for (guint i = 0; names[i] != NULL; i++) {
    guint number;

    if (names[i][0] == '\0')
      continue;
    number = GPOINTER_TO_UINT (g_hash_table_lookup (numbers, names[i]));
    if (number == 0) {
      g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
          "\"%s\" is none of the phones", names[i]);
      return FALSE;
    }
    number--;
    g_array_append_val (phones, number);
  }
  if (phones->len > 0)
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "a word without phones");
  return FALSE;
}

static gboolean
is_letter (const char *word)
{
  return word != NULL && *word != '\0' && *g_utf8_next_char (word) == '\0';
}

static gboolean
read_line (Pronunciations *pronunciations, const char *line,
    GHashTable *numbers, GError **error)
{
  const char *tab = strchr (line, '\t');
  g_autoptr (GArray) phones = NULL;
  g_autofree char *word = NULL;

  if (line[strspn (line, " ")] == '\0' || line[0] == '#')
    return TRUE;
  if (tab == NULL || tab == line) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT,
        "not a word, a tab and its phones");
    return FALSE;
  }
  phones = g_array_new (FALSE, FALSE, sizeof (guint));
  if (!read_phones (tab + 1, numbers, phones, error))
    return FALSE;
  word = g_strndup (line, (gsize) (tab - line));
  if (is_letter (word))
    g_hash_table_replace (pronunciations->spelled, g_strdup (word),
        g_array_ref (phones));
  if (!g_hash_table_contains (pronunciations->words, word))
    g_hash_table_insert (pronunciations->words, g_steal_pointer (&word),
        g_steal_pointer (&phones));
  return TRUE;
}

/* Places of the phones + 1; neither the blank, the first, nor the boundary is
 * one of a word's. */
static GHashTable *
number_phones (const char *const *phones)
{
  GHashTable *numbers = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 1; phones[i] != NULL; i++)
    if (!g_str_equal (phones[i], PRONUNCIATIONS_BOUNDARY))
      g_hash_table_insert (numbers, (gpointer) phones[i],
          GUINT_TO_POINTER (i + 1));
  return numbers;
}

Pronunciations *
pronunciations_load (const char *path, const char *const *phones,
    GError **error)
{
  g_autoptr (Pronunciations) pronunciations = g_new0 (Pronunciations, 1);
  g_autoptr (GHashTable) numbers = number_phones (phones);
  g_autoptr (GError) fault = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  pronunciations->path = g_strdup (path);
  pronunciations->words = g_hash_table_new_full (g_str_hash, g_str_equal,
      g_free, (GDestroyNotify) g_array_unref);
  pronunciations->spelled = g_hash_table_new_full (g_str_hash, g_str_equal,
      g_free, (GDestroyNotify) g_array_unref);
  if (!g_file_get_contents (path, &text, NULL, &fault)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s", fault->message);
    return NULL;
  }
  if (!g_utf8_validate (text, -1, NULL)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s: not UTF-8", path);
    return NULL;
  }
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++) {
    if (read_line (pronunciations, g_strdelimit (lines[i], "\r", ' '), numbers,
            error))
      continue;
    g_prefix_error (error, "%s:%u: ", path, i + 1);
    return NULL;
  }
  return g_steal_pointer (&pronunciations);
}

void
pronunciations_free (Pronunciations *pronunciations)
{
  if (pronunciations == NULL)
    return;
  g_free (pronunciations->path);
  g_hash_table_unref (pronunciations->words);
  g_hash_table_unref (pronunciations->spelled);
  g_free (pronunciations);
}

const GArray *
pronunciations_find (const Pronunciations *pronunciations,
    const char *const *words, guint at, GError **error)
{
  gboolean spelled = is_letter (words[at])
      && (is_letter (words[at + 1]) || (at > 0 && is_letter (words[at - 1])));
  const GArray *phones = g_hash_table_lookup (spelled ? pronunciations->spelled
                                                      : pronunciations->words,
      words[at]);

  if (phones == NULL)
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "\"%s\" has no pronunciation in %s", words[at], pronunciations->path);
  return phones;
}
