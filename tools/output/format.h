/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The formats that results are written in. */
#pragma once

#include "tools/output/captions.h"

G_BEGIN_DECLS

typedef struct {
  CaptionRules captions;
  gboolean words; /* a line or row a word, where a format has rows */
} OutputStyle;

typedef struct {
  const char *name; /* of --format, and the ending of files */
  /* Formats that are read line by line: several recordings may follow one
   * another, and what is found can be written at once. @begin: (nullable) */
  void (*begin) (const Document *document, const OutputStyle *style,
      GString *out);
  void (*row) (const Document *document, guint row, const OutputStyle *style,
      GString *out);
  /* Others. */
  void (*whole) (const Document *document, const OutputStyle *style,
      GString *out);
} OutputFormat;

/* Name it by @name, or by the ending of a file name; %NULL if there is none. */
const OutputFormat *output_format_find (const char *name);
const OutputFormat *output_format_of_file (const char *path);
/* "text, jsonl, …"; (transfer full) */
char *output_format_names (void);

/* A whole file of it. */
void output_format_write (const OutputFormat *format, const Document *document,
    const OutputStyle *style, GString *out);

/* A JSON string with its quotes; safe inside HTML too. */
void json_append_string (GString *out, const char *text);
/* A number with so many digits behind the point, in any locale. */
void json_append_number (GString *out, double value, guint digits);
/* s, to the millisecond. */
void json_append_seconds (GString *out, guint64 time);
/* {"text":…} and {"label":…} of one utterance or gesture, @extra first
 * (nullable, "\"a\":1,"). */
void json_append_row (const Document *document, guint row, const char *extra,
    GString *out);

/* One file each of what the table holds. */
void json_lines_row (const Document *document, guint row,
    const OutputStyle *style, GString *out);
void web_vtt_write (const Document *document, const OutputStyle *style,
    GString *out);
void sub_rip_write (const Document *document, const OutputStyle *style,
    GString *out);
void sub_station_write (const Document *document, const OutputStyle *style,
    GString *out);
/* All of that before the first event; a cue's text with its lines. */
void sub_station_header (GString *out);
void sub_station_append_text (GString *out, const char *text);
void
elan_write (const Document *document, const OutputStyle *style, GString *out);

G_END_DECLS
