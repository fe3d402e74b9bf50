/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The shipped speech model around endpoints: two real utterances with silence
 * between them are heard as each is heard alone. Needs the training recordings;
 * skipped without them. */
#include <string.h>

#include "rnncore/rnncore.h"
#include "tools/data/manifest.h"
#include "tools/measure/error-rate.h"
#include "tools/media/media.h"

#define RATE 16000
#define N_UTTERANCES 60
/* Kept before the first letter and behind the last, s: letters come late. */
#define BEFORE 0.45
#define BEHIND 0.1

typedef struct {
  GString *text; /* finals joined by '|' */
  guint64 start; /* ns: of the first word */
  guint64 end;   /* of the last */
} Heard;

static GRand *noise; /* the same in each run: the bounds are close */
static RnncModel *model;
static GPtrArray *utterances; /* GArray of float */
static GPtrArray *texts;      /* what is said in them */

static void
on_transcript (const RnncTranscript *transcript, gpointer user_data)
{
  Heard *heard = user_data;

  if (!transcript->is_final)
    return;
  if (heard->text->len == 0)
    heard->start = transcript->start;
  else
    g_string_append_c (heard->text, '|');
  heard->end = transcript->end;
  g_string_append (heard->text, transcript->text);
}

/* Free with g_string_free(). */
static Heard
hear (const GArray *samples)
{
  Heard heard = { g_string_new (NULL), 0, 0 };
  g_autoptr (RnncTranscriber) transcriber
      = rnnc_transcriber_new (model, NULL, on_transcript, &heard, NULL);

  rnnc_transcriber_push (transcriber, (const float *) (gpointer) samples->data,
      samples->len);
  rnnc_transcriber_flush (transcriber);
  return heard;
}

/* A quiet room. */
static void
append_silence (GArray *samples, double seconds)
{
  for (gint n = (gint) (seconds * RATE); n > 0; n--) {
    float value = (float) g_rand_double_range (noise, -0.001, 0.001);

    g_array_append_val (samples, value);
  }
}

/* From just before its first letter to just behind its last; NULL: nothing was
 * heard, or a pause is in it. */
static GArray *
trim (const GArray *samples)
{
  Heard heard = hear (samples);
  gboolean usable
      = heard.text->len > 0 && strchr (heard.text->str, '|') == NULL;
  gint64 from = (gint64) (((double) heard.start / 1e9 - BEFORE) * RATE);
  gint64 to = (gint64) (((double) heard.end / 1e9 + BEHIND) * RATE);
  GArray *trimmed;

  g_string_free (heard.text, TRUE);
  from = MAX (from, 0);
  to = MIN (to, (gint64) samples->len);
  if (!usable)
    return NULL;
  trimmed = g_array_new (FALSE, FALSE, sizeof (float));
  g_array_append_vals (trimmed, &g_array_index (samples, float, from),
      (guint) (to - from));
  return trimmed;
}

static gboolean
load_utterances (void)
{
  const char *data = g_getenv ("RNNC_TEST_DATA");
  g_autofree char *folder = data != NULL
      ? g_strdup (data)
      : g_build_filename (g_getenv ("RNNC_SOURCE"), "../shared/data", NULL);
  g_autofree char *path
      = g_build_filename (folder, "speech/manifest.tsv", NULL);
  g_autofree char *weights = g_build_filename (g_getenv ("RNNC_SOURCE"),
      "models/speech-en-streaming.safetensors", NULL);
  static const char *const dev[] = { "dev", NULL },
                           *const an4[] = { "an4", NULL };
  g_autoptr (GPtrArray) conditions
      = g_ptr_array_new_with_free_func ((GDestroyNotify) condition_free);
  g_autoptr (Manifest) manifest = manifest_load (path, NULL);
  g_autoptr (GArray) rows = NULL;
  GError *error = NULL;

  if (manifest == NULL) {
    g_test_skip ("the training recordings are missing");
    return FALSE;
  }
  model = rnnc_model_load (weights, &error);
  g_assert_no_error (error);
  g_ptr_array_add (conditions, condition_new ("split", dev, FALSE));
  g_ptr_array_add (conditions, condition_new ("corpus", an4, FALSE));
  rows = manifest_select (manifest, conditions, &error);
  g_assert_no_error (error);
  utterances = g_ptr_array_new_with_free_func ((GDestroyNotify) g_array_unref);
  texts = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < rows->len && utterances->len < N_UTTERANCES; i++) {
    g_autofree char *recording
        = manifest_media_path (manifest, g_array_index (rows, guint, i));
    g_autoptr (GArray) samples = media_load_audio (recording, RATE, &error);
    GArray *trimmed;

    g_assert_no_error (error);
    trimmed = trim (samples);
    if (trimmed == NULL)
      continue;
    g_ptr_array_add (utterances, trimmed);
    g_ptr_array_add (texts,
        g_strdup (manifest_field (manifest, g_array_index (rows, guint, i),
            manifest_column (manifest, "text"))));
  }
  g_assert_cmpuint (utterances->len, ==, N_UTTERANCES);
  return TRUE;
}

