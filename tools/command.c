/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/command.h"

#include <errno.h>
#include <stdio.h>

#include "tools/common/message.h"

static GOptionContext *
make_context (const GOptionEntry *entries, const CommandUsage *usage)
{
  g_autofree char *example
      = g_strdup_printf ("Example:\n%s\n\n"
                         "Results go to standard output, messages to standard "
                         "error.\n"
                         "Exit status: 0 success, 1 failure, 2 wrong usage.",
          usage->example);
  GOptionContext *context = g_option_context_new (usage->arguments);

  g_option_context_set_summary (context, usage->summary);
  g_option_context_set_description (context, example);
  g_option_context_add_main_entries (context, entries, NULL);
  return context;
}

gboolean
command_parse (int argc, char **argv, const GOptionEntry *entries,
    const CommandUsage *usage, GStrv *arguments, int *status)
{
  return command_parse_with (argc, argv, entries, NULL, usage, arguments,
      status);
}

gboolean
command_parse_with (int argc, char **argv, const GOptionEntry *entries,
    GOptionGroup *group, const CommandUsage *usage, GStrv *arguments,
    int *status)
{
  g_autofree char *program = g_strdup_printf ("rnncore %s", argv[0]);
  g_autoptr (GOptionContext) context = make_context (entries, usage);
  g_auto (GStrv) copy = g_new0 (char *, argc + 1);
  g_autoptr (GError) error = NULL;
  int n;

  for (int i = 0; i < argc; i++)
    copy[i] = g_strdup (i == 0 ? program : argv[i]);
  if (group != NULL)
    g_option_context_add_group (context, group);
  g_set_prgname (program);
  if (!g_option_context_parse_strv (context, &copy, &error)) {
    *status = command_misused (argv[0], "%s", error->message);
    return FALSE;
  }
  n = (int) g_strv_length (copy) - 1;
  if (n > 0 && g_str_equal (copy[1], "--")) {
    char *first = copy[1];

    for (int i = 1; i < n; i++)
      copy[i] = copy[i + 1];
    copy[n--] = NULL;
    g_free (first);
  }
  if (n < usage->min_arguments
      || (usage->max_arguments >= 0 && n > usage->max_arguments)) {
    *status = command_misused (argv[0], "expected %s", usage->arguments);
    return FALSE;
  }
  *arguments = g_strdupv (copy + 1);
  return TRUE;
}

int
command_fail (GError *error)
{
  message ("%s", error->message);
  g_error_free (error);
  return EXIT_FAILED;
}

int
command_misused (const char *command, const char *format, ...)
{
  va_list arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  message ("%s: %s; see rnncore %s --help", command, text, command);
  return EXIT_USAGE;
}

int
command_finish (int status)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return status;
  message ("standard output: %s", g_strerror (errno));
  return EXIT_FAILED;
}
