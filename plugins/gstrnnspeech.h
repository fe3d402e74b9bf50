/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_RNN_SPEECH (gst_rnn_speech_get_type ())
G_DECLARE_FINAL_TYPE (GstRnnSpeech, gst_rnn_speech, GST, RNN_SPEECH, GstElement)

GST_ELEMENT_REGISTER_DECLARE (rnnspeech)

G_END_DECLS
