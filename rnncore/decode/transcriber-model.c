/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/decode/transcriber-model.h"

#include <string.h>

#include "rnncore/model/model-private.h"
#include "rnncore/rnnc-decoding.h"

static gboolean
refuse (RnncModel *model, const char *reason, GError **error)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
      "%s: cannot transcribe with this model: %s", rnnc_model_path (model),
      reason);
  return FALSE;
}

static gboolean
has_words (RnncModel *model)
{
  const RnncDescription *description = model->description;

  if (rnnc_labels_are_words ((const char *const *) description->labels,
          description->n_labels, description->blank))
    return TRUE;
  for (guint i = 0; i < rnnc_model_n_labels (model); i++)
    if ((gint) i != rnnc_model_blank (model)
        && strcmp (rnnc_model_label (model, i), " ") == 0)
      return TRUE;
  return FALSE;
}

gboolean
rnnc_transcriber_check_model (RnncModel *model, GError **error)
{
  const GPtrArray *layers = model->description->layers;
  const RnncLayerSpec *last = g_ptr_array_index (layers, layers->len - 1);

  if (rnnc_model_frontend (model)->type != RNNC_FRONTEND_LOG_MEL)
    return refuse (model, "its front end is not log-mel", error);
  if (rnnc_model_is_many_to_one (model))
    return refuse (model, "it has one output for a whole clip", error);
  if (rnnc_model_blank (model) < 0)
    return refuse (model, "it has no CTC blank", error);
  if (!has_words (model))
    return refuse (model, "it has no label \" \", and its labels are no words",
        error);
  if (rnnc_model_output_size (model)
      != rnnc_model_n_labels (model) + model->description->n_phones)
    return refuse (model, "its outputs are not as many as its labels", error);
  if (last->type != RNNC_LAYER_ACTIVATION
      || last->params.activation != RNNC_ACTIVATION_LOG_SOFTMAX)
    return refuse (model, "its last layer is not log-softmax", error);
  if (last->split
      != (model->description->n_phones > 0 ? rnnc_model_n_labels (model) : 0))
    return refuse (model,
        "its last layer is not split between labels and phones", error);
  return TRUE;
}
