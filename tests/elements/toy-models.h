/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Model files small enough to be known exactly: one hears tones as letters, one
 * sees on which side a picture is bright. */
#pragma once

#include <glib.h>

#define TONE_RATE 16000
/* Samples of one character of a script: 100 ms. */
#define TONE_SAMPLES 1600

/* The model of tones: log-mel of few bands, one letter each, no memory. Labels
 * blank, space, a to f. Free with toy_model_remove(). */
char *tone_model_write (void);
/* The same, with @language and @rate. */
char *tone_model_write_as (const char *language, guint rate);

/* A network of voice activity at @rate: there is a voice where there is any
 * tone but "f", which is a noise. */
char *voice_model_write (guint rate);

/**
 * tone_script:
 * @script: what the model is to hear: "a" to "f" and " " are tones of 100 ms,
 *   "." is 100 ms of silence
 *
 * Returns: (transfer full): 1600 samples a character
 */
float *tone_script (const char *script, gsize *n_samples);

/* 16-bit mono WAV. */
void tone_script_write_wav (const char *script, const char *path);

/* The model of light: 2 x 1 grey pixels at 10 Hz, mean over time; labels none,
 * left, right. */
char *light_model_write (void);

/* A folder of models where @path is the default of @task; removed with
 * toy_model_folder_remove(). */
char *toy_model_folder_new (const char *path, const char *task);
void toy_model_folder_remove (char *folder, const char *task);

void toy_model_remove (char *path);
