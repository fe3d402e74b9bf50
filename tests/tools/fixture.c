/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/tools/fixture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

void
fixture_begin (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("rnncore-test-XXXXXX", &error);
  g_assert_no_error (error);
}

static void
remove_folder (const char *path)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL) {
    g_autofree char *inner = g_build_filename (path, name, NULL);

    if (g_file_test (inner, G_FILE_TEST_IS_DIR))
      remove_folder (inner);
    else
      g_unlink (inner);
  }
  g_rmdir (path);
}

void
fixture_end (Fixture *fixture)
{
  remove_folder (fixture->folder);
  g_clear_pointer (&fixture->folder, g_free);
}

char *
fixture_path (const Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->folder, name, NULL);
}

void
fixture_write (const Fixture *fixture, const char *name, const char *text)
{
  g_autofree char *path = fixture_path (fixture, name);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

char *
fixture_read (const Fixture *fixture, const char *name, gsize *length)
{
  g_autofree char *path = fixture_path (fixture, name);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_file_get_contents (path, &text, length, &error);
  g_assert_no_error (error);
  return text;
}

gboolean
fixture_has (const Fixture *fixture, const char *name)
{
  g_autofree char *path = fixture_path (fixture, name);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
put (GByteArray *bytes, guint32 value, guint n)
{
  guint32 little = GUINT32_TO_LE (value);

  g_byte_array_append (bytes, (const guint8 *) &little, n);
}

void
fixture_write_tone (const Fixture *fixture, const char *name, guint rate,
    double seconds, double frequency)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *path = fixture_path (fixture, name);
  g_autoptr (GError) error = NULL;
  guint n = (guint) (rate * seconds);

  g_byte_array_append (bytes, (const guint8 *) "RIFF", 4);
  put (bytes, 36 + 2 * n, 4);
  g_byte_array_append (bytes, (const guint8 *) "WAVEfmt ", 8);
  put (bytes, 16, 4);
  put (bytes, 1, 2);
  put (bytes, 1, 2);
  put (bytes, rate, 4);
  put (bytes, 2 * rate, 4);
  put (bytes, 2, 2);
  put (bytes, 16, 2);
  g_byte_array_append (bytes, (const guint8 *) "data", 4);
  put (bytes, 2 * n, 4);
  for (guint i = 0; i < n; i++)
    put (bytes,
        (guint32) (gint32) lrint (8000 * sin (2 * G_PI * frequency * i / rate)),
        2);
  g_file_set_contents (path, (const char *) bytes->data, bytes->len, &error);
  g_assert_no_error (error);
}

void
outcome_clear (Outcome *outcome)
{
  g_clear_pointer (&outcome->out, g_free);
  g_clear_pointer (&outcome->err, g_free);
}

static GSubprocess *
start (const Fixture *fixture, const char *const *argv, GSubprocessFlags flags)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (flags);
  g_autofree char *cache = fixture_path (fixture, "cache");
  g_autoptr (GError) error = NULL;
  GSubprocess *process;

  g_subprocess_launcher_set_cwd (launcher, fixture->folder);
  g_subprocess_launcher_setenv (launcher, "XDG_CACHE_HOME", cache, TRUE);
  /* GLib's complaints about our own calls are failures. */
  g_subprocess_launcher_setenv (launcher, "G_DEBUG", "fatal-criticals", TRUE);
  process = g_subprocess_launcher_spawnv (launcher, argv, &error);
  g_assert_no_error (error);
  return process;
}

void
fixture_run (const Fixture *fixture, Outcome *outcome, const char *const *argv)
{
  g_autoptr (GSubprocess) process = start (fixture, argv,
      G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
  g_autoptr (GError) error = NULL;

  g_subprocess_communicate_utf8 (process, NULL, NULL, &outcome->out,
      &outcome->err, &error);
  g_assert_no_error (error);
  outcome->status = g_subprocess_get_if_exited (process)
      ? g_subprocess_get_exit_status (process)
      : -g_subprocess_get_term_sig (process);
  g_test_message ("%s %s: status %d\n%s%s", argv[0], argv[1] ? argv[1] : "",
      outcome->status, outcome->out, outcome->err);
}

static GPtrArray *
collect (va_list arguments)
{
  GPtrArray *argv = g_ptr_array_new ();
  const char *argument;

  g_ptr_array_add (argv, (gpointer) g_getenv ("RNNCORE_COMMAND"));
  g_assert_nonnull (g_getenv ("RNNCORE_COMMAND"));
  while ((argument = va_arg (arguments, const char *)) != NULL)
    g_ptr_array_add (argv, (gpointer) argument);
  g_ptr_array_add (argv, NULL);
  return argv;
}

void
fixture_rnncore (const Fixture *fixture, Outcome *outcome, ...)
{
  va_list arguments;
  g_autoptr (GPtrArray) argv = NULL;

  va_start (arguments, outcome);
  argv = collect (arguments);
  va_end (arguments);
  fixture_run (fixture, outcome, (const char *const *) argv->pdata);
}

GSubprocess *
fixture_start_rnncore (const Fixture *fixture, ...)
{
  va_list arguments;
  g_autoptr (GPtrArray) argv = NULL;

  va_start (arguments, fixture);
  argv = collect (arguments);
  va_end (arguments);
  return start (fixture, (const char *const *) argv->pdata,
      G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
}

gboolean
fixture_ffmpeg (const Fixture *fixture, const char *arguments)
{
  g_autofree char *line
      = g_strdup_printf ("ffmpeg -nostdin -v error -y %s", arguments);
  g_auto (GStrv) argv = NULL;
  g_autofree char *program = g_find_program_in_path ("ffmpeg");
  Outcome outcome;
  g_autoptr (GError) error = NULL;

  if (program == NULL) {
    g_test_skip ("there is no ffmpeg to generate media with");
    return FALSE;
  }
  g_shell_parse_argv (line, NULL, &argv, &error);
  g_assert_no_error (error);
  fixture_run (fixture, &outcome, (const char *const *) argv);
  g_assert_cmpint (outcome.status, ==, 0);
  outcome_clear (&outcome);
  return TRUE;
}
