/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "tests/support/count-allocations.h"
#include "tests/support/toy-model.h"

#define MS G_GUINT64_CONSTANT (1000000)
#define ORIGIN (5000 * MS)

typedef struct {
  RnncSpotter *spotter;
  GArray *gestures;
  GArray *times; /* guint64: newest timestamp when each came */
  guint64 newest;
} Session;

static void
on_gesture (const RnncGesture *gesture, gpointer user_data)
{
  Session *session = user_data;

  g_array_append_vals (session->gestures, gesture, 1);
  g_array_append_val (session->times, session->newest);
}

static Session *
session_new (const RnncSpotterOptions *options)
{
  Session *session = g_new0 (Session, 1);
  GError *error = NULL;
  RnncModel *model = toy_gesture_model (NULL, &error);

  g_assert_no_error (error);
  session->gestures = g_array_new (FALSE, FALSE, sizeof (RnncGesture));
  session->times = g_array_new (FALSE, FALSE, sizeof (guint64));
  session->spotter
      = rnnc_spotter_new (model, options, on_gesture, session, &error);
  g_assert_no_error (error);
  rnnc_model_unref (model);
  return session;
}

static void
session_free (Session *session)
{
  rnnc_spotter_free (session->spotter);
  g_array_unref (session->gestures);
  g_array_unref (session->times);
  g_free (session);
}

/* A picture of 8x4 pixels: column @code - '0' of the network's four is white;
 * '.' is black. */
static void
make_picture (char code, guint8 *pixels, RnncVideoFrame *frame)
{
  memset (frame, 0, sizeof (*frame));
  memset (pixels, 0, 32);
  if (code != '.')
    for (guint i = 0; i < 32; i++)
      if (i % 8 / 2 == (guint) (code - '0'))
        pixels[i] = 255;
  frame->layout = RNNC_PIXEL_GRAY8;
  frame->width = 8;
  frame->height = 4;
  frame->planes[0] = pixels;
  frame->strides[0] = 8;
}

/* One character lasts 100 ms; frames come at @rate. */
static void
session_push (Session *session, guint64 start, const char *script, guint rate)
{
  guint64 duration = strlen (script) * 100 * MS;

  for (guint64 i = 0; i * 1000 * MS / rate < duration; i++) {
    guint64 elapsed = i * 1000 * MS / rate;
    guint8 pixels[32];
    RnncVideoFrame frame;

    make_picture (script[elapsed / (100 * MS)], pixels, &frame);
    session->newest = start + elapsed;
    rnnc_spotter_push (session->spotter, &frame, start + elapsed);
  }
}

static const RnncGesture *
nth_gesture (Session *session, guint n)
{
  g_assert_cmpuint (n, <, session->gestures->len);
  return &g_array_index (session->gestures, RnncGesture, n);
}

static void
assert_gesture (Session *session, guint n, guint label, guint64 start,
    guint64 end, double fraction)
{
  const RnncGesture *gesture = nth_gesture (session, n);

  g_assert_cmpuint (gesture->label, ==, label);
  g_assert_cmpuint (gesture->start, ==, start);
  g_assert_cmpuint (gesture->end, ==, end);
  g_assert_cmpfloat_with_epsilon (gesture->confidence,
      toy_gesture_posterior (fraction), 1e-4);
}

static RnncSpotterOptions
every_frame (void)
{
  RnncSpotterOptions options;

  rnnc_spotter_options_init (&options);
  options.hop = 100 * MS;
  return options;
}

/* A gesture of 800 ms from 1500 ms on: more than 0.57 of the window is bright
 * from the window that ends at 2100, more than 0.46 to the one that starts at
 * 1800; at most 0.8. */
static void
test_one (void)
{
  static const guint rates[] = { 10, 20, 30 };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    RnncSpotterOptions options = every_frame ();
    Session *session = session_new (&options);

    session_push (session, ORIGIN, "...............22222222...............",
        rates[i]);
    g_assert_cmpuint (session->gestures->len, ==, 1);
    assert_gesture (session, 0, 2, ORIGIN + 1600 * MS, ORIGIN + 2300 * MS, 0.8);
    rnnc_spotter_flush (session->spotter);
    g_assert_cmpuint (session->gestures->len, ==, 1);
    session_free (session);
  }
}

