/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Speech to text: a stream of a CTC model, its decoder and its endpointing.
 * The element and the command both are thin shells around this. */
#pragma once

#include "rnncore/rnnc-decoding.h"
#include "rnncore/rnnc-stream.h"

G_BEGIN_DECLS

typedef struct _RnncTranscriber RnncTranscriber;

/* Times are ns of audio since the first sample after new, reset or flush. A
 * letter lasts from the frame where it is first the best label to the next
 * blank or other letter; output frame t stands for stride * hop samples around
 * sample t * stride * hop + window / 2. */
typedef struct {
  const char *text; /* UTF-8, no spaces */
  guint64 start;
  guint64 end;
  double confidence; /* 0..1: mean over its letters of the highest posterior
                        in their frames */
} RnncWord;

/* Another reading of an utterance. */
typedef struct {
  const char *text; /* the words joined by single spaces */
  double confidence;
  const RnncWord *words;
  guint n_words; /* at least 1 */
  gint phrase;   /* as in RnncTranscript */
} RnncAlternative;

typedef struct {
  gboolean is_final;    /* FALSE: a partial, may still change */
  guint32 utterance_id; /* counts from 0 */
  guint64 start;        /* of the first word */
  guint64 end;          /* of the last word */
  const char *text;     /* the words joined by single spaces */
  double confidence;    /* mean over the words, weighted by duration; of a
                           phrase: how well it fits, 0..1, see
                           phrase_threshold */
  const RnncWord *words;
  guint n_words; /* a final has at least 1 */
  gint phrase;   /* with a phrase list: the entry of it that was heard, see
                    rnnc_phrase_list_phrase(); else -1 */
  const RnncAlternative *alternatives; /* of finals: best first, all different
                                          from the text */
  guint n_alternatives;                /* at most as many as the options say */
} RnncTranscript;

/* Valid during the call; called from push and flush in their thread. */
typedef void (
    *RnncTranscriptFunc) (const RnncTranscript *transcript, gpointer user_data);

/* What max_utterance may be, ns: 1 s to an hour; to a minute for finals of
 * whole utterances. */
#define RNNC_TRANSCRIBER_MIN_UTTERANCE G_GUINT64_CONSTANT (1000000000)
#define RNNC_TRANSCRIBER_MAX_UTTERANCE G_GUINT64_CONSTANT (3600000000000)
#define RNNC_TRANSCRIBER_MAX_WHOLE G_GUINT64_CONSTANT (60000000000)

#define RNNC_TRANSCRIBER_MAX_BEAM 256
#define RNNC_TRANSCRIBER_MAX_ALTERNATIVES 16
/* The beam where one is needed and none is asked for; where words are sought by
 * how they sound. */
#define RNNC_TRANSCRIBER_DEFAULT_BEAM 64
#define RNNC_TRANSCRIBER_DEFAULT_WORD_BEAM 128

typedef struct {
  guint64 endpoint_silence; /* ns without letters that end an utterance, at
                               least one output frame; default 800 ms */
  guint64 max_utterance;    /* ns from its first letter after which an utterance
                               is ended at the next word boundary, at the latest
                               at 1.25 times this; held to the range above;
                               default 20 s */
  gint64 partial_interval;  /* ns of audio between partials, at least; 0: as
                               soon as the text changes; -1: none. default 0 */
  guint beam_width;         /* prefixes that the search keeps, at most 256. 1:
                               the best path; but where a language model, hot
                               words or alternatives ask for a search, 64, and
                               128 where words are sought by how they sound.
                               default 1 */
  guint alternatives;       /* further readings with each final, at most 16;
                               default 0 */
  gboolean whole;           /* finals of a model that is bidirectional come from
                               a second run over the whole utterance, not from
                               the chunks: in one go, at the endpoint.
                               max_utterance is then at most a minute. Others:
                               without effect. With max_utterance, what it was
                               before the first sample after new, reset or
                               flush. default FALSE */
  double language_weight;   /* of the language model's log-probabilities beside
                               those of the sound, 0..10; default 0.6 */
  double word_bonus;        /* added for each word, natural log, -20..20: what
                               the language model takes from long sentences;
                               without a language model no bonus is given.
                               default 0 */
  double phrase_threshold;  /* with a phrase list: confidence from which a
                               phrase is accepted, 0..1 (0: the nearest phrase
                               always); default 0.1 */
} RnncTranscriberOptions;

RNNC_API void rnnc_transcriber_options_init (RnncTranscriberOptions *options);

/**
 * rnnc_transcriber_new:
 * @options: (nullable): copied; %NULL for the defaults
 *
 * All memory is made here, sized by max_utterance; push, flush and reset never
 * allocate. One thread at a time; @func must not call back into @transcriber.
 *
 * For streams without end the recurrent core is reset at each endpoint that
 * silence made, and again after each max_utterance of silence, between blocks
 * of 4 output frames counted from the first sample. A one-way core then hears
 * the last 16 frames again: what began shortly before is not cut.
 *
 * Returns: (transfer full): %NULL with @error if the model is not an audio
 *   model with CTC letters (a label " " for the word boundary) or words
 *   (rnnc_labels_are_words()), a blank, and log-softmax at the end
 */
