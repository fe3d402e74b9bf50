/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>

#include "plugins/gstrnngesture.h"
#include "plugins/gstrnnspeech.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  gboolean registered = GST_ELEMENT_REGISTER (rnnspeech, plugin);

  return GST_ELEMENT_REGISTER (rnngesture, plugin) && registered;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, rnncore,
    "Speech and gestures recognised by convolutional + recurrent networks",
    plugin_init, PACKAGE_VERSION, "LGPL", "gst-rnn", PACKAGE_ORIGIN)
