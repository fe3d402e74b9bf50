/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ELAN's annotation format, EAF 3.0 (Max Planck Institute, "EAF Annotation
 * Format 3.0 and ELAN"): tiers of annotations between time slots. Speech has
 * the tiers "speech", "words" inside its utterances, and "confidence" of each
 * word; gestures have "gestures" and "gesture confidence". */
#include "tools/common/clock.h"
#include "tools/output/format.h"

typedef struct {
  GString *slots;
  GString *tiers;
  guint n_slots;
  guint n_annotations;
} Eaf;

/* Slots are in the order of their times as the writer goes: times never go
 * back, and a slot of its own for each end lets annotations be moved apart. */
static guint
add_slot (Eaf *eaf, guint64 ms)
{
  g_string_append_printf (eaf->slots,
      "    <TIME_SLOT TIME_SLOT_ID=\"ts%u\" TIME_VALUE=\"%" G_GUINT64_FORMAT
      "\"/>\n",
      ++eaf->n_slots, ms);
  return eaf->n_slots;
}

static void
append_value (GString *out, const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  g_string_append_printf (out, "<ANNOTATION_VALUE>%s</ANNOTATION_VALUE>",
      escaped);
}

static guint
add_alignable (Eaf *eaf, GString *tier, guint first, guint second,
    const char *text)
{
  g_string_append_printf (tier,
      "    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a%u\" "
      "TIME_SLOT_REF1=\"ts%u\" TIME_SLOT_REF2=\"ts%u\">",
      ++eaf->n_annotations, first, second);
  append_value (tier, text);
  g_string_append (tier, "</ALIGNABLE_ANNOTATION></ANNOTATION>\n");
  return eaf->n_annotations;
}

static void
add_confidence (Eaf *eaf, GString *tier, guint reference, double confidence)
{
  g_autoptr (GString) text = g_string_new (NULL);

  json_append_number (text, confidence, 3);
  g_string_append_printf (tier,
      "    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID=\"a%u\" "
      "ANNOTATION_REF=\"a%u\">",
      ++eaf->n_annotations, reference);
  append_value (tier, text->str);
  g_string_append (tier, "</REF_ANNOTATION></ANNOTATION>\n");
}

static void
add_tier (Eaf *eaf, const char *id, const char *type, const char *parent,
    const GString *annotations)
{
  g_string_append_printf (eaf->tiers,
      "  <TIER TIER_ID=\"%s\" LINGUISTIC_TYPE_REF=\"%s\"", id, type);
  if (parent != NULL)
    g_string_append_printf (eaf->tiers, " PARENT_REF=\"%s\"", parent);
  g_string_append_printf (eaf->tiers, ">\n%s  </TIER>\n", annotations->str);
}

/* At least 1 ms from *@at on, inside what is left before @limit; *@at moves to
 * its end. */
static void
place (guint64 *at, guint64 *start, guint64 *end, guint64 limit)
{
  *start = MIN (MAX (*start, *at), limit - 1);
  *end = CLAMP (*end, *start + 1, limit);
  *at = *end;
}

/* All slots of an utterance: its own, around those of its words. */
static void
add_utterance (Eaf *eaf, const Document *document,
    const DocumentUtterance *utterance, guint64 *free_from, GString *speech,
    GString *words, GString *confidences)
{
  guint64 start = MAX (clock_milliseconds (utterance->start), *free_from);
  guint64 end = MAX (clock_milliseconds (utterance->end),
      start + MAX (utterance->n_words, 1));
  guint64 at = start;
  guint first = add_slot (eaf, start);
  guint last;
  g_autoptr (GString) inside = g_string_new (NULL);
  g_autoptr (GString) sure = g_string_new (NULL);

  for (guint i = 0; i < utterance->n_words; i++) {
    const DocumentWord *word
        = document_word (document, utterance->first_word + i);
    guint64 from = clock_milliseconds (word->start);
    guint64 to = clock_milliseconds (word->end);
    guint slot, annotation;

    place (&at, &from, &to, end - (utterance->n_words - 1 - i));
    slot = add_slot (eaf, from);
    annotation
        = add_alignable (eaf, inside, slot, add_slot (eaf, to), word->text);
    add_confidence (eaf, sure, annotation, word->confidence);
  }
  last = add_slot (eaf, end);
  add_alignable (eaf, speech, first, last, utterance->text);
  g_string_append_len (words, inside->str, (gssize) inside->len);
  g_string_append_len (confidences, sure->str, (gssize) sure->len);
  *free_from = end;
}

