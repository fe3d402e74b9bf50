/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Random damage to manifests and recipes: each is refused with one error that
 * names the file, or is read and can be used; nothing crashes (run under ASan
 * and UBSan by ./check). RNNC_FUZZ_SECONDS sets how long (default: 4000 files
 * each). The seed is GLib's (--seed), so a failure repeats. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "tools/data/manifest.h"
#include "tools/training/recipe.h"

#define DEFAULT_FILES 4000

static const char manifest_seed[]
    = "\xef\xbb\xbfpath\tcorpus\tsplit\tspeaker\ttext\r\n"
      "a/1.wav\tan4\ttrain\tx\tone two\n"
      "/b 2.opus\tfsdd\tdev\ty\t_silence_\n\n"
      "\xc3\xbc.mkv\tan4\ttest\tz\tit's\n";

static const char recipe_seed[]
    = "{\"model\":{\"task\":\"speech\",\"name\":\"n\",\"letters\":\" "
      "'ab\xc3\xbc\","
      "\"frontend\":{\"type\":\"log-mel\",\"mels\":12},\"layers\":["
      "{\"type\":\"conv1d\",\"name\":\"c\",\"channels\":12,\"kernel\":3},"
      "{\"type\":\"dense\",\"name\":\"h\",\"units\":\"labels\"}],"
      "\"licence\":\"CC0\",\"data\":[\"d\"]},\"data\":{\"train\":["
      "{\"manifest\":\"${DATA}/m.tsv\",\"where\":{\"corpus\":\"an4\","
      "\"split\":[\"train\",\"dev\"]},\"except\":{\"speaker\":\"x\"},"
      "\"repeat\":2,\"max-seconds\":15,\"limit\":9,\"limit-speakers\":3}],"
      "\"dev\":[{\"manifest\":\"m.tsv\"}]},\"join\":{\"corpora\":[\"an4\"],"
      "\"words\":[2,4],\"share\":0.5,\"gap\":[0.05,0.4]},\"augment\":{"
      "\"speed\":[0.9,1.1],\"gain\":-3,\"noise\":{\"manifest\":\"n.tsv\","
      "\"probability\":0.3,\"snr\":[5,30]},\"time-masks\":{\"count\":2,"
      "\"width\":20}},\"training\":{\"epochs\":3,\"batch-seconds\":60,"
      "\"optimiser\":\"adamw\",\"learning-rate\":2e-3,\"schedule\":"
      "\"plateau\",\"threads\":2,\"seed\":7},\"output\":\"o.safetensors\"}";

static const char *const words[] = { "\t", "\n", "\r\n", "\"", "{", "}", "[",
  "]", ",", ":", "null", "true", "-1", "0", "1e999", "99999999999999999999",
  "\\u0000", "\\", "\xff", "\xc3", "path", "labels", "letters", "${DATA}", "/*",
  "{}", "[]", "\"\"", "0.5" };

/* One to six faults: a byte, a digit, a run removed or repeated, a word put in,
 * the end cut off. */
static GString *
damage (const char *seed, gsize size)
{
  GString *text = g_string_new_len (seed, (gssize) size);
  gint n_faults = g_test_rand_int_range (1, 7);

  for (gint i = 0; i < n_faults && text->len > 4; i++) {
    gsize at = (gsize) g_test_rand_int_range (0, (gint32) text->len);
    gsize run = (gsize) g_test_rand_int_range (1, 30);
    g_autofree char *copy = NULL;

    run = MIN (run, text->len - at);
    switch (g_test_rand_int_range (0, 6)) {
      case 0:
        text->str[at] = (char) (g_test_rand_int_range (0, 16) == 0
                ? g_test_rand_int_range (0, 256)
                : g_test_rand_int_range (1, 128));
        break;
      case 1:
        while (at < text->len && !g_ascii_isdigit (text->str[at]))
          at++;
        if (at < text->len)
          text->str[at] = (char) ('0' + g_test_rand_int_range (0, 10));
        break;
      case 2:
        g_string_erase (text, (gssize) at, (gssize) run);
        break;
      case 3:
        copy = g_memdup2 (text->str + at, run);
        g_string_insert_len (text, (gssize) at, copy, (gssize) run);
        break;
      case 4:
        g_string_insert (text, (gssize) at,
            words[g_test_rand_int_range (0, G_N_ELEMENTS (words))]);
        break;
      case 5:
        if (g_test_rand_int_range (0, 4) == 0)
          g_string_truncate (text, at);
        break;
    }
  }
  return text;
}

