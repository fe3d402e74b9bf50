/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/**
 * rnnc_json_scan:
 * @reason: (out): why not, a static string
 * @offset: (out): where, in bytes
 *
 * Returns: whether @text is one strict JSON object within the limits of
 *   json-reader.h
 */
gboolean rnnc_json_scan (const char *text, gsize length, const char **reason,
    gsize *offset);
