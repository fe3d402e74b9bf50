/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Pipelines made, and run to their end. */
#pragma once

#include <gst/gst.h>

/* @names: up to a %NULL. Returns: whether all are installed; if not, the test
 * that runs is skipped */
gboolean have_elements (const char *const *names);

/* As gst-launch has it; must be right. */
GstElement *parse (const char *description);

/* Plays up to EOS or an error, half a minute at most. Returns: (nullable)
 * (transfer full): the error */
GError *run_to_end (GstElement *pipeline);

/* Returns: (nullable): the bundled recording's sound, mono, F32 at @rate;
 * %NULL: no decoder, the test is skipped */
GByteArray *decode_sample (guint rate);
