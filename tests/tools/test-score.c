/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Accuracy, F1, confusions and events, against figures worked out by hand. */
#include <string.h>

#include "tools/measure/event-score.h"
#include "tools/measure/label-score.h"
#include "tools/measure/voice-score.h"
#include "tools/measure/word-score.h"

static char *
print_to_text (void (*print) (gconstpointer score, FILE *file),
    gconstpointer score)
{
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream (&text, &size);

  print (score, file);
  fclose (file);
  return text;
}

static void
print_labels (gconstpointer score, FILE *file)
{
  label_score_print (score, file);
}

static void
print_events (gconstpointer score, FILE *file)
{
  event_score_print (score, file);
}

static LabelScore *
three_labels (void)
{
  static const char *const names[] = { "none", "left", "<right>" };
  static const struct {
    const char *group;
    guint reference, heard, n;
  } clips[] = {
    { "kitchen", 1, 1, 3 },
    { "kitchen", 1, 2, 1 },
    { "garden", 2, 2, 2 },
    { "garden", 2, 1, 2 },
  };
  LabelScore *score = label_score_new (names, 3);

  for (guint i = 0; i < G_N_ELEMENTS (clips); i++)
    for (guint j = 0; j < clips[i].n; j++)
      label_score_add (score, clips[i].group, clips[i].reference,
          clips[i].heard);
  return score;
}

static void
test_labels (void)
{
  g_autoptr (LabelScore) score = three_labels ();
  char *text = print_to_text (print_labels, score);
  /* left: 3 of 5 given, 3 of 4 there: 2/3; right: 2 of 3, 2 of 4: 4/7. "none"
   * neither occurs nor is given and does not count. */
  double expected = 100 * (2.0 / 3 + 4.0 / 7) / 2;

  g_assert_cmpfloat_with_epsilon (label_score_macro_f1 (score, NULL), expected,
      1e-9);
  /* kitchen: left 6/7, right 0. */
  g_assert_cmpfloat_with_epsilon (label_score_macro_f1 (score, "kitchen"),
      100 * (6.0 / 7) / 2, 1e-9);
  g_assert_nonnull (strstr (text, "\nkitchen\t4\t3\t75.00\t"));
  g_assert_nonnull (strstr (text, "\ngarden\t4\t2\t50.00\t"));
  g_assert_nonnull (strstr (text, "\nall\t8\t5\t62.50\t"));
  g_assert_nonnull (
      strstr (text, "\nleft\t4\t3\t60.00\t75.00\t66.67\t<right> 1\n"));
  g_assert_nonnull (strstr (text, "\nnone\t0\t0\t0.00\t0.00\t0.00\t\n"));
  free (text);
}

static void
count_elements (GMarkupParseContext *context, const char *element,
    const char **names, const char **values, gpointer data, GError **error)
{
  guint *n = data;

  *n += g_str_equal (element, "rect");
}

/* Well-formed, a square a pair of labels, names escaped. */
static void
test_picture (void)
{
  static const GMarkupParser parser = { .start_element = count_elements };
  g_autoptr (LabelScore) score = three_labels ();
  g_autofree char *svg = label_score_picture (score);
  guint n = 0;
  GMarkupParseContext *context
      = g_markup_parse_context_new (&parser, 0, &n, NULL);
  g_autoptr (GError) error = NULL;

  g_markup_parse_context_parse (context, svg, -1, &error);
  g_assert_no_error (error);
  g_assert_true (g_markup_parse_context_end_parse (context, NULL));
  g_markup_parse_context_free (context);
  g_assert_cmpuint (n, ==, 1 + 9);
  g_assert_nonnull (strstr (svg, ">&lt;right&gt;</text>"));
  g_assert_nonnull (strstr (svg, ">3</text>"));
}

/* --- events -------------------------------------------------------------- */

typedef struct {
  const char *label;
  double start, end;
} Span;

static const struct {
  const char *name;
  Span reference[4];
  Span heard[4];
  double tolerance;
  guint n_events, n_found, n_false;
} streams[] = {
  { "nothing", { { 0 } }, { { 0 } }, 0, 0, 0, 0 },
  { "found", { { "a", 1, 2 } }, { { "a", 1.5, 3 } }, 0, 1, 1, 0 },
  { "missed", { { "a", 1, 2 } }, { { 0 } }, 0, 1, 0, 0 },
  { "made-up", { { 0 } }, { { "a", 1, 2 } }, 0, 0, 0, 1 },
  { "other-label", { { "a", 1, 2 } }, { { "b", 1, 2 } }, 0, 1, 0, 1 },
  { "too-late", { { "a", 1, 2 } }, { { "a", 2.4, 3 } }, 0.3, 1, 0, 1 },
  { "late", { { "a", 1, 2 } }, { { "a", 2.4, 3 } }, 0.5, 1, 1, 0 },
  { "twice", { { "a", 1, 4 } }, { { "a", 1, 2 }, { "a", 3, 4 } }, 0, 1, 1, 1 },
  { "two-by-one", { { "a", 1, 2 }, { "a", 3, 4 } }, { { "a", 1, 4 } }, 0, 2, 1,
      0 },
  /* The nearer one is taken, the other is left for the next. */
  { "neighbours", { { "a", 1, 2 }, { "a", 2.2, 3 } },
      { { "a", 1, 2 }, { "a", 2.2, 3 } }, 0.5, 2, 2, 0 },
};

static GArray *
make_events (const Span *spans)
{
  GArray *events = events_new ();

  for (guint i = 0; i < 4 && spans[i].label != NULL; i++)
    events_add (events, spans[i].label, spans[i].start, spans[i].end);
  return events;
}

