/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include <glib.h>

#include "rnncore/rnnc-frontend.h"

/* --- pictures in every layout --------------------------------------------- */

typedef enum {
  FORMAT_RGB,
  FORMAT_BGRX,
  FORMAT_XRGB,
  FORMAT_GRAY8,
  FORMAT_GRAY16,
  FORMAT_I420,
  FORMAT_NV12,
  N_FORMATS
} Format;

static const char *const format_names[]
    = { "rgb", "bgrx", "xrgb", "gray8", "gray16", "i420", "nv12" };

/* A random picture whose rows end right before guard bytes, at an odd address;
 * @memory is released by the caller. */
static void
make_frame (Format format, guint width, guint height, guint padding,
    guint32 seed, guint8 **memory, RnncVideoFrame *frame)
{
  static const guint offsets[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 1, 2, 3 } };
  GRand *rand = g_rand_new_with_seed (seed);
  guint chroma_width = (width + 1) / 2, chroma_height = (height + 1) / 2;
  guint n_planes = 1;
  gsize size = 0;
  guint row_bytes[3] = { 0 }, n_rows[3] = { height, 0, 0 };

  memset (frame, 0, sizeof (*frame));
  frame->width = width;
  frame->height = height;
  switch (format) {
    case FORMAT_RGB:
    case FORMAT_BGRX:
    case FORMAT_XRGB:
      frame->layout = RNNC_PIXEL_RGB;
      frame->pixel_stride = format == FORMAT_RGB ? 3 : 4;
      memcpy (frame->offsets, offsets[format], sizeof (frame->offsets));
      row_bytes[0] = width * frame->pixel_stride;
      break;
    case FORMAT_GRAY8:
      frame->layout = RNNC_PIXEL_GRAY8;
      row_bytes[0] = width;
      break;
    case FORMAT_GRAY16:
      frame->layout = RNNC_PIXEL_GRAY16;
      row_bytes[0] = 2 * width;
      break;
    default:
      frame->layout = RNNC_PIXEL_YUV420;
      n_planes = format == FORMAT_I420 ? 3 : 2;
      frame->pixel_stride = format == FORMAT_I420 ? 1 : 2;
      row_bytes[0] = width;
      row_bytes[1] = row_bytes[2] = chroma_width * frame->pixel_stride;
      n_rows[1] = n_rows[2] = chroma_height;
      break;
  }
  for (guint p = 0; p < n_planes; p++)
    size += (gsize) (row_bytes[p] + padding) * n_rows[p];
  *memory = g_malloc (size + 1);
  memset (*memory, 0xa5, size + 1);
  size = padding % 2;
  for (guint p = 0; p < n_planes; p++) {
    frame->planes[p] = *memory + size;
    frame->strides[p] = (gint) (row_bytes[p] + padding);
    for (guint y = 0; y < n_rows[p]; y++)
      for (guint x = 0; x < row_bytes[p]; x++)
        (*memory)[size + y * (gsize) frame->strides[p] + x]
            = (guint8) g_rand_int_range (rand, 0, 256);
    size += (gsize) frame->strides[p] * n_rows[p] - padding % 2;
  }
  if (n_planes == 2) {
    frame->planes[2] = frame->planes[1] + 1;
    frame->strides[2] = frame->strides[1];
  }
  g_rand_free (rand);
}

/* One value of a plane as the layout says. */
static double
sample_at (const RnncVideoFrame *frame, guint c, guint x, guint y)
{
  const guint8 *row;

  if (frame->layout == RNNC_PIXEL_YUV420 && c > 0)
    return frame->planes[c][(gsize) (y / 2) * frame->strides[c]
        + x / 2 * frame->pixel_stride];
  row = frame->planes[0] + (gsize) y * frame->strides[0];
  if (frame->layout == RNNC_PIXEL_RGB)
    return row[x * frame->pixel_stride + frame->offsets[c]];
  if (frame->layout == RNNC_PIXEL_GRAY16) {
    guint16 value;

    memcpy (&value, row + 2 * x, 2);
    return value;
  }
  return row[x];
}

