/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The subcommands, one file each. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Exit statuses. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* @argv[0] is the subcommand's name. Returns: an exit status. */
int command_train (int argc, char **argv);
int command_eval (int argc, char **argv);
int command_info (int argc, char **argv);
int command_bench (int argc, char **argv);
int command_convert (int argc, char **argv);
int command_transcribe (int argc, char **argv);
int command_label (int argc, char **argv);
int command_forecast (int argc, char **argv);
int command_generate (int argc, char **argv);
int command_manifest (int argc, char **argv);

typedef struct {
  const char *arguments; /* "RECIPE.json" */
  const char *summary;   /* first paragraphs of --help */
  const char *example;   /* command lines */
  int min_arguments;
  int max_arguments; /* -1: any number */
} CommandUsage;

/**
 * command_parse:
 * @arguments: (out) (transfer full): what is left besides options
 * @status: (out): exit status where %FALSE is returned
 *
 * Parses options; says on stderr what is wrong. --help prints and exits.
 */
gboolean command_parse (int argc, char **argv, const GOptionEntry *entries,
    const CommandUsage *usage, GStrv *arguments, int *status);

/* The same, with a group of further options (transfer full). */
gboolean command_parse_with (int argc, char **argv, const GOptionEntry *entries,
    GOptionGroup *group, const CommandUsage *usage, GStrv *arguments,
    int *status);

/* Says @error, frees it; returns EXIT_FAILED. */
int command_fail (GError *error);
/* Says what is wrong with the command line; returns EXIT_USAGE. */
int command_misused (const char *command, const char *format, ...)
    G_GNUC_PRINTF (2, 3);
/* Flushes stdout; EXIT_FAILED with a message if that failed. */
int command_finish (int status);

G_END_DECLS
