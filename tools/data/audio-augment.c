/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libswresample/swresample.h>
#include <string.h>

#include "tools/data/augment.h"
#include "tools/data/convolve.h"

/* Speed in steps of a hundredth keeps the resampler's filter bank small. */
#define SPEED_STEPS 100

#define BAND_TAPS 129 /* 400 Hz of transition at 16 kHz */

#define SILENT 1e-5f /* root mean square of nothing said */

static float *
samples_of (GArray *array)
{
  return (float *) (void *) array->data;
}

static double
root_mean_square (const float *samples, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (double) samples[i] * samples[i];
  return n > 0 ? sqrt (sum / (double) n) : 0;
}

static void
change_speed (GArray *samples, double speed)
{
  AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
  SwrContext *resampler = NULL;
  int in_rate = (int) lrint (speed * SPEED_STEPS);
  int n_out = (int) ((gint64) samples->len * SPEED_STEPS / in_rate) + 64;
  g_autofree float *out = NULL;
  guint8 *out_data;
  const guint8 *in_data = (const guint8 *) samples->data;
  int n;

  if (in_rate == SPEED_STEPS || samples->len == 0)
    return;
  if (swr_alloc_set_opts2 (&resampler, &mono, AV_SAMPLE_FMT_FLT, SPEED_STEPS,
          &mono, AV_SAMPLE_FMT_FLT, in_rate, 0, NULL)
          < 0
      || swr_init (resampler) < 0) {
    swr_free (&resampler);
    return;
  }
  out = g_new (float, n_out);
  out_data = (guint8 *) out;
  n = swr_convert (resampler, &out_data, n_out, &in_data, (int) samples->len);
  if (n >= 0) {
    int rest;

    out_data = (guint8 *) (out + n);
    rest = swr_convert (resampler, &out_data, n_out - n, NULL, 0);
    n += MAX (rest, 0);
  }
  swr_free (&resampler);
  if (n > 0) {
    g_array_set_size (samples, 0);
    g_array_append_vals (samples, out, (guint) n);
  }
}

static void
pad (GArray *samples, gsize before, gsize behind)
{
  guint n = samples->len;
  float *data;

  g_array_set_size (samples, (guint) (before + n + behind));
  data = samples_of (samples);
  memmove (data + before, data, n * sizeof *data);
  memset (data, 0, before * sizeof *data);
  memset (data + before + n, 0, behind * sizeof *data);
}

/* Loudness stays what it was. */
static void
add_room (GArray *samples, const Recording *room)
{
  float *data = samples_of (samples);
  double before = root_mean_square (data, samples->len);
  double after;
  gsize first = 0;
  g_autofree float *response = g_new (float, room->n_samples);

  for (gsize i = 0; i < room->n_samples; i++) {
    response[i] = room->samples[i] / 32768.0f;
    if (fabsf (response[i]) > fabsf (response[first]))
      first = i;
  }
  /* The direct sound at once, so that letters stay in their frames. */
  convolve (data, samples->len, response + first, room->n_samples - first);
  after = root_mean_square (data, samples->len);
  for (guint i = 0; after > 0 && i < samples->len; i++)
    data[i] *= (float) (before / after);
}

void
audio_add_noise (GArray *samples, const Recording *noise, double snr,
    gsize start)
{
  float *data = samples_of (samples);
  double speech = root_mean_square (data, samples->len);
  double sum = 0, level, scale;

  for (gsize i = 0; i < noise->n_samples; i++)
    sum += (double) noise->samples[i] * noise->samples[i];
  level = sqrt (sum / (double) noise->n_samples) / 32768.0;
  if (level < SILENT)
    return;
  scale = (speech < SILENT ? 0.01 : speech) / level * pow (10.0, -snr / 20.0)
      / 32768.0;
  for (guint i = 0; i < samples->len; i++)
    data[i] += (float) (scale * noise->samples[(start + i) % noise->n_samples]);
}

/* Response at @i - centre of an ideal low-pass, @cutoff in cycles a sample. */
static double
low_pass (gint i, double cutoff)
{
  double x = 2 * G_PI * cutoff * i;

  return x == 0 ? 2 * cutoff : 2 * cutoff * sin (x) / x;
}

/* A linear-phase band-pass under a Hamming window, without its delay. */
static void
limit_band (GArray *samples, double low, double high, guint rate)
{
  const gint centre = BAND_TAPS / 2;
  float response[BAND_TAPS];
  guint n = samples->len;
  float *data;

  if (n == 0)
    return;
  for (gint i = 0; i < BAND_TAPS; i++) {
    double window = 0.54 - 0.46 * cos (2 * G_PI * i / (BAND_TAPS - 1));
    double ideal = low_pass (i - centre, MIN (high / rate, 0.5))
        - low_pass (i - centre, low / rate);

    response[i] = (float) (window * ideal);
  }
  pad (samples, 0, (gsize) centre);
  data = samples_of (samples);
  convolve (data, samples->len, response, BAND_TAPS);
  memmove (data, data + centre, n * sizeof *data);
  g_array_set_size (samples, n);
}

