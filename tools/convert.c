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

/* A file whose text the description gets. */
typedef struct {
  const char *member; /* of the description */
  char *path;         /* (nullable): as asked for */
  char *contents;
} Text;

enum { VOCABULARY, PRONUNCIATIONS, PHRASES, N_TEXTS };

static gboolean
read_texts (Text *texts, GError **error)
{
  for (guint i = 0; i < N_TEXTS; i++)
    if (texts[i].path != NULL
        && !g_file_get_contents (texts[i].path, &texts[i].contents, NULL,
            error))
      return FALSE;
  return TRUE;
}

static void
clear_texts (Text *texts)
{
  for (guint i = 0; i < N_TEXTS; i++) {
    g_free (texts[i].path);
    g_free (texts[i].contents);
  }
}

/* The library knows a text by its member; who typed the command, by its file.
 */
static void
name_file (const Text *texts, RnncModel *model, GError **error)
{
  for (guint i = 0; i < N_TEXTS; i++) {
    g_autofree char *member
        = g_strdup_printf ("%s: %s:", rnnc_model_path (model), texts[i].member);
    g_autofree char *name = texts[i].path != NULL
        ? g_filename_display_name (texts[i].path)
        : NULL;

    if (name != NULL && g_str_has_prefix ((*error)->message, member))
      g_prefix_error (error, "%s: ", name);
  }
}

/* Loads the new file too: what cannot be loaded is not called done. */
static int
convert (RnncModel *model, const char *output, const RnncConversion *conversion,
    const Text *texts)
{
  guint64 before = rnnc_model_stored_bytes (model);
  g_autoptr (RnncModel) converted = NULL;
  GError *error = NULL;

  if (!rnnc_model_convert (model, output, conversion, &error)) {
    name_file (texts, model, &error);
    return command_fail (error);
  }
  converted = rnnc_model_load (output, &error);
  if (converted == NULL)
    return command_fail (error);
  message ("%s: %" G_GUINT64_FORMAT
           " bytes of weights, before %" G_GUINT64_FORMAT,
      output, rnnc_model_stored_bytes (converted), before);
  return EXIT_OK;
}

static int
run (const char *name, const char *output, RnncConversion *conversion,
    Text *texts)
{
  g_autofree char *path = NULL;
  g_autoptr (RnncModel) model = NULL;
  GError *error = NULL;

  if (!read_texts (texts, &error))
    return command_fail (error);
  conversion->vocabulary = texts[VOCABULARY].contents;
  conversion->pronunciations = texts[PRONUNCIATIONS].contents;
  conversion->phrases = texts[PHRASES].contents;
  path = rnnc_model_find (name, "speech", &error);
  if (path == NULL)
    return command_fail (error);
  model = rnnc_model_load (path, &error);
  if (model == NULL)
    return command_fail (error);
  return convert (model, output, conversion, texts);
}

int
command_convert (int argc, char **argv)
{
  g_autofree char *dtype = NULL;
  Text texts[N_TEXTS]
      = { { "vocabulary" }, { "pronunciations" }, { "phrases" } };
  RnncConversion conversion = { 0 };
  g_auto (GStrv) arguments = NULL;
  int status;
  const GOptionEntry entries[] = {
    { "dtype", 0, 0, G_OPTION_ARG_STRING, &dtype,
        "f32, f16, bf16 or int8; needed", "TYPE" },
    { "keep-embeddings", 0, 0, G_OPTION_ARG_NONE, &conversion.keep_embeddings,
        "Leave embedding tables f32", NULL },
    { "vocabulary", 0, 0, G_OPTION_ARG_FILENAME, &texts[VOCABULARY].path,
        "Language models: the words it knows, with white space between",
        "FILE" },
    { "pronunciations", 0, 0, G_OPTION_ARG_FILENAME,
        &texts[PRONUNCIATIONS].path,
        "Language models: lines of a word, a tab and its phones", "FILE" },
    { "phrases", 0, 0, G_OPTION_ARG_FILENAME, &texts[PHRASES].path,
        "Speech models: the phrases it is held to, one a line", "FILE" },
    { NULL },
  };

  if (command_parse (argc, argv, entries, &usage, &arguments, &status))
    status = find_dtype (dtype, &conversion.storage)
        ? run (arguments[0], arguments[1], &conversion, texts)
        : command_misused ("convert", "--dtype must be f32, f16, bf16 or int8");
  clear_texts (texts);
  return status;
}
