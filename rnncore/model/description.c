/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/model/description.h"

#include "rnncore/base/json-reader.h"

#define MAX_LABELS 65536
#define MAX_IMAGE_SIDE 4096

static gboolean
invalid (const char *path, GError **error, const char *reason)
{
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "%s: %s", path, reason);
  return FALSE;
}

static gboolean
parse_normalisation (JsonObject *json, const char *path, guint n, float **mean,
    float **deviation, GError **error)
{
  if (!rnnc_json_get_floats (json, path, "mean", n, mean, error)
      || !rnnc_json_get_floats (json, path, "deviation", n, deviation, error))
    return FALSE;
  if ((*mean == NULL) != (*deviation == NULL))
    return invalid (path, error,
        "\"mean\" and \"deviation\" come together or not at all");
  for (guint i = 0; *deviation != NULL && i < n; i++) {
    if ((*deviation)[i] < 1e-8f)
      return invalid (path, error, "a \"deviation\" is not above 0");
  }
  return TRUE;
}

/* Other sizes would allocate in every transform (kissfft). */
static gboolean
fft_is_fast (guint size)
{
  static const guint factors[] = { 2, 3, 5 };

  if (size % 2 != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (factors); i++)
    while (size % factors[i] == 0)
      size /= factors[i];
  return size == 1;
}

static gboolean
parse_log_mel (JsonObject *json, const char *path, RnncLogMelConfig *mel,
    GError **error)
{
  static const char *const keys[] = { "type", "rate", "window", "hop", "fft",
    "mels", "fmin", "fmax", "floor", "mean", "deviation", "raise-quiet", NULL };

  *mel = (RnncLogMelConfig){ .rate = 16000,
    .window = 400,
    .hop = 160,
    .fft = 512,
    .mels = 80,
    .fmin = 20,
    .floor = 1e-6 };
  if (!rnnc_json_check_keys (json, path, keys, error)
      || !rnnc_json_get_uint (json, path, "rate", 1000, 384000, &mel->rate,
          error)
      || !rnnc_json_get_uint (json, path, "window", 2, 65536, &mel->window,
          error)
      || !rnnc_json_get_uint (json, path, "hop", 1, mel->window, &mel->hop,
          error)
      || !rnnc_json_get_uint (json, path, "fft", mel->window, 131072, &mel->fft,
          error)
      || !rnnc_json_get_uint (json, path, "mels", 1, 256, &mel->mels, error))
    return FALSE;
  mel->fmax = mel->rate / 2.0;
  if (!rnnc_json_get_double (json, path, "fmax", 1, mel->rate / 2.0, &mel->fmax,
          error)
      || !rnnc_json_get_double (json, path, "fmin", 0, mel->fmax - 1,
          &mel->fmin, error)
      || !rnnc_json_get_double (json, path, "floor", 1e-12, 1, &mel->floor,
          error)
      || !parse_normalisation (json, path, mel->mels, &mel->mean,
          &mel->deviation, error)
      || !rnnc_json_get_boolean (json, path, "raise-quiet", &mel->raise_quiet,
          error))
    return FALSE;
  return fft_is_fast (mel->fft)
      || invalid (path, error,
          "\"fft\" is not twice a product of 2s, 3s and 5s");
}

/* A number of frames per second or [numerator, denominator]. */
static gboolean
parse_frame_rate (JsonObject *json, const char *path, RnncVideoConfig *video,
    GError **error)
{
  JsonNode *node = json_object_get_member (json, "rate");
  guint rate[2] = { 15, 1 };

  if (node != NULL && !JSON_NODE_HOLDS_ARRAY (node)) {
    if (!rnnc_json_get_uint (json, path, "rate", 1, 1000, &rate[0], error))
      return FALSE;
  } else if (!rnnc_json_get_uints (json, path, "rate", 1, 1000000, 2, rate,
                 error)) {
    return FALSE;
  }
  if (rate[0] / rate[1] > 1000)
    return invalid (path, error, "\"rate\" is over 1000 frames per second");
  video->rate_numerator = rate[0];
  video->rate_denominator = rate[1];
  return TRUE;
}

