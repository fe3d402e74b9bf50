/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command `rnncore`. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/media/media.h"

static const struct {
  const char *name;
  int (*run) (int argc, char **argv);
  const char *summary;
} commands[] = {
  { "manifest", command_manifest, "list folders of recordings to learn from" },
  { "train", command_train, "learn a model from recordings" },
  { "eval", command_eval, "measure a model on recordings" },
  { "transcribe", command_transcribe, "write down what is said" },
  { "label", command_label, "name the gestures in videos" },
  { "forecast", command_forecast, "go on with a series of numbers" },
  { "generate", command_generate, "write a sequence of a classical task" },
  { "info", command_info, "say what a model is made of" },
  { "bench", command_bench, "say how fast a model is on this machine" },
  { "convert", command_convert, "make a model's file smaller" },
};

static void
print_help (FILE *file)
{
  fprintf (file,
      "Usage: rnncore COMMAND [OPTION…] ARGUMENT…\n\n"
      "Convolutional and recurrent networks on recorded media.\n\n");
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    fprintf (file, "  %-12s %s\n", commands[i].name, commands[i].summary);
  fprintf (file,
      "\nrnncore COMMAND --help tells more.\n\n"
      "Example:\n  rnncore transcribe talk.mp4\n");
}

int
main (int argc, char **argv)
{
  /* Numbers stay in the C locale; file names and letters do not. */
  setlocale (LC_CTYPE, "");
  signal (SIGPIPE, SIG_DFL);
  media_init ();
  if (argc < 2) {
    print_help (stderr);
    return EXIT_USAGE;
  }
  if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h")
      || g_str_equal (argv[1], "help")) {
    print_help (stdout);
    return command_finish (EXIT_OK);
  }
  if (g_str_equal (argv[1], "--version")) {
    printf ("rnncore %s\n", RNNC_VERSION);
    return command_finish (EXIT_OK);
  }
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (argv[1], commands[i].name))
      return command_finish (commands[i].run (argc - 1, argv + 1));
  message ("no command \"%s\"; see rnncore --help", argv[1]);
  return EXIT_USAGE;
}
