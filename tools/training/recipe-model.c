/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The recipe's "model", and the loss that it learns by. */
#include <string.h>

#include "rnncore/base/json-reader.h"
#include "tools/data/voice.h"
#include "tools/training/recipe.h"

/* The letters of "spelling": "abc" as labels !a, !b, !c. */
static gboolean
add_spelling (Recipe *recipe, JsonArray *labels, GError **error)
{
  const char *letters = NULL;

  if (!rnnc_json_get_string (recipe->model, "model", "spelling", &letters,
          error))
    return FALSE;
  for (const char *c = letters; c != NULL && *c != '\0';
       c = g_utf8_next_char (c)) {
    char label[8] = "!";

    memcpy (label + 1, c, (gsize) (g_utf8_next_char (c) - c));
    json_array_add_string_element (labels, label);
  }
  return TRUE;
}

/* "words": ["yes", "no"] becomes labels <blank>, yes, no; with "spelling" the
 * letters of other words follow. */
static gboolean
resolve_words (Recipe *recipe, GError **error)
{
  g_auto (GStrv) words = NULL;
  g_autoptr (JsonArray) labels = NULL;

  if (!json_object_has_member (recipe->model, "words"))
    return !json_object_has_member (recipe->model, "spelling")
        || recipe_fail (error, "model: \"spelling\" goes with \"words\"");
  if (recipe->is_language || json_object_has_member (recipe->model, "letters")
      || json_object_has_member (recipe->model, "labels"))
    return recipe_fail (error,
        "model: \"words\", \"letters\" and \"labels\" exclude each other, and "
        "a language model has letters");
  words = recipe_get_strings (recipe->model, "model", "words", error);
  if (words == NULL)
    return FALSE;
  for (guint i = 0; words[i] != NULL; i++)
    if (words[i][0] == '\0' || strpbrk (words[i], " \t") != NULL)
      return recipe_fail (error, "model.words[%u]: not one word", i);
  if (!rnnc_labels_are_words ((const char *const *) words,
          g_strv_length (words), -1))
    return recipe_fail (error, "model.words: only letters, no word");
  labels = json_array_new ();
  json_array_add_string_element (labels, "<blank>");
  for (guint i = 0; words[i] != NULL; i++)
    json_array_add_string_element (labels, words[i]);
  if (!add_spelling (recipe, labels, error))
    return FALSE;
  json_object_set_array_member (recipe->model, "labels",
      g_steal_pointer (&labels));
  json_object_set_int_member (recipe->model, "blank", 0);
  json_object_remove_member (recipe->model, "words");
  json_object_remove_member (recipe->model, "spelling");
  recipe->has_letters = TRUE;
  return TRUE;
}

/* "letters": "abc" becomes labels <blank>, a, b, c; of a language model <end>,
 * a, b, c. */
static gboolean
resolve_letters (Recipe *recipe, GError **error)
{
  const char *letters = NULL;
  JsonArray *labels;

  if (!rnnc_json_get_string (recipe->model, "model", "letters", &letters,
          error))
    return FALSE;
  if (letters == NULL)
    return TRUE;
  if (json_object_has_member (recipe->model, "labels"))
    return recipe_fail (error,
        "model: \"letters\" and \"labels\" exclude each other");
  if (letters[0] == '\0')
    return recipe_fail (error, "model.letters: empty");
  labels = json_array_new ();
  json_array_add_string_element (labels,
      recipe->is_language ? "<end>" : "<blank>");
  for (const char *c = letters; *c != '\0'; c = g_utf8_next_char (c)) {
    g_autofree char *letter = g_strndup (c, g_utf8_next_char (c) - c);

    json_array_add_string_element (labels, letter);
  }
  json_object_set_array_member (recipe->model, "labels", labels);
  if (!recipe->is_language)
    json_object_set_int_member (recipe->model, "blank", 0);
  json_object_remove_member (recipe->model, "letters");
  recipe->has_letters = TRUE;
  return TRUE;
}

