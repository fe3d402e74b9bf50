/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/vocabulary.h"

#include <string.h>

#include "rnncore/decode/spelling.h"

/* The children of a node stand side by side, in the order of their labels. */
typedef struct {
  guint32 children; /* the first */
  guint16 n_children;
  guint16 label;
  gboolean is_word;
} Node;

struct _RnncVocabulary {
  GArray *nodes; /* Node; [0]: before a word */
  guint space;
  guint n_words;
};

typedef struct {
  const guint16 *letters;
  guint n;
} Word;

/* Sorted words that begin with the letters of a node. */
typedef struct {
  guint first;
  guint end;
  guint depth;
} Range;

static gint
compare_words (gconstpointer a, gconstpointer b)
{
  const Word *x = a, *y = b;

  for (guint i = 0; i < MIN (x->n, y->n); i++)
    if (x->letters[i] != y->letters[i])
      return (gint) x->letters[i] - (gint) y->letters[i];
  return (gint) x->n - (gint) y->n;
}

/* Appends the children of node @index, and their ranges. */
static void
add_children (RnncVocabulary *vocabulary, guint index, const Word *words,
    GArray *ranges)
{
  Range range = g_array_index (ranges, Range, index);
  guint i = range.first;
  guint32 children = vocabulary->nodes->len;
  Node *node = &g_array_index (vocabulary->nodes, Node, index);

  for (; i < range.end && words[i].n == range.depth; i++)
    node->is_word = range.depth > 0;
  while (i < range.end) {
    Node child = { .label = words[i].letters[range.depth] };
    Range below = { .first = i, .depth = range.depth + 1 };

    while (i < range.end && words[i].letters[range.depth] == child.label)
      i++;
    below.end = i;
    g_array_append_val (vocabulary->nodes, child);
    g_array_append_val (ranges, below);
  }
  node = &g_array_index (vocabulary->nodes, Node, index);
  node->children = children;
  node->n_children = (guint16) (vocabulary->nodes->len - children);
}

/* Level by level. */
static void
build (RnncVocabulary *vocabulary, GArray *words)
{
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (Range));
  Range all = { 0, words->len, 0 };
  Node root = { 0 };

  g_array_sort (words, compare_words);
  g_array_append_val (ranges, all);
  g_array_append_val (vocabulary->nodes, root);
  for (guint i = 0; i < vocabulary->nodes->len; i++)
    add_children (vocabulary, i, (const Word *) (void *) words->data, ranges);
}

/* @letters: of all words one behind the other; @words: their lengths */
static gboolean
spell_words (const char *text, const RnncSpelling *spelling, GArray *letters,
    GArray *words, GError **error)
{
  while (*(text += strspn (text, " \t\r\n")) != '\0') {
    gsize n_bytes = strcspn (text, " \t\r\n");
    guint before = letters->len;
    Word word = { NULL };

    if (!rnnc_spell (spelling, text, n_bytes, letters, error)) {
      g_prefix_error (error, "vocabulary: \"%.*s\": ", (int) MIN (n_bytes, 80),
          text);
      return FALSE;
    }
    word.n = letters->len - before;
    g_array_append_val (words, word);
    text += n_bytes;
  }
  return TRUE;
}

RnncVocabulary *
rnnc_vocabulary_new (const char *text, RnncModel *model, GError **error)
{
  g_autoptr (RnncVocabulary) vocabulary = g_new0 (RnncVocabulary, 1);
  g_autoptr (GArray) letters = g_array_new (FALSE, FALSE, sizeof (guint16));
  g_autoptr (GArray) words = g_array_new (FALSE, FALSE, sizeof (Word));
  RnncSpelling spelling;
  const guint16 *from;

  rnnc_spelling_init (&spelling, model);
  vocabulary->nodes = g_array_new (FALSE, FALSE, sizeof (Node));
  if (spelling.space < 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "vocabulary: the model has no label \" \"");
    return NULL;
  }
  vocabulary->space = (guint) spelling.space;
  if (!spell_words (text, &spelling, letters, words, error))
    return NULL;
  if (words->len == 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "vocabulary: no words");
    return NULL;
  }
  vocabulary->n_words = words->len;
  from = (const guint16 *) (void *) letters->data;
  for (guint i = 0; i < words->len; i++) {
    Word *word = &g_array_index (words, Word, i);

    word->letters = from;
    from += word->n;
  }
  build (vocabulary, words);
  return g_steal_pointer (&vocabulary);
}

void
rnnc_vocabulary_free (RnncVocabulary *vocabulary)
{
  if (vocabulary == NULL)
    return;
  g_array_unref (vocabulary->nodes);
  g_free (vocabulary);
}

guint
rnnc_vocabulary_n_words (const RnncVocabulary *vocabulary)
{
  return vocabulary->n_words;
}

/* --- walking -------------------------------------------------------------- */

static guint32
find_child (const RnncVocabulary *vocabulary, guint32 index, guint label)
{
  const Node *nodes = (const Node *) (void *) vocabulary->nodes->data;
  guint32 low = nodes[index].children;
  guint32 high = low + nodes[index].n_children;
  guint32 end = high;

  while (low < high) {
    guint32 middle = low + (high - low) / 2;

    if (nodes[middle].label < label)
      low = middle + 1;
    else
      high = middle;
  }
  return low < end && nodes[low].label == label ? low : RNNC_VOCABULARY_UNKNOWN;
}

gboolean
rnnc_vocabulary_end (const RnncVocabulary *vocabulary, guint32 node)
{
  return node != RNNC_VOCABULARY_START && node != RNNC_VOCABULARY_UNKNOWN
      && !g_array_index (vocabulary->nodes, Node, node).is_word;
}

gboolean
rnnc_vocabulary_step (const RnncVocabulary *vocabulary, guint32 *node,
    guint label)
{
  gboolean unknown;

  if (label == vocabulary->space) {
    unknown = rnnc_vocabulary_end (vocabulary, *node);
    *node = RNNC_VOCABULARY_START;
    return unknown;
  }
  if (*node == RNNC_VOCABULARY_UNKNOWN)
    return FALSE;
  *node = find_child (vocabulary, *node, label);
  return *node == RNNC_VOCABULARY_UNKNOWN;
}
