/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/batch/batch.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#include "tools/batch/outputs.h"
#include "tools/command.h"
#include "tools/common/interrupt.h"
#include "tools/common/message.h"

#define THOUSAND 1000

/* How often progress is looked at, us. */
#define TICK 100000

typedef struct {
  const BatchTask *task;
  const JobOptions *options;
  GPtrArray *inputs;
  gint next;      /* atomic: the first input that no thread has taken */
  gint *progress; /* [inputs] atomic: thousandths */
  GAsyncQueue *results;
  /* Of the main thread. */
  GPtrArray *done; /* [inputs] Result, or NULL */
  gboolean any_printed;
  guint n_printed; /* inputs whose output is printed */
  guint n_failed, n_passed, n_finished;
} Batch;

typedef struct {
  guint index;
  gboolean is_end; /* of a thread; nothing else is set */
  gboolean passed; /* there already */
  GString *out;    /* (nullable): for standard output */
  gsize n_header;  /* bytes of @out that only the first one needs */
  GError *error;
} Result;

struct _BatchStep {
  Batch *batch;
  guint index;
  Document *document;
  guint64 duration;
  guint n_rows;     /* that were written at once */
  gboolean is_live; /* rows go to standard output as they come */
};

static void
result_free (gpointer data)
{
  Result *result = data;

  if (result == NULL)
    return;
  if (result->out != NULL)
    g_string_free (result->out, TRUE);
  g_clear_error (&result->error);
  g_free (result);
}

/* --- one recording ------------------------------------------------------- */

gboolean
batch_advance (BatchStep *step, guint64 position, GError **error)
{
  const MediaPart *part = &step->batch->options->part;
  guint64 end = part->to > 0 ? part->to : step->duration;

  if (end > part->from && position >= part->from)
    g_atomic_int_set (&step->batch->progress[step->index],
        (gint) (THOUSAND
            * MIN ((double) (position - part->from)
                    / (double) (end - part->from),
                1)));
  step->document->duration = MAX (step->document->duration, position);
  return interrupt_check (error);
}

gboolean
batch_wants_peaks (const BatchStep *step)
{
  return step->batch->options->report != NULL;
}

void
batch_rows_added (BatchStep *step)
{
  const JobOptions *options = step->batch->options;
  const OutputFormat *format;
  g_autoptr (GString) out = NULL;
  guint n = document_n_rows (step->document);

  if (!step->is_live || step->n_rows == n)
    return;
  format = g_ptr_array_index (options->formats, 0);
  out = g_string_new (NULL);
  if (step->n_rows == 0 && format->begin != NULL)
    format->begin (step->document, &options->style, out);
  for (; step->n_rows < n; step->n_rows++)
    format->row (step->document, step->n_rows, &options->style, out);
  fwrite (out->str, 1, out->len, stdout);
  fflush (stdout);
}

static gboolean
recognise (BatchStep *step, gpointer worker, GError **error)
{
  const BatchTask *task = step->batch->task;
  MediaPart part = step->batch->options->part;

  part.duration = &step->duration;
  if (!task->recognise (worker, &part, step->document, step, error))
    return FALSE;
  batch_rows_added (step);
  step->document->duration = MAX (step->document->duration, step->duration);
  return interrupt_check (error);
}

/* A single recording's rows are shown as they come. */
static gboolean
is_live (const Batch *batch)
{
  const JobOptions *options = batch->options;
  const OutputFormat *format;

  if (batch->inputs->len != 1 || outputs_have_files (options)
      || options->formats->len == 0)
    return FALSE;
  format = g_ptr_array_index (options->formats, 0);
  return format->row != NULL;
}

static Result *
process (Batch *batch, gpointer worker, guint index)
{
  const Input *input = g_ptr_array_index (batch->inputs, index);
  Result *result = g_new0 (Result, 1);
  g_autoptr (Document) document = NULL;
  BatchStep step = { batch, index, NULL, 0, 0, is_live (batch) };

  result->index = index;
  if (batch->options->resume && outputs_are_there (batch->options, input)) {
    result->passed = TRUE;
    return result;
  }
  document = step.document = document_new (input->path);
  if (recognise (&step, worker, &result->error) && !step.is_live) {
    result->out = g_string_new (NULL);
    outputs_write (batch->options, input, document, batch->inputs->len > 1,
        result->out, &result->n_header, &result->error);
  } else if (step.is_live && result->error == NULL && step.n_rows == 0) {
    result->out = g_string_new (NULL);
    output_format_write (g_ptr_array_index (batch->options->formats, 0),
        document, &batch->options->style, result->out);
  }
  return result;
}

typedef struct {
  Batch *batch;
  gpointer worker;
} Thread;

static gpointer
work (gpointer data)
{
  Thread *thread = data;
  Batch *batch = thread->batch;
  Result *end = g_new0 (Result, 1);
  guint index;

  while (!interrupt_seen ()
      && (index = (guint) g_atomic_int_add (&batch->next, 1))
          < batch->inputs->len)
    g_async_queue_push (batch->results, process (batch, thread->worker, index));
  end->is_end = TRUE;
  g_async_queue_push (batch->results, end);
  return NULL;
}

/* --- all of them --------------------------------------------------------- */

/* Weighed by the sizes of files, those passed over left out. */
static double
share_done (Batch *batch)
{
  double done = 0, all = 0;

  for (guint i = 0; i < batch->inputs->len; i++) {
    const Input *input = g_ptr_array_index (batch->inputs, i);
    const Result *result = g_ptr_array_index (batch->done, i);
    double weight = (double) input->size + 1;

    if (result != NULL && result->passed)
      continue;
    all += weight;
    done += weight
        * (result != NULL
                ? 1
                : g_atomic_int_get (&batch->progress[i]) / (double) THOUSAND);
  }
  return all > 0 ? done / all : 1;
}

