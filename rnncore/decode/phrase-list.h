/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Phrases as a file gives them, and as networks. */
#pragma once

#include "rnncore/decode/phrase-network.h"
#include "rnncore/rnnc-decoding.h"

G_BEGIN_DECLS

/* By their letters; lent. */
const RnncPhraseNetwork *rnnc_phrase_list_network (RnncPhraseList *phrases);
/* By their phones, as far as @lexicon has their words; (transfer full): %NULL
 * where it has none of them, or where that would be too large. */
RnncPhraseNetwork *rnnc_phrase_list_network_by_sound (RnncPhraseList *phrases,
    const RnncLexicon *lexicon);
gboolean rnnc_phrase_list_fits (RnncPhraseList *phrases, RnncModel *model);

G_END_DECLS
