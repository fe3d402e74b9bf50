/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Prefix beam search against all paths there are, with and without hot words
 * and a language model. */
#include <math.h>
#include <string.h>

#include <glib.h>

#include "rnncore/decode/beam.h"
#include "rnncore/decode/ctc-decoder.h"
#include "rnncore/decode/language-contexts.h"
#include "tests/support/random-model.h"

#define N_LABELS 4
#define N_FRAMES 6
#define N_BEST 8

static const char *const labels[] = { "_", " ", "a", "b", NULL };

static RnncModel *
speech_model (void)
{
  return random_model_from_text (
      "{'format':1,'task':'speech','frontend':{'type':'none','features':3},"
      "'layers':[{'type':'dense','name':'d','units':4},"
      "{'type':'log-softmax'}],'labels':['_',' ','a','b'],'blank':0}");
}

static RnncLanguageModel *
language_model (const char *core, const char *vocabulary)
{
  g_autofree char *text
      = g_strdup_printf ("{'format':1,'task':'language-model','frontend':{'"
                         "type':'none',"
                         "'features':1},'layers':[{'type':'embedding','name':'"
                         "e','entries':4,"
                         "'units':6},%s,{'type':'dense','name':'d','units':4},"
                         "{'type':'log-softmax'}],'labels':['b','a',' "
                         "','<end>']%s}",
          core, vocabulary);
  g_autoptr (RnncModel) model = random_model_from_text (text);
  GError *error = NULL;
  RnncLanguageModel *language = rnnc_language_model_new (model, &error);

  g_assert_no_error (error);
  return language;
}

/* --- all paths ------------------------------------------------------------ */

typedef struct {
  char text[N_FRAMES + 1];
  double score;
  double best_path;
  guint path[N_FRAMES];
} Text;

/* Repeats merged, blanks dropped; spaces at the ends and behind spaces too. */
static void
collapse (const guint *path, guint n_frames, char *text)
{
  guint last = 0, n = 0;

  for (guint t = 0; t < n_frames; t++) {
    if (path[t] != last && path[t] != 0
        && (path[t] != 1 || (n > 0 && text[n - 1] != ' ')))
      text[n++] = *labels[path[t]];
    last = path[t];
  }
  if (n > 0 && text[n - 1] == ' ')
    n--;
  text[n] = '\0';
}

static void
add_path (GArray *texts, const guint *path, guint n_frames, double score)
{
  Text new = { .score = -INFINITY, .best_path = -INFINITY };
  Text *text = NULL;

  collapse (path, n_frames, new.text);
  for (guint i = 0; i < texts->len && text == NULL; i++)
    if (strcmp (g_array_index (texts, Text, i).text, new.text) == 0)
      text = &g_array_index (texts, Text, i);
  if (text == NULL) {
    g_array_append_val (texts, new);
    text = &g_array_index (texts, Text, texts->len - 1);
  }
  text->score = log (exp (text->score) + exp (score));
  if (score > text->best_path) {
    text->best_path = score;
    memcpy (text->path, path, n_frames * sizeof *path);
  }
}

static GArray *
all_texts (const float *frames, guint n_frames)
{
  GArray *texts = g_array_new (FALSE, FALSE, sizeof (Text));
  guint n_paths = 1;

  for (guint t = 0; t < n_frames; t++)
    n_paths *= N_LABELS;
  for (guint code = 0; code < n_paths; code++) {
    guint path[N_FRAMES], rest = code;
    double score = 0;

    for (guint t = 0; t < n_frames; t++, rest /= N_LABELS) {
      path[t] = rest % N_LABELS;
      score += (double) frames[t * N_LABELS + path[t]];
    }
    add_path (texts, path, n_frames, score);
  }
  return texts;
}

static gint
compare_texts (gconstpointer a, gconstpointer b)
{
  double x = ((const Text *) a)->score, y = ((const Text *) b)->score;

  return x < y ? 1 : x > y ? -1 : 0;
}

/* --- what helpers say of a text ------------------------------------------- */

