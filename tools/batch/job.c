/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/batch/job.h"

#include <string.h>

#include "tools/common/clock.h"

#define MAX_JOBS 1024

static void
add_entries (GArray *entries, const GOptionEntry *more)
{
  for (; more->long_name != NULL; more++)
    g_array_append_val (entries, *more);
}

static void
add_inputs (JobArguments *arguments)
{
  JobOptions *options = &arguments->options;
  const GOptionEntry entries[] = {
    { "files-from", 'T', 0, G_OPTION_ARG_FILENAME, &options->inputs.list,
        "Also the files and folders of this list, one a line; - is standard "
        "input",
        "LIST" },
    { "null", '0', 0, G_OPTION_ARG_NONE, &options->inputs.nulls,
        "The list's names end with a NUL, as find -print0 writes them", NULL },
    { "shard", 0, 0, G_OPTION_ARG_STRING, &arguments->shard,
        "Only the K-th of N parts of the inputs, K from 1", "K/N" },
    { "track", 0, 0, G_OPTION_ARG_STRING, (gpointer) &options->part.track,
        "Which audio (label: video) track, a number from 1 or a language as "
        "the file has it; default: the best",
        "TRACK" },
    { "from", 0, 0, G_OPTION_ARG_STRING, &arguments->from,
        "Only from this time on: 90, 1:30 or 1:02:03.5", "TIME" },
    { "to", 0, 0, G_OPTION_ARG_STRING, &arguments->to, "Only up to this time",
        "TIME" },
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &options->jobs,
        "Recordings at a time; default: one a processor", "N" },
    { NULL },
  };

  add_entries (arguments->entries, entries);
}

static void
add_outputs (JobArguments *arguments)
{
  JobOptions *options = &arguments->options;
  const GOptionEntry entries[] = {
    { "format", 'f', 0, G_OPTION_ARG_STRING_ARRAY, &arguments->formats,
        "txt (default), jsonl, csv, vtt, srt, ass, eaf; several with commas",
        "FORMAT" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output,
        "Write into FILE, whose ending names the format (one input)", "FILE" },
    { "output-dir", 'd', 0, G_OPTION_ARG_FILENAME, &options->folder,
        "Write NAME.FORMAT for each recording into DIR", "DIR" },
    { "words", 'w', 0, G_OPTION_ARG_NONE, &options->style.words,
        "A line a word in txt (start, end, confidence, word) and csv", NULL },
    { "embed", 0, 0, G_OPTION_ARG_NONE, &options->embed,
        "Also NAME.subtitled.ENDING, a copy of the media with a subtitle track",
        NULL },
    { "report", 0, 0, G_OPTION_ARG_FILENAME, &options->report,
        "Also DIR/index.html, to look at and listen to", "DIR" },
    { "resume", 0, 0, G_OPTION_ARG_NONE, &options->resume,
        "Pass over recordings whose results are there and newer", NULL },
    { NULL },
  };

  add_entries (arguments->entries, entries);
}

static void
add_captions (JobArguments *arguments)
{
  CaptionRules *rules = &arguments->options.style.captions;
  const GOptionEntry entries[] = {
    { "line-length", 0, 0, G_OPTION_ARG_INT, &rules->line_length,
        "Captions: characters a line; default 42", "N" },
    { "lines", 0, 0, G_OPTION_ARG_INT, &rules->lines,
        "Captions: lines; default 2", "N" },
    { "reading-speed", 0, 0, G_OPTION_ARG_DOUBLE, &rules->reading_speed,
        "Captions: characters a second; default 20", "N" },
    { "min-duration", 0, 0, G_OPTION_ARG_DOUBLE, &rules->min_duration,
        "Captions: seconds, at least; default 0.833", "SECONDS" },
    { "max-duration", 0, 0, G_OPTION_ARG_DOUBLE, &rules->max_duration,
        "Captions: seconds, at most; default 7", "SECONDS" },
    { "gap", 0, 0, G_OPTION_ARG_DOUBLE, &rules->gap,
        "Captions: seconds between two; default 0.083", "SECONDS" },
    { NULL },
  };

  add_entries (arguments->entries, entries);
}

void
job_arguments_init (JobArguments *arguments, const GOptionEntry *own)
{
  *arguments = (JobArguments){ 0 };
  arguments->options.formats = g_ptr_array_new ();
  arguments->options.inputs.n_shards = 1;
  arguments->options.jobs = (gint) MIN (g_get_num_processors (), MAX_JOBS);
  caption_rules_init (&arguments->options.style.captions);
  arguments->entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));
  add_entries (arguments->entries, own);
  add_inputs (arguments);
  add_outputs (arguments);
  add_captions (arguments);
}

