/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

#include "rnncore/decode/endpoint.h"

/* One character a frame, in: a letter 'a', a blank inside or behind a word '_',
 * a word boundary ' '; out: '.' nothing, S silence, L length, I idle.
 * Rules: silence 3, maximum 6, latest 8 frames. */
static const struct {
  const char *name;
  const char *in;
  const char *out;
} cases[] = {
  { "silence", "aa___", "....S" },
  { "silence-behind-boundary", "a ___", "...S." },
  { "pause-within", "a__a___", "......S" },
  { "leading-silence", "____a___", ".......S" },
  { "length-at-boundary", "aaaaaaa aa", ".......L.." },
  { "length-behind-boundary", "aaaa _aa", ".....L.." },
  { "length-at-latest", "aaaaaaaaaa", ".......L.." },
  { "no-utterance-no-length", "     a", "......" },
  { "idle", "_______", ".....I." },
  { "idle-again", "a_______________", "...S.....I.....I" },
  { "letter-ends-idle", "_____a_____a", "........S..." },
};

static void
test_endpoint (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  RnncEndpoint endpoint = { .silence = 3, .maximum = 6, .latest = 8 };
  gboolean in_word = FALSE;
  GString *out = g_string_new (NULL);

  for (const char *c = cases[i].in; *c != '\0'; c++) {
    RnncEndpointKind kind;

    if (*c == 'a')
      in_word = TRUE;
    else if (*c == ' ')
      in_word = FALSE;
    kind = rnnc_endpoint_push (&endpoint, *c == 'a', FALSE, in_word);
    g_string_append_c (out, ".SLI"[kind]);
    if (kind == RNNC_ENDPOINT_SILENCE || kind == RNNC_ENDPOINT_LENGTH)
      in_word = FALSE;
  }
  g_assert_cmpstr (out->str, ==, cases[i].out);
  g_string_free (out, TRUE);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    char *path = g_strconcat ("/decode/endpoint/", cases[i].name, NULL);

    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_endpoint);
    g_free (path);
  }
  return g_test_run ();
}
