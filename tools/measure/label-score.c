/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/measure/label-score.h"

#include "tools/measure/error-rate.h"

typedef struct {
  char *name;
  guint *confusion; /* [n, n]: rows are what it is, columns what was said */
  GArray *errors;   /* double, 0 or 1 */
  GArray *ones;
} Group;

struct _LabelScore {
  GStrv labels;
  guint n;
  GPtrArray *groups; /* in order of appearance */
  Group *all;
};

static Group *
group_new (const char *name, guint n)
{
  Group *group = g_new0 (Group, 1);

  group->name = g_strdup (name);
  group->confusion = g_new0 (guint, (gsize) n * n + 1);
  group->errors = g_array_new (FALSE, FALSE, sizeof (double));
  group->ones = g_array_new (FALSE, FALSE, sizeof (double));
  return group;
}

static void
group_free (gpointer data)
{
  Group *group = data;

  g_free (group->name);
  g_free (group->confusion);
  g_array_unref (group->errors);
  g_array_unref (group->ones);
  g_free (group);
}

LabelScore *
label_score_new (const char *const *labels, guint n)
{
  LabelScore *score = g_new0 (LabelScore, 1);

  score->n = n;
  score->labels = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++)
    score->labels[i] = g_strdup (labels[i]);
  score->groups = g_ptr_array_new_with_free_func (group_free);
  score->all = group_new ("all", n);
  return score;
}

void
label_score_free (LabelScore *score)
{
  if (score == NULL)
    return;
  g_strfreev (score->labels);
  g_ptr_array_unref (score->groups);
  group_free (score->all);
  g_free (score);
}

static Group *
find_group (const LabelScore *score, const char *name)
{
  for (guint i = 0; i < score->groups->len; i++) {
    Group *group = g_ptr_array_index (score->groups, i);

    if (g_str_equal (group->name, name))
      return group;
  }
  return NULL;
}

static void
add (const LabelScore *score, Group *group, guint reference, guint heard)
{
  double error = reference != heard;
  double one = 1;

  group->confusion[(gsize) reference * score->n + heard]++;
  g_array_append_val (group->errors, error);
  g_array_append_val (group->ones, one);
}

void
label_score_add (LabelScore *score, const char *name, guint reference,
    guint heard)
{
  Group *group = find_group (score, name);

  if (group == NULL) {
    group = group_new (name, score->n);
    g_ptr_array_add (score->groups, group);
  }
  add (score, group, reference, heard);
  add (score, score->all, reference, heard);
}

/* --- figures ------------------------------------------------------------- */

typedef struct {
  guint right;
  guint reference; /* clips of the label */
  guint heard;     /* clips that were given the label */
} Counts;

static Counts
count_label (const LabelScore *score, const Group *group, guint label)
{
  Counts counts = { 0 };

  for (guint i = 0; i < score->n; i++) {
    counts.reference += group->confusion[(gsize) label * score->n + i];
    counts.heard += group->confusion[(gsize) i * score->n + label];
  }
  counts.right = group->confusion[(gsize) label * score->n + label];
  return counts;
}

static double
percent (double part, double whole)
{
  return whole > 0 ? 100 * part / whole : 0;
}

static double
macro_f1 (const LabelScore *score, const Group *group)
{
  double sum = 0;
  guint n = 0;

  for (guint i = 0; i < score->n; i++) {
    Counts counts = count_label (score, group, i);

    if (counts.reference + counts.heard == 0)
      continue;
    sum += percent (2.0 * counts.right, counts.reference + counts.heard);
    n++;
  }
  return n > 0 ? sum / n : 0;
}

double
label_score_macro_f1 (const LabelScore *score, const char *name)
{
  const Group *group = name != NULL ? find_group (score, name) : score->all;

  return group != NULL ? macro_f1 (score, group) : 0;
}

/* --- printing ------------------------------------------------------------ */

static void
print_group (const LabelScore *score, const Group *group, FILE *file)
{
  guint n = group->errors->len;
  guint right = 0;
  double low, high;

  for (guint i = 0; i < score->n; i++)
    right += group->confusion[(gsize) i * score->n + i];
  bootstrap_interval ((const double *) (const void *) group->errors->data,
      (const double *) (const void *) group->ones->data, n, &low, &high);
  fprintf (file, "%s\t%u\t%u\t%.2f\t%.2f\t%.2f\t%.2f\n", group->name, n, right,
      percent (right, n), 100 * (1 - high), 100 * (1 - low),
      macro_f1 (score, group));
}

