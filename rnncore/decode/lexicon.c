/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/lexicon.h"

#include <math.h>
#include <string.h>

#include "rnncore/decode/spelling.h"
#include "rnncore/model/model-private.h"

/* A line, while the trie is built. */
typedef struct {
  gsize phones; /* where they are among those of all */
  gsize letters;
  guint n_phones;
  guint n_letters;
  guint rank;
} Entry;

typedef struct {
  GArray *entries; /* Entry */
  GArray *phones;  /* guint16: of all entries */
  GArray *letters; /* guint16: of all entries */
  GArray *nodes;   /* RnncLexiconNode */
} Builder;

/* --- lines ---------------------------------------------------------------- */

static gboolean
invalid (GError **error, const char *reason)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s", reason);
  return FALSE;
}

/* @end: (out): of the line. Returns: the tab behind its word; %NULL with @error
 */
static const char *
find_tab (const char *line, const char **end, GError **error)
{
  const char *tab;

  *end = line + strcspn (line, "\n");
  tab = memchr (line, '\t', (gsize) (*end - line));
  if (tab == NULL || tab == line)
    invalid (error, "not a word, a tab and its phones");
  return tab == line ? NULL : tab;
}

/* A word's letters are appended. */
static gboolean
read_word (const RnncSpelling *spelling, const char *line, const char *tab,
    GArray *letters, GError **error)
{
  guint n = letters->len;

  if (!rnnc_spell (spelling, line, (gsize) (tab - line), letters, error))
    return FALSE;
  for (; n < letters->len; n++)
    if ((gint) g_array_index (letters, guint16, n) == spelling->space)
      return invalid (error, "a space within a word");
  return TRUE;
}

/* Calls for each phone's name; @numbers: (nullable): name -> place + 1. */
static gboolean
read_phones (const char *at, const char *end, GHashTable *numbers,
    GArray *phones, GError **error)
{
  guint n = 0;

  while ((at += strspn (at, " \r")) < end) {
    gsize n_bytes = strcspn (at, " \r\n");
    g_autofree char *name = g_strndup (at, n_bytes);
    guint16 number = numbers == NULL
        ? 1
        : (guint16) GPOINTER_TO_UINT (g_hash_table_lookup (numbers, name));

    if (number == 0) {
      g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
          "\"%s\" is none of the phones", name);
      return FALSE;
    }
    number--;
    g_array_append_val (phones, number);
    at += n_bytes;
    n++;
  }
  if (n == 0 || n > RNNC_LEXICON_MAX_PHONES)
    return invalid (error,
        n == 0 ? "a word without phones" : "too many phones");
  return TRUE;
}

gboolean
rnnc_lexicon_check_lines (const char *lines, RnncModel *language,
    GError **error)
{
  g_autoptr (GArray) phones = g_array_new (FALSE, FALSE, sizeof (guint16));
  g_autoptr (GArray) letters = g_array_new (FALSE, FALSE, sizeof (guint16));
  RnncSpelling spelling;
  guint number = 1;

  rnnc_spelling_init (&spelling, language);
  for (const char *end, *line = lines; *line != '\0'; number++) {
    const char *tab = find_tab (line, &end, error);

    if (tab == NULL || !read_word (&spelling, line, tab, letters, error)
        || !read_phones (tab + 1, end, NULL, phones, error)) {
      g_prefix_error (error, "pronunciations:%u: ", number);
      return FALSE;
    }
    line = *end == '\n' ? end + 1 : end;
    g_array_set_size (letters, 0);
  }
  return TRUE;
}

static GHashTable *
number_phones (const RnncDescription *description, guint *boundary)
{
  GHashTable *numbers = g_hash_table_new (g_str_hash, g_str_equal);

  *boundary = 0;
  for (guint i = 1; i < description->n_phones; i++) {
    if (g_str_equal (description->phones[i], RNNC_LEXICON_BOUNDARY))
      *boundary = i;
    else
      g_hash_table_insert (numbers, description->phones[i],
          GUINT_TO_POINTER (i + 1));
  }
  return numbers;
}

static gboolean
read_line (Builder *builder, const RnncSpelling *spelling, GHashTable *numbers,
    const char *line, const char **end, GError **error)
{
  const char *tab = find_tab (line, end, error);
  Entry entry = { builder->phones->len, builder->letters->len };

  if (tab == NULL || !read_word (spelling, line, tab, builder->letters, error)
      || !read_phones (tab + 1, *end, numbers, builder->phones, error))
    return FALSE;
  entry.n_phones = (guint) (builder->phones->len - entry.phones);
  entry.n_letters = (guint) (builder->letters->len - entry.letters);
  entry.rank = builder->entries->len;
  g_array_append_val (builder->entries, entry);
  return TRUE;
}

