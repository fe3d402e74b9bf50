/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/output/captions.h"

#include <math.h>

#define NS 1e9

/* A pause of so many seconds counts no more than a longer one. */
#define FULL_PAUSE 1.0

void
caption_rules_init (CaptionRules *rules)
{
  *rules = (CaptionRules){
    .line_length = 42,
    .lines = 2,
    .reading_speed = 20,
    .min_duration = 5.0 / 6,
    .max_duration = 7,
    .gap = 1.0 / 12,
  };
}

char *
caption_rules_check (const CaptionRules *rules)
{
  if (rules->line_length < 10 || rules->line_length > 1000)
    return g_strdup ("--line-length: 10 to 1000");
  if (rules->lines < 1 || rules->lines > 4)
    return g_strdup ("--lines: 1 to 4");
  if (!(rules->reading_speed >= 1 && rules->reading_speed <= 1000))
    return g_strdup ("--reading-speed: 1 to 1000");
  if (!(rules->min_duration >= 0 && rules->min_duration <= 60))
    return g_strdup ("--min-duration: 0 to 60");
  if (!(rules->max_duration >= rules->min_duration
          && rules->max_duration <= 3600))
    return g_strdup ("--max-duration: at least --min-duration, at most 3600");
  if (!(rules->gap >= 0 && rules->gap <= 10))
    return g_strdup ("--gap: 0 to 10");
  return NULL;
}

static void
caption_free (gpointer data)
{
  Caption *caption = data;

  g_free (caption->text);
  g_free (caption);
}

/* --- lines --------------------------------------------------------------- */

static guint
length_of (const DocumentWord *words, guint n)
{
  guint length = n > 0 ? n - 1 : 0;

  for (guint i = 0; i < n; i++)
    length += (guint) g_utf8_strlen (words[i].text, -1);
  return length;
}

/* The first of the words that goes to the next line, n if all stay, so that
 * @lines lines are as even as can be, the upper one rather the shorter. Returns
 * the sum of squares, infinite if they do not fit. */
static double
break_lines (const DocumentWord *words, guint n, const CaptionRules *rules,
    guint lines, guint *first)
{
  double best = INFINITY;
  guint length = 0;

  *first = n;
  if (n == 0)
    return 0;
  for (guint i = 1; i <= n; i++) {
    guint ignored;
    double rest, cost;

    length += (guint) g_utf8_strlen (words[i - 1].text, -1) + (i > 1);
    if (length > (guint) rules->line_length && i > 1)
      break;
    if (i < n && lines < 2)
      continue;
    rest = i < n ? break_lines (words + i, n - i, rules, lines - 1, &ignored)
                 : 0;
    cost = (double) length * length + rest;
    if (cost < best) {
      best = cost;
      *first = i;
    }
  }
  return best;
}

/* Lines are used only as needed. */
static guint
lines_needed (const DocumentWord *words, guint n, const CaptionRules *rules)
{
  guint lines = 1;
  guint length = 0;

  for (guint i = 0; i < n; i++) {
    guint more = (guint) g_utf8_strlen (words[i].text, -1);

    if (length > 0 && length + 1 + more > (guint) rules->line_length) {
      lines++;
      length = more;
    } else {
      length += more + (length > 0);
    }
  }
  return lines;
}

static char *
set_lines (const DocumentWord *words, guint n, const CaptionRules *rules)
{
  GString *text = g_string_new (NULL);
  guint lines = lines_needed (words, n, rules);

  while (n > 0) {
    guint first;

    break_lines (words, n, rules, lines, &first);
    for (guint i = 0; i < first; i++)
      g_string_append_printf (text, "%s%s", i > 0 ? " " : "", words[i].text);
    words += first;
    n -= first;
    lines -= lines > 1;
    if (n > 0)
      g_string_append_c (text, '\n');
  }
  return g_string_free (text, FALSE);
}

/* --- cues ---------------------------------------------------------------- */

static double
pause_after (const DocumentWord *words, guint i)
{
  return words[i + 1].start > words[i].end
      ? (double) (words[i + 1].start - words[i].end) / NS
      : 0;
}

/* What it costs to show words [first, end) as one cue, of @n words in all;
 * infinite if it cannot be. */
