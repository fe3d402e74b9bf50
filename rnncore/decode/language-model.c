/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/language-model.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#include "rnncore/model/model-private.h"

struct _RnncLanguageModel {
  gatomicrefcount ref_count;
  char *file; /* (nullable): which one it was read from; then it is one of
               * those shared */
  RnncModel *model;
  guint end;
  gsize state_floats;         /* of all recurrent layers */
  gsize widest;               /* floats that a layer puts out, at most */
  RnncVocabulary *vocabulary; /* (nullable) */
  GMutex lexicons_lock;
  GSList *lexicons; /* RnncLexicon, one for each way to write it */
};

/* --- which models these are ----------------------------------------------- */

static gboolean
refuse (RnncModel *model, const char *reason, GError **error)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
      "%s: not a language model: %s", rnnc_model_path (model), reason);
  return FALSE;
}

static gboolean
check_layer (RnncModel *model, guint index, GError **error)
{
  const RnncLayer *layer = model->layers[index];
  const RnncLayerSpec *spec = layer->spec;
  g_autofree char *reason = NULL;

  if (layer->identity)
    return TRUE;
  if (spec->type == RNNC_LAYER_RECURRENT
      && !spec->params.recurrent.bidirectional)
    return TRUE;
  if (spec->n_sources == 1 && layer->klass->push == NULL
      && layer->klass->forward != NULL && spec->type != RNNC_LAYER_JOIN)
    return TRUE;
  reason
      = g_strdup_printf ("layer %u knows more than the letters before", index);
  return refuse (model, reason, error);
}

/* One layer after another. */
static gboolean
is_a_chain (RnncModel *model)
{
  gint before = RNNC_FRONTEND_FRAME;

  for (guint i = 0; i < model->n_layers; i++) {
    if (model->layers[i]->identity)
      continue;
    if (model->plan.steps[i].n_sources != 1
        || model->plan.steps[i].sources[0] != before)
      return FALSE;
    before = (gint) i;
  }
  return TRUE;
}

/* "blank" in the description, or a label of that name; -1: none. */
static gint
find_end (RnncModel *model)
{
  static const char *const names[] = { "</s>", "<s>", "<end>", "\n" };

  if (rnnc_model_blank (model) >= 0)
    return rnnc_model_blank (model);
  for (guint k = 0; k < G_N_ELEMENTS (names); k++)
    for (guint i = 0; i < rnnc_model_n_labels (model); i++)
      if (strcmp (rnnc_model_label (model, i), names[k]) == 0)
        return (gint) i;
  return -1;
}

static gboolean
check_model (RnncModel *model, GError **error)
{
  const RnncLayerSpec *first = model->layers[0]->spec;
  const RnncLayerSpec *last = model->layers[model->n_layers - 1]->spec;
  guint n_labels = rnnc_model_n_labels (model);

  if (strcmp (rnnc_model_task (model), "language-model") != 0)
    return refuse (model, "its task is another", error);
  if (rnnc_model_frontend (model)->type != RNNC_FRONTEND_NONE
      || rnnc_model_input_size (model) != 1
      || first->type != RNNC_LAYER_EMBEDDING
      || first->params.embedding.entries < n_labels)
    return refuse (model, "it does not begin with an embedding of its labels",
        error);
  if (!is_a_chain (model))
    return refuse (model, "its layers are not one after another", error);
  for (guint i = 0; i < model->n_layers; i++)
    if (!check_layer (model, i, error))
      return FALSE;
  if (n_labels == 0 || rnnc_model_output_size (model) != n_labels
      || last->type != RNNC_LAYER_ACTIVATION
      || last->params.activation != RNNC_ACTIVATION_LOG_SOFTMAX)
    return refuse (model, "it does not end with the log-softmax of its labels",
        error);
  if (find_end (model) < 0)
    return refuse (model, "no label begins and ends a sentence", error);
  return TRUE;
}

