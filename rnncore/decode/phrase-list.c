/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/phrase-list.h"

#include <string.h>

#include "rnncore/decode/spelling.h"
#include "rnncore/model/model-private.h"

#define MAX_PHRASES 10000
#define MAX_NODES 100000
#define MAX_ARCS 1000000

typedef struct {
  char *text;
  guint line;
} Phrase;

typedef struct {
  guint32 from;
  guint32 to;
} Arc;

struct _RnncPhraseList {
  gatomicrefcount ref_count;
  RnncModel *model;
  GArray *phrases;   /* Phrase */
  GArray *nodes;     /* RnncPhraseNode */
  GArray *n_letters; /* guint, one a phrase */
  GArray *unwanted;  /* gboolean, one a phrase */
  GPtrArray *words;  /* of all that is not unwanted, each once; %NULL: some
                        texts have several words */
  guint32 *sources;
  RnncPhraseNetwork network;
};

/* What is being read. */
typedef struct {
  RnncPhraseList *phrases;
  RnncSpelling spelling;
  GHashTable *lists; /* name: GPtrArray of GArray of guint16 */
  GHashTable *known; /* texts of phrases */
  GHashTable *words; /* those in phrases->words */
  GArray *arcs;      /* Arc */
  /* Of the phrase that is being read: */
  gboolean unwanted;
  GArray *ends;    /* guint32: nodes that its parts so far may end with */
  guint n_letters; /* most of any way through it */
  gboolean endless;
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

/* --- the network ---------------------------------------------------------- */

static RnncPhraseNode *
get_node (Reader *reader, guint32 index)
{
  return &g_array_index (reader->phrases->nodes, RnncPhraseNode, index);
}

static guint32
add_node (Reader *reader, guint label, gboolean begins_word)
{
  guint32 index = reader->phrases->nodes->len;
  RnncPhraseNode node = { .label = (guint16) label,
    .begins_word = (guint16) begins_word,
    .phrase = reader->phrases->phrases->len };

  g_array_append_val (reader->phrases->nodes, node);
  return index;
}

static void
add_arc (Reader *reader, guint32 from, guint32 to)
{
  Arc arc = { from, to };

  g_array_append_val (reader->arcs, arc);
}

/* From all of @ends to all of @starts, with a space between them or without:
 * what a recogniser runs together is still the phrase. */
static gboolean
join (Reader *reader, const GArray *ends, const GArray *starts, GError **error)
{
  guint32 space;

  if ((guint64) ends->len * starts->len + reader->arcs->len > MAX_ARCS)
    return refuse (error, "lists too large to follow each other");
  if (reader->spelling.space < 0) {
    for (guint i = 0; i < ends->len; i++)
      for (guint k = 0; k < starts->len; k++)
        add_arc (reader, g_array_index (ends, guint32, i),
            g_array_index (starts, guint32, k));
    return TRUE;
  }
  space = add_node (reader, (guint) reader->spelling.space, FALSE);
  for (guint i = 0; i < ends->len; i++) {
    guint32 end = g_array_index (ends, guint32, i);

    add_arc (reader, end, space);
    for (guint k = 0; k < starts->len; k++)
      add_arc (reader, end | RNNC_PHRASE_SPACE_LEFT_OUT,
          g_array_index (starts, guint32, k));
  }
  for (guint k = 0; k < starts->len; k++)
    add_arc (reader, space, g_array_index (starts, guint32, k));
  return TRUE;
}

/* Nodes of one text; its words may be run together too. */
static void
add_text (Reader *reader, const GArray *letters, GArray *starts, GArray *ends)
{
  guint32 last = 0;
  guint32 before_space = 0;
  gboolean after_space = FALSE;

  for (guint i = 0; i < letters->len; i++) {
    guint label = g_array_index (letters, guint16, i);
    gboolean is_space = (gint) label == reader->spelling.space;
    guint32 node = add_node (reader, label,
        i == 0 || after_space || reader->spelling.words);

    if (i == 0)
      g_array_append_val (starts, node);
    else
      add_arc (reader, last, node);
    if (after_space)
      add_arc (reader, before_space | RNNC_PHRASE_SPACE_LEFT_OUT, node);
    if (is_space)
      before_space = last;
    after_space = is_space;
    last = node;
  }
  g_array_append_val (ends, last);
}

static gboolean
add_part (Reader *reader, const GPtrArray *texts, gboolean again,
    GError **error)
{
  g_autoptr (GArray) starts = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) ends = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint most = 0;
  guint64 n_nodes = reader->phrases->nodes->len + 2;

  for (guint i = 0; i < texts->len; i++)
    n_nodes += ((GArray *) texts->pdata[i])->len;
  if (n_nodes > MAX_NODES)
    return refuse (error, "more than %u letters in all", MAX_NODES);
  for (guint i = 0; i < texts->len; i++) {
    const GArray *letters = texts->pdata[i];

    add_text (reader, letters, starts, ends);
    most = MAX (most, letters->len);
  }
  if (reader->ends->len == 0) {
    for (guint i = 0; i < starts->len; i++)
      get_node (reader, g_array_index (starts, guint32, i))->begins_phrase = 1;
  } else if (!join (reader, reader->ends, starts, error)) {
    return FALSE;
  }
  if (again && !join (reader, ends, starts, error))
    return FALSE;
  reader->n_letters += most + 1;
  reader->endless |= again;
  g_array_set_size (reader->ends, 0);
  g_array_append_vals (reader->ends, ends->data, ends->len);
  return TRUE;
}

