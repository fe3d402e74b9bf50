/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/data/augment.h"

static gboolean
draw_turn (const VideoTurn *turn, Random *random, const char *label)
{
  gboolean drawn = random_unit (random) < turn->probability;

  return drawn
      && (turn->except == NULL || !g_hash_table_contains (turn->except, label));
}

static const char *
turned_label (const VideoTurn *turn, const char *label)
{
  const char *other
      = turn->labels ? g_hash_table_lookup (turn->labels, label) : NULL;

  return other != NULL ? other : label;
}

const char *
video_change_label (const VideoAugment *settings, const VideoChange *change,
    const char *label)
{
  if (change->mirror)
    label = turned_label (&settings->mirror, label);
  if (change->reverse)
    label = turned_label (&settings->reverse, label);
  return label;
}

void
video_change_draw (const VideoAugment *settings, Random *random,
    const char *label, guint width, guint height, VideoChange *change)
{
  double zoom = random_between (random, settings->zoom[0], settings->zoom[1]);
  double angle
      = random_between (random, -settings->rotation, settings->rotation) * G_PI
      / 180.0;
  double cut, share;

  change->offset[0]
      = width * random_between (random, -settings->shift, settings->shift);
  change->offset[1]
      = height * random_between (random, -settings->shift, settings->shift);
  change->mirror = draw_turn (&settings->mirror, random, label);
  change->matrix[0] = cos (angle) / zoom;
  change->matrix[1] = sin (angle) / zoom;
  change->matrix[2] = -sin (angle) / zoom;
  change->matrix[3] = cos (angle) / zoom;
  if (change->mirror) {
    change->matrix[0] = -change->matrix[0];
    change->matrix[2] = -change->matrix[2];
  }
  change->brightness = (float) random_between (random, -settings->brightness,
      settings->brightness);
  change->contrast = (float) random_between (random, settings->contrast[0],
      settings->contrast[1]);
  change->speed
      = random_between (random, settings->speed[0], settings->speed[1]);
  cut = random_between (random, 0, settings->crop);
  share = random_unit (random);
  change->begin = cut * share;
  change->end = 1.0 - cut * (1.0 - share);
  change->reverse = draw_turn (&settings->reverse, random, label);
}

gboolean
video_change_is_neutral (const VideoChange *change)
{
  return change->matrix[0] == 1 && change->matrix[1] == 0
      && change->matrix[2] == 0 && change->matrix[3] == 1
      && change->offset[0] == 0 && change->offset[1] == 0
      && change->brightness == 0 && change->contrast == 1;
}

/* The four pixels around (x, y), weighted by nearness. */
static inline float
sample (const guint8 *source, guint width, guint height, guint n_channels,
    guint channel, float x, float y)
{
  float fx, fy, top, bottom;
  guint x0, y0, x1, y1;

  x = CLAMP (x, 0.0f, (float) (width - 1));
  y = CLAMP (y, 0.0f, (float) (height - 1));
  x0 = (guint) x;
  y0 = (guint) y;
  x1 = MIN (x0 + 1, width - 1);
  y1 = MIN (y0 + 1, height - 1);
  fx = x - (float) x0;
  fy = y - (float) y0;
#define PIXEL(px, py)                                                          \
  ((float) source[((gsize) (py) *width + (px)) * n_channels + channel])
  top = PIXEL (x0, y0) + fx * (PIXEL (x1, y0) - PIXEL (x0, y0));
  bottom = PIXEL (x0, y1) + fx * (PIXEL (x1, y1) - PIXEL (x0, y1));
#undef PIXEL
  return (top + fy * (bottom - top)) / 255.0f;
}

void
video_change_apply (const VideoChange *change, const guint8 *source,
    guint width, guint height, guint n_channels, guint16 *target)
{
  double centre_x = (width - 1) / 2.0;
  double centre_y = (height - 1) / 2.0;

  for (guint row = 0; row < height; row++) {
    for (guint column = 0; column < width; column++) {
      double dx = column - centre_x - change->offset[0];
      double dy = row - centre_y - change->offset[1];
      float x = (float) (change->matrix[0] * dx + change->matrix[1] * dy
          + centre_x);
      float y = (float) (change->matrix[2] * dx + change->matrix[3] * dy
          + centre_y);

      for (guint c = 0; c < n_channels; c++) {
        float value = sample (source, width, height, n_channels, c, x, y);

        value = value * change->contrast + change->brightness;
        *target++ = (guint16) (CLAMP (value, 0.0f, 1.0f) * 65535.0f + 0.5f);
      }
    }
  }
}
