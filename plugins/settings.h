/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Properties that are plain values: a table says which field of a struct each
 * one is. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* guint, gint64, gboolean, double or an enumeration (gint), as the property's
 * type says; @id 0 ends a table. */
typedef struct {
  guint id; /* of the property */
  gsize offset;
  gboolean changes_latency;
} GstRnnField;

/* The field of property @id, or NULL where it has none. */
const GstRnnField *gst_rnn_field_find (const GstRnnField *table, guint id);
void gst_rnn_field_set (const GstRnnField *field, gpointer settings,
    const GValue *value);
void gst_rnn_field_get (const GstRnnField *field, gconstpointer settings,
    GValue *value);

/* Flags of properties that may change up to READY, and at any time. */
#define GST_RNN_PARAM_READY                                                    \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define GST_RNN_PARAM_PLAYING                                                  \
  (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

G_END_DECLS
