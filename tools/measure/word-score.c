/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/measure/word-score.h"

#include <string.h>

#include "tools/measure/error-rate.h"

#define UNKNOWN "unknown"
#define SILENCE "silence"

typedef struct {
  const char *class; /* (nullable): a sentence with some of the words */
  char *reference;   /* labels that were said, joined by spaces */
  GStrv heard;
  GArray *confidences; /* double, one a word heard */
  double seconds;
} Recording;

struct _WordScore {
  GArray *recordings; /* Recording */
  GPtrArray *classes; /* names, in order of appearance */
};

static void
clear_recording (gpointer data)
{
  Recording *recording = data;

  g_free (recording->reference);
  g_strfreev (recording->heard);
  g_array_unref (recording->confidences);
}

WordScore *
word_score_new (void)
{
  WordScore *score = g_new0 (WordScore, 1);

  score->recordings = g_array_new (FALSE, FALSE, sizeof (Recording));
  g_array_set_clear_func (score->recordings, clear_recording);
  score->classes = g_ptr_array_new_with_free_func (g_free);
  return score;
}

void
word_score_free (WordScore *score)
{
  if (score == NULL)
    return;
  g_array_unref (score->recordings);
  g_ptr_array_unref (score->classes);
  g_free (score);
}

static const char *
find_class (WordScore *score, const char *name)
{
  guint index;

  if (!g_ptr_array_find_with_equal_func (score->classes, name, g_str_equal,
          &index)) {
    index = score->classes->len;
    g_ptr_array_add (score->classes, g_strdup (name));
  }
  return g_ptr_array_index (score->classes, index);
}

void
word_score_add (WordScore *score, const Labels *labels, const char *truth,
    const char *heard, const double *confidences, double seconds)
{
  Recording recording = { .seconds = seconds };

  recording.reference = g_str_equal (truth, LABELS_SILENCE)
      ? g_strdup ("")
      : labels_known_text (labels, truth);
  if (g_str_equal (truth, LABELS_SILENCE))
    recording.class = find_class (score, SILENCE);
  else if (recording.reference[0] == '\0')
    recording.class = find_class (score, UNKNOWN);
  else if (g_str_equal (recording.reference, truth)
      && strchr (truth, ' ') == NULL)
    recording.class = find_class (score, truth);
  recording.heard = g_strsplit (heard, " ", -1);
  recording.confidences = g_array_new (FALSE, FALSE, sizeof (double));
  if (recording.heard[0] != NULL)
    g_array_append_vals (recording.confidences, confidences,
        g_strv_length (recording.heard));
  g_array_append_val (score->recordings, recording);
}

/* What is left of the words heard. (transfer full) */
static char *
keep_confident (const Recording *recording, double threshold, guint *n)
{
  GString *text = g_string_new (NULL);

  *n = 0;
  for (guint i = 0; recording->heard[i] != NULL; i++) {
    if (g_array_index (recording->confidences, double, i) < threshold)
      continue;
    if (text->len > 0)
      g_string_append_c (text, ' ');
    g_string_append (text, recording->heard[i]);
    *n += 1;
  }
  return g_string_free (text, FALSE);
}

/* Recordings of each class, and those of them that are wrong. */
static void
count_classes (const WordScore *score, double threshold, guint *n_of,
    guint *n_wrong)
{
  for (guint i = 0; i < score->recordings->len; i++) {
    const Recording *recording
        = &g_array_index (score->recordings, Recording, i);
    g_autofree char *kept = NULL;
    guint class, n;

    if (recording->class == NULL)
      continue;
    g_ptr_array_find (score->classes, recording->class, &class);
    kept = keep_confident (recording, threshold, &n);
    n_of[class]++;
    n_wrong[class] += !g_str_equal (kept, recording->reference);
  }
}

/* The mean over the classes is one over the recordings, each with the weight
 * that makes its class count as much as any other. */
