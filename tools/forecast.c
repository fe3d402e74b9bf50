/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/data/sequence.h"

#define MAX_HORIZON 1000000

static const CommandUsage usage = {
  "MODEL IN.csv",
  "Goes on with a series of numbers: a model with front end \"none\" that\n"
  "says at each step what the next one will be gets its own forecasts as\n"
  "input. Writes CSV. With --measure, how far off it is on the series itself:\n"
  "root mean square error over the deviation of the series.",
  "  rnncore generate mackey-glass --steps 2000 --seed 3 > series.csv\n"
  "  rnncore forecast mackey-glass.safetensors series.csv --steps 84\n"
  "  rnncore forecast mackey-glass.safetensors series.csv --measure 1,84",
  2,
  2,
};

typedef struct {
  RnncModel *model;
  RnncStream *stream;
  Sequence *series;
  guint n_features;
  float *next; /* the last output */
} Forecast;

static void
take_output (const float *outputs, gsize n_frames, gpointer user_data)
{
  Forecast *forecast = user_data;

  memcpy (forecast->next, outputs + (n_frames - 1) * forecast->n_features,
      forecast->n_features * sizeof (float));
}

static gboolean
forecast_open (Forecast *forecast, const char *name, const char *path,
    GError **error)
{
  g_autofree char *file = rnnc_model_find (name, "speech", error);
  RnncModel *model = file ? rnnc_model_load (file, error) : NULL;

  if (model == NULL)
    return FALSE;
  forecast->model = model;
  forecast->n_features = (guint) rnnc_model_input_size (model);
  if (rnnc_model_frontend (model)->type != RNNC_FRONTEND_NONE
      || rnnc_model_output_size (model) != forecast->n_features
      || rnnc_model_is_many_to_one (model) || rnnc_model_stride (model) != 1
      || rnnc_model_look_ahead (model) != 0
      || rnnc_model_n_labels (model) > 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s: not a model of a series: it must give at each step as many "
        "numbers as go in",
        file);
    return FALSE;
  }
  forecast->series
      = sequence_read (path, forecast->n_features, NULL, NULL, error);
  if (forecast->series == NULL)
    return FALSE;
  forecast->next = g_new0 (float, forecast->n_features);
  forecast->stream = rnnc_stream_new (model, take_output, forecast);
  return TRUE;
}

static void
forecast_close (Forecast *forecast)
{
  g_clear_pointer (&forecast->stream, rnnc_stream_free);
  g_clear_pointer (&forecast->model, rnnc_model_unref);
  sequence_free (forecast->series);
  g_free (forecast->next);
}

static const float *
series_step (const Forecast *forecast, guint t)
{
  return &g_array_index (forecast->series->features, float,
      t * forecast->n_features);
}

/* Steps @first … @last - 1 of the series. */
static void
listen_to (Forecast *forecast, guint first, guint last)
{
  if (first < last)
    rnnc_stream_push_features (forecast->stream, series_step (forecast, first),
        last - first);
}

static void
go_on (Forecast *forecast)
{
  g_autofree float *in
      = g_memdup2 (forecast->next, forecast->n_features * sizeof (float));

  rnnc_stream_push_features (forecast->stream, in, 1);
}

static void
print_forecast (Forecast *forecast, guint n_steps)
{
  printf ("step");
  for (guint i = 0; i < forecast->n_features; i++)
    printf (",x%u", i + 1);
  putchar ('\n');
  listen_to (forecast, 0, forecast->series->n_steps);
  for (guint t = 0; t < n_steps; t++) {
    if (t > 0)
      go_on (forecast);
    printf ("%u", forecast->series->n_steps + t + 1);
    for (guint i = 0; i < forecast->n_features; i++) {
      char text[G_ASCII_DTOSTR_BUF_SIZE];

      printf (",%s",
          g_ascii_formatd (text, sizeof text, "%.7g",
              (double) forecast->next[i]));
    }
    putchar ('\n');
  }
}

/* --- errors
 * --------------------------------------------------------------------- */

static double
series_deviation (const Forecast *forecast)
{
  guint n = forecast->series->features->len;
  double sum = 0, squares = 0;

  for (guint i = 0; i < n; i++) {
    double x = g_array_index (forecast->series->features, float, i);

    sum += x;
    squares += x * x;
  }
  return sqrt (MAX (squares / n - sum / n * (sum / n), 0));
}

