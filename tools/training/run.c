/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Epochs and steps. */
#include <glib/gstdio.h>

#include "tools/common/interrupt.h"
#include "tools/common/message.h"
#include "tools/training/session.h"

/* Why a run of steps came to its end. */
typedef enum {
  STOP_EPOCH, /* all batches done */
  STOP_TIME,
  STOP_SIGNAL,
  STOP_ERROR,
} Stop;

typedef struct {
  Session *session;
  Progress progress;
  gint64 saved; /* us; the last checkpoint */
} Run;

/* Share of the epochs. */
static double
share_done (const Session *session, guint n_batches)
{
  const TrainState *state = &session->state;

  return (state->epoch + (double) state->batch / MAX (n_batches, 1))
      / session->recipe->training.epochs;
}

static void
show_progress (Run *run, guint n_batches)
{
  const Session *session = run->session;
  const TrainState *state = &session->state;
  g_autofree char *detail
      = g_strdup_printf (", epoch %u of %u, batch %u of %u, loss %.4f",
          state->epoch + 1, session->recipe->training.epochs, state->batch,
          n_batches, state->loss_sum / MAX (state->batch, 1));

  progress_show (&run->progress, share_done (session, n_batches), detail);
}

static gboolean
make_step (Run *run, const LoadedBatch *batch, GError **error)
{
  Session *session = run->session;
  RnncStepStats stats;

  session->state.learning_rate = session_learning_rate (session);
  if (session->state.batch == 0
      && !session_gradients_measure (session, batch, error))
    return FALSE;
  if (!rnnc_trainer_step (session->trainer, &batch->batch, &batch->targets,
          session->state.learning_rate, &stats, error))
    return FALSE;
  session_gradients_count (session);
  session->state.batch++;
  session->state.loss_sum += stats.loss;
  session->state.gradient_sum += stats.gradient_norm;
  session->state.n_infeasible += stats.n_infeasible;
  return TRUE;
}

static gboolean
save_now_and_then (Run *run, GError **error)
{
  double minutes = run->session->recipe->training.checkpoint_minutes;
  gint64 now = g_get_monotonic_time ();

  if (minutes <= 0
      || (double) (now - run->saved) / G_USEC_PER_SEC < minutes * 60)
    return TRUE;
  run->saved = now;
  return session_save (run->session, error);
}

static gboolean
time_is_up (const Session *session)
{
  double hours = session->recipe->training.max_hours;

  return hours > 0
      && (double) (g_get_monotonic_time () - session->began) / G_USEC_PER_SEC
      > hours * 3600;
}

static Stop
run_steps (Run *run, const Plan *plan, GError **error)
{
  Session *session = run->session;
  const Recipe *recipe = session->recipe;
  gboolean is_video = session->frontend.type == RNNC_FRONTEND_VIDEO;
  gboolean is_audio = session->frontend.type == RNNC_FRONTEND_LOG_MEL;
  ExampleSettings settings = { .dataset = session->train,
    .labels = session->labels,
    .frontend = &session->frontend,
    .join = &recipe->join,
    .windows = &recipe->windows,
    .seed = recipe->training.options.seed,
    .audio = is_audio ? &session->augmenter : NULL,
    .video = is_video ? &recipe->video : NULL };
  g_autoptr (Loader) loader = loader_new (&settings, plan, session->state.batch,
      recipe->training.loader_threads);

  for (;;) {
    g_autoptr (LoadedBatch) batch = loader_next (loader);

    if (batch == NULL)
      return STOP_EPOCH;
    if (!make_step (run, batch, error) || !save_now_and_then (run, error))
      return STOP_ERROR;
    show_progress (run, plan->batches->len);
    if (interrupt_seen ())
      return STOP_SIGNAL;
    if (time_is_up (session))
      return STOP_TIME;
  }
}

/* --- behind an epoch
 * ------------------------------------------------------------- */

