/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/measure/language.h"

#include <math.h>

gboolean
language_score_add (LanguageScore *score, RnncModel *model,
    const Labels *labels, const char *text, GError **error)
{
  g_autoptr (GArray) letters = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree float *input = NULL;
  g_autofree float *output = NULL;
  const guint end = 0;

  if (!labels_encode_text (labels, text, letters, error))
    return FALSE;
  g_array_append_val (letters, end);
  input = g_new0 (float, letters->len);
  for (guint i = 1; i < letters->len; i++)
    input[i] = (float) g_array_index (letters, guint, i - 1);
  output = g_new (float, (gsize) letters->len * labels->n);
  rnnc_model_forward (model, input, letters->len, output);
  for (guint i = 0; i < letters->len; i++)
    score->bits
        -= (double)
               output[(gsize) i * labels->n + g_array_index (letters, guint, i)]
        / G_LN2;
  score->n_symbols += letters->len;
  score->n_texts++;
  return TRUE;
}

void
language_score_print (const LanguageScore *score, FILE *file)
{
  double mean = score->bits / (double) MAX (score->n_symbols, 1);
  char bits[G_ASCII_DTOSTR_BUF_SIZE], perplexity[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (bits, sizeof bits, "%.4f", mean);
  g_ascii_formatd (perplexity, sizeof perplexity, "%.3f", exp2 (mean));
  fprintf (file,
      "texts\t%" G_GUINT64_FORMAT "\ncharacters\t%" G_GUINT64_FORMAT
      "\nbits per character\t%s\nperplexity\t%s\n",
      score->n_texts, score->n_symbols, bits, perplexity);
}
