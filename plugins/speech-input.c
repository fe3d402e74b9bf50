/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Audio on its way in: what is continuous, what is a break, when to drain. */
#include <math.h>
#include <string.h>

#include "plugins/speech-private.h"

#define GST_CAT_DEFAULT gst_rnn_speech_debug

/* Timestamps that are off by no more than this are jitter. */
#define JITTER (40 * GST_MSECOND)
/* Longer holes end what was said; shorter ones are filled with silence. */
#define LONGEST_HOLE (200 * GST_MSECOND)
/* Samples the transcriber gets at a time: 100 ms. Results come out, flushes are
 * noticed, in between. */
#define SLICE (GST_RNN_SPEECH_RATE / 10)

static GstClockTime
duration_of (guint64 n_samples)
{
  return gst_util_uint64_scale (n_samples, GST_SECOND, GST_RNN_SPEECH_RATE);
}

GstClockTime
gst_rnn_speech_now (GstRnnSpeech *self)
{
  if (!GST_CLOCK_TIME_IS_VALID (self->base))
    return GST_CLOCK_TIME_NONE;
  return self->base + duration_of (self->n_samples);
}

static void
forget_position (GstRnnSpeech *self)
{
  self->base = GST_CLOCK_TIME_NONE;
  self->n_samples = 0;
}

void
gst_rnn_speech_reset (GstRnnSpeech *self, gboolean flush)
{
  forget_position (self);
  self->next = GST_CLOCK_TIME_NONE;
  self->flow = GST_FLOW_OK;
  gst_rnn_speech_forget_results (self);
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  if (flush) {
    gst_rnn_text_output_flush (&self->text);
    gst_rnn_text_output_flush (&self->json);
    return;
  }
  gst_clear_tag_list (&self->tags);
  gst_rnn_text_output_reset (&self->text);
  gst_rnn_text_output_reset (&self->json);
}

/* Ends what was said: the transcriber yields the rest, all is sent, the next
 * audio begins anew. */
static GstFlowReturn
drain (GstRnnSpeech *self)
{
  GstClockTime end = gst_rnn_speech_now (self);

  if (!GST_CLOCK_TIME_IS_VALID (end))
    return GST_FLOW_OK;
  GST_DEBUG_OBJECT (self, "draining at %" GST_TIME_FORMAT, GST_TIME_ARGS (end));
  rnnc_transcriber_flush (self->transcriber);
  gst_rnn_speech_send_end (self, end);
  forget_position (self);
  gst_rnn_speech_forget_results (self);
  return self->flow;
}

/* --- properties and model ------------------------------------------------- */

static gboolean
same_options (const RnncTranscriberOptions *a, const RnncTranscriberOptions *b)
{
  return a->endpoint_silence == b->endpoint_silence
      && a->max_utterance == b->max_utterance && a->whole == b->whole
      && a->beam_width == b->beam_width && a->alternatives == b->alternatives
      && a->language_weight == b->language_weight
      && a->word_bonus == b->word_bonus
      && a->phrase_threshold == b->phrase_threshold;
}

static void
apply_batch_wait (GstRnnSpeech *self)
{
  if (!rnnc_transcriber_set_batch_wait (self->transcriber,
          self->current.batch_wait * GST_MSECOND))
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("Streams of this model cannot go together; \"batch-wait\" has no "
         "effect."),
        ("only those of one-way models can"));
}

static void
apply_settings (GstRnnSpeech *self, gboolean is_first)
{
  gboolean is_live = self->recogniser.is_live;
  RnncTranscriberOptions last, options;
  guint last_wait = is_first ? 0 : self->current.batch_wait;

  gst_rnn_speech_options (&self->current, is_live, &last);
  GST_OBJECT_LOCK (self);
  self->current = self->settings;
  GST_OBJECT_UNLOCK (self);
  gst_rnn_speech_options (&self->current, is_live, &options);
  if (is_first || !same_options (&last, &options))
    rnnc_transcriber_set_options (self->transcriber, &options);
  if (self->current.batch_wait != last_wait)
    apply_batch_wait (self);
  gst_rnn_speech_reload_files (self);
}

static gboolean
same_language (const char *a, const char *b)
{
  gsize length = strcspn (a, "-_");

  return length == strcspn (b, "-_") && g_ascii_strncasecmp (a, b, length) == 0;
}

