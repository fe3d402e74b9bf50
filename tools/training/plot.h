/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Line plots as SVG, to stand in an HTML page or a file of their own. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  char *name;
  GArray *x; /* double */
  GArray *y; /* double */
} PlotLine;

typedef struct {
  const char *title;
  const char *x_label;
  const char *y_label;
  gboolean logarithmic; /* y; numbers that are not above 0 are left out */
  GPtrArray *lines;     /* PlotLine */
} Plot;

Plot *plot_new (const char *title, const char *x_label, const char *y_label,
    gboolean logarithmic);
void plot_free (Plot *plot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Plot, plot_free)
/* To the line of this name, which is made if there is none. */
void plot_add (Plot *plot, const char *name, double x, double y);
gboolean plot_is_empty (const Plot *plot);
/* An <svg> element that needs no style, script or font of the page. */
void plot_write (const Plot *plot, GString *out);

G_END_DECLS