static void
show (Batch *batch, Progress *progress)
{
  g_autofree char *detail = NULL;
  guint n = batch->n_finished + batch->n_failed + batch->n_passed;

  if (batch->n_failed > 0)
    detail = g_strdup_printf (", %u of %u recordings, %u failed", n,
        batch->inputs->len, batch->n_failed);
  else
    detail = g_strdup_printf (", %u of %u recordings", n, batch->inputs->len);
  progress_show (progress, share_done (batch), detail);
}

static void
print_result (Batch *batch, const Result *result)
{
  gsize skipped = batch->any_printed ? result->n_header : 0;

  if (result->out == NULL || result->error != NULL)
    return;
  progress_clear ();
  fwrite (result->out->str + skipped, 1, result->out->len - skipped, stdout);
  fflush (stdout);
  batch->any_printed = TRUE;
}

/* What is ready and whose turn it is; at the @end what is ready at all. */
static void
print_ready (Batch *batch, gboolean end)
{
  for (; batch->n_printed < batch->inputs->len; batch->n_printed++) {
    Result *result = g_ptr_array_index (batch->done, batch->n_printed);

    if (result == NULL && !end)
      return;
    if (result == NULL)
      continue;
    print_result (batch, result);
    if (result->out != NULL)
      g_string_free (g_steal_pointer (&result->out), TRUE);
  }
}

static void
take_result (Batch *batch, Result *result)
{
  g_ptr_array_index (batch->done, result->index) = result;
  if (result->passed) {
    batch->n_passed++;
  } else if (result->error == NULL) {
    batch->n_finished++;
  } else if (!g_error_matches (result->error, G_IO_ERROR,
                 G_IO_ERROR_CANCELLED)) {
    batch->n_failed++;
    message ("%s", result->error->message);
  }
}

/* Until all threads have ended. */
static void
follow (Batch *batch, guint n_threads)
{
  Progress progress;

  progress_begin (&progress, batch->task->title, 0);
  while (n_threads > 0) {
    Result *result = g_async_queue_timeout_pop (batch->results, TICK);

    if (result != NULL && result->is_end) {
      n_threads--;
      result_free (result);
    } else if (result != NULL) {
      take_result (batch, result);
      print_ready (batch, FALSE);
    }
    show (batch, &progress);
  }
  print_ready (batch, TRUE);
  progress_end (&progress);
}

static gboolean
run_threads (Batch *batch, GError **error)
{
  const BatchTask *task = batch->task;
  guint n = MIN ((guint) batch->options->jobs, MAX (batch->inputs->len, 1));
  g_autofree Thread *threads = g_new0 (Thread, n);
  g_autofree GThread **handles = g_new0 (GThread *, n);
  guint n_ready = 0;

  while (n_ready < n) {
    threads[n_ready].batch = batch;
    threads[n_ready].worker = task->worker_new (task->user_data, error);
    if (threads[n_ready].worker == NULL)
      break;
    n_ready++;
  }
  if (n_ready == n) {
    for (guint i = 0; i < n; i++)
      handles[i] = g_thread_new ("job", work, &threads[i]);
    follow (batch, n);
    for (guint i = 0; i < n; i++)
      g_thread_join (handles[i]);
  }
  for (guint i = 0; i < n_ready; i++)
    task->worker_free (threads[i].worker);
  return n_ready == n;
}

/* The last words, and the exit status. */
static int
conclude (Batch *batch)
{
  guint n = batch->inputs->len;
  guint n_done = batch->n_finished + batch->n_passed;

  if (interrupt_seen () && n_done + batch->n_failed < n) {
    message ("interrupted: %u of %u recordings are done%s", n_done, n,
        outputs_have_files (batch->options) ? "; --resume does the others"
                                            : "");
    return EXIT_FAILED;
  }
  if (batch->n_passed > 0)
    message ("%u of %u recordings were done before", batch->n_passed, n);
  if (batch->n_failed > 0 && n > 1)
    message ("%u of %u recordings could not be read or written",
        batch->n_failed, n);
  return batch->n_failed > 0 ? EXIT_FAILED : EXIT_OK;
}

static int
run_inputs (Batch *batch)
{
  GError *error = NULL;
  int status;

  interrupt_watch ();
  if (!run_threads (batch, &error))
    return command_fail (error);
  status = conclude (batch);
  if (batch->options->report != NULL
      && !outputs_finish_report (batch->options, &error))
    return command_fail (error);
  return status;
}

int
batch_run (const BatchTask *task, const JobOptions *options,
    const char *const *arguments)
{
  Batch batch = { .task = task, .options = options };
  GError *error = NULL;
  g_autofree char *fault = NULL;
  int status = EXIT_OK;

  batch.inputs = inputs_collect (&options->inputs, arguments, &error);
  if (batch.inputs == NULL)
    return command_fail (error);
  fault = outputs_check (options, batch.inputs);
  if (fault != NULL) {
    status = command_misused (task->title, "%s", fault);
  } else if (batch.inputs->len > 0) {
    batch.progress = g_new0 (gint, batch.inputs->len);
    batch.results = g_async_queue_new_full (result_free);
    batch.done = g_ptr_array_new_full (batch.inputs->len, result_free);
    g_ptr_array_set_size (batch.done, (gint) batch.inputs->len);
    status = run_inputs (&batch);
    g_ptr_array_unref (batch.done);
    g_async_queue_unref (batch.results);
    g_free (batch.progress);
  } else if (options->inputs.n_shards == 1) {
    message ("no recordings there");
    status = EXIT_FAILED;
  }
  g_ptr_array_unref (batch.inputs);
  return status;
}