/* To 8 bits on the mu-law curve and back (ITU-T G.711, the continuous law). */
static void
compand (GArray *samples)
{
  const float mu = 255;
  float *data = samples_of (samples);

  for (guint i = 0; i < samples->len; i++) {
    float size = MIN (fabsf (data[i]), 1.0f);
    float code = rintf (127 * log1pf (mu * size) / log1pf (mu));

    data[i] = copysignf (expm1f (code / 127 * log1pf (mu)) / mu, data[i]);
  }
}

/* Cuts what is over @level dB of the peak; loudness stays what it was. */
static void
clip (GArray *samples, double level)
{
  float *data = samples_of (samples);
  double before = root_mean_square (data, samples->len);
  double after;
  float most = 0;

  for (guint i = 0; i < samples->len; i++)
    most = MAX (most, fabsf (data[i]));
  most *= (float) pow (10.0, level / 20.0);
  for (guint i = 0; i < samples->len; i++)
    data[i] = CLAMP (data[i], -most, most);
  after = root_mean_square (data, samples->len);
  for (guint i = 0; after > 0 && i < samples->len; i++)
    data[i] *= (float) (before / after);
}

/* What telephones and bad microphones do, in their order. */
static void
pass_channel (const AudioAugmenter *augmenter, Random *random, GArray *samples)
{
  const AudioAugment *set = augmenter->settings;
  gboolean cut = random_unit (random) < set->clipping_probability;
  gboolean band = random_unit (random) < set->band_probability;
  gboolean companding = random_unit (random) < set->companding_probability;
  double level
      = random_between (random, set->clipping_level[0], set->clipping_level[1]);
  double low = random_between (random, set->band_low[0], set->band_low[1]);
  double high = random_between (random, set->band_high[0], set->band_high[1]);

  if (cut)
    clip (samples, level);
  if (band)
    limit_band (samples, low, high, augmenter->rate);
  if (companding)
    compand (samples);
}

static void
change_gain (GArray *samples, double decibels)
{
  float *data = samples_of (samples);
  float factor = (float) pow (10.0, decibels / 20.0);

  for (guint i = 0; i < samples->len; i++)
    data[i] = CLAMP (data[i] * factor, -1.0f, 1.0f);
}

/* How many samples to cut off an end; a fourth of the recording, at most. */
static guint
draw_cut (const AudioAugmenter *augmenter, Random *random, guint n)
{
  const AudioAugment *set = augmenter->settings;
  guint most = MIN ((guint) (set->crop * augmenter->rate), n / 4);

  if (random_unit (random) >= set->crop_probability)
    return 0;
  return random_index (random, most + 1);
}

/* As when a microphone is opened too late, or closed too early. */
static void
cut_ends (const AudioAugmenter *augmenter, Random *random, GArray *samples)
{
  guint n = samples->len;
  guint before = draw_cut (augmenter, random, n);
  guint behind = draw_cut (augmenter, random, n);

  g_array_set_size (samples, n - behind);
  if (before > 0)
    g_array_remove_range (samples, 0, before);
}

void
audio_augment (const AudioAugmenter *augmenter, Random *random, GArray *samples,
    GArray *voice)
{
  const AudioAugment *set = augmenter->settings;
  double speed = random_between (random, set->speed[0], set->speed[1]);
  double before = random_between (random, set->pad[0], set->pad[1]);
  double behind = random_between (random, set->pad[0], set->pad[1]);
  gboolean room = random_unit (random) < set->room_probability;
  gboolean noise = random_unit (random) < set->noise_probability;
  double gain = random_between (random, set->gain[0], set->gain[1]);

  if (set->crop_probability > 0)
    cut_ends (augmenter, random, samples);
  change_speed (samples, speed);
  if (before + behind > 0)
    pad (samples, (gsize) (before * augmenter->rate),
        (gsize) (behind * augmenter->rate));
  if (voice != NULL)
    g_array_append_vals (voice, samples->data, samples->len);
  if (room && augmenter->rooms->len > 0) {
    guint i = random_index (random, augmenter->rooms->len);

    add_room (samples, &g_array_index (augmenter->rooms, Recording, i));
  }
  if (noise && augmenter->noises->len > 0) {
    guint i = random_index (random, augmenter->noises->len);
    double snr = random_between (random, set->snr[0], set->snr[1]);

    const Recording *recording
        = &g_array_index (augmenter->noises, Recording, i);
    double start = random_unit (random) * (double) recording->n_samples;

    audio_add_noise (samples, recording, snr, (gsize) start);
  }
  pass_channel (augmenter, random, samples);
  if (gain != 0)
    change_gain (samples, gain);
}
