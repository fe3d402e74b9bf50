/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/hot-words.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "rnncore/decode/spelling.h"

#define MAX_WORDS 10000
#define NO_NODE G_MAXUINT32

typedef struct {
  guint16 label;
  guint32 parent;
  guint32 child;   /* the first; NO_NODE: none */
  guint32 sibling; /* the next */
  guint32 fall;    /* the longest end of it, from a boundary on, that is a
                      node; RNNC_HOT_BOUNDARY or RNNC_HOT_NONE */
  float pending;   /* given for its letters so far */
  float complete;  /* kept if it is reached: a word and the space behind it */
} Node;

struct _RnncHotWords {
  gatomicrefcount ref_count;
  RnncModel *model;
  guint space;
  guint n_words;
  GArray *nodes; /* Node; [0] the boundary, [1] no hot word */
};

static Node *
get_node (RnncHotWords *hot_words, guint index)
{
  return &g_array_index (hot_words->nodes, Node, index);
}

static guint32
find_child (RnncHotWords *hot_words, guint node, guint label)
{
  guint32 child = get_node (hot_words, node)->child;

  while (child != NO_NODE && get_node (hot_words, child)->label != label)
    child = get_node (hot_words, child)->sibling;
  return child;
}

static guint32
add_node (RnncHotWords *hot_words, guint32 parent, guint label)
{
  guint32 index = hot_words->nodes->len;
  Node node
      = { (guint16) label, parent, NO_NODE, NO_NODE, RNNC_HOT_NONE, 0, 0 };

  g_array_append_val (hot_words->nodes, node);
  if (index > RNNC_HOT_NONE) {
    get_node (hot_words, index)->sibling = get_node (hot_words, parent)->child;
    get_node (hot_words, parent)->child = index;
  }
  return index;
}

/* --- walking -------------------------------------------------------------- */

/* Where @node goes with @label, without what it is worth. */
static guint32
next_node (RnncHotWords *hot_words, guint32 node, guint label)
{
  while (node != RNNC_HOT_NONE) {
    guint32 child = find_child (hot_words, node, label);

    if (child != NO_NODE)
      return child;
    if (node == RNNC_HOT_BOUNDARY)
      break;
    node = get_node (hot_words, node)->fall;
  }
  return label == hot_words->space ? RNNC_HOT_BOUNDARY : RNNC_HOT_NONE;
}

double
rnnc_hot_words_step (RnncHotWords *hot_words, guint *state, guint label)
{
  guint32 next = next_node (hot_words, *state, label);
  double change = (double) get_node (hot_words, next)->pending
      - (double) get_node (hot_words, *state)->pending
      + (double) get_node (hot_words, next)->complete;

  *state = next;
  return change;
}

double
rnnc_hot_words_end (RnncHotWords *hot_words, guint state)
{
  double change = rnnc_hot_words_step (hot_words, &state, hot_words->space);

  return change - (double) get_node (hot_words, state)->pending;
}

/* --- making --------------------------------------------------------------- */

static void
add_word (RnncHotWords *hot_words, const GArray *letters, float boost)
{
  guint32 node = RNNC_HOT_BOUNDARY;
  float sum = 0;

  for (guint i = 0; i <= letters->len; i++) {
    guint label = i < letters->len ? g_array_index (letters, guint16, i)
                                   : hot_words->space;
    guint32 child = find_child (hot_words, node, label);

    if (label != hot_words->space)
      sum += boost;
    if (child == NO_NODE)
      child = add_node (hot_words, node, label);
    node = child;
    /* Words that begin alike: the largest counts while it may be any. */
    get_node (hot_words, node)->pending
        = MAX (get_node (hot_words, node)->pending, sum);
  }
  get_node (hot_words, node)->complete
      = MAX (get_node (hot_words, node)->complete, sum);
}

/* What a node falls back to follows from what its parent does; a node's number
 * is larger than its parent's, but not than all that are shorter. */
static void
link_node (RnncHotWords *hot_words, guint32 index)
{
  Node *node = get_node (hot_words, index);
  guint32 from = node->parent;

  if (from == RNNC_HOT_BOUNDARY) {
    node->fall = RNNC_HOT_NONE;
    return;
  }
  node->fall
      = next_node (hot_words, get_node (hot_words, from)->fall, node->label);
}

/* Level by level, so that all shorter ones are there. */
static void
link_nodes (RnncHotWords *hot_words)
{
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint32 index = RNNC_HOT_BOUNDARY;

  g_array_append_val (order, index);
  for (guint i = 0; i < order->len; i++) {
    guint32 child;

    index = g_array_index (order, guint32, i);
    if (index != RNNC_HOT_BOUNDARY) {
      link_node (hot_words, index);
      /* Shorter words that end here too. */
      if (get_node (hot_words, index)->fall > RNNC_HOT_NONE)
        get_node (hot_words, index)->complete
            += get_node (hot_words, get_node (hot_words, index)->fall)
                   ->complete;
    }
    for (child = get_node (hot_words, index)->child; child != NO_NODE;
         child = get_node (hot_words, child)->sibling)
      g_array_append_val (order, child);
  }
}