static double
cue_cost (const DocumentWord *words, guint first, guint end, guint n,
    const CaptionRules *rules)
{
  const DocumentWord *cue = words + first;
  guint count = end - first;
  double length = length_of (cue, count);
  double room = (double) rules->line_length * rules->lines;
  double duration = (double) (cue[count - 1].end - cue->start) / NS;
  double cost = 1 + 0.5 * (1 - length / room) * (1 - length / room);

  if (count > 1
      && (lines_needed (cue, count, rules) > (guint) rules->lines
          || duration > rules->max_duration))
    return INFINITY;
  for (guint i = 0; i + 1 < count; i++)
    cost += 2 * MIN (pause_after (cue, i), FULL_PAUSE);
  if (end < n) {
    double shown = (double) (words[end].start - cue->start) / NS;
    double needed = MAX (length / rules->reading_speed, rules->min_duration);

    cost += 2 * (FULL_PAUSE - MIN (pause_after (words, end - 1), FULL_PAUSE));
    cost += 3 * MAX (needed - shown, 0);
  }
  return cost;
}

static void
add_cue (GPtrArray *captions, const DocumentWord *words, guint n,
    const CaptionRules *rules)
{
  Caption *caption = g_new (Caption, 1);

  caption->start = words->start;
  caption->end = MIN (words[n - 1].end,
      words->start + (guint64) (rules->max_duration * NS));
  caption->text = set_lines (words, n, rules);
  g_ptr_array_add (captions, caption);
}

/* The cheapest path over the places between words. */
static void
cut (GPtrArray *captions, const DocumentWord *words, guint n,
    const CaptionRules *rules)
{
  g_autofree double *best = g_new (double, n + 1);
  g_autofree guint *next = g_new0 (guint, n + 1);

  best[n] = 0;
  for (guint first = n; first-- > 0;) {
    best[first] = INFINITY;
    for (guint end = first + 1; end <= n; end++) {
      double cost = cue_cost (words, first, end, n, rules);

      if (isinf (cost))
        break;
      if (cost + best[end] < best[first]) {
        best[first] = cost + best[end];
        next[first] = end;
      }
    }
  }
  for (guint first = 0; first < n; first = next[first])
    add_cue (captions, words + first, next[first] - first, rules);
}

/* --- times --------------------------------------------------------------- */

static void
set_times (GPtrArray *captions, const CaptionRules *rules)
{
  guint64 gap = (guint64) (rules->gap * NS);
  guint64 shortest = (guint64) (rules->min_duration * NS);
  guint64 free_from = 0; /* the end of the cue before, and the gap */

  for (guint i = 0; i < captions->len; i++) {
    Caption *caption = g_ptr_array_index (captions, i);
    const Caption *next
        = i + 1 < captions->len ? g_ptr_array_index (captions, i + 1) : NULL;
    guint64 needed = (guint64) ((double) g_utf8_strlen (caption->text, -1)
        / rules->reading_speed * NS);
    guint64 wanted;

    needed = MIN (needed, (guint64) (rules->max_duration * NS));
    caption->start = MAX (caption->start, free_from);
    wanted = MAX (caption->end, caption->start + MAX (needed, shortest));
    if (next != NULL && wanted + gap > next->start)
      wanted = next->start > gap ? next->start - gap : 0;
    /* Also where there is no room; at least 1 ms, as formats count. */
    caption->end = MAX (wanted, caption->start + MAX (shortest, 1000000));
    free_from = caption->end + gap;
  }
}

static void
cut_gestures (GPtrArray *captions, const Document *document,
    const CaptionRules *rules)
{
  CaptionRules long_ones = *rules;

  long_ones.max_duration = G_MAXINT;
  for (guint i = 0; i < document->gestures->len; i++) {
    const DocumentGesture *gesture = document_gesture (document, i);
    DocumentWord word
        = { gesture->label, gesture->start, gesture->end, gesture->confidence };

    add_cue (captions, &word, 1, &long_ones);
  }
}

GPtrArray *
captions_new (const Document *document, const CaptionRules *rules)
{
  GPtrArray *captions = g_ptr_array_new_with_free_func (caption_free);

  for (guint i = 0; i < document->utterances->len; i++) {
    const DocumentUtterance *utterance = document_utterance (document, i);
    const DocumentWord whole = { utterance->text, utterance->start,
      utterance->end, utterance->confidence };

    if (utterance->n_words > 0)
      cut (captions, document_word (document, utterance->first_word),
          utterance->n_words, rules);
    else if (utterance->text[0] != '\0')
      cut (captions, &whole, 1, rules);
  }
  if (!document->is_speech)
    cut_gestures (captions, document, rules);
  set_times (captions, rules);
  return captions;
}
