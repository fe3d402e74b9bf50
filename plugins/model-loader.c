/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plugins/model-loader.h"

#define PROGRESS_CODE "load-model"

typedef enum {
  LOADER_IDLE,
  LOADER_LOADING,
  LOADER_LOADED,
  LOADER_FAILED,
} LoaderState;

struct _GstRnnModelLoader {
  GstElement *element;
  const char *task;
  GstRnnModelLoadedFunc loaded;

  GThread *thread;
  char *name; /* the thread's alone while it runs */

  GMutex lock; /* guards what follows; never held while posting */
  GCond cond;
  LoaderState state;
  gboolean cancelled;
  gboolean flushing;
  RnncModel *model;
};

GstRnnModelLoader *
gst_rnn_model_loader_new (GstElement *element, const char *task,
    GstRnnModelLoadedFunc loaded)
{
  GstRnnModelLoader *loader = g_new0 (GstRnnModelLoader, 1);

  loader->element = element;
  loader->task = task;
  loader->loaded = loaded;
  g_mutex_init (&loader->lock);
  g_cond_init (&loader->cond);
  return loader;
}

void
gst_rnn_model_loader_free (GstRnnModelLoader *loader)
{
  gst_rnn_model_loader_stop (loader);
  gst_rnn_model_loader_release (loader);
  g_mutex_clear (&loader->lock);
  g_cond_clear (&loader->cond);
  g_free (loader);
}

static gint
resource_code (const GError *error, gboolean found)
{
  if (!found)
    return GST_RESOURCE_ERROR_NOT_FOUND;
  if (g_error_matches (error, RNNC_ERROR, RNNC_ERROR_IO))
    return GST_RESOURCE_ERROR_OPEN_READ;
  if (g_error_matches (error, RNNC_ERROR, RNNC_ERROR_UNSUPPORTED))
    return GST_RESOURCE_ERROR_SETTINGS;
  return GST_RESOURCE_ERROR_READ;
}

static void
post_progress (GstRnnModelLoader *loader, GstProgressType type,
    const char *text)
{
  gst_element_post_message (loader->element,
      gst_message_new_progress (GST_OBJECT (loader->element), type,
          PROGRESS_CODE, text));
}

static void
post_failure (GstRnnModelLoader *loader, const char *path, const GError *error)
{
  post_progress (loader, GST_PROGRESS_TYPE_ERROR, error->message);
  gst_element_message_full (loader->element, GST_MESSAGE_ERROR,
      GST_RESOURCE_ERROR, resource_code (error, path != NULL),
      g_strdup (error->message),
      g_strdup_printf ("%s model: %s", loader->task,
          path != NULL ? path : "none found"),
      __FILE__, GST_FUNCTION, __LINE__);
}

static gboolean
is_cancelled (GstRnnModelLoader *loader)
{
  gboolean cancelled;

  g_mutex_lock (&loader->lock);
  cancelled = loader->cancelled;
  g_mutex_unlock (&loader->lock);
  return cancelled;
}

/* Keeps @model (transfer full) (nullable) and wakes whoever waits. */
static void
finish (GstRnnModelLoader *loader, LoaderState state, RnncModel *model)
{
  RnncModel *last;

  g_mutex_lock (&loader->lock);
  last = loader->model;
  loader->model = model;
  loader->state = state;
  g_cond_broadcast (&loader->cond);
  g_mutex_unlock (&loader->lock);
  if (last != NULL)
    rnnc_model_unref (last);
}

static gpointer
load (gpointer user_data)
{
  GstRnnModelLoader *loader = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (RnncModel) model = NULL;
  g_autofree char *path = rnnc_model_find (loader->name, loader->task, &error);
  g_autofree char *text
      = g_strdup_printf ("Loading %s", path != NULL ? path : "a model");

  post_progress (loader, GST_PROGRESS_TYPE_START, text);
  if (path != NULL)
    model = rnnc_model_load (path, &error);
  if (model != NULL && !is_cancelled (loader)
      && !loader->loaded (loader->element, model, &error))
    g_clear_pointer (&model, rnnc_model_unref);

  if (is_cancelled (loader)) {
    post_progress (loader, GST_PROGRESS_TYPE_CANCELED, "Loading was canceled");
    finish (loader, LOADER_IDLE, g_steal_pointer (&model));
  } else if (model == NULL) {
    post_failure (loader, path, error);
    finish (loader, LOADER_FAILED, NULL);
  } else {
    g_free (text);
    text = g_strdup_printf ("Loaded %s", path);
    post_progress (loader, GST_PROGRESS_TYPE_COMPLETE, text);
    finish (loader, LOADER_LOADED, g_steal_pointer (&model));
  }
  return NULL;
}

void
gst_rnn_model_loader_start (GstRnnModelLoader *loader, const char *name)
{
  gst_rnn_model_loader_stop (loader);
  g_free (loader->name);
  loader->name = name != NULL && *name != '\0' ? g_strdup (name) : NULL;
  g_mutex_lock (&loader->lock);
  loader->state = LOADER_LOADING;
  loader->cancelled = FALSE;
  loader->flushing = FALSE;
  g_mutex_unlock (&loader->lock);
  loader->thread = g_thread_new ("rnn-model-loader", load, loader);
}

void
gst_rnn_model_loader_cancel (GstRnnModelLoader *loader)
{
  g_mutex_lock (&loader->lock);
  loader->cancelled = TRUE;
  g_cond_broadcast (&loader->cond);
  g_mutex_unlock (&loader->lock);
}

void
gst_rnn_model_loader_stop (GstRnnModelLoader *loader)
{
  gst_rnn_model_loader_cancel (loader);
  g_clear_pointer (&loader->thread, g_thread_join);
  g_mutex_lock (&loader->lock);
  loader->state = LOADER_IDLE;
  g_mutex_unlock (&loader->lock);
}

void
gst_rnn_model_loader_release (GstRnnModelLoader *loader)
{
  g_clear_pointer (&loader->model, rnnc_model_unref);
  g_clear_pointer (&loader->name, g_free);
}

void
gst_rnn_model_loader_set_flushing (GstRnnModelLoader *loader, gboolean flushing)
{
  g_mutex_lock (&loader->lock);
  loader->flushing = flushing;
  g_cond_broadcast (&loader->cond);
  g_mutex_unlock (&loader->lock);
}

GstFlowReturn
gst_rnn_model_loader_wait (GstRnnModelLoader *loader)
{
  GstFlowReturn result = GST_FLOW_FLUSHING;

  g_mutex_lock (&loader->lock);
  while (loader->state == LOADER_LOADING && !loader->cancelled
      && !loader->flushing)
    g_cond_wait (&loader->cond, &loader->lock);
  if (!loader->cancelled && !loader->flushing) {
    if (loader->state == LOADER_LOADED)
      result = GST_FLOW_OK;
    else if (loader->state == LOADER_FAILED)
      result = GST_FLOW_ERROR;
  }
  g_mutex_unlock (&loader->lock);
  return result;
}

RnncModel *
gst_rnn_model_loader_get_model (GstRnnModelLoader *loader)
{
  RnncModel *model = NULL;

  g_mutex_lock (&loader->lock);
  if (loader->state == LOADER_LOADED)
    model = rnnc_model_ref (loader->model);
  g_mutex_unlock (&loader->lock);
  return model;
}
