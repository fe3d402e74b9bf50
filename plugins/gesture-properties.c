/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The properties of rnngesture. */
#include "plugins/gesture-private.h"

#define MAX_WINDOW ((guint) (RNNC_SPOTTER_MAX_CLIP / GST_MSECOND))

enum {
  PROP_CLIP_MODE = GST_RNN_PROP_OWN,
  PROP_CLASS_CONFIDENCE_THRESHOLD,
  PROP_RELEASE_THRESHOLD,
  PROP_REFRACTORY_TIME,
  PROP_MINIMUM_DURATION,
  PROP_WINDOW,
  PROP_DECISION_INTERVAL,
  PROP_REPORT_AFTER,
};

static const GstRnnGestureSettings defaults = {
  .threshold = -1,
  .release = -1,
  .refractory = 500,
  .minimum = 500,
  .window = 0,
  .interval = 0,
  .report_after = -1,
  .clip_mode = FALSE,
};

#define FIELD(name) G_STRUCT_OFFSET (GstRnnGestureSettings, name)
static const GstRnnField fields[] = {
  { PROP_CLIP_MODE, FIELD (clip_mode), FALSE },
  { PROP_CLASS_CONFIDENCE_THRESHOLD, FIELD (threshold), FALSE },
  { PROP_RELEASE_THRESHOLD, FIELD (release), FALSE },
  { PROP_REFRACTORY_TIME, FIELD (refractory), FALSE },
  { PROP_MINIMUM_DURATION, FIELD (minimum), FALSE },
  { PROP_WINDOW, FIELD (window), FALSE },
  { PROP_DECISION_INTERVAL, FIELD (interval), FALSE },
  { PROP_REPORT_AFTER, FIELD (report_after), FALSE },
  { 0 },
};

void
gst_rnn_gesture_settings_init (GstRnnGestureSettings *settings)
{
  *settings = defaults;
}

/* --- values --------------------------------------------------------------- */

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstRnnGesture *self = GST_RNN_GESTURE (object);
  const GstRnnField *field = gst_rnn_field_find (fields, id);

  if (field != NULL) {
    GST_OBJECT_LOCK (self);
    gst_rnn_field_set (field, &self->settings, value);
    GST_OBJECT_UNLOCK (self);
  } else if (!gst_rnn_recogniser_set_property (&self->recogniser, id, value)) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstRnnGesture *self = GST_RNN_GESTURE (object);
  const GstRnnField *field = gst_rnn_field_find (fields, id);

  if (field != NULL) {
    GST_OBJECT_LOCK (self);
    gst_rnn_field_get (field, &self->settings, value);
    GST_OBJECT_UNLOCK (self);
  } else if (!gst_rnn_recogniser_get_property (&self->recogniser, id, value)) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
}

/* --- specifications ------------------------------------------------------- */

static void
install_decision_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_CLASS_CONFIDENCE_THRESHOLD,
      g_param_spec_double ("class-confidence-threshold", "Confidence threshold",
          "Confidence from which on a gesture is seen; clip-mode has the most "
          "likely one (-1: as the model says, else 0.7)",
          -1.0, 1.0, defaults.threshold, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_RELEASE_THRESHOLD,
      g_param_spec_double ("release-threshold", "Release threshold",
          "Confidence below which a gesture has ended; no more than "
          "class-confidence-threshold counts (-1: as the model says, else 0.4)",
          -1.0, 1.0, defaults.release, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_WINDOW,
      g_param_spec_uint ("window", "Window",
          "How much video one decision sees, ms (0: as the model says, which "
          "may be several lengths)",
          0, MAX_WINDOW, defaults.window, GST_RNN_PARAM_READY));
  g_object_class_install_property (klass, PROP_DECISION_INTERVAL,
      g_param_spec_uint ("decision-interval", "Decision interval",
          "Time from one decision to the next, ms; a frame of the network at "
          "least (0: as the model says, else 200)",
          0, MAX_WINDOW, defaults.interval, GST_RNN_PARAM_PLAYING));
}

static void
install_event_properties (GObjectClass *klass)
{
  g_object_class_install_property (klass, PROP_CLIP_MODE,
      g_param_spec_boolean ("clip-mode", "Clip mode",
          "One label for all up to the end of the stream or segment, instead "
          "of events on an endless stream",
          defaults.clip_mode, GST_RNN_PARAM_READY));
  g_object_class_install_property (klass, PROP_REFRACTORY_TIME,
      g_param_spec_uint ("refractory-time", "Refractory time",
          "Time after a gesture's end in which none begins, ms", 0, G_MAXINT,
          defaults.refractory, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_MINIMUM_DURATION,
      g_param_spec_uint ("minimum-duration", "Shortest clip",
          "Clips and streams shorter than this are not decided, ms", 0,
          MAX_WINDOW, defaults.minimum, GST_RNN_PARAM_PLAYING));
  g_object_class_install_property (klass, PROP_REPORT_AFTER,
      g_param_spec_int64 ("report-after", "Report after",
          "How long a gesture must have been seen to be reported while it "
          "still goes on, ms (-1: when it has ended)",
          -1, G_MAXINT, defaults.report_after, GST_RNN_PARAM_PLAYING));
}

void
gst_rnn_gesture_install_properties (GObjectClass *klass)
{
  klass->set_property = set_property;
  klass->get_property = get_property;
  gst_rnn_recogniser_class_init (klass);
  install_decision_properties (klass);
  install_event_properties (klass);
}
