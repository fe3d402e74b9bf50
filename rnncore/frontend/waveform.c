/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "rnncore/rnnc-frontend.h"

/* As of log-mel: networks stay finite whatever a caller pushes. */
#define MAX_SAMPLE 65536.0f

struct _RnncWaveform {
  RnncWaveformConfig config;
  float *samples; /* [context + window]: of the frame that is being filled */
  gsize size;
  gsize filled;
  gsize fresh; /* since the last whole window */
};

guint
rnnc_waveform_config_size (const RnncWaveformConfig *config)
{
  g_return_val_if_fail (config != NULL, 0);

  return config->pad[0] + config->context + config->window + config->pad[1];
}

RnncWaveform *
rnnc_waveform_new (const RnncWaveformConfig *config)
{
  RnncWaveform *waveform;

  g_return_val_if_fail (config != NULL, NULL);
  waveform = g_new0 (RnncWaveform, 1);
  waveform->config = *config;
  waveform->size = (gsize) config->context + config->window;
  waveform->samples = g_new0 (float, waveform->size);
  rnnc_waveform_reset (waveform);
  return waveform;
}

void
rnnc_waveform_free (RnncWaveform *waveform)
{
  if (waveform == NULL)
    return;
  g_free (waveform->samples);
  g_free (waveform);
}

void
rnnc_waveform_reset (RnncWaveform *waveform)
{
  g_return_if_fail (waveform != NULL);

  waveform->filled = waveform->config.context;
  waveform->fresh = 0;
  memset (waveform->samples, 0, waveform->filled * sizeof (float));
}

gsize
rnnc_waveform_pending (const RnncWaveform *waveform, gsize n_samples)
{
  g_return_val_if_fail (waveform != NULL, 0);

  n_samples += waveform->filled;
  if (n_samples < waveform->size)
    return 0;
  return (n_samples - waveform->size) / waveform->config.hop + 1;
}

static void
write_frame (const RnncWaveform *waveform, float *frame)
{
  const guint *pad = waveform->config.pad;
  const float *last = waveform->samples + waveform->size - 1;

  for (gsize i = pad[0]; i > 0; i--)
    *frame++ = waveform->samples[i];
  memcpy (frame, waveform->samples, waveform->size * sizeof *frame);
  frame += waveform->size;
  for (gsize i = 1; i <= pad[1]; i++)
    *frame++ = *(last - i);
}

/* Moves on by a hop after a whole window. */
static void
advance (RnncWaveform *waveform)
{
  waveform->filled -= waveform->config.hop;
  memmove (waveform->samples, waveform->samples + waveform->config.hop,
      waveform->filled * sizeof (float));
  waveform->fresh = 0;
}

static inline float
sane_sample (float sample)
{
  if (!isfinite (sample))
    return 0.0f;
  return CLAMP (sample, -MAX_SAMPLE, MAX_SAMPLE);
}

gsize
rnnc_waveform_push (RnncWaveform *waveform, const float *samples,
    gsize n_samples, float *frames)
{
  gsize n_frames = 0;

  g_return_val_if_fail (waveform != NULL, 0);
  g_return_val_if_fail (samples != NULL || n_samples == 0, 0);

  while (n_samples > 0) {
    gsize n = MIN (waveform->size - waveform->filled, n_samples);

    for (gsize i = 0; i < n; i++)
      waveform->samples[waveform->filled + i] = sane_sample (samples[i]);
    waveform->filled += n;
    waveform->fresh += n;
    samples += n;
    n_samples -= n;
    if (waveform->filled == waveform->size) {
      write_frame (waveform,
          frames + n_frames * rnnc_waveform_config_size (&waveform->config));
      n_frames++;
      advance (waveform);
    }
  }
  return n_frames;
}

gsize
rnnc_waveform_flush (RnncWaveform *waveform, float *frames)
{
  gsize n_frames = 0;

  g_return_val_if_fail (waveform != NULL, 0);

  if (waveform->fresh > 0) {
    memset (waveform->samples + waveform->filled, 0,
        (waveform->size - waveform->filled) * sizeof (float));
    write_frame (waveform, frames);
    n_frames = 1;
  }
  rnnc_waveform_reset (waveform);
  return n_frames;
}
