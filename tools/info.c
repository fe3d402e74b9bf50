/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "rnncore/rnncore.h"
#include "tools/command.h"

static const CommandUsage usage = {
  "MODEL",
  "Prints a model's layers, sizes, latency, labels, licence and origin.\n"
  "MODEL is a file, or the name of an installed model.",
  "  rnncore info speech-en-streaming",
  1,
  1,
};

int
command_info (int argc, char **argv)
{
  gboolean json = FALSE;
  g_auto (GStrv) arguments = NULL;
  g_autofree char *path = NULL, *summary = NULL;
  g_autoptr (RnncModel) model = NULL;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "json", 0, 0, G_OPTION_ARG_NONE, &json,
        "Print the description as it stands in the file", NULL },
    { NULL },
  };

  if (!command_parse (argc, argv, entries, &usage, &arguments, &status))
    return status;
  path = rnnc_model_find (arguments[0], "speech", &error);
  if (path == NULL)
    return command_fail (error);
  model = rnnc_model_load (path, &error);
  if (model == NULL)
    return command_fail (error);
  summary = json ? NULL : rnnc_model_summary (model);
  fputs (json ? rnnc_model_json (model) : summary, stdout);
  if (json)
    putchar ('\n');
  return EXIT_OK;
}
