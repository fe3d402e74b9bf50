/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A step of training, for bench-peers: forward, backward, clipping, update. */
#include "tests/bench/peer.h"
#include "tests/train/train-fixture.h"

typedef struct {
  RnncTrainer *trainer;
  RnncBatch batch;
  RnncTargets targets;
} Ours;

static void
run (gpointer data)
{
  Ours *ours = data;
  RnncStepStats stats;

  if (!rnnc_trainer_step (ours->trainer, &ours->batch, &ours->targets, 1e-4,
          &stats, NULL))
    g_error ("training failed");
}

gboolean
contender_ours_train (Contender *contender, const Work *work)
{
  Ours *ours = g_new0 (Ours, 1);
  gsize n = (gsize) work->n_frames * work->batch * work->hidden;
  guint *lengths = g_new (guint, work->batch);
  g_autofree char *layers
      = g_strdup_printf ("[{'type':'lstm','name':'r','hidden':%u}]",
          work->hidden);
  RnncTrainerOptions options;

  rnnc_trainer_options_init (&options);
  options.loss = RNNC_LOSS_MSE;
  for (guint i = 0; i < work->batch; i++)
    lengths[i] = work->n_frames;
  ours->trainer = fixture_trainer (work->hidden, 0, 0, layers, &options);
  ours->batch = (RnncBatch){ work->n_frames, work->batch, work->hidden,
    random_floats (n), lengths };
  ours->targets.values = random_floats (n);
  *contender = (Contender){ "ours", run, ours };
  return TRUE;
}