/* Every hot word that stands in it as words, by looking for it. */
static double
boost_of (const char *text, const char *const *hot, const double *boosts)
{
  g_autofree char *padded = g_strconcat (" ", text, " ", NULL);
  double sum = 0;

  for (guint i = 0; hot[i] != NULL; i++) {
    g_autofree char *word = g_strconcat (" ", hot[i], " ", NULL);
    guint n = 0;

    for (const char *c = hot[i]; *c != '\0'; c++)
      n += *c != ' ';
    for (const char *at = padded; (at = strstr (at, word)) != NULL; at++)
      sum += boosts[i] * n;
  }
  return sum;
}

static guint
count_words (const char *text)
{
  guint n = *text != '\0';

  for (; *text != '\0'; text++)
    n += *text == ' ';
  return n;
}

/* --- comparisons ---------------------------------------------------------- */

static void
random_frames (float *frames, guint n_frames)
{
  for (guint t = 0; t < n_frames; t++) {
    double sum = 0, values[N_LABELS];

    for (guint i = 0; i < N_LABELS; i++)
      sum += values[i] = exp (g_test_rand_double_range (-3, 1));
    for (guint i = 0; i < N_LABELS; i++)
      frames[t * N_LABELS + i] = (float) log (values[i] / sum);
  }
}

/* Times of the words of the best path of a text. */
static void
check_words (const RnncWordList *list, const Text *text, guint n_frames,
    guint64 origin)
{
  RnncCtcDecoder *decoder = rnnc_ctc_decoder_new (labels, N_LABELS, 0, 16);
  const RnncWordList *expected;

  rnnc_ctc_decoder_reset (decoder, origin);
  for (guint t = 0; t < n_frames; t++) {
    float frame[N_LABELS] = { -9, -9, -9, -9 };

    frame[text->path[t]] = -0.1f;
    rnnc_ctc_decoder_push (decoder, frame);
  }
  expected = rnnc_ctc_decoder_words (decoder);
  g_assert_cmpstr (list->text, ==, expected->text);
  g_assert_cmpuint (list->n_words, ==, expected->n_words);
  for (guint i = 0; i < list->n_words; i++) {
    g_assert_cmpstr (list->words[i].text, ==, expected->words[i].text);
    g_assert_cmpuint (list->words[i].start, ==, expected->words[i].start);
    g_assert_cmpuint (list->words[i].end, ==, expected->words[i].end);
    g_assert_cmpuint (list->words[i].n_letters, ==,
        expected->words[i].n_letters);
  }
  rnnc_ctc_decoder_free (decoder);
}

typedef struct {
  const char *name;
  const char *hot[4];
  double boosts[3];
  const char *core;     /* of the language model */
  const char *words[8]; /* its vocabulary, if it has one */
} Case;

#define LSTM "{'type':'lstm','name':'r','hidden':7,'layers':2}"

static const Case cases[] = {
  { "alone", { NULL } },
  { "hot-word", { "ab" }, { 1.5 } },
  { "hot-words", { "a", "ab", "b a" }, { 0.5, 1.0, 1.2 } },
  { "hot-phrase", { "a b", "b" }, { 2.0, 0.7 } },
  { "language-lstm", { NULL }, { 0 }, LSTM },
  { "language-gru", { NULL }, { 0 }, "{'type':'gru','name':'r','hidden':5}" },
  { "language-rnn", { NULL }, { 0 }, "{'type':'rnn','name':'r','hidden':9}" },
  { "language-projection", { NULL }, { 0 },
      "{'type':'lstm','name':'r','hidden':9,'projection':4}" },
  { "both", { "ba", "b a" }, { 1.0, 1.5 }, LSTM },
  { "vocabulary", { NULL }, { 0 }, LSTM, { "ab", "b", "baa", "abba" } },
  { "vocabulary-hot-words", { "ba", "b a" }, { 1.0, 1.5 }, LSTM,
      { "b", "bab", "bb" } },
};

static RnncBeamConfig
config_of (const Case *c, RnncModel *model, guint width)
{
  RnncBeamConfig config = { .width = width,
    .capacity = 64,
    .language_weight = 0.7,
    .word_bonus = 0.4 };
  GError *error = NULL;

  if (c->hot[0] != NULL) {
    g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

    for (guint i = 0; c->hot[i] != NULL; i++)
      g_ptr_array_add (lines,
          g_strdup_printf ("%s\t%g", c->hot[i], c->boosts[i]));
    g_ptr_array_add (lines, NULL);
    config.hot_words
        = rnnc_hot_words_new_from_strings ((const char **) lines->pdata, model,
            &error);
    g_assert_no_error (error);
  }
  if (c->core != NULL) {
    g_autofree char *words = g_strjoinv (" ", (char **) c->words);
    g_autofree char *member = g_strdup_printf (",'vocabulary':'%s'", words);

    config.language = language_model (c->core, *words != '\0' ? member : "");
  }
  return config;
}

