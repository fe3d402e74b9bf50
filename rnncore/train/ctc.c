/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/train/ctc.h"
#include "rnncore/train/vector-math.h"

/* log 0 that arithmetic cannot turn into NaN. */
#define LOG_ZERO -1e30

/* Two cells of log 0 stand on each side of every row of states. */
#define MARGIN 2

typedef struct {
  const real *log_probabilities;
  const gsize *rows;
  guint n_steps;
  gsize row;      /* from one step's log probabilities to the next's */
  gsize n_states; /* 2 * labels + 1: blanks between and around the labels */
  gsize stride;
  guint *classes;    /* [n_states] */
  double *skip_in;   /* [n_states]: 0 where s may follow s - 2, else log 0 */
  double *skip_out;  /* [n_states]: 0 where s + 2 may follow s, else log 0 */
  double *emissions; /* [n_states]: of one step */
  double *alpha;     /* [n_steps, stride] */
  double *beta[2];   /* [stride]: from a step on, its own emission left out */
  double *occupancy; /* [n_states] */
} Lattice;

static gboolean
is_feasible (const guint *labels, guint n_labels, guint n_steps)
{
  gsize needed = n_labels;
  for (guint i = 1; i < n_labels; i++)
    needed += labels[i] == labels[i - 1];
  return needed <= n_steps;
}

static void
lattice_begin (Lattice *l, const guint *labels, guint n_labels, guint blank,
    RnncBuffer *memory)
{
  gsize n = l->n_states = 2 * (gsize) n_labels + 1;
  l->stride = n + 2 * MARGIN;
  gsize n_doubles = (l->n_steps + 2) * l->stride + 4 * n;
  double *next = rnnc_buffer_bytes (memory,
      n_doubles * sizeof (double) + n * sizeof (guint));
  l->alpha = next;
  l->beta[0] = l->alpha + l->n_steps * l->stride;
  l->beta[1] = l->beta[0] + l->stride;
  l->skip_in = l->beta[1] + l->stride;
  l->skip_out = l->skip_in + n;
  l->emissions = l->skip_out + n;
  l->occupancy = l->emissions + n;
  l->classes = (guint *) (l->occupancy + n);
  for (gsize i = 0; i < (l->n_steps + 2) * l->stride; i++)
    l->alpha[i] = LOG_ZERO;
  for (gsize s = 0; s < n; s++)
    l->classes[s] = s % 2 ? labels[s / 2] : blank;
  for (gsize s = 0; s < n; s++) {
    gboolean in = s % 2 && s >= 2 && l->classes[s] != l->classes[s - 2];
    gboolean out = s % 2 && s + 2 < n && l->classes[s] != l->classes[s + 2];
    l->skip_in[s] = in ? 0 : LOG_ZERO;
    l->skip_out[s] = out ? 0 : LOG_ZERO;
  }
}

static void
read_emissions (Lattice *l, guint t)
{
  const real *row = l->log_probabilities + l->rows[t] * l->row;
  for (gsize s = 0; s < l->n_states; s++)
    l->emissions[s] = row[l->classes[s]];
}

/* log (e^a + e^b + e^c): the sum lies in 1..3, so short arithmetic on it
 * errs less than 1e-6 however long the sequence is. */
static inline __attribute__ ((always_inline)) double
log_add (double a, double b, double c)
{
  double m = a > b ? a : b;
  m = m > c ? m : c;
  return m
      + rnnc_log (rnnc_exp ((real) (a - m)) + rnnc_exp ((real) (b - m))
          + rnnc_exp ((real) (c - m)));
}

RNNC_CLONES static void
alpha_step (gsize n, const double *restrict before, const double *restrict skip,
    const double *restrict emissions, double *restrict now)
{
  for (gsize s = 0; s < n; s++)
    now[s] = emissions[s]
        + log_add (before[s], (before - 1)[s], (before - 2)[s] + skip[s]);
}

RNNC_CLONES static void
beta_step (gsize n, const double *restrict behind, const double *restrict skip,
    double *restrict now)
{
  for (gsize s = 0; s < n; s++)
    now[s] = log_add (behind[s], behind[s + 1], behind[s + 2] + skip[s]);
}

RNNC_CLONES static void
occupancy_step (gsize n, const double *restrict alpha,
    const double *restrict beta, double log_probability,
    double *restrict occupancy)
{
  for (gsize s = 0; s < n; s++)
    occupancy[s] = rnnc_exp ((real) (alpha[s] + beta[s] - log_probability));
}

static double *
alpha_row (const Lattice *l, guint t)
{
  return l->alpha + t * l->stride + MARGIN;
}

/* Returns: log p (labels) */
static double
forward_variables (Lattice *l)
{
  gsize n = l->n_states;
  double *alpha = alpha_row (l, 0);
  read_emissions (l, 0);
  alpha[0] = l->emissions[0];
  if (n > 1)
    alpha[1] = l->emissions[1];
  for (guint t = 1; t < l->n_steps; t++) {
    read_emissions (l, t);
    alpha = alpha_row (l, t);
    alpha_step (n, alpha_row (l, t - 1), l->skip_in, l->emissions, alpha);
  }
  double last = alpha[n - 1];
  double before = n > 1 ? alpha[n - 2] : LOG_ZERO;
  double m = MAX (last, before);
  return m + log (exp (last - m) + exp (before - m));
}

static void
add_gradient (Lattice *l, double log_probability, double scale, real *gradient)
{
  gsize n = l->n_states;
  double *beta = l->beta[0] + MARGIN;
  double *other = l->beta[1] + MARGIN;
  beta[n - 1] = 0;
  if (n > 1)
    beta[n - 2] = 0;
  for (guint t = l->n_steps; t-- > 0;) {
    real *row = gradient + l->rows[t] * l->row;
    occupancy_step (n, alpha_row (l, t), beta, log_probability, l->occupancy);
    for (gsize s = 0; s < n; s++)
      row[l->classes[s]] -= (real) (scale * l->occupancy[s]);
    if (t == 0)
      break;
    read_emissions (l, t);
    for (gsize s = 0; s < n; s++)
      beta[s] += l->emissions[s];
    beta_step (n, beta, l->skip_out, other);
    double *swap = beta;
    beta = other;
    other = swap;
  }
}

double
rnnc_ctc_sequence (const real *log_probabilities, const gsize *rows,
    guint n_steps, gsize stride, const guint *labels, guint n_labels,
    guint blank, double scale, real *gradient, RnncBuffer *memory)
{
  Lattice l = { log_probabilities, rows, n_steps, stride };
  if (!is_feasible (labels, n_labels, n_steps))
    return INFINITY;
  lattice_begin (&l, labels, n_labels, blank, memory);
  double log_probability = forward_variables (&l);
  if (gradient)
    add_gradient (&l, log_probability, scale, gradient);
  return -log_probability;
}
