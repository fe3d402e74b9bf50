/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/phrase-list.h"

#include <string.h>

#include "rnncore/decode/spelling.h"
#include "rnncore/model/model-private.h"

#define MAX_PHRASES 10000

struct _RnncPhraseList {
  gatomicrefcount ref_count;
  RnncModel *model;
  RnncSpelling spelling;
  GArray *phrases;  /* RnncPhrase */
  GPtrArray *words; /* of all that is not unwanted, each once; %NULL: some
                       texts have several words */
  RnncPhraseNetwork *network;
};

/* What is being read. */
typedef struct {
  RnncPhraseList *phrases;
  RnncPhraseBuilder *builder;
  GHashTable *lists; /* name: GPtrArray of GArray of guint16 */
  GHashTable *known; /* texts of phrases */
  GHashTable *words; /* those in phrases->words */
  gboolean unwanted; /* the phrase that is being read */
} Reader;

static gboolean
refuse (GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, RNNC_ERROR, RNNC_ERROR_VALUE, text);
  return FALSE;
}

/* --- lines ---------------------------------------------------------------- */

static GPtrArray *
new_texts (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
}

static void
note_word (Reader *reader, const char *text, gsize n_bytes)
{
  g_autofree char *word = g_strstrip (g_strndup (text, n_bytes));
  GPtrArray *words = reader->phrases->words;

  if (words == NULL || reader->unwanted)
    return;
  if (strpbrk (word, " \t") != NULL) {
    g_hash_table_remove_all (reader->words);
    g_clear_pointer (&reader->phrases->words, g_ptr_array_unref);
  } else if (!g_hash_table_contains (reader->words, word)) {
    g_hash_table_add (reader->words, word);
    g_ptr_array_add (words, g_steal_pointer (&word));
  }
}

static gboolean
append_text (Reader *reader, GPtrArray *texts, const char *text, gsize n_bytes,
    GError **error)
{
  GArray *letters = g_array_new (FALSE, FALSE, sizeof (guint16));

  note_word (reader, text, n_bytes);
  g_ptr_array_add (texts, letters);
  return rnnc_spell (&reader->phrases->spelling, text, n_bytes, letters, error);
}

/* "<name>" at @text; NULL with @error, else what is behind it. */
static const char *
read_name (const char *text, char **name, GError **error)
{
  const char *end = text + 1;

  while (g_ascii_isalnum (*end) || *end == '-' || *end == '_')
    end++;
  if (*end != '>' || end == text + 1) {
    refuse (error, "\"<\" without a list's name and \">\"");
    return NULL;
  }
  *name = g_strndup (text + 1, (gsize) (end - text - 1));
  return end + 1;
}

/* "<name> = a | b" */
static gboolean
read_list (Reader *reader, const char *name, const char *text, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, "|", -1);
  g_autoptr (GPtrArray) texts = new_texts ();

  if (g_hash_table_contains (reader->lists, name))
    return refuse (error, "<%s> is defined twice", name);
  if (parts[0] == NULL)
    return refuse (error, "no letters");
  for (char **part = parts; *part != NULL; part++) {
    if (strchr (*part, '<') != NULL)
      return refuse (error, "a list within a list");
    if (!append_text (reader, texts, *part, strlen (*part), error))
      return FALSE;
  }
  g_hash_table_insert (reader->lists, g_strdup (name),
      g_steal_pointer (&texts));
  return TRUE;
}

/* @texts: taken */
static void
add_part (RnncPhrase *phrase, GPtrArray *texts, gboolean again)
{
  RnncPhrasePart part = { texts, again };

  g_array_append_val (phrase->parts, part);
}

static gboolean
read_list_part (Reader *reader, RnncPhrase *phrase, const char **text,
    GError **error)
{
  g_autofree char *name = NULL;
  const char *behind = read_name (*text, &name, error);
  GPtrArray *texts;
  gboolean again;

  if (behind == NULL)
    return FALSE;
  texts = g_hash_table_lookup (reader->lists, name);
  if (texts == NULL)
    return refuse (error, "<%s> is not defined before", name);
  again = *behind == '+';
  *text = behind + again;
  add_part (phrase, g_ptr_array_ref (texts), again);
  return TRUE;
}

static gboolean
read_words (Reader *reader, RnncPhrase *phrase, const char **text,
    GError **error)
{
  GPtrArray *texts = new_texts ();
  gsize n_bytes = strcspn (*text, "<");
  const char *from = *text;

  *text += n_bytes;
  add_part (phrase, texts, FALSE);
  return append_text (reader, texts, from, n_bytes, error);
}

