/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/data/labels.h"

#include <string.h>

void
labels_free (Labels *labels)
{
  if (labels == NULL)
    return;
  g_strfreev (labels->names);
  g_hash_table_unref (labels->index);
  pronunciations_free (labels->pronunciations);
  g_free (labels);
}

Labels *
labels_new (const char *const *names, gint blank, GError **error)
{
  g_autoptr (Labels) labels = g_new0 (Labels, 1);

  labels->names = g_strdupv ((GStrv) names);
  labels->n = g_strv_length (labels->names);
  labels->blank = blank;
  labels->words = rnnc_labels_are_words (names, labels->n, blank);
  labels->index = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < labels->n; i++) {
    labels->spelling |= labels->words && rnnc_label_is_silent (names[i]);
    if (g_hash_table_insert (labels->index, labels->names[i],
            GUINT_TO_POINTER (i + 1)))
      continue;
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "label \"%s\" is there twice", labels->names[i]);
    return NULL;
  }
  return g_steal_pointer (&labels);
}

gboolean
labels_set_phones (Labels *labels, const char *const *phones,
    Pronunciations *pronunciations, GError **error)
{
  g_autoptr (Pronunciations) own = pronunciations;
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  labels->boundary = 0;
  for (guint i = 0; phones[i] != NULL; i++) {
    if (i > 0 && g_str_equal (phones[i], PRONUNCIATIONS_BOUNDARY))
      labels->boundary = labels->n + i;
    if (g_hash_table_add (seen, (gpointer) phones[i]))
      continue;
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "phone \"%s\" is there twice", phones[i]);
    return FALSE;
  }
  if (labels->boundary == 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "no phone is \"" PRONUNCIATIONS_BOUNDARY "\"");
    return FALSE;
  }
  labels->pronunciations = g_steal_pointer (&own);
  return TRUE;
}

/* Letters that are no labels are passed over. */
static void
spell_word (const Labels *labels, const char *word, GArray *targets)
{
  for (const char *c = word; *c != '\0'; c = g_utf8_next_char (c)) {
    char letter[8] = "!";
    gint label;

    memcpy (letter + 1, c, (gsize) (g_utf8_next_char (c) - c));
    label = labels_find (labels, letter, NULL);
    if (label >= 0)
      g_array_append_val (targets, label);
  }
}

static void
encode_words (const Labels *labels, const char *text, gboolean spell,
    GArray *targets)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  for (guint i = 0; words[i] != NULL; i++) {
    gint label = labels_find (labels, words[i], NULL);

    if (label >= 0 && label != labels->blank
        && !rnnc_label_is_silent (words[i]))
      g_array_append_val (targets, label);
    else if (spell)
      spell_word (labels, words[i], targets);
  }
}

static gboolean
encode_letters (const Labels *labels, const char *text, GArray *targets,
    GError **error)
{
  gboolean any = FALSE;
  gboolean space = FALSE;

  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c)) {
    char letter[8] = "";
    gint label;

    if (*c == ' ') {
      space = any;
      continue;
    }
    if (space && (label = labels_find (labels, " ", error)) < 0)
      return FALSE;
    if (space)
      g_array_append_val (targets, label);
    memcpy (letter, c, (gsize) (g_utf8_next_char (c) - c));
    label = labels_find (labels, letter, error);
    if (label < 0)
      return FALSE;
    g_array_append_val (targets, label);
    any = TRUE;
    space = FALSE;
  }
  return TRUE;
}

/* Without what is empty between spaces. */
static GStrv
split_words (const char *text)
{
  GStrv words = g_strsplit (text, " ", -1);
  guint n = 0;

  for (guint i = 0; words[i] != NULL; i++) {
    if (words[i][0] == '\0')
      g_free (words[i]);
    else
      words[n++] = words[i];
  }
  words[n] = NULL;
  return words;
}

static gboolean
encode_phones (const Labels *labels, const char *text, GArray *targets,
    GError **error)
{
  g_auto (GStrv) words = split_words (text);

  for (guint i = 0; words[i] != NULL; i++) {
    const GArray *phones = pronunciations_find (labels->pronunciations,
        (const char *const *) words, i, error);

    if (phones == NULL)
      return FALSE;
    if (i > 0)
      g_array_append_val (targets, labels->boundary);
    for (guint k = 0; k < phones->len; k++) {
      guint phone = labels->n + g_array_index (phones, guint, k);

      g_array_append_val (targets, phone);
    }
  }
  return TRUE;
}

gboolean
labels_encode_text (const Labels *labels, const char *text, GArray *targets,
    GError **error)
{
  if (g_str_equal (text, LABELS_SILENCE))
    return TRUE;
  if (labels->words) {
    encode_words (labels, text, labels->spelling, targets);
    return TRUE;
  }
  return encode_letters (labels, text, targets, error)
      && (labels->pronunciations == NULL
          || encode_phones (labels, text, targets, error));
}

void
labels_encode_space (const Labels *labels, GArray *targets)
{
  gint space = labels_find (labels, " ", NULL);

  if (space >= 0)
    g_array_append_val (targets, space);
  if (labels->pronunciations != NULL)
    g_array_append_val (targets, labels->boundary);
}

gint
labels_find (const Labels *labels, const char *name, GError **error)
{
  guint found = GPOINTER_TO_UINT (g_hash_table_lookup (labels->index, name));

  if (found == 0)
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "\"%s\" is not among the model's labels", name);
  return (gint) found - 1;
}

char *
labels_decode_text (const Labels *labels, const guint *targets, gsize n)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n; i++) {
    const char *name;

    if (targets[i] >= labels->n)
      continue;
    name = labels->names[targets[i]];
    if (labels->words && rnnc_label_is_silent (name))
      continue;
    if (g_str_equal (name, " ")
        && (text->len == 0 || text->str[text->len - 1] == ' '))
      continue;
    if (labels->words && text->len > 0)
      g_string_append_c (text, ' ');
    g_string_append (text, name);
  }
  if (text->len > 0 && text->str[text->len - 1] == ' ')
    g_string_truncate (text, text->len - 1);
  return g_string_free (text, FALSE);
}

char *
labels_known_text (const Labels *labels, const char *text)
{
  g_autoptr (GArray) targets = NULL;

  if (!labels->words)
    return g_strdup (text);
  targets = g_array_new (FALSE, FALSE, sizeof (guint));
  encode_words (labels, text, FALSE, targets);
  return labels_decode_text (labels,
      (const guint *) (const void *) targets->data, targets->len);
}

char *
labels_normalise_text (const char *text)
{
  GString *out = g_string_new (NULL);

  if (g_str_equal (text, LABELS_SILENCE))
    return g_string_free (out, FALSE);
  for (const char *c = text; *c != '\0'; c++) {
    char letter = g_ascii_tolower (*c);

    if (g_ascii_islower (letter) || letter == '\'')
      g_string_append_c (out, letter);
    else if (out->len > 0 && out->str[out->len - 1] != ' ')
      g_string_append_c (out, ' ');
  }
  if (out->len > 0 && out->str[out->len - 1] == ' ')
    g_string_truncate (out, out->len - 1);
  return g_string_free (out, FALSE);
}