/* @vocabulary: (out): %NULL where the description has none */
static gboolean
read_vocabulary (RnncModel *model, RnncVocabulary **vocabulary, GError **error)
{
  const char *words = model->description->vocabulary;

  *vocabulary = words ? rnnc_vocabulary_new (words, model, error) : NULL;
  if (words != NULL && *vocabulary == NULL) {
    g_prefix_error (error, "%s: ", rnnc_model_path (model));
    return FALSE;
  }
  return TRUE;
}

RnncLanguageModel *
rnnc_language_model_new (RnncModel *model, GError **error)
{
  RnncLanguageModel *language;
  RnncVocabulary *vocabulary;

  g_return_val_if_fail (model != NULL, NULL);

  if (!check_model (model, error)
      || !read_vocabulary (model, &vocabulary, error))
    return NULL;
  language = g_new0 (RnncLanguageModel, 1);
  g_atomic_ref_count_init (&language->ref_count);
  language->model = rnnc_model_ref (model);
  language->end = (guint) find_end (model);
  language->vocabulary = vocabulary;
  g_mutex_init (&language->lexicons_lock);
  for (guint i = 0; i < model->n_layers; i++) {
    const RnncLayer *layer = model->layers[i];

    language->widest = MAX (language->widest, rnnc_layer_outputs (layer));
    if (layer->spec->type == RNNC_LAYER_RECURRENT)
      language->state_floats += rnnc_recurrent_sequence_floats (layer);
  }
  return language;
}

RnncLanguageModel *
rnnc_language_model_ref (RnncLanguageModel *language)
{
  g_return_val_if_fail (language != NULL, NULL);

  g_atomic_ref_count_inc (&language->ref_count);
  return language;
}

/* --- shared by all streams of a process ----------------------------------- */

/* As long as one of them holds it. The last owner lets go under the lock. */
static GMutex shared_lock;
static GSList *shared; /* RnncLanguageModel */

/* Returns: (transfer full) (nullable): changes with the file's contents */
static char *
identify (const char *path)
{
  GStatBuf status;

  if (g_stat (path, &status) != 0)
    return NULL;
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT
                          ":%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT " %s",
      (guint64) status.st_dev, (guint64) status.st_ino, (gint64) status.st_size,
      (gint64) status.st_mtime, path);
}

/* With the lock held. */
static RnncLanguageModel *
find_shared (const char *file)
{
  for (GSList *item = shared; item != NULL; item = item->next) {
    RnncLanguageModel *language = item->data;

    if (g_str_equal (language->file, file))
      return rnnc_language_model_ref (language);
  }
  return NULL;
}

static RnncLanguageModel *
load (const char *path, GError **error)
{
  g_autoptr (RnncModel) model = rnnc_model_load (path, error);

  return model != NULL ? rnnc_language_model_new (model, error) : NULL;
}

RnncLanguageModel *
rnnc_language_model_load (const char *path, GError **error)
{
  g_autofree char *file = NULL;
  RnncLanguageModel *language = NULL;

  g_return_val_if_fail (path != NULL, NULL);

  g_mutex_lock (&shared_lock);
  file = identify (path);
  if (file != NULL)
    language = find_shared (file);
  if (language == NULL) {
    language = load (path, error);
    if (language != NULL && file != NULL) {
      language->file = g_steal_pointer (&file);
      shared = g_slist_prepend (shared, language);
    }
  }
  g_mutex_unlock (&shared_lock);
  return language;
}

gboolean
rnnc_language_model_load_default (RnncModel *speech,
    RnncLanguageModel **language, GError **error)
{
  g_autofree char *path = NULL;
  g_autoptr (RnncLanguageModel) loaded = NULL;

  g_return_val_if_fail (speech != NULL && language != NULL, FALSE);

  *language = NULL;
  path = rnnc_model_find (NULL, "language-model", NULL);
  if (path == NULL)
    return TRUE;
  loaded = rnnc_language_model_load (path, error);
  if (loaded == NULL)
    return FALSE;
  if (strcmp (rnnc_model_language (loaded->model), rnnc_model_language (speech))
          == 0
      && rnnc_language_model_fits (loaded, speech, NULL))
    *language = g_steal_pointer (&loaded);
  return TRUE;
}