static void
report_epoch (const Session *session, const DevResult *result, gboolean best)
{
  const TrainState *state = &session->state;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *passed = format_seconds (session_seconds (session));

  g_string_append_printf (text, "epoch %u: loss %.4f", state->epoch + 1,
      state->loss_sum / MAX (state->batch, 1));
  if (result != NULL) {
    g_autofree char *error = session_error_text (session, result->error);

    g_string_append_printf (text, ", dev loss %.4f, %s", result->loss, error);
    if (session->train->has_text)
      g_string_append_printf (text, ", character error %.2f %%",
          100 * result->character_error);
    g_string_append (text, best ? " (best)" : "");
  }
  g_string_append_printf (text, ", rate %.3g, gradient %.3g, %s",
      state->learning_rate, state->gradient_sum / MAX (state->batch, 1),
      passed);
  if (state->n_infeasible > 0)
    g_string_append_printf (text,
        "; %" G_GUINT64_FORMAT " texts too long for their audio",
        state->n_infeasible);
  message ("%s", text->str);
}

static char *
epoch_path (const Session *session, guint epoch)
{
  return g_strdup_printf ("%s.epoch-%u", session->recipe->output, epoch + 1);
}

/* Keeps this epoch for the average, drops the one that has grown too old. */
static gboolean
keep_epoch (Session *session, const DevResult *result, GError **error)
{
  guint n = session->recipe->training.average_last;
  guint epoch = session->state.epoch;
  g_autofree char *path = epoch_path (session, epoch);

  if (n == 0)
    return TRUE;
  if (epoch >= n) {
    g_autofree char *old = epoch_path (session, epoch - n);

    g_unlink (old);
  }
  return session_export (session, path, result, error);
}

/* Notes and writes the best. Without dev data every epoch is the best. */
static gboolean
judge_epoch (Session *session, const DevResult *result, gboolean *best,
    GError **error)
{
  TrainState *state = &session->state;
  const TrainingSettings *training = &session->recipe->training;

  *best = result == NULL || train_state_is_beaten (state, result);
  if (*best) {
    state->best_error = result ? result->error : -1;
    state->best_loss = result ? result->loss : 0;
    state->best_epoch = state->epoch;
    state->n_not_better = 0;
    return session_export (session, session->recipe->output, result, error);
  }
  if (++state->n_not_better >= training->plateau_patience
      && training->schedule == SCHEDULE_PLATEAU) {
    state->rate_scale *= training->plateau_factor;
    state->n_not_better = 0;
  }
  return TRUE;
}

/* @keep: for the average */
static gboolean
measure_epoch (Run *run, gboolean keep, GError **error)
{
  Session *session = run->session;
  gboolean has_dev = session->dev->items->len > 0;
  DevResult result = { 0 };
  gboolean best = FALSE;

  if (has_dev && !session_measure_dev (session, &result, error))
    return FALSE;
  if (!judge_epoch (session, has_dev ? &result : NULL, &best, error)
      || !session_log_epoch (session, has_dev ? &result : NULL, error)
      || !session_gradients_epoch (session, error)
      || !session_report (session, error))
    return FALSE;
  report_epoch (session, has_dev ? &result : NULL, best);
  return !keep || keep_epoch (session, has_dev ? &result : NULL, error);
}

static gboolean
finish_epoch (Run *run, GError **error)
{
  TrainState *state = &run->session->state;

  if (!measure_epoch (run, TRUE, error))
    return FALSE;
  state->epoch++;
  state->batch = 0;
  state->loss_sum = state->gradient_sum = 0;
  state->n_infeasible = 0;
  run->saved = g_get_monotonic_time ();
  return session_save (run->session, error);
}

/* --- behind the last
 * -------------------------------------------------------------- */

/* Writes the mean, which the trainer holds, if it is better than the best
 * epoch; without dev data it is taken to be. */
static gboolean
keep_mean (Session *session, guint n_epochs, GError **error)
{
  DevResult result = { 0 };
  g_autofree char *text = NULL;
  gboolean better;

  if (session->dev->items->len == 0) {
    message ("the mean of the last %u epochs is written", n_epochs);
    return session_export (session, session->recipe->output, NULL, error);
  }
  if (!session_measure_dev (session, &result, error))
    return FALSE;
  better = train_state_is_beaten (&session->state, &result);
  text = session_error_text (session, result.error);
  message ("mean of the last %u epochs: dev loss %.4f, %s%s", n_epochs,
      result.loss, text, better ? " (best)" : "");
  if (!better)
    return TRUE;
  session->state.best_error = result.error;
  return session_export (session, session->recipe->output, &result, error);
}

