/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "rnncore/train/optimiser.h"

guint
rnnc_optimiser_n_moments (RnncOptimiser optimiser)
{
  return optimiser == RNNC_OPTIMISER_SGD ? 1 : 2;
}

/* As PyTorch's: v = momentum v + g, w -= rate v. */
RNNC_CLONES static void
sgd_update (gsize n, real scale, real decay, real momentum, real rate,
    const real *restrict g, real *restrict v, real *restrict w)
{
  for (gsize i = 0; i < n; i++) {
    v[i] = momentum * v[i] + (g[i] * scale + decay * w[i]);
    w[i] -= rate * v[i];
  }
}

typedef struct {
  real scale;
  real decay;  /* into the gradient (Adam) */
  real shrink; /* of the weight (AdamW): 1 - rate * decay */
  real beta1;
  real beta2;
  real rate;      /* with the first moment's bias taken out */
  real deviation; /* 1 / sqrt (1 - beta2^step) */
  real epsilon;
} AdamFactors;

RNNC_CLONES static void
adam_update (gsize n, const AdamFactors *factors, const real *restrict g,
    real *restrict m, real *restrict v, real *restrict w)
{
  const AdamFactors f = *factors;
  for (gsize i = 0; i < n; i++) {
    real d = g[i] * f.scale + f.decay * w[i];
    real first = f.beta1 * m[i] + (1 - f.beta1) * d;
    real second = f.beta2 * v[i] + (1 - f.beta2) * d * d;
    m[i] = first;
    v[i] = second;
#ifdef RNNC_REAL_DOUBLE
    real deviation = sqrt (second);
#else
    real deviation = sqrtf (second);
#endif
    w[i] = f.shrink * w[i]
        - f.rate * first / (deviation * f.deviation + f.epsilon);
  }
}

void
rnnc_optimiser_update (const RnncTrainerOptions *options,
    const RnncNetwork *network, guint64 step, double learning_rate,
    double scale, const real *gradients, real *const moments[2], real *values)
{
  double unbias1 = 1 - pow (options->beta1, (double) step);
  double unbias2 = 1 - pow (options->beta2, (double) step);
  gboolean decoupled = options->optimiser == RNNC_OPTIMISER_ADAMW;
  for (guint p = 0; p < network->n_parameters; p++) {
    const RnncParameter *parameter = &network->parameters[p];
    gsize at = parameter->offset, n = parameter->n_values;
    double decay = parameter->rank > 1 ? options->weight_decay : 0;
    if (!parameter->trained)
      continue;
    if (options->optimiser == RNNC_OPTIMISER_SGD) {
      sgd_update (n, (real) scale, (real) decay, (real) options->momentum,
          (real) learning_rate, gradients + at, moments[0] + at, values + at);
      continue;
    }
    AdamFactors factors = { (real) scale, (real) (decoupled ? 0 : decay),
      (real) (decoupled ? 1 - learning_rate * decay : 1), (real) options->beta1,
      (real) options->beta2, (real) (learning_rate / unbias1),
      (real) (1 / sqrt (unbias2)), (real) options->epsilon };
    adam_update (n, &factors, gradients + at, moments[0] + at, moments[1] + at,
        values + at);
  }
}