static Heard
hear_joined (const GArray *one, double gap, const GArray *two)
{
  g_autoptr (GArray) joined = g_array_new (FALSE, FALSE, sizeof (float));

  append_silence (joined, 0.2);
  if (one != NULL) {
    g_array_append_vals (joined, one->data, one->len);
    append_silence (joined, gap - BEFORE - BEHIND);
  }
  g_array_append_vals (joined, two->data, two->len);
  append_silence (joined, 0.3);
  return hear (joined);
}

static gboolean
same_first_word (const char *a, const char *b)
{
  gsize n = strcspn (a, " ");

  return n == strcspn (b, " ") && strncmp (a, b, n) == 0;
}

typedef struct {
  guint n;
  guint first_words; /* that are right */
  EditCounts words;
} Result;

static void
add_result (Result *result, const char *reference, const char *heard)
{
  EditCounts counts = edit_counts_words (reference, heard);

  result->n++;
  result->first_words += same_first_word (reference, heard);
  edit_counts_add (&result->words, &counts);
}

/* Each utterance alone, and behind the one before it. */
static void
join_all (double gap, Result *alone, Result *behind)
{
  for (guint i = 0; i + 1 < utterances->len; i++) {
    const char *reference = texts->pdata[i + 1];
    Heard one = hear_joined (NULL, 0, utterances->pdata[i + 1]);
    Heard both
        = hear_joined (utterances->pdata[i], gap, utterances->pdata[i + 1]);
    const char *bar = strchr (both.text->str, '|');

    /* Without an endpoint there is nothing to measure. */
    if (bar != NULL) {
      g_strdelimit (one.text->str, "|", ' ');
      add_result (alone, reference, one.text->str);
      g_strdelimit (both.text->str, "|", ' ');
      add_result (behind, reference, bar + 1);
    }
    g_string_free (one.text, TRUE);
    g_string_free (both.text, TRUE);
  }
}

/* The bounds lie between what a core does that hears its last frames again (459
 * of 527 first words right, 464 alone) and one that does not (392). */
static void
test_joined (void)
{
  static const double gaps[]
      = { 0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2, 1.3, 1.5 };
  Result alone = { 0 }, behind = { 0 };

  if (!load_utterances ())
    return;
  for (guint i = 0; i < G_N_ELEMENTS (gaps); i++)
    join_all (gaps[i], &alone, &behind);
  g_test_message ("alone: %.2f %% word errors, %u of %u first words right; "
                  "behind an endpoint: %.2f %%, %u",
      100 * edit_counts_rate (&alone.words), alone.first_words, alone.n,
      100 * edit_counts_rate (&behind.words), behind.first_words);
  g_assert_cmpuint (behind.n, >,
      utterances->len * G_N_ELEMENTS (gaps) * 8 / 10);
  g_assert_cmpuint (behind.first_words + alone.n / 10, >=, alone.first_words);
  g_assert_cmpfloat (edit_counts_rate (&behind.words), <=,
      edit_counts_rate (&alone.words) + 0.05);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/endpoints/joined", test_joined);
  noise = g_rand_new_with_seed (1);
  status = g_test_run ();
  g_rand_free (noise);
  g_clear_pointer (&utterances, g_ptr_array_unref);
  g_clear_pointer (&texts, g_ptr_array_unref);
  g_clear_pointer (&model, rnnc_model_unref);
  return status;
}
