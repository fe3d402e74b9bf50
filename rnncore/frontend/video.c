/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/frontend/area-average.h"
#include "rnncore/rnnc-frontend.h"

#define NS_PER_SECOND G_GUINT64_CONSTANT (1000000000)

struct _RnncVideo {
  guint width;
  guint height;
  guint n_colours;
  gboolean colour;
  gboolean difference;
  guint64 rate_numerator;
  guint64 rate_denominator;
  guint max_fill; /* network frames that one frame may fill */
  float mean[6];
  float inverse[6]; /* 1 / deviation */

  float *current;   /* [height, width, n_colours] */
  float *previous;  /* the last network frame's picture */
  gboolean started; /* @previous holds a picture */
  gboolean timed;   /* @origin holds a timestamp */
  guint64 origin;   /* timestamp of network frame 0 */
  guint64 next;     /* network frame that is due */
};

guint
rnnc_video_config_channels (const RnncVideoConfig *config)
{
  g_return_val_if_fail (config != NULL, 0);

  return (config->colour ? 3 : 1) * (config->difference ? 2 : 1);
}

RnncVideo *
rnnc_video_new (const RnncVideoConfig *config)
{
  RnncVideo *video;
  guint n_channels;
  gsize n_values;

  g_return_val_if_fail (config != NULL, NULL);
  g_return_val_if_fail (config->width > 0 && config->height > 0, NULL);
  g_return_val_if_fail (config->width <= RNNC_VIDEO_MAX_SIDE, NULL);
  g_return_val_if_fail (config->height <= RNNC_VIDEO_MAX_SIDE, NULL);
  g_return_val_if_fail (config->rate_numerator > 0, NULL);
  g_return_val_if_fail (config->rate_denominator > 0, NULL);

  video = g_new0 (RnncVideo, 1);
  video->width = config->width;
  video->height = config->height;
  video->colour = config->colour;
  video->n_colours = config->colour ? 3 : 1;
  video->difference = config->difference;
  video->rate_numerator = config->rate_numerator;
  video->rate_denominator = config->rate_denominator;
  video->max_fill = (guint) MIN (G_MAXUINT / 2,
      1
          + RNNC_VIDEO_MAX_GAP * video->rate_numerator
              / (video->rate_denominator * NS_PER_SECOND));
  n_channels = rnnc_video_config_channels (config);
  for (guint c = 0; c < n_channels; c++) {
    video->mean[c] = config->mean ? config->mean[c] : 0.0f;
    video->inverse[c] = config->deviation ? 1.0f / config->deviation[c] : 1.0f;
  }
  n_values = (gsize) config->width * config->height * video->n_colours;
  video->current = g_new0 (float, n_values);
  video->previous = g_new0 (float, n_values);
  return video;
}

void
rnnc_video_free (RnncVideo *video)
{
  if (video == NULL)
    return;
  g_free (video->current);
  g_free (video->previous);
  g_free (video);
}

void
rnnc_video_reset (RnncVideo *video)
{
  g_return_if_fail (video != NULL);

  video->started = FALSE;
  video->timed = FALSE;
  video->next = 0;
}

/* The last network frame that a frame @elapsed ns after the first may fill:
 * floor (elapsed * rate + 1/4), without overflow for centuries. */
static guint64
last_due (const RnncVideo *video, guint64 elapsed)
{
  guint64 numerator = 4 * video->rate_numerator;
  guint64 denominator = 4 * video->rate_denominator;
  guint64 seconds = elapsed / NS_PER_SECOND;
  guint64 rest = elapsed % NS_PER_SECOND;
  guint64 whole = seconds * numerator;

  return whole / denominator
      + ((whole % denominator) * NS_PER_SECOND + rest * numerator
            + video->rate_denominator * NS_PER_SECOND)
      / (denominator * NS_PER_SECOND);
}

/* @video->current and the difference to @video->previous, normalised; then
 * swaps them. */
static void
compose (RnncVideo *video, float *out)
{
  gsize n_pixels = (gsize) video->width * video->height;
  guint n = video->n_colours;
  const float *current = video->current;
  const float *previous = video->started ? video->previous : video->current;
  float *swapped = video->previous;

  for (gsize i = 0; i < n_pixels; i++, current += n, previous += n) {
    for (guint c = 0; c < n; c++)
      *out++ = (current[c] - video->mean[c]) * video->inverse[c];
    if (!video->difference)
      continue;
    for (guint c = 0; c < n; c++)
      *out++ = (current[c] - previous[c] - video->mean[n + c])
          * video->inverse[n + c];
  }
  video->previous = video->current;
  video->current = swapped;
  video->started = TRUE;
}

guint
rnnc_video_push (RnncVideo *video, const RnncVideoFrame *frame,
    guint64 timestamp, float *out)
{
  guint64 last;
  guint64 n;

  g_return_val_if_fail (video != NULL, 0);
  g_return_val_if_fail (frame != NULL, 0);

  if (!video->timed) {
    video->timed = TRUE;
    video->origin = timestamp;
  }
  if (timestamp < video->origin)
    return 0;
  last = last_due (video, timestamp - video->origin);
  if (last < video->next)
    return 0;
  n = last + 1 - video->next;
  video->next = last + 1;
  rnnc_video_reduce (frame, video->width, video->height, video->colour,
      video->current);
  compose (video, out);
  return (guint) MIN (n, video->max_fill);
}

void
rnnc_video_push_picture (RnncVideo *video, const float *picture, float *out)
{
  gsize n_values;

  g_return_if_fail (video != NULL);
  g_return_if_fail (picture != NULL);

  n_values = (gsize) video->width * video->height * video->n_colours;
  for (gsize i = 0; i < n_values; i++)
    video->current[i] = picture[i];
  compose (video, out);
}

