/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ONNX files (onnx.proto, IR version 8) written field by field. */
#include <string.h>

#include "tests/bench/peer.h"

enum { TYPE_FLOAT = 1, TYPE_INT8 = 3, TYPE_INT64 = 7 };

const char *const onnx_speech_inputs[SPEECH_VALUES]
    = { "x", "k", "h0", "c0", "h1", "c1", "h2", "c2", "h3", "c3" };
const char *const onnx_speech_outputs[SPEECH_VALUES]
    = { "y", "kn", "hn0", "cn0", "hn1", "cn1", "hn2", "cn2", "hn3", "cn3" };

const guint64 *
onnx_speech_shape (guint i, gboolean input)
{
  static const guint64 window[] = { 1, SPEECH_MELS, SPEECH_KERNEL, 0 };
  static const guint64 kept[] = { 1, SPEECH_CHANNELS, SPEECH_CONTEXT - 1, 0 };
  static const guint64 state[] = { 1, 1, SPEECH_HIDDEN, 0 };
  static const guint64 labels[] = { 1, 1, SPEECH_LABELS, 0 };

  if (i == 0)
    return input ? window : labels;
  return i == 1 ? kept : state;
}

static void
put_varint (GByteArray *to, guint64 value)
{
  do {
    guint8 byte = (guint8) (value & 127) | (value > 127 ? 128 : 0);

    g_byte_array_append (to, &byte, 1);
    value >>= 7;
  } while (value > 0);
}

static void
put_number (GByteArray *to, guint field, guint64 value)
{
  put_varint (to, field << 3);
  put_varint (to, value);
}

static void
put_bytes (GByteArray *to, guint field, gconstpointer data, gsize n)
{
  put_varint (to, field << 3 | 2);
  put_varint (to, n);
  g_byte_array_append (to, data, (guint) n);
}

static void
put_text (GByteArray *to, guint field, const char *text)
{
  put_bytes (to, field, text, strlen (text));
}

/* @message: (transfer full) */
static void
put_message (GByteArray *to, guint field, GByteArray *message)
{
  put_bytes (to, field, message->data, message->len);
  g_byte_array_unref (message);
}

/* @dims: up to the first 0 */
static void
put_tensor (GByteArray *graph, const char *name, guint type,
    const guint64 *dims, gconstpointer data, gsize n_bytes)
{
  GByteArray *tensor = g_byte_array_new ();

  for (; *dims > 0; dims++)
    put_number (tensor, 1, *dims);
  put_number (tensor, 2, type);
  put_text (tensor, 8, name);
  put_bytes (tensor, 9, data, n_bytes);
  put_message (graph, 5, tensor);
}

static void
put_floats (GByteArray *graph, const char *name, const guint64 *dims)
{
  g_autofree float *values = NULL;
  gsize n = 1;

  for (const guint64 *dim = dims; *dim > 0; dim++)
    n *= *dim;
  values = random_floats (n);
  put_tensor (graph, name, TYPE_FLOAT, dims, values, n * sizeof *values);
}

static void
put_value (GByteArray *graph, guint field, const char *name,
    const guint64 *dims)
{
  GByteArray *shape = g_byte_array_new (), *tensor = g_byte_array_new ();
  GByteArray *type = g_byte_array_new (), *value = g_byte_array_new ();

  for (; *dims > 0; dims++) {
    GByteArray *dim = g_byte_array_new ();

    put_number (dim, 1, *dims);
    put_message (shape, 1, dim);
  }
  put_number (tensor, 1, TYPE_FLOAT);
  put_message (tensor, 2, shape);
  put_message (type, 1, tensor);
  put_text (value, 1, name);
  put_message (value, 2, type);
  put_message (graph, field, value);
}

static void
put_list (GByteArray *node, const char *name, const guint64 *numbers, guint n)
{
  GByteArray *attribute = g_byte_array_new ();

  put_text (attribute, 1, name);
  for (guint i = 0; i < n; i++)
    put_number (attribute, 8, numbers[i]);
  put_number (attribute, 20, 7);
  put_message (node, 5, attribute);
}

static void
put_one (GByteArray *node, const char *name, guint64 number)
{
  GByteArray *attribute = g_byte_array_new ();

  put_text (attribute, 1, name);
  put_number (attribute, 3, number);
  put_number (attribute, 20, 2);
  put_message (node, 5, attribute);
}

static GByteArray *
new_node (const char *type, const char *const *inputs,
    const char *const *outputs)
{
  GByteArray *node = g_byte_array_new ();

  for (; *inputs != NULL; inputs++)
    put_text (node, 1, *inputs);
  for (; *outputs != NULL; outputs++)
    put_text (node, 2, *outputs);
  put_text (node, 4, type);
  return node;
}