/* "phones": "aa ae" becomes <blank>, |, aa, ae; they are learned beside the
 * letters, as "pronunciations" has them. */
static gboolean
resolve_phones (Recipe *recipe, const char *data, GError **error)
{
  const char *text = NULL, *path = NULL;
  g_auto (GStrv) phones = NULL;
  JsonArray *array;

  if (!rnnc_json_get_string (recipe->model, "model", "phones", &text, error)
      || !rnnc_json_get_string (recipe->model, "model", "pronunciations", &path,
          error))
    return FALSE;
  if ((text == NULL) != (path == NULL))
    return recipe_fail (error,
        "model: \"phones\" and \"pronunciations\" come together or not at all");
  if (text == NULL)
    return TRUE;
  if (!json_object_has_member (recipe->model, "letters"))
    return recipe_fail (error,
        "model: \"phones\" are learned beside \"letters\"");
  recipe->pronunciations = recipe_resolve (recipe, path, data, error);
  if (recipe->pronunciations == NULL)
    return FALSE;
  phones = g_strsplit (text, " ", -1);
  array = json_array_new ();
  json_array_add_string_element (array, "<blank>");
  json_array_add_string_element (array, PRONUNCIATIONS_BOUNDARY);
  for (guint i = 0; phones[i] != NULL; i++)
    if (phones[i][0] != '\0')
      json_array_add_string_element (array, phones[i]);
  json_object_set_array_member (recipe->model, "phones", array);
  json_object_remove_member (recipe->model, "pronunciations");
  return TRUE;
}

/* Front end "none": how many numbers a step has. */
static gboolean
parse_numbers_frontend (Recipe *recipe, GError **error)
{
  JsonObject *frontend = NULL;
  const char *type = "";

  if (!rnnc_json_get_object (recipe->model, "model", "frontend", &frontend,
          error)
      || !rnnc_json_get_string (frontend, "model.frontend", "type", &type,
          error))
    return FALSE;
  return !g_str_equal (type, "none")
      || rnnc_json_get_uint (frontend, "model.frontend", "features", 1, 1000000,
          &recipe->n_features, error);
}

/* "loss" is said in "training", yet data and labels depend on it. */
gboolean
recipe_parse_loss (Recipe *recipe, JsonObject *training, GError **error)
{
  const char *name = NULL;

  if (training == NULL)
    return TRUE;
  if (!rnnc_json_get_string (training, "training", "loss", &name, error))
    return FALSE;
  if (name == NULL)
    return TRUE;
  if (g_str_equal (name, "ctc"))
    recipe->loss = RNNC_LOSS_CTC;
  else if (g_str_equal (name, "cross-entropy"))
    recipe->loss = RNNC_LOSS_CROSS_ENTROPY;
  else if (g_str_equal (name, "mean-squared-error"))
    recipe->loss = RNNC_LOSS_MSE;
  else
    return recipe_fail (error,
        "training.loss: \"%s\" is none of ctc, "
        "cross-entropy, mean-squared-error",
        name);
  if (recipe->is_language && recipe->loss != RNNC_LOSS_CROSS_ENTROPY)
    return recipe_fail (error,
        "training.loss: a language model is learned by cross-entropy");
  if (!recipe->is_language
      && recipe->has_letters != (recipe->loss == RNNC_LOSS_CTC))
    return recipe_fail (error,
        "training.loss: \"letters\" are learned by ctc, and "
        "ctc needs them");
  if (recipe->loss == RNNC_LOSS_MSE && recipe->n_features == 0)
    return recipe_fail (error,
        "training.loss: mean-squared-error needs front end "
        "\"none\"");
  return TRUE;
}

