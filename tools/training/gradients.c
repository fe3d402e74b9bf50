/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the gradients of a run were like, layer by layer and step by step. */
#include "tools/training/session.h"

#define LAYERS_HEADER "epoch,layer,gradient_norm,weight_norm\n"
#define GRADIENTS_HEADER "epoch,layer,distance,norm\n"

/* Of a long sequence evenly spread distances are enough. */
#define MAX_DISTANCES 200

gboolean
session_gradients_begin (Session *session, GError **error)
{
  gint epoch = (gint) session->state.epoch;
  const char *const *names;
  const double *norms;
  guint n;

  n = rnnc_trainer_layer_norms (session->trainer, &names, &norms, &norms);
  session->layer_sums = g_new0 (double, n + 1);
  return log_begin (session->layers_path, LAYERS_HEADER, epoch, error)
      && log_begin (session->gradients_path, GRADIENTS_HEADER,
          /* measured before the epoch's first step */
          session->state.batch > 0 ? epoch : epoch - 1, error);
}

gboolean
session_gradients_measure (Session *session, const LoadedBatch *batch,
    GError **error)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  const RnncGradientFlow *flows;
  g_autoptr (GError) fault = NULL;
  guint n = rnnc_trainer_gradient_flow (session->trainer, &batch->batch,
      &batch->targets, &flows, &fault);

  if (fault != NULL) {
    g_propagate_error (error, g_steal_pointer (&fault));
    return FALSE;
  }
  for (guint i = 0; i < n; i++) {
    guint stride = (flows[i].n_distances + MAX_DISTANCES - 1) / MAX_DISTANCES;

    for (guint d = 0; d < flows[i].n_distances; d += stride) {
      g_string_append_printf (lines, "%u,%s,%u", session->state.epoch,
          flows[i].name, d);
      log_add_number (lines, flows[i].norms[d]);
      g_string_append_c (lines, '\n');
    }
  }
  return log_append (session->gradients_path, lines->str, error);
}

void
session_gradients_count (Session *session)
{
  const char *const *names;
  const double *gradients, *weights;
  guint n = rnnc_trainer_layer_norms (session->trainer, &names, &gradients,
      &weights);

  for (guint i = 0; i < n; i++)
    session->layer_sums[i] += gradients[i];
  session->n_layer_sums++;
}

gboolean
session_gradients_epoch (Session *session, GError **error)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  const char *const *names;
  const double *gradients, *weights;
  guint n = rnnc_trainer_layer_norms (session->trainer, &names, &gradients,
      &weights);

  if (session->n_layer_sums == 0)
    return TRUE;
  for (guint i = 0; i < n; i++) {
    g_string_append_printf (lines, "%u,%s", session->state.epoch + 1, names[i]);
    log_add_number (lines, session->layer_sums[i] / session->n_layer_sums);
    log_add_number (lines, weights[i]);
    g_string_append_c (lines, '\n');
    session->layer_sums[i] = 0;
  }
  session->n_layer_sums = 0;
  return log_append (session->layers_path, lines->str, error);
}
