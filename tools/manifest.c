/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "tools/command.h"
#include "tools/common/message.h"
#include "tools/common/random.h"
#include "tools/common/write-file.h"
#include "tools/data/manifest.h"

enum { DRAW_SPLIT = 0x73706c74 };

static const CommandUsage usage = {
  "FOLDER",
  "Writes FOLDER/manifest.tsv for a folder that has a folder of recordings "
  "for\n"
  "each label, FOLDER/LABEL/RECORDING: a row a recording with columns path,\n"
  "split and label. Of each label's recordings a share is drawn for split "
  "test,\n"
  "one for dev, the others are train; the same ones each time.",
  "  rnncore manifest ~/gestures --test 0.25\n"
  "  rnncore train models/recipes/own-gestures.json --data ~/gestures",
  1,
  1,
};

typedef struct {
  double test, dev; /* shares of each label */
  guint64 seed;
} Shares;

/* Rows @first … @end - 1 of one label: test, dev, train, in a drawn order. */
static void
split_label (const Shares *shares, const char *label, guint first, guint end,
    const char **splits)
{
  guint n = end - first;
  g_autofree guint *order = g_new (guint, n + 1);
  guint n_test = (guint) (shares->test * n + 0.5);
  guint n_dev = MIN ((guint) (shares->dev * n + 0.5), n - n_test);
  Random random = random_for (shares->seed, DRAW_SPLIT, g_str_hash (label));

  for (guint i = 0; i < n; i++)
    order[i] = first + i;
  random_shuffle (&random, order, n);
  for (guint i = 0; i < n; i++)
    splits[order[i]] = i < n_test ? "test"
        : i < n_test + n_dev      ? "dev"
                                  : "train";
}

/* How many of @first … @end - 1 are in @split. */
static guint
count (const char *const *splits, guint first, guint end, const char *split)
{
  guint n = 0;

  for (guint i = first; i < end; i++)
    n += g_str_equal (splits[i], split);
  return n;
}

/* Splits all; a line a label on stdout. Rows of a label stand together. */
static void
split_all (const Manifest *manifest, const Shares *shares, const char **splits)
{
  gint column = manifest_column (manifest, "label");

  printf ("label\ttrain\tdev\ttest\n");
  for (guint first = 0, end; first < manifest->n_rows; first = end) {
    const char *label = manifest_field (manifest, first, column);

    for (end = first + 1; end < manifest->n_rows
         && g_str_equal (manifest_field (manifest, end, column), label);
         end++)
      ;
    split_label (shares, label, first, end, splits);
    printf ("%s\t%u\t%u\t%u\n", label, count (splits, first, end, "train"),
        count (splits, first, end, "dev"), count (splits, first, end, "test"));
  }
}

static gboolean
write_manifest (const Manifest *manifest, const char *const *splits,
    const char *path, GError **error)
{
  gint columns[] = { manifest_column (manifest, "path"),
    manifest_column (manifest, "label") };
  g_autoptr (GString) text = g_string_new ("path\tsplit\tlabel\n");

  for (guint i = 0; i < manifest->n_rows; i++)
    g_string_append_printf (text, "%s\t%s\t%s\n",
        manifest_field (manifest, i, columns[0]), splits[i],
        manifest_field (manifest, i, columns[1]));
  return write_file (path, text->str, text->len, error);
}

static gboolean
run (const char *folder, const Shares *shares, gboolean force, GError **error)
{
  g_autoptr (Manifest) manifest = NULL;
  g_autofree const char **splits = NULL;
  g_autofree char *path = g_build_filename (folder, "manifest.tsv", NULL);

  if (!g_file_test (folder, G_FILE_TEST_IS_DIR)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_IO, "%s: not a folder", folder);
    return FALSE;
  }
  if (!force && g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s is there: --force writes it anew", path);
    return FALSE;
  }
  manifest = manifest_load (folder, error);
  if (manifest == NULL)
    return FALSE;
  if (manifest->n_rows == 0) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
        "%s: no recordings: it needs a folder for each label, with recordings "
        "in them",
        folder);
    return FALSE;
  }
  splits = g_new0 (const char *, manifest->n_rows);
  split_all (manifest, shares, splits);
  if (!write_manifest (manifest, splits, path, error))
    return FALSE;
  message ("%s: %u recordings", path, manifest->n_rows);
  return TRUE;
}

int
command_manifest (int argc, char **argv)
{
  Shares shares = { .test = 0.25 };
  gboolean force = FALSE;
  gint seed = 1;
  g_auto (GStrv) arguments = NULL;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "test", 0, 0, G_OPTION_ARG_DOUBLE, &shares.test,
        "Share of each label to measure with (0.25)", "SHARE" },
    { "dev", 0, 0, G_OPTION_ARG_DOUBLE, &shares.dev,
        "Share of each label to choose the best epoch with (0)", "SHARE" },
    { "seed", 's', 0, G_OPTION_ARG_INT, &seed, "Which ones are drawn (1)",
        "N" },
    { "force", 'f', 0, G_OPTION_ARG_NONE, &force,
        "Write over a manifest that is there", NULL },
    { NULL },
  };

  if (!command_parse (argc, argv, entries, &usage, &arguments, &status))
    return status;
  if (!(shares.test >= 0 && shares.dev >= 0 && shares.test + shares.dev <= 1))
    return command_misused (argv[0], "--test, --dev: 0 to 1, together too");
  shares.seed = (guint64) seed;
  return run (arguments[0], &shares, force, &error) ? EXIT_OK
                                                    : command_fail (error);
}
