/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/command.h"
#include "tools/common/interrupt.h"
#include "tools/training/session.h"

static const CommandUsage usage = {
  "RECIPE.json",
  "Learns a model as the recipe says (docs/recipes.md). Decoded recordings\n"
  "are kept in a cache; OUTPUT.csv has a line an epoch. Ctrl-C saves\n"
  "OUTPUT.checkpoint and ends; --resume goes on to the same result.",
  "  rnncore train models/recipes/speech-en-streaming.json \\\n"
  "    --data ~/recordings --threads 4",
  1,
  1,
};

int
command_train (int argc, char **argv)
{
  RecipeOverrides overrides = { 0 };
  SessionOptions options = { 0 };
  g_autofree char *data = NULL, *output = NULL, *cache = NULL, *init = NULL;
  g_auto (GStrv) arguments = NULL;
  g_autoptr (Recipe) recipe = NULL;
  g_autoptr (Session) session = NULL;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "data", 'd', 0, G_OPTION_ARG_FILENAME, &data,
        "Folder that ${DATA} in the recipe's paths stands for", "DIR" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
        "Model file to write, rather than the recipe's", "FILE" },
    { "threads", 't', 0, G_OPTION_ARG_INT, &overrides.threads,
        "Threads that share a batch", "N" },
    { "epochs", 'e', 0, G_OPTION_ARG_INT, &overrides.epochs,
        "Passes through the data", "N" },
    { "max-hours", 0, 0, G_OPTION_ARG_DOUBLE, &overrides.max_hours,
        "Stop in time and write the best so far", "H" },
    { "init", 0, 0, G_OPTION_ARG_FILENAME, &init,
        "Begin with the weights of this model", "MODEL" },
    { "resume", 0, 0, G_OPTION_ARG_NONE, &options.resume,
        "Go on from OUTPUT.checkpoint", NULL },
    { "restart", 0, 0, G_OPTION_ARG_NONE, &options.restart,
        "Begin anew where OUTPUT.checkpoint is there", NULL },
    { "cache", 0, 0, G_OPTION_ARG_FILENAME, &cache,
        "Folder of decoded recordings (~/.cache/rnncore)", "DIR" },
    { NULL },
  };

  if (!command_parse (argc, argv, entries, &usage, &arguments, &status))
    return status;
  if (overrides.threads < 0 || overrides.threads > 256 || overrides.epochs < 0
      || !(overrides.max_hours >= 0))
    return command_misused (argv[0], "a number is out of range");
  if (options.resume && options.restart)
    return command_misused (argv[0],
        "--resume and --restart exclude each other");
  interrupt_watch ();
  overrides.data = data;
  overrides.output = output;
  if (cache == NULL)
    cache = cache_default_directory ();
  options.cache = cache;
  options.init = init;
  recipe = recipe_load (arguments[0], &overrides, &error);
  if (recipe == NULL)
    return command_fail (error);
  session = session_new (g_steal_pointer (&recipe), &options, &error);
  if (session == NULL || !session_run (session, &error))
    return command_fail (error);
  return EXIT_OK;
}
