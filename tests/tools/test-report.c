/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The page of --report, opened from file:// in Chromium and clicked. */
#include <glib/gstdio.h>
#include <string.h>

#include "tests/tools/fixture.h"
#include "tests/tools/web-driver.h"

static Fixture fixture;
static WebDriver *driver;

static void
copy_sample (const char *name)
{
  g_autofree char *path = fixture_path (&fixture, name);
  g_autofree char *text = NULL;
  gsize length;

  g_assert_true (
      g_file_get_contents (g_getenv ("RNNC_SAMPLE"), &text, &length, NULL));
  g_assert_true (g_file_set_contents (path, text, (gssize) length, NULL));
}

static void
run_report (const char *command, const char *option)
{
  Outcome outcome;

  fixture_rnncore (&fixture, &outcome, command, "--report", "page", "media",
      option, NULL);
  g_assert_cmpint (outcome.status, ==, 0);
  g_assert_cmpstr (outcome.out, ==, "");
  g_assert_cmpstr (outcome.err, ==, "");
  outcome_clear (&outcome);
}

static gboolean
make_page (void)
{
  g_autofree char *folder = fixture_path (&fixture, "media");

  g_assert_cmpint (g_mkdir (folder, 0777), ==, 0);
  copy_sample ("media/a <script> & %41.mkv");
  /* One that browsers play, one that they do not. */
  if (!fixture_ffmpeg (&fixture,
          "-i \"media/a <script> & %41.mkv\" -c:v libvpx -deadline realtime "
          "-cpu-used 8 -c:a copy media/plays.webm")
      || !fixture_ffmpeg (&fixture,
          "-i media/plays.webm -c:v ffv1 -c:a pcm_s16le media/old.avi"))
    return FALSE;
  run_report ("transcribe", NULL);
  run_report ("label", "--stream");
  return TRUE;
}

/* Nothing is fetched, and copies are made only of what needs them. */
static void
test_files (void)
{
  g_autofree char *page = fixture_read (&fixture, "page/index.html", NULL);
  g_autofree char *folder = fixture_path (&fixture, "page/media");
  g_autoptr (GDir) copies = g_dir_open (folder, 0, NULL);
  guint n = 0;

  g_assert_null (strstr (page, "http:"));
  g_assert_null (strstr (page, "https:"));
  g_assert_null (strstr (page, "src="));
  g_assert_nonnull (strstr (page, "\"../media/plays.webm\""));
  while (g_dir_read_name (copies) != NULL)
    n++;
  g_assert_cmpuint (n, ==, 2);
}

static void
show_page (void)
{
  g_autofree char *path = fixture_path (&fixture, "page/index.html");
  g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);

  web_driver_open (driver, uri);
  g_assert_true (web_driver_wait (driver,
      "return document.documentElement.dataset.ready === 'true'"));
}

static gboolean
has_driver (void)
{
  if (driver == NULL)
    g_test_skip ("there is no chromium with chromedriver");
  return driver != NULL;
}

/* The @n-th recording, from 1. */
static void
choose (guint n)
{
  g_autofree char *selector
      = g_strdup_printf ("#recordings li:nth-child(%u) button", n);

  web_driver_click (driver, selector);
  g_assert_true (web_driver_wait (driver,
      "return document.getElementById('media').readyState > 0"));
  g_assert_true (web_driver_wait (driver,
      "return document.getElementById('fault').hidden"));
}

#define NEAR(time)                                                             \
  "return Math.abs(document.getElementById('media').currentTime - " time       \
  ") < 0.05"

