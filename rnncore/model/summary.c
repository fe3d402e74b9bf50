/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What `rnncore info` prints. */
#include "rnncore/model/model-private.h"
#include "rnncore/rnnc-decoding.h"

static char *
format_shape (const RnncShape *shape)
{
  if (shape->rank == 1)
    return g_strdup_printf ("%u", shape->channels);
  return g_strdup_printf ("%ux%ux%u", shape->height, shape->width,
      shape->channels);
}

static gsize
count_parameters (const RnncLayerSpec *spec)
{
  g_autoptr (GPtrArray) tensors = rnnc_layer_spec_tensors (spec);
  gsize total = 0;

  for (guint i = 0; i < tensors->len; i++) {
    const RnncTensorSpec *tensor = g_ptr_array_index (tensors, i);
    gsize elements = 1;

    for (guint axis = 0; axis < tensor->rank; axis++)
      elements *= tensor->shape[axis];
    total += elements;
  }
  return total;
}

static void
append_frontend (GString *text, const RnncFrontendConfig *config)
{
  const RnncLogMelConfig *mel = &config->log_mel;
  const RnncVideoConfig *video = &config->video;
  const RnncWaveformConfig *waveform = &config->waveform;

  switch (config->type) {
    case RNNC_FRONTEND_NONE:
      g_string_append_printf (text, "vectors of %u\n", config->features);
      break;
    case RNNC_FRONTEND_LOG_MEL:
      g_string_append_printf (text,
          "log-mel, %u Hz, window %u, hop %u, %u bands %g..%g Hz%s\n",
          mel->rate, mel->window, mel->hop, mel->mels, mel->fmin, mel->fmax,
          mel->raise_quiet ? ", soft speech raised" : "");
      break;
    case RNNC_FRONTEND_WAVEFORM:
      g_string_append_printf (text,
          "waveform, %u Hz, window %u, hop %u, context %u, reflected %u and "
          "%u\n",
          waveform->rate, waveform->window, waveform->hop, waveform->context,
          waveform->pad[0], waveform->pad[1]);
      break;
    case RNNC_FRONTEND_VIDEO:
      g_string_append_printf (text, "video, %ux%u %s%s, %g frames/s\n",
          video->width, video->height, video->colour ? "RGB" : "grey",
          video->difference ? " + difference" : "",
          (double) video->rate_numerator / video->rate_denominator);
      break;
  }
}

/* Frames of the front end in a second; 0 where it does not say. */
static double
frame_rate (const RnncFrontendConfig *config)
{
  switch (config->type) {
    case RNNC_FRONTEND_LOG_MEL:
      return (double) config->log_mel.rate / config->log_mel.hop;
    case RNNC_FRONTEND_WAVEFORM:
      return (double) config->waveform.rate / config->waveform.hop;
    case RNNC_FRONTEND_VIDEO:
      return (double) config->video.rate_numerator
          / config->video.rate_denominator;
    case RNNC_FRONTEND_NONE:
      break;
  }
  return 0;
}

static gboolean
has_samples (const RnncFrontendConfig *config)
{
  return config->type == RNNC_FRONTEND_LOG_MEL
      || config->type == RNNC_FRONTEND_WAVEFORM;
}

/* Only where they are not just the layer before. */
static void
append_sources (GString *text, GPtrArray *layers, guint index)
{
  const RnncLayerSpec *spec = g_ptr_array_index (layers, index);

  if (spec->n_sources == 1 && spec->sources[0] == (gint) index - 1)
    return;
  for (guint i = 0; i < spec->n_sources; i++) {
    const RnncLayerSpec *source = spec->sources[i] < 0
        ? NULL
        : g_ptr_array_index (layers, spec->sources[i]);

    g_string_append_printf (text, "%s%s", i == 0 ? "  of " : ", ",
        source != NULL ? source->name : "frontend");
  }
}

static void
append_layers (GString *text, RnncModel *model, gsize *parameters,
    double *macs_per_second)
{
  RnncDescription *description = model->description;
  double rate = frame_rate (&description->frontend);

  g_string_append_printf (text, "%-16s %-14s %12s %12s %12s %12s %12s\n",
      "layer", "type", "input", "output", "parameters", "bytes", "MAC/frame");
  for (guint i = 0; i < description->layers->len; i++) {
    const RnncLayerSpec *spec = g_ptr_array_index (description->layers, i);
    g_autofree char *input = format_shape (&spec->input);
    g_autofree char *output = format_shape (&spec->output);
    gsize n = count_parameters (spec);
    gsize macs = rnnc_layer_spec_macs (spec);

    *parameters += n;
    *macs_per_second += macs * rate / spec->stride;
    g_string_append_printf (text,
        "%-16s %-14s %12s %12s %12" G_GSIZE_FORMAT " %12" G_GSIZE_FORMAT
        " %12" G_GSIZE_FORMAT,
        spec->name, rnnc_layer_spec_type_name (spec), input, output, n,
        model->stored_bytes[i], macs);
    append_sources (text, description->layers, i);
    g_string_append_c (text, '\n');
  }
}

