/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/phrase-network.h"

#include "rnncore/model/model-private.h"

#define MAX_NODES 100000
#define MAX_ARCS 1000000

typedef struct {
  guint32 from;
  guint32 to;
} Arc;

struct _RnncPhraseBuilder {
  const RnncSpelling *spelling;
  GHashTable *sounds;
  guint first_phone;
  guint boundary; /* as the labels of nodes */

  GArray *nodes;     /* RnncPhraseNode */
  GArray *arcs;      /* Arc */
  GArray *n_labels;  /* guint, one a phrase */
  GArray *unwanted;  /* gboolean, one a phrase */
  GArray *words;     /* RnncPhraseWord */
  GArray *letters;   /* guint16 */
  GHashTable *known; /* GBytes of letters: word + 1 */
  gboolean has_phones;
  /* Of the phrase that is being added: */
  GArray *ends; /* guint32: nodes that its parts so far may end with */
  guint most;   /* labels of any way through it */
};

/* Where a text or a word may begin and end. */
typedef struct {
  GArray *starts; /* guint32 */
  GArray *ends;   /* guint32 */
} Span;

static gboolean
refuse (GError **error, guint limit, const char *what)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "more than %u %s", limit,
      what);
  return FALSE;
}

static Span
new_span (void)
{
  return (Span){ g_array_new (FALSE, FALSE, sizeof (guint32)),
    g_array_new (FALSE, FALSE, sizeof (guint32)) };
}

static void
clear_span (Span *span)
{
  g_array_unref (span->starts);
  g_array_unref (span->ends);
}

/* --- nodes and arcs ------------------------------------------------------- */

static RnncPhraseNode *
get_node (RnncPhraseBuilder *builder, guint32 index)
{
  return &g_array_index (builder->nodes, RnncPhraseNode, index);
}

static guint32
add_node (RnncPhraseBuilder *builder, guint label, guint32 word,
    gboolean begins_word)
{
  guint32 index = builder->nodes->len;
  RnncPhraseNode node = { .label = (guint16) label,
    .begins_word = (guint8) begins_word,
    .word = word,
    .phrase = builder->n_labels->len };

  g_array_append_val (builder->nodes, node);
  return index;
}

static void
add_arc (RnncPhraseBuilder *builder, guint32 from, guint32 to)
{
  Arc arc = { from, to };

  g_array_append_val (builder->arcs, arc);
}

/* From all of @ends to all of @starts. @left_out: or'ed to what is before */
static void
add_arcs (RnncPhraseBuilder *builder, const GArray *ends, const GArray *starts,
    guint32 left_out)
{
  for (guint i = 0; i < ends->len; i++)
    for (guint k = 0; k < starts->len; k++)
      add_arc (builder, g_array_index (ends, guint32, i) | left_out,
          g_array_index (starts, guint32, k));
}

/* What stands between words: a phone, if there is any behind which it can. */
static guint
space_label (const RnncPhraseBuilder *builder, const GArray *ends)
{
  for (guint i = 0; i < ends->len; i++) {
    guint32 end = g_array_index (ends, guint32, i);

    if (g_array_index (builder->nodes, RnncPhraseNode, end).label
        >= builder->first_phone)
      return builder->boundary;
  }
  return (guint) builder->spelling->space;
}

/* From all of @ends to all of @starts, with a space between them or without:
 * what a recogniser runs together is still the phrase. */
static gboolean
join (RnncPhraseBuilder *builder, const GArray *ends, const GArray *starts,
    GError **error)
{
  guint32 space;

  if ((guint64) ends->len * starts->len + builder->arcs->len > MAX_ARCS) {
    g_set_error_literal (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "lists too large to follow each other");
    return FALSE;
  }
  if (builder->spelling->space < 0) {
    add_arcs (builder, ends, starts, 0);
    return TRUE;
  }
  space = add_node (builder, space_label (builder, ends), RNNC_PHRASE_NO_WORD,
      FALSE);
  add_arcs (builder, ends, starts, RNNC_PHRASE_SPACE_LEFT_OUT);
  for (guint i = 0; i < ends->len; i++)
    add_arc (builder, g_array_index (ends, guint32, i), space);
  for (guint k = 0; k < starts->len; k++)
    add_arc (builder, space, g_array_index (starts, guint32, k));
  return TRUE;
}

/* --- words ---------------------------------------------------------------- */

