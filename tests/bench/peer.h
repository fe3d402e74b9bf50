/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Networks whose speed is compared, and who runs them. Weights are random: the
 * time does not depend on them. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  WORK_LSTM,   /* one layer, as many inputs as hidden units */
  WORK_CONV2D, /* 3-16-32-64-64, 3x3, stride 2, ReLU, on 112x112 */
  WORK_SPEECH, /* a step of speech-en-streaming: 80 mels, two convolutions over
                  time, four LSTM of 448, 29 labels */
  WORK_TRAIN   /* a step of training WORK_LSTM: mean squared error, Adam;
                  oneDNN: forward and backward alone */
} WorkKind;

/* Of weights. */
typedef enum {
  STORAGE_F32,
  STORAGE_F16, /* oneDNN: bfloat16, data too; ONNX Runtime, PyTorch: f32 */
  STORAGE_INT8
} Storage;

typedef struct {
  WorkKind kind;
  guint hidden;
  guint n_frames; /* 1: a step, state carried by the caller */
  guint batch;
  Storage storage;
} Work;

#define CONV2D_SIZE 112
#define CONV2D_LAYERS 4
static const guint conv2d_channels[CONV2D_LAYERS + 1] = { 3, 16, 32, 64, 64 };

#define SPEECH_MELS 80
#define SPEECH_CHANNELS 256
#define SPEECH_KERNEL 7 /* of the first convolution */
#define SPEECH_STRIDE 3
#define SPEECH_CONTEXT 5 /* kernel of the second */
#define SPEECH_HIDDEN 448
#define SPEECH_LAYERS 4
#define SPEECH_LABELS 29

/* Does the work once. */
typedef struct {
  const char *name;
  void (*run) (gpointer data);
  gpointer data;
} Contender;

/* Each sets @contender, or returns %FALSE where the peer is not there or cannot
 * do it. What it makes lives as long as the program. */
gboolean contender_ours (Contender *contender, const Work *work);
/* Of WORK_TRAIN; where librnncore-train is built. */
gboolean contender_ours_train (Contender *contender, const Work *work);
gboolean contender_onednn (Contender *contender, const Work *work);
/* The library at $RNNC_BENCH_ONNXRUNTIME. */
gboolean contender_onnxruntime (Contender *contender, const Work *work);

/* (transfer full): the work's network as an ONNX file. */
GBytes *onnx_model (const Work *work);

/* What goes into a step of the network for speech and comes out: [0] features
 * and labels, the others the state, whose next values stand in its place among
 * the outputs. Shapes end with 0. */
#define SPEECH_VALUES (2 + 2 * SPEECH_LAYERS)
extern const char *const onnx_speech_inputs[SPEECH_VALUES];
extern const char *const onnx_speech_outputs[SPEECH_VALUES];
const guint64 *onnx_speech_shape (guint i, gboolean input);

/* (transfer full): -0.1 .. 0.1, the same at each call. */
float *random_floats (gsize n);

G_END_DECLS
