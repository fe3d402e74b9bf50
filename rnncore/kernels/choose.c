/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#ifdef RNNC_HAVE_X86
#include <cpuid.h>
#endif

#include "rnncore/kernels/kernels.h"

#ifdef RNNC_HAVE_X86
/* Not every compiler's __builtin_cpu_supports() knows it. */
static int
has_f16c (void)
{
  unsigned int a, b, c, d;

  return __get_cpuid (1, &a, &b, &c, &d) && (c & bit_F16C) != 0;
}
#endif

const RnncKernels *
rnnc_kernels_by_name (const char *name)
{
  if (strcmp (name, "c") == 0 || strcmp (name, "none") == 0)
    return &rnnc_kernels_c;
#ifdef RNNC_HAVE_X86
  if (strcmp (name, "avx2") == 0 && __builtin_cpu_supports ("avx2")
      && __builtin_cpu_supports ("fma") && has_f16c ())
    return &rnnc_kernels_avx2;
  if (strcmp (name, "avx512") == 0 && __builtin_cpu_supports ("avx512f"))
    return &rnnc_kernels_avx512;
  if (strcmp (name, "avx512vnni") == 0 && __builtin_cpu_supports ("avx512f")
      && __builtin_cpu_supports ("avx512vnni"))
    return &rnnc_kernels_avx512vnni;
#endif
#ifdef RNNC_HAVE_ARM64
  if (strcmp (name, "neon") == 0)
    return &rnnc_kernels_neon;
#endif
  return NULL;
}

static const RnncKernels *
choose (void)
{
  static const char *const best_first[]
      = { "avx512vnni", "avx512", "avx2", "neon", "c" };
  const size_t n = sizeof best_first / sizeof *best_first;
  const char *limit = getenv ("RNNC_CPU");
  size_t first = 0;

  if (limit != NULL && strcmp (limit, "none") == 0)
    limit = "c";
  for (size_t i = 0; limit != NULL && i < n; i++) {
    if (strcmp (limit, best_first[i]) == 0)
      first = i;
  }
  for (size_t i = first; i < n; i++) {
    const RnncKernels *kernels = rnnc_kernels_by_name (best_first[i]);

    if (kernels != NULL)
      return kernels;
  }
  return &rnnc_kernels_c;
}

/* Two threads that come first at once choose the same. */
const RnncKernels *
rnnc_kernels (void)
{
  static _Atomic (const RnncKernels *) chosen;
  const RnncKernels *kernels = atomic_load (&chosen);

  if (kernels == NULL) {
    kernels = choose ();
    atomic_store (&chosen, kernels);
  }
  return kernels;
}
