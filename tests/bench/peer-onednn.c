/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * oneDNN's primitives, in the layouts that they choose for themselves. Bytes
 * have scales that are set once: to find them for each vector, as we do, would
 * cost it more. */
#include <string.h>

#include <oneapi/dnnl/dnnl.h>

#include "tests/bench/peer.h"

#define MAX_ARGUMENTS 24

typedef struct {
  dnnl_primitive_t primitive;
  dnnl_exec_arg_t arguments[MAX_ARGUMENTS];
  int n_arguments;
} Step;

typedef struct {
  Step steps[CONV2D_LAYERS];
  guint n_steps;
} Network;

static dnnl_engine_t engine;
static dnnl_stream_t stream;

static void
check (dnnl_status_t status)
{
  if (status != dnnl_success)
    g_error ("oneDNN: status %d", (int) status);
}

static void
run (gpointer data)
{
  Network *network = data;

  for (guint i = 0; i < network->n_steps; i++)
    check (dnnl_primitive_execute (network->steps[i].primitive, stream,
        network->steps[i].n_arguments, network->steps[i].arguments));
  check (dnnl_stream_wait (stream));
}

static dnnl_memory_desc_t
describe (int n, const dnnl_dims_t dims, dnnl_data_type_t type,
    dnnl_format_tag_t layout)
{
  dnnl_memory_desc_t description;

  check (dnnl_memory_desc_init_by_tag (&description, n, dims, type, layout));
  return description;
}

static dnnl_memory_t
new_memory (const dnnl_memory_desc_t *description)
{
  gsize n = dnnl_memory_desc_get_size (description);
  dnnl_memory_t memory;
  float *data = g_aligned_alloc0 (MAX (n, 64), 1, 64);

  if (description->data_type == dnnl_f32) {
    g_autofree float *values = random_floats (n / sizeof (float));

    memcpy (data, values, n / sizeof (float) * sizeof (float));
  }
  check (dnnl_memory_create (&memory, description, engine, data));
  return memory;
}

static void
add_argument (Step *step, int name, dnnl_memory_t memory)
{
  step->arguments[step->n_arguments++] = (dnnl_exec_arg_t){ name, memory };
}

/* What @what of the primitive wants, with @from's numbers. */
static dnnl_memory_t
reorder (const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to,
    dnnl_primitive_attr_t attributes)
{
  dnnl_memory_t source = new_memory (from), target = new_memory (to);
  dnnl_primitive_desc_t description;
  Step step = { 0 };

  check (dnnl_reorder_primitive_desc_create (&description, from, engine, to,
      engine, attributes));
  check (dnnl_primitive_create (&step.primitive, description));
  add_argument (&step, DNNL_ARG_FROM, source);
  add_argument (&step, DNNL_ARG_TO, target);
  check (dnnl_primitive_execute (step.primitive, stream, step.n_arguments,
      step.arguments));
  check (dnnl_stream_wait (stream));
  return target;
}

static void
lstm (Network *network, const Work *work)
{
  const dnnl_dim_t t = work->n_frames, n = work->batch, h = work->hidden;
  static const dnnl_data_type_t data_types[] = { dnnl_f32, dnnl_bf16, dnnl_u8 };
  static const dnnl_data_type_t weight_types[]
      = { dnnl_f32, dnnl_bf16, dnnl_s8 };
  const dnnl_data_type_t data = data_types[work->storage];
  const dnnl_dims_t sequence = { t, n, h }, state = { 1, 1, n, h };
  const dnnl_dims_t weights = { 1, 1, h, 4, h }, bias = { 1, 1, 4, h };
  dnnl_memory_desc_t x = describe (3, sequence, data, dnnl_tnc);
  dnnl_memory_desc_t iter = describe (4, state, data, dnnl_ldnc);
  dnnl_memory_desc_t cell = describe (4, state, dnnl_f32, dnnl_ldnc);
  dnnl_memory_desc_t any
      = describe (5, weights, weight_types[work->storage], dnnl_format_tag_any);
  dnnl_memory_desc_t plain = describe (5, weights, dnnl_f32, dnnl_ldigo);
  dnnl_memory_desc_t b = describe (4, bias, dnnl_f32, dnnl_ldgo);
  Step *step = &network->steps[network->n_steps++];
  dnnl_rnn_desc_t description;
  dnnl_primitive_desc_t primitive;
  dnnl_primitive_attr_t attributes;
  const float scale = 1000;

  check (dnnl_primitive_attr_create (&attributes));
  if (work->storage == STORAGE_INT8) {
    check (dnnl_primitive_attr_set_rnn_data_qparams (attributes, 127, 128));
    check (
        dnnl_primitive_attr_set_rnn_weights_qparams (attributes, 1, 0, &scale));
  }
  check (dnnl_lstm_forward_desc_init (&description, dnnl_forward_inference,
      dnnl_unidirectional_left2right, &x, &iter, &cell, &any, &any, &b, &x,
      &iter, &cell, 0));
  check (dnnl_primitive_desc_create (&primitive, &description, attributes,
      engine, NULL));
  check (dnnl_primitive_create (&step->primitive, primitive));
  add_argument (step, DNNL_ARG_SRC_LAYER, new_memory (&x));
  add_argument (step, DNNL_ARG_SRC_ITER, new_memory (&iter));
  add_argument (step, DNNL_ARG_SRC_ITER_C, new_memory (&cell));
  add_argument (step, DNNL_ARG_WEIGHTS_LAYER,
      reorder (&plain,
          dnnl_primitive_desc_query_md (primitive, dnnl_query_weights_md, 0),
          attributes));
  add_argument (step, DNNL_ARG_WEIGHTS_ITER,
      reorder (&plain,
          dnnl_primitive_desc_query_md (primitive, dnnl_query_weights_md, 1),
          attributes));
  add_argument (step, DNNL_ARG_BIAS, new_memory (&b));
  add_argument (step, DNNL_ARG_DST_LAYER, new_memory (&x));
  add_argument (step, DNNL_ARG_DST_ITER, new_memory (&iter));
  add_argument (step, DNNL_ARG_DST_ITER_C, new_memory (&cell));
}