static void
test_latency (void)
{
  RnncSpotterOptions options = every_frame ();
  Session *session;
  guint64 latency;

  for (guint hop = 1; hop <= 5; hop++) {
    options.hop = hop * 100 * MS;
    session = session_new (&options);
    latency = rnnc_spotter_latency (session->spotter);
    /* window, hop, look-ahead, the frame itself */
    g_assert_cmpuint (latency, ==, (1000 + hop * 100 + 100 + 100) * MS);
    session_push (session, 0, "...............22222222...............", 10);
    g_assert_cmpuint (session->times->len, ==, 1);
    g_assert_cmpuint (g_array_index (session->times, guint64, 0), <=,
        2300 * MS + latency);
    session_free (session);
  }

  options = every_frame ();
  options.report_after = 0;
  session = session_new (&options);
  latency = rnnc_spotter_latency (session->spotter);
  g_assert_cmpuint (latency, ==, 300 * MS);
  session_push (session, 0, "...............22222222...............", 10);
  g_assert_cmpuint (session->gestures->len, ==, 1);
  g_assert_cmpuint (g_array_index (session->times, guint64, 0), <=,
      2300 * MS + latency);
  options.mode = RNNC_SPOTTER_CLIP;
  rnnc_spotter_set_options (session->spotter, &options);
  g_assert_cmpuint (rnnc_spotter_latency (session->spotter), ==, 0);
  session_free (session);
}

static const struct {
  const char *name;
  const char *script;
  const char *labels;
} scripts[] = {
  { "nothing", "......................", "" },
  { "none-is-no-gesture", "000000000000000000000000", "" },
  { "too-short", "............1111..............", "" },
  { "two", "..11111111............33333333............", "13" },
  { "same-twice", "..11111111............11111111............", "11" },
  { "back-to-back", "..1111111111111111333333333333333...........", "13" },
  { "runs-at-the-end", "...............2222222", "2" },
  { "from-the-start", "22222222.............", "2" },
  { "short-stream", "222222", "2" },
  { "shorter-than-minimum", "2222", "" },
  { "short-and-unsure", "22......", "" },
};

static void
test_labels (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  RnncSpotterOptions options = every_frame ();
  Session *session = session_new (&options);
  GString *labels = g_string_new (NULL);

  session_push (session, ORIGIN, scripts[i].script, 20);
  rnnc_spotter_flush (session->spotter);
  for (guint n = 0; n < session->gestures->len; n++) {
    const RnncGesture *gesture = nth_gesture (session, n);

    g_string_append_printf (labels, "%u", gesture->label);
    g_assert_cmpuint (gesture->start, >=, ORIGIN);
    g_assert_cmpuint (gesture->start, <, gesture->end);
    g_assert_cmpuint (gesture->end, <=,
        ORIGIN + strlen (scripts[i].script) * 100 * MS);
  }
  g_assert_cmpstr (labels->str, ==, scripts[i].labels);
  g_string_free (labels, TRUE);
  session_free (session);
}