static void
choose_language (GstRnnSpeech *self)
{
  g_autoptr (RnncModel) model
      = gst_rnn_model_loader_get_model (self->recogniser.loader);
  const char *own = model != NULL ? rnnc_model_language (model) : "";
  char *wanted;

  GST_OBJECT_LOCK (self);
  wanted = g_strdup (self->language_code);
  GST_OBJECT_UNLOCK (self);
  if (wanted != NULL && *own != '\0' && !same_language (wanted, own))
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("The model hears \"%s\", language-code says \"%s\".", own, wanted),
        ("%s", rnnc_model_path (model)));
  g_free (self->language);
  self->language = wanted != NULL ? wanted : g_strdup (own);
}

/* Waits for the model, and does what is done once a stream. */
static GstFlowReturn
make_ready (GstRnnSpeech *self)
{
  gboolean is_first;
  GstFlowReturn flow = gst_rnn_recogniser_wait (&self->recogniser, &is_first);

  if (flow != GST_FLOW_OK)
    return flow;
  apply_settings (self, is_first);
  if (!is_first)
    return GST_FLOW_OK;
  self->warned_of_numbers = FALSE;
  choose_language (self);
  gst_rnn_speech_send_tags (self);
  return GST_FLOW_OK;
}

/* --- samples -------------------------------------------------------------- */

/* @samples: (nullable): %NULL for silence */
static GstFlowReturn
push_slice (GstRnnSpeech *self, const float *samples, gsize n_samples)
{
  static const float silence[SLICE];

  self->n_samples += n_samples;
  rnnc_transcriber_push (self->transcriber, samples != NULL ? samples : silence,
      n_samples);
  return gst_rnn_speech_send (self);
}

static GstFlowReturn
push_silence (GstRnnSpeech *self, guint64 n_samples)
{
  GstFlowReturn flow = GST_FLOW_OK;

  while (n_samples > 0 && flow == GST_FLOW_OK) {
    gsize n = (gsize) MIN (n_samples, SLICE);

    flow = push_slice (self, NULL, n);
    n_samples -= n;
  }
  return flow;
}

static void
convert (const gint16 *from, float *to, gsize n)
{
  for (gsize i = 0; i < n; i++)
    to[i] = from[i] / 32768.0f;
}

/* The front end takes NaN and infinities for 0. */
static void
warn_of_numbers (GstRnnSpeech *self, const float *samples, gsize n)
{
  for (gsize i = 0; i < n && !self->warned_of_numbers; i++) {
    if (isfinite (samples[i]))
      continue;
    self->warned_of_numbers = TRUE;
    GST_ELEMENT_WARNING (self, STREAM, DECODE,
        ("The audio holds samples that are no numbers; they count as silence."),
        ("first at %" GST_TIME_FORMAT,
            GST_TIME_ARGS (gst_rnn_speech_now (self) + duration_of (i))));
  }
}

static GstFlowReturn
push_samples (GstRnnSpeech *self, const guint8 *data, gsize n_samples)
{
  GstFlowReturn flow = GST_FLOW_OK;
  float slice[SLICE];

  while (n_samples > 0 && flow == GST_FLOW_OK) {
    gsize n = MIN (n_samples, SLICE);

    if (self->is_float) {
      memcpy (slice, data, n * sizeof (float));
      data += n * sizeof (float);
      warn_of_numbers (self, slice, n);
    } else {
      convert ((const gint16 *) (gconstpointer) data, slice, n);
      data += n * sizeof (gint16);
    }
    flow = push_slice (self, slice, n);
    n_samples -= n;
  }
  return flow;
}

/* --- timestamps ----------------------------------------------------------- */

/* Begins at @timestamp. */
static void
anchor (GstRnnSpeech *self, GstClockTime timestamp)
{
  self->base = timestamp;
  self->n_samples = 0;
  gst_rnn_text_output_go_to (&self->json, timestamp);
  gst_rnn_text_output_go_to (&self->text, timestamp);
}

/* Continues, fills a hole, or drains and begins anew, so that the next sample
 * is the one at @timestamp. */
