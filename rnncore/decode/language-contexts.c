/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/language-contexts.h"

#include <string.h>

static float *
get_context (const RnncLanguageContexts *contexts, guint32 slot)
{
  return contexts->contexts + slot * contexts->size;
}

void
rnnc_language_contexts_use (RnncLanguageContexts *contexts, guint32 slot)
{
  if (contexts->model != NULL)
    contexts->users[slot]++;
}

void
rnnc_language_contexts_release (RnncLanguageContexts *contexts, guint32 slot)
{
  if (contexts->model == NULL || --contexts->users[slot] > 0)
    return;
  contexts->users[slot] = contexts->first_free;
  contexts->first_free = slot;
}

guint32
rnnc_language_contexts_extend (RnncLanguageContexts *contexts, guint32 slot,
    guint label)
{
  guint32 extended = contexts->first_free;

  contexts->first_free = contexts->users[extended];
  contexts->users[extended] = 1;
  memcpy (get_context (contexts, extended), get_context (contexts, slot),
      contexts->size * sizeof (float));
  rnnc_language_contexts_release (contexts, slot);
  contexts->labels[contexts->n_due] = contexts->map[label];
  contexts->stepping[contexts->n_due++] = get_context (contexts, extended);
  return extended;
}

void
rnnc_language_contexts_step (RnncLanguageContexts *contexts)
{
  if (contexts->n_due > 0)
    rnnc_language_model_step (contexts->model, contexts->n_due,
        contexts->labels, contexts->stepping, contexts->work);
  contexts->n_due = 0;
}

static double
score_of (const RnncLanguageContexts *contexts, guint32 slot, guint label)
{
  return contexts->weight
      * (double) rnnc_language_model_next (contexts->model,
          get_context (contexts, slot))[label];
}

double
rnnc_language_contexts_score (const RnncLanguageContexts *contexts,
    guint32 slot, guint label)
{
  if (contexts->model == NULL)
    return 0.0;
  return score_of (contexts, slot, contexts->map[label]);
}

double
rnnc_language_contexts_end_score (const RnncLanguageContexts *contexts,
    guint32 slot)
{
  if (contexts->model == NULL)
    return 0.0;
  return score_of (contexts, slot, rnnc_language_model_end (contexts->model));
}

double
rnnc_language_contexts_word_score (const RnncLanguageContexts *contexts,
    guint32 *word, guint label)
{
  if (contexts->vocabulary == NULL
      || !rnnc_vocabulary_step (contexts->vocabulary, word,
          contexts->map[label]))
    return 0.0;
  return -RNNC_UNKNOWN_WORD_COST;
}

double
rnnc_language_contexts_word_end_score (const RnncLanguageContexts *contexts,
    guint32 word)
{
  if (contexts->vocabulary == NULL
      || !rnnc_vocabulary_end (contexts->vocabulary, word))
    return 0.0;
  return -RNNC_UNKNOWN_WORD_COST;
}

/* A text may have one context more, for the moment of its step; one text that
 * of before its last letter too; and there is the beginning. */
void
rnnc_language_contexts_init (RnncLanguageContexts *contexts,
    RnncLanguageModel *model, double weight, guint width, RnncModel *speech)
{
  guint32 n_slots = 2 * width + 2;
  guint16 end;

  if (model == NULL)
    return;
  contexts->model = rnnc_language_model_ref (model);
  contexts->vocabulary = rnnc_language_model_vocabulary (model);
  contexts->weight = weight;
  contexts->map = g_new0 (guint16, rnnc_model_n_labels (speech));
  rnnc_language_model_map (model, speech, contexts->map, NULL);
  contexts->size = rnnc_language_model_context_floats (model);
  contexts->contexts = g_new0 (float, n_slots * contexts->size);
  contexts->users = g_new0 (guint32, n_slots);
  contexts->labels = g_new0 (guint16, width);
  contexts->stepping = g_new0 (float *, width);
  contexts->work
      = g_aligned_alloc0 (rnnc_language_model_work (model, width), 1, 64);
  contexts->users[0] = 1;
  for (guint32 i = 1; i < n_slots; i++)
    contexts->users[i] = i + 1;
  contexts->first_free = 1;
  end = (guint16) rnnc_language_model_end (model);
  rnnc_language_model_step (model, 1, &end, &contexts->contexts,
      contexts->work);
}

void
rnnc_language_contexts_clear (RnncLanguageContexts *contexts)
{
  if (contexts->model == NULL)
    return;
  rnnc_language_model_unref (contexts->model);
  g_free (contexts->map);
  g_free (contexts->contexts);
  g_free (contexts->users);
  g_free (contexts->labels);
  g_free (contexts->stepping);
  g_aligned_free (contexts->work);
}
