/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include <glib.h>

#include "rnncore/decode/ctc-decoder.h"
#include "rnncore/rnnc-transcriber.h"

/* A path is written with one character a frame: '_' blank, ' ' boundary. */
static const char *const labels[] = { "_", " ", "a", "b", "ç", "'" };
static const char codes[] = "_ abc'";

#define N_LABELS 6

static guint
label_of (char code)
{
  const char *at = strchr (codes, code);

  g_assert_nonnull (at);
  return (guint) (at - codes);
}

/* One frame whose best label has @posterior, the others sharing the rest. */
static void
make_frame (char code, double posterior, float *frame)
{
  for (guint i = 0; i < N_LABELS; i++)
    frame[i] = (float) log ((1.0 - posterior) / (N_LABELS - 1));
  frame[label_of (code)] = (float) log (posterior);
}

/* --- rnnc_ctc_greedy ------------------------------------------------------ */

static const struct {
  const char *path;
  const char *labels;
} best_paths[] = {
  { "", "" },
  { "_", "" },
  { "____", "" },
  { "a", "a" },
  { "aaa", "a" },
  { "a_a", "aa" },
  { "_aa__aab_b", "aabb" },
  { "ab_ba", "abba" },
  { "  a  _ b", " a  b" },
  { "abcabc", "abcabc" },
};

static void
test_best_path (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (best_paths); i++) {
    gsize n_frames = strlen (best_paths[i].path);
    float *frames = g_new (float, n_frames *N_LABELS + 1);
    guint *found = g_new (guint, n_frames + 1);
    gsize n;

    for (gsize t = 0; t < n_frames; t++)
      make_frame (best_paths[i].path[t], 0.4, frames + t * N_LABELS);
    n = rnnc_ctc_greedy (frames, n_frames, N_LABELS, 0, found);
    g_assert_cmpuint (n, ==, strlen (best_paths[i].labels));
    for (gsize k = 0; k < n; k++)
      g_assert_cmpuint (found[k], ==, label_of (best_paths[i].labels[k]));
    g_free (frames);
    g_free (found);
  }
}

/* A blank that is not label 0. */
static void
test_other_blank (void)
{
  const float frames[] = { 0, -1, -1, -1, -1, 0, 0, -1, -1, -1, 0, -1 };
  guint found[4];

  g_assert_cmpuint (rnnc_ctc_greedy (frames, 4, 3, 2, found), ==, 3);
  g_assert_cmpuint (found[0], ==, 0);
  g_assert_cmpuint (found[1], ==, 0);
  g_assert_cmpuint (found[2], ==, 1);
}

/* --- the decoder ---------------------------------------------------------- */

static void
push_path (RnncCtcDecoder *decoder, const char *path, double posterior)
{
  float frame[N_LABELS];

  for (; *path != '\0'; path++) {
    make_frame (*path, posterior, frame);
    rnnc_ctc_decoder_push (decoder, frame);
  }
}

static guint
get_words (RnncCtcDecoder *decoder, const RnncCtcWord **words)
{
  const RnncWordList *list = rnnc_ctc_decoder_words (decoder);

  *words = list->words;
  return list->n_words;
}

static const struct {
  const char *path;
  const char *text;
  guint n_words;
  guint spans[3][2];
} utterances[] = {
  { "____", "", 0, { { 0 } } },
  { "_  __ ", "", 0, { { 0 } } },
  { "a", "a", 1, { { 0, 1 } } },
  { "_aab_", "ab", 1, { { 1, 4 } } },
  { "_a_a_", "aa", 1, { { 1, 4 } } },
  { " ab  _ba ", "ab ba", 2, { { 1, 3 }, { 6, 8 } } },
  { "_a b_ _cc'_", "a b ç'", 3, { { 1, 2 }, { 3, 4 }, { 7, 10 } } },
  { "a_  _  _b", "a b", 2, { { 0, 1 }, { 8, 9 } } },
};

static void
test_words (void)
{
  RnncCtcDecoder *decoder = rnnc_ctc_decoder_new (labels, N_LABELS, 0, 16);

  for (guint i = 0; i < G_N_ELEMENTS (utterances); i++) {
    const RnncCtcWord *words;
    char *joined;
    const char *texts[4] = { NULL };

    rnnc_ctc_decoder_reset (decoder, 0);
    push_path (decoder, utterances[i].path, 0.5);
    g_assert_cmpstr (rnnc_ctc_decoder_words (decoder)->text, ==,
        utterances[i].text);
    g_assert_cmpuint (rnnc_ctc_decoder_n_frames (decoder), ==,
        strlen (utterances[i].path));
    g_assert_cmpuint (get_words (decoder, &words), ==, utterances[i].n_words);
    for (guint w = 0; w < utterances[i].n_words; w++) {
      g_assert_cmpuint (words[w].start, ==, utterances[i].spans[w][0]);
      g_assert_cmpuint (words[w].end, ==, utterances[i].spans[w][1]);
      g_assert_cmpfloat_with_epsilon (words[w].posteriors,
          0.5 * words[w].n_letters, 1e-6);
      texts[w] = words[w].text;
    }
    joined = g_strjoinv (" ", (char **) texts);
    g_assert_cmpstr (joined, ==, utterances[i].text);
    g_free (joined);
  }
  rnnc_ctc_decoder_free (decoder);
}

