/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The classical tasks of recurrent networks, made rather than recorded. */
#include <math.h>

#include "tools/common/random.h"
#include "tools/data/sequence.h"

#define COPY_SYMBOLS 8
#define COPY_LENGTH 10 /* symbols to remember */
#define WASH_OUT 300   /* steps of Mackey-Glass before the first one */
#define SUBSTEPS 10    /* of the integration in one step */

enum { DRAW_LENGTH = 0x6c656e67, DRAW_SEQUENCE = 0x73657175 };

const char *const generator_names[] = { "adding", "temporal-order",
  "copy-memory", "parity", "spirals", "spelling", "mackey-glass", NULL };

static const char *const no_labels[] = { NULL };
static const char *const order_labels[] = { "xx", "xy", "yx", "yy", NULL };
static const char *const copy_labels[]
    = { "blank", "1", "2", "3", "4", "5", "6", "7", "8", NULL };
static const char *const parity_labels[] = { "even", "odd", NULL };
static const char *const spiral_labels[] = { "one", "other", NULL };
static const char *const spelling_labels[]
    = { "<blank>", "a", "b", "c", "d", NULL };

static const struct {
  guint n_features;
  RnncLoss loss;
  gboolean many_to_one;
  const char *const *labels;
} tasks[] = {
  [TASK_ADDING] = { 2, RNNC_LOSS_MSE, TRUE, no_labels },
  [TASK_TEMPORAL_ORDER] = { 6, RNNC_LOSS_CROSS_ENTROPY, TRUE, order_labels },
  [TASK_COPY_MEMORY]
  = { COPY_SYMBOLS + 2, RNNC_LOSS_CROSS_ENTROPY, FALSE, copy_labels },
  [TASK_PARITY] = { 1, RNNC_LOSS_CROSS_ENTROPY, FALSE, parity_labels },
  [TASK_SPIRALS] = { 2, RNNC_LOSS_CROSS_ENTROPY, FALSE, spiral_labels },
  [TASK_SPELLING] = { 4, RNNC_LOSS_CTC, FALSE, spelling_labels },
  [TASK_MACKEY_GLASS] = { 1, RNNC_LOSS_MSE, FALSE, no_labels },
};

guint
generator_features (const Generator *generator)
{
  return tasks[generator->task].n_features;
}

RnncLoss
generator_loss (const Generator *generator)
{
  return tasks[generator->task].loss;
}

gboolean
generator_many_to_one (const Generator *generator)
{
  return tasks[generator->task].many_to_one;
}

const char *const *
generator_labels (const Generator *generator)
{
  return tasks[generator->task].labels;
}

guint
generator_steps (const Generator *generator, guint index)
{
  Random random = random_for (generator->seed, DRAW_LENGTH, index);
  guint n = generator->steps[0]
      + random_index (&random, generator->steps[1] - generator->steps[0] + 1);

  if (generator->task == TASK_SPIRALS)
    return 1;
  /* What is remembered, the wait, and saying it again. */
  return generator->task == TASK_COPY_MEMORY ? n + 2 * COPY_LENGTH : n;
}

static void
add_value (GArray *values, double value)
{
  float number = (float) value;

  g_array_append_val (values, number);
}

static void
add_label (Sequence *sequence, guint label)
{
  g_array_append_val (sequence->labels, label);
}

static void
add_one_hot (Sequence *sequence, guint n, guint which)
{
  for (guint i = 0; i < n; i++)
    add_value (sequence->features, i == which);
}

/* The sum of the two marked numbers, one of the first tenth, one of the
 * first half. */
static void
make_adding (Random *random, guint n, Sequence *sequence)
{
  guint first = random_index (random, MAX (n / 10, 1));
  guint second = random_index (random, MAX (n / 2, 2) - 1);
  double sum = 0;

  second += second >= first; /* another one */
  for (guint t = 0; t < n; t++) {
    double value = random_unit (random);
    gboolean marked = t == first || t == second;

    add_value (sequence->features, value);
    add_value (sequence->features, marked);
    sum += marked ? value : 0;
  }
  add_value (sequence->values, sum);
}

/* Noise of four symbols; X or Y at about a tenth and a half: in which order? */
static void
make_temporal_order (Random *random, guint n, Sequence *sequence)
{
  guint tenth = MAX (n / 10, 1);
  guint first = tenth + random_index (random, tenth);
  guint second = MAX (n / 2, first + 1) + random_index (random, tenth);
  guint a = random_index (random, 2), b = random_index (random, 2);

  second = MIN (second, n - 1);
  for (guint t = 0; t < n; t++) {
    guint noise = 2 + random_index (random, 4);

    add_one_hot (sequence, 6, t == first ? a : t == second ? b : noise);
  }
  add_label (sequence, 2 * a + b);
}

