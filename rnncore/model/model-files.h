/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model is one file, weights with their description in the metadata, or two:
 * anybody's weights as they are, and a description as a JSON file. */
#pragma once

#include "rnncore/model/safetensors.h"

G_BEGIN_DECLS

typedef struct {
  char *json;   /* the description's text */
  char *origin; /* the file that holds it */
  char *weights_path;
  RnncSafetensors *weights;
  gboolean is_pair;   /* two files */
  char *weights_name; /* (nullable): "weights" of a JSON file */
} RnncModelFiles;

/**
 * rnnc_model_files_open:
 * @files: (out caller-allocates): cleared by the caller, whatever is returned
 * @path: weights, or a description (ending in ".json")
 *
 * Finds and opens what @path needs beside it.
 */
gboolean
rnnc_model_files_open (RnncModelFiles *files, const char *path, GError **error);
void rnnc_model_files_clear (RnncModelFiles *files);

/**
 * rnnc_model_files_other:
 * @weights_name: (nullable): of a description: "weights"
 *
 * Returns: (transfer full): the file that makes a pair with @path
 */
char *rnnc_model_files_other (const char *path, const char *weights_name);

/* Makes the message of a pair begin with "DESCRIPTION (weights FILE): ". */
void rnnc_model_files_name_both (const RnncModelFiles *files, GError **error);

G_END_DECLS
