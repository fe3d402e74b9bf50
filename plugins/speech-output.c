/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Results on their way out: text buffers, GAPs, bus messages, JSON. Everything
 * here runs in the streaming thread, outside the transcriber's calls. JSON goes
 * first, so that a queue behind json_src is enough for both pads to preroll. */
#include <string.h>

#include "plugins/result-message.h"
#include "plugins/speech-private.h"

#define GST_CAT_DEFAULT gst_rnn_speech_debug

void
gst_rnn_speech_take_transcript (const RnncTranscript *transcript,
    gpointer user_data)
{
  GstRnnSpeech *self = user_data;
  GstRnnTranscript *copy = gst_rnn_transcript_new (transcript, self->base,
      self->current.threshold);

  if (copy != NULL)
    g_queue_push_tail (&self->results, copy);
}

void
gst_rnn_speech_forget_results (GstRnnSpeech *self)
{
  g_queue_clear_full (&self->results, (GDestroyNotify) gst_rnn_transcript_free);
  g_clear_pointer (&self->partial, gst_rnn_transcript_free);
  self->partial_is_new = FALSE;
  self->warned = FALSE;
  self->n_committed = 0;
  g_clear_pointer (&self->committed, g_free);
  self->next_partial = GST_CLOCK_TIME_NONE;
}

static gboolean
wants_lines (GstRnnSpeech *self)
{
  switch (self->current.lines) {
    case GST_RNN_SPEECH_LINES_ALWAYS:
      return TRUE;
    case GST_RNN_SPEECH_LINES_NEVER:
      return FALSE;
    default:
      return gst_rnn_text_output_wants_lines (&self->text);
  }
}

/* --- text buffers --------------------------------------------------------- */

static void
push_text (GstRnnSpeech *self, const char *text, const char *separator,
    GstClockTime start, GstClockTime end)
{
  g_autofree char *payload = g_strconcat (text, separator, NULL);
  GstFlowReturn flow;

  flow = gst_rnn_text_output_push (&self->text, payload, start, end - start);
  if (flow != GST_FLOW_OK && self->flow == GST_FLOW_OK)
    self->flow = flow;
}

/* The text pad is past a word's beginning: live, what follows does not wait. */
static void
warn_of_delay (GstRnnSpeech *self, GstClockTime start)
{
  GstClockTime delay;

  if (self->warned || start >= self->text.position || !self->recogniser.is_live)
    return;
  self->warned = TRUE;
  delay = self->text.position - start;
  gst_element_message_full_with_details (GST_ELEMENT (self),
      GST_MESSAGE_WARNING, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED,
      g_strdup_printf ("A word came %" G_GUINT64_FORMAT
                       " ms too late for its time.",
          delay / GST_MSECOND),
      g_strdup ("raise the property latency or lateness"), __FILE__,
      GST_FUNCTION, __LINE__,
      gst_structure_new ("rnnspeech/excessive-delay", "delay", G_TYPE_UINT64,
          delay, NULL));
}

static void
commit (GstRnnSpeech *self, const GstRnnWord *word, const char *text,
    const char *separator)
{
  warn_of_delay (self, word->start);
  push_text (self, text, separator, word->start, word->end);
  g_free (self->committed);
  self->committed = g_strdup (word->text);
}

/* What the last word that is out has gained since, or "". */
static const char *
rest_of_word (GstRnnSpeech *self, const GstRnnTranscript *transcript)
{
  const GstRnnWord *word;

  if (self->n_committed == 0 || self->n_committed > transcript->words->len)
    return "";
  word = gst_rnn_transcript_word (transcript, self->n_committed - 1);
  if (!g_str_has_prefix (word->text, self->committed))
    return "";
  return word->text + strlen (self->committed);
}

/* A word went out before it had ended: what came of it since is the next. */
static gboolean
commit_rest (GstRnnSpeech *self, const GstRnnTranscript *transcript,
    const char *separator)
{
  const char *rest = rest_of_word (self, transcript);

  if (*rest == '\0')
    return FALSE;
  commit (self, gst_rnn_transcript_word (transcript, self->n_committed - 1),
      rest, separator);
  return TRUE;
}