static void
test_clip (void)
{
  RnncSpotterOptions options = every_frame ();
  Session *session;
  char script[151];

  options.mode = RNNC_SPOTTER_CLIP;
  session = session_new (&options);
  session_push (session, ORIGIN, ".....1111111111.....", 20);
  g_assert_cmpuint (session->gestures->len, ==, 0);
  rnnc_spotter_flush (session->spotter);
  /* half of it is bright: as likely as none, so it is none */
  session_push (session, 0, "....1111111111111...", 20);
  rnnc_spotter_flush (session->spotter);
  g_assert_cmpuint (session->gestures->len, ==, 1);
  assert_gesture (session, 0, 1, 0, 2000 * MS, 0.65);
  g_assert_cmpfloat_with_epsilon (rnnc_spotter_posteriors (session->spotter)[1],
      toy_gesture_posterior (0.65), 1e-4);

  /* Of 15 s the last 10 count. */
  memset (script, '3', 150);
  memset (script, '1', 80);
  script[150] = '\0';
  session_push (session, ORIGIN, script, 10);
  rnnc_spotter_flush (session->spotter);
  g_assert_cmpuint (session->gestures->len, ==, 2);
  g_assert_cmpuint (nth_gesture (session, 1)->label, ==, 3);
  g_assert_cmpuint (nth_gesture (session, 1)->start, ==, ORIGIN + 5000 * MS);
  g_assert_cmpuint (nth_gesture (session, 1)->end, ==, ORIGIN + 15000 * MS);

  /* Too short, nothing at all, reset. */
  session_push (session, 0, "1111", 10);
  rnnc_spotter_flush (session->spotter);
  rnnc_spotter_flush (session->spotter);
  session_push (session, 0, "1111111111", 10);
  rnnc_spotter_reset (session->spotter);
  g_assert_cmpfloat (rnnc_spotter_posteriors (session->spotter)[1], ==, 0.0f);
  rnnc_spotter_flush (session->spotter);
  g_assert_cmpuint (session->gestures->len, ==, 2);
  session_free (session);
}

/* Posteriors of every window are those of the window's mean. */
static void
test_posteriors (void)
{
  static const char script[] = "1.1.11.1111111.11111....1.11";
  RnncSpotterOptions options = every_frame ();
  Session *session = session_new (&options);
  RnncVideoFrame frame;
  guint8 pixels[32];

  for (guint t = 0; script[t] != '\0'; t++) {
    const float *posteriors = rnnc_spotter_posteriors (session->spotter);
    guint n = 0;

    make_picture (script[t], pixels, &frame);
    rnnc_spotter_push (session->spotter, &frame, t * 100 * MS);
    /* One frame of look-ahead: frames t - 10 … t - 1 are decided. */
    if (t < 10) {
      g_assert_cmpfloat (posteriors[1], ==, 0.0f);
      continue;
    }
    for (guint i = t - 10; i < t; i++)
      n += script[i] == '1';
    g_assert_cmpfloat_with_epsilon (posteriors[1],
        toy_gesture_posterior (n / 10.0), 1e-4);
    g_assert_cmpfloat_with_epsilon (posteriors[0] + posteriors[1]
            + posteriors[2] + posteriors[3],
        1.0, 1e-5);
  }
  session_free (session);
}

/* Softmax, and a mean of posteriors, are read as well as log-softmax. */
static void
test_outputs (void)
{
  static const char *const replacements[][2] = {
    { "log-softmax", "softmax" },
    { "{\"type\":\"mean-over-time\"},", "" },
  };
  char *description = toy_gesture_description ();
  GError *error = NULL;

  for (guint i = 0; i < 2; i++) {
    char **parts = g_strsplit (description, replacements[i][0], 2);
    char *changed = g_strjoinv (replacements[i][1], parts);
    RnncModel *model;
    RnncSpotter *spotter;
    GString *layers;
    Session session = { NULL };

    g_strfreev (parts);
    if (i == 1) {
      layers = g_string_new (changed);
      g_string_replace (layers, "{\"type\":\"log-softmax\"}",
          "{\"type\":\"softmax\"},{\"type\":\"last-step\"}", 1);
      g_free (changed);
      changed = g_string_free (layers, FALSE);
    }
    model = toy_gesture_model (changed, &error);
    g_assert_no_error (error);
    spotter = rnnc_spotter_new (model, NULL, NULL, NULL, &error);
    g_assert_no_error (error);
    session.spotter = spotter;
    session_push (&session, 0, "......111111", 10);
    rnnc_spotter_flush (spotter);
    g_assert_cmpfloat_with_epsilon (rnnc_spotter_posteriors (spotter)[1],
        toy_gesture_posterior (i == 0 ? 0.6 : 1.0), 1e-4);
    rnnc_spotter_free (spotter);
    rnnc_model_unref (model);
    g_free (changed);
  }
  g_free (description);
}