/* Whether that was the last. Nobody finds a shared one meanwhile. */
static gboolean
drop (RnncLanguageModel *language)
{
  gboolean last;

  if (language->file == NULL)
    return g_atomic_ref_count_dec (&language->ref_count);
  g_mutex_lock (&shared_lock);
  last = g_atomic_ref_count_dec (&language->ref_count);
  if (last)
    shared = g_slist_remove (shared, language);
  g_mutex_unlock (&shared_lock);
  return last;
}

void
rnnc_language_model_unref (RnncLanguageModel *language)
{
  g_return_if_fail (language != NULL);

  if (!drop (language))
    return;
  rnnc_model_unref (language->model);
  rnnc_vocabulary_free (language->vocabulary);
  g_mutex_clear (&language->lexicons_lock);
  g_slist_free_full (language->lexicons, (GDestroyNotify) rnnc_lexicon_free);
  g_free (language->file);
  g_free (language);
}

/* --- steps ---------------------------------------------------------------- */

gsize
rnnc_language_model_context_floats (RnncLanguageModel *language)
{
  return language->state_floats + rnnc_model_n_labels (language->model);
}

const float *
rnnc_language_model_next (RnncLanguageModel *language, const float *context)
{
  return context + language->state_floats;
}

guint
rnnc_language_model_end (RnncLanguageModel *language)
{
  return language->end;
}

const RnncVocabulary *
rnnc_language_model_vocabulary (RnncLanguageModel *language)
{
  return language->vocabulary;
}

static const RnncLexicon *
find_lexicon (const RnncLanguageModel *language, RnncModel *speech)
{
  for (GSList *item = language->lexicons; item != NULL; item = item->next)
    if (rnnc_lexicon_fits (item->data, speech))
      return item->data;
  return NULL;
}

const RnncLexicon *
rnnc_language_model_lexicon (RnncLanguageModel *language, RnncModel *speech)
{
  const char *lines = language->model->description->pronunciations;
  const RnncLexicon *found;

  if (lines == NULL || speech->description->n_phones == 0)
    return NULL;
  g_mutex_lock (&language->lexicons_lock);
  found = find_lexicon (language, speech);
  if (found == NULL) {
    RnncLexicon *made = rnnc_lexicon_new (lines, speech, NULL);

    if (made != NULL)
      language->lexicons = g_slist_prepend (language->lexicons, made);
    found = made;
  }
  g_mutex_unlock (&language->lexicons_lock);
  return found;
}

/* Two buffers of rows, addresses, and what one layer needs. */
gsize
rnnc_language_model_work (RnncLanguageModel *language, gsize m)
{
  RnncModel *model = language->model;
  gsize most = 0;

  for (guint i = 0; i < model->n_layers; i++) {
    const RnncLayer *layer = model->layers[i];

    if (layer->identity)
      continue;
    most = MAX (most,
        layer->spec->type == RNNC_LAYER_RECURRENT
            ? rnnc_recurrent_rows_work (layer, m)
            : rnnc_layer_work_size (layer, m));
  }
  return 2 * rnnc_align (m * language->widest * sizeof (float))
      + rnnc_align (m * sizeof (float *)) + most + 64;
}

