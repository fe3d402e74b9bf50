/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What rnnspeech and rnngesture are alike in, whatever their base class: the
 * model's life through the states, the wait for it, liveness, the properties
 * both have. */
#pragma once

#include "plugins/model-loader.h"
#include "plugins/settings.h"

G_BEGIN_DECLS

typedef struct {
  const char *task;        /* "speech" or "gesture" */
  const char *caps_advice; /* error where the sink pad refuses caps */
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
  gboolean post_messages;
  gboolean use_signals;

  /* The streaming thread's. */
  gboolean started; /* liveness has been seen to, this stream */
  gboolean is_live;
} GstRnnRecogniser;

/* Caps that the sink pad refuses, which it does without a word, are explained
 * by an error. @klass: static. @element, @sink_pad: outlive @recogniser. */
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

/* Properties and the signal of both; an element's own properties follow. */
enum {
  GST_RNN_PROP_MODEL = 1,
  GST_RNN_PROP_POST_MESSAGES,
  GST_RNN_PROP_USE_SIGNALS,
  GST_RNN_PROP_OWN,
};

void gst_rnn_recogniser_class_init (GObjectClass *klass);
/* Whether @id is one of those above. Both lock. */
gboolean gst_rnn_recogniser_set_property (GstRnnRecogniser *recogniser,
    guint id, const GValue *value);
gboolean gst_rnn_recogniser_get_property (GstRnnRecogniser *recogniser,
    guint id, GValue *value);

/**
 * gst_rnn_recogniser_publish:
 * @result: named after the element
 * @message: (transfer full) (nullable): what goes on the bus
 *
 * Posts @message, and emits the signal "result" with @result, as the properties
 * say. Called in the streaming thread with no lock held.
 */
void gst_rnn_recogniser_publish (GstRnnRecogniser *recogniser,
    const GstStructure *result, GstStructure *message);

G_END_DECLS
