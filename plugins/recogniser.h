/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What rnnspeech and rnngesture are alike in, whatever their base class: the
 * model's life through the states, the wait for it, liveness, the properties
 * both have. */
#pragma once

#include "plugins/model-loader.h"

G_BEGIN_DECLS

typedef struct {
  const char *task; /* "speech" or "gesture" */
  /* In the loading thread: makes what the element runs. */
  GstRnnModelLoadedFunc loaded;
  /* Frees what @loaded made; nobody streams. */
  void (*unload) (GstElement *element);
  /* Forgets the stream; nobody streams. */
  void (*reset) (GstElement *element);
} GstRnnRecogniserClass;

typedef struct {
  const GstRnnRecogniserClass *klass;
  GstElement *element;
  GstPad *sink_pad; /* the element's */
  GstRnnModelLoader *loader;

  /* Object lock. */
  char *model; /* (nullable) */

  /* The streaming thread's. */
  gboolean started; /* liveness has been seen to, this stream */
  gboolean is_live;
} GstRnnRecogniser;

/* @klass: static. @element, @sink_pad: outlive @recogniser. */
void gst_rnn_recogniser_init (GstRnnRecogniser *recogniser,
    const GstRnnRecogniserClass *klass, GstElement *element, GstPad *sink_pad);
void gst_rnn_recogniser_clear (GstRnnRecogniser *recogniser);

/* @chain_up: the base class's: loads from READY on, forgets all at READY. */
GstStateChangeReturn
gst_rnn_recogniser_change_state (GstRnnRecogniser *recogniser,
    GstStateChange transition,
    GstStateChangeReturn (
        *chain_up) (GstElement *element, GstStateChange transition));

/**
 * gst_rnn_recogniser_wait:
 * @is_first: (out): whether this is the stream's first time
 *
 * Waits for the model; the first time of a stream, asks upstream whether it is
 * live.
 *
 * Returns: as gst_rnn_model_loader_wait()
 */
GstFlowReturn
gst_rnn_recogniser_wait (GstRnnRecogniser *recogniser, gboolean *is_first);

/* Another stream begins: the next wait is its first. */
void gst_rnn_recogniser_begin_stream (GstRnnRecogniser *recogniser);

/* The property model; the caller has the object lock. */
void gst_rnn_recogniser_set_model (GstRnnRecogniser *recogniser,
    const GValue *value);

/* Flags of properties that may change up to READY, and at any time. */
#define GST_RNN_PARAM_READY                                                    \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define GST_RNN_PARAM_PLAYING                                                  \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

G_END_DECLS
