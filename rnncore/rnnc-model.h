/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model: architecture, front end, labels and weights; immutable. */
#pragma once

#include "rnncore/rnnc-frontend.h"

G_BEGIN_DECLS

typedef struct _RnncModel RnncModel;

/**
 * rnnc_model_load:
 * @path: a model file (docs/model-format.md): weights with a description in
 *   their metadata or in a JSON file beside them, or that JSON file
 *
 * Loads a model, or hands out the one already loaded from the same files (same
 * device, inode, size and modification time) in this process.
 *
 * Threads: any. After a load nothing in the streaming path can fail.
 *
 * Returns: (transfer full): a reference, or %NULL with @error naming the file
 *   or both files, the tensor and the reason
 */
RNNC_API RnncModel *rnnc_model_load (const char *path, GError **error);
RNNC_API RnncModel *rnnc_model_ref (RnncModel *model);
RNNC_API void rnnc_model_unref (RnncModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncModel, rnnc_model_unref)

/**
 * rnnc_model_find:
 * @name: (nullable): a path, or a model's file name without its ending; %NULL
 *   for the default of @task
 * @task: "speech" (for microphones), "speech-offline" (for files), "gesture",
 *   "language-model" or "voice-activity" (which has no default)
 *
 * Where a model is: @name if it is a file; else NAME.safetensors or NAME.json
 * (NULL: the first line of the file "default-TASK") in the directories of
 * RNNCORE_MODEL_PATH, in the installed data directory, in the build tree.
 *
 * Returns: (transfer full): a path, or %NULL with @error listing where it
 * looked
 */
RNNC_API char *
rnnc_model_find (const char *name, const char *task, GError **error);

RNNC_API const char *rnnc_model_path (RnncModel *model);
/* "speech", "gesture", or another task's name. */
RNNC_API const char *rnnc_model_task (RnncModel *model);
/* BCP 47, or "" where it has none. */
RNNC_API const char *rnnc_model_language (RnncModel *model);
RNNC_API const RnncFrontendConfig *rnnc_model_frontend (RnncModel *model);
RNNC_API guint rnnc_model_n_labels (RnncModel *model);
/* UTF-8; the blank's or none's name for that label. */
RNNC_API const char *rnnc_model_label (RnncModel *model, guint index);
/* Index of the CTC blank or of "none"; -1 where there is neither. */
RNNC_API gint rnnc_model_blank (RnncModel *model);
/* The description as JSON, as it stands in the file. */
RNNC_API const char *rnnc_model_json (RnncModel *model);

/* Floats in one frame in (front end's output) and out. */
RNNC_API gsize rnnc_model_input_size (RnncModel *model);
RNNC_API gsize rnnc_model_output_size (RnncModel *model);
/* Whether the network yields one output for a whole clip (many to one). */
RNNC_API gboolean rnnc_model_is_many_to_one (RnncModel *model);
RNNC_API gboolean rnnc_model_is_bidirectional (RnncModel *model);
/* Input frames per output frame. */
RNNC_API guint rnnc_model_stride (RnncModel *model);
/* Input frames beyond the current one that an output needs: conv right context,
 * and chunk + look-ahead of bidirectional cores, in input frames. */
RNNC_API guint rnnc_model_look_ahead (RnncModel *model);
/* ns from a frame's last sample to the output that covers it being complete:
 * (window - hop) + hop * (look-ahead + stride). */
RNNC_API guint64 rnnc_model_latency (RnncModel *model);
/* The same in samples of the front end's rate; of video and vectors, in
 * frames. */
RNNC_API guint64 rnnc_model_latency_samples (RnncModel *model);
/* ns of input per output frame. */
RNNC_API guint64 rnnc_model_output_period (RnncModel *model);

/**
 * rnnc_model_output_frames:
 *
 * Returns: outputs for a whole sequence of @n_frames inputs
 */
RNNC_API gsize rnnc_model_output_frames (RnncModel *model, gsize n_frames);

/**
 * rnnc_model_forward:
 * @input: [n_frames, input size], features of the front end
 * @output: (out caller-allocates): [rnnc_model_output_frames(), output size]
 *
 * The whole sequence at once; bidirectional cores see all of it.
 * Threads: any number at a time.
 */
RNNC_API void rnnc_model_forward (RnncModel *model, const float *input,
    gsize n_frames, float *output);

/**
 * rnnc_model_forward_batch:
 * @inputs: (array length=n_sequences): each [n_frames, input size]
 * @n_frames: (array length=n_sequences): of each sequence; 0 is possible
 * @outputs: (array length=n_sequences): caller allocates each:
 *   [rnnc_model_output_frames() of its n_frames, output size]
 *
 * Many whole sequences, of any lengths in any order, through one model: each
 * output has the bits that rnnc_model_forward() gives, but a recurrent core
 * steps through up to 64 sequences together, so that one read of its weights
 * serves them all. Fastest where their lengths are alike.
 *
 * Memory: at most 30 MiB at a time, or what the longest sequence needs alone,
 * whichever is more; all of it is given back.
 * Threads: any number at a time.
 */
RNNC_API void
rnnc_model_forward_batch (RnncModel *model, const float *const *inputs,
    const gsize *n_frames, gsize n_sequences, float *const *outputs);

/* How a file holds the matrices and kernels of a model; all are computed with
 * as f32. */
typedef enum {
  RNNC_STORAGE_F32,
  RNNC_STORAGE_F16,  /* IEEE 754 binary16 */
  RNNC_STORAGE_BF16, /* the upper half of an f32 */
  RNNC_STORAGE_I8,   /* -127 … 127 times a scale a row of the first axis */
} RnncStorage;

typedef struct {
  RnncStorage storage;
  gboolean keep_embeddings; /* leave the tables of embedding layers f32 */
  /* Of a language model: the words that it knows from now on, with white space
   * between them; %NULL: as it has it. */
  const char *vocabulary;
  /* Of a language model: how words sound from now on, lines of a word, a tab
   * and its phones, the most frequent words first (docs/decoding.md); %NULL: as
   * it has it. */
  const char *pronunciations;
  /* Of a speech model: the lines of the phrase list that it is held to from now
   * on (rnnc-decoding.h); %NULL: as it has it. */
  const char *phrases;
} RnncConversion;

/**
 * rnnc_model_convert:
 * @model: whose files are read again
 * @output: the file to write; must not end in ".json"
 *
 * Writes the model as one file with its description, its matrices and kernels
 * rounded to the nearest of the storage type; biases, norms and their
 * statistics are f32. Tensors that no layer reads are left out. Written aside
 * and renamed: a failure leaves @output as it was. @output may be the model's
 * own file.
 *
 * Threads: any.
 *
 * Returns: %FALSE with @error naming the file, and the tensor that holds a
 *   number too large for the type, or the word or phrase that has a letter
 *   that the model does not know
 */
RNNC_API gboolean rnnc_model_convert (RnncModel *model, const char *output,
    const RnncConversion *conversion, GError **error);

/* Bytes that the weights of its layers take in the file, int8's scales with
 * them. */
RNNC_API guint64 rnnc_model_stored_bytes (RnncModel *model);

/**
 * rnnc_model_summary:
 *
 * Returns: (transfer full): layers with shapes, parameters, bytes,
 *   multiply-adds per second of input, latency, labels, licence and provenance,
 *   as `rnncore info` prints them
 */
RNNC_API char *rnnc_model_summary (RnncModel *model);

G_END_DECLS