static GstFlowReturn
go_to (GstRnnSpeech *self, GstClockTime timestamp)
{
  GstClockTime now = gst_rnn_speech_now (self);
  GstClockTimeDiff hole;
  GstFlowReturn flow;

  if (!GST_CLOCK_TIME_IS_VALID (now)) {
    anchor (self, timestamp);
    return GST_FLOW_OK;
  }
  hole = GST_CLOCK_DIFF (now, timestamp);
  if (ABS (hole) <= (GstClockTimeDiff) JITTER)
    return GST_FLOW_OK;
  GST_DEBUG_OBJECT (self, "hole of %" GST_STIME_FORMAT, GST_STIME_ARGS (hole));
  if (hole > 0 && hole <= (GstClockTimeDiff) LONGEST_HOLE)
    return push_silence (self,
        gst_util_uint64_scale_round ((guint64) hole, GST_RNN_SPEECH_RATE,
            GST_SECOND));
  if (hole < 0 && hole >= -(GstClockTimeDiff) LONGEST_HOLE
      && self->base >= (GstClockTime) -hole) {
    self->base -= (GstClockTime) -hole; /* a slow clock, not a break */
    return GST_FLOW_OK;
  }
  flow = drain (self);
  anchor (self, timestamp);
  return flow;
}

/* Where a buffer without a timestamp begins. */
static GstClockTime
assumed_start (GstRnnSpeech *self)
{
  GstClockTime now = gst_rnn_speech_now (self);

  if (GST_CLOCK_TIME_IS_VALID (now))
    return now;
  if (GST_CLOCK_TIME_IS_VALID (self->next))
    return self->next;
  return self->segment.start;
}

/* --- buffers -------------------------------------------------------------- */

static GstFlowReturn
take_buffer (GstRnnSpeech *self, GstBuffer *buffer)
{
  gsize width = self->is_float ? sizeof (float) : sizeof (gint16);
  GstClockTime start
      = self->is_timed ? GST_BUFFER_PTS (buffer) : GST_CLOCK_TIME_NONE;
  GstFlowReturn flow;
  GstMapInfo map;
  gsize n_samples;

  if (!GST_CLOCK_TIME_IS_VALID (start))
    start = assumed_start (self);
  if (self->segment.rate < 0) { /* speech backwards is none */
    flow = drain (self);
    self->next = start;
    return flow;
  }
  flow = go_to (self, start);
  if (flow != GST_FLOW_OK)
    return flow;
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    GST_ELEMENT_ERROR (self, RESOURCE, READ, (NULL),
        ("a buffer could not be mapped"));
    return GST_FLOW_ERROR;
  }
  n_samples = map.size / width;
  self->next = start + duration_of (n_samples);
  flow = push_samples (self, map.data, n_samples);
  gst_buffer_unmap (buffer, &map);
  return flow;
}

GstFlowReturn
gst_rnn_speech_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstRnnSpeech *self = GST_RNN_SPEECH (parent);
  GstFlowReturn flow = make_ready (self);
  gint width = self->is_float ? sizeof (float) : sizeof (gint16);

  if (flow != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    return flow;
  }
  self->flow = GST_FLOW_OK;
  if (self->is_timed && GST_BUFFER_PTS_IS_VALID (buffer))
    buffer = gst_audio_buffer_clip (buffer, &self->segment, GST_RNN_SPEECH_RATE,
        width);
  if (buffer == NULL)
    return GST_FLOW_OK;
  flow = take_buffer (self, buffer);
  gst_buffer_unref (buffer);
  return flow;
}

/* --- events --------------------------------------------------------------- */

static gboolean
take_caps (GstRnnSpeech *self, GstEvent *event)
{
  GstCaps *caps;
  GstAudioInfo info;

  gst_event_parse_caps (event, &caps);
  if (!gst_audio_info_from_caps (&info, caps))
    return FALSE;
  drain (self);
  self->is_float = GST_AUDIO_INFO_FORMAT (&info) == GST_AUDIO_FORMAT_F32;
  return TRUE;
}