/* A new file without GLib's sync: file systems write a replaced one out. */
static void
write_file (const char *path, const GString *text)
{
  FILE *file;

  g_unlink (path);
  file = fopen (path, "wb");
  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (text->str, 1, text->len, file), ==, text->len);
  g_assert_cmpint (fclose (file), ==, 0);
}

static void
check_error (const char *path, const GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (g_str_has_prefix (error->message, path));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static gboolean
read_manifest (const char *path)
{
  const char *values[] = { "an4", NULL };
  g_autoptr (GError) error = NULL, fault = NULL;
  g_autoptr (Manifest) manifest = manifest_load (path, &error);
  g_autoptr (GPtrArray) conditions
      = g_ptr_array_new_with_free_func ((GDestroyNotify) condition_free);
  g_autoptr (GArray) rows = NULL;

  if (manifest == NULL) {
    check_error (path, error);
    return FALSE;
  }
  g_assert_no_error (error);
  for (guint row = 0; row < manifest->n_rows; row++) {
    g_autofree char *media = manifest_media_path (manifest, row);

    g_assert_cmpuint (strlen (media), >, 0);
    for (guint column = 0; column < manifest->n_columns; column++)
      g_assert_true (
          g_utf8_validate (manifest_field (manifest, row, (gint) column), -1,
              NULL));
  }
  g_ptr_array_add (conditions, condition_new ("corpus", values, FALSE));
  rows = manifest_select (manifest, conditions, &fault);
  g_assert_true ((rows == NULL) == (fault != NULL));
  return TRUE;
}

static gboolean
read_recipe (const char *path)
{
  RecipeOverrides overrides = { .data = "/data" };
  g_autoptr (GError) error = NULL;
  g_autoptr (Recipe) recipe = recipe_load (path, &overrides, &error);

  if (recipe == NULL) {
    check_error (path, error);
    return FALSE;
  }
  g_assert_no_error (error);
  g_assert_cmpuint (recipe->train->len, >, 0);
  g_assert_nonnull (recipe->model);
  g_assert_nonnull (recipe->output);
  g_assert_cmpuint (recipe->training.epochs, >, 0);
  return TRUE;
}

typedef struct {
  const char *name;
  const char *seed;
  gsize size;
  gboolean (*read) (const char *path);
} Kind;

static const Kind kinds[] = {
  { "damaged-manifests", manifest_seed, sizeof manifest_seed - 1,
      read_manifest },
  { "damaged-recipes", recipe_seed, sizeof recipe_seed - 1, read_recipe },
};

static void
test_random (gconstpointer data)
{
  const Kind *kind = data;
  const char *seconds = g_getenv ("RNNC_FUZZ_SECONDS");
  gint64 end = seconds != NULL
      ? g_get_monotonic_time () + g_ascii_strtoll (seconds, NULL, 10) * 1000000
      : 0;
  g_autofree char *folder = g_dir_make_tmp ("rnncore-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "file", NULL);
  guint n_files = 0, n_read = 0;

  g_assert_true (
      g_file_set_contents (path, kind->seed, (gssize) kind->size, NULL));
  g_assert_true (kind->read (path));
  while (seconds != NULL ? g_get_monotonic_time () < end
                         : n_files < DEFAULT_FILES) {
    GString *text = damage (kind->seed, kind->size);

    write_file (path, text);
    g_string_free (text, TRUE);
    n_read += kind->read (path);
    n_files++;
  }
  g_test_message ("%u damaged files, %u of them read", n_files, n_read);
  g_assert_cmpuint (n_read, >, 0);
  g_assert_cmpuint (n_read, <, n_files);
  g_unlink (path);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree char *path = g_strconcat ("/fuzz/", kinds[i].name, NULL);

    g_test_add_data_func (path, &kinds[i], test_random);
  }
  return g_test_run ();
}
