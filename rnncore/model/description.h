/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The JSON that describes a model: front end, layers, labels, provenance. */
#pragma once

#include "rnncore/layers/layer-spec.h"
#include "rnncore/rnnc-frontend.h"
#include "rnncore/rnnc-spotter.h"

G_BEGIN_DECLS

#define RNNC_DESCRIPTION_VERSION 1
#define RNNC_METADATA_KEY "rnncore"

/* How gestures are best spotted with a model; 0 windows, below 0: not said. */
typedef struct {
  guint n_windows;
  double windows[RNNC_SPOTTER_MAX_WINDOWS]; /* s, the shortest first */
  double interval;                          /* s */
  double threshold_on;
  double threshold_off;
} RnncSpotting;

typedef struct {
  char *task;
  char *language;
  RnncFrontendConfig frontend;
  RnncShape input;   /* of one front end frame */
  GPtrArray *layers; /* RnncLayerSpec */
  GStrv labels;
  guint n_labels;
  gint blank;   /* -1: none */
  GStrv phones; /* of speech, beside its letters: the first is their blank;
                   (nullable) */
  guint n_phones;
  double window; /* s: what a many-to-one model saw in training; 0: not said */
  RnncSpotting spotting;
  gboolean continuous;  /* its core goes on from utterance to utterance */
  char *phrases;        /* lines of the phrase list to be held to; (nullable) */
  char *vocabulary;     /* words, a space between them; (nullable) */
  char *pronunciations; /* lines of a word, a tab and its phones; (nullable) */
  JsonObject *json;     /* all of it */
} RnncDescription;

/**
 * rnnc_description_parse:
 * @origin: for messages
 *
 * Returns: (transfer full): or %NULL with @error naming @origin and the path
 */
RnncDescription *rnnc_description_parse (const char *text, gsize length,
    const char *origin, GError **error);
RnncDescription *rnnc_description_from_json (JsonObject *json,
    const char *origin, GError **error);
void rnnc_description_free (RnncDescription *description);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncDescription, rnnc_description_free)

/* Front end object alone, as in recipes. @config is zeroed and filled. */
gboolean rnnc_frontend_config_parse (JsonObject *json, const char *path,
    RnncFrontendConfig *config, GError **error);
void rnnc_frontend_config_clear (RnncFrontendConfig *config);
/* Shape of one frame. */
void
rnnc_frontend_config_shape (const RnncFrontendConfig *config, RnncShape *shape);

G_END_DECLS
