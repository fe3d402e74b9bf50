/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/data/convolve.h"

#include <kiss_fftr.h>
#include <string.h>

#define MIN_FFT 1024u
#define MAX_FFT (1u << 22)

void
convolve (float *signal, gsize n, const float *response, gsize n_response)
{
  guint size = MIN_FFT;
  g_autofree float *result = g_new0 (float, n + 1);

  while (size < 2 * n_response && size < MAX_FFT)
    size *= 2;
  n_response = MIN (n_response, size / 2);
  gsize block = size - n_response + 1;
  guint n_bins = size / 2 + 1;
  g_autofree float *time = g_new0 (float, size);
  g_autofree kiss_fft_cpx *filter = g_new (kiss_fft_cpx, n_bins);
  g_autofree kiss_fft_cpx *spectrum = g_new (kiss_fft_cpx, n_bins);
  kiss_fftr_cfg forward = kiss_fftr_alloc ((int) size, 0, NULL, NULL);
  kiss_fftr_cfg inverse = kiss_fftr_alloc ((int) size, 1, NULL, NULL);

  memcpy (time, response, n_response * sizeof *time);
  kiss_fftr (forward, time, filter);
  for (gsize at = 0; at < n; at += block) {
    gsize n_now = MIN (block, n - at);

    memcpy (time, signal + at, n_now * sizeof *time);
    memset (time + n_now, 0, (size - n_now) * sizeof *time);
    kiss_fftr (forward, time, spectrum);
    for (guint i = 0; i < n_bins; i++) {
      kiss_fft_cpx a = spectrum[i], b = filter[i];

      spectrum[i].r = (a.r * b.r - a.i * b.i) / (float) size;
      spectrum[i].i = (a.r * b.i + a.i * b.r) / (float) size;
    }
    kiss_fftri (inverse, spectrum, time);
    for (gsize i = 0; i < size && at + i < n; i++)
      result[at + i] += time[i];
  }
  memcpy (signal, result, n * sizeof *signal);
  kiss_fftr_free (forward);
  kiss_fftr_free (inverse);
}