/* One direction of time, as the step of a network that is being trained. */
static dnnl_primitive_desc_t
add_primitive (Step *step, const dnnl_rnn_desc_t *description,
    const_dnnl_primitive_desc_t hint)
{
  dnnl_primitive_desc_t primitive;

  check (
      dnnl_primitive_desc_create (&primitive, description, NULL, engine, hint));
  check (dnnl_primitive_create (&step->primitive, primitive));
  return primitive;
}

/* Memory in the layout that @primitive asks for. */
static dnnl_memory_t
memory_of (dnnl_primitive_desc_t primitive, dnnl_query_t what, int index)
{
  return new_memory (dnnl_primitive_desc_query_md (primitive, what, index));
}

/* Forward and backward of a batch; neither the weights' change of layout from
 * one to the other nor the update are in it. */
static void
lstm_training (Network *network, const Work *work)
{
  const dnnl_dim_t t = work->n_frames, n = work->batch, h = work->hidden;
  const dnnl_dims_t sequence = { t, n, h }, state = { 1, 1, n, h };
  const dnnl_dims_t weights = { 1, 1, h, 4, h }, bias = { 1, 1, 4, h };
  dnnl_memory_desc_t x = describe (3, sequence, dnnl_f32, dnnl_tnc);
  dnnl_memory_desc_t s = describe (4, state, dnnl_f32, dnnl_ldnc);
  dnnl_memory_desc_t w = describe (5, weights, dnnl_f32, dnnl_format_tag_any);
  dnnl_memory_desc_t b = describe (4, bias, dnnl_f32, dnnl_ldgo);
  const int data[] = { DNNL_ARG_SRC_LAYER, DNNL_ARG_SRC_ITER,
    DNNL_ARG_SRC_ITER_C, DNNL_ARG_BIAS, DNNL_ARG_DST_LAYER, DNNL_ARG_DST_ITER,
    DNNL_ARG_DST_ITER_C };
  const int gradients[] = { DNNL_ARG_DIFF_SRC_LAYER, DNNL_ARG_DIFF_SRC_ITER,
    DNNL_ARG_DIFF_SRC_ITER_C, DNNL_ARG_DIFF_BIAS, DNNL_ARG_DIFF_DST_LAYER,
    DNNL_ARG_DIFF_DST_ITER, DNNL_ARG_DIFF_DST_ITER_C };
  const dnnl_memory_desc_t *layouts[] = { &x, &s, &s, &b, &x, &s, &s };
  Step *onwards = &network->steps[network->n_steps++];
  Step *back = &network->steps[network->n_steps++];
  dnnl_rnn_desc_t forward, backward;
  dnnl_primitive_desc_t first, second;
  dnnl_memory_t workspace;

  check (dnnl_lstm_forward_desc_init (&forward, dnnl_forward_training,
      dnnl_unidirectional_left2right, &x, &s, &s, &w, &w, &b, &x, &s, &s, 0));
  check (dnnl_lstm_backward_desc_init (&backward, dnnl_backward,
      dnnl_unidirectional_left2right, &x, &s, &s, &w, &w, &b, &x, &s, &s, &x,
      &s, &s, &w, &w, &b, &x, &s, &s, 0));
  first = add_primitive (onwards, &forward, NULL);
  second = add_primitive (back, &backward, first);
  workspace = memory_of (first, dnnl_query_workspace_md, 0);
  add_argument (onwards, DNNL_ARG_WORKSPACE, workspace);
  add_argument (back, DNNL_ARG_WORKSPACE, workspace);
  for (guint i = 0; i < G_N_ELEMENTS (data); i++) {
    dnnl_memory_t memory = new_memory (layouts[i]);

    add_argument (onwards, data[i], memory);
    add_argument (back, data[i], memory);
    add_argument (back, gradients[i], new_memory (layouts[i]));
  }
  for (int i = 0; i < 2; i++) {
    static const int kinds[]
        = { DNNL_ARG_WEIGHTS_LAYER, DNNL_ARG_WEIGHTS_ITER };
    static const int changes[]
        = { DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER };

    add_argument (onwards, kinds[i],
        memory_of (first, dnnl_query_weights_md, i));
    add_argument (back, kinds[i], memory_of (second, dnnl_query_weights_md, i));
    add_argument (back, changes[i],
        memory_of (second, dnnl_query_diff_weights_md, i));
  }
}

