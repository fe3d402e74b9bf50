/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small networks that together have every layer type, option and front end:
 * what the fuzzers of model files begin with. */
#pragma once

#include <glib.h>

typedef struct {
  const char *name;
  const char *frontend; /* JSON with single quotes for double ones */
  const char *layers;
} ModelSeed;

extern const ModelSeed model_seeds[];
extern const guint n_model_seeds;

/* How long a fuzzer runs: RNNC_FUZZ_SECONDS, or a number of turns. */
typedef struct {
  gint64 end; /* 0: by turns */
  guint n_turns;
  guint n_done;
} FuzzTime;

FuzzTime fuzz_time_start (guint n_turns);
gboolean fuzz_time_go_on (FuzzTime *time);
