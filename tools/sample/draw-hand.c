/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Draws a pointing hand that makes one gesture in front of a plain wall, as raw
 * RGB frames on standard output. It makes the video of the bundled sample
 * (make-sample) and of tests; no recording is in it and no model is trained on
 * it.
 *
 * Usage: draw-hand GESTURE WIDTH HEIGHT FRAMES */
#include <cairo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  double x, y;
} Point;

/* Fingertip paths in a unit square, y down, as polylines. */
static const struct {
  const char *name;
  int n;
  Point points[8];
} gestures[] = {
  { "right", 2, { { 0.15, 0.42 }, { 0.85, 0.42 } } },
  { "left", 2, { { 0.85, 0.42 }, { 0.15, 0.42 } } },
  { "up", 2, { { 0.5, 0.85 }, { 0.5, 0.15 } } },
  { "down", 2, { { 0.5, 0.15 }, { 0.5, 0.85 } } },
  { "tick", 3, { { 0.3, 0.45 }, { 0.45, 0.7 }, { 0.75, 0.2 } } },
  { "caret", 3, { { 0.25, 0.7 }, { 0.5, 0.2 }, { 0.75, 0.7 } } },
  { "square", 5,
      { { 0.25, 0.2 }, { 0.75, 0.2 }, { 0.75, 0.7 }, { 0.25, 0.7 },
          { 0.25, 0.2 } } },
};

static Point
along (const Point *points, int n, double t)
{
  double at = t * (n - 1);
  int i = at >= n - 1 ? n - 2 : (int) at;
  double part = at - i;

  return (Point){ points[i].x + part * (points[i + 1].x - points[i].x),
    points[i].y + part * (points[i + 1].y - points[i].y) };
}

static void
draw_limb (cairo_t *cairo, double x0, double y0, double x1, double y1,
    double width)
{
  cairo_set_line_width (cairo, width);
  cairo_move_to (cairo, x0, y0);
  cairo_line_to (cairo, x1, y1);
  cairo_stroke (cairo);
}

/* Forearm from the lower right, fist, index finger up; the hand keeps its form
 * and follows the tip. Units: parts of the frame's height. */
static void
draw_hand (cairo_t *cairo, Point tip)
{
  double knuckle_x = tip.x + 0.03, knuckle_y = tip.y + 0.22;
  double fist_x = tip.x + 0.07, fist_y = tip.y + 0.33;

  cairo_set_line_cap (cairo, CAIRO_LINE_CAP_ROUND);
  cairo_set_source_rgb (cairo, 0.66, 0.47, 0.36);
  draw_limb (cairo, fist_x + 0.04, fist_y + 0.06, fist_x + 0.45, fist_y + 0.75,
      0.15);
  cairo_set_source_rgb (cairo, 0.74, 0.54, 0.42);
  draw_limb (cairo, fist_x - 0.03, fist_y - 0.02, fist_x + 0.05, fist_y + 0.05,
      0.2);
  draw_limb (cairo, knuckle_x, knuckle_y, tip.x, tip.y, 0.062);
  cairo_set_source_rgb (cairo, 0.6, 0.42, 0.32);
  for (int i = 0; i < 3; i++)
    draw_limb (cairo, fist_x + 0.01 + 0.05 * i, fist_y - 0.09 + 0.02 * i,
        fist_x + 0.02 + 0.05 * i, fist_y - 0.02 + 0.02 * i, 0.012);
  cairo_set_source_rgb (cairo, 0.86, 0.7, 0.6);
  draw_limb (cairo, tip.x, tip.y - 0.012, tip.x, tip.y, 0.03);
}

static void
draw_wall (cairo_t *cairo, double aspect)
{
  cairo_pattern_t *shade = cairo_pattern_create_linear (0, 0, aspect, 1);

  cairo_pattern_add_color_stop_rgb (shade, 0, 0.62, 0.64, 0.68);
  cairo_pattern_add_color_stop_rgb (shade, 1, 0.5, 0.52, 0.57);
  cairo_set_source (cairo, shade);
  cairo_paint (cairo);
  cairo_pattern_destroy (shade);
  cairo_set_source_rgb (cairo, 0.55, 0.4, 0.25);
  cairo_rectangle (cairo, 0, 0.86, aspect, 0.14);
  cairo_fill (cairo);
}

static int
write_frame (cairo_surface_t *surface, int width, int height)
{
  const unsigned char *data = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);

  cairo_surface_flush (surface);
  for (int y = 0; y < height; y++) {
    for (int x = 0; x < width; x++) {
      unsigned pixel;

      memcpy (&pixel, data + y * stride + 4 * x, sizeof pixel);
      putchar (pixel >> 16 & 0xff);
      putchar (pixel >> 8 & 0xff);
      putchar (pixel & 0xff);
    }
  }
  return ferror (stdout) ? -1 : 0;
}

int
main (int argc, char **argv)
{
  int gesture = 0, width, height, frames;

  if (argc != 5) {
    fprintf (stderr, "usage: draw-hand GESTURE WIDTH HEIGHT FRAMES\n");
    return 2;
  }
  while (gesture < (int) (sizeof gestures / sizeof *gestures)
      && strcmp (gestures[gesture].name, argv[1]) != 0)
    gesture++;
  width = atoi (argv[2]);
  height = atoi (argv[3]);
  frames = atoi (argv[4]);
  if (gesture == (int) (sizeof gestures / sizeof *gestures) || width < 16
      || height < 16 || frames < 2) {
    fprintf (stderr, "draw-hand: no such gesture, or no such size\n");
    return 2;
  }
  for (int i = 0; i < frames; i++) {
    cairo_surface_t *surface
        = cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
    cairo_t *cairo = cairo_create (surface);
    double aspect = (double) width / height;
    double t = 0.5 - 0.5 * cos (M_PI * i / (frames - 1));
    Point tip = along (gestures[gesture].points, gestures[gesture].n, t);

    cairo_scale (cairo, height, height);
    draw_wall (cairo, aspect);
    draw_hand (cairo, (Point){ tip.x * aspect, tip.y });
    cairo_destroy (cairo);
    if (write_frame (surface, width, height) != 0)
      return 1;
    cairo_surface_destroy (surface);
  }
  return 0;
}