void
rnnc_language_model_step (RnncLanguageModel *language, gsize m,
    const guint16 *labels, float *const *contexts, void *work)
{
  RnncModel *model = language->model;
  gsize row = m * language->widest * sizeof (float);
  float *in = rnnc_take (&work, row);
  float *out = rnnc_take (&work, row);
  float **states = rnnc_take (&work, m * sizeof (float *));
  gsize n_labels = rnnc_model_n_labels (model);

  for (gsize i = 0; i < m; i++) {
    in[i] = (float) labels[i];
    states[i] = contexts[i];
  }
  for (guint k = 0; k < model->n_layers; k++) {
    const RnncLayer *layer = model->layers[k];
    float *swap = in;

    if (layer->identity)
      continue;
    if (layer->spec->type == RNNC_LAYER_RECURRENT) {
      rnnc_recurrent_step_rows (layer, in, m, states, out, work);
      for (gsize i = 0; i < m; i++)
        states[i] += rnnc_recurrent_sequence_floats (layer);
    } else {
      rnnc_layer_forward (layer, in, m, out, work);
    }
    in = out;
    out = swap;
  }
  for (gsize i = 0; i < m; i++)
    memcpy (states[i], in + i * n_labels, n_labels * sizeof *in);
}

/* --- letters -------------------------------------------------------------- */

static gint
find_label (RnncLanguageModel *language, const char *text)
{
  for (guint i = 0; i < rnnc_model_n_labels (language->model); i++)
    if (i != language->end
        && strcmp (rnnc_model_label (language->model, i), text) == 0)
      return (gint) i;
  return -1;
}

gboolean
rnnc_language_model_map (RnncLanguageModel *language, RnncModel *speech,
    guint16 *map, GError **error)
{
  for (guint i = 0; i < rnnc_model_n_labels (speech); i++) {
    gint label;

    if ((gint) i == rnnc_model_blank (speech))
      continue;
    label = find_label (language, rnnc_model_label (speech, i));
    if (label < 0) {
      g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
          "%s: the language model has no letter \"%s\" of %s",
          rnnc_model_path (language->model), rnnc_model_label (speech, i),
          rnnc_model_path (speech));
      return FALSE;
    }
    map[i] = (guint16) label;
  }
  return TRUE;
}

gboolean
rnnc_language_model_fits (RnncLanguageModel *language, RnncModel *speech,
    GError **error)
{
  g_autofree guint16 *map = NULL;

  g_return_val_if_fail (language != NULL && speech != NULL, FALSE);

  map = g_new0 (guint16, rnnc_model_n_labels (speech));
  return rnnc_language_model_map (language, speech, map, error);
}

/* The longest label at the beginning of @text; -1: none. */
static gint
next_label (RnncLanguageModel *language, const char *text)
{
  gsize longest = 0;
  gint found = -1;

  for (guint i = 0; i < rnnc_model_n_labels (language->model); i++) {
    const char *label = rnnc_model_label (language->model, i);
    gsize n = strlen (label);

    if (n > longest && i != language->end && g_str_has_prefix (text, label)) {
      longest = n;
      found = (gint) i;
    }
  }
  return found;
}

double
rnnc_language_model_score (RnncLanguageModel *language, const char *text,
    guint *n_letters, GError **error)
{
  gsize size, work_size;
  g_autofree float *context = NULL;
  void *work;
  guint16 label;
  double score = 0;
  guint n = 0;

  g_return_val_if_fail (language != NULL && text != NULL, NAN);

  size = rnnc_language_model_context_floats (language);
  work_size = rnnc_language_model_work (language, 1);
  context = g_new0 (float, size);
  work = g_aligned_alloc (work_size, 1, 64);
  label = (guint16) language->end;
  do {
    gint next
        = *text == '\0' ? (gint) language->end : next_label (language, text);

    if (next < 0) {
      g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
          "%s: no letter for \"%s\"", rnnc_model_path (language->model), text);
      score = NAN;
      break;
    }
    rnnc_language_model_step (language, 1, &label, &context, work);
    score += (double) rnnc_language_model_next (language, context)[next];
    label = (guint16) next;
    text += label == language->end
        ? 0
        : strlen (rnnc_model_label (language->model, label));
    n++;
  } while (label != language->end);
  g_aligned_free (work);
  if (n_letters != NULL)
    *n_letters = n;
  return score;
}