/* Weights of @name as bytes [1, inputs, 4 * hidden] with one scale. */
static void
put_byte_weights (GByteArray *graph, const char *name, guint hidden)
{
  gsize n = (gsize) 4 * hidden * hidden;
  g_autofree gint8 *bytes = g_new (gint8, n);
  g_autofree char *scale = g_strconcat (name, "_scale", NULL);
  g_autofree char *zero = g_strconcat (name, "_zero", NULL);
  const float one_scale = 0.001f;

  for (gsize i = 0; i < n; i++)
    bytes[i] = (gint8) (i * 37 % 255 - 127);
  put_tensor (graph, name, TYPE_INT8, (guint64[]){ 1, hidden, 4 * hidden, 0 },
      bytes, n);
  put_tensor (graph, scale, TYPE_FLOAT, (guint64[]){ 1, 0 }, &one_scale, 4);
  put_tensor (graph, zero, TYPE_INT8, (guint64[]){ 1, 0 }, "", 1);
}

static void
put_lstm (GByteArray *graph, const Work *work)
{
  static const char *const inputs[]
      = { "x", "w", "r", "b", "", "h", "c", NULL };
  static const char *const byte_inputs[] = { "x", "w", "r", "b", "", "h", "c",
    "", "w_scale", "w_zero", "r_scale", "r_zero", NULL };
  static const char *const outputs[] = { "y", "h1", "c1", NULL };
  const guint64 hidden = work->hidden;
  const guint64 weights[] = { 1, 4 * hidden, hidden, 0 };
  const guint64 state[] = { 1, work->batch, hidden, 0 };
  GByteArray *node
      = new_node (work->storage == STORAGE_INT8 ? "DynamicQuantizeLSTM"
                                                : "LSTM",
          work->storage == STORAGE_INT8 ? byte_inputs : inputs, outputs);

  put_one (node, "hidden_size", hidden);
  if (work->storage == STORAGE_INT8)
    put_text (node, 7, "com.microsoft");
  put_message (graph, 1, node);
  put_text (graph, 2, "lstm");
  if (work->storage == STORAGE_INT8) {
    put_byte_weights (graph, "w", work->hidden);
    put_byte_weights (graph, "r", work->hidden);
  } else {
    put_floats (graph, "w", weights);
    put_floats (graph, "r", weights);
  }
  put_floats (graph, "b", (guint64[]){ 1, 8 * hidden, 0 });
  put_value (graph, 11, "x",
      (guint64[]){ work->n_frames, work->batch, hidden, 0 });
  put_value (graph, 11, "h", state);
  put_value (graph, 11, "c", state);
  put_value (graph, 12, "y",
      (guint64[]){ work->n_frames, 1, work->batch, hidden, 0 });
  put_value (graph, 12, "h1", state);
  put_value (graph, 12, "c1", state);
}

static void
put_conv2d (GByteArray *graph)
{
  const guint64 size = CONV2D_SIZE;

  for (guint i = 0; i < CONV2D_LAYERS; i++) {
    guint64 in = conv2d_channels[i], out = conv2d_channels[i + 1];
    g_autofree char *from
        = i == 0 ? g_strdup ("x") : g_strdup_printf ("relu%u", i - 1);
    g_autofree char *w = g_strdup_printf ("w%u", i);
    g_autofree char *b = g_strdup_printf ("b%u", i);
    g_autofree char *conv = g_strdup_printf ("conv%u", i);
    g_autofree char *relu = i + 1 == CONV2D_LAYERS
        ? g_strdup ("y")
        : g_strdup_printf ("relu%u", i);
    GByteArray *node = new_node ("Conv", (const char *[]){ from, w, b, NULL },
        (const char *[]){ conv, NULL });

    put_list (node, "kernel_shape", (guint64[]){ 3, 3 }, 2);
    put_list (node, "strides", (guint64[]){ 2, 2 }, 2);
    put_list (node, "pads", (guint64[]){ 1, 1, 1, 1 }, 4);
    put_message (graph, 1, node);
    put_message (graph, 1,
        new_node ("Relu", (const char *[]){ conv, NULL },
            (const char *[]){ relu, NULL }));
    put_floats (graph, w, (guint64[]){ out, in, 3, 3, 0 });
    put_floats (graph, b, (guint64[]){ out, 0 });
  }
  put_text (graph, 2, "convolutions");
  put_value (graph, 11, "x", (guint64[]){ 1, 3, size, size, 0 });
  put_value (graph, 12, "y",
      (guint64[]){ 1, conv2d_channels[CONV2D_LAYERS], size / 16, size / 16,
          0 });
}

#define NAMES(...)                                                             \
  (const char *[])                                                             \
  {                                                                            \
    __VA_ARGS__, NULL                                                          \
  }

static void
put_node (GByteArray *graph, const char *type, const char *const *inputs,
    const char *output)
{
  put_message (graph, 1, new_node (type, inputs, NAMES (output)));
}