/* A gap ends the stream; a wild timestamp does no harm. */
static void
test_gap (void)
{
  RnncSpotterOptions options = every_frame ();
  Session *session = session_new (&options);
  const guint64 hour = 3600000 * MS;

  session_push (session, ORIGIN, ".........11111111", 10);
  g_assert_cmpuint (session->gestures->len, ==, 0);
  session_push (session, ORIGIN + hour, ".........2222222....", 10);
  g_assert_cmpuint (session->gestures->len, >=, 1);
  g_assert_cmpuint (nth_gesture (session, 0)->label, ==, 1);
  g_assert_cmpuint (nth_gesture (session, 0)->end, <=, ORIGIN + 1700 * MS);
  session_push (session, ORIGIN, "3333333333333", 10); /* backwards: dropped */
  rnnc_spotter_flush (session->spotter);
  g_assert_cmpuint (session->gestures->len, ==, 2);
  g_assert_cmpuint (nth_gesture (session, 1)->label, ==, 2);
  g_assert_cmpuint (nth_gesture (session, 1)->start, >=, ORIGIN + hour);
  session_push (session, G_MAXUINT64 - 10000 * MS, "......", 10);
  rnnc_spotter_reset (session->spotter);
  session_free (session);
}

static void
test_set_options (void)
{
  RnncSpotterOptions options = every_frame ();
  Session *session = session_new (&options);

  options.threshold_on = 0.999;
  rnnc_spotter_set_options (session->spotter, &options);
  session_push (session, 0, "..........22222222..........", 10);
  g_assert_cmpuint (session->gestures->len, ==, 0);
  options.window = 500 * MS;
  options.threshold_on = 0.9;
  rnnc_spotter_set_options (session->spotter, &options);
  session_push (session, 0, "..........22222222..........", 10);
  g_assert_cmpuint (session->gestures->len, ==, 1);
  g_assert_cmpfloat_with_epsilon (nth_gesture (session, 0)->confidence,
      toy_gesture_posterior (1.0), 1e-4);
  session_free (session);
}

/* Of windows that a model names, the one that is surest of a gesture counts: a
 * gesture of half a second fills the short one alone. Thresholds and interval
 * are the model's too. */
static void
test_several_windows (void)
{
  GError *error = NULL;
  char *description = toy_gesture_description ();
  GString *changed = g_string_new (description);
  RnncModel *model;
  Session *session;

  g_string_replace (changed, "\"window\":1,",
      "\"window\":1,\"spotting\":{\"windows\":[0.5,1,2],\"interval\":0.1,"
      "\"threshold-on\":0.97,\"threshold-off\":0.9},",
      1);
  model = toy_gesture_model (changed->str, &error);
  g_assert_no_error (error);
  session = session_new (NULL);
  rnnc_spotter_free (session->spotter);
  session->spotter
      = rnnc_spotter_new (model, NULL, on_gesture, session, &error);
  g_assert_no_error (error);
  session_push (session, ORIGIN, "..........11111..........22222222......", 10);
  g_assert_cmpuint (session->gestures->len, ==, 2);
  g_assert_cmpuint (nth_gesture (session, 0)->label, ==, 1);
  g_assert_cmpfloat_with_epsilon (nth_gesture (session, 0)->confidence,
      toy_gesture_posterior (1.0), 1e-4);
  g_assert_cmpuint (nth_gesture (session, 1)->label, ==, 2);
  g_assert_cmpuint (rnnc_spotter_latency (session->spotter), >=, 2000 * MS);
  session_free (session);
  rnnc_model_unref (model);
  g_string_free (changed, TRUE);
  g_free (description);
}