static void
add_speech (Eaf *eaf, const Document *document)
{
  g_autoptr (GString) speech = g_string_new (NULL);
  g_autoptr (GString) words = g_string_new (NULL);
  g_autoptr (GString) confidences = g_string_new (NULL);
  guint64 free_from = 0;

  for (guint i = 0; i < document->utterances->len; i++)
    add_utterance (eaf, document, document_utterance (document, i), &free_from,
        speech, words, confidences);
  add_tier (eaf, "speech", "utterance", NULL, speech);
  add_tier (eaf, "words", "word", "speech", words);
  add_tier (eaf, "confidence", "confidence", "words", confidences);
}

static void
add_gestures (Eaf *eaf, const Document *document)
{
  g_autoptr (GString) gestures = g_string_new (NULL);
  g_autoptr (GString) confidences = g_string_new (NULL);
  guint64 at = 0;

  for (guint i = 0; i < document->gestures->len; i++) {
    const DocumentGesture *gesture = document_gesture (document, i);
    guint64 from = clock_milliseconds (gesture->start);
    guint64 to = clock_milliseconds (gesture->end);
    guint slot, annotation;

    place (&at, &from, &to, G_MAXINT64);
    slot = add_slot (eaf, from);
    annotation = add_alignable (eaf, gestures, slot, add_slot (eaf, to),
        gesture->label);
    add_confidence (eaf, confidences, annotation, gesture->confidence);
  }
  add_tier (eaf, "gestures", "gesture", NULL, gestures);
  add_tier (eaf, "gesture confidence", "confidence", "gestures", confidences);
}

static const char types[]
    = "  <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID=\"utterance\" "
      "TIME_ALIGNABLE=\"true\" GRAPHIC_REFERENCES=\"false\"/>\n"
      "  <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID=\"word\" TIME_ALIGNABLE=\"true\" "
      "GRAPHIC_REFERENCES=\"false\" CONSTRAINTS=\"Included_In\"/>\n"
      "  <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID=\"gesture\" "
      "TIME_ALIGNABLE=\"true\" GRAPHIC_REFERENCES=\"false\"/>\n"
      "  <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID=\"confidence\" "
      "TIME_ALIGNABLE=\"false\" GRAPHIC_REFERENCES=\"false\" "
      "CONSTRAINTS=\"Symbolic_Association\"/>\n"
      "  <CONSTRAINT STEREOTYPE=\"Included_In\" DESCRIPTION=\"Time alignable "
      "annotations within the parent annotation's time interval, gaps are "
      "allowed\"/>\n"
      "  <CONSTRAINT STEREOTYPE=\"Symbolic_Association\" DESCRIPTION=\"1-1 "
      "association with a parent annotation\"/>\n";

static void
append_header (const Document *document, GString *out)
{
  g_autofree char *uri = document_uri (document->path);
  g_autofree char *url = g_markup_escape_text (uri, -1);
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *date = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S+00:00");

  g_string_append_printf (out,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<ANNOTATION_DOCUMENT AUTHOR=\"rnncore\" DATE=\"%s\" FORMAT=\"3.0\" "
      "VERSION=\"3.0\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
      "xsi:noNamespaceSchemaLocation=\"http://www.mpi.nl/tools/elan/"
      "EAFv3.0.xsd\">\n"
      "  <HEADER MEDIA_FILE=\"\" TIME_UNITS=\"milliseconds\">\n"
      "    <MEDIA_DESCRIPTOR MEDIA_URL=\"%s\" MIME_TYPE=\"%s\"/>\n",
      date, url, document->is_speech ? "audio/*" : "video/*");
}

void
elan_write (const Document *document, const OutputStyle *style, GString *out)
{
  g_autoptr (GString) slots = g_string_new (NULL);
  g_autoptr (GString) tiers = g_string_new (NULL);
  Eaf eaf = { slots, tiers, 0, 0 };

  if (document->is_speech)
    add_speech (&eaf, document);
  else
    add_gestures (&eaf, document);
  append_header (document, out);
  g_string_append_printf (out,
      "    <PROPERTY NAME=\"lastUsedAnnotationId\">%u</PROPERTY>\n"
      "  </HEADER>\n  <TIME_ORDER>\n%s  </TIME_ORDER>\n%s%s"
      "</ANNOTATION_DOCUMENT>\n",
      eaf.n_annotations, slots->str, tiers->str, types);
}
