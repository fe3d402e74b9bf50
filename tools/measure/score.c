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
  fputs ("group\tutterances\twords\tword-error\tlow\thigh\tsubstitutions\t"
         "insertions\tdeletions\tcharacter-error\n",
      file);
  for (guint i = 0; i < score->corpora->len; i++)
    print_corpus (g_ptr_array_index (score->corpora, i), file);
  if (score->corpora->len != 1)
    print_corpus (score->all, file);
}