static gboolean
read_lines (Builder *builder, const char *lines, RnncModel *speech,
    GHashTable *numbers, GError **error)
{
  RnncSpelling spelling;
  guint number = 1;

  rnnc_spelling_init (&spelling, speech);
  for (const char *end, *line = lines; *line != '\0'; number++) {
    if (!read_line (builder, &spelling, numbers, line, &end, error)) {
      g_prefix_error (error, "pronunciations:%u: ", number);
      return FALSE;
    }
    line = *end == '\n' ? end + 1 : end;
  }
  return builder->entries->len > 0
      || invalid (error, "pronunciations: there are none");
}

/* --- the trie ------------------------------------------------------------- */

static gint
compare_entries (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const Entry *x = a, *y = b;
  const guint16 *phones = user_data;

  for (guint i = 0; i < MIN (x->n_phones, y->n_phones); i++)
    if (phones[x->phones + i] != phones[y->phones + i])
      return (gint) phones[x->phones + i] - (gint) phones[y->phones + i];
  if (x->n_phones != y->n_phones)
    return (gint) x->n_phones - (gint) y->n_phones;
  return (gint) x->rank - (gint) y->rank;
}

/* Sorted entries that begin with the phones of a node. */
typedef struct {
  guint first;
  guint end;
  guint depth;
} Range;

/* Appends the children of node @index, and their ranges. */
static void
add_children (Builder *builder, guint index, GArray *ranges)
{
  const Entry *entries = (const Entry *) (void *) builder->entries->data;
  const guint16 *phones = (const guint16 *) (void *) builder->phones->data;
  Range range = g_array_index (ranges, Range, index);
  guint32 children = builder->nodes->len;
  guint i = range.first;
  RnncLexiconNode *node;

  while (i < range.end && entries[i].n_phones == range.depth)
    i++;
  node = &g_array_index (builder->nodes, RnncLexiconNode, index);
  node->words = range.first;
  node->n_words = (guint16) MIN (i - range.first, G_MAXUINT16);
  while (i < range.end) {
    RnncLexiconNode child
        = { .phone = phones[entries[i].phones + range.depth] };
    Range below = { .first = i, .depth = range.depth + 1 };

    while (
        i < range.end && phones[entries[i].phones + range.depth] == child.phone)
      i++;
    below.end = i;
    g_array_append_val (builder->nodes, child);
    g_array_append_val (ranges, below);
  }
  node = &g_array_index (builder->nodes, RnncLexiconNode, index);
  node->children = children;
  node->n_children = (guint16) (builder->nodes->len - children);
}

static guint64
hash_letters (const guint16 *letters, guint n)
{
  guint64 hash = G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  for (guint i = 0; i < n; i++) {
    hash = (hash ^ (letters[i] + 1u)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
    hash ^= hash >> 29;
  }
  return hash;
}

/* Zipf's law: the r-th word is said a tenth of 1/r of the time. */
static float
frequency_of (guint rank)
{
  return -2.3f - logf ((float) rank + 1.0f);
}

static void
place_words (RnncLexicon *lexicon, Builder *builder)
{
  lexicon->n_words = builder->entries->len;
  lexicon->words = g_new (RnncLexiconWord, lexicon->n_words);
  lexicon->letters
      = (guint16 *) (void *) g_array_free (g_steal_pointer (&builder->letters),
          FALSE);
  for (guint i = 0; i < lexicon->n_words; i++) {
    const Entry *entry = &g_array_index (builder->entries, Entry, i);
    const guint16 *letters = lexicon->letters + entry->letters;

    lexicon->words[i] = (RnncLexiconWord){ letters, entry->n_letters,
      hash_letters (letters, entry->n_letters), frequency_of (entry->rank) };
    lexicon->letters_per_phone = MAX (lexicon->letters_per_phone,
        (entry->n_letters + entry->n_phones - 1) / entry->n_phones);
  }
}

/* Children stand behind their parents. */
static void
spread_frequencies (RnncLexicon *lexicon)
{
  for (guint i = lexicon->n_nodes; i-- > 0;) {
    RnncLexiconNode *node = &lexicon->nodes[i];

    node->frequency = -INFINITY;
    for (guint w = 0; w < node->n_words; w++)
      node->frequency
          = MAX (node->frequency, lexicon->words[node->words + w].frequency);
    for (guint c = 0; c < node->n_children; c++)
      node->frequency
          = MAX (node->frequency, lexicon->nodes[node->children + c].frequency);
  }
}

static void
build (RnncLexicon *lexicon, Builder *builder)
{
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (Range));
  Range all = { 0, builder->entries->len, 0 };
  RnncLexiconNode root = { 0 };

  g_array_sort_with_data (builder->entries, compare_entries,
      builder->phones->data);
  g_array_append_val (ranges, all);
  g_array_append_val (builder->nodes, root);
  for (guint i = 0; i < builder->nodes->len; i++)
    add_children (builder, i, ranges);
  lexicon->n_nodes = builder->nodes->len;
  lexicon->nodes = (RnncLexiconNode *) (void *)
      g_array_free (g_steal_pointer (&builder->nodes), FALSE);
  place_words (lexicon, builder);
  spread_frequencies (lexicon);
}