static double
squared_error (const Forecast *forecast, guint t)
{
  const float *truth = series_step (forecast, t);
  double sum = 0;

  for (guint i = 0; i < forecast->n_features; i++) {
    double error = forecast->next[i] - truth[i];

    sum += error * error;
  }
  return sum / forecast->n_features;
}

/* From each @every-th step behind the first @warm_up ones. */
static gboolean
measure (Forecast *forecast, const GArray *horizons, guint warm_up, guint every,
    GError **error)
{
  guint n = forecast->series->n_steps;
  guint furthest = 0, n_origins = 0;
  g_autofree double *sums = g_new0 (double, horizons->len);
  double deviation = series_deviation (forecast);

  for (guint k = 0; k < horizons->len; k++)
    furthest = MAX (furthest, g_array_index (horizons, guint, k));
  if ((guint64) warm_up + furthest > n || deviation <= 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "the series has %u steps, %u are needed, and not all the same", n,
        warm_up + furthest);
    return FALSE;
  }
  for (guint origin = warm_up; origin + furthest <= n; origin += every) {
    rnnc_stream_reset (forecast->stream);
    listen_to (forecast, 0, origin);
    for (guint h = 1; h <= furthest; h++) {
      if (h > 1)
        go_on (forecast);
      for (guint k = 0; k < horizons->len; k++)
        if (g_array_index (horizons, guint, k) == h)
          sums[k] += squared_error (forecast, origin + h - 1);
    }
    n_origins++;
  }
  printf ("horizon,normalised_error,forecasts\n");
  for (guint k = 0; k < horizons->len; k++) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    printf ("%u,%s,%u\n", g_array_index (horizons, guint, k),
        g_ascii_formatd (text, sizeof text, "%.4g",
            sqrt (sums[k] / n_origins) / deviation),
        n_origins);
  }
  return TRUE;
}

/* "1,84" */
static gboolean
parse_horizons (const char *text, GArray *horizons)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  for (guint i = 0; parts[i] != NULL; i++) {
    guint64 horizon;
    guint value;

    if (!g_ascii_string_to_unsigned (parts[i], 10, 1, MAX_HORIZON, &horizon,
            NULL))
      return FALSE;
    value = (guint) horizon;
    g_array_append_val (horizons, value);
  }
  return horizons->len > 0;
}

int
command_forecast (int argc, char **argv)
{
  gint n_steps = 1, warm_up = 100, every = 10;
  g_autofree char *horizons_text = NULL;
  g_autoptr (GArray) horizons = g_array_new (FALSE, FALSE, sizeof (guint));
  g_auto (GStrv) arguments = NULL;
  Forecast forecast = { 0 };
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "steps", 'n', 0, G_OPTION_ARG_INT, &n_steps,
        "How many steps to go on (1)", "N" },
    { "measure", 0, 0, G_OPTION_ARG_STRING, &horizons_text,
        "Errors so many steps ahead, rather than a forecast", "H,…" },
    { "warm-up", 0, 0, G_OPTION_ARG_INT, &warm_up,
        "With --measure: steps before the first forecast (100)", "N" },
    { "every", 0, 0, G_OPTION_ARG_INT, &every,
        "With --measure: steps between forecasts (10)", "N" },
    { NULL },
  };

  if (!command_parse (argc, argv, entries, &usage, &arguments, &status))
    return status;
  if (n_steps < 1 || n_steps > MAX_HORIZON || warm_up < 1
      || warm_up > MAX_HORIZON || every < 1 || every > MAX_HORIZON)
    return command_misused (argv[0], "a number is out of range");
  if (horizons_text != NULL && !parse_horizons (horizons_text, horizons))
    return command_misused (argv[0], "--measure %s: not numbers of steps",
        horizons_text);
  status = EXIT_OK;
  if (!forecast_open (&forecast, arguments[0], arguments[1], &error))
    status = command_fail (error);
  else if (horizons->len == 0)
    print_forecast (&forecast, (guint) n_steps);
  else if (!measure (&forecast, horizons, (guint) warm_up, (guint) every,
               &error))
    status = command_fail (error);
  forecast_close (&forecast);
  return status;
}