/* @key: its letters; taken */
static guint32
number_word (RnncPhraseBuilder *builder, GBytes *key)
{
  gsize n_bytes;
  const guint16 *letters = g_bytes_get_data (key, &n_bytes);
  guint n = (guint) (n_bytes / sizeof *letters);
  guint known = GPOINTER_TO_UINT (g_hash_table_lookup (builder->known, key));
  RnncPhraseWord word = { builder->letters->len, n };

  if (known > 0) {
    g_bytes_unref (key);
    return known - 1;
  }
  g_array_append_vals (builder->letters, letters, n);
  g_array_append_val (builder->words, word);
  g_hash_table_insert (builder->known, key,
      GUINT_TO_POINTER (builder->words->len));
  return builder->words->len - 1;
}

/* One way to write or say a word; @offset: of its labels */
static void
add_way (RnncPhraseBuilder *builder, guint32 word, const guint16 *labels,
    guint n, guint offset, Span *span)
{
  guint32 node = 0;

  for (guint i = 0; i < n; i++) {
    guint32 last = node;

    node = add_node (builder, labels[i] + offset, word, i == 0);
    if (i == 0)
      g_array_append_val (span->starts, node);
    else
      add_arc (builder, last, node);
  }
  g_array_append_val (span->ends, node);
}

/* Returns the most labels of any way to say it. */
static guint
add_word (RnncPhraseBuilder *builder, const guint16 *letters, guint n,
    Span *span)
{
  GBytes *key = g_bytes_new (letters, n * sizeof *letters);
  const GPtrArray *ways = builder->sounds != NULL
      ? g_hash_table_lookup (builder->sounds, key)
      : NULL;
  guint32 word = number_word (builder, key);
  guint most = 0;

  if (ways == NULL || ways->len == 0) {
    add_way (builder, word, letters, n, 0, span);
    return n;
  }
  builder->has_phones = TRUE;
  for (guint i = 0; i < ways->len; i++) {
    const GArray *way = ways->pdata[i];

    add_way (builder, word, (const guint16 *) (const void *) way->data,
        way->len, builder->first_phone, span);
    most = MAX (most, way->len);
  }
  return most;
}

/* --- texts and parts ------------------------------------------------------ */

static gboolean
is_space (const RnncPhraseBuilder *builder, const GArray *text, guint i)
{
  return (gint) g_array_index (text, guint16, i) == builder->spelling->space;
}

/* Letters from @from on that are one word. */
static guint
letters_of_word (const RnncPhraseBuilder *builder, const GArray *text,
    guint from)
{
  guint n = 1;

  if (builder->spelling->words)
    return n;
  while (from + n < text->len && !is_space (builder, text, from + n))
    n++;
  return n;
}

static gboolean
has_room (const RnncPhraseBuilder *builder, guint n, GError **error)
{
  return builder->nodes->len + (guint64) n + 2 <= MAX_NODES
      || refuse (error, MAX_NODES, "letters in all");
}

/* @most: (out): labels of any way through it */
static gboolean
add_text (RnncPhraseBuilder *builder, const GArray *text, Span *span,
    guint *most, GError **error)
{
  Span before = new_span ();
  gboolean ok = has_room (builder, text->len, error);
  guint i = 0;

  *most = 0;
  while (ok && i < text->len) {
    guint n = letters_of_word (builder, text, i);
    Span word = new_span ();

    *most += add_word (builder, &g_array_index (text, guint16, i), n, &word);
    if (i == 0)
      g_array_append_vals (span->starts, word.starts->data, word.starts->len);
    else
      ok = has_room (builder, 0, error)
          && join (builder, before.ends, word.starts, error);
    clear_span (&before);
    before = word;
    i += n;
    if (i < text->len && is_space (builder, text, i)) {
      *most += 1;
      i++;
    }
  }
  g_array_append_vals (span->ends, before.ends->data, before.ends->len);
  clear_span (&before);
  return ok;
}

static gboolean
add_texts (RnncPhraseBuilder *builder, const GPtrArray *texts, Span *span,
    GError **error)
{
  guint most = 0;

  for (guint i = 0; i < texts->len; i++) {
    guint n;

    if (!add_text (builder, texts->pdata[i], span, &n, error))
      return FALSE;
    most = MAX (most, n);
  }
  builder->most += most + 1;
  return TRUE;
}

static gboolean
connect_part (RnncPhraseBuilder *builder, gboolean again, Span *span,
    GError **error)
{
  if (builder->ends->len == 0) {
    for (guint i = 0; i < span->starts->len; i++)
      get_node (builder, g_array_index (span->starts, guint32, i))
          ->begins_phrase
          = 1;
  } else if (!join (builder, builder->ends, span->starts, error)) {
    return FALSE;
  }
  if (again && !join (builder, span->ends, span->starts, error))
    return FALSE;
  g_array_set_size (builder->ends, 0);
  g_array_append_vals (builder->ends, span->ends->data, span->ends->len);
  return TRUE;
}

