/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/measure/voice-score.h"

#include <math.h>

#include "tools/common/random.h"

/* Logits are counted in bins of a fiftieth, from -12 to 12. */
#define N_BINS 1200
#define LARGEST 12.0

#define N_RESAMPLINGS 400

typedef struct {
  char *group;
  guint32 *bins[2]; /* [N_BINS], of silence and of speech */
} Recording;

struct _VoiceScore {
  GArray *recordings; /* Recording */
  GPtrArray *groups;  /* names, in order of appearance */
};

typedef struct {
  double of[2][N_BINS];
} Histogram;

static void
clear_recording (gpointer data)
{
  Recording *recording = data;

  g_free (recording->group);
  g_free (recording->bins[0]);
  g_free (recording->bins[1]);
}

VoiceScore *
voice_score_new (void)
{
  VoiceScore *score = g_new0 (VoiceScore, 1);

  score->recordings = g_array_new (FALSE, FALSE, sizeof (Recording));
  g_array_set_clear_func (score->recordings, clear_recording);
  score->groups = g_ptr_array_new_with_free_func (g_free);
  return score;
}

void
voice_score_free (VoiceScore *score)
{
  if (score == NULL)
    return;
  g_array_unref (score->recordings);
  g_ptr_array_unref (score->groups);
  g_free (score);
}

static guint
bin_of (float logit)
{
  double share = ((double) logit + LARGEST) / (2 * LARGEST);

  return (guint) CLAMP (share * N_BINS, 0, N_BINS - 1);
}

void
voice_score_add (VoiceScore *score, const char *group, const float *logits,
    const guint *marks, gsize n)
{
  Recording recording = { g_strdup (group),
    { g_new0 (guint32, N_BINS), g_new0 (guint32, N_BINS) } };

  for (gsize t = 0; t < n; t++)
    recording.bins[marks[t] != 0][bin_of (logits[t])]++;
  g_array_append_val (score->recordings, recording);
  if (!g_ptr_array_find_with_equal_func (score->groups, group, g_str_equal,
          NULL))
    g_ptr_array_add (score->groups, g_strdup (group));
}

static void
add_recording (Histogram *sum, const Recording *recording)
{
  for (guint side = 0; side < 2; side++)
    for (guint i = 0; i < N_BINS; i++)
      sum->of[side][i] += recording->bins[side][i];
}

/* Pairs of a bin count half. */
static double
area_of (const Histogram *sum)
{
  double below = 0, silence = 0, speech = 0, pairs = 0;

  for (guint i = 0; i < N_BINS; i++) {
    pairs += sum->of[1][i] * (below + sum->of[0][i] / 2);
    below += sum->of[0][i];
    silence += sum->of[0][i];
    speech += sum->of[1][i];
  }
  return silence > 0 && speech > 0 ? pairs / (silence * speech) : 0.5;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static void
resample (const GPtrArray *chosen, double *low, double *high)
{
  g_autofree double *areas = g_new (double, N_RESAMPLINGS);
  Histogram *sum = g_new (Histogram, 1);

  for (guint i = 0; i < N_RESAMPLINGS; i++) {
    Random random = random_for (1, 0, i);

    *sum = (Histogram){ 0 };
    for (guint k = 0; k < chosen->len; k++)
      add_recording (sum,
          g_ptr_array_index (chosen, random_index (&random, chosen->len)));
    areas[i] = area_of (sum);
  }
  qsort (areas, N_RESAMPLINGS, sizeof *areas, compare_doubles);
  *low = areas[N_RESAMPLINGS / 40];
  *high = areas[N_RESAMPLINGS - 1 - N_RESAMPLINGS / 40];
  g_free (sum);
}

VoiceCounts
voice_score_counts (const VoiceScore *score, const char *group)
{
  g_autoptr (GPtrArray) chosen = g_ptr_array_new ();
  Histogram *sum = g_new0 (Histogram, 1);
  VoiceCounts counts = { 0 };
  double right = 0;

  for (guint i = 0; i < score->recordings->len; i++) {
    Recording *recording = &g_array_index (score->recordings, Recording, i);

    if (group != NULL && !g_str_equal (recording->group, group))
      continue;
    g_ptr_array_add (chosen, recording);
    add_recording (sum, recording);
  }
  for (guint i = 0; i < N_BINS; i++) {
    counts.n_frames += (guint64) (sum->of[0][i] + sum->of[1][i]);
    counts.n_speech += (guint64) sum->of[1][i];
    right += sum->of[i >= N_BINS / 2][i];
  }
  counts.n_recordings = chosen->len;
  counts.area = area_of (sum);
  counts.accuracy = right / (double) MAX (counts.n_frames, 1);
  if (chosen->len > 0)
    resample (chosen, &counts.low, &counts.high);
  g_free (sum);
  return counts;
}

static void
print_group (const VoiceScore *score, const char *group, FILE *file)
{
  VoiceCounts counts = voice_score_counts (score, group);

  fprintf (file,
      "%s\t%u\t%" G_GUINT64_FORMAT "\t%.2f\t%.4f\t%.4f\t%.4f\t%.2f\n",
      group != NULL ? group : "all", counts.n_recordings, counts.n_frames,
      100.0 * (double) counts.n_speech / (double) MAX (counts.n_frames, 1),
      counts.area, counts.low, counts.high, 100 * counts.accuracy);
}

void
voice_score_print (const VoiceScore *score, FILE *file)
{
  fputs ("group\trecordings\tframes\tspeech\tarea\tlow\thigh\taccuracy\n",
      file);
  for (guint i = 0; i < score->groups->len; i++)
    print_group (score, g_ptr_array_index (score->groups, i), file);
  if (score->groups->len != 1)
    print_group (score, NULL, file);
}
