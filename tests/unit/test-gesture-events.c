/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

#include "rnncore/decode/gesture-events.h"

#define WINDOW 1000
#define HOP 100

/* Windows end at WINDOW, WINDOW + HOP, …; one character each: a label and how
 * sure: '.' none, a/b 0.5, A/B 0.9. Times in "ns". */
typedef struct {
  guint at; /* window of the report; G_MAXUINT: at the end */
  guint label;
  guint64 start;
  guint64 end;
  double confidence;
} Expected;

#define AT_END G_MAXUINT

static const struct {
  const char *name;
  const char *windows;
  guint64 refractory;
  gint64 report_after;
  guint n_expected;
  Expected expected[3];
} cases[] = {
  { "nothing", "......", 0, -1, 0, { { 0 } } },
  { "never-on", "..aaaa..", 0, -1, 0, { { 0 } } },
  /* Seen whole in windows 1000..2000 … 1400..2400: it is 1400..2000 long. */
  { "one", "..........AAAAA..", 0, -1, 1, { { 15, 1, 1400, 2000, 0.9 } } },
  { "hysteresis", "..........AaAaa..", 0, -1, 1,
      { { 15, 1, 1400, 2000, 0.9 } } },
  { "low-before", "........aaAAA...", 0, -1, 1,
      { { 13, 1, 1200, 2000, 0.9 } } },
  /* Goes on for far longer than a window. */
  { "long", ".AAAAAAAAAAAAAAAAAAAA..", 0, -1, 1,
      { { 21, 1, 600, 2500, 0.9 } } },
  { "at-end", "..AAA", 0, -1, 1, { { AT_END, 1, 400, 1200, 0.9 } } },
  { "two", ".AA..BB.", 0, -1, 2,
      { { 3, 1, 200, 1100, 0.9 }, { 7, 2, 600, 1500, 0.9 } } },
  { "refractory", ".AA.BB..", 300, -1, 1, { { 3, 1, 200, 1100, 0.9 } } },
  { "after-refractory", ".AA.BBBB..", 300, -1, 2,
      { { 3, 1, 200, 1100, 0.9 }, { 8, 2, 700, 1600, 0.9 } } },
  /* Another label soon behind the peak is doubt about the same gesture. */
  { "peak-label", ".AbbBb...", 0, -1, 1, { { 6, 1, 500, 1100, 0.9 } } },
  /* Half a window behind, it is another gesture. */
  { "next-label", ".AaaaaBB..", 0, -1, 2,
      { { 6, 1, 500, 1100, 0.9 }, { 8, 2, 700, 1600, 0.9 } } },
  { "report-at-once", ".AAA..", 0, 0, 1, { { 1, 1, 100, 1100, 0.9 } } },
  { "report-after", ".AAAAA..", 0, 250, 1, { { 4, 1, 400, 1100, 0.9 } } },
  { "ends-before-report", ".AA..", 0, 500, 1, { { 3, 1, 200, 1100, 0.9 } } },
};

static void
make_posteriors (char code, float *posteriors)
{
  float sure = code == 'a' || code == 'b' ? 0.5f : code == '.' ? 0.1f : 0.9f;
  guint label = code == 'a' || code == 'A' ? 1 : 2;

  posteriors[0] = posteriors[1] = posteriors[2] = (1.0f - sure) / 2.0f;
  posteriors[label] = sure;
  if (code == '.') {
    posteriors[0] = 0.8f;
    posteriors[1] = 0.1f;
  }
}

static void
check_gesture (const Expected *expected, guint at, const RnncGesture *gesture)
{
  g_assert_cmpuint (at, ==, expected->at);
  g_assert_cmpuint (gesture->label, ==, expected->label);
  g_assert_cmpuint (gesture->start, ==, expected->start);
  g_assert_cmpuint (gesture->end, ==, expected->end);
  g_assert_cmpfloat_with_epsilon (gesture->confidence, expected->confidence,
      1e-6);
}

static void
test_events (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  RnncGestureEvents events = {
    .n_labels = 3,
    .none = 0,
    .threshold_on = 0.7,
    .threshold_off = 0.4,
    .refractory = cases[i].refractory,
    .report_after = cases[i].report_after,
  };
  RnncGesture gesture;
  guint n = 0;

  for (guint w = 0; cases[i].windows[w] != '\0'; w++) {
    float posteriors[3];

    make_posteriors (cases[i].windows[w], posteriors);
    if (!rnnc_gesture_events_push (&events, posteriors, w * HOP,
            w * HOP + WINDOW, &gesture))
      continue;
    g_assert_cmpuint (n, <, cases[i].n_expected);
    check_gesture (&cases[i].expected[n++], w, &gesture);
  }
  if (rnnc_gesture_events_finish (&events, &gesture)) {
    g_assert_cmpuint (n, <, cases[i].n_expected);
    check_gesture (&cases[i].expected[n++], AT_END, &gesture);
  }
  g_assert_cmpuint (n, ==, cases[i].n_expected);
}

static void
test_best (void)
{
  const float posteriors[] = { 0.3f, 0.2f, 0.5f };

  g_assert_cmpuint (rnnc_gesture_best (posteriors, 3, -1), ==, 2);
  g_assert_cmpuint (rnnc_gesture_best (posteriors, 3, 2), ==, 0);
  g_assert_cmpuint (rnnc_gesture_best (posteriors, 2, 0), ==, 1);
  g_assert_cmpuint (rnnc_gesture_best (posteriors, 1, -1), ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    char *path = g_strconcat ("/decode/gesture-events/", cases[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_events);
    g_free (path);
  }
  g_test_add_func ("/decode/gesture-events/best", test_best);
  return g_test_run ();
}
