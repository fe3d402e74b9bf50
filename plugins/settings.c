/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugins/settings.h"

const GstRnnField *
gst_rnn_field_find (const GstRnnField *table, guint id)
{
  for (; table->id != 0; table++)
    if (table->id == id)
      return table;
  return NULL;
}

void
gst_rnn_field_set (const GstRnnField *field, gpointer settings,
    const GValue *value)
{
  gpointer place = (char *) settings + field->offset;

  if (G_VALUE_HOLDS_UINT (value))
    *(guint *) place = g_value_get_uint (value);
  else if (G_VALUE_HOLDS_INT64 (value))
    *(gint64 *) place = g_value_get_int64 (value);
  else if (G_VALUE_HOLDS_BOOLEAN (value))
    *(gboolean *) place = g_value_get_boolean (value);
  else if (G_VALUE_HOLDS_DOUBLE (value))
    *(double *) place = g_value_get_double (value);
  else
    *(gint *) place = g_value_get_enum (value);
}

void
gst_rnn_field_get (const GstRnnField *field, gconstpointer settings,
    GValue *value)
{
  gconstpointer place = (const char *) settings + field->offset;

  if (G_VALUE_HOLDS_UINT (value))
    g_value_set_uint (value, *(const guint *) place);
  else if (G_VALUE_HOLDS_INT64 (value))
    g_value_set_int64 (value, *(const gint64 *) place);
  else if (G_VALUE_HOLDS_BOOLEAN (value))
    g_value_set_boolean (value, *(const gboolean *) place);
  else if (G_VALUE_HOLDS_DOUBLE (value))
    g_value_set_double (value, *(const double *) place);
  else
    g_value_set_enum (value, *(const gint *) place);
}