/* Sources of each node, one after another. */
static void
finish_network (Reader *reader)
{
  RnncPhraseList *phrases = reader->phrases;
  guint n_nodes = phrases->nodes->len;
  guint32 at = 0;

  for (guint i = 0; i < reader->arcs->len; i++)
    get_node (reader, g_array_index (reader->arcs, Arc, i).to)->n_sources++;
  for (guint i = 0; i < n_nodes; i++) {
    get_node (reader, i)->first_source = at;
    at += get_node (reader, i)->n_sources;
    get_node (reader, i)->n_sources = 0;
  }
  phrases->sources = g_new0 (guint32, at);
  for (guint i = 0; i < reader->arcs->len; i++) {
    const Arc *arc = &g_array_index (reader->arcs, Arc, i);
    RnncPhraseNode *to = get_node (reader, arc->to);

    phrases->sources[to->first_source + to->n_sources++] = arc->from;
  }
  phrases->network = (RnncPhraseNetwork){ n_nodes,
    (const RnncPhraseNode *) (void *) phrases->nodes->data, phrases->sources,
    phrases->phrases->len, (const guint *) (void *) phrases->n_letters->data,
    (const gboolean *) (void *) phrases->unwanted->data };
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
  return rnnc_spell (&reader->spelling, text, n_bytes, letters, error);
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

static gboolean
read_list_part (Reader *reader, const char **text, GError **error)
{
  g_autofree char *name = NULL;
  const char *behind = read_name (*text, &name, error);
  const GPtrArray *texts;
  gboolean again;

  if (behind == NULL)
    return FALSE;
  texts = g_hash_table_lookup (reader->lists, name);
  if (texts == NULL)
    return refuse (error, "<%s> is not defined before", name);
  again = *behind == '+';
  *text = behind + again;
  return add_part (reader, texts, again, error);
}

static gboolean
read_words (Reader *reader, const char **text, GError **error)
{
  g_autoptr (GPtrArray) texts = new_texts ();
  gsize n_bytes = strcspn (*text, "<");
  const char *from = *text;

  *text += n_bytes;
  return append_text (reader, texts, from, n_bytes, error)
      && add_part (reader, texts, FALSE, error);
}

static gboolean
finish_phrase (Reader *reader, const char *text, guint line, GError **error)
{
  Phrase phrase = { g_strdup (text), line };
  guint most = reader->endless ? 0 : reader->n_letters;

  g_array_append_val (reader->phrases->phrases, phrase);
  g_array_append_val (reader->phrases->n_letters, most);
  g_array_append_val (reader->phrases->unwanted, reader->unwanted);
  g_hash_table_add (reader->known, phrase.text);
  for (guint i = 0; i < reader->ends->len; i++)
    get_node (reader, g_array_index (reader->ends, guint32, i))->ends_phrase
        = 1;
  if (most > RNNC_MAX_TEXT_LETTERS)
    return refuse (error, "more than %u letters", RNNC_MAX_TEXT_LETTERS);
  return TRUE;
}

static gboolean
read_phrase (Reader *reader, const char *text, guint line, GError **error)
{
  const char *at;

  reader->unwanted = *text == '!';
  text += reader->unwanted ? strspn (text, "! \t") : 0;
  at = text;
  if (*text == '\0')
    return refuse (error, "no phrase behind \"!\"");
  if (g_hash_table_contains (reader->known, text))
    return TRUE; /* said before */
  if (reader->phrases->phrases->len == MAX_PHRASES)
    return refuse (error, "more than %u phrases", MAX_PHRASES);
  g_array_set_size (reader->ends, 0);
  reader->n_letters = 0;
  reader->endless = FALSE;
  while (*at != '\0') {
    gboolean ok = TRUE;

    if (g_ascii_isspace (*at))
      at++;
    else if (*at == '<')
      ok = read_list_part (reader, &at, error);
    else
      ok = read_words (reader, &at, error);
    if (!ok)
      return FALSE;
  }
  return finish_phrase (reader, text, line, error);
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
  RnncModel *model = reader->phrases->model;

  rnnc_spelling_init (&reader->spelling, model);
  if (reader->spelling.space < 0 && !reader->spelling.words) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s: phrases: it has no label \" \"", rnnc_model_path (model));
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
  finish_network (reader);
  return TRUE;
}

