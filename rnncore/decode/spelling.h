/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Files of words, line by line, and what they are in a model's letters. */
#pragma once

#include "rnncore/rnnc-model.h"

G_BEGIN_DECLS

#define RNNC_MAX_TEXT_BYTES (1 << 20)
#define RNNC_MAX_TEXT_LETTERS 255

/**
 * rnnc_text_load:
 *
 * Returns: (transfer full): the lines of a file of UTF-8, without their ends
 *   and a byte order mark; %NULL with @error naming the file
 */
GStrv rnnc_text_load (const char *path, GError **error);

/* Whether nothing is to be read in a line: empty, or a comment. */
gboolean rnnc_text_is_idle (const char *line);

typedef struct {
  RnncModel *model; /* lent */
  gint space;       /* -1: none */
  gboolean words;   /* its labels are words */
  gboolean fold;    /* it has no upper case */
} RnncSpelling;

void rnnc_spelling_init (RnncSpelling *spelling, RnncModel *model);

/**
 * rnnc_spell:
 * @text: @n_bytes of UTF-8
 * @letters: (element-type guint16): labels are appended, words joined by the
 *   label " " where there is one
 *
 * The longest label that fits, from left to right; where labels are words, the
 * word itself.
 *
 * Returns: %FALSE with @error saying which letter the model does not know, that
 *   it is too long, or that there is none
 */
gboolean rnnc_spell (const RnncSpelling *spelling, const char *text,
    gsize n_bytes, GArray *letters, GError **error);

/* "NAME:LINE: " before the message; a file's path, or what else it is. */
void rnnc_text_name_line (GError **error, const char *name, guint line);

/* Whether both have the same labels and blank. */
gboolean rnnc_same_labels (RnncModel *a, RnncModel *b);

G_END_DECLS