static void
take_segment (GstRnnSpeech *self, GstEvent *event)
{
  GstClockTime lateness;

  drain (self);
  gst_event_copy_segment (event, &self->segment);
  self->is_timed = self->segment.format == GST_FORMAT_TIME;
  if (!self->is_timed) /* bytes from a pipe: time is counted in samples */
    gst_segment_init (&self->segment, GST_FORMAT_TIME);
  self->next = GST_CLOCK_TIME_NONE;
  GST_OBJECT_LOCK (self);
  lateness = self->settings.lateness * GST_MSECOND;
  GST_OBJECT_UNLOCK (self);
  gst_rnn_text_output_segment (&self->text, &self->segment, lateness,
      gst_event_get_seqnum (event));
  gst_rnn_text_output_segment (&self->json, &self->segment, lateness,
      gst_event_get_seqnum (event));
}

static void
take_gap (GstRnnSpeech *self, GstEvent *event)
{
  GstClockTime timestamp, duration, end;

  gst_event_parse_gap (event, &timestamp, &duration);
  if (self->segment.format != GST_FORMAT_TIME || !self->is_timed
      || self->segment.rate < 0 || !GST_CLOCK_TIME_IS_VALID (timestamp))
    return;
  if (make_ready (self) != GST_FLOW_OK)
    return;
  if (!GST_CLOCK_TIME_IS_VALID (duration))
    duration = 0;
  end = timestamp + duration;
  self->flow = GST_FLOW_OK;
  if (go_to (self, timestamp) != GST_FLOW_OK)
    return;
  if (duration <= LONGEST_HOLE) {
    push_silence (self,
        gst_util_uint64_scale_round (duration, GST_RNN_SPEECH_RATE,
            GST_SECOND));
  } else {
    drain (self);
    gst_rnn_text_output_gap (&self->json, end);
    gst_rnn_text_output_gap (&self->text, end);
  }
  self->next = end;
}

/* The container's tags go on as they are, the stream's with our language. */
static gboolean
take_tags (GstRnnSpeech *self, GstEvent *event)
{
  GstTagList *tags;

  gst_event_parse_tag (event, &tags);
  if (gst_tag_list_get_scope (tags) != GST_TAG_SCOPE_STREAM)
    return FALSE;
  gst_clear_tag_list (&self->tags);
  self->tags = gst_tag_list_ref (tags);
  gst_rnn_speech_send_tags (self);
  return TRUE;
}

static void
take_stream_start (GstRnnSpeech *self, GstEvent *event)
{
  drain (self);
  gst_clear_tag_list (&self->tags);
  gst_rnn_text_output_stream_start (&self->text, event);
  gst_rnn_text_output_stream_start (&self->json, event);
  gst_rnn_recogniser_begin_stream (&self->recogniser);
}

static void
take_flush (GstRnnSpeech *self, gboolean start)
{
  gst_rnn_model_loader_set_flushing (self->recogniser.loader, start);
  if (start)
    return;
  if (GST_CLOCK_TIME_IS_VALID (self->base))
    rnnc_transcriber_reset (self->transcriber);
  gst_rnn_speech_reset (self, TRUE);
}

/* Returns: whether the event is dealt with and goes no further */
static gboolean
take_event (GstRnnSpeech *self, GstEvent *event, gboolean *result)
{
  *result = TRUE;
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      take_stream_start (self, event);
      return TRUE;
    case GST_EVENT_CAPS:
      *result = take_caps (self, event);
      return TRUE;
    case GST_EVENT_SEGMENT:
      take_segment (self, event);
      return TRUE;
    case GST_EVENT_GAP:
      take_gap (self, event);
      return TRUE;
    case GST_EVENT_TAG:
      return take_tags (self, event);
    case GST_EVENT_EOS:
    case GST_EVENT_SEGMENT_DONE:
      drain (self);
      return FALSE;
    case GST_EVENT_FLUSH_START:
    case GST_EVENT_FLUSH_STOP:
      take_flush (self, GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START);
      return FALSE;
    default:
      return FALSE;
  }
}

gboolean
gst_rnn_speech_sink_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstRnnSpeech *self = GST_RNN_SPEECH (parent);
  gboolean result;

  GST_LOG_OBJECT (pad, "%" GST_PTR_FORMAT, event);
  if (take_event (self, event, &result)) {
    gst_event_unref (event);
    return result;
  }
  if (GST_EVENT_IS_SERIALIZED (event)
      && GST_EVENT_TYPE (event) != GST_EVENT_FLUSH_STOP) {
    gst_rnn_text_output_headers (&self->text);
    gst_rnn_text_output_headers (&self->json);
  }
  return gst_pad_event_default (pad, parent, event);
}
