/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/tools/fixture.h"
#include "tools/data/manifest.h"

static const struct {
  const char *name;
  const char *text;
  const char *reason; /* behind the path */
} bad[] = {
  { "empty", "", ":1: no header line" },
  { "no-path", "file\ttext\na.wav\ta\n", ":1: no column \"path\"" },
  { "twice", "path\ttext\ttext\n", ":1: column \"text\" is there twice" },
  { "few-fields", "path\ttext\na.wav\ta\nb.wav\n",
      ":3: 1 fields, the header has 2" },
  { "many-fields", "path\ttext\na.wav\ta\tb\n", ":2: more than 2 fields" },
  { "empty-path", "path\ttext\n\ta\n", ":2: the path is empty" },
  { "not-utf8", "path\ttext\na.wav\t\xff\n", ":2: not UTF-8" },
};

static void
test_bad (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  Fixture fixture;
  g_autofree char *path = NULL, *expected = NULL;
  g_autoptr (GError) error = NULL;

  fixture_begin (&fixture);
  fixture_write (&fixture, "m.tsv", bad[i].text);
  path = fixture_path (&fixture, "m.tsv");
  expected = g_strconcat (path, bad[i].reason, NULL);
  g_assert_null (manifest_load (path, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_FORMAT);
  g_test_message ("%s", error->message);
  g_assert_true (g_str_has_prefix (error->message, expected));
  fixture_end (&fixture);
}

static void
test_missing (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (manifest_load ("/nonexistent/m.tsv", &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_IO);
  g_assert_nonnull (strstr (error->message, "/nonexistent/m.tsv: "));
}

/* Columns in any order, a byte order mark, CRLF, blank lines, no newline at
 * the end. */
static void
test_good (void)
{
  Fixture fixture;
  g_autofree char *path = NULL, *media = NULL;
  g_autoptr (Manifest) manifest = NULL;
  g_autoptr (GError) error = NULL;
  gint text;

  fixture_begin (&fixture);
  fixture_write (&fixture, "m.tsv",
      "\xef\xbb\xbftext\tpath\r\nhello there\tx/a.wav\r\n\r\n\t/b.wav");
  path = fixture_path (&fixture, "m.tsv");
  manifest = manifest_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (manifest->n_rows, ==, 2);
  text = manifest_column (manifest, "text");
  g_assert_cmpstr (manifest_field (manifest, 0, text), ==, "hello there");
  g_assert_cmpstr (manifest_field (manifest, 1, text), ==, "");
  g_assert_cmpuint (manifest->lines[1], ==, 4);
  media = manifest_media_path (manifest, 0);
  g_assert_true (g_str_has_prefix (media, fixture.folder));
  g_assert_true (g_str_has_suffix (media, "/x/a.wav"));
  g_free (media);
  media = manifest_media_path (manifest, 1);
  g_assert_cmpstr (media, ==, "/b.wav");
  fixture_end (&fixture);
}

static void
test_select (void)
{
  const char *corpora[] = { "a", "b", NULL };
  const char *splits[] = { "test", NULL };
  Fixture fixture;
  g_autofree char *path = NULL;
  g_autoptr (Manifest) manifest = NULL;
  g_autoptr (GPtrArray) conditions
      = g_ptr_array_new_with_free_func ((GDestroyNotify) condition_free);
  g_autoptr (GArray) rows = NULL;
  g_autoptr (GError) error = NULL;

  fixture_begin (&fixture);
  fixture_write (&fixture, "m.tsv",
      "path\tcorpus\tsplit\n1\ta\ttrain\n2\tb\ttest\n3\tc\ttrain\n"
      "4\tb\ttrain\n");
  path = fixture_path (&fixture, "m.tsv");
  manifest = manifest_load (path, &error);
  g_assert_no_error (error);
  g_ptr_array_add (conditions, condition_new ("corpus", corpora, FALSE));
  g_ptr_array_add (conditions, condition_new ("split", splits, TRUE));
  rows = manifest_select (manifest, conditions, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (rows->len, ==, 2);
  g_assert_cmpuint (g_array_index (rows, guint, 0), ==, 0);
  g_assert_cmpuint (g_array_index (rows, guint, 1), ==, 3);
  g_ptr_array_add (conditions, condition_new ("speaker", splits, FALSE));
  g_assert_null (manifest_select (manifest, conditions, &error));
  g_assert_nonnull (strstr (error->message, "no column \"speaker\""));
  fixture_end (&fixture);
}

/* A folder of folders is a manifest of paths and labels; what changes in it is
 * another one, for the cache. */
static void
test_folder (void)
{
  Fixture fixture;
  g_autofree char *path = NULL, *odd = NULL;
  g_autoptr (Manifest) manifest = NULL, changed = NULL;
  g_autoptr (GError) error = NULL;
  const char *const folders[]
      = { "clips", "clips/wave", "clips/nod", "clips/.git", "clips/nod/deep" };

  fixture_begin (&fixture);
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++) {
    g_autofree char *folder = fixture_path (&fixture, folders[i]);

    g_assert_cmpint (g_mkdir (folder, 0755), ==, 0);
  }
  fixture_write (&fixture, "clips/README", "not in a label's folder");
  fixture_write (&fixture, "clips/.git/x.mp4", "");
  fixture_write (&fixture, "clips/wave/2.mp4", "two");
  fixture_write (&fixture, "clips/wave/1.mp4", "one");
  fixture_write (&fixture, "clips/wave/.hidden", "");
  fixture_write (&fixture, "clips/nod/a b.mp4", "three");
  path = fixture_path (&fixture, "clips");
  manifest = manifest_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (manifest->n_rows, ==, 3);
  for (guint row = 0; row < 3; row++) {
    const char *const media[]
        = { "/clips/nod/a b.mp4", "/clips/wave/1.mp4", "/clips/wave/2.mp4" };
    g_autofree char *file = manifest_media_path (manifest, row);

    g_assert_true (g_str_has_suffix (file, media[row]));
    g_assert_cmpstr (manifest_field (manifest, row,
                         manifest_column (manifest, "label")),
        ==, row == 0 ? "nod" : "wave");
  }
  fixture_write (&fixture, "clips/wave/2.mp4", "another");
  changed = manifest_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (changed->mtime, !=, manifest->mtime);

  odd = fixture_path (&fixture, "clips/wave/a\tb");
  g_assert_true (g_file_set_contents (odd, "", 0, NULL));
  g_assert_null (manifest_load (path, &error));
  g_assert_nonnull (strstr (error->message, "clips: the name of"));
  fixture_end (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree char *path
        = g_strdup_printf ("/tools/manifest/bad/%s", bad[i].name);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_bad);
  }
  g_test_add_func ("/tools/manifest/missing", test_missing);
  g_test_add_func ("/tools/manifest/good", test_good);
  g_test_add_func ("/tools/manifest/select", test_select);
  g_test_add_func ("/tools/manifest/folder", test_folder);
  return g_test_run ();
}