static gboolean
parse_video (JsonObject *json, const char *path, RnncVideoConfig *video,
    GError **error)
{
  static const char *const keys[] = { "type", "width", "height", "rate",
    "colour", "difference", "mean", "deviation", NULL };

  *video = (RnncVideoConfig){ 0 };
  return rnnc_json_check_keys (json, path, keys, error)
      && rnnc_json_require (json, path, "width", error)
      && rnnc_json_require (json, path, "height", error)
      && rnnc_json_get_uint (json, path, "width", 1, MAX_IMAGE_SIDE,
          &video->width, error)
      && rnnc_json_get_uint (json, path, "height", 1, MAX_IMAGE_SIDE,
          &video->height, error)
      && parse_frame_rate (json, path, video, error)
      && rnnc_json_get_boolean (json, path, "colour", &video->colour, error)
      && rnnc_json_get_boolean (json, path, "difference", &video->difference,
          error)
      && parse_normalisation (json, path, rnnc_video_config_channels (video),
          &video->mean, &video->deviation, error);
}

static gboolean
parse_waveform (JsonObject *json, const char *path,
    RnncWaveformConfig *waveform, GError **error)
{
  static const char *const keys[]
      = { "type", "rate", "window", "hop", "context", "pad-reflect", NULL };

  *waveform = (RnncWaveformConfig){ .rate = 16000 };
  if (!rnnc_json_check_keys (json, path, keys, error)
      || !rnnc_json_require (json, path, "window", error)
      || !rnnc_json_get_uint (json, path, "rate", 1000, 384000, &waveform->rate,
          error)
      || !rnnc_json_get_uint (json, path, "window", 1, 65536, &waveform->window,
          error))
    return FALSE;
  waveform->hop = waveform->window;
  return rnnc_json_get_uint (json, path, "hop", 1, waveform->window,
             &waveform->hop, error)
      && rnnc_json_get_uint (json, path, "context", 0, 65536,
          &waveform->context, error)
      && rnnc_json_get_uints (json, path, "pad-reflect", 0,
          waveform->context + waveform->window - 1, 2, waveform->pad, error);
}

gboolean
rnnc_frontend_config_parse (JsonObject *json, const char *path,
    RnncFrontendConfig *config, GError **error)
{
  static const char *const none_keys[] = { "type", "features", NULL };
  const char *type = NULL;

  *config = (RnncFrontendConfig){ 0 };
  if (!rnnc_json_require (json, path, "type", error)
      || !rnnc_json_get_string (json, path, "type", &type, error))
    return FALSE;
  if (g_str_equal (type, "log-mel")) {
    config->type = RNNC_FRONTEND_LOG_MEL;
    return parse_log_mel (json, path, &config->log_mel, error);
  }
  if (g_str_equal (type, "video")) {
    config->type = RNNC_FRONTEND_VIDEO;
    return parse_video (json, path, &config->video, error);
  }
  if (g_str_equal (type, "waveform")) {
    config->type = RNNC_FRONTEND_WAVEFORM;
    return parse_waveform (json, path, &config->waveform, error);
  }
  if (g_str_equal (type, "none"))
    return rnnc_json_check_keys (json, path, none_keys, error)
        && rnnc_json_require (json, path, "features", error)
        && rnnc_json_get_uint (json, path, "features", 1, 65536,
            &config->features, error);
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
      "%s.type: unknown front end \"%s\"", path, type);
  return FALSE;
}

void
rnnc_frontend_config_clear (RnncFrontendConfig *config)
{
  g_free (config->log_mel.mean);
  g_free (config->log_mel.deviation);
  g_free (config->video.mean);
  g_free (config->video.deviation);
  *config = (RnncFrontendConfig){ 0 };
}

void
rnnc_frontend_config_shape (const RnncFrontendConfig *config, RnncShape *shape)
{
  switch (config->type) {
    case RNNC_FRONTEND_NONE:
      *shape = (RnncShape){ 1, 1, 1, config->features };
      break;
    case RNNC_FRONTEND_LOG_MEL:
      *shape = (RnncShape){ 1, 1, 1, config->log_mel.mels };
      break;
    case RNNC_FRONTEND_WAVEFORM:
      *shape = (RnncShape){ 3, 1, rnnc_waveform_config_size (&config->waveform),
        1 };
      break;
    case RNNC_FRONTEND_VIDEO:
      *shape = (RnncShape){ 3, config->video.height, config->video.width,
        rnnc_video_config_channels (&config->video) };
      break;
  }
}