static void
append_labels (GString *text, const RnncDescription *description)
{
  g_string_append_printf (text, "labels      %u:", description->n_labels);
  for (guint i = 0; i < description->n_labels; i++)
    g_string_append_printf (text, " %s",
        *description->labels[i] == ' ' ? "␣" : description->labels[i]);
  g_string_append_c (text, '\n');
  if (description->n_phones == 0)
    return;
  g_string_append_printf (text, "phones      %u:", description->n_phones);
  for (guint i = 0; i < description->n_phones; i++)
    g_string_append_printf (text, " %s", description->phones[i]);
  g_string_append_c (text, '\n');
}

/* Those that cannot be read are told when they are used. */
static void
append_phrases (GString *text, RnncModel *model)
{
  g_autoptr (RnncPhraseList) phrases = NULL;

  if (rnnc_phrase_list_load_own (model, &phrases, NULL))
    g_string_append_printf (text, "phrases     %u\n",
        rnnc_phrase_list_n_phrases (phrases));
}

static void
append_vocabulary (GString *text, const char *words)
{
  gsize n = 0;

  for (const char *at = words; *(at += strspn (at, " ")) != '\0'; n++)
    at += strcspn (at, " ");
  g_string_append_printf (text, "vocabulary  %" G_GSIZE_FORMAT " words\n", n);
}

static void
append_pronunciations (GString *text, const char *lines)
{
  gsize n = 0;

  for (const char *at = lines; (at = strchr (at, '\t')) != NULL; at++)
    n++;
  g_string_append_printf (text, "pronounced  %" G_GSIZE_FORMAT " words\n", n);
}

/* Members kept for people, in the order they stand in the file. */
static void
append_provenance (GString *text, JsonObject *json)
{
  static const char *const keys[]
      = { "name", "licence", "data", "recipe", "trained", "results" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    JsonNode *node = json_object_get_member (json, keys[i]);
    g_autofree char *value = NULL;

    if (node == NULL)
      continue;
    if (JSON_NODE_HOLDS_VALUE (node)
        && json_node_get_value_type (node) == G_TYPE_STRING)
      value = json_node_dup_string (node);
    else
      value = json_to_string (node, FALSE);
    g_string_append_printf (text, "%-11s %s\n", keys[i], value);
  }
}

guint64
rnnc_model_stored_bytes (RnncModel *model)
{
  guint64 total = 0;

  for (guint i = 0; i < model->n_layers; i++)
    total += model->stored_bytes[i];
  return total;
}

char *
rnnc_model_summary (RnncModel *model)
{
  RnncDescription *description = model->description;
  GString *text = g_string_new (NULL);
  gsize parameters = 0;
  double macs = 0;

  g_string_append_printf (text, "file        %s\ntask        %s%s%s\n",
      model->path, description->task, *description->language ? ", " : "",
      description->language);
  g_string_append (text, "front end   ");
  append_frontend (text, &description->frontend);
  append_layers (text, model, &parameters, &macs);
  g_string_append_printf (text,
      "parameters  %" G_GSIZE_FORMAT ", %" G_GUINT64_FORMAT
      " bytes as stored\n",
      parameters, rnnc_model_stored_bytes (model));
  if (macs > 0)
    g_string_append_printf (text, "work        %.1f M multiply-adds a second\n",
        macs / 1e6);
  g_string_append_printf (text,
      "latency     %.1f ms, %" G_GUINT64_FORMAT " %s (stride %u, look-ahead %u "
      "frames)\n",
      rnnc_model_latency (model) / 1e6, rnnc_model_latency_samples (model),
      has_samples (&description->frontend) ? "samples" : "frames",
      rnnc_model_stride (model), rnnc_model_look_ahead (model));
  append_labels (text, description);
  if (description->vocabulary != NULL)
    append_vocabulary (text, description->vocabulary);
  if (description->pronunciations != NULL)
    append_pronunciations (text, description->pronunciations);
  if (description->phrases != NULL)
    append_phrases (text, model);
  if (description->continuous)
    g_string_append (text, "state       goes on from utterance to utterance\n");
  append_provenance (text, description->json);
  return g_string_free (text, FALSE);
}
