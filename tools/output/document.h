/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was found in one recording, before it is written in some format. All
 * times are ns since the file's start. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  const char *text;
  guint64 start;
  guint64 end;
  double confidence; /* 0..1 */
} DocumentWord;

typedef struct {
  const char *text;
  double confidence;
} DocumentAlternative;

typedef struct {
  const char *text; /* the words, single spaces between */
  guint64 start;
  guint64 end;
  double confidence;
  guint first_word; /* of the document's words */
  guint n_words;
  guint first_alternative; /* of the document's alternatives */
  guint n_alternatives;
} DocumentUtterance;

typedef struct {
  const char *label;
  guint64 start;
  guint64 end;
  double confidence;
} DocumentGesture;

/* The loudest sample of each so many of the audio, for a picture of it. */
#define DOCUMENT_PEAKS_PER_SECOND 20

typedef struct {
  char *path;    /* as it was given */
  char *display; /* the same as valid UTF-8, no control characters */
  char *model;   /* file name of the model */
  char *language;
  guint64 duration; /* as the file says or as far as decoded */
  gboolean is_clip; /* one gesture, for all of it */
  gboolean is_speech;
  GArray *utterances;
  GArray *words;
  GArray *alternatives;
  GArray *gestures;
  GByteArray *peaks; /* (nullable): 0..255 */
  GStringChunk *texts;
} Document;

Document *document_new (const char *path);
void document_free (Document *document);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Document, document_free)

/* Texts are copied and made valid UTF-8 on one line; ends are not before
 * starts. */
void document_add_word (Document *document, const char *text, guint64 start,
    guint64 end, double confidence);
void document_add_alternative (Document *document, const char *text,
    double confidence);
/* Takes the words and alternatives that were added since the last. */
void document_add_utterance (Document *document, const char *text,
    guint64 start, guint64 end, double confidence);
void document_add_gesture (Document *document, const char *label, guint64 start,
    guint64 end, double confidence);

guint document_n_rows (const Document *document);
const DocumentUtterance *document_utterance (const Document *document, guint i);
const DocumentWord *document_word (const Document *document, guint i);
const DocumentGesture *document_gesture (const Document *document, guint i);

/* Any bytes as valid UTF-8 without control characters. (transfer full) */
char *document_printable (const char *text);
/* file:///… of any path. (transfer full) */
char *document_uri (const char *path);

G_END_DECLS
