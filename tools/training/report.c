/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * OUTPUT.html: the logs of a run as plots. Made anew from the logs behind each
 * epoch, so a resumed run shows all of it. */

#include "tools/training/plot.h"
#include "tools/training/session.h"

/* Lines in a plot of distances, of the epochs evenly. */
#define MAX_EPOCHS 5

typedef void (*RowFunc) (char **fields, gpointer user_data);

/* Lines of a log of at least @n fields. */
static void
each_row (const char *path, guint n, RowFunc func, gpointer user_data)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 1; lines[0] != NULL && lines[i] != NULL; i++) {
    g_auto (GStrv) fields = g_strsplit (lines[i], ",", -1);

    if (g_strv_length (fields) >= n)
      func (fields, user_data);
  }
}

static double
number (const char *field)
{
  return g_ascii_strtod (field, NULL);
}

typedef struct {
  Plot *loss, *error, *rate, *norm, *distance;
  const char *layer; /* of the distances */
  guint stride;      /* of their epochs */
  guint last;        /* epoch */
  GPtrArray *layers; /* names, in their order */
} Report;

static void
take_epoch (char **fields, gpointer user_data)
{
  Report *report = user_data;
  double epoch = number (fields[0]);

  plot_add (report->loss, "training", epoch, number (fields[2]));
  if (fields[3][0] != '\0') {
    plot_add (report->loss, "dev", epoch, number (fields[3]));
    plot_add (report->error, "dev error", epoch, number (fields[4]));
    if (number (fields[5]) > 0)
      plot_add (report->error, "of characters", epoch, number (fields[5]));
  }
  plot_add (report->rate, "rate", epoch, number (fields[6]));
  plot_add (report->norm, "all", epoch, number (fields[7]));
}

static void
take_layer (char **fields, gpointer user_data)
{
  Report *report = user_data;

  plot_add (report->norm, fields[1], number (fields[0]), number (fields[2]));
}

static void
find_layer (char **fields, gpointer user_data)
{
  Report *report = user_data;

  report->last = MAX (report->last, (guint) number (fields[0]));
  if (!g_ptr_array_find_with_equal_func (report->layers, fields[1], g_str_equal,
          NULL))
    g_ptr_array_add (report->layers, g_strdup (fields[1]));
}

static void
take_distance (char **fields, gpointer user_data)
{
  Report *report = user_data;
  guint epoch = (guint) number (fields[0]);
  g_autofree char *name = g_strdup_printf ("after %u epochs", epoch);

  if (g_str_equal (fields[1], report->layer)
      && (epoch % report->stride == 0 || epoch == report->last))
    plot_add (report->distance, name, number (fields[2]), number (fields[3]));
}

static void
write_distances (const Session *session, Report *report, GString *page)
{
  report->layers = g_ptr_array_new_with_free_func (g_free);
  each_row (session->gradients_path, 4, find_layer, report);
  report->stride = (report->last + MAX_EPOCHS - 1) / MAX_EPOCHS;
  report->stride = MAX (report->stride, 1);
  for (guint i = 0; i < report->layers->len; i++) {
    g_autofree char *title = NULL;

    report->layer = g_ptr_array_index (report->layers, i);
    title = g_markup_printf_escaped ("Gradient against distance in time: %s",
        report->layer);
    report->distance = plot_new (title, "steps before the last output",
        "norm of dLoss/dh", TRUE);
    each_row (session->gradients_path, 4, take_distance, report);
    plot_write (report->distance, page);
    g_clear_pointer (&report->distance, plot_free);
  }
  g_ptr_array_unref (report->layers);
}

static void
begin_page (const Session *session, GString *page)
{
  g_autofree char *name = g_path_get_basename (session->recipe->output);
  g_autofree char *recipe = g_path_get_basename (session->recipe->path);
  g_autofree char *text
      = g_markup_printf_escaped ("<!DOCTYPE html>\n<html "
                                 "lang=\"en\"><head><meta charset=\"utf-8\">\n"
                                 "<title>%s</title></head>\n"
                                 "<body style=\"font-family: sans-serif; "
                                 "max-width: 680px; "
                                 "margin: 2em auto\">\n<h1>%s</h1>\n"
                                 "<p>Learned by <code>rnncore train "
                                 "%s</code>: ",
          name, name, recipe);

  g_string_append (page, text);
  g_string_append_printf (page,
      "%" G_GSIZE_FORMAT " weights, %u %s, %" G_GUINT64_FORMAT " steps.</p>\n",
      rnnc_trainer_n_parameters (session->trainer), session->train->items->len,
      session->recipe->n_features > 0 ? "sequences" : "recordings",
      rnnc_trainer_step_count (session->trainer));
}

gboolean
session_report (const Session *session, GError **error)
{
  g_autoptr (GString) page = g_string_new (NULL);
  g_autofree char *path = g_strconcat (session->recipe->output, ".html", NULL);
  Report report = { 0 };
  Plot **plots[] = { &report.loss, &report.error, &report.rate, &report.norm };

  report.loss = plot_new ("Loss", "epoch", "loss", FALSE);
  report.error = plot_new ("Error on the dev data", "epoch",
      session->recipe->is_language                 ? "bits a character"
          : session->recipe->loss == RNNC_LOSS_MSE ? "normalised"
          : session->train->has_text               ? "share of words"
                                                   : "share of labels",
      FALSE);
  report.rate = plot_new ("Learning rate", "epoch", "last step's", FALSE);
  report.norm = plot_new ("Gradient, before clipping", "epoch",
      "norm, mean of steps", TRUE);
  each_row (session->log_path, 9, take_epoch, &report);
  each_row (session->layers_path, 4, take_layer, &report);
  begin_page (session, page);
  for (guint i = 0; i < G_N_ELEMENTS (plots); i++) {
    plot_write (*plots[i], page);
    plot_free (*plots[i]);
  }
  write_distances (session, &report, page);
  g_string_append (page, "</body></html>\n");
  return g_file_set_contents (path, page->str, (gssize) page->len, error);
}