static void
measure_accuracy (const WordScore *score, double threshold, WordCounts *counts)
{
  guint n_classes = score->classes->len;
  g_autofree guint *n_of = g_new0 (guint, n_classes + 1);
  g_autofree guint *n_wrong = g_new0 (guint, n_classes + 1);
  g_autofree double *errors = g_new0 (double, score->recordings->len + 1);
  g_autofree double *weights = g_new0 (double, score->recordings->len + 1);
  gsize n = 0;
  double low, high;

  count_classes (score, threshold, n_of, n_wrong);
  counts->n_classes = n_classes;
  for (guint i = 0; i < n_classes; i++)
    counts->accuracy += (1 - (double) n_wrong[i] / n_of[i]) / n_classes;
  for (guint i = 0; i < score->recordings->len; i++) {
    const Recording *recording
        = &g_array_index (score->recordings, Recording, i);
    g_autofree char *kept = NULL;
    guint class, n_kept;

    if (recording->class == NULL)
      continue;
    g_ptr_array_find (score->classes, recording->class, &class);
    kept = keep_confident (recording, threshold, &n_kept);
    weights[n] = 1.0 / n_of[class];
    errors[n] = g_str_equal (kept, recording->reference) ? 0 : weights[n];
    n++;
  }
  if (n == 0)
    return;
  bootstrap_interval (errors, weights, n, &low, &high);
  counts->low = 1 - high;
  counts->high = 1 - low;
}

WordCounts
word_score_counts (const WordScore *score, double threshold)
{
  WordCounts counts = { 0 };
  guint64 n_said = 0, n_found = 0;

  measure_accuracy (score, threshold, &counts);
  for (guint i = 0; i < score->recordings->len; i++) {
    const Recording *recording
        = &g_array_index (score->recordings, Recording, i);
    guint n;
    g_autofree char *kept = keep_confident (recording, threshold, &n);
    EditCounts edits = edit_counts_words (recording->reference, kept);

    n_said += edits.reference;
    n_found += edits.reference - edits.substitutions - edits.deletions;
    if (recording->reference[0] != '\0')
      continue;
    counts.n_false += n;
    counts.hours += recording->seconds / 3600;
  }
  counts.found = n_said > 0 ? (double) n_found / (double) n_said : 0;
  return counts;
}

/* "stop 3, go 1": what the recordings of a class were taken for. */
static char *
describe_errors (const WordScore *score, const char *class)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GArray) numbers = g_array_new (FALSE, TRUE, sizeof (guint));
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < score->recordings->len; i++) {
    const Recording *recording
        = &g_array_index (score->recordings, Recording, i);
    g_autofree char *heard = g_strjoinv (" ", recording->heard);
    guint index;

    if (recording->class != class || g_str_equal (heard, recording->reference))
      continue;
    if (!g_ptr_array_find_with_equal_func (names, heard, g_str_equal, &index)) {
      index = names->len;
      g_ptr_array_add (names, g_strdup (heard));
      g_array_set_size (numbers, names->len);
    }
    g_array_index (numbers, guint, index)++;
  }
  for (guint i = 0; i < names->len; i++) {
    const char *name = g_ptr_array_index (names, i);

    g_string_append_printf (text, "%s%s %u", i > 0 ? ", " : "",
        name[0] == '\0' ? "nothing" : name, g_array_index (numbers, guint, i));
  }
  return g_string_free (text, FALSE);
}

static void
print_classes (const WordScore *score, FILE *file)
{
  guint n_classes = score->classes->len;
  g_autofree guint *n_of = g_new0 (guint, n_classes + 1);
  g_autofree guint *n_wrong = g_new0 (guint, n_classes + 1);

  count_classes (score, 0, n_of, n_wrong);
  fputs ("word\trecordings\tright\taccuracy\ttaken-for\n", file);
  for (guint i = 0; i < n_classes; i++) {
    const char *name = g_ptr_array_index (score->classes, i);
    g_autofree char *errors = describe_errors (score, name);

    fprintf (file, "%s\t%u\t%u\t%.2f\t%s\n", name, n_of[i],
        n_of[i] - n_wrong[i], 100 * (1 - (double) n_wrong[i] / n_of[i]),
        errors);
  }
}

void
word_score_print (const WordScore *score, FILE *file)
{
  static const double thresholds[]
      = { 0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995 };

  if (score->classes->len > 0) {
    print_classes (score, file);
    putc ('\n', file);
  }
  fputs ("threshold\tclass-accuracy\tlow\thigh\tfound\tfalse-alarms\thours\t"
         "false-alarms-per-hour\n",
      file);
  for (guint i = 0; i < G_N_ELEMENTS (thresholds); i++) {
    WordCounts counts = word_score_counts (score, thresholds[i]);

    fprintf (file, "%g\t%.2f\t%.2f\t%.2f\t%.2f\t%u\t%.4f\t%.2f\n",
        thresholds[i], 100 * counts.accuracy, 100 * counts.low,
        100 * counts.high, 100 * counts.found, counts.n_false, counts.hours,
        counts.hours > 0 ? counts.n_false / counts.hours : 0);
  }
}
