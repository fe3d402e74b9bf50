/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/sounding-models.h"

#include "tests/support/random-model.h"

RnncModel *
sounding_speech_model (void)
{
  return random_model_from_text (
      "{'format':1,'task':'speech','frontend':{'type':'none','features':3},"
      "'layers':[{'type':'dense','name':'d','units':8},"
      "{'type':'log-softmax','split':4}],'labels':['_',' ','a','b'],'blank':0,"
      "'phones':['-','|','x','y']}");
}

/* clang-format off: it breaks strings in the midst */
char *
sounding_language_description (const char *pronunciations)
{
  return g_strdup_printf ("{'format':1,'task':'language-model',"
                          "'frontend':{'type':'none','features':1},"
                          "'layers':[{'type':'embedding','name':'e','entries':"
                          "4,'units':6},"
                          "{'type':'gru','name':'r','hidden':5},"
                          "{'type':'dense','name':'d','units':4},{'type':'log-"
                          "softmax'}],"
                          "'labels':['b','a',' "
                          "','<end>'],'pronunciations':'%s'}",
      pronunciations);
}
/* clang-format on */

RnncLanguageModel *
sounding_language_model (const char *pronunciations)
{
  g_autofree char *text = sounding_language_description (pronunciations);
  g_autoptr (RnncModel) model = random_model_from_text (text);
  GError *error = NULL;
  RnncLanguageModel *made = rnnc_language_model_new (model, &error);

  g_assert_no_error (error);
  return made;
}