static void
test_stream (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (EventScore) score = event_score_new (streams[i].tolerance);
  g_autoptr (GArray) reference = make_events (streams[i].reference);
  g_autoptr (GArray) heard = make_events (streams[i].heard);
  EventCounts counts;

  event_score_add (score, "g", reference, heard, 1800);
  counts = event_score_counts (score, NULL);
  g_assert_cmpuint (counts.n_events, ==, streams[i].n_events);
  g_assert_cmpuint (counts.n_found, ==, streams[i].n_found);
  g_assert_cmpuint (counts.n_false, ==, streams[i].n_false);
  g_assert_cmpfloat (counts.hours, ==, 0.5);
}

static void
test_rates (void)
{
  g_autoptr (EventScore) score = event_score_new (0);
  g_autoptr (GArray) reference
      = make_events ((Span[4]){ { "a", 1, 2 }, { "b", 3, 4 }, { "a", 5, 6 } });
  g_autoptr (GArray) heard
      = make_events ((Span[4]){ { "a", 1, 2 }, { "b", 9, 10 } });
  g_autoptr (GArray) nothing = events_new ();
  char *text;

  event_score_add (score, "x", reference, heard, 1800);
  event_score_add (score, "y", nothing, nothing, 3600);
  text = print_to_text (print_events, score);
  /* F1: 2 × 1 / (3 + 2). */
  g_assert_nonnull (
      strstr (text, "\nx\t1\t0.5000\t3\t1\t1\t50.00\t33.33\t40.00\t2.00\n"));
  g_assert_nonnull (
      strstr (text, "\nall\t2\t1.5000\t3\t1\t1\t50.00\t33.33\t40.00\t0.67\n"));
  g_assert_nonnull (
      strstr (text, "\na\t2\t1\t0\t100.00\t50.00\t66.67\t0.00\n"));
  free (text);
}

/* go: 2 of 3 right; stop: 1 of 1; unknown: 1 of 2; silence: 1 of 1. */
static void
test_words (void)
{
  static const char *const names[] = { "<blank>", "go", "stop", NULL };
  static const struct {
    const char *truth, *heard;
    double confidences[2];
  } recordings[] = {
    { "go", "go", { 0.9 } }, { "go", "go", { 0.6 } }, { "go", "stop", { 0.7 } },
    { "stop", "stop", { 0.95 } }, { "tree", "", { 0 } },
    { "house", "go stop", { 0.8, 0.4 } }, { "_silence_", "", { 0 } },
    { "please go now", "go", { 0.9 } }, /* no class */
  };
  g_autoptr (Labels) labels = labels_new (names, 0, NULL);
  g_autoptr (WordScore) score = word_score_new ();
  WordCounts counts;

  g_assert_true (labels->words);
  for (guint i = 0; i < G_N_ELEMENTS (recordings); i++)
    word_score_add (score, labels, recordings[i].truth, recordings[i].heard,
        recordings[i].confidences, 360);
  counts = word_score_counts (score, 0);
  g_assert_cmpuint (counts.n_classes, ==, 4);
  g_assert_cmpfloat_with_epsilon (counts.accuracy,
      (2.0 / 3 + 1 + 1.0 / 2 + 1) / 4, 1e-9);
  g_assert_cmpfloat (counts.low, <=, counts.accuracy);
  g_assert_cmpfloat (counts.high, >=, counts.accuracy);
  g_assert_cmpfloat_with_epsilon (counts.found, 4.0 / 5, 1e-9);
  g_assert_cmpuint (counts.n_false, ==, 2);
  g_assert_cmpfloat_with_epsilon (counts.hours, 0.3, 1e-9);
  counts = word_score_counts (score, 0.85);
  g_assert_cmpfloat_with_epsilon (counts.accuracy, (1.0 / 3 + 1 + 1 + 1) / 4,
      1e-9);
  g_assert_cmpfloat_with_epsilon (counts.found, 3.0 / 5, 1e-9);
  g_assert_cmpuint (counts.n_false, ==, 0);
}

/* Of 2 x 3 pairs 5 are in order; 4 of 5 frames are on their side. */
static void
test_voice (void)
{
  static const float logits[] = { -2, -1, 3, 1, -1.5f };
  static const guint marks[] = { 0, 1, 1, 1, 0 };
  g_autoptr (VoiceScore) score = voice_score_new ();
  VoiceCounts counts;

  voice_score_add (score, "room", logits, marks, 5);
  counts = voice_score_counts (score, NULL);
  g_assert_cmpuint (counts.n_frames, ==, 5);
  g_assert_cmpuint (counts.n_speech, ==, 3);
  g_assert_cmpfloat_with_epsilon (counts.area, 1, 1e-9);
  g_assert_cmpfloat_with_epsilon (counts.accuracy, 0.8, 1e-9);
  /* Another recording, the wrong way round: 5 more frames, 9 pairs more. */
  voice_score_add (score, "street", (const float[]){ 2, -3 },
      (const guint[]){ 0, 1 }, 2);
  counts = voice_score_counts (score, "street");
  g_assert_cmpfloat_with_epsilon (counts.area, 0, 1e-9);
  counts = voice_score_counts (score, NULL);
  /* Silence -2, -1.5, 2 below speech -1, 3, 1, -3: 2 + 3 + 2 + 0 of 12. */
  g_assert_cmpfloat_with_epsilon (counts.area, 7.0 / 12, 1e-9);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tools/score/labels", test_labels);
  g_test_add_func ("/tools/score/picture", test_picture);
  g_test_add_func ("/tools/score/words", test_words);
  g_test_add_func ("/tools/score/voice", test_voice);
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++) {
    g_autofree char *path
        = g_strdup_printf ("/tools/score/events/%s", streams[i].name);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_stream);
  }
  g_test_add_func ("/tools/score/events/rates", test_rates);
  return g_test_run ();
}
