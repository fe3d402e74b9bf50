/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Marks what librnncore exports; everything else is hidden. */
#define RNNC_API __attribute__ ((visibility ("default")))

/**
 * RnncError:
 * @RNNC_ERROR_IO: a file could not be opened, read, mapped or written
 * @RNNC_ERROR_FORMAT: a file is not what it should be: truncated, malformed,
 *   over a limit, of a future version
 * @RNNC_ERROR_SHAPE: tensors or layers do not fit each other
 * @RNNC_ERROR_VALUE: a value out of its range, not finite, or unknown
 * @RNNC_ERROR_UNSUPPORTED: valid, but not something this build can do
 * @RNNC_ERROR_DIVERGED: training produced a NaN or an infinity
 *
 * What went wrong. Messages name the file and the reason, in one line.
 */
typedef enum {
  RNNC_ERROR_IO,
  RNNC_ERROR_FORMAT,
  RNNC_ERROR_SHAPE,
  RNNC_ERROR_VALUE,
  RNNC_ERROR_UNSUPPORTED,
  RNNC_ERROR_DIVERGED,
} RnncError;

#define RNNC_ERROR (rnnc_error_quark ())
RNNC_API GQuark rnnc_error_quark (void);

G_END_DECLS
