/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/measure/score.h"

typedef struct {
  char *name;
  EditCounts words;
  EditCounts characters;
  GArray *errors;     /* double, of each utterance */
  GArray *references; /* double */
} CorpusScore;

struct _SpeechScore {
  GPtrArray *corpora; /* CorpusScore, in order of appearance */
  CorpusScore *all;
};

static CorpusScore *
corpus_score_new (const char *name)
{
  CorpusScore *corpus = g_new0 (CorpusScore, 1);

  corpus->name = g_strdup (name);
  corpus->errors = g_array_new (FALSE, FALSE, sizeof (double));
  corpus->references = g_array_new (FALSE, FALSE, sizeof (double));
  return corpus;
}

static void
corpus_score_free (gpointer data)
{
  CorpusScore *corpus = data;

  g_free (corpus->name);
  g_array_unref (corpus->errors);
  g_array_unref (corpus->references);
  g_free (corpus);
}

SpeechScore *
speech_score_new (void)
{
  SpeechScore *score = g_new0 (SpeechScore, 1);

  score->corpora = g_ptr_array_new_with_free_func (corpus_score_free);
  score->all = corpus_score_new ("all");
  return score;
}

void
speech_score_free (SpeechScore *score)
{
  if (score == NULL)
    return;
  g_ptr_array_unref (score->corpora);
  corpus_score_free (score->all);
  g_free (score);
}

static CorpusScore *
find_corpus (SpeechScore *score, const char *name)
{
  CorpusScore *corpus;

  for (guint i = 0; i < score->corpora->len; i++) {
    corpus = g_ptr_array_index (score->corpora, i);
    if (g_str_equal (corpus->name, name))
      return corpus;
  }
  corpus = corpus_score_new (name);
  g_ptr_array_add (score->corpora, corpus);
  return corpus;
}

static void
add_utterance (CorpusScore *corpus, const EditCounts *words,
    const EditCounts *characters)
{
  double errors = (double) edit_counts_errors (words);
  double reference = (double) words->reference;

  edit_counts_add (&corpus->words, words);
  edit_counts_add (&corpus->characters, characters);
  g_array_append_val (corpus->errors, errors);
  g_array_append_val (corpus->references, reference);
}

void
speech_score_add (SpeechScore *score, const char *corpus, const char *reference,
    const char *heard)
{
  EditCounts words = edit_counts_words (reference, heard);
  EditCounts characters = edit_counts_characters (reference, heard);

  add_utterance (find_corpus (score, corpus), &words, &characters);
  add_utterance (score->all, &words, &characters);
}

static void
print_corpus (const CorpusScore *corpus, FILE *file)
{
  const EditCounts *words = &corpus->words;
  double low, high;

  bootstrap_interval ((const double *) (const void *) corpus->errors->data,
      (const double *) (const void *) corpus->references->data,
      corpus->errors->len, &low, &high);
  fprintf (file,
      "%s\t%u\t%" G_GUINT64_FORMAT "\t%.2f\t%.2f\t%.2f\t%" G_GUINT64_FORMAT
      "\t%" G_GUINT64_FORMAT "\t%" G_GUINT64_FORMAT "\t%.2f\n",
      corpus->name, corpus->errors->len, words->reference,
      100 * edit_counts_rate (words), 100 * low, 100 * high,
      words->substitutions, words->insertions, words->deletions,
      100 * edit_counts_rate (&corpus->characters));
}

void
speech_score_print (const SpeechScore *score, FILE *file)
{
  fputs ("corpus\tutterances\twords\tword-error\tlow\thigh\tsubstitutions\t"
         "insertions\tdeletions\tcharacter-error\n",
      file);
  for (guint i = 0; i < score->corpora->len; i++)
    print_corpus (g_ptr_array_index (score->corpora, i), file);
  if (score->corpora->len != 1)
    print_corpus (score->all, file);
}

/* --- labels
 * --------------------------------------------------------------------- */

struct _LabelScore {
  RnncModel *model;
  guint n;
  guint *confusion; /* [n, n]: rows are what it is, columns what was said */
  GArray *errors;   /* double, 0 or 1 */
  GArray *ones;
};

LabelScore *
label_score_new (RnncModel *model)
{
  LabelScore *score = g_new0 (LabelScore, 1);

  score->model = rnnc_model_ref (model);
  score->n = rnnc_model_n_labels (model);
  score->confusion = g_new0 (guint, (gsize) score->n * score->n + 1);
  score->errors = g_array_new (FALSE, FALSE, sizeof (double));
  score->ones = g_array_new (FALSE, FALSE, sizeof (double));
  return score;
}

void
label_score_free (LabelScore *score)
{
  if (score == NULL)
    return;
  rnnc_model_unref (score->model);
  g_free (score->confusion);
  g_array_unref (score->errors);
  g_array_unref (score->ones);
  g_free (score);
}

void
label_score_add (LabelScore *score, guint reference, guint heard)
{
  double error = reference != heard;
  double one = 1;

  score->confusion[(gsize) reference * score->n + heard]++;
  g_array_append_val (score->errors, error);
  g_array_append_val (score->ones, one);
}

static void
print_label (const LabelScore *score, guint reference, FILE *file)
{
  const guint *row = score->confusion + (gsize) reference * score->n;
  guint total = 0;
  gboolean any = FALSE;

  for (guint i = 0; i < score->n; i++)
    total += row[i];
  fprintf (file, "%s\t%u\t%u\t", rnnc_model_label (score->model, reference),
      total, row[reference]);
  for (guint i = 0; i < score->n; i++) {
    if (i == reference || row[i] == 0)
      continue;
    fprintf (file, "%s%s %u", any ? ", " : "",
        rnnc_model_label (score->model, i), row[i]);
    any = TRUE;
  }
  fputc ('\n', file);
}

void
label_score_print (const LabelScore *score, FILE *file)
{
  double low, high;
  guint right = 0;
  guint n = score->errors->len;

  for (guint i = 0; i < score->n; i++)
    right += score->confusion[(gsize) i * score->n + i];
  bootstrap_interval ((const double *) (const void *) score->errors->data,
      (const double *) (const void *) score->ones->data, n, &low, &high);
  fputs ("clips\tright\taccuracy\tlow\thigh\n", file);
  fprintf (file, "%u\t%u\t%.2f\t%.2f\t%.2f\n\n", n, right,
      n ? 100.0 * right / n : 0, 100 * (1 - high), 100 * (1 - low));
  fputs ("label\tclips\tright\ttaken for\n", file);
  for (guint i = 0; i < score->n; i++)
    print_label (score, i, file);
}