static gboolean
parse_boost (const char *text, float *boost, GError **error)
{
  g_autofree char *number = g_strstrip (g_strdup (text));
  char *end;
  double value;

  errno = 0;
  value = g_ascii_strtod (number, &end);
  if (end == number || *end != '\0' || errno == ERANGE || !(value > 0)
      || value > RNNC_HOT_WORD_MAX_BOOST) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "boost \"%s\": not a number above 0 and up to %g", number,
        RNNC_HOT_WORD_MAX_BOOST);
    return FALSE;
  }
  *boost = (float) value;
  return TRUE;
}

static gboolean
take_line (RnncHotWords *hot_words, const RnncSpelling *spelling,
    const char *line, GArray *letters, GError **error)
{
  const char *tab = strchr (line, '\t');
  gsize n_bytes = tab ? (gsize) (tab - line) : strlen (line);
  float boost = (float) RNNC_HOT_WORD_DEFAULT_BOOST;

  g_array_set_size (letters, 0);
  if (!rnnc_spell (spelling, line, n_bytes, letters, error))
    return FALSE;
  if (tab != NULL && !parse_boost (tab + 1, &boost, error))
    return FALSE;
  if (hot_words->n_words == MAX_WORDS) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "more than %u words",
        MAX_WORDS);
    return FALSE;
  }
  hot_words->n_words++;
  add_word (hot_words, letters, boost);
  return TRUE;
}

static RnncHotWords *
hot_words_from_lines (const char *name, const char *const *lines,
    RnncModel *model, GError **error)
{
  g_autoptr (RnncHotWords) hot_words = g_new0 (RnncHotWords, 1);
  g_autoptr (GArray) letters = g_array_new (FALSE, FALSE, sizeof (guint16));
  RnncSpelling spelling;

  g_atomic_ref_count_init (&hot_words->ref_count);
  rnnc_spelling_init (&spelling, model);
  hot_words->model = rnnc_model_ref (model);
  hot_words->space = (guint) spelling.space;
  hot_words->nodes = g_array_new (FALSE, FALSE, sizeof (Node));
  add_node (hot_words, RNNC_HOT_BOUNDARY, 0);
  add_node (hot_words, RNNC_HOT_BOUNDARY, 0);
  if (spelling.space < 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s: hot words: it has no label \" \"", rnnc_model_path (model));
    return NULL;
  }
  for (guint i = 0; lines[i] != NULL; i++) {
    if (rnnc_text_is_idle (lines[i]))
      continue;
    if (!take_line (hot_words, &spelling, lines[i], letters, error)) {
      rnnc_text_name_line (error, name, i + 1);
      return NULL;
    }
  }
  if (hot_words->n_words == 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT, "%s: no words", name);
    return NULL;
  }
  link_nodes (hot_words);
  return g_steal_pointer (&hot_words);
}

RnncHotWords *
rnnc_hot_words_load (const char *path, RnncModel *model, GError **error)
{
  g_auto (GStrv) lines = NULL;

  g_return_val_if_fail (path != NULL && model != NULL, NULL);

  lines = rnnc_text_load (path, error);
  if (lines == NULL)
    return NULL;
  return hot_words_from_lines (path, (const char *const *) lines, model, error);
}

RnncHotWords *
rnnc_hot_words_new_from_strings (const char *const *lines, RnncModel *model,
    GError **error)
{
  g_return_val_if_fail (lines != NULL && model != NULL, NULL);

  return hot_words_from_lines ("hot words", lines, model, error);
}

RnncHotWords *
rnnc_hot_words_ref (RnncHotWords *hot_words)
{
  g_return_val_if_fail (hot_words != NULL, NULL);

  g_atomic_ref_count_inc (&hot_words->ref_count);
  return hot_words;
}

void
rnnc_hot_words_unref (RnncHotWords *hot_words)
{
  g_return_if_fail (hot_words != NULL);

  if (!g_atomic_ref_count_dec (&hot_words->ref_count))
    return;
  rnnc_model_unref (hot_words->model);
  g_array_unref (hot_words->nodes);
  g_free (hot_words);
}

guint
rnnc_hot_words_n_words (RnncHotWords *hot_words)
{
  g_return_val_if_fail (hot_words != NULL, 0);

  return hot_words->n_words;
}

gboolean
rnnc_hot_words_fit (RnncHotWords *hot_words, RnncModel *model)
{
  return rnnc_same_labels (hot_words->model, model);
}
