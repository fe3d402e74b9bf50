/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What captioners ask of captions, for any words; what is written of a
 * recording in each format. */
#include <math.h>
#include <string.h>

#include "tools/common/clock.h"
#include "tools/output/format.h"

#define SECOND G_GUINT64_CONSTANT (1000000000)
#define MS G_GUINT64_CONSTANT (1000000)

static Document *
new_speech (void)
{
  Document *document = document_new ("talk.wav");

  document->is_speech = TRUE;
  return document;
}

/* One utterance of words that follow one another. */
static void
say (Document *document, const char *text, guint64 start, guint64 each,
    guint64 pause)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  guint64 at = start;

  for (guint i = 0; words[i] != NULL; i++) {
    document_add_word (document, words[i], at, at + each, 0.9);
    at += each + pause;
  }
  document_add_utterance (document, text, start, at - pause, 0.9);
}

static const Caption *
caption_at (const GPtrArray *captions, guint i)
{
  g_assert_cmpuint (i, <, captions->len);
  return g_ptr_array_index (captions, i);
}

/* --- captions ------------------------------------------------------------ */

static const struct {
  const char *name;
  const char *text;
  guint n;           /* captions */
  const char *first; /* the first's lines */
} texts[] = {
  { "one-line", "good morning", 1, "good morning" },
  { "exactly-42", "aaaaaaaaaa bbbbbbbbbb cccccccccc ddddddddd", 1,
      "aaaaaaaaaa bbbbbbbbbb cccccccccc ddddddddd" },
  { "upper-line-shorter", "aaaaaaaaaa bbbbbbbbbb cccccccccc dddddddddd ee", 1,
      "aaaaaaaaaa bbbbbbbbbb\ncccccccccc dddddddddd ee" },
  { "long-word", "a pneumonoultramicroscopicsilicovolcanoconiosis b", 2, "a" },
  { "letters-not-bytes",
      "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
      "\xc3\xa4 \xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3\xb6\xc3"
      "\xb6\xc3\xb6\xc3\xb6 \xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc",
      1, NULL },
};

static void
test_lines (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (Document) document = new_speech ();
  g_autoptr (GPtrArray) captions = NULL;
  CaptionRules rules;

  caption_rules_init (&rules);
  say (document, texts[i].text, SECOND, 300 * MS, 100 * MS);
  captions = captions_new (document, &rules);
  g_assert_cmpuint (captions->len, ==, texts[i].n);
  if (texts[i].first != NULL)
    g_assert_cmpstr (caption_at (captions, 0)->text, ==, texts[i].first);
  else
    g_assert_null (strchr (caption_at (captions, 0)->text, '\n'));
}

static void
test_pause (void)
{
  g_autoptr (Document) document = new_speech ();
  g_autoptr (GPtrArray) captions = NULL;
  CaptionRules rules;

  caption_rules_init (&rules);
  document_add_word (document, "yes", 0, SECOND / 2, 1);
  document_add_word (document, "but", 3 * SECOND / 2, 2 * SECOND, 1);
  document_add_word (document, "no", 2 * SECOND, 5 * SECOND / 2, 1);
  document_add_utterance (document, "yes but no", 0, 5 * SECOND / 2, 1);
  captions = captions_new (document, &rules);
  g_assert_cmpuint (captions->len, ==, 2);
  g_assert_cmpstr (caption_at (captions, 0)->text, ==, "yes");
  g_assert_cmpstr (caption_at (captions, 1)->text, ==, "but no");
}

/* A short cue is prolonged into the silence behind it, a long one as reading
 * needs. */
static void
test_prolonged (void)
{
  g_autoptr (Document) document = new_speech ();
  g_autoptr (GPtrArray) captions = NULL;
  CaptionRules rules;

  caption_rules_init (&rules);
  say (document, "yes", 0, 200 * MS, 0);
  say (document, "a sentence of forty characters in a hurry", 4 * SECOND,
      100 * MS, 0);
  captions = captions_new (document, &rules);
  g_assert_cmpuint (captions->len, ==, 2);
  g_assert_cmpuint (caption_at (captions, 0)->end / MS, ==, 833);
  /* 41 characters at 20 a second. */
  g_assert_cmpuint ((caption_at (captions, 1)->end + MS / 2) / MS, ==,
      4000 + 2050);
}

