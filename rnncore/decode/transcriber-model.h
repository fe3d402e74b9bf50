/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which models transcribe. */
#pragma once

#include "rnncore/rnnc-model.h"

G_BEGIN_DECLS

/* %FALSE with @error naming the model and what it lacks. */
gboolean rnnc_transcriber_check_model (RnncModel *model, GError **error);

G_END_DECLS