/* The mean of the last epochs, if they are kept. */
static gboolean
try_average (Session *session, GError **error)
{
  guint n = MIN (session->recipe->training.average_last, session->state.epoch);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *mean = NULL;
  gboolean ok;

  for (guint i = 0; i < n; i++) {
    char *path = epoch_path (session, session->state.epoch - n + i);

    if (g_file_test (path, G_FILE_TEST_EXISTS))
      g_ptr_array_add (paths, path);
    else
      g_free (path);
  }
  if (paths->len < 2)
    return TRUE;
  mean = g_strconcat (session->recipe->output, ".mean", NULL);
  ok = average_models ((const char *const *) paths->pdata, paths->len, mean,
           error)
      && rnnc_trainer_load_weights (session->trainer, mean, error) > 0
      && keep_mean (session, paths->len, error);
  g_unlink (mean);
  for (guint i = 0; ok && i < paths->len; i++)
    g_unlink (g_ptr_array_index (paths, i));
  return ok;
}

static void
report_end (const Session *session)
{
  g_autofree char *error
      = session_error_text (session, session->state.best_error);

  if (session->dev->items->len > 0 && session->state.best_error >= 0)
    message ("%s: dev %s", session->recipe->output, error);
  else
    message ("%s: written", session->recipe->output);
}

/* @stop is not STOP_EPOCH. */
static gboolean
end_early (Run *run, Stop stop, GError **error)
{
  Session *session = run->session;

  if (stop == STOP_ERROR) {
    if (g_error_matches (*error, RNNC_ERROR, RNNC_ERROR_DIVERGED)
        && g_file_test (session->recipe->output, G_FILE_TEST_EXISTS))
      g_prefix_error (error,
          "%s keeps the best epoch: ", session->recipe->output);
    return FALSE;
  }
  if (!session_save (session, error))
    return FALSE;
  if (stop == STOP_SIGNAL) {
    message ("%s: saved; --resume goes on from here", session->checkpoint_path);
    return interrupt_check (error);
  }
  message ("the time is up in epoch %u, batch %u; --resume goes on from here",
      session->state.epoch + 1, session->state.batch);
  return measure_epoch (run, FALSE, error);
}

gboolean
session_run (Session *session, GError **error)
{
  const Recipe *recipe = session->recipe;
  const TrainingSettings *training = &recipe->training;
  PlanSettings settings = { .seed = training->options.seed,
    .batch_seconds = training->batch_seconds,
    .batch_size = training->batch_size,
    .join = &recipe->join,
    .windows = &recipe->windows,
    .none = session->labels->blank,
    .shuffle = TRUE };
  g_autoptr (Plan) first = plan_new (session->train, &settings, 0);
  g_autoptr (GError) fault = NULL;
  Run run = { .session = session };

  session->n_batches = first->batches->len;
  session->began = run.saved = g_get_monotonic_time ();
  if (!session_log_begin (session, error)
      || !session_gradients_begin (session, error))
    return FALSE;
  message ("%" G_GSIZE_FORMAT " weights, %u batches an epoch",
      rnnc_trainer_n_parameters (session->trainer), session->n_batches);
  progress_begin (&run.progress, "training",
      share_done (session, session->n_batches));
  while (session->state.epoch < training->epochs) {
    g_autoptr (Plan) plan = NULL;
    Stop stop;

    settings.shuffle = session->state.epoch >= training->curriculum_epochs;
    plan = plan_new (session->train, &settings, session->state.epoch);
    stop = run_steps (&run, plan, &fault);
    if (stop != STOP_EPOCH) {
      gboolean ok = end_early (&run, stop, &fault);

      if (!ok)
        g_propagate_error (error, g_steal_pointer (&fault));
      return ok;
    }
    if (!finish_epoch (&run, &fault)) {
      /* All steps of the epoch are worth keeping. */
      if (interrupt_seen ())
        session_save (session, NULL);
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  }
  progress_end (&run.progress);
  if (!try_average (session, error))
    return FALSE;
  report_end (session);
  return TRUE;
}
