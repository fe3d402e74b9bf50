/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * rnncore: convolutional + recurrent networks on live and recorded media. */
#pragma once

#include "rnncore/rnnc-decoding.h"
#include "rnncore/rnnc-error.h"
#include "rnncore/rnnc-frontend.h"
#include "rnncore/rnnc-model.h"
#include "rnncore/rnnc-spotter.h"
#include "rnncore/rnnc-stream-batch.h"
#include "rnncore/rnnc-stream.h"
#include "rnncore/rnnc-transcriber.h"