static void
clear_config (RnncBeamConfig *config)
{
  g_clear_pointer (&config->hot_words, rnnc_hot_words_unref);
  g_clear_pointer (&config->language, rnnc_language_model_unref);
}

static guint
count_unknown (const char *text, const char *const *known)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  guint n = 0;

  for (guint i = 0; known[0] != NULL && words[i] != NULL; i++)
    n += *words[i] != '\0' && !g_strv_contains (known, words[i]);
  return n;
}

static void
score_texts (GArray *texts, const Case *c, const RnncBeamConfig *config)
{
  for (guint i = 0; i < texts->len; i++) {
    Text *text = &g_array_index (texts, Text, i);

    text->score += boost_of (text->text, c->hot, c->boosts);
    if (config->language != NULL)
      text->score += config->word_bonus * count_words (text->text)
          - RNNC_UNKNOWN_WORD_COST * count_unknown (text->text, c->words)
          + config->language_weight
              * rnnc_language_model_score (config->language, text->text, NULL,
                  NULL);
  }
  g_array_sort (texts, compare_texts);
}

static void
compare_readings (GArray *texts, const RnncReading *readings, guint n,
    guint n_frames)
{
  guint at = 0;

  if (*g_array_index (texts, Text, 0).text == '\0') {
    g_assert_cmpuint (n, ==, 0);
    return;
  }
  g_assert_cmpuint (n, ==, N_BEST);
  for (guint i = 0; i < n; i++, at++) {
    const Text *text = &g_array_index (texts, Text, at);

    if (*text->text == '\0')
      text = &g_array_index (texts, Text, ++at);
    g_assert_cmpstr (readings[i].list.text, ==, text->text);
    g_assert_cmpfloat_with_epsilon (readings[i].score, text->score, 2e-4);
    check_words (&readings[i].list, text, n_frames, 3);
  }
}

static void
test_all_paths (gconstpointer data)
{
  const Case *c = data;
  g_autoptr (RnncModel) model = speech_model ();
  RnncBeamConfig config = config_of (c, model, 250);
  RnncAlphabet alphabet;
  RnncSearch *search;
  RnncReading readings[N_BEST];

  rnnc_alphabet_init (&alphabet, labels, N_LABELS, 0);
  search = rnnc_beam_new (&config, &alphabet, model);
  for (guint i = 0; i < N_BEST; i++)
    rnnc_word_list_init (&readings[i].list, &alphabet, 64);
  for (guint turn = 0; turn < 20; turn++) {
    float frames[N_FRAMES * N_LABELS];
    guint n_frames = 4 + turn % 3;
    g_autoptr (GArray) texts = NULL;
    guint n;

    random_frames (frames, n_frames);
    texts = all_texts (frames, n_frames);
    score_texts (texts, c, &config);
    rnnc_search_restart (search, 3, -1);
    for (guint t = 0; t < n_frames; t++)
      rnnc_search_push (search, frames + t * N_LABELS);
    n = search->klass->read (search, TRUE, readings, N_BEST);
    compare_readings (texts, readings, n, n_frames);
  }
  for (guint i = 0; i < N_BEST; i++)
    rnnc_word_list_free (&readings[i].list);
  rnnc_search_free (search);
  rnnc_alphabet_clear (&alphabet);
  clear_config (&config);
}

/* Where one path has nearly all the probability, it is the best text for any
 * width; more prefixes than memory has room for are dropped, the worst first.
 */