/* Mean over a rectangle in real coordinates, pixel by pixel. */
static double
area_mean (const RnncVideoFrame *frame, guint c, double x0, double x1,
    double y0, double y1)
{
  double sum = 0, area = 0;

  for (guint y = (guint) y0; y < frame->height && y < y1; y++)
    for (guint x = (guint) x0; x < frame->width && x < x1; x++) {
      double w = MIN (x1, x + 1.0) - MAX (x0, x);
      double h = MIN (y1, y + 1.0) - MAX (y0, y);

      if (w <= 0 || h <= 0)
        continue;
      sum += w * h * sample_at (frame, c, x, y);
      area += w * h;
    }
  return sum / area;
}

static void
reference_pixel (const RnncVideoFrame *frame, guint width, guint height,
    guint x, guint y, double *rgb, double *grey)
{
  double mean[3];
  double x0 = (double) x * frame->width / width;
  double x1 = (x + 1.0) * frame->width / width;
  double y0 = (double) y * frame->height / height;
  double y1 = (y + 1.0) * frame->height / height;

  for (guint c = 0; c < 3; c++)
    mean[c] = frame->layout == RNNC_PIXEL_GRAY8
            || frame->layout == RNNC_PIXEL_GRAY16
        ? area_mean (frame, 0, x0, x1, y0, y1)
        : area_mean (frame, c, x0, x1, y0, y1);
  if (frame->layout == RNNC_PIXEL_YUV420) {
    double luma = 255.0 / 219.0 * (mean[0] - 16) / 255.0;

    rgb[0] = luma + 1.596027 * (mean[2] - 128) / 255;
    rgb[1] = luma
        - (0.391762 * (mean[1] - 128) + 0.812968 * (mean[2] - 128)) / 255;
    rgb[2] = luma + 2.017232 * (mean[1] - 128) / 255;
    *grey = luma;
    for (guint c = 0; c < 3; c++)
      rgb[c] = CLAMP (rgb[c], 0, 1);
    *grey = CLAMP (*grey, 0, 1);
    return;
  }
  for (guint c = 0; c < 3; c++)
    rgb[c] = mean[c] / (frame->layout == RNNC_PIXEL_GRAY16 ? 65535 : 255);
  *grey = frame->layout == RNNC_PIXEL_RGB
      ? 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]
      : rgb[0];
}

/* --- reduction ------------------------------------------------------------ */

static const struct {
  guint from[2];
  guint to[2];
} sizes[] = {
  { { 64, 48 }, { 64, 48 } },
  { { 64, 48 }, { 16, 12 } },
  { { 101, 67 }, { 13, 9 } },
  { { 641, 3 }, { 5, 2 } },
  { { 3, 300 }, { 2, 7 } },
  { { 7, 5 }, { 20, 11 } },
  { { 9, 50 }, { 16, 6 } },
  { { 1, 1 }, { 3, 2 } },
  { { 2500, 4 }, { 3, 3 } },
};

static void
check_reduction (const RnncVideoFrame *frame, guint width, guint height)
{
  float *colour = g_new (float, 3 * width * height);
  float *grey = g_new (float, width *height);

  rnnc_video_reduce (frame, width, height, TRUE, colour);
  rnnc_video_reduce (frame, width, height, FALSE, grey);
  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++) {
      double expected[3], expected_grey;

      reference_pixel (frame, width, height, x, y, expected, &expected_grey);
      for (guint c = 0; c < 3; c++)
        g_assert_cmpfloat_with_epsilon (colour[3 * (y * width + x) + c],
            expected[c], 3e-6);
      g_assert_cmpfloat_with_epsilon (grey[y * width + x], expected_grey, 3e-6);
    }
  g_free (colour);
  g_free (grey);
}

static void
test_reduce (gconstpointer data)
{
  Format format = (Format) GPOINTER_TO_INT (data);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    RnncVideoFrame frame;
    guint8 *memory;

    make_frame (format, sizes[i].from[0], sizes[i].from[1], 0, i, &memory,
        &frame);
    check_reduction (&frame, sizes[i].to[0], sizes[i].to[1]);
    g_free (memory);
  }
}