/* @names: (out) (transfer full): NULL where there is no such key */
static gboolean
parse_names (JsonObject *json, const char *origin, const char *key,
    GStrv *names, guint *n_names, GError **error)
{
  JsonArray *array = NULL;

  if (!rnnc_json_get_array (json, origin, key, &array, error))
    return FALSE;
  if (array == NULL)
    return TRUE;
  *n_names = json_array_get_length (array);
  if (*n_names > MAX_LABELS) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE, "%s: too many %s", origin,
        key);
    return FALSE;
  }
  *names = g_new0 (char *, *n_names + 1);
  for (guint i = 0; i < *n_names; i++) {
    JsonNode *node = json_array_get_element (array, i);

    if (!JSON_NODE_HOLDS_VALUE (node)
        || json_node_get_value_type (node) != G_TYPE_STRING) {
      g_set_error (error, RNNC_ERROR, RNNC_ERROR_VALUE,
          "%s: \"%s\" are not all strings", origin, key);
      return FALSE;
    }
    (*names)[i] = json_node_dup_string (node);
  }
  return TRUE;
}

static gboolean
parse_labels (RnncDescription *description, const char *origin, GError **error)
{
  guint blank = G_MAXUINT;

  if (!parse_names (description->json, origin, "labels", &description->labels,
          &description->n_labels, error)
      || !parse_names (description->json, origin, "phones",
          &description->phones, &description->n_phones, error)
      || !rnnc_json_get_uint (description->json, origin, "blank", 0,
          description->n_labels > 0 ? description->n_labels - 1 : 0, &blank,
          error))
    return FALSE;
  if (description->n_phones == 1
      || (description->n_phones > 0 && description->n_labels == 0))
    return invalid (origin, error,
        "\"phones\" are a blank and others, beside \"labels\"");
  description->blank = blank == G_MAXUINT ? -1 : (gint) blank;
  return TRUE;
}

/* A network with labels says one number for each, and for each phone. */
static gboolean
check_outputs (const RnncDescription *description, const char *origin,
    GError **error)
{
  const RnncLayerSpec *last
      = g_ptr_array_index (description->layers, description->layers->len - 1);
  gsize outputs = rnnc_shape_size (&last->output);
  gsize expected = (gsize) description->n_labels + description->n_phones;

  if (description->n_labels == 0 || outputs == expected)
    return TRUE;
  g_set_error (error, RNNC_ERROR, RNNC_ERROR_SHAPE,
      "%s: %" G_GSIZE_FORMAT " labels%s, but the last layer gives "
      "%" G_GSIZE_FORMAT " numbers",
      origin, expected, description->n_phones > 0 ? " and phones" : "",
      outputs);
  return FALSE;
}

