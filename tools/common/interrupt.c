/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/common/interrupt.h"

#include <gio/gio.h>
#include <signal.h>

static volatile sig_atomic_t seen;

static void
note_signal (int number)
{
  seen = 1;
}

void
interrupt_watch (void)
{
  struct sigaction action = { 0 };

  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART | (int) SA_RESETHAND;
  sigemptyset (&action.sa_mask);
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
}

gboolean
interrupt_seen (void)
{
  return seen != 0;
}

gboolean
interrupt_check (GError **error)
{
  if (!seen)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "interrupted");
  return FALSE;
}