static void
test_clear_path (void)
{
  static const guint widths[] = { 1, 2, 5, 64 };
  static const char path[] = "_aab_b a_ba  _ab_______a_";
  g_autoptr (RnncModel) model = speech_model ();
  RnncAlphabet alphabet;

  rnnc_alphabet_init (&alphabet, labels, N_LABELS, 0);
  for (guint w = 0; w < G_N_ELEMENTS (widths); w++) {
    RnncBeamConfig config = { .width = widths[w], .capacity = 400 };
    RnncSearch *search = rnnc_beam_new (&config, &alphabet, model);
    RnncReading reading;

    rnnc_word_list_init (&reading.list, &alphabet, 400);
    for (guint turn = 0; turn < 12; turn++)
      for (const char *c = path; *c != '\0'; c++) {
        float frame[N_LABELS];

        for (guint i = 0; i < N_LABELS; i++)
          frame[i] = logf (*c == *labels[i] ? 0.85f : 0.05f);
        rnnc_search_push (search, frame);
      }
    g_assert_cmpuint (search->klass->read (search, TRUE, &reading, 1), ==, 1);
    g_assert_true (
        g_str_has_prefix (reading.list.text, "abb aba abaabb aba abaabb"));
    g_assert_cmpuint (reading.list.n_words, ==, 25);
    rnnc_word_list_free (&reading.list);
    rnnc_search_free (search);
  }
  rnnc_alphabet_clear (&alphabet);
}

/* A letter that sounds on into the next utterance is not heard again. */
static void
test_carry_on (void)
{
  g_autoptr (RnncModel) model = speech_model ();
  RnncBeamConfig config = { .width = 8, .capacity = 40 };
  RnncAlphabet alphabet;
  RnncSearch *search;
  RnncReading reading;
  const float a[] = { logf (0.02f), logf (0.04f), logf (0.9f), logf (0.04f) };
  const float b[] = { logf (0.02f), logf (0.04f), logf (0.04f), logf (0.9f) };

  rnnc_alphabet_init (&alphabet, labels, N_LABELS, 0);
  rnnc_word_list_init (&reading.list, &alphabet, 40);
  search = rnnc_beam_new (&config, &alphabet, model);
  rnnc_search_push (search, b);
  rnnc_search_push (search, a);
  g_assert_true (search->klass->sounding (search));
  rnnc_search_restart (search, 2, search->klass->carried (search));
  g_assert_cmpuint (search->klass->key (search), ==, 0);
  rnnc_search_push (search, a);
  rnnc_search_push (search, b);
  g_assert_cmpuint (search->klass->read (search, TRUE, &reading, 1), ==, 1);
  g_assert_cmpstr (reading.list.text, ==, "b");
  g_assert_cmpuint (reading.list.words[0].start, ==, 3);
  rnnc_search_restart (search, 4, -1);
  rnnc_search_push (search, b);
  g_assert_cmpuint (search->klass->read (search, FALSE, &reading, 1), ==, 1);
  g_assert_cmpstr (reading.list.text, ==, "b");
  rnnc_word_list_free (&reading.list);
  rnnc_search_free (search);
  rnnc_alphabet_clear (&alphabet);
}

/* Posteriors that no network should give. */
static void
test_wild (void)
{
  static const float values[]
      = { NAN, INFINITY, -INFINITY, 0, -1, 5, -2000, 1e30f };
  g_autoptr (RnncModel) model = speech_model ();
  RnncBeamConfig config = { .width = 16, .capacity = 500 };
  RnncAlphabet alphabet;
  RnncSearch *search;
  RnncReading readings[3];

  rnnc_alphabet_init (&alphabet, labels, N_LABELS, 0);
  for (guint i = 0; i < 3; i++)
    rnnc_word_list_init (&readings[i].list, &alphabet, 500);
  search = rnnc_beam_new (&config, &alphabet, model);
  for (guint t = 0; t < 400; t++) {
    float frame[N_LABELS];

    for (guint i = 0; i < N_LABELS; i++)
      frame[i] = values[g_test_rand_int_range (0, G_N_ELEMENTS (values))];
    rnnc_search_push (search, frame);
    search->klass->read (search, t % 2 == 0, readings, 3);
  }
  for (guint i = 0; i < 3; i++)
    rnnc_word_list_free (&readings[i].list);
  rnnc_search_free (search);
  rnnc_alphabet_clear (&alphabet);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path
        = g_strconcat ("/decode/beam/all-paths/", cases[i].name, NULL);

    g_test_add_data_func (path, &cases[i], test_all_paths);
  }
  g_test_add_func ("/decode/beam/clear-path", test_clear_path);
  g_test_add_func ("/decode/beam/carry-on", test_carry_on);
  g_test_add_func ("/decode/beam/wild", test_wild);
  return g_test_run ();
}
