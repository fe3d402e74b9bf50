/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What `rnncore info` says of a model. */
#include <string.h>

#include "rnncore/rnncore.h"
#include "tests/support/random-model.h"

static void
test_lines (void)
{
  static const char *const expected[] = {
    "task        speech, en\n",
    "front end   log-mel, 16000 Hz, window 400, hop 160, 8 bands 20..8000 Hz\n",
    "fc               dense                     8            3           27"
    "          108           24\n",
    "parameters  27, 108 bytes as stored\n",
    "latency     25.0 ms, 400 samples (stride 1, look-ahead 0 frames)\n",
    "labels      3: <blank> ␣ é\n",
    "name        tiny\n",
    "licence     CC0-1.0\n",
    "data        [\"an4\",\"fsdd\"]\n",
    "trained     2026-11-01\n",
    "results     {\"wer\":0.25}\n",
  };
  g_autoptr (RnncModel) model = random_model_from_text (
      "{'format':1,'task':'speech','language':'en','frontend':{'type':"
      "'log-mel','mels':8},'layers':[{'type':'dense','name':'fc','units':3}],"
      "'labels':['<blank>',' ','é'],'blank':0,'name':'tiny','licence':"
      "'CC0-1.0','data':['an4','fsdd'],'trained':'2026-11-01','results':"
      "{'wer':0.25}}");
  g_autofree char *summary = rnnc_model_summary (model);

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    if (strstr (summary, expected[i]) == NULL)
      g_error ("\"%s\" is not in\n%s", expected[i], summary);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/summary/lines", test_lines);
  return g_test_run ();
}