static void
add_random_speech (Document *document)
{
  guint64 at = 0;
  guint n = (guint) g_test_rand_int_range (1, 12);

  for (guint i = 0; i < n; i++) {
    guint words = (guint) g_test_rand_int_range (1, 40);
    g_autoptr (GString) text = g_string_new (NULL);
    guint64 start = at;

    for (guint j = 0; j < words; j++) {
      char word[64] = "";
      guint length = (guint) g_test_rand_int_range (1,
          g_test_rand_int_range (0, 50) == 0 ? 60 : 12);
      guint64 each = (guint64) g_test_rand_int_range (0, 600) * MS;

      memset (word, 'a' + (int) (j % 26), length);
      g_string_append_printf (text, "%s%s", j > 0 ? " " : "", word);
      document_add_word (document, word, at, at + each, 0.5);
      at += each + (guint64) g_test_rand_int_range (0, 700) * MS;
    }
    document_add_utterance (document, text->str, start, at, 0.5);
    at += (guint64) g_test_rand_int_range (0, 3000) * MS;
  }
}

static void
check_shape (const Caption *caption, const CaptionRules *rules)
{
  g_auto (GStrv) lines = g_strsplit (caption->text, "\n", -1);

  g_assert_cmpuint (g_strv_length (lines), <=, (guint) rules->lines);
  for (guint i = 0; lines[i] != NULL; i++) {
    g_assert_cmpuint (strlen (lines[i]), >, 0);
    if (strlen (lines[i]) > (gsize) rules->line_length)
      g_assert_null (strchr (lines[i], ' '));
  }
}

static void
test_any_words (void)
{
  for (guint trial = 0; trial < 200; trial++) {
    g_autoptr (Document) document = new_speech ();
    g_autoptr (GPtrArray) captions = NULL;
    g_autoptr (GString) shown = g_string_new (NULL);
    g_autoptr (GString) said = g_string_new (NULL);
    CaptionRules rules;

    caption_rules_init (&rules);
    rules.lines = g_test_rand_int_range (1, 5);
    rules.line_length = g_test_rand_int_range (10, 60);
    add_random_speech (document);
    captions = captions_new (document, &rules);
    for (guint i = 0; i < captions->len; i++) {
      const Caption *caption = caption_at (captions, i);

      check_shape (caption, &rules);
      g_assert_cmpfloat ((double) (caption->end - caption->start), >=,
          rules.min_duration * 1e9 - 1);
      if (i > 0)
        g_assert_cmpfloat ((double) caption_at (captions, i - 1)->end
                + rules.gap * 1e9,
            <=, (double) caption->start + 1);
      g_string_append_printf (shown, "%s ", caption->text);
    }
    for (guint i = 0; i < document->utterances->len; i++)
      g_string_append_printf (said, "%s ",
          document_utterance (document, i)->text);
    g_strdelimit (shown->str, "\n", ' ');
    g_assert_cmpstr (shown->str, ==, said->str);
  }
}

/* --- formats ------------------------------------------------------------- */

static char *
write_as (const char *name, const Document *document, gboolean words)
{
  GString *out = g_string_new (NULL);
  OutputStyle style = { .words = words };

  caption_rules_init (&style.captions);
  output_format_write (output_format_find (name), document, &style, out);
  return g_string_free (out, FALSE);
}

static Document *
new_awkward (void)
{
  Document *document = document_new ("a \"b\",\n\xff.wav");

  document->is_speech = TRUE;
  document_add_word (document, "<&>{\\}\"", 1234567890, 2345678901, 0.5);
  document_add_word (document, "b,c", 2 * SECOND + 500 * MS, 3 * SECOND, 0.25);
  document_add_alternative (document, "</script>", 0.1);
  document_add_utterance (document, "<&>{\\}\" b,c", 1234567890, 3 * SECOND,
      0.375);
  return document;
}

static const struct {
  const char *format;
  gboolean words;
  const char *text;
} written[] = {
  { "txt", FALSE, "<&>{\\}\" b,c\n" },
  { "txt", TRUE, "1.235\t2.346\t0.500\t<&>{\\}\"\n2.500\t3.000\t0.250\tb,c\n" },
  { "csv", FALSE,
      "file,start,end,confidence,text\r\n"
      "\"a \"\"b\"\",\xef\xbf\xbd\xef\xbf\xbd.wav\",1.235,3.000,0.375,"
      "\"<&>{\\}\"\" b,c\"\r\n" },
  { "csv", TRUE,
      "file,start,end,confidence,word\r\n"
      "\"a \"\"b\"\",\xef\xbf\xbd\xef\xbf\xbd.wav\",1.235,2.346,0.500,"
      "\"<&>{\\}\"\"\"\r\n"
      "\"a \"\"b\"\",\xef\xbf\xbd\xef\xbf\xbd.wav\",2.500,3.000,0.250,"
      "\"b,c\"\r\n" },
  { "vtt", FALSE,
      "WEBVTT\n\n00:00:01.235 --> 00:00:03.000\n&lt;&amp;&gt;{\\}&quot; b,c"
      "\n" },
  { "srt", FALSE, "1\n00:00:01,235 --> 00:00:03,000\n<&>{\\}\" b,c\n" },
};