/* Symbols, a wait, a sign, and then the symbols again. */
static void
make_copy_memory (Random *random, guint n, Sequence *sequence)
{
  guint symbols[COPY_LENGTH];

  for (guint i = 0; i < COPY_LENGTH; i++)
    symbols[i] = 1 + random_index (random, COPY_SYMBOLS);
  for (guint t = 0; t < n; t++) {
    gboolean last = t >= n - COPY_LENGTH;
    guint in = t < COPY_LENGTH     ? symbols[t]
        : t == n - COPY_LENGTH - 1 ? COPY_SYMBOLS + 1
                                   : 0;

    add_one_hot (sequence, COPY_SYMBOLS + 2, in);
    add_label (sequence, last ? symbols[t - (n - COPY_LENGTH)] : 0);
  }
}

/* Of the ones so far. */
static void
make_parity (Random *random, guint n, Sequence *sequence)
{
  guint parity = 0;

  for (guint t = 0; t < n; t++) {
    guint bit = random_index (random, 2);

    parity ^= bit;
    add_value (sequence->features, bit ? 1 : -1);
    add_label (sequence, parity);
  }
}

/* A point on one of two interleaved spirals. */
static void
make_spirals (Random *random, Sequence *sequence)
{
  guint which = random_index (random, 2);
  double turn = 0.25 + 0.75 * sqrt (random_unit (random));
  double angle = 2 * G_PI * turn + (which ? G_PI : 0);

  add_value (sequence->features,
      turn * cos (angle) + 0.01 * random_normal (random));
  add_value (sequence->features,
      turn * sin (angle) + 0.01 * random_normal (random));
  add_label (sequence, which);
}

/* Letters of unknown length with gaps of unknown length, in noise. */
static void
make_spelling (Random *random, guint n, Sequence *sequence)
{
  guint left = 0;
  gint letter = -1;

  for (guint t = 0; t < n; t++) {
    if (left == 0 && letter >= 0) {
      letter = -1;
      left = 1 + random_index (random, 3);
    } else if (left == 0 && n - t >= 2) {
      letter = (gint) random_index (random, 4);
      left = 2 + random_index (random, 4);
      add_label (sequence, (guint) letter + 1);
    }
    left -= left > 0;
    for (gint i = 0; i < 4; i++)
      add_value (sequence->features,
          (i == letter) + 0.2 * random_normal (random));
  }
}

/* dx/dt = 0.2 x(t - tau) / (1 + x(t - tau)^10) - 0.1 x(t), by fourth-order
 * Runge-Kutta, the delayed value interpolated. */
static void
make_mackey_glass (const Generator *generator, Random *random, guint n,
    Sequence *sequence)
{
  const double h = 1.0 / SUBSTEPS;
  guint delay = (guint) lround (generator->tau * SUBSTEPS);
  guint total = (WASH_OUT + n + 1) * SUBSTEPS;
  g_autofree double *x = g_new (double, (gsize) delay + total + 1);

  for (guint i = 0; i <= delay; i++)
    x[i] = 1.2 + 0.4 * (random_unit (random) - 0.5);
  for (guint i = delay; i < delay + total; i++) {
    double from = x[i - delay], to = x[i - delay + 1];
    double middle = (from + to) / 2;
    double in[3] = { 0.2 * from / (1 + pow (from, 10)),
      0.2 * middle / (1 + pow (middle, 10)), 0.2 * to / (1 + pow (to, 10)) };
    double k1 = in[0] - 0.1 * x[i];
    double k2 = in[1] - 0.1 * (x[i] + h / 2 * k1);
    double k3 = in[1] - 0.1 * (x[i] + h / 2 * k2);
    double k4 = in[2] - 0.1 * (x[i] + h * k3);

    x[i + 1] = x[i] + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
  }
  for (guint t = 0; t < n; t++) {
    const double *at = x + delay + (WASH_OUT + t) * SUBSTEPS;

    add_value (sequence->features, at[0]);
    add_value (sequence->values, at[SUBSTEPS]);
  }
}

void
generator_make (const Generator *generator, guint epoch, guint index,
    Sequence *sequence)
{
  guint n = generator_steps (generator, index);
  Random random = random_for (generator->seed ^ DRAW_SEQUENCE, epoch, index);

  g_array_set_size (sequence->features, 0);
  g_array_set_size (sequence->labels, 0);
  g_array_set_size (sequence->values, 0);
  sequence->n_steps = n;
  switch (generator->task) {
    case TASK_ADDING:
      make_adding (&random, n, sequence);
      break;
    case TASK_TEMPORAL_ORDER:
      make_temporal_order (&random, n, sequence);
      break;
    case TASK_COPY_MEMORY:
      make_copy_memory (&random, n, sequence);
      break;
    case TASK_PARITY:
      make_parity (&random, n, sequence);
      break;
    case TASK_SPIRALS:
      make_spirals (&random, sequence);
      break;
    case TASK_SPELLING:
      make_spelling (&random, n, sequence);
      break;
    case TASK_MACKEY_GLASS:
      make_mackey_glass (generator, &random, n, sequence);
      break;
  }
}
