/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Language models that the streams of a process share. */
#include <glib/gstdio.h>
#include <string.h>
#include <utime.h>

#include "rnncore/rnncore.h"
#include "tests/support/random-model.h"

#define N_THREADS 8
#define N_ROUNDS 200

static const char language_text[]
    = "{'format':1,'task':'language-model','language':'xx',"
      "'frontend':{'type':'none','features':1},"
      "'layers':[{'type':'embedding','name':'e','entries':4,'units':3},"
      "{'type':'gru','name':'r','hidden':4},"
      "{'type':'dense','name':'d','units':4},{'type':'log-softmax'}],"
      "'labels':['a','b',' ','<end>'],'blank':3}";

static RnncModel *
speech_of (const char *language, const char *letter)
{
  g_autofree char *text
      = g_strdup_printf ("{'format':1,'task':'speech','language':'%s',"
                         "'frontend':{'type':'none','features':2},"
                         "'layers':[{'type':'dense','name':'d','units':3},{'"
                         "type':'log-softmax'}],"
                         "'labels':['-','a','%s'],'blank':0}",
          language, letter);

  return random_model_from_text (text);
}

static RnncLanguageModel *
take (RnncModel *speech)
{
  g_autoptr (GError) error = NULL;
  RnncLanguageModel *language = NULL;

  g_assert_true (rnnc_language_model_load_default (speech, &language, &error));
  g_assert_no_error (error);
  return language;
}

static void
test_shared (void)
{
  g_autoptr (RnncModel) speech = speech_of ("xx", "b");
  RnncLanguageModel *first = take (speech);
  RnncLanguageModel *second = take (speech);

  g_assert_nonnull (first);
  g_assert_true (first == second);
  rnnc_language_model_unref (first);
  g_assert_true (rnnc_language_model_fits (second, speech, NULL));
  rnnc_language_model_unref (second);
}

static RnncLanguageModel *
load (const char *path)
{
  GError *error = NULL;
  RnncLanguageModel *language = rnnc_language_model_load (path, &error);

  g_assert_no_error (error);
  return language;
}

/* Who names the file has the same one, until the file is another. */
static void
test_file (gconstpointer folder)
{
  g_autofree char *path = g_build_filename (folder, "toy.safetensors", NULL);
  g_autoptr (RnncModel) speech = speech_of ("xx", "b");
  g_autoptr (RnncLanguageModel) first = take (speech);
  g_autoptr (RnncLanguageModel) second = load (path);
  g_autoptr (RnncLanguageModel) third = NULL, fourth = NULL;
  struct utimbuf times = { 1000000, 1000000 };

  g_assert_true (first == second);
  g_assert_cmpint (g_utime (path, &times), ==, 0);
  third = load (path);
  g_assert_true (third != first);
  fourth = take (speech);
  g_assert_true (fourth == third);
}

/* Another language, a letter that it does not know. */
static void
test_no_fit (void)
{
  g_autoptr (RnncModel) foreign = speech_of ("yy", "b");
  g_autoptr (RnncModel) other = speech_of ("xx", "c");

  g_assert_null (take (foreign));
  g_assert_null (take (other));
}

static gpointer
take_and_leave (gpointer speech)
{
  for (guint i = 0; i < N_ROUNDS; i++) {
    RnncLanguageModel *language = take (speech);
    guint n_letters = 0;

    g_assert_nonnull (language);
    g_assert_cmpfloat (rnnc_language_model_score (language, "ab", &n_letters,
                           NULL),
        <, 0);
    g_assert_cmpuint (n_letters, ==, 3);
    rnnc_language_model_unref (language);
  }
  return NULL;
}

/* The last owner may let go while the next one comes. */
static void
test_threads (void)
{
  g_autoptr (RnncModel) speech = speech_of ("xx", "b");
  GThread *threads[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("language", take_and_leave, speech);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

/* One that is there and cannot be read is an error that names it. */
static void
test_damaged (gconstpointer folder)
{
  g_autofree char *path = g_build_filename (folder, "toy.safetensors", NULL);
  g_autoptr (RnncModel) speech = speech_of ("xx", "b");
  g_autoptr (GError) error = NULL;
  RnncLanguageModel *language = NULL;

  g_assert_true (g_file_set_contents (path, "not a model", -1, NULL));
  g_assert_false (rnnc_language_model_load_default (speech, &language, &error));
  g_assert_nonnull (error);
  g_assert_nonnull (strstr (error->message, path));
  g_assert_null (language);
}

/* A folder with the model and the file that names it. */
static void
write_models (const char *folder)
{
  g_autofree char *text = g_strdelimit (g_strdup (language_text), "'", '"');
  g_autofree char *path = g_build_filename (folder, "toy.safetensors", NULL);
  g_autofree char *name
      = g_build_filename (folder, "default-language-model", NULL);

  g_assert_true (random_model_write (path, text, G_MAXSIZE, TRUE));
  g_assert_true (g_file_set_contents (name, "toy\n", -1, NULL));
}

static void
remove_models (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "toy.safetensors", NULL);
  g_autofree char *name
      = g_build_filename (folder, "default-language-model", NULL);

  g_unlink (path);
  g_unlink (name);
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = g_dir_make_tmp ("rnncore-language-XXXXXX", NULL);
  int status;

  g_setenv ("RNNCORE_MODEL_PATH", folder, TRUE);
  g_test_init (&argc, &argv, NULL);
  write_models (folder);
  g_test_add_func ("/language/default/shared", test_shared);
  g_test_add_data_func ("/language/default/file", folder, test_file);
  g_test_add_func ("/language/default/no-fit", test_no_fit);
  g_test_add_func ("/language/default/threads", test_threads);
  g_test_add_data_func ("/language/default/damaged", folder, test_damaged);
  status = g_test_run ();
  remove_models (folder);
  return status;
}