static void
clear_phrase (gpointer data)
{
  g_free (((Phrase *) data)->text);
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
  phrases->phrases = g_array_new (FALSE, FALSE, sizeof (Phrase));
  g_array_set_clear_func (phrases->phrases, clear_phrase);
  phrases->nodes = g_array_new (FALSE, FALSE, sizeof (RnncPhraseNode));
  phrases->n_letters = g_array_new (FALSE, FALSE, sizeof (guint));
  phrases->unwanted = g_array_new (FALSE, FALSE, sizeof (gboolean));
  phrases->words = g_ptr_array_new_with_free_func (g_free);
  reader.lists = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      (GDestroyNotify) g_ptr_array_unref);
  reader.known = g_hash_table_new (g_str_hash, g_str_equal);
  reader.words = g_hash_table_new (g_str_hash, g_str_equal);
  reader.arcs = g_array_new (FALSE, FALSE, sizeof (Arc));
  reader.ends = g_array_new (FALSE, FALSE, sizeof (guint32));
  ok = read_lines (&reader, name, lines, error);
  g_hash_table_unref (reader.lists);
  g_hash_table_unref (reader.known);
  g_hash_table_unref (reader.words);
  g_array_unref (reader.arcs);
  g_array_unref (reader.ends);
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
  g_array_unref (phrases->nodes);
  g_array_unref (phrases->n_letters);
  g_array_unref (phrases->unwanted);
  g_clear_pointer (&phrases->words, g_ptr_array_unref);
  g_free (phrases->sources);
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

  return g_array_index (phrases->phrases, Phrase, index).text;
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

  return g_array_index (phrases->phrases, Phrase, index).line;
}

const RnncPhraseNetwork *
rnnc_phrase_list_network (RnncPhraseList *phrases)
{
  return &phrases->network;
}

gboolean
rnnc_phrase_list_fits (RnncPhraseList *phrases, RnncModel *model)
{
  return rnnc_same_labels (phrases->model, model);
}