/* The same pixels at other strides and addresses: the same bits. */
static void
test_strides (gconstpointer data)
{
  static const guint paddings[] = { 1, 2, 13, 64 };
  Format format = (Format) GPOINTER_TO_INT (data);
  float expected[3 * 17 * 11], out[3 * 17 * 11];
  RnncVideoFrame frame;
  guint8 *memory;

  make_frame (format, 123, 77, 0, 42, &memory, &frame);
  rnnc_video_reduce (&frame, 17, 11, TRUE, expected);
  g_free (memory);
  for (guint i = 0; i < G_N_ELEMENTS (paddings); i++) {
    make_frame (format, 123, 77, paddings[i], 42, &memory, &frame);
    rnnc_video_reduce (&frame, 17, 11, TRUE, out);
    g_assert_cmpmem (out, sizeof (out), expected, sizeof (expected));
    g_free (memory);
  }
}

/* A white picture is exactly 1, however it is cut. */
static void
test_extremes (void)
{
  guint8 *white = g_malloc (2 * 1013 * 777);
  float out[31 * 29];
  RnncVideoFrame frame = {
    .layout = RNNC_PIXEL_GRAY16,
    .width = 1013,
    .height = 777,
    .planes = { white },
    .strides = { 2026 },
  };

  memset (white, 0xff, 2 * 1013 * 777);
  rnnc_video_reduce (&frame, 31, 29, FALSE, out);
  for (guint i = 0; i < G_N_ELEMENTS (out); i++)
    g_assert_cmpfloat (out[i], ==, 1.0f);
  frame.layout = RNNC_PIXEL_GRAY8;
  frame.width = 2026;
  rnnc_video_reduce (&frame, 31, 29, FALSE, out);
  for (guint i = 0; i < G_N_ELEMENTS (out); i++)
    g_assert_cmpfloat (out[i], ==, 1.0f);
  g_free (white);
}

/* The tallest picture there is does not overflow the sums. */
static void
test_tallest (void)
{
  guint height = RNNC_VIDEO_MAX_SIDE;
  guint8 *white = g_malloc (2 * (gsize) height);
  float out[3];
  RnncVideoFrame frame = {
    .layout = RNNC_PIXEL_GRAY16,
    .width = 1,
    .height = height,
    .planes = { white },
    .strides = { 2 },
  };

  memset (white, 0xff, 2 * (gsize) height);
  rnnc_video_reduce (&frame, 1, 1, FALSE, out);
  g_assert_cmpfloat (out[0], ==, 1.0f);
  rnnc_video_reduce (&frame, 1, 3, FALSE, out);
  g_assert_cmpfloat (out[2], ==, 1.0f);
  g_free (white);
}

/* --- sampling ------------------------------------------------------------- */

static void
grey_frame (guint8 *pixel, RnncVideoFrame *frame)
{
  memset (frame, 0, sizeof (*frame));
  frame->layout = RNNC_PIXEL_GRAY8;
  frame->width = frame->height = 1;
  frame->planes[0] = pixel;
  frame->strides[0] = 1;
}

static RnncVideoConfig
tiny_config (guint numerator, guint denominator)
{
  RnncVideoConfig config = {
    .width = 1,
    .height = 1,
    .rate_numerator = numerator,
    .rate_denominator = denominator,
  };

  return config;
}

typedef struct {
  const char *name;
  guint source[2]; /* frames a second */
  guint target[2];
  double jitter; /* of source timestamps, in source frames */
} SamplingCase;

static const SamplingCase sampling_cases[] = {
  { "10-to-15", { 10, 1 }, { 15, 1 }, 0 },
  { "15-to-15", { 15, 1 }, { 15, 1 }, 0 },
  { "30-to-15", { 30, 1 }, { 15, 1 }, 0 },
  { "29.97-to-15", { 30000, 1001 }, { 15, 1 }, 0 },
  { "60-to-15", { 60, 1 }, { 15, 1 }, 0 },
  { "25-to-29.97", { 25, 1 }, { 30000, 1001 }, 0 },
  { "15-to-15-jitter", { 15, 1 }, { 15, 1 }, 0.24 },
  { "30-to-15-jitter", { 30, 1 }, { 15, 1 }, 0.4 },
};

/* Network frame k shows the first source frame at or after
 * first + (k - 1/4) / rate. */
