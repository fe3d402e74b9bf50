/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/training/plot.h"

#include <math.h>

#define WIDTH 640
#define HEIGHT 300
#define LEFT 70
#define RIGHT 150 /* the names stand there */
#define TOP 30
#define BOTTOM 45
#define MAX_TICKS 8

static const char *const colours[] = { "#1f5fbf", "#c2410c", "#15803d",
  "#7e22ce", "#a16207", "#0e7490", "#be185d", "#4b5563" };

typedef struct {
  double low, high;
  double tick; /* between two; of a logarithm: decades */
} Axis;

static void
line_free (gpointer data)
{
  PlotLine *line = data;

  g_free (line->name);
  g_array_unref (line->x);
  g_array_unref (line->y);
  g_free (line);
}

Plot *
plot_new (const char *title, const char *x_label, const char *y_label,
    gboolean logarithmic)
{
  Plot *plot = g_new0 (Plot, 1);

  *plot = (Plot){ title, x_label, y_label, logarithmic,
    g_ptr_array_new_with_free_func (line_free) };
  return plot;
}

void
plot_free (Plot *plot)
{
  if (plot == NULL)
    return;
  g_ptr_array_unref (plot->lines);
  g_free (plot);
}

void
plot_add (Plot *plot, const char *name, double x, double y)
{
  PlotLine *line = NULL;

  if (!isfinite (x) || !isfinite (y) || (plot->logarithmic && y <= 0))
    return;
  if (plot->logarithmic)
    y = log10 (y);
  for (guint i = 0; i < plot->lines->len && line == NULL; i++) {
    line = g_ptr_array_index (plot->lines, i);
    if (!g_str_equal (line->name, name))
      line = NULL;
  }
  if (line == NULL) {
    line = g_new0 (PlotLine, 1);
    line->name = g_strdup (name);
    line->x = g_array_new (FALSE, FALSE, sizeof (double));
    line->y = g_array_new (FALSE, FALSE, sizeof (double));
    g_ptr_array_add (plot->lines, line);
  }
  g_array_append_val (line->x, x);
  g_array_append_val (line->y, y);
}

gboolean
plot_is_empty (const Plot *plot)
{
  return plot->lines->len == 0;
}

/* --- drawing
 * -------------------------------------------------------------------- */

/* 1, 2 or 5 times a power of ten. */
static double
round_tick (double span)
{
  double raw = span / MAX_TICKS;
  double power = pow (10, floor (log10 (raw)));

  if (raw <= power)
    return power;
  return raw <= 2 * power ? 2 * power
      : raw <= 5 * power  ? 5 * power
                          : 10 * power;
}

static void
include (Axis *axis, const GArray *values)
{
  for (guint i = 0; i < values->len; i++) {
    double value = g_array_index (values, double, i);

    axis->low = MIN (axis->low, value);
    axis->high = MAX (axis->high, value);
  }
}

static Axis
find_axis (const Plot *plot, gboolean is_y)
{
  Axis axis = { INFINITY, -INFINITY, 1 };

  for (guint i = 0; i < plot->lines->len; i++) {
    const PlotLine *line = g_ptr_array_index (plot->lines, i);

    include (&axis, is_y ? line->y : line->x);
  }
  if (axis.high - axis.low < 1e-9 * MAX (fabs (axis.high), 1e-9)) {
    axis.low -= 0.5 * MAX (fabs (axis.low), 1e-6);
    axis.high += 0.5 * MAX (fabs (axis.high), 1e-6);
  }
  axis.tick = round_tick (axis.high - axis.low);
  if (is_y && plot->logarithmic)
    axis.tick = MAX (ceil (axis.tick), 1);
  if (is_y) {
    axis.low = floor (axis.low / axis.tick) * axis.tick;
    axis.high = ceil (axis.high / axis.tick) * axis.tick;
  }
  return axis;
}

static double
place_x (const Axis *axis, double value)
{
  return LEFT
      + (WIDTH - LEFT - RIGHT) * (value - axis->low) / (axis->high - axis->low);
}