/* A layer that looks ahead would read what it is to say. */
static gboolean
check_language (const Recipe *recipe, GError **error)
{
  JsonArray *layers = json_object_get_array_member (recipe->model, "layers");

  if (!recipe->has_letters)
    return recipe_fail (error, "model: a language model needs \"letters\"");
  if (recipe->n_features != 1)
    return recipe_fail (error,
        "model.frontend: a language model has {\"type\": \"none\", "
        "\"features\": 1}: the letter before");
  for (guint i = 0; layers && i < json_array_get_length (layers); i++) {
    JsonNode *node = json_array_get_element (layers, i);
    JsonObject *layer
        = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

    if (layer != NULL
        && (json_object_get_boolean_member_with_default (layer, "bidirectional",
                FALSE)
            || json_object_get_int_member_with_default (layer, "right", 0) > 0))
      return recipe_fail (error,
          "model.layers[%u]: a language model must not see the letters to come",
          i);
  }
  return TRUE;
}

/* "voice-activity": the labels are given, targets come from the sound. */
static gboolean
resolve_voice (Recipe *recipe, GError **error)
{
  JsonObject *frontend = NULL;
  JsonArray *labels;
  const char *type = "";

  if (json_object_has_member (recipe->model, "labels"))
    return recipe_fail (error, "model: voice activity has its own labels");
  if (!rnnc_json_get_object (recipe->model, "model", "frontend", &frontend,
          error)
      || !rnnc_json_get_string (frontend, "model.frontend", "type", &type,
          error))
    return FALSE;
  if (!g_str_equal (type, "log-mel"))
    return recipe_fail (error,
        "model.frontend: voice activity is learned with \"log-mel\"");
  labels = json_array_new ();
  json_array_add_string_element (labels, VOICE_SILENCE);
  json_array_add_string_element (labels, VOICE_SPEECH);
  json_object_set_array_member (recipe->model, "labels", labels);
  return TRUE;
}

gboolean
recipe_parse_model (Recipe *recipe, JsonObject *root, const char *data,
    GError **error)
{
  static const char *const keys[] = { "task", "name", "language", "labels",
    "letters", "words", "spelling", "blank", "frontend", "layers", "licence",
    "data", "window", "spotting", "description", "citation", "continuous",
    "phones", "pronunciations", NULL };
  JsonObject *json = NULL;
  const char *task = NULL;
  g_autofree char *text = NULL;
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (JsonNode) copy = NULL;

  if (!rnnc_json_require (root, "recipe", "model", error)
      || !rnnc_json_get_object (root, "recipe", "model", &json, error)
      || !rnnc_json_check_keys (json, "model", keys, error)
      || !rnnc_json_require (json, "model", "task", error)
      || !rnnc_json_require (json, "model", "frontend", error)
      || !rnnc_json_require (json, "model", "layers", error)
      || !rnnc_json_get_string (json, "model", "task", &task, error))
    return FALSE;
  /* A mutable copy: labels and normalisation are completed. */
  node = json_node_init_object (json_node_alloc (), json);
  text = json_to_string (node, FALSE);
  copy = json_from_string (text, error);
  if (copy == NULL)
    return FALSE;
  recipe->model = json_object_ref (json_node_get_object (copy));
  recipe->loss
      = g_str_equal (task, "speech") ? RNNC_LOSS_CTC : RNNC_LOSS_CROSS_ENTROPY;
  recipe->has_letters = recipe->loss == RNNC_LOSS_CTC;
  recipe->is_language = g_str_equal (task, "language-model");
  recipe->is_voice = g_str_equal (task, "voice-activity");
  if (recipe->is_voice && !resolve_voice (recipe, error))
    return FALSE;
  if (!resolve_phones (recipe, data, error) || !resolve_words (recipe, error)
      || !resolve_letters (recipe, error)
      || !parse_numbers_frontend (recipe, error))
    return FALSE;
  if (recipe->has_letters && !json_object_has_member (recipe->model, "labels"))
    return recipe_fail (error,
        "model: a speech model needs \"letters\" or \"words\"");
  if (recipe->is_language)
    return check_language (recipe, error);
  if (recipe->has_letters)
    recipe->loss = RNNC_LOSS_CTC;
  return TRUE;
}