RNNC_API RnncTranscriber *
rnnc_transcriber_new (RnncModel *model, const RnncTranscriberOptions *options,
    RnncTranscriptFunc func, gpointer user_data, GError **error);
RNNC_API void rnnc_transcriber_free (RnncTranscriber *transcriber);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RnncTranscriber, rnnc_transcriber_free)

/* Any chunking gives the same partials and finals with the same times. */
RNNC_API void rnnc_transcriber_push (RnncTranscriber *transcriber,
    const float *samples, gsize n_samples);
/* Ends the utterance, yields its final, resets (utterance ids go on). The
 * network first hears rnnc_transcriber_tail() samples of silence; no word's
 * end lies in them. */
RNNC_API void rnnc_transcriber_flush (RnncTranscriber *transcriber);

/**
 * rnnc_transcriber_tail:
 *
 * A network of one direction tells a word only when it has heard that it ended;
 * recordings that are cut close behind the last word would lose it.
 *
 * Returns: samples of silence behind the last, 0.15 s; 0 for a bidirectional
 *   network, which knows that nothing follows
 */
RNNC_API guint rnnc_transcriber_tail (RnncModel *model);
/* Drops what was heard; yields nothing. */
RNNC_API void rnnc_transcriber_reset (RnncTranscriber *transcriber);
/**
 * rnnc_transcriber_decode:
 * @log_posteriors: [n_frames, output size], what rnnc_model_forward() yields
 * for a whole recording
 *
 * Drops what was heard, decodes the recording as one utterance of any length,
 * yields its final and resets. For recordings of a sentence or a few; longer
 * ones are pushed. Allocates where it is longer than max_utterance.
 */
RNNC_API void rnnc_transcriber_decode (RnncTranscriber *transcriber,
    const float *log_posteriors, gsize n_frames);
/* May be called between pushes; takes effect at once, but what changes the
 * search (beam, alternatives, language model; max_utterance where it grows and
 * there is a search) from the next utterance on. Allocates. */
RNNC_API void rnnc_transcriber_set_options (RnncTranscriber *transcriber,
    const RnncTranscriberOptions *options);
/* As rnnc_stream_set_batch_wait(): pushes of transcribers of one model, each in
 * a thread of its own, may wait for each other and go through the network
 * together. May be called between pushes. Allocates. */
RNNC_API gboolean rnnc_transcriber_set_batch_wait (RnncTranscriber *transcriber,
    guint64 wait);
/* What decoding is helped by or held to, made for this model or one with the
 * same labels; %NULL turns it off (phrases: leaves those that the model's file
 * asks for, if it does). A reference is taken. At once if no
 * utterance is running, else from the next one on: what is being said is not
 * lost. All memory is made here, none in the next push. With a phrase list only
 * what is one of the phrases yields transcripts; hot words rest, and of the
 * language model counts how its words sound. */
RNNC_API void rnnc_transcriber_set_phrases (RnncTranscriber *transcriber,
    RnncPhraseList *phrases);
RNNC_API void rnnc_transcriber_set_hot_words (RnncTranscriber *transcriber,
    RnncHotWords *hot_words);
/* @language: of a model whose letters hold those of this model, see
 * rnnc_language_model_fits(). */
RNNC_API void rnnc_transcriber_set_language_model (RnncTranscriber *transcriber,
    RnncLanguageModel *language);

/**
 * rnnc_transcriber_set_voice_activity:
 * @model: (nullable): of task "voice-activity", with a label "speech" and
 *   posteriors (or their logarithms) for outputs, at the rate of this model; a
 *   reference is taken. %NULL: letters alone say where utterances are
 *
 * Has a network say where somebody speaks: letters are heard there and
 * to 300 ms behind it; elsewhere all is blank, so that noise begins no
 * utterance. While somebody speaks an utterance is not ended by
 * endpoint_silence, which counts from the last letter or the end of speech,
 * whichever is later. rnnc_transcriber_decode() hears everything.
 *
 * Drops what was heard, as rnnc_transcriber_reset() does. Allocates. Speech is
 * begun by a posterior of 0.8 and ended by one below 0.6.
 *
 * Returns: %FALSE with @error naming the model's file and the reason; all is
 *   then as it was
 */
RNNC_API gboolean
rnnc_transcriber_set_voice_activity (RnncTranscriber *transcriber,
    RnncModel *model, GError **error);

/* ns up to which everything is decided: all words that start before were in
 * finals, none will start before. During an utterance, the start of its first
 * word or somewhat before; else of the next output frame. Never goes back
 * between resets. What an element's GAP events may cover. */
RNNC_API guint64 rnnc_transcriber_settled (RnncTranscriber *transcriber);
/* ns from a word's last sample to it being in a partial; a network of voice
 * activity may make it longer. */
RNNC_API guint64 rnnc_transcriber_latency (RnncTranscriber *transcriber);

/**
 * rnnc_ctc_greedy:
 * @log_posteriors: [n_frames, n_labels]
 * @labels: (out caller-allocates): room for @n_frames
 *
 * Best path, repeats merged, blanks dropped (Graves et al. 2006).
 *
 * Returns: labels written
 */
RNNC_API gsize rnnc_ctc_greedy (const float *log_posteriors, gsize n_frames,
    guint n_labels, guint blank, guint *labels);

G_END_DECLS
