/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Writes the models of the tests into a folder, for tests in shell: tones and
 * light, and scripts of tones as WAV.
 * Usage: write-toys FOLDER [NAME=SCRIPT…]: FOLDER/NAME.wav each */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/elements/toy-models.h"

static void
keep (char *path, const char *folder, const char *name)
{
  g_autofree char *contents = NULL;
  g_autofree char *target = g_build_filename (folder, name, NULL);
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, NULL));
  g_assert_true (g_file_set_contents (target, contents, (gssize) length, NULL));
  toy_model_remove (path);
}

int
main (int argc, char **argv)
{
  if (argc < 2)
    return 2;
  keep (tone_model_write (), argv[1], "tones.safetensors");
  keep (light_model_write (), argv[1], "light.safetensors");
  for (int i = 2; i < argc; i++) {
    g_auto (GStrv) pair = g_strsplit (argv[i], "=", 2);
    g_autofree char *name = g_strconcat (pair[0], ".wav", NULL);
    g_autofree char *path = g_build_filename (argv[1], name, NULL);

    if (pair[1] == NULL)
      return 2;
    tone_script_write_wav (pair[1], path);
  }
  return 0;
}
