/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Random damage to phrase lists and hot words: each file is refused with one
 * error that names it, or is read and can be decoded with; nothing crashes (run
 * under ASan and UBSan by ./check). RNNC_FUZZ_SECONDS sets how long (default:
 * 2000 files each). The seed is GLib's (--seed), so a failure repeats. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "rnncore/decode/hot-words.h"
#include "rnncore/decode/phrase-search.h"
#include "tests/support/random-model.h"

#define DEFAULT_FILES 2000
#define N_LABELS 6
#define N_PHONES 4
#define N_OUTPUTS (N_LABELS + N_PHONES)

static const char description[]
    = "{'format':1,'task':'speech','frontend':{'type':'none','features':3},"
      "'layers':[{'type':'dense','name':'d','units':10},"
      "{'type':'log-softmax','split':6}],"
      "'labels':['_',' ','a','b','c','d'],'blank':0,"
      "'phones':['-','|','x','y']}";
static const char sounds[] = "ab\tx y\nd\ty\na\tx\nd\ty x\ndad\tx y x\nc\tx\n";

static const char phrase_seed[]
    = "\xef\xbb\xbf# phrases\r\n<x> = a | bb c | d\n\nab cd\n<x> dab\n"
      "cab <x>+ dd\n<y-1> = dad|cab\n<y-1> <x>\n";
static const char word_seed[] = "# words\nab\ncab dad\t2.5\r\n\nbb\t0.25\nad\n";

static const char *const pieces[] = { "<", ">", "<x>", "<x>+", "+", "=", "|",
  "\t", "\n", "\r", " ", "#", "\xff", "\xc3\xa4", "a", "ab", "<x> = a\n", "1e9",
  "-1", "nan", "\t3\n", "\xe2\x80\x83" };

/* One to five faults: a byte, a run removed or repeated, a piece put in, the
 * end cut off. */
static GString *
damage (const char *seed, gsize size)
{
  GString *text = g_string_new_len (seed, (gssize) size);

  for (gint i = g_test_rand_int_range (1, 6); i > 0 && text->len > 2; i--) {
    gsize at = (gsize) g_test_rand_int_range (0, (gint32) text->len);
    gsize run = (gsize) g_test_rand_int_range (1, 40);
    g_autofree char *copy = NULL;

    run = MIN (run, text->len - at);
    copy = g_memdup2 (text->str + at, run);
    switch (g_test_rand_int_range (0, 5)) {
      case 0:
        text->str[at] = (char) g_test_rand_int_range (0, 256);
        break;
      case 1:
        g_string_erase (text, (gssize) at, (gssize) run);
        break;
      case 2:
        for (gint k = g_test_rand_int_range (1, 20); k > 0; k--)
          g_string_insert_len (text, (gssize) at, copy, (gssize) run);
        break;
      case 3:
        g_string_insert (text, (gssize) at,
            pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
        break;
      case 4:
        if (g_test_rand_int_range (0, 4) == 0)
          g_string_truncate (text, at);
        break;
    }
  }
  return text;
}

static void
check_error (const char *path, const GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == RNNC_ERROR);
  g_assert_true (g_str_has_prefix (error->message, path));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_null (strchr (error->message, '\n'));
}

static void
decode (RnncPhraseList *phrases, const RnncLexicon *lexicon)
{
  static const char *const labels[] = { "_", " ", "a", "b", "c", "d" };
  RnncAlphabet alphabet;
  RnncSearch *search;
  RnncReading reading;

  rnnc_alphabet_init (&alphabet, labels, N_LABELS, 0);
  rnnc_word_list_init (&reading.list, &alphabet, 120);
  search = rnnc_phrase_search_new (phrases, &alphabet, lexicon, 40,
      g_test_rand_int_range (0, 2) * 0.2);
  for (guint t = 0; t < 30; t++) {
    float frame[N_OUTPUTS];

    for (guint i = 0; i < N_OUTPUTS; i++)
      frame[i] = (float) g_test_rand_double_range (-5, 0);
    rnnc_search_push (search, frame);
  }
  if (search->klass->read (search, TRUE, &reading, 1) > 0) {
    g_assert_cmpint (reading.phrase, <,
        (gint) rnnc_phrase_list_n_phrases (phrases));
    g_assert_cmpuint (strlen (rnnc_phrase_list_phrase (phrases,
                          (guint) reading.phrase)),
        >, 0);
  }
  rnnc_search_free (search);
  rnnc_word_list_free (&reading.list);
  rnnc_alphabet_clear (&alphabet);
}

/* By letters, and by sound. */
static gboolean
read_phrases (const char *path, RnncModel *model)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncPhraseList) phrases
      = rnnc_phrase_list_load (path, model, &error);
  g_autoptr (RnncLexicon) lexicon = NULL;

  if (phrases == NULL) {
    check_error (path, error);
    return FALSE;
  }
  decode (phrases, NULL);
  lexicon = rnnc_lexicon_new (sounds, model, &error);
  g_assert_no_error (error);
  decode (phrases, lexicon);
  return TRUE;
}

/* Whatever was given for words is taken back or was earned by them. */
static gboolean
read_words (const char *path, RnncModel *model)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncHotWords) words = rnnc_hot_words_load (path, model, &error);
  guint state = RNNC_HOT_BOUNDARY;
  double sum = 0;

  if (words == NULL) {
    check_error (path, error);
    return FALSE;
  }
  for (guint i = 0; i < 100; i++)
    sum += rnnc_hot_words_step (words, &state,
        (guint) g_test_rand_int_range (1, N_LABELS));
  sum += rnnc_hot_words_end (words, state);
  g_assert_cmpfloat (sum, >, -1e-3);
  return TRUE;
}

typedef struct {
  const char *name;
  const char *seed;
  gsize size;
  gboolean (*read) (const char *path, RnncModel *model);
} Kind;

static const Kind kinds[] = {
  { "damaged-phrases", phrase_seed, sizeof phrase_seed - 1, read_phrases },
  { "damaged-hot-words", word_seed, sizeof word_seed - 1, read_words },
};

static void
write_file (const char *path, const GString *text)
{
  FILE *file = fopen (path, "wb");

  g_assert_nonnull (file);
  g_assert_cmpuint (fwrite (text->str, 1, text->len, file), ==, text->len);
  g_assert_cmpint (fclose (file), ==, 0);
}

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
  g_autoptr (RnncModel) model = random_model_from_text (description);
  guint n_files = 0, n_read = 0;

  g_assert_true (
      g_file_set_contents (path, kind->seed, (gssize) kind->size, NULL));
  g_assert_true (kind->read (path, model));
  while (seconds != NULL ? g_get_monotonic_time () < end
                         : n_files < DEFAULT_FILES) {
    GString *text = damage (kind->seed, kind->size);

    write_file (path, text);
    g_string_free (text, TRUE);
    n_read += kind->read (path, model);
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
