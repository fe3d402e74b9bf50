/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ONNX Runtime through its C interface, one thread. The library is opened when
 * the program runs: there is nothing to build against. Its table of functions
 * only ever grows at the end, so that their places are known. */
#include <dlfcn.h>

#include "tests/bench/peer.h"

enum {
  GET_ERROR_MESSAGE = 2,
  CREATE_ENV = 3,
  CREATE_SESSION_FROM_ARRAY = 8,
  RUN = 9,
  CREATE_SESSION_OPTIONS = 10,
  SET_INTRA_OP_NUM_THREADS = 24,
  SET_INTER_OP_NUM_THREADS = 25,
  CREATE_TENSOR_WITH_DATA = 49,
  CREATE_CPU_MEMORY_INFO = 69,
};

#define API_VERSION 12

typedef void *(*Function) (void);

typedef struct {
  const Function *(*get_api) (guint32 version);
  const char *(*get_version) (void);
} ApiBase;

typedef struct {
  gpointer session;
  gsize n_values; /* inputs, and as many outputs */
  const char *const *input_names, *const *output_names;
  gpointer inputs[SPEECH_VALUES], outputs[SPEECH_VALUES];
} Session;

static const char *const lstm_inputs[] = { "x", "h", "c" };
static const char *const lstm_outputs[] = { "y", "h1", "c1" };

static const Function *api;
static gpointer env, memory_info;

#define CALL(place, types, ...)                                                \
  check (((gpointer (*) types) (void (*) (void)) api[place]) (__VA_ARGS__))

/* @status: %NULL where all is well */
static gboolean
check (gpointer status)
{
  if (status != NULL)
    g_printerr ("ONNX Runtime: %s\n",
        ((const char *(*) (gpointer)) (
            void (*) (void)) api[GET_ERROR_MESSAGE]) (status));
  return status == NULL;
}

static gboolean
open_library (void)
{
  const char *path = g_getenv ("RNNC_BENCH_ONNXRUNTIME");
  const ApiBase *(*get_base) (void) = NULL;
  void *library;

  if (api != NULL)
    return TRUE;
  library = dlopen (path != NULL ? path : "libonnxruntime.so.1", RTLD_NOW);
  if (library == NULL)
    return FALSE;
  *(void **) &get_base = dlsym (library, "OrtGetApiBase");
  if (get_base == NULL)
    return FALSE;
  api = get_base ()->get_api (API_VERSION);
  g_printerr ("ONNX Runtime %s\n", get_base ()->get_version ());
  return api != NULL
      && CALL (CREATE_ENV, (int, const char *, gpointer *), 3, "bench", &env)
      && CALL (CREATE_CPU_MEMORY_INFO, (int, int, gpointer *), 1, 0,
          &memory_info);
}

/* @shape: up to the first 0 */
static gpointer
new_tensor (const guint64 *shape)
{
  gpointer value = NULL;
  gsize rank, n = 1;
  float *data;

  for (rank = 0; shape[rank] > 0; rank++)
    n *= shape[rank];
  data = random_floats (n);
  CALL (CREATE_TENSOR_WITH_DATA,
      (gpointer, gpointer, gsize, const gint64 *, gsize, int, gpointer *),
      memory_info, data, n * sizeof *data, (const gint64 *) shape, rank, 1,
      &value);
  return value;
}

static void
run (gpointer data)
{
  Session *session = data;

  CALL (RUN,
      (gpointer, gpointer, const char *const *, gpointer *, gsize,
          const char *const *, gsize, gpointer *),
      session->session, NULL, session->input_names, session->inputs,
      session->n_values, session->output_names, session->n_values,
      session->outputs);
}

static void
make_lstm_values (Session *session, const Work *work)
{
  const guint64 state[] = { 1, work->batch, work->hidden, 0 };
  const guint64 in[] = { work->n_frames, work->batch, work->hidden, 0 };
  const guint64 out[] = { work->n_frames, 1, work->batch, work->hidden, 0 };

  for (guint i = 0; i < session->n_values; i++) {
    session->inputs[i] = new_tensor (i == 0 ? in : state);
    session->outputs[i] = new_tensor (i == 0 ? out : state);
  }
}

static void
make_values (Session *session, const Work *work)
{
  const guint64 image[] = { 1, 3, CONV2D_SIZE, CONV2D_SIZE, 0 };
  const guint64 features[] = { 1, conv2d_channels[CONV2D_LAYERS],
    CONV2D_SIZE / 16, CONV2D_SIZE / 16, 0 };

  session->input_names = lstm_inputs;
  session->output_names = lstm_outputs;
  switch (work->kind) {
    case WORK_LSTM:
      session->n_values = G_N_ELEMENTS (lstm_inputs);
      make_lstm_values (session, work);
      break;
    case WORK_CONV2D:
      session->n_values = 1;
      session->inputs[0] = new_tensor (image);
      session->outputs[0] = new_tensor (features);
      break;
    case WORK_SPEECH:
      session->n_values = SPEECH_VALUES;
      session->input_names = onnx_speech_inputs;
      session->output_names = onnx_speech_outputs;
      for (guint i = 0; i < SPEECH_VALUES; i++) {
        session->inputs[i] = new_tensor (onnx_speech_shape (i, TRUE));
        session->outputs[i] = new_tensor (onnx_speech_shape (i, FALSE));
      }
      break;
    case WORK_TRAIN:
      g_assert_not_reached ();
  }
}

gboolean
contender_onnxruntime (Contender *contender, const Work *work)
{
  Session *session;
  gpointer options = NULL;
  GBytes *model;

  if (work->kind == WORK_TRAIN || !open_library ()
      || !CALL (CREATE_SESSION_OPTIONS, (gpointer *), &options)
      || !CALL (SET_INTRA_OP_NUM_THREADS, (gpointer, int), options, 1)
      || !CALL (SET_INTER_OP_NUM_THREADS, (gpointer, int), options, 1))
    return FALSE;
  session = g_new0 (Session, 1);
  model = onnx_model (work);
  if (!CALL (CREATE_SESSION_FROM_ARRAY,
          (gpointer, gconstpointer, gsize, gpointer, gpointer *), env,
          g_bytes_get_data (model, NULL), g_bytes_get_size (model), options,
          &session->session))
    return FALSE;
  make_values (session, work);
  *contender = (Contender){ "onnxruntime", run, session };
  return TRUE;
}
