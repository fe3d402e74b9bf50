/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Checkpoints, the learning rate, the log. */
#include <math.h>
#include <string.h>

#include "rnncore/base/json-reader.h"
#include "tools/training/session.h"

#define LOG_HEADER                                                             \
  "epoch,step,loss,dev_loss,dev_error,dev_character_error,"                    \
  "learning_rate,gradient_norm,seconds\n"

static void
write_state (const TrainState *state, JsonObject *json)
{
  json_object_set_int_member (json, "epoch", state->epoch);
  json_object_set_int_member (json, "batch", state->batch);
  json_object_set_int_member (json, "items", state->n_items);
  json_object_set_double_member (json, "loss-sum", state->loss_sum);
  json_object_set_double_member (json, "gradient-sum", state->gradient_sum);
  json_object_set_int_member (json, "infeasible", (gint64) state->n_infeasible);
  json_object_set_double_member (json, "best-error", state->best_error);
  json_object_set_double_member (json, "best-loss", state->best_loss);
  json_object_set_int_member (json, "best-epoch", state->best_epoch);
  json_object_set_int_member (json, "not-better", state->n_not_better);
  json_object_set_double_member (json, "rate-scale", state->rate_scale);
  json_object_set_double_member (json, "learning-rate", state->learning_rate);
  json_object_set_double_member (json, "seconds", state->seconds);
}

static gboolean
read_state (JsonObject *json, TrainState *state, GError **error)
{
  const char *path = "progress";
  guint infeasible = 0;

  if (!rnnc_json_get_uint (json, path, "epoch", 0, G_MAXINT, &state->epoch,
          error)
      || !rnnc_json_get_uint (json, path, "batch", 0, G_MAXINT, &state->batch,
          error)
      || !rnnc_json_get_uint (json, path, "items", 0, G_MAXINT, &state->n_items,
          error)
      || !rnnc_json_get_double (json, path, "loss-sum", -1e300, 1e300,
          &state->loss_sum, error)
      || !rnnc_json_get_double (json, path, "gradient-sum", -1e300, 1e300,
          &state->gradient_sum, error)
      || !rnnc_json_get_uint (json, path, "infeasible", 0, G_MAXINT,
          &infeasible, error)
      || !rnnc_json_get_double (json, path, "best-error", -1, 1e300,
          &state->best_error, error)
      || !rnnc_json_get_double (json, path, "best-loss", -1e300, 1e300,
          &state->best_loss, error)
      || !rnnc_json_get_uint (json, path, "best-epoch", 0, G_MAXINT,
          &state->best_epoch, error)
      || !rnnc_json_get_uint (json, path, "not-better", 0, G_MAXINT,
          &state->n_not_better, error)
      || !rnnc_json_get_double (json, path, "rate-scale", 0, 1,
          &state->rate_scale, error)
      || !rnnc_json_get_double (json, path, "learning-rate", 0, 1e300,
          &state->learning_rate, error)
      || !rnnc_json_get_double (json, path, "seconds", 0, 1e12, &state->seconds,
          error))
    return FALSE;
  state->n_infeasible = infeasible;
  return TRUE;
}

double
session_seconds (const Session *session)
{
  return session->seconds_before
      + (double) (g_get_monotonic_time () - session->began) / G_USEC_PER_SEC;
}

double
session_learning_rate (const Session *session)
{
  const TrainingSettings *set = &session->recipe->training;
  double step = (double) rnnc_trainer_step_count (session->trainer);
  double total = (double) set->epochs * session->n_batches;
  double rate = set->learning_rate;
  double share;

  if (step < set->warm_up_steps)
    return rate * (step + 1) / set->warm_up_steps;
  switch (set->schedule) {
    case SCHEDULE_COSINE:
      share = (step - set->warm_up_steps) / MAX (total - set->warm_up_steps, 1);
      share = 0.5 * (1 + cos (G_PI * MIN (share, 1)));
      return rate * (set->final_rate + (1 - set->final_rate) * share);
    case SCHEDULE_PLATEAU:
      return rate * session->state.rate_scale;
    default:
      return rate;
  }
}

gboolean
session_save (Session *session, GError **error)
{
  g_autoptr (JsonObject) json = json_object_new ();
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), json);
  g_autofree char *text = NULL;

  session->state.seconds = session_seconds (session);
  write_state (&session->state, json);
  session_get_normalisation (session, json);
  text = json_to_string (node, FALSE);
  return rnnc_trainer_save_checkpoint (session->trainer,
      session->checkpoint_path, text, error);
}

static gboolean
read_progress (Session *session, const char *text, GError **error)
{
  g_autoptr (JsonObject) json
      = rnnc_json_parse (text, strlen (text), "progress", error);

  return json != NULL && read_state (json, &session->state, error)
      && session_take_normalisation (session, json, error);
}

gboolean
session_load (Session *session, GError **error)
{
  g_autofree char *text = NULL;

  if (!rnnc_trainer_load_checkpoint (session->trainer, session->checkpoint_path,
          &text, error))
    return FALSE;
  if (text == NULL || !read_progress (session, text, error)) {
    g_prefix_error (error, "%s: ", session->checkpoint_path);
    return FALSE;
  }
  if (session->state.n_items != session->train->items->len) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: made with %u training recordings, now there are %u",
        session->checkpoint_path, session->state.n_items,
        session->train->items->len);
    return FALSE;
  }
  session->seconds_before = session->state.seconds;
  return TRUE;
}

/* --- log
 * ------------------------------------------------------------------------ */

gboolean
session_log_begin (Session *session, GError **error)
{
  return log_begin (session->log_path, LOG_HEADER, (gint) session->state.epoch,
      error);
}

gboolean
session_log_epoch (Session *session, const DevResult *result, GError **error)
{
  const TrainState *state = &session->state;
  g_autoptr (GString) line = g_string_new (NULL);
  double n = MAX (state->batch, 1);

  g_string_append_printf (line, "%u,%" G_GUINT64_FORMAT, state->epoch + 1,
      rnnc_trainer_step_count (session->trainer));
  log_add_number (line, state->loss_sum / n);
  if (result != NULL) {
    log_add_number (line, result->loss);
    log_add_number (line, result->error);
    log_add_number (line, result->character_error);
  } else {
    g_string_append (line, ",,,");
  }
  log_add_number (line, state->learning_rate);
  log_add_number (line, state->gradient_sum / n);
  log_add_number (line, session_seconds (session));
  g_string_append_c (line, '\n');
  return log_append (session->log_path, line->str, error);
}