static void
test_written (void)
{
  g_autoptr (Document) document = new_awkward ();

  for (guint i = 0; i < G_N_ELEMENTS (written); i++) {
    g_autofree char *text
        = write_as (written[i].format, document, written[i].words);

    g_assert_cmpstr (text, ==, written[i].text);
  }
}

static void
test_sub_station (void)
{
  g_autoptr (Document) document = new_awkward ();
  g_autofree char *text = write_as ("ass", document, FALSE);

  g_assert_nonnull (strstr (text,
      "\nDialogue: 0,0:00:01.23,0:00:03.00,Default,,0,0,0,,"
      "<&>\\{\\\xe2\x81\xa0\\}\" b,c\n"));
}

static void
test_json (void)
{
  g_autoptr (Document) document = new_awkward ();
  g_autofree char *text = write_as ("jsonl", document, FALSE);

  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_nonnull (strstr (text, "\"file\":\"a \\\"b\\\","));
  g_assert_nonnull (strstr (text, "%0A%FF.wav\""));
  g_assert_nonnull (strstr (text, "\"start\":1.235,\"end\":3.000"));
  g_assert_nonnull (
      strstr (text, "\"alternatives\":[{\"text\":\"\\u003c/script>\""));
  /* One line, whatever is in it. */
  g_assert_true (strchr (text, '\n') == text + strlen (text) - 1);
}

/* --- EAF ----------------------------------------------------------------- */

typedef struct {
  GHashTable *slots;       /* id → ms + 1 */
  GHashTable *annotations; /* id → tier */
  GHashTable *types;       /* id → constraint or "" */
  GHashTable *spans;       /* annotation id → guint64[2], or NULL */
  GPtrArray *used_types;
  char *tier;
  char *parent;
  char *tier_type;
  guint64 tier_end; /* ms; of the last annotation of the tier */
  guint64 last_slot;
  char *open; /* the annotation whose value comes */
  guint n_values;
} Structure;

static const char *
attribute (const char **names, const char **values, const char *name)
{
  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], name))
      return values[i];
  return NULL;
}

static guint64
slot_of (const Structure *eaf, const char *id)
{
  guint64 time = GPOINTER_TO_SIZE (g_hash_table_lookup (eaf->slots, id));

  g_assert_nonnull (id);
  g_assert_cmpuint (time, >, 0);
  return time - 1;
}

static void
see_annotation (Structure *eaf, const char **names, const char **values)
{
  const char *id = attribute (names, values, "ANNOTATION_ID");
  const char *reference = attribute (names, values, "ANNOTATION_REF");
  guint64 *span = g_new0 (guint64, 2);

  g_assert_nonnull (id);
  g_assert_null (g_hash_table_lookup (eaf->annotations, id));
  if (reference != NULL) {
    /* To the parent tier, whose annotations are known already. */
    g_assert_cmpstr (g_hash_table_lookup (eaf->annotations, reference), ==,
        eaf->parent);
  } else {
    span[0] = slot_of (eaf, attribute (names, values, "TIME_SLOT_REF1"));
    span[1] = slot_of (eaf, attribute (names, values, "TIME_SLOT_REF2"));
    g_assert_cmpuint (span[0], <, span[1]);
    g_assert_cmpuint (span[0], >=, eaf->tier_end);
    eaf->tier_end = span[1];
  }
  g_hash_table_insert (eaf->annotations, g_strdup (id), g_strdup (eaf->tier));
  g_hash_table_insert (eaf->spans, g_strdup (id), span);
}

static void
see_tier (Structure *eaf, const char **names, const char **values)
{
  const char *type = attribute (names, values, "LINGUISTIC_TYPE_REF");

  g_free (eaf->tier);
  g_free (eaf->parent);
  eaf->tier = g_strdup (attribute (names, values, "TIER_ID"));
  eaf->parent = g_strdup (attribute (names, values, "PARENT_REF"));
  g_assert_nonnull (eaf->tier);
  g_assert_nonnull (type);
  g_ptr_array_add (eaf->used_types,
      g_strdup_printf ("%s\t%s", type, eaf->parent ? "child" : ""));
  eaf->tier_end = 0;
}

static void
see_element (GMarkupParseContext *context, const char *element,
    const char **names, const char **values, gpointer data, GError **error)
{
  Structure *eaf = data;

  if (g_str_equal (element, "TIME_SLOT")) {
    guint64 time
        = g_ascii_strtoull (attribute (names, values, "TIME_VALUE"), NULL, 10);

    g_assert_cmpuint (time, >=, eaf->last_slot);
    eaf->last_slot = time;
    g_assert_true (g_hash_table_insert (eaf->slots,
        g_strdup (attribute (names, values, "TIME_SLOT_ID")),
        GSIZE_TO_POINTER (time + 1)));
  } else if (g_str_equal (element, "TIER")) {
    see_tier (eaf, names, values);
  } else if (g_str_has_suffix (element, "_ANNOTATION")) {
    see_annotation (eaf, names, values);
  } else if (g_str_equal (element, "LINGUISTIC_TYPE")) {
    const char *constraint = attribute (names, values, "CONSTRAINTS");

    g_hash_table_insert (eaf->types,
        g_strdup (attribute (names, values, "LINGUISTIC_TYPE_ID")),
        g_strdup (constraint ? "child" : ""));
  } else if (g_str_equal (element, "ANNOTATION_VALUE")) {
    eaf->n_values++;
  }
}