/* The words from the first that is not out yet, to before @end. */
static void
commit_words (GstRnnSpeech *self, const GstRnnTranscript *transcript, guint end)
{
  gboolean is_end = transcript->is_final && end == transcript->words->len;
  gboolean ends_line = is_end && wants_lines (self);
  gboolean are_all_out = self->n_committed >= end;

  if ((is_end || !are_all_out)
      && !commit_rest (self, transcript, ends_line && are_all_out ? "\n" : " ")
      && ends_line && are_all_out)
    push_text (self, "\n", "", transcript->end, transcript->end);
  for (; self->n_committed < end; self->n_committed++) {
    const GstRnnWord *word
        = gst_rnn_transcript_word (transcript, self->n_committed);
    gboolean is_last = self->n_committed + 1 == end;

    commit (self, word, word->text, ends_line && is_last ? "\n" : " ");
  }
}

static gboolean
is_due (GstRnnSpeech *self, GstClockTime time)
{
  return time + gst_rnn_speech_own_latency (self, &self->current)
      <= gst_rnn_speech_now (self);
}

/* How many words of the running utterance are final by their age: whole ones
 * once they began the latency ago, the last one once it ended that long ago. */
static guint
count_due_words (GstRnnSpeech *self)
{
  const GstRnnTranscript *partial = self->partial;
  guint due = self->n_committed;

  while (due < partial->words->len) {
    const GstRnnWord *word = gst_rnn_transcript_word (partial, due);
    gboolean is_last = due + 1 == partial->words->len;

    if (!is_due (self, is_last ? word->end : word->start))
      break;
    due++;
  }
  return due;
}

static void
commit_due_words (GstRnnSpeech *self)
{
  const GstRnnTranscript *partial = self->partial;
  guint n = partial->words->len;

  commit_words (self, partial, count_due_words (self));
  if (self->n_committed == n
      && is_due (self, gst_rnn_transcript_word (partial, n - 1)->end))
    commit_rest (self, partial, " ");
}

/* --- messages ------------------------------------------------------------- */

static void
publish (GstRnnSpeech *self, const GstRnnTranscript *transcript)
{
  g_autoptr (GstStructure) result = gst_rnn_transcript_to_structure (transcript,
      "rnnspeech", &self->segment, self->language);
  g_autofree char *json = gst_rnn_result_to_json (result);
  g_autofree char *line = g_strconcat (json, "\n", NULL);
  GstStructure *message;

  gst_rnn_text_output_push (&self->json, line, transcript->start,
      transcript->end - transcript->start);
  if (self->current.compat == GST_RNN_SPEECH_COMPAT_NONE)
    message = gst_structure_copy (result);
  else
    message = gst_rnn_speech_compat_message (self->current.compat, transcript,
        result, &self->segment);
  gst_rnn_recogniser_publish (&self->recogniser, result, message);
}

static void
maybe_publish_partial (GstRnnSpeech *self)
{
  gint64 interval = self->current.partial_interval;
  GstClockTime now = gst_rnn_speech_now (self);

  if (interval < 0 || !self->partial_is_new)
    return;
  if (GST_CLOCK_TIME_IS_VALID (self->next_partial) && now < self->next_partial)
    return;
  self->partial_is_new = FALSE;
  self->next_partial = now + (GstClockTime) interval * GST_MSECOND;
  publish (self, self->partial);
}

static void
observe_delay (GstRnnSpeech *self, const GstRnnTranscript *transcript)
{
  GstClockTime now = gst_rnn_speech_now (self);
  guint delay = 0;
  gboolean is_more;

  if (now > transcript->end)
    delay = (guint) MIN ((now - transcript->end) / GST_MSECOND, G_MAXUINT);
  GST_OBJECT_LOCK (self);
  is_more = delay > self->max_observed_delay;
  if (is_more)
    self->max_observed_delay = delay;
  GST_OBJECT_UNLOCK (self);
  if (is_more)
    g_object_notify (G_OBJECT (self), "max-observed-delay");
}

static void
push_final_transcript_event (GstRnnSpeech *self)
{
  gst_rnn_text_output_event (&self->text,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
          gst_structure_new_empty ("rstranscribe/final-transcript")));
}

/* --- in order ------------------------------------------------------------- */