static void
test_sampling (gconstpointer data)
{
  const SamplingCase *test = data;
  RnncVideoConfig config = tiny_config (test->target[0], test->target[1]);
  RnncVideo *video = rnnc_video_new (&config);
  GRand *rand = g_rand_new_with_seed (8);
  guint64 first = 0;
  guint64 k = 0;

  for (guint i = 0; i < 2000; i++) {
    double seconds = 5000.0
        + ((double) i * test->source[1]
              + (i ? g_rand_double_range (rand, -1, 1) : 0) * test->jitter
                  * test->source[1])
            / test->source[0];
    guint64 timestamp = (guint64) llrint (seconds * 1e9);
    guint8 pixel = (guint8) (i % 251);
    RnncVideoFrame frame;
    float out = -1.0f;
    guint n, expected = 0;

    if (i == 0)
      first = timestamp;
    for (;; expected++) {
      long double due = ((long double) (k + expected) - 0.25L) * 1e9L
          * test->target[1] / test->target[0];

      if ((long double) (timestamp - first) < due)
        break;
    }
    grey_frame (&pixel, &frame);
    n = rnnc_video_push (video, &frame, timestamp, &out);
    g_assert_cmpuint (n, ==, expected);
    if (n > 0)
      g_assert_cmpfloat_with_epsilon (out, pixel / 255.0, 1e-7);
    else
      g_assert_cmpfloat (out, ==, -1.0f);
    if (test->jitter > 0 && test->source[0] == test->target[0])
      g_assert_cmpuint (n, ==, 1);
    k += n;
  }
  g_rand_free (rand);
  rnnc_video_free (video);
}

static void
test_gap (void)
{
  RnncVideoConfig config = tiny_config (15, 1);
  RnncVideo *video = rnnc_video_new (&config);
  const guint64 second = G_GUINT64_CONSTANT (1000000000);
  guint8 pixel = 7;
  RnncVideoFrame frame;
  float out;

  grey_frame (&pixel, &frame);
  g_assert_cmpuint (rnnc_video_push (video, &frame, second, &out), ==, 1);
  g_assert_cmpuint (rnnc_video_push (video, &frame, 3 * second, &out), ==, 30);
  g_assert_cmpuint (rnnc_video_push (video, &frame, 2 * second, &out), ==, 0);
  g_assert_cmpuint (rnnc_video_push (video, &frame, 0, &out), ==, 0);
  /* An hour, and the end of time, are bounded; then it goes on. */
  g_assert_cmpuint (rnnc_video_push (video, &frame, 3603 * second, &out), ==,
      151);
  g_assert_cmpuint (rnnc_video_push (video, &frame, 3603 * second, &out), ==,
      0);
  g_assert_cmpuint (rnnc_video_push (video, &frame, 3604 * second, &out), ==,
      15);
  g_assert_cmpuint (rnnc_video_push (video, &frame, G_MAXUINT64, &out), ==,
      151);
  rnnc_video_reset (video);
  g_assert_cmpuint (rnnc_video_push (video, &frame, 5, &out), ==, 1);
  rnnc_video_free (video);
}

/* --- difference and normalisation ---------------------------------------- */

static void
test_difference (void)
{
  float mean[2] = { 0.25f, 0.125f }, deviation[2] = { 0.5f, 2.0f };
  RnncVideoConfig config = tiny_config (10, 1);
  const guint64 period = G_GUINT64_CONSTANT (100000000);
  RnncVideo *video;
  RnncVideoFrame frame;
  guint8 pixel = 51; /* 0.2 */
  float out[2];

  config.difference = TRUE;
  config.mean = mean;
  config.deviation = deviation;
  g_assert_cmpuint (rnnc_video_config_channels (&config), ==, 2);
  video = rnnc_video_new (&config);
  grey_frame (&pixel, &frame);
  rnnc_video_push (video, &frame, 0, out);
  g_assert_cmpfloat_with_epsilon (out[0], (0.2 - 0.25) / 0.5, 1e-6);
  g_assert_cmpfloat_with_epsilon (out[1], -0.0625, 1e-6);
  pixel = 255; /* between two network frames: never seen */
  g_assert_cmpuint (rnnc_video_push (video, &frame, period / 2, out), ==, 0);
  pixel = 153; /* 0.6 */
  g_assert_cmpuint (rnnc_video_push (video, &frame, 3 * period, out), ==, 3);
  g_assert_cmpfloat_with_epsilon (out[0], 0.7, 1e-6);
  g_assert_cmpfloat_with_epsilon (out[1], (0.4 - 0.125) / 2, 1e-6);
  rnnc_video_repeat (video, out);
  g_assert_cmpfloat_with_epsilon (out[0], 0.7, 1e-6);
  g_assert_cmpfloat_with_epsilon (out[1], -0.0625, 1e-6);
  rnnc_video_reset (video);
  rnnc_video_push (video, &frame, 0, out);
  g_assert_cmpfloat_with_epsilon (out[1], -0.0625, 1e-6);
  rnnc_video_free (video);
}