static void
test_bad_spotting (void)
{
  static const char *const bad[] = { "{\"windows\":[]}", "{\"windows\":[2,1]}",
    "{\"windows\":[1,20]}", "{\"windows\":[1,2,3,4,5,6,7,8,9]}",
    "{\"threshold-on\":2}", "{\"smoothing\":1}", "3" };
  char *description = toy_gesture_description ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    GError *error = NULL;
    GString *changed = g_string_new (description);
    g_autofree char *member
        = g_strdup_printf ("\"window\":1,\"spotting\":%s,", bad[i]);

    g_string_replace (changed, "\"window\":1,", member, 1);
    g_assert_null (toy_gesture_model (changed->str, &error));
    g_assert_nonnull (error);
    g_assert_nonnull (strstr (error->message, "spotting"));
    g_clear_error (&error);
    g_string_free (changed, TRUE);
  }
  g_free (description);
}

static void
test_refused (void)
{
  GError *error = NULL;
  RnncModel *model = toy_speech_model (NULL, &error);
  char *description = toy_gesture_description ();
  GString *changed = g_string_new (description);

  g_assert_no_error (error);
  g_assert_null (rnnc_spotter_new (model, NULL, NULL, NULL, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED);
  g_assert_nonnull (strstr (error->message, rnnc_model_path (model)));
  g_clear_error (&error);
  rnnc_model_unref (model);

  g_string_replace (changed, "log-softmax", "relu", 1);
  model = toy_gesture_model (changed->str, &error);
  g_assert_no_error (error);
  g_assert_null (rnnc_spotter_new (model, NULL, NULL, NULL, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  rnnc_model_unref (model);

  g_string_assign (changed, description);
  g_string_replace (changed, "{\"type\":\"mean-over-time\"},", "", 1);
  model = toy_gesture_model (changed->str, &error);
  g_assert_no_error (error);
  g_assert_null (rnnc_spotter_new (model, NULL, NULL, NULL, &error));
  g_assert_error (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  rnnc_model_unref (model);
  g_string_free (changed, TRUE);
  g_free (description);
}

static void
count_gestures (const RnncGesture *gesture, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_no_allocation (void)
{
  for (guint mode = 0; mode < 2; mode++) {
    RnncSpotterOptions options = every_frame ();
    GError *error = NULL;
    RnncModel *model = toy_gesture_model (NULL, &error);
    Session session = { NULL };
    guint n = 0;
    gint before;

    options.mode = mode ? RNNC_SPOTTER_CLIP : RNNC_SPOTTER_STREAM;
    session.spotter
        = rnnc_spotter_new (model, &options, count_gestures, &n, &error);
    g_assert_no_error (error);
    before = g_atomic_int_get (&n_allocations);
    for (guint turn = 0; turn < 3; turn++) {
      session_push (&session, 0, "....1111111111111...", 30);
      rnnc_spotter_flush (session.spotter);
      session_push (&session, 0, "222222", 7);
      rnnc_spotter_flush (session.spotter);
      session_push (&session, 0, "......", 30);
      rnnc_spotter_reset (session.spotter);
    }
    g_assert_cmpint (g_atomic_int_get (&n_allocations), ==, before);
    g_assert_cmpuint (n, ==, 6);
    rnnc_spotter_free (session.spotter);
    rnnc_model_unref (model);
  }
#if !COUNTS_ALLOCATIONS
  g_test_skip ("a sanitizer has the allocator");
#endif
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/decode/spotter/one", test_one);
  g_test_add_func ("/decode/spotter/several-windows", test_several_windows);
  g_test_add_func ("/decode/spotter/bad-spotting", test_bad_spotting);
  g_test_add_func ("/decode/spotter/latency", test_latency);
  for (guint i = 0; i < G_N_ELEMENTS (scripts); i++) {
    char *path = g_strconcat ("/decode/spotter/labels/", scripts[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_labels);
    g_free (path);
  }
  g_test_add_func ("/decode/spotter/clip", test_clip);
  g_test_add_func ("/decode/spotter/posteriors", test_posteriors);
  g_test_add_func ("/decode/spotter/outputs", test_outputs);
  g_test_add_func ("/decode/spotter/gap", test_gap);
  g_test_add_func ("/decode/spotter/set-options", test_set_options);
  g_test_add_func ("/decode/spotter/refused", test_refused);
  g_test_add_func ("/decode/spotter/no-allocation", test_no_allocation);
  return g_test_run ();
}