/* One output of a convolution over time, and what is over 0 of it: @name. */
static void
put_conv1d (GByteArray *graph, const char *from, const char *name,
    const guint64 *shape)
{
  g_autofree char *w = g_strconcat (name, "_w", NULL);
  g_autofree char *b = g_strconcat (name, "_b", NULL);
  g_autofree char *sum = g_strconcat (name, "_sum", NULL);
  GByteArray *node = new_node ("Conv", NAMES (from, w, b), NAMES (sum));

  put_list (node, "kernel_shape", &shape[2], 1);
  put_message (graph, 1, node);
  put_node (graph, "Relu", NAMES (sum), name);
  put_floats (graph, w, shape);
  put_floats (graph, b, (guint64[]){ shape[0], 0 });
}

/* Layer @i of a step: from [1, 1, @n_inputs] to [1, 1, hidden]. */
static void
put_step_lstm (GByteArray *graph, guint i, const char *from, guint64 n_inputs)
{
  const guint64 hidden = SPEECH_HIDDEN;
  g_autofree char *w = g_strdup_printf ("lw%u", i);
  g_autofree char *r = g_strdup_printf ("lr%u", i);
  g_autofree char *b = g_strdup_printf ("lb%u", i);
  g_autofree char *y = g_strdup_printf ("ly%u", i);
  g_autofree char *to = g_strdup_printf ("rnn%u", i);
  GByteArray *node = new_node ("LSTM",
      NAMES (from, w, r, b, "", onnx_speech_inputs[2 + 2 * i],
          onnx_speech_inputs[3 + 2 * i]),
      NAMES (y, onnx_speech_outputs[2 + 2 * i],
          onnx_speech_outputs[3 + 2 * i]));

  put_one (node, "hidden_size", hidden);
  put_message (graph, 1, node);
  put_node (graph, "Squeeze", NAMES (y, "one"), to);
  put_floats (graph, w, (guint64[]){ 1, 4 * hidden, n_inputs, 0 });
  put_floats (graph, r, (guint64[]){ 1, 4 * hidden, hidden, 0 });
  put_floats (graph, b, (guint64[]){ 1, 8 * hidden, 0 });
}

static void
put_index (GByteArray *graph, const char *name, gint64 value)
{
  put_tensor (graph, name, TYPE_INT64, (guint64[]){ 1, 0 }, &value,
      sizeof value);
}

/* A step: the window of the first convolution comes in, the outputs of it that
 * the second needs again go from step to step, as the states do. */
static void
put_speech (GByteArray *graph)
{
  const guint64 channels = SPEECH_CHANNELS;
  GByteArray *node;

  put_text (graph, 2, "speech");
  put_index (graph, "one", 1);
  put_index (graph, "two", 2);
  put_index (graph, "end", SPEECH_CONTEXT);
  put_conv1d (graph, "x", "now",
      (guint64[]){ channels, SPEECH_MELS, SPEECH_KERNEL, 0 });
  node = new_node ("Concat", NAMES ("k", "now"), NAMES ("window"));
  put_one (node, "axis", 2);
  put_message (graph, 1, node);
  put_node (graph, "Slice", NAMES ("window", "one", "end", "two"), "kn");
  put_conv1d (graph, "window", "above",
      (guint64[]){ channels, channels, SPEECH_CONTEXT, 0 });
  node = new_node ("Transpose", NAMES ("above"), NAMES ("in"));
  put_list (node, "perm", (guint64[]){ 2, 0, 1 }, 3);
  put_message (graph, 1, node);
  put_step_lstm (graph, 0, "in", channels);
  put_step_lstm (graph, 1, "rnn0", SPEECH_HIDDEN);
  put_step_lstm (graph, 2, "rnn1", SPEECH_HIDDEN);
  put_step_lstm (graph, 3, "rnn2", SPEECH_HIDDEN);
  put_node (graph, "MatMul", NAMES ("rnn3", "hw"), "product");
  put_node (graph, "Add", NAMES ("product", "hb"), "logits");
  put_node (graph, "LogSoftmax", NAMES ("logits"), "y");
  put_floats (graph, "hw", (guint64[]){ SPEECH_HIDDEN, SPEECH_LABELS, 0 });
  put_floats (graph, "hb", (guint64[]){ SPEECH_LABELS, 0 });
  for (guint i = 0; i < SPEECH_VALUES; i++) {
    put_value (graph, 11, onnx_speech_inputs[i], onnx_speech_shape (i, TRUE));
    put_value (graph, 12, onnx_speech_outputs[i], onnx_speech_shape (i, FALSE));
  }
}

static void
put_operators (GByteArray *model, const char *domain, guint version)
{
  GByteArray *set = g_byte_array_new ();

  put_text (set, 1, domain);
  put_number (set, 2, version);
  put_message (model, 8, set);
}

GBytes *
onnx_model (const Work *work)
{
  GByteArray *model = g_byte_array_new (), *graph = g_byte_array_new ();

  put_number (model, 1, 8);
  put_operators (model, "", 15);
  put_operators (model, "com.microsoft", 1);
  if (work->kind == WORK_LSTM)
    put_lstm (graph, work);
  else if (work->kind == WORK_CONV2D)
    put_conv2d (graph);
  else
    put_speech (graph);
  put_message (model, 7, graph);
  return g_byte_array_free_to_bytes (model);
}
