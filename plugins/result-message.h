/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What results look like on the bus and as JSON: the fields all share. */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/**
 * gst_rnn_result_set_times:
 * @segment: (nullable): in which @timestamp is
 *
 * The time fields of element "level": timestamp, stream-time, running-time,
 * duration, endtime (stream-time + duration); u64 ns, never
 * %GST_CLOCK_TIME_NONE: what is outside the segment counts as its nearest end.
 */
void gst_rnn_result_set_times (GstStructure *result, const GstSegment *segment,
    GstClockTime timestamp, GstClockTime duration);

/**
 * gst_rnn_result_to_json:
 *
 * Returns: (transfer full): the fields as one JSON object on one line; lists
 *   become arrays, structures objects. Numbers do not depend on the locale.
 */
char *gst_rnn_result_to_json (const GstStructure *result);

G_END_DECLS