/* --- the object ----------------------------------------------------------- */

/* Each with its length: names may hold anything. */
static void
append_names (GString *key, char **names)
{
  for (guint i = 0; names[i] != NULL; i++)
    g_string_append_printf (key, " %" G_GSIZE_FORMAT " %s", strlen (names[i]),
        names[i]);
}

static char *
make_key (RnncModel *speech)
{
  GString *key = g_string_new (NULL);

  g_string_printf (key, "%d %u %u", rnnc_model_blank (speech),
      rnnc_model_n_labels (speech), speech->description->n_phones);
  append_names (key, speech->description->labels);
  append_names (key, speech->description->phones);
  return g_string_free (key, FALSE);
}

RnncLexicon *
rnnc_lexicon_new (const char *lines, RnncModel *speech, GError **error)
{
  g_autoptr (RnncLexicon) lexicon = g_new0 (RnncLexicon, 1);
  g_autoptr (GHashTable) numbers
      = number_phones (speech->description, &lexicon->boundary);
  Builder builder = { g_array_new (FALSE, FALSE, sizeof (Entry)),
    g_array_new (FALSE, FALSE, sizeof (guint16)),
    g_array_new (FALSE, FALSE, sizeof (guint16)),
    g_array_new (FALSE, FALSE, sizeof (RnncLexiconNode)) };
  gboolean ok;

  lexicon->key = make_key (speech);
  lexicon->n_phones = speech->description->n_phones;
  ok = lexicon->boundary > 0
      || invalid (error, "no phone is \"" RNNC_LEXICON_BOUNDARY "\"");
  ok = ok && read_lines (&builder, lines, speech, numbers, error);
  if (ok)
    build (lexicon, &builder);
  g_array_unref (builder.entries);
  g_array_unref (builder.phones);
  g_clear_pointer (&builder.letters, g_array_unref);
  g_clear_pointer (&builder.nodes, g_array_unref);
  return ok ? g_steal_pointer (&lexicon) : NULL;
}

void
rnnc_lexicon_free (RnncLexicon *lexicon)
{
  if (lexicon == NULL)
    return;
  g_free (lexicon->nodes);
  g_free (lexicon->words);
  g_free (lexicon->letters);
  g_free (lexicon->key);
  g_free (lexicon);
}

/* The words that sound like @way. */
static void
find_at (const RnncLexicon *lexicon, const RnncLexiconNode *node,
    const GArray *way, GHashTable *sounds)
{
  for (guint i = 0; i < node->n_words; i++) {
    const RnncLexiconWord *word = &lexicon->words[node->words + i];
    g_autoptr (GBytes) letters = g_bytes_new_static (word->letters,
        word->n_letters * sizeof *word->letters);
    GPtrArray *ways = g_hash_table_lookup (sounds, letters);

    if (ways != NULL)
      g_ptr_array_add (ways, g_array_copy ((GArray *) way));
  }
}

/* @way: the phones to @index; as long again when it returns. Not deeper than
 * RNNC_LEXICON_MAX_PHONES. */
static void
find_from (const RnncLexicon *lexicon, guint32 index, GArray *way,
    GHashTable *sounds)
{
  const RnncLexiconNode *node = &lexicon->nodes[index];

  find_at (lexicon, node, way, sounds);
  for (guint i = 0; i < node->n_children; i++) {
    g_array_append_val (way, lexicon->nodes[node->children + i].phone);
    find_from (lexicon, node->children + i, way, sounds);
    g_array_set_size (way, way->len - 1);
  }
}

void
rnnc_lexicon_find (const RnncLexicon *lexicon, GHashTable *sounds)
{
  g_autoptr (GArray) way = g_array_new (FALSE, FALSE, sizeof (guint16));

  find_from (lexicon, 0, way, sounds);
}

gboolean
rnnc_lexicon_fits (const RnncLexicon *lexicon, RnncModel *speech)
{
  g_autofree char *key = make_key (speech);

  return g_str_equal (lexicon->key, key);
}
