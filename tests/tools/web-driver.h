/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A browser under remote control: the W3C WebDriver protocol, plain HTTP to
 * Debian's chromedriver on this machine. */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct _WebDriver WebDriver;

/* %NULL where there is no chromium or chromedriver. */
WebDriver *web_driver_new (void);
void web_driver_free (WebDriver *driver);

/* The rest fail the test if the browser refuses. */
void web_driver_open (WebDriver *driver, const char *uri);
/* Clicks in the middle of the first element that the CSS selector names. */
void web_driver_click (WebDriver *driver, const char *selector);
void
web_driver_type (WebDriver *driver, const char *selector, const char *text);
/* What "return …" yields, as JSON text. (transfer full) */
char *web_driver_ask (WebDriver *driver, const char *script);
/* Asks again and again until the answer is "true", for a minute. */
gboolean web_driver_wait (WebDriver *driver, const char *script);

G_END_DECLS
