/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small networks and batches for the tests of training. */
#pragma once

#include "rnncore/base/json-reader.h"
#include "rnncore/train/trainer-private.h"

G_BEGIN_DECLS

/* A description with a front end of @features numbers a frame (an image
 * [height, width, 1] where @height > 0) and these layers; @layers has single
 * quotes where JSON has double ones. */
static inline JsonObject *
fixture_description (guint features, guint height, guint width,
    const char *layers)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *frontend = height > 0
      ? g_strdup_printf ("{'type':'video','width':%u,'height':%u}", width,
          height)
      : g_strdup_printf ("{'type':'none','features':%u}", features);
  g_autofree char *text
      = g_strdup_printf ("{'format':1,'task':'test','frontend':%s,"
                         "'layers':%s,'labels':[]}",
          frontend, layers);
  JsonObject *object = rnnc_json_parse (g_strdelimit (text, "'", '"'),
      strlen (text), "test", &error);
  g_assert_no_error (error);
  return object;
}

/* The last @n_phones outputs are phones. */
static inline RnncTrainer *
fixture_trainer_with_phones (guint features, guint height, guint width,
    const char *layers, guint n_phones, const RnncTrainerOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) description
      = fixture_description (features, height, width, layers);
  JsonArray *phones = json_array_new ();

  for (guint i = 0; i < n_phones; i++)
    json_array_add_string_element (phones, "p");
  json_object_set_array_member (description, "phones", phones);
  RnncTrainer *trainer
      = rnnc_trainer_new (description, "test", options, &error);
  g_assert_no_error (error);
  return trainer;
}

static inline RnncTrainer *
fixture_trainer (guint features, guint height, guint width, const char *layers,
    const RnncTrainerOptions *options)
{
  return fixture_trainer_with_phones (features, height, width, layers, 0,
      options);
}

/* -1 … 1 */
static inline double
fixture_random (RnncRandom *random)
{
  return 2 * rnnc_random_uniform (random) - 1;
}

static inline void
fixture_fill (RnncRandom *random, float *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    values[i] = (float) fixture_random (random);
}

G_END_DECLS