static void
print_label (const LabelScore *score, guint label, FILE *file)
{
  const guint *row = score->all->confusion + (gsize) label * score->n;
  Counts counts = count_label (score, score->all, label);
  gboolean any = FALSE;

  fprintf (file, "%s\t%u\t%u\t%.2f\t%.2f\t%.2f\t", score->labels[label],
      counts.reference, counts.right, percent (counts.right, counts.heard),
      percent (counts.right, counts.reference),
      percent (2.0 * counts.right, counts.reference + counts.heard));
  for (guint i = 0; i < score->n; i++) {
    if (i == label || row[i] == 0)
      continue;
    fprintf (file, "%s%s %u", any ? ", " : "", score->labels[i], row[i]);
    any = TRUE;
  }
  fputc ('\n', file);
}

void
label_score_print (const LabelScore *score, FILE *file)
{
  fputs ("group\tclips\tright\taccuracy\tlow\thigh\tmacro-f1\n", file);
  for (guint i = 0; i < score->groups->len; i++)
    print_group (score, g_ptr_array_index (score->groups, i), file);
  if (score->groups->len != 1)
    print_group (score, score->all, file);
  fputs ("\nlabel\tclips\tright\tprecision\trecall\tf1\ttaken for\n", file);
  for (guint i = 0; i < score->n; i++)
    print_label (score, i, file);
}

/* --- a picture ----------------------------------------------------------- */

#define CELL 44
#define LETTER 8 /* width, about */

static void
add_text (GString *svg, guint x, guint y, const char *style, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  g_string_append_printf (svg, "<text x=\"%u\" y=\"%u\"%s>%s</text>\n", x, y,
      style, escaped);
}

static void
add_cell (const LabelScore *score, guint row, guint column, guint left,
    guint top, GString *svg)
{
  Counts counts = count_label (score, score->all, row);
  guint n = score->all->confusion[(gsize) row * score->n + column];
  guint share = counts.reference > 0 ? (200 * n / counts.reference + 1) / 2 : 0;
  guint x = left + column * CELL, y = top + row * CELL;
  g_autofree char *text = g_strdup_printf ("%u", n);

  g_string_append_printf (svg,
      "<rect x=\"%u\" y=\"%u\" width=\"%d\" height=\"%d\" "
      "fill=\"hsl(%d,70%%,%u%%)\" stroke=\"#ddd\"/>\n",
      x, y, CELL, CELL, row == column ? 210 : 15, 100 - share * 6 / 10);
  if (n > 0)
    add_text (svg, x + CELL / 2, y + CELL / 2 + 5,
        share > 60 ? " text-anchor=\"middle\" fill=\"#fff\""
                   : " text-anchor=\"middle\"",
        text);
}

char *
label_score_picture (const LabelScore *score)
{
  GString *svg = g_string_new (NULL);
  guint longest = 4;
  guint left, top;

  for (guint i = 0; i < score->n; i++)
    longest = MAX (longest, (guint) g_utf8_strlen (score->labels[i], -1));
  left = top = longest * LETTER + 40;
  g_string_append_printf (svg,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
      "font-family=\"sans-serif\" font-size=\"14\">\n"
      "<title>Confusion matrix</title>\n"
      "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
      left + score->n * CELL + 20, top + score->n * CELL + 20);
  add_text (svg, 10, top - 10, " fill=\"#666\"", "true");
  add_text (svg, left, 20, " fill=\"#666\"", "predicted");
  for (guint i = 0; i < score->n; i++) {
    guint middle = top + i * CELL + CELL / 2 + 5;
    g_autofree char *turned
        = g_strdup_printf (" transform=\"rotate(-90 %u %u)\"",
            left + i * CELL + CELL / 2 + 5, top - 8);

    add_text (svg, left - 8, middle, " text-anchor=\"end\"", score->labels[i]);
    add_text (svg, left + i * CELL + CELL / 2 + 5, top - 8, turned,
        score->labels[i]);
    for (guint j = 0; j < score->n; j++)
      add_cell (score, i, j, left, top, svg);
  }
  g_string_append (svg, "</svg>\n");
  return g_string_free (svg, FALSE);
}
