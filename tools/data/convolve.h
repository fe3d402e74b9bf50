/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * convolve:
 * @signal: [n]; replaced by the first @n samples of signal * response
 *
 * By fast Fourier transforms of blocks (overlap-add).
 */
void convolve (float *signal, gsize n, const float *response, gsize n_response);

G_END_DECLS