static void
test_words (void)
{
  g_autofree char *start = NULL;

  if (!has_driver ())
    return;
  show_page ();
  for (guint i = 1; i <= 3; i++) {
    choose (i);
    start = web_driver_ask (driver,
        "return document.querySelectorAll('#transcript .word').length");
    g_assert_cmpstr (start, ==, "9");
    g_clear_pointer (&start, g_free);
    /* To the word, which is then marked. */
    web_driver_click (driver, "#transcript .word:nth-of-type(6)");
    g_assert_true (web_driver_wait (driver,
        NEAR ("Number(document.querySelector('#transcript "
              ".word:nth-of-type(6)').dataset.start)")));
    g_assert_true (web_driver_wait (driver,
        "return document.querySelector('.word.now') === "
        "document.querySelector('#transcript .word:nth-of-type(6)')"));
  }
}

static void
test_player (void)
{
  if (!has_driver ())
    return;
  show_page ();
  choose (1);
  /* The cue of that time is shown, and it plays on. */
  web_driver_click (driver, "#transcript .word:nth-of-type(3)");
  g_assert_true (web_driver_wait (driver,
      "const cues = document.getElementById('media').textTracks[0].activeCues;"
      "return cues.length === 1 && cues[0].text.includes('seven')"));
  g_free (web_driver_ask (driver,
      "document.getElementById('media').muted = true;"
      "document.getElementById('media').play(); return 1"));
  g_assert_true (web_driver_wait (driver,
      "return document.getElementById('media').currentTime > 1.5"));
}

static void
test_timeline (void)
{
  g_autofree char *drawn = NULL;

  if (!has_driver ())
    return;
  show_page ();
  choose (2);
  web_driver_click (driver, "#timeline");
  g_assert_true (web_driver_wait (driver,
      "const m = document.getElementById('media');"
      "return Math.abs(m.currentTime - m.duration / 2) < 0.1"));
  /* The wave above, confidence in the middle, gestures below. */
  drawn = web_driver_ask (driver,
      "const c = document.getElementById('timeline');"
      "const seen = (y, h) => c.getContext('2d')"
      ".getImageData(0, y, c.width, h).data.some((v, i) => i % 4 === 3 && v);"
      "return [seen(20, 10), seen(80, 12), seen(100, 10)]");
  g_assert_cmpstr (drawn, ==, "[true,true,true]");
}

static void
test_gestures (void)
{
  g_autofree char *label = NULL;

  if (!has_driver ())
    return;
  show_page ();
  choose (3);
  label = web_driver_ask (driver,
      "return document.querySelector('.gesture .word').textContent");
  g_assert_cmpstr (label, ==, "\"left\"");
  web_driver_click (driver, "#transcript .word:nth-of-type(6)");
  web_driver_click (driver, ".gesture");
  g_assert_true (web_driver_wait (driver,
      NEAR ("Number(document.querySelector('.gesture').dataset.start)")));
}

static void
test_search (void)
{
  g_autofree char *places = NULL;
  g_autofree char *name = NULL;

  if (!has_driver ())
    return;
  show_page ();
  web_driver_type (driver, "#search", "Five Two");
  places = web_driver_ask (driver,
      "return document.getElementById('hits').textContent");
  g_assert_cmpstr (places, ==, "\"3 places\"");
  web_driver_click (driver, "#results li:nth-child(3) button");
  g_assert_true (web_driver_wait (driver,
      NEAR ("Number(document.querySelector('#transcript .word.hit')"
            ".dataset.start)")));
  name = web_driver_ask (driver,
      "return document.getElementById('name').textContent");
  g_assert_cmpstr (name, ==, "\"media/plays.webm\"");
  g_assert_true (web_driver_wait (driver,
      "return document.querySelectorAll('.word.hit').length === 2"));
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  fixture_begin (&fixture);
  if (make_page ()) {
    driver = web_driver_new ();
    g_test_add_func ("/tools/report/files", test_files);
    g_test_add_func ("/tools/report/words", test_words);
    g_test_add_func ("/tools/report/player", test_player);
    g_test_add_func ("/tools/report/timeline", test_timeline);
    g_test_add_func ("/tools/report/gestures", test_gestures);
    g_test_add_func ("/tools/report/search", test_search);
  }
  status = g_test_run ();
  web_driver_free (driver);
  fixture_end (&fixture);
  return status;
}