static double
place_y (const Axis *axis, double value)
{
  return HEIGHT - BOTTOM
      - (HEIGHT - TOP - BOTTOM) * (value - axis->low)
      / (axis->high - axis->low);
}

static void
add_text (GString *out, double x, double y, const char *attributes,
    const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  g_string_append_printf (out, "<text x=\"%d\" y=\"%d\"%s>%s</text>\n",
      (int) lround (x), (int) lround (y), attributes, escaped);
}

static void
add_line (GString *out, double x1, double y1, double x2, double y2,
    const char *colour)
{
  g_string_append_printf (out, "<path d=\"M%d %dL%d %d\" stroke=\"%s\"/>\n",
      (int) lround (x1), (int) lround (y1), (int) lround (x2),
      (int) lround (y2), colour);
}

static void
draw_axes (const Plot *plot, const Axis *x, const Axis *y, GString *out)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  for (double at = y->low; at <= y->high + y->tick / 2; at += y->tick) {
    double value = fabs (at) < y->tick / 1e6 ? 0 : at;
    g_autofree char *power = g_strdup_printf ("1e%.0f", value);

    add_line (out, LEFT, place_y (y, at), WIDTH - RIGHT, place_y (y, at),
        "#ddd");
    add_text (out, LEFT - 6, place_y (y, at) + 4, " text-anchor=\"end\"",
        plot->logarithmic ? power
                          : g_ascii_formatd (text, sizeof text, "%.4g", value));
  }
  for (double at = ceil (x->low / x->tick) * x->tick; at <= x->high;
       at += x->tick) {
    add_line (out, place_x (x, at), HEIGHT - BOTTOM, place_x (x, at),
        HEIGHT - BOTTOM + 4, "#888");
    add_text (out, place_x (x, at), HEIGHT - BOTTOM + 17,
        " text-anchor=\"middle\"",
        g_ascii_formatd (text, sizeof text, "%.4g",
            fabs (at) < x->tick / 1e6 ? 0 : at));
  }
  add_line (out, LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "#888");
  add_text (out, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8,
      " text-anchor=\"middle\"", plot->x_label);
  add_text (out, LEFT, TOP - 12, " font-weight=\"bold\"", plot->title);
  add_text (out, WIDTH - RIGHT + 10, TOP - 12, "", plot->y_label);
}

static void
draw_line (const PlotLine *line, guint index, const Axis *x, const Axis *y,
    GString *out)
{
  const char *colour = colours[index % G_N_ELEMENTS (colours)];
  g_autofree char *attributes = g_strdup_printf (" fill=\"%s\"", colour);

  g_string_append_printf (out,
      "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" d=\"", colour);
  for (guint i = 0; i < line->x->len; i++) {
    char text[2][G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append_printf (out, "%c%s %s", i == 0 ? 'M' : 'L',
        g_ascii_formatd (text[0], sizeof text[0], "%.1f",
            place_x (x, g_array_index (line->x, double, i))),
        g_ascii_formatd (text[1], sizeof text[1], "%.1f",
            place_y (y, g_array_index (line->y, double, i))));
  }
  /* A lone point: a short line. */
  g_string_append (out, line->x->len == 1 ? "h3\"/>\n" : "\"/>\n");
  add_text (out, WIDTH - RIGHT + 10, TOP + 8 + 17.0 * index, attributes,
      line->name);
}

void
plot_write (const Plot *plot, GString *out)
{
  Axis x, y;

  if (plot_is_empty (plot))
    return;
  x = find_axis (plot, FALSE);
  y = find_axis (plot, TRUE);
  g_string_append_printf (out,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
      "width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
      "font-size=\"12\" role=\"img\" aria-label=\"%s\">\n"
      "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
      WIDTH, HEIGHT, WIDTH, HEIGHT, plot->title);
  draw_axes (plot, &x, &y, out);
  for (guint i = 0; i < plot->lines->len; i++)
    draw_line (g_ptr_array_index (plot->lines, i), i, &x, &y, out);
  g_string_append (out, "</svg>\n");
}
