/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rnncore/base/json-reader.h"
#include "rnncore/model/description.h"
#include "rnncore/rnncore-train.h"

gboolean
rnnc_trainer_parse_frontend (JsonObject *description, const char *origin,
    RnncFrontendConfig *config, GError **error)
{
  g_autofree char *path = g_strdup_printf ("%s: frontend", origin);
  JsonObject *json = NULL;

  *config = (RnncFrontendConfig){ 0 };
  if (!rnnc_json_require (description, origin, "frontend", error)
      || !rnnc_json_get_object (description, origin, "frontend", &json, error))
    return FALSE;
  if (rnnc_frontend_config_parse (json, path, config, error))
    return TRUE;
  rnnc_frontend_config_clear (config);
  return FALSE;
}

void
rnnc_trainer_clear_frontend (RnncFrontendConfig *config)
{
  rnnc_frontend_config_clear (config);
}