/* Time slots in order, references resolved, tiers typed, children where their
 * types ask for parents, no overlap within a tier. */
static void
check_structure (const char *text, guint n_annotations)
{
  static const GMarkupParser parser = { .start_element = see_element };
  Structure eaf = {
    .slots = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL),
    .annotations
    = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
    .types = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
    .spans = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free),
    .used_types = g_ptr_array_new_with_free_func (g_free),
  };
  GMarkupParseContext *context
      = g_markup_parse_context_new (&parser, 0, &eaf, NULL);
  g_autoptr (GError) error = NULL;

  g_markup_parse_context_parse (context, text, -1, &error);
  g_assert_no_error (error);
  g_assert_true (g_markup_parse_context_end_parse (context, &error));
  for (guint i = 0; i < eaf.used_types->len; i++) {
    g_auto (GStrv) use
        = g_strsplit (g_ptr_array_index (eaf.used_types, i), "\t", 2);

    g_assert_cmpstr (g_hash_table_lookup (eaf.types, use[0]), ==, use[1]);
  }
  g_assert_cmpuint (g_hash_table_size (eaf.annotations), ==, n_annotations);
  g_assert_cmpuint (eaf.n_values, ==, n_annotations);
  g_markup_parse_context_free (context);
  g_hash_table_unref (eaf.slots);
  g_hash_table_unref (eaf.annotations);
  g_hash_table_unref (eaf.types);
  g_hash_table_unref (eaf.spans);
  g_ptr_array_unref (eaf.used_types);
  g_free (eaf.tier);
  g_free (eaf.parent);
}

static void
test_elan_speech (void)
{
  for (guint trial = 0; trial < 50; trial++) {
    g_autoptr (Document) document = new_speech ();
    g_autofree char *text = NULL;

    add_random_speech (document);
    text = write_as ("eaf", document, FALSE);
    check_structure (text,
        document->utterances->len + 2 * document->words->len);
  }
}

static void
test_elan_gestures (void)
{
  g_autoptr (Document) document = document_new ("a & b.mkv");
  g_autofree char *text = NULL;

  document_add_gesture (document, "left", 0, 0, 0.5);
  document_add_gesture (document, "<right>", 0, 2 * SECOND, 0.5);
  document_add_gesture (document, "up", SECOND, 3 * SECOND, 0.5);
  text = write_as ("eaf", document, FALSE);
  check_structure (text, 6);
}

/* --- times --------------------------------------------------------------- */

static void
test_clock (void)
{
  static const struct {
    const char *text;
    double seconds; /* below 0: refused */
  } times[] = {
    { "0", 0 },
    { "90", 90 },
    { "1.25", 1.25 },
    { "1:30", 90 },
    { "01:02:03.5", 3723.5 },
    { "100:00:00", 360000 },
    { "", -1 },
    { "-1", -1 },
    { "1:60", -1 },
    { "1.5:00", -1 },
    { "1:2:3:4", -1 },
    { "1:", -1 },
    { "0x10", -1 },
    { "1e3", -1 },
    { "inf", -1 },
    { "99999999999", -1 },
    { "1,5", -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    guint64 time = 0;
    gboolean ok = clock_parse (times[i].text, &time);

    g_test_message ("\"%s\"", times[i].text);
    g_assert_cmpint (ok, ==, times[i].seconds >= 0);
    if (ok)
      g_assert_cmpfloat ((double) time, ==, times[i].seconds * 1e9);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree char *path
        = g_strdup_printf ("/tools/captions/lines/%s", texts[i].name);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_lines);
  }
  g_test_add_func ("/tools/captions/pause", test_pause);
  g_test_add_func ("/tools/captions/prolonged", test_prolonged);
  g_test_add_func ("/tools/captions/any-words", test_any_words);
  g_test_add_func ("/tools/formats/written", test_written);
  g_test_add_func ("/tools/formats/sub-station", test_sub_station);
  g_test_add_func ("/tools/formats/json", test_json);
  g_test_add_func ("/tools/formats/elan/speech", test_elan_speech);
  g_test_add_func ("/tools/formats/elan/gestures", test_elan_gestures);
  g_test_add_func ("/tools/clock/parse", test_clock);
  return g_test_run ();
}
