/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model written again with smaller weights, another vocabulary, other
 * pronunciations or phrases. */
#include "rnncore/rnncore.h"
#include "tools/command.h"
#include "tools/common/message.h"

static const CommandUsage usage = {
  "MODEL OUTPUT",
  "Writes a model's matrices and kernels as f32, f16, bf16 or int8 (a scale a\n"
  "row); biases and norms stay f32. MODEL is a file, or the name of an\n"
  "installed model; OUTPUT is one file with weights and description. With\n"
  "--vocabulary, a language model afterwards knows the words of a file, and\n"
  "the search for what was said prefers them to all others; with\n"
  "--pronunciations, how words sound. With --phrases, a\n"
  "speech model afterwards hears the phrases of a file alone.",
  "  rnncore convert speech-en-streaming small.safetensors --dtype int8",
  2,
  2,
};

static const struct {
  const char *name;
  RnncStorage storage;
} dtypes[] = {
  { "f32", RNNC_STORAGE_F32 },
  { "f16", RNNC_STORAGE_F16 },
  { "bf16", RNNC_STORAGE_BF16 },
  { "int8", RNNC_STORAGE_I8 },
};

static gboolean
find_dtype (const char *name, RnncStorage *storage)
{
  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (dtypes); i++) {
    if (g_str_equal (dtypes[i].name, name)) {
      *storage = dtypes[i].storage;
      return TRUE;
    }
  }
  return FALSE;
}

/* Loads the new file too: what cannot be loaded is not called done. */
static int
convert (RnncModel *model, const char *output, const RnncConversion *conversion)
{
  guint64 before = rnnc_model_stored_bytes (model);
  g_autoptr (RnncModel) converted = NULL;
  GError *error = NULL;

  if (!rnnc_model_convert (model, output, conversion, &error))
    return command_fail (error);
  converted = rnnc_model_load (output, &error);
  if (converted == NULL)
    return command_fail (error);
  message ("%s: %" G_GUINT64_FORMAT
           " bytes of weights, before %" G_GUINT64_FORMAT,
      output, rnnc_model_stored_bytes (converted), before);
  return EXIT_OK;
}

int
command_convert (int argc, char **argv)
{
  g_autofree char *dtype = NULL, *path = NULL, *words = NULL;
  g_autofree char *vocabulary = NULL, *list = NULL, *phrases = NULL;
  g_autofree char *sounds = NULL, *pronunciations = NULL;
  RnncConversion conversion = { 0 };
  g_auto (GStrv) arguments = NULL;
  g_autoptr (RnncModel) model = NULL;
  GError *error = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "dtype", 0, 0, G_OPTION_ARG_STRING, &dtype,
        "f32, f16, bf16 or int8; needed", "TYPE" },
    { "keep-embeddings", 0, 0, G_OPTION_ARG_NONE, &conversion.keep_embeddings,
        "Leave embedding tables f32", NULL },
    { "vocabulary", 0, 0, G_OPTION_ARG_FILENAME, &vocabulary,
        "Language models: the words it knows, with white space between",
        "FILE" },
    { "pronunciations", 0, 0, G_OPTION_ARG_FILENAME, &sounds,
        "Language models: lines of a word, a tab and its phones", "FILE" },
    { "phrases", 0, 0, G_OPTION_ARG_FILENAME, &list,
        "Speech models: the phrases it is held to, one a line", "FILE" },
    { NULL },
  };

  if (!command_parse (argc, argv, entries, &usage, &arguments, &status))
    return status;
  if (!find_dtype (dtype, &conversion.storage))
    return command_misused ("convert",
        "--dtype must be f32, f16, bf16 or int8");
  if (vocabulary != NULL
      && !g_file_get_contents (vocabulary, &words, NULL, &error))
    return command_fail (error);
  if (sounds != NULL
      && !g_file_get_contents (sounds, &pronunciations, NULL, &error))
    return command_fail (error);
  if (list != NULL && !g_file_get_contents (list, &phrases, NULL, &error))
    return command_fail (error);
  conversion.vocabulary = words;
  conversion.pronunciations = pronunciations;
  conversion.phrases = phrases;
  path = rnnc_model_find (arguments[0], "speech", &error);
  if (path == NULL)
    return command_fail (error);
  model = rnnc_model_load (path, &error);
  if (model == NULL)
    return command_fail (error);
  return convert (model, arguments[1], &conversion);
}
