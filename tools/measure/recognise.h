/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a model makes of one recording. */
#pragma once

#include "rnncore/rnncore.h"
#include "tools/common/decode-options.h"
#include "tools/data/labels.h"

G_BEGIN_DECLS

/* The model's labels, as the tools use them. */
Labels *labels_from_model (RnncModel *model, GError **error);

/**
 * recognise_speech:
 * @decoding: loaded
 * @confidences: (nullable) (element-type double): appended to, one a word
 * @seconds: (out): of audio
 * @processor: (inout): seconds of network and decoder are added
 *
 * The whole recording at once.
 *
 * Returns: (transfer full): the text, or %NULL with @error
 */
char *recognise_speech (RnncModel *model, const Labels *labels,
    const DecodeOptions *decoding, const char *path, GArray *confidences,
    double *seconds, double *processor, GError **error);
/* The same through the streaming decoder, utterances joined by spaces. */
char *recognise_speech_stream (RnncModel *model, const DecodeOptions *decoding,
    const char *path, GArray *confidences, double *seconds, double *processor,
    GError **error);
/* -1 with @error. */
gint recognise_clip (RnncModel *model, const char *path, double *seconds,
    double *processor, GError **error);
/* Events of an endless stream, times from its first picture on; @options:
 * (nullable): (element-type Event), or %NULL with @error. */
GArray *recognise_events (RnncModel *model, const RnncSpotterOptions *options,
    const char *path, double *seconds, double *processor, GError **error);

/* s of processor that this process has used. */
double processor_seconds (void);

G_END_DECLS