/* A training cache's pictures give what the live path gives, bit for bit. */
static void
test_push_picture (void)
{
  RnncVideoConfig config = {
    .width = 8,
    .height = 6,
    .rate_numerator = 30,
    .rate_denominator = 1,
    .colour = TRUE,
    .difference = TRUE,
  };
  float mean[6] = { 0.1f, 0.2f, 0.3f, 0, 0, 0.01f };
  float deviation[6] = { 0.3f, 0.2f, 0.1f, 0.5f, 0.6f, 0.7f };
  RnncVideo *live, *cached;
  float expected[288], picture[144], out[288];

  config.mean = mean;
  config.deviation = deviation;
  live = rnnc_video_new (&config);
  cached = rnnc_video_new (&config);
  for (guint i = 0; i < 5; i++) {
    RnncVideoFrame frame;
    guint8 *memory;

    make_frame (FORMAT_NV12, 33, 21, 3, i, &memory, &frame);
    g_assert_cmpuint (rnnc_video_push (live, &frame,
                          i * G_GUINT64_CONSTANT (33333333), expected),
        ==, 1);
    rnnc_video_reduce (&frame, 8, 6, TRUE, picture);
    rnnc_video_push_picture (cached, picture, out);
    g_assert_cmpmem (out, sizeof (out), expected, sizeof (expected));
    g_free (memory);
  }
  rnnc_video_free (live);
  rnnc_video_free (cached);
}

static void
test_speed (void)
{
  float *out = g_new (float, 3 * 112 * 112);

  if (!g_test_perf ()) {
    g_test_skip ("run with -m perf");
    g_free (out);
    return;
  }
  for (guint format = 0; format < N_FORMATS; format++) {
    RnncVideoFrame frame;
    guint8 *memory;
    gint64 start;

    make_frame ((Format) format, 1920, 1080, 0, 1, &memory, &frame);
    start = g_get_monotonic_time ();
    for (guint i = 0; i < 30; i++)
      rnnc_video_reduce (&frame, 112, 112, TRUE, out);
    g_test_message ("%s 1080p to 112x112: %.2f ms a frame",
        format_names[format],
        (double) (g_get_monotonic_time () - start) / 30e3);
    g_free (memory);
  }
  g_free (out);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < N_FORMATS; i++) {
    char *path = g_strconcat ("/frontend/video/reduce/", format_names[i], NULL);

    g_test_add_data_func (path, GINT_TO_POINTER (i), test_reduce);
    g_free (path);
    path = g_strconcat ("/frontend/video/strides/", format_names[i], NULL);
    g_test_add_data_func (path, GINT_TO_POINTER (i), test_strides);
    g_free (path);
  }
  g_test_add_func ("/frontend/video/reduce/extremes", test_extremes);
  g_test_add_func ("/frontend/video/reduce/tallest", test_tallest);
  for (guint i = 0; i < G_N_ELEMENTS (sampling_cases); i++) {
    char *path = g_strconcat ("/frontend/video/sampling/",
        sampling_cases[i].name, NULL);

    g_test_add_data_func (path, &sampling_cases[i], test_sampling);
    g_free (path);
  }
  g_test_add_func ("/frontend/video/sampling/gap", test_gap);
  g_test_add_func ("/frontend/video/difference", test_difference);
  g_test_add_func ("/frontend/video/push-picture", test_push_picture);
  g_test_add_func ("/frontend/video/speed", test_speed);
  return g_test_run ();
}