static gboolean
parse_windows (RnncSpotting *spotting, JsonObject *json, const char *path,
    GError **error)
{
  JsonArray *array = NULL;
  g_autofree float *values = NULL;
  guint n;

  if (!rnnc_json_get_array (json, path, "windows", &array, error))
    return FALSE;
  if (array == NULL)
    return TRUE;
  n = json_array_get_length (array);
  if (n == 0 || n > RNNC_SPOTTER_MAX_WINDOWS)
    return invalid (path, error, "\"windows\" are not 1 to 8");
  if (!rnnc_json_get_floats (json, path, "windows", n, &values, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    spotting->windows[i] = (double) values[i];
    if (!(spotting->windows[i] >= 0.1 && spotting->windows[i] <= 10))
      return invalid (path, error, "a window is not 0.1 to 10 s");
    if (i > 0 && spotting->windows[i] <= spotting->windows[i - 1])
      return invalid (path, error, "\"windows\" do not grow");
  }
  spotting->n_windows = n;
  return TRUE;
}

static gboolean
parse_spotting (RnncDescription *description, const char *origin,
    GError **error)
{
  static const char *const keys[]
      = { "windows", "interval", "threshold-on", "threshold-off", NULL };
  RnncSpotting *spotting = &description->spotting;
  g_autofree char *path = g_strconcat (origin, ": spotting", NULL);
  JsonObject *json = NULL;

  spotting->interval = spotting->threshold_on = spotting->threshold_off = -1;
  if (!rnnc_json_get_object (description->json, origin, "spotting", &json,
          error))
    return FALSE;
  return json == NULL
      || (rnnc_json_check_keys (json, path, keys, error)
          && parse_windows (spotting, json, path, error)
          && rnnc_json_get_double (json, path, "interval", 0.001, 10,
              &spotting->interval, error)
          && rnnc_json_get_double (json, path, "threshold-on", 0, 1,
              &spotting->threshold_on, error)
          && rnnc_json_get_double (json, path, "threshold-off", 0, 1,
              &spotting->threshold_off, error));
}

static gboolean
parse_members (RnncDescription *description, const char *origin, GError **error)
{
  static const char *const required[]
      = { "format", "task", "frontend", "layers", "labels", NULL };
  g_autofree char *frontend_path = g_strconcat (origin, ": frontend", NULL);
  g_autofree char *layers_path = g_strconcat (origin, ": layers", NULL);
  JsonObject *json = description->json;
  JsonObject *frontend = NULL;
  JsonArray *layers = NULL;
  const char *task = NULL, *language = "", *vocabulary = NULL;
  const char *phrases = NULL, *pronunciations = NULL;
  guint format = 0;

  for (guint i = 0; required[i] != NULL; i++) {
    if (!rnnc_json_require (json, origin, required[i], error))
      return FALSE;
  }
  if (!rnnc_json_get_uint (json, origin, "format", 1, G_MAXUINT, &format,
          error))
    return FALSE;
  if (format > RNNC_DESCRIPTION_VERSION) {
    g_set_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED,
        "%s: format %u is newer than this program (%u)", origin, format,
        RNNC_DESCRIPTION_VERSION);
    return FALSE;
  }
  if (!rnnc_json_get_string (json, origin, "task", &task, error)
      || !rnnc_json_get_string (json, origin, "language", &language, error)
      || !rnnc_json_get_string (json, origin, "vocabulary", &vocabulary, error)
      || !rnnc_json_get_string (json, origin, "phrases", &phrases, error)
      || !rnnc_json_get_string (json, origin, "pronunciations", &pronunciations,
          error)
      || !rnnc_json_get_boolean (json, origin, "continuous",
          &description->continuous, error)
      || !rnnc_json_get_double (json, origin, "window", 0, 3600,
          &description->window, error)
      || !parse_spotting (description, origin, error)
      || !rnnc_json_get_object (json, origin, "frontend", &frontend, error)
      || !rnnc_json_get_array (json, origin, "layers", &layers, error)
      || !rnnc_frontend_config_parse (frontend, frontend_path,
          &description->frontend, error))
    return FALSE;
  description->task = g_strdup (task);
  description->language = g_strdup (language);
  description->vocabulary = g_strdup (vocabulary);
  description->phrases = g_strdup (phrases);
  description->pronunciations = g_strdup (pronunciations);
  rnnc_frontend_config_shape (&description->frontend, &description->input);
  description->layers = rnnc_layer_specs_parse (layers, layers_path,
      &description->input, error);
  return description->layers != NULL
      && parse_labels (description, origin, error)
      && check_outputs (description, origin, error);
}

RnncDescription *
rnnc_description_from_json (JsonObject *json, const char *origin,
    GError **error)
{
  RnncDescription *description = g_new0 (RnncDescription, 1);

  description->json = json_object_ref (json);
  if (!parse_members (description, origin, error)) {
    rnnc_description_free (description);
    return NULL;
  }
  return description;
}

RnncDescription *
rnnc_description_parse (const char *text, gsize length, const char *origin,
    GError **error)
{
  JsonObject *json = rnnc_json_parse (text, length, origin, error);
  RnncDescription *description;

  if (json == NULL)
    return NULL;
  description = rnnc_description_from_json (json, origin, error);
  json_object_unref (json);
  return description;
}

void
rnnc_description_free (RnncDescription *description)
{
  if (description == NULL)
    return;
  g_free (description->task);
  g_free (description->language);
  g_free (description->vocabulary);
  g_free (description->phrases);
  g_free (description->pronunciations);
  rnnc_frontend_config_clear (&description->frontend);
  g_clear_pointer (&description->layers, g_ptr_array_unref);
  g_strfreev (description->labels);
  g_strfreev (description->phones);
  json_object_unref (description->json);
  g_free (description);
}
