/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Raw windows of a waveform: by hand, for any chunking, flushed. */
#include "tests/support/count-allocations.h"

#include <math.h>
#include <string.h>

#include "rnncore/base/json-reader.h"
#include "rnncore/model/description.h"

#define MAX_SAMPLES 300

typedef struct {
  const char *name;
  RnncWaveformConfig config;
} Case;

static const Case cases[] = {
  { "plain", { 16000, 8, 8, 0, { 0, 0 } } },
  { "overlapping", { 16000, 9, 4, 0, { 0, 0 } } },
  { "context", { 16000, 8, 8, 3, { 0, 0 } } },
  { "long-context", { 16000, 5, 3, 40, { 0, 0 } } },
  { "reflected", { 16000, 8, 8, 2, { 4, 9 } } },
  { "single", { 16000, 1, 1, 0, { 0, 0 } } },
};

/* Samples 1, 2, 3, …: their place is their value; zeros outside. */
static float
sample_at (gssize index, gsize n_samples)
{
  return index < 0 || index >= (gssize) n_samples ? 0 : (float) (index + 1);
}

/* Element @i of frame @t of @n_samples, after the definition. */
static float
wanted (const RnncWaveformConfig *config, gsize t, gsize i, gsize n_samples)
{
  gssize size = (gssize) config->context + config->window;
  gssize at = (gssize) i - config->pad[0];

  if (at < 0)
    at = -at;
  if (at >= size)
    at = 2 * (size - 1) - at;
  return sample_at ((gssize) (t * config->hop) - config->context + at,
      n_samples);
}

static gsize
wanted_frames (const RnncWaveformConfig *config, gsize n_samples)
{
  if (n_samples == 0)
    return 0;
  if (n_samples <= config->window)
    return 1;
  return (n_samples - config->window + config->hop - 1) / config->hop + 1;
}

static void
check_frames (const RnncWaveformConfig *config, const float *frames,
    gsize n_frames, gsize n_samples)
{
  gsize size = rnnc_waveform_config_size (config);

  for (gsize t = 0; t < n_frames; t++) {
    for (gsize i = 0; i < size; i++)
      g_assert_cmpfloat (frames[t * size + i], ==,
          wanted (config, t, i, n_samples));
  }
}

static void
test_frames (gconstpointer data)
{
  const RnncWaveformConfig *config = &((const Case *) data)->config;
  gsize size = rnnc_waveform_config_size (config);
  RnncWaveform *waveform = rnnc_waveform_new (config);
  g_autofree float *frames = g_new (float, (MAX_SAMPLES + 1) * size);
  float samples[MAX_SAMPLES];
  gint before = g_atomic_int_get (&n_allocations);

  for (gsize i = 0; i < MAX_SAMPLES; i++)
    samples[i] = sample_at ((gssize) i, MAX_SAMPLES);
  for (gsize n = 0; n < MAX_SAMPLES; n += 1 + n / 3) {
    for (gsize chunk = 1; chunk <= MAX_SAMPLES; chunk = chunk * 3 + 1) {
      gsize n_frames = 0;

      for (gsize at = 0; at < n; at += chunk) {
        gsize count = MIN (chunk, n - at);
        gsize pending = rnnc_waveform_pending (waveform, count);

        g_assert_cmpuint (rnnc_waveform_push (waveform, samples + at, count,
                              frames + n_frames * size),
            ==, pending);
        n_frames += pending;
      }
      n_frames += rnnc_waveform_flush (waveform, frames + n_frames * size);
      g_assert_cmpuint (n_frames, ==, wanted_frames (config, n));
      check_frames (config, frames, n_frames, n);
    }
  }
  if (COUNTS_ALLOCATIONS)
    g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, before);
  rnnc_waveform_free (waveform);
}

static void
test_wild_samples (void)
{
  const RnncWaveformConfig config = { 16000, 5, 5, 0, { 0, 0 } };
  const float samples[] = { NAN, INFINITY, -INFINITY, 1e30f, -1e30f };
  const float expected[] = { 0, 0, 0, 65536, -65536 };
  RnncWaveform *waveform = rnnc_waveform_new (&config);
  float frame[5];

  g_assert_cmpuint (rnnc_waveform_push (waveform, samples, 5, frame), ==, 1);
  g_assert_cmpmem (frame, sizeof frame, expected, sizeof expected);
  rnnc_waveform_free (waveform);
}

static void
test_reset (void)
{
  const RnncWaveformConfig config = { 16000, 4, 4, 2, { 0, 0 } };
  const float samples[] = { 1, 2, 3, 4, 5, 6 };
  const float expected[] = { 0, 0, 1, 2, 3, 4 };
  RnncWaveform *waveform = rnnc_waveform_new (&config);
  float frame[6];

  rnnc_waveform_push (waveform, samples, 6, frame);
  rnnc_waveform_reset (waveform);
  g_assert_cmpuint (rnnc_waveform_push (waveform, samples, 4, frame), ==, 1);
  g_assert_cmpmem (frame, sizeof frame, expected, sizeof expected);
  rnnc_waveform_free (waveform);
}

static void
test_misfit (gconstpointer data)
{
  const char *const *pair = data;
  g_autoptr (GError) error = NULL;
  JsonObject *json
      = rnnc_json_parse (pair[0], strlen (pair[0]), "test", &error);
  RnncFrontendConfig config;

  g_assert_no_error (error);
  g_assert_false (
      rnnc_frontend_config_parse (json, "frontend", &config, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_VALUE);
  if (strstr (error->message, pair[1]) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, pair[1]);
  rnnc_frontend_config_clear (&config);
  json_object_unref (json);
}

int
main (int argc, char **argv)
{
  static const char *const misfits[][3] = {
    { "{\"type\":\"waveform\"}", "frontend.window: missing", "no-window" },
    { "{\"type\":\"waveform\",\"window\":0}", "window", "window" },
    { "{\"type\":\"waveform\",\"window\":4,\"hop\":5}", "hop", "hop" },
    { "{\"type\":\"waveform\",\"window\":4,\"context\":65537}", "context",
        "context" },
    { "{\"type\":\"waveform\",\"window\":4,\"pad-reflect\":[0,4]}",
        "pad-reflect", "pad" },
    { "{\"type\":\"waveform\",\"window\":4,\"mels\":4}", "unknown key", "key" },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path
        = g_strconcat ("/waveform/frames/", cases[i].name, NULL);

    g_test_add_data_func (path, &cases[i], test_frames);
  }
  for (guint i = 0; i < G_N_ELEMENTS (misfits); i++) {
    g_autofree char *path
        = g_strconcat ("/waveform/misfit/", misfits[i][2], NULL);

    g_test_add_data_func (path, misfits[i], test_misfit);
  }
  g_test_add_func ("/waveform/wild-samples", test_wild_samples);
  g_test_add_func ("/waveform/reset", test_reset);
  return g_test_run ();
}