static gboolean
read_parts (Reader *reader, RnncPhrase *phrase, GError **error)
{
  const char *at = phrase->text;

  while (*at != '\0') {
    gboolean ok = TRUE;

    if (g_ascii_isspace (*at))
      at++;
    else if (*at == '<')
      ok = read_list_part (reader, phrase, &at, error);
    else
      ok = read_words (reader, phrase, &at, error);
    if (!ok)
      return FALSE;
  }
  return rnnc_phrase_builder_add (reader->builder, phrase, error);
}

static void
clear_part (gpointer data)
{
  g_ptr_array_unref (((RnncPhrasePart *) data)->texts);
}

static gboolean
read_phrase (Reader *reader, const char *text, guint line, GError **error)
{
  GArray *phrases = reader->phrases->phrases;
  RnncPhrase phrase = { .line = line };

  reader->unwanted = *text == '!';
  text += reader->unwanted ? strspn (text, "! \t") : 0;
  if (*text == '\0')
    return refuse (error, "no phrase behind \"!\"");
  if (g_hash_table_contains (reader->known, text))
    return TRUE; /* said before */
  if (phrases->len == MAX_PHRASES)
    return refuse (error, "more than %u phrases", MAX_PHRASES);
  phrase.text = g_strdup (text);
  phrase.unwanted = reader->unwanted;
  phrase.parts = g_array_new (FALSE, FALSE, sizeof (RnncPhrasePart));
  g_array_set_clear_func (phrase.parts, clear_part);
  g_array_append_val (phrases, phrase);
  g_hash_table_add (reader->known, phrase.text);
  return read_parts (reader, &phrase, error);
}

static gboolean
read_line (Reader *reader, const char *line, guint number, GError **error)
{
  g_autofree char *text = g_strstrip (g_strdup (line));
  g_autofree char *name = NULL;
  const char *behind;

  reader->unwanted = FALSE;
  if (*text != '<')
    return read_phrase (reader, text, number, error);
  behind = read_name (text, &name, error);
  if (behind == NULL)
    return FALSE;
  behind += strspn (behind, " \t");
  return *behind == '=' ? read_list (reader, name, behind + 1, error)
                        : read_phrase (reader, text, number, error);
}

static gboolean
read_lines (Reader *reader, const char *name, const char *const *lines,
    GError **error)
{
  const RnncSpelling *spelling = &reader->phrases->spelling;

  if (spelling->space < 0 && !spelling->words) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s: phrases: it has no label \" \"",
        rnnc_model_path (spelling->model));
    return FALSE;
  }
  for (guint i = 0; lines[i] != NULL; i++) {
    if (!rnnc_text_is_idle (lines[i])
        && !read_line (reader, lines[i], i + 1, error)) {
      rnnc_text_name_line (error, name, i + 1);
      return FALSE;
    }
  }
  if (reader->phrases->phrases->len == 0) {
    g_autofree char *display = g_filename_display_name (name);

    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s: no phrases",
        display);
    return FALSE;
  }
  return TRUE;
}

static void
clear_phrase (gpointer data)
{
  RnncPhrase *phrase = data;

  g_free (phrase->text);
  g_array_unref (phrase->parts);
}

static RnncPhraseList *
phrase_list_from_lines (const char *name, const char *const *lines,
    RnncModel *model, GError **error)
{
  g_autoptr (RnncPhraseList) phrases = g_new0 (RnncPhraseList, 1);
  Reader reader = { .phrases = phrases };
  gboolean ok;

  g_atomic_ref_count_init (&phrases->ref_count);
  phrases->model = rnnc_model_ref (model);
  rnnc_spelling_init (&phrases->spelling, model);
  phrases->phrases = g_array_new (FALSE, FALSE, sizeof (RnncPhrase));
  g_array_set_clear_func (phrases->phrases, clear_phrase);
  phrases->words = g_ptr_array_new_with_free_func (g_free);
  reader.builder = rnnc_phrase_builder_new (&phrases->spelling, NULL, 0);
  reader.lists = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      (GDestroyNotify) g_ptr_array_unref);
  reader.known = g_hash_table_new (g_str_hash, g_str_equal);
  reader.words = g_hash_table_new (g_str_hash, g_str_equal);
  ok = read_lines (&reader, name, lines, error);
  g_hash_table_unref (reader.lists);
  g_hash_table_unref (reader.known);
  g_hash_table_unref (reader.words);
  phrases->network = rnnc_phrase_builder_end (reader.builder);
  return ok ? g_steal_pointer (&phrases) : NULL;
}

/* --- public --------------------------------------------------------------- */

RnncPhraseList *
rnnc_phrase_list_load (const char *path, RnncModel *model, GError **error)
{
  g_auto (GStrv) lines = NULL;

  g_return_val_if_fail (path != NULL && model != NULL, NULL);

  lines = rnnc_text_load (path, error);
  if (lines == NULL)
    return NULL;
  return phrase_list_from_lines (path, (const char *const *) lines, model,
      error);
}

