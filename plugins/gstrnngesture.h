/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_RNN_GESTURE (gst_rnn_gesture_get_type ())
G_DECLARE_FINAL_TYPE (GstRnnGesture, gst_rnn_gesture, GST, RNN_GESTURE,
    GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE (rnngesture)

/* Name of the GstCustomMeta on buffers with a gesture. */
#define GST_RNN_GESTURE_META "rnngesture"

G_END_DECLS
