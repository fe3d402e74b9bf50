/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Loads an element's model in a thread of its own, from READY on, while the
 * streaming thread waits; tells the application by PROGRESS messages, and by
 * exactly one error where it fails. */
#pragma once

#include <gst/gst.h>

#include "rnncore/rnncore.h"

G_BEGIN_DECLS

typedef struct _GstRnnModelLoader GstRnnModelLoader;

/* Called in the loading thread once the model is there, before anyone who waits
 * is told: makes what the element runs. A failure is posted as the load's. */
typedef gboolean (*GstRnnModelLoadedFunc) (GstElement *element,
    RnncModel *model, GError **error);

/**
 * gst_rnn_model_loader_new:
 * @element: not referenced; outlives the loader
 * @task: "speech" or "gesture": whose default model is taken if none is named
 */
GstRnnModelLoader *gst_rnn_model_loader_new (GstElement *element,
    const char *task, GstRnnModelLoadedFunc loaded);
void gst_rnn_model_loader_free (GstRnnModelLoader *loader);

/* READY to PAUSED. @name: (nullable): the model property. */
void gst_rnn_model_loader_start (GstRnnModelLoader *loader, const char *name);

/* PAUSED to READY, in two steps: wakes whoever waits, so that the streaming
 * threads end; then, once they have, waits for the thread. The weights are kept
 * for the next start. */
void gst_rnn_model_loader_cancel (GstRnnModelLoader *loader);
void gst_rnn_model_loader_stop (GstRnnModelLoader *loader);

/* READY to NULL: lets the weights go. */
void gst_rnn_model_loader_release (GstRnnModelLoader *loader);

/* FLUSH_START (%TRUE) wakes whoever waits, FLUSH_STOP (%FALSE) lets them wait
 * again. */
void gst_rnn_model_loader_set_flushing (GstRnnModelLoader *loader,
    gboolean flushing);

/**
 * gst_rnn_model_loader_wait:
 *
 * Returns: %GST_FLOW_OK once the model is loaded, %GST_FLOW_FLUSHING where
 *   that ended the wait, %GST_FLOW_ERROR where it could not be loaded (the
 *   error is posted by then)
 */
GstFlowReturn gst_rnn_model_loader_wait (GstRnnModelLoader *loader);

/* (transfer full) (nullable): the model, once loaded; does not wait. */
RnncModel *gst_rnn_model_loader_get_model (GstRnnModelLoader *loader);

G_END_DECLS
