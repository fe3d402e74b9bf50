/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/elements/speech-harness.h"

#include <string.h>

#include "tests/elements/toy-models.h"

SpeechHarness *
speech_harness_new (const char *properties, const char *format)
{
  SpeechHarness *speech = g_new0 (SpeechHarness, 1);
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;
  g_autofree char *caps = g_strdup_printf ("audio/"
                                           "x-raw,format=%s,rate=%d,channels=1,"
                                           "layout=interleaved",
      format, TONE_RATE);

  speech->model = tone_model_write ();
  line = g_strdup_printf ("rnnspeech model=\"%s\" %s", speech->model,
      properties != NULL ? properties : "");
  speech->element = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  gst_object_ref_sink (speech->element);
  /* Before the harness plays it: what goes wrong may be told at once. */
  speech->bus = gst_bus_new ();
  gst_element_set_bus (speech->element, speech->bus);
  speech->harness
      = gst_harness_new_with_element (speech->element, "sink", "src");
  gst_harness_set_live (speech->harness, FALSE);
  gst_harness_set_src_caps_str (speech->harness, caps);
  return speech;
}

void
speech_harness_free (SpeechHarness *speech)
{
  gst_element_set_bus (speech->element, NULL);
  gst_object_unref (speech->element);
  gst_harness_teardown (speech->harness);
  gst_object_unref (speech->bus);
  toy_model_remove (speech->model);
  g_free (speech);
}

GstFlowReturn
speech_harness_push (SpeechHarness *speech, const float *samples,
    gsize n_samples, GstClockTime start, GstBufferFlags flags)
{
  GstBuffer *buffer
      = gst_buffer_new_memdup (samples, n_samples * sizeof (float));

  GST_BUFFER_PTS (buffer) = start;
  GST_BUFFER_DURATION (buffer)
      = gst_util_uint64_scale (n_samples, GST_SECOND, TONE_RATE);
  GST_BUFFER_FLAG_SET (buffer, flags);
  return gst_harness_push (speech->harness, buffer);
}

void
speech_harness_say (SpeechHarness *speech, const char *script,
    GstClockTime start, gsize chunk)
{
  gsize n;
  g_autofree float *samples = tone_script (script, &n);

  for (gsize i = 0; i < n; i += chunk) {
    if (chunk == 0 || chunk > n - i)
      chunk = n - i;
    g_assert_cmpint (speech_harness_push (speech, samples + i, chunk,
                         start
                             + gst_util_uint64_scale (i, GST_SECOND, TONE_RATE),
                         0),
        ==, GST_FLOW_OK);
  }
}

void
speech_harness_eos (SpeechHarness *speech)
{
  g_assert_true (
      gst_harness_push_event (speech->harness, gst_event_new_eos ()));
}

static void
said_free (gpointer data)
{
  Said *said = data;

  g_free (said->text);
  g_free (said);
}

static gint
compare_start (gconstpointer a, gconstpointer b)
{
  const Said *first = *(const Said *const *) a;
  const Said *second = *(const Said *const *) b;

  return (first->start > second->start) - (first->start < second->start);
}

GPtrArray *
speech_harness_take (SpeechHarness *speech)
{
  GPtrArray *result = g_ptr_array_new_with_free_func (said_free);
  GstBuffer *buffer;
  GstEvent *event;

  while ((buffer = gst_harness_try_pull (speech->harness)) != NULL) {
    Said *said = g_new0 (Said, 1);
    gsize size = gst_buffer_get_size (buffer);

    said->text = g_malloc0 (size + 1);
    gst_buffer_extract (buffer, 0, said->text, size);
    said->start = GST_BUFFER_PTS (buffer);
    said->duration = GST_BUFFER_DURATION (buffer);
    gst_buffer_unref (buffer);
    g_ptr_array_add (result, said);
  }
  while ((event = gst_harness_try_pull_event (speech->harness)) != NULL) {
    if (GST_EVENT_TYPE (event) == GST_EVENT_GAP) {
      Said *said = g_new0 (Said, 1);

      gst_event_parse_gap (event, &said->start, &said->duration);
      g_ptr_array_add (result, said);
    }
    gst_event_unref (event);
  }
  g_ptr_array_sort (result, compare_start);
  return result;
}

char *
said_text (GPtrArray *said)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < said->len; i++) {
    const Said *one = g_ptr_array_index (said, i);

    if (one->text == NULL)
      continue;
    if (text->len > 0)
      g_string_append_c (text, '|');
    g_string_append (text, one->text);
  }
  return g_string_free (text, FALSE);
}

char *
speech_harness_take_text (SpeechHarness *speech)
{
  g_autoptr (GPtrArray) said = speech_harness_take (speech);

  return said_text (said);
}

GPtrArray *
speech_harness_take_results (SpeechHarness *speech)
{
  GPtrArray *results
      = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_structure_free);
  GstMessage *message;

  while ((message = gst_bus_pop_filtered (speech->bus, GST_MESSAGE_ELEMENT))
      != NULL) {
    g_ptr_array_add (results,
        gst_structure_copy (gst_message_get_structure (message)));
    gst_message_unref (message);
  }
  return results;
}

GstMessage *
speech_harness_message (SpeechHarness *speech, GstMessageType type)
{
  return gst_bus_timed_pop_filtered (speech->bus, 2 * GST_SECOND, type);
}