RnncPhraseList *
rnnc_phrase_list_new_from_strings (const char *const *lines, RnncModel *model,
    GError **error)
{
  g_return_val_if_fail (lines != NULL && model != NULL, NULL);

  return phrase_list_from_lines ("phrases", lines, model, error);
}

gboolean
rnnc_phrase_list_load_own (RnncModel *model, RnncPhraseList **phrases,
    GError **error)
{
  g_auto (GStrv) lines = NULL;

  g_return_val_if_fail (model != NULL && phrases != NULL, FALSE);

  *phrases = NULL;
  if (model->description->phrases == NULL)
    return TRUE;
  lines = g_strsplit (model->description->phrases, "\n", -1);
  *phrases = phrase_list_from_lines (rnnc_model_path (model),
      (const char *const *) lines, model, error);
  return *phrases != NULL;
}

RnncPhraseList *
rnnc_phrase_list_ref (RnncPhraseList *phrases)
{
  g_return_val_if_fail (phrases != NULL, NULL);

  g_atomic_ref_count_inc (&phrases->ref_count);
  return phrases;
}

void
rnnc_phrase_list_unref (RnncPhraseList *phrases)
{
  g_return_if_fail (phrases != NULL);

  if (!g_atomic_ref_count_dec (&phrases->ref_count))
    return;
  rnnc_model_unref (phrases->model);
  g_array_unref (phrases->phrases);
  g_clear_pointer (&phrases->words, g_ptr_array_unref);
  rnnc_phrase_network_free (phrases->network);
  g_free (phrases);
}

guint
rnnc_phrase_list_n_phrases (RnncPhraseList *phrases)
{
  g_return_val_if_fail (phrases != NULL, 0);

  return phrases->phrases->len;
}

const char *
rnnc_phrase_list_phrase (RnncPhraseList *phrases, guint index)
{
  g_return_val_if_fail (phrases != NULL, NULL);
  g_return_val_if_fail (index < phrases->phrases->len, NULL);

  return g_array_index (phrases->phrases, RnncPhrase, index).text;
}

GStrv
rnnc_phrase_list_dup_words (RnncPhraseList *phrases)
{
  g_autoptr (GStrvBuilder) words = g_strv_builder_new ();

  g_return_val_if_fail (phrases != NULL, NULL);

  if (phrases->words == NULL)
    return NULL;
  for (guint i = 0; i < phrases->words->len; i++)
    g_strv_builder_add (words, phrases->words->pdata[i]);
  return g_strv_builder_end (words);
}

guint
rnnc_phrase_list_line (RnncPhraseList *phrases, guint index)
{
  g_return_val_if_fail (phrases != NULL, 0);
  g_return_val_if_fail (index < phrases->phrases->len, 0);

  return g_array_index (phrases->phrases, RnncPhrase, index).line;
}

const RnncPhraseNetwork *
rnnc_phrase_list_network (RnncPhraseList *phrases)
{
  return phrases->network;
}

/* Of all words of the network by letters, as far as @lexicon has them. */
static GHashTable *
find_sounds (const RnncPhraseNetwork *network, const RnncLexicon *lexicon)
{
  GHashTable *sounds = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
      (GDestroyNotify) g_bytes_unref, (GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < network->n_words; i++) {
    const RnncPhraseWord *word = &network->words[i];

    g_hash_table_insert (sounds,
        g_bytes_new (network->letters + word->first_letter,
            word->n_letters * sizeof *network->letters),
        g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref));
  }
  rnnc_lexicon_find (lexicon, sounds);
  return sounds;
}

RnncPhraseNetwork *
rnnc_phrase_list_network_by_sound (RnncPhraseList *phrases,
    const RnncLexicon *lexicon)
{
  g_autoptr (GHashTable) sounds = find_sounds (phrases->network, lexicon);
  RnncPhraseBuilder *builder
      = rnnc_phrase_builder_new (&phrases->spelling, sounds, lexicon->boundary);
  g_autoptr (RnncPhraseNetwork) network = NULL;
  gboolean ok = TRUE;

  for (guint i = 0; ok && i < phrases->phrases->len; i++)
    ok = rnnc_phrase_builder_add (builder,
        &g_array_index (phrases->phrases, RnncPhrase, i), NULL);
  network = rnnc_phrase_builder_end (builder);
  return ok && network->has_phones ? g_steal_pointer (&network) : NULL;
}

gboolean
rnnc_phrase_list_fits (RnncPhraseList *phrases, RnncModel *model)
{
  return rnnc_same_labels (phrases->model, model);
}