static void
send_final (GstRnnSpeech *self, const GstRnnTranscript *transcript)
{
  GST_DEBUG_OBJECT (self, "utterance %u: %s", transcript->utterance_id,
      transcript->text);
  observe_delay (self, transcript);
  publish (self, transcript);
  if (self->current.unit == GST_RNN_SPEECH_UNIT_WORD)
    commit_words (self, transcript, transcript->words->len);
  else
    push_text (self, transcript->text, wants_lines (self) ? "\n" : "",
        transcript->start, transcript->end);
  push_final_transcript_event (self);
  g_clear_pointer (&self->partial, gst_rnn_transcript_free);
  self->partial_is_new = FALSE;
  self->warned = FALSE;
  self->n_committed = 0;
  g_clear_pointer (&self->committed, g_free);
  self->next_partial = GST_CLOCK_TIME_NONE;
}

static void
send_results (GstRnnSpeech *self)
{
  GstRnnTranscript *transcript;

  while ((transcript = g_queue_pop_head (&self->results)) != NULL) {
    if (transcript->is_final) {
      send_final (self, transcript);
      gst_rnn_transcript_free (transcript);
    } else {
      g_clear_pointer (&self->partial, gst_rnn_transcript_free);
      self->partial = transcript;
      self->partial_is_new = TRUE;
    }
  }
}

/* Up to where all is said on the text pad. */
static GstClockTime
said_until (GstRnnSpeech *self)
{
  GstClockTime until
      = self->base + rnnc_transcriber_settled (self->transcriber);
  GstClockTime own = gst_rnn_speech_own_latency (self, &self->current);
  GstClockTime now = gst_rnn_speech_now (self);

  if (self->current.unit != GST_RNN_SPEECH_UNIT_WORD)
    return until;
  if (self->partial != NULL && self->n_committed > 0
      && self->n_committed < self->partial->words->len)
    until = gst_rnn_transcript_word (self->partial, self->n_committed)->start;
  if (self->recogniser.is_live && now > own)
    until = MAX (until, now - own);
  return until;
}

GstFlowReturn
gst_rnn_speech_send (GstRnnSpeech *self)
{
  GstClockTime until;

  send_results (self);
  if (self->partial != NULL) {
    maybe_publish_partial (self);
    if (self->current.unit == GST_RNN_SPEECH_UNIT_WORD)
      commit_due_words (self);
  }
  until = said_until (self);
  gst_rnn_text_output_gap (&self->json, until);
  gst_rnn_text_output_gap (&self->text, until);
  return self->flow;
}

GstFlowReturn
gst_rnn_speech_send_end (GstRnnSpeech *self, GstClockTime end)
{
  send_results (self);
  gst_rnn_text_output_gap (&self->json, end);
  gst_rnn_text_output_gap (&self->text, end);
  return self->flow;
}

/* --- tags ----------------------------------------------------------------- */

static gboolean
describes_audio (const char *tag)
{
  const char *const audio[] = { GST_TAG_AUDIO_CODEC, GST_TAG_CODEC,
    GST_TAG_BITRATE, GST_TAG_NOMINAL_BITRATE, GST_TAG_MINIMUM_BITRATE,
    GST_TAG_MAXIMUM_BITRATE, GST_TAG_ENCODER, NULL };

  return g_strv_contains (audio, tag);
}

void
gst_rnn_speech_send_tags (GstRnnSpeech *self)
{
  GstTagList *tags = self->tags != NULL ? gst_tag_list_copy (self->tags)
                                        : gst_tag_list_new_empty ();

  for (gint i = gst_tag_list_n_tags (tags) - 1; i >= 0; i--) {
    const char *tag = gst_tag_list_nth_tag_name (tags, (guint) i);

    if (describes_audio (tag))
      gst_tag_list_remove_tag (tags, tag);
  }
  gst_tag_list_set_scope (tags, GST_TAG_SCOPE_STREAM);
  if (self->language != NULL && *self->language != '\0')
    gst_tag_list_add (tags, GST_TAG_MERGE_REPLACE, GST_TAG_LANGUAGE_CODE,
        self->language, NULL);
  if (gst_tag_list_is_empty (tags)) {
    gst_tag_list_unref (tags);
    return;
  }
  gst_rnn_text_output_event (&self->json,
      gst_event_new_tag (gst_tag_list_ref (tags)));
  gst_rnn_text_output_event (&self->text, gst_event_new_tag (tags));
}
