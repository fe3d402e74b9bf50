/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "tools/command.h"
#include "tools/data/sequence.h"

static const CommandUsage usage = {
  "TASK",
  "Writes one sequence of a generated task as CSV, as recipes take it\n"
  "(docs/recipes.md): features first, then what the network should say at "
  "each\n"
  "step. Tasks: adding, temporal-order, copy-memory, parity, spirals, "
  "spelling,\n"
  "mackey-glass.",
  "  rnncore generate mackey-glass --steps 2000 > series.csv",
  1,
  1,
};

static void
print_number (float value, const char *end)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  printf ("%s%s", g_ascii_formatd (text, sizeof text, "%.9g", (double) value),
      end);
}

static void
print_sequence (const Generator *generator, const Sequence *sequence)
{
  guint n = generator_features (generator);
  const char *const *names = generator_labels (generator);
  gboolean has_values = sequence->values->len == sequence->n_steps;
  gboolean has_labels = generator_loss (generator) == RNNC_LOSS_CROSS_ENTROPY
      && sequence->labels->len == sequence->n_steps;

  for (guint i = 0; i < n; i++)
    printf ("x%u%s", i + 1, i + 1 < n ? "," : "");
  printf ("%s\n", has_values ? ",target" : has_labels ? ",label" : "");
  for (guint t = 0; t < sequence->n_steps; t++) {
    for (guint i = 0; i < n; i++)
      print_number (g_array_index (sequence->features, float, t *n + i),
          i + 1 < n || has_values || has_labels ? "," : "\n");
    if (has_values)
      print_number (g_array_index (sequence->values, float, t), "\n");
    if (has_labels)
      printf ("%s\n", names[g_array_index (sequence->labels, guint, t)]);
  }
}

int
command_generate (int argc, char **argv)
{
  gint steps = 1000, seed = 1;
  double tau = 17;
  Generator generator = { .sequences = 1 };
  g_auto (GStrv) arguments = NULL;
  g_autoptr (Sequence) sequence = NULL;
  guint task = 0;
  int status;
  const GOptionEntry entries[] = {
    { "steps", 'n', 0, G_OPTION_ARG_INT, &steps, "Steps (1000)", "N" },
    { "seed", 's', 0, G_OPTION_ARG_INT, &seed, "Which one (1)", "N" },
    { "tau", 0, 0, G_OPTION_ARG_DOUBLE, &tau, "Delay of mackey-glass (17)",
        "T" },
    { NULL },
  };

  if (!command_parse (argc, argv, entries, &usage, &arguments, &status))
    return status;
  if (steps < 4 || steps > 1000000 || seed < 0 || !(tau >= 1 && tau <= 1000))
    return command_misused (argv[0], "a number is out of range");
  while (generator_names[task] != NULL
      && !g_str_equal (generator_names[task], arguments[0]))
    task++;
  if (generator_names[task] == NULL)
    return command_misused (argv[0], "no task \"%s\"", arguments[0]);
  generator.task = (GeneratorTask) task;
  generator.steps[0] = generator.steps[1] = (guint) steps;
  generator.seed = (guint64) seed;
  generator.tau = tau;
  sequence = sequence_new ();
  generator_make (&generator, 0, 0, sequence);
  print_sequence (&generator, sequence);
  return EXIT_OK;
}