static gboolean
add_part (RnncPhraseBuilder *builder, const RnncPhrasePart *part,
    GError **error)
{
  Span span = new_span ();
  gboolean ok = add_texts (builder, part->texts, &span, error)
      && connect_part (builder, part->again, &span, error);

  clear_span (&span);
  return ok;
}

gboolean
rnnc_phrase_builder_add (RnncPhraseBuilder *builder, const RnncPhrase *phrase,
    GError **error)
{
  gboolean endless = FALSE;
  guint most;

  g_array_set_size (builder->ends, 0);
  builder->most = 0;
  for (guint i = 0; i < phrase->parts->len; i++) {
    const RnncPhrasePart *part
        = &g_array_index (phrase->parts, RnncPhrasePart, i);

    if (!add_part (builder, part, error))
      return FALSE;
    endless |= part->again;
  }
  most = endless ? 0 : builder->most;
  if (most > RNNC_MAX_TEXT_LETTERS)
    return refuse (error, RNNC_MAX_TEXT_LETTERS, "letters");
  for (guint i = 0; i < builder->ends->len; i++)
    get_node (builder, g_array_index (builder->ends, guint32, i))->ends_phrase
        = 1;
  g_array_append_val (builder->n_labels, most);
  g_array_append_val (builder->unwanted, phrase->unwanted);
  return TRUE;
}

/* --- the objects ---------------------------------------------------------- */

RnncPhraseBuilder *
rnnc_phrase_builder_new (const RnncSpelling *spelling, GHashTable *sounds,
    guint boundary)
{
  RnncPhraseBuilder *builder = g_new0 (RnncPhraseBuilder, 1);

  builder->spelling = spelling;
  builder->sounds = sounds;
  builder->first_phone = rnnc_model_n_labels (spelling->model);
  builder->boundary = builder->first_phone + boundary;
  builder->nodes = g_array_new (FALSE, FALSE, sizeof (RnncPhraseNode));
  builder->arcs = g_array_new (FALSE, FALSE, sizeof (Arc));
  builder->n_labels = g_array_new (FALSE, FALSE, sizeof (guint));
  builder->unwanted = g_array_new (FALSE, FALSE, sizeof (gboolean));
  builder->words = g_array_new (FALSE, FALSE, sizeof (RnncPhraseWord));
  builder->letters = g_array_new (FALSE, FALSE, sizeof (guint16));
  builder->known = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
      (GDestroyNotify) g_bytes_unref, NULL);
  builder->ends = g_array_new (FALSE, FALSE, sizeof (guint32));
  return builder;
}

/* Sources of each node, one after another. */
static guint32 *
sort_arcs (RnncPhraseBuilder *builder)
{
  guint32 *sources, at = 0;

  for (guint i = 0; i < builder->arcs->len; i++)
    get_node (builder, g_array_index (builder->arcs, Arc, i).to)->n_sources++;
  for (guint i = 0; i < builder->nodes->len; i++) {
    get_node (builder, i)->first_source = at;
    at += get_node (builder, i)->n_sources;
    get_node (builder, i)->n_sources = 0;
  }
  sources = g_new0 (guint32, at);
  for (guint i = 0; i < builder->arcs->len; i++) {
    const Arc *arc = &g_array_index (builder->arcs, Arc, i);
    RnncPhraseNode *to = get_node (builder, arc->to);

    sources[to->first_source + to->n_sources++] = arc->from;
  }
  return sources;
}

RnncPhraseNetwork *
rnnc_phrase_builder_end (RnncPhraseBuilder *builder)
{
  RnncPhraseNetwork *network = g_new0 (RnncPhraseNetwork, 1);

  network->sources = sort_arcs (builder);
  network->n_nodes = builder->nodes->len;
  network->n_phrases = builder->n_labels->len;
  network->n_words = builder->words->len;
  network->has_phones = builder->has_phones;
  network->nodes = (void *) g_array_free (builder->nodes, FALSE);
  network->n_labels = (void *) g_array_free (builder->n_labels, FALSE);
  network->unwanted = (void *) g_array_free (builder->unwanted, FALSE);
  network->words = (void *) g_array_free (builder->words, FALSE);
  network->letters = (void *) g_array_free (builder->letters, FALSE);
  g_array_unref (builder->arcs);
  g_array_unref (builder->ends);
  g_hash_table_unref (builder->known);
  g_free (builder);
  return network;
}

void
rnnc_phrase_network_free (RnncPhraseNetwork *network)
{
  if (network == NULL)
    return;
  g_free (network->nodes);
  g_free (network->sources);
  g_free (network->n_labels);
  g_free (network->unwanted);
  g_free (network->words);
  g_free (network->letters);
  g_free (network);
}