void
job_arguments_clear (JobArguments *arguments)
{
  JobOptions *options = &arguments->options;

  g_ptr_array_unref (options->formats);
  g_array_unref (arguments->entries);
  g_strfreev (arguments->formats);
  g_free (arguments->from);
  g_free (arguments->to);
  g_free (arguments->shard);
  g_free ((char *) options->part.track);
  g_free (options->inputs.list);
  g_free (options->output);
  g_free (options->folder);
  g_free (options->report);
}

/* --- understanding ------------------------------------------------------- */

static char *
parse_formats (JobArguments *arguments)
{
  for (guint i = 0; arguments->formats && arguments->formats[i]; i++) {
    g_auto (GStrv) names = g_strsplit (arguments->formats[i], ",", -1);

    for (guint j = 0; names[j] != NULL; j++) {
      const OutputFormat *format = output_format_find (names[j]);

      if (format == NULL) {
        g_autofree char *known = output_format_names ();

        return g_strdup_printf ("no format \"%s\"; there are %s", names[j],
            known);
      }
      if (!g_ptr_array_find (arguments->options.formats, format, NULL))
        g_ptr_array_add (arguments->options.formats, (gpointer) format);
    }
  }
  return NULL;
}

static char *
parse_times (JobArguments *arguments)
{
  MediaPart *part = &arguments->options.part;

  if (arguments->from != NULL && !clock_parse (arguments->from, &part->from))
    return g_strdup_printf ("--from %s: no time", arguments->from);
  if (arguments->to != NULL && !clock_parse (arguments->to, &part->to))
    return g_strdup_printf ("--to %s: no time", arguments->to);
  if (arguments->to != NULL && part->to <= part->from)
    return g_strdup ("--to is not behind --from");
  return NULL;
}

static char *
parse_shard (JobArguments *arguments)
{
  InputOptions *inputs = &arguments->options.inputs;
  g_auto (GStrv) parts
      = g_strsplit (arguments->shard ? arguments->shard : "1/1", "/", 2);
  guint64 k, n;

  if (g_strv_length (parts) != 2
      || !g_ascii_string_to_unsigned (parts[1], 10, 1, G_MAXUINT, &n, NULL)
      || !g_ascii_string_to_unsigned (parts[0], 10, 1, n, &k, NULL))
    return g_strdup_printf ("--shard %s: not K/N with 1 <= K <= N",
        arguments->shard);
  inputs->shard = (guint) k - 1;
  inputs->n_shards = (guint) n;
  return NULL;
}

/* Where results go, and in which formats. */
static char *
settle_outputs (JobOptions *options, guint n_inputs)
{
  gboolean single = n_inputs == 1 && options->inputs.list == NULL
      && options->folder == NULL;
  const OutputFormat *of_file = options->output != NULL
      ? output_format_of_file (options->output)
      : NULL;

  if (options->output != NULL && !single)
    return g_strdup ("--output is for one input; see --output-dir");
  if (options->embed && options->folder == NULL)
    return g_strdup ("--embed needs --output-dir");
  if (options->resume && !options->folder && !options->output
      && !options->report)
    return g_strdup ("--resume needs --output-dir, --output or --report");
  if (options->formats->len == 0 && of_file != NULL)
    g_ptr_array_add (options->formats, (gpointer) of_file);
  if (options->formats->len == 0 && !options->embed && options->report == NULL)
    g_ptr_array_add (options->formats, (gpointer) output_format_find ("txt"));
  if (options->folder == NULL && options->formats->len > 1)
    return g_strdup ("several formats need --output-dir");
  return NULL;
}

char *
job_arguments_check (JobArguments *arguments, guint n_inputs)
{
  JobOptions *options = &arguments->options;
  char *fault;

  if (n_inputs == 0 && options->inputs.list == NULL)
    return g_strdup ("expected INPUT…");
  if (options->inputs.nulls && options->inputs.list == NULL)
    return g_strdup ("--null needs --files-from");
  if (options->jobs < 1 || options->jobs > MAX_JOBS)
    return g_strdup_printf ("--jobs: 1 to %d", MAX_JOBS);
  fault = parse_formats (arguments);
  if (fault == NULL)
    fault = parse_times (arguments);
  if (fault == NULL)
    fault = parse_shard (arguments);
  if (fault == NULL)
    fault = caption_rules_check (&options->style.captions);
  return fault != NULL ? fault : settle_outputs (options, n_inputs);
}
