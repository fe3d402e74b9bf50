/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words that a language model knows: as a trie, and in its file. */
#include <string.h>

#include <glib/gstdio.h>

#include "rnncore/decode/language-model.h"
#include "rnncore/decode/vocabulary.h"
#include "tests/support/random-model.h"

static const char description[]
    = "{'format':1,'task':'%s','frontend':{'type':'none','features':1},"
      "'layers':[{'type':'embedding','name':'e','entries':5,'units':3},"
      "{'type':'gru','name':'r','hidden':4},"
      "{'type':'dense','name':'d','units':5},{'type':'log-softmax'}],"
      "'labels':['c','a',' ','<end>','b'],'blank':3}";

static RnncModel *
model_of (const char *task)
{
  g_autofree char *text = g_strdup_printf (description, task);

  return random_model_from_text (text);
}

static guint
label_of (char letter)
{
  const char *const letters = "ca .b";

  return (guint) (strchr (letters, letter) - letters);
}

static void
random_word (char *word)
{
  guint n = (guint) g_test_rand_int_range (1, 6);

  for (guint i = 0; i < n; i++)
    word[i] = "abc"[g_test_rand_int_range (0, 3)];
  word[n] = '\0';
}

/* How often the trie calls words of @text unknown. */
static guint
walk (const RnncVocabulary *vocabulary, const char *text)
{
  guint32 node = RNNC_VOCABULARY_START;
  guint n = 0;

  for (; *text != '\0'; text++)
    n += rnnc_vocabulary_step (vocabulary, &node, label_of (*text));
  return n + rnnc_vocabulary_end (vocabulary, node);
}

/* Random words, each of them known or not as a hash table says. */
static void
test_walks (void)
{
  g_autoptr (RnncModel) model = model_of ("language-model");

  for (guint turn = 0; turn < 50; turn++) {
    g_autoptr (GHashTable) known
        = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr (RnncVocabulary) vocabulary = NULL;
    g_autoptr (GString) words = g_string_new (" \n");
    g_autoptr (GError) error = NULL;
    guint n = (guint) g_test_rand_int_range (1, 60);
    char word[8];

    for (guint i = 0; i < n; i++) {
      random_word (word);
      g_hash_table_add (known, g_strdup (word));
      g_string_append_printf (words, "%s%s", word, i % 3 > 0 ? " " : "\r\n\t");
    }
    vocabulary = rnnc_vocabulary_new (words->str, model, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (rnnc_vocabulary_n_words (vocabulary), ==, n);
    for (guint i = 0; i < 100; i++) {
      g_autofree char *text = NULL;
      guint unknown;

      random_word (word);
      unknown = !g_hash_table_contains (known, word);
      g_assert_cmpuint (walk (vocabulary, word), ==, unknown);
      text = g_strdup_printf ("%s %s ", word, word);
      g_assert_cmpuint (walk (vocabulary, text), ==, 2 * unknown);
    }
    g_assert_cmpuint (walk (vocabulary, ""), ==, 0);
  }
}

static void
assert_refused (RnncModel *model, const char *words, const char *path,
    RnncError code, const char *reason)
{
  const RnncConversion conversion = { .vocabulary = words };
  g_autoptr (GError) error = NULL;

  g_assert_false (rnnc_model_convert (model, path, &conversion, &error));
  g_assert_error (error, RNNC_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, rnnc_model_path (model)));
  g_assert_nonnull (strstr (error->message, reason));
}

/* What cannot be is refused, and the file that was there stays. */
static void
test_refusals (void)
{
  g_autoptr (RnncModel) language = model_of ("language-model");
  g_autoptr (RnncModel) other = model_of ("classify");
  g_autofree char *folder = g_dir_make_tmp ("rnncore-vocabulary-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "x.safetensors", NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_set_contents (path, "as it was", -1, NULL));
  assert_refused (language, "ab bad", path, RNNC_ERROR_VALUE,
      "vocabulary: \"bad\": the model has no letter \"d\"");
  assert_refused (language, " \n", path, RNNC_ERROR_FORMAT,
      "vocabulary: no words");
  assert_refused (language, "ab\xff", path, RNNC_ERROR_FORMAT, "not UTF-8");
  assert_refused (other, "ab", path, RNNC_ERROR_UNSUPPORTED,
      "its task is \"classify\"");
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "as it was");
  g_unlink (path);
  g_rmdir (folder);
}

/* Written into a file, read from it, kept by the next conversion. */
static void
test_file (void)
{
  g_autofree char *folder = g_dir_make_tmp ("rnncore-vocabulary-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "x.safetensors", NULL);
  g_autofree char *text = g_strdup_printf (description, "language-model");
  g_autoptr (RnncModel) model = NULL;
  const RnncConversion first
      = { RNNC_STORAGE_F16, .vocabulary = "\nab  c\r\nbca " };
  const RnncConversion second = { RNNC_STORAGE_F32 };

  g_assert_true (random_model_write (path, g_strdelimit (text, "'", '"'),
      G_MAXSIZE, TRUE));
  model = rnnc_model_load (path, NULL);
  g_assert_nonnull (model);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (RnncModel) written = NULL;
    g_autoptr (RnncLanguageModel) language = NULL;
    g_autofree char *summary = NULL;
    const RnncVocabulary *vocabulary;
    GError *error = NULL;

    rnnc_model_convert (model, path, i == 0 ? &first : &second, &error);
    g_assert_no_error (error);
    written = rnnc_model_load (path, &error);
    g_assert_no_error (error);
    g_assert_nonnull (
        strstr (rnnc_model_json (written), "\"vocabulary\":\"ab c bca\""));
    summary = rnnc_model_summary (written);
    g_assert_nonnull (strstr (summary, "vocabulary  3 words\n"));
    language = rnnc_language_model_new (written, &error);
    g_assert_no_error (error);
    vocabulary = rnnc_language_model_vocabulary (language);
    g_assert_cmpuint (walk (vocabulary, "ab bc bca c a"), ==, 2);
    rnnc_model_unref (model);
    model = g_steal_pointer (&written);
  }
  g_unlink (path);
  g_rmdir (folder);
}

/* A file may hold what the letters do not give. */
static void
test_bad_file (void)
{
  g_autofree char *task = g_strdup_printf (description, "language-model");
  g_autoptr (GString) text = g_string_new (task);
  g_autoptr (RnncModel) model = NULL;
  g_autoptr (GError) error = NULL;

  g_string_truncate (text, text->len - 1);
  g_string_append (text, ",'vocabulary':'ab ax'}");
  model = random_model_from_text (text->str);
  g_assert_null (rnnc_language_model_new (model, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_VALUE);
  g_assert_nonnull (strstr (error->message, "vocabulary: \"ax\": "));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/vocabulary/walks", test_walks);
  g_test_add_func ("/vocabulary/refusals", test_refusals);
  g_test_add_func ("/vocabulary/file", test_file);
  g_test_add_func ("/vocabulary/bad-file", test_bad_file);
  return g_test_run ();
}
