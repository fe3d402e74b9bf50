/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/rnnc-error.h"

G_DEFINE_QUARK (rnnc - error - quark, rnnc_error)