void
rnnc_video_repeat (RnncVideo *video, float *out)
{
  gsize n_pixels;
  guint n;

  g_return_if_fail (video != NULL);

  if (!video->difference)
    return;
  n_pixels = (gsize) video->width * video->height;
  n = video->n_colours;
  for (gsize i = 0; i < n_pixels; i++, out += 2 * n)
    for (guint c = 0; c < n; c++)
      out[n + c] = (0.0f - video->mean[n + c]) * video->inverse[n + c];
}

/* --- reduction ------------------------------------------------------------ */

static inline float
unit_clamp (float value)
{
  return CLAMP (value, 0.0f, 1.0f);
}

/* Planes[0] alone; into every channel of @out. */
static void
reduce_grey (const RnncVideoFrame *frame, guint depth, guint width,
    guint height, guint n_channels, float *out)
{
  RnncAreaPlane plane = {
    .data = frame->planes[0],
    .stride = frame->strides[0],
    .width = frame->width,
    .height = frame->height,
    .subsampling = 1,
    .depth = depth,
    .pixel_stride = depth / 8,
    .n_channels = 1,
  };
  gsize n_pixels = (gsize) width * height;
  float maximum = depth == 16 ? 65535.0f : 255.0f;

  rnnc_area_average (&plane, width, height, n_channels, out);
  for (gsize i = 0; i < n_pixels; i++, out += n_channels) {
    out[0] /= maximum;
    for (guint c = 1; c < n_channels; c++)
      out[c] = out[0];
  }
}

static void
reduce_rgb (const RnncVideoFrame *frame, guint width, guint height,
    guint n_channels, float *out)
{
  RnncAreaPlane plane = {
    .data = frame->planes[0],
    .stride = frame->strides[0],
    .width = frame->width,
    .height = frame->height,
    .subsampling = 1,
    .depth = 8,
    .pixel_stride = frame->pixel_stride,
    .n_channels = 3,
    .offsets = { frame->offsets[0], frame->offsets[1], frame->offsets[2] },
    .luma = n_channels == 1,
  };
  gsize n_values = (gsize) width * height * n_channels;

  rnnc_area_average (&plane, width, height, n_channels, out);
  for (gsize i = 0; i < n_values; i++)
    out[i] /= 255.0f;
}

/* BT.601, limited range. The mean of a region's YUV is converted, which is the
 * mean of its RGB as long as that lies inside 0..1. */
static void
rgb_from_yuv (float *pixel)
{
  float y = (pixel[0] - 16.0f) / 219.0f;
  float u = (pixel[1] - 128.0f) / 224.0f;
  float v = (pixel[2] - 128.0f) / 224.0f;

  pixel[0] = unit_clamp (y + 1.402f * v);
  pixel[1] = unit_clamp (y - 0.344136f * u - 0.714136f * v);
  pixel[2] = unit_clamp (y + 1.772f * u);
}

static void
reduce_yuv (const RnncVideoFrame *frame, guint width, guint height,
    guint n_channels, float *out)
{
  gsize n_pixels = (gsize) width * height;

  for (guint p = 0; p < n_channels; p++) {
    RnncAreaPlane plane = {
      .data = frame->planes[p],
      .stride = frame->strides[p],
      .width = frame->width,
      .height = frame->height,
      .subsampling = p == 0 ? 1 : 2,
      .depth = 8,
      .pixel_stride = p == 0 ? 1 : frame->pixel_stride,
      .n_channels = 1,
    };

    rnnc_area_average (&plane, width, height, n_channels, out + p);
  }
  for (gsize i = 0; i < n_pixels; i++) {
    if (n_channels == 3)
      rgb_from_yuv (out + 3 * i);
    else
      out[i] = unit_clamp ((out[i] - 16.0f) / 219.0f);
  }
}

void
rnnc_video_reduce (const RnncVideoFrame *frame, guint width, guint height,
    gboolean colour, float *out)
{
  guint n_channels = colour ? 3 : 1;

  g_return_if_fail (frame != NULL && frame->planes[0] != NULL);
  g_return_if_fail (frame->width >= 1 && frame->width <= RNNC_VIDEO_MAX_SIDE);
  g_return_if_fail (frame->height >= 1 && frame->height <= RNNC_VIDEO_MAX_SIDE);
  g_return_if_fail (width >= 1 && width <= RNNC_VIDEO_MAX_SIDE);
  g_return_if_fail (height >= 1 && height <= RNNC_VIDEO_MAX_SIDE);

  switch (frame->layout) {
    case RNNC_PIXEL_RGB:
      g_return_if_fail (frame->pixel_stride <= RNNC_AREA_MAX_PIXEL_STRIDE);
      for (guint c = 0; c < 3; c++)
        g_return_if_fail (frame->offsets[c] < frame->pixel_stride);
      reduce_rgb (frame, width, height, n_channels, out);
      break;
    case RNNC_PIXEL_GRAY8:
      reduce_grey (frame, 8, width, height, n_channels, out);
      break;
    case RNNC_PIXEL_GRAY16:
      reduce_grey (frame, 16, width, height, n_channels, out);
      break;
    case RNNC_PIXEL_YUV420:
      g_return_if_fail (frame->pixel_stride >= 1);
      g_return_if_fail (frame->pixel_stride <= RNNC_AREA_MAX_PIXEL_STRIDE);
      g_return_if_fail (!colour || (frame->planes[1] && frame->planes[2]));
      reduce_yuv (frame, width, height, n_channels, out);
      break;
  }
}