/* A letter counts with the best of its frames. */
static void
test_posteriors (void)
{
  RnncCtcDecoder *decoder = rnnc_ctc_decoder_new (labels, N_LABELS, 0, 16);
  const RnncCtcWord *words;

  push_path (decoder, "a", 0.4);
  push_path (decoder, "a", 0.9);
  push_path (decoder, "a", 0.6);
  push_path (decoder, "b", 0.5);
  g_assert_cmpuint (get_words (decoder, &words), ==, 1);
  g_assert_cmpuint (words[0].n_letters, ==, 2);
  g_assert_cmpfloat_with_epsilon (words[0].posteriors, 1.4, 1e-6);
  rnnc_ctc_decoder_free (decoder);
}

/* A letter that sounds across the end of an utterance belongs to the first. */
static void
test_next_utterance (void)
{
  RnncCtcDecoder *decoder = rnnc_ctc_decoder_new (labels, N_LABELS, 0, 16);
  float frame[N_LABELS];
  const RnncCtcWord *words;

  push_path (decoder, "_ab", 0.5);
  rnnc_ctc_decoder_next_utterance (decoder);
  make_frame ('b', 0.5, frame);
  g_assert_false (rnnc_ctc_decoder_push (decoder, frame));
  g_assert_cmpstr (rnnc_ctc_decoder_words (decoder)->text, ==, "");
  make_frame ('a', 0.5, frame);
  g_assert_true (rnnc_ctc_decoder_push (decoder, frame));
  push_path (decoder, "_", 0.5);
  g_assert_cmpstr (rnnc_ctc_decoder_words (decoder)->text, ==, "a");
  g_assert_cmpuint (get_words (decoder, &words), ==, 1);
  g_assert_cmpuint (words[0].start, ==, 4);
  g_assert_cmpuint (words[0].end, ==, 5);
  rnnc_ctc_decoder_free (decoder);
}

static void
test_grow (void)
{
  RnncCtcDecoder *decoder = rnnc_ctc_decoder_new (labels, N_LABELS, 0, 3);
  const RnncCtcWord *words;

  push_path (decoder, "a c", 0.5);
  rnnc_ctc_decoder_grow (decoder, 64);
  push_path (decoder, "'abab c c c c c", 0.5);
  g_assert_cmpstr (rnnc_ctc_decoder_words (decoder)->text, ==,
      "a ç'abab ç ç ç ç ç");
  g_assert_cmpuint (get_words (decoder, &words), ==, 7);
  g_assert_cmpstr (words[0].text, ==, "a");
  g_assert_cmpstr (words[1].text, ==, "ç'abab");
  g_assert_cmpstr (words[6].text, ==, "ç");
  rnnc_ctc_decoder_free (decoder);
}

/* Every frame a letter, every other a word: it just fits. */
static void
test_full (void)
{
  RnncCtcDecoder *decoder = rnnc_ctc_decoder_new (labels, N_LABELS, 0, 100);

  for (guint i = 0; i < 50; i++)
    push_path (decoder, "c ", 0.5);
  g_assert_cmpuint (strlen (rnnc_ctc_decoder_words (decoder)->text), ==, 149);
  rnnc_ctc_decoder_next_utterance (decoder);
  for (guint i = 0; i < 50; i++)
    push_path (decoder, "cb", 0.5);
  g_assert_cmpuint (strlen (rnnc_ctc_decoder_words (decoder)->text), ==, 150);
  rnnc_ctc_decoder_free (decoder);
}

/* Letters of other words part words, sound like silence, and yield nothing. */
static void
test_silent_labels (void)
{
  static const char *const words[] = { "_", "go", "stop", "!a", "!go" };
  static const guint path[] = { 3, 3, 1, 1, 4, 1, 3, 2, 0, 4, 3 };
  RnncCtcDecoder *decoder
      = rnnc_ctc_decoder_new (words, G_N_ELEMENTS (words), 0, 3);
  const RnncCtcWord *heard;

  for (guint t = 0; t < G_N_ELEMENTS (path); t++) {
    float frame[G_N_ELEMENTS (words)] = { -9, -9, -9, -9, -9 };

    frame[path[t]] = -0.5f;
    g_assert_cmpint (rnnc_ctc_decoder_push (decoder, frame), ==,
        path[t] == 1 || path[t] == 2);
  }
  g_assert_cmpuint (get_words (decoder, &heard), ==, 3);
  g_assert_cmpstr (rnnc_ctc_decoder_words (decoder)->text, ==, "go go stop");
  g_assert_cmpuint (heard[0].start, ==, 2);
  g_assert_cmpuint (heard[0].end, ==, 4);
  g_assert_cmpuint (heard[2].start, ==, 7);
  g_assert_cmpuint (heard[2].end, ==, 8);
  rnnc_ctc_decoder_free (decoder);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/decode/ctc-greedy/best-path", test_best_path);
  g_test_add_func ("/decode/ctc-greedy/other-blank", test_other_blank);
  g_test_add_func ("/decode/ctc-greedy/words", test_words);
  g_test_add_func ("/decode/ctc-greedy/posteriors", test_posteriors);
  g_test_add_func ("/decode/ctc-greedy/next-utterance", test_next_utterance);
  g_test_add_func ("/decode/ctc-greedy/grow", test_grow);
  g_test_add_func ("/decode/ctc-greedy/full", test_full);
  g_test_add_func ("/decode/ctc-greedy/silent-labels", test_silent_labels);
  return g_test_run ();
}