/* @source: layout of the input, which the first layer chooses; its memory */
static void
convolution (Network *network, guint index, dnnl_memory_desc_t *source,
    dnnl_memory_t *memory)
{
  const dnnl_dim_t in = conv2d_channels[index],
                   out = conv2d_channels[index + 1];
  const dnnl_dim_t size = CONV2D_SIZE >> index;
  const dnnl_dims_t image = { 1, in, size, size };
  const dnnl_dims_t result = { 1, out, size / 2, size / 2 };
  const dnnl_dims_t kernel = { out, in, 3, 3 };
  const dnnl_dims_t biases = { out }, strides = { 2, 2 }, before = { 1, 1 },
                    behind = { 0, 0 };
  dnnl_memory_desc_t x = index > 0
      ? *source
      : describe (4, image, dnnl_f32, dnnl_format_tag_any);
  dnnl_memory_desc_t y = describe (4, result, dnnl_f32, dnnl_format_tag_any);
  dnnl_memory_desc_t w = describe (4, kernel, dnnl_f32, dnnl_format_tag_any);
  dnnl_memory_desc_t b = describe (1, biases, dnnl_f32, dnnl_a);
  Step *step = &network->steps[network->n_steps++];
  dnnl_convolution_desc_t description;
  dnnl_primitive_desc_t primitive;
  dnnl_primitive_attr_t attributes;
  dnnl_post_ops_t relu;

  check (dnnl_primitive_attr_create (&attributes));
  check (dnnl_post_ops_create (&relu));
  check (dnnl_post_ops_append_eltwise (relu, 1, dnnl_eltwise_relu, 0, 0));
  check (dnnl_primitive_attr_set_post_ops (attributes, relu));
  check (
      dnnl_convolution_forward_desc_init (&description, dnnl_forward_inference,
          dnnl_convolution_auto, &x, &w, &b, &y, strides, before, behind));
  check (dnnl_primitive_desc_create (&primitive, &description, attributes,
      engine, NULL));
  check (dnnl_primitive_create (&step->primitive, primitive));
  if (index == 0)
    *memory = new_memory (
        dnnl_primitive_desc_query_md (primitive, dnnl_query_src_md, 0));
  add_argument (step, DNNL_ARG_SRC, *memory);
  add_argument (step, DNNL_ARG_WEIGHTS,
      new_memory (
          dnnl_primitive_desc_query_md (primitive, dnnl_query_weights_md, 0)));
  add_argument (step, DNNL_ARG_BIAS, new_memory (&b));
  *source = *dnnl_primitive_desc_query_md (primitive, dnnl_query_dst_md, 0);
  *memory = new_memory (source);
  add_argument (step, DNNL_ARG_DST, *memory);
}

gboolean
contender_onednn (Contender *contender, const Work *work)
{
  Network *network;
  dnnl_memory_desc_t layout;
  dnnl_memory_t memory = NULL;

  if (work->kind == WORK_SPEECH)
    return FALSE;
  network = g_new0 (Network, 1);
  if (engine == NULL) {
    check (dnnl_engine_create (&engine, dnnl_cpu, 0));
    check (dnnl_stream_create (&stream, engine, dnnl_stream_default_flags));
  }
  if (work->kind == WORK_LSTM)
    lstm (network, work);
  if (work->kind == WORK_TRAIN)
    lstm_training (network, work);
  for (guint i = 0; work->kind == WORK_CONV2D && i < CONV2D_LAYERS; i++)
    convolution (network, i, &layout, &memory);
  *contender = (Contender){ "onednn", run, network };
  return TRUE;
}
