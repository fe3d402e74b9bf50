/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/measure/error-rate.h"

#include <stdlib.h>
#include <string.h>

#include "tools/common/random.h"

#define RESAMPLINGS 1000

/* The cheapest way to a cell: its kinds of errors. */
typedef struct {
  guint32 substitutions, insertions, deletions;
} Way;

static inline guint
cost (Way way)
{
  return way.substitutions + way.insertions + way.deletions;
}

EditCounts
edit_counts (const guint *reference, gsize n_reference, const guint *heard,
    gsize n_heard)
{
  g_autofree Way *row = g_new0 (Way, n_heard + 1);
  EditCounts counts = { .reference = n_reference };

  for (gsize j = 1; j <= n_heard; j++)
    row[j].insertions = (guint32) j;
  for (gsize i = 1; i <= n_reference; i++) {
    Way diagonal = row[0];

    row[0].deletions++;
    for (gsize j = 1; j <= n_heard; j++) {
      Way best = diagonal;
      Way up = row[j];
      Way left = row[j - 1];

      best.substitutions += reference[i - 1] != heard[j - 1];
      up.deletions++;
      left.insertions++;
      if (cost (up) < cost (best))
        best = up;
      if (cost (left) < cost (best))
        best = left;
      diagonal = row[j];
      row[j] = best;
    }
  }
  counts.substitutions = row[n_heard].substitutions;
  counts.insertions = row[n_heard].insertions;
  counts.deletions = row[n_heard].deletions;
  return counts;
}

/* Words as numbers; equal words get equal numbers. */
static GArray *
number_words (const char *text, GHashTable *numbers)
{
  GArray *out = g_array_new (FALSE, FALSE, sizeof (guint));
  g_auto (GStrv) words = g_strsplit (text, " ", -1);

  for (guint i = 0; words[i] != NULL; i++) {
    guint number;

    if (words[i][0] == '\0')
      continue;
    number = GPOINTER_TO_UINT (g_hash_table_lookup (numbers, words[i]));
    if (number == 0) {
      number = g_hash_table_size (numbers) + 1;
      g_hash_table_insert (numbers, g_strdup (words[i]),
          GUINT_TO_POINTER (number));
    }
    g_array_append_val (out, number);
  }
  return out;
}

EditCounts
edit_counts_words (const char *reference, const char *heard)
{
  g_autoptr (GHashTable) numbers
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GArray) a = number_words (reference, numbers);
  g_autoptr (GArray) b = number_words (heard, numbers);

  return edit_counts ((const guint *) (const void *) a->data, a->len,
      (const guint *) (const void *) b->data, b->len);
}

EditCounts
edit_counts_characters (const char *reference, const char *heard)
{
  glong n_a, n_b;
  g_autofree gunichar *a = g_utf8_to_ucs4_fast (reference, -1, &n_a);
  g_autofree gunichar *b = g_utf8_to_ucs4_fast (heard, -1, &n_b);

  return edit_counts (a, (gsize) n_a, b, (gsize) n_b);
}

void
edit_counts_add (EditCounts *sum, const EditCounts *more)
{
  sum->substitutions += more->substitutions;
  sum->insertions += more->insertions;
  sum->deletions += more->deletions;
  sum->reference += more->reference;
}

guint64
edit_counts_errors (const EditCounts *counts)
{
  return counts->substitutions + counts->insertions + counts->deletions;
}

double
edit_counts_rate (const EditCounts *counts)
{
  guint64 errors = edit_counts_errors (counts);

  return errors == 0 ? 0
                     : (double) errors / (double) MAX (counts->reference, 1);
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a;
  double y = *(const double *) b;

  return (x > y) - (x < y);
}

void
bootstrap_interval (const double *errors, const double *references, gsize n,
    double *low, double *high)
{
  double rates[RESAMPLINGS];
  Random random = random_for (1, 0x626f6f74, 0);

  for (guint r = 0; r < RESAMPLINGS; r++) {
    double error = 0, reference = 0;

    for (gsize i = 0; i < n; i++) {
      guint chosen = random_index (&random, (guint) n);

      error += errors[chosen];
      reference += references[chosen];
    }
    rates[r] = reference > 0 ? error / reference : 0;
  }
  qsort (rates, RESAMPLINGS, sizeof *rates, compare_doubles);
  *low = rates[RESAMPLINGS * 25 / 1000];
  *high = rates[RESAMPLINGS * 975 / 1000 - 1];
}
