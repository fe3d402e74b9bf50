/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which table is chosen: the best of this processor, held back by RNNC_CPU.
 * The choice is made once a process, so meson runs this with each value. */
#include <glib.h>
#include <string.h>

#include "rnncore/kernels/kernels.h"

static gboolean
processor_has (const char *table)
{
#ifdef __x86_64__
  if (strcmp (table, "avx2") == 0)
    return __builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma");
  if (strcmp (table, "avx512") == 0)
    return __builtin_cpu_supports ("avx512f") != 0;
  if (strcmp (table, "avx512vnni") == 0)
    return __builtin_cpu_supports ("avx512f")
        && __builtin_cpu_supports ("avx512vnni");
#endif
  return strcmp (table, "c") == 0;
}

static const char *
wanted (const char *limit)
{
  if (g_strcmp0 (limit, "none") == 0)
    return "c";
  if (g_strcmp0 (limit, "avx2") != 0) {
    if (g_strcmp0 (limit, "avx512") != 0 && processor_has ("avx512vnni"))
      return "avx512vnni";
    if (processor_has ("avx512"))
      return "avx512";
  }
  return processor_has ("avx2") ? "avx2" : "c";
}

static void
test_chosen (void)
{
  const RnncKernels *kernels = rnnc_kernels ();

  g_test_message ("%s", kernels->name);
  g_assert_cmpstr (kernels->name, ==, wanted (g_getenv ("RNNC_CPU")));
  g_assert_true (rnnc_kernels () == kernels);
  g_assert_true (rnnc_kernels_by_name (kernels->name) == kernels);
}

static void
test_by_name (void)
{
  static const char *const names[] = { "c", "avx2", "avx512", "avx512vnni" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const RnncKernels *kernels = rnnc_kernels_by_name (names[i]);

    g_assert_cmpint (kernels != NULL, ==, processor_has (names[i]));
    if (kernels != NULL)
      g_assert_cmpstr (kernels->name, ==, names[i]);
  }
  g_assert_true (rnnc_kernels_by_name ("none") == rnnc_kernels_by_name ("c"));
  g_assert_null (rnnc_kernels_by_name (""));
  g_assert_null (rnnc_kernels_by_name ("avx3"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kernels/choice/chosen", test_chosen);
  g_test_add_func ("/kernels/choice/by-name", test_by_name);
  return g_test_run ();
}
