/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/tools/web-driver.h"

#include <stdlib.h>
#include <string.h>

#define ELEMENT "element-6066-11e4-a52e-4f735466cecf"

struct _WebDriver {
  GSubprocess *process;
  guint16 port;
  char *session;
};

/* Whether all of an answer is there: the server keeps the connection open. */
static gboolean
is_complete (const GString *answer)
{
  const char *body = strstr (answer->str, "\r\n\r\n");
  const char *length;

  if (body == NULL)
    return FALSE;
  length = g_strstr_len (answer->str, body - answer->str, "ontent-Length:");
  if (length == NULL)
    length = g_strstr_len (answer->str, body - answer->str, "ontent-length:");
  g_assert_nonnull (length);
  return strlen (body + 4)
      >= g_ascii_strtoull (length + strlen ("ontent-Length:"), NULL, 10);
}

/* One exchange on a connection of its own. Returns: the answer's "value". */
static JsonNode *
exchange (WebDriver *driver, const char *method, const char *path,
    const char *body)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GString) answer = g_string_new (NULL);
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *request
      = g_strdup_printf ("%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: "
                         "close\r\n"
                         "Content-Type: application/json; charset=utf-8\r\n"
                         "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n%s",
          method, path, body ? strlen (body) : 0, body ? body : "");
  GInputStream *in;
  char buffer[4096];
  gssize n;
  const char *json;

  g_socket_client_set_timeout (client, 120);
  connection = g_socket_client_connect_to_host (client, "127.0.0.1",
      driver->port, NULL, NULL);
  if (connection == NULL)
    return NULL;
  g_output_stream_write_all (g_io_stream_get_output_stream (
                                 G_IO_STREAM (connection)),
      request, strlen (request), NULL, NULL, NULL);
  in = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  while (!is_complete (answer)
      && (n = g_input_stream_read (in, buffer, sizeof buffer, NULL, NULL)) > 0)
    g_string_append_len (answer, buffer, n);
  json = strstr (answer->str, "\r\n\r\n");
  node = json ? json_from_string (json + 4, NULL) : NULL;
  if (node == NULL || !g_str_has_prefix (answer->str, "HTTP/1.1 200")) {
    g_test_message ("%s %s: %s", method, path, answer->str);
    return NULL;
  }
  return json_node_copy (
      json_object_get_member (json_node_get_object (node), "value"));
}

static JsonNode *
command (WebDriver *driver, const char *what, const char *body)
{
  g_autofree char *path
      = g_strdup_printf ("/session/%s/%s", driver->session, what);
  JsonNode *value = exchange (driver, "POST", path, body);

  g_assert_nonnull (value);
  return value;
}

static char *
quote (const char *text)
{
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), text);

  return json_to_string (node, FALSE);
}

static guint16
free_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();

  return g_socket_listener_add_any_inet_port (listener, NULL, NULL);
}

static gboolean
begin_session (WebDriver *driver)
{
  static const char body[]
      = "{\"capabilities\":{\"alwaysMatch\":{\"goog:chromeOptions\":{\"args\":["
        "\"--headless=new\",\"--no-sandbox\",\"--disable-gpu\","
        "\"--disable-dev-shm-usage\",\"--window-size=1200,900\","
        "\"--autoplay-policy=no-user-gesture-required\"]}}}}";

  for (guint i = 0; i < 600; i++) {
    g_autoptr (JsonNode) status = exchange (driver, "GET", "/status", NULL);

    if (status != NULL) {
      g_autoptr (JsonNode) value = exchange (driver, "POST", "/session", body);

      if (value == NULL)
        return FALSE;
      driver->session = g_strdup (
          json_object_get_string_member (json_node_get_object (value),
              "sessionId"));
      return TRUE;
    }
    g_usleep (100000);
  }
  return FALSE;
}

WebDriver *
web_driver_new (void)
{
  g_autofree char *chromium = g_find_program_in_path ("chromium");
  g_autofree char *program = g_find_program_in_path ("chromedriver");
  g_autofree char *option = NULL;
  WebDriver *driver;

  if (chromium == NULL || program == NULL)
    return NULL;
  driver = g_new0 (WebDriver, 1);
  driver->port = free_port ();
  option = g_strdup_printf ("--port=%u", driver->port);
  driver->process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_SILENCE
          | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
      NULL, program, option, NULL);
  g_assert_nonnull (driver->process);
  g_assert_true (begin_session (driver));
  return driver;
}

void
web_driver_free (WebDriver *driver)
{
  g_autofree char *path = NULL;

  if (driver == NULL)
    return;
  path = g_strconcat ("/session/", driver->session, NULL);
  json_node_unref (exchange (driver, "DELETE", path, NULL));
  g_subprocess_force_exit (driver->process);
  g_subprocess_wait (driver->process, NULL, NULL);
  g_object_unref (driver->process);
  g_free (driver->session);
  g_free (driver);
}

void
web_driver_open (WebDriver *driver, const char *uri)
{
  g_autofree char *quoted = quote (uri);
  g_autofree char *body = g_strdup_printf ("{\"url\":%s}", quoted);

  json_node_unref (command (driver, "url", body));
}

/* (transfer full) */
static char *
find (WebDriver *driver, const char *selector)
{
  g_autofree char *quoted = quote (selector);
  g_autofree char *body
      = g_strdup_printf ("{\"using\":\"css selector\",\"value\":%s}", quoted);
  g_autoptr (JsonNode) value = command (driver, "element", body);

  return g_strdup (
      json_object_get_string_member (json_node_get_object (value), ELEMENT));
}

void
web_driver_click (WebDriver *driver, const char *selector)
{
  g_autofree char *element = find (driver, selector);
  g_autofree char *what = g_strdup_printf ("element/%s/click", element);

  json_node_unref (command (driver, what, "{}"));
}

void
web_driver_type (WebDriver *driver, const char *selector, const char *text)
{
  g_autofree char *element = find (driver, selector);
  g_autofree char *what = g_strdup_printf ("element/%s/value", element);
  g_autofree char *quoted = quote (text);
  g_autofree char *body = g_strdup_printf ("{\"text\":%s}", quoted);

  json_node_unref (command (driver, what, body));
}

char *
web_driver_ask (WebDriver *driver, const char *script)
{
  g_autofree char *quoted = quote (script);
  g_autofree char *body
      = g_strdup_printf ("{\"script\":%s,\"args\":[]}", quoted);
  g_autoptr (JsonNode) value = command (driver, "execute/sync", body);

  return json_to_string (value, FALSE);
}

gboolean
web_driver_wait (WebDriver *driver, const char *script)
{
  for (guint i = 0; i < 600; i++) {
    g_autofree char *answer = web_driver_ask (driver, script);

    if (g_str_equal (answer, "true"))
      return TRUE;
    g_usleep (100000);
  }
  g_test_message ("never true: %s", script);
  return FALSE;
}
