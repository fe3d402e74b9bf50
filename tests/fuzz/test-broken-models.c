/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The corpus of small broken files, one a reason to refuse it: expected.tsv
 * says what the message holds, and every file stands there. */
#include <string.h>

#include "rnncore/rnncore.h"

static char *
corpus_path (const char *name)
{
  return g_test_build_filename (G_TEST_DIST, "corpus", "models", name, NULL);
}

static void
test_file (gconstpointer data)
{
  const char *const *row = data;
  g_autofree char *path = corpus_path (row[0]);
  g_autoptr (GError) error = NULL;
  RnncModel *model = rnnc_model_load (path, &error);

  g_assert_null (model);
  g_assert_nonnull (error);
  g_assert_true (error->domain == RNNC_ERROR);
  if (!g_str_has_prefix (error->message, path)
      || strstr (error->message + strlen (path), row[1]) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, row[1]);
}

static void
test_complete (gconstpointer data)
{
  GHashTable *names = (GHashTable *) data;
  g_autofree char *folder = corpus_path (NULL);
  GDir *files = g_dir_open (folder, 0, NULL);
  const char *name;
  guint n_files = 0;

  g_assert_nonnull (files);
  while ((name = g_dir_read_name (files)) != NULL) {
    if (strcmp (name, "expected.tsv") == 0)
      continue;
    n_files++;
    if (!g_hash_table_contains (names, name))
      g_error ("%s is not in expected.tsv", name);
  }
  g_dir_close (files);
  g_assert_cmpuint (n_files, ==, g_hash_table_size (names));
}

int
main (int argc, char **argv)
{
  g_autofree char *table = NULL, *text = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GPtrArray) rows
      = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  g_test_init (&argc, &argv, NULL);
  table = corpus_path ("expected.tsv");
  g_assert_true (g_file_get_contents (table, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
    char **row = g_strsplit (lines[i], "\t", 2);
    g_autofree char *path = g_strconcat ("/fuzz/broken-models/", row[0], NULL);

    g_assert_cmpuint (g_strv_length (row), ==, 2);
    g_ptr_array_add (rows, row);
    g_hash_table_add (names, row[0]);
    g_test_add_data_func (path, row, test_file);
  }
  g_test_add_data_func ("/fuzz/broken-models/complete", names, test_complete);
  return g_test_run ();
}
